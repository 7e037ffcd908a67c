//! Boxes and trunks in layers, and their order from left to right.

use super::{Edge, Graph};

pub(crate) type ItemId = usize;

/// What stands in a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Box(usize),
    /// A net that passes through the layer.
    Trunk(usize),
}

#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub content: Content,
    pub layer: usize,
    pub width: i32,
    /// Leftmost column; set by [`super::columns`].
    pub x: i32,
}

impl Item {
    /// The column that lines aim at.
    pub fn anchor(&self) -> i32 {
        match self.content {
            Content::Box(_) => self.x + self.width / 2,
            Content::Trunk(_) => self.x,
        }
    }
}

/// All edges of one caller in one direction; they share their trunk.
#[derive(Debug, Clone)]
pub(crate) struct Net {
    pub caller: usize,
    pub back: bool,
    pub edges: Vec<Edge>,
}

/// One net in the gap below layer `gap`: what it connects there.
#[derive(Debug, Clone)]
pub(crate) struct Hop {
    pub net: usize,
    pub gap: usize,
    pub tops: Vec<ItemId>,
    pub bottoms: Vec<ItemId>,
}

pub(crate) struct Layers {
    pub items: Vec<Item>,
    /// Items of each layer, left to right.
    pub rows: Vec<Vec<ItemId>>,
    pub nets: Vec<Net>,
    /// Grouped by gap.
    pub hops: Vec<Vec<Hop>>,
}

/// Trunks are two columns wide, so that each has an even and an odd column to leave by.
const TRUNK_WIDTH: i32 = 2;
const SWEEPS: usize = 12;

impl Layers {
    pub fn new(graph: &Graph, edges: &[Edge], back: &[bool], ranks: &[usize]) -> Self {
        let depth = ranks.iter().max().map_or(0, |rank| rank + 1);
        let mut items: Vec<Item> = (0..graph.boxes.len())
            .map(|node| Item {
                content: Content::Box(node),
                layer: ranks[node],
                width: graph.boxes[node].width,
                x: 0,
            })
            .collect();
        let nets = nets(graph.boxes.len(), edges, back);
        let mut hops = vec![Vec::new(); depth];
        for (at, net) in nets.iter().enumerate() {
            hops_of(at, net, ranks, &mut items, &mut hops);
        }
        widen_for_ports(&mut items, &hops);
        let mut rows = vec![Vec::new(); depth];
        for item in discovery_order(&items, &hops) {
            rows[items[item].layer].push(item);
        }
        Self { items, rows, nets, hops }
    }

    /// Orders every layer. `previous` gives the former x of boxes; that order is kept unless
    /// another has strictly fewer crossings.
    pub fn arrange(&mut self, previous: &[Option<i32>]) {
        let hint = |item: &Item| match item.content {
            Content::Box(node) => previous.get(node).copied().flatten(),
            Content::Trunk(_) => None,
        };
        for row in &mut self.rows {
            let slots: Vec<usize> =
                (0..row.len()).filter(|at| hint(&self.items[row[*at]]).is_some()).collect();
            let mut hinted: Vec<ItemId> = slots.iter().map(|at| row[*at]).collect();
            hinted.sort_by_key(|item| hint(&self.items[*item]));
            for (slot, item) in slots.into_iter().zip(hinted) {
                row[slot] = item;
            }
        }
        let links = self.links();
        let mut places = vec![0; self.items.len()];
        let mut best = self.rows.clone();
        let mut fewest = crossings(&links, &self.rows, &mut places);
        for sweep in 0..SWEEPS {
            if fewest == 0 {
                break;
            }
            self.sweep(&links, sweep % 2 == 0, &mut places);
            self.swap_neighbours(&links, &mut places);
            let now = crossings(&links, &self.rows, &mut places);
            if now < fewest {
                fewest = now;
                best.clone_from(&self.rows);
            }
        }
        self.rows = best;
    }

    /// The (upper, lower) pairs of each gap.
    fn links(&self) -> Vec<Vec<(ItemId, ItemId)>> {
        let pairs = |hop: &Hop| -> Vec<(ItemId, ItemId)> {
            hop.tops.iter().flat_map(|top| hop.bottoms.iter().map(|low| (*top, *low))).collect()
        };
        self.hops.iter().map(|hops| hops.iter().flat_map(pairs).collect()).collect()
    }

    /// Sorts each layer by the mean place of its neighbours above (or below).
    fn sweep(&mut self, links: &[Vec<(ItemId, ItemId)>], down: bool, places: &mut [usize]) {
        let depth = self.rows.len();
        for step in 1..depth {
            let (layer, gap) =
                if down { (step, step - 1) } else { (depth - 1 - step, depth - 1 - step) };
            number(&self.rows, places);
            let mut sum = vec![(0usize, 0usize); self.items.len()];
            for (top, low) in &links[gap] {
                let (of, other) = if down { (*low, *top) } else { (*top, *low) };
                sum[of].0 += places[other];
                sum[of].1 += 1;
            }
            // Items without neighbours keep their place.
            let row = &mut self.rows[layer];
            let slots: Vec<usize> = (0..row.len()).filter(|at| sum[row[*at]].1 > 0).collect();
            let mut moving: Vec<ItemId> = slots.iter().map(|at| row[*at]).collect();
            moving.sort_by(|a, b| {
                let ((a, n), (b, m)) = (sum[*a], sum[*b]);
                (a * m).cmp(&(b * n))
            });
            for (slot, item) in slots.into_iter().zip(moving) {
                row[slot] = item;
            }
        }
    }

