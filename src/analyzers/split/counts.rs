//! How many remote operations one call makes, over all paths.

use super::graph::{End, Graph};
use crate::model::{RemoteOps, SuspensionKind};

/// The fewest and most hops from the entry to any end. `cost` prices a suspension: one for a hop,
/// what the callee makes for a call on `self`. `None` when no end can be reached.
pub fn remote_ops(graph: &Graph, cost: &dyn Fn(usize) -> RemoteOps) -> Option<RemoteOps> {
    let price = |at: usize| match graph.blocks[at].end {
        End::Suspend { suspension, .. } => cost(suspension),
        _ => RemoteOps { min: 0, max: Some(0) },
    };
    Some(RemoteOps { min: fewest(graph, &price)?, max: most(graph, &price) })
}

/// One per hop; a call on `self` makes no hop of its own.
pub fn hops_of(kind: SuspensionKind) -> u32 {
    u32::from(kind != SuspensionKind::Own)
}

fn fewest(graph: &Graph, price: &dyn Fn(usize) -> RemoteOps) -> Option<u32> {
    let count = graph.blocks.len();
    let mut best: Vec<Option<u32>> = vec![None; count];
    for _ in 0..=count {
        let mut changed = false;
        for at in (0..count).rev() {
            let next = graph.successors(at);
            let after = match graph.blocks[at].end {
                End::Return { .. } | End::Raise(_) if graph.blocks[at].on_error.is_none() => {
                    Some(0)
                }
                End::Return { .. } => Some(0),
                _ => next.iter().filter_map(|to| best[*to]).min(),
            };
            let total = after.map(|after| after.saturating_add(price(at).min));
            if total.is_some() && total != best[at] {
                best[at] = total;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    best.get(graph.entry).copied().flatten()
}

/// The longest path, `None` when a suspension lies on a cycle.
fn most(graph: &Graph, price: &dyn Fn(usize) -> RemoteOps) -> Option<u32> {
    let count = graph.blocks.len();
    // Longest paths over a graph whose free cycles do not count: relax at most once per block;
    // a path that still grows runs round a cycle that suspends.
    let mut best = vec![0u32; count];
    for round in 0..=count {
        let mut changed = false;
        for at in (0..count).rev() {
            let after = graph.successors(at).iter().map(|to| best[*to]).max().unwrap_or(0);
            let total = after.saturating_add(price(at).max?);
            if total > best[at] {
                best[at] = total;
                changed = true;
            }
        }
        if !changed {
            return best.get(graph.entry).copied();
        }
        if round == count {
            break;
        }
    }
    None
}
