//! What a run's pane says: facts, log, result or traceback, and the difference from the run before.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::runs::{self, Run};
use super::{run_items, run_nodes};
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::model::Model;
use crate::app::text::{self, Line, Role};
use crate::model::{Name, RunError, RunRecord};

/// Lines of log shown in the pane; the editor shows all.
const LOG_LINES: usize = 2_000;

pub fn detail(model: &Model, run: &Run) -> Detail {
    let (glyph, role) = runs::mark(run.status);
    let mut detail = Detail {
        title: Line::new(Role::Title, &run.request.task)
            .push(role, &format!(" {glyph} {}", run.status.as_str())),
        lines: Vec::new(),
    };
    facts(model, run, &mut detail);
    if !run.nodes().is_empty() {
        run_nodes::graph(model, run, run.nodes(), &mut detail);
    }
    if !run.items.is_empty() {
        run_items::overview(model, run, &mut detail);
    }
    log(run, &mut detail);
    if let Some(record) = &run.record {
        outcome(model, record, &mut detail);
    }
    if model.runs.paused && model.runs.unseen > 0 {
        detail.title = detail.title.push(Role::Info, &format!("  ⇣ {} new", model.runs.unseen));
    }
    detail
}

fn facts(model: &Model, run: &Run, detail: &mut Detail) {
    let mut line = Line::dim(run.request.executor.as_str());
    if let Some(elapsed) = runs::elapsed(model, run) {
        line = line.push(Role::Dim, "  took ").push(Role::Number, &text::duration(elapsed));
    }
    if let Some(record) = &run.record {
        for (name, milliseconds) in [("launch", record.launch_ms), ("cpu", record.cpu_ms)] {
            if let Some(milliseconds) = milliseconds {
                line = line
                    .push(Role::Dim, &format!("  {name} "))
                    .push(Role::Number, &text::duration(milliseconds));
            }
        }
        if let Some(bytes) = record.peak_memory_bytes {
            line = line.push(Role::Dim, "  memory ").push(Role::Number, &text::bytes(bytes));
        }
    }
    detail.line(line);
    let started = run.record.as_ref().map(|record| record.started_at.as_str()).unwrap_or_default();
    let id = Line::dim(&format!("run {}  {started}", run.id));
    detail.line(id);
    let input = serde_json::to_string(&run.request.input).unwrap_or_default();
    detail.line(Line::dim("input ").push(Role::String, &input));
    if let Some(progress) = &run.progress {
        detail.line(Line::new(Role::Info, progress));
    }
}

fn log(run: &Run, detail: &mut Detail) {
    if run.log.total() == 0 {
        return;
    }
    detail.heading("Output");
    let skipped = run.log.total() - run.log.lines().len().min(LOG_LINES);
    if skipped > 0 {
        detail.line(Line::dim(&format!("… {skipped} earlier lines (o opens the log)")));
    }
    let from = run.log.lines().len().saturating_sub(LOG_LINES);
    for line in run.log.lines().iter().skip(from) {
        detail.fixed(line.clone(), Links::default());
    }
}

fn outcome(model: &Model, record: &RunRecord, detail: &mut Detail) {
    if !record.input_errors.is_empty() {
        detail.heading("The input was rejected");
        for error in &record.input_errors {
            let place = if error.path.is_empty() { "input" } else { &error.path };
            let line =
                Line::new(Role::Error, place).push(Role::Text, &format!("  {}", error.message));
            detail.line(line);
        }
    }
    if let Some(error) = &record.error {
        failure(model, error, detail);
    }
    if let Some(result) = &record.result {
        detail.heading("Result");
        value(result, detail);
    }
}

/// A JSON value, a line at a time.
pub fn value(value: &Value, detail: &mut Detail) {
    for line in pretty(value).lines() {
        detail.fixed(json_line(line), Links::default());
    }
}

pub fn failure(model: &Model, error: &RunError, detail: &mut Detail) {
    detail.heading("Error");
    let links = match (&error.file, error.line) {
        (Some(file), Some(line)) => Links::at(file, line),
        _ => Links::default(),
    };
    let head =
        Line::new(Role::Error, &error.type_).push(Role::Text, &format!(": {}", error.message));
    detail.linked(head, links.clone());
    if let Some(place) = &links.place {
        detail.linked(Line::dim("in your code at ").push(Role::Accent, &place.to_string()), links);
    }
    let Some(traceback) = &error.traceback else { return };
    detail.blank();
    for line in traceback.lines() {
        let links = place_in(model, line).unwrap_or_default();
        let role = if links.place.is_some() { Role::Accent } else { Role::Dim };
        detail.fixed(Line::new(role, line), links);
    }
}