    /// Exchanges neighbours while that takes crossings away.
    fn swap_neighbours(&mut self, links: &[Vec<(ItemId, ItemId)>], places: &mut [usize]) {
        number(&self.rows, places);
        let mut above = vec![Vec::new(); self.items.len()];
        let mut under = vec![Vec::new(); self.items.len()];
        for (top, low) in links.iter().flatten() {
            above[*low].push(*top);
            under[*top].push(*low);
        }
        for _ in 0..4 {
            let mut better = false;
            for row in &mut self.rows {
                for at in 1..row.len() {
                    let (left, right) = (row[at - 1], row[at]);
                    let cost = |a: ItemId, b: ItemId| {
                        inversions(&above[a], &above[b], places)
                            + inversions(&under[a], &under[b], places)
                    };
                    if cost(right, left) < cost(left, right) {
                        row.swap(at - 1, at);
                        places.swap(left, right);
                        better = true;
                    }
                }
            }
            if !better {
                break;
            }
        }
    }
}

/// One net per caller for its forward edges and one for its back edges, in order of callers.
fn nets(count: usize, edges: &[Edge], back: &[bool]) -> Vec<Net> {
    let mut grouped: Vec<[Vec<Edge>; 2]> = vec![Default::default(); count];
    for (edge, back) in edges.iter().zip(back) {
        grouped[edge.from][usize::from(*back)].push(*edge);
    }
    let mut nets = Vec::new();
    for (caller, [forward, backward]) in grouped.into_iter().enumerate() {
        for (edges, back) in [(forward, false), (backward, true)] {
            if !edges.is_empty() {
                nets.push(Net { caller, back, edges });
            }
        }
    }
    nets
}

/// Adds the trunk items a net needs and lists what it connects in every gap it passes.
fn hops_of(at: usize, net: &Net, ranks: &[usize], items: &mut Vec<Item>, hops: &mut [Vec<Hop>]) {
    let home = ranks[net.caller];
    let targets = || net.edges.iter().map(|edge| edge.to);
    let far = if net.back {
        targets().map(|to| ranks[to]).min().unwrap_or(home)
    } else {
        targets().map(|to| ranks[to]).max().unwrap_or(home)
    };
    let mut near_item = net.caller;
    let mut layer = home;
    while layer != far {
        let next = if net.back { layer - 1 } else { layer + 1 };
        let mut reached: Vec<ItemId> = targets().filter(|to| ranks[*to] == next).collect();
        let mut onward = near_item;
        if next != far {
            onward = items.len();
            items.push(Item { content: Content::Trunk(at), layer: next, width: TRUNK_WIDTH, x: 0 });
            reached.push(onward);
        }
        let hop = if net.back {
            Hop { net: at, gap: next, tops: reached, bottoms: vec![near_item] }
        } else {
            Hop { net: at, gap: layer, tops: vec![near_item], bottoms: reached }
        };
        hops[hop.gap].push(hop);
        near_item = onward;
        layer = next;
    }
}

/// Makes each box wide enough for an even and an odd column per port on either side.
fn widen_for_ports(items: &mut [Item], hops: &[Vec<Hop>]) {
    let mut above = vec![0; items.len()];
    let mut under = vec![0; items.len()];
    for hop in hops.iter().flatten() {
        hop.tops.iter().for_each(|item| under[*item] += 1);
        hop.bottoms.iter().for_each(|item| above[*item] += 1);
    }
    for (at, item) in items.iter_mut().enumerate() {
        if matches!(item.content, Content::Box(_)) {
            item.width = item.width.max(2 * above[at].max(under[at]) + 2).max(3);
        }
    }
}

/// Items in the order a depth-first walk down from the top layers meets them.
fn discovery_order(items: &[Item], hops: &[Vec<Hop>]) -> Vec<ItemId> {
    let mut below = vec![Vec::new(); items.len()];
    for hop in hops.iter().flatten() {
        for top in &hop.tops {
            below[*top].extend(hop.bottoms.iter().copied());
        }
    }
    let mut starts: Vec<ItemId> = (0..items.len()).collect();
    starts.sort_by_key(|item| items[*item].layer);
    let mut seen = vec![false; items.len()];
    let mut order = Vec::with_capacity(items.len());
    let mut stack = Vec::new();
    for start in starts {
        stack.push(start);
        while let Some(item) = stack.pop() {
            if std::mem::replace(&mut seen[item], true) {
                continue;
            }
            order.push(item);
            stack.extend(below[item].iter().rev().copied());
        }
    }
    order
}

fn number(rows: &[Vec<ItemId>], places: &mut [usize]) {
    for row in rows {
        for (place, item) in row.iter().enumerate() {
            places[*item] = place;
        }
    }
}

/// How many pairs of neighbours cross when `left` stands left of `right`.
fn inversions(left: &[ItemId], right: &[ItemId], places: &[usize]) -> usize {
    left.iter().map(|a| right.iter().filter(|b| places[**b] < places[*a]).count()).sum()
}

fn crossings(links: &[Vec<(ItemId, ItemId)>], rows: &[Vec<ItemId>], places: &mut [usize]) -> usize {
    number(rows, places);
    let mut total = 0;
    for gap in links {
        let mut pairs: Vec<(usize, usize)> =
            gap.iter().map(|(top, low)| (places[*top], places[*low])).collect();
        pairs.sort_unstable();
        for (at, (top, low)) in pairs.iter().enumerate() {
            let crossed = |(t, l): &&(usize, usize)| t < top && l > low;
            total += pairs[..at].iter().filter(crossed).count();
        }
    }
    total
}
