//! The runner, as the loop uses it: starting, cancelling, history, workers.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;
use serde_json::Value;

use super::effects::{Message, Sender};
use crate::analyzers::worker::{generate, generate_calls, task_for};
use crate::app::toast::Level;
use crate::app::{Action, Effect};
use crate::model::{
    ItemRun, Name, Project, RunEvent, RunId, RunRequest, SweepRequest, Task, Worker,
};
use crate::runner::{Job, RunHandle, Runner, SweepJob, WorkflowJob, sweep, trust};
use crate::workspace::read_text;

/// Recorded runs that are shown.
const HISTORY: usize = 200;
/// How long runs may take to end when the workbench closes.
const PATIENCE: Duration = Duration::from_secs(8);

/// A handle that can be shared with the threads that work for the loop.
#[derive(Clone)]
pub struct Runs {
    root: PathBuf,
    sender: Sender,
    /// Opened by whoever needs it first, never on the loop: it may have leftovers to clean up.
    runner: Arc<OnceLock<Result<Runner, String>>>,
    handles: Arc<Mutex<FxHashMap<RunId, RunHandle>>>,
}

impl Runs {
    pub fn new(root: &Path, sender: Sender) -> Self {
        Self { root: root.to_owned(), sender, runner: Arc::default(), handles: Arc::default() }
    }

    fn runner(&self) -> Result<&Runner, String> {
        let opened = self.runner.get_or_init(|| {
            let runner = Runner::open(&self.root).map_err(|error| error.to_string())?;
            for warning in runner.warnings() {
                self.send(Action::Toast(Level::Warning, warning.clone()));
            }
            if trust::is_trusted(&self.root) {
                runner.keep_warm();
            }
            Ok(runner)
        });
        opened.as_ref().map_err(Clone::clone)
    }

    fn send(&self, action: Action) {
        let _ = self.sender.send(Message { action, ends: false });
    }

    pub fn history(&self) -> Action {
        match self.runner() {
            Ok(runner) => Action::History(runner.history(HISTORY)),
            Err(problem) => {
                Action::Toast(Level::Warning, format!("Runs are not at hand: {problem}"))
            }
        }
    }

    /// Generates the worker and starts it. A folder never agreed to is asked about first.
    pub fn start(&self, project: &Project, request: RunRequest) -> Action {
        if !trust::is_trusted(&self.root) {
            let what = request.task.clone();
            return Action::TrustWanted { what, again: Box::new(Effect::StartRun(request)) };
        }
        match self.launch(project, &request) {
            Ok(id) => Action::RunStarted { id, request },
            Err(reason) => Action::RunRefused { task: request.task, reason },
        }
    }

    fn launch(&self, project: &Project, request: &RunRequest) -> Result<RunId, String> {
        let runner = self.runner()?;
        let texts = |path: &str| read_text(&self.root, path);
        let task = task_for(project, &request.task)?;
        if !task.runnable {
            return Err(task.reason.map_or("it cannot be run".into(), |reason| reason.to_string()));
        }
        let root = self.root.clone();
        let handle = match project.workflow(&task.id) {
            Some(flow) => {
                let workflow = flow.program.clone();
                let workflow = workflow.ok_or_else(|| flow.complaint().unwrap_or_default())?;
                let calls = generate_calls(project, &workflow, &texts)?;
                let job = WorkflowJob { request: request.clone(), task, workflow, calls, root };
                runner.start_workflow(job, self.reporter(request))
            }
            None => {
                let job = self.job(project, request.clone(), task)?;
                match &request.sweep {
                    Some(wanted) => {
                        let inputs = self.inputs(wanted, &job)?;
                        let job = SweepJob { job, inputs, earlier: Vec::new() };
                        runner.start_sweep(job, None, self.reporter(request))
                    }
                    None => runner.start(job, self.reporter(request)),
                }
            }
        };
        Ok(self.keep(handle))
    }

