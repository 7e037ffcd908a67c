//! Tasks: functions to run, with a form made from their JSON Schema.

use std::sync::Arc;

use crate::app::action::{Effect, Mouse};
use crate::app::command::Command;
use crate::app::commands::lists::Motion;
use crate::app::detail::Detail;
use crate::app::key::Key;
use crate::app::links::Links;
use crate::app::list::{ListState, Row, Rows, TreeBuilder};
use crate::app::model::Model;
use crate::app::text::{Line, Role};
use crate::app::{View, navigate};
use crate::model::{Name, Worker};

#[derive(Debug, Default)]
pub struct State {}

pub const COMMANDS: &[Command] = &[];

pub fn rows(model: &Model, list: &ListState) -> Rows {
    let mut tree = TreeBuilder::new(list);
    for task in model.project.tasks.iter().filter(|task| task.registrar.is_some()) {
        tree.leaf(0, &task.id, || {
            Row::new(task.id.clone(), Line::new(Role::Function, &task.id))
                .links(Links::at(&task.file, task.line).symbol(&task.id))
        });
    }
    tree.finish()
}

pub fn detail(_model: &Model, row: Option<&Row>) -> Detail {
    Detail { title: row.map(|row| row.label.clone()).unwrap_or_default(), lines: Vec::new() }
}

pub fn open_task(model: &mut Model, id: &Name) {
    navigate::select(model, View::Tasks, id);
}

pub fn worker(_: &mut Model, _: &Name, _: Result<Arc<Worker>, String>) -> Vec<Effect> {
    Vec::new()
}
pub fn accept(_: &mut Model, _: isize) -> Vec<Effect> {
    Vec::new()
}
pub fn discard(_: &mut Model) -> Vec<Effect> {
    Vec::new()
}
pub fn run_now(_: &mut Model) -> Vec<Effect> {
    Vec::new()
}
pub fn motion(_: &mut Model, _: Motion) -> bool {
    false
}
pub fn open(_: &mut Model) -> Option<Vec<Effect>> {
    None
}
pub fn toggle(_: &mut Model) -> bool {
    false
}
pub fn escape(_: &mut Model) -> bool {
    false
}
pub fn item(_: &mut Model, _: usize, _: Mouse) -> Vec<Effect> {
    Vec::new()
}
pub fn settle(_: &mut Model) -> Vec<Effect> {
    Vec::new()
}
pub fn refreshed(_: &mut Model) {}
pub fn is_typing(_: &Model) -> bool {
    false
}
pub fn type_key(_: &mut Model, _: Key) {}
pub fn paste(_: &mut Model, _: &str) {}
