//! Splits as JSON, and as programs that run.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{json as json_of, metascope, stderr, stdout};

const SHOP: &str = "samples/python/shop";

#[test]
fn rows_follow_their_published_schema() {
    let schema = metascope(&["schema", "ir"]);
    let schema: Value = serde_json::from_str(&stdout(&schema)).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    for path in [SHOP, "samples", "tests/fixtures"] {
        let rows = json_of(&["splits", path]);
        let errors: Vec<String> = schema
            .iter_errors(&rows)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{path}: {errors:#?}");
    }
    assert!(!schema.is_valid(&json!({ "entities": [], "splits": [{}] })));
}

/// Runs Python with the shop importable; `None`, loudly, when it cannot import `module`.
fn python(module: &str, arguments: &[&str], input: &str) -> Option<String> {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join(SHOP);
    let outer = std::env::var("PYTHONPATH").unwrap_or_default();
    let path = format!("{}:{outer}", shop.display());
    let check = Command::new("python3")
        .env("PYTHONPATH", &path)
        .args(["-c", &format!("import {module}")])
        .output();
    if !check.is_ok_and(|check| check.status.success()) {
        eprintln!("SKIPPED: python3 cannot import {module}; put it on PYTHONPATH to run this");
        return None;
    }
    let mut child = Command::new("python3")
        .env("PYTHONPATH", &path)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    Some(stdout(&output))
}

#[test]
fn emitted_continuations_do_what_the_program_does() {
    let emitted = metascope(&["splits", SHOP, "--emit", "python"]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("cut.py"), stdout(&emitted)).unwrap();
    let test = r#"
import sys
sys.path.insert(0, sys.argv[1])
import cut
import entities as e

def play(call):
    tea, cup = e.Item("tea", 3, stock=10), e.Item("cup", 8, stock=1)
    ada, bob = e.User("ada", 20), e.User("bob")
    given = [
        call(e.User.buy_item, ada, 2, tea), call(e.User.buy_item, ada, 2, cup),
        call(e.User.price_of, ada, [tea, cup]), call(e.User.gift, ada, bob, 5),
        call(e.restock, [tea, cup], 9),
    ]
    return given, [vars(one) for one in (tea, cup, ada, bob)]

assert play(cut.call) == play(lambda f, *a: f(*a))

# By hand: the caller carries the requests.
buy = cut.CONTINUATIONS[e.User.buy_item]
ada, tea = e.User("ada", 20), e.Item("tea", 3, stock=10)
kind, frame, request = buy.step(buy.start(ada, 2, tea))
assert (kind, request[0], request[2]) == ("request", "call", "get_price"), request
kind, frame, request = buy.step(frame, 3)
assert (kind, request[2], request[3]) == ("request", "update_stock", ((-2,), {})), request
assert set(frame) == {"@block", "@reply", "@from", "self", "item", "total"}, frame
kind, frame, request = buy.step(frame, True)
assert (request[0], request[2]) == ("load", "name"), request
assert buy.step(frame, "tea") == ("result", True)
print("same")
"#;
    let folder = folder.path().to_str().unwrap();
    if let Some(said) = python("asyncio", &["-c", test, folder], "") {
        assert_eq!(said, "same\n");
    }
}

#[test]
fn the_shop_runs_as_a_dataflow() {
    let emitted = metascope(&["splits", SHOP, "--emit", "dataflow"]);
    assert!(emitted.status.success(), "{}", stderr(&emitted));
    let folder = tempfile::tempdir().unwrap();
    let job = folder.path().join("job.py");
    std::fs::write(&job, stdout(&emitted)).unwrap();
    let item = |key: &str| json!({ "$entity": "entities.Item", "key": key });
    let requests = [
        json!({ "create": "entities.Item", "args": { "name": "tea", "price": 3, "stock": 10 } }),
        json!({ "create": "entities.Item", "args": { "name": "cup", "price": 8, "stock": 1 } }),
        json!({ "create": "entities.User", "args": { "name": "ada", "balance": 20 } }),
        json!({ "create": "entities.User", "args": { "name": "bob" } }),
        json!({ "call": "entities.User.buy_item", "on": "ada", "args": { "amount": 2, "item": item("tea") } }),
        json!({ "call": "entities.User.buy_item", "on": "ada", "args": { "amount": 2, "item": item("cup") } }),
        json!({ "call": "entities.User.price_of", "on": "ada", "args": { "items": [item("tea"), item("cup")] } }),
        json!({ "call": "entities.User.gift", "on": "ada",
                "args": { "other": { "$entity": "entities.User", "key": "bob" }, "amount": 5 } }),
        json!({ "call": "entities.restock", "args": { "items": [item("tea"), item("cup")], "target": 9 } }),
        json!({ "call": "entities.User.receive", "on": "zoe", "args": { "amount": 5 } }),
    ];
    let lines: String = requests.iter().map(|request| format!("{request}\n")).collect();
    let Some(said) = python("bytewax.dataflow", &[job.to_str().unwrap()], &lines) else { return };
    let answers: Vec<Value> =
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let results: Vec<&Value> = answers[4..9].iter().map(|answer| &answer["result"]).collect();
    assert_eq!(json!(results), json!([true, false, 11, true, ["tea", "cup"]]), "{said}");
    assert!(answers[9]["error"].as_str().unwrap().starts_with("LookupError"), "{said}");
}

#[test]
fn a_frame_finds_a_function_by_an_ending_of_its_name() {
    let frame = |name| {
        metascope(&["frame", "splits", SHOP, "--focus", name, "--size", "120x40", "--no-cache"])
    };
    let shown = stdout(&frame("User.buy_item"));
    assert!(shown.contains("most hops"), "{shown}");
    assert!(!frame("nobody.at_all").status.success());
}

#[test]
fn a_method_runs_although_its_module_imports_a_neighbour_by_its_bare_name() {
    if python("runtime", &["-c", ""], "").is_none() {
        return;
    }
    let input = r#"{"self": {"name": "ada", "balance": 20}, "amount": 2,
                    "item": {"name": "tea", "price": 3, "stock": 10}}"#;
    let run = ["splits", "samples", "--run", "shop.entities.User.buy_item", "--input", input];
    let ran = json_of(&[&run[..], &["--trust"]].concat());
    assert_eq!((&ran["same"], &ran["split"]["result"]), (&json!(true), &json!(true)), "{ran}");
}
