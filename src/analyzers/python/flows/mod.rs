//! Picks the functions of one file that a flow may be recovered from, and lowers their bodies.
//!
//! Which of them really are programs or workflows depends on what their decorators resolve to, and
//! is for the linker to say; here only their shape counts, so that ordinary files cost nothing.

mod lower;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, InterpolatedStringElement, Operator, Stmt, StmtFunctionDef};
use rustc_hash::FxHashMap;
use serde_json::Value;

use super::Source;
use super::findings::members::last_name;
use super::scopes::{Bound, MODULE, ScopeId};
use crate::model::Name;
use crate::model::facts::python::flows::{FlowFacts, Marked};

/// Names that programs of an embedded prompt language call.
const LANGUAGE: &[&str] =
    &["gen", "select", "gen_int", "gen_string", "system", "user", "assistant"];

pub fn extract(source: &Source<'_>) -> FlowFacts {
    let mut finder = Finder { source, scope: MODULE, facts: FlowFacts::default() };
    finder.visit_body(&source.ast.body);
    let mut facts = finder.facts;
    facts.constants = constants(source, !facts.functions.is_empty());
    facts
}

/// Constants of a module that no flow function is seen in: how many, and how long each may be.
const FEW: usize = 64;
const SHORT: usize = 4_000;

/// Module-level names bound once to a constant, as JSON.
fn constants(source: &Source<'_>, all: bool) -> Vec<(Name, String)> {
    let mut known: FxHashMap<&str, Value> = FxHashMap::default();
    let mut found = Vec::new();
    for stmt in &source.ast.body {
        let (target, value) = match stmt {
            Stmt::Assign(node) => match node.targets.as_slice() {
                [Expr::Name(name)] => (name, &*node.value),
                _ => continue,
            },
            Stmt::AnnAssign(node) => match (&*node.target, &node.value) {
                (Expr::Name(name), Some(value)) => (name, &**value),
                _ => continue,
            },
            _ => continue,
        };
        let name = target.id.as_str();
        let is_loud = !name.contains(|c: char| c.is_lowercase());
        let is_wanted = all || is_loud && found.len() < FEW;
        if !is_wanted || source.scopes.scope(MODULE).bindings.get(name).is_some_and(is_rebound) {
            continue;
        }
        let Some(value) = constant(value, &known) else { continue };
        let text = value.to_string();
        if all || text.len() <= SHORT {
            found.push((source.scopes.qualify(MODULE, name), text));
            known.insert(name, value);
        }
    }
    found
}

/// An annotated assignment binds twice: by its value and by its annotation.
fn is_rebound(bound: &Vec<(u32, Bound<'_>)>) -> bool {
    bound.iter().filter(|(_, bound)| !matches!(bound, Bound::Annotation(_))).count() > 1
}

fn constant(expr: &Expr, known: &FxHashMap<&str, Value>) -> Option<Value> {
    Some(match expr {
        Expr::StringLiteral(text) => text.value.to_str().into(),
        Expr::BooleanLiteral(node) => node.value.into(),
        Expr::NumberLiteral(node) => match &node.value {
            ruff_python_ast::Number::Int(value) => value.as_i64()?.into(),
            ruff_python_ast::Number::Float(value) => (*value).into(),
            ruff_python_ast::Number::Complex { .. } => return None,
        },
        Expr::Name(name) => known.get(name.id.as_str())?.clone(),
        Expr::List(node) => list(&node.elts, known)?,
        Expr::Tuple(node) => list(&node.elts, known)?,
        Expr::BinOp(node) if node.op == Operator::Add => {
            match (constant(&node.left, known)?, constant(&node.right, known)?) {
                (Value::String(left), Value::String(right)) => (left + &right).into(),
                (Value::Array(mut left), Value::Array(right)) => {
                    left.extend(right);
                    left.into()
                }
                _ => return None,
            }
        }
        Expr::FString(node) => {
            let parts = node.value.elements().map(|element| match element {
                InterpolatedStringElement::Literal(text) => Some(text.value.to_string()),
                InterpolatedStringElement::Interpolation(inner) => {
                    let is_plain = inner.format_spec.is_none() && inner.debug_text.is_none();
                    match constant(&inner.expression, known)? {
                        Value::String(text) if is_plain => Some(text),
                        _ => None,
                    }
                }
            });
            parts.collect::<Option<String>>()?.into()
        }
        _ => return None,
    })
}

fn list(items: &[Expr], known: &FxHashMap<&str, Value>) -> Option<Value> {
    items.iter().map(|item| constant(item, known)).collect::<Option<Vec<Value>>>().map(Value::from)
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
    let mut parameters = def.parameters.iter().map(|parameter| parameter.name().as_str());
    let first = parameters.next();
    let first = first.filter(|name| !matches!(*name, "self" | "cls")).or_else(|| parameters.next());
    let Some(first) = first else { return false };
    let mut shape = Shape { first, appends: false, speaks: false };
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
        positional: parameters.posonlyargs.len() + parameters.args.len(),
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
