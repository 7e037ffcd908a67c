//! One construct per test; a graph is written `caller -> callee` per line.

use std::sync::Arc;

mod library;

use super::link;
use crate::analyzers::link::python::names::Names;
use crate::analyzers::link::python::{Context, PythonFile};
use crate::analyzers::{SourceFile, python};
use crate::model::{CallGraph, Certainty, EdgeKind, FileFacts, Language};

fn graph_of(files: &[(&str, &str)]) -> CallGraph {
    let facts: Vec<FileFacts> = files
        .iter()
        .map(|(path, text)| {
            let stem = path.trim_end_matches(".py").trim_end_matches("/__init__");
            python::extract(&SourceFile {
                path: (*path).into(),
                language: Language::Python,
                module: stem.replace('/', ".").into(),
                text: Arc::from(*text),
            })
        })
        .collect();
    let files = PythonFile::among(&facts);
    let names = Names::build(&files);
    link(&Context { files: &files, names: &names, manifests: &[] })
}

fn pairs(graph: &CallGraph) -> Vec<String> {
    let name = |node: u32| &graph.nodes[node as usize].name;
    let mut pairs: Vec<String> = graph
        .edges
        .iter()
        .map(|edge| format!("{} -> {}", name(edge.from), name(edge.to)))
        .collect();
    pairs.sort();
    pairs.dedup();
    pairs
}

/// The graph of one module `m` is exactly this.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let found = pairs(&graph_of(&[("m.py", text)]));
    let mut expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
    expected.sort();
    assert_eq!(found, expected);
}

/// The graph of one module `m` has these edges, among others.
#[track_caller]
fn has(text: &str, expected: &[&str]) {
    let found = pairs(&graph_of(&[("m.py", text)]));
    for edge in expected {
        assert!(found.iter().any(|pair| pair == edge), "no {edge} in {found:#?}");
    }
}

#[track_caller]
fn lacks(text: &str, unexpected: &[&str]) {
    let found = pairs(&graph_of(&[("m.py", text)]));
    for edge in unexpected {
        assert!(!found.iter().any(|pair| pair == edge), "invented {edge}");
    }
}

#[test]
fn the_last_assignment_counts_and_branches_join() {
    check("def a(): pass\ndef b(): pass\nf = a\nf = b\nf()\n", &["m -> m.b"]);
    check(
        "import sys\ndef a(): pass\ndef b(): pass\nif sys.argv:\n    f = a\nelse:\n    f = b\nf()\n",
        &["m -> m.a", "m -> m.b"],
    );
    check(
        "def a(): pass\ndef b(): pass\nf = a\nfor _ in (1, 2):\n    f()\n    f = b\n",
        &["m -> m.a", "m -> m.b"],
    );
}

#[test]
fn functions_travel_through_arguments_results_and_closures() {
    check(
        "def hi(): pass\ndef run(f, *rest, k=None):\n    f()\n    rest[0]()\n    k()\n\
         def a(): pass\ndef b(): pass\nrun(hi, a, k=b)\n",
        &["m -> m.run", "m.run -> m.a", "m.run -> m.b", "m.run -> m.hi"],
    );
    check(
        "def make():\n    def inner(): pass\n    return inner\nmake()()\n",
        &["m -> m.make", "m -> m.make.inner"],
    );
    check(
        "def outer(f):\n    def inner():\n        f()\n    return inner\ndef g(): pass\nouter(g)()\n",
        &["m -> m.outer", "m -> m.outer.inner", "m.outer.inner -> m.g"],
    );
    check("def a(x): return x\ndef b(): pass\ndef c(): pass\na(b)()\n", &["m -> m.a", "m -> m.b"]);
}

#[test]
fn containers_keep_constant_keys_apart() {
    check("def a(): pass\ndef b(): pass\nd = {'a': a, 'b': b}\nd['a']()\n", &["m -> m.a"]);
    check("def a(): pass\ndef b(): pass\nd = {'a': a}\nd['a'] = b\nd['a']()\n", &["m -> m.b"]);
    check("def a(): pass\ndef b(): pass\nfor f in [a, b]:\n    f()\n", &["m -> m.a", "m -> m.b"]);
    check("def a(): pass\ndef b(): pass\nx, (y, *z) = a, (b, a)\ny()\n", &["m -> m.b"]);
    check("def a(): pass\nq = []\nq.append(a)\nq[0]()\n", &["m -> m.a"]);
}

#[test]
fn classes_construct_inherit_and_bind() {
    check(
        "class A:\n    def __init__(self): self.go()\n    def go(self): pass\n\
         class B(A):\n    def go(self): super().go()\nB()\n",
        &[
            "m -> m.A.__init__",
            "m.A.__init__ -> m.B.go",
            "m.B.go -> <builtin>.super",
            "m.B.go -> m.A.go",
        ],
    );
    check(
        "class A:\n    @classmethod\n    def make(cls): return cls()\n    @staticmethod\n    def s(): pass\n\
         \n    def __init__(self): pass\nA.make()\nA.s()\n",
        &["m -> m.A.make", "m -> m.A.s", "m.A.make -> m.A.__init__"],
    );
    check(
        "class A:\n    def f(self): pass\nclass B:\n    def __init__(self, a): self.a = a\n    \
         def g(self): self.a.f()\nB(A()).g()\n",
        &["m -> m.B.__init__", "m -> m.B.g", "m.B.g -> m.A.f"],
    );
}

