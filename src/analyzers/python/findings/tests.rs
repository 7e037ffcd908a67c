//! Each rule on code where it holds and on code that only looks like it.

use crate::analyzers::fixture;
use crate::model::{Certainty, Finding};

fn findings(files: &[(&str, &str)]) -> Vec<Finding> {
    let files = files.iter().map(|(path, text)| fixture::python(path, text)).collect();
    fixture::project(files, Vec::new()).findings.into_inner()
}

/// Every line marked `# detect: rule …` is found, and none of the rules named anywhere in the text
/// (or after `# quiet:`) is found elsewhere. A `?` after a rule means that it is only possible.
#[track_caller]
fn check(text: &str) {
    let mut expected: Vec<(u32, String)> = Vec::new();
    let mut rules: Vec<String> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        if let Some((_, marked)) = line.split_once("# detect: ") {
            expected.extend(marked.split_whitespace().map(|rule| (number, rule.to_owned())));
        }
        if let Some((_, quiet)) = line.split_once("# quiet: ") {
            rules.extend(quiet.split_whitespace().map(str::to_owned));
        }
    }
    rules.extend(expected.iter().map(|(_, rule)| rule.trim_end_matches('?').to_owned()));
    let mut found: Vec<(u32, String)> = findings(&[("m.py", text)])
        .into_iter()
        .filter(|finding| rules.contains(&finding.rule.to_string()))
        .map(|finding| {
            let mark = if finding.certainty == Certainty::Possible { "?" } else { "" };
            (finding.line, format!("{}{mark}", finding.rule))
        })
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn metaclasses_and_class_creation() {
    check(
        "import abc, types
class M(type):  # detect: metaclass-def
    def __new__(mcs, n, b, d):  # detect: metaclass-new
        d['x'] = 1
        return super().__new__(mcs, n, b, d)
    def __init__(cls, n, b, d):  # detect: metaclass-init
        pass
    @classmethod
    def __prepare__(mcs, n, b):  # detect: metaclass-prepare
        return {}
class N(M):  # detect: metaclass-def?
    def __call__(cls):  # detect: metaclass-call?
        return 1
class C(metaclass=M):  # detect: metaclass-kw
    pass
class A(metaclass=abc.ABCMeta): pass  # detect: metaclass-kw abc-class
class B(abc.ABC): pass  # detect: abc-class
D = type('D', (), {})  # detect: type-call-3
E = types.new_class('E', (C,), {})  # detect: new-class-call
kind = type(D)
def f(type): return type('x', (), {})
F = type('F', tuple(bases), {})  # detect: type-call-3 mixin-synthesis
",
    );
}

#[test]
fn overkill_conflict_and_clone() {
    check(
        "R = {}
class Reg(type):  # detect: metaclass-overkill
    def __new__(mcs, name, bases, ns):
        cls = super().__new__(mcs, name, bases, ns)
        R[name] = cls
        return cls
class Useful(type):
    def __new__(mcs, name, bases, ns):
        ns['extra'] = 1
        return super().__new__(mcs, name, bases, ns)
class A(metaclass=Reg): pass
class B(metaclass=Useful): pass
class Bad(A, B): pass  # detect: metaclass-conflict
class Both(Reg, Useful): pass  # detect: metaclass-conflict
class Good(A, B, metaclass=Both): pass
def again(cls):
    return type(cls.__name__, cls.__bases__, dict(cls.__dict__))  # detect: class-clone
",
    );
}

#[test]
fn singletons() {
    check(
        "class S:
    _one = None
    def __new__(cls):  # detect: singleton-new new-writes-class
        if cls._one is None:
            cls._one = super().__new__(cls)
        return cls._one
class M(type):
    def __call__(cls, *a):  # detect: singleton-meta new-writes-class
        if not hasattr(cls, 'instance'):
            cls.instance = super().__call__(*a)
        return cls.instance
class Count:
    def __new__(cls):  # detect: new-writes-class
        cls.made = 1
        return super().__new__(cls)
",
    );
}

#[test]
fn text_run_as_code() {
    check(
        "import re
exec('x = 1')  # detect: exec-call
def f(text, self):
    exec(text)  # detect: exec-call exec-eval-input
    return eval('1 + 1')  # detect: eval-call
re.compile('x')
obj.eval(1)
def g(eval): return eval('x')
T = 'class {0}: pass'
exec(T.format('A'))  # detect: exec-call exec-class exec-eval-input
# quiet: compile-call
",
    );
}

#[test]
fn attribute_hooks() {
    check(
        "class D:
    def __get__(self, o, t): ...  # detect: descriptor-get
    def __set__(self, o, v): self.v = v  # detect: descriptor-data shared-descriptor-state
class P:
    __slots__ = ('_t',)  # detect: slots
    def __getattr__(self, n):  # detect: class-getattr proxy-getattr getattr-recursion
        return getattr(self._target, n)  # detect: dynamic-getattr
class Q:
    target = None
    def __getattr__(self, n):  # detect: class-getattr
        return self.target[n]
class G:
    def __getattr__(self, n):  # detect: class-getattr getattr-recursion?
        if n.startswith('_'):
            raise AttributeError(n)
        return self.data[n]
class E:
    def __eq__(self, o): return True  # detect: eq-no-hash
class H:
    def __eq__(self, o): return True
    __hash__ = None
def __getattr__(name): ...  # detect: module-getattr
def s(o, n):
    setattr(o, n, 1)  # detect: dynamic-setattr
    return getattr(o, 'fixed')
",
    );
}

