//! Runs tasks: validates the input, hands the generated worker to an executor, streams what
//! happens, records the outcome, and leaves nothing behind.
//!
//! A worker gets its input as a JSON file and hands back its outcome as another, never mixed with
//! what the task prints. Every run ends in exactly one recorded [`RunStatus`], whatever happens
//! to the task, the engine or the workbench. This room knows nothing of analysis or screens.

pub mod advice;
mod arguments;
pub mod compiler;
pub mod dialogue;
mod docker;
pub mod doctor;
pub mod image;
mod journal;
mod native;
mod outcome;
mod output;
mod owner;
mod paths;
mod procs;
pub mod requirements;
mod run;
mod settings;
pub mod sweep;
mod thread;
pub mod trust;
mod validate;
mod watchdog;
mod workflow;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use journal::Journal;
use watchdog::Watchdog;

use crate::model::{ItemRun, RunError, RunEvent, RunId, RunRecord, RunRequest, Task, Worker};
pub use arguments::read_argument;
pub use settings::Settings;
pub use sweep::SweepJob;
pub use thread::python::find as find_python;
pub use validate::validate;
pub use workflow::WorkflowJob;

/// Everything a run needs to know.
#[derive(Debug, Clone)]
pub struct Job {
    pub request: RunRequest,
    pub task: Task,
    pub worker: Worker,
    /// The project's folder.
    pub root: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    #[error("no private temp directory can be made: {0}")]
    TempDir(io::Error),
}

/// Runs tasks of one project. Cheap to clone.
#[derive(Clone)]
pub struct Runner {
    inner: Arc<Inner>,
}

struct Inner {
    root: PathBuf,
    settings: Settings,
    journal: Journal,
    pool: thread::pool::Pool,
    /// Ends workers should this process be killed; started with the first run.
    watchdog: Mutex<Option<Watchdog>>,
    active: Mutex<BTreeMap<RunId, Cancel>>,
    warnings: Vec<String>,
}

