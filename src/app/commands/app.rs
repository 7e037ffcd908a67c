//! The workbench itself: leaving, backing out, palette, messages.

use crate::app::command::Context::{Edit, Global, Palette, Popup};
use crate::app::detail::DetailLine;
use crate::app::links::Links;
use crate::app::model::Focus;
use crate::app::overlay::{Overlay, Popup as PopupState};
use crate::app::toast::Level;
use crate::app::{Command, Effect, Line, Model, Role, View, navigate, palette, screens};

pub const COMMANDS: &[Command] = &[
    Command::new(
        "app.escape",
        "Back out",
        "Back out one level: message, zoom, filter, pane",
        &[Global],
        &["esc"],
        escape,
    ),
    Command::new(
        "app.leave",
        "Leave",
        "Leave the view; from a main view, leave the workbench",
        &[Global],
        &["q"],
        leave,
    )
    .footer(20),
    Command::new(
        "app.quit",
        "Quit",
        "Leave the workbench from anywhere",
        &[Global, Popup, Palette, Edit],
        &["ctrl-c"],
        quit,
    ),
    Command::new(
        "app.suspend",
        "Suspend",
        "Hand the terminal back to the shell (fg returns)",
        &[Global],
        &["ctrl-z"],
        |_| vec![Effect::Suspend],
    ),
    Command::new(
        "app.redraw",
        "Redraw",
        "Clear the screen and draw it again",
        &[Global],
        &["ctrl-l"],
        |_| vec![Effect::Redraw],
    ),
    Command::new(
        "palette.open",
        "Find anything",
        "Commands, files, symbols, tasks and pages",
        &[Global],
        &["ctrl-p"],
        |m| palette::open(m, ""),
    ),
    Command::new(
        "palette.commands",
        "Command palette",
        "Find a command by its name",
        &[Global],
        &[":"],
        |m| palette::open(m, ">"),
    )
    .footer(11),
    Command::new(
        "palette.symbols",
        "Find symbol",
        "Find a definition by its name",
        &[Global],
        &["@"],
        |m| palette::open(m, "@"),
    ),
    Command::new(
        "palette.files",
        "Find file",
        "Find a file by its path",
        &[Global],
        &["gf"],
        |m| palette::open(m, "/"),
    ),
    Command::new(
        "palette.choose",
        "Choose",
        "Do or show the selected item",
        &[Palette],
        &["enter"],
        palette::choose,
    )
    .footer(1),
    Command::new("palette.close", "Close", "Close the palette", &[Palette], &["esc"], |model| {
        model.overlay = None;
        Vec::new()
    })
    .footer(2),
    Command::new(
        "messages.show",
        "Messages",
        "Show all messages of this session",
        &[Global],
        &["M"],
        messages,
    ),
    Command::new(
        "changes.show",
        "Changes",
        "Show what the last save changed",
        &[Global],
        &["C"],
        changes,
    ),
];

/// One level out: message, unfinished zoom, filter, detail pane, then back through the jumps.
fn escape(model: &mut Model) -> Vec<Effect> {
    if let Some(effects) = screens::escape(model) {
        return effects;
    }
    if model.toasts.dismiss() {
        return Vec::new();
    }
    if model.zoomed {
        model.zoomed = false;
    } else if model.focus == Focus::Detail && model.view != View::Source {
        model.focus = Focus::List;
    } else if model.list().filter.is_set() {
        model.list_mut().filter.clear();
    } else if matches!(model.view, View::Source | View::Help) && !model.history.back.is_empty() {
        return navigate::back(model);
    }
    Vec::new()
}

/// A view that was jumped to goes back; a main view leaves the workbench.
fn leave(model: &mut Model) -> Vec<Effect> {
    if matches!(model.view, View::Source | View::Help) && !model.history.back.is_empty() {
        return navigate::back(model);
    }
    quit(model)
}

fn quit(model: &mut Model) -> Vec<Effect> {
    let running = model.runs.running();
    let asked = matches!(model.overlay, Some(Overlay::Popup(_)));
    if running == 0 || asked {
        return vec![Effect::Quit];
    }
    let question = if running == 1 {
        "A run is still going. Cancel it and leave?".to_owned()
    } else {
        format!("{running} runs are still going. Cancel them and leave?")
    };
    model.overlay = Some(Overlay::Popup(PopupState::confirm(&question, vec![Effect::Quit])));
    Vec::new()
}

fn messages(model: &mut Model) -> Vec<Effect> {
    let lines: Vec<DetailLine> = model
        .toasts
        .log
        .iter()
        .rev()
        .map(|toast| {
            let line = Line::new(toast.level.role(), &format!("{} ", toast.level.glyph()))
                .push(Role::Text, &toast.text);
            DetailLine { line, ..DetailLine::default() }
        })
        .collect();
    if lines.is_empty() {
        return model.toast(Level::Info, "No messages so far");
    }
    model.overlay = Some(Overlay::Popup(PopupState::new("Messages", lines)));
    Vec::new()
}

fn changes(model: &mut Model) -> Vec<Effect> {
    let change = &model.change;
    let row = |role, mark: &str, id: &String| {
        let line = Line::new(role, mark).push(Role::Text, id);
        DetailLine { line, links: links_of(model, id), no_wrap: true }
    };
    let added = change.added.iter().map(|id| row(Role::Added, "+ ", id));
    let removed = change.removed.iter().map(|id| row(Role::Removed, "− ", id));
    let lines: Vec<DetailLine> = added.chain(removed).collect();
    if lines.is_empty() {
        return model.toast(Level::Info, "Nothing found has changed since the last save");
    }
    model.overlay = Some(Overlay::Popup(PopupState::new("Changed by the last save", lines)));
    Vec::new()
}

/// Where a changed row (`registry:x`, `call:a->b`) leads: the definition it names.
fn links_of(model: &Model, id: &str) -> Links {
    let name = id.split_once(':').map_or(id, |(_, name)| name);
    let name = name.split("->").next().unwrap_or(name);
    match model.project.symbols_named(name).first() {
        Some(symbol) => Links::at(&symbol.file, symbol.line).symbol(&symbol.name),
        None => Links::default(),
    }
}
