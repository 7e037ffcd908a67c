//! What modules do to their state while they are imported: the slice does the same and no more.
//! Every program is run whole by `python3`, as a slice, and as slices with one statement less.

use std::process::{Command, Stdio};

use ruff_python_ast::Stmt;
use ruff_text_size::Ranged;
use serde_json::Value;

use super::worker;
use crate::model::Worker;

/// Programs whose task is `m.f`, without arguments.
const PROGRAMS: &[&[(&str, &str)]] = &[
    // Filled by loops, methods called on the class, mapped and bound methods, comprehensions.
    &[(
        "m.py",
        "X = []\nfor i in range(2):\n    X.append(i)\nlist.append(X, 5)\nlist(map(X.append, [6]))\n\
         push = X.append\npush(7)\n[X.append(k) for k in (8,)]\nNOISE = print('noise')\n\
         def f(): return X\n",
    )],
    // By functions that are given it, through others, by keyword, by a partial, by a lambda.
    &[(
        "m.py",
        "import functools\nX = []\ndef inner(z): z.append(1)\ndef fill(into=None): inner(into)\n\
         fill(into=X)\np = functools.partial(inner, X)\np()\nadd = lambda v: X.append(v)\nadd(3)\n\
         def unrelated(l): return sorted(l)\nY = unrelated(X)\ndef f(): return X\n",
    )],
    // Names that other statements bind: `global`, `globals()`, `setattr` on the module.
    &[(
        "m.py",
        "import sys\ndef init():\n    global CONF\n    CONF = 1\ninit()\nglobals()['Z'] = 4\n\
         setattr(sys.modules[__name__], 'Q', 3)\ndef f(): return [CONF, Z, Q]\n",
    )],
    // State outside the project.
    &[(
        "m.py",
        "import os, random, time\nfrom decimal import Decimal, getcontext\nrandom.seed(4)\n\
         os.environ['MS_STATE'] = 'set'\ngetcontext().prec = 3\ntime.sleep(0)\n\
         def f(): return [random.random(), os.getenv('MS_STATE'), str(Decimal(1) / 3)]\n",
    )],
    &[(
        "m.py",
        "import random, os\nrandom.seed(4)\nos.environ['A'] = 'b'\ndef f(): return os.sep\n",
    )],
    // Definitions that build on those before them.
    &[(
        "m.py",
        "def g(): return 1\nOLD = g\ndef g(): return OLD() + 1\nclass A: x = 1\nB = A\n\
         class A(B): y = 2\ndef f(): return [g(), A.x, A.y]\n",
    )],
    // Objects whose operators, contexts and calls change them.
    &[(
        "m.py",
        "class Box:\n    def __init__(self): self.seen = []\n    \
         def __lshift__(self, v): self.seen.append(v); return self\n    \
         def __enter__(self): self.seen.append('in')\n    def __exit__(self, *a): pass\n\
         B = Box()\nB << 1 << 2\nwith B: pass\nC = Box()\nC << 3\ndef f(): return B.seen\n",
    )],
    // Memory of functions and decorators.
    &[(
        "m.py",
        "def g(v, seen=[]):\n    seen.append(v)\n    return seen\ng(1)\n\
         class count:\n    total = 0\n    def __init__(self, fn): self.fn = fn\n    \
         def __call__(self):\n        count.total += 1\n        return self.fn()\n\
         @count\ndef h(): return 1\nh()\nrows = iter([1, 2, 3])\nnext(rows)\n\
         def f(): return [g(2), h(), count.total, list(rows)]\n",
    )],
    // Guards and assignments inside tests.
    &[(
        "m.py",
        "if __name__ != '__main__':\n    MODE = 'library'\nif (n := 5) > 3:\n    pass\n\
         if __name__ == '__main__' and n:\n    1 / 0\ndef f(): return [MODE, n]\n",
    )],
    // A registry that holds the task itself; one that an expression fills.
    &[(
        "m.py",
        "TASKS = {}\ndef task(fn):\n    TASKS[fn.__name__] = fn\n    return fn\nSEEN = []\n\
         @(lambda fn: SEEN.append(fn.__name__) or fn)\ndef kept(): pass\n@task\n\
         def other(): return 5\n@task\ndef f(): return [sorted(TASKS), SEEN]\n",
    )],
    // Other modules' names, set from outside; a star import under a name that builds on it.
    &[
        (
            "m.py",
            "import conf\nimport setup_it\nfrom stars import *\nv = v + 10\n\
             def f(): return [conf.get(), v]\n",
        ),
        ("conf.py", "LEVEL = 1\nOTHER = 2\ndef get(): return LEVEL\n"),
        ("setup_it.py", "import conf\nconf.LEVEL += 7\nUNUSED = 1\n"),
        ("stars.py", "v = 1\nw = 2\n"),
    ],
    // Plugins found by listing their package.
    &[
        ("m.py", "import core\nimport plugins\ndef f(): return sorted(core.KNOWN)\n"),
        ("core.py", "KNOWN = {}\ndef reg(fn):\n    KNOWN[fn.__name__] = fn\n    return fn\n"),
        (
            "plugins/__init__.py",
            "import importlib\nimport pkgutil\n\
             for _, n, _ in pkgutil.iter_modules(__path__):\n    importlib.import_module(f'{__name__}.{n}')\n",
        ),
        ("plugins/a.py", "from core import reg\n@reg\ndef one(): pass\n"),
    ],
    // The standard library patched under the worker's own feet.
    &[(
        "m.py",
        "import json\nold = json.dumps\ndef patched(value): return 'patched ' + old(value)\n\
         json.dumps = patched\ndef f(): return json.dumps([1])\n",
    )],
];

