//! `metascope run` and `metascope runs`, as a user meets them.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{assert_clean, json_of, lacks_python, processes_with, project_of, sandbox};

const SOURCE: &str = r#"
import sys
import time
from dataclasses import dataclass

TASKS = {}


def task(function):
    TASKS[function.__name__] = function
    return function


@dataclass
class Order:
    item: str
    count: int = 1


@task
def price(order: Order, rate: float = 2.0) -> float:
    print("pricing", order.item)
    print("to stderr", file=sys.stderr)
    return order.count * rate


@task
def fail(x: int):
    helper(x)


def helper(x):
    raise LookupError(f"no {x}")


@task
def wait(seconds: float):
    print("waiting", flush=True)
    time.sleep(seconds)


def plain(text: str, times: int = 2) -> str:
    return text * times
"#;

fn project(name: &str) -> PathBuf {
    project_of(name, SOURCE)
}

fn metascope(root: &Path, arguments: &[&str]) -> Output {
    let (command, rest) = arguments.split_first().expect("a command");
    let mut program = Command::new(env!("CARGO_BIN_EXE_metascope"));
    match *command {
        "runs" => program.args(["runs", "--path"]).arg(root),
        command => program.arg(command).arg(root),
    };
    program.args(rest).stdin(Stdio::null()).output().expect("metascope runs")
}

#[test]
fn prints_the_contracts_object_and_nothing_else() {
    sandbox();
    if lacks_python() {
        return;
    }
    let root = project("contract");
    let arguments = [
        "run",
        "work.price",
        "--input",
        r#"{"order": {"item": "pen", "count": 3}}"#,
        "--trust",
        "--format",
        "json",
    ];
    let output = metascope(&root, &arguments);
    assert_eq!(output.status.code(), Some(0));
    let object = json_of(&output);
    let keys: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "run",
            "task",
            "executor",
            "status",
            "result",
            "stdout",
            "stderr",
            "error",
            "input_errors",
            "started_at",
            "elapsed_ms",
            "launch_ms",
            "cpu_ms",
            "peak_memory_bytes",
        ]
    );
    assert_eq!((&object["status"], &object["result"]), (&json!("succeeded"), &json!(6.0)));
    assert_eq!(object["stdout"], "pricing pen\n");
    assert_eq!(object["stderr"], "to stderr\n");
    assert!(object["started_at"].as_str().is_some_and(|at| at.ends_with('Z') && at.len() == 24));
    assert_clean(object["run"].as_str().unwrap());

    let id = object["run"].as_str().unwrap();
    let shown = json_of(&metascope(&root, &["runs", "show", id, "--format", "json"]));
    assert_eq!((&shown["result"], &shown["run"]), (&object["result"], &object["run"]));
    let listed = json_of(&metascope(&root, &["runs", "--format", "json"]));
    assert_eq!(listed["runs"][0]["run"], object["run"]);
    let logs = metascope(&root, &["runs", "logs", id]);
    assert_eq!(String::from_utf8_lossy(&logs.stdout), "pricing pen\n");
    assert_eq!(metascope(&root, &["runs", "show", "nonsense"]).status.code(), Some(2));
}

#[test]
fn streams_through_and_tells_the_end_by_its_exit_code() {
    sandbox();
    if lacks_python() {
        return;
    }
    let root = project("codes");
    let run = |arguments: &[&str]| {
        let arguments = [&["run"], arguments, &["--trust"]].concat();
        let output = metascope(&root, &arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    // Any module-level function, by the end of its name; text stays text where a string is asked.
    let (code, stdout, stderr) = run(&["plain", "--arg", "text=12"]);
    assert_eq!((code, stdout.as_str()), (Some(0), "\"1212\"\n"), "{stderr}");

    let (code, _, stderr) = run(&["work.fail", "--arg", "x=7"]);
    assert_eq!(code, Some(1));
    let line = SOURCE.lines().position(|line| line.contains("raise LookupError")).unwrap() + 1;
    assert!(stderr.contains("LookupError: no 7"), "{stderr}");
    assert!(stderr.contains(&format!("work.py:{line}")), "{stderr}");
    assert!(!stderr.contains("runtime"), "only the user's own frames: {stderr}");

    let (code, _, stderr) = run(&["work.fail", "--arg", "x=seven"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("/x") && stderr.contains("rejected"), "{stderr}");

    assert_eq!(run(&["work.nothing"]).0, Some(2));
    assert_eq!(run(&["work.fail", "--input", "{"]).0, Some(2));
    assert_eq!(run(&["work.fail", "--input", "@/nowhere.json"]).0, Some(3));
    let (code, _, stderr) = run(&["work.wait", "--arg", "seconds=60", "--timeout", "2s"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("timed_out"), "{stderr}");
    assert_eq!(metascope(Path::new("/nowhere"), &["run", "x"]).status.code(), Some(3));
}

#[test]
fn a_folder_not_seen_before_must_be_trusted() {
    sandbox();
    if lacks_python() {
        return;
    }
    let root = project("strange");
    let arguments = ["run", "work.plain", "--arg", "text=a"];
    let refused = metascope(&root, &arguments);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--trust"));
    assert_eq!(metascope(&root, &[&arguments[..], &["--trust"]].concat()).status.code(), Some(0));
    assert_eq!(metascope(&root, &arguments).status.code(), Some(0), "remembered");
}

#[test]
fn an_interrupt_cancels_the_run_and_leaves_nothing() {
    sandbox();
    if lacks_python() {
        return;
    }
    let root = project("interrupted");
    let mut child = Command::new(env!("CARGO_BIN_EXE_metascope"))
        .arg("run")
        .arg(&root)
        .args(["work.wait", "--arg", "seconds=60", "--trust"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    assert_eq!(line, "waiting\n");
    let asked = Instant::now();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(asked.elapsed() < Duration::from_secs(8));
    let mut complaint = String::new();
    child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
    assert!(complaint.contains("cancelled"), "{complaint}");
    let owner = format!("METASCOPE_OWNER={}-", child.id());
    assert!(processes_with(&owner).is_empty());
}

#[test]
fn a_run_survives_a_journal_that_cannot_be_written() {
    sandbox();
    if lacks_python() {
        return;
    }
    let root = project("unwritable");
    let output = Command::new(env!("CARGO_BIN_EXE_metascope"))
        .arg("run")
        .arg(&root)
        .args(["work.plain", "--arg", "text=a", "--trust", "--format", "json"])
        .env("METASCOPE_STATE_DIR", "/proc/nowhere")
        .output()
        .unwrap();
    assert_eq!(json_of(&output)["result"], "aa");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("journal could not be written"), "{complaint}");
}
