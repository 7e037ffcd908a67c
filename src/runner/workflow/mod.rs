//! Runs a workflow: every step whose predecessors are settled is judged, and runs at the same time
//! as the others that may. Each call is a run of its own in the journal; their outcomes are handed
//! on as values.

mod decide;
mod terms;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::run::{millis, new_record, write};
use super::{Cancel, Job, RunHandle, Runner, output, validate};
use crate::model::{
    Name, NodeRun, NodeRuns, NodeState, RunError, RunEvent, RunId, RunRecord, RunRequest,
    RunStatus, Task, Worker, Workflow,
};
use decide::{Course, Verdict};

const TICK: Duration = Duration::from_millis(20);

/// Everything the run of a workflow needs to know.
#[derive(Debug, Clone)]
pub struct WorkflowJob {
    /// The limits are those of each call.
    pub request: RunRequest,
    /// The workflow's own signature.
    pub task: Task,
    pub workflow: Arc<Workflow>,
    /// Every task it calls, with its worker.
    pub calls: BTreeMap<Name, (Task, Worker)>,
    /// The project's folder.
    pub root: PathBuf,
}

impl WorkflowJob {
    /// One hash for the code of all its calls.
    fn hash(&self) -> Name {
        let mut hasher = blake3::Hasher::new();
        for (_, worker) in self.calls.values() {
            hasher.update(worker.hash.as_bytes());
        }
        hasher.update(format!("{:?}", self.workflow).as_bytes());
        hasher.finalize().to_hex().as_str().into()
    }
}

/// What the calls under way tell.
enum Message {
    Printed { step: usize, is_error: bool, text: String },
    Finished { step: usize, record: Box<RunRecord> },
}

/// Runs a workflow to its recorded end.
pub fn execute(
    runner: &Runner,
    job: &WorkflowJob,
    id: &RunId,
    cancel: &Cancel,
    requested: Instant,
    emit: &dyn Fn(RunEvent),
) -> RunRecord {
    let inner = &*runner.inner;
    let mut record = new_record(id, &job.request, job.hash(), None);
    match validate::validate(&job.task.input_schema, &job.request.input) {
        Ok(errors) if !errors.is_empty() => {
            record.status = RunStatus::Rejected;
            record.input_errors = errors;
            record.nodes = Some(NodeRuns::default());
            record.elapsed_ms = millis(requested.elapsed());
            write(inner, &record, false, emit);
            return record;
        }
        Ok(_) => {}
        Err(problem) => emit(RunEvent::Progress(problem)),
    }
    record.status = RunStatus::Running;
    emit(RunEvent::Status(RunStatus::Running));
    let (sender, receiver) = mpsc::channel();
    let course = Course::new(&job.workflow, &job.request.input, &job.task.input_schema);
    let mut run = Run {
        runner,
        job,
        id,
        emit,
        sender,
        course,
        active: BTreeMap::new(),
        lines: BTreeMap::new(),
        record,
    };
    run.keep();
    let mut is_stopping = false;
    loop {
        if !is_stopping && run.was_cancelled(cancel) {
            is_stopping = true;
            run.stop();
        }
        if !is_stopping {
            run.advance();
        }
        if run.active.is_empty() {
            break;
        }
        match receiver.recv_timeout(TICK) {
            Ok(Message::Printed { step, is_error, text }) => run.printed(step, is_error, &text),
            Ok(Message::Finished { step, record }) => run.finished(step, *record),
            Err(_) => {}
        }
    }
    run.conclude(requested)
}

struct Run<'a> {
    runner: &'a Runner,
    job: &'a WorkflowJob,
    id: &'a RunId,
    emit: &'a dyn Fn(RunEvent),
    sender: Sender<Message>,
    course: Course<'a>,
    active: BTreeMap<usize, RunHandle>,
    /// Unfinished lines of the calls under way, by step and stream.
    lines: BTreeMap<(usize, bool), String>,
    record: RunRecord,
}

