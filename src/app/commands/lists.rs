//! Moving in lists, trees and detail panes; folds and filters.

use crate::app::command::Context::{Filter, Global, Palette, Popup};
use crate::app::list::Fold;
use crate::app::model::Focus;
use crate::app::overlay::Overlay;
use crate::app::{Command, Effect, Model, navigate, screens};

/// A movement of the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    Up,
    Down,
    PageUp,
    PageDown,
    HalfUp,
    HalfDown,
    Top,
    Bottom,
    Left,
    Right,
}

impl Motion {
    /// The new position of a cursor among `count` rows of which `height` are shown.
    pub fn apply(self, at: usize, count: usize, height: usize) -> usize {
        let last = count.saturating_sub(1);
        let height = height.max(1);
        let moved = match self {
            Self::Up => at.saturating_sub(1),
            Self::Down => at + 1,
            Self::PageUp => at.saturating_sub(height),
            Self::PageDown => at + height,
            Self::HalfUp => at.saturating_sub(height.div_ceil(2)),
            Self::HalfDown => at + height.div_ceil(2),
            Self::Top => 0,
            Self::Bottom => last,
            Self::Left | Self::Right => at,
        };
        moved.min(last)
    }
}

macro_rules! motion {
    ($id:literal, $title:literal, $doc:literal, $contexts:expr, $keys:expr, $motion:ident) => {
        Command::new($id, $title, $doc, $contexts, $keys, |model| go(model, Motion::$motion))
    };
}

pub const COMMANDS: &[Command] = &[
    motion!(
        "list.down",
        "Down",
        "Move to the next row or line",
        &[Global, Popup],
        &["j", "down"],
        Down
    ),
    motion!("list.up", "Up", "Move to the row or line before", &[Global, Popup], &["k", "up"], Up),
    motion!(
        "list.half-down",
        "Half a page down",
        "Move half a page down",
        &[Global, Popup],
        &["ctrl-d"],
        HalfDown
    ),
    motion!(
        "list.half-up",
        "Half a page up",
        "Move half a page up",
        &[Global, Popup],
        &["ctrl-u"],
        HalfUp
    ),
    motion!(
        "list.page-down",
        "Page down",
        "Move a page down",
        &[Global, Popup],
        &["pagedown", "ctrl-f"],
        PageDown
    ),
    motion!(
        "list.page-up",
        "Page up",
        "Move a page up",
        &[Global, Popup],
        &["pageup", "ctrl-b"],
        PageUp
    ),
    motion!(
        "list.top",
        "To the top",
        "Move to the first row",
        &[Global, Popup],
        &["gg", "home"],
        Top
    ),
    motion!(
        "list.bottom",
        "To the bottom",
        "Move to the last row",
        &[Global, Popup],
        &["G", "end"],
        Bottom
    ),
    motion!(
        "list.left",
        "Left",
        "Fold the row, go to its parent, or scroll left",
        &[Global],
        &["h", "left"],
        Left
    ),
    motion!(
        "list.right",
        "Right",
        "Unfold the row, enter it, or scroll right",
        &[Global],
        &["l", "right"],
        Right
    ),
    Command::new("list.open", "Open", "Go where the row leads", &[Global], &["enter"], open)
        .footer(2),
    Command::new(
        "fold.toggle",
        "Fold or unfold",
        "Fold or unfold the row",
        &[Global],
        &["za", "space"],
        |model| {
            toggle(model);
            Vec::new()
        },
    ),
    Command::new(
        "fold.close-all",
        "Fold all",
        "Fold every row of the tree",
        &[Global],
        &["zM"],
        |m| fold_all(m, false),
    ),
    Command::new(
        "fold.open-all",
        "Unfold all",
        "Unfold every row of the tree",
        &[Global],
        &["zR"],
        |m| fold_all(m, true),
    ),
    Command::new(
        "filter.start",
        "Filter",
        "Show only rows with the words typed",
        &[Global],
        &["/"],
        filter,
    )
    .footer(3),
    Command::new(
        "filter.accept",
        "Keep the filter",
        "Go back to the list, filter kept",
        &[Filter],
        &["enter", "tab"],
        accept,
    )
    .footer(1),
    Command::new(
        "filter.clear",
        "Clear the filter",
        "Show all rows again",
        &[Filter],
        &["esc", "ctrl-c"],
        clear,
    )
    .footer(2),
    motion!(
        "filter.down",
        "Next match",
        "Move to the next row while typing",
        &[Filter],
        &["down", "ctrl-n"],
        Down
    ),
    motion!(
        "filter.up",
        "Match before",
        "Move to the row before while typing",
        &[Filter],
        &["up", "ctrl-p"],
        Up
    ),
    motion!(
        "palette.down",
        "Next item",
        "Move to the next item",
        &[Palette],
        &["down", "ctrl-n", "ctrl-j"],
        Down
    ),
    motion!(
        "palette.up",
        "Item before",
        "Move to the item before",
        &[Palette],
        &["up", "ctrl-p", "ctrl-k"],
        Up
    ),
    motion!(
        "palette.page-down",
        "Page down",
        "Move a page down",
        &[Palette],
        &["pagedown"],
        PageDown
    ),
    motion!("palette.page-up", "Page up", "Move a page up", &[Palette], &["pageup"], PageUp),
];

