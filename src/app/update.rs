//! One action in, a changed model and effects out.

use super::action::{Action, Effect, Hit, Mouse};
use super::config::Precise;
use super::key::{Code, Key};
use super::keymap::Lookup;
use super::model::{Focus, Loading, Model};
use super::overlay::{self, Overlay};
use super::toast::Level;
use super::{command, commands, navigate, palette, screens};
use crate::model::Language;

/// Applies an action. Selections are settled and wanted texts asked for afterwards.
pub fn update(model: &mut Model, action: Action) -> Vec<Effect> {
    let mut effects = apply(model, action);
    effects.extend(model.settle());
    effects
}

fn apply(model: &mut Model, action: Action) -> Vec<Effect> {
    match action {
        Action::Key(key) => press(model, key),
        Action::Paste(text) => paste(model, &text),
        Action::Mouse(mouse, hit) => click(model, mouse, hit),
        Action::Resize(width, height) => {
            model.size = (width, height);
            Vec::new()
        }
        Action::Command(id) => run(model, id),
        Action::HintDue => {
            model.hint = !model.typed.is_empty();
            Vec::new()
        }
        Action::Tick => {
            model.spinner = model.spinner.wrapping_add(1);
            screens::runs::tick(model);
            Vec::new()
        }
        Action::Progress { done, total } => {
            // What was read for the first time is linked next: that is told until it is shown.
            let goes_on = done < total || !model.complete;
            model.loading = goes_on.then_some(Loading { done, total });
            Vec::new()
        }
        Action::Snapshot { project, change } => snapshot(model, project, change),
        Action::Watching(note) => {
            model.watching = note;
            Vec::new()
        }
        Action::Compiling(compiling) => {
            model.compiling = compiling;
            Vec::new()
        }
        Action::Gone(reason) => {
            let effects = model.toast(Level::Error, reason.clone());
            model.gone = Some(reason);
            effects
        }
        Action::Text { path, text } => {
            let token = path.rsplit_once('.').map_or("", |(_, extension)| extension).into();
            let wanted = text.clone();
            model.texts.put(path.clone(), text);
            wanted.map(|text| Effect::Highlight { key: path, token, text }).into_iter().collect()
        }
        Action::Highlighted { key, lines } => {
            model.texts.put_highlighted(key, lines);
            Vec::new()
        }
        Action::RunStarted { id, request } => screens::runs::started(model, id, request),
        Action::Run { id, event } => screens::runs::event(model, &id, event),
        Action::RunRefused { task, reason } => {
            model.toast(Level::Error, format!("{task} was not started: {reason}"))
        }
        Action::TrustWanted { what, again } => {
            screens::runs::ask_trust(model, &what, *again);
            Vec::new()
        }
        Action::Steps { session, news } => screens::splits::stepping::news(model, session, news),
        Action::History(records) => {
            screens::runs::history(model, records);
            Vec::new()
        }
        Action::SweepResumed(id) => screens::runs::resumed(model, &id),
        Action::Part(record) => {
            screens::runs::part(model, *record);
            Vec::new()
        }
        Action::Items { sweep, items } => {
            screens::runs::items(model, &sweep, items);
            Vec::new()
        }
        Action::Described { id, task } => screens::tasks::described(model, &id, task),
        Action::Worker { task, worker } => screens::tasks::worker(model, &task, worker),
        Action::Expanded { request, answer } => {
            screens::expansion::expanded(model, request, answer)
        }
        Action::Toast(level, text) => model.toast(level, text),
        Action::ToastDue(id) => {
            model.toasts.expire(id);
            Vec::new()
        }
        Action::Config(config) => {
            let (keymap, problems) = super::keymap::Keymap::new(&config.keys);
            model.keymap = keymap;
            model.config = *config;
            let mut effects = model.toast(Level::Info, "The configuration was read again");
            for problem in problems {
                effects.extend(model.toast(Level::Error, problem));
            }
            effects
        }
    }
}

/// Runs a command by its id, or tells why it cannot be run now.
pub fn run(model: &mut Model, id: &str) -> Vec<Effect> {
    let Some(command) = command::find(id) else { return Vec::new() };
    match (command.enabled)(model) {
        Ok(()) => (command.run)(model),
        Err(reason) => model.toast(Level::Warning, format!("{}: {reason}", command.title)),
    }
}

