//! A task → the program that runs it, in the task's own language.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{python, rust};
use crate::model::{Language, Name, Project, Runnable, Task, Worker, Workflow};

/// The task of an id, or any module-level function by its name or a clear end of it, with the
/// schemas that a registered task would have.
///
/// # Errors
/// When nothing or more than one thing is meant; the message names the nearest.
pub fn task_for(project: &Project, id: &str) -> Result<Task, String> {
    let symbol = match project.runnable(id)? {
        Runnable::Task(task) => return Ok(task.clone()),
        Runnable::Function(symbol) => symbol,
    };
    let described = match symbol.language {
        Language::Python => python::worker::task_for(project, &symbol.name),
        Language::Rust => rust::worker::task_for(project, &symbol.name),
    };
    described.ok_or_else(|| format!("{} is not a function at module level", symbol.name))
}

/// Generates the worker of one task, or of any function that can be run by its qualified name.
/// `texts` reads a project's files by their path below the root.
///
/// # Errors
/// Why it cannot be run.
pub fn generate(
    project: &Project,
    task: &str,
    texts: &dyn Fn(&str) -> Option<Arc<str>>,
) -> Result<Worker, String> {
    let of_task = project.tasks.iter().find(|known| &*known.id == task).map(|task| task.language);
    let language =
        of_task.or_else(|| project.symbols_named(task).first().map(|symbol| symbol.language));
    match language {
        Some(Language::Python) => python::worker::generate(project, task, texts),
        Some(Language::Rust) => rust::worker::generate(project, task, texts),
        None => Err(format!("{task} is not a function of this project")),
    }
}

/// The workers of all tasks that a workflow calls, by the tasks' ids.
///
/// # Errors
/// Which task cannot be run, and why.
pub fn generate_calls(
    project: &Project,
    workflow: &Workflow,
    texts: &dyn Fn(&str) -> Option<Arc<str>>,
) -> Result<BTreeMap<Name, (Task, Worker)>, String> {
    let mut calls = BTreeMap::new();
    for step in &workflow.steps {
        if calls.contains_key(&step.task) {
            continue;
        }
        let call = task_for(project, &step.task).and_then(|task| {
            let worker = generate(project, &task.id, texts)?;
            Ok((task, worker))
        });
        let call = call.map_err(|reason| format!("its task {}: {reason}", step.task))?;
        calls.insert(step.task.clone(), call);
    }
    Ok(calls)
}
