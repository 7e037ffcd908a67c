//! Sweeps on real processes: inputs, stopping, resuming, results.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{json_of, lacks_python, processes_with, project_of, sandbox};

const SOURCE: &str = r#"
import os, time

def weigh(k: int, j: str = "a", unit: float = 1.0) -> float:
    if k == 3 and not os.path.exists("mended"):
        raise ValueError("three")
    with open("ran", "a") as file:
        file.write(f"{k}{j}\n")
    return k * unit

def crawl(k: int) -> int:
    with open("ran", "a") as file:
        file.write(f"{k}\n")
    time.sleep(0 if k < 3 or os.path.exists("mended") else 300)
    return k
"#;

fn project(name: &str) -> PathBuf {
    project_of(name, SOURCE)
}

fn command(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_metascope"));
    command.arg("run").arg(root).args(arguments).arg("--trust").stdin(Stdio::null());
    command
}

fn run(root: &Path, arguments: &[&str]) -> (Value, Option<i32>) {
    let output = command(root, arguments).args(["--format", "json"]).output().unwrap();
    (json_of(&output), output.status.code())
}

fn runs(root: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_metascope"));
    let output = command.args(["runs", "--path"]).arg(root).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn statuses(object: &Value) -> Vec<&str> {
    let items = object["items"].as_array().expect("items");
    items.iter().map(|item| item["status"].as_str().expect("a status")).collect()
}

fn ran(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join("ran")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_grid_stops_at_a_failure_and_is_taken_up_again() {
    sandbox();
    if lacks_python() {
        return;
    }
    let root = project("grid");
    let (object, code) =
        run(&root, &["weigh", "--grid", "k=1..4,j=a|b", "--arg", "unit=2", "--jobs", "1"]);
    assert_eq!((&object["status"], code), (&json!("failed"), Some(1)), "{object:#}");
    let expected = ["succeeded"; 4].into_iter().chain(["failed"]).chain(["pending"; 3]);
    assert_eq!(statuses(&object), expected.collect::<Vec<_>>());
    assert_eq!(object["sweep"], json!({"total": 8, "succeeded": 4, "failed": 1, "left": 3}));
    assert_eq!(object["items"][1]["input"], json!({"unit": 2, "k": 1, "j": "b"}));
    assert_eq!(object["items"][1]["result"], 2.0);
    assert_eq!(object["error"]["type"], "ValueError");

    fs::write(root.join("mended"), "").unwrap();
    let id = object["run"].as_str().unwrap();
    let (object, code) = run(&root, &["weigh", "--resume", id]);
    assert_eq!((&object["status"], code), (&json!("succeeded"), Some(0)), "{object:#}");
    assert_eq!(object["run"].as_str(), Some(id));
    assert_eq!(statuses(&object), ["succeeded"; 8]);
    let mut ran = ran(&root);
    ran.sort();
    assert_eq!(ran, ["1a", "1b", "2a", "2b", "3a", "3b", "4a", "4b"], "none ran twice");

    let csv = runs(&root, &["sweep", id, "--format", "csv", "--sort", "result"]);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "item,status,elapsed_ms,run,result,error,input.unit,input.k,input.j");
    assert_eq!(lines.len(), 9);
    assert!(lines[8].starts_with("7,succeeded,") && lines[8].ends_with(",8.0,,2,4,b"), "{csv}");
    let rows = runs(&root, &["sweep", id, "--format", "jsonl", "--status", "succeeded"]);
    assert_eq!(rows.lines().count(), 8);
    let listed: Value = serde_json::from_str(&runs(&root, &["--format", "json"])).unwrap();
    assert_eq!(listed["runs"].as_array().map(Vec::len), Some(1), "its runs are parts of it");
}

#[test]
fn files_are_swept_to_the_end_when_asked() {
    sandbox();
    if lacks_python() {
        return;
    }
    let root = project("files");
    let file = root.join("inputs.csv");
    fs::write(&file, "k,j\n1,x\n3,x\nfour,x\n5,x\n").unwrap();
    let file = file.to_string_lossy().into_owned();
    let (object, code) = run(&root, &["weigh", "--sweep", &file, "--keep-going", "--jobs", "3"]);
    assert_eq!(code, Some(1));
    assert_eq!(statuses(&object), ["succeeded", "failed", "rejected", "succeeded"]);
    assert!(object["items"][2]["error"]["message"].as_str().unwrap().contains("/k"));
    for (arguments, code) in [
        (["--sweep", "/nowhere.jsonl"], 3),
        (["--grid", "k=5..1"], 2),
        (["--resume", "nothing"], 2),
    ] {
        let output = command(&root, &["weigh"]).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn a_killed_sweep_is_taken_up_where_it_was() {
    sandbox();
    if lacks_python() {
        return;
    }
    let root = project("killed");
    let mut child = command(&root, &["crawl", "--grid", "k=1..5", "--jobs", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let waited = Instant::now();
    while ran(&root).len() < 3 {
        assert!(waited.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let owner = format!("METASCOPE_OWNER={}-", child.id());
    while !processes_with(&owner).is_empty() {
        assert!(waited.elapsed() < Duration::from_secs(90), "its worker lives on");
        std::thread::sleep(Duration::from_millis(20));
    }
    let listed: Value = serde_json::from_str(&runs(&root, &["--format", "json"])).unwrap();
    let sweep = &listed["runs"][0];
    assert_eq!(sweep["status"], "crashed");
    let id = sweep["run"].as_str().unwrap();
    fs::write(root.join("mended"), "").unwrap();
    let (object, code) = run(&root, &["crawl", "--resume", id]);
    assert_eq!((&object["status"], code), (&json!("succeeded"), Some(0)), "{object:#}");
    let mut ran = ran(&root);
    ran.sort();
    assert_eq!(ran, ["1", "2", "3", "3", "4", "5"], "only what had not succeeded ran again");
}
