//! Slices and workers. Workers are run by `python3` for real.

mod state;

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::{Value, json};

use super::generate;
use crate::analyzers::fixture;
use crate::analyzers::link::modules::name_modules;
use crate::model::{Name, Project, Worker};

fn project(files: &[(&str, &str)]) -> Project {
    let mut files = files.to_vec();
    files.sort_unstable();
    let paths: Vec<Name> = files.iter().map(|(path, _)| Name::from(*path)).collect();
    let modules = name_modules(&paths, &[], None);
    let entries = files.iter().zip(modules);
    let entries = entries.map(|((path, text), module)| fixture::entry(path, &module, text));
    fixture::project(entries.collect(), Vec::new())
}

fn worker(files: &[(&str, &str)], task: &str) -> Worker {
    let texts = |path: &str| {
        files.iter().find(|(known, _)| *known == path).map(|(_, text)| Arc::from(*text))
    };
    generate(&project(files), task, &texts).unwrap()
}

/// Runs a worker and gives its outcome.
fn run(worker: &Worker, input: &Value) -> Value {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in &worker.files {
        let target = folder.path().join(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, text).unwrap();
    }
    let (given, outcome) = (folder.path().join("in.json"), folder.path().join("out.json"));
    std::fs::File::create(&given).unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let status = Command::new("python3")
        .arg(folder.path().join("worker.py"))
        .env("METASCOPE_INPUT", &given)
        .env("METASCOPE_OUTPUT", &outcome)
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    serde_json::from_str(&std::fs::read_to_string(outcome).unwrap()).unwrap()
}

fn result(files: &[(&str, &str)], task: &str, input: Value) -> Value {
    let outcome = run(&worker(files, task), &input);
    assert_eq!(outcome["status"], "ok", "{outcome}");
    outcome["result"].clone()
}

/// The names kept in one file.
fn kept(worker: &Worker, file: &str) -> Vec<String> {
    let here = worker.kept.iter().filter(|kept| &*kept.file == file);
    here.flat_map(|kept| kept.names.iter().map(ToString::to_string)).collect()
}

const REGISTRY: &str = "HANDLERS = {}\nUNREAD = {}\n\
    def handler(name):\n    def keep(f):\n        HANDLERS[name] = f\n        return f\n    return keep\n\
    TASKS = {}\ndef task(f):\n    TASKS[f.__name__] = f\n    return f\n\
    class Base:\n    known = []\n    def __init_subclass__(cls):\n        Base.known.append(cls)\n";

#[test]
fn a_slice_keeps_what_the_task_reaches_and_nothing_else() {
    let text = "\"\"\"Doc.\"\"\"\nimport os, math as m\nimport numpy\nfrom lib import task\n\
                # why two\nRATE = 2  # here\nUNUSED = print('imported')\nTABLE = [RATE]\nTABLE.append(m.pi)\n\
                def helper(x): return x * TABLE[0]\ndef other(): return UNUSED\n\
                @task\ndef f(x: int) -> int:\n    os = 1\n    return helper(x) + os\n\
                if __name__ == '__main__':\n    f(1)\n";
    let files = [("lib.py", REGISTRY), ("a.py", text)];
    let made = worker(&files, "a.f");
    // `TABLE.append(…)` is kept and binds nothing.
    assert_eq!(kept(&made, "a.py"), ["m", "RATE", "TABLE", "helper", "f"]);
    assert!(kept(&made, "lib.py").is_empty() && made.dependencies.is_empty());
    let (_, slice) = made.files.iter().find(|(path, _)| path == "modules/a.py").unwrap();
    let lines: Vec<&str> = slice.lines().collect();
    assert_eq!(lines[1], "import math as m");
    assert_eq!((lines[4], lines[5]), ("# why two", "RATE = 2  # here"));
    assert_eq!(lines[8], "TABLE.append(m.pi)");
    assert_eq!(lines[12], "def f(x: int) -> int:");
    assert!(!slice.contains("task") && !slice.contains("imported"));
    assert_eq!(run(&made, &json!({ "x": 3 }))["result"], 7);
}

