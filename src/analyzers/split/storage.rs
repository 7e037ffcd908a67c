//! What a coroutine stores at a suspension, by rustc's rule: what is live afterwards or was ever
//! borrowed, as far as it still needs storage there.

use super::graph::{BlockId, End, Graph, Op};
use super::liveness::Liveness;
use super::vars::VarSet;

/// Narrows and widens the liveness of a graph to what is stored at each suspension.
pub fn store(graph: &Graph, live: &mut Liveness) {
    let facts = forward(graph);
    for (at, here) in facts.iter().enumerate() {
        let End::Suspend { suspension, resume } = graph.blocks[at].end else { continue };
        let mut saved = live.live_out[at].clone();
        saved.union(&here.borrowed);
        saved.intersect(&here.stored);
        live.live_out[at] = saved.clone();
        if let Some(result) = graph.suspensions[suspension].result {
            saved.insert(result);
        }
        live.live_in[resume].union(&saved);
    }
}

/// What may hold at the end of a block.
#[derive(Debug, Clone, Default, PartialEq)]
struct Facts {
    borrowed: VarSet,
    stored: VarSet,
}

impl Facts {
    fn apply(&mut self, op: &Op) {
        let storage = &op.storage;
        for var in storage.borrows.iter() {
            self.borrowed.insert(var);
            self.stored.insert(var);
        }
        self.stored.union(&op.effects.defs);
        for var in storage.moves.iter() {
            // A place that was borrowed may still be looked at through the borrow.
            if !self.borrowed.contains(var) {
                self.stored.remove(var);
            }
        }
        for var in storage.ends.iter() {
            self.borrowed.remove(var);
            self.stored.remove(var);
        }
    }

    fn join(&mut self, other: &Self) {
        self.borrowed.union(&other.borrowed);
        self.stored.union(&other.stored);
    }
}

fn forward(graph: &Graph) -> Vec<Facts> {
    let count = graph.blocks.len();
    let mut at_start = vec![Facts::default(); count];
    let mut at_end = vec![Facts::default(); count];
    if count == 0 {
        return at_end;
    }
    at_start[graph.entry].stored = graph.params.iter().copied().collect();
    let mut work: Vec<BlockId> = (0..count).rev().collect();
    while let Some(at) = work.pop() {
        let mut facts = at_start[at].clone();
        graph.blocks[at].ops.iter().for_each(|op| facts.apply(op));
        let end = match &graph.blocks[at].end {
            End::Branch { test: op, .. } | End::Return { value: Some(op), .. } => Some(op),
            _ => None,
        };
        end.into_iter().for_each(|op| facts.apply(op));
        at_end[at] = facts.clone();
        for to in graph.successors(at) {
            let mut joined = at_start[to].clone();
            joined.join(&facts);
            if let End::Suspend { suspension, .. } = graph.blocks[at].end
                && let Some(result) = graph.suspensions[suspension].result
            {
                joined.stored.insert(result);
            }
            if joined != at_start[to] {
                at_start[to] = joined;
                work.push(to);
            }
        }
    }
    at_end
}
