//! Proves a split on an example: the same call, directly and block by block.

use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::output::{Table, print_json, print_text};
use super::super::{CliError, Common, Format, Outcome};
use crate::analyzers::link::python::splits::{DRIVER, Emitted, Engine, emit_program, emit_project};
use crate::model::printable;
use crate::runner::dialogue::{Dialogue, Said};
use crate::runner::{Settings, find_python};
use crate::workspace::Scan;

pub fn run(
    scan: &Scan,
    function: &str,
    input: Option<&str>,
    timeout: u64,
    format: Format,
    common: &Common,
) -> Outcome {
    let emitted = emitted(scan)?;
    let chosen = emitted.choose(&scan.project, function).map_err(CliError::Usage)?;
    let input = read_input(input)?;
    let python = find_python(&scan.root, &Settings::default()).map_err(CliError::Environment)?;
    let mut outcomes = Vec::new();
    for mode in ["direct", "split"] {
        let mut job = emitted.job(chosen, &scan.root.to_string_lossy(), &input);
        job["mode"] = mode.into();
        job["seconds"] = timeout.into();
        let mut outcome = interpret(&python, scan, &json!([job]), timeout)?;
        let outcome = outcome[0][mode].take();
        if let Some(failed) = outcome["failed"].as_str() {
            return Err(CliError::Failed(format!("the {mode} call could not be made: {failed}")));
        }
        outcomes.push(outcome);
    }
    let [direct, split] = [&outcomes[0], &outcomes[1]];
    let parts = ["result", "error", "printed", "world"];
    let differences: Vec<&str> =
        parts.into_iter().filter(|part| direct[*part] != split[*part]).collect();
    let same = differences.is_empty();
    if format == Format::Json {
        print_json(&json!({
            "function": &*chosen.name,
            "same": same,
            "differences": differences,
            "direct": shown(direct),
            "split": shown(split),
            "hops": split["hops"],
            "world": split["world"],
        }))?;
    } else {
        table(split, common)?;
        let line = |name: &str, outcome: &Value| match outcome["error"].as_object() {
            Some(error) => format!("{name}: raises {}: {}", error["type"], error["message"]),
            None => format!("{name}: {}", outcome["result"]),
        };
        print_text(&printable(&line("direct", direct)))?;
        print_text(&printable(&line("split ", split)))?;
        let verdict = if same {
            "The split call does what the direct call does: result, output and every state.".into()
        } else {
            format!("The two differ in: {}", differences.join(", "))
        };
        print_text(&verdict)?;
    }
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints the split functions as a Python program.
pub fn emit(scan: &Scan, engine: Engine) -> Outcome {
    print_text(&emit_program(&emitted(scan)?, engine))?;
    Ok(ExitCode::SUCCESS)
}

fn emitted(scan: &Scan) -> Result<Emitted, CliError> {
    emit_project(&scan.project)
        .ok_or_else(|| CliError::Usage("no entity class here, so nothing to execute".into()))
}

fn read_input(given: Option<&str>) -> Result<Value, CliError> {
    let text = match given {
        None => return Ok(json!({})),
        Some(given) => match given.strip_prefix('@') {
            Some("-") => std::io::read_to_string(std::io::stdin())?,
            Some(path) => std::fs::read_to_string(path)
                .map_err(|error| CliError::Input(format!("{path} cannot be read: {error}")))?,
            None => given.to_owned(),
        },
    };
    let value: Value = serde_json::from_str(&text)
        .map_err(|error| CliError::Usage(format!("--input is not JSON: {error}")))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(CliError::Usage("--input is a JSON object of arguments by parameter".into()))
    }
}

/// One job, in an interpreter of its own.
fn interpret(
    python: &std::path::Path,
    scan: &Scan,
    job: &Value,
    timeout: u64,
) -> Result<Value, CliError> {
    let (sender, said) = mpsc::channel();
    let on = move |what| drop(sender.send(what));
    let driver = Dialogue::start(python, DRIVER, &scan.root, on)
        .map_err(|error| CliError::Environment(format!("{}: {error}", python.display())))?;
    driver.say(job.to_string());
    // The driver ends a slow call itself; this is for one that does not even listen to signals.
    let ended =
        |why: &str| CliError::Failed(format!("the interpreter ended without an answer{why}"));
    match said.recv_timeout(Duration::from_secs(timeout.saturating_add(5))) {
        Ok(Said::Line(answer)) => serde_json::from_str(&answer).map_err(|_| ended("")),
        Ok(Said::Ended(complaint)) if complaint.is_empty() => Err(ended("")),
        Ok(Said::Ended(complaint)) => Err(ended(&format!(":\n{}", printable(&complaint)))),
        Err(_) => Err(CliError::Failed(format!("not done after {timeout} seconds"))),
    }
}

fn shown(outcome: &Value) -> Value {
    json!({
        "result": outcome["result"],
        "error": outcome["error"],
        "printed": outcome["printed"],
    })
}

/// The hops: block, request and the frame that was saved.
fn table(split: &Value, common: &Common) -> Result<(), CliError> {
    let mut table = Table::new(&["function", "block", "request", "saved frame"]);
    for hop in split["hops"].as_array().into_iter().flatten() {
        let text = |name: &str| hop[name].as_str().unwrap_or_default().to_string();
        let request = match hop["access"].as_str() {
            Some("create") => format!("create {}", text("receiver")),
            Some(access) => format!("{access} {}.{}", text("receiver"), text("member")),
            None => String::new(),
        };
        let frame: Vec<String> = hop["frame"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()))
            .collect();
        table.row([text("function"), hop["block"].to_string(), request, frame.join(", ")]);
    }
    table.print(common, "No hop was made.")
}
