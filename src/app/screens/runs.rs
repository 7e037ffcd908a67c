//! Runs: live logs, results and history.

use crate::app::action::Effect;
use crate::app::command::Command;
use crate::app::commands::lists::Motion;
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::list::{ListState, Row, Rows};
use crate::app::model::Model;
use crate::model::{RunEvent, RunId, RunRecord, RunRequest};

#[derive(Debug, Default)]
pub struct State {}

impl State {
    pub fn running(&self) -> usize {
        0
    }

    pub fn is_counting(&self, _view: crate::app::View) -> bool {
        false
    }
}

pub const COMMANDS: &[Command] = &[];

pub fn rows(_: &Model, _: &ListState) -> Rows {
    Rows::default()
}
pub fn detail(_: &Model, _: Option<&Row>) -> Detail {
    Detail::default()
}
pub fn started(_: &mut Model, _: RunId, _: RunRequest) -> Vec<Effect> {
    Vec::new()
}
pub fn event(_: &mut Model, _: &RunId, _: RunEvent) -> Vec<Effect> {
    Vec::new()
}
pub fn history(_: &mut Model, _: Vec<RunRecord>) {}
pub fn tick(_: &mut Model) {}
pub fn links(_: &Model) -> Option<Links> {
    None
}
pub fn motion(_: &mut Model, _: Motion) -> bool {
    false
}
pub fn wheel(_: &mut Model, _: isize) -> bool {
    false
}
pub fn open(_: &mut Model) -> Option<Vec<Effect>> {
    None
}
pub fn escape(_: &mut Model) -> bool {
    false
}
