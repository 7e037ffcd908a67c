//! Lines between placed items: ports, tracks and segments.
//!
//! In the gap between two layers every net has at most one horizontal track. Two nets may share a
//! row of the gap when their tracks do not touch. A column may end one net from above and start
//! another towards below; the first must then have the higher track. Where such demands contradict
//! each other, the gap's ports move to even columns above and odd columns below, which leaves no
//! demand at all.

use super::order::{Content, Hop, ItemId, Layers, Net};
use super::{Area, Arrow, Drawing, Graph, Route, Segment};

/// One net in one gap with its columns chosen.
struct Wire<'a> {
    hop: &'a Hop,
    tops: Vec<i32>,
    bottoms: Vec<i32>,
    row: i32,
}

impl Wire<'_> {
    fn columns(&self) -> impl Iterator<Item = i32> {
        self.tops.iter().chain(&self.bottoms).copied()
    }

    fn low(&self) -> i32 {
        self.columns().min().unwrap_or(0)
    }

    fn high(&self) -> i32 {
        self.columns().max().unwrap_or(0)
    }

    /// Needs no track: it runs straight down.
    fn straight(&self) -> bool {
        self.low() == self.high()
    }
}

pub(crate) fn draw(graph: &Graph, layers: &Layers) -> Drawing {
    let mut boxes = vec![Area::default(); graph.boxes.len()];
    let mut routes: Vec<Route> = layers
        .nets
        .iter()
        .map(|net| Route {
            caller: net.caller,
            back: net.back,
            segments: Vec::new(),
            arrows: Vec::new(),
            exit: (0, 0),
        })
        .collect();
    // Where each trunk enters and leaves its layer.
    let mut enters = vec![0; layers.items.len()];
    let mut leaves = vec![0; layers.items.len()];
    let mut spans = Vec::with_capacity(layers.rows.len());
    let mut gaps = Vec::with_capacity(layers.rows.len());
    let mut y = 0;
    for (layer, row) in layers.rows.iter().enumerate() {
        let mut tall = 1;
        for item in row {
            if let Content::Box(node) = layers.items[*item].content {
                let (x, width) = (layers.items[*item].x, layers.items[*item].width);
                let height = graph.boxes[node].height;
                boxes[node] = Area { x, y, width, height };
                tall = tall.max(height);
            }
        }
        let wires = wires(graph, layers, layer);
        for wire in &wires {
            let ends = |items: &[ItemId], columns: &[i32], store: &mut Vec<i32>| {
                for (item, column) in items.iter().zip(columns) {
                    store[*item] = *column;
                }
            };
            ends(&wire.hop.tops, &wire.tops, &mut leaves);
            ends(&wire.hop.bottoms, &wire.bottoms, &mut enters);
        }
        spans.push((y, y + tall - 1));
        let heads = |back: bool| {
            let ends = |wire: &Wire| {
                let net = &layers.nets[wire.hop.net];
                let items = if back { &wire.hop.tops } else { &wire.hop.bottoms };
                net.back == back && items.iter().any(|item| is_box(layers, *item))
            };
            i32::from(wires.iter().any(ends))
        };
        let tracks = wires.iter().filter(|wire| !wire.straight()).map(|wire| wire.row + 1).max();
        let first_track = y + tall + heads(true);
        let rows = heads(true) + tracks.unwrap_or(0) + heads(false);
        y += tall + if layer + 1 < layers.rows.len() { rows.max(1) } else { 0 };
        gaps.push((first_track, wires));
    }
    for (layer, (first_track, wires)) in gaps.iter().enumerate() {
        for wire in wires {
            let upper = |item: ItemId| match layers.items[item].content {
                Content::Box(node) => boxes[node].bottom(),
                Content::Trunk(_) => spans[layer].1,
            };
            let lower = spans.get(layer + 1).map_or(0, |span| span.0);
            lay_wire(layers, wire, first_track + wire.row, upper, lower, &mut routes);
        }
    }
    for (at, item) in layers.items.iter().enumerate() {
        if let Content::Trunk(net) = item.content {
            let (top, bottom) = spans[item.layer];
            pass(&mut routes[net].segments, (enters[at], leaves[at]), (top, bottom));
        }
    }
    let right = boxes.iter().map(|area| area.x + area.width);
    let lines = routes.iter().flat_map(|route| &route.segments).map(|segment| segment.to.0 + 1);
    Drawing {
        width: right.chain(lines).max().unwrap_or(0),
        height: y,
        boxes,
        routes,
        loops: vec![],
    }
}

fn is_box(layers: &Layers, item: ItemId) -> bool {
    matches!(layers.items[item].content, Content::Box(_))
}

