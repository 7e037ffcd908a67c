//! Panes: focus, sizes, zoom.

use crate::app::command::Context::Global;
use crate::app::model::{Arrangement, Focus};
use crate::app::{Command, Effect, Model};

pub const COMMANDS: &[Command] = &[
    Command::new(
        "pane.next",
        "Other pane",
        "Move between list and detail",
        &[Global],
        &["tab", "backtab"],
        |model| {
            model.focus = match model.focus {
                Focus::List => Focus::Detail,
                Focus::Detail => Focus::List,
            };
            Vec::new()
        },
    )
    .footer(5),
    Command::new(
        "pane.narrower",
        "Smaller list",
        "Give the list less room",
        &[Global],
        &["<"],
        |m| resize(m, -4),
    ),
    Command::new("pane.wider", "Larger list", "Give the list more room", &[Global], &[">"], |m| {
        resize(m, 4)
    }),
    Command::new(
        "pane.reset",
        "Reset sizes",
        "Give the panes their usual sizes",
        &[Global],
        &["="],
        |model| {
            model.shares = SHARES;
            Vec::new()
        },
    ),
    Command::new(
        "pane.zoom",
        "Zoom",
        "Give the whole screen to the pane, or take it back",
        &[Global],
        &["Z", "f11"],
        |model| {
            model.zoomed = !model.zoomed;
            Vec::new()
        },
    ),
];

/// The list's usual share in percent: stacked, beside, wide.
pub const SHARES: [u16; 3] = [45, 38, 26];

fn resize(model: &mut Model, by: i16) -> Vec<Effect> {
    let share = model.share_mut();
    *share = share.saturating_add_signed(by).clamp(15, 80);
    Vec::new()
}

/// The divider follows the pointer.
pub fn drag(model: &mut Model, column: u16, row: u16) {
    let (width, height) = model.size;
    let (at, length) = match model.arrangement() {
        Arrangement::Stacked => (row.saturating_sub(2), height.saturating_sub(3)),
        _ => (column, width),
    };
    let share = (u32::from(at) * 100 / u32::from(length.max(1))) as u16;
    *model.share_mut() = share.clamp(15, 80);
}
