//! What running a piece of code changes: names it assigns into and functions it calls.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall, ExprLambda, Operator, Stmt, StmtClassDef};
use rustc_hash::FxHashMap;

use super::changes::ANY;
use super::unit::{Effects, MethodEffects};
use super::uses::root_of;
use crate::analyzers::python::Source;
use crate::analyzers::python::scopes::{Bound, MODULE, ScopeId};
use crate::model::Name;

/// The effects of statements run at module level: bodies of functions are not run.
pub fn of_statement(source: &Source<'_>, stmt: &Stmt) -> Effects {
    let mut reader = Reader::new(source, MODULE, false);
    reader.visit_stmt(stmt);
    reader.effects
}

/// The effects of a function's body, nested functions included: they may be what is applied.
pub fn of_body(source: &Source<'_>, scope: ScopeId, first: Option<&str>, body: &[Stmt]) -> Effects {
    let mut reader = Reader::new(source, scope, true);
    reader.first = first.map(str::to_owned);
    reader.visit_body(body);
    reader.effects
}

/// The effects of calling what an expression makes: a lambda, a partial, a bound method.
pub fn of_callable(source: &Source<'_>, value: &Expr) -> Option<Effects> {
    let mut reader = Reader::new(source, MODULE, true);
    match value {
        Expr::Lambda(lambda) => reader.lambda(lambda),
        Expr::Attribute(method) if changes(method.attr.as_str()) => reader.called(value),
        Expr::Call(call) => {
            let origins = reader.global_origins(&call.func);
            if !origins.iter().any(|origin| &**origin == "functools.partial") {
                return None;
            }
            let (function, given) = call.arguments.args.split_first()?;
            reader.called(function);
            reader.give(
                function,
                given.iter().chain(call.arguments.keywords.iter().map(|one| &one.value)),
            );
        }
        _ => return None,
    }
    Some(reader.effects)
}

/// The effects of each method of a class.
pub fn of_methods(source: &Source<'_>, class: &StmtClassDef) -> Vec<MethodEffects> {
    let methods = class.body.iter().filter_map(|stmt| match stmt {
        Stmt::FunctionDef(def) => {
            let scope = source.scopes.scope_of(def)?;
            let is_static = def.decorator_list.iter().any(|one| {
                matches!(&one.expression, Expr::Name(name) if name.id.as_str() == "staticmethod")
            });
            let first = def.parameters.iter().next().filter(|_| !is_static);
            let first = first.map(|one| one.as_parameter().name.as_str());
            Some(MethodEffects {
                name: def.name.as_str().into(),
                effects: of_body(source, scope, first, &def.body),
            })
        }
        _ => None,
    });
    methods.collect()
}

/// Methods of built-in containers that change them.
const CHANGING: &[&str] = &[
    "append",
    "add",
    "update",
    "extend",
    "insert",
    "setdefault",
    "remove",
    "pop",
    "popitem",
    "clear",
    "discard",
    "sort",
    "reverse",
    "appendleft",
    "extendleft",
    "popleft",
    "rotate",
    "__setitem__",
    "__delitem__",
    "move_to_end",
    "subtract",
    "register",
];

/// Whether a method of that name changes a built-in container.
pub fn changes(method: &str) -> bool {
    CHANGING.contains(&method)
}

/// Methods of objects from outside that are taken to leave them as they are.
pub fn only_reads(method: &str) -> bool {
    matches!(
        method,
        "get"
            | "items"
            | "keys"
            | "values"
            | "copy"
            | "info"
            | "debug"
            | "warning"
            | "warn"
            | "error"
            | "exception"
            | "critical"
            | "log"
            | "basicConfig"
            | "print"
            | "write"
            | "flush"
            | "close"
            | "show"
            | "run"
            | "main"
            | "serve"
            | "start"
            | "format"
            | "join"
            | "split"
            | "strip"
            | "startswith"
            | "endswith"
            | "lower"
            | "upper"
            | "exists"
            | "mkdir"
            | "is_file"
            | "read"
            | "read_text"
            | "index"
            | "count"
    )
}

/// Whether a function of Python's own changes its first argument.
pub fn mutates_first(origin: &str) -> bool {
    if let Some(builtin) = origin.strip_prefix("builtins.") {
        return match builtin.split_once('.') {
            // `list.append(items, 1)`
            Some((_, method)) => changes(method) || method == "__setattr__",
            None => matches!(builtin, "setattr" | "delattr" | "next"),
        };
    }
    if let Some(operation) = origin.strip_prefix("operator.") {
        return matches!(
            operation,
            "setitem" | "delitem" | "iadd" | "iconcat" | "imul" | "ior" | "iand" | "isub" | "ixor"
        );
    }
    matches!(
        origin,
        "heapq.heappush"
            | "heapq.heapify"
            | "heapq.heappop"
            | "bisect.insort"
            | "bisect.insort_left"
            | "bisect.insort_right"
            | "random.shuffle"
    )
}

