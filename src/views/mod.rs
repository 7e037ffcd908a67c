//! State → cells. Pure: a view reads the [`Model`], paints into a [`Buffer`] and hands back a
//! [`HitMap`] that says what each cell stands for.
//!
//! # How a view is made
//!
//! 1. **What it says** is built in `app/screens/<name>.rs`, without any cell: `rows` gives the
//!    list or tree through a [`TreeBuilder`](crate::app::TreeBuilder) (folds, filter and counts
//!    come with it), `detail` gives the lines of the pane beside it. Every row and line carries
//!    [`Links`](crate::app::Links) (place, symbol, page, why), which is all that `gd`, `gr`, `gc`,
//!    `K`, `!`, `e`, `enter` and `y…` need. Text has a [`Role`](crate::app::Role), never a colour,
//!    and is sanitised by [`Line`](crate::app::Line).
//! 2. **How it looks** is `draw(model, theme, area, buf) -> HitMap` in `views/<name>.rs`. Most
//!    views call [`standard`]. One that paints its detail pane itself (a graph, a form) calls
//!    [`panes`] for the areas, [`widgets::list::draw`] for the list, then paints, and pushes
//!    [`Hit::Item`](crate::app::Hit) for what can be clicked.
//! 3. **What it does** is its `COMMANDS` in `app/screens/<name>.rs` (contexts
//!    `&[Context::View(View::Name)]`); keymap, footer, `?`, palette and `docs/KEYS.md` follow. State
//!    of its own lives in `State` there (`model.calls`, `model.splits` …). After changing an option
//!    that `rows` or `detail` depend on, call [`Model::touch`]. Costly layouts go into a
//!    [`Memo`](crate::app::memo::Memo) in `State`, keyed by revision and options. Own motions,
//!    clicks, `enter`, `esc` and links are hooks in `app/screens/mod.rs`: add an arm there.
//! 4. **Source text** comes from `model.texts` (the selected row's file is asked for by itself;
//!    others: return [`Model::want_text`]'s effect from the `settle` hook). Highlighted lines:
//!    `screens::source::source_line`.
//!
//! Frames are drawn only when something changed, so nothing may blink or tick by itself.

pub mod calls;
pub mod chrome;
pub mod diagnostics;
pub mod flows;
pub mod help;
pub mod highlight;
pub mod hit;
pub mod overlay;
pub mod panes;
pub mod patterns;
pub mod print;
pub mod project;
pub mod registries;
pub mod runs;
pub mod schemas;
pub mod source;
pub mod splits;
pub mod tasks;
pub mod theme;
pub mod widgets;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

#[cfg(test)]
mod tests;

pub use hit::HitMap;
pub use panes::{Panes, panes, standard};
pub use theme::Theme;

use crate::app::model::Arrangement;
use crate::app::{Model, Role, View};

/// Draws the whole screen.
pub fn draw(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) -> HitMap {
    let mut hits = HitMap::default();
    if model.arrangement() == Arrangement::TooSmall {
        too_small(theme, area, buf);
        return hits;
    }
    let body = chrome::draw(model, theme, area, buf, &mut hits);
    hits.extend(draw_view(model, theme, body, buf));
    overlay::draw(model, theme, body, buf, &mut hits);
    chrome::toasts(model, theme, body, buf, &mut hits);
    hits
}

fn draw_view(model: &Model, theme: &Theme, area: Rect, buf: &mut Buffer) -> HitMap {
    match model.view {
        View::Project => project::draw(model, theme, area, buf),
        View::Source => source::draw(model, theme, area, buf),
        View::Registries => registries::draw(model, theme, area, buf),
        View::Schemas => schemas::draw(model, theme, area, buf),
        View::Calls => calls::draw(model, theme, area, buf),
        View::Splits => splits::draw(model, theme, area, buf),
        View::Flows => flows::draw(model, theme, area, buf),
        View::Tasks => tasks::draw(model, theme, area, buf),
        View::Runs => runs::draw(model, theme, area, buf),
        View::Patterns => patterns::draw(model, theme, area, buf),
        View::Diagnostics => diagnostics::draw(model, theme, area, buf),
        View::Help => help::draw(model, theme, area, buf),
    }
}

fn too_small(theme: &Theme, area: Rect, buf: &mut Buffer) {
    let lines = [
        "metascope needs 60×16 cells.".to_owned(),
        format!("This window has {}×{}.", area.width, area.height),
        "Enlarge it, or press q.".to_owned(),
    ];
    let top = area.y + (area.height.saturating_sub(lines.len() as u16)) / 2;
    for (line, y) in lines.iter().zip(top..area.bottom()) {
        let x = area.x + (area.width.saturating_sub(line.chars().count() as u16)) / 2;
        buf.set_stringn(x, y, line, area.width as usize, theme.style(Role::Text));
    }
}
