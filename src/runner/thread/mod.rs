//! The thread executor: this run's thread owns one worker process in a process group and a temp
//! dir of its own, streams what it prints, and leaves neither process nor file behind.

pub mod pool;
mod process;
pub mod python;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::run::{Context, Execution};
use crate::model::{RunEvent, RunStatus};
use pool::Started;

/// Runs the worker: a Python script, or the binary it was built into.
pub fn run(context: &Context<'_>, binary: Option<&Path>) -> Execution {
    let started = match binary {
        Some(binary) => start_binary(context, binary),
        None => start_python(context),
    };
    match started {
        Ok(started) => {
            (context.emit)(RunEvent::Status(RunStatus::Running));
            process::supervise(context, started)
        }
        Err(execution) => *execution,
    }
}

fn environment(context: &Context<'_>) -> [(&'static str, PathBuf); 4] {
    [
        ("METASCOPE_ROOT", context.job.root.clone()),
        ("METASCOPE_INPUT", context.input_file()),
        ("METASCOPE_OUTPUT", context.outcome_file()),
        ("TMPDIR", context.dir.join("tmp")),
    ]
}

fn start_python(context: &Context<'_>) -> Result<Started, Box<Execution>> {
    let lacking = |message| Box::new(Execution::lacking("InterpreterNotFound", message));
    let python = python::find(&context.job.root, context.settings()).map_err(lacking)?;
    let describe = |error| lacking(format!("{} cannot be started: {error}", python.display()));
    let entry = context.job.worker.files.first().map_or("worker.py", |(path, _)| path.as_str());
    let script = context.worker_dir().join(entry);
    let mut started = context.inner.pool.take(&python, context.settings()).map_err(describe)?;
    // A pipe that breaks here belongs to an interpreter that died at once; its exit tells more.
    let _ = pool::send(&mut started, &script, &context.job.root, &environment(context));
    Ok(started)
}

fn start_binary(context: &Context<'_>, binary: &Path) -> Result<Started, Box<Execution>> {
    let mut command = Command::new(binary);
    command.current_dir(&context.job.root).envs(environment(context));
    pool::start(command, context.settings(), Stdio::null()).map_err(|error| {
        let message = format!("the worker binary cannot be started: {error}");
        Box::new(Execution::lacking("TempDirUnavailable", message))
    })
}