#[test]
fn registrations_the_task_reads_come_along_from_other_modules() {
    let files = [
        ("app/__init__.py", "from . import plugins\nprint('side effect')\n"),
        ("app/reg.py", REGISTRY),
        (
            "app/plugins.py",
            "import os\nfrom .reg import handler, Base, UNREAD\n@handler('up')\ndef up(x): return x.upper()\nclass Square(Base): pass\nUNREAD['x'] = 1\ndef unused(): pass\n",
        ),
        (
            "app/main.py",
            "from .reg import HANDLERS, Base, task\n@task\ndef go(name: str, text: str) -> str:\n    return HANDLERS[name](text)\n@task\ndef names() -> list:\n    return [c.__name__ for c in Base.known]\n",
        ),
    ];
    let made = worker(&files, "app.main.go");
    assert_eq!(kept(&made, "app/plugins.py"), ["handler", "up"]);
    assert_eq!(run(&made, &json!({ "name": "up", "text": "a" }))["result"], "A");
    assert_eq!(result(&files, "app.main.names", json!({})), json!(["Square"]));
    let why = made.kept.iter().find(|kept| kept.names.iter().any(|name| &**name == "up")).unwrap();
    assert_eq!(&*why.why, "fills HANDLERS");
}

#[test]
fn imports_are_followed_name_by_name() {
    let files = [
        (
            "p/__init__.py",
            "from .sub import *\nfrom .sub import f as g\nfrom . import deep\nX = 1\nY = 2\n",
        ),
        (
            "p/sub.py",
            "__all__ = ['a', 'b']\ndef a(): return 1\ndef b(): return 2\ndef f(): return 3\n",
        ),
        ("p/deep.py", "V = 4\nW = missing()\n"),
        (
            "t.py",
            "import p\nimport p.deep as d\nfrom p import a, g\nfrom typing import TYPE_CHECKING\n\
                  try:\n    import json as j\nexcept ImportError:\n    j = None\n\
                  if TYPE_CHECKING:\n    from shapes import Size\n\
                  def f(size: 'Size') -> list:\n    import p.sub\n    return [a(), g(), p.X, d.V, p.deep.V, p.sub.b(), j.dumps(size.w)]\n",
        ),
        (
            "shapes.py",
            "from dataclasses import dataclass\n@dataclass\nclass Size:\n    w: int\nprint(1 / 0)\n",
        ),
    ];
    let got = result(&files, "t.f", json!({ "size": { "w": 5 } }));
    assert_eq!(got, json!([1, 3, 1, 4, 4, 2, "5"]));
    let made = worker(&files, "t.f");
    assert_eq!(kept(&made, "p/deep.py"), ["V"]);
}

#[test]
fn dynamic_access_keeps_the_module_and_says_why() {
    let files = [(
        "m.py",
        "A = 1\nB = 2\ndef f(n: str): return globals()[n]\ndef g(): return globals()['B']\n",
    )];
    let made = worker(&files, "m.f");
    assert!(made.kept.iter().any(|kept| kept.why.contains("globals()")));
    assert_eq!(run(&made, &json!({ "n": "A" }))["result"], 1);
    assert_eq!(kept(&worker(&files, "m.g"), "m.py"), ["B", "g"]);
}

#[test]
fn conditional_definitions_keep_their_condition() {
    let text = "BIG = True\nif BIG:\n    def f(): return 'big'\n    EXTRA = 1\nelif EXTRA:\n    Z = 1\nelse:\n    def f(): return 'small'\ndef g(): return f()\na = 1; b = 2; c = 3\ndef h(): return b\n";
    let files = [("m.py", text)];
    assert_eq!(result(&files, "m.g", json!({})), "big");
    let made = worker(&files, "m.h");
    assert_eq!(made.files[1].1.lines().nth(9), Some("b = 2"));
    assert_eq!(run(&made, &json!({}))["result"], 2);
}

