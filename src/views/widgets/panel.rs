//! A pane's title line: quiet, unless the pane has the focus.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::line;
use crate::app::{Line, Role};
use crate::views::theme::Theme;

/// Paints `── title ───── note ──` over the first row; hands back what is left of the area.
pub fn title(
    theme: &Theme,
    area: Rect,
    focused: bool,
    title: &Line,
    note: &str,
    buf: &mut Buffer,
) -> Rect {
    if area.height == 0 || area.width < 4 {
        return area;
    }
    let role = if focused { Role::BorderFocused } else { Role::Border };
    let rule = "─".repeat(area.width as usize);
    buf.set_stringn(area.x, area.y, &rule, area.width as usize, theme.style(role));
    let note_width = if note.is_empty() { 0 } else { note.width() as u16 + 3 };
    let room = area.width.saturating_sub(4 + note_width);
    if !title.is_empty() && room > 3 {
        let mut shown = Line::text(" ");
        shown.spans.extend(title.spans.iter().cloned().map(|mut span| {
            if focused && span.role == Role::Title {
                span.role = Role::BorderFocused;
            }
            span
        }));
        let used = line::draw(theme, &shown, area.x + 1, area.y, room, buf);
        buf.set_string(area.x + 1 + used, area.y, " ", theme.style(Role::Text));
    }
    if note_width > 0 && note_width + 4 < area.width {
        let note = Line::text(" ").push(Role::Dim, note).push(Role::Text, " ");
        let x = area.right() - note_width;
        line::draw(theme, &note, x, area.y, note_width, buf);
    }
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}