/// The method that an operator calls.
fn method_of(operator: Operator) -> &'static str {
    match operator {
        Operator::LShift => "__lshift__",
        Operator::RShift => "__rshift__",
        Operator::BitOr => "__or__",
        Operator::BitAnd => "__and__",
        Operator::BitXor => "__xor__",
        Operator::Add => "__add__",
        Operator::Sub => "__sub__",
        Operator::MatMult => "__matmul__",
        Operator::Mod => "__mod__",
        Operator::Div => "__truediv__",
        Operator::FloorDiv => "__floordiv__",
        Operator::Mult => "__mul__",
        Operator::Pow => "__pow__",
    }
}

/// Where a local name leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lead {
    Own,
    Parameter,
}

struct Reader<'a, 's> {
    source: &'s Source<'a>,
    scope: ScopeId,
    deep: bool,
    first: Option<String>,
    /// Locals that refer to what a parameter or the object holds.
    leads: FxHashMap<String, Lead>,
    effects: Effects,
}

impl<'a, 's> Reader<'a, 's> {
    fn new(source: &'s Source<'a>, scope: ScopeId, deep: bool) -> Self {
        let leads = FxHashMap::default();
        Self { source, scope, deep, first: None, leads, effects: Effects::default() }
    }

    fn is_parameter(&self, name: &str) -> bool {
        self.source.scopes.lookup(self.scope, name).is_some_and(|(holder, bound)| {
            holder != MODULE && bound.iter().any(|(_, one)| matches!(one, Bound::Parameter(_)))
        })
    }

