//! The way through a function with the most remote operations.

use std::cmp::Reverse;

use rustc_hash::FxHashSet;

use super::graph::{BlockId, End, Graph};
use crate::model::SuspensionKind;

/// The blocks of a way through with the most remote operations, in the order they run. Each loop is
/// gone round once at most, so a block may stand in it twice: in the round, and on the way out.
pub fn most_hops(graph: &Graph) -> Vec<u32> {
    if graph.blocks.is_empty() {
        return Vec::new();
    }
    let flow = Flow::of(graph);
    let mut rounds: Vec<Vec<BlockId>> = vec![Vec::new(); graph.blocks.len()];
    let mut price: Vec<u32> = (0..graph.blocks.len()).map(|at| price(graph, at)).collect();
    let heads: FxHashSet<BlockId> = flow.back.iter().map(|(_, to)| *to).collect();
    // Loops inside others come later in the order, so they are priced first.
    for head in flow.order.iter().rev().copied().filter(|at| heads.contains(at)) {
        let body = flow.body(graph, head);
        let sources = flow.back.iter().filter(|(_, to)| *to == head).map(|(from, _)| *from);
        let longest = flow.longest(graph, head, &price, |at| body[at]);
        let last = sources.max_by_key(|at| (longest.best[*at], Reverse(*at)));
        let Some((last, gained)) = last.and_then(|at| Some((at, longest.best[at]?))) else {
            continue;
        };
        if gained > 0 {
            let mut round = longest.way(last);
            expand(&mut round, head, &rounds);
            price[head] += gained;
            rounds[head] = round;
        }
    }
    let longest = flow.longest(graph, graph.entry, &price, |_| true);
    // The shortest of equals: what runs besides is of no interest here.
    let most = |ends: &[BlockId]| {
        let rank = |at: &BlockId| (longest.best[*at], Reverse(longest.way(*at).len()));
        // Of equals the one on the way straight on: what branches off stands later in the order.
        ends.iter().rev().copied().max_by_key(rank)
    };
    let is_end = |at: &BlockId| graph.successors(*at).is_empty();
    let ends: Vec<BlockId> = flow.order.iter().copied().filter(is_end).collect();
    let Some(last) = most(&ends).or_else(|| most(&flow.order)) else { return Vec::new() };
    let mut way = longest.way(last);
    expand(&mut way, usize::MAX, &rounds);
    way.into_iter().map(|at| at as u32).collect()
}

/// A hop weighs more than a call on `self`, which makes its own elsewhere.
fn price(graph: &Graph, at: BlockId) -> u32 {
    match graph.blocks[at].end {
        End::Suspend { suspension, .. } => match graph.suspensions[suspension].kind {
            SuspensionKind::Own => 1,
            _ => 2,
        },
        _ => 0,
    }
}

/// Puts the round of each loop before its head, the head of the loop at hand excepted.
fn expand(way: &mut Vec<BlockId>, except: BlockId, rounds: &[Vec<BlockId>]) {
    let whole = way.iter().flat_map(|at| {
        let round: &[BlockId] = if *at == except { &[] } else { &rounds[*at] };
        round.iter().copied().chain([*at])
    });
    *way = whole.collect();
}

/// The graph without the edges that close its loops.
struct Flow {
    back: FxHashSet<(BlockId, BlockId)>,
    /// Blocks that can be reached, each before those it leads to.
    order: Vec<BlockId>,
}

struct Longest {
    /// The most on a way from the start up to and including a block.
    best: Vec<Option<u32>>,
    from: Vec<Option<BlockId>>,
}

impl Flow {
    fn of(graph: &Graph) -> Self {
        #[derive(Clone, Copy, PartialEq)]
        enum State {
            New,
            Open,
            Closed,
        }
        let mut state = vec![State::New; graph.blocks.len()];
        let (mut back, mut order) = (FxHashSet::default(), Vec::new());
        let mut stack = vec![(graph.entry, 0)];
        state[graph.entry] = State::Open;
        while let Some((at, way)) = stack.last_mut() {
            let next = graph.successors(*at);
            let Some(to) = next.get(*way).copied() else {
                state[*at] = State::Closed;
                order.push(*at);
                stack.pop();
                continue;
            };
            *way += 1;
            match state[to] {
                State::New => {
                    state[to] = State::Open;
                    stack.push((to, 0));
                }
                State::Open => drop(back.insert((*at, to))),
                State::Closed => {}
            }
        }
        order.reverse();
        Self { back, order }
    }

    fn next<'a>(&'a self, graph: &Graph, at: BlockId) -> impl Iterator<Item = BlockId> + 'a {
        let closes = move |to: &BlockId| self.back.contains(&(at, *to));
        graph.successors(at).into_iter().filter(move |to| !closes(to))
    }

    /// The blocks of a loop: those from which its head is reached again without passing it.
    fn body(&self, graph: &Graph, head: BlockId) -> Vec<bool> {
        let mut before: Vec<Vec<BlockId>> = vec![Vec::new(); graph.blocks.len()];
        for at in &self.order {
            graph.successors(*at).into_iter().for_each(|to| before[to].push(*at));
        }
        let mut body = vec![false; graph.blocks.len()];
        body[head] = true;
        let mut todo: Vec<BlockId> =
            self.back.iter().filter(|(_, to)| *to == head).map(|(from, _)| *from).collect();
        while let Some(at) = todo.pop() {
            if !std::mem::replace(&mut body[at], true) {
                todo.extend(&before[at]);
            }
        }
        body
    }

    fn longest(
        &self,
        graph: &Graph,
        start: BlockId,
        price: &[u32],
        within: impl Fn(BlockId) -> bool,
    ) -> Longest {
        let count = graph.blocks.len();
        let mut found = Longest { best: vec![None; count], from: vec![None; count] };
        found.best[start] = Some(price[start]);
        for at in self.order.iter().copied().filter(|at| within(*at)) {
            let Some(here) = found.best[at] else { continue };
            for to in self.next(graph, at).filter(|to| within(*to)) {
                let there = here + price[to];
                if found.best[to].is_none_or(|best| there > best) {
                    found.best[to] = Some(there);
                    found.from[to] = Some(at);
                }
            }
        }
        found
    }
}

impl Longest {
    fn way(&self, last: BlockId) -> Vec<BlockId> {
        let mut way = vec![last];
        let mut at = last;
        while let Some(before) = self.from[at] {
            way.push(before);
            at = before;
        }
        way.reverse();
        way
    }
}
