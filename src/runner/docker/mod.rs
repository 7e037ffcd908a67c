//! The docker executor: a container per run, locked down, removed with everything it made.
//!
//! Worker and input are copied in over the API before the start, into a volume of the container's
//! own; the outcome is copied out of it after the end. Nothing of the host is mounted, and what
//! the task prints is only ever shown, never read as a result.

mod archive;
mod container;
pub mod engine;
pub mod images;
mod layers;
pub mod swarm;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::query_parameters::{
    AttachContainerOptions, InspectContainerOptions, KillContainerOptions, StartContainerOptions,
    StatsOptions, UploadToContainerOptions, WaitContainerOptions,
};
use futures_util::StreamExt;

use super::outcome::Outcome;
use super::output::{Output, Stream};
use super::run::{Context, Ending, Execution, output_of};
use crate::model::{RunEvent, RunStatus};

/// How long a task may take to heed SIGTERM.
const GRACE: Duration = Duration::from_secs(1);
/// How long the engine may take for one small step.
const STEP: Duration = Duration::from_secs(60);
const TICK: Duration = Duration::from_millis(20);
const SAMPLE: Duration = Duration::from_millis(500);

/// Removes what killed workbenches of this machine left in the engine.
pub fn reap() -> Result<(), String> {
    engine::block_on(async {
        let docker = engine::connect().await?;
        engine::reap(&docker).await?;
        swarm::reap(&docker).await
    })?
}

/// Runs the worker in a container: a Python script, or the static binary it was built into.
pub fn run(context: &Context<'_>, binary: Option<&Path>) -> Execution {
    match engine::block_on(run_contained(context, binary)) {
        Ok(execution) => execution,
        Err(message) => Execution::lacking("EngineUnavailable", message),
    }
}

/// Returns once the run is asked to stop.
async fn cancelled(context: &Context<'_>) {
    while !context.cancel.is_requested() {
        tokio::time::sleep(TICK).await;
    }
}

async fn run_contained(context: &Context<'_>, binary: Option<&Path>) -> Execution {
    let docker = match engine::connect().await {
        Ok(docker) => docker,
        Err(message) => return Execution::lacking("EngineUnavailable", message),
    };
    let image = match binary {
        None => match images::for_python(context, &docker).await {
            Ok(image) => Ok(layers::with_dependencies(context, &docker, image).await),
            Err(lacking) => Err(lacking),
        },
        Some(_) => images::empty(&docker).await.map_err(|why| {
            Execution::lacking("ImageNotFound", format!("the empty image cannot be made: {why}"))
        }),
    };
    if context.cancel.is_requested() {
        return Execution::not_started(Ending::Cancelled);
    }
    let image = match image {
        Ok(image) => image,
        Err(execution) => return execution,
    };
    let name = format!("metascope-{}", context.id);
    let started = start(context, &docker, &name, &image.name, binary);
    let started = tokio::time::timeout(STEP, started).await;
    let mut execution = match started {
        Ok(Ok(output)) => watch(context, &docker, &name, output).await,
        Ok(Err(ending)) => Execution::not_started(ending),
        Err(_) => {
            let why = format!("the engine did not start the container in {} s", STEP.as_secs());
            Execution::not_started(Ending::Lost(why))
        }
    };
    execution.image = Some(image.id);
    // What others left is looked for once, and while nobody waits for a start.
    static REAPED: AtomicBool = AtomicBool::new(false);
    if !REAPED.swap(true, Ordering::Relaxed)
        && let Err(error) = engine::reap(&docker).await
    {
        tracing::warn!("leftovers may remain: {error}");
    }
    match tokio::time::timeout(STEP, engine::remove(&docker, &name)).await {
        Ok(Ok(())) => {}
        Ok(Err(why)) => execution.left_behind = Some(why),
        Err(_) => execution.left_behind = Some("the engine does not answer".into()),
    }
    execution
}

type Attached = bollard::container::AttachContainerResults;