#[test]
fn wrappers_and_factories() {
    check(
        "import functools
def a(fn):
    def w(*args, **kwargs):  # detect: wrapper-nowraps
        return fn(*args, **kwargs)
    return w
def b(fn):
    @functools.wraps(fn)
    def w(*args, **kwargs):  # detect: wrapper-wraps wraps-use
        return fn(*args, **kwargs)
    return w
class Compiler:
    def legacy(fn):
        def w(self, *args, **kw):  # detect: wrapper-nowraps
            return fn(self, *args, **kw)
        return w
def explicit(fn):
    def w(x):  # detect: wrapper-nowraps?
        return fn(x)
    return w
def times(n):  # detect: decorator-factory
    def deco(fn):
        def w(*a):  # detect: wrapper-nowraps
            return fn(*a)
        return w
    return deco
def adder(n):  # detect: closure-codegen
    return lambda x: x + n
",
    );
}

#[test]
fn caches_dispatch_and_context_managers() {
    check(
        "import functools, contextlib
@functools.lru_cache
def f(): ...  # detect: lru-cache
class C:
    @functools.cache
    def m(self): ...  # detect: lru-cache lru-cache-method
    @staticmethod
    @functools.cache
    def s(): ...  # detect: lru-cache
@functools.singledispatch
def g(x): ...  # detect: singledispatch
@g.register(int)
def _(x): ...  # detect: singledispatch-register
@other.register
def _(x): ...
@contextlib.contextmanager
def cm():  # detect: cm-function
    x = 1
    yield x  # detect: unsafe-context-manager
    close(x)
@contextlib.contextmanager
def safe():  # detect: cm-function
    try:
        yield
    finally:
        close()
class T:  # detect: cm-class
    def __enter__(self): ...
    def __exit__(self, *a): ...
def co():
    x = yield  # detect: yield-value
    y = yield x
def gen():
    yield 1
",
    );
}

#[test]
fn registries_and_module_level_work() {
    check(
        "import logging, atexit
R = {}
L: list = []
def register(name, f):
    R[name] = f  # detect: registry-write registry-duplicate-key
def guarded(name, f):
    if name in R:
        raise KeyError(name)
    R[name] = f  # detect: registry-write
def wrap(f):
    L.append((f, 1))  # detect: registry-write?
def local(f):
    box = []
    box.append(f)
class Base:
    subs = []
    def __init_subclass__(cls, **kw):
        Base.subs.append(cls)  # detect: registry-class-write
start()  # detect: module-level-call
logging.getLogger('x').addHandler(h)  # detect: module-level-call?
if __name__ == '__main__':
    start()
print(Base.__subclasses__())  # detect: subclasses-walk module-level-call
",
    );
}

#[test]
fn foreign_things_changed() {
    check(
        "import sys, builtins, os, m2
builtins.open = None  # detect: builtins-patch import-attr-assign
def patch(): setattr(builtins, 'open', None)  # detect: builtins-patch
os.path.sep = '|'  # detect: import-attr-assign
sys.modules['x'] = 1  # detect: sys-modules-write
sys.modules.pop('y')  # detect: sys-modules-write
sys.modules[__name__].__class__ = T  # detect: sys-modules-write class-assign
sys.meta_path.insert(0, F)  # detect: meta-path-mutation
globals()['z'] = 1  # detect: globals-write
def f(os): os.x = 1
self = object()
self.x = 1
",
    );
}

#[test]
fn operators_and_fluency() {
    check(
        "class E:  # detect: operator-class expr-dsl
    def __add__(self, o): return Node('+', self, o)
    def __mul__(self, o): return Node('*', self, o)
class B:  # detect: fluent-class
    def a(self): return self  # detect: fluent-method
    def b(self): return self  # detect: fluent-method
    def c(self): return self  # detect: fluent-method
    def d(self): return 1
class T:  # detect: trace-to-graph operator-class
    def __iadd__(self, o):
        self.nodes.append(o)
        return self
class V:  # detect: comparison-class
    def __lt__(self, o): ...
",
    );
}

#[test]
fn loops_orders_and_swallowed_errors() {
    check(
        "import functools
def f(xs, out):
    for x in xs:
        out.append(lambda: x)  # detect: late-binding-closure
        out.append(lambda x=x: x)
        def g(): return x  # detect: late-binding-closure
        out[x] = g
class C:
    @functools.lru_cache
    @property
    def p(self): ...  # detect: decorator-order
    @property
    @functools.lru_cache
    def q(self): ...
def deco(fn):
    def w(*a):
        try:
            return fn(*a)
        except Exception:  # detect: hidden-control-flow
            return None
    return w
def make(name):
    return type(name, (), {})  # detect: unpicklable-dynamic-class
",
    );
}

#[test]
fn type_checking_blocks_and_ignores_are_skipped() {
    check(
        "from typing import TYPE_CHECKING, overload
if TYPE_CHECKING:
    exec('x')
else:
    exec('y')  # detect: exec-call
exec('z')  # metascope: ignore[exec-call] shown in the book
@overload
def f(x): exec('a')
",
    );
}

#[test]
fn bases_in_other_files_make_hits_possible() {
    let files = [
        ("base.py", "import ast, enum\nclass V(ast.NodeVisitor): pass\nclass K(enum.Enum): pass\n"),
        ("use.py", "from base import V as W, K\nclass X(W): pass\nclass Y(K): pass\n"),
    ];
    let rows: Vec<String> = findings(&files)
        .iter()
        .filter(|row| &*row.file == "use.py" && row.certainty == Certainty::Possible)
        .map(|row| format!("{} {} {}", row.rule, row.line, row.why))
        .collect();
    assert_eq!(rows, ["ast-visitor 2 derives from base.V", "enum-class 3 derives from base.K"]);
}
