//! Runs one task over many inputs: so many at a time, each a run of its own in the journal. What
//! was to be run is written down first, so an interrupted sweep can be taken up again.

mod csv;
mod inputs;
pub mod table;

use std::collections::{BTreeMap, VecDeque};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::run::{millis, new_record, plain_error, write};
use super::{Cancel, Job, RunHandle, Runner};
use crate::model::{
    ItemRun, Limits, RunEvent, RunId, RunRecord, RunRequest, RunStatus, SweepCounts,
};
pub use inputs::{axes, inputs};

const TICK: Duration = Duration::from_millis(20);
/// How often the counts are written down.
const KEEP: Duration = Duration::from_secs(1);

/// Everything a sweep needs to know.
#[derive(Debug, Clone)]
pub struct SweepJob {
    /// The task; its request says how to sweep.
    pub job: Job,
    /// All inputs by their place.
    pub inputs: Vec<Value>,
    /// What became of each in an earlier, interrupted attempt.
    pub earlier: Vec<ItemRun>,
}

/// Runs a sweep to its recorded end.
pub(super) fn execute(
    runner: &Runner,
    sweep: &SweepJob,
    id: &RunId,
    cancel: &Cancel,
    requested: Instant,
    emit: &dyn Fn(RunEvent),
) -> RunRecord {
    let inner = &*runner.inner;
    let job = &sweep.job;
    let mut record = new_record(id, &job.request, job.worker.hash.clone(), None);
    record.status = RunStatus::Running;
    emit(RunEvent::Status(RunStatus::Running));
    if sweep.earlier.is_empty()
        && let Err(problem) = inner.journal.plan(id, &sweep.inputs)
    {
        emit(RunEvent::Progress(problem));
    }
    emit(RunEvent::Items(planned(sweep)));
    let is_done =
        |at: &usize| sweep.earlier.get(*at).is_some_and(|item| item.status == RunStatus::Succeeded);
    let mut counts = SweepCounts { total: sweep.inputs.len() as u32, ..SweepCounts::default() };
    counts.succeeded = (0..sweep.inputs.len()).filter(is_done).count() as u32;
    let mut queue: VecDeque<usize> = (0..sweep.inputs.len()).filter(|at| !is_done(at)).collect();
    let settings = job.request.sweep.clone().unwrap_or_default();
    let jobs = settings.jobs.map_or_else(default_jobs, |jobs| jobs as usize).max(1);
    let mut active: BTreeMap<usize, RunHandle> = BTreeMap::new();
    let (sender, receiver) = mpsc::channel();
    let mut is_stopping = false;
    let mut kept: Option<Instant> = None;
    loop {
        if cancel.is_requested() && !is_stopping {
            is_stopping = true;
            active.values().for_each(RunHandle::cancel);
        }
        while !is_stopping
            && active.len() < jobs
            && let Some(at) = queue.pop_front()
        {
            let (sender, part) = (sender.clone(), part(job, &sweep.inputs[at]));
            let handle = runner.start_part(part, id.clone(), Some(at as u32), move |_, event| {
                if let RunEvent::Finished(record) = event {
                    let _ = sender.send((at, record));
                }
            });
            let run = Some(handle.id().clone());
            let item = of_input(at, &sweep.inputs[at], RunStatus::Running, run);
            emit(RunEvent::Item(Box::new(item)));
            active.insert(at, handle);
        }
        counts.left = (queue.len() + active.len()) as u32;
        record.sweep = Some(counts);
        if kept.is_none_or(|kept| kept.elapsed() >= KEEP) {
            kept = Some(Instant::now());
            write(inner, &record, false, emit);
        }
        if active.is_empty() {
            break;
        }
        let Ok((at, part)) = receiver.recv_timeout(TICK) else { continue };
        // Its thread has nothing left to do: what it holds must be gone when the sweep ends.
        active.remove(&at).map(RunHandle::wait);
        match part.status {
            RunStatus::Succeeded => counts.succeeded += 1,
            RunStatus::Cancelled => queue.push_front(at),
            _ => {
                counts.failed += 1;
                is_stopping |= !settings.keep_going;
                record.error.get_or_insert_with(|| of_item(at, &part));
            }
        }
        record.cpu_ms = Some(record.cpu_ms.unwrap_or(0.0) + part.cpu_ms.unwrap_or(0.0));
        record.peak_memory_bytes = record.peak_memory_bytes.max(part.peak_memory_bytes);
        emit(RunEvent::Item(Box::new(item_of(at as u32, &part))));
    }
    record.status = match counts {
        _ if cancel.is_requested() && counts.left > 0 => RunStatus::Cancelled,
        SweepCounts { failed: 0, left: 0, .. } => RunStatus::Succeeded,
        _ => RunStatus::Failed,
    };
    record.elapsed_ms = millis(requested.elapsed());
    write(inner, &record, false, emit);
    record
}

/// All items as they stand before the first is run.
fn planned(sweep: &SweepJob) -> Vec<ItemRun> {
    let item = |(at, input): (usize, &Value)| {
        let done = sweep.earlier.get(at).filter(|item| item.status == RunStatus::Succeeded);
        done.cloned().unwrap_or_else(|| of_input(at, input, RunStatus::Pending, None))
    };
    sweep.inputs.iter().enumerate().map(item).collect()
}

/// One run of the sweep.
fn part(job: &Job, input: &Value) -> Job {
    let request = RunRequest {
        input: input.clone(),
        sweep: None,
        limits: Limits { ..job.request.limits.clone() },
        ..job.request.clone()
    };
    Job { request, ..job.clone() }
}

fn default_jobs() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn of_input(at: usize, input: &Value, status: RunStatus, run: Option<RunId>) -> ItemRun {
    ItemRun {
        item: at as u32,
        input: input.clone(),
        status,
        result: None,
        error: None,
        elapsed_ms: None,
        run,
    }
}

/// An item as the record of its run tells it.
pub fn item_of(item: u32, record: &RunRecord) -> ItemRun {
    let rejected = || {
        let error = record.input_errors.first()?;
        Some(plain_error("InvalidInput", format!("{} {}", error.path, error.message)))
    };
    ItemRun {
        item,
        input: record.request.input.clone(),
        status: record.status,
        result: record.result.clone(),
        error: record.error.clone().or_else(rejected),
        elapsed_ms: record.status.is_final().then_some(record.elapsed_ms),
        run: Some(record.run.clone()),
    }
}

fn of_item(at: usize, record: &RunRecord) -> crate::model::RunError {
    let mut error = item_of(at as u32, record).error.unwrap_or_default();
    error.message = format!("input {at}: {}", error.message);
    error
}
