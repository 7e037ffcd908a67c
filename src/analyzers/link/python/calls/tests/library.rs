//! What code of the standard library calls back, and what the language runs behind operators.

use super::{check, has};

#[test]
fn threads_and_executors_hand_arguments_on() {
    has(
        "import threading\ndef f(cb, n=0): cb()\ndef g(): pass\ndef h(): pass\n\
         threading.Thread(None, f, args=(g,)).start()\n\
         threading.Thread(target=f, kwargs={'cb': h}).start()\n",
        &["m -> m.f", "m.f -> m.g", "m.f -> m.h"],
    );
    has(
        "from threading import Thread\nclass W(Thread):\n    def run(self): self.job()\n    def job(self): pass\n\
         W().start()\n",
        &["m -> m.W.run", "m.W.run -> m.W.job"],
    );
    has(
        "from concurrent.futures import ThreadPoolExecutor\nclass A:\n    def go(self): pass\n\
         def make(): return A()\nfut = ThreadPoolExecutor().submit(make)\nfut.result().go()\n",
        &["m -> m.make", "m -> m.A.go"],
    );
}

#[test]
fn getters_and_operator_functions_read_and_call() {
    has(
        "from operator import attrgetter, methodcaller, itemgetter, add\nclass P:\n    @property\n    \
         def age(self): return 1\n    def name(self): pass\n    def __getitem__(self, k): pass\n    \
         def __add__(self, o): pass\np = P()\nattrgetter('age')(p)\nmethodcaller('name')(p)\n\
         itemgetter(1)(p)\nadd(p, p)\n",
        &["m -> m.P.age", "m -> m.P.name", "m -> m.P.__getitem__", "m -> m.P.__add__"],
    );
}

#[test]
fn generic_functions_lead_to_their_overloads() {
    has(
        "from functools import singledispatch\n@singledispatch\ndef show(x): pass\n\
         @show.register(int)\ndef on_int(x): pass\n@show.register\ndef on_str(x: str): pass\nshow(1)\n",
        &["m -> m.show", "m -> m.on_int", "m -> m.on_str"],
    );
    has(
        "from functools import singledispatchmethod\nclass A:\n    @singledispatchmethod\n    \
         def show(self, x): pass\n    @show.register\n    def on_int(self, x: int): self.leaf()\n    \
         def leaf(self): pass\nA().show(1)\n",
        &["m -> m.A.show", "m -> m.A.on_int", "m.A.on_int -> m.A.leaf"],
    );
}

#[test]
fn inherited_methods_outside_call_the_ones_that_are_written() {
    has(
        "from collections.abc import Mapping\nclass M(Mapping):\n    def __getitem__(self, k): return f\n    \
         def __iter__(self): pass\n    def __len__(self): return 1\ndef f(): pass\nm = M()\nm.get('a')()\n\
         'a' in m\nm.items()\n",
        &["m -> m.M.__getitem__", "m -> m.f", "m -> m.M.__iter__"],
    );
    has(
        "import ast\nclass V(ast.NodeVisitor):\n    def visit_Name(self, n): pass\n\
         V().visit(ast.parse('x'))\n",
        &["m -> m.V.visit_Name"],
    );
    has(
        "import json\nclass E(json.JSONEncoder):\n    def default(self, o): pass\njson.dumps(1, cls=E)\n",
        &["m -> m.E.default"],
    );
}

#[test]
fn factories_run_where_elements_are_missing_and_records_made() {
    has(
        "from collections import defaultdict\nclass A:\n    def __init__(self): pass\n    def f(self): pass\n\
         d = defaultdict(A)\ndef use(): d['x'].f()\n",
        &["m.use -> m.A.__init__", "m.use -> m.A.f"],
    );
    has(
        "from dataclasses import dataclass, field\ndef mk(): pass\n@dataclass\nclass D:\n    \
         x: object = field(default_factory=mk)\ndef use(): D()\n",
        &["m.use -> m.mk"],
    );
}

#[test]
fn keys_are_hashed_and_sequences_compared() {
    let class =
        "class K:\n    def __hash__(self): return 1\n    def __eq__(self, o): return True\n";
    let keyed = |code: &str| {
        has(&format!("{class}{code}\n"), &["m -> m.K.__hash__", "m -> m.K.__eq__"]);
    };
    keyed("K() in {1: 2}");
    keyed("{}[K()]");
    keyed("set([K()])");
    keyed("{(K(), 1): 2}");
    keyed("{k for k in [K()]}");
    has(&format!("{class}K() in [1]\n"), &["m -> m.K.__eq__"]);
    has(&format!("{class}1 == K()\n(K(),) == (1,)\n"), &["m -> m.K.__eq__"]);
}

