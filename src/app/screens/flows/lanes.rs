//! A program's nodes in lanes, one per stream, from top to bottom: what stands on one row may
//! happen at once.

use rustc_hash::FxHashMap;
use unicode_width::UnicodeWidthStr;

use crate::analyzers::layout::export::node_title;
use crate::app::canvas::Canvas;
use crate::app::text::{Line, Role, truncate};
use crate::model::{Flow, FlowEdge, FlowNode};

const LEAST_LANE: usize = 24;
/// Cells before a lane's text: its line and the node's mark.
const MARK: i32 = 3;

/// Rows with the source line each leads to.
pub fn lines(flow: &Flow, width: usize) -> Vec<(Line, u32)> {
    let plan = Plan::of(flow);
    let lanes = plan.lanes.len().max(1);
    let lane_width = (width / lanes).max(LEAST_LANE);
    let height = plan.rows.iter().max().map_or(0, |row| row + 1);
    let mut canvas = Canvas::new((lane_width * lanes).max(width), height);
    let mut leads = vec![0; height];
    for (lane, (first, last)) in plan.spans().into_iter().enumerate() {
        for row in first..=last {
            canvas.put((lane * lane_width) as i32, row as i32, '│', Role::Border);
        }
    }
    let mut depths = vec![0; lanes];
    for (at, node) in flow.nodes.iter().enumerate() {
        let (row, lane) = (plan.rows[at], plan.lane_of[at]);
        leads[row] = if leads[row] == 0 { node.line } else { leads[row] };
        let x = (lane * lane_width) as i32;
        let y = row as i32;
        canvas.put(x, y, mark(node), Role::Accent);
        // What is said in a role stands further in.
        let depth = &mut depths[lane];
        if matches!(&*node.kind, "RoleEnd" | "VarScopeEnd") {
            *depth = (*depth - 1).max(0);
        }
        let indent = 2 * (*depth).min(6);
        if matches!(&*node.kind, "RoleBegin" | "VarScopeBegin") {
            *depth += 1;
        }
        let text = describe(flow, node);
        // Text may reach into lanes that are not in use on its row.
        let busy = |other: &usize| plan.is_busy(*other, row);
        let next = (lane + 1..lanes).find(busy).unwrap_or(lanes);
        let room = ((next - lane) * lane_width).saturating_sub((MARK + 1 + indent) as usize);
        let mut column = x + 2 + indent;
        let mut left = room;
        for span in &text.spans {
            let shown = truncate(&span.text, left);
            canvas.write(column, y, &shown, span.role);
            column += shown.width() as i32;
            left -= shown.width();
            if left == 0 {
                break;
            }
        }
    }
    for (from, to, join) in plan.crossings(flow) {
        connect(&mut canvas, lane_width, from, to, join);
    }
    canvas.lines().into_iter().zip(leads).collect()
}

fn mark(node: &FlowNode) -> char {
    match &*node.kind {
        "Entry" => '┬',
        "Exit" | "Return" => '┴',
        "Branch" | "Loop" => '◇',
        "Fork" | "Join" => '◆',
        "Gen" | "Select" => '●',
        _ => '○',
    }
}

/// The node's text: what it is, what it reads, where a choice leads.
fn describe(flow: &Flow, node: &FlowNode) -> Line {
    let role = super::node_role(node);
    let mut line = Line::new(role, &node_title(node));
    let mut reads: Vec<&str> = Vec::new();
    for edge in flow.edges.iter().filter(|edge| edge.to == node.id && &*edge.kind == "data") {
        if let Some(label) = edge.label.as_deref().filter(|label| !reads.contains(label)) {
            reads.push(label);
        }
    }
    if !reads.is_empty() {
        line = line.push(Role::Dim, " ← ").push(Role::Info, &reads.join(", "));
    }
    let choice = |edge: &&FlowEdge| edge.from == node.id && &*edge.kind == "ctrl";
    for edge in flow.edges.iter().filter(choice) {
        let Some(target) = flow.nodes.iter().find(|node| node.id == edge.to) else { continue };
        let label = edge.label.as_deref().unwrap_or("then");
        line = line.push(Role::Dim, &format!("  {label} ↘{}", target.line));
    }
    line
}

/// A lane and a row.
type Spot = (usize, usize);

/// Where each node stands.
struct Plan {
    lanes: Vec<String>,
    lane_of: Vec<usize>,
    rows: Vec<usize>,
}