const VALUES: &str = "from __future__ import annotations\nimport datetime, decimal, enum, uuid, pathlib\n\
    from dataclasses import dataclass, field, KW_ONLY\nfrom typing import *\nT = TypeVar('T')\nUserId = NewType('UserId', int)\n\
    class C(enum.Enum):\n    A = 'a'\n    B = (1, 2)\n\
    @dataclass\nclass Node(Generic[T]):\n    value: T\n    _: KW_ONLY\n    next: Node[T] | None = None\n\
    class P(NamedTuple):\n    x: int\n    y: float = 0.5\n\
    class D(TypedDict, total=False):\n    a: Required[UserId]\n    b: set[int]\n\
    class Plain:\n    def __init__(self, n: int): self.n = n\n";

fn value(annotation: &str, body: &str, given: Value) -> Value {
    let text = format!("{VALUES}def f(x: {annotation}):\n    return {body}\n");
    run(&worker(&[("m.py", &text)], "m.f"), &json!({ "x": given }))
}

#[test]
fn values_become_what_annotations_name() {
    for (annotation, body, given, wanted) in [
        (
            "Node[int]",
            "(type(x).__name__, x.next.value, x)",
            json!({ "value": 1, "next": { "value": 2 } }),
            json!(["Node", 2, { "value": 1, "next": { "value": 2, "next": null } }]),
        ),
        ("C", "[x.name, x]", json!([1, 2]), json!(["B", [1, 2]])),
        ("P", "[x.y, x]", json!({ "x": 1 }), json!([0.5, { "x": 1, "y": 0.5 }])),
        (
            "D",
            "[type(x['b']).__name__, x]",
            json!({ "a": 1, "b": [2, 1] }),
            json!(["set", { "a": 1, "b": [1, 2] }]),
        ),
        ("float", "type(x).__name__", json!(1), json!("float")),
        ("float | int", "type(x).__name__", json!(1), json!("int")),
        ("Union[bool, int, str]", "repr(x)", json!(1), json!("1")),
        ("uuid.UUID | str", "type(x).__name__", json!("x"), json!("str")),
        (
            "datetime.datetime",
            "[x.year, x]",
            json!("2020-01-02T03:04:05Z"),
            json!([2020, "2020-01-02T03:04:05+00:00"]),
        ),
        ("datetime.timedelta", "[x.days, x]", json!(86400.5), json!([1, 86400.5])),
        ("decimal.Decimal", "x + 1", json!("1.10"), json!("2.10")),
        ("pathlib.Path", "[x.name, x]", json!("/a/b"), json!(["b", "/a/b"])),
        ("bytes", "[len(x), x]", json!("YWI="), json!([2, "YWI="])),
        ("dict[int, tuple[int, ...]]", "list(x.items())", json!({ "1": [2] }), json!([[1, [2]]])),
        ("Annotated[UserId, 'id']", "x", json!(5), json!(5)),
        ("Literal['a', 1]", "x", json!(1), json!(1)),
        ("Plain", "x.n", json!({ "n": 4 }), json!(4)),
        (
            "Any",
            "{'s': {3, 1}, 't': (1,), 'n': None, 2: True}",
            json!(0),
            json!({ "s": [1, 3], "t": [1], "n": null, "2": true }),
        ),
    ] {
        let outcome = value(annotation, body, given);
        assert_eq!(outcome["result"], wanted, "{annotation}: {outcome}");
    }
}

#[test]
fn bad_values_are_rejected_by_path_before_the_call() {
    for (annotation, given, path) in [
        ("int", json!(true), "/x"),
        ("list[int]", json!([1, "a"]), "/x/1"),
        ("Node[int]", json!({ "value": 1, "next": { "value": "q" } }), "/x/next/value"),
        ("Node[int]", json!({ "value": 1, "more": 2 }), "/x/more"),
        ("C", json!("z"), "/x"),
        ("Literal[1]", json!(true), "/x"),
        ("datetime.date", json!("soon"), "/x"),
    ] {
        let outcome = value(annotation, "1", given);
        assert_eq!(outcome["status"], "rejected", "{annotation}: {outcome}");
        assert_eq!(outcome["input_errors"][0]["path"], path, "{annotation}");
    }
}

