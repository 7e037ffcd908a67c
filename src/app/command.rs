//! The command table: one entry feeds the keymap, the footer, `?`, the palette, `docs/KEYS.md`
//! and the check of the configuration.
//!
//! A screen adds its commands by listing them in its own `COMMANDS` and naming that slice in
//! [`table`].

use std::sync::LazyLock;

use super::action::Effect;
use super::model::Model;
use super::view::View;
use super::{commands, screens};

/// Where a key means something. The innermost context is asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// Everywhere, unless text is being typed or a popup is open.
    Global,
    View(View),
    /// A popup with rows: callers, why, messages, confirmations.
    Popup,
    Palette,
    /// The filter's line is being typed.
    Filter,
    /// A form's field is being typed.
    Edit,
}

impl Context {
    pub fn title(self) -> &'static str {
        match self {
            Self::Global => "Everywhere",
            Self::View(view) => view.title(),
            Self::Popup => "Popup",
            Self::Palette => "Palette",
            Self::Filter => "Filter line",
            Self::Edit => "Form field",
        }
    }
}

/// One thing the user can do.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    /// `run.start`: the same word in keymap, help, palette, docs and configuration.
    pub id: &'static str,
    pub title: &'static str,
    /// One line, in full words.
    pub doc: &'static str,
    pub contexts: &'static [Context],
    /// Default keys; may be empty (palette only).
    pub keys: &'static [&'static str],
    /// Place in the footer, 1 = first to stay; 0 = not there.
    pub footer: u8,
    /// Why it cannot be done now.
    pub enabled: fn(&Model) -> Result<(), String>,
    pub run: fn(&mut Model) -> Vec<Effect>,
}

impl Command {
    pub const fn new(
        id: &'static str,
        title: &'static str,
        doc: &'static str,
        contexts: &'static [Context],
        keys: &'static [&'static str],
        run: fn(&mut Model) -> Vec<Effect>,
    ) -> Self {
        Self { id, title, doc, contexts, keys, footer: 0, enabled: always, run }
    }

    pub const fn footer(mut self, place: u8) -> Self {
        self.footer = place;
        self
    }

    pub const fn enabled(mut self, enabled: fn(&Model) -> Result<(), String>) -> Self {
        self.enabled = enabled;
        self
    }

    /// The part of the id before the dot: commands are listed by it.
    pub fn group(&self) -> &'static str {
        self.id.split_once('.').map_or(self.id, |(group, _)| group)
    }
}

fn always(_: &Model) -> Result<(), String> {
    Ok(())
}

/// All commands, in the order of help.
pub fn table() -> &'static [Command] {
    static TABLE: LazyLock<Vec<Command>> = LazyLock::new(|| {
        [
            commands::views::COMMANDS,
            commands::lists::COMMANDS,
            commands::jumps::COMMANDS,
            commands::panes::COMMANDS,
            commands::app::COMMANDS,
            commands::inputs::COMMANDS,
            screens::project::COMMANDS,
            screens::source::COMMANDS,
            screens::expansion::COMMANDS,
            screens::registries::COMMANDS,
            screens::schemas::COMMANDS,
            screens::calls::COMMANDS,
            screens::splits::COMMANDS,
            screens::flows::COMMANDS,
            screens::tasks::COMMANDS,
            screens::runs::COMMANDS,
            screens::run_items::COMMANDS,
            screens::patterns::COMMANDS,
            screens::diagnostics::COMMANDS,
            screens::help::COMMANDS,
        ]
        .concat()
    });
    &TABLE
}

pub fn find(id: &str) -> Option<&'static Command> {
    table().iter().find(|command| command.id == id)
}
