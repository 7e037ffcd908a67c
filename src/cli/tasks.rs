//! `metascope tasks`.

use std::process::ExitCode;

use serde_json::json;

use super::output::{Table, print_json};
use super::project::{PathArg, open};
use super::{Common, Format, Outcome};
use crate::analyzers::link::Parts;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    path: PathArg,
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    let format = common.format(&[Format::Json, Format::Table])?;
    let scan = open(&args.path.path, common, Parts { flows: true, ..Parts::NONE })?;
    let tasks = &scan.project.tasks;
    if format == Format::Json {
        print_json(&json!({ "tasks": tasks }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&["task", "inputs", "registrar", "remark", "place"]);
    for task in tasks {
        let inputs = task.input_schema.get("properties").and_then(|map| map.as_object());
        let names: Vec<&str> =
            inputs.into_iter().flat_map(|map| map.keys().map(String::as_str)).collect();
        table.row([
            task.id.to_string(),
            names.join(", "),
            task.registrar.as_deref().unwrap_or("-").into(),
            task.reason.as_deref().unwrap_or("").into(),
            format!("{}:{}", task.file, task.line),
        ]);
    }
    table.print(common, "No tasks found. Any module-level function can be run by its name.")?;
    Ok(ExitCode::SUCCESS)
}
