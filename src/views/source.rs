//! The source view: text with numbers and marks, and what is known of the cursor's line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::widgets::{code, detail, input, line, list, panel};
use super::{HitMap, Theme};
use crate::app::list::Matcher;
use crate::app::model::{Arrangement, Focus};
use crate::app::screens::source;
use crate::app::{Hit, Line, Model, Role};

pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) -> HitMap {
    let mut hits = HitMap::default();
    let (text, side) = split(model, theme, area, buf, &mut hits);
    if let Some(area) = side {
        detail::draw(model, theme, area, buf, &mut hits);
    }
    if let Some(area) = text {
        draw_text(model, theme, area, buf, &mut hits);
    }
    hits
}

/// The text has most of the room: here the list's share is the detail's.
fn split(
    model: &Model,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
    hits: &mut HitMap,
) -> (Option<Rect>, Option<Rect>) {
    if model.zoomed {
        return match model.focus {
            Focus::List => (Some(area), None),
            Focus::Detail => (None, Some(area)),
        };
    }
    if model.arrangement() == Arrangement::Stacked {
        let height = (area.height * 2 / 3).max(6);
        let text = Rect { height, ..area };
        let side = Rect { y: area.y + height, height: area.height - height, ..area };
        return (Some(text), Some(side));
    }
    let share = model.shares[if model.arrangement() == Arrangement::Wide { 2 } else { 1 }];
    let side = (u32::from(area.width) * u32::from(share) / 100) as u16;
    let width = area.width.saturating_sub(side.clamp(24, area.width / 2) + 1);
    let (text, side) = super::panes::beside(theme, area, width, buf, hits);
    (Some(text), Some(side))
}

fn draw_text(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    hits.push(area, Hit::List);
    let state = &model.source;
    let focused = model.focus == Focus::List;
    let Some(file) = &state.file else {
        panel::title(theme, area, focused, &Line::new(Role::Title, "Source"), "", buf);
        return;
    };
    let text = model.texts.get(file);
    let count = text.map_or(0, |text| text.line_count());
    let note = format!("{}/{count}", state.line);
    let title = Line::new(Role::Title, file);
    let mut inner = panel::title(theme, area, focused, &title, &note, buf);
    let filter = &model.list().filter;
    if filter.editing || filter.is_set() {
        buf.set_string(inner.x + 1, inner.y, "/", theme.style(Role::Key));
        let field =
            Rect { x: inner.x + 2, width: inner.width.saturating_sub(3), height: 1, ..inner };
        input::draw(theme, &filter.input, filter.editing, field, buf, hits);
        inner = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    }
    if text.is_none() {
        let note = match model.texts.is_unreadable(file) {
            true => "This file cannot be read as text.",
            false => "Reading …",
        };
        line::draw(theme, &Line::dim(note), inner.x + 2, inner.y + 1, inner.width, buf);
        return;
    }
    let offset = scroll(state, inner.height as usize, count);
    let marks = source::marks(model, file);
    let matcher = Matcher::new(filter.text());
    for (row, number) in (offset + 1..=count).take(inner.height as usize).enumerate() {
        let area = Rect { y: inner.y + row as u16, height: 1, ..inner };
        hits.push(area, Hit::Item(number));
        code::draw_line(model, theme, file, number, state.column, &marks, area, buf);
        if !matcher.is_empty() {
            emphasise(model, theme, file, number, &matcher, area, buf);
        }
        if number == state.line {
            list::select(theme, area, focused, buf);
        }
    }
    list::scrollbar(theme, inner, offset, count, buf);
}

/// Underlines what the search found on a line.
fn emphasise(
    model: &Model,
    theme: &Theme,
    file: &str,
    number: usize,
    matcher: &Matcher,
    area: Rect,
    buf: &mut Buffer,
) {
    use unicode_width::UnicodeWidthStr;
    let text = source::source_line(model, file, number).plain();
    for (start, end) in matcher.ranges(&text) {
        let (Some(before), Some(found)) = (text.get(..start), text.get(start..end)) else {
            continue;
        };
        let from = before.width().saturating_sub(model.source.column) as u16;
        let x = area.x + code::GUTTER + from;
        let found = Rect { x, width: found.width() as u16, ..area };
        buf.set_style(found.intersection(area), theme.style(Role::Match).underlined());
    }
}

/// The first line to show, from 0; kept for the next frame.
fn scroll(state: &source::State, height: usize, count: usize) -> usize {
    let line = state.line.saturating_sub(1);
    let mut offset = state.offset.get();
    if state.centre.replace(false)
        && !(offset + 2..offset + height.saturating_sub(2)).contains(&line)
    {
        offset = line.saturating_sub(height / 3);
    }
    if line < offset {
        offset = line;
    } else if height > 0 && line >= offset + height {
        offset = line + 1 - height;
    }
    offset = offset.min(count.saturating_sub(height));
    state.offset.set(offset);
    state.height.set(height);
    offset
}
