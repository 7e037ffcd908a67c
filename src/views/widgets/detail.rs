//! The detail pane: lines that wrap, with a cursor while it has the focus.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{line, list, panel};
use crate::app::list::Matcher;
use crate::app::model::{Focus, Model};
use crate::app::{Detail, Hit, Line, View};
use crate::views::hit::HitMap;
use crate::views::theme::Theme;

/// Paints the detail of the screen on top.
pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    model.detail_state().width.set(area.width.saturating_sub(2) as usize);
    let detail = model.detail(model.view);
    draw_detail(model, &detail, theme, area, buf, hits);
}

/// Paints given lines as the detail pane.
pub fn draw_detail(
    model: &Model,
    detail: &Detail,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
    hits: &mut HitMap,
) {
    let focused = model.focus == Focus::Detail;
    let state = model.detail_state();
    let divider = hits.at(area.x, area.y) == Hit::Divider;
    hits.push(area, Hit::Detail);
    if divider {
        hits.push(Rect { height: 1, ..area }, Hit::Divider);
    }
    let inner = panel::title(theme, area, focused, &detail.title, "", buf);
    let text = Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner };

    // Screen rows: the index of the line each belongs to.
    let mut rows: Vec<(usize, Line)> = Vec::with_capacity(detail.lines.len());
    let mut cursor = (0, 0);
    for (at, shown) in detail.lines.iter().enumerate() {
        let first = rows.len();
        if shown.no_wrap {
            let line = if state.column > 0 {
                line::scrolled(&shown.line, state.column)
            } else {
                shown.line.clone()
            };
            rows.push((at, line));
        } else {
            rows.extend(line::wrap(&shown.line, text.width as usize).into_iter().map(|l| (at, l)));
        }
        if at == state.cursor {
            cursor = (first, rows.len());
        }
    }
    let height = text.height as usize;
    let mut offset = state.offset.get();
    if cursor.0 < offset {
        offset = cursor.0;
    } else if cursor.1 > offset + height {
        offset = cursor.1 - height;
    }
    offset = offset.min(rows.len().saturating_sub(height));
    state.offset.set(offset);
    state.height.set(height);

    // Words searched in the pages are found in the page too.
    let words = if model.view == View::Patterns { model.list().filter.text() } else { "" };
    let matcher = Matcher::new(words);
    for (y, (at, row)) in (text.y..text.bottom()).zip(rows.iter().skip(offset)) {
        line::draw_matched(theme, row, &matcher, text.x, y, text.width, buf);
        let whole = Rect { y, height: 1, ..inner };
        hits.push(whole, Hit::DetailLine(*at));
        if focused && *at == state.cursor {
            list::select(theme, whole, true, buf);
        }
    }
    list::scrollbar(theme, inner, offset, rows.len(), buf);
}
