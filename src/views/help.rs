//! The help view: keys and what they do, which needs more room than a list usually has.
//! What it says is built in [`crate::app::screens::help`].

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::widgets::{detail, list};
use super::{HitMap, Theme, standard};
use crate::app::Model;
use crate::app::model::Arrangement;

/// The list's share in percent.
const SHARE: u16 = 62;

pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) -> HitMap {
    if model.zoomed || model.arrangement() == Arrangement::Stacked {
        return standard(model, theme, area, buf);
    }
    let mut hits = HitMap::default();
    let width = area.width * SHARE / 100;
    let (left, right) = super::panes::beside(theme, area, width, buf, &mut HitMap::default());
    list::draw(model, theme, left, buf, &mut hits);
    detail::draw(model, theme, right, buf, &mut hits);
    hits
}
