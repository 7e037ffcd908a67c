//! The calls view: the list, the graph around the selected function, and what is known of the box
//! the cursor is on. What it says is built in [`crate::app::screens::calls`].

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::panes::{panes_sharing, preview};
use super::widgets::{detail, line, list, panel};
use super::{HitMap, Theme};
use crate::app::canvas::Canvas;
use crate::app::model::Focus;
use crate::app::screens::calls;
use crate::app::{Hit, Line, Model, Role};

/// What heads of lines say.
const LEGEND: &str = "▼ sure ▽ maybe";

/// The graph needs more room than the source beside it, in percent.
const GRAPH_SHARE: u16 = 62;

pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) -> HitMap {
    let mut hits = HitMap::default();
    let panes = panes_sharing(model, theme, area, buf, &mut hits, GRAPH_SHARE);
    if let Some(area) = panes.list {
        list::draw(model, theme, area, buf, &mut hits);
    }
    if let Some(area) = panes.detail {
        model.detail_state().width.set(area.width.saturating_sub(2) as usize);
        if calls::is_tree(model) {
            detail::draw(model, theme, area, buf, &mut hits);
        } else {
            graph(model, theme, area, buf, &mut hits);
        }
    }
    if let Some(area) = panes.preview {
        preview(model, theme, area, buf);
    }
    hits
}

fn graph(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let Some(scene) = calls::scene(model) else { return };
    let Some(canvas) = calls::canvas(model, &scene) else { return };
    let focused = model.focus == Focus::Detail;
    let divider = hits.at(area.x, area.y) == Hit::Divider;
    hits.push(area, Hit::Detail);
    if divider {
        hits.push(Rect { height: 1, ..area }, Hit::Divider);
    }
    let inner = panel::title(theme, area, focused, &calls::title(model, &scene), LEGEND, buf);
    let about = calls::about(model, &scene);
    let below = (about.len() as u16).min(if inner.height >= 16 { 4 } else { 2 });
    let graph = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(2),
        height: inner.height.saturating_sub(below + 1),
        ..inner
    };
    let cursor = calls::cursor(model, &scene);
    let Some(boxed) = scene.drawing.boxes.get(cursor) else { return };
    let now = (scene.part.members[scene.part.focus].node, scene.reach, (graph.width, graph.height));
    let old = if model.calls.centred.replace(Some(now)) == Some(now) {
        model.calls.offset.get()
    } else {
        let middle = |start: i32, length: i32, room: u16| start + length / 2 - i32::from(room) / 2;
        (middle(boxed.x, boxed.width, graph.width), middle(boxed.y, boxed.height, graph.height))
    };
    let offset = (
        scroll(old.0, boxed.x, boxed.width, graph.width, canvas.width()),
        scroll(old.1, boxed.y, boxed.height, graph.height, canvas.height()),
    );
    model.calls.offset.set(offset);
    paint(theme, &canvas, offset, graph, buf);
    for (at, area) in scene.drawing.boxes.iter().enumerate() {
        let shown = clip((area.x, area.y, area.width, area.height), offset, graph);
        hits.push(shown, Hit::Item(at));
        if at == cursor {
            list::select(
                theme,
                clip((area.x, area.y + 1, area.width, 1), offset, graph),
                focused,
                buf,
            );
        }
    }
    let y = graph.bottom();
    let rule = "┄".repeat(inner.width as usize);
    buf.set_stringn(inner.x, y, &rule, inner.width as usize, theme.style(Role::Border));
    more(theme, &canvas, offset, graph, buf);
    for (row, text) in (y + 1..inner.bottom()).zip(&about) {
        line::draw(theme, text, graph.x, row, graph.width, buf);
    }
}

/// The first cell shown: the box stays in sight, and what fits is centred.
fn scroll(old: i32, start: i32, length: i32, room: u16, total: usize) -> i32 {
    let (room, total) = (i32::from(room), total as i32);
    if total <= room {
        return -(room - total) / 2;
    }
    // Keep a margin, so that the next layer can be seen coming.
    let margin = 3.min((room - length).max(0) / 2);
    let lowest = start + length + margin - room;
    let highest = start - margin;
    old.clamp(lowest.min(highest), highest.max(lowest)).clamp(0, total - room)
}

fn paint(theme: &Theme, canvas: &Canvas, (left, top): (i32, i32), area: Rect, buf: &mut Buffer) {
    for y in 0..area.height {
        for x in 0..area.width {
            let Some((text, role)) = canvas.at(left + i32::from(x), top + i32::from(y)) else {
                continue;
            };
            if text == ' ' || text == '\0' {
                continue;
            }
            if let Some(cell) = buf.cell_mut((area.x + x, area.y + y)) {
                cell.set_char(text);
                cell.set_style(theme.style(role));
            }
        }
    }
}

/// The part of a drawing's area that is on the screen.
fn clip((x, y, width, height): (i32, i32, i32, i32), (left, top): (i32, i32), area: Rect) -> Rect {
    let (x0, y0) = ((x - left).max(0), (y - top).max(0));
    let x1 = (x + width - left).clamp(0, i32::from(area.width));
    let y1 = (y + height - top).clamp(0, i32::from(area.height));
    if x1 <= x0 || y1 <= y0 {
        return Rect::default();
    }
    let (width, height) = ((x1 - x0) as u16, (y1 - y0) as u16);
    Rect { x: area.x + x0 as u16, y: area.y + y0 as u16, width, height }
}

/// Says on the lines around it that the drawing goes on there.
fn more(theme: &Theme, canvas: &Canvas, (left, top): (i32, i32), area: Rect, buf: &mut Buffer) {
    let (right, bottom) = (left + i32::from(area.width), top + i32::from(area.height));
    let (middle, end) = (area.y + area.height / 2, area.right());
    let marks = [
        (left > 0, area.x.saturating_sub(1), middle, "◀"),
        (right < canvas.width() as i32, end, middle, "▶"),
        (top > 0, end.saturating_sub(8), area.y.saturating_sub(1), " ▲ more "),
        (bottom < canvas.height() as i32, end.saturating_sub(8), area.bottom(), " ▼ more "),
    ];
    for (shown, x, y, text) in marks {
        if shown {
            line::draw(theme, &Line::new(Role::Key, text), x, y, 8, buf);
        }
    }
}
