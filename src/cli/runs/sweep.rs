//! `metascope runs sweep`: what became of each input.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::super::output::{Table, print_json, print_text};
use super::super::run::contract;
use super::super::{CliError, Common, Format, Outcome};
use crate::model::{ItemRun, RunRecord};
use crate::runner::Runner;
use crate::runner::sweep::table::{self, Sort};

pub fn show(
    runner: &Runner,
    record: &RunRecord,
    sort: Sort,
    status: Option<&str>,
    common: &Common,
) -> Outcome {
    let format = common.format(&[Format::Json, Format::Table, Format::Csv, Format::Jsonl])?;
    if record.sweep.is_none() {
        return Err(CliError::Usage(format!("{} is no sweep", record.run)));
    }
    let items = runner.items(&record.run);
    let is_wanted = |item: &&ItemRun| status.is_none_or(|status| item.status.as_str() == status);
    let mut items: Vec<&ItemRun> = items.iter().filter(is_wanted).collect();
    items.sort_by(|a, b| sort.order(a, b));
    match format {
        Format::Json => {
            let mut object = contract(record);
            if let Value::Object(object) = &mut object {
                object.insert("items".into(), json!(items));
            }
            print_json(&object)?;
        }
        Format::Jsonl => print_text(&table::as_jsonl(&items))?,
        Format::Csv => print_text(&table::as_csv(&items))?,
        _ => items_table(&items, common)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One row per input.
pub fn items_table(items: &[&ItemRun], common: &Common) -> Result<(), CliError> {
    let names = table::names(items.iter().copied());
    let mut heads = vec!["item"];
    heads.extend(&names);
    heads.extend(["status", "elapsed", "outcome"]);
    let mut shown = Table::new(&heads);
    for item in items {
        let mut row = vec![item.item.to_string()];
        row.extend(names.iter().map(|name| table::input(item, name)));
        row.push(item.status.as_str().to_owned());
        row.push(item.elapsed_ms.map(|it| format!("{it:.0} ms")).unwrap_or_default());
        row.push(table::outcome(item).chars().take(60).collect());
        shown.row(row);
    }
    shown.print(common, "It has no inputs.")
}