/// What the whole module gives, in a process of its own.
fn whole(files: &[(&str, &str)]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let target = folder.path().join(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, text).unwrap();
    }
    let code = "import json, sys; dumps = json.dumps; sys.path.insert(0, sys.argv[1]); import m; \
                print(); print(dumps(m.f()))";
    let output = Command::new("python3").args(["-c", code]).arg(folder.path()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

/// The ranges of a module's statements at top level that can be taken away.
fn statements(text: &str) -> Vec<(usize, usize)> {
    let parsed = ruff_python_parser::parse_module(text).unwrap();
    let removable = |stmt: &&Stmt| !matches!(stmt, Stmt::Pass(_));
    let body = parsed.syntax().body.iter().filter(removable);
    body.map(|stmt| (stmt.start().to_usize(), stmt.end().to_usize())).collect()
}

/// Runs each worker in a fork of one interpreter and gives their results; `None` for a failure.
const DRIVER: &str = "\
import base64, datetime, decimal, importlib.util, inspect, json, os, runpy, sys, typing, uuid
for folder in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        os.environ.update(METASCOPE_INPUT=folder + '/in.json', METASCOPE_OUTPUT=folder + '/out.json')
        sys.argv[:] = [folder + '/worker.py']
        try:
            runpy.run_path(sys.argv[0], run_name='__main__')
        finally:
            os._exit(0)
    os.waitpid(child, 0)
";

fn results(workers: &[Worker]) -> Vec<Option<Value>> {
    let root = tempfile::tempdir().unwrap();
    let folders: Vec<_> = (0..workers.len()).map(|at| root.path().join(at.to_string())).collect();
    for (worker, folder) in workers.iter().zip(&folders) {
        for (path, text) in &worker.files {
            let target = folder.join(path);
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::write(target, text).unwrap();
        }
        std::fs::write(folder.join("in.json"), "{}").unwrap();
    }
    let mut command = Command::new("python3");
    command.args(["-c", DRIVER]).args(&folders).stdout(Stdio::null()).stderr(Stdio::null());
    assert!(command.status().unwrap().success());
    let outcome = |folder: &std::path::PathBuf| -> Option<Value> {
        let text = std::fs::read_to_string(folder.join("out.json")).ok()?;
        let outcome: Value = serde_json::from_str(&text).ok()?;
        (outcome["status"] == "ok").then(|| outcome["result"].clone())
    };
    folders.iter().map(outcome).collect()
}

#[test]
fn a_slice_gives_what_the_whole_gives_and_none_of_its_statements_is_idle() {
    for files in PROGRAMS {
        let made = worker(files, "m.f");
        let (mut workers, mut removed) = (vec![made.clone()], vec![String::new()]);
        for (at, (path, text)) in made.files.iter().enumerate().skip(1) {
            for (start, end) in statements(text) {
                let blank: String =
                    text[start..end].chars().map(|c| if c == '\n' { c } else { ' ' }).collect();
                let mut less = made.clone();
                less.files[at].1 = format!("{}{blank}{}", &text[..start], &text[end..]);
                workers.push(less);
                removed.push(format!("{path} without {:?}", &text[start..end]));
            }
        }
        let wanted = Some(whole(files));
        let results = results(&workers);
        assert_eq!(results[0], wanted, "{files:?}");
        for (result, removed) in results.iter().zip(&removed).skip(1) {
            assert_ne!(*result, wanted, "{removed}");
        }
    }
}