fn press(model: &mut Model, key: Key) -> Vec<Effect> {
    model.hint = false;
    if key.code == Code::Esc && !model.typed.is_empty() {
        model.typed.clear();
        return Vec::new();
    }
    model.typed.push(key);
    match model.keymap.lookup(&model.contexts(), &model.typed) {
        Lookup::Command(id) => {
            model.typed.clear();
            run(model, id)
        }
        Lookup::Prefix if model.typed.len() == 1 => vec![Effect::HintTimer],
        Lookup::Prefix => Vec::new(),
        Lookup::Nothing => {
            let lone = model.typed.len() == 1;
            model.typed.clear();
            if lone { type_key(model, key) } else { Vec::new() }
        }
    }
}

/// A key that is no command: text, where text is being typed.
fn type_key(model: &mut Model, key: Key) -> Vec<Effect> {
    if let Some(Overlay::Palette(palette)) = &mut model.overlay {
        if palette.input.key(key) {
            palette::refresh(model);
        }
    } else if model.overlay.is_none() && model.list().filter.editing {
        model.list_mut().filter.input.key(key);
    } else if model.overlay.is_none() {
        screens::type_key(model, key);
    }
    Vec::new()
}

fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    if let Some(Overlay::Palette(palette)) = &mut model.overlay {
        palette.input.insert(text);
        palette::refresh(model);
    } else if model.overlay.is_none() && model.list().filter.editing {
        model.list_mut().filter.input.insert(text);
    } else if model.overlay.is_none() {
        screens::paste(model, text);
    }
    Vec::new()
}

fn snapshot(
    model: &mut Model,
    project: std::sync::Arc<crate::model::Project>,
    change: crate::model::Change,
) -> Vec<Effect> {
    model.texts.forget(&change.files);
    let is_new = !model.complete || change.files.iter().any(|file| file.ends_with(".rs"));
    model.project = project;
    if model.complete {
        model.set_change(change);
    } else {
        // Snapshots on the way to the first whole one.
        model.complete = !model.project.pending;
    }
    if model.complete {
        model.loading = None;
    }
    model.loaded = true;
    let mut effects = screens::refreshed(model);
    let has_rust = || model.project.files.iter().any(|file| file.language == Language::Rust);
    if model.config.rust.precise == Precise::Auto && model.complete && is_new && has_rust() {
        effects.push(Effect::Compile);
    }
    effects
}

fn click(model: &mut Model, mouse: Mouse, hit: Hit) -> Vec<Effect> {
    match (mouse, hit) {
        (Mouse::Release, _) => model.dragging = false,
        (Mouse::Drag(column, row), _) if model.dragging => {
            commands::panes::drag(model, column, row)
        }
        (Mouse::Drag(..), _) => {}
        (Mouse::Wheel(rows), Hit::Popup | Hit::PopupRow(_)) => {
            commands::lists::popup_by(model, rows.into())
        }
        _ if model.overlay.is_some() && !matches!(hit, Hit::PopupRow(_) | Hit::Popup) => {
            if matches!(mouse, Mouse::Click) {
                model.overlay = None;
            }
        }
        (Mouse::Wheel(rows), Hit::Detail | Hit::DetailLine(_) | Hit::Item(_)) => {
            commands::lists::wheel(model, Focus::Detail, rows.into());
        }
        (Mouse::Wheel(rows), _) => commands::lists::wheel(model, Focus::List, rows.into()),
        (_, Hit::Divider) => model.dragging = true,
        (_, Hit::Tab(view)) => navigate::go(model, view),
        (_, Hit::Command(id)) => return run(model, id),
        (_, Hit::Crumb(step)) => navigate::back_to(model, step),
        (_, Hit::Fold(index)) => {
            commands::lists::select(model, index);
            commands::lists::toggle(model);
        }
        (Mouse::Click, Hit::Row(index)) => commands::lists::select(model, index),
        (Mouse::DoubleClick, Hit::Row(_)) => return run(model, "list.open"),
        (_, Hit::List) => model.focus = Focus::List,
        (_, Hit::Detail) => model.focus = Focus::Detail,
        (_, Hit::DetailLine(line)) => {
            model.focus = Focus::Detail;
            model.detail_state_mut().cursor = line;
            if mouse == Mouse::DoubleClick {
                return run(model, "list.open");
            }
        }
        (_, Hit::PopupRow(row)) => return popup_row(model, row),
        (_, Hit::Item(item)) => return screens::item(model, item, mouse),
        (_, Hit::Popup | Hit::Nothing) => {}
    }
    Vec::new()
}

fn popup_row(model: &mut Model, row: usize) -> Vec<Effect> {
    match &mut model.overlay {
        Some(Overlay::Popup(popup)) => {
            popup.cursor = row;
            overlay::choose(model)
        }
        Some(Overlay::Palette(palette)) => {
            palette.cursor = row;
            palette::choose(model)
        }
        None => Vec::new(),
    }
}
