//! What can go wrong when other work runs between the pieces (rule 10).

use rustc_hash::{FxHashMap, FxHashSet};

use super::Cuts;
use super::entities;
use super::program::Program;
use crate::analyzers::split::{BlockId, Cut, Effects, End, Graph, Op, Role, VarId};
use crate::model::{Hazard, SuspensionKind};

/// Values that a value stems from are followed up to this many.
const SOURCES: usize = 4;

/// Bodies of more blocks are not searched: nobody would read what is found.
const BLOCKS: usize = 256;

pub fn find(program: &Program<'_>, cuts: &Cuts, at: usize) -> Vec<Hazard> {
    let Some(body) = cuts.bodies.get(&at) else { return Vec::new() };
    if body.graph.blocks.len() > BLOCKS {
        return Vec::new();
    }
    let state = entities::state_of_functions(program);
    let finder = Finder { program, cuts, graph: &body.graph, state: &state };
    let mut found = finder.lost_updates();
    found.extend(finder.stale_reads());
    found.extend(finder.coalescable_reads());
    let gathers = finder.scatter_gathers();
    if body.remote_ops.max.is_none() && gathers.is_empty() {
        found.extend(finder.unbounded());
    }
    found.extend(gathers);
    found.sort_by(|a, b| (a.line, &a.kind).cmp(&(b.line, &b.kind)));
    found.dedup();
    found
}

struct Finder<'a, 'p> {
    program: &'a Program<'p>,
    cuts: &'a Cuts,
    graph: &'a Graph,
    state: &'a [Vec<crate::analyzers::split::StateAccess>],
}

/// What happens in a block, in order.
enum Step<'g> {
    Op(&'g Op),
    Cut(usize),
}