#[test]
fn the_right_operand_is_asked_when_the_left_one_does_not_know() {
    has(
        "class A:\n    def __add__(self, o): return NotImplemented\nclass B:\n    def __radd__(self, o): pass\n\
         A() + B()\n",
        &["m -> m.A.__add__", "m -> m.B.__radd__"],
    );
    has("class A:\n    def __gt__(self, o): pass\n1 < A()\n", &["m -> m.A.__gt__"]);
}

#[test]
fn deleters_patterns_and_partial_methods() {
    has(
        "class A:\n    @property\n    def p(self): pass\n    @p.deleter\n    def q(self): pass\n\
         class D:\n    def __get__(self, o, t): pass\n    def __delete__(self, o): pass\n\
         class B:\n    d = D()\ndel B().d\n",
        &["m -> m.D.__delete__"],
    );
    has(
        "class P:\n    __match_args__ = ('x',)\n    def __init__(self, x): self.x = x\ndef f(): pass\n\
         def use(p):\n    match p:\n        case P(a):\n            a()\nuse(P(f))\n",
        &["m.use -> m.f"],
    );
    has(
        "from functools import partialmethod\nclass C:\n    def m(self, a, cb): cb()\n    \
         n = partialmethod(m, 1)\ndef g(): pass\nC().n(g)\n",
        &["m -> m.C.m", "m.C.m -> m.g"],
    );
}

#[test]
fn names_made_of_known_parts_import_and_look_up() {
    let graph = super::graph_of(&[
        ("p/__init__.py", ""),
        ("p/plugin.py", "def setup(): pass\n"),
        (
            "main.py",
            "from importlib import import_module\npath, name = 'p.plugin.setup'.rsplit('.', 1)\n\
             getattr(import_module(path), name)()\n",
        ),
    ]);
    assert!(super::pairs(&graph).contains(&"main -> p.plugin.setup".to_owned()));
    has("def f(): pass\nglobals()['f']()\n", &["m -> m.f"]);
    has("import sys\ndef f(): pass\ngetattr(sys.modules[__name__], 'f')()\n", &["m -> m.f"]);
}

#[test]
fn classes_made_and_changed_at_run_time() {
    has(
        "def wrap(cls):\n    class W(cls):\n        def go(self): super().go()\n    return W\n\
         @wrap\nclass B:\n    def go(self): pass\nB().go()\n",
        &["m.wrap.W.go -> m.B.go"],
    );
    has(
        "def reg(cls):\n    cls.extra = extra\n    return cls\ndef extra(self): pass\n@reg\nclass A: pass\n\
         A().extra()\n",
        &["m -> m.extra"],
    );
    has(
        "class Base:\n    def __init_subclass__(cls, tag=None): tag()\ndef t(): pass\n\
         class A(Base, tag=t): pass\n",
        &["m.Base.__init_subclass__ -> m.t"],
    );
    has(
        "class Meta(type):\n    def __new__(m, name, bases, ns):\n        c = super().__new__(m, name, bases, ns)\n        \
         c.hooks = []\n        return c\nclass A(metaclass=Meta):\n    @classmethod\n    def add(cls, f):\n        \
         cls.hooks.append(f)\n        return f\n    def run(self):\n        for h in type(self).hooks: h()\n\
         @A.add\ndef f(): pass\nA().run()\n",
        &["m.A.run -> m.f"],
    );
}

#[test]
fn enumerations_make_their_members_and_hand_out_instances() {
    has(
        "from enum import Enum, auto\nclass C(Enum):\n    A = auto()\n    B = (1, 2)\n    \
         def __init__(self, *a): self.set()\n    def set(self): pass\n    @property\n    def nice(self): pass\n\
         C.A.nice\n",
        &["m -> m.C.__init__", "m.C.__init__ -> m.C.set", "m -> m.C.nice"],
    );
}

#[test]
fn lazy_iterators_run_their_function_where_they_are_consumed() {
    check(
        "def f(x): pass\ndef make(): return map(f, [1])\ndef use():\n    for x in make(): pass\n",
        &["m.make -> <builtin>.map", "m.make -> m.f", "m.use -> m.f", "m.use -> m.make"],
    );
}

#[test]
fn classes_below_property_run_what_they_wrap() {
    has(
        "class P(property):\n    def __init__(self, f): super().__init__(f)\n    \
         def __get__(self, o, t): return self.fget(o)\nclass B:\n    def go(self): pass\n\
         class A:\n    @P\n    def b(self): return B()\nA().b.go()\n",
        &["m -> m.P.__get__", "m.P.__get__ -> m.A.b", "m -> m.B.go"],
    );
}
