//! The detail pane: lines that wrap, with a cursor while it has the focus.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{line, list, panel};
use crate::app::list::Matcher;
use crate::app::model::{Focus, Model};
use crate::app::{Detail, Hit, Line, Role, View};
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

    let here = state.at(detail.lines.len());
    let wrapped = Wrapped::new(detail, text.width as usize);
    let (first, last) = (wrapped.start(here), wrapped.start(here + 1));
    let height = text.height as usize;
    let mut offset = state.offset.get();
    if first < offset {
        offset = first;
    } else if last > offset + height {
        offset = last - height;
    }
    offset = offset.min(wrapped.total().saturating_sub(height));
    state.offset.set(offset);
    state.height.set(height);

    // Words searched in the pages are found in the page too.
    let words = if model.view == View::Patterns { model.list().filter.text() } else { "" };
    let matcher = Matcher::new(words);
    let rows = wrapped.rows(detail, offset, height, state.column);
    for (y, (at, row)) in (text.y..text.bottom()).zip(&rows) {
        line::draw_matched(theme, row, &matcher, text.x, y, text.width, buf);
        let whole = Rect { y, height: 1, ..inner };
        hits.push(whole, Hit::DetailLine(*at));
        if focused && *at == here {
            buf.set_string(whole.x, y, "▌", theme.style(Role::Accent));
            list::select(theme, whole, true, buf);
        }
    }
    list::scrollbar(theme, inner, offset, wrapped.total(), buf);
}

/// Where each line of a detail starts once long lines are wrapped. Only the lines that are shown
/// are copied: a log has thousands.
struct Wrapped {
    /// Per line its first screen row; one more at the end.
    starts: Vec<usize>,
    width: usize,
}

impl Wrapped {
    fn new(detail: &Detail, width: usize) -> Self {
        let mut starts = Vec::with_capacity(detail.lines.len() + 1);
        let mut at = 0;
        for shown in &detail.lines {
            starts.push(at);
            let fits = shown.no_wrap || shown.line.width() <= width;
            at += if fits { 1 } else { line::wrap(&shown.line, width).len() };
        }
        starts.push(at);
        Self { starts, width }
    }

    fn start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.total())
    }

    fn total(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// The screen rows from `offset` on, each with the index of its line.
    fn rows(
        &self,
        detail: &Detail,
        offset: usize,
        height: usize,
        column: usize,
    ) -> Vec<(usize, Line)> {
        let first = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let mut rows = Vec::with_capacity(height);
        for (at, shown) in detail.lines.iter().enumerate().skip(first) {
            if self.start(at) >= offset + height {
                break;
            }
            let pieces = if !shown.no_wrap {
                line::wrap(&shown.line, self.width)
            } else if column > 0 {
                vec![line::scrolled(&shown.line, column)]
            } else {
                vec![shown.line.clone()]
            };
            let hidden = offset.saturating_sub(self.start(at));
            rows.extend(pieces.into_iter().skip(hidden).map(|piece| (at, piece)));
        }
        rows
    }
}
