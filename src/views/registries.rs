//! The registries view. What it says is built in [`crate::app::screens::registries`].

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{HitMap, Theme, standard};
use crate::app::Model;

pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) -> HitMap {
    standard(model, theme, area, buf)
}
