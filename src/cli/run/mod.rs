//! `metascope run`: a task or a workflow, its output streamed through, its outcome as the exit code:
//! 0 when it succeeded or every failure of a workflow was handled, 1 when it failed, was rejected or
//! is a workflow with errors.

mod follow;
mod input;
mod report;
mod sweep;
mod units;

use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;

use super::output::print_json;
use super::project::open;
use super::{CliError, Common, Format, Outcome, trust};
use crate::analyzers::link::Parts;
use crate::analyzers::worker;
use crate::model::{ExecutorKind, Flow, Limits, RunRecord, RunRequest, RunStatus, Workflow};
use crate::runner::{self, Job, RunHandle, Runner, WorkflowJob};
use crate::workspace::{Scan, read_text};
pub use follow::cancel_on_signals;
pub use report::{contract, summary};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder or one source file
    path: PathBuf,
    /// The id of a task or workflow, any module-level function's name, or an unambiguous end of it
    task: String,
    /// The input as a JSON object, or @FILE to read it from (@- for standard input)
    #[arg(long, value_name = "JSON|@FILE")]
    input: Option<String>,
    /// One parameter, read as its schema says; may be given again for further ones
    #[arg(long = "arg", value_name = "NAME=VALUE")]
    args: Vec<String>,
    /// Where to run it
    #[arg(long, value_enum, default_value_t = Executor::Thread)]
    executor: Executor,
    /// How long it, or each task of a workflow, may take: 30s, 5m, 1500ms; 0 for as long as it
    /// likes [default: 10m]
    #[arg(long, value_parser = units::parse_duration)]
    timeout: Option<u64>,
    /// The image to run it in (docker)
    #[arg(long)]
    image: Option<String>,
    /// How much memory it may use: 512m, 2g
    #[arg(long, value_parser = units::parse_size)]
    memory: Option<u64>,
    /// How many processors it may use (docker)
    #[arg(long, value_parser = units::parse_cpus)]
    cpus: Option<f64>,
    /// Let it reach the network (docker)
    #[arg(long)]
    network: bool,
    /// Run it once for each input of a file: JSON lines, a JSON array, or CSV with a header
    #[arg(long, value_name = "FILE", help_heading = "Sweeps")]
    sweep: Option<String>,
    /// Run it for every combination: k=1..10,j=a|b (ranges include both ends)
    #[arg(long, value_name = "AXES", help_heading = "Sweeps")]
    grid: Option<String>,
    /// How many to run at the same time [default: one per processor]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), help_heading = "Sweeps")]
    jobs: Option<u32>,
    /// Do not stop at the first failure
    #[arg(long, help_heading = "Sweeps")]
    keep_going: bool,
    /// Take up an interrupted sweep: run the inputs that have not succeeded
    #[arg(
        long,
        value_name = "SWEEP",
        conflicts_with_all = ["sweep", "grid", "input", "args"],
        help_heading = "Sweeps"
    )]
    resume: Option<String>,
    /// Trust the code of this folder from now on
    #[arg(long)]
    trust: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Executor {
    Thread,
    Docker,
    /// A job of the cluster that the engine manages
    Swarm,
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    let format = common.format(&[Format::Table, Format::Json])?;
    // Output streams through wherever it goes, so JSON is printed only when it is asked for.
    let is_json = format == Format::Json && common.format.is_some();
    let scan = ManuallyDrop::into_inner(open(&args.path, common, Parts::ALL)?);
    let task = worker::task_for(&scan.project, &args.task).map_err(CliError::Usage)?;
    let flow = scan.project.workflow(&task.id);
    if let Some(flow) = flow
        && flow.program.is_none()
    {
        return refuse(flow, is_json);
    }
    trust::ask(&scan.root, args.trust)?;
    if args.sweep.is_some() || args.grid.is_some() || args.resume.is_some() {
        if flow.is_some() {
            return Err(CliError::Usage("a sweep is over a task, not over a workflow".into()));
        }
        return sweep::run(args, &scan, task, is_json, common);
    }
    let input = input::input(args, &task)?;
    let request = RunRequest {
        task: task.id.clone(),
        executor: args.kind(),
        input,
        limits: args.limits(),
        sweep: None,
    };
    let start: Start = match flow.and_then(|flow| flow.program.clone()) {
        Some(workflow) => {
            let job = workflow_job(&scan, request, task, workflow)?;
            Box::new(move |runner| runner.start_workflow(job, follow::printer(is_json)))
        }
        None => {
            let texts = |path: &str| read_text(&scan.root, path);
            let worker = worker::generate(&scan.project, &task.id, &texts).map_err(|reason| {
                CliError::Failed(format!("{} cannot be run: {reason}", task.id))
            })?;
            let job = Job { request, task, worker, root: scan.root.clone() };
            Box::new(move |runner| runner.start(job, follow::printer(is_json)))
        }
    };
    let handle = start(&open_runner(&scan)?);
    follow::cancel_on_signals(handle.canceller());
    let record = handle.wait();
    if is_json {
        print_json(&contract(&record))?;
    } else {
        report::report(&record, common);
    }
    Ok(exit_code(&record))
}

type Start = Box<dyn FnOnce(&Runner) -> RunHandle>;

fn open_runner(scan: &Scan) -> Result<Runner, CliError> {
    let runner =
        Runner::open(&scan.root).map_err(|error| CliError::Environment(error.to_string()))?;
    for warning in runner.warnings() {
        eprintln!("metascope: {warning}");
    }
    Ok(runner)
}

fn exit_code(record: &RunRecord) -> ExitCode {
    match record.status {
        RunStatus::Cancelled => ExitCode::from(130),
        RunStatus::Succeeded | RunStatus::Handled => ExitCode::SUCCESS,
        _ if record.error.as_ref().is_some_and(runner::is_environment_error) => ExitCode::from(4),
        _ => ExitCode::FAILURE,
    }
}

/// A workflow with errors is not run: each is told with its code and line.
fn refuse(flow: &Flow, is_json: bool) -> Outcome {
    for remark in &flow.diagnostics {
        let place = format!("{}:{}:{}", flow.file, remark.line, remark.column);
        eprintln!("{place}: {} {}", remark.code, remark.message);
    }
    if is_json {
        let message = flow.complaint().unwrap_or_default();
        print_json(&json!({
            "task": flow.name,
            "status": "rejected",
            "error": {"type": "InvalidWorkflow", "message": message, "file": flow.file,
                "line": flow.diagnostics.first().map(|remark| remark.line)},
            "diagnostics": flow.diagnostics,
            "nodes": {},
        }))?;
    }
    Err(CliError::Failed(format!("{} is not run: the workflow has errors", flow.name)))
}

fn workflow_job(
    scan: &Scan,
    request: RunRequest,
    task: crate::model::Task,
    workflow: Arc<Workflow>,
) -> Result<WorkflowJob, CliError> {
    let texts = |path: &str| read_text(&scan.root, path);
    let calls = worker::generate_calls(&scan.project, &workflow, &texts)
        .map_err(|reason| CliError::Failed(format!("{} cannot be run: {reason}", task.id)))?;
    Ok(WorkflowJob { request, task, workflow, calls, root: scan.root.clone() })
}

impl Args {
    fn kind(&self) -> ExecutorKind {
        match self.executor {
            Executor::Thread => ExecutorKind::Thread,
            Executor::Docker => ExecutorKind::Docker,
            Executor::Swarm => ExecutorKind::Swarm,
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            timeout_ms: self.timeout,
            memory_bytes: self.memory,
            cpus: self.cpus,
            network: self.network,
            image: self.image.clone(),
        }
    }
}
