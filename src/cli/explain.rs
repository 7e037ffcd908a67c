//! `metascope explain`: everything known about one symbol, each row with why.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::output::{print_json, print_text};
use super::project::open;
use super::{CliError, Common, Format, Outcome};
use crate::analyzers::link::Parts;
use crate::analyzers::link::python::classes;
use crate::model::{CallEdge, Project, Symbol, look_up, printable};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder or one source file
    path: std::path::PathBuf,
    /// A qualified name, or an ending of one that only one symbol has
    symbol: String,
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    let format = common.format(&[Format::Json, Format::Table])?;
    let scan = open(&args.path, common, Parts::ALL)?;
    let project = &scan.project;
    let explained = match find(project, &args.symbol) {
        Ok(symbols) => explain(project, symbols),
        // What `type()` made has no definition to find.
        Err(unknown) => match classes::made(project, &args.symbol).as_slice() {
            [made] => json!({ "name": made, "class": classes::story(project, made) }),
            _ => return Err(unknown),
        },
    };
    if format == Format::Json {
        print_json(&explained)?;
    } else {
        print_text(&render(&explained, 0))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The definitions of a name; an unambiguous ending is enough.
fn find<'a>(project: &'a Project, name: &str) -> Result<&'a [Symbol], CliError> {
    let names = project.symbols.iter().map(|symbol| &*symbol.name);
    match look_up(names, name) {
        Ok(found) => Ok(project.symbols_named(found)),
        Err(not) => Err(CliError::Usage(not.say(name, ""))),
    }
}

/// Everything the project says about a symbol, as JSON.
pub fn explain(project: &Project, symbols: &[Symbol]) -> Value {
    let Some(symbol) = symbols.first() else { return Value::Null };
    let name = &*symbol.name;
    let calls = &project.calls;
    let edge = |edge: &CallEdge, other: u32| {
        json!({
            "name": calls.nodes[other as usize].name, "file": edge.file, "line": edge.line,
            "kind": edge.kind, "certainty": edge.certainty, "why": edge.why,
        })
    };
    let node = calls.find(name);
    let callees: Vec<Value> = node
        .iter()
        .flat_map(|node| calls.callees(*node))
        .map(|found| edge(found, found.to))
        .collect();
    let callers: Vec<Value> = node
        .iter()
        .flat_map(|node| calls.callers(*node))
        .map(|found| edge(found, found.from))
        .collect();
    let mut registries = Vec::new();
    for registry in &project.registries {
        for member in registry.members.iter().filter(|member| &*member.target == name) {
            registries.push(json!({
                "registry": registry.name, "kind": registry.kind, "key": member.key,
                "file": member.file, "line": member.line, "certainty": member.certainty,
                "why": member.why,
            }));
        }
    }
    json!({
        "name": name,
        "definitions": symbols,
        "class": classes::story(project, name),
        "registries": registries,
        "registrar_of": project.registries.iter()
            .filter(|registry| &*registry.registrar == name || &*registry.name == name)
            .map(|registry| &registry.name).collect::<Vec<_>>(),
        "schema": project.schemas.iter().find(|schema| &*schema.name == name),
        "callers": callers,
        "callees": callees,
        "unresolved": calls.unresolved.iter()
            .filter(|call| Some(call.from) == node)
            .map(|call| json!({"line": call.line, "text": call.text, "reason": call.reason}))
            .collect::<Vec<_>>(),
        "entity": project.entities.iter().find(|entity| &*entity.name == name),
        "split": project.splits.iter().find(|split| &*split.function == name),
        "task": project.tasks.iter().find(|task| &*task.id == name),
        "flow": project.flows.iter().find(|flow| &*flow.name == name),
        "patterns": project.findings.iter()
            .filter(|finding| &*finding.symbol == name).collect::<Vec<_>>(),
    })
}

/// Indented `key: value` lines; what is empty is left out.
fn render(value: &Value, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    let mut text = String::new();
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    };
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter().filter(|(_, value)| !is_empty(value)) {
                match value {
                    Value::Object(_) | Value::Array(_) => {
                        text.push_str(&format!("{indent}{key}:\n{}", render(value, depth + 1)));
                    }
                    other => text.push_str(&format!("{indent}{key}: {}\n", scalar(other))),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                match item {
                    Value::Object(_) | Value::Array(_) => {
                        let inner = render(item, depth + 1);
                        text.push_str(&format!("{indent}- {}", inner.trim_start()));
                    }
                    other => text.push_str(&format!("{indent}- {}\n", scalar(other))),
                }
            }
        }
        other => text.push_str(&format!("{indent}{}\n", scalar(other))),
    }
    text
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => printable(text).into_owned(),
        other => other.to_string(),
    }
}
