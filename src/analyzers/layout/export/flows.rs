//! Flows as pictures.

use std::collections::HashMap;

use serde_json::Value;

use crate::model::{Flow, FlowNode, Project, is_named};

use super::{Cluster, Edge, Format, Node, Picture, Shape, Stroke, shorten};

const LINE: usize = 48;

/// All flows of the project, or those of one name, in a text format.
pub fn flows(project: &Project, format: Format, name: Option<&str>) -> Result<String, String> {
    let wanted = |flow: &&Flow| match name {
        Some(name) => is_named(&flow.name, name),
        None => true,
    };
    let chosen: Vec<&Flow> = project.flows.iter().filter(wanted).collect();
    if let (Some(name), true) = (name, chosen.is_empty()) {
        return Err(format!("no flow is called `{name}`; `metascope flows PATH` lists them"));
    }
    let clusters = chosen.iter().map(|flow| flow_cluster(flow)).collect();
    let title = name.map_or_else(|| project.root.to_string(), str::to_owned);
    Ok(Picture { title, clusters }.write(format))
}

/// One flow, its frame labelled with its name and kind.
pub fn flow_cluster(flow: &Flow) -> Cluster {
    let places: HashMap<&str, usize> =
        flow.nodes.iter().enumerate().map(|(place, node)| (&*node.id, place)).collect();
    let edges = flow.edges.iter().filter_map(|edge| {
        let (from, to) = (*places.get(&*edge.from)?, *places.get(&*edge.to)?);
        let label = match (&edge.label, &*edge.kind) {
            (Some(label), _) => label.to_string(),
            (None, "seq" | "data" | "call" | "fork" | "join" | "control" | "order") => {
                String::new()
            }
            (None, kind) => kind.to_owned(),
        };
        let stroke = match &*edge.kind {
            "data" => Stroke::Dashed,
            "error" | "order" => Stroke::Dotted,
            _ => Stroke::Solid,
        };
        Some(Edge { from, to, label: shorten(&label, LINE), stroke, strong: false })
    });
    Cluster {
        label: format!("{} · {} ({}:{})", flow.name, flow.kind, flow.file, flow.line),
        nodes: flow.nodes.iter().map(node).collect(),
        edges: edges.collect(),
    }
}

fn node(node: &FlowNode) -> Node {
    let mut lines = vec![shorten(&node_title(node), LINE)];
    if let Some(stream) = node.text("stream").filter(|stream| *stream != "main") {
        lines.push(format!("stream {stream}"));
    }
    let shape = match node.kind.to_ascii_lowercase().as_str() {
        "entry" | "ingress" => Shape::Focus,
        "exit" | "egress" | "return" => Shape::Outside,
        "branch" | "loop" | "condition" | "fork" | "join" => Shape::Choice,
        _ => Shape::Plain,
    };
    Node { lines, shape }
}

/// The node in one line: its kind and what tells it apart.
pub fn node_title(node: &FlowNode) -> String {
    let keys = [
        "name", "role", "value", "test", "header", "group", "callee", "task", "code", "operator",
        "index",
    ];
    let detail = keys.iter().find_map(|key| match node.data.get(*key)? {
        Value::String(text) if *key == "value" => Some(format!("{text:?}")),
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Null | Value::String(_) => None,
        other => Some(other.to_string()),
    });
    match detail {
        Some(detail) if detail == *node.id && &*node.kind == "task" => detail,
        Some(detail) => format!("{} {detail}", node.kind),
        None => node.kind.to_string(),
    }
}
