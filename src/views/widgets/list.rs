//! The list or tree of a screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::{input, line, panel};
use crate::app::list::{Fold, Matcher, Row};
use crate::app::model::{Focus, Model};
use crate::app::{Hit, Line, Role, View, screens};
use crate::views::hit::HitMap;
use crate::views::theme::Theme;

/// Paints the list of the screen on top: title with counts, rows, the filter's line.
pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let view = model.view;
    let rows = model.rows(view);
    let list = model.list();
    let focused = model.focus == Focus::List;
    hits.push(area, Hit::List);

    let count = if list.filter.is_set() {
        format!("{}/{}", rows.matched, rows.total)
    } else {
        rows.top.to_string()
    };
    let title = Line::new(Role::Title, view.title()).push(Role::Dim, &format!(" {count}"));
    let mut inner = panel::title(theme, area, focused, &title, "", buf);
    if list.filter.editing || list.filter.is_set() {
        inner = filter(model, theme, inner, buf, hits);
    }
    if rows.items.is_empty() {
        empty(model, theme, view, inner, buf);
        return;
    }
    let matcher = Matcher::new(list.filter.text());
    let height = inner.height as usize;
    let offset = list.scroll_into(height, rows.items.len());
    for (at, row) in rows.items.iter().enumerate().skip(offset).take(height) {
        let y = inner.y + (at - offset) as u16;
        let area = Rect { y, height: 1, ..inner };
        hits.push(area, Hit::Row(at));
        let selected = at == list.index;
        draw_row(theme, row, &matcher, selected.then_some(focused), area, buf);
        if row.fold != Fold::Leaf {
            let mark = Rect { x: area.x + 1 + 2 * row.depth, width: 2, ..area };
            hits.push(mark.intersection(area), Hit::Fold(at));
        }
    }
    scrollbar(theme, inner, offset, rows.items.len(), buf);
}

/// Paints one row; `selected` says whether it is, and whether its pane has the focus.
pub fn draw_row(
    theme: &Theme,
    row: &Row,
    matcher: &Matcher,
    selected: Option<bool>,
    area: Rect,
    buf: &mut Buffer,
) {
    if row.changed {
        buf.set_string(area.x, area.y, "+", theme.style(Role::Added));
    }
    let fold = match row.fold {
        Fold::Leaf => "  ",
        Fold::Open => "▾ ",
        Fold::Closed => "▸ ",
    };
    let indent = (2 * row.depth).min(area.width / 3);
    let x = area.x + 1 + indent;
    buf.set_string(x, area.y, fold, theme.style(Role::Dim));
    let x = x + 2;
    let room = area.right().saturating_sub(x + 1);
    // The note leaves before it would cut more of the label than what is dim at its end; of a note
    // in parts the last stays longest.
    let needed = essential(&row.label).min(room);
    let last = row.note.spans.last().filter(|_| row.note.spans.len() > 1);
    let last = last.map(|span| Line::new(span.role, span.text.trim_start()));
    let fits = |note: &&Line| {
        let width = note.width() as u16;
        let is_part = last.as_ref().is_some_and(|last| std::ptr::eq(last, *note));
        let label = if is_part { needed.min(room / 2) } else { needed };
        width > 0 && label + width + 2 <= room
    };
    let note = std::iter::once(&row.note).chain(&last).find(fits);
    let width = note.map_or(0, |note| note.width() as u16);
    let label_room = if note.is_some() { room - width - 2 } else { room };
    line::draw_matched(theme, &row.label, matcher, x, area.y, label_room, buf);
    if let Some(note) = note {
        line::draw(theme, note, area.right() - 1 - width, area.y, width, buf);
    }
    if let Some(focused) = selected {
        if !row.changed {
            let role = if focused { Role::Accent } else { Role::Border };
            buf.set_string(area.x, area.y, "▌", theme.style(role));
        }
        select(theme, area, focused, buf);
    }
}

/// The width of a label without what is secondary at its end.
fn essential(label: &Line) -> u16 {
    let last = label.spans.iter().rposition(|span| span.role != Role::Dim);
    let spans = label.spans.iter().take(last.map_or(label.spans.len(), |at| at + 1));
    spans.map(|span| span.text.width() as u16).sum()
}

/// Marks cells as the selected row.
pub fn select(theme: &Theme, area: Rect, focused: bool, buf: &mut Buffer) {
    let style = if focused { theme.selection } else { theme.selection_idle };
    if theme.selection_keeps_colours() {
        // The background says it; the letters keep what their colours say.
        let mut back = style;
        back.fg = None;
        buf.set_style(area, back);
    } else {
        buf.set_style(area, style);
    }
}

/// The filter's line; hands back what is left below it.
fn filter(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer, hits: &mut HitMap) -> Rect {
    let filter = &model.list().filter;
    let line = Rect { height: 1, ..area };
    buf.set_string(line.x + 1, line.y, "/", theme.style(Role::Key));
    let field = Rect { x: line.x + 2, width: line.width.saturating_sub(3), ..line };
    input::draw(theme, &filter.input, filter.editing, field, buf, hits);
    Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }
}

/// What an empty list says: why, and what to do.
fn empty(model: &Model, theme: &Theme, view: View, area: Rect, buf: &mut Buffer) {
    let mut y = area.y + 1;
    for text in screens::empty(model, view) {
        for row in line::wrap(&text, area.width.saturating_sub(4) as usize) {
            if y >= area.bottom() {
                return;
            }
            line::draw(theme, &row, area.x + 2, y, area.width.saturating_sub(3), buf);
            y += 1;
        }
    }
}

/// A thumb at the right edge when not all rows fit.
pub fn scrollbar(theme: &Theme, area: Rect, offset: usize, total: usize, buf: &mut Buffer) {
    let height = area.height as usize;
    if total <= height || height == 0 {
        return;
    }
    let size = (height * height / total).max(1);
    let top = offset * (height - size) / (total - height).max(1);
    for y in 0..size {
        let y = area.y + (top + y).min(height - 1) as u16;
        if let Some(cell) = buf.cell_mut((area.right() - 1, y)) {
            cell.set_symbol("▐");
            cell.set_style(theme.style(Role::Border));
        }
    }
}
