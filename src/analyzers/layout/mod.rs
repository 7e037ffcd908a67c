//! Graphs → coordinates on a grid of cells. Pure and deterministic; knows no terminal.
//!
//! A layered drawing, callers above callees, in the steps of the classic method:
//!
//! 1. [`cycles`]: edges that close a cycle are turned round for layout and drawn dashed, upwards.
//! 2. [`ranks`]: longest path, then pulled towards callees, then wrapped to the width asked for.
//! 3. [`order`]: barycentre sweeps and adjacent swaps, starting from the previous drawing.
//! 4. [`columns`]: x by alternating isotonic regression.
//! 5. [`route`]: one trunk per caller per layer; a horizontal track per caller in every gap, an
//!    entry port per caller at every callee. Lines of two callers never share a cell except where
//!    they cross, and a crossing leaves a gap: a joint always means "same caller".
//!
//! [`tree`] is the form for graphs too large to draw ([`TOO_MANY_BOXES`]), [`neighbourhood`] cuts
//! what is drawn out of a call graph, [`export`] writes pictures as text.

mod cells;
mod columns;
mod cycles;
pub mod export;
pub mod neighbourhood;
mod order;
mod ranks;
mod route;
pub mod tree;

#[cfg(test)]
mod tests;

pub use cells::{Cell, Sides};

/// Past this many boxes a drawing stops being readable: show [`tree`] instead.
pub const TOO_MANY_BOXES: usize = 60;

/// What is to be drawn. Boxes are referred to by index; edges stand in source order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Graph {
    pub boxes: Vec<Size>,
    pub edges: Vec<(usize, usize)>,
    /// Cells of text that will stand beside each edge's head; may be left empty.
    pub labels: Vec<i32>,
}

/// The size of a box in cells, its border included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    pub width: i32,
    pub height: i32,
}

/// How to draw it.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Layers wider than this are wrapped into several.
    pub max_width: Option<i32>,
    /// Where each box stood before (its x): keeps a drawing still across small changes.
    pub previous: Vec<Option<i32>>,
}

/// A finished drawing; its top left cell is (0, 0).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawing {
    pub width: i32,
    pub height: i32,
    /// In the order of [`Graph::boxes`]; a box may have become wider to hold its ports.
    pub boxes: Vec<Area>,
    pub routes: Vec<Route>,
    /// Boxes with an edge to themselves, with the index of that edge.
    pub loops: Vec<(usize, usize)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Area {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

impl Area {
    pub fn contains(&self, x: i32, y: i32) -> bool {
        x >= self.x && x < self.x + self.width && y >= self.y && y < self.y + self.height
    }

    pub fn bottom(&self) -> i32 {
        self.y + self.height - 1
    }
}

/// All lines of one caller in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub caller: usize,
    /// Leads upwards, to callees that stand above: drawn dashed.
    pub back: bool,
    /// From cell centre to cell centre; horizontal or vertical. They start and end on box borders.
    pub segments: Vec<Segment>,
    pub arrows: Vec<Arrow>,
    /// The cell of the caller's border where the route leaves it.
    pub exit: (i32, i32),
}

/// A straight piece with `from <= to`. `edge` is set where it serves a single edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    pub from: (i32, i32),
    pub to: (i32, i32),
    pub edge: Option<usize>,
}

/// The head of an edge, in the cell next to the callee's border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrow {
    pub x: i32,
    pub y: i32,
    /// Index into [`Graph::edges`]; of equal edges the first.
    pub edge: usize,
    pub up: bool,
}

/// Draws `graph`. Edges that repeat are drawn once, edges that name no box are left out.
pub fn lay_out(graph: &Graph, settings: &Settings) -> Drawing {
    let count = graph.boxes.len();
    if count == 0 {
        return Drawing::default();
    }
    let (edges, loops) = distinct_edges(graph);
    let back = cycles::back_edges(count, &edges);
    let attempt = |wrap: Option<i32>| {
        let ranks = ranks::assign(graph, &edges, &back, wrap);
        let mut layers = order::Layers::new(graph, &edges, &back, &ranks);
        layers.arrange(&settings.previous);
        columns::place(&mut layers, settings.max_width);
        route::draw(graph, &layers)
    };
    let mut drawing = attempt(settings.max_width);
    if let Some(width) = settings.max_width {
        // Lines that pass a layer take room too: wrap more tightly while that helps.
        let mut wrap = width;
        for _ in 0..ATTEMPTS {
            let over = drawing.width - width;
            if over <= 0 || wrap * 2 < width {
                break;
            }
            wrap -= over.clamp(width / 16, width / 4).max(1);
            let next = attempt(Some(wrap));
            if next.width < drawing.width {
                drawing = next;
            }
        }
    }
    drawing.loops = loops;
    drawing
}

/// How often a drawing that is too wide is tried again.
const ATTEMPTS: usize = 5;

/// An edge between two different boxes, first of its kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    pub from: usize,
    pub to: usize,
    /// Index into [`Graph::edges`].
    pub index: usize,
}

fn distinct_edges(graph: &Graph) -> (Vec<Edge>, Vec<(usize, usize)>) {
    let mut seen = rustc_hash::FxHashSet::default();
    let (mut edges, mut loops) = (Vec::new(), Vec::new());
    for (index, (from, to)) in graph.edges.iter().copied().enumerate() {
        let known = from < graph.boxes.len() && to < graph.boxes.len();
        if !known || !seen.insert((from, to)) {
            continue;
        }
        if from == to {
            loops.push((from, index));
        } else {
            edges.push(Edge { from, to, index });
        }
    }
    (edges, loops)
}
