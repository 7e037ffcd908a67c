//! Entities and the splits of everything that reaches them.

mod emit;
mod entities;
mod hazards;
mod infer;
mod lower;
mod program;
mod syntax;
mod types;

#[cfg(test)]
mod tests;

pub use emit::{
    DRIVER, Emitted, EmittedFunction, Engine, STEPPER, emit, emit_project, program as emit_program,
};

use rustc_hash::FxHashMap;

use super::Context;
use crate::analyzers::STACK_BYTES;
use crate::analyzers::split::groups::groups;
use crate::analyzers::split::{Cut, Graph, Liveness, counts, most_hops, present, simplify};
use crate::model::{
    Diagnostic, Entity, Hazard, Language, Refusal, RemoteOps, Split, SuspensionKind,
};
use infer::{Found, Remote};
use program::Program;

/// What the entities of a project come to.
#[derive(Debug, Default)]
pub struct Linked {
    pub entities: Vec<Entity>,
    pub splits: Vec<Split>,
    pub diagnostics: Vec<Diagnostic>,
}

pub fn link(context: &Context<'_>) -> Linked {
    with_program(context, |program, cuts| {
        let (entities, diagnostics) = entities::describe(program, cuts);
        Linked { entities, splits: rows(program, cuts), diagnostics }
    })
    .unwrap_or_default()
}

/// Reads the program around the entities and lowers what suspends. Trees are as deep as their
/// source, so it happens on a stack of the parser's size; most projects have no entity and never
/// come here.
fn with_program<T: Send>(
    context: &Context<'_>,
    use_it: impl FnOnce(&Program<'_>, &Cuts) -> T + Send,
) -> Option<T> {
    if !program::has_entities(context) {
        return None;
    }
    let work = || {
        let texts = program::read(context);
        let mut program = Program::build(context, &texts);
        let found = infer::infer(&mut program);
        let cuts = Cuts::of(&program, &found);
        use_it(&program, &cuts)
    };
    std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().stack_size(STACK_BYTES);
        builder.spawn_scoped(scope, work).ok()?.join().ok()
    })
}

/// Every function that suspends, lowered.
struct Cuts {
    /// By function, for those that suspend.
    bodies: FxHashMap<usize, Body>,
    /// The receiver's own methods and properties each function uses.
    own: Vec<Vec<usize>>,
}

struct Body {
    graph: Graph,
    live: Liveness,
    fragments: u32,
    globals: Vec<String>,
    refused: Option<Refusal>,
    remote_ops: RemoteOps,
}

impl Cuts {
    fn of(program: &Program<'_>, found: &[Found]) -> Self {
        let own: Vec<Vec<usize>> = found
            .iter()
            .map(|found| found.own.values().flat_map(|own| own.functions.clone()).collect())
            .collect();
        let mut suspends: Vec<bool> = found.iter().map(|found| !found.remote.is_empty()).collect();
        loop {
            let more = |at: &usize| !suspends[*at] && own[*at].iter().any(|own| suspends[*own]);
            let more: Vec<usize> = (0..found.len()).filter(more).collect();
            if more.is_empty() {
                break;
            }
            more.into_iter().for_each(|at| suspends[at] = true);
        }
        let mut bodies = FxHashMap::default();
        for at in (0..found.len()).filter(|at| suspends[*at]) {
            let remote = remote_ops(program, &found[at], &suspends);
            bodies.insert(at, Body::of(program, at, remote));
        }
        let mut cuts = Self { bodies, own };
        cuts.count(program);
        cuts
    }

