//! A line of text being typed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::line;
use crate::app::input::Input;
use crate::app::{Line, Role};
use crate::views::hit::HitMap;
use crate::views::theme::Theme;

/// Paints the text, scrolled so that the cursor shows; places the terminal's cursor when `typing`.
pub fn draw(
    theme: &Theme,
    input: &Input,
    typing: bool,
    area: Rect,
    buf: &mut Buffer,
    hits: &mut HitMap,
) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let width = area.width as usize;
    let column = input.cursor_column();
    let skip = if typing { (column + 1).saturating_sub(width) } else { 0 };
    let shown = line::scrolled(&Line::new(Role::Text, input.text()), skip);
    line::draw(theme, &shown, area.x, area.y, area.width, buf);
    if typing {
        hits.cursor = Some((area.x + (column - skip) as u16, area.y));
    }
}
