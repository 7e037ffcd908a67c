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
        let through: Vec<Through> = (0..count).map(|at| Through::of(graph, at)).collect();
        loop {
            let mut changed = false;
            for at in (0..count).rev() {
                let out = live.at_end(graph, at);
                let mut before = through[at].before(&out);
                live.add_handler(graph, at, &mut before);
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
}

/// What a whole block does to the variables that are live at its end.
struct Through {
    uses: VarSet,
    kills: Kills,
}

impl Through {
    fn of(graph: &Graph, at: BlockId) -> Self {
        let block = &graph.blocks[at];
        let mut whole = Self { uses: VarSet::default(), kills: Kills::Some(VarSet::default()) };
        if let Some(effects) = end_effects(graph, &block.end) {
            whole.precede(effects);
        }
        match &block.end {
            End::Next { iterator: var, .. } | End::Switch { on: var, .. } => {
                whole.uses.insert(*var);
            }
            _ => {}
        }
        block.ops.iter().rev().for_each(|op| whole.precede(&op.effects));
        whole
    }

    /// Puts an operation before what is here.
    fn precede(&mut self, effects: &Effects) {
        self.uses = before(effects, &self.uses);
        match (&mut self.kills, &effects.kills) {
            (Kills::Some(all), Kills::Some(more)) => all.union(more),
            (kills, Kills::All) => *kills = Kills::All,
            (Kills::All, Kills::Some(_)) => {}
        }
    }

    fn before(&self, out: &VarSet) -> VarSet {
        let mut live = match &self.kills {
            Kills::Some(kills) => {
                let mut live = out.clone();
                live.subtract(kills);
                live
            }
            Kills::All => VarSet::default(),
        };
        live.union(&self.uses);
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
    let binds: Vec<Binds> = (0..count).map(|at| Binds::of(graph, at)).collect();
    let mut changed = true;
    while changed {
        changed = false;
        for at in 0..count {
            let block = &graph.blocks[at];
            let mut now = at_start[at].clone();
            now.subtract(&binds[at].unbound);
            now.union(&binds[at].bound);
            if let Some((handler, caught)) = block.on_error {
                // What a handler may see: anything assigned at any point of the block.
                let mut anywhere = at_start[at].clone();
                anywhere.union(&binds[at].anywhere);
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

/// What a whole block binds and unbinds.
struct Binds {
    /// Bound at its end.
    bound: VarSet,
    /// Not bound any more at its end, whatever was before.
    unbound: VarSet,
    /// Bound at any point of it.
    anywhere: VarSet,
}

impl Binds {
    fn of(graph: &Graph, at: BlockId) -> Self {
        let block = &graph.blocks[at];
        let [mut bound, mut unbound, mut anywhere] = [(); 3].map(|()| VarSet::default());
        let end = end_effects(graph, &block.end);
        for effects in block.ops.iter().map(|op| &op.effects).chain(end) {
            bound.subtract(&effects.unbinds);
            unbound.union(&effects.unbinds);
            bound.union(&effects.defs);
            unbound.subtract(&effects.defs);
            anywhere.union(&effects.defs);
        }
        Self { bound, unbound, anywhere }
    }
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
