//! The runner, as the loop uses it: starting, cancelling, history, workers.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::effects::Sender;
use crate::app::Action;
use crate::model::{Name, Project, RunId, RunRequest, Worker};

/// A handle that can be shared with the threads that work for the loop.
#[derive(Clone)]
pub struct Runs {
    root: PathBuf,
}

impl Runs {
    pub fn new(root: &Path, _sender: Sender) -> Self {
        Self { root: root.to_owned() }
    }

    pub fn history(&self) -> Action {
        Action::History(Vec::new())
    }

    pub fn start(&self, _project: &Arc<Project>, request: RunRequest, _sender: &Sender) -> Action {
        Action::RunRefused { task: request.task, reason: "no runner".into() }
    }

    pub fn cancel(&self, _id: &RunId) {}

    pub fn worker(&self, _project: &Project, task: &Name) -> Result<Worker, String> {
        Err(format!("{task}: no worker in {}", self.root.display()))
    }

    pub fn trust(&self) -> Result<(), String> {
        Ok(())
    }

    pub fn close(&self) {}
}
