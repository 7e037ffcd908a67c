//! The command line as its users meet it: the contract's JSON on the samples, exit codes, messages;
//! and the pattern pages' examples, which must detect what they say.

#[path = "cli/contract.rs"]
mod contract;
#[path = "cli/expand.rs"]
mod expand;
#[path = "cli/pages.rs"]
mod pages;
#[path = "cli/precise.rs"]
mod precise;
#[path = "cli/refusals.rs"]
mod refusals;
#[path = "cli/splits.rs"]
mod splits;

use std::path::Path;
use std::process::{Command, Output};

/// Runs the binary at the repository's root with caches and state of its own.
fn metascope(arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = Path::new(env!("CARGO_TARGET_TMPDIR"));
    Command::new(env!("CARGO_BIN_EXE_metascope"))
        .args(arguments)
        .current_dir(root)
        .env("METASCOPE_CACHE_DIR", own.join("cache"))
        .env("METASCOPE_STATE_DIR", own.join("state"))
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Runs a command that must succeed and reads its JSON.
#[track_caller]
fn json(arguments: &[&str]) -> serde_json::Value {
    let mut all = arguments.to_vec();
    all.extend(["--format", "json"]);
    let output = metascope(&all);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {}", stdout(&output)))
}
