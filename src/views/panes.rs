//! The body's panes: list, detail and, on wide screens, a preview of the source.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::hit::HitMap;
use super::theme::Theme;
use super::widgets::{self, detail, form, list, panel};
use crate::app::model::{Arrangement, Focus};
use crate::app::screens::fields;
use crate::app::{Hit, Line, Model, Role};

/// Where the panes of a view lie; a pane that has no room is `None`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Panes {
    pub list: Option<Rect>,
    pub detail: Option<Rect>,
    /// Source around the selected row.
    pub preview: Option<Rect>,
}

/// Cuts the body by the arrangement and the user's sizes; paints the dividers.
pub fn panes(
    model: &Model,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
    hits: &mut HitMap,
) -> Panes {
    panes_sharing(model, theme, area, buf, hits, 50)
}

/// As [`panes`], with the share in percent that the detail has of what it and the preview share.
pub fn panes_sharing(
    model: &Model,
    theme: &Theme,
    area: Rect,
    buf: &mut Buffer,
    hits: &mut HitMap,
    share: u16,
) -> Panes {
    if model.zoomed {
        return match model.focus {
            Focus::List => Panes { list: Some(area), ..Panes::default() },
            Focus::Detail => Panes { detail: Some(area), ..Panes::default() },
        };
    }
    let part = |length: u16, share: u16| (u32::from(length) * u32::from(share) / 100) as u16;
    match model.arrangement() {
        Arrangement::TooSmall => Panes::default(),
        Arrangement::Stacked => {
            let height = part(area.height, model.shares[0]).clamp(4, area.height.saturating_sub(5));
            let list = Rect { height, ..area };
            let detail = Rect { y: area.y + height, height: area.height - height, ..area };
            // The title of the lower pane is the divider.
            hits.push(Rect { height: 1, ..detail }, Hit::Divider);
            Panes { list: Some(list), detail: Some(detail), preview: None }
        }
        Arrangement::Beside => {
            let width = part(area.width, model.shares[1]).clamp(20, area.width.saturating_sub(30));
            let (list, detail) = beside(theme, area, width, buf, hits);
            Panes { list: Some(list), detail: Some(detail), preview: None }
        }
        Arrangement::Wide => {
            let width = part(area.width, model.shares[2]).clamp(24, area.width.saturating_sub(90));
            let (list, rest) = beside(theme, area, width, buf, hits);
            let mut plain = HitMap::default();
            let (detail, preview) = beside(theme, rest, part(rest.width, share), buf, &mut plain);
            Panes { list: Some(list), detail: Some(detail), preview: Some(preview) }
        }
    }
}

/// Two panes with a line between them.
pub fn beside(
    theme: &Theme,
    area: Rect,
    width: u16,
    buf: &mut Buffer,
    hits: &mut HitMap,
) -> (Rect, Rect) {
    let line = Rect { x: area.x + width, width: 1, ..area };
    for y in line.y..line.bottom() {
        buf.set_string(line.x, y, "│", theme.style(Role::Border));
    }
    hits.push(line, Hit::Divider);
    let left = Rect { width, ..area };
    let right = Rect { x: line.right(), width: area.width.saturating_sub(width + 1), ..area };
    (left, right)
}

/// A list, the detail of its selected row or the form that takes its place, and the source around it
/// where there is room.
pub fn standard(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) -> HitMap {
    let mut hits = HitMap::default();
    let panes = panes(model, theme, area, buf, &mut hits);
    if let Some(area) = panes.list {
        list::draw(model, theme, area, buf, &mut hits);
    }
    if let Some(area) = panes.detail {
        match fields::shown(model) {
            Some(shown) => form::draw(model, shown, theme, area, buf, &mut hits),
            None => detail::draw(model, theme, area, buf, &mut hits),
        }
    }
    if let Some(area) = panes.preview {
        preview(model, theme, area, buf);
    }
    hits
}

/// The source around where the selected row leads.
pub fn preview(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) {
    let place = model.links().place;
    let title = place.as_ref().map_or("source".to_owned(), |place| place.file.to_string());
    let inner = panel::title(theme, area, false, &Line::dim(&title), "", buf);
    match place {
        Some(place) => widgets::code::draw(model, theme, &place, inner, buf),
        None => {
            let note = Line::dim("The source of what is selected stands here.");
            widgets::line::draw(theme, &note, inner.x + 2, inner.y + 1, inner.width, buf);
        }
    }
}
