//! Flows: dataflows of entities, programs and workflows as typed graphs.

mod lanes;

use super::common::{column, join, named, qualified, widest};
use super::run_nodes;
use crate::analyzers::layout::export::{flow_cluster, node_title};
use crate::app::View;
use crate::app::action::Effect;
use crate::app::command::{Command, Context};
use crate::app::detail::Detail;
use crate::app::links::{Links, Place};
use crate::app::list::{ListState, Row, Rows, TreeBuilder};
use crate::app::model::Model;
use crate::app::picture::paint_cluster;
use crate::app::text::{self, Line, Role};
use crate::model::{Flow, FlowNode};

/// What the user set on this screen beyond selection and folds.
#[derive(Debug, Default)]
pub struct State {}

pub const COMMANDS: &[Command] = &[Command::new(
    "flow.run",
    "Run workflow",
    "Open the form that runs the workflow",
    &[Context::View(View::Flows)],
    &["r"],
    run,
)
.footer(1)
.enabled(runnable)];

fn selected(model: &Model) -> Option<&Flow> {
    find(model, &model.selected(View::Flows)?)
}

fn runnable(model: &Model) -> Result<(), String> {
    match selected(model) {
        None => Err("choose a workflow".into()),
        Some(flow) if flow.program.is_some() => Ok(()),
        Some(flow) => Err(flow.complaint().unwrap_or_else(|| "it is no workflow".into())),
    }
}

fn run(model: &mut Model) -> Vec<Effect> {
    match selected(model).map(|flow| flow.name.clone()) {
        Some(name) => super::tasks::open_task(model, &name),
        None => Vec::new(),
    }
}

pub fn rows(model: &Model, list: &ListState) -> Rows {
    let mut tree = TreeBuilder::new(list);
    for flow in &model.project.flows {
        tree.leaf(0, &format!("{} {}", flow.name, flow.kind), || {
            let id = format!("flow:{}", flow.name);
            let changed = model.is_changed(&id);
            let mut label = named(&flow.name, Role::Accent);
            if let Some(worst) = flow.diagnostics.iter().map(|it| it.severity).min() {
                let mark = super::diagnostics::mark(worst);
                label = label.push(Role::of_severity(worst), &format!(" {mark}"));
            }
            Row::new(format!("{id}@{}:{}", flow.file, flow.line), label)
                .note(Line::dim(&format!("{}  {:>2}", flow.kind, flow.nodes.len())))
                .changed(changed)
                .links(Links::at(&flow.file, flow.line).symbol(&flow.name))
        });
    }
    tree.finish()
}

fn find<'a>(model: &'a Model, row: &Row) -> Option<&'a Flow> {
    let place = row.links.place.as_ref()?;
    let name = row.links.symbol.as_ref()?;
    let is_it =
        |flow: &&Flow| flow.name == *name && flow.file == place.file && flow.line == place.line;
    model.project.flows.iter().find(is_it)
}

pub fn detail(model: &Model, row: Option<&Row>) -> Detail {
    let Some(flow) = row.and_then(|row| find(model, row)) else { return Detail::default() };
    let width = model.detail_state().text_width();
    let mut detail = Detail { title: qualified(&flow.name, Role::Title), lines: Vec::new() };
    let links = Links::at(&flow.file, flow.line).symbol(&flow.name);
    let counts = Line::text(&flow.kind)
        .push(Role::Dim, " · ")
        .push(Role::Text, &text::count(flow.nodes.len(), "node"))
        .push(Role::Dim, " · ")
        .push(Role::Text, &text::count(flow.edges.len(), "edge"));
    let place = Place::new(&flow.file, flow.line);
    detail.linked(counts.push(Role::Dim, &format!("  {place}")), links.clone());
    for diagnostic in &flow.diagnostics {
        let mark = super::diagnostics::mark(diagnostic.severity);
        let role = Role::of_severity(diagnostic.severity);
        let line = Line::new(role, &format!("{mark} {} ", diagnostic.code))
            .push(Role::Text, &diagnostic.message)
            .push(Role::Dim, &format!("  line {}", diagnostic.line));
        detail.linked(line, Links::at(&flow.file, diagnostic.line));
    }
    detail.blank();
    if &*flow.kind == "program" {
        for (line, at) in lanes::lines(flow, width) {
            detail.fixed(line, Links::at(&flow.file, at.max(1)));
        }
    } else if let Some(nodes) = model.runs.newest_nodes(&flow.name).filter(|it| !it.is_empty()) {
        for line in run_nodes::picture(flow, nodes, width) {
            detail.fixed(line, links.clone());
        }
    } else if !flow.nodes.is_empty() {
        let role = |place: usize| flow.nodes.get(place).map_or(Role::Text, node_role);
        for line in paint_cluster(&flow_cluster(flow), width, role).canvas.lines() {
            detail.fixed(line, links.clone());
        }
    }
    stages(flow, &mut detail);
    nodes(flow, width, &mut detail);
    detail
}

/// What may run together, step by step.
fn stages(flow: &Flow, detail: &mut Detail) {
    if flow.stages.is_empty() {
        return;
    }
    detail.heading("Stages");
    for (at, stage) in flow.stages.iter().enumerate() {
        let names: Vec<&str> = stage.iter().map(|name| &**name).collect();
        let line = Line::new(Role::Number, &format!("{:>3}  ", at + 1))
            .push(Role::Text, &names.join("  ∥  "));
        detail.line(line);
    }
}

/// Every node with what it carries, linked to its line.
fn nodes(flow: &Flow, width: usize, detail: &mut Detail) {
    detail.heading("Nodes");
    let titles: Vec<String> = flow.nodes.iter().map(node_title).collect();
    let title_width = widest(titles.iter().map(String::as_str), width / 2);
    for (node, title) in flow.nodes.iter().zip(&titles) {
        let line = join([
            Line::new(Role::LineNumber, &format!("{:>5}  ", node.line)),
            column(title, title_width + 2, node_role(node), false),
            attributes(node, title),
        ]);
        detail.fixed(line, Links::at(&flow.file, node.line.max(1)));
    }
}

/// What a node carries besides what its title says.
fn attributes(node: &FlowNode, title: &str) -> Line {
    let mut line = Line::default();
    for (key, value) in &node.data {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let usual = (key == "stream" && value == "main") || value == "null" || value.is_empty();
        let quoted = format!("{value:?}");
        if usual
            || title.ends_with(&format!(" {value}"))
            || title == value
            || title.ends_with(&quoted)
        {
            continue;
        }
        line = line.push(Role::Dim, &format!("{key} ")).push(Role::Text, &format!("{value}  "));
    }
    line
}

fn node_role(node: &FlowNode) -> Role {
    match node.kind.to_ascii_lowercase().as_str() {
        "gen" | "select" => Role::Accent,
        "entry" | "exit" | "return" | "ingress" | "egress" => Role::Dim,
        "branch" | "loop" | "condition" | "fork" | "join" | "forkitem" => Role::Keyword,
        "rolebegin" | "roleend" | "varscopebegin" | "varscopeend" => Role::Decorator,
        "text" => Role::String,
        "arg" | "varref" | "setvar" => Role::Constant,
        "task" | "call" | "operator" => Role::Function,
        _ => Role::Text,
    }
}
