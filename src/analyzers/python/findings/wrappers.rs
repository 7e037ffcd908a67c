//! Functions that return functions: wrappers, decorators with arguments, closures.

use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};

use super::Collector;
use super::members::{
    each_expression, each_statement, first_parameter, is_name, last_name, mentions,
    nested_functions, parameter_names, returns,
};

const METADATA: &[&str] =
    &["__name__", "__doc__", "__wrapped__", "__signature__", "__dict__", "__qualname__"];

/// How a nested function wraps a parameter of the one around it.
struct Wrapping<'a> {
    inner: &'a StmtFunctionDef,
    keeps_identity: bool,
    /// Forwards its own `*args` or `**kwargs`, and is returned as it is.
    is_plain: bool,
}

/// The wrappers directly inside `outer`; `is_method` says that it stands in a class body.
fn wrappers(outer: &StmtFunctionDef, is_method: bool) -> Vec<Wrapping<'_>> {
    let mut parameters = parameter_names(outer);
    if is_method && matches!(parameters.first(), Some(&("self" | "cls" | "mcs" | "mcls" | "klass")))
    {
        parameters.remove(0);
    }
    let mut found = Vec::new();
    if parameters.is_empty() {
        return found;
    }
    let returned = returns(&outer.body);
    for inner in nested_functions(&outer.body) {
        let name = inner.name.as_str();
        if !returned.iter().any(|value| mentions(value, name)) {
            continue;
        }
        let own = parameter_names(inner);
        let rebinds = |parameter: &str| {
            let mut rebinds = own.contains(&parameter);
            each_statement(&inner.body, &mut |stmt| {
                if let Stmt::Assign(assign) = stmt {
                    rebinds |= assign.targets.iter().any(|target| is_name(target, parameter));
                }
            });
            rebinds
        };
        let (mut calls_one, mut passes_through) = (false, false);
        each_expression_of_calls(inner, &mut |call, in_own_scope| {
            let Some(parameter) = parameters.iter().find(|name| is_name(&call.func, name)) else {
                return;
            };
            if rebinds(parameter) {
                return;
            }
            calls_one = true;
            let star = inner.parameters.vararg.as_ref().map(|arg| arg.name.as_str());
            let kwargs = inner.parameters.kwarg.as_ref().map(|arg| arg.name.as_str());
            let forwards_star = call.arguments.args.iter().any(|argument| {
                matches!(argument, Expr::Starred(node) if star.is_some_and(|star| is_name(&node.value, star)))
            });
            let forwards_kwargs = call.arguments.keywords.iter().any(|keyword| {
                keyword.arg.is_none()
                    && kwargs.is_some_and(|kwargs| is_name(&keyword.value, kwargs))
            });
            passes_through |= in_own_scope && (forwards_star || forwards_kwargs);
        });
        if !calls_one {
            continue;
        }
        let as_it_is = returned.iter().any(|value| match value {
            Expr::Name(node) => node.id.as_str() == name,
            Expr::Call(call) => {
                last_name(&call.func) == Some("cast")
                    && call.arguments.args.last().is_some_and(|argument| is_name(argument, name))
            }
            _ => false,
        });
        found.push(Wrapping {
            inner,
            keeps_identity: keeps_identity(outer, inner),
            is_plain: passes_through && as_it_is,
        });
    }
    found
}

fn keeps_identity(outer: &StmtFunctionDef, inner: &StmtFunctionDef) -> bool {
    let is_wraps = |name: Option<&str>| matches!(name, Some("wraps" | "update_wrapper"));
    if inner.decorator_list.iter().any(|item| is_wraps(last_name(&item.expression))) {
        return true;
    }
    let name = inner.name.as_str();
    let mut keeps = false;
    each_expression(&outer.body, &mut |expr| {
        if let Expr::Call(call) = expr {
            // `update_wrapper(w, f)` and `wraps(f)(w)`.
            let on_it = call.arguments.args.iter().any(|argument| is_name(argument, name));
            keeps |= on_it && is_wraps(last_name(&call.func));
        }
    });
    each_statement(&outer.body, &mut |stmt| {
        if let Stmt::Assign(assign) = stmt {
            keeps |= assign.targets.iter().any(|target| match target {
                Expr::Attribute(node) => {
                    is_name(&node.value, name) && METADATA.contains(&node.attr.as_str())
                }
                _ => false,
            });
        }
    });
    keeps
}

