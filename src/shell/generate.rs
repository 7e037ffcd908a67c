//! The generated worker of a task, by its language.

use std::path::Path;

use crate::model::{Name, Project, Worker};

/// Generates the worker of `task` from the project and its files' texts.
pub fn generate(_root: &Path, project: &Project, task: &Name) -> Result<Worker, String> {
    Err(format!("no worker can be generated for {task} in {}", project.root))
}
