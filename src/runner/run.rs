//! One run from request to record.

use std::fs;
use std::io;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::outcome::{Outcome, OutcomeStatus};
use super::settings::Settings;
use super::{
    Cancel, Inner, Job, docker, journal, logs_dir, native, owner, paths, thread, validate,
};
use crate::model::{
    ExecutorKind, Language, Name, RunError, RunEvent, RunId, RunRecord, RunRequest, RunStatus,
    Worker,
};

/// What an executor works with.
pub struct Context<'a> {
    pub inner: &'a Inner,
    pub id: &'a RunId,
    pub job: &'a Job,
    pub cancel: &'a Cancel,
    /// Private to this run; holds `in/` with the worker, `input.json` and `tmp/`.
    pub dir: &'a Path,
    pub emit: &'a dyn Fn(RunEvent),
}

/// How a worker came to its end.
#[derive(Debug, Clone, PartialEq)]
pub enum Ending {
    Exited {
        code: Option<i32>,
        signal: Option<i32>,
    },
    Cancelled,
    TimedOut,
    /// It used more than it may have; what and how much.
    OverLimit(String),
    /// The engine went away under it.
    Lost(String),
    /// It was never started.
    Failed(RunStatus, RunError),
}

/// What an executor hands back.
#[derive(Debug)]
pub struct Execution {
    pub ending: Ending,
    pub outcome: Option<Result<Outcome, String>>,
    pub stdout: String,
    pub stderr: String,
    pub cpu_ms: Option<f64>,
    pub peak_memory_bytes: Option<u64>,
    /// The id of the image it ran in.
    pub image: Option<String>,
    /// Why something of the run may still be in the engine.
    pub left_behind: Option<String>,
}

impl Execution {
    /// A run that ended before its worker started.
    pub fn not_started(ending: Ending) -> Self {
        Self {
            ending,
            outcome: None,
            stdout: String::new(),
            stderr: String::new(),
            cpu_ms: None,
            peak_memory_bytes: None,
            image: None,
            left_behind: None,
        }
    }

    /// The machine lacks something; `kind` is one of those the runner names.
    pub fn lacking(kind: &str, message: String) -> Self {
        let error = RunError { type_: kind.into(), message, ..RunError::default() };
        Self::not_started(Ending::Failed(RunStatus::Crashed, error))
    }
}

impl Context<'_> {
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub fn progress(&self, text: impl Into<String>) {
        (self.emit)(RunEvent::Progress(text.into()));
    }

    /// How long the task may run; `None` for as long as it likes (a timeout of 0 was asked).
    pub fn timeout(&self) -> Option<Duration> {
        let default = self.settings().timeout_seconds * 1000;
        let millis = self.job.request.limits.timeout_ms.unwrap_or(default);
        (millis > 0).then(|| Duration::from_millis(millis))
    }

    pub fn worker_dir(&self) -> PathBuf {
        self.dir.join("in")
    }

    pub fn input_file(&self) -> PathBuf {
        self.dir.join("input.json")
    }

    pub fn outcome_file(&self) -> PathBuf {
        self.dir.join("outcome.json")
    }
}

/// What a run is a part of.
#[derive(Debug, Clone)]
pub struct Part {
    pub parent: RunId,
    pub item: Option<u32>,
}

/// An id that sorts by start and differs between workbenches.
pub fn new_id() -> RunId {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = jiff::Timestamp::now();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let seed = format!("{}\0{count}\0{}", owner::token(), now.as_nanosecond());
    let unique = &blake3::hash(seed.as_bytes()).to_hex()[..4];
    format!("{}-{unique}", now.strftime("%Y%m%d-%H%M%S-%3f")).into()
}

