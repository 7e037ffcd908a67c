//! Source text with line numbers and marks.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{line, list};
use crate::app::links::Place;
use crate::app::model::Model;
use crate::app::screens::source;
use crate::app::{Line, Role};
use crate::views::theme::Theme;

/// Paints the source around a place, that line emphasised, without cursor.
pub fn draw(model: &Model, theme: &Theme, place: &Place, area: Rect, buf: &mut Buffer) {
    let Some(text) = model.texts.get(&place.file) else {
        let note = if model.texts.is_unreadable(&place.file) {
            "This file cannot be read."
        } else {
            "Reading …"
        };
        line::draw(theme, &Line::dim(note), area.x + 2, area.y, area.width.saturating_sub(2), buf);
        return;
    };
    let height = area.height as usize;
    let target = place.line as usize;
    let first =
        target.saturating_sub(height / 3).min((text.line_count() + 1).saturating_sub(height));
    let marks = source::marks(model, &place.file);
    for (row, number) in (first.max(1)..=text.line_count()).take(height).enumerate() {
        let area = Rect { y: area.y + row as u16, height: 1, ..area };
        draw_line(model, theme, &place.file, number, 0, &marks, area, buf);
        if number == target {
            list::select(theme, area, false, buf);
        }
    }
}

/// Cells before the text: mark, number, space.
pub const GUTTER: u16 = 8;

/// Paints one numbered line with its mark, scrolled by `column` cells.
#[expect(clippy::too_many_arguments, reason = "a line's place, its scroll and where it goes")]
pub fn draw_line(
    model: &Model,
    theme: &Theme,
    file: &str,
    number: usize,
    column: usize,
    marks: &source::Marks,
    area: Rect,
    buf: &mut Buffer,
) {
    if let Some(mark) = marks.lines.get(&(number as u32)).and_then(|marks| marks.first()) {
        buf.set_stringn(area.x, area.y, mark.glyph, 2, theme.style(mark.role));
    }
    let shown = format!("{number:>5}");
    buf.set_stringn(area.x + 1, area.y, &shown, 6, theme.style(Role::LineNumber));
    let text = source::source_line(model, file, number);
    let text = if column > 0 { line::scrolled(&text, column) } else { text };
    line::draw(theme, &text, area.x + GUTTER, area.y, area.width.saturating_sub(GUTTER), buf);
}
