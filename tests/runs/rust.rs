//! Rust functions, found in real packages, built by real cargo and run.

use std::fs;
use std::path::{Path, PathBuf};

use metascope::analyzers::worker::{generate, task_for};
use metascope::model::{ExecutorKind, RunRecord, RunRequest, RunStatus};
use metascope::runner::{Job, Runner};
use metascope::workspace::{Options, read_text, scan};
use serde_json::{Value, json};

use crate::needs::{lacks, skip};
use crate::support::{has_docker, run, sandbox};

fn lacks_cargo() -> bool {
    lacks("cargo", "--version")
}

/// Writes a project, given as paths and texts, below the sandbox.
fn project(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let root = sandbox().join(name);
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn try_task(
    root: &Path,
    task: &str,
    input: Value,
    executor: ExecutorKind,
) -> Result<RunRecord, String> {
    let options = Options { cache: false, ..Options::default() };
    let scan = scan(root, &options, &|_| {}).expect("a project");
    let task = task_for(&scan.project, task)?;
    let worker = generate(&scan.project, &task.id, &|path| read_text(&scan.root, path))?;
    let request = RunRequest { task: task.id.clone(), executor, input, ..RunRequest::default() };
    let runner = Runner::open(&scan.root).expect("a runner");
    Ok(run(&runner, Job { request, task, worker, root: scan.root }))
}

fn run_task(root: &Path, task: &str, input: Value) -> RunRecord {
    try_task(root, task, input, ExecutorKind::Thread).unwrap_or_else(|why| panic!("{task}: {why}"))
}

const LIBRARY: &str = r#"#![forbid(unsafe_code)]
#![deny(missing_docs, warnings)]
//! A library without any dependency.
mod deep;

/// Adds.
pub fn add(a: i64, b: Option<i64>) -> i64 { println!("adding"); a + b.unwrap_or(10) }

/// Borrows.
pub fn longest(words: &[String], prefix: &str, skip: Option<&str>) -> Option<String> {
    words.iter().filter(|w| w.starts_with(prefix) && Some(w.as_str()) != skip).max_by_key(|w| w.len()).cloned()
}

/// Fails.
pub fn half(x: u8) -> Result<u8, String> { if x % 2 == 0 { Ok(x / 2) } else { Err(format!("{x} is odd")) } }

/// Waits.
pub async fn later(x: (i32, f64)) -> (i32, f64) { std::future::ready(()).await; x }

/// Has no JSON form.
pub fn shape(n: usize) -> std::time::Duration { std::time::Duration::from_secs(n as u64) }

/// Generic.
pub fn same<T>(x: T) -> T { x }

/// Holds an inline module.
pub mod inner {
    fn hidden(name: String) -> String { super::deep::greet(&name) }
}
"#;

const DEEP: &str = "pub(crate) fn greet(name: &str) -> String {\n    if name.is_empty() {\n        panic!(\"nobody to greet\");\n    }\n    format!(\"hello {name}\")\n}\n";

#[test]
fn functions_of_a_library_without_dependencies() {
    sandbox();
    if lacks_cargo() {
        return;
    }
    let root = project(
        "plain",
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"plain-lib\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lints.rust]\nunused = \"forbid\"\n",
            ),
            ("src/lib.rs", LIBRARY),
            ("src/deep.rs", DEEP),
        ],
    );
    let added = run_task(&root, "plain_lib::add", json!({"a": 1}));
    assert_eq!(added.status, RunStatus::Succeeded, "{added:?}");
    assert_eq!((added.result, added.stdout.as_str()), (Some(json!(11)), "adding\n"));
    assert!(added.peak_memory_bytes.is_some());
    let again = run_task(&root, "plain_lib::add", json!({"a": 1, "b": 2}));
    assert_eq!(again.result, Some(json!(3)));
    assert!(again.elapsed_ms < added.elapsed_ms, "the binary is kept: {again:?}");

    let words = json!({"words": ["apple", "apricot", "bee"], "prefix": "ap", "skip": "apricot"});
    assert_eq!(run_task(&root, "plain_lib::longest", words).result, Some(json!("apple")));
    assert_eq!(run_task(&root, "plain_lib::half", json!({"x": 8})).result, Some(json!(4)));
    let failed = run_task(&root, "plain_lib::half", json!({"x": 7}));
    assert_eq!(failed.status, RunStatus::Failed);
    assert_eq!(failed.error.map(|error| error.message), Some("7 is odd".into()));
    assert_eq!(run_task(&root, "plain_lib::half", json!({"x": 256})).status, RunStatus::Rejected);
    let later = run_task(&root, "plain_lib::later", json!({"x": [1, 2.5]}));
    assert_eq!(later.result, Some(json!([1, 2.5])));
    let hidden = run_task(&root, "plain_lib::inner::hidden", json!({"name": "é\n\"x\""}));
    assert_eq!(hidden.result, Some(json!("hello é\n\"x\"")), "{hidden:?}");
    let panicked = run_task(&root, "plain_lib::deep::greet", json!({"name": ""}));
    assert_eq!(panicked.status, RunStatus::Failed);
    let error = panicked.error.expect("an error");
    assert_eq!((error.type_.as_str(), error.message.as_str()), ("panic", "nobody to greet"));
    assert_eq!((error.file.as_deref(), error.line), (Some("src/deep.rs"), Some(3)));

    let generic = try_task(&root, "plain_lib::same", json!({"x": 1}), ExecutorKind::Thread);
    assert!(generic.unwrap_err().contains("generic over T"));
    assert!(!root.join("target").exists() && !root.join("Cargo.lock").exists());
    assert_eq!(fs::read_to_string(root.join("src/lib.rs")).unwrap(), LIBRARY);
}

