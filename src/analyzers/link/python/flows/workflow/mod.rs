//! Workflows: `with` blocks of task calls → nodes, edges by kind, stages, diagnostics, and the
//! program that a runner executes.

mod blocks;
mod calls;
mod references;

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Map, Value, json};

use super::{Found, World};
use crate::model::facts::python::flows::{Expr, ExprKind, Stmt, StmtKind};
use crate::model::{
    Flow, FlowDiagnostic, FlowEdge, FlowNode, Name, Severity, Step, StepEdge, StepEdgeKind, Task,
    Term, Workflow,
};

const BLOCKS: &[&str] = &["parallel", "sequential", "conditional", "error_handler"];

/// Recovers one workflow.
pub fn recover(world: &World<'_>, tasks: &[Task], found: &Found<'_>) -> Flow {
    let function = found.function;
    let mut builder = Builder {
        world,
        tasks,
        params: &function.params,
        nodes: Vec::new(),
        edges: Vec::new(),
        names: FxHashMap::default(),
        broken: FxHashSet::default(),
        calls: FxHashMap::default(),
        handlers: 0,
        diagnostics: Vec::new(),
    };
    let body = match function.body.as_slice() {
        [docstring, rest @ ..] if is_text(docstring) => rest,
        body => body,
    };
    let (last_stmt, body) = match body.split_last() {
        Some((Stmt { kind: StmtKind::Return(value), .. }, rest)) => (value.as_ref(), rest),
        _ => (None, body),
    };
    builder.sequence(body, &Around::default());
    let result = last_stmt.and_then(|value| builder.returned(value));
    let stages = builder.stages();
    let Builder { nodes, edges, mut diagnostics, .. } = builder;
    diagnostics.sort_by_key(|remark| (remark.line, remark.column));
    let is_sound = diagnostics.iter().all(|remark| remark.severity != Severity::Error);
    let program = is_sound.then(|| Arc::new(program(&nodes, &edges, result)));
    Flow {
        name: function.name.clone(),
        kind: "workflow".into(),
        file: found.path.clone(),
        line: function.line,
        edges: edges
            .iter()
            .map(|edge| FlowEdge {
                from: nodes[edge.from].id.clone(),
                to: nodes[edge.to].id.clone(),
                kind: edge.kind.as_str().into(),
                label: edge.label.clone(),
            })
            .collect(),
        nodes: nodes.iter().map(|node| node.to_flow(&nodes)).collect(),
        stages,
        diagnostics,
        program,
    }
}

fn program(nodes: &[Node], edges: &[Edge], result: Option<Term>) -> Workflow {
    let step = |node: &Node| Step {
        id: node.id.clone(),
        task: node.task.clone(),
        args: node.args.clone(),
        conditions: node.conditions.clone(),
        handler: node.handler,
        protects: node.protects.clone(),
    };
    let edge = |edge: &Edge| StepEdge { from: edge.from, to: edge.to, kind: edge.kind };
    Workflow {
        steps: nodes.iter().map(step).collect(),
        edges: edges.iter().map(edge).collect(),
        result,
    }
}

fn is_text(stmt: &Stmt) -> bool {
    matches!(&stmt.kind, StmtKind::Expr(Expr { kind: ExprKind::Str(_), .. }))
}

/// One task call.
struct Node {
    id: Name,
    task: Name,
    line: u32,
    args: Vec<(Name, Term)>,
    guards: Vec<Name>,
    conditions: Vec<Term>,
    handler: Option<usize>,
    protects: Vec<usize>,
}

impl Node {
    fn to_flow(&self, all: &[Self]) -> FlowNode {
        let protects: Vec<&Name> = self.protects.iter().map(|at| &all[*at].id).collect();
        let args: Map<String, Value> = self
            .args
            .iter()
            .map(|(name, term)| (name.to_string(), references::to_json(term, all)))
            .collect();
        let data = json!({
            "task": self.task, "args": args, "guards": self.guards,
            "handler": self.handler.is_some(), "protects": protects,
        });
        let data = match data {
            Value::Object(data) => data,
            _ => Map::new(),
        };
        FlowNode { id: self.id.clone(), kind: "task".into(), line: self.line, data }
    }
}

struct Edge {
    from: usize,
    to: usize,
    kind: StepEdgeKind,
    label: Option<Name>,
}

/// A composed part: where it starts, where it ends, all it holds.
#[derive(Default)]
struct Part {
    entries: Vec<usize>,
    exits: Vec<usize>,
    nodes: Vec<usize>,
    is_handler: bool,
}

/// What surrounds a block.
#[derive(Default, Clone)]
struct Around {
    /// The conditions as written, and as terms.
    guards: Vec<Name>,
    conditions: Vec<Term>,
    handler: Option<usize>,
}

struct Builder<'w, 'a> {
    world: &'w World<'a>,
    tasks: &'w [Task],
    params: &'w [Name],
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    names: FxHashMap<Name, usize>,
    /// Names given to what is no task call: reported where they stand, and not again.
    broken: FxHashSet<Name>,
    /// How often each task has been called so far.
    calls: FxHashMap<Name, u32>,
    /// `error_handler()` blocks so far.
    handlers: usize,
    diagnostics: Vec<FlowDiagnostic>,
}

impl Builder<'_, '_> {
    fn report(&mut self, code: &str, line: u32, column: u32, message: impl Into<String>) {
        self.diagnostics.push(FlowDiagnostic {
            code: code.into(),
            line,
            column,
            severity: Severity::Error,
            message: message.into(),
        });
    }

    fn report_at(&mut self, code: &str, expr: &Expr, message: impl Into<String>) {
        self.report(code, expr.line, expr.column, message);
    }

    /// Adds an edge once per pair and kind.
    fn connect(&mut self, from: usize, to: usize, kind: StepEdgeKind, label: Option<Name>) {
        let is_there =
            self.edges.iter().any(|edge| (edge.from, edge.to, edge.kind) == (from, to, kind));
        if !is_there && from != to {
            self.edges.push(Edge { from, to, kind, label });
        }
    }

    fn is_joined(&self, from: usize, to: usize) -> bool {
        self.edges.iter().any(|edge| {
            (edge.from, edge.to) == (from, to)
                && matches!(edge.kind, StepEdgeKind::Data | StepEdgeKind::Control)
        })
    }

    /// Longest-path levels: what may run together, in order.
    fn stages(&self) -> Vec<Vec<Name>> {
        let mut level = vec![0usize; self.nodes.len()];
        // Edges lead from earlier calls to later ones, so one pass in order settles all levels.
        for at in 0..self.nodes.len() {
            let before = self.edges.iter().filter(|edge| edge.to == at);
            level[at] = before.map(|edge| level[edge.from] + 1).max().unwrap_or(0);
        }
        let mut stages: Vec<Vec<Name>> = Vec::new();
        for (node, level) in self.nodes.iter().zip(&level) {
            if stages.len() <= *level {
                stages.resize_with(level + 1, Vec::new);
            }
            stages[*level].push(node.id.clone());
        }
        stages
    }
}