impl<'g> Finder<'g, '_> {
    fn steps(&self, at: BlockId) -> Vec<Step<'g>> {
        let graph: &'g Graph = self.graph;
        let block = &graph.blocks[at];
        let mut steps: Vec<Step<'g>> = block.ops.iter().map(Step::Op).collect();
        match &block.end {
            End::Branch { test: op, .. }
            | End::Next { target: op, .. }
            | End::Return { value: Some(op), .. }
            | End::Raise(op) => steps.push(Step::Op(op)),
            End::Suspend { suspension, .. } => {
                steps.push(Step::Op(&graph.suspensions[*suspension].request));
                steps.push(Step::Cut(*suspension));
            }
            _ => {}
        }
        steps
    }

    /// Runs a forward analysis to a fixpoint: `step` changes the facts that reach it.
    fn flow<F: Clone + PartialEq + Default>(
        &self,
        join: impl Fn(&mut F, &F),
        mut step: impl FnMut(&mut F, &Step<'g>),
    ) {
        let count = self.graph.blocks.len();
        let mut at_start: Vec<Option<F>> = vec![None; count];
        if count == 0 {
            return;
        }
        at_start[self.graph.entry] = Some(F::default());
        for _ in 0..=count + 4 {
            let mut changed = false;
            for at in 0..count {
                let Some(mut facts) = at_start[at].clone() else { continue };
                for one in self.steps(at) {
                    step(&mut facts, &one);
                }
                for to in self.graph.successors(at) {
                    let mut joined = at_start[to].clone().unwrap_or_default();
                    join(&mut joined, &facts);
                    if at_start[to].as_ref() != Some(&joined) {
                        at_start[to] = Some(joined);
                        changed = true;
                    }
                }
            }
            if !changed {
                break;
            }
        }
    }

    /// A state attribute read before and written after a suspension.
    fn lost_updates(&self) -> Vec<Hazard> {
        /// Attributes read since the start, and those read before a suspension.
        #[derive(Clone, PartialEq, Default)]
        struct Reads {
            fresh: FxHashMap<String, u32>,
            old: FxHashMap<String, u32>,
        }
        let mut found: FxHashMap<String, Hazard> = FxHashMap::default();
        let join = |into: &mut Reads, more: &Reads| {
            for (name, line) in &more.fresh {
                into.fresh.entry(name.clone()).or_insert(*line);
            }
            for (name, line) in &more.old {
                into.old.entry(name.clone()).or_insert(*line);
            }
        };
        self.flow(join, |reads, step| match step {
            Step::Op(op) => {
                for access in &op.state {
                    let name = &access.attribute;
                    if !access.write {
                        reads.fresh.entry(name.clone()).or_insert(op.first_line);
                    } else if let Some(line) = reads.old.get(name) {
                        let message = format!(
                            "`self.{name}` is read on line {line} and written after a suspension: \
                             an update made in between is lost or unseen"
                        );
                        let kind = "lost-update".into();
                        let hazard = Hazard { kind, line: op.first_line, message };
                        found.entry(name.clone()).or_insert(hazard);
                    }
                }
            }
            Step::Cut(_) => {
                let fresh = reads.fresh.clone();
                for (name, line) in fresh {
                    reads.old.entry(name).or_insert(line);
                }
            }
        });
        found.into_values().collect()
    }

    /// A remote value reused after a suspension that may have changed it.
    fn stale_reads(&self) -> Vec<Hazard> {
        /// Per variable: the suspensions its value stems from, and whether one may have changed it.
        type Values = FxHashMap<VarId, (FxHashSet<usize>, Option<usize>)>;
        let mut found: FxHashMap<(VarId, usize), Hazard> = FxHashMap::default();
        let join = |into: &mut Values, more: &Values| {
            for (var, (sources, changed)) in more {
                let known = into.entry(*var).or_default();
                let room = SOURCES.saturating_sub(known.0.len());
                known.0.extend(sources.iter().take(room));
                known.1 = known.1.or(*changed);
            }
        };
        let graph = self.graph;
        let is_value = |cut: &Cut| {
            matches!(cut.kind, SuspensionKind::Read | SuspensionKind::Call) && cut.result.is_some()
        };
        self.flow(join, |values: &mut Values, step| match step {
            Step::Op(op) => {
                for var in op.effects.uses.iter() {
                    let Some((sources, Some(by))) = values.get(&var) else { continue };
                    let Some(source) = sources.iter().min() else { continue };
                    let (what, by) = (&graph.suspensions[*source], &graph.suspensions[*by]);
                    let message = format!(
                        "`{}` holds what `{}` was before `{}` on line {} may have changed it",
                        graph.vars.name(var),
                        what.target,
                        by.target,
                        by.request.first_line
                    );
                    let hazard = Hazard { kind: "stale-read".into(), line: op.first_line, message };
                    found.entry((var, *source)).or_insert(hazard);
                }
                let mut sources = FxHashSet::default();
                let mut changed = None;
                for var in op.effects.uses.iter() {
                    if let Some((from, by)) = values.get(&var) {
                        let room = SOURCES.saturating_sub(sources.len());
                        sources.extend(from.iter().take(room));
                        changed = changed.or(*by);
                    }
                }
                for var in op.effects.defs.iter() {
                    if sources.is_empty() {
                        values.remove(&var);
                    } else {
                        values.insert(var, (sources.clone(), changed));
                    }
                }
            }
            Step::Cut(at) => {
                let cut = &graph.suspensions[*at];
                for (sources, changed) in values.values_mut() {
                    let stale = sources
                        .iter()
                        .any(|source| self.may_change(cut, &graph.suspensions[*source]));
                    if stale {
                        changed.get_or_insert(*at);
                    }
                }
                if let Some(result) = cut.result {
                    values.remove(&result);
                    if is_value(cut) && !self.writes_anything(cut) {
                        values.insert(result, (FxHashSet::from_iter([*at]), None));
                    }
                }
            }
        });
        found.into_values().collect()
    }

    fn writes_anything(&self, cut: &Cut) -> bool {
        cut.reaches.iter().any(|(class, member)| !self.written(*class, member, cut).is_empty())
    }

    /// State attributes that an operation may write.
    fn written(&self, class: usize, member: &str, cut: &Cut) -> Vec<String> {
        match cut.kind {
            SuspensionKind::Write => vec![member.to_string()],
            SuspensionKind::Call | SuspensionKind::Own => {
                let methods = self.program.methods_of_family(class, member);
                let all = methods.into_iter();
                all.flat_map(|at| entities::writes(self.cuts, self.state, at)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// State attributes that a read value stems from.
    fn sources(&self, class: usize, member: &str, cut: &Cut) -> Vec<String> {
        match cut.kind {
            SuspensionKind::Read => vec![member.to_string()],
            _ => {
                let methods = self.program.methods_of_family(class, member);
                methods
                    .into_iter()
                    .flat_map(|at| entities::reads(self.cuts, self.state, at))
                    .collect()
            }
        }
    }

    fn may_change(&self, by: &Cut, value: &Cut) -> bool {
        by.reaches.iter().any(|(class, member)| {
            let written = self.written(*class, member, by);
            !written.is_empty()
                && value.reaches.iter().filter(|(other, _)| self.related(*class, *other)).any(
                    |(other, name)| {
                        self.sources(*other, name, value).iter().any(|name| written.contains(name))
                    },
                )
        })
    }

    fn related(&self, one: usize, two: usize) -> bool {
        self.program.classes[one].mro.contains(&two) || self.program.classes[two].mro.contains(&one)
    }

    /// Two reads of one receiver with nothing remote between them but reads.
    fn coalescable_reads(&self) -> Vec<Hazard> {
        /// Receivers read since the last other suspension, with the first read's number.
        type Seen = FxHashMap<String, usize>;
        let mut found: FxHashMap<usize, Hazard> = FxHashMap::default();
        let graph = self.graph;
        let first_round = std::cell::Cell::new(true);
        // What holds on all paths: a receiver stays only if every path read it.
        let join = |into: &mut Seen, more: &Seen| {
            if into.is_empty() && first_round.get() {
                into.extend(more.iter().map(|(name, at)| (name.clone(), *at)));
            } else {
                into.retain(|name, _| more.contains_key(name));
            }
        };
        let mut reached: FxHashSet<usize> = FxHashSet::default();
        self.flow(join, |seen: &mut Seen, step| match step {
            Step::Op(op) => {
                seen.retain(|name, _| {
                    let root = name.split(['.', '[']).next().unwrap_or(name);
                    graph.vars.find(root).is_none_or(|var| !op.effects.defs.contains(var))
                });
            }
            Step::Cut(at) => {
                let cut = &graph.suspensions[*at];
                if cut.kind != SuspensionKind::Read {
                    seen.clear();
                    return;
                }
                let Some(receiver) = &cut.receiver else { return };
                reached.insert(*at);
                match seen.get(receiver) {
                    Some(first) if first != at => {
                        let first = &graph.suspensions[*first];
                        let message = format!(
                            "`{receiver}.{}` and `{receiver}.{}` (line {}) are two hops: one read \
                             could bring both",
                            cut.member, first.member, first.request.first_line
                        );
                        let line = cut.request.first_line;
                        let kind = "coalescable-reads".into();
                        found.entry(*at).or_insert(Hazard { kind, line, message });
                    }
                    _ => {
                        seen.insert(receiver.clone(), *at);
                    }
                }
                if let Some(result) = cut.result {
                    let name = graph.vars.name(result).to_string();
                    seen.remove(&name);
                }
            }
        });
        found.into_values().collect()
    }

    /// Loops whose remote calls do not depend on each other.
    fn scatter_gathers(&self) -> Vec<Hazard> {
        let graph = self.graph;
        let mut found = Vec::new();
        for head in 0..graph.blocks.len() {
            let End::Next { target, exhausted, .. } = &graph.blocks[head].end else { continue };
            if graph.blocks[head].role != Role::Loop {
                continue;
            }
            let body = self.loop_body(head, *exhausted);
            let cuts: Vec<usize> = body
                .iter()
                .filter_map(|at| match graph.blocks[*at].end {
                    End::Suspend { suspension, .. } => Some(suspension),
                    _ => None,
                })
                .collect();
            if cuts.is_empty()
                || !self.is_independent(&body, head, *exhausted, &target.effects, &cuts)
            {
                continue;
            }
            let first = &graph.suspensions[cuts[0]];
            let message = format!(
                "the calls of `{}` in this loop do not depend on each other: they could be sent at \
                 once and gathered",
                first.target
            );
            let line = target.first_line;
            found.push(Hazard { kind: "scatter-gather".into(), line, message });
        }
        found
    }

    /// The blocks from which the head is reached again without leaving by exhaustion.
    fn loop_body(&self, head: BlockId, exhausted: BlockId) -> Vec<BlockId> {
        let count = self.graph.blocks.len();
        let forward = |from: Vec<BlockId>| {
            let mut seen = vec![false; count];
            let mut stack = from;
            while let Some(at) = stack.pop() {
                if at != head && !std::mem::replace(&mut seen[at], true) {
                    stack.extend(self.graph.successors(at));
                }
            }
            seen
        };
        let next = self.graph.blocks[head].end.targets();
        let inside = forward(next.into_iter().filter(|to| *to != exhausted).collect());
        let reaches_head = |at: usize| {
            let mut seen = vec![false; count];
            let mut stack = vec![at];
            while let Some(at) = stack.pop() {
                for to in self.graph.successors(at) {
                    if to == head {
                        return true;
                    }
                    if !std::mem::replace(&mut seen[to], true) {
                        stack.push(to);
                    }
                }
            }
            false
        };
        (0..count).filter(|at| inside[*at] && reaches_head(*at)).collect()
    }

    /// No remote call of the loop uses, or is chosen by, what an earlier round's reply made; the
    /// loop is not left early; `self` is not written between.
    fn is_independent(
        &self,
        body: &[BlockId],
        head: BlockId,
        exhausted: BlockId,
        target: &Effects,
        cuts: &[usize],
    ) -> bool {
        let graph = self.graph;
        let leaves = body.iter().any(|at| {
            graph.blocks[*at].end.targets().iter().any(|to| *to != head && !body.contains(to))
        });
        if leaves || body.contains(&exhausted) {
            return false;
        }
        // Everything the body defines, except the loop's own variables.
        let mut carried: FxHashSet<VarId> = FxHashSet::default();
        for at in body {
            for step in self.steps(*at) {
                match step {
                    Step::Op(op) => carried.extend(op.effects.defs.iter()),
                    Step::Cut(at) => carried.extend(graph.suspensions[at].result),
                }
            }
        }
        carried.retain(|var| !target.defs.contains(*var));
        // Of these, what a round needs from the one before: live at the head.
        let Some(live) = self.live_at(head) else { return false };
        carried.retain(|var| live.contains(*var));
        let mut tainted = carried;
        loop {
            let before = tainted.len();
            for at in body {
                for step in self.steps(*at) {
                    if let Step::Op(op) = step
                        && op.effects.uses.iter().any(|var| tainted.contains(&var))
                    {
                        tainted.extend(op.effects.defs.iter());
                    }
                }
            }
            if tainted.len() == before {
                break;
            }
        }
        let clean = |effects: &Effects| !effects.uses.iter().any(|var| tainted.contains(&var));
        let requests = cuts.iter().all(|at| {
            let cut = &graph.suspensions[*at];
            cut.kind != SuspensionKind::Own && clean(&cut.request.effects)
        });
        let tests = body.iter().all(|at| match &graph.blocks[*at].end {
            End::Branch { test, .. } => clean(&test.effects),
            _ => true,
        });
        requests && tests
    }

    fn live_at(&self, head: BlockId) -> Option<crate::analyzers::split::VarSet> {
        let body = self.cuts.bodies.values().find(|body| std::ptr::eq(&body.graph, self.graph))?;
        body.live.live_in.get(head).cloned()
    }

    /// The first suspension on a cycle, or the recursion.
    fn unbounded(&self) -> Option<Hazard> {
        let graph = self.graph;
        let on_cycle = |at: &BlockId| {
            let mut seen = vec![false; graph.blocks.len()];
            let mut stack = graph.successors(*at);
            while let Some(next) = stack.pop() {
                if next == *at {
                    return true;
                }
                if !std::mem::replace(&mut seen[next], true) {
                    stack.extend(graph.successors(next));
                }
            }
            false
        };
        let suspending = |at: &BlockId| matches!(graph.blocks[*at].end, End::Suspend { .. });
        let all = || (0..graph.blocks.len()).filter(suspending);
        let (at, why) = match all().find(on_cycle) {
            Some(at) => (at, "a loop suspends as often as it runs"),
            None => (all().next()?, "a call on `self` recurs or loops"),
        };
        let End::Suspend { suspension, .. } = graph.blocks[at].end else { return None };
        Some(Hazard {
            kind: "unbounded-hops".into(),
            line: graph.suspensions[suspension].request.first_line,
            message: format!("{why}: the number of hops has no bound"),
        })
    }
}
