//! SVG, drawn by the layered layout: the same picture the terminal shows, in pixels.

use std::fmt::Write;

use super::super::{Area, Drawing, Graph, Settings, Size, lay_out};
use super::{Cluster, Edge, Picture, Shape, Stroke};

/// Pixels per cell.
const CELL: (i32, i32) = (8, 14);
const MARGIN: i32 = 16;
const HEADING: i32 = 24;
/// Layers wider than this are wrapped.
const WIDTH: i32 = 180;

pub(super) fn write(picture: &Picture) -> String {
    let mut body = String::new();
    let mut y = MARGIN + HEADING;
    let mut width = 40 * CELL.0;
    for cluster in &picture.clusters {
        let graph = graph(cluster);
        let drawing = lay_out(&graph, &Settings { max_width: Some(WIDTH), ..Settings::default() });
        if !cluster.label.is_empty() {
            let label = escape(&cluster.label);
            let _ = writeln!(
                body,
                "<text class=\"cluster\" x=\"{MARGIN}\" y=\"{}\">{label}</text>",
                y + CELL.1
            );
            y += HEADING;
        }
        let _ = writeln!(body, "<g transform=\"translate({MARGIN} {y})\">");
        lines(&mut body, &drawing, cluster);
        boxes(&mut body, &drawing, cluster);
        body.push_str("</g>\n");
        width = width.max(drawing.width * CELL.0);
        y += drawing.height * CELL.1 + MARGIN;
    }
    let (width, height) = (width + 2 * MARGIN, y + MARGIN);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"page\" width=\"{width}\" height=\"{height}\"/>\n\
         <text class=\"title\" x=\"{MARGIN}\" y=\"{}\">{title}</text>\n{body}</svg>\n",
        MARGIN + CELL.1,
        title = escape(&picture.title),
    )
}

const STYLE: &str = "text{font:12px ui-monospace,Menlo,Consolas,monospace;fill:#1f2328;white-space:pre}\
.title{font-size:15px;font-weight:bold}.cluster{font-weight:bold}.page{fill:#ffffff}\
rect.node{fill:#f6f8fa;stroke:#57606a}rect.focus{fill:#ddf4ff;stroke:#0969da;stroke-width:2}\
rect.outside{fill:#ffffff;stroke:#8c959f;stroke-dasharray:4 3}rect.choice{fill:#fff8c5;stroke:#9a6700}\
.line{fill:none;stroke:#57606a}.back{stroke-dasharray:5 3}.dotted{stroke-dasharray:1 3}.dashed{stroke-dasharray:5 3}\
.strong{stroke-width:2.5}\
.head{fill:#57606a;stroke:none}.hollow{fill:#ffffff;stroke:#57606a}.label{font-size:10px;fill:#57606a}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}rect.node{fill:#161b22;stroke:#8b949e}\
rect.focus{fill:#0c2d6b;stroke:#58a6ff}rect.outside{fill:#0d1117}rect.choice{fill:#341a00;stroke:#d29922}\
.line{stroke:#8b949e}.head{fill:#8b949e}.hollow{fill:#0d1117;stroke:#8b949e}.label{fill:#8b949e}}";

/// Boxes as large as their text, with room for the labels of the edges that enter them.
fn graph(cluster: &Cluster) -> Graph {
    let size = |place: usize| {
        let node = &cluster.nodes[place];
        let widest = node.lines.iter().map(|line| columns(line)).max().unwrap_or(0);
        let into = cluster.edges.iter().filter(|edge| edge.to == place && edge.from != place);
        let labels: i32 = into.map(|edge| (columns(&edge.label) * 7 + 7) / 8 + 1).sum();
        Size { width: (widest + 2).max(labels), height: node.lines.len() as i32 + 2 }
    };
    Graph {
        boxes: (0..cluster.nodes.len()).map(size).collect(),
        edges: cluster.edges.iter().map(|edge| (edge.from, edge.to)).collect(),
        labels: cluster.edges.iter().map(|edge| (columns(&edge.label) * 7 + 7) / 8).collect(),
    }
}

fn columns(text: &str) -> i32 {
    unicode_width::UnicodeWidthStr::width(text) as i32
}

/// The middle of a cell.
fn centre((x, y): (i32, i32)) -> (i32, i32) {
    (x * CELL.0 + CELL.0 / 2, y * CELL.1 + CELL.1 / 2)
}

/// A box's rectangle: its border cells' middles.
fn frame(area: &Area) -> (i32, i32, i32, i32) {
    let (x, y) = centre((area.x, area.y));
    (x, y, (area.width - 1) * CELL.0, (area.height - 1) * CELL.1)
}

fn lines(out: &mut String, drawing: &Drawing, cluster: &Cluster) {
    let stroke = |edge: Option<usize>| match edge.and_then(|edge| cluster.edges.get(edge)) {
        Some(Edge { stroke: Stroke::Dashed, .. }) => " dashed",
        Some(Edge { stroke: Stroke::Dotted, .. }) => " dotted",
        _ => "",
    };
    for route in &drawing.routes {
        for segment in &route.segments {
            let ((x0, y0), (x1, y1)) = (centre(segment.from), centre(segment.to));
            let back = if route.back { " back" } else { "" };
            let dash = stroke(segment.edge);
            let strong = if cluster.is_strong(route.caller, segment.edge) { " strong" } else { "" };
            let _ = writeln!(
                out,
                "<path class=\"line{back}{dash}{strong}\" d=\"M{x0} {y0}L{x1} {y1}\"/>"
            );
        }
        for arrow in &route.arrows {
            let (x, y) = centre((arrow.x, arrow.y));
            let (tip, base) = if arrow.up { (y - CELL.1 / 2, y) } else { (y + CELL.1 / 2, y) };
            let sure = stroke(Some(arrow.edge)).is_empty();
            let class = if sure { "head" } else { "hollow" };
            let (left, right) = (x - 4, x + 4);
            let _ = writeln!(
                out,
                "<path class=\"{class}\" d=\"M{left} {base}L{right} {base}L{x} {tip}Z\"/>"
            );
            if let Some(label) = cluster.edges.get(arrow.edge).map(|edge| escape(&edge.label))
                && !label.is_empty()
            {
                let _ = writeln!(
                    out,
                    "<text class=\"label\" x=\"{}\" y=\"{}\">{label}</text>",
                    x + 6,
                    base + 3
                );
            }
        }
    }
}

fn boxes(out: &mut String, drawing: &Drawing, cluster: &Cluster) {
    for (place, (area, node)) in drawing.boxes.iter().zip(&cluster.nodes).enumerate() {
        let (x, y, width, height) = frame(area);
        let class = match node.shape {
            Shape::Plain => "node",
            Shape::Focus => "node focus",
            Shape::Outside => "node outside",
            Shape::Choice => "node choice",
        };
        let _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"4\"/>"
        );
        for (row, line) in node.lines.iter().enumerate() {
            let (x, y) = centre((area.x + 1, area.y + 1 + row as i32));
            let (x, y, line) = (x - CELL.0 / 2, y + 4, escape(line));
            let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\">{line}</text>");
        }
        if drawing.loops.iter().any(|(node, _)| *node == place) {
            let (right, middle) = (x + width, y + height / 2);
            let _ = writeln!(
                out,
                "<path class=\"line\" d=\"M{right} {}c14 -4 14 12 0 8\"/>",
                middle - 4
            );
        }
    }
}

/// XML text; control characters are not allowed in it at all.
fn escape(text: &str) -> String {
    super::clean(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