#[test]
fn properties_descriptors_and_attribute_hooks_run() {
    check(
        "class A:\n    @property\n    def p(self): pass\n    @p.setter\n    def p(self, v): self.n()\n    \
         def n(self): pass\na = A()\na.p\na.p = 1\n",
        &["m -> m.A.p", "m.A.p -> m.A.n"],
    );
    check(
        "class D:\n    def __get__(self, o, t): return h\ndef h(): pass\nclass A:\n    d = D()\nA().d()\n",
        &["m -> m.D.__get__", "m -> m.h"],
    );
    check(
        "class A:\n    def __getattr__(self, n): return h\ndef h(): pass\nA().anything()\n",
        &["m -> m.A.__getattr__", "m -> m.h"],
    );
    has(
        "from functools import cached_property\nclass A:\n    @cached_property\n    def p(self): pass\nA().p\n",
        &["m -> m.A.p"],
    );
}

#[test]
fn the_language_calls_special_methods() {
    let class = "class A:\n    def __enter__(self): return self\n    def __exit__(self, *a): pass\n    \
                 def __iter__(self): return self\n    def __next__(self): return 1\n    \
                 def __add__(self, o): return self\n    def __eq__(self, o): return True\n    \
                 def __len__(self): return 1\n    def __str__(self): return ''\n    \
                 def __getitem__(self, k): return k\n    def __call__(self): pass\n    \
                 def __contains__(self, k): return True\na = A()\n";
    let check = |code: &str, expected: &[&str]| check(&format!("{class}{code}\n"), expected);
    check("with a as b: b()", &["m -> m.A.__call__", "m -> m.A.__enter__", "m -> m.A.__exit__"]);
    check("for x in a: pass", &["m -> m.A.__iter__", "m -> m.A.__next__"]);
    check("(a + 1)()", &["m -> m.A.__add__", "m -> m.A.__call__"]);
    check("a == 1", &["m -> m.A.__eq__"]);
    check("if a: pass", &["m -> m.A.__len__"]);
    check("f'{a}'", &["m -> m.A.__str__"]);
    check("a[1]", &["m -> m.A.__getitem__"]);
    check("1 in a", &["m -> m.A.__contains__"]);
    check("print(a)", &["m -> <builtin>.print", "m -> m.A.__str__"]);
}

#[test]
fn library_functions_call_back() {
    check("def key(x): pass\nsorted([1], key=key)\n", &["m -> <builtin>.sorted", "m -> m.key"]);
    has(
        "import threading\ndef work(): pass\nthreading.Thread(target=work).start()\n",
        &["m -> m.work", "m -> threading.Thread"],
    );
    check(
        "from functools import partial\ndef f(g, h): g()\ndef a(): pass\ndef b(): pass\npartial(f, a)(b)\n",
        &["m -> functools.partial", "m -> m.f", "m.f -> m.a"],
    );
    has(
        "from contextlib import contextmanager\ndef hi(): pass\n@contextmanager\ndef c():\n    yield hi\n\
         with c() as f:\n    f()\n",
        &["m -> m.c", "m -> m.hi"],
    );
}

#[test]
fn decorators_are_called_by_the_scope_around() {
    check(
        "def dec(f):\n    def inner(*a):\n        return f(*a)\n    return inner\n@dec\ndef g(): pass\ng()\n",
        &["m -> m.dec", "m -> m.dec.inner", "m.dec.inner -> m.g"],
    );
    // A decorator outside the project is taken to hand back something that calls what it got.
    has("import lib\n@lib.mark\ndef g(): pass\ng()\n", &["m -> m.g", "m -> lib.mark"]);
}

#[test]
fn annotations_give_receivers_and_overrides_are_possible() {
    let text = "class A:\n    def f(self): pass\nclass B(A):\n    def f(self): pass\n\
                def use(a: 'A | None'): a.f()\n";
    let graph = graph_of(&[("m.py", text)]);
    let of = |name: &str| {
        let to = graph.find(name).unwrap();
        graph.edges.iter().find(|edge| edge.to == to).map(|edge| edge.certainty)
    };
    assert_eq!(of("m.A.f"), Some(Certainty::Inferred));
    assert_eq!(of("m.B.f"), Some(Certainty::Possible));
}

#[test]
fn names_made_at_run_time_dispatch() {
    let text = "class V:\n    def visit(self, n): getattr(self, 'visit_' + n)()\n    \
                def visit_a(self): pass\n    def visit_b(self): pass\n    def other(self): pass\nV().visit('a')\n";
    check(
        text,
        &[
            "m -> m.V.visit",
            "m.V.visit -> <builtin>.getattr",
            "m.V.visit -> m.V.visit_a",
            "m.V.visit -> m.V.visit_b",
        ],
    );
    let graph = graph_of(&[("m.py", text)]);
    let to = graph.find("m.V.visit_a").unwrap();
    let edge = graph.edges.iter().find(|edge| edge.to == to).unwrap();
    assert_eq!(edge.certainty, Certainty::Possible);
}