/// Asks a run or a build to stop; clones ask the same one.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub fn is_requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Runner {
    /// Opens the journal and cleans up after workbenches that were killed: their temp dirs,
    /// processes and containers go, their unfinished runs are recorded as crashed.
    pub fn open(root: &Path) -> Result<Self, RunnerError> {
        let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        let (settings, complaint) = Settings::load();
        paths::reap_temp_dirs();
        paths::owner_dir().map_err(RunnerError::TempDir)?;
        let journal = Journal::open(&root, settings.keep_runs);
        let mut warnings: Vec<String> = complaint.into_iter().collect();
        warnings.extend(journal.problem().map(|problem| format!("no journal: {problem}")));
        journal.mark_lost();
        if journal.has_leftovers() {
            match docker::reap() {
                Ok(()) => journal.clear_leftovers(),
                Err(error) => {
                    warnings.push(format!("containers of a killed run may remain: {error}"))
                }
            }
        }
        for id in journal.prune() {
            for stream in ["stdout", "stderr"] {
                let _ = std::fs::remove_file(logs_dir().join(format!("{id}.{stream}")));
            }
        }
        let inner = Inner {
            root,
            settings,
            journal,
            pool: thread::pool::Pool::default(),
            watchdog: Mutex::default(),
            active: Mutex::default(),
            warnings,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What was wrong when opening, for the user to see.
    pub fn warnings(&self) -> &[String] {
        &self.inner.warnings
    }

    /// Keeps an interpreter of the project ready, so that Python runs start in milliseconds. It
    /// may execute the project's virtual environment: only call it for a trusted folder.
    pub fn keep_warm(&self) {
        let inner = self.inner.clone();
        inner.pool.enable();
        std::thread::spawn(move || inner.warm_up());
    }

    /// Starts a run on a thread of its own. Events come from that thread, the last one is
    /// [`RunEvent::Finished`].
    pub fn start(
        &self,
        job: Job,
        on_event: impl Fn(&RunId, RunEvent) + Send + Sync + 'static,
    ) -> RunHandle {
        self.spawn(None, on_event, move |runner, id, cancel, requested, emit| {
            run::execute(&runner.inner, &job, id, None, cancel, requested, emit)
        })
    }

    /// Starts a run that is a part of another.
    fn start_part(
        &self,
        job: Job,
        parent: RunId,
        item: Option<u32>,
        on_event: impl Fn(&RunId, RunEvent) + Send + Sync + 'static,
    ) -> RunHandle {
        let part = run::Part { parent, item };
        self.spawn(None, on_event, move |runner, id, cancel, requested, emit| {
            run::execute(&runner.inner, &job, id, Some(&part), cancel, requested, emit)
        })
    }

    /// Starts a sweep, or takes up an interrupted one; its inputs are told by
    /// [`RunEvent::Item`].
    pub fn start_sweep(
        &self,
        job: SweepJob,
        resumed: Option<RunId>,
        on_event: impl Fn(&RunId, RunEvent) + Send + Sync + 'static,
    ) -> RunHandle {
        if job.job.worker.language == crate::model::Language::Python {
            self.keep_warm();
        }
        self.spawn(resumed, on_event, move |runner, id, cancel, requested, emit| {
            sweep::execute(runner, &job, id, cancel, requested, emit)
        })
    }

    /// An interrupted sweep as it was asked for, and what became of its inputs.
    ///
    /// # Errors
    /// Why it cannot be taken up again.
    pub fn resumable(&self, id: &str) -> Result<(RunRecord, Vec<ItemRun>), String> {
        let record = self.record(id).filter(|record| record.sweep.is_some());
        let record = record.ok_or_else(|| format!("no sweep is called {id}"))?;
        if !record.status.is_final() {
            return Err(format!("{} still goes on", record.run));
        }
        let items = self.items(&record.run);
        if items.is_empty() {
            return Err(format!("the inputs of {} are not recorded", record.run));
        }
        Ok((record, items))
    }

    /// The inputs of a sweep in their order, with what became of each.
    pub fn items(&self, sweep: &str) -> Vec<ItemRun> {
        self.inner.journal.items(sweep)
    }

    /// Starts the run of a workflow; its task calls are told by [`RunEvent::Node`].
    pub fn start_workflow(
        &self,
        job: WorkflowJob,
        on_event: impl Fn(&RunId, RunEvent) + Send + Sync + 'static,
    ) -> RunHandle {
        self.spawn(None, on_event, move |runner, id, cancel, requested, emit| {
            workflow::execute(runner, &job, id, cancel, requested, emit)
        })
    }

    fn spawn(
        &self,
        id: Option<RunId>,
        on_event: impl Fn(&RunId, RunEvent) + Send + Sync + 'static,
        work: impl FnOnce(&Self, &RunId, &Cancel, Instant, &dyn Fn(RunEvent)) -> RunRecord
        + Send
        + 'static,
    ) -> RunHandle {
        let id = id.unwrap_or_else(run::new_id);
        let cancel = Cancel::default();
        self.inner.lock_active().insert(id.clone(), cancel.clone());
        let (runner, thread_id, thread_cancel) = (self.clone(), id.clone(), cancel.clone());
        let requested = Instant::now();
        let thread = std::thread::spawn(move || {
            let emit = |event| on_event(&thread_id, event);
            let record = work(&runner, &thread_id, &thread_cancel, requested, &emit);
            runner.inner.lock_active().remove(&thread_id);
            on_event(&thread_id, RunEvent::Finished(Box::new(record.clone())));
            runner.inner.warm_up();
            record
        });
        RunHandle { id, cancel, thread }
    }

    /// The newest runs of this project, newest first.
    pub fn history(&self, limit: usize) -> Vec<RunRecord> {
        self.inner.journal.history(limit)
    }

    /// The newest runs of a task, parts of workflows and sweeps included.
    pub fn of_task(&self, task: &str) -> Vec<RunRecord> {
        self.inner.journal.of_task(task, 1000)
    }

    /// The files of a worker that some recorded run used, by its hash.
    pub fn worker_files(&self, hash: &str) -> Option<BTreeMap<String, String>> {
        self.inner.journal.worker_files(hash)
    }

    /// A recorded run by its id or an unambiguous beginning of it.
    pub fn record(&self, id: &str) -> Option<RunRecord> {
        self.inner.journal.record(id)
    }

    /// Asks every run to stop and waits until all have ended, at most `patience`.
    pub fn shutdown(&self, patience: Duration) {
        self.inner.lock_active().values().for_each(Cancel::request);
        let start = Instant::now();
        while !self.inner.lock_active().is_empty() && start.elapsed() < patience {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Inner {
    fn lock_active(&self) -> std::sync::MutexGuard<'_, BTreeMap<RunId, Cancel>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes sure that a watchdog is there before anything is started.
    fn guard(&self) -> io::Result<()> {
        let mut watchdog = self.watchdog.lock().unwrap_or_else(PoisonError::into_inner);
        if watchdog.is_none() {
            *watchdog = Watchdog::start(&paths::owner_dir()?);
        }
        Ok(())
    }

    fn warm_up(&self) {
        if self.pool.is_enabled()
            && let Ok(python) = thread::python::find(&self.root, &self.settings)
            && self.guard().is_ok()
        {
            self.pool.fill(&python, &self.settings);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.pool.drain();
        if let Ok(dir) = paths::owner_dir() {
            // Other runners of this process may still use it.
            let _ = std::fs::remove_dir(dir);
        }
    }
}

/// Where streams too long for the journal are kept.
fn logs_dir() -> PathBuf {
    paths::state_dir().join("logs")
}

/// The file that holds a run's whole stream, when it was too long for the record.
pub fn log_file(run: &RunId, stream: &str) -> Option<PathBuf> {
    let file = logs_dir().join(format!("{run}.{stream}"));
    file.is_file().then_some(file)
}

/// Errors that say that this machine lacks something, not that the task failed.
const LACKS: [&str; 5] = [
    "InterpreterNotFound",
    "CargoNotFound",
    "EngineUnavailable",
    "ImageNotFound",
    "TempDirUnavailable",
];

/// Whether a run did not start because the environment lacks something.
pub fn is_environment_error(error: &RunError) -> bool {
    LACKS.contains(&error.type_.as_str())
}

/// A run under way.
pub struct RunHandle {
    id: RunId,
    cancel: Cancel,
    thread: JoinHandle<RunRecord>,
}

impl RunHandle {
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// Asks the run to stop: the task gets SIGTERM, and SIGKILL when it does not heed it.
    pub fn cancel(&self) {
        self.cancel.request();
    }

    /// A function that cancels the run from elsewhere, such as a signal handler's thread.
    pub fn canceller(&self) -> impl Fn() + Send + Sync + 'static {
        let cancel = self.cancel.clone();
        move || cancel.request()
    }

    /// Waits for the run's end.
    pub fn wait(self) -> RunRecord {
        match self.thread.join() {
            Ok(record) => record,
            // Only an event handler of the caller's can panic there.
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}