    /// Remote operations per call, those of own methods included. Recursion has no bound.
    fn count(&mut self, program: &Program<'_>) {
        let mut order: Vec<usize> = self.bodies.keys().copied().collect();
        order.sort_unstable();
        let place: FxHashMap<usize, usize> =
            order.iter().enumerate().map(|(place, at)| (*at, place)).collect();
        // What each own call may reach, by function and suspension.
        let callees = |at: &usize| -> Vec<Vec<usize>> {
            let reached = |cut: &Cut| -> Vec<usize> {
                let reaches = cut.reaches.iter().filter(|_| cut.kind == SuspensionKind::Own);
                reaches.flat_map(|(class, name)| program.methods_of_family(*class, name)).collect()
            };
            self.bodies[at].graph.suspensions.iter().map(reached).collect()
        };
        let callees: Vec<Vec<Vec<usize>>> = order.iter().map(callees).collect();
        let next: Vec<Vec<usize>> = callees
            .iter()
            .map(|cuts| cuts.iter().flatten().filter_map(|to| place.get(to).copied()).collect())
            .collect();
        const FAR: u32 = u32::MAX / 4;
        let mut known = vec![RemoteOps { min: FAR, max: Some(0) }; order.len()];
        for group in groups(&next) {
            for round in 0..2 * group.len() + 2 {
                let mut changed = false;
                for at in &group {
                    let graph = &self.bodies[&order[*at]].graph;
                    let cost = |suspension: usize| {
                        if graph.suspensions[suspension].kind != SuspensionKind::Own {
                            return RemoteOps { min: 1, max: Some(1) };
                        }
                        let none = RemoteOps { min: 0, max: Some(0) };
                        let of = |to: &usize| place.get(to).map_or(none, |place| known[*place]);
                        callees[*at][suspension].iter().map(of).reduce(either).unwrap_or(none)
                    };
                    let fallback = RemoteOps { min: FAR, max: None };
                    let mut now = counts::remote_ops(graph, &cost).unwrap_or(fallback);
                    let before = known[*at];
                    // Longer every round: it calls itself.
                    if round > group.len() && now.max > before.max || before.max.is_none() {
                        now.max = None;
                    }
                    changed |= now != before;
                    known[*at] = now;
                }
                if !changed {
                    break;
                }
            }
        }
        for (at, ops) in order.into_iter().zip(known) {
            if let Some(body) = self.bodies.get_mut(&at) {
                let min = if ops.min >= FAR { 0 } else { ops.min };
                body.remote_ops = RemoteOps { min, max: ops.max };
            }
        }
    }
}

fn either(one: RemoteOps, two: RemoteOps) -> RemoteOps {
    let max = one.max.zip(two.max).map(|(one, two)| one.max(two));
    RemoteOps { min: one.min.min(two.min), max }
}

impl Body {
    fn of(program: &Program<'_>, at: usize, remote: Vec<Remote>) -> Self {
        let coarse = {
            let mut lowered = lower::lower(program, at, remote.clone(), true);
            if lowered.refused.is_none() {
                simplify(&mut lowered.graph);
            }
            lowered.graph.blocks.len() as u32
        };
        let mut lowered = lower::lower(program, at, remote, false);
        if lowered.refused.is_none() {
            simplify(&mut lowered.graph);
        } else {
            lowered.graph = Graph::default();
        }
        Self {
            live: Liveness::of(&lowered.graph),
            fragments: if lowered.refused.is_none() { coarse } else { 0 },
            graph: lowered.graph,
            globals: lowered.globals,
            refused: lowered.refused,
            remote_ops: RemoteOps::default(),
        }
    }
}

/// All operations of a body that suspend, own methods that do included.
fn remote_ops(program: &Program<'_>, found: &Found, suspends: &[bool]) -> Vec<Remote> {
    let own = found.own.values().filter(|own| own.functions.iter().any(|at| suspends[*at]));
    let own = own.map(|own| {
        let is_async = own.functions.iter().any(|at| program.functions[*at].node.is_async);
        Remote {
            start: own.start,
            end: own.end,
            kind: SuspensionKind::Own,
            target: format!("{}.{}", program.short(own.class), own.member),
            reaches: vec![(own.class, own.member.clone())],
            is_async,
        }
    });
    found.remote.values().cloned().chain(own).collect()
}

fn rows(program: &Program<'_>, cuts: &Cuts) -> Vec<Split> {
    let mut order: Vec<usize> = cuts.bodies.keys().copied().collect();
    order.sort_unstable();
    let row = |at: usize| {
        let (function, body) = (&program.functions[at], &cuts.bodies[&at]);
        let module = &program.modules[function.module];
        let hazards: Vec<Hazard> = match body.refused {
            Some(_) => Vec::new(),
            None => hazards::find(program, cuts, at),
        };
        Split {
            function: function.name.clone(),
            language: Language::Python,
            file: module.file.path.clone(),
            line: module.lines.line(function.node.name.range.start().to_u32()),
            receiver: function
                .self_name()
                .and(function.class)
                .map(|class| program.classes[class].name.clone()),
            inputs: entities::inputs(function.node, function.kind, module.text),
            suspensions: present::suspensions(&body.graph, &body.live, module.text, &module.lines),
            blocks: present::blocks(&body.graph, &body.live),
            remote_ops: body.remote_ops,
            most_hops: most_hops(&body.graph),
            hazards,
            fragments: body.fragments,
            pieces: Some(
                syntax::statements(&function.node.body) + body.graph.suspensions.len() as u32,
            ),
            refused: body.refused.clone(),
            future: None,
        }
    };
    order.into_iter().map(row).collect()
}