/// Moves the cursor of whatever has the focus.
pub fn go(model: &mut Model, motion: Motion) -> Vec<Effect> {
    match &mut model.overlay {
        Some(Overlay::Popup(popup)) => {
            let height = popup.height.get();
            popup.cursor = motion.apply(popup.cursor, popup.lines.len(), height);
            return Vec::new();
        }
        Some(Overlay::Palette(palette)) => {
            palette.cursor = motion.apply(palette.cursor, palette.items.len(), 10);
            return Vec::new();
        }
        None => {}
    }
    if screens::motion(model, motion) {
        return Vec::new();
    }
    match (model.focus, motion) {
        (Focus::List, Motion::Left) => left(model),
        (Focus::List, Motion::Right) => right(model),
        (Focus::List, _) => {
            let rows = model.rows(model.view);
            let list = model.list_mut();
            let at = motion.apply(list.index, rows.items.len(), list.height.get());
            list.select(&rows, at);
        }
        (Focus::Detail, Motion::Left) => {
            let state = model.detail_state_mut();
            if state.column == 0 {
                model.focus = Focus::List;
            } else {
                state.column = state.column.saturating_sub(8);
            }
        }
        (Focus::Detail, Motion::Right) => model.detail_state_mut().column += 8,
        (Focus::Detail, _) => {
            let count = model.detail(model.view).lines.len();
            let state = model.detail_state_mut();
            state.cursor = motion.apply(state.at(count), count, state.height.get());
        }
    }
    Vec::new()
}

/// Folds the row, or goes to its parent.
fn left(model: &mut Model) {
    let rows = model.rows(model.view);
    let list = model.list_mut();
    let Some(row) = list.row(&rows) else { return };
    if row.fold == Fold::Open && !list.filter.is_set() {
        list.toggle_fold(&row.id);
    } else if let Some(parent) =
        rows.items[..list.index].iter().rposition(|above| above.depth < row.depth)
    {
        list.select(&rows, parent);
    }
}

/// Unfolds the row, or goes to its first child, or to the detail pane.
fn right(model: &mut Model) {
    let rows = model.rows(model.view);
    let list = model.list_mut();
    match list.row(&rows) {
        Some(row) if row.fold == Fold::Closed => list.toggle_fold(&row.id),
        Some(row) if row.fold == Fold::Open => {
            let next = list.index + 1;
            if rows.items.get(next).is_some_and(|below| below.depth > row.depth) {
                list.select(&rows, next);
            }
        }
        _ => model.focus = Focus::Detail,
    }
}

pub fn toggle(model: &mut Model) {
    if screens::toggle(model) {
        return;
    }
    let rows = model.rows(model.view);
    let list = model.list_mut();
    match list.row(&rows) {
        Some(row) if row.fold != Fold::Leaf => list.toggle_fold(&row.id),
        _ => {}
    }
}

fn fold_all(model: &mut Model, open: bool) -> Vec<Effect> {
    model.list_mut().fold_all(open);
    Vec::new()
}

/// Selects a row by its index, as a click does.
pub fn select(model: &mut Model, index: usize) {
    let rows = model.rows(model.view);
    model.focus = Focus::List;
    model.list_mut().select(&rows, index);
}

fn open(model: &mut Model) -> Vec<Effect> {
    if let Some(effects) = screens::open(model) {
        return effects;
    }
    let links = model.links();
    if links.place.is_none() && links.page.is_none() {
        toggle(model);
        return Vec::new();
    }
    navigate::follow(model, &links)
}

fn filter(model: &mut Model) -> Vec<Effect> {
    model.focus = Focus::List;
    model.list_mut().filter.editing = true;
    Vec::new()
}

fn accept(model: &mut Model) -> Vec<Effect> {
    model.list_mut().filter.editing = false;
    screens::filtered(model);
    Vec::new()
}

fn clear(model: &mut Model) -> Vec<Effect> {
    model.list_mut().filter.clear();
    Vec::new()
}

/// Scrolls a pane; its cursor stays on screen.
pub fn wheel(model: &mut Model, focus: Focus, rows: isize) {
    model.focus = focus;
    let motion = if rows < 0 { Motion::Up } else { Motion::Down };
    if screens::wheel(model, rows) {
        return;
    }
    match focus {
        Focus::List => {
            let shown = model.rows(model.view);
            let list = model.list_mut();
            let height = list.height.get();
            let last = shown.items.len().saturating_sub(height);
            let offset = list.offset.get().saturating_add_signed(rows).min(last);
            list.offset.set(offset);
            let bottom = (offset + height).saturating_sub(1).max(offset);
            let index = list.index.clamp(offset, bottom);
            list.select(&shown, index);
        }
        Focus::Detail => {
            for _ in 0..rows.unsigned_abs() {
                go(model, motion);
            }
        }
    }
}

pub fn popup_by(model: &mut Model, rows: isize) {
    match &mut model.overlay {
        Some(Overlay::Popup(popup)) => popup.move_by(rows),
        Some(Overlay::Palette(palette)) => {
            let last = palette.items.len().saturating_sub(1);
            palette.cursor = palette.cursor.saturating_add_signed(rows).min(last);
        }
        None => {}
    }
}
