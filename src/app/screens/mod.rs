//! What each screen shows and how it answers keys: one file per [`View`].
//!
//! A screen is at least `rows` (its list or tree), `detail` (the pane beside it) and `COMMANDS`.
//! Everything else has a default here; a screen that needs more takes part in the hooks below.

pub mod calls;
pub mod common;
pub mod diagnostics;
pub mod expansion;
pub mod fields;
pub mod flows;
pub mod help;
pub mod patterns;
pub mod project;
pub mod registries;
pub mod run_detail;
pub mod run_items;
pub mod run_nodes;
pub mod runs;
pub mod schemas;
pub mod source;
pub mod splits;
pub mod tasks;
pub mod worker;

use super::action::{Effect, Mouse};
use super::commands::lists::Motion;
use super::detail::Detail;
use super::key::Key;
use super::links::Links;
use super::list::{Row, Rows};
use super::model::Model;
use super::text::Line;
use super::view::View;

/// Builds the rows of a screen's list. Ask [`Model::rows`], which remembers them.
pub fn rows(model: &Model, view: View) -> Rows {
    let list = &model.panes(view).list;
    match view {
        View::Project => project::rows(model, list),
        View::Source => source::rows(model, list),
        View::Registries => registries::rows(model, list),
        View::Schemas => schemas::rows(model, list),
        View::Calls => calls::rows(model, list),
        View::Splits => splits::rows(model, list),
        View::Flows => flows::rows(model, list),
        View::Tasks => tasks::rows(model, list),
        View::Runs => runs::rows(model, list),
        View::Patterns => patterns::rows(model, list),
        View::Diagnostics => diagnostics::rows(model, list),
        View::Help => help::rows(model, list),
    }
}

/// Builds the detail pane for the selected row. Ask [`Model::detail`], which remembers it.
pub fn detail(model: &Model, view: View, row: Option<&Row>) -> Detail {
    match view {
        View::Project => project::detail(model, row),
        View::Source => source::detail(model),
        View::Registries => registries::detail(model, row),
        View::Schemas => schemas::detail(model, row),
        View::Calls => calls::detail(model, row),
        View::Splits => splits::detail(model, row),
        View::Flows => flows::detail(model, row),
        View::Tasks => tasks::detail(model, row),
        View::Runs => runs::detail(model, row),
        View::Patterns => patterns::detail(model, row),
        View::Diagnostics => diagnostics::detail(model, row),
        View::Help => help::detail(model, row),
    }
}

/// Hook: where the cursor leads when that is not the selected row or detail line.
pub fn links(model: &Model) -> Option<Links> {
    match model.view {
        View::Source => source::links(model),
        View::Runs => runs::links(model),
        View::Calls => calls::links(model),
        _ => None,
    }
}

/// Hook: a motion the screen handles itself (a graph's cursor, a form's fields, a log).
pub fn motion(model: &mut Model, motion: Motion) -> bool {
    match model.view {
        View::Source => source::motion(model, motion),
        View::Tasks | View::Splits => fields::motion(model, motion),
        View::Runs => runs::motion(model, motion),
        View::Calls => calls::motion(model, motion),
        _ => false,
    }
}

/// Hook: the wheel over a pane the screen scrolls itself; rows count downwards.
pub fn wheel(model: &mut Model, rows: isize) -> bool {
    match model.view {
        View::Source => source::wheel(model, rows),
        View::Runs => runs::wheel(model, rows),
        View::Calls => calls::wheel(model, rows),
        _ => false,
    }
}

/// Hook: `enter`.
pub fn open(model: &mut Model) -> Option<Vec<Effect>> {
    match model.view {
        View::Tasks => tasks::open(model),
        View::Splits => splits::stepping::open(model),
        View::Runs => runs::open(model),
        View::Help => help::open(model),
        View::Source => source::open(model),
        View::Calls => calls::open(model),
        View::Patterns => patterns::enter(model),
        _ => None,
    }
}

/// Hook: `space` on something of the screen's own.
pub fn toggle(model: &mut Model) -> bool {
    match model.view {
        View::Tasks | View::Splits => fields::toggle(model),
        _ => false,
    }
}

