//! `docs/KEYS.md`, written from the command table.

use std::fmt::Write;

use super::command::{self, Command, Context};
use super::keymap::Keymap;
use super::view::View;

/// The page: every command with its default keys, by context.
pub fn markdown() -> String {
    let keymap = Keymap::default();
    let mut out = String::from(
        "# Keys\n\n\
         Generated from the command table (`src/app/command.rs`); do not edit by hand.\n\
         `UPDATE_EXPECT=1 cargo test --test tui keys` writes it anew.\n\n\
         Keys can be changed in the configuration file (`metascope/config.toml` in the XDG\n\
         configuration folder), by the ids below:\n\n\
         ```toml\n[keys]\n\"list.down\" = [\"j\", \"down\", \"ctrl-n\"]\n\"view.help\" = []\n```\n",
    );
    let mut contexts = vec![Context::Global];
    contexts.extend(View::ALL.map(Context::View));
    contexts.extend([Context::Filter, Context::Edit, Context::Popup, Context::Palette]);
    for context in contexts {
        let commands: Vec<&Command> =
            command::table().iter().filter(|c| c.contexts.contains(&context)).collect();
        if commands.is_empty() {
            continue;
        }
        // Writing to a string cannot fail.
        let _ =
            write!(out, "\n## {}\n\n| keys | command | does |\n|---|---|---|\n", context.title());
        for command in commands {
            let keys: Vec<String> = keymap
                .keys_of(command.id)
                .iter()
                .map(|key| format!("`{}`", key.replace('|', "\\|")))
                .collect();
            let _ = writeln!(out, "| {} | `{}` | {} |", keys.join(" "), command.id, command.doc);
        }
    }
    out
}
