//! `metascope runs sweep`: what became of each input.

use std::cmp::Ordering;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::super::output::{Table, print_json, print_text};
use super::super::run::contract;
use super::super::{CliError, Common, Format, Outcome};
use crate::model::{ItemRun, RunRecord};
use crate::runner::Runner;
use crate::runner::sweep::csv;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Sort {
    Item,
    Status,
    Elapsed,
    Result,
}

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
    let mut items = runner.items(&record.run);
    items.retain(|item| status.is_none_or(|status| item.status.as_str() == status));
    items.sort_by(|a, b| order(sort, a, b));
    match format {
        Format::Json => {
            let mut object = contract(record);
            if let Value::Object(object) = &mut object {
                object.insert("items".into(), json!(items));
            }
            print_json(&object)?;
        }
        Format::Jsonl => {
            let lines: Result<Vec<String>, _> = items.iter().map(serde_json::to_string).collect();
            print_text(&lines.map_err(std::io::Error::other)?.join("\n"))?;
        }
        Format::Csv => print_text(&as_csv(&items))?,
        _ => items_table(&items.iter().collect::<Vec<_>>(), common)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// By place where the rest is equal.
fn order(sort: Sort, a: &ItemRun, b: &ItemRun) -> Ordering {
    let number = |item: &ItemRun| item.result.as_ref().and_then(Value::as_f64);
    let by = match sort {
        Sort::Item => Ordering::Equal,
        Sort::Status => a.status.as_str().cmp(b.status.as_str()),
        Sort::Elapsed => a.elapsed_ms.partial_cmp(&b.elapsed_ms).unwrap_or(Ordering::Equal),
        Sort::Result => match (number(a), number(b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => shown(&a.result).cmp(&shown(&b.result)),
        },
    };
    by.then(a.item.cmp(&b.item))
}

fn shown(value: &Option<Value>) -> String {
    value.as_ref().map(field).unwrap_or_default()
}

/// Text as it is, the rest as JSON.
fn field(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The names of all inputs, in the order in which they first come.
fn names<'a>(items: impl Iterator<Item = &'a ItemRun>) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for name in items.filter_map(|item| item.input.as_object()).flat_map(|input| input.keys()) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

fn as_csv(items: &[ItemRun]) -> String {
    let names = names(items.iter());
    let own = ["item", "status", "elapsed_ms", "run", "result", "error"].map(str::to_owned);
    let inputs = names.iter().map(|name| format!("input.{name}"));
    let mut lines = vec![own.into_iter().chain(inputs).collect::<Vec<String>>()];
    for item in items {
        let error = item.error.as_ref().map(|it| format!("{}: {}", it.type_, it.message));
        let mut line = vec![
            item.item.to_string(),
            item.status.as_str().to_owned(),
            item.elapsed_ms.map(|elapsed| elapsed.to_string()).unwrap_or_default(),
            item.run.as_deref().unwrap_or_default().to_owned(),
            shown(&item.result),
            error.unwrap_or_default(),
        ];
        line.extend(names.iter().map(|name| item.input.get(*name).map(field).unwrap_or_default()));
        lines.push(line);
    }
    let record = |line: &Vec<String>| line.iter().map(|it| csv::quote(it)).collect::<Vec<_>>();
    lines.iter().map(|line| record(line).join(",")).collect::<Vec<_>>().join("\n")
}

/// One row per input.
pub fn items_table(items: &[&ItemRun], common: &Common) -> Result<(), CliError> {
    let names = names(items.iter().copied());
    let mut heads = vec!["item"];
    heads.extend(&names);
    heads.extend(["status", "elapsed", "outcome"]);
    let mut table = Table::new(&heads);
    for item in items {
        let outcome = match (&item.error, &item.result) {
            (Some(error), _) => format!("{}: {}", error.type_, error.message),
            (None, result) => shown(result),
        };
        let mut row = vec![item.item.to_string()];
        row.extend(names.iter().map(|name| item.input.get(*name).map(field).unwrap_or_default()));
        row.push(item.status.as_str().to_owned());
        row.push(item.elapsed_ms.map(|it| format!("{it:.0} ms")).unwrap_or_default());
        row.push(outcome.chars().take(60).collect());
        table.row(row);
    }
    table.print(common, "It has no inputs.")
}