/// Creates, fills and starts the container; returns its output, attached before the start.
async fn start(
    context: &Context<'_>,
    docker: &Docker,
    name: &str,
    image: &str,
    binary: Option<&Path>,
) -> Result<Attached, Ending> {
    let broken = |what: &str, error: bollard::errors::Error| {
        Ending::Lost(format!("the engine could not {what}: {}", engine::explain(&error)))
    };
    context.progress(format!("creating a container of {image}"));
    let body = container::describe(context, image, binary.is_some());
    let options = bollard::query_parameters::CreateContainerOptions {
        name: Some(name.into()),
        ..Default::default()
    };
    let packed = archive::pack(context, binary)
        .map_err(|error| Ending::Lost(format!("the worker could not be packed: {error}")))?;
    docker
        .create_container(Some(options), body)
        .await
        .map_err(|e| broken("create the container", e))?;
    let options = UploadToContainerOptions { path: container::PLACE.into(), ..Default::default() };
    let filled = docker.upload_to_container(name, Some(options), bollard::body_full(packed.into()));
    let options = AttachContainerOptions {
        stream: true,
        stdout: true,
        stderr: true,
        ..AttachContainerOptions::default()
    };
    let (filled, output) = tokio::join!(filled, docker.attach_container(name, Some(options)));
    filled.map_err(|e| broken("take the worker in", e))?;
    let output = output.map_err(|e| broken("attach", e))?;
    docker
        .start_container(name, None::<StartContainerOptions>)
        .await
        .map_err(|e| broken("start the container", e))?;
    (context.emit)(RunEvent::Status(RunStatus::Running));
    Ok(output)
}

/// Follows a started container to its end and fetches the outcome.
async fn watch(
    context: &Context<'_>,
    docker: &Docker,
    name: &str,
    attached: Attached,
) -> Execution {
    let mut output = output_of(context);
    let mut printed = attached.output;
    let options = WaitContainerOptions { condition: "not-running".into() };
    let mut exit = std::pin::pin!(docker.wait_container(name, Some(options)));
    let mut usage = Usage::default();
    let mut stop = Stop {
        deadline: context.timeout().map(|limit| Instant::now() + limit),
        why: None,
        kill_at: None,
    };
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut sampled = Instant::now();
    let mut is_open = true;
    let lost = loop {
        tokio::select! {
            chunk = printed.next(), if is_open => is_open = take(&mut output, chunk, context),
            ended = exit.next() => break match ended {
                Some(Ok(_) | Err(bollard::errors::Error::DockerContainerWaitError { .. })) => None,
                Some(Err(error)) => Some(engine::explain(&error)),
                None => Some("it closed the connection".into()),
            },
            _ = tick.tick() => {
                output.tick(context.emit);
                stop.check(context, docker, name).await;
                if sampled.elapsed() >= SAMPLE {
                    usage.sample(docker, name).await;
                    sampled = Instant::now();
                }
            }
        }
    };
    if let Some(why) = lost {
        let (stdout, stderr) = output.finish(context.emit);
        let ending = Ending::Lost(format!("the engine went away during the run: {why}"));
        return Execution { stdout, stderr, ..Execution::not_started(ending) };
    }
    let drained = Instant::now();
    while is_open && drained.elapsed() < Duration::from_secs(5) {
        match tokio::time::timeout(Duration::from_secs(1), printed.next()).await {
            Ok(chunk) => is_open = take(&mut output, chunk, context),
            Err(_) => break,
        }
    }
    let outcome =
        archive::fetch(docker, name, &format!("{}/out/outcome.json", container::PLACE)).await;
    let ending = match stop.why {
        Some(why) => why,
        None => exited(context, docker, name, outcome.is_some()).await,
    };
    let (stdout, stderr) = output.finish(context.emit);
    Execution {
        outcome: outcome.map(|bytes| bytes.and_then(|bytes| Outcome::parse(&bytes))),
        stdout,
        stderr,
        cpu_ms: usage.cpu_ms,
        peak_memory_bytes: usage.peak,
        ..Execution::not_started(ending)
    }
}

