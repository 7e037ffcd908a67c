//! `metascope expand`: what the macro at a place becomes.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::output::{print_json, print_text};
use super::{CliError, Common, Format, Outcome, trust};
use crate::analyzers::rust::expand::{Answer, Beyond, Query, expand};
use crate::model::expansion::{Engine, Expansion, Generated, Step};
use crate::model::printable;
use crate::runner::compiler::CompilerError;
use crate::shell::expansion::{self, CompileError};
use crate::workspace::{CrateSources, on_pool};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the call, derive or attribute stands: FILE:LINE or FILE:LINE:COLUMN
    place: String,
    /// Expand so many levels; 1 is the call alone [default: all]
    #[arg(long, value_name = "N")]
    depth: Option<u32>,
    /// Show each step: the call, the arm it matched, what it became
    #[arg(long)]
    steps: bool,
    /// Ask the compiler, also where the own interpreter would do
    #[arg(long)]
    compiler: bool,
    /// Trust this package's code from now on: compiling runs its build script and macros
    #[arg(long)]
    trust: bool,
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    let format = common.format(&[Format::Json, Format::Table, Format::Plain])?;
    let (file, line, column) = parse(&args.place)?;
    let full = file
        .canonicalize()
        .map_err(|error| CliError::Input(format!("{}: {error}", file.display())))?;
    let path = full.to_string_lossy().into_owned();
    let query =
        Query { file: &path, line, column, pick: 0, depth: args.depth, by_compiler: args.compiler };
    let answer = on_pool(|| expand(&CrateSources::around(&full), &query));
    let found = match answer.map_err(CliError::Usage)? {
        Answer::Expanded(found) => found,
        Answer::Compiler(beyond) => compile(&beyond, &full, args.trust)?,
    };
    let shown = show(&found, &file, args.steps);
    match format {
        Format::Json => print_json(&shown.json)?,
        Format::Plain => print_text(&shown.code)?,
        _ => print_text(&printable_lines(&shown.text))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// An answer in the three ways it can be printed.
struct Shown {
    json: Value,
    code: String,
    text: String,
}

/// `FILE:LINE` or `FILE:LINE:COLUMN`.
fn parse(place: &str) -> Result<(PathBuf, u32, Option<u32>), CliError> {
    let wrong =
        || CliError::Usage(format!("{place}: give the place as FILE:LINE or FILE:LINE:COLUMN"));
    let number = |text: &str| text.parse::<u32>().ok().filter(|number| *number > 0);
    let (rest, last) = place.rsplit_once(':').ok_or_else(wrong)?;
    let last = number(last).ok_or_else(wrong)?;
    match rest.rsplit_once(':').and_then(|(file, line)| Some((file, number(line)?))) {
        Some((file, line)) => Ok((file.into(), line, Some(last))),
        None => Ok((rest.into(), last, None)),
    }
}

/// Text for a terminal, its line breaks kept.
fn printable_lines(text: &str) -> String {
    text.lines().map(|line| printable(line).into_owned() + "\n").collect()
}

/// A path as seen from where the command runs.
fn near(path: &str) -> String {
    let here = std::env::current_dir().ok();
    let inside = here.and_then(|here| Some(Path::new(path).strip_prefix(here).ok()?.to_owned()));
    inside.map_or_else(|| path.to_owned(), |path| path.to_string_lossy().into_owned())
}

fn generated(items: &[Generated]) -> Vec<Value> {
    items.iter().map(|item| json!({"kind": item.kind, "name": item.name})).collect()
}

fn item_lines(items: &[Generated]) -> String {
    let lines = items.iter().map(|item| format!("//   {} {}\n", item.kind, item.name));
    let lines: String = lines.collect();
    if lines.is_empty() { lines } else { format!("// defines\n{lines}") }
}

fn show(found: &Expansion, file: &Path, with_steps: bool) -> Shown {
    let step_json = |step: &Step| {
        let file = step.file.as_ref().map(|file| near(file));
        json!({
            "parent": step.parent, "level": step.level, "name": step.name, "call": step.call,
            "definition": {"file": file, "line": step.line},
            "arm": step.arm, "arms": step.arms, "arm_line": step.arm_line,
            "pattern": step.pattern, "result": step.result,
        })
    };
    let left: Vec<Value> =
        found.left.iter().map(|left| json!({"call": left.call, "reason": left.reason})).collect();
    // Per line: runs of bytes with the step that wrote them, 0 for the call.
    let writers: Vec<Vec<[u32; 2]>> =
        found.writers.iter().map(|line| line.iter().map(|run| [run.0, run.1]).collect()).collect();
    let json = json!({
        "file": file.to_string_lossy(), "line": found.line, "column": found.column,
        "call": found.call, "engine": found.engine.as_str(), "code": found.code,
        "items": generated(&found.items),
        "steps": found.steps.iter().map(step_json).collect::<Vec<_>>(),
        "left": left, "cut": found.cut, "note": found.note, "levels": found.levels,
        "writers": writers,
    });
    let mut text = format!("// {}:{}:{}\n", file.display(), found.line, found.column);
    if found.engine == Engine::Compiler {
        text += &format!("// {}\n//   as the compiler expands it\n", first_line(&found.call));
        if let Some(note) = &found.note {
            text += &format!("//   {note}\n");
        }
    }
    for step in found.steps.iter().take(if with_steps { usize::MAX } else { 1 }) {
        text += &step_lines(step, with_steps);
    }
    let more = found.steps.len().saturating_sub(1);
    if !with_steps && more > 0 {
        text += &format!("// and {more} more inside it: --steps shows them\n");
    }
    text += &found.code;
    text += &item_lines(&found.items);
    for left in &found.left {
        text += &format!("// left: {}: {}\n", first_line(&left.call), left.reason);
    }
    if let Some(cut) = &found.cut {
        text += &format!("// not whole: {cut}\n");
    }
    Shown { json, code: found.code.clone(), text }
}

fn step_lines(step: &Step, with_result: bool) -> String {
    let place = match &step.file {
        Some(file) => format!("{}:{}", near(file), step.arm_line),
        None => "a macro that an expansion defined".into(),
    };
    let (arm, arms, pattern) = (step.arm, step.arms, first_line(&step.pattern));
    let mut text = format!("// {}\n", first_line(&step.call));
    text += &format!("//   arm {arm} of {arms}: ({pattern}) at {place}\n");
    if with_result {
        text += &step.result;
        if !text.ends_with('\n') {
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(160) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

/// What the compiler makes of it; only where the package is trusted.
fn compile(beyond: &Beyond, file: &Path, trusts: bool) -> Result<Expansion, CliError> {
    let because = |why: String| CliError::Failed(format!("{}: {why}", first_line(&beyond.call)));
    let target = expansion::package(file, beyond).map_err(because)?;
    trust::ask(&target.folder, trusts).map_err(|error| {
        CliError::Usage(format!("{}: {}. {error}", first_line(&beyond.call), beyond.reason))
    })?;
    expansion::compile(file, beyond, &target).map_err(|error| match error {
        CompileError::Compiler(CompilerError::Missing(_)) => {
            CliError::Environment(error.to_string())
        }
        other => because(other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_a_line_and_may_have_a_column() {
        let parsed = |text: &str| parse(text).ok();
        assert_eq!(parsed("a/b.rs:3"), Some(("a/b.rs".into(), 3, None)));
        assert_eq!(parsed("a:b.rs:3:7"), Some(("a:b.rs".into(), 3, Some(7))));
        assert_eq!(parsed("a.rs"), None);
        assert_eq!(parsed("a.rs:0"), None);
    }
}
