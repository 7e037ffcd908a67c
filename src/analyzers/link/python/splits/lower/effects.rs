//! What a piece of Python does to the locals of the function being split.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{ExceptHandler, Expr, ExprContext, Stmt};
use ruff_text_size::Ranged;

use super::subs::Subs;
use crate::analyzers::link::python::splits::syntax;
use crate::analyzers::python::scopes::{ScopeId, Scopes};
use crate::analyzers::split::{Effects, Kills, VarId, Vars};

/// Builtins that use up a function or generator they are given before they return.
const CONSUMERS: [&str; 14] = [
    "sorted",
    "min",
    "max",
    "sum",
    "any",
    "all",
    "list",
    "tuple",
    "set",
    "frozenset",
    "dict",
    "sort",
    "join",
    "reduce",
];

/// Reads effects off trees. `scope` is the function's own; names bound elsewhere do not count.
pub struct Reader<'a, 'p> {
    pub scopes: &'a Scopes<'p>,
    pub function: ScopeId,
    /// Where the piece stands: the function's scope, or a comprehension's in it.
    pub scope: ScopeId,
    pub self_name: Option<&'a str>,
    pub vars: &'a mut Vars,
    pub subs: &'a Subs,
}

impl Reader<'_, '_> {
    fn local(&mut self, name: &str) -> Option<VarId> {
        if self.self_name == Some(name) {
            return None;
        }
        let (holder, _) = self.scopes.lookup(self.scope, name)?;
        (holder == self.function).then(|| self.vars.local(name))
    }