/// Where a traceback's line leads: `File "x.py", line 3` or `src/x.rs:3:7`, in this project.
fn place_in(model: &Model, line: &str) -> Option<Links> {
    let python = line.trim().strip_prefix("File \"").and_then(|rest| {
        let (path, rest) = rest.split_once('"')?;
        let number: String =
            rest.strip_prefix(", line ")?.chars().take_while(char::is_ascii_digit).collect();
        Some((path.to_owned(), number.parse().ok()?))
    });
    let rust = || {
        line.split_whitespace().find_map(|word| {
            let (path, rest) = word.split_once(".rs:")?;
            let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
            let path = path.trim_start_matches(['(', '"']);
            Some((format!("{path}.rs"), number.parse().ok()?))
        })
    };
    let (path, number): (String, u32) = python.or_else(rust)?;
    let file = model.project.files.iter().find(|file| {
        path == *file.path || path.strip_suffix(&*file.path).is_some_and(|rest| rest.ends_with('/'))
    })?;
    Some(Links::at(&file.path, number))
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

/// A line of pretty-printed JSON with roles.
pub fn json_line(line: &str) -> Line {
    let body = line.trim_start();
    let indent = &line[..line.len() - body.len()];
    let shown = Line::text(indent);
    let key = body.starts_with('"').then(|| body.split_once("\": ")).flatten();
    let (shown, value) = match key {
        Some((key, value)) => {
            (shown.push(Role::Keyword, &format!("{key}\"")).push(Role::Dim, ": "), value)
        }
        None => (shown, body),
    };
    let role = match value.as_bytes().first() {
        Some(b'"') => Role::String,
        Some(b'0'..=b'9' | b'-') => Role::Number,
        Some(b't' | b'f' | b'n') => Role::Constant,
        _ => Role::Dim,
    };
    shown.push(role, value)
}

/// How long ago a run started, in few letters.
pub fn ago(model: &Model, run: &Run) -> Option<String> {
    let started = match (&run.record, run.started_ms) {
        (_, Some(started)) => started,
        (Some(record), None) => {
            let moment: jiff::Timestamp = record.started_at.parse().ok()?;
            u64::try_from(moment.as_millisecond()).ok()?
        }
        (None, None) => return None,
    };
    let seconds = model.now_ms.checked_sub(started)? / 1000;
    Some(match seconds {
        0..=4 => "now".into(),
        5..=59 => format!("{seconds} s ago"),
        60..=3_599 => format!("{} m ago", seconds / 60),
        3_600..=86_399 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} d ago", seconds / 86_400),
    })
}

/// What differs from the run of the same task before.
pub fn comparison(model: &Model, run: &Run) -> Detail {
    let (Some(new), Some(old)) = (&run.record, model.runs.before(&run.id)) else {
        return detail(model, run);
    };
    let mut detail = Detail::titled(&format!("{} against the run before", run.request.task));
    detail.line(Line::dim(&format!("before {}   now {}", old.run, new.run)));
    detail.line(Line::text(&verdict(old, new)));
    for (title, old, new) in [
        ("Input", pretty(&old.request.input), pretty(&new.request.input)),
        ("Result", shown(old), shown(new)),
        ("Standard output", old.stdout.clone(), new.stdout.clone()),
        ("Standard error", old.stderr.clone(), new.stderr.clone()),
    ] {
        if old == new {
            continue;
        }
        detail.heading(title);
        difference(&old, &new, &mut detail);
    }
    detail
}

fn shown(record: &RunRecord) -> String {
    match (&record.result, &record.error) {
        (Some(result), _) => pretty(result),
        (None, Some(error)) => format!("{}: {}", error.type_, error.message),
        (None, None) => record.status.as_str().to_owned(),
    }
}

/// One sentence: same or not, faster or slower, code changed or not.
fn verdict(old: &RunRecord, new: &RunRecord) -> String {
    let same_output =
        shown(old) == shown(new) && old.stdout == new.stdout && old.stderr == new.stderr;
    let output =
        if same_output { "Same result and output" } else { "The result or output differs" };
    let ratio = new.elapsed_ms / old.elapsed_ms.max(0.001);
    let speed = if ratio > 1.02 {
        format!("{:.0} % slower", (ratio - 1.0) * 100.0)
    } else if ratio < 0.98 {
        format!("{:.0} % faster", (1.0 - ratio) * 100.0)
    } else {
        "as fast".to_owned()
    };
    let code = |hash: &Option<Name>| hash.clone();
    let code = match (code(&old.worker_hash), code(&new.worker_hash)) {
        (Some(old), Some(new)) if old == new => "the code is the same",
        (Some(_), Some(_)) => "the code changed in between (metascope runs compare tells how)",
        _ => "whether the code changed is not recorded",
    };
    format!("{output}, {speed}; {code}.")
}

fn difference(old: &str, new: &str, detail: &mut Detail) {
    const SHOWN: usize = 400;
    let diff = TextDiff::from_lines(old, new);
    for (at, change) in diff.iter_all_changes().enumerate() {
        if at == SHOWN {
            detail.line(Line::dim("…"));
            break;
        }
        let (mark, role) = match change.tag() {
            ChangeTag::Insert => ("+ ", Role::Added),
            ChangeTag::Delete => ("− ", Role::Removed),
            ChangeTag::Equal => ("  ", Role::Dim),
        };
        let text = change.value().trim_end_matches(['\n', '\r']);
        detail.fixed(Line::new(role, mark).push(role, text), Links::default());
    }
}
