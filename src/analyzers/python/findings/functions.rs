//! Rules that hold for a function definition.

use ruff_python_ast::{Expr, ExprYield, Stmt, StmtFunctionDef};

use super::members::{each_expression, each_statement, first_parameter, is_name, last_name};
use super::{Around, Collector};
use crate::analyzers::python::scopes::MODULE;

impl<'a> Collector<'a, '_> {
    /// Applies the function rules to a definition the walk is about to enter.
    pub(super) fn function(&mut self, def: &'a StmtFunctionDef) {
        let symbol = self.name_of(def);
        let line = self.source.line_of(&def.name);
        let owner = match self.around.last() {
            Some(Around::Class(class, is_metaclass)) => Some((*class, *is_metaclass)),
            _ => None,
        };
        if self.scope == MODULE && def.name.as_str() == "__getattr__" {
            self.hit_of("module-getattr", line, symbol.clone(), "", false);
        }
        let mut is_cached = false;
        let mut is_bare_method = owner.is_some();
        for decorator in &def.decorator_list {
            let (callee, is_call) = match &decorator.expression {
                Expr::Call(call) => (&*call.func, true),
                other => (other, false),
            };
            let origins = self.resolve(callee);
            let is = |names: &[&str]| origins.iter().any(|origin| names.contains(&&**origin));
            if is(&["builtins.property", "functools.cached_property"]) && owner.is_some() {
                let kind = last_name(callee).unwrap_or_default();
                self.hit_of("property", line, symbol.clone(), kind, false);
            }
            if is(&["functools.wraps"]) && is_call {
                self.hit_of("wraps-use", line, symbol.clone(), "", false);
            }
            if is(&["functools.singledispatch", "functools.singledispatchmethod"]) {
                self.hit_of("singledispatch", line, symbol.clone(), "", false);
                self.out.dispatchers.push(def.name.as_str().into());
            }
            if let Expr::Attribute(node) = callee
                && node.attr.as_str() == "register"
                && let Some(dispatcher) = last_name(&node.value)
            {
                self.out.registrations.push((dispatcher.into(), line, symbol.clone()));
            }
            if is(&["functools.lru_cache", "functools.cache"]) {
                is_cached = true;
            }
            if is(&["builtins.staticmethod", "builtins.classmethod"]) {
                is_bare_method = false;
            }
            if is(&["contextlib.contextmanager", "contextlib.asynccontextmanager"]) {
                let kind = last_name(callee).unwrap_or_default();
                self.hit_of("cm-function", line, symbol.clone(), kind, false);
                self.generator_context_manager(def, &symbol);
            }
        }
        if is_cached {
            self.hit_of("lru-cache", line, symbol.clone(), "", false);
            if is_bare_method {
                self.hit_of("lru-cache-method", line, symbol.clone(), "", false);
            }
        }
        self.decorator_stack(def, &symbol);
        self.wrapper(def, owner.is_some());
        if let Some((_, is_metaclass)) = owner {
            let is_construction = match def.name.as_str() {
                "__new__" => !is_metaclass,
                "__call__" => is_metaclass,
                _ => false,
            };
            if is_construction {
                self.writes_on_class(def, is_metaclass);
            }
        }
    }

    /// `new-writes-class`, `singleton-new`, `singleton-meta`: construction that stores on the class.
    fn writes_on_class(&mut self, def: &'a StmtFunctionDef, is_metaclass: bool) {
        let Some(first) = first_parameter(def) else { return };
        let mut written: Vec<&str> = Vec::new();
        let mut catches = false;
        each_statement(&def.body, &mut |stmt| {
            let targets: &[Expr] = match stmt {
                Stmt::Assign(assign) => &assign.targets,
                Stmt::AnnAssign(assign) => std::slice::from_ref(&assign.target),
                Stmt::AugAssign(assign) => std::slice::from_ref(&assign.target),
                Stmt::Try(node) => {
                    for handler in &node.handlers {
                        let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
                        let caught = handler.type_.as_deref().and_then(last_name);
                        catches |= matches!(caught, Some("KeyError" | "AttributeError"));
                    }
                    &[]
                }
                _ => &[],
            };
            for target in targets {
                let target = match target {
                    Expr::Subscript(node) => &*node.value,
                    other => other,
                };
                if let Expr::Attribute(node) = target
                    && is_name(&node.value, first)
                {
                    written.push(node.attr.as_str());
                }
            }
        });
        if written.is_empty() {
            return;
        }
        let symbol = self.name_of(def);
        let line = self.source.line_of(&def.name);
        self.hit_of("new-writes-class", line, symbol.clone(), written.join(" "), false);
        let (mut in_test, mut in_local) = (false, false);
        let names_it = |expr: &Expr| {
            let mut found = false;
            super::members::each_part(expr, &mut |part| match part {
                Expr::Attribute(node) => found |= written.contains(&node.attr.as_str()),
                Expr::StringLiteral(text) => found |= written.contains(&text.value.to_str()),
                _ => {}
            });
            found
        };
        each_statement(&def.body, &mut |stmt| match stmt {
            Stmt::If(node) => {
                in_test |= names_it(&node.test);
                in_test |= node
                    .elif_else_clauses
                    .iter()
                    .filter_map(|clause| clause.test.as_ref())
                    .any(names_it);
            }
            Stmt::While(node) => in_test |= names_it(&node.test),
            Stmt::Assign(assign) => {
                let is_local = assign.targets.iter().any(Expr::is_name_expr);
                in_local |= is_local && names_it(&assign.value);
            }
            _ => {}
        });
        each_expression(&def.body, &mut |expr| {
            if let Expr::If(node) = expr {
                in_test |= names_it(&node.test);
            }
        });
        let rule = if is_metaclass { "singleton-meta" } else { "singleton-new" };
        if in_test {
            self.hit_of(rule, line, symbol, "", false);
        } else if in_local || catches {
            self.hit_of(rule, line, symbol, "", true);
        }
    }

    /// `yield-value`: the first yield of a function whose value is used.
    pub(super) fn used_yield(&mut self, node: &'a ExprYield) {
        let Some(def) = self.enclosing_function() else { return };
        let symbol = self.name_of(def);
        let Some(rule) = crate::analyzers::rules::index_of("yield-value") else { return };
        let is_first = !self.out.hits.iter().any(|hit| hit.rule == rule && hit.symbol == symbol);
        if is_first {
            self.hit_of("yield-value", self.source.line_of(node), symbol, "", false);
        }
    }
}