/// Runs a job to its recorded end. Never panics, whatever an executor does.
pub fn execute(
    inner: &Inner,
    job: &Job,
    id: &RunId,
    part_of: Option<&Part>,
    cancel: &Cancel,
    requested: Instant,
    emit: &dyn Fn(RunEvent),
) -> RunRecord {
    let requested_at = unix_now();
    let parent = part_of.map(|part| &part.parent);
    let mut record = new_record(id, &job.request, job.worker.hash.clone(), parent);
    record.item = part_of.and_then(|part| part.item);
    match validate::validate(&job.task.input_schema, &job.request.input) {
        Ok(errors) if !errors.is_empty() => {
            record.status = RunStatus::Rejected;
            record.input_errors = errors;
            record.elapsed_ms = millis(requested.elapsed());
            write(inner, &record, false, emit);
            return record;
        }
        Ok(_) => {}
        Err(problem) => emit(RunEvent::Progress(problem)),
    }
    emit(RunEvent::Status(RunStatus::Pending));
    let leaves_traces = journal::leaves_traces(job.request.executor);
    record.status = RunStatus::Running;
    write(inner, &record, leaves_traces, emit);
    inner.journal.keep_worker(&job.worker);
    let execution =
        std::panic::catch_unwind(AssertUnwindSafe(|| in_private_dir(inner, job, id, cancel, emit)));
    let execution = execution.unwrap_or_else(|_| {
        let error = RunError {
            type_: "InternalError".into(),
            message: "the executor failed; this is a fault of metascope".into(),
            ..RunError::default()
        };
        Execution::not_started(Ending::Failed(RunStatus::Crashed, error))
    });
    // What an unreachable engine still holds is removed once it can be reached again.
    let is_dirty = execution.left_behind.is_some();
    if let Some(why) = &execution.left_behind {
        emit(RunEvent::Progress(format!("the container remains until it can be removed: {why}")));
    }
    conclude(&mut record, execution, requested_at);
    if job.request.executor != ExecutorKind::Thread
        && let Some(error) = &mut record.error
        && error.type_ == "ModuleNotFoundError"
    {
        error.message.push_str(
            "; the image lacks it: name one that has the task's dependencies with --image, or use \
             the thread executor",
        );
    }
    if job.worker.language == Language::Rust
        && let Some(error) = &mut record.error
    {
        native::show_place(error, &job.root, &job.worker);
    }
    record.elapsed_ms = millis(requested.elapsed());
    write(inner, &record, is_dirty, emit);
    record
}

/// The record of a run that has not started.
pub fn new_record(
    id: &RunId,
    request: &RunRequest,
    worker_hash: Name,
    parent: Option<&RunId>,
) -> RunRecord {
    RunRecord {
        run: id.clone(),
        task: request.task.clone(),
        executor: request.executor,
        status: RunStatus::Pending,
        result: None,
        stdout: String::new(),
        stderr: String::new(),
        error: None,
        input_errors: Vec::new(),
        started_at: timestamp(),
        elapsed_ms: 0.0,
        launch_ms: None,
        cpu_ms: None,
        peak_memory_bytes: None,
        request: request.clone(),
        worker_hash: Some(worker_hash),
        image: None,
        nodes: None,
        sweep: None,
        parent: parent.cloned(),
        item: None,
    }
}

/// Now, as records have it.
pub fn timestamp() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

pub fn write(inner: &Inner, record: &RunRecord, dirty: bool, emit: &dyn Fn(RunEvent)) {
    if let Err(problem) = inner.journal.write(record, dirty)
        && record.status.is_final()
    {
        emit(RunEvent::Progress(problem));
    }
}

/// Prepares the private dir, runs the executor, removes the dir.
fn in_private_dir(
    inner: &Inner,
    job: &Job,
    id: &RunId,
    cancel: &Cancel,
    emit: &dyn Fn(RunEvent),
) -> Execution {
    struct Remove(PathBuf);
    impl Drop for Remove {
        fn drop(&mut self) {
            paths::remove_tree(&self.0);
        }
    }
    let prepared = paths::owner_dir().map(|dir| Remove(dir.join(&**id))).and_then(|dir| {
        inner.guard()?;
        prepare(&dir.0, job)?;
        Ok(dir)
    });
    let dir = match prepared {
        Ok(dir) => dir,
        Err(error) => {
            let message = format!("the run's temp directory cannot be filled: {error}");
            return Execution::lacking("TempDirUnavailable", message);
        }
    };
    let context = Context { inner, id, job, cancel, dir: &dir.0, emit };
    if cancel.is_requested() {
        return Execution::not_started(Ending::Cancelled);
    }
    let binary = match job.worker.language {
        Language::Python => None,
        Language::Rust => match native::build(&context) {
            Ok(binary) => Some(binary),
            Err(ending) => return Execution::not_started(ending),
        },
    };
    match job.request.executor {
        ExecutorKind::Thread => thread::run(&context, binary.as_deref()),
        ExecutorKind::Docker => docker::run(&context, binary.as_deref()),
        ExecutorKind::Swarm => docker::swarm::run(&context, binary.as_deref()),
    }
}