/// Every call below `def`, with whether it stands in the function's own scope.
fn each_expression_of_calls<'a>(
    def: &'a StmtFunctionDef,
    visit: &mut dyn FnMut(&'a ruff_python_ast::ExprCall, bool),
) {
    let mut own: Vec<*const ruff_python_ast::ExprCall> = Vec::new();
    each_expression(&def.body, &mut |expr| {
        if let Expr::Call(call) = expr {
            own.push(call);
        }
    });
    super::members::each_expression_deep(&def.body, &mut |expr| {
        if let Expr::Call(call) = expr {
            visit(call, own.contains(&std::ptr::from_ref(call)));
        }
    });
}

impl<'a> Collector<'a, '_> {
    /// Applies `wrapper-*`, `decorator-factory` and `closure-codegen` to a definition.
    pub(super) fn wrapper(&mut self, def: &'a StmtFunctionDef, is_method: bool) {
        let nested = nested_functions(&def.body);
        let mut is_wrapper = false;
        for wrapping in wrappers(def, is_method) {
            is_wrapper = true;
            let line = self.source.line_of(&wrapping.inner.name);
            let symbol = self.name_of(wrapping.inner);
            if wrapping.keeps_identity {
                self.hit_of("wrapper-wraps", line, symbol, "", false);
            } else {
                self.hit_of("wrapper-nowraps", line, symbol, "", !wrapping.is_plain);
            }
            self.swallowing_wrapper(wrapping.inner);
        }
        let returned = returns(&def.body);
        let is_returned = |inner: &StmtFunctionDef| {
            returned.iter().any(|value| mentions(value, inner.name.as_str()))
        };
        let factory =
            nested.iter().any(|inner| is_returned(inner) && !wrappers(inner, false).is_empty());
        let line = self.source.line_of(&def.name);
        if factory {
            let is_dual = self.is_dual_form(def);
            let detail = if is_dual { "with and without parentheses" } else { "" };
            self.hit_of("decorator-factory", line, self.name_of(def), detail, false);
        } else if !is_wrapper {
            let parameters = parameter_names(def);
            let reads_parameter = |body: &'a [Stmt]| {
                let mut reads = false;
                each_expression(body, &mut |expr| {
                    reads |= parameters.iter().any(|name| is_name(expr, name));
                });
                reads
            };
            let from_def =
                nested.iter().any(|inner| is_returned(inner) && reads_parameter(&inner.body));
            let from_lambda = returned.iter().any(|value| match value {
                Expr::Lambda(lambda) => parameters.iter().any(|name| mentions(&lambda.body, name)),
                _ => false,
            });
            if from_def || from_lambda {
                self.hit_of("closure-codegen", line, self.name_of(def), "", false);
            }
        }
    }

    /// A test on the first parameter (`if f:`, `callable(f)`, `f is None`) chooses the form.
    fn is_dual_form(&self, def: &'a StmtFunctionDef) -> bool {
        let Some(first) = first_parameter(def) else { return false };
        let mut is_tested = false;
        each_statement(&def.body, &mut |stmt| {
            if let Stmt::If(node) = stmt {
                is_tested |= mentions(&node.test, first);
            }
        });
        let conditional =
            |value: &&Expr| matches!(value, Expr::If(node) if mentions(&node.test, first));
        is_tested || returns(&def.body).iter().any(conditional)
    }
}
