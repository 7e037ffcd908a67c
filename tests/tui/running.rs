//! Runs started, followed, cancelled and repeated from the keyboard, in a real terminal.

use std::fs;

use crate::needs::{lacks, skip};

use super::support::folder;
use super::terminal::Terminal;

const TASKS: &str = "\
import os
import time

TASKS = {}


def task(function):
    TASKS[function.__name__] = function
    return function


@task
def double(n: int) -> int:
    print(f'doubling {n}')
    return 2 * n


@task
def broken(n: int) -> int:
    return divide(n)


def divide(n):
    raise ValueError(f'nothing is divided by {n}')


@task
def slow() -> None:
    print('it has begun', flush=True)
    time.sleep(600)


def shout(text: str) -> str:
    return text.upper()


@task
def weigh(k: int, unit: str = 'g') -> str:
    if k == 3 and not os.path.exists('mended'):
        raise ValueError('three is not to be weighed')
    print(f'on the scales: {k}')
    return f'{k}{unit}'
";

const CRATE: [(&str, &str); 2] = [
    ("Cargo.toml", "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
    (
        "src/lib.rs",
        "/// Twice as many.\npub fn twice(count: u32) -> u32 {\n    println!(\"twice {count}\");\n    \
         count.checked_mul(2).expect(\"not that many\")\n}\n",
    ),
];

fn start(files: &[(&str, &str)]) -> (tempfile::TempDir, Terminal) {
    let project = folder(files);
    let last = files.last().and_then(|(path, _)| path.rsplit('/').next()).unwrap_or_default();
    let terminal = open(&project, last);
    (project, terminal)
}

/// Opens a folder and waits until this file is listed.
fn open(project: &tempfile::TempDir, file: &str) -> Terminal {
    let home = std::env::var("HOME").unwrap_or_default();
    let or_home = |name: &str, folder: &str| {
        std::env::var(name).unwrap_or_else(|_| format!("{home}/{folder}"))
    };
    let (cargo, rustup) = (or_home("CARGO_HOME", ".cargo"), or_home("RUSTUP_HOME", ".rustup"));
    let path = std::env::var("PATH").unwrap_or_default();
    let environment = [
        ("PATH", path.as_str()),
        ("CARGO_HOME", cargo.as_str()),
        ("RUSTUP_HOME", rustup.as_str()),
        ("CARGO_NET_OFFLINE", "true"),
    ];
    // The second workbench on a folder finds what the first left in its state.
    let state = project.path().join(".state");
    let environment: Vec<(&str, &str)> = environment
        .into_iter()
        .chain([("METASCOPE_STATE_DIR", state.to_str().unwrap_or_default())])
        .collect();
    let terminal = Terminal::start(project.path(), (120, 40), &environment);
    terminal.wait_for(file);
    terminal
}

/// Opens the form of a task by its name, with the cursor on its first field.
fn open_form(terminal: &mut Terminal, task: &str) {
    terminal.send(&format!("\x10!{task}"));
    terminal.until("the task's row", |screen| {
        (screen.contents().matches(task).count() > 1).then_some(())
    });
    terminal.send("\r");
    terminal.wait_for("How to run");
}

#[test]
fn a_task_is_run_from_its_form_and_again() {
    if lacks("python3", "--version") {
        return;
    }
    let (_project, mut terminal) = start(&[("tasks.py", TASKS)]);
    open_form(&mut terminal, "double");
    // A wrong value is told at its field before anything starts.
    terminal.send("ix\r");
    terminal.wait_for("✗");
    terminal.send("kr");
    assert!(!terminal.text().contains("trust"), "{}", terminal.text());
    terminal.send("i\x1521\r");
    terminal.until("a form in order", |screen| (!screen.contents().contains('✗')).then_some(()));
    terminal.send("r");
    // The folder was never seen before: running its code is asked about once.
    terminal.wait_for("Run code from this folder");
    terminal.send("y");
    terminal.wait_for("succeeded");
    terminal.wait_for("doubling 21");
    terminal.wait_for("42");
    terminal.send("r");
    terminal.wait_for("─ Runs 2");
}

#[test]
fn runs_and_the_answer_about_trust_outlive_the_workbench() {
    if lacks("python3", "--version") {
        return;
    }
    let (project, mut terminal) = start(&[("tasks.py", TASKS)]);
    open_form(&mut terminal, "double");
    terminal.send("i21\rr");
    terminal.wait_for("Run code from this folder");
    terminal.send("y");
    terminal.wait_for("succeeded");
    terminal.send("\x03");
    assert_eq!(terminal.exit_code(), 0);
    let mut terminal = open(&project, "tasks.py");
    terminal.send("9");
    terminal.wait_for("─ Runs 1");
    terminal.wait_for("doubling 21");
    terminal.send("r");
    terminal.wait_for("─ Runs 2");
}

#[test]
fn a_failing_task_shows_the_users_own_line() {
    if lacks("python3", "--version") {
        return;
    }
    let (_project, mut terminal) = start(&[("tasks.py", TASKS)]);
    open_form(&mut terminal, "broken");
    terminal.send("i7\rr");
    terminal.wait_for("Run code from this folder");
    terminal.send("y");
    terminal.wait_for("nothing is divided by 7");
    terminal.wait_for("tasks.py:24");
}

#[test]
fn a_running_task_is_cancelled() {
    if lacks("python3", "--version") {
        return;
    }
    let (_project, mut terminal) = start(&[("tasks.py", TASKS)]);
    open_form(&mut terminal, "slow");
    terminal.send("r");
    terminal.wait_for("Run code from this folder");
    terminal.send("y");
    terminal.wait_for("it has begun");
    terminal.send("x");
    terminal.wait_for("cancelled");
}

#[test]
fn a_function_that_is_no_task_is_run_all_the_same() {
    if lacks("python3", "--version") {
        return;
    }
    let (_project, mut terminal) = start(&[("tasks.py", TASKS)]);
    terminal.send("@shout");
    terminal.wait_for("tasks.shout");
    terminal.send("\r");
    terminal.wait_for("tasks.py:34");
    terminal.send("gx");
    terminal.wait_for("functions run anyway");
    terminal.send("ihello\rr");
    terminal.wait_for("Run code from this folder");
    terminal.send("y");
    terminal.wait_for("HELLO");
}

#[test]
fn a_rust_function_is_built_and_run() {
    if lacks("cargo", "--version") {
        return;
    }
    let (_project, mut terminal) = start(&CRATE);
    open_form(&mut terminal, "twice");
    terminal.send("i21\rr");
    terminal.wait_for("Run code from this folder");
    terminal.send("y");
    terminal.wait_for_long("twice 21");
    terminal.wait_for("42");
}

#[test]
fn a_task_is_run_in_a_container() {
    let engine = std::process::Command::new("docker").arg("version").output();
    if !engine.is_ok_and(|output| output.status.success()) {
        skip("docker is missing");
        return;
    }
    let (project, mut terminal) = start(&[("tasks.py", TASKS)]);
    if let Err(why) = metascope::runner::image::build(project.path(), None, &|_| {}) {
        skip(&format!("no worker image can be made: {why}"));
        return;
    }
    open_form(&mut terminal, "double");
    terminal.send("i4\r");
    // The cursor is on the executor now: its next choice is Docker.
    terminal.wait_for("thread");
    terminal.send(" ");
    terminal.wait_for("docker ›");
    terminal.send("r");
    terminal.wait_for("Run code from this folder");
    terminal.send("y");
    terminal.wait_for_long("succeeded");
    terminal.wait_for("doubling 4");
}

#[test]
fn a_sweep_is_started_sorted_exported_and_taken_up_again() {
    if lacks("python3", "--version") {
        return;
    }
    let (project, mut terminal) = start(&[("tasks.py", TASKS)]);
    open_form(&mut terminal, "weigh");
    // k, unit, executor, timeout, then the grid.
    terminal.send("jjjjik=1..a\r");
    terminal.wait_for("is not of type");
    terminal.send("ki\x15k=1..5\rji1\rkr");
    terminal.wait_for("Run code from this folder");
    terminal.send("y");
    terminal.wait_for("3/5 · 1 failed · 2 not run (u resumes)");
    terminal.wait_for("three is not to be weighed");
    fs::write(project.path().join("mended"), "").unwrap();
    terminal.send("u");
    terminal.wait_for("5/5");
    terminal.wait_for("succeeded");
    // Sorted by something else, then written as shown.
    terminal.send("s");
    terminal.wait_for("by status");
    terminal.send("E");
    terminal.wait_for("Wrote");
    let written = fs::read_dir(project.path()).unwrap().flatten();
    let table =
        written.map(|entry| entry.path()).find(|path| path.extension() == Some("csv".as_ref()));
    let table = fs::read_to_string(table.expect("a table")).unwrap();
    assert_eq!(table.lines().count(), 6);
    assert!(table.contains(",5g,"), "{table}");
    // A row of the table leads to the run of its input.
    terminal.send("\rG");
    terminal.send("\r");
    terminal.wait_for("on the scales: 5");
}
