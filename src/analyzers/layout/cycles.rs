//! Which edges close a cycle, found depth first in source order.

use super::Edge;

/// For each edge, whether it leads back to a box that is still open on the path from a root.
/// Roots are the boxes nobody calls, in order, then whatever is left.
pub(crate) fn back_edges(count: usize, edges: &[Edge]) -> Vec<bool> {
    let mut outgoing = vec![Vec::new(); count];
    let mut called = vec![false; count];
    for (at, edge) in edges.iter().enumerate() {
        outgoing[edge.from].push(at);
        called[edge.to] = true;
    }
    let mut back = vec![false; edges.len()];
    let mut state = vec![State::New; count];
    let roots = (0..count).filter(|node| !called[*node]);
    for root in roots.chain(0..count) {
        if state[root] != State::New {
            continue;
        }
        state[root] = State::Open;
        let mut path = vec![(root, 0)];
        while let Some((node, next)) = path.last_mut() {
            let Some(at) = outgoing[*node].get(*next).copied() else {
                state[*node] = State::Done;
                path.pop();
                continue;
            };
            *next += 1;
            let to = edges[at].to;
            match state[to] {
                State::New => {
                    state[to] = State::Open;
                    path.push((to, 0));
                }
                State::Open => back[at] = true,
                State::Done => {}
            }
        }
    }
    back
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}
