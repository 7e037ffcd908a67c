//! `metascope runs advice`: what earlier runs of a task suggest.

use std::process::ExitCode;

use serde_json::json;

use super::super::output::{Table, print_json};
use super::super::{Common, Format, Outcome};
use crate::model::RunRecord;
use crate::runner::{Runner, advice};

pub fn show(runner: &Runner, task: &str, common: &Common) -> Outcome {
    let format = common.format(&[Format::Json, Format::Table])?;
    let records = runner.of_task(task);
    let suggestions = advice::suggest(&records.iter().collect::<Vec<&RunRecord>>());
    if format == Format::Json {
        print_json(&json!({"task": task, "runs": records.len(), "suggestions": suggestions}))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&["setting", "suggested", "why"]);
    for found in suggestions {
        let flag = format!("--{} {}", found.setting, found.value);
        table.row([found.setting.to_owned(), flag, found.why]);
    }
    table.print(common, &format!("{} recorded runs suggest nothing yet.", records.len()))?;
    Ok(ExitCode::SUCCESS)
}
