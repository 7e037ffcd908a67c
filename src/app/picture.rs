//! Laid-out graphs painted into a [`Canvas`].

use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, Frame};
use super::text::{Role, truncate};
use crate::analyzers::layout::export::{Cluster, Shape, Stroke};
use crate::analyzers::layout::{Area, Cell, Drawing, Graph, Settings, Size, lay_out};

/// How one cell of a line looks; `None` leaves the role to the painter.
pub struct Look {
    pub role: Role,
    pub stroke: Stroke,
}

/// Paints all lines and arrow heads. `look` tells each cell's role and the stroke of its edge.
pub fn paint_routes(canvas: &mut Canvas, drawing: &Drawing, look: impl Fn(&Cell) -> Look) {
    for cell in drawing.cells() {
        let Look { role, stroke } = look(&cell);
        let back = drawing.routes[cell.route].back;
        let dashed = back || (cell.edge.is_some() && stroke == Stroke::Dotted);
        let glyph = match (cell.arrow, stroke) {
            (Some(true), Stroke::Solid) => '▲',
            (Some(true), _) => '△',
            (Some(false), Stroke::Solid) => '▼',
            (Some(false), _) => '▽',
            (None, _) => cell.sides.glyph(dashed),
        };
        canvas.put(cell.x, cell.y, glyph, role);
    }
}

/// Marks where routes leave their callers' borders.
pub fn paint_exits(canvas: &mut Canvas, drawing: &Drawing, heavy: impl Fn(usize) -> bool) {
    for route in &drawing.routes {
        let (x, y) = route.exit;
        let glyph = match (route.back, heavy(route.caller)) {
            (false, false) => '┬',
            (false, true) => '┯',
            (true, false) => '┴',
            (true, true) => '┷',
        };
        let role = canvas.at(x, y).map_or(Role::Border, |(_, role)| role);
        canvas.put(x, y, glyph, role);
    }
}

/// Writes a label beside an arrow head where there is room for a part of it.
pub fn paint_label(canvas: &mut Canvas, (x, y): (i32, i32), text: &str, role: Role) {
    // A cell stays free on either side.
    let mut room = 0;
    while room < text.width() + 2 && canvas.is_free(x + 1 + room as i32, y) {
        room += 1;
    }
    let room = room.saturating_sub(2);
    if room >= 3 || room >= text.width() {
        canvas.write(x + 2, y, &truncate(text, room), role);
    }
}

/// A cluster of boxes painted whole, with where each box stands.
pub struct Painted {
    pub canvas: Canvas,
    pub boxes: Vec<Area>,
}

/// Lays a cluster out within `width` and paints it; `accent` boxes stand out.
pub fn paint_cluster(cluster: &Cluster, width: usize, role_of: impl Fn(usize) -> Role) -> Painted {
    let size = |place: usize| {
        let node = &cluster.nodes[place];
        let widest = node.lines.iter().map(|line| line.width()).max().unwrap_or(0);
        let into = cluster.edges.iter().filter(|edge| edge.to == place && edge.from != place);
        let labels: usize = into.map(|edge| edge.label.width() + 4).sum();
        let most = width.saturating_sub(2).max(12);
        let wanted = (widest + 4).max(labels.min(most / 2)).min(most);
        Size { width: wanted as i32, height: node.lines.len().max(1) as i32 + 2 }
    };
    let graph = Graph {
        boxes: (0..cluster.nodes.len()).map(size).collect(),
        edges: cluster.edges.iter().map(|edge| (edge.from, edge.to)).collect(),
        labels: cluster.edges.iter().map(|edge| edge.label.width() as i32).collect(),
    };
    let settings = Settings { max_width: Some(width as i32), ..Settings::default() };
    let drawing = lay_out(&graph, &settings);
    // Labels of heads at the right edge hang over it.
    let mut canvas = Canvas::new((drawing.width as usize + 16).max(width), drawing.height as usize);
    for (place, (area, node)) in drawing.boxes.iter().zip(&cluster.nodes).enumerate() {
        let role = role_of(place);
        let frame = match node.shape {
            Shape::Focus => Frame::Heavy,
            Shape::Outside => Frame::Dashed,
            Shape::Plain | Shape::Choice => Frame::Round,
        };
        canvas.frame((area.x, area.y, area.width, area.height), frame, Role::Border);
        if node.shape == Shape::Choice {
            for (x, glyph) in [(area.x, '◇'), (area.x + area.width - 1, '◇')] {
                canvas.put(x, area.y + area.height / 2, glyph, Role::Border);
            }
        }
        for (row, line) in node.lines.iter().enumerate() {
            let text = truncate(line, (area.width - 4).max(1) as usize).into_owned();
            let role = if row == 0 { role } else { Role::Text };
            canvas.write(area.x + 2, area.y + 1 + row as i32, &text, role);
        }
        if drawing.loops.iter().any(|(node, _)| *node == place) {
            canvas.put(area.x + area.width - 2, area.y, '↺', Role::Border);
        }
    }
    let heavy = |place: usize| cluster.nodes[place].shape == Shape::Focus;
    paint_exits(&mut canvas, &drawing, heavy);
    paint_routes(&mut canvas, &drawing, |cell| {
        let edge = cell.edge.and_then(|edge| cluster.edges.get(edge));
        let stroke = edge.map_or(Stroke::Solid, |edge| edge.stroke);
        let role = match stroke {
            _ if cluster.is_strong(drawing.routes[cell.route].caller, cell.edge) => Role::Accent,
            Stroke::Solid => Role::Border,
            Stroke::Dashed | Stroke::Dotted => Role::Dim,
        };
        Look { role, stroke }
    });
    for arrow in drawing.routes.iter().flat_map(|route| &route.arrows) {
        if let Some(edge) = cluster.edges.get(arrow.edge).filter(|edge| !edge.label.is_empty()) {
            paint_label(&mut canvas, (arrow.x, arrow.y), &edge.label, Role::Dim);
        }
    }
    Painted { canvas, boxes: drawing.boxes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyzers::layout::export::{Edge, Node};

    #[test]
    fn boxes_hold_their_text_and_labels_stand_beside_heads() {
        let node = |name: &str, shape| Node { lines: vec![name.into(), "x = 1".into()], shape };
        let cluster = Cluster {
            label: String::new(),
            nodes: vec![node("0 entry", Shape::Focus), node("1 resume", Shape::Plain)],
            edges: vec![Edge {
                from: 0,
                to: 1,
                label: "saves a".into(),
                stroke: Stroke::Dashed,
                strong: false,
            }],
        };
        let painted = paint_cluster(&cluster, 40, |_| Role::Title);
        let text: String = painted.canvas.lines().iter().map(|line| line.plain() + "\n").collect();
        assert_eq!(
            text,
            " ┏━━━━━━━━━┓\n ┃ 0 entry ┃\n ┃ x = 1   ┃\n ┗━━━━┯━━━━┛\n      ▽ saves a\n\
             ╭──────────╮\n│ 1 resume │\n│ x = 1    │\n╰──────────╯\n"
        );
    }
}
