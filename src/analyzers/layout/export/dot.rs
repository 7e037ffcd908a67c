//! Graphviz DOT.

use std::fmt::Write;

use super::{Picture, Shape, Stroke, clean};

pub(super) fn write(picture: &Picture) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "digraph {} {{", quote(&picture.title));
    out.push_str("  rankdir=TB;\n  node [shape=box, style=rounded, fontname=\"monospace\"];\n");
    out.push_str("  edge [fontname=\"monospace\", fontsize=10];\n");
    let framed = picture.clusters.len() > 1 || picture.clusters.iter().any(|c| !c.label.is_empty());
    for (at, cluster) in picture.clusters.iter().enumerate() {
        if framed {
            let _ =
                writeln!(out, "  subgraph cluster_{at} {{\n    label={};", quote(&cluster.label));
        }
        for (place, node) in cluster.nodes.iter().enumerate() {
            let style = match node.shape {
                Shape::Plain => "",
                Shape::Focus => ", style=\"rounded,bold\", penwidth=2",
                Shape::Outside => ", style=\"rounded,dashed\", color=gray40, fontcolor=gray40",
                Shape::Choice => ", shape=hexagon, style=solid",
            };
            let label = quote(&node.lines.join("\n"));
            let _ = writeln!(out, "    n{at}_{place} [label={label}{style}];");
        }
        for edge in &cluster.edges {
            let style = match edge.stroke {
                Stroke::Solid => "solid",
                Stroke::Dashed => "dashed",
                Stroke::Dotted => "dotted",
            };
            let label = match edge.label.as_str() {
                "" => String::new(),
                label => format!(", label={}", quote(label)),
            };
            let width = if edge.strong { ", penwidth=2.5" } else { "" };
            let _ = writeln!(
                out,
                "    n{at}_{} -> n{at}_{} [style={style}{label}{width}];",
                edge.from, edge.to
            );
        }
        if framed {
            out.push_str("  }\n");
        }
    }
    out.push_str("}\n");
    out
}

/// A DOT string; line breaks become left-justified ones.
fn quote(text: &str) -> String {
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| clean(line).replace('\\', "\\\\").replace('"', "\\\""))
        .collect();
    match &lines[..] {
        [only] => format!("\"{only}\""),
        many => format!("\"{}\\l\"", many.join("\\l")),
    }
}
