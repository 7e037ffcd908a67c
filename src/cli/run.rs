//! `metascope run`: one task, its output streamed through, its outcome as the exit code.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value};

use super::output::{print_json, uses_color};
use super::project::open;
use super::{CliError, Common, Format, Outcome};
use crate::analyzers::worker;
use crate::model::{
    ExecutorKind, Limits, RunEvent, RunRecord, RunRequest, RunStatus, Task, printable,
};
use crate::runner::{self, Job, Runner, trust};
use crate::workspace::read_text;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder or one source file
    path: PathBuf,
    /// The task's id, any module-level function's name, or an unambiguous end of it
    task: String,
    /// The input as a JSON object, or @FILE to read it from (@- for standard input)
    #[arg(long, value_name = "JSON|@FILE")]
    input: Option<String>,
    /// One parameter, read as its schema says; may be given again for further ones
    #[arg(long = "arg", value_name = "NAME=VALUE")]
    args: Vec<String>,
    /// Where to run it
    #[arg(long, value_enum, default_value_t = Executor::Thread)]
    executor: Executor,
    /// How long it may take: 30s, 5m, 1500ms; 0 for as long as it likes [default: 10m]
    #[arg(long, value_parser = parse_duration)]
    timeout: Option<u64>,
    /// The image to run it in (docker)
    #[arg(long)]
    image: Option<String>,
    /// How much memory it may use: 512m, 2g
    #[arg(long, value_parser = parse_size)]
    memory: Option<u64>,
    /// How many processors it may use (docker)
    #[arg(long, value_parser = parse_cpus)]
    cpus: Option<f64>,
    /// Let it reach the network (docker)
    #[arg(long)]
    network: bool,
    /// Trust the code of this folder from now on
    #[arg(long)]
    trust: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Executor {
    Thread,
    Docker,
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    let format = common.format(&[Format::Table, Format::Json])?;
    // Output streams through wherever it goes, so JSON is printed only when it is asked for.
    let is_json = format == Format::Json && common.format.is_some();
    let scan = open(&args.path, common)?;
    ask_for_trust(&scan.root, args.trust)?;
    let task = scan.project.runnable(&args.task).map_err(CliError::Usage)?;
    let input = input(args, &task)?;
    let texts = |path: &str| read_text(&scan.root, path);
    let worker = worker::generate(&scan.project, &task.id, &texts)
        .map_err(|reason| CliError::Failed(format!("{} cannot be run: {reason}", task.id)))?;
    let request =
        RunRequest { task: task.id.clone(), executor: args.kind(), input, limits: args.limits() };
    let runner =
        Runner::open(&scan.root).map_err(|error| CliError::Environment(error.to_string()))?;
    for warning in runner.warnings() {
        eprintln!("metascope: {warning}");
    }
    let job = Job { request, task, worker, root: scan.root };
    let record = follow(&runner, job, is_json);
    if is_json {
        print_json(&contract(&record))?;
    } else {
        report(&record, common);
    }
    match record.status {
        RunStatus::Cancelled => Ok(ExitCode::from(130)),
        RunStatus::Succeeded => Ok(ExitCode::SUCCESS),
        _ if record.error.as_ref().is_some_and(runner::is_environment_error) => {
            Ok(ExitCode::from(4))
        }
        _ => Ok(ExitCode::FAILURE),
    }
}

impl Args {
    fn kind(&self) -> ExecutorKind {
        match self.executor {
            Executor::Thread => ExecutorKind::Thread,
            Executor::Docker => ExecutorKind::Docker,
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            timeout_ms: self.timeout,
            memory_bytes: self.memory,
            cpus: self.cpus,
            network: self.network,
            image: self.image.clone(),
        }
    }
}

/// A folder's code runs only once its user has said so.
fn ask_for_trust(root: &Path, is_given: bool) -> Result<(), CliError> {
    if is_given {
        if let Err(error) = trust::trust(root) {
            eprintln!("metascope: the trust in this folder could not be remembered: {error}");
        }
        return Ok(());
    }
    if trust::is_trusted(root) {
        return Ok(());
    }
    let shown = root.display().to_string();
    let shown = printable(&shown);
    if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() {
        eprint!("Running a task executes code of {shown}. Trust this folder from now on? [y/N] ");
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if matches!(answer.trim(), "y" | "Y" | "yes") {
            trust::trust(root)?;
            return Ok(());
        }
        return Err(CliError::Usage("not run: the folder is not trusted".into()));
    }
    Err(CliError::Usage(format!(
        "{shown} has not been run before: add --trust if you trust its code"
    )))
}

