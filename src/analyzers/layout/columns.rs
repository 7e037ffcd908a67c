//! The column of each item, by alternating isotonic regression: in turn, every layer takes the
//! places nearest to its neighbours that keep its order and spacing.

use super::order::{Content, Item, ItemId, Layers};

const ROUNDS: usize = 10;

/// Trunks pull harder than boxes, which keeps them straight.
const TRUNK_WEIGHT: f64 = 4.0;

pub(crate) fn place(layers: &mut Layers, max_width: Option<i32>) {
    let offsets: Vec<Vec<i32>> =
        layers.rows.iter().map(|row| offsets(&layers.items, row)).collect();
    let widest = layers
        .rows
        .iter()
        .zip(&offsets)
        .filter_map(|(row, offsets)| Some(offsets.last()? + layers.items[*row.last()?].width))
        .max()
        .unwrap_or(0);
    let width = widest.max(max_width.unwrap_or(widest));
    let mut left = vec![0.0; layers.items.len()];
    for (row, offsets) in layers.rows.iter().zip(&offsets) {
        let slack = f64::from(width - row_width(&layers.items, row, offsets));
        for (item, offset) in row.iter().zip(offsets) {
            left[*item] = f64::from(*offset) + slack / 2.0;
        }
    }
    let neighbours = neighbours(layers);
    let depth = layers.rows.len();
    for round in 0..ROUNDS {
        for step in 0..depth {
            // Down, up, and in the last rounds by both sides at once.
            let down = round % 2 == 0;
            let layer = if down { step } else { depth - 1 - step };
            let row = &layers.rows[layer];
            let use_above = down || round >= ROUNDS - 2;
            let use_below = !down || round >= ROUNDS - 2;
            let wanted: Vec<(f64, f64)> = row
                .iter()
                .zip(&offsets[layer])
                .map(|(item, offset)| {
                    let (above, below) = &neighbours[*item];
                    let near = above.iter().filter(|_| use_above);
                    let near = near.chain(below.iter().filter(|_| use_below));
                    let (mut sum, mut weight) = (0.0, 0.0);
                    for other in near {
                        let pull = pull(&layers.items[*item], &layers.items[*other]);
                        sum += pull * (left[*other] + lead(&layers.items[*other]));
                        weight += pull;
                    }
                    let aim = if weight > 0.0 {
                        sum / weight - lead(&layers.items[*item])
                    } else {
                        left[*item]
                    };
                    (aim - f64::from(*offset), if weight > 0.0 { weight } else { 0.1 })
                })
                .collect();
            let most = f64::from(width - row_width(&layers.items, row, &offsets[layer])).max(0.0);
            for ((item, offset), y) in row.iter().zip(&offsets[layer]).zip(isotonic(&wanted)) {
                left[*item] = y.clamp(0.0, most) + f64::from(*offset);
            }
        }
    }
    let first = layers
        .rows
        .iter()
        .filter_map(|row| row.first())
        .map(|item| left[*item].round() as i32)
        .min()
        .unwrap_or(0);
    for (row, offsets) in layers.rows.iter().zip(&offsets) {
        for (item, offset) in row.iter().zip(offsets) {
            let y = left[*item] - f64::from(*offset);
            layers.items[*item].x = y.round() as i32 + offset - first;
        }
    }
}

/// Items close up: least distance of each item's left side from the layer's left side.
fn offsets(items: &[Item], row: &[ItemId]) -> Vec<i32> {
    let mut at = 0;
    let mut offsets = Vec::with_capacity(row.len());
    for (place, item) in row.iter().enumerate() {
        offsets.push(at);
        let is_box = |item: &ItemId| matches!(items[*item].content, Content::Box(_));
        let both_boxes = is_box(item) && row.get(place + 1).is_some_and(is_box);
        at += items[*item].width + if both_boxes { 2 } else { 1 };
    }
    offsets
}

fn row_width(items: &[Item], row: &[ItemId], offsets: &[i32]) -> i32 {
    match (row.last(), offsets.last()) {
        (Some(item), Some(offset)) => offset + items[*item].width,
        _ => 0,
    }
}

/// Distance from an item's left side to its anchor.
fn lead(item: &Item) -> f64 {
    f64::from(item.anchor() - item.x)
}

fn pull(one: &Item, other: &Item) -> f64 {
    let trunk = |item: &Item| matches!(item.content, Content::Trunk(_));
    match (trunk(one), trunk(other)) {
        (true, true) => 2.0 * TRUNK_WEIGHT,
        (false, false) => 1.0,
        _ => TRUNK_WEIGHT / 2.0,
    }
}

/// For each item, its neighbours above and below.
fn neighbours(layers: &Layers) -> Vec<(Vec<ItemId>, Vec<ItemId>)> {
    let mut near = vec![(Vec::new(), Vec::new()); layers.items.len()];
    for hop in layers.hops.iter().flatten() {
        for top in &hop.tops {
            for low in &hop.bottoms {
                near[*top].1.push(*low);
                near[*low].0.push(*top);
            }
        }
    }
    near
}

/// Weighted least squares under "never decreasing" (pool adjacent violators).
fn isotonic(wanted: &[(f64, f64)]) -> Vec<f64> {
    let mut pools: Vec<(f64, f64, usize)> = Vec::with_capacity(wanted.len());
    for (value, weight) in wanted {
        pools.push((*value, *weight, 1));
        while let [.., (a, v, n), (b, w, m)] = pools[..] {
            if a <= b {
                break;
            }
            pools.pop();
            if let Some(last) = pools.last_mut() {
                *last = ((a * v + b * w) / (v + w), v + w, n + m);
            }
        }
    }
    pools.iter().flat_map(|(value, _, count)| std::iter::repeat_n(*value, *count)).collect()
}
