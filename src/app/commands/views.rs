//! Commands that show a screen.

use crate::app::command::Context::Global;
use crate::app::{Command, Effect, Model, View, navigate};

macro_rules! show {
    ($id:literal, $title:literal, $doc:literal, $keys:expr, $view:expr) => {
        Command::new($id, $title, $doc, &[Global], $keys, |model| show(model, $view))
    };
}

pub const COMMANDS: &[Command] = &[
    show!(
        "view.project",
        "Project",
        "Files and definitions with their counts",
        &["1"],
        View::Project
    ),
    show!(
        "view.source",
        "Source",
        "The source with marks for what was found",
        &["2"],
        View::Source
    ),
    show!(
        "view.registries",
        "Registries",
        "What stores things, and what is stored",
        &["3"],
        View::Registries
    ),
    show!("view.schemas", "Schemas", "Data shapes with their JSON Schema", &["4"], View::Schemas),
    show!("view.calls", "Calls", "Callers and callees around a function", &["5"], View::Calls),
    show!("view.splits", "Splits", "Methods cut at their suspension points", &["6"], View::Splits),
    show!(
        "view.flows",
        "Flows",
        "Programs, workflows and dataflows as graphs",
        &["7"],
        View::Flows
    ),
    show!("view.tasks", "Tasks", "Functions to run from a form", &["8"], View::Tasks),
    show!("view.runs", "Runs", "Live logs, results and history", &["9"], View::Runs),
    show!("view.patterns", "Patterns", "The knowledge base", &["0"], View::Patterns),
    show!(
        "view.diagnostics",
        "Diagnostics",
        "What is wrong in which file",
        &["D"],
        View::Diagnostics
    ),
    show!("view.help", "Help", "Every command and its keys", &["?", "f1"], View::Help).footer(1),
    Command::new(
        "view.next",
        "Next view",
        "Show the view of the next tab",
        &[Global],
        &["gt", "ctrl-right"],
        |m| step(m, 1),
    ),
    Command::new(
        "view.previous",
        "Previous view",
        "Show the view of the tab before",
        &[Global],
        &["gT", "ctrl-left"],
        |m| step(m, -1),
    ),
];

fn show(model: &mut Model, view: View) -> Vec<Effect> {
    navigate::go(model, view);
    Vec::new()
}

fn step(model: &mut Model, by: isize) -> Vec<Effect> {
    let count = View::ALL.len() as isize;
    let next = (model.view.index() as isize + by).rem_euclid(count);
    show(model, View::ALL[next as usize])
}
