//! A grid of characters with roles, for pictures that are not lists: graphs and lanes.

use unicode_width::UnicodeWidthChar;

use super::text::{Line, Role, sanitise};

/// Cells to paint on; what falls outside is left out.
#[derive(Debug, Clone, Default)]
pub struct Canvas {
    width: usize,
    rows: Vec<Vec<(char, Role)>>,
}

/// Stands in the cell that a wide character covers besides its own.
const COVERED: char = '\0';

impl Canvas {
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, rows: vec![vec![(' ', Role::Text); width]; height] }
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn height(&self) -> usize {
        self.rows.len()
    }

    /// Whether a cell holds nothing yet.
    pub fn is_free(&self, x: i32, y: i32) -> bool {
        self.at(x, y).is_some_and(|(text, _)| text == ' ')
    }

    pub fn at(&self, x: i32, y: i32) -> Option<(char, Role)> {
        let row = self.rows.get(usize::try_from(y).ok()?)?;
        row.get(usize::try_from(x).ok()?).copied()
    }

    pub fn put(&mut self, x: i32, y: i32, text: char, role: Role) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if let Some(cell) = self.rows.get_mut(y).and_then(|row| row.get_mut(x)) {
            *cell = (text, role);
        }
    }

    /// Writes text; control characters become visible ones.
    pub fn write(&mut self, x: i32, y: i32, text: &str, role: Role) {
        let mut x = x;
        for character in sanitise(text).chars() {
            let wide = character.width().unwrap_or(0) as i32;
            if wide == 0 {
                continue;
            }
            self.put(x, y, character, role);
            if wide == 2 {
                self.put(x + 1, y, COVERED, role);
            }
            x += wide;
        }
    }

    /// A box border of the four corners' style.
    pub fn frame(&mut self, (x, y, width, height): (i32, i32, i32, i32), style: Frame, role: Role) {
        let [across, down, top_left, top_right, bottom_left, bottom_right] = style.glyphs();
        let (right, bottom) = (x + width - 1, y + height - 1);
        for column in x + 1..right {
            self.put(column, y, across, role);
            self.put(column, bottom, across, role);
        }
        for row in y + 1..bottom {
            self.put(x, row, down, role);
            self.put(right, row, down, role);
        }
        self.put(x, y, top_left, role);
        self.put(right, y, top_right, role);
        self.put(x, bottom, bottom_left, role);
        self.put(right, bottom, bottom_right, role);
    }

    /// The rows as lines, without what is blank at their ends.
    pub fn lines(&self) -> Vec<Line> {
        self.rows
            .iter()
            .map(|row| {
                let used = row.iter().rposition(|(text, _)| *text != ' ').map_or(0, |at| at + 1);
                let mut line = Line::default();
                let mut run = String::new();
                let mut role = Role::Text;
                for (text, next) in row[..used].iter().filter(|(text, _)| *text != COVERED) {
                    if *next != role && !run.is_empty() {
                        line = line.push(role, &std::mem::take(&mut run));
                    }
                    role = *next;
                    run.push(*text);
                }
                line.push(role, &run)
            })
            .collect()
    }
}

/// How a box is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Frame {
    Round,
    Heavy,
    Dashed,
}

impl Frame {
    fn glyphs(self) -> [char; 6] {
        match self {
            Self::Round => ['─', '│', '╭', '╮', '╰', '╯'],
            Self::Heavy => ['━', '┃', '┏', '┓', '┗', '┛'],
            Self::Dashed => ['╌', '┆', '╭', '╮', '╰', '╯'],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clips_and_keeps_wide_characters_whole() {
        let mut canvas = Canvas::new(6, 2);
        canvas.write(1, 0, "漢a\u{1b}", Role::Accent);
        canvas.write(4, 1, "out of it", Role::Text);
        canvas.write(-3, 5, "nowhere", Role::Text);
        let lines: Vec<String> = canvas.lines().iter().map(Line::plain).collect();
        assert_eq!(lines, [" 漢a␛", "    ou"]);
        assert!(canvas.is_free(0, 0) && !canvas.is_free(2, 0) && !canvas.is_free(9, 9));
    }
}
