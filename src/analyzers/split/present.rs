//! A split graph as the rows that views and commands read.

use super::graph::{BlockId, End, Graph, Op, Role};
use super::liveness::Liveness;
use super::vars::{VarKind, VarSet};
use crate::model::{self, LineIndex, Name, Suspension};

/// Names of the source's own locals among `set`, sorted.
pub fn locals(graph: &Graph, set: &VarSet) -> Vec<Name> {
    named(graph, set, |kind| kind == VarKind::Local)
}

fn named(graph: &Graph, set: &VarSet, wanted: impl Fn(VarKind) -> bool) -> Vec<Name> {
    let mut names: Vec<Name> = set
        .iter()
        .map(|id| graph.vars.get(id))
        .filter(|var| wanted(var.kind))
        .map(|var| Name::from(var.name.as_str()))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Each suspension with what it saves. `text` and `lines` are those of its file.
pub fn suspensions(
    graph: &Graph,
    live: &Liveness,
    text: &str,
    lines: &LineIndex,
) -> Vec<Suspension> {
    let mut rows: Vec<Option<Suspension>> = vec![None; graph.suspensions.len()];
    for (at, block) in graph.blocks.iter().enumerate() {
        let End::Suspend { suspension, .. } = block.end else { continue };
        let cut = &graph.suspensions[suspension];
        let (start, end) = (lines.position(text, cut.start), lines.position(text, cut.end));
        let live = &live.live_out[at];
        rows[suspension] = Some(Suspension {
            id: suspension as u32,
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
            kind: cut.kind,
            target: cut.target.as_str().into(),
            receiver: cut.receiver.as_deref().map(Name::from),
            args: cut.args.iter().map(|arg| arg.as_str().into()).collect(),
            result: cut.result.map(|var| graph.vars.name(var).into()),
            saves: locals(graph, live),
            spills: named(graph, live, |kind| kind == VarKind::Spill),
        });
    }
    rows.into_iter().flatten().collect()
}

/// The blocks with their edges and live variables.
pub fn blocks(graph: &Graph, live: &Liveness) -> Vec<model::Block> {
    let mut entries = vec![0u32; graph.blocks.len()];
    for at in 0..graph.blocks.len() {
        graph.successors(at).into_iter().for_each(|to| entries[to] += 1);
    }
    let row = |at: BlockId| model::Block {
        id: at as u32,
        kind: kind(graph, at, entries[at]).into(),
        lines: lines(graph, at),
        live_in: locals(graph, &live.live_in[at]),
        live_out: locals(graph, &live.live_out[at]),
        next: graph.successors(at).into_iter().map(|to| to as u32).collect(),
        suspends: match graph.blocks[at].end {
            End::Suspend { suspension, .. } => Some(suspension as u32),
            _ => None,
        },
        resume_of: graph.blocks[at].resume_of.map(|at| at as u32),
        entry: at == graph.entry,
        code: code(graph, at),
    };
    (0..graph.blocks.len()).map(row).collect()
}

fn kind(graph: &Graph, at: BlockId, entries: u32) -> &'static str {
    let block = &graph.blocks[at];
    match block.role {
        _ if at == graph.entry => "entry",
        _ if block.resume_of.is_some() => "resume",
        Role::Loop => "loop",
        Role::Handler => "handler",
        Role::Finally => "finally",
        Role::Plain if entries > 1 => "join",
        Role::Plain if matches!(block.end, End::Return { .. } | End::Raise(_)) => "exit",
        Role::Plain => "branch",
    }
}

/// First and last source line of what the block does.
fn lines(graph: &Graph, at: BlockId) -> (u32, u32) {
    let block = &graph.blocks[at];
    let end = match &block.end {
        End::Branch { test: op, .. }
        | End::Next { target: op, .. }
        | End::Return { value: Some(op), .. }
        | End::Raise(op) => Some(op),
        End::Suspend { suspension, .. } => Some(&graph.suspensions[*suspension].request),
        _ => None,
    };
    let ops = || block.ops.iter().chain(end).filter(|op| op.first_line > 0);
    let resumed = block.resume_of.map(|at| graph.suspensions[at].request.last_line);
    let first = ops().map(|op| op.first_line).chain(resumed).min().unwrap_or(block.line);
    let last = ops().map(|op| op.last_line).chain(resumed).max().unwrap_or(first);
    (first, last.max(first))
}

/// What the block does, with temporaries and edges made visible.
fn code(graph: &Graph, at: BlockId) -> Vec<Name> {
    let block = &graph.blocks[at];
    let mut code: Vec<Name> = Vec::new();
    if let Some(cut) = block.resume_of.and_then(|at| graph.suspensions.get(at))
        && let Some(result) = cut.result
    {
        code.push(format!("{} = reply", graph.vars.name(result)).into());
    }
    let dedented = |op: &Op| {
        let indent = op.indent.as_deref().unwrap_or_default();
        let strip = |line: &str| Name::from(line.strip_prefix(indent).unwrap_or(line).trim_end());
        op.code.lines().map(strip).collect::<Vec<Name>>()
    };
    code.extend(block.ops.iter().flat_map(dedented));
    let name = |id| graph.vars.name(id);
    match &block.end {
        End::Open | End::Jump(_) => {}
        End::Branch { test, then, other } => {
            code.push(format!("if {} -> {then} else {other}", flat(&test.code)).into());
        }
        End::Next { iterator, target, body, exhausted, .. } => {
            let target = flat(&target.code);
            let line = format!("for {target} in {} -> {body} else {exhausted}", name(*iterator));
            code.push(line.into());
        }
        End::Switch { on, arms } => {
            let arms: Vec<String> =
                arms.iter().map(|(value, to)| format!("{value} -> {to}")).collect();
            code.push(format!("switch {}: {}", name(*on), arms.join(", ")).into());
        }
        End::Suspend { suspension, .. } => {
            let cut = &graph.suspensions[*suspension];
            code.push(format!("suspend {}", flat(&cut.request.code)).into());
        }
        End::Return { value: Some(op), .. } => {
            code.push(format!("return {}", flat(&op.code)).into());
        }
        End::Return { value: None, .. } => code.push("return".into()),
        End::Raise(op) => code.push(format!("raise {}", flat(&op.code)).into()),
    }
    code
}

/// Code on one line.
fn flat(code: &str) -> String {
    code.split_whitespace().collect::<Vec<&str>>().join(" ")
}