#[test]
fn a_mistake_in_the_package_is_shown_where_it_is() {
    sandbox();
    if lacks_cargo() {
        return;
    }
    let root = project(
        "broken",
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"broken\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
            ),
            ("src/lib.rs", "mod other;\npub fn fine(x: i32) -> i32 { x }\n"),
            ("src/other.rs", "\npub fn wrong() -> i32 {\n    \"text\"\n}\n"),
        ],
    );
    let record = run_task(&root, "broken::fine", json!({"x": 1}));
    assert_eq!(record.status, RunStatus::Failed);
    let error = record.error.expect("an error");
    assert_eq!((error.file.as_deref(), error.line), (Some("src/other.rs"), Some(3)), "{error:?}");
    assert_eq!((error.type_.as_str(), error.message.as_str()), ("BuildError", "mismatched types"));
}

#[test]
fn members_of_workspaces_binaries_and_single_files() {
    sandbox();
    if lacks_cargo() {
        return;
    }
    let root = project(
        "space",
        &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"crates/*\"]\nresolver = \"2\"\n[workspace.package]\nedition = \"2021\"\nversion = \"0.1.0\"\n[workspace.dependencies]\nbase = { path = \"crates/base\" }\n",
            ),
            (
                "crates/base/Cargo.toml",
                "[package]\nname = \"base\"\nversion.workspace = true\nedition.workspace = true\n",
            ),
            ("crates/base/src/lib.rs", "pub fn twice(x: i64) -> i64 { x * 2 }\n"),
            (
                "crates/tool/Cargo.toml",
                "[package]\nname = \"tool\"\nversion.workspace = true\nedition.workspace = true\n[dependencies]\nbase.workspace = true\n",
            ),
            (
                "crates/tool/src/main.rs",
                "mod work;\nfn main() {\n    println!(\"{:?}\", work::quadruple(1));\n}\n",
            ),
            (
                "crates/tool/src/work.rs",
                "const TEXT: &str = include_str!(\"../note.txt\");\npub fn quadruple(x: i64) -> (i64, usize) {\n    assert!(x < 100, \"too large\");\n    (base::twice(base::twice(x)), TEXT.len())\n}\n",
            ),
            ("crates/tool/note.txt", "note"),
        ],
    );
    let record = run_task(&root, "quadruple", json!({"x": 3}));
    assert_eq!(record.status, RunStatus::Succeeded, "{:?}", record.error);
    assert_eq!(record.result, Some(json!([12, 4])));
    // The member opened by itself is still built in its workspace.
    let member = root.join("crates/tool");
    let failed = run_task(&member, "quadruple", json!({"x": 100}));
    let error = failed.error.expect("an error");
    assert_eq!((error.file.as_deref(), error.line), (Some("src/work.rs"), Some(3)), "{error:?}");

    let single = project(
        "single",
        &[(
            "calc.rs",
            "use std::collections::BTreeMap;\n\nfn count(text: &str) -> BTreeMap<String, u32> {\n    let mut all = BTreeMap::new();\n    for c in text.chars() {\n        *all.entry(c.to_string()).or_default() += 1;\n    }\n    all\n}\n",
        )],
    );
    let record = run_task(&single, "calc::count", json!({"text": "aba"}));
    assert_eq!(record.result, Some(json!({"a": 2, "b": 1})), "{:?}", record.error);
}

#[test]
fn a_static_binary_runs_in_an_empty_image() {
    sandbox();
    if lacks_cargo() || (!has_docker() && skip("docker is missing")) {
        return;
    }
    let root = project(
        "contained",
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"contained\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
            ),
            (
                "src/lib.rs",
                "pub fn look(path: String) -> Result<Vec<String>, std::io::Error> {\n    println!(\"looking\");\n    let mut names = Vec::new();\n    for entry in std::fs::read_dir(path)? {\n        names.push(entry?.file_name().to_string_lossy().into_owned());\n    }\n    names.sort();\n    Ok(names)\n}\n",
            ),
        ],
    );
    let look = |path: &str| {
        try_task(&root, "contained::look", json!({"path": path}), ExecutorKind::Docker).unwrap()
    };
    let record = look("/metascope");
    assert_eq!(record.status, RunStatus::Succeeded, "{record:?}");
    assert_eq!(
        (record.result, record.stdout.as_str()),
        (Some(json!(["in", "input.json", "out"])), "looking\n")
    );
    let failed = look("/usr");
    assert_eq!(failed.status, RunStatus::Failed);
    assert!(failed.error.is_some_and(|error| error.message.contains("No such file")));
}