/// The segments and arrow heads of one wire.
fn lay_wire(
    layers: &Layers,
    wire: &Wire,
    track: i32,
    upper: impl Fn(ItemId) -> i32,
    lower: i32,
    routes: &mut [Route],
) {
    let net = &layers.nets[wire.hop.net];
    let route = &mut routes[wire.hop.net];
    let edge_to = |item: ItemId| match layers.items[item].content {
        Content::Box(node) => net.edges.iter().find(|edge| edge.to == node).map(|edge| edge.index),
        Content::Trunk(_) => None,
    };
    let straight = wire.straight();
    for (item, column) in wire.hop.tops.iter().zip(&wire.tops) {
        let start = upper(*item);
        let edge = if net.back { edge_to(*item) } else { None };
        let end = if straight { lower } else { track };
        // A straight wire is one line that serves its one edge.
        let serves = edge.or_else(|| {
            wire.hop.bottoms.first().filter(|_| straight && !net.back).and_then(|low| edge_to(*low))
        });
        route.segments.push(Segment { from: (*column, start), to: (*column, end), edge: serves });
        if let Some(edge) = edge {
            route.arrows.push(Arrow { x: *column, y: start + 1, edge, up: true });
        } else if !net.back && is_box(layers, *item) {
            route.exit = (*column, start);
        }
    }
    for (item, column) in wire.hop.bottoms.iter().zip(&wire.bottoms) {
        let edge = if net.back { None } else { edge_to(*item) };
        if !straight {
            let (from, to) = ((*column, track), (*column, lower));
            route.segments.push(Segment { from, to, edge });
        }
        if let Some(edge) = edge {
            route.arrows.push(Arrow { x: *column, y: lower - 1, edge, up: false });
        } else if net.back && is_box(layers, *item) {
            route.exit = (*column, lower);
        }
    }
    if !straight {
        let (from, to) = ((wire.low(), track), (wire.high(), track));
        route.segments.push(Segment { from, to, edge: None });
    }
}

/// A trunk through its layer, with a jog half-way where it leaves by another column.
fn pass(segments: &mut Vec<Segment>, (enter, leave): (i32, i32), (top, bottom): (i32, i32)) {
    let mut line = |from, to| segments.push(Segment { from, to, edge: None });
    if enter == leave {
        line((enter, top), (enter, bottom));
        return;
    }
    let middle = (top + bottom) / 2;
    line((enter, top), (enter, middle));
    line((enter.min(leave), middle), (enter.max(leave), middle));
    line((leave, middle), (leave, bottom));
}

/// Chooses columns and rows for all nets of the gap below `layer`.
fn wires<'a>(graph: &Graph, layers: &'a Layers, layer: usize) -> Vec<Wire<'a>> {
    let mut wires: Vec<Wire> = layers.hops[layer]
        .iter()
        .map(|hop| Wire { hop, tops: Vec::new(), bottoms: Vec::new(), row: 0 })
        .collect();
    for any_column in [true, false] {
        assign_columns(graph, layers, &mut wires, any_column);
        if let Some(order) = track_order(&wires) {
            assign_rows(&mut wires, &order);
            break;
        }
    }
    wires
}

/// Gives each wire its columns. With `any_column` false, even ones above and odd ones below.
fn assign_columns(graph: &Graph, layers: &Layers, wires: &mut [Wire], any_column: bool) {
    let anchor = |item: ItemId| layers.items[item].anchor();
    let mean = |items: &[ItemId]| {
        let sum: i32 = items.iter().map(|item| anchor(*item)).sum();
        sum / (items.len() as i32).max(1)
    };
    let covers = |item: ItemId, column: i32| {
        let item = &layers.items[item];
        item.x < column && column < item.x + item.width - 1
    };
    for upper in [true, false] {
        // Per item, the ports it needs on this side: (wanted column, wire, place in the wire,
        // cells it takes).
        let mut ports: std::collections::BTreeMap<ItemId, Vec<(i32, usize, usize, i32)>> =
            Default::default();
        for (at, wire) in wires.iter().enumerate() {
            let net = &layers.nets[wire.hop.net];
            let items = if upper { &wire.hop.tops } else { &wire.hop.bottoms };
            for (place, item) in items.iter().enumerate() {
                let exit = upper && !net.back && is_box(layers, *item);
                let wanted = match wire.hop.bottoms[..] {
                    // One callee under its caller: leave right above it.
                    [only] if exit && covers(*item, anchor(only)) => anchor(only),
                    _ if exit => anchor(*item),
                    _ if upper => mean(&wire.hop.bottoms),
                    _ => wire.tops.first().copied().unwrap_or_else(|| anchor(*item)),
                };
                let label = if net.back == upper { label(graph, layers, net, *item) } else { 0 };
                ports.entry(*item).or_default().push((wanted, at, place, label + 2));
            }
        }
        for wire in wires.iter_mut() {
            let count = if upper { wire.hop.tops.len() } else { wire.hop.bottoms.len() };
            let columns = vec![0; count];
            if upper { wire.tops = columns } else { wire.bottoms = columns }
        }
        for (item, mut wanted) in ports {
            wanted.sort_unstable();
            let row = &layers.rows[layers.items[item].layer];
            let last = row.last() == Some(&item);
            let item = &layers.items[item];
            let (first, end) = match item.content {
                Content::Box(_) => (item.x + 1, item.x + item.width - 2),
                Content::Trunk(_) if any_column => (item.x, item.x),
                Content::Trunk(_) => (item.x, item.x + item.width - 1),
            };
            let parity = (!any_column).then_some(i32::from(!upper));
            let aims: Vec<(i32, i32)> =
                wanted.iter().map(|(aim, .., room)| (*aim, *room)).collect();
            let columns = spread(&aims, (first, end), parity, last);
            for (column, (_, wire, place, _)) in columns.into_iter().zip(wanted) {
                let wire = &mut wires[wire];
                if upper { wire.tops[place] = column } else { wire.bottoms[place] = column }
            }
        }
    }
}