#[test]
fn builtin_methods_are_never_bound_to_the_projects_own() {
    let text = "class Store:\n    def get(self, k): pass\n    def items(self): pass\n\
                def f(d: dict[str, int], u):\n    d.get('a')\n    {}.items()\n    u.get('x')\n";
    lacks(text, &["m.f -> m.Store.get", "m.f -> m.Store.items"]);
    let graph = graph_of(&[("m.py", text)]);
    let open: Vec<(&str, &str)> =
        graph.unresolved.iter().map(|call| (&*call.text, &*call.reason)).collect();
    assert_eq!(open, [("u.get", "the type of parameter `u` is unknown")]);
}

#[test]
fn isinstance_and_class_patterns_narrow() {
    check(
        "class A:\n    def f(self): pass\ndef use(x):\n    if isinstance(x, A):\n        x.f()\n",
        &["m.use -> <builtin>.isinstance", "m.use -> m.A.f"],
    );
    check(
        "class A:\n    def f(self): pass\ndef use(x):\n    match x:\n        case A():\n            x.f()\n",
        &["m.use -> m.A.f"],
    );
}

#[test]
fn imports_follow_packages_stars_and_cycles() {
    let graph = graph_of(&[
        ("p/__init__.py", "from .a import *\nfrom . import b\n"),
        ("p/a.py", "from p import b\ndef f(): b.g()\n"),
        ("p/b.py", "import p\ndef g(): p.f()\n"),
        ("main.py", "import p\np.f()\np.b.g()\n"),
    ]);
    assert_eq!(
        pairs(&graph),
        ["main -> p.a.f", "main -> p.b.g", "p.a.f -> p.b.g", "p.b.g -> p.a.f"]
    );
}

#[test]
fn module_hooks_metaclasses_and_subclass_hooks_run() {
    let graph = graph_of(&[
        ("lib.py", "def __getattr__(name): return h\ndef h(): pass\n"),
        ("main.py", "import lib\nlib.anything()\n"),
    ]);
    assert_eq!(pairs(&graph), ["main -> lib.__getattr__", "main -> lib.h"]);
    check(
        "class A:\n    def __init_subclass__(cls): pass\nclass B(A): pass\n",
        &["m -> m.A.__init_subclass__"],
    );
    check(
        "class M(type):\n    def __call__(cls, *a): return super().__call__(*a)\n\
         class A(metaclass=M):\n    def __init__(self): pass\nA()\n",
        &["m -> m.M.__call__", "m.M.__call__ -> <builtin>.super", "m.M.__call__ -> m.A.__init__"],
    );
}

#[test]
fn records_take_their_fields_and_run_their_hook() {
    check(
        "from dataclasses import dataclass\nclass A:\n    def f(self): pass\n@dataclass\nclass D:\n    a: A\n    \
         def __post_init__(self): self.a.f()\nD(A())\n",
        &["m -> dataclasses.dataclass", "m -> m.D.__post_init__", "m.D.__post_init__ -> m.A.f"],
    );
}

#[test]
fn lambdas_comprehensions_and_async_code() {
    check("f = lambda g: g()\ndef a(): pass\nf(a)\n", &["m -> m.<lambda1>", "m.<lambda1> -> m.a"]);
    check(
        "def a(): return b\ndef b(): pass\n[x() for x in [a() for _ in (1,)]]\n",
        &["m -> m.a", "m -> m.b"],
    );
    check(
        "async def a(): return b\ndef b(): pass\nasync def c():\n    (await a())()\n",
        &["m.c -> m.a", "m.c -> m.b"],
    );
    check(
        "def g():\n    yield h\ndef h(): pass\nfor f in g():\n    f()\n",
        &["m -> m.g", "m -> m.h"],
    );
}

#[test]
fn edges_say_what_they_are() {
    let text = "class A:\n    def __init__(self): pass\nA()\n";
    let graph = graph_of(&[("m.py", text)]);
    let edge = &graph.edges[0];
    assert_eq!((edge.kind, edge.certainty), (EdgeKind::Construct, Certainty::Exact));
    assert_eq!((edge.line, edge.column, &*edge.file), (3, 1, "m.py"));
}

#[test]
fn it_ends_on_programs_that_feed_on_themselves() {
    let text = "import ext\nfrom functools import partial\nx = ext.a\nwhile x:\n    x = x.b.c(x)\n\
                f = partial(print)\nwhile f:\n    f = partial(f, f)\n    f()\n\
                class A:\n    def __await__(self): return self\n    def __iter__(self): return self\n    \
                def __getattr__(self, n): return self\n    def __call__(self, *a): return self(*a)\n\
                async def g(a: A):\n    await a\n    return [i for i in a.b.c.d(a)]\n\
                class L(L): pass\nd = {}\nd['x'] = d\nd['x']['x']['x']()\n";
    graph_of(&[("m.py", text)]);
    graph_of(&[("broken.py", "def f(:\n    class\n  x = [for] @ lambda\nf(")]);
}
