//! The pane beside a list: lines that lead somewhere, with a cursor and scroll of their own.

use std::cell::Cell;

use super::links::Links;
use super::text::{Line, Role};

/// One line of a detail pane. Long lines wrap unless they are source code.
#[derive(Debug, Clone, Default)]
pub struct DetailLine {
    pub line: Line,
    pub links: Links,
    /// Keep on one row (source, tables).
    pub no_wrap: bool,
}

/// What a detail pane shows.
#[derive(Debug, Clone, Default)]
pub struct Detail {
    pub title: Line,
    pub lines: Vec<DetailLine>,
}

impl Detail {
    pub fn titled(title: &str) -> Self {
        Self { title: Line::new(Role::Title, title), lines: Vec::new() }
    }

    pub fn line(&mut self, line: Line) {
        self.lines.push(DetailLine { line, ..DetailLine::default() });
    }

    pub fn linked(&mut self, line: Line, links: Links) {
        self.lines.push(DetailLine { line, links, no_wrap: false });
    }

    /// A line that is cut at the pane's edge instead of wrapped.
    pub fn fixed(&mut self, line: Line, links: Links) {
        self.lines.push(DetailLine { line, links, no_wrap: true });
    }

    pub fn blank(&mut self) {
        self.lines.push(DetailLine::default());
    }

    /// A section's heading, with a blank line above it.
    pub fn heading(&mut self, text: &str) {
        if !self.lines.is_empty() {
            self.blank();
        }
        self.line(Line::new(Role::Title, text));
    }

    /// `name  value`, the name dim and padded so that values stand in a column.
    pub fn field(&mut self, name: &str, value: Line) {
        let mut line = Line::dim(&format!("{name:<11}"));
        line.spans.extend(value.spans);
        self.line(line);
    }

    pub fn linked_field(&mut self, name: &str, value: Line, links: Links) {
        self.field(name, value);
        if let Some(last) = self.lines.last_mut() {
            last.links = links;
        }
    }
}

/// What the user did to a detail pane.
#[derive(Debug, Clone, Default)]
pub struct DetailState {
    /// The line that keys act on while the pane has the focus.
    pub cursor: usize,
    /// Columns scrolled to the right.
    pub column: usize,
    /// First screen row shown; kept by the code that draws.
    pub offset: Cell<usize>,
    /// Screen rows that fit; kept by the code that draws.
    pub height: Cell<usize>,
    /// Cells for text; kept by the code that draws, before it asks for the detail.
    pub width: Cell<usize>,
}

/// The width a detail is made for before any frame was drawn.
const USUAL_WIDTH: usize = 76;

impl DetailState {
    pub fn reset(&mut self) {
        let (height, width) = (self.height.clone(), self.width.clone());
        *self = Self { height, width, ..Self::default() };
    }

    /// The cursor among `count` lines; it may stand beyond them, which means at their end.
    pub fn at(&self, count: usize) -> usize {
        self.cursor.min(count.saturating_sub(1))
    }

    /// The width to lay tables, pictures and pages out for.
    pub fn text_width(&self) -> usize {
        match self.width.get() {
            0 => USUAL_WIDTH,
            width => width,
        }
    }
}