    fn job(&self, project: &Project, request: RunRequest, task: Task) -> Result<Job, String> {
        let worker = self.worker(project, &request.task)?;
        Ok(Job { request, task, worker, root: self.root.clone() })
    }

    /// The inputs of a sweep; its file is looked for from the project's folder.
    fn inputs(&self, wanted: &SweepRequest, job: &Job) -> Result<Vec<Value>, String> {
        let below_root = |file: &String| self.root.join(file).to_string_lossy().into_owned();
        let wanted = SweepRequest { file: wanted.file.as_ref().map(below_root), ..wanted.clone() };
        sweep::inputs(&wanted, &job.request.input, &job.task.input_schema)
    }

    fn keep(&self, handle: RunHandle) -> RunId {
        let id = handle.id().clone();
        self.lock().insert(id.clone(), handle);
        id
    }

    /// Takes up an interrupted sweep.
    pub fn resume(&self, project: &Project, id: &RunId) -> Action {
        match self.try_resume(project, id) {
            Ok(request) => Action::RunStarted { id: id.clone(), request },
            Err(reason) => Action::Toast(Level::Error, format!("It cannot go on: {reason}")),
        }
    }

    fn try_resume(&self, project: &Project, id: &RunId) -> Result<RunRequest, String> {
        if !trust::is_trusted(&self.root) {
            return Err("this folder's code was never agreed to be run".into());
        }
        let runner = self.runner()?;
        let (record, earlier) = runner.resumable(id)?;
        let request = record.request;
        let task = task_for(project, &request.task)?;
        let job = self.job(project, request.clone(), task)?;
        let inputs = earlier.iter().map(|item| item.input.clone()).collect();
        let job = SweepJob { job, inputs, earlier };
        // Told before the sweep's own first event.
        self.send(Action::SweepResumed(id.clone()));
        self.keep(runner.start_sweep(job, Some(id.clone()), self.reporter(&request)));
        Ok(request)
    }

    /// A recorded run that is a part of another.
    pub fn part(&self, id: &RunId) -> Action {
        match self.runner().map(|runner| runner.record(id)) {
            Ok(Some(record)) => Action::Part(Box::new(record)),
            _ => Action::Toast(Level::Warning, format!("{id} is no longer recorded")),
        }
    }

    /// The inputs of a recorded sweep.
    pub fn items(&self, id: RunId) -> Action {
        let items: Vec<ItemRun> = self.runner().map(|runner| runner.items(&id)).unwrap_or_default();
        Action::Items { sweep: id, items }
    }

    /// Passes on what a run tells.
    fn reporter(
        &self,
        request: &RunRequest,
    ) -> impl Fn(&RunId, RunEvent) + Send + Sync + 'static + use<> {
        let (runs, first, request) = (self.clone(), Once::new(), request.clone());
        move |id, event| {
            // The run must be known before its first event.
            first.call_once(|| {
                runs.send(Action::RunStarted { id: id.clone(), request: request.clone() });
            });
            if matches!(event, RunEvent::Finished(_)) {
                runs.lock().remove(id);
            }
            runs.send(Action::Run { id: id.clone(), event });
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, FxHashMap<RunId, RunHandle>> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn cancel(&self, id: &RunId) {
        if let Some(handle) = self.lock().get(id) {
            handle.cancel();
        }
    }

    pub fn worker(&self, project: &Project, task: &Name) -> Result<Worker, String> {
        generate(project, task, &|path| read_text(&self.root, path))
    }

    pub fn trust(&self) -> Result<(), String> {
        trust::trust(&self.root).map_err(|error| format!("The answer cannot be kept: {error}"))?;
        // Opening it may take a moment and this is the loop's thread.
        let runs = self.clone();
        std::thread::spawn(move || {
            if let Ok(runner) = runs.runner() {
                runner.keep_warm();
            }
        });
        Ok(())
    }

    /// Cancels what still runs and waits until it ended.
    pub fn close(&self) {
        if let Some(Ok(runner)) = self.runner.get() {
            runner.shutdown(PATIENCE);
        }
    }
}