#[test]
fn results_without_a_json_form_say_so() {
    for (body, word) in [
        ("object()", "object"),
        ("float('nan')", "nan"),
        ("(i for i in ())", "generator"),
        ("{(1, 2): 3}", "tuple"),
        ("lambda: 1", "function"),
    ] {
        let outcome = value("Any", body, json!(0));
        let message = outcome["error"]["message"].as_str().unwrap();
        assert!(message.contains(word) && message.contains("no JSON form"), "{message}");
    }
}

#[test]
fn every_kind_of_parameter_is_obeyed() {
    let text = "async def f(a: int, /, b: int = 2, *rest: float, k: str, **more: int):\n    return [a, b, rest, k, more]\n";
    let files = [("m.py", text)];
    let got = result(&files, "m.f", json!({ "a": 1, "rest": [3], "k": "z", "w": 5 }));
    assert_eq!(got, json!([1, 2, [3.0], "z", { "w": 5 }]));
    let bound = "from celery import Celery\napp = Celery('x')\n@app.task(bind=True)\ndef f(self, n: int): return [self.request.retries, n]\n";
    assert_eq!(result(&[("m.py", bound)], "m.f", json!({ "n": 1 })), json!([0, 1]));
}

#[test]
fn failures_point_at_the_users_lines() {
    let text = "import sys\ndef inner(d): return d['k']\n\ndef f(kind: str):\n    if kind == 'exit': sys.exit(3)\n    if kind == 'raise': raise\n    try:\n        inner({})\n    except KeyError as error:\n        raise ValueError('outer') from error\n";
    let files = [("pkg/m.py", text), ("pkg/__init__.py", "")];
    let fail =
        |kind: &str| run(&worker(&files, "pkg.m.f"), &json!({ "kind": kind }))["error"].clone();
    let chained = fail("");
    assert_eq!((&chained["type"], &chained["line"]), (&json!("ValueError"), &json!(10)));
    assert_eq!(chained["file"], "pkg/m.py");
    let trace = chained["traceback"].as_str().unwrap();
    assert!(trace.contains("\"pkg/m.py\", line 2, in inner") && trace.contains("return d['k']"));
    assert!(!trace.contains("worker.py"));
    assert_eq!(
        (&fail("exit")["type"], &fail("exit")["message"]),
        (&json!("SystemExit"), &json!("3"))
    );
    assert_eq!(fail("raise")["type"], "RuntimeError");
}

#[test]
fn what_cannot_be_sliced_is_refused_with_a_reason() {
    let files = [("m.py", "class C:\n    def f(self): pass\n"), ("bad.py", "def f(:\n")];
    let texts = |path: &str| {
        files.iter().find(|(known, _)| *known == path).map(|(_, text)| Arc::from(*text))
    };
    let refuse = |task: &str| generate(&project(&files), task, &texts).unwrap_err();
    assert!(refuse("m.C.f").contains("not a function at module level"));
    assert!(refuse("m.g").contains("does not define g"));
    assert!(refuse("bad.f").contains("does not parse"));
    assert!(refuse("nowhere.f").contains("no module"));
}

#[test]
fn a_submodule_that_its_package_shadows_is_still_a_module() {
    let files = [
        ("p/__init__.py", "from .thing import thing\n"),
        ("p/thing.py", "def thing(): return 1\ndef other(): return thing() + 1\n"),
    ];
    assert_eq!(result(&files, "p.thing.other", json!({})), 2);
}

#[test]
fn processes_that_a_task_spawns_find_its_modules() {
    let text = "import multiprocessing as mp\ndef square(x): return x * x\ndef f():\n    \
                with mp.get_context('spawn').Pool(1) as pool: return pool.map(square, [3])\n";
    assert_eq!(result(&[("m.py", text)], "m.f", json!({})), json!([9]));
}
