//! `metascope run --sweep` and `--grid`: one task over many inputs.

use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::output::print_json;
use super::super::runs::items_table;
use super::super::{CliError, Common, Outcome};
use super::{Args, contract, exit_code, follow, input, open_runner, report};
use crate::analyzers::worker;
use crate::model::{
    ItemRun, RunEvent, RunId, RunRecord, RunRequest, RunStatus, SweepCounts, SweepRequest, Task,
    printable,
};
use crate::runner::{Job, Runner, SweepJob, sweep};
use crate::workspace::{Scan, read_text};

/// More rows than this are left to `metascope runs sweep`.
const MOST_ROWS: usize = 100;

pub fn run(args: &Args, scan: &Scan, task: Task, is_json: bool, common: &Common) -> Outcome {
    let texts = |path: &str| read_text(&scan.root, path);
    let worker = worker::generate(&scan.project, &task.id, &texts)
        .map_err(|reason| CliError::Failed(format!("{} cannot be run: {reason}", task.id)))?;
    let runner = open_runner(scan)?;
    let (request, resumed, earlier) = match &args.resume {
        Some(id) => {
            let (record, items) = resumed(args, &runner, id, &task)?;
            (record.request, Some(record.run), items)
        }
        None => (asked(args, &task)?, None, Vec::new()),
    };
    let inputs = match &request.sweep {
        _ if !earlier.is_empty() => earlier.iter().map(|item| item.input.clone()).collect(),
        Some(wanted) => {
            sweep::inputs(wanted, &request.input, &task.input_schema).map_err(CliError::Usage)?
        }
        None => Vec::new(),
    };
    let total = inputs.len();
    let done = earlier.iter().filter(|item| item.status == RunStatus::Succeeded).count();
    let job = Job { request, task, worker, root: scan.root.clone() };
    let job = SweepJob { job, inputs, earlier };
    let gauge = Gauge::new(total, done, is_json);
    let handle = runner.start_sweep(job, resumed, move |id, event| gauge.event(id, event));
    follow::cancel_on_signals(handle.canceller());
    let record = handle.wait();
    let items = runner.items(&record.run);
    if is_json {
        let mut object = contract(&record);
        if let Value::Object(object) = &mut object {
            object.insert("items".into(), json!(items));
        }
        print_json(&object)?;
    } else {
        let is_short = items.len() <= MOST_ROWS;
        let is_shown = |item: &&ItemRun| is_short || item.error.is_some();
        let shown: Vec<&ItemRun> = items.iter().filter(is_shown).take(MOST_ROWS).collect();
        items_table(&shown, common)?;
        eprintln!("{}", told(record.sweep.unwrap_or_default()));
        report::report(&record, common);
        if record.status != RunStatus::Succeeded {
            eprintln!("metascope: --resume {} takes it up again", record.run);
        }
        if !is_short {
            eprintln!("metascope: `metascope runs sweep {}` lists all", record.run);
        }
    }
    Ok(exit_code(&record))
}

fn told(counts: SweepCounts) -> String {
    let SweepCounts { total, succeeded, failed, left } = counts;
    format!("{succeeded} of {total} succeeded, {failed} failed, {left} left")
}

/// A new sweep.
fn asked(args: &Args, task: &Task) -> Result<RunRequest, CliError> {
    if let Some(file) = args.sweep.as_deref().filter(|file| *file != "-")
        && let Err(error) = std::fs::metadata(file)
    {
        return Err(CliError::Input(format!("{file} cannot be read: {error}")));
    }
    Ok(RunRequest {
        task: task.id.clone(),
        executor: args.kind(),
        input: input::input(args, task)?,
        limits: args.limits(),
        sweep: Some(SweepRequest {
            file: args.sweep.clone(),
            grid: args.grid.clone(),
            jobs: args.jobs,
            keep_going: args.keep_going,
        }),
    })
}

/// An interrupted sweep of the task as it was asked for, and what became of its inputs.
fn resumed(
    args: &Args,
    runner: &Runner,
    id: &str,
    task: &Task,
) -> Result<(RunRecord, Vec<ItemRun>), CliError> {
    let (mut record, items) = runner.resumable(id).map_err(CliError::Usage)?;
    if record.task != task.id {
        return Err(CliError::Usage(format!("{id} is a sweep of {}", record.task)));
    }
    if let Some(sweep) = &mut record.request.sweep {
        sweep.jobs = args.jobs.or(sweep.jobs);
        sweep.keep_going |= args.keep_going;
    }
    Ok((record, items))
}

/// Progress on a terminal, failures in words.
struct Gauge {
    is_json: bool,
    is_terminal: bool,
    total: usize,
    state: Mutex<State>,
}

struct State {
    succeeded: usize,
    failed: usize,
    running: usize,
    began: Instant,
    drawn: Option<Instant>,
}

impl Gauge {
    fn new(total: usize, succeeded: usize, is_json: bool) -> Self {
        let began = Instant::now();
        Self {
            is_json,
            is_terminal: std::io::stderr().is_terminal(),
            total,
            state: Mutex::new(State { succeeded, failed: 0, running: 0, began, drawn: None }),
        }
    }

    fn event(&self, _: &RunId, event: RunEvent) {
        let mut stderr = std::io::stderr().lock();
        let clear = if self.is_terminal { "\r\x1b[K" } else { "" };
        match event {
            RunEvent::Item(item) => {
                let mut state = self.state.lock().unwrap_or_else(|poison| poison.into_inner());
                match item.status {
                    RunStatus::Running | RunStatus::Pending => state.running += 1,
                    RunStatus::Succeeded => {
                        state.succeeded += 1;
                        state.running -= 1;
                    }
                    status => {
                        state.failed += usize::from(status != RunStatus::Cancelled);
                        state.running -= 1;
                    }
                }
                if let Some(error) = &item.error
                    && !self.is_json
                {
                    let text = format!(
                        "input {}: {}: {}: {}",
                        item.item,
                        item.status.as_str(),
                        error.type_,
                        error.message
                    );
                    let _ = writeln!(stderr, "{clear}metascope: {}", printable(&text));
                }
                self.draw(&mut state, &mut stderr);
            }
            RunEvent::Finished(_) if self.is_terminal => {
                let _ = write!(stderr, "{clear}");
            }
            RunEvent::Progress(text) if text.contains("could not be written") => {
                let _ = writeln!(stderr, "{clear}metascope: {}", printable(&text));
            }
            _ => {}
        }
    }

    fn draw(&self, state: &mut State, stderr: &mut impl Write) {
        const CELLS: usize = 30;
        let is_due = state.drawn.is_none_or(|drawn| drawn.elapsed() > Duration::from_millis(100));
        if !self.is_terminal || !is_due || self.total == 0 {
            return;
        }
        state.drawn = Some(Instant::now());
        let done = state.succeeded + state.failed;
        let cells = done * CELLS / self.total;
        let bar = format!("{}{}", "█".repeat(cells), "░".repeat(CELLS - cells));
        let mut text = format!("{bar} {done}/{}", self.total);
        if state.failed > 0 {
            text.push_str(&format!(" · {} failed", state.failed));
        }
        text.push_str(&format!(" · {} running", state.running));
        if done > 0 {
            let each = state.began.elapsed().as_secs_f64() / done as f64;
            let seconds = each * (self.total - done) as f64;
            text.push_str(&format!(" · {seconds:.0} s to go"));
        }
        let _ = write!(stderr, "\r\x1b[K{text}");
        let _ = stderr.flush();
    }
}
