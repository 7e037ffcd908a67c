//! Workflows on real processes: states, reasons, values, handlers and statuses, as the contract
//! prints them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::support::{assert_clean, json_of, lacks_image, lacks_python, processes_with, sandbox};

const SOURCE: &str = r#"
import sys, time

TASKS = {}

def task(function):
    TASKS[function.__name__] = function
    return function

def workflow(function):
    return function

@task
def load(order: int) -> dict:
    print("loading", order)
    return {"id": order, "items": ["tea", "cup"], "price": {"total": 11}}

@task
def double(x: int) -> int:
    return 2 * x

@task
def total(*values: int, start: int = 0) -> int:
    return sum(values, start)

@task
def breaks(x):
    raise LookupError(f"no {x}")

@task
def tell(about) -> str:
    return f"told {about}"

@task
def meet(seconds: float) -> list:
    began = time.time()
    time.sleep(seconds)
    return [began, time.time()]

@task
def ending():
    sys.exit(3)

@workflow
def basket(order: int, limit: int = 10):
    "What it does."
    loaded = load(order)
    with parallel():
        a = double(loaded.output["price"]["total"])
        b = double(x=loaded.output.id)
    with conditional(a.output > limit and loaded.output["items"][0] in ["tea", "milk"]):
        c = total(a.output, b.output, start=order)
    with conditional(not a.success):
        tell("never")
    tell({"sum": [c.output, order]})
    return c

@workflow
def handled():
    a = breaks("milk")
    b = double(a.output)
    with conditional(b.output == 1):
        c = tell("c")
    with conditional(a.failed):
        d = tell("instead")
    with error_handler():
        e = tell(current_error.message)
        f = tell(current_error)
    g = tell("afterwards")
    return e.output

@workflow
def unhandled():
    with parallel():
        a = breaks(1)
        b = double(2)
    c = tell("c")
    with error_handler():
        d = breaks(current_error.node)

@workflow
def fine():
    a = double(1)
    with error_handler():
        tell("nobody")
    return a.output

@workflow
def wrong():
    a = load()
    for x in a.output: pass

@workflow
def strict():
    a = double("two")
    with error_handler():
        b = tell(a.error.type)

@workflow
def pair():
    with parallel():
        a = meet(1.0)
        b = meet(1.0)
    return a

@workflow
def slow():
    a = double(1)
    b = meet(60)
    c = double(2)
    with error_handler():
        tell("no")

@workflow
def exits():
    a = ending()
    with error_handler():
        b = tell(current_error.type)
    return b
"#;

fn project(name: &str) -> PathBuf {
    let root = sandbox().join(name);
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("flows.py"), SOURCE).unwrap();
    root
}

fn metascope(root: &Path, workflow: &str, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_metascope"))
        .arg("run")
        .arg(root)
        .args([workflow, "--trust", "--format", "json"])
        .args(more)
        .stdin(Stdio::null())
        .output()
        .expect("metascope runs")
}

/// Runs a workflow; its object and exit code.
fn run(root: &Path, workflow: &str, more: &[&str]) -> (Value, Option<i32>) {
    let output = metascope(root, workflow, more);
    let object = json_of(&output);
    if let Some(id) = object["run"].as_str() {
        assert_clean(id);
        for node in object["nodes"].as_object().into_iter().flat_map(|nodes| nodes.values()) {
            node["run"].as_str().into_iter().for_each(assert_clean);
        }
    }
    (object, output.status.code())
}

/// Each node's state, or why it was skipped.
fn states(object: &Value) -> Vec<String> {
    let nodes = object["nodes"].as_object().expect("nodes");
    let shown = nodes.iter().map(|(id, node)| {
        let state = node["reason"].as_str().or(node["state"].as_str()).unwrap_or_default();
        format!("{id}: {state}")
    });
    shown.collect()
}

#[test]
fn values_are_handed_on_and_conditions_judged() {
    sandbox();
    if lacks_python() {
        return;
    }
    let root = project("basket");
    let (object, code) = run(&root, "basket", &["--arg", "order=7"]);
    assert_eq!((&object["status"], code), (&json!("succeeded"), Some(0)), "{object:#}");
    assert_eq!(
        states(&object),
        [
            "loaded: success",
            "a: success",
            "b: success",
            "c: success",
            "tell#1: condition false",
            "tell#2: success",
        ]
    );
    assert_eq!(object["result"], 22 + 14 + 7);
    assert_eq!(object["nodes"]["tell#2"]["output"], "told {'sum': [43, 7]}");
    assert_eq!((&object["executor"], &object["stdout"]), (&json!("thread"), &json!("loading 7\n")));
    let node = object["nodes"]["a"].as_object().unwrap();
    let keys: Vec<&str> = node.keys().map(String::as_str).collect();
    assert_eq!(keys, ["state", "output", "error", "reason", "started_at", "elapsed_ms", "run"]);

    // A condition that does not hold stops only what needs its output.
    let (object, code) = run(&root, "basket", &["--arg", "order=7", "--arg", "limit=99"]);
    let expected = ["c: condition false", "tell#1: condition false", "tell#2: upstream c"];
    assert_eq!(states(&object)[3..], expected);
    assert_eq!((&object["status"], &object["result"]), (&json!("succeeded"), &json!(null)));
    assert_eq!(code, Some(0));
}

