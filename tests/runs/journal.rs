//! What the journal is good for: two runs compared, and advice from many.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{lacks_python, sandbox};

fn metascope(arguments: &[&str], root: &Path) -> Value {
    let (command, rest) = arguments.split_first().expect("a command");
    let mut program = Command::new(env!("CARGO_BIN_EXE_metascope"));
    match *command {
        "runs" => program.args(["runs", "--path"]).arg(root),
        command => program.arg(command).arg(root).arg("--trust"),
    };
    program.args(rest).args(["--format", "json"]).stdin(Stdio::null());
    let output = program.output().expect("metascope runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {complaint}"))
}

#[test]
fn two_runs_are_compared_with_the_code_between_them() {
    sandbox();
    if lacks_python() {
        return;
    }
    let root = sandbox().join("compared");
    fs::create_dir_all(&root).unwrap();
    let write = |factor: u32| {
        let source = format!(
            "UNUSED = {factor}\nFACTOR = {factor}\n\
             def scale(x: int) -> int:\n    print('scaling')\n    return x * FACTOR\n"
        );
        fs::write(root.join("work.py"), source).unwrap();
    };
    let run = |x: u32| {
        let record = metascope(&["run", "scale", "--arg", &format!("x={x}")], &root);
        record["run"].as_str().expect("an id").to_owned()
    };
    write(2);
    let (first, second) = (run(3), run(4));
    let same = metascope(&["runs", "compare", &first, &second], &root);
    assert_eq!((&same["code"]["same"], &same["code"]["files"]), (&json!(true), &json!([])));
    assert_eq!((&same["input"]["same"], &same["stdout"]["same"]), (&json!(false), &json!(true)));
    assert!(same["input"]["diff"].as_str().unwrap().contains("+  \"x\": 4"), "{same:#}");

    write(5);
    let third = run(4);
    let changed = metascope(&["runs", "compare", &second, &third], &root);
    assert_eq!(changed["input"]["same"], true);
    assert_eq!(changed["result"]["diff"].as_str().unwrap().matches("8").count(), 1);
    let files = changed["code"]["files"].as_array().unwrap();
    let diff = files.iter().find_map(|file| {
        let is_it = file["file"].as_str().is_some_and(|name| name.ends_with("work.py"));
        is_it.then(|| file["diff"].as_str()).flatten()
    });
    let diff = diff.unwrap_or_else(|| panic!("{changed:#}"));
    assert!(diff.contains("-FACTOR = 2") && diff.contains("+FACTOR = 5"), "{diff}");
    assert!(!diff.contains("UNUSED"), "only what the task needs: {diff}");
}

#[test]
fn some_runs_of_a_task_suggest_its_limits() {
    sandbox();
    if lacks_python() {
        return;
    }
    let root = sandbox().join("advised");
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("work.py"), "def one(x: int = 1) -> int:\n    return x\n").unwrap();
    let few = metascope(&["runs", "advice", "work.one"], &root);
    assert_eq!((&few["runs"], &few["suggestions"]), (&json!(0), &json!([])));
    metascope(&["run", "one", "--grid", "x=1..4"], &root);
    let advice = metascope(&["runs", "advice", "work.one"], &root);
    assert_eq!(advice["runs"], 4, "{advice:#}");
    let settings: Vec<&str> = advice["suggestions"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|found| found["setting"].as_str())
        .collect();
    assert_eq!(settings, ["timeout", "memory"]);
}