fn prepare(dir: &Path, job: &Job) -> io::Result<()> {
    paths::create_private(&dir.join("tmp"))?;
    if job.worker.language == Language::Python {
        write_worker(&dir.join("in"), &job.worker)?;
    }
    let input = serde_json::to_vec(&job.request.input).map_err(io::Error::other)?;
    fs::write(dir.join("input.json"), input)
}

/// Writes a worker's files below `dir`; a path that would leave it is refused.
pub fn write_worker(dir: &Path, worker: &Worker) -> io::Result<()> {
    paths::create_private(dir)?;
    for (path, text) in &worker.files {
        let is_inner = |part| matches!(part, std::path::Component::Normal(_));
        if !Path::new(path).components().all(is_inner) {
            let message = format!("the worker's file {path} lies outside its folder");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        let target = dir.join(path);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(target, text)?;
    }
    Ok(())
}

/// Turns an execution into the recorded outcome.
fn conclude(record: &mut RunRecord, execution: Execution, requested_at: f64) {
    record.stdout = execution.stdout;
    record.stderr = execution.stderr;
    record.cpu_ms = execution.cpu_ms;
    record.peak_memory_bytes = execution.peak_memory_bytes;
    record.image = execution.image.map(Name::from);
    let outcome = match execution.outcome {
        Some(Ok(outcome)) => Some(outcome),
        Some(Err(problem)) => {
            record.status = RunStatus::Crashed;
            record.error = Some(plain_error("BrokenOutcome", problem));
            return;
        }
        None => None,
    };
    if let Some(outcome) = &outcome {
        record.launch_ms = outcome.called_at.map(|at| ((at - requested_at) * 1000.0).max(0.0));
        record.cpu_ms = outcome.cpu_ms.or(record.cpu_ms);
        record.peak_memory_bytes = outcome.peak_memory_bytes.or(record.peak_memory_bytes);
    }
    match (execution.ending, outcome) {
        (Ending::Cancelled, _) => record.status = RunStatus::Cancelled,
        (Ending::TimedOut, _) => {
            record.status = RunStatus::TimedOut;
            record.error = Some(plain_error("Timeout", "the time limit was reached".into()));
        }
        (Ending::OverLimit(what), _) => crash(record, "OverLimit", what),
        (Ending::Lost(why), _) => crash(record, "EngineLost", why),
        (Ending::Failed(status, error), _) => {
            record.status = status;
            record.error = Some(error);
        }
        (Ending::Exited { .. }, Some(outcome)) => match outcome.status {
            OutcomeStatus::Ok => {
                record.status = RunStatus::Succeeded;
                record.result = outcome.result;
            }
            OutcomeStatus::Error => {
                record.status = RunStatus::Failed;
                record.error = Some(outcome.error.unwrap_or_default().into());
            }
            OutcomeStatus::Rejected => {
                record.status = RunStatus::Rejected;
                record.input_errors = outcome.input_errors;
            }
        },
        (Ending::Exited { code, signal }, None) => {
            let how = match (code, signal) {
                (_, Some(9)) => "was killed (SIGKILL)".into(),
                (_, Some(11)) => "crashed with a segmentation fault (SIGSEGV)".into(),
                (_, Some(6)) => "aborted (SIGABRT)".into(),
                (_, Some(signal)) => format!("was ended by signal {signal}"),
                (Some(code), _) => format!("ended with exit code {code} and no outcome"),
                (None, None) => "ended without an outcome".into(),
            };
            crash(record, "Crashed", format!("the worker {how}"));
        }
    }
}

fn crash(record: &mut RunRecord, kind: &str, message: String) {
    record.status = RunStatus::Crashed;
    record.error = Some(plain_error(kind, message));
}

pub fn plain_error(kind: &str, message: String) -> RunError {
    RunError { type_: kind.into(), message, ..RunError::default() }
}

fn unix_now() -> f64 {
    jiff::Timestamp::now().as_nanosecond() as f64 / 1e9
}

pub fn millis(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

/// The folder and name under which a run's long streams are kept.
pub fn output_of(context: &Context<'_>) -> super::output::Output {
    super::output::Output::new(logs_dir(), context.id)
}
