//! The swarm executor: a replicated job with one task per run; the cluster places it and starts it.
//!
//! Worker and input go in as configs of the cluster. A Python task may be placed on any node: its
//! outcome is sent to a *collector*, a container of the run on the node that we talk to, over a
//! network that only these two share; from there it is fetched as a file. A Rust worker is put into
//! an image of this node and runs here. All that a run makes is removed with it.

mod cleanup;
mod service;

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::models::{Task, TaskState};
use bollard::query_parameters::{ListTasksOptions, LogsOptions};
use futures_util::StreamExt;

use super::{STEP, archive, engine, exited, images, take};
use crate::model::{RunEvent, RunStatus};
use crate::runner::outcome::Outcome;
use crate::runner::run::{Context, Ending, Execution, output_of};
pub use cleanup::reap;
use service::{Job, OUTCOME, Place};

const TICK: Duration = Duration::from_millis(100);
/// How long output may still come once the task has ended.
const DRAIN: Duration = Duration::from_millis(500);

/// Runs the worker as a job of the cluster: a Python script, or the static binary it was built into.
pub fn run(context: &Context<'_>, binary: Option<&Path>) -> Execution {
    match engine::block_on(run_job(context, binary)) {
        Ok(execution) => execution,
        Err(message) => Execution::lacking("EngineUnavailable", message),
    }
}

async fn run_job(context: &Context<'_>, binary: Option<&Path>) -> Execution {
    let docker = match engine::connect().await {
        Ok(docker) => docker,
        Err(message) => return Execution::lacking("EngineUnavailable", message),
    };
    let Some(node) = node_of_manager(&docker).await else {
        let why = "this engine is not the manager of a Swarm: `docker swarm init` makes it one";
        return Execution::lacking("EngineUnavailable", why.into());
    };
    if let Err(error) = reap(&docker).await {
        tracing::warn!("leftovers may remain: {error}");
    }
    let image = match binary {
        Some(binary) => images::of_binary(&docker, context.id, binary)
            .await
            .map_err(|why| Execution::lacking("ImageNotFound", why)),
        None => images::for_python(context, &docker).await,
    };
    let image = match image {
        Ok(image) => image,
        Err(execution) => return execution,
    };
    let mut execution = if context.cancel.is_requested() {
        Execution::not_started(Ending::Cancelled)
    } else {
        let job = Job::new(context, &image.name, &node, binary.is_some());
        run_placed(context, &docker, job).await
    };
    execution.image = Some(image.id);
    match tokio::time::timeout(STEP, cleanup::remove(&docker, context.id)).await {
        Ok(Ok(())) => {}
        Ok(Err(why)) => execution.left_behind = Some(why),
        Err(_) => execution.left_behind = Some("the engine does not answer".into()),
    }
    execution
}

/// Runs the job wherever the cluster likes, then here should that node not have the image.
async fn run_placed(context: &Context<'_>, docker: &Docker, mut job: Job<'_>) -> Execution {
    if let Err(why) = job.prepare(context, docker).await {
        return Execution::not_started(Ending::Lost(why));
    }
    loop {
        let execution = match job.start(context, docker).await {
            Ok(()) => watch(context, docker, &job).await,
            Err(why) => Execution::not_started(Ending::Lost(why)),
        };
        let lacks_image =
            matches!(&execution.ending, Ending::Lost(why) if why.contains("No such image"));
        if !lacks_image || job.place == Place::Here {
            return execution;
        }
        context.progress("the node that was chosen does not have the image: running on this one");
        job.place = Place::Here;
        if let Err(why) = cleanup::remove_service(docker, &job.name).await {
            return Execution::not_started(Ending::Lost(why));
        }
    }
}

/// This node's id, when it is a manager.
async fn node_of_manager(docker: &Docker) -> Option<String> {
    let swarm = docker.info().await.ok()?.swarm?;
    (swarm.control_available == Some(true)).then_some(())?;
    swarm.node_id.filter(|id| !id.is_empty())
}

