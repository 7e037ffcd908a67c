//! Picks the functions of one file that a flow may be recovered from, and lowers their bodies.
//!
//! Which of them really are programs or workflows depends on what their decorators resolve to, and
//! is for the linker to say; here only their shape counts, so that ordinary files cost nothing.

mod lower;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Operator, Stmt, StmtFunctionDef};

use super::Source;
use super::findings::members::last_name;
use super::scopes::{MODULE, ScopeId};
use crate::model::facts::python::flows::{FlowFacts, Marked};

/// Names that programs of an embedded prompt language call.
const LANGUAGE: &[&str] =
    &["gen", "select", "gen_int", "gen_string", "system", "user", "assistant"];

pub fn extract(source: &Source<'_>) -> FlowFacts {
    let mut finder = Finder { source, scope: MODULE, facts: FlowFacts::default() };
    finder.visit_body(&source.ast.body);
    let mut facts = finder.facts;
    if !facts.functions.is_empty() {
        for stmt in &source.ast.body {
            let Stmt::Assign(assign) = stmt else { continue };
            let Expr::StringLiteral(text) = &*assign.value else { continue };
            for target in &assign.targets {
                if let Expr::Name(name) = target {
                    let name = source.scopes.qualify(MODULE, name.id.as_str());
                    facts.constants.push((name, text.value.to_str().into()));
                }
            }
        }
    }
    facts
}

/// Walks all functions, nested ones too: programs are often written where they are used.
struct Finder<'a, 's> {
    source: &'s Source<'a>,
    scope: ScopeId,
    facts: FlowFacts,
}

impl<'a> Visitor<'a> for Finder<'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        let body = match stmt {
            Stmt::FunctionDef(def) => {
                if has_decorator(def, "task") {
                    self.facts.marked.push(marked(self.source, self.scope, def));
                }
                if is_candidate(def) {
                    self.facts.functions.push(lower::function(self.source, self.scope, def));
                    return;
                }
                self.source.scopes.scope_of(def).map(|scope| (scope, &def.body))
            }
            Stmt::ClassDef(def) => self.source.scopes.scope_of(def).map(|scope| (scope, &def.body)),
            _ => None,
        };
        match body {
            Some((scope, body)) => {
                let outer = std::mem::replace(&mut self.scope, scope);
                self.visit_body(body);
                self.scope = outer;
            }
            None => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}

/// A workflow by its decorator, or a function that appends to its parameter, or that builds
/// expressions of a prompt language.
fn is_candidate(def: &StmtFunctionDef) -> bool {
    let is_workflow = def
        .decorator_list
        .iter()
        .any(|decorator| last_name(&decorator.expression) == Some("workflow"));
    if is_workflow {
        return true;
    }
    let Some(first) = def.parameters.iter().next() else { return false };
    let mut shape = Shape { first: first.name().as_str(), appends: false, speaks: false };
    shape.visit_body(&def.body);
    shape.appends || shape.speaks
}

fn has_decorator(def: &StmtFunctionDef, name: &str) -> bool {
    def.decorator_list.iter().any(|item| last_name(&item.expression) == Some(name))
}

fn marked(source: &Source<'_>, scope: ScopeId, def: &StmtFunctionDef) -> Marked {
    let parameters = &def.parameters;
    let named = parameters.posonlyargs.iter().chain(&parameters.args).chain(&parameters.kwonlyargs);
    let name = def.name.as_str();
    Marked {
        name: source.scopes.qualify(scope, name),
        params: named
            .map(|parameter| {
                (parameter.parameter.name.as_str().into(), parameter.default.is_none())
            })
            .collect(),
        takes_more: parameters.vararg.is_some(),
        takes_any_keyword: parameters.kwarg.is_some(),
    }
}

struct Shape<'a> {
    first: &'a str,
    appends: bool,
    speaks: bool,
}

impl<'a> Visitor<'a> for Shape<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::AugAssign(assign) = stmt
            && assign.op == Operator::Add
            && matches!(&*assign.target, Expr::Name(name) if name.id.as_str() == self.first)
            && !assign.value.is_number_literal_expr()
        {
            self.appends = true;
        }
        if !self.appends {
            visitor::walk_stmt(self, stmt);
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr {
            let callee = last_name(&call.func);
            self.speaks |= callee.is_some_and(|name| LANGUAGE.contains(&name))
                && matches!(&*call.func, Expr::Name(_) | Expr::Attribute(_));
        }
        if !self.speaks {
            visitor::walk_expr(self, expr);
        }
    }
}
