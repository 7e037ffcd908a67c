//! Each command's JSON on the samples: the keys the contract names, and rows a reader expects.

use serde_json::Value;

use super::{json, metascope, stdout};

/// Asserts that every row has exactly these keys.
#[track_caller]
fn has_keys(rows: &Value, keys: &[&str]) {
    let rows = rows.as_array().expect("rows");
    assert!(!rows.is_empty(), "no rows with {keys:?}");
    for row in rows {
        let found: Vec<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
        for key in keys {
            assert!(found.contains(key), "no {key} in {row}");
        }
    }
}

#[track_caller]
fn named<'a>(rows: &'a Value, key: &str, name: &str) -> &'a Value {
    let rows = rows.as_array().unwrap();
    let ends = |row: &&Value| row[key].as_str().is_some_and(|value| value.ends_with(name));
    rows.iter().find(ends).unwrap_or_else(|| {
        let names: Vec<&Value> = rows.iter().map(|row| &row[key]).collect();
        panic!("no {name} among {names:?}")
    })
}

#[test]
fn scan_counts_the_samples() {
    let scan = json(&["scan", "samples"]);
    assert_eq!(scan["diagnostics"], Value::Array(vec![]));
    for count in [
        "registries",
        "members",
        "schemas",
        "functions",
        "edges",
        "splits",
        "flows",
        "tasks",
        "findings",
    ] {
        assert!(scan["counts"][count].as_u64().unwrap() > 0, "{count}: {}", scan["counts"]);
    }
    assert!(scan["languages"]["python"]["files"].as_u64().unwrap() >= 11);
    assert!(scan["languages"]["rust"]["lines"].as_u64().unwrap() > 200);
    for timing in ["walk", "extract", "link", "total"] {
        assert!(scan["timings_ms"][timing].is_number());
    }
    assert!(scan["cache"]["misses"].is_u64() && scan["cache"]["hits"].is_u64());
}

#[test]
fn registries_have_members_with_keys() {
    let rows = &json(&["registries", "samples"])["registries"];
    has_keys(
        rows,
        &["name", "kind", "registrar", "language", "file", "line", "certainty", "why", "members"],
    );
    let commands = named(rows, "name", "registries.COMMANDS");
    has_keys(&commands["members"], &["key", "target", "file", "line", "certainty", "why"]);
    let mut keys: Vec<&str> = commands["members"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["key"].as_str())
        .collect();
    keys.sort_unstable();
    assert_eq!(keys, ["formats", "list"]);
}

#[test]
fn schemas_have_fields_and_json_schema() {
    let rows = &json(&["schemas", "samples"])["schemas"];
    has_keys(rows, &["name", "kind", "language", "file", "line", "fields", "json_schema"]);
    let invoice = named(rows, "name", "tasks.Invoice");
    has_keys(&invoice["fields"], &["name", "type", "required", "default", "doc"]);
    assert_eq!(invoice["json_schema"]["required"], serde_json::json!(["customer", "lines"]));
    let order = named(rows, "name", "orders::Order");
    let names: Vec<&Value> =
        order["fields"].as_array().unwrap().iter().map(|f| &f["name"]).collect();
    assert!(names.contains(&&Value::from("orderId")), "serde's own names: {names:?}");
}

