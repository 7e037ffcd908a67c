//! Splits of small programs, and their execution against the direct call.

mod minimal;
mod programs;
mod random;
mod rows;

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Emitted, EmittedFunction, Linked, emit, link};
use crate::analyzers::link::python::names::Names;
use crate::analyzers::link::python::{Context, PythonFile};
use crate::analyzers::{SourceFile, python};
use crate::model::{FileFacts, Language, Manifest, Split};

/// Links files given as `(path, module, text)`.
fn with_context<T>(files: &[(&str, &str, &str)], use_it: impl FnOnce(&Context<'_>) -> T) -> T {
    with_manifests(files, &[], use_it)
}

fn with_manifests<T>(
    files: &[(&str, &str, &str)],
    manifests: &[Manifest],
    use_it: impl FnOnce(&Context<'_>) -> T,
) -> T {
    let extract = |(path, module, text): &(&str, &str, &str)| {
        python::extract(&SourceFile {
            path: (*path).into(),
            language: Language::Python,
            module: (*module).into(),
            text: Arc::from(*text),
        })
    };
    let facts: Vec<FileFacts> = files.iter().map(extract).collect();
    let files = PythonFile::among(&facts);
    let names = Names::build(&files);
    use_it(&Context { files: &files, names: &names, manifests })
}

fn linked(text: &str) -> Linked {
    with_context(&[("m.py", "m", text)], link)
}

fn split<'a>(linked: &'a Linked, function: &str) -> &'a Split {
    let found = linked.splits.iter().find(|split| &*split.function == function);
    found.unwrap_or_else(|| panic!("no split of {function}"))
}

fn emitted(text: &str) -> Emitted {
    with_context(&[("m.py", "m", text)], emit).expect("the program has an entity")
}

/// One call to try: the program, the function and a Python expression for its arguments.
struct Trial {
    source: String,
    function: String,
    arguments: String,
}

/// Runs all trials directly and split, in one interpreter. `None`, loudly, without `python3`.
fn outcomes(trials: &[Trial]) -> Option<Vec<Value>> {
    let jobs: Vec<Value> = trials
        .iter()
        .map(|trial| {
            let emitted = emitted(&trial.source);
            let functions: Vec<Value> = emitted.functions.iter().map(|one| one.to_json()).collect();
            json!({
                "module": "m",
                "source": trial.source,
                "function": trial.function,
                "arguments": trial.arguments,
                "functions": functions,
                "seconds": 2,
            })
        })
        .collect();
    run_jobs(&jobs)
}

/// Runs jobs of the driver in one interpreter.
fn run_jobs(jobs: &[Value]) -> Option<Vec<Value>> {
    let spawned = Command::new("python3")
        .args(["-I", "-c", emit::DRIVER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "python3 is needed: {error}");
            eprintln!("SKIPPED: python3 cannot be started: {error}");
            return None;
        }
    };
    let mut input = child.stdin.take().expect("stdin is piped");
    let text = serde_json::to_vec(jobs).expect("jobs are plain JSON");
    let writer = std::thread::spawn(move || input.write_all(&text));
    let output = child.wait_with_output().expect("the interpreter ends");
    writer.join().expect("the writer ends").expect("the interpreter reads its jobs");
    assert!(output.status.success(), "the driver failed");
    Some(serde_json::from_slice(&output.stdout).expect("the driver answers with JSON"))
}

/// Asserts that each trial comes to the same thing both ways.
fn assert_same(trials: &[Trial]) {
    let Some(outcomes) = outcomes(trials) else { return };
    assert_eq!(outcomes.len(), trials.len());
    let mut wrong = Vec::new();
    for (trial, outcome) in trials.iter().zip(&outcomes) {
        let explain = || {
            let code: String = emitted(&trial.source)
                .functions
                .into_iter()
                .map(|one| format!("# {}\n{}\n", one.name, one.code))
                .collect();
            format!("{}\n--- {}({})\n{code}", trial.source, trial.function, trial.arguments)
        };
        let (direct, cut) = (&outcome["direct"], &outcome["split"]);
        for side in [direct, cut] {
            if let Some(failed) = side.get("failed") {
                wrong.push(format!("{failed}\n{}", explain()));
            }
        }
        for part in ["error", "result", "world", "printed"] {
            if direct[part] != cut[part] {
                let (one, two) = (&direct[part], &cut[part]);
                wrong.push(format!("{part}: {one}\nsplit: {two}\n{}", explain()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n=====\n"));
}
