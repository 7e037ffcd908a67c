//! Joins all files' flows: entity dataflows, programs of embedded prompt languages, workflows.

mod dataflow;
mod program;
mod workflow;

use rustc_hash::FxHashMap;
use serde_json::Value;

use super::Context;
use crate::analyzers::python::conventions::{PromptLanguage, own_conventions};
use crate::model::facts::python::flows::{Expr, ExprKind, Function};
use crate::model::{Entity, Flow, Name, Split, Task};

/// What flows are recovered from besides the files' own facts.
pub struct Known<'a> {
    pub tasks: &'a [Task],
    pub entities: &'a [Entity],
    pub splits: &'a [Split],
}

pub fn link(context: &Context<'_>, known: &Known<'_>) -> Vec<Flow> {
    let mut flows = dataflow::link(known);
    let functions: FxHashMap<&str, Found<'_>> = context
        .files
        .iter()
        .flat_map(|file| {
            let path = &file.file.path;
            file.facts.flows.functions.iter().map(move |function| Found { function, path })
        })
        .map(|found| (&*found.function.name, found))
        .collect();
    if functions.is_empty() {
        return flows;
    }
    let constants: FxHashMap<&str, Value> = context
        .files
        .iter()
        .flat_map(|file| &file.facts.flows.constants)
        .filter_map(|(name, text)| Some((&**name, serde_json::from_str(text).ok()?)))
        .collect();
    let languages = own_conventions(context.manifests).prompt_language;
    let world = World { context, functions, constants, languages };
    let mut all: Vec<&Found<'_>> = world.functions.values().collect();
    all.sort_by_key(|found| (found.path, found.function.line));
    for found in all {
        if is_workflow(found.function) {
            flows.push(workflow::recover(&world, known.tasks, found));
        } else if let Some(language) = program::language_of(&world, found.function) {
            flows.push(program::recover(&world, &language, found));
        }
    }
    flows
}

/// A function a flow may be recovered from, and its file.
#[derive(Clone, Copy)]
struct Found<'a> {
    function: &'a Function,
    path: &'a Name,
}

/// All that recovering reads.
struct World<'a> {
    context: &'a Context<'a>,
    functions: FxHashMap<&'a str, Found<'a>>,
    /// Module-level constants by qualified name.
    constants: FxHashMap<&'a str, Value>,
    /// Prompt languages that the project's conventions name.
    languages: Vec<PromptLanguage>,
}

impl<'a> World<'a> {
    /// The qualified names an expression may mean.
    fn resolve(&self, expr: &Expr) -> Vec<Name> {
        match &expr.kind {
            ExprKind::Name { origins, .. } | ExprKind::Attribute { origins, .. } => {
                self.context.names.resolve_all(origins)
            }
            _ => Vec::new(),
        }
    }

    /// The function of the project an expression names.
    fn function(&self, expr: &Expr) -> Option<Found<'a>> {
        self.resolve(expr).iter().find_map(|name| self.functions.get(&**name).copied())
    }

    /// The module-level constant an expression names.
    fn constant(&self, expr: &Expr) -> Option<Value> {
        self.resolve(expr).iter().find_map(|name| self.constants.get(&**name).cloned())
    }

    /// The class an expression constructs: `Agent()`.
    fn constructed(&self, expr: &Expr) -> Option<Name> {
        let ExprKind::Call { func, .. } = &expr.kind else { return None };
        self.resolve(func).into_iter().find(|name| self.context.names.class(name).is_some())
    }

    /// The method that a class has or inherits.
    fn method(&self, class: &str, name: &str) -> Option<Found<'a>> {
        let classes = self.context.names.mro(class);
        classes.iter().find_map(|class| self.functions.get(&*format!("{class}.{name}")).copied())
    }
}

fn is_workflow(function: &Function) -> bool {
    let names = function.decorators.iter().flatten();
    names.map(|origin| last(origin)).any(|name| name == "workflow")
}

/// The last segment of a dotted name.
fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The last segment of a callee as written.
fn callee_name(func: &Expr) -> &str {
    match &func.kind {
        ExprKind::Name { name, origins } => origins.first().map_or(name, |origin| last(origin)),
        ExprKind::Attribute { attr, .. } => attr,
        _ => "",
    }
}

/// The JSON value of a literal, containers of literals included.
fn literal(expr: &Expr) -> Option<Value> {
    match &expr.kind {
        ExprKind::Str(text) => Some(Value::String(text.clone())),
        ExprKind::Const(text) => serde_json::from_str(text).ok(),
        ExprKind::List(items) | ExprKind::Tuple(items) => {
            items.iter().map(literal).collect::<Option<Vec<Value>>>().map(Value::Array)
        }
        ExprKind::Dict(items) => items
            .iter()
            .map(|(key, value)| match &key.kind {
                ExprKind::Str(key) => Some((key.clone(), literal(value)?)),
                ExprKind::Const(key) => Some((key.to_string(), literal(value)?)),
                _ => None,
            })
            .collect::<Option<serde_json::Map<String, Value>>>()
            .map(Value::Object),
        ExprKind::FString(parts) => parts
            .iter()
            .map(|part| match &part.kind {
                ExprKind::Str(text) => Some(text.as_str()),
                _ => None,
            })
            .collect::<Option<String>>()
            .map(Value::String),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
