//! `metascope calls`.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::output::{Table, print_json};
use super::project::{PathArg, open};
use super::{CliError, Common, Format, Outcome};
use crate::model::{CallGraph, NodeId, NodeKind};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    path: PathArg,
    /// Show only the surroundings of this function
    #[arg(long, value_name = "NAME")]
    focus: Option<String>,
    /// Levels of callers around the focus
    #[arg(long, value_name = "N", default_value_t = 1)]
    callers: u32,
    /// Levels of callees around the focus
    #[arg(long, value_name = "N", default_value_t = 2)]
    callees: u32,
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    let format = common.format(&[Format::Json, Format::Table, Format::Full])?;
    let scan = open(&args.path.path, common)?;
    let whole = &scan.project.calls;
    let focused;
    let graph = match &args.focus {
        None => whole,
        Some(name) => {
            let node = find(whole, name)?;
            focused = whole.neighbourhood(node, args.callers, args.callees);
            &focused
        }
    };
    match format {
        Format::Json => print_json(&adjacency(graph))?,
        Format::Full => print_json(&full(graph))?,
        _ => {
            let mut table = Table::new(&["caller", "callee", "kind", "certainty", "place"]);
            for edge in &graph.edges {
                let name = |id: NodeId| graph.nodes[id as usize].name.to_string();
                table.row([
                    name(edge.from),
                    name(edge.to),
                    edge.kind.as_str().into(),
                    edge.certainty.as_str().into(),
                    format!("{}:{}", edge.file, edge.line),
                ]);
            }
            table.print(common, "No calls found.")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Finds a function by its qualified name, or by an ending of it that only one has.
pub fn find(graph: &CallGraph, name: &str) -> Result<NodeId, CliError> {
    if let Some(node) = graph.find(name) {
        return Ok(node);
    }
    let ends = |full: &str| {
        full.strip_suffix(name).is_some_and(|rest| rest.ends_with('.') || rest.ends_with("::"))
    };
    let matches: Vec<usize> =
        (0..graph.nodes.len()).filter(|at| ends(&graph.nodes[*at].name)).collect();
    match matches.as_slice() {
        [only] => Ok(*only as NodeId),
        [] => Err(CliError::Usage(format!("no function is named {name}"))),
        several => {
            let names: Vec<&str> =
                several.iter().take(5).map(|at| &*graph.nodes[*at].name).collect();
            let names = names.join(", ");
            Err(CliError::Usage(format!("{name} may be any of {}: {names} …", several.len())))
        }
    }
}

/// Every function with its callees, as `{caller: [callee, …]}`.
fn adjacency(graph: &CallGraph) -> Value {
    let mut callers = Map::new();
    for (id, node) in graph.nodes.iter().enumerate() {
        if !matches!(node.kind, NodeKind::Function | NodeKind::Module) {
            // A class is no function, but its body may call.
            if graph.callees(id as NodeId).is_empty() {
                continue;
            }
        }
        let mut callees: Vec<&str> = graph
            .callees(id as NodeId)
            .iter()
            .map(|edge| &*graph.nodes[edge.to as usize].name)
            .collect();
        callees.sort_unstable();
        callees.dedup();
        callers.insert(node.name.to_string(), json!(callees));
    }
    Value::Object(callers)
}

fn full(graph: &CallGraph) -> Value {
    let name = |id: NodeId| &*graph.nodes[id as usize].name;
    let edges: Vec<Value> = graph
        .edges
        .iter()
        .map(|edge| {
            json!({
                "from": name(edge.from), "to": name(edge.to), "file": edge.file,
                "line": edge.line, "column": edge.column, "kind": edge.kind,
                "certainty": edge.certainty, "why": edge.why,
            })
        })
        .collect();
    let unresolved: Vec<Value> = graph
        .unresolved
        .iter()
        .map(|call| {
            json!({
                "from": name(call.from), "file": call.file, "line": call.line,
                "column": call.column, "text": call.text, "reason": call.reason,
            })
        })
        .collect();
    json!({ "nodes": graph.nodes, "edges": edges, "unresolved": unresolved })
}
