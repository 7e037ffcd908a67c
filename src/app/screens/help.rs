//! Help: every command with its keys, those of the view one came from first.

use crate::app::action::Effect;
use crate::app::command::{self, Command, Context};
use crate::app::detail::Detail;
use crate::app::list::{ListState, Row, Rows, TreeBuilder};
use crate::app::model::Model;
use crate::app::text::{Line, Role};
use crate::app::{View, navigate, update};

pub const COMMANDS: &[Command] = &[];

/// The view help was asked from.
fn origin(model: &Model) -> View {
    model.history.back.last().map_or(View::Project, |stop| stop.view)
}

pub fn rows(model: &Model, list: &ListState) -> Rows {
    let mut tree = TreeBuilder::new(list);
    let mut contexts = vec![Context::View(origin(model)), Context::Global];
    contexts.extend(View::ALL.into_iter().filter(|v| *v != origin(model)).map(Context::View));
    contexts.extend([Context::Filter, Context::Edit, Context::Popup, Context::Palette]);
    for context in contexts {
        let commands: Vec<&Command> =
            command::table().iter().filter(|c| c.contexts.contains(&context)).collect();
        if commands.is_empty() {
            continue;
        }
        let title = context.title();
        let id = format!("in:{title}").into();
        let open = tree
            .branch(0, true, &id, title, || Row::new(id.clone(), Line::new(Role::Title, title)));
        for command in commands.into_iter().filter(|_| open) {
            let keys = model.keymap.keys_of(command.id).join("  ");
            let haystack = format!("{keys} {} {} {}", command.title, command.id, command.doc);
            tree.leaf(1, &haystack, || {
                let label =
                    Line::new(Role::Key, &format!("{keys:<18} ")).push(Role::Text, command.title);
                Row::new(format!("{title}/{}", command.id), label).note(Line::dim(command.doc))
            });
        }
    }
    tree.finish()
}

fn command_of(row: &Row) -> Option<&'static Command> {
    command::find(row.id.rsplit('/').next()?)
}

pub fn detail(model: &Model, row: Option<&Row>) -> Detail {
    let Some(command) = row.and_then(command_of) else {
        let mut detail = Detail::titled("Help");
        for line in [
            "Every command there is, with its keys. / filters, enter does it, esc goes back.",
            "",
            "From any row: gd goes to the definition, gr lists callers, gc shows the call graph, K reads the pattern's page, ! tells why the row is there.",
            "",
            "[ and ] go back and forward. Hold shift to select text with the mouse.",
            "Keys can be changed in the configuration file, by the ids shown here.",
        ] {
            detail.line(Line::text(line));
        }
        return detail;
    };
    let mut detail = Detail::titled(command.title);
    detail.line(Line::text(command.doc));
    detail.blank();
    detail.field("command", Line::new(Role::Accent, command.id));
    let keys = model.keymap.keys_of(command.id).join("  ");
    detail.field("keys", Line::new(Role::Key, if keys.is_empty() { "none" } else { &keys }));
    let contexts: Vec<&str> = command.contexts.iter().map(|context| context.title()).collect();
    detail.field("in", Line::text(&contexts.join(", ")));
    detail
}

/// `enter` on a command goes back to the view help was asked from and does it there.
pub fn open(model: &mut Model) -> Option<Vec<Effect>> {
    let command = model.selected(View::Help).as_ref().and_then(command_of)?;
    if !model.history.back.is_empty() {
        navigate::back(model);
    }
    Some(update::run(model, command.id))
}