    /// Where an expression leads without making anything new.
    fn lead_of(&self, expr: &Expr) -> Option<Lead> {
        match expr {
            Expr::Name(name) => {
                let name = name.id.as_str();
                if self.first.as_deref() == Some(name) {
                    return Some(Lead::Own);
                }
                let known = self.leads.get(name).copied();
                known.or_else(|| self.is_parameter(name).then_some(Lead::Parameter))
            }
            Expr::Attribute(one) => self.lead_of(&one.value),
            Expr::Subscript(one) => self.lead_of(&one.value),
            Expr::Starred(one) => self.lead_of(&one.value),
            Expr::If(one) => self.lead_of(&one.body).or_else(|| self.lead_of(&one.orelse)),
            Expr::BoolOp(one) => one.values.iter().find_map(|value| self.lead_of(value)),
            Expr::Call(call) => match &*call.func {
                Expr::Attribute(method) if method.attr.as_str() != "copy" => {
                    self.lead_of(&method.value)
                }
                Expr::Name(name) => {
                    let passes_on = matches!(
                        name.id.as_str(),
                        "iter"
                            | "reversed"
                            | "enumerate"
                            | "zip"
                            | "next"
                            | "getattr"
                            | "vars"
                            | "filter"
                            | "map"
                            | "min"
                            | "max"
                    );
                    let mut given = call.arguments.args.iter().filter(|_| passes_on);
                    given.find_map(|one| self.lead_of(one))
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn note_lead(&mut self, target: &Expr, lead: Option<Lead>) {
        let Some(lead) = lead else { return };
        match target {
            Expr::Name(name) => {
                self.leads.insert(name.id.as_str().to_owned(), lead);
            }
            Expr::Tuple(tuple) => {
                tuple.elts.iter().for_each(|one| self.note_lead(one, Some(lead)));
            }
            Expr::Starred(one) => self.note_lead(&one.value, Some(lead)),
            _ => {}
        }
    }

    fn target(&mut self, target: &Expr) {
        match target {
            Expr::Subscript(subscript) => {
                // `globals()["name"] = …`
                if let (Expr::Call(call), Expr::StringLiteral(name)) =
                    (&*subscript.value, &*subscript.slice)
                    && self.is_namespace(call)
                {
                    let name = format!("{}.{}", self.source.module, name.value.to_str());
                    self.effects.mutates.push(name.into());
                    return;
                }
                self.mutate(&subscript.value);
            }
            Expr::Attribute(attribute) => {
                // `module.name = …` binds the name; of an object it changes the object.
                for origin in self.global_origins(target) {
                    self.changed(origin);
                }
                self.mutate(&attribute.value);
            }
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|one| self.target(one)),
            Expr::List(list) => list.elts.iter().for_each(|one| self.target(one)),
            Expr::Starred(starred) => self.target(&starred.value),
            // `global name` in a function.
            Expr::Name(name) if self.deep => {
                let holder = self.source.scopes.lookup(self.scope, name.id.as_str());
                match holder {
                    Some((MODULE, _)) => self.mutate(target),
                    // `nonlocal name`
                    Some((holder, _)) if holder != self.scope => self.effects.closure = true,
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// The origins of an expression that starts with a module-level name or an import; locals and
    /// nested functions are nobody else's.
    fn global_origins(&self, expr: &Expr) -> Vec<Name> {
        let scopes = self.source.scopes;
        let Some(root) = root_of(expr) else { return Vec::new() };
        let reaches = match scopes.lookup(self.scope, root) {
            Some((MODULE, _)) | None => true,
            Some((_, bound)) => bound.iter().any(|(_, bound)| matches!(bound, Bound::Import(_))),
        };
        if reaches { scopes.resolve(expr, self.scope) } else { Vec::new() }
    }

    fn changed(&mut self, origin: Name) {
        if !self.effects.mutates.contains(&origin) {
            self.effects.mutates.push(origin);
        }
    }

    /// `globals()`, or `vars()` and `locals()` of the module.
    fn is_namespace(&self, call: &ExprCall) -> bool {
        let origins = self.global_origins(&call.func);
        call.arguments.is_empty()
            && origins.iter().any(|origin| {
                &**origin == "builtins.globals"
                    || !self.deep && matches!(&**origin, "builtins.vars" | "builtins.locals")
            })
    }

    /// What an expression reaches is changed.
    fn mutate(&mut self, expr: &Expr) {
        let mut base = expr;
        let mut is_made = false;
        loop {
            base = match base {
                Expr::Subscript(subscript) => &subscript.value,
                Expr::Starred(starred) => &starred.value,
                Expr::Call(call) if self.is_namespace(call) => {
                    return self.changed(format!("{}.{ANY}", self.source.module).into());
                }
                // What a call gives back is reached through what is called.
                Expr::Call(call) if root_of(&call.func).is_some() => {
                    is_made = true;
                    base = &call.func;
                    break;
                }
                Expr::Call(call) => match &*call.func {
                    Expr::Attribute(method) => &method.value,
                    _ => return,
                },
                Expr::Attribute(attribute) if root_of(&attribute.value).is_none() => {
                    &attribute.value
                }
                _ => break,
            };
        }
        let Some(root) = root_of(base) else { return };
        match self.lead_of(base) {
            Some(Lead::Own) => {
                self.effects.own = true;
                return;
            }
            Some(Lead::Parameter) => self.effects.parameters = true,
            None => {}
        }
        let holder = self.source.scopes.lookup(self.scope, root).map(|(holder, _)| holder);
        if holder.is_some_and(|holder| holder != MODULE && holder != self.scope) {
            self.effects.closure = true;
        }
        for origin in self.global_origins(base) {
            if &*origin == "sys.modules" {
                self.changed(format!("{}.{ANY}", self.source.module).into());
            } else if is_made {
                self.changed(format!("{origin}()").into());
            } else {
                self.changed(origin);
            }
        }
    }

    fn called(&mut self, function: &Expr) {
        if let Expr::Attribute(method) = function {
            let name = method.attr.as_str();
            if let Some(root) = root_of(&method.value) {
                if self.first.as_deref() == Some(root) {
                    if matches!(&*method.value, Expr::Name(_)) {
                        self.effects.own_calls.push(name.into());
                    } else if changes(name) {
                        self.effects.own = true;
                    }
                    return;
                }
                if changes(name) && self.global_origins(&method.value).is_empty() {
                    return self.mutate(&method.value);
                }
            } else if changes(name) {
                // `X[k].append(…)`, `X.setdefault(k, []).append(…)`
                self.mutate(&method.value);
                return;
            }
            if let Expr::Call(call) = &*method.value
                && matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "super")
            {
                self.effects.own_calls.push(name.into());
                return;
            }
        }
        for origin in self.global_origins(function) {
            let known = origin.starts_with("builtins.") || self.effects.calls.contains(&origin);
            if !known {
                self.effects.calls.push(origin);
            }
        }
    }

    fn decorator(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Call(_) => self.visit_expr(expr),
            Expr::Lambda(lambda) => self.lambda(lambda),
            other => self.called(other),
        }
    }

    /// The body of a lambda that is called.
    fn lambda(&mut self, lambda: &'a ExprLambda) {
        let Some(scope) = self.source.scopes.scope_of(lambda) else { return };
        let outer = (self.scope, std::mem::replace(&mut self.deep, true));
        self.scope = scope;
        self.visit_expr(&lambda.body);
        (self.scope, self.deep) = outer;
    }

    /// Arguments handed to a function: module-level names, and what parameters refer to.
    fn give<'e>(&mut self, function: &Expr, arguments: impl Iterator<Item = &'e Expr>) {
        let origins = self.global_origins(function);
        let Some(callee) = origins.first().filter(|one| !one.starts_with("builtins.")) else {
            return;
        };
        for argument in arguments {
            let argument = match argument {
                Expr::Starred(starred) => &starred.value,
                other => other,
            };
            for given in self.global_origins(argument) {
                let pair = (callee.clone(), given);
                if !self.effects.given.contains(&pair) {
                    self.effects.given.push(pair);
                }
            }
            if self.lead_of(argument) == Some(Lead::Parameter)
                && !self.effects.passes.contains(callee)
            {
                self.effects.passes.push(callee.clone());
            }
        }
    }

    /// An operator or a `with` on a module-level object calls its method.
    fn calls_method(&mut self, object: &Expr, method: &str) {
        for origin in self.global_origins(object) {
            let called = format!("{origin}.{method}").into();
            if !self.effects.calls.contains(&called) {
                self.effects.calls.push(called);
            }
        }
    }
}

impl<'a> Visitor<'a> for Reader<'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => {
                let decorators: &'a [ruff_python_ast::Decorator] = &def.decorator_list;
                decorators.iter().for_each(|one| self.decorator(&one.expression));
                if self.deep
                    && let Some(scope) = self.source.scopes.scope_of(def)
                {
                    let outer = std::mem::replace(&mut self.scope, scope);
                    self.visit_body(&def.body);
                    self.scope = outer;
                }
            }
            Stmt::ClassDef(def) => {
                let decorators: &'a [ruff_python_ast::Decorator] = &def.decorator_list;
                decorators.iter().for_each(|one| self.decorator(&one.expression));
                // A class body runs where it stands; its own names are its own.
                if let Some(scope) = self.source.scopes.scope_of(def) {
                    let outer = std::mem::replace(&mut self.scope, scope);
                    for stmt in &def.body {
                        if !matches!(stmt, Stmt::FunctionDef(_)) {
                            self.visit_stmt(stmt);
                        }
                    }
                    self.scope = outer;
                }
            }
            Stmt::Assign(assign) => {
                // A name for `items.append` changes nothing before it is called.
                if !matches!(&*assign.value, Expr::Attribute(_)) {
                    self.visit_expr(&assign.value);
                }
                let lead = self.lead_of(&assign.value);
                for target in &assign.targets {
                    self.note_lead(target, lead);
                    self.target(target);
                }
            }
            Stmt::AnnAssign(assign) => {
                self.target(&assign.target);
                assign.value.iter().for_each(|value| self.visit_expr(value));
                let lead = assign.value.as_deref().and_then(|value| self.lead_of(value));
                self.note_lead(&assign.target, lead);
            }
            Stmt::AugAssign(assign) => {
                self.target(&assign.target);
                self.visit_expr(&assign.value);
            }
            Stmt::Delete(delete) => delete.targets.iter().for_each(|target| self.target(target)),
            Stmt::For(node) => {
                self.target(&node.target);
                let lead = self.lead_of(&node.iter);
                self.note_lead(&node.target, lead);
                visitor::walk_stmt(self, stmt);
            }
            Stmt::With(node) => {
                for item in &node.items {
                    self.calls_method(&item.context_expr, "__enter__");
                    self.calls_method(&item.context_expr, "__exit__");
                }
                visitor::walk_stmt(self, stmt);
            }
            Stmt::Expr(node) => {
                let mut at = &*node.value;
                while let Expr::BinOp(operation) = at {
                    self.calls_method(&operation.left, method_of(operation.op));
                    at = &operation.left;
                }
                visitor::walk_stmt(self, stmt);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Call(call) => {
                self.called(&call.func);
                // `setattr(target, …)` and `operator.setitem(target, …)` change their argument;
                // a function that is given a name may change it too, which its body tells.
                let origins = self.global_origins(&call.func);
                if origins.iter().any(|origin| mutates_first(origin))
                    && let Some(first) = call.arguments.args.first()
                {
                    self.mutate(first);
                }
                if origins.iter().any(|origin| &**origin == "builtins.exec") {
                    self.changed(format!("{}.{ANY}", self.source.module).into());
                }
                let named = call.arguments.keywords.iter().map(|one| &one.value);
                self.give(&call.func, call.arguments.args.iter().chain(named));
                visitor::walk_expr(self, expr);
            }
            // `map(items.append, …)`
            Expr::Attribute(method) if changes(method.attr.as_str()) => {
                self.called(expr);
                visitor::walk_expr(self, expr);
            }
            Expr::Lambda(lambda) if self.deep => self.lambda(lambda),
            Expr::Lambda(_) => {}
            _ => visitor::walk_expr(self, expr),
        }
    }
}