/// Starts the job and passes on what it prints until it ends; Ctrl-C cancels it.
fn follow(runner: &Runner, job: Job, is_json: bool) -> RunRecord {
    let shows_progress = std::io::stderr().is_terminal() && !is_json;
    let is_open = AtomicBool::new(true);
    let handle = runner.start(job, move |_, event| match event {
        RunEvent::Stdout(text) if !is_json => {
            let mut out = std::io::stdout().lock();
            let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            // A reader that went away does not stop the task.
            is_open.fetch_and(written.is_ok(), Ordering::Relaxed);
        }
        RunEvent::Stderr(text) if !is_json => {
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
        }
        RunEvent::Progress(text) if shows_progress || text.contains("could not be written") => {
            eprintln!("metascope: {}", printable(&text));
        }
        _ => {}
    });
    cancel_on_signals(handle.canceller());
    handle.wait()
}

/// The first Ctrl-C or SIGTERM asks the run to end; a third one no longer waits for it.
fn cancel_on_signals(cancel: impl Fn() + Send + 'static) {
    use tokio::signal::unix::{SignalKind, signal};
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) = (
                signal(SignalKind::interrupt()),
                signal(SignalKind::terminate()),
                signal(SignalKind::hangup()),
            ) else {
                return;
            };
            for asked in 1.. {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hangup.recv() => {}
                }
                cancel();
                if asked == 3 {
                    // The watchdog ends what is left.
                    std::process::exit(130);
                }
            }
        });
    });
}

/// The run's object as the contract has it.
pub fn contract(record: &RunRecord) -> Value {
    let mut value = serde_json::to_value(record).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        object.shift_remove("request");
        object.shift_remove("worker_hash");
    }
    value
}

