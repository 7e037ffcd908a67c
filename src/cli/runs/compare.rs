//! `metascope runs compare`: what differs between two runs, and between the code they ran.

use std::process::ExitCode;

use serde_json::{Value, json};
use similar::TextDiff;

use super::super::output::{print_json, print_text};
use super::super::{Common, Format, Outcome};
use crate::model::{RunRecord, printable};
use crate::runner::Runner;

pub fn show(runner: &Runner, old: &RunRecord, new: &RunRecord, common: &Common) -> Outcome {
    let format = common.format(&[Format::Json, Format::Table])?;
    let parts = [
        ("input", pretty(&old.request.input), pretty(&new.request.input)),
        ("result", outcome(old), outcome(new)),
        ("stdout", old.stdout.clone(), new.stdout.clone()),
        ("stderr", old.stderr.clone(), new.stderr.clone()),
    ];
    let code = code(runner, old, new);
    if format == Format::Json {
        let difference = |(name, old, new): &(&str, String, String)| {
            let diff = (old != new).then(|| unified(old, new));
            ((*name).to_owned(), json!({ "same": old == new, "diff": diff }))
        };
        let mut object = json!({
            "old": old.run, "new": new.run,
            "task": [old.task, new.task], "executor": [old.executor, new.executor],
            "status": [old.status, new.status], "elapsed_ms": [old.elapsed_ms, new.elapsed_ms],
            "launch_ms": [old.launch_ms, new.launch_ms], "cpu_ms": [old.cpu_ms, new.cpu_ms],
            "peak_memory_bytes": [old.peak_memory_bytes, new.peak_memory_bytes],
            "code": {
                "same": old.worker_hash == new.worker_hash,
                "hash": [old.worker_hash, new.worker_hash],
                "files": code.as_ref().map(|files| files.iter().map(|(file, diff)| {
                    json!({"file": file, "diff": diff})
                }).collect::<Vec<Value>>()),
            },
        });
        if let Value::Object(object) = &mut object {
            object.extend(parts.iter().map(difference));
        }
        print_json(&object)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text =
        format!("{} {} → {} {}\n", old.run, old.status.as_str(), new.run, new.status.as_str());
    let times = [
        ("elapsed", Some(old.elapsed_ms), Some(new.elapsed_ms)),
        ("launch", old.launch_ms, new.launch_ms),
        ("cpu", old.cpu_ms, new.cpu_ms),
    ];
    for (name, old, new) in times {
        if let (Some(old), Some(new)) = (old, new) {
            text.push_str(&format!("{name}: {old:.1} ms → {new:.1} ms\n"));
        }
    }
    if let (Some(old), Some(new)) = (old.peak_memory_bytes, new.peak_memory_bytes) {
        text.push_str(&format!("memory: {} MB → {} MB\n", old >> 20, new >> 20));
    }
    for (name, old, new) in &parts {
        match old == new {
            true => text.push_str(&format!("{name}: the same\n")),
            false => text.push_str(&format!("{name}:\n{}", unified(old, new))),
        }
    }
    match code {
        _ if old.worker_hash == new.worker_hash => text.push_str("code: the same\n"),
        None => text.push_str("code: changed; what it was is no longer recorded\n"),
        Some(files) => {
            for (file, diff) in files {
                text.push_str(&format!("code of {file}:\n{diff}"));
            }
        }
    }
    let lines: Vec<_> = text.lines().map(printable).collect();
    print_text(&lines.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// Each file of the slices that differs; `None` when one of them is no longer recorded.
fn code(runner: &Runner, old: &RunRecord, new: &RunRecord) -> Option<Vec<(String, String)>> {
    if old.worker_hash == new.worker_hash {
        return Some(Vec::new());
    }
    let before = runner.worker_files(old.worker_hash.as_deref()?)?;
    let after = runner.worker_files(new.worker_hash.as_deref()?)?;
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let none = String::new();
    let changed = names.into_iter().filter_map(|name| {
        let text = |files: &std::collections::BTreeMap<String, String>| {
            files.get(name).unwrap_or(&none).clone()
        };
        let (old, new) = (text(&before), text(&after));
        (old != new).then(|| (name.clone(), unified(&old, &new)))
    });
    Some(changed.collect())
}

fn outcome(record: &RunRecord) -> String {
    match (&record.result, &record.error) {
        (Some(result), _) => pretty(result),
        (None, Some(error)) => format!("{}: {}\n", error.type_, error.message),
        (None, None) => format!("{}\n", record.status.as_str()),
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

fn unified(old: &str, new: &str) -> String {
    TextDiff::from_lines(old, new).unified_diff().context_radius(2).to_string()
}
