//! Commands while a form's field is typed.

use crate::app::command::Context::Edit;
use crate::app::{Command, screens::fields};

pub const COMMANDS: &[Command] = &[
    Command::new(
        "form.accept",
        "Keep the value",
        "Keep what was typed and go to the next field",
        &[Edit],
        &["enter", "tab", "down"],
        |m| fields::accept(m, 1),
    )
    .footer(1),
    Command::new(
        "form.accept-up",
        "Keep, go up",
        "Keep what was typed and go to the field before",
        &[Edit],
        &["backtab", "up"],
        |m| fields::accept(m, -1),
    ),
    Command::new(
        "form.cancel",
        "Put back",
        "Put back the value as it was",
        &[Edit],
        &["esc"],
        fields::discard,
    )
    .footer(2),
    Command::new(
        "form.run",
        "Run",
        "Keep the value and run it",
        &[Edit],
        &["ctrl-r"],
        fields::submit,
    )
    .footer(3),
];