impl Run<'_> {
    /// Judges all that is ready, until nothing more is.
    fn advance(&mut self) {
        loop {
            let ready = self.course.ready();
            if ready.is_empty() {
                return;
            }
            for step in ready {
                match self.course.judge(step) {
                    Verdict::Run(input) => self.start(step, input),
                    Verdict::Skip(why) => self.course.skip(step, why),
                    Verdict::Fail(error) => self.course.fail(step, error),
                }
                self.tell(step);
            }
            self.keep();
        }
    }

    fn start(&mut self, step: usize, input: Value) {
        let call = &self.job.workflow.steps[step];
        let Some((task, worker)) = self.job.calls.get(&call.task) else {
            let message = format!("{} cannot be run", call.task);
            let error = RunError { type_: "TaskNotFound".into(), message, ..RunError::default() };
            return self.course.fail(step, error);
        };
        let request = RunRequest { task: call.task.clone(), input, ..self.job.request.clone() };
        let job = Job {
            request,
            task: task.clone(),
            worker: worker.clone(),
            root: self.job.root.clone(),
        };
        let sender = self.sender.clone();
        let handle = self.runner.start_part(job, self.id.clone(), None, move |_, event| {
            let message = match event {
                RunEvent::Stdout(text) => Message::Printed { step, is_error: false, text },
                RunEvent::Stderr(text) => Message::Printed { step, is_error: true, text },
                RunEvent::Finished(record) => Message::Finished { step, record },
                _ => return,
            };
            let _ = sender.send(message);
        });
        let node = &mut self.course.nodes[step];
        node.state = NodeState::Running;
        node.run = Some(handle.id().clone());
        node.started_at = Some(super::run::timestamp());
        self.active.insert(step, handle);
    }

    /// Passes on whole lines, each with the call it comes from.
    fn printed(&mut self, step: usize, is_error: bool, text: &str) {
        let kept = self.lines.entry((step, is_error)).or_default();
        kept.push_str(text);
        if let Some(end) = kept.rfind('\n') {
            let rest = kept.split_off(end + 1);
            let whole = std::mem::replace(kept, rest);
            self.pass_on(step, is_error, &whole);
        }
    }

    fn pass_on(&self, step: usize, is_error: bool, text: &str) {
        let name = &self.job.workflow.steps[step].id;
        let marked: String = text.lines().map(|line| format!("{name} │ {line}\n")).collect();
        (self.emit)(if is_error { RunEvent::Stderr(marked) } else { RunEvent::Stdout(marked) });
    }

    fn finished(&mut self, step: usize, record: RunRecord) {
        for is_error in [false, true] {
            let rest = self.lines.remove(&(step, is_error)).unwrap_or_default();
            if !rest.is_empty() {
                self.pass_on(step, is_error, &rest);
            }
        }
        // Its thread has nothing left to do: what it holds must be gone when this run ends.
        self.active.remove(&step).map(RunHandle::wait);
        append(&mut self.record.stdout, &record.stdout);
        append(&mut self.record.stderr, &record.stderr);
        self.record.cpu_ms = sum(self.record.cpu_ms, record.cpu_ms);
        self.record.peak_memory_bytes = self.record.peak_memory_bytes.max(record.peak_memory_bytes);
        let node = &mut self.course.nodes[step];
        node.elapsed_ms = Some(record.elapsed_ms);
        match record.status {
            RunStatus::Succeeded => {
                node.state = NodeState::Success;
                node.output = record.result;
            }
            RunStatus::Cancelled => node.state = NodeState::Cancelled,
            _ => self.course.fail(step, error_of(record)),
        }
        self.tell(step);
        self.keep();
    }

    fn was_cancelled(&self, cancel: &Cancel) -> bool {
        cancel.is_requested()
            || self.course.nodes.iter().any(|node| node.state == NodeState::Cancelled)
    }

    /// Cancels what runs and what would have.
    fn stop(&mut self) {
        self.active.values().for_each(RunHandle::cancel);
        for step in 0..self.course.nodes.len() {
            if self.course.nodes[step].state == NodeState::Pending {
                self.course.nodes[step].state = NodeState::Cancelled;
                self.tell(step);
            }
        }
    }

    fn tell(&self, step: usize) {
        let name = self.job.workflow.steps[step].id.clone();
        (self.emit)(RunEvent::Node(name, Box::new(self.course.nodes[step].clone())));
    }

    /// Writes the run as it is now.
    fn keep(&mut self) {
        self.record.nodes = Some(self.nodes());
        write(&self.runner.inner, &self.record, false, self.emit);
    }

    fn nodes(&self) -> NodeRuns {
        let steps = self.job.workflow.steps.iter().map(|step| step.id.clone());
        NodeRuns(steps.zip(self.course.nodes.iter().cloned()).collect::<Vec<(Name, NodeRun)>>())
    }

    fn conclude(mut self, requested: Instant) -> RunRecord {
        self.record.status = self.course.status();
        if matches!(self.record.status, RunStatus::Succeeded | RunStatus::Handled)
            && let Some(result) = &self.job.workflow.result
        {
            match terms::evaluate(&self.course, result, None) {
                Ok(value) => self.record.result = Some(value),
                // What it would return was skipped or failed.
                Err(terms::Trouble::Needs(_)) => self.record.result = Some(Value::Null),
                Err(terms::Trouble::Broken(error)) => {
                    self.record.status = RunStatus::Failed;
                    self.record.error = Some(error);
                }
            }
        }
        if let Some(failed) = self.course.unhandled()
            && self.record.status == RunStatus::Failed
        {
            self.record.error = self.course.nodes[failed].error.clone();
        }
        self.record.elapsed_ms = millis(requested.elapsed());
        self.keep();
        self.record
    }
}

/// Why a call did not succeed.
fn error_of(record: RunRecord) -> RunError {
    if let Some(error) = record.error {
        return error;
    }
    let errors = record.input_errors.iter();
    let places: Vec<String> =
        errors.map(|error| format!("{} {}", error.path, error.message)).collect();
    RunError { type_: "InvalidInput".into(), message: places.join("; "), ..RunError::default() }
}

/// The calls' output one after the other, as far as a record holds it; theirs have the rest.
fn append(kept: &mut String, more: &str) {
    const MOST: usize = output::HEAD + output::TAIL;
    let room = MOST.saturating_sub(kept.len());
    kept.push_str(&more[..more.floor_char_boundary(room)]);
}

fn sum(kept: Option<f64>, more: Option<f64>) -> Option<f64> {
    match (kept, more) {
        (Some(kept), Some(more)) => Some(kept + more),
        (kept, more) => kept.or(more),
    }
}