/// The cells of the label at the head of a net's edge to `item`.
fn label(graph: &Graph, layers: &Layers, net: &Net, item: ItemId) -> i32 {
    let Content::Box(node) = layers.items[item].content else { return 0 };
    let edge = net.edges.iter().find(|edge| edge.to == node);
    let label = edge.and_then(|edge| graph.labels.get(edge.index)).copied().unwrap_or(0);
    if label > 0 { label + 1 } else { 0 }
}

/// Columns in `first..=last`, increasing, near `aims` (sorted; each with the cells it would like to
/// take), as far apart as there is room for. `free` says that nothing stands to the right.
fn spread(
    aims: &[(i32, i32)],
    (first, last): (i32, i32),
    parity: Option<i32>,
    free: bool,
) -> Vec<i32> {
    // With a parity, work on half the columns and scale back.
    let (scale, shift) = match parity {
        Some(parity) => (2, parity),
        None => (1, 0),
    };
    let low = (first - shift + scale - 1).div_euclid(scale);
    let high = (last - shift).div_euclid(scale);
    let count = aims.len() as i32;
    let wished: i32 = aims.iter().map(|(_, room)| room).sum();
    let room = |room: i32| match () {
        () if scale == 2 => 1,
        // The last label may hang over the border by the gap behind the box.
        () if wished <= high - low + 3 => room,
        () if (count - 1) * 2 <= high - low => 2,
        () => 1,
    };
    let mut columns: Vec<i32> = Vec::with_capacity(aims.len());
    let mut least = low;
    for (aim, wish) in aims {
        let column = (aim - shift).div_euclid(scale).max(least);
        columns.push(column);
        least = column + room(*wish);
    }
    let mut end = high + 1;
    for (at, column) in columns.iter_mut().enumerate().rev() {
        let last = at + 1 == aims.len();
        let wish = room(aims[at].1);
        // The last port needs no distance to a next one, only its label's cells.
        let own = match last {
            true if free => 1,
            true => (wish - 2).clamp(1, high - low + 1),
            false => wish,
        };
        *column = (*column).min(end - own).max(low.min(end - 1));
        end = *column;
    }
    columns.iter().map(|column| column * scale + shift).collect()
}

/// An order of the tracks from top to bottom that meets all demands with few crossings; `None`
/// when the demands contradict each other.
fn track_order(wires: &[Wire]) -> Option<Vec<usize>> {
    let over = |a: usize, b: usize| {
        a != b && wires[a].tops.iter().any(|column| wires[b].bottoms.contains(column))
    };
    let mut waiting: Vec<usize> = (0..wires.len()).filter(|at| !wires[*at].straight()).collect();
    waiting.sort_by_key(|at| (wires[*at].low(), wires[*at].high()));
    let mut order = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let free = waiting.iter().position(|at| !waiting.iter().any(|other| over(*other, *at)))?;
        order.push(waiting.remove(free));
    }
    for _ in 0..order.len() {
        let mut better = false;
        for at in 1..order.len() {
            let (upper, lower) = (order[at - 1], order[at]);
            let swapped = crossings(&wires[lower], &wires[upper]);
            if !over(upper, lower) && swapped < crossings(&wires[upper], &wires[lower]) {
                order.swap(at - 1, at);
                better = true;
            }
        }
        if !better {
            break;
        }
    }
    Some(order)
}

/// Crossings of two wires when `upper` has the higher track.
fn crossings(upper: &Wire, lower: &Wire) -> usize {
    let within = |wire: &Wire, column: i32| wire.low() <= column && column <= wire.high();
    lower.tops.iter().filter(|column| within(upper, **column)).count()
        + upper.bottoms.iter().filter(|column| within(lower, **column)).count()
}

/// Moves tracks up as far as their order allows; tracks that do not touch share a row.
fn assign_rows(wires: &mut [Wire], order: &[usize]) {
    for (place, at) in order.iter().enumerate() {
        let wire = &wires[*at];
        let apart = |other: &Wire| other.high() + 1 < wire.low() || wire.high() + 1 < other.low();
        let row = order[..place]
            .iter()
            .filter(|other| !apart(&wires[**other]))
            .map(|other| wires[*other].row + 1)
            .max()
            .unwrap_or(0);
        wires[*at].row = row;
    }
}
