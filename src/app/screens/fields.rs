//! Keys, clicks and text in the form that the current view shows: tasks to run, splits to step
//! through.

use super::{splits, tasks};
use crate::app::action::{Effect, Mouse};
use crate::app::commands::lists::Motion;
use crate::app::form::Form;
use crate::app::key::Key;
use crate::app::model::{Focus, Model};
use crate::app::view::View;

/// The form on the screen.
pub fn shown(model: &Model) -> Option<&Form> {
    match model.view {
        View::Tasks => tasks::form(model).filter(|_| !model.tasks.shows_worker),
        View::Splits => splits::stepping::form(model),
        _ => None,
    }
}

fn shown_mut(model: &mut Model) -> Option<&mut Form> {
    match model.view {
        View::Tasks if !model.tasks.shows_worker => tasks::form_mut(model),
        View::Splits => splits::stepping::form_mut(model),
        _ => None,
    }
}

/// Whether keys move in the form.
pub fn has_keys(model: &Model) -> bool {
    model.focus == Focus::Detail && shown(model).is_some()
}

pub fn motion(model: &mut Model, motion: Motion) -> bool {
    if !has_keys(model) {
        return false;
    }
    let Some(form) = shown_mut(model) else { return false };
    match motion {
        Motion::Left => model.focus = Focus::List,
        Motion::Right => {}
        _ => form.cursor = motion.apply(form.cursor, form.fields.len(), 6),
    }
    true
}

/// Types into the field under the cursor, or takes its next choice.
pub fn edit(model: &mut Model) {
    if let Some(form) = shown_mut(model) {
        form.edit();
    }
    model.focus = Focus::Detail;
    model.touch(model.view);
}

/// `space`: the field's next choice.
pub fn toggle(model: &mut Model) -> bool {
    if !has_keys(model) {
        return false;
    }
    if let Some(form) = shown_mut(model) {
        form.next_choice();
    }
    true
}

/// A click on a field goes there; a second one types.
pub fn item(model: &mut Model, item: usize, mouse: Mouse) -> Vec<Effect> {
    if !matches!(mouse, Mouse::Click | Mouse::DoubleClick) {
        return Vec::new();
    }
    let was_there = has_keys(model) && shown(model).is_some_and(|form| form.cursor == item);
    model.focus = Focus::Detail;
    if let Some(form) = shown_mut(model) {
        form.end_typing(true);
        form.cursor = item.min(form.fields.len().saturating_sub(1));
    }
    if was_there || mouse == Mouse::DoubleClick {
        edit(model);
    }
    Vec::new()
}

pub fn is_typing(model: &Model) -> bool {
    shown(model).is_some_and(|form| form.typing.is_some())
}

pub fn type_key(model: &mut Model, key: Key) {
    if let Some(form) = shown_mut(model) {
        form.type_key(key);
    }
}

pub fn paste(model: &mut Model, text: &str) {
    if let Some(form) = shown_mut(model) {
        form.paste(text);
    }
}

/// Keeps what was typed and moves on.
pub fn accept(model: &mut Model, fields: isize) -> Vec<Effect> {
    if let Some(form) = shown_mut(model) {
        form.end_typing(true);
        form.move_by(fields);
    }
    Vec::new()
}

pub fn discard(model: &mut Model) -> Vec<Effect> {
    if let Some(form) = shown_mut(model) {
        form.end_typing(false);
    }
    Vec::new()
}

/// Keeps the value and does what the form is for.
pub fn submit(model: &mut Model) -> Vec<Effect> {
    match model.view {
        View::Splits => splits::stepping::start(model),
        _ => tasks::run_now(model),
    }
}