impl Plan {
    fn of(flow: &Flow) -> Self {
        let mut lanes: Vec<String> = Vec::new();
        let lane_of: Vec<usize> = flow
            .nodes
            .iter()
            .map(|node| {
                let stream = node.text("stream").unwrap_or("main");
                lanes.iter().position(|lane| lane == stream).unwrap_or_else(|| {
                    lanes.push(stream.to_owned());
                    lanes.len() - 1
                })
            })
            .collect();
        let places: FxHashMap<&str, usize> =
            flow.nodes.iter().enumerate().map(|(at, node)| (&*node.id, at)).collect();
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); flow.nodes.len()];
        for edge in &flow.edges {
            if let (Some(from), Some(to)) = (places.get(&*edge.from), places.get(&*edge.to))
                && from < to
            {
                before[*to].push(*from);
            }
        }
        let mut rows = vec![0; flow.nodes.len()];
        let mut next = vec![0; lanes.len()];
        for at in 0..flow.nodes.len() {
            let after = before[at].iter().map(|from| rows[*from] + 1).max().unwrap_or(0);
            rows[at] = after.max(next[lane_of[at]]);
            next[lane_of[at]] = rows[at] + 1;
        }
        Self { lanes, lane_of, rows }
    }

    /// Whether a lane has its line or a corner on a row.
    fn is_busy(&self, lane: usize, row: usize) -> bool {
        self.spans()
            .get(lane)
            .is_some_and(|(first, last)| first.saturating_sub(1) <= row && row <= last + 1)
    }

    /// First and last row of each lane.
    fn spans(&self) -> Vec<(usize, usize)> {
        let mut spans = vec![(usize::MAX, 0); self.lanes.len()];
        for (row, lane) in self.rows.iter().zip(&self.lane_of) {
            let span = &mut spans[*lane];
            *span = (span.0.min(*row), span.1.max(*row));
        }
        spans.into_iter().map(|(first, last)| (first.min(last), last)).collect()
    }

    /// Forks and joins: (lane, row) of either end, and whether it is a join.
    fn crossings(&self, flow: &Flow) -> Vec<(Spot, Spot, bool)> {
        let place = |id: &str| flow.nodes.iter().position(|node| &*node.id == id);
        let edges = flow.edges.iter().filter(|edge| matches!(&*edge.kind, "fork" | "join"));
        edges
            .filter_map(|edge| {
                let (from, to) = (place(&edge.from)?, place(&edge.to)?);
                let at = |node: usize| (self.lane_of[node], self.rows[node]);
                let differ = self.lane_of[from] != self.lane_of[to];
                differ.then(|| (at(from), at(to), &*edge.kind == "join"))
            })
            .collect()
    }
}

/// A line between two lanes in free cells: on the fork's or the join's own row.
fn connect(canvas: &mut Canvas, lane_width: usize, from: Spot, to: Spot, join: bool) {
    let ((lane, row), other) = if join { (to, from) } else { (from, to) };
    let (start, end) = ((lane * lane_width) as i32, (other.0 * lane_width) as i32);
    let y = row as i32;
    let (low, high) = (start.min(end), start.max(end));
    // The line starts behind the text of the fork or join.
    let text_end = (low + 1..high).rev().find(|x| {
        canvas.at(*x, y).is_some_and(|(text, _)| !matches!(text, ' ' | '─' | '╮' | '╯' | '┬' | '┴'))
    });
    for x in text_end.map_or(low + 1, |end| end + 2)..high {
        match canvas.at(x, y) {
            Some((' ', _)) => canvas.put(x, y, '─', Role::Border),
            // It passes the corner of a nearer lane.
            Some(('╮', role)) => canvas.put(x, y, '┬', role),
            Some(('╯', role)) => canvas.put(x, y, '┴', role),
            _ => {}
        }
    }
    let corner = match (join, canvas.at(end, y).map(|(text, _)| text)) {
        (_, Some('─')) if join => '┴',
        (_, Some('─')) => '┬',
        (true, _) => '╯',
        (false, _) => '╮',
    };
    canvas.put(end, y, corner, Role::Border);
    // The lane's line reaches down to its first node, or from its last one.
    let rows = if join { other.1 + 1..row } else { row + 1..other.1 };
    for y in rows {
        if canvas.is_free(end, y as i32) {
            canvas.put(end, y as i32, '│', Role::Border);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(id: &str, kind: &str, name: &str, stream: &str) -> FlowNode {
        let data = [("name", name), ("stream", stream)];
        let data = data.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
        FlowNode { id: id.into(), kind: kind.into(), line: 1, data }
    }

    fn edge(from: &str, to: &str, kind: &str) -> FlowEdge {
        FlowEdge { from: from.into(), to: to.into(), kind: kind.into(), label: None }
    }

    #[test]
    fn branches_of_a_fork_stand_side_by_side() {
        let flow = Flow {
            name: "tip".into(),
            kind: "program".into(),
            file: "t.py".into(),
            line: 1,
            nodes: vec![
                node("f", "Fork", "", "main"),
                node("a", "Gen", "one", "g[0]"),
                node("b", "Gen", "two", "g[1]"),
                node("j", "Join", "", "main"),
            ],
            edges: vec![
                edge("f", "a", "fork"),
                edge("f", "b", "fork"),
                edge("a", "j", "join"),
                edge("b", "j", "join"),
            ],
            stages: vec![],
            diagnostics: vec![],
            program: None,
        };
        let text: String = lines(&flow, 78).iter().map(|(line, _)| line.plain() + "\n").collect();
        insta::assert_snapshot!(text);
    }
}