#[test]
fn calls_map_callers_to_callees() {
    let calls = json(&["calls", "samples/python/shop"]);
    let callees = |name: &str| -> Vec<&str> {
        let (_, callees) =
            calls.as_object().unwrap().iter().find(|(caller, _)| caller.ends_with(name)).unwrap();
        callees.as_array().unwrap().iter().filter_map(Value::as_str).collect()
    };
    let buys = callees("User.buy_item");
    assert!(
        buys.contains(&"entities.Item.get_price") && buys.contains(&"entities.Item.update_stock"),
        "{buys:?}"
    );
    let full = {
        let output = metascope(&["calls", "samples/python/shop", "--format", "full"]);
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    has_keys(&full["edges"], &["from", "to", "file", "line", "kind", "certainty", "why"]);
    has_keys(&full["nodes"], &["name"]);
    for format in ["dot", "mermaid", "svg"] {
        let output =
            metascope(&["calls", "samples", "--format", format, "--focus", "User.buy_item"]);
        assert!(stdout(&output).contains("buy_item"), "{format}");
    }
}

#[test]
fn splits_show_entities_and_blocks() {
    let splits = json(&["splits", "samples"]);
    has_keys(&splits["entities"], &["name", "file", "line", "key", "state", "methods"]);
    has_keys(
        &splits["splits"],
        &[
            "function",
            "language",
            "file",
            "line",
            "suspensions",
            "blocks",
            "remote_ops",
            "hazards",
            "fragments",
            "refused",
        ],
    );
    let buys = named(&splits["splits"], "function", "User.buy_item");
    has_keys(
        &buys["suspensions"],
        &[
            "id",
            "line",
            "column",
            "end_line",
            "end_column",
            "kind",
            "target",
            "receiver",
            "args",
            "result",
            "saves",
            "spills",
        ],
    );
    has_keys(
        &buys["blocks"],
        &["id", "kind", "lines", "live_in", "live_out", "next", "suspends", "resume_of", "entry"],
    );
    let awaits = named(&splits["splits"], "function", "pipeline::pay");
    assert_eq!(awaits["suspensions"].as_array().unwrap().len(), 2);
}

#[test]
fn flows_of_every_kind_are_found() {
    let rows = &json(&["flows", "samples"])["flows"];
    has_keys(rows, &["name", "kind", "file", "line", "nodes", "edges", "stages", "diagnostics"]);
    for (name, kind) in [
        ("orders.fulfil", "workflow"),
        ("programs.tip", "program"),
        ("<entities>", "entity-dataflow"),
    ] {
        assert_eq!(named(rows, "name", name)["kind"], kind);
    }
}

#[test]
fn tasks_have_input_and_output_schemas() {
    let rows = &json(&["tasks", "samples"])["tasks"];
    has_keys(
        rows,
        &[
            "id",
            "name",
            "language",
            "file",
            "line",
            "doc",
            "registrar",
            "is_async",
            "runnable",
            "reason",
            "input_schema",
            "output_schema",
        ],
    );
    let greet = named(rows, "id", "tasks.greet");
    assert_eq!(greet["input_schema"]["required"], serde_json::json!(["name"]));
    assert_eq!(greet["output_schema"]["type"], "string");
    assert_eq!(named(rows, "id", "tasks::mean")["runnable"], true);
}

#[test]
fn a_worker_can_be_looked_at() {
    let worker = json(&["worker", "samples", "jobs.tasks.bill"]);
    for key in ["files", "kept", "dropped", "dependencies"] {
        assert!(!worker[key].is_null(), "{key}");
    }
    let files = worker["files"].as_object().unwrap();
    assert!(
        files.values().any(|text| text.as_str().unwrap().contains("def _total")),
        "helpers are kept"
    );
    assert!(
        !files.values().any(|text| text.as_str().unwrap().contains("def count_down")),
        "others are not"
    );
}

#[test]
fn findings_name_rule_and_page() {
    let rows = &json(&["findings", "samples"])["findings"];
    has_keys(
        rows,
        &["rule", "pattern", "kind", "file", "line", "symbol", "message", "certainty", "why"],
    );
    named(rows, "rule", "metaclass-prepare");
    named(rows, "rule", "rs-inventory");
}

#[test]
fn a_symbol_is_explained() {
    let explained = json(&["explain", "samples", "User.buy_item"]);
    assert!(explained["name"].as_str().unwrap().ends_with("User.buy_item"));
    assert!(!explained["callees"].as_array().unwrap().is_empty());
    assert!(!explained["split"].is_null());
}

#[test]
fn patterns_are_listed_shown_and_searched() {
    let all = json(&["patterns"]);
    assert!(all["patterns"].as_array().unwrap().len() >= 12);
    let page = json(&["patterns", "show", "lost-signature"]);
    assert!(page["body"].as_str().unwrap().contains("functools.wraps"));
    let found = json(&["patterns", "search", "inventory"]);
    assert_eq!(found["patterns"][0]["id"], "rs-link-registry");
    let plain = stdout(&metascope(&["patterns", "--format", "plain"]));
    assert!(plain.lines().any(|line| line == "task-registry"));
}

#[test]
fn a_frame_is_what_the_workbench_would_draw() {
    let output = metascope(&["frame", "registries", "samples", "--size", "100x30"]);
    let frame = stdout(&output);
    assert_eq!(frame.lines().count(), 30, "{frame}");
    assert!(frame.contains("TaskMeta.registry"), "{frame}");
}

#[test]
fn completions_and_man_page_are_written() {
    assert!(stdout(&metascope(&["completions", "bash"])).contains("metascope"));
    assert!(stdout(&metascope(&["man"])).contains(".TH"));
}

#[test]
fn an_exported_worker_runs_on_its_own() {
    use std::io::Write;
    use std::process::{Command, Stdio};

    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("bill");
    let text = out.to_str().unwrap();
    let made = metascope(&["worker", "samples", "jobs.tasks.bill", "--out", text]);
    assert!(made.status.success());
    for file in ["worker.py", "requirements.txt", "Dockerfile"] {
        assert!(out.join(file).is_file(), "{file}");
    }
    let mut child = Command::new("python3")
        .arg(out.join("worker.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"{}").unwrap();
    let output = child.wait_with_output().unwrap();
    let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    // The task's parameters are missing, which only the running worker can say.
    assert_eq!(outcome["status"], "rejected", "{outcome}");
}