/// Follows the job's one task to its end and fetches the outcome.
async fn watch(context: &Context<'_>, docker: &Docker, job: &Job<'_>) -> Execution {
    let options = LogsOptions {
        follow: true,
        stdout: true,
        stderr: true,
        tail: "all".into(),
        ..LogsOptions::default()
    };
    let mut output = output_of(context);
    let mut printed = std::pin::pin!(docker.service_logs(&job.name, Some(options)));
    let deadline = context.timeout().map(|limit| Instant::now() + limit);
    let mut tick = tokio::time::interval(TICK);
    let (mut is_open, mut was_running) = (true, false);
    let (stopped, task) = loop {
        tokio::select! {
            chunk = printed.next(), if is_open => is_open = take(&mut output, chunk, context),
            _ = tick.tick() => {
                output.tick(context.emit);
                if context.cancel.is_requested() {
                    break (Some(Ending::Cancelled), None);
                }
                if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                    break (Some(Ending::TimedOut), None);
                }
                match task_of(docker, &job.name).await {
                    Ok(Some(task)) => {
                        let state = task.status.as_ref().and_then(|status| status.state);
                        if state == Some(TaskState::RUNNING) && !was_running {
                            was_running = true;
                            (context.emit)(RunEvent::Status(RunStatus::Running));
                        }
                        if state.is_some_and(has_ended) {
                            break (None, Some(task));
                        }
                    }
                    Ok(None) => {}
                    Err(why) => break (Some(Ending::Lost(why)), None),
                }
            }
        }
    };
    while is_open && stopped.is_none() {
        match tokio::time::timeout(DRAIN, printed.next()).await {
            Ok(chunk) => is_open = take(&mut output, chunk, context),
            Err(_) => break,
        }
    }
    let outcome = match (&stopped, &task) {
        (None, Some(task)) => fetch(docker, job, task).await,
        _ => None,
    };
    let ending = match (stopped, task) {
        (Some(ending), _) => ending,
        (None, task) => ended(context, docker, job, task, outcome.is_some()).await,
    };
    let (stdout, stderr) = output.finish(context.emit);
    Execution {
        outcome: outcome.map(|bytes| bytes.and_then(|bytes| Outcome::parse(&bytes))),
        stdout,
        stderr,
        ..Execution::not_started(ending)
    }
}

/// The outcome's bytes: from the collector, or from the ended container itself on this node.
async fn fetch(docker: &Docker, job: &Job<'_>, task: &Task) -> Option<Result<Vec<u8>, String>> {
    let container = match job.collector() {
        None => container_of(task)?,
        Some(collector) => match task_of(docker, &collector).await {
            Ok(found) => container_of(&found?)?,
            Err(why) => return Some(Err(format!("the collector cannot be found: {why}"))),
        },
    };
    archive::fetch(docker, &container, OUTCOME).await
}

fn container_of(task: &Task) -> Option<String> {
    let status = task.status.as_ref()?.container_status.as_ref()?;
    status.container_id.clone().filter(|id| !id.is_empty())
}

/// How the job's task ended; a container of this node tells more than the cluster does.
async fn ended(
    context: &Context<'_>,
    docker: &Docker,
    job: &Job<'_>,
    task: Option<Task>,
    has_outcome: bool,
) -> Ending {
    let container = task.as_ref().and_then(container_of);
    let is_here = task.as_ref().and_then(|task| task.node_id.as_deref()) == Some(job.node);
    let status = task.and_then(|task| task.status);
    match container {
        Some(id) if is_here => exited(context, docker, &id, has_outcome).await,
        Some(_) => {
            let code = status.and_then(|status| status.container_status?.exit_code);
            let code = code.unwrap_or_default() as i32;
            let signal = (code > 128 && code < 160).then_some(code - 128);
            Ending::Exited { code: Some(code), signal }
        }
        None => {
            let why = status.and_then(|status| status.err.or(status.message)).unwrap_or_default();
            Ending::Lost(format!("the cluster could not start the job: {why}"))
        }
    }
}

fn has_ended(state: TaskState) -> bool {
    matches!(
        state,
        TaskState::COMPLETE
            | TaskState::FAILED
            | TaskState::REJECTED
            | TaskState::SHUTDOWN
            | TaskState::ORPHANED
    )
}

async fn task_of(docker: &Docker, name: &str) -> Result<Option<Task>, String> {
    let filters = HashMap::from([("service".to_string(), vec![name.to_string()])]);
    let options = ListTasksOptions { filters: Some(filters) };
    let tasks = docker.list_tasks(Some(options)).await.map_err(|error| engine::explain(&error))?;
    Ok(tasks.into_iter().next())
}
