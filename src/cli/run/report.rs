//! How a run ended: the contract's object, and words for people.

use std::io::IsTerminal;

use serde_json::Value;

use super::super::Common;
use super::super::output::uses_color;
use crate::model::{RunRecord, RunStatus, printable};

/// The run's object as the contract has it.
pub fn contract(record: &RunRecord) -> Value {
    let mut value = serde_json::to_value(record).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        object.shift_remove("request");
        object.shift_remove("worker_hash");
        object.shift_remove("parent");
        object.shift_remove("item");
    }
    value
}

/// Result, or what went wrong, after the task's own output.
pub fn report(record: &RunRecord, common: &Common) {
    if !record.stdout.is_empty() && !record.stdout.ends_with('\n') {
        println!();
    }
    if let Some(result) = &record.result {
        let text = serde_json::to_string_pretty(result).unwrap_or_default();
        println!("{text}");
    }
    eprint!("{}", summary(record, uses_color(common) && std::io::stderr().is_terminal()));
}

/// The end of a run in words: status, place and traceback of an error, time and memory.
pub fn summary(record: &RunRecord, is_coloured: bool) -> String {
    let mut text = String::new();
    for error in &record.input_errors {
        let path = if error.path.is_empty() { "the input" } else { &error.path };
        text.push_str(&format!("{}: {}\n", printable(path), printable(&error.message)));
    }
    if let Some(error) = &record.error {
        let place = match (&error.file, error.line) {
            (Some(file), Some(line)) => format!("{file}:{line}: "),
            (Some(file), None) => format!("{file}: "),
            _ => String::new(),
        };
        match &error.traceback {
            Some(traceback) => {
                let lines =
                    traceback.trim_end().lines().map(|line| format!("{}\n", printable(line)));
                text.extend(lines);
                if !place.is_empty() {
                    text.push_str(&format!("{}{}\n", printable(&place), printable(&error.type_)));
                }
            }
            None => {
                let message = format!("{place}{}: {}", error.type_, error.message);
                text.push_str(&format!("{}\n", printable(&message)));
            }
        }
    }
    let mut parts = vec![format!("{} in {}", record.status.as_str(), time(record.elapsed_ms))];
    parts.extend(record.launch_ms.map(|launch| format!("started after {}", time(launch))));
    parts.extend(record.cpu_ms.map(|cpu| format!("cpu {}", time(cpu))));
    parts.extend(record.peak_memory_bytes.map(|bytes| format!("peak {} MB", bytes >> 20)));
    let (on, off) = match (is_coloured, record.status) {
        (false, _) => ("", ""),
        (true, RunStatus::Succeeded | RunStatus::Handled) => ("\x1b[32m", "\x1b[0m"),
        (true, _) => ("\x1b[31m", "\x1b[0m"),
    };
    text.push_str(&format!("{on}{}{off} · run {}\n", parts.join(" · "), record.run));
    text
}

fn time(millis: f64) -> String {
    match millis {
        m if m < 1000.0 => format!("{m:.0} ms"),
        m if m < 60_000.0 => format!("{:.1} s", m / 1000.0),
        m => format!("{} min {} s", m as u64 / 60_000, m as u64 / 1000 % 60),
    }
}
