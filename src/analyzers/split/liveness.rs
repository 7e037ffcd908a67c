//! Which variables matter where: backward liveness cut by forward "may be assigned".

use super::graph::{BlockId, End, Graph, Op};
use super::vars::{Effects, Kills, VarId, VarSet};

/// Per block, what is live and may be assigned at its two ends.
#[derive(Debug, Default)]
pub struct Liveness {
    /// A resume block's set contains the reply.
    pub live_in: Vec<VarSet>,
    /// At the end of the block; for a suspending block what must be saved.
    pub live_out: Vec<VarSet>,
}

impl Liveness {
    pub fn of(graph: &Graph) -> Self {
        let count = graph.blocks.len();
        let mut live = Self { live_in: vec![VarSet::default(); count], live_out: Vec::new() };
        live.live_out = vec![VarSet::default(); count];
        loop {
            let mut changed = false;
            for at in (0..count).rev() {
                let out = live.at_end(graph, at);
                let before = live.through(graph, at, &out);
                changed |= out != live.live_out[at] || before != live.live_in[at];
                live.live_out[at] = out;
                live.live_in[at] = before;
            }
            if !changed {
                break;
            }
        }
        let (assigned_in, assigned_out) = assigned(graph);
        for at in 0..count {
            live.live_in[at].intersect(&assigned_in[at]);
            live.live_out[at].intersect(&assigned_out[at]);
        }
        live
    }

    /// Live where the block is left: what its successors and its handler need.
    fn at_end(&self, graph: &Graph, at: BlockId) -> VarSet {
        let block = &graph.blocks[at];
        let mut out = VarSet::default();
        for to in block.end.targets() {
            let mut needs = self.live_in[to].clone();
            if let (End::Suspend { suspension, .. }, true) =
                (&block.end, graph.blocks[to].resume_of.is_some())
                && let Some(result) = graph.suspensions[*suspension].result
            {
                needs.remove(result);
            }
            if let End::Next { body, target, .. } = &block.end
                && *body == to
            {
                needs = before(&target.effects, &needs);
            }
            out.union(&needs);
        }
        self.add_handler(graph, at, &mut out);
        out
    }

    /// In a protected body the handler's needs are live everywhere.
    fn add_handler(&self, graph: &Graph, at: BlockId, live: &mut VarSet) {
        if let Some((handler, caught)) = graph.blocks[at].on_error {
            let mut needs = self.live_in[handler].clone();
            needs.remove(caught);
            live.union(&needs);
        }
    }

    fn through(&self, graph: &Graph, at: BlockId, out: &VarSet) -> VarSet {
        let block = &graph.blocks[at];
        let mut live = out.clone();
        if let Some(effects) = end_effects(graph, &block.end) {
            live = before(effects, &live);
        }
        match &block.end {
            End::Next { iterator, .. } => {
                live.insert(*iterator);
            }
            End::Switch { on, .. } => {
                live.insert(*on);
            }
            _ => {}
        }
        for op in block.ops.iter().rev() {
            self.add_handler(graph, at, &mut live);
            live = before(&op.effects, &live);
        }
        self.add_handler(graph, at, &mut live);
        live
    }
}

/// The effects of what a block's end evaluates.
pub fn end_effects<'g>(graph: &'g Graph, end: &'g End) -> Option<&'g Effects> {
    match end {
        End::Branch { test, .. } => Some(&test.effects),
        End::Return { value, .. } => value.as_ref().map(|op: &Op| &op.effects),
        End::Raise(op) => Some(&op.effects),
        End::Suspend { suspension, .. } => Some(&graph.suspensions[*suspension].request.effects),
        End::Open | End::Jump(_) | End::Next { .. } | End::Switch { .. } => None,
    }
}

fn before(effects: &Effects, after: &VarSet) -> VarSet {
    let mut live = match &effects.kills {
        Kills::Some(kills) => {
            let mut live = after.clone();
            live.subtract(kills);
            live
        }
        Kills::All => VarSet::default(),
    };
    live.union(&effects.uses);
    live
}

/// May be assigned at each block's start and end.
fn assigned(graph: &Graph) -> (Vec<VarSet>, Vec<VarSet>) {
    let count = graph.blocks.len();
    let mut at_start = vec![VarSet::default(); count];
    let mut at_end = vec![VarSet::default(); count];
    if count == 0 {
        return (at_start, at_end);
    }
    at_start[graph.entry] = graph.params.iter().copied().collect();
    let mut changed = true;
    while changed {
        changed = false;
        for at in 0..count {
            let block = &graph.blocks[at];
            let mut now = at_start[at].clone();
            // What a handler may see: anything assigned at any point of the block.
            let mut anywhere = now.clone();
            for op in &block.ops {
                now.subtract(&op.effects.unbinds);
                now.union(&op.effects.defs);
                anywhere.union(&now);
            }
            if let Some(effects) = end_effects(graph, &block.end) {
                now.union(&effects.defs);
            }
            anywhere.union(&now);
            if let Some((handler, caught)) = block.on_error {
                anywhere.insert(caught);
                changed |= grow(&mut at_start[handler], &anywhere);
            }
            for to in block.end.targets() {
                let mut there = now.clone();
                match &block.end {
                    End::Next { body, target, .. } if *body == to => {
                        there.union(&target.effects.defs);
                    }
                    End::Suspend { suspension, .. } => {
                        there.extend(graph.suspensions[*suspension].result);
                    }
                    _ => {}
                }
                changed |= grow(&mut at_start[to], &there);
            }
            changed |= grow(&mut at_end[at], &now);
        }
    }
    (at_start, at_end)
}

fn grow(set: &mut VarSet, more: &VarSet) -> bool {
    let before = set.clone();
    set.union(more);
    *set != before
}

impl VarSet {
    fn extend(&mut self, ids: Option<VarId>) {
        if let Some(id) = ids {
            self.insert(id);
        }
    }
}
