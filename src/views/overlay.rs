//! What lies over a view: popups, the palette, hints for unfinished key sequences.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, BorderType, Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::hit::HitMap;
use super::theme::Theme;
use super::widgets::{input, line, list};
use crate::app::overlay::{Overlay, Popup};
use crate::app::palette::Palette;
use crate::app::text::{self, Line, Role};
use crate::app::{Hit, Model, key};

pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    match &model.overlay {
        Some(Overlay::Popup(popup)) => draw_popup(theme, popup, area, buf, hits),
        Some(Overlay::Palette(palette)) => draw_palette(theme, palette, area, buf, hits),
        None => {}
    }
}

/// Empties cells for something that lies over them.
pub fn clear(theme: &Theme, area: Rect, buf: &mut Buffer) {
    Clear.render(area, buf);
    buf.set_style(area, theme.popup);
}

/// A box with a title; hands back its inside.
fn boxed(theme: &Theme, title: &str, area: Rect, buf: &mut Buffer) -> Rect {
    clear(theme, area, buf);
    let title = text::truncate(title, area.width.saturating_sub(6) as usize);
    let block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(theme.style(Role::BorderFocused))
        .title(format!(" {title} "));
    let inner = block.inner(area);
    block.render(area, buf);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

fn draw_popup(theme: &Theme, popup: &Popup, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let widest = popup.lines.iter().map(|line| line.line.width()).max().unwrap_or(0) as u16;
    let width = (widest.max(popup.title.width() as u16 + 4) + 6).clamp(30, area.width - 4);
    // Screen rows: the index of the line each belongs to.
    let mut rows: Vec<(usize, Line)> = Vec::new();
    for (at, shown) in popup.lines.iter().enumerate() {
        if shown.no_wrap {
            rows.push((at, shown.line.clone()));
        } else {
            let wrapped = line::wrap(&shown.line, width.saturating_sub(4) as usize);
            rows.extend(wrapped.into_iter().map(|row| (at, row)));
        }
    }
    let height = (rows.len() as u16 + 2).min(area.height.saturating_sub(2)).max(3);
    let cells = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 3,
        width,
        height,
    };
    let inner = boxed(theme, &popup.title, cells, buf);
    hits.push(area, Hit::Nothing);
    hits.push(cells, Hit::Popup);
    let shown = inner.height as usize;
    let first = rows.iter().position(|(at, _)| *at == popup.cursor).unwrap_or(0);
    let last = rows.iter().rposition(|(at, _)| *at == popup.cursor).unwrap_or(0);
    let mut offset = popup.offset.get();
    if last >= offset + shown {
        offset = last + 1 - shown;
    }
    offset = offset.min(first).min(rows.len().saturating_sub(shown));
    popup.offset.set(offset);
    popup.height.set(shown);
    for (y, (at, row)) in (inner.y..inner.bottom()).zip(rows.iter().skip(offset)) {
        line::draw(theme, row, inner.x, y, inner.width, buf);
        let whole = Rect { x: cells.x + 1, y, width: cells.width - 2, height: 1 };
        hits.push(whole, Hit::PopupRow(*at));
        if *at == popup.cursor {
            list::select(theme, whole, true, buf);
        }
    }
    list::scrollbar(theme, Rect { width: inner.width + 1, ..inner }, offset, rows.len(), buf);
}

fn draw_palette(theme: &Theme, palette: &Palette, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let width = area.width.saturating_sub(8).clamp(40, 100).min(area.width);
    let height = area.height.saturating_sub(4).clamp(6, 24).min(area.height);
    let cells = Rect { x: area.x + (area.width - width) / 2, y: area.y + 1, width, height };
    let title = match (palette.matched, palette.items.len()) {
        (1, _) => "Find: 1 match".to_owned(),
        (matched, shown) if matched == shown => format!("Find: {matched} matches"),
        (matched, shown) => format!("Find: the best {shown} of {matched} matches"),
    };
    let inner = boxed(theme, &title, cells, buf);
    hits.push(area, Hit::Nothing);
    hits.push(cells, Hit::Popup);
    input::draw(theme, &palette.input, true, Rect { height: 1, ..inner }, buf, hits);
    if palette.input.is_empty() {
        let note = Line::dim("> commands  @ symbols  / files  ! tasks  # pages");
        line::draw(theme, &note, inner.x + 1, inner.y, inner.width.saturating_sub(1), buf);
    }
    let body = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    let shown = body.height as usize;
    let mut offset = palette.offset.get();
    if palette.cursor >= offset + shown {
        offset = palette.cursor + 1 - shown;
    }
    offset = offset.min(palette.cursor);
    palette.offset.set(offset);
    for (y, (at, item)) in
        (body.y..body.bottom()).zip(palette.items.iter().enumerate().skip(offset))
    {
        let whole = Rect { x: cells.x + 1, y, width: cells.width - 2, height: 1 };
        hits.push(whole, Hit::PopupRow(at));
        let kind = Line::dim(&format!("{:<8}", item.target.kind()));
        line::draw(theme, &kind, body.x, y, 8, buf);
        let note = (item.note.width() as u16).min(body.width / 2);
        let room = body.width.saturating_sub(8 + note + 1);
        let shown = matched(&item.title, &item.hits).push(Role::Dim, &format!("  {}", item.about));
        line::draw(theme, &shown, body.x + 8, y, room, buf);
        let note_line = Line::dim(&text::truncate_start(&item.note, note as usize));
        line::draw(theme, &note_line, body.right() - note, y, note, buf);
        if at == palette.cursor {
            list::select(theme, whole, true, buf);
        }
    }
}

/// A title with the characters that matched made visible.
fn matched(title: &str, hits: &[u32]) -> Line {
    let mut line = Line::default();
    let mut hits = hits.iter().peekable();
    let mut run = (Role::Text, String::new());
    for (at, character) in title.chars().enumerate() {
        let hit = hits.next_if(|hit| **hit as usize == at).is_some();
        let role = if hit { Role::Match } else { Role::Text };
        if role != run.0 {
            line = line.push(run.0, &run.1);
            run = (role, String::new());
        }
        run.1.push(character);
    }
    line.push(run.0, &run.1)
}

/// What may follow the keys typed so far.
pub fn hint(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer, hits: &mut HitMap) {
    let next = model.keymap.continuations(&model.contexts(), &model.typed);
    let widest = next.iter().map(|(rest, command)| rest.width() + command.title.width() + 4).max();
    let column = (widest.unwrap_or(10) as u16).min(area.width - 4);
    let columns = ((area.width - 4) / column).max(1);
    let rows = (next.len() as u16).div_ceil(columns).min(area.height.saturating_sub(2));
    let height = rows + 2;
    let cells = Rect { y: area.bottom() - height, height, ..area };
    let inner = boxed(theme, &key::show(&model.typed), cells, buf);
    for (at, (rest, command)) in next.iter().enumerate() {
        let (x, y) = (at as u16 / rows, at as u16 % rows);
        let x = inner.x + x * column;
        if x >= inner.right() {
            break;
        }
        let text = Line::new(Role::Key, rest).push(Role::Text, &format!("  {}", command.title));
        let room = column.min(inner.right() - x);
        line::draw(theme, &text, x, inner.y + y, room.saturating_sub(1), buf);
        hits.push(Rect { x, y: inner.y + y, width: room, height: 1 }, Hit::Command(command.id));
    }
}
