//! What running a piece of code changes: names it assigns into and functions it calls.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt, StmtClassDef};

use super::unit::{Effects, MethodEffects};
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
    "move_to_end",
    "subtract",
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
            | "setLevel"
            | "addHandler"
            | "removeHandler"
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

struct Reader<'a, 's> {
    source: &'s Source<'a>,
    scope: ScopeId,
    deep: bool,
    first: Option<String>,
    effects: Effects,
}

impl<'a, 's> Reader<'a, 's> {
    fn new(source: &'s Source<'a>, scope: ScopeId, deep: bool) -> Self {
        Self { source, scope, deep, first: None, effects: Effects::default() }
    }

    fn target(&mut self, target: &Expr) {
        match target {
            Expr::Subscript(subscript) => self.mutate(&subscript.value),
            Expr::Attribute(attribute) => self.mutate(&attribute.value),
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|one| self.target(one)),
            Expr::List(list) => list.elts.iter().for_each(|one| self.target(one)),
            Expr::Starred(starred) => self.target(&starred.value),
            // `global name` in a function.
            Expr::Name(name) if self.deep => {
                let holder = self.source.scopes.lookup(self.scope, name.id.as_str());
                if holder.is_some_and(|(holder, _)| holder == MODULE) {
                    self.mutate(target);
                }
            }
            _ => {}
        }
    }

    /// The origins of an expression that starts with a module-level name or an import; locals and
    /// nested functions are nobody else's.
    fn global_origins(&self, expr: &Expr) -> Vec<Name> {
        let scopes = self.source.scopes;
        let Some(root) = super::uses::root_of(expr) else { return Vec::new() };
        let reaches = match scopes.lookup(self.scope, root) {
            Some((MODULE, _)) | None => true,
            Some((_, bound)) => bound.iter().any(|(_, bound)| matches!(bound, Bound::Import(_))),
        };
        if reaches { scopes.resolve(expr, self.scope) } else { Vec::new() }
    }

    /// What an expression reaches is changed.
    fn mutate(&mut self, expr: &Expr) {
        let mut base = expr;
        loop {
            base = match base {
                Expr::Subscript(subscript) => &subscript.value,
                Expr::Call(call) => match &*call.func {
                    Expr::Attribute(method) => &method.value,
                    _ => return,
                },
                Expr::Attribute(attribute) if super::uses::root_of(&attribute.value).is_none() => {
                    &attribute.value
                }
                _ => break,
            };
        }
        let Some(root) = super::uses::root_of(base) else { return };
        if self.first.as_deref() == Some(root) {
            self.effects.own = true;
            return;
        }
        let holder = self.source.scopes.lookup(self.scope, root);
        let is_parameter = |bound: &[(u32, Bound<'_>)]| {
            bound.iter().any(|(_, bound)| matches!(bound, Bound::Parameter(_)))
        };
        if holder.is_some_and(|(holder, bound)| holder != MODULE && is_parameter(bound)) {
            self.effects.parameters = true;
        }
        for origin in self.global_origins(base) {
            if !self.effects.mutates.contains(&origin) {
                self.effects.mutates.push(origin);
            }
        }
    }

    fn called(&mut self, function: &Expr) {
        if let Expr::Attribute(method) = function {
            let name = method.attr.as_str();
            if let Some(root) = super::uses::root_of(&method.value) {
                if self.first.as_deref() == Some(root) {
                    if matches!(&*method.value, Expr::Name(_)) {
                        self.effects.own_calls.push(name.into());
                    } else if changes(name) {
                        self.effects.own = true;
                    }
                    return;
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
            Expr::Call(call) => {
                self.called(&call.func);
                self.visit_arguments(&call.arguments);
            }
            other => self.called(other),
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
                assign.targets.iter().for_each(|target| self.target(target));
                self.visit_expr(&assign.value);
            }
            Stmt::AnnAssign(assign) => {
                self.target(&assign.target);
                assign.value.iter().for_each(|value| self.visit_expr(value));
            }
            Stmt::AugAssign(assign) => {
                self.target(&assign.target);
                self.visit_expr(&assign.value);
            }
            Stmt::Delete(delete) => delete.targets.iter().for_each(|target| self.target(target)),
            Stmt::For(node) => {
                self.target(&node.target);
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
                let changes_first = origins.iter().any(|origin| {
                    matches!(
                        &**origin,
                        "builtins.setattr"
                            | "builtins.delattr"
                            | "operator.setitem"
                            | "heapq.heappush"
                            | "heapq.heapify"
                            | "bisect.insort"
                            | "random.shuffle"
                    )
                });
                if changes_first && let Some(first) = call.arguments.args.first() {
                    self.mutate(first);
                }
                if let Some(callee) = origins.first().filter(|one| !one.starts_with("builtins.")) {
                    for argument in &call.arguments.args {
                        for given in self.global_origins(argument) {
                            let pair = (callee.clone(), given);
                            if !self.effects.given.contains(&pair) {
                                self.effects.given.push(pair);
                            }
                        }
                    }
                }
                visitor::walk_expr(self, expr);
            }
            Expr::Lambda(lambda) => {
                if self.deep
                    && let Some(scope) = self.source.scopes.scope_of(lambda)
                {
                    let outer = std::mem::replace(&mut self.scope, scope);
                    self.visit_expr(&lambda.body);
                    self.scope = outer;
                }
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}
