//! Proves a split on an example: the same call, directly and block by block.

use std::io::{Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::super::output::{Table, print_json, print_text};
use super::super::{CliError, Common, Format, Outcome};
use crate::analyzers::link::python::splits::{
    DRIVER, Emitted, EmittedFunction, Engine, emit_program, emit_project,
};
use crate::model::printable;
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
    let chosen = choose(scan, &emitted, function)?;
    let input = read_input(input)?;
    let python = find_python(&scan.root, &Settings::default()).map_err(CliError::Environment)?;
    let mut outcomes = Vec::new();
    for mode in ["direct", "split"] {
        let job = json!([{
            "mode": mode,
            "module": &*chosen.module,
            "path": import_paths(scan, &emitted),
            "function": &*chosen.name,
            "input": input,
            "entities": emitted.entities,
            "functions": emitted.functions.iter().map(EmittedFunction::to_json).collect::<Vec<_>>(),
            "seconds": timeout,
        }]);
        let mut outcome = interpret(&python, scan, &job, timeout)?;
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

/// The function by its name or an unambiguous end of it.
fn choose<'e>(
    scan: &Scan,
    emitted: &'e Emitted,
    wanted: &str,
) -> Result<&'e EmittedFunction, CliError> {
    let ends = |name: &str| name == wanted || name.ends_with(&format!(".{wanted}"));
    let found: Vec<&EmittedFunction> =
        emitted.functions.iter().filter(|function| ends(&function.name)).collect();
    match found.as_slice() {
        [one] => return Ok(one),
        [] => {}
        many => {
            let names: Vec<&str> = many.iter().map(|function| &*function.name).collect();
            return Err(CliError::Usage(format!("{wanted} is one of {}", names.join(", "))));
        }
    }
    let refused = scan.project.splits.iter().find(|split| ends(&split.function));
    Err(CliError::Usage(match refused.and_then(|split| split.refused.as_ref()) {
        Some(refusal) => {
            format!("{wanted} cannot be split: {} (line {})", refusal.reason, refusal.line)
        }
        None => format!("{wanted} does not suspend; `metascope splits` lists what does"),
    }))
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

/// The folders that the modules are imported from.
fn import_paths(scan: &Scan, emitted: &Emitted) -> Vec<String> {
    let mut paths = Vec::new();
    for function in &emitted.functions {
        let module = function.module.replace('.', "/");
        let stem = function.file.strip_suffix(".py").unwrap_or(&function.file);
        let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
        let folder = stem.strip_suffix(module.as_str()).unwrap_or_default();
        let path = scan.root.join(folder).to_string_lossy().into_owned();
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

fn interpret(
    python: &std::path::Path,
    scan: &Scan,
    job: &Value,
    timeout: u64,
) -> Result<Value, CliError> {
    let mut child = Command::new(python)
        .args(["-c", DRIVER])
        .current_dir(&scan.root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| CliError::Environment(format!("{}: {error}", python.display())))?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let text = job.to_string();
    let writer = std::thread::spawn(move || {
        // An interpreter that died early is reported by its exit.
        let _ = stdin.map(|mut stdin| stdin.write_all(text.as_bytes()));
    });
    let reader = std::thread::spawn(move || {
        let mut answer = String::new();
        let read = stdout.map(|mut stdout| stdout.read_to_string(&mut answer));
        read.map(|_| answer).unwrap_or_default()
    });
    // The driver ends a slow call itself; this is for one that does not even listen to signals.
    let deadline = Instant::now() + Duration::from_secs(timeout.saturating_add(5));
    let is_over = |child: &mut std::process::Child| child.try_wait().map(|status| status.is_some());
    while !is_over(&mut child)? {
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Err(CliError::Failed(format!("not done after {timeout} seconds")));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = writer.join();
    let answer = reader.join().unwrap_or_default();
    serde_json::from_str(&answer)
        .map_err(|_| CliError::Failed("the interpreter ended without an answer".into()))
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
