//! Mermaid flowcharts.

use std::fmt::Write;

use super::{Picture, Shape, Stroke, clean};

pub(super) fn write(picture: &Picture) -> String {
    let mut out = String::new();
    if !picture.title.is_empty() {
        let _ = writeln!(out, "---\ntitle: {}\n---", title(&picture.title));
    }
    out.push_str("flowchart TD\n");
    let framed = picture.clusters.len() > 1 || picture.clusters.iter().any(|c| !c.label.is_empty());
    let mut marks: [Vec<String>; 2] = Default::default();
    let (mut edges, mut strong) = (0, Vec::new());
    for (at, cluster) in picture.clusters.iter().enumerate() {
        if framed {
            let _ = writeln!(out, "  subgraph c{at} [{}]", quote(&cluster.label));
        }
        for (place, node) in cluster.nodes.iter().enumerate() {
            let id = format!("n{at}_{place}");
            let label =
                node.lines.iter().map(|line| escape(line)).collect::<Vec<_>>().join("<br/>");
            let _ = match node.shape {
                Shape::Choice => writeln!(out, "    {id}{{{{\"{label}\"}}}}"),
                _ => writeln!(out, "    {id}[\"{label}\"]"),
            };
            match node.shape {
                Shape::Focus => marks[0].push(id),
                Shape::Outside => marks[1].push(id),
                Shape::Plain | Shape::Choice => {}
            }
        }
        for edge in &cluster.edges {
            let line = match edge.stroke {
                Stroke::Solid => "-->",
                Stroke::Dashed | Stroke::Dotted => "-.->",
            };
            let label = match edge.label.as_str() {
                "" => String::new(),
                label => format!("|{}|", quote(label)),
            };
            let _ = writeln!(out, "    n{at}_{} {line}{label} n{at}_{}", edge.from, edge.to);
            if edge.strong {
                strong.push(edges.to_string());
            }
            edges += 1;
        }
        if framed {
            out.push_str("  end\n");
        }
    }
    let styles = ["focus stroke-width:3px", "outside stroke-dasharray:4 3,color:#666"];
    for (ids, style) in marks.iter().zip(styles) {
        if let (false, Some((name, _))) = (ids.is_empty(), style.split_once(' ')) {
            let _ = writeln!(out, "  classDef {style}\n  class {} {name}", ids.join(","));
        }
    }
    // Edges have no names: they are styled by their number.
    if !strong.is_empty() {
        let _ = writeln!(out, "  linkStyle {} stroke-width:4px", strong.join(","));
    }
    out
}

fn quote(text: &str) -> String {
    format!("\"{}\"", escape(text).replace('\n', "<br/>"))
}

/// Mermaid reads a few characters even inside quotes; it takes entities for them.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.split('\n').map(clean).collect::<Vec<_>>().join("\n").chars() {
        match c {
            '"' => out.push_str("#quot;"),
            '#' => out.push_str("#35;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '`' => out.push_str("#96;"),
            '\\' => out.push_str("#92;"),
            c => out.push(c),
        }
    }
    out
}

/// A YAML double-quoted scalar.
fn title(text: &str) -> String {
    format!("\"{}\"", clean(text).replace('\\', "\\\\").replace('"', "\\\""))
}
