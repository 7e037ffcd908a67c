//! The layer of each box.

use super::{Edge, Graph};

/// Space left between two boxes of a layer when its width is estimated.
const GAP: i32 = 2;

/// Longest path from the roots, then each box is pulled down next to its nearest callee, then
/// layers wider than `max_width` are wrapped. Every forward edge leads to a deeper layer, every
/// back edge to a higher one.
pub(crate) fn assign(
    graph: &Graph,
    edges: &[Edge],
    back: &[bool],
    max_width: Option<i32>,
) -> Vec<usize> {
    let count = graph.boxes.len();
    // Downward edges: forward as they are, back edges turned round.
    let down: Vec<(usize, usize)> = edges
        .iter()
        .zip(back)
        .map(|(edge, back)| if *back { (edge.to, edge.from) } else { (edge.from, edge.to) })
        .collect();
    let order = topological(count, &down);
    let mut below = vec![Vec::new(); count];
    for (from, to) in &down {
        below[*from].push(*to);
    }
    let mut ranks = vec![0; count];
    for node in &order {
        for to in &below[*node] {
            ranks[*to] = ranks[*to].max(ranks[*node] + 1);
        }
    }
    for node in order.iter().rev() {
        if let Some(nearest) = below[*node].iter().map(|to| ranks[*to]).min() {
            ranks[*node] = nearest - 1;
        }
    }
    match max_width {
        Some(width) => wrap(graph, &below, &ranks, width),
        None => ranks,
    }
}

/// Kahn's order; smaller indices first among the free ones, so the result is stable.
fn topological(count: usize, down: &[(usize, usize)]) -> Vec<usize> {
    let mut below = vec![Vec::new(); count];
    let mut waiting = vec![0usize; count];
    for (from, to) in down {
        below[*from].push(*to);
        waiting[*to] += 1;
    }
    let mut order: Vec<usize> = (0..count).filter(|node| waiting[*node] == 0).collect();
    let mut at = 0;
    while let Some(node) = order.get(at).copied() {
        at += 1;
        for to in &below[node] {
            waiting[*to] -= 1;
            if waiting[*to] == 0 {
                order.push(*to);
            }
        }
    }
    order
}

/// Splits layers that are too wide into several of about equal width. Within a layer, boxes that
/// call something drawn go lowest, next to their callees; no edge runs within a layer, so any
/// split keeps the direction of all edges.
fn wrap(graph: &Graph, below: &[Vec<usize>], ranks: &[usize], width: i32) -> Vec<usize> {
    let depth = ranks.iter().max().map_or(0, |rank| rank + 1);
    let mut layers = vec![Vec::new(); depth];
    for (node, rank) in ranks.iter().enumerate() {
        layers[*rank].push(node);
    }
    let mut wrapped = vec![0; ranks.len()];
    let mut next = 0;
    for mut layer in layers {
        layer.sort_by_key(|node| !below[*node].is_empty());
        let total: i32 = layer.iter().map(|node| graph.boxes[*node].width + GAP).sum();
        let rows = ((total + width - 1) / width.max(1)).max(1);
        let share = (total / rows).max(1);
        let mut filled = 0;
        let mut row = 0;
        for (at, node) in layer.iter().enumerate() {
            let cells = graph.boxes[*node].width + GAP;
            let over = filled + cells > width + GAP || filled + cells / 2 > share;
            if at > 0 && over {
                row += 1;
                filled = 0;
            }
            wrapped[*node] = next + row;
            filled += cells;
        }
        next += row + 1;
    }
    wrapped
}