/// Result, or what went wrong, after the task's own output.
fn report(record: &RunRecord, common: &Common) {
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
        (true, RunStatus::Succeeded) => ("\x1b[32m", "\x1b[0m"),
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

/// The input object of `--input` and `--arg`.
fn input(args: &Args, task: &Task) -> Result<Value, CliError> {
    let text = match args.input.as_deref().map(|given| given.strip_prefix('@').ok_or(given)) {
        None => None,
        Some(Err(json)) => Some(json.to_owned()),
        Some(Ok("-")) => Some(std::io::read_to_string(std::io::stdin())?),
        Some(Ok(path)) => Some(
            std::fs::read_to_string(path)
                .map_err(|error| CliError::Input(format!("{path} cannot be read: {error}")))?,
        ),
    };
    let mut value = match text {
        Some(text) => serde_json::from_str(&text)
            .map_err(|error| CliError::Usage(format!("--input is not JSON: {error}")))?,
        None => Value::Object(Map::new()),
    };
    for given in &args.args {
        let (name, text) = given
            .split_once('=')
            .ok_or_else(|| CliError::Usage(format!("--arg {given}: write NAME=VALUE")))?;
        let object = value
            .as_object_mut()
            .ok_or_else(|| CliError::Usage("--arg needs an --input that is an object".into()))?;
        let schema = task.input_schema.get("properties").and_then(|all| all.get(name));
        object.insert(name.into(), argument(text, schema, &task.input_schema));
    }
    Ok(value)
}

/// A value typed on the command line: text where the schema takes a string, else JSON, else the
/// text, which the validation then explains.
fn argument(text: &str, schema: Option<&Value>, root: &Value) -> Value {
    let as_text = || Value::String(text.into());
    let parsed = || serde_json::from_str(text).unwrap_or_else(|_| as_text());
    let Some(schema) = schema else { return parsed() };
    let kinds = kinds(schema, root, 0);
    if !kinds.contains(&"string") {
        return parsed();
    }
    // `int | str`: what reads as another accepted kind is that.
    match serde_json::from_str::<Value>(text) {
        Ok(value) if kinds.contains(&kind_of(&value)) && !value.is_string() => value,
        Ok(value @ Value::String(_)) => value,
        _ => as_text(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The JSON types a schema accepts, as far as they are plain to see.
fn kinds<'s>(schema: &'s Value, root: &'s Value, depth: u32) -> Vec<&'s str> {
    if depth > 8 {
        return Vec::new();
    }
    let mut found: Vec<&str> = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        found.extend(values.iter().map(|value| kind_of(value)));
    }
    found.extend(schema.get("const").map(|value| kind_of(value)));
    for key in ["anyOf", "oneOf", "allOf"] {
        let parts = schema.get(key).and_then(Value::as_array).into_iter().flatten();
        parts.for_each(|part| found.extend(kinds(part, root, depth + 1)));
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str)
        && let Some(target) = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer))
    {
        found.extend(kinds(target, root, depth + 1));
    }
    found
}

fn parse_duration(text: &str) -> Result<u64, String> {
    let at = text.find(|c: char| c.is_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let factor = match unit {
        "ms" => 1.0,
        "" | "s" => 1e3,
        "m" | "min" => 60e3,
        "h" => 3600e3,
        _ => return Err("write 1500ms, 30s, 5m or 1h".into()),
    };
    match number.trim().parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok((number * factor).ceil() as u64),
        _ => Err("write 1500ms, 30s, 5m or 1h".into()),
    }
}

fn parse_size(text: &str) -> Result<u64, String> {
    let lower = text.to_ascii_lowercase();
    let at = lower.find(|c: char| c.is_alphabetic()).unwrap_or(lower.len());
    let (number, unit) = lower.split_at(at);
    let factor = match unit.trim_end_matches("ib").trim_end_matches('b') {
        "" => 1.0,
        "k" => 1024.0,
        "m" => 1024.0 * 1024.0,
        "g" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err("write 512m or 2g".into()),
    };
    let bytes = number.trim().parse::<f64>().map_err(|_| "write 512m or 2g")? * factor;
    match bytes {
        bytes if bytes >= 4096.0 * 1024.0 && bytes.is_finite() => Ok(bytes as u64),
        _ => Err("at least 4m: less starts no worker".into()),
    }
}

fn parse_cpus(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(cpus) if cpus >= 0.01 && cpus.is_finite() => Ok(cpus),
        _ => Err("write a number of processors, such as 0.5 or 2".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_are_read_as_their_schema_says() {
        let root = json!({"$defs": {"Level": {"enum": ["low", "high"]}}});
        let read = |text: &str, schema: Value| argument(text, Some(&schema), &root);
        assert_eq!(read("5", json!({"type": "string"})), json!("5"));
        assert_eq!(read("true", json!({"type": "string"})), json!("true"));
        assert_eq!(read("\"x\"", json!({"type": "string"})), json!("x"));
        assert_eq!(read("5", json!({"type": "integer"})), json!(5));
        assert_eq!(read("x", json!({"type": "integer"})), json!("x"));
        assert_eq!(read("[1, 2]", json!({"type": "array"})), json!([1, 2]));
        let optional = json!({"anyOf": [{"type": "string"}, {"type": "null"}]});
        assert_eq!(read("null", optional.clone()), json!(null));
        assert_eq!(read("12", optional), json!("12"));
        let either = json!({"anyOf": [{"type": "integer"}, {"type": "string"}]});
        assert_eq!((read("7", either.clone()), read("x", either)), (json!(7), json!("x")));
        assert_eq!(read("low", json!({"$ref": "#/$defs/Level"})), json!("low"));
        assert_eq!(argument("5", None, &root), json!(5));
    }

    #[test]
    fn durations_and_sizes() {
        assert_eq!(parse_duration("30s"), Ok(30_000));
        assert_eq!((parse_duration("1.5m"), parse_duration("250ms")), (Ok(90_000), Ok(250)));
        assert!(parse_duration("soon").is_err() && parse_duration("-1s").is_err());
        assert_eq!((parse_size("512m"), parse_size("2GiB")), (Ok(512 << 20), Ok(2 << 30)));
        assert!(parse_size("1k").is_err() && parse_size("much").is_err());
    }
}