/// Takes what was printed; false when the stream has ended.
fn take(
    output: &mut Output,
    chunk: Option<Result<LogOutput, bollard::errors::Error>>,
    context: &Context<'_>,
) -> bool {
    let (stream, bytes) = match &chunk {
        Some(Ok(LogOutput::StdErr { message })) => (Stream::Stderr, message),
        Some(Ok(LogOutput::StdOut { message } | LogOutput::Console { message })) => {
            (Stream::Stdout, message)
        }
        Some(Ok(LogOutput::StdIn { .. })) => return true,
        Some(Err(_)) | None => return false,
    };
    output.push(stream, bytes, context.emit);
    true
}

/// How the container's first process ended; with an outcome at hand that is of no matter.
async fn exited(context: &Context<'_>, docker: &Docker, name: &str, has_outcome: bool) -> Ending {
    if has_outcome {
        return Ending::Exited { code: Some(0), signal: None };
    }
    let found = docker.inspect_container(name, None::<InspectContainerOptions>).await;
    let Some(state) = found.ok().and_then(|found| found.state) else {
        return Ending::Lost("the engine no longer knows the container".into());
    };
    let code = state.exit_code.unwrap_or_default();
    if state.oom_killed == Some(true) {
        let limit = container::memory_limit(context) >> 20;
        return Ending::OverLimit(format!("more than its {limit} MB of memory were in use"));
    }
    if let Some(error) = state.error.filter(|error| !error.is_empty()) {
        return Ending::Lost(format!("the engine could not run the worker: {error}"));
    }
    let signal = (code > 128 && code < 160).then_some((code - 128) as i32);
    Ending::Exited { code: Some(code as i32), signal }
}

/// Stops a container that was cancelled or has run too long.
struct Stop {
    deadline: Option<Instant>,
    why: Option<Ending>,
    kill_at: Option<Instant>,
}

impl Stop {
    async fn check(&mut self, context: &Context<'_>, docker: &Docker, name: &str) {
        let now = Instant::now();
        if self.why.is_none() {
            let why = if context.cancel.is_requested() {
                Ending::Cancelled
            } else if self.deadline.is_some_and(|deadline| now >= deadline) {
                Ending::TimedOut
            } else {
                return;
            };
            self.why = Some(why);
            self.kill_at = Some(now + GRACE);
            signal(docker, name, "SIGTERM").await;
        } else if self.kill_at.is_some_and(|at| now >= at) {
            self.kill_at = Some(now + GRACE);
            signal(docker, name, "SIGKILL").await;
        }
    }
}

async fn signal(docker: &Docker, name: &str, signal: &str) {
    let options = KillContainerOptions { signal: signal.into() };
    let sent = docker.kill_container(name, Some(options));
    if let Ok(Err(error)) = tokio::time::timeout(Duration::from_secs(5), sent).await {
        // It may have ended just now; the wait will tell.
        tracing::debug!("{signal} to {name}: {error}");
    }
}

/// What the container used, for runs that end without telling.
#[derive(Default)]
struct Usage {
    cpu_ms: Option<f64>,
    peak: Option<u64>,
}

impl Usage {
    async fn sample(&mut self, docker: &Docker, name: &str) {
        let options = StatsOptions { stream: false, one_shot: true };
        let mut stats = std::pin::pin!(docker.stats(name, Some(options)));
        let next = tokio::time::timeout(Duration::from_millis(300), stats.next()).await;
        let Ok(Some(Ok(stats))) = next else { return };
        let cpu = stats.cpu_stats.and_then(|cpu| cpu.cpu_usage?.total_usage);
        self.cpu_ms = cpu.map(|nanos| nanos as f64 / 1e6).or(self.cpu_ms);
        let memory = stats.memory_stats.and_then(|memory| memory.max_usage.or(memory.usage));
        self.peak = memory.max(self.peak);
    }
}
