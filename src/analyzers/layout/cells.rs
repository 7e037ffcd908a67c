//! A drawing's lines as cells with box-drawing joints.

use rustc_hash::FxHashMap;

use super::Drawing;

/// Which sides of a cell a line touches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Sides {
    pub up: bool,
    pub down: bool,
    pub left: bool,
    pub right: bool,
}

impl Sides {
    const VERTICAL: Self = Self { up: true, down: true, left: false, right: false };
    const HORIZONTAL: Self = Self { up: false, down: false, left: true, right: true };

    /// The line as one character; dashed where it runs straight.
    pub fn glyph(self, dashed: bool) -> char {
        match (self.up, self.down, self.left, self.right) {
            (true, true, false, false) if dashed => '┆',
            (false, false, true, true) if dashed => '╌',
            (false, true, false, true) => '╭',
            (false, true, true, false) => '╮',
            (true, false, false, true) => '╰',
            (true, false, true, false) => '╯',
            (true, true, false, true) => '├',
            (true, true, true, false) => '┤',
            (false, true, true, true) => '┬',
            (true, false, true, true) => '┴',
            (true, true, true, true) => '┼',
            (_, _, false, false) => '│',
            (false, false, ..) => '─',
        }
    }

    fn add(&mut self, other: Self) {
        self.up |= other.up;
        self.down |= other.down;
        self.left |= other.left;
        self.right |= other.right;
    }
}

/// One cell of a line or an arrow head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    pub x: i32,
    pub y: i32,
    pub sides: Sides,
    /// Index into [`Drawing::routes`].
    pub route: usize,
    /// The one edge it serves, where it serves one.
    pub edge: Option<usize>,
    /// The head of `edge`: `Some(true)` points up.
    pub arrow: Option<bool>,
    /// Another caller's line passes behind this one here.
    pub crossing: bool,
}

impl Drawing {
    /// All cells outside boxes that lines occupy, sorted by row and column, each once: where two
    /// callers cross, the vertical line is kept.
    pub fn cells(&self) -> Vec<Cell> {
        let mut cells: FxHashMap<(i32, i32), Cell> = FxHashMap::default();
        for (at, route) in self.routes.iter().enumerate() {
            let mut own: FxHashMap<(i32, i32), (Sides, Option<usize>)> = FxHashMap::default();
            for segment in &route.segments {
                let ((x0, y0), (x1, y1)) = (segment.from, segment.to);
                for y in y0..=y1 {
                    for x in x0..=x1 {
                        let sides = Sides { up: y > y0, down: y < y1, left: x > x0, right: x < x1 };
                        let fresh = !own.contains_key(&(x, y));
                        let entry = own.entry((x, y)).or_default();
                        entry.0.add(sides);
                        entry.1 = if fresh { segment.edge } else { None };
                    }
                }
            }
            for ((x, y), (sides, edge)) in own {
                let cell = Cell { x, y, sides, route: at, edge, arrow: None, crossing: false };
                cells
                    .entry((x, y))
                    .and_modify(|other| {
                        if other.sides == Sides::HORIZONTAL && sides == Sides::VERTICAL {
                            *other = cell;
                        }
                        other.crossing = true;
                    })
                    .or_insert(cell);
            }
        }
        for (at, route) in self.routes.iter().enumerate() {
            for arrow in &route.arrows {
                if let Some(cell) = cells.get_mut(&(arrow.x, arrow.y)) {
                    debug_assert_eq!(cell.route, at);
                    cell.edge = Some(arrow.edge);
                    cell.arrow = Some(arrow.up);
                }
            }
        }
        let mut cells: Vec<Cell> = cells
            .into_values()
            .filter(|cell| !self.boxes.iter().any(|area| area.contains(cell.x, cell.y)))
            .collect();
        cells.sort_unstable_by_key(|cell| (cell.y, cell.x));
        cells
    }
}