#[test]
fn failures_are_handled_or_not() {
    sandbox();
    if lacks_python() {
        return;
    }
    let root = project("failures");
    let (object, code) = run(&root, "handled", &[]);
    assert_eq!((&object["status"], code), (&json!("handled"), Some(0)), "{object:#}");
    assert_eq!(
        states(&object),
        [
            "a: failed",
            "b: upstream a",
            "c: condition needs b",
            "d: upstream c",
            "e: success",
            "f: success",
            "g: success",
        ]
    );
    assert_eq!(object["nodes"]["a"]["error"]["type"], "LookupError");
    assert_eq!(object["result"], "told no milk");
    let told = object["nodes"]["f"]["output"].as_str().unwrap();
    for part in ["'node': 'a'", "'task': 'flows.breaks'", "'type': 'LookupError'", "'no milk'"] {
        assert!(told.contains(part), "{part} in {told}");
    }

    let (object, code) = run(&root, "unhandled", &[]);
    assert_eq!((&object["status"], code), (&json!("failed"), Some(1)));
    assert_eq!(states(&object), ["a: failed", "b: success", "c: upstream a", "d: failed"]);
    assert_eq!(object["error"]["message"], "no 1");

    let (object, _) = run(&root, "fine", &[]);
    assert_eq!((&object["status"], &object["result"]), (&json!("succeeded"), &json!(2)));
    assert_eq!(states(&object), ["a: success", "tell#1: no error"]);

    let (object, _) = run(&root, "exits", &[]);
    assert_eq!(
        (&object["status"], &object["result"]),
        (&json!("handled"), &json!("told SystemExit"))
    );
}

#[test]
fn an_input_its_task_does_not_take_fails_the_call() {
    sandbox();
    if lacks_python() {
        return;
    }
    let root = project("inputs");
    let (object, code) = run(&root, "basket", &["--arg", "order=seven"]);
    assert_eq!((&object["status"], code), (&json!("rejected"), Some(1)));
    assert_eq!(
        (&object["input_errors"][0]["path"], &object["nodes"]),
        (&json!("/order"), &json!({}))
    );
}

#[test]
fn a_workflow_with_errors_is_refused_with_code_and_line() {
    sandbox();
    let root = project("wrong");
    let output = metascope(&root, "wrong", &[]);
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8_lossy(&output.stderr);
    let line = |text: &str| SOURCE.lines().position(|line| line.contains(text)).unwrap() + 1;
    for (code, text) in [("W007", "a = load()"), ("W001", "for x in")] {
        let expected = format!("flows.py:{}:", line(text));
        let found = complaint.lines().any(|it| it.starts_with(&expected) && it.contains(code));
        assert!(found, "{code} at {expected} in {complaint}");
    }
    let object: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(object["diagnostics"][0]["code"], "W007");
    // `a.error` is no value that can be handed on.
    assert_eq!(metascope(&root, "strict", &[]).status.code(), Some(1));
}

#[test]
fn steps_of_one_stage_run_at_the_same_time() {
    sandbox();
    if lacks_python() {
        return;
    }
    let root = project("stage");
    let (object, _) = run(&root, "pair", &[]);
    let span = |id: &str| {
        let output = &object["nodes"][id]["output"];
        (output[0].as_f64().unwrap(), output[1].as_f64().unwrap())
    };
    let ((a, a_end), (b, b_end)) = (span("a"), span("b"));
    assert!(a < b_end && b < a_end, "{object:#}");
}

#[test]
fn an_interrupt_cancels_all_that_would_follow() {
    sandbox();
    if lacks_python() {
        return;
    }
    let root = project("cancelled");
    let mut child = Command::new(env!("CARGO_BIN_EXE_metascope"))
        .arg("run")
        .arg(&root)
        .args(["slow", "--trust"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "metascope: a: success");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    for id in ["b", "c", "tell#1"] {
        assert!(rest.contains(&format!("metascope: {id}: cancelled")), "{id} in {rest:?}");
    }
    assert!(processes_with(&format!("METASCOPE_OWNER={}-", child.id())).is_empty());
}

#[test]
fn a_workflow_runs_in_containers_too() {
    sandbox();
    if lacks_image() {
        return;
    }
    let root = project("contained");
    let (object, code) = run(&root, "handled", &["--executor", "docker"]);
    assert_eq!((&object["status"], code), (&json!("handled"), Some(0)), "{object:#}");
    assert_eq!(object["result"], "told no milk");
}

#[test]
fn the_sample_runs() {
    sandbox();
    if lacks_python() {
        return;
    }
    let root = sandbox().join("sample");
    fs::create_dir_all(&root).unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/python/workflows");
    for file in ["engine.py", "orders.py"] {
        fs::copy(samples.join(file), root.join(file)).unwrap();
    }
    let (object, code) = run(&root, "fulfil", &["--arg", "order=7"]);
    assert_eq!((&object["status"], code), (&json!("succeeded"), Some(0)), "{object:#}");
    assert_eq!(object["result"], "7:tea+cup");
    assert_eq!(object["nodes"]["notify#1"]["reason"], "no error");
    let shown = Command::new(env!("CARGO_BIN_EXE_metascope"))
        .args(["runs", "--path"])
        .arg(&root)
        .args(["--format", "json"])
        .output()
        .unwrap();
    let listed: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(listed["runs"].as_array().map(Vec::len), Some(1), "its calls are parts of it");
}
