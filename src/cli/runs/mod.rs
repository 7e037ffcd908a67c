//! `metascope runs`: the journal.

mod advice;
mod compare;
mod sweep;

use std::process::ExitCode;

use serde_json::json;

use super::output::{Table, print_json, print_text};
use super::run::{contract, summary};
use super::{CliError, Common, Format, Outcome};
use crate::model::{RunRecord, printable};
use crate::runner::sweep::table::Sort;
use crate::runner::{Runner, log_file};
pub use sweep::items_table;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// The project whose runs to list
    #[arg(long, default_value = ".")]
    path: std::path::PathBuf,
    /// How many to list
    #[arg(long, default_value_t = 50)]
    limit: usize,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Everything recorded of one run
    Show {
        /// The run's id, or an unambiguous beginning of it
        id: String,
    },
    /// What one run printed
    Logs {
        /// The run's id, or an unambiguous beginning of it
        id: String,
        /// Only its stderr
        #[arg(long)]
        stderr: bool,
    },
    /// What differs between two runs: input, outcome, output, times, and the code they ran
    Compare {
        /// The earlier run
        old: String,
        /// The later run
        new: String,
    },
    /// What the recorded runs of a task suggest for its timeout, memory and executor
    Advice {
        /// The task's id
        task: String,
    },
    /// What became of each input of a sweep
    Sweep {
        /// The sweep's id, or an unambiguous beginning of it
        id: String,
        /// The order of the inputs
        #[arg(long, value_enum, default_value_t)]
        sort: Sort,
        /// Only those in this state: succeeded, failed, pending …
        #[arg(long)]
        status: Option<String>,
    },
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    let root = match args.path.metadata() {
        Ok(found) if found.is_file() => args.path.parent().unwrap_or(&args.path),
        _ => &args.path,
    };
    let runner = Runner::open(root).map_err(|error| CliError::Environment(error.to_string()))?;
    for warning in runner.warnings() {
        eprintln!("metascope: {warning}");
    }
    match &args.what {
        None => list(&runner, args.limit, common),
        Some(What::Show { id }) => show(&find(&runner, id)?, common),
        Some(What::Compare { old, new }) => {
            compare::show(&runner, &find(&runner, old)?, &find(&runner, new)?, common)
        }
        Some(What::Advice { task }) => advice::show(&runner, task, common),
        Some(What::Sweep { id, sort, status }) => {
            sweep::show(&runner, &find(&runner, id)?, *sort, status.as_deref(), common)
        }
        Some(What::Logs { id, stderr }) => logs(&find(&runner, id)?, *stderr, common),
    }
}

fn find(runner: &Runner, id: &str) -> Result<RunRecord, CliError> {
    runner.record(id).ok_or_else(|| {
        CliError::Usage(format!(
            "no run, or more than one, is called {id}; `metascope runs` lists them"
        ))
    })
}

fn list(runner: &Runner, limit: usize, common: &Common) -> Outcome {
    let format = common.format(&[Format::Json, Format::Table])?;
    let history = runner.history(limit);
    if format == Format::Json {
        // Listed without their output, which `runs logs` prints.
        let rows: Vec<_> = history
            .iter()
            .map(|record| {
                let mut row = contract(record);
                if let Some(row) = row.as_object_mut() {
                    row.shift_remove("stdout");
                    row.shift_remove("stderr");
                }
                row
            })
            .collect();
        print_json(&json!({ "runs": rows }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&["run", "task", "executor", "status", "elapsed", "outcome"]);
    for record in history {
        let outcome = match (&record.error, &record.result) {
            (Some(error), _) => format!("{}: {}", error.type_, error.message),
            (None, Some(result)) => result.to_string(),
            (None, None) => record
                .input_errors
                .first()
                .map_or(String::new(), |error| format!("{}: {}", error.path, error.message)),
        };
        let outcome: String = outcome.chars().take(80).collect();
        table.row([
            record.run.to_string(),
            record.task.to_string(),
            record.executor.as_str().into(),
            record.status.as_str().into(),
            format!("{:.0} ms", record.elapsed_ms),
            outcome,
        ]);
    }
    table.print(common, "No runs of this project are recorded.")?;
    Ok(ExitCode::SUCCESS)
}

fn show(record: &RunRecord, common: &Common) -> Outcome {
    let format = common.format(&[Format::Json, Format::Table])?;
    if format == Format::Json {
        let mut value = contract(record);
        if let Some(object) = value.as_object_mut() {
            object.insert("input".into(), record.request.input.clone());
            object.insert("worker_hash".into(), json!(record.worker_hash));
        }
        print_json(&value)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = format!(
        "{} on {}, started {}\ninput: {}\n",
        record.task,
        record.executor.as_str(),
        record.started_at,
        record.request.input
    );
    if let Some(result) = &record.result {
        text.push_str(&format!("result: {result}\n"));
    }
    text.push_str(&summary(record, false));
    print_text(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn logs(record: &RunRecord, is_stderr: bool, common: &Common) -> Outcome {
    let format = common.format(&[Format::Table, Format::Json, Format::Plain])?;
    let whole = |stream: &str, kept: &str| {
        let file = log_file(&record.run, stream).and_then(|file| std::fs::read(file).ok());
        file.map_or_else(|| kept.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let (stdout, stderr) = (whole("stdout", &record.stdout), whole("stderr", &record.stderr));
    if format == Format::Json && common.format.is_some() {
        print_json(&json!({"run": record.run, "stdout": stdout, "stderr": stderr}))?;
        return Ok(ExitCode::SUCCESS);
    }
    let chosen = if is_stderr { &stderr } else { &stdout };
    // Escapes a task printed act on no terminal from here.
    let lines: Vec<_> = chosen.lines().map(printable).collect();
    if !lines.is_empty() {
        print_text(&lines.join("\n"))?;
    }
    if !is_stderr {
        stderr.lines().for_each(|line| eprintln!("{}", printable(line)));
    }
    Ok(ExitCode::SUCCESS)
}