    pub fn expr(&mut self, expr: &Expr, fx: &mut Effects) {
        if let Some(sub) = self.subs.exact(expr.range()) {
            match (sub.var, expr) {
                (Some(var), Expr::Name(name)) if name.ctx == ExprContext::Store => fx.write(var),
                (Some(var), _) => fx.read(var),
                (None, _) => {}
            }
            return;
        }
        match expr {
            Expr::Name(name) => {
                if let Some(var) = self.local(name.id.as_str()) {
                    match name.ctx {
                        ExprContext::Store => fx.write(var),
                        ExprContext::Del => fx.unbind(var),
                        ExprContext::Load | ExprContext::Invalid => fx.read(var),
                    }
                }
            }
            Expr::Named(node) => {
                self.expr(&node.value, fx);
                self.expr(&node.target, fx);
            }
            Expr::BoolOp(node) => self.first_then_maybe(&node.values, fx),
            Expr::Compare(node) if node.comparators.len() > 1 => {
                self.expr(&node.left, fx);
                self.first_then_maybe(&node.comparators, fx);
            }
            Expr::If(node) => {
                self.expr(&node.test, fx);
                let body = self.of(&node.body);
                let orelse = self.of(&node.orelse);
                fx.then(&body.either(&orelse));
            }
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                self.comprehension(expr, fx);
            }
            Expr::Lambda(node) => {
                syntax::operands(expr).into_iter().for_each(|default| self.expr(default, fx));
                if let Some(inner) = self.scopes.scope_of(node) {
                    let names = self.free_in(inner, |visitor| visitor.visit_expr(&node.body));
                    self.capture(names, fx);
                }
            }
            Expr::Call(node) => {
                let before = fx.captures.clone();
                let operands = syntax::operands(expr);
                operands.into_iter().for_each(|operand| self.expr(operand, fx));
                let name = match &*node.func {
                    Expr::Name(name) => name.id.as_str(),
                    Expr::Attribute(attribute) => attribute.attr.as_str(),
                    _ => "",
                };
                if CONSUMERS.contains(&name) {
                    fx.captures = before;
                }
            }
            _ => {
                let operands = syntax::operands(expr);
                operands.into_iter().for_each(|operand| self.expr(operand, fx));
            }
        }
    }

    pub fn of(&mut self, expr: &Expr) -> Effects {
        let mut fx = Effects::default();
        self.expr(expr, &mut fx);
        fx
    }

    fn first_then_maybe(&mut self, values: &[Expr], fx: &mut Effects) {
        let Some((first, rest)) = values.split_first() else { return };
        self.expr(first, fx);
        let mut later = Effects::default();
        rest.iter().for_each(|value| self.expr(value, &mut later));
        fx.then(&later.maybe());
    }

    fn comprehension(&mut self, expr: &Expr, fx: &mut Effects) {
        let Some((parts, generators)) = syntax::comprehension(expr) else { return };
        if let Some(first) = generators.first() {
            self.expr(&first.iter, fx);
        }
        let Some(inner) = self.scopes.scope_of(expr) else { return };
        let outer = std::mem::replace(&mut self.scope, inner);
        let mut later = Effects::default();
        for (at, clause) in generators.iter().enumerate() {
            if at > 0 {
                self.expr(&clause.iter, &mut later);
            }
            self.expr(&clause.target, &mut later);
            clause.ifs.iter().for_each(|test| self.expr(test, &mut later));
        }
        parts.into_iter().for_each(|part| self.expr(part, &mut later));
        self.scope = outer;
        if expr.is_generator_expr() {
            let read = later.uses.clone();
            later.captures.union(&read);
        }
        fx.then(&later.maybe());
    }

    fn capture(&mut self, names: Vec<String>, fx: &mut Effects) {
        for name in names {
            if let Some(var) = self.local(&name) {
                fx.read(var);
                fx.captures.insert(var);
            }
        }
    }

    /// Names that an inner function takes from this one.
    fn free_in(&self, inner: ScopeId, visit: impl FnOnce(&mut Free<'_, '_>)) -> Vec<String> {
        let mut free =
            Free { scopes: self.scopes, scope: inner, function: self.function, names: Vec::new() };
        visit(&mut free);
        free.names
    }

    pub fn body(&mut self, body: &[Stmt]) -> Effects {
        let mut fx = Effects::default();
        for stmt in body {
            let next = self.stmt(stmt);
            fx.then(&next);
        }
        fx
    }

    pub fn stmt(&mut self, stmt: &Stmt) -> Effects {
        let mut fx = Effects::default();
        match stmt {
            Stmt::Assign(node) => {
                self.expr(&node.value, &mut fx);
                node.targets.iter().for_each(|target| self.expr(target, &mut fx));
            }
            Stmt::AugAssign(node) => {
                // The target is read before it is written.
                if let Expr::Name(name) = &*node.target {
                    match self.subs.exact(name.range()).and_then(|sub| sub.var) {
                        Some(var) => fx.read(var),
                        None => {
                            if let Some(var) = self.local(name.id.as_str()) {
                                fx.read(var);
                            }
                        }
                    }
                    self.expr(&node.value, &mut fx);
                    self.expr(&node.target, &mut fx);
                } else {
                    self.expr(&node.target, &mut fx);
                    self.expr(&node.value, &mut fx);
                }
            }
            Stmt::AnnAssign(node) => {
                if let Some(value) = &node.value {
                    self.expr(value, &mut fx);
                    self.expr(&node.target, &mut fx);
                }
            }
            Stmt::Expr(node) => self.expr(&node.value, &mut fx),
            Stmt::Return(node) => {
                if let Some(value) = &node.value {
                    self.expr(value, &mut fx);
                }
                fx.kills = Kills::All;
            }
            Stmt::Raise(node) => {
                for part in node.exc.iter().chain(&node.cause) {
                    self.expr(part, &mut fx);
                }
                fx.kills = Kills::All;
            }
            Stmt::Break(_) | Stmt::Continue(_) => fx.kills = Kills::All,
            Stmt::Assert(node) => {
                self.expr(&node.test, &mut fx);
                if let Some(message) = &node.msg {
                    let message = self.of(message);
                    fx.then(&message.maybe());
                }
            }
            Stmt::Delete(node) => {
                node.targets.iter().for_each(|target| self.expr(target, &mut fx));
            }
            Stmt::If(node) => {
                self.expr(&node.test, &mut fx);
                let mut rest = Effects::default();
                for clause in node.elif_else_clauses.iter().rev() {
                    let body = self.body(&clause.body);
                    rest = match &clause.test {
                        Some(test) => {
                            let mut both = self.of(test);
                            both.then(&body.either(&rest));
                            both
                        }
                        None => body,
                    };
                }
                let body = self.body(&node.body);
                fx.then(&body.either(&rest));
            }
            Stmt::For(node) => {
                self.expr(&node.iter, &mut fx);
                let mut round = Effects::default();
                self.expr(&node.target, &mut round);
                let body = self.body(&node.body);
                round.then(&body);
                fx.then(&round.maybe());
                let orelse = self.body(&node.orelse);
                fx.then(&orelse.maybe());
            }
            Stmt::While(node) => {
                self.expr(&node.test, &mut fx);
                let body = self.body(&node.body);
                fx.then(&body.maybe());
                let orelse = self.body(&node.orelse);
                fx.then(&orelse.maybe());
            }
            Stmt::With(node) => {
                for item in &node.items {
                    self.expr(&item.context_expr, &mut fx);
                    if let Some(target) = &item.optional_vars {
                        self.expr(target, &mut fx);
                    }
                }
                // The manager may swallow an exception half-way.
                let body = self.body(&node.body);
                fx.then(&body.maybe());
            }
            Stmt::Try(node) => {
                let mut body = self.body(&node.body);
                let orelse = self.body(&node.orelse);
                let mut all = body.clone().maybe();
                body.then(&orelse);
                for handler in &node.handlers {
                    let ExceptHandler::ExceptHandler(handler) = handler;
                    let mut one = Effects::default();
                    if let Some(kind) = &handler.type_ {
                        self.expr(kind, &mut one);
                    }
                    let name = handler.name.as_ref().and_then(|name| self.local(name.as_str()));
                    if let Some(var) = name {
                        one.write(var);
                    }
                    let inner = self.body(&handler.body);
                    one.then(&inner);
                    if let Some(var) = name {
                        one.unbind(var);
                    }
                    body = body.either(&one);
                }
                // Handlers run after any part of the body: what they read is needed before it.
                all.uses.union(&body.uses);
                all.defs.union(&body.defs);
                all.unbinds.union(&body.unbinds);
                all.captures.union(&body.captures);
                all.kills = body.kills;
                fx.then(&all);
                let last = self.body(&node.finalbody);
                if let Kills::All = fx.kills {
                    fx.uses.union(&last.uses);
                    fx.defs.union(&last.defs);
                } else {
                    let mut uses = last.uses.clone();
                    uses.union(&fx.uses);
                    fx.then(&last);
                    fx.uses = uses;
                }
            }
            Stmt::Match(node) => {
                self.expr(&node.subject, &mut fx);
                let mut rest = Effects::default();
                for case in node.cases.iter().rev() {
                    let mut arm = Effects::default();
                    let (mut values, mut names) = (Vec::new(), Vec::new());
                    syntax::pattern(&case.pattern, &mut values, &mut names);
                    values.into_iter().for_each(|value| self.expr(value, &mut arm));
                    for name in names {
                        if let Some(var) = self.local(name) {
                            arm.write(var);
                        }
                    }
                    if let Some(guard) = &case.guard {
                        self.expr(guard, &mut arm);
                    }
                    // A pattern that fails may have bound some of its names.
                    let tried = arm.clone().maybe();
                    let body = self.body(&case.body);
                    arm.then(&body);
                    let mut other = tried;
                    other.then(&rest);
                    rest = arm.either(&other);
                }
                fx.then(&rest);
            }
            Stmt::FunctionDef(node) => {
                let defaults = node.parameters.iter();
                defaults.filter_map(|parameter| parameter.default()).for_each(|default| {
                    self.expr(default, &mut fx);
                });
                for decorator in &node.decorator_list {
                    self.expr(&decorator.expression, &mut fx);
                }
                if let Some(inner) = self.scopes.scope_of(node) {
                    let names = self.free_in(inner, |visitor| visitor.visit_body(&node.body));
                    self.capture(names, &mut fx);
                }
                self.write_name(node.name.as_str(), &mut fx);
            }
            Stmt::ClassDef(node) => {
                if let Some(inner) = self.scopes.scope_of(node) {
                    let names = self.free_in(inner, |visitor| visitor.visit_body(&node.body));
                    self.capture(names, &mut fx);
                }
                for decorator in &node.decorator_list {
                    self.expr(&decorator.expression, &mut fx);
                }
                for argument in node.arguments.iter().flat_map(|all| syntax::arguments(all)) {
                    self.expr(argument, &mut fx);
                }
                self.write_name(node.name.as_str(), &mut fx);
            }
            Stmt::Import(node) => {
                for alias in &node.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    self.write_name(name.split('.').next().unwrap_or(name), &mut fx);
                }
            }
            Stmt::ImportFrom(node) => {
                for alias in &node.names {
                    self.write_name(alias.asname.as_ref().unwrap_or(&alias.name), &mut fx);
                }
            }
            Stmt::TypeAlias(node) => self.expr(&node.name, &mut fx),
            Stmt::Global(_) | Stmt::Nonlocal(_) | Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => {}
        }
        fx
    }

    fn write_name(&mut self, name: &str, fx: &mut Effects) {
        if let Some(var) = self.local(name) {
            fx.write(var);
        }
    }
}

