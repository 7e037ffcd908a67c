//! The task calls of a workflow's run: rows below the run, their own pane, and the graph with its
//! states.

use super::run_detail;
use super::runs::Run;
use crate::analyzers::layout::export::flow_cluster;
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::list::Row;
use crate::app::model::Model;
use crate::app::picture::paint_cluster;
use crate::app::text::{self, Line, Role};
use crate::model::{Flow, Name, NodeRun, NodeState};

pub fn mark(state: NodeState) -> (&'static str, Role) {
    match state {
        NodeState::Pending => ("…", Role::Dim),
        NodeState::Running => ("▶", Role::Info),
        NodeState::Success => ("✓", Role::Success),
        NodeState::Failed => ("✗", Role::Error),
        NodeState::Skipped => ("↷", Role::Dim),
        NodeState::Cancelled => ("■", Role::Warning),
    }
}

/// The row of a call below its run.
pub fn row(model: &Model, run: &Run, id: &Name, node: &NodeRun) -> Row {
    let (glyph, role) = mark(node.state);
    let mut label = Line::new(role, &format!("{glyph} ")).push(Role::Text, id);
    if let Some(reason) = &node.reason {
        label = label.push(Role::Dim, &format!(" {reason}"));
    }
    let note = node.elapsed_ms.map(text::duration).unwrap_or_default();
    Row::new(row_id(&run.id, id), label).note(Line::dim(&note)).links(links(model, run, id))
}

/// A run's part as a row: the ids of both.
pub fn row_id(run: &str, part: &str) -> Name {
    format!("{run}/{part}").into()
}

fn links(model: &Model, run: &Run, id: &str) -> Links {
    let Some(flow) = model.project.workflow(&run.request.task) else { return Links::default() };
    match flow.nodes.iter().find(|node| &*node.id == id) {
        Some(node) => Links::at(&flow.file, node.line),
        None => Links::default(),
    }
}

/// The pane of one call.
pub fn detail(model: &Model, run: &Run, id: &str, node: &NodeRun) -> Detail {
    let (glyph, role) = mark(node.state);
    let mut detail = Detail {
        title: Line::new(Role::Title, id).push(role, &format!(" {glyph} {}", node.state.as_str())),
        lines: Vec::new(),
    };
    detail.linked(Line::dim(&format!("a call of {}", run.request.task)), links(model, run, id));
    if let Some(reason) = &node.reason {
        detail.line(Line::dim("not run: ").push(Role::Text, reason));
    }
    if let Some(elapsed) = node.elapsed_ms {
        let started = node.started_at.as_deref().unwrap_or_default();
        let line = Line::dim("took ").push(Role::Number, &text::duration(elapsed));
        detail.line(line.push(Role::Dim, &format!("  {started}")));
    }
    if let Some(own) = &node.run {
        detail.line(Line::dim(&format!("run {own}  (metascope runs show {own})")));
    }
    if let Some(error) = &node.error {
        run_detail::failure(model, error, &mut detail);
    }
    if let Some(output) = &node.output {
        detail.heading("Output");
        run_detail::value(output, &mut detail);
    }
    detail
}

/// The workflow's graph with the states its calls are in, and each call with its reason.
pub fn graph(model: &Model, run: &Run, nodes: &[(Name, NodeRun)], detail: &mut Detail) {
    if let Some(flow) = model.project.workflow(&run.request.task) {
        let width = model.detail_state().text_width();
        detail.heading("Graph");
        for line in picture(flow, nodes, width) {
            detail.fixed(line, Links::at(&flow.file, flow.line));
        }
    }
    detail.heading("Calls");
    for (id, node) in nodes {
        let (glyph, role) = mark(node.state);
        let mut line = Line::new(role, &format!("{glyph} {id}"));
        if let Some(elapsed) = node.elapsed_ms {
            line = line.push(Role::Dim, &format!("  {}", text::duration(elapsed)));
        }
        if let Some(reason) = &node.reason {
            line = line.push(Role::Dim, &format!("  {reason}"));
        }
        if let Some(error) = &node.error {
            line = line.push(Role::Error, &format!("  {}: {}", error.type_, error.message));
        }
        detail.linked(line, links(model, run, id));
    }
}

/// A workflow's boxes, each with the state of its call.
pub fn picture(flow: &Flow, nodes: &[(Name, NodeRun)], width: usize) -> Vec<Line> {
    let state = |place: usize| {
        let id = &flow.nodes.get(place)?.id;
        nodes.iter().find(|(name, _)| name == id).map(|(_, node)| mark(node.state))
    };
    let mut cluster = flow_cluster(flow);
    for (place, shown) in cluster.nodes.iter_mut().enumerate() {
        if let (Some((glyph, _)), Some(line)) = (state(place), shown.lines.first_mut()) {
            line.insert_str(0, &format!("{glyph} "));
        }
    }
    let role = |place: usize| state(place).map_or(Role::Dim, |(_, role)| role);
    paint_cluster(&cluster, width, role).canvas.lines()
}
