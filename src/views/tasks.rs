//! The tasks view: the list of tasks and the form of the selected one.
//! What it says is built in [`crate::app::screens::tasks`] and [`crate::app::form`].

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{HitMap, Theme, standard};
use crate::app::Model;

pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) -> HitMap {
    standard(model, theme, area, buf)
}