/// Collects names of an inner scope that are bound in the function around it.
struct Free<'a, 'p> {
    scopes: &'a Scopes<'p>,
    scope: ScopeId,
    function: ScopeId,
    names: Vec<String>,
}

impl Free<'_, '_> {
    fn within(&mut self, node: &impl Ranged, visit: impl FnOnce(&mut Self)) {
        let inner = self.scopes.scope_of(node).unwrap_or(self.scope);
        let outer = std::mem::replace(&mut self.scope, inner);
        visit(self);
        self.scope = outer;
    }
}

impl<'v> Visitor<'v> for Free<'_, '_> {
    fn visit_expr(&mut self, expr: &'v Expr) {
        match expr {
            Expr::Name(name) => {
                let found = self.scopes.lookup(self.scope, name.id.as_str());
                if found.is_some_and(|(holder, _)| holder == self.function) {
                    self.names.push(name.id.to_string());
                }
            }
            Expr::Lambda(_)
            | Expr::ListComp(_)
            | Expr::SetComp(_)
            | Expr::DictComp(_)
            | Expr::Generator(_) => self.within(expr, |free| visitor::walk_expr(free, expr)),
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_stmt(&mut self, stmt: &'v Stmt) {
        match stmt {
            Stmt::FunctionDef(node) => self.within(node, |free| visitor::walk_stmt(free, stmt)),
            Stmt::ClassDef(node) => self.within(node, |free| visitor::walk_stmt(free, stmt)),
            _ => visitor::walk_stmt(self, stmt),
        }
    }
}