/// Hook: `esc` on something of the screen's own; `None` when there is nothing to leave.
pub fn escape(model: &mut Model) -> Option<Vec<Effect>> {
    match model.view {
        View::Runs => runs::escape(model).then(Vec::new),
        View::Tasks => tasks::escape(model).then(Vec::new),
        View::Splits => splits::stepping::escape(model),
        View::Source => expansion::escape(model).then(Vec::new),
        _ => None,
    }
}

/// Hook: a click, double click or wheel on a [`Hit::Item`](super::Hit::Item).
pub fn item(model: &mut Model, item: usize, mouse: Mouse) -> Vec<Effect> {
    match model.view {
        View::Source => source::item(model, item, mouse),
        View::Tasks | View::Splits => fields::item(model, item, mouse),
        View::Calls => calls::item(model, item, mouse),
        _ => Vec::new(),
    }
}

/// Hook: the filter's line was accepted.
pub fn filtered(model: &mut Model) {
    if model.view == View::Source {
        source::find_next(model);
    }
}

/// Hook: what a screen wants from the shell to show what is selected.
pub fn settle(model: &mut Model) -> Vec<Effect> {
    match model.view {
        View::Source => source::settle(model),
        View::Tasks => tasks::settle(model),
        View::Runs => runs::settle(model),
        View::Patterns => patterns::settle(model),
        _ => Vec::new(),
    }
}

/// Hook: a new snapshot is in place.
pub fn refreshed(model: &mut Model) -> Vec<Effect> {
    let mut effects = tasks::refreshed(model);
    effects.extend(expansion::refreshed(model));
    effects
}

/// Whether text is being typed into the screen.
pub fn is_typing(model: &Model) -> bool {
    fields::is_typing(model)
}

/// A key that is no command, typed into the screen.
pub fn type_key(model: &mut Model, key: Key) {
    if is_typing(model) {
        fields::type_key(model, key);
    }
}

pub fn paste(model: &mut Model, text: &str) {
    if is_typing(model) {
        fields::paste(model, text);
    }
}

/// What an empty list says: why it is empty and what to do.
pub fn empty(model: &Model, view: View) -> Vec<Line> {
    let filter = model.panes(view).list.filter.text();
    if !filter.is_empty() {
        return vec![
            Line::text(&format!("Nothing matches “{filter}”.")),
            Line::dim("esc clears the filter"),
        ];
    }
    if !model.loaded {
        return vec![Line::dim("Reading files …")];
    }
    let (what, how) = match view {
        View::Project => (
            "No Python or Rust file was found here.",
            "Open another folder: metascope PATH. Files that .gitignore names are left out; --no-ignore reads them too.",
        ),
        View::Registries => (
            "No registry was found.",
            "A registry is what stores functions or classes behind the reader's back: a decorator that appends to a list, a metaclass, __init_subclass__, a table of functions, inventory::submit!, a derive.",
        ),
        View::Schemas => (
            "No data shape was found.",
            "Dataclasses, TypedDict, NamedTuple, Enum, pydantic models, structs and enums are listed here, each with its JSON Schema.",
        ),
        View::Calls => (
            "No function was found.",
            "Every function of the project is listed here, with who calls it and what it calls.",
        ),
        View::Splits => (
            "No method is cut anywhere.",
            "Methods that talk to other entities (stateflow-like classes with a key) and async functions with .await are shown cut into blocks here.",
        ),
        View::Flows => (
            "No flow was found.",
            "Entity dataflows, programs over an operator-overloading DSL such as SGLang's, and workflows of tasks are drawn here.",
        ),
        View::Tasks => (
            "No task was found.",
            "Functions registered by a task decorator are listed here. Press a to list every function that can be run.",
        ),
        View::Runs => {
            ("Nothing has been run yet.", "Choose a task with 8, fill in its form and press r.")
        }
        View::Patterns => (
            "No page matches.",
            "The pages explain metaprogramming techniques and where they occur in this project.",
        ),
        View::Diagnostics => (
            "Nothing is wrong with any file.",
            "Syntax errors and files that cannot be read are listed here.",
        ),
        View::Source | View::Help => ("", ""),
    };
    vec![Line::text(what), Line::default(), Line::dim(how)]
}
