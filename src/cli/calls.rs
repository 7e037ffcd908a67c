//! `metascope calls`.

use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::output::{Table, print_json, print_text};
use super::precise::PreciseArgs;
use super::project::{PathArg, drawing, open_compiled};
use super::{CliError, Common, Format, Outcome};
use crate::analyzers::layout::export::{self, CallsOptions};
use crate::analyzers::layout::neighbourhood::{CallIndex, Neighbourhood, Reach};
use crate::analyzers::link::Parts;
use crate::model::{CallEdge, CallGraph, NodeId, NodeKind, Unresolved};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    path: PathArg,
    /// Show only the surroundings of this function
    #[arg(long, value_name = "NAME")]
    focus: Option<String>,
    /// Levels of callers around the focus
    #[arg(long, value_name = "N", default_value_t = 1)]
    callers: usize,
    /// Levels of callees around the focus
    #[arg(long, value_name = "N", default_value_t = 2)]
    callees: usize,
    #[command(flatten)]
    precise: PreciseArgs,
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    use Format::{Dot, Full, Json, Mermaid, Svg, Table as Rows};
    let format = common.format(&[Json, Rows, Full, Dot, Mermaid, Svg])?;
    let compiled = args.precise.compiled(&args.path.path, common)?;
    let parts = Parts { calls: true, ..Parts::NONE };
    let scan = open_compiled(&args.path.path, common, parts, compiled)?;
    let reach = Reach { callers: args.callers, callees: args.callees, ..Reach::default() };
    if let Some(drawing) = drawing(format) {
        let options = CallsOptions { focus: args.focus.clone(), reach };
        let text = export::calls(&scan.project, drawing, &options).map_err(CliError::Usage)?;
        print_text(&text)?;
        return Ok(ExitCode::SUCCESS);
    }
    let whole = &scan.project.calls;
    let focused;
    let graph = match &args.focus {
        None => whole,
        Some(name) => {
            let node = export::find(whole, name).map_err(CliError::Usage)?;
            let reach = Reach { externals: true, limit: usize::MAX, ..reach };
            focused = part(whole, node, &reach);
            &focused
        }
    };
    match format {
        Json => print_json(&adjacency(graph))?,
        Full => print_json(&full(graph))?,
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

/// The surroundings of a function as a graph of their own.
fn part(graph: &CallGraph, focus: NodeId, reach: &Reach) -> CallGraph {
    let around = Neighbourhood::around(graph, &CallIndex::new(graph), focus, reach);
    let mut kept: Vec<NodeId> = around.members.iter().map(|member| member.node).collect();
    kept.sort_unstable();
    let place = |node: NodeId| kept.binary_search(&node).ok().map(|at| at as NodeId);
    let edges = graph.edges.iter().filter_map(|edge| {
        Some(CallEdge { from: place(edge.from)?, to: place(edge.to)?, ..edge.clone() })
    });
    let unresolved = graph
        .unresolved
        .iter()
        .filter_map(|call| Some(Unresolved { from: place(call.from)?, ..call.clone() }));
    CallGraph {
        edges: edges.collect(),
        unresolved: unresolved.collect(),
        nodes: kept.iter().map(|node| graph.nodes[*node as usize].clone()).collect(),
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
