//! `metascope worker`.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Map, Value, json};

use super::output::print_json;
use super::project::open;
use super::{CliError, Common, Format, Outcome, export};
use crate::analyzers;
use crate::analyzers::link::Parts;
use crate::model::{Language, Worker};
use crate::workspace;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The project: a folder or one file
    path: PathBuf,
    /// The task: a qualified name (`pkg.module.function`, `crate::module::function`)
    task: String,
    /// Write the worker as a folder that runs on its own
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    let format = common.format(&[Format::Json, Format::Plain, Format::Table])?;
    let scan = open(&args.path, common, Parts::ALL)?;
    let texts = |path: &str| workspace::read_text(&scan.root, path);
    let worker = analyzers::worker::generate(&scan.project, &args.task, &texts);
    let worker = worker.map_err(CliError::Failed)?;
    if let Some(folder) = &args.out {
        export::export(&worker, &scan.root, folder).map_err(|error| {
            CliError::Failed(format!("{} cannot be written: {error}", folder.display()))
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    if format == Format::Json {
        let files: Map<String, Value> = worker
            .files
            .iter()
            .map(|(path, text)| (path.clone(), Value::String(text.clone())))
            .collect();
        print_json(&json!({
            "files": files,
            "kept": worker.kept,
            "dropped": worker.dropped,
            "dependencies": worker.dependencies,
            "python": worker.python,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    print!("{}", listing(&worker));
    Ok(ExitCode::SUCCESS)
}

/// All files of a worker one after the other, each under its name.
fn listing(worker: &Worker) -> String {
    let comment = match worker.language {
        Language::Python => "#",
        Language::Rust => "//",
    };
    let file = |(path, text): &(String, String)| format!("{comment} ==== {path}\n{text}");
    worker.files.iter().map(file).collect::<Vec<_>>().join("\n")
}
