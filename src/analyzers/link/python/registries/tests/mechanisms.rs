//! One fixture per mechanism that the other tests do not cover.

use super::{of, registries_of, shown};

#[test]
fn a_decorator_class_stores_itself_for_what_it_decorates() {
    let text = "ALL = []\nclass task:\n    def __init__(self, f):\n        self.f = f\n        \
                ALL.append(self)\n@task\ndef a(): pass\n@task\ndef b(): pass\n";
    let (kind, rows) = shown(text, "m.ALL");
    assert_eq!(kind, "decorator-class");
    assert_eq!(rows, ["a -> m.a", "b -> m.b"]);
}

#[test]
fn marks_are_collected_when_the_class_is_made() {
    let text = "def handles(name):\n    def mark(f):\n        f._handles = name\n        return f\n    \
                return mark\nclass Meta(type):\n    def __init__(cls, name, bases, ns):\n        \
                cls.handlers = {}\n        for attr, value in ns.items():\n            \
                if hasattr(value, '_handles'):\n                \
                cls.handlers[value._handles] = value\nclass Base(metaclass=Meta):\n    \
                @handles('x')\n    def on_x(self): pass\n    @handles('y')\n    \
                def on_y(self): pass\n    def other(self): pass\n";
    let (kind, rows) = shown(text, "m.Base.handlers");
    assert_eq!(kind, "metaclass");
    assert_eq!(rows, ["x -> m.Base.on_x", "y -> m.Base.on_y"]);
}

#[test]
fn decorators_attach_to_the_classes_they_are_given() {
    let text = "class A: pass\nclass B: pass\ndef method(*classes):\n    def attach(f):\n        \
                for c in classes:\n            setattr(c, f.__name__, f)\n        return f\n    \
                return attach\n@method(A, B)\ndef go(self): pass\n@method(B)\ndef go(self): pass\n";
    let all = registries_of(&[("m.py", "m", text)], Vec::new());
    let (kind, rows) = of(&all, "m.method");
    assert_eq!(kind, "attach");
    assert_eq!(rows, ["go -> m.go", "go -> m.go"]);
    let lines: Vec<u32> = all[0].members.iter().map(|row| row.line).collect();
    assert_eq!(lines, [9, 11]);
    assert_eq!(&*all[0].members[0].why, "while decorating, set on m.A, m.B");
}

#[test]
fn a_local_registrar_groups_by_the_function_around_it() {
    let text = "class Keys:\n    def __init__(self):\n        self.bindings = []\n    \
                def add(self, *keys):\n        def deco(f):\n            \
                self.bindings.append((keys, f))\n            return f\n        return deco\n\
                def basic():\n    keys = Keys()\n    handle = keys.add\n    @handle('a')\n    \
                def _(event): pass\n    @handle('b')\n    def _(event): pass\n    return keys\n";
    let (kind, rows) = shown(text, "m.basic.keys.bindings");
    assert_eq!(kind, "decorator");
    assert_eq!(rows, ["_ -> m.basic._", "_ -> m.basic._"]);
}

#[test]
fn descriptors_register_in_the_order_of_the_body() {
    let text = "class Field:\n    def __set_name__(self, owner, name):\n        \
                owner.fields = getattr(owner, 'fields', {})\n        owner.fields[name] = self\n\
                class Row:\n    b = Field()\n    a = Field()\n";
    let (kind, rows) = shown(text, "m.Row.fields");
    assert_eq!(kind, "set-name");
    assert_eq!(rows, ["b -> m.Field", "a -> m.Field"]);
}

#[test]
fn walked_subclasses_are_members_over_files() {
    let base = "class Shape: pass\ndef shapes():\n    return {c.name: c for c in \
                Shape.__subclasses__()}\n";
    let more = "from .base import Shape\nclass Round(Shape):\n    name = 'round'\n\
                class Ball(Round):\n    name = 'ball'\n";
    let files =
        [("p/__init__.py", "p", ""), ("p/base.py", "p.base", base), ("p/more.py", "p.more", more)];
    let (kind, rows) = of(&registries_of(&files, Vec::new()), "p.base.Shape");
    assert_eq!(kind, "subclasses");
    assert_eq!(rows, ["round -> p.more.Round", "ball -> p.more.Ball"]);
}

#[test]
fn hooks_of_a_fixed_name_hand_definitions_on() {
    let text = "class A: pass\nclass B: pass\ndef visit(): pass\ndef setup(app):\n    \
                app.add_node(A, html=visit)\n    app.add_node(B)\n";
    let (kind, rows) = shown(text, "setup(app.add_node)");
    assert_eq!(kind, "setup-hook");
    assert_eq!(rows, ["A -> m.A", "B -> m.B"]);
}

#[test]
fn namespaces_are_scanned_by_pattern() {
    let text = "def cmd_up(): pass\ndef cmd_down(): pass\ndef other(): pass\n\
                COMMANDS = {n[4:]: f for n, f in list(globals().items()) \
                if n.startswith('cmd_')}\n";
    let (_, mut rows) = shown(text, "m.COMMANDS");
    rows.sort();
    assert_eq!(rows, ["down -> m.cmd_down", "up -> m.cmd_up"]);
}

#[test]
fn a_file_may_be_the_key() {
    let base = "class BaseCommand: pass\n";
    let command = "from p.base import BaseCommand\nclass Command(BaseCommand): pass\n";
    let files = [
        ("p/base.py", "p.base", base),
        ("p/management/commands/serve.py", "p.management.commands.serve", command),
        ("p/management/commands/_private.py", "p.management.commands._private", command),
    ];
    let all = registries_of(&files, Vec::new());
    let (kind, rows) = of(&all, "django.core.management.commands");
    assert_eq!(kind, "module-convention");
    assert_eq!(rows, ["serve -> p.management.commands.serve.Command"]);
}

#[test]
fn names_bound_to_instances_of_one_class() {
    let text = "class Signal: pass\nstarted = Signal()\nstopped = Signal()\nfailed = Signal()\n\
                a = object()\nb = object()\nc = object()\n";
    let (kind, rows) = shown(text, "m.Signal()");
    assert_eq!(kind, "module-instances");
    assert_eq!(rows, ["started -> m.started", "stopped -> m.stopped", "failed -> m.failed"]);
    assert_eq!(shown(text, "m.object()").1.len(), 3);
}

#[test]
fn annotations_alone_are_members_where_the_metaclass_answers() {
    let text = "class Meta(type):\n    def __getitem__(cls, name): return name\n    \
                def __getattr__(cls, name): return cls[name]\n\
                class Terms(metaclass=Meta):\n    _NS = 'x'\n    Agent: str\n    Person: str\n    \
                knows: str\nclass Plain:\n    a: int\n    b: int\n    c: int\n";
    let all = registries_of(&[("m.py", "m", text)], Vec::new());
    let (kind, rows) = of(&all, "m.Terms");
    assert_eq!(kind, "annotations");
    let want = ["Agent -> m.Terms.Agent", "Person -> m.Terms.Person", "knows -> m.Terms.knows"];
    assert_eq!(rows, want);
    assert!(all.iter().all(|registry| &*registry.name != "m.Plain"));
}

#[test]
fn what_is_generated_says_so_and_where() {
    let text = "def make(name):\n    return type(name, (), {})\nMADE = {}\n\
                for n in ('A', 'B'):\n    MADE[n] = make(n)\n";
    let all = registries_of(&[("m.py", "m", text)], Vec::new());
    let (kind, rows) = of(&all, "m.make");
    assert_eq!((kind.as_str(), rows), ("generated", vec!["A -> m.A".into(), "B -> m.B".into()]));
    let made = all.iter().find(|registry| &*registry.name == "m.make").unwrap();
    assert_eq!(made.line, 2);
    let table = all.iter().find(|registry| &*registry.name == "m.MADE").unwrap();
    assert_eq!(&*table.members[0].why, "generated at run time by m.make (m.py:2)");
}

#[test]
fn what_is_sure_comes_first() {
    let text = "class S: pass\na = S()\nb = S()\nc = S()\ndef f(): pass\ndef g(): pass\n\
                Z = {'f': f, 'g': g}\n";
    let all = registries_of(&[("m.py", "m", text)], Vec::new());
    let names: Vec<&str> = all.iter().map(|registry| &*registry.name).collect();
    assert_eq!(names, ["m.Z", "m.S()"]);
}

#[test]
fn the_call_that_hands_the_definition_on_is_the_place() {
    let text = "class Manager:\n    def __init__(self):\n        self.hooks = {}\n    \
                def add(self, key, f):\n        self.hooks[key] = f\n\
                def one(): pass\ndef two(): pass\ndef register(manager):\n    \
                manager.add('a', one)\n    manager.add('b', two)\n\
                M = Manager()\nregister(M)\n";
    let all = registries_of(&[("m.py", "m", text)], Vec::new());
    assert_eq!(of(&all, "m.M.hooks").1, ["a -> m.one", "b -> m.two"]);
    let registry = all.iter().find(|registry| &*registry.name == "m.M.hooks").unwrap();
    let places: Vec<u32> = registry.members.iter().map(|row| row.line).collect();
    assert_eq!((&*registry.registrar, places), ("m.Manager.add", vec![9, 10]));
}

#[test]
fn wrappers_stand_for_what_they_wrap() {
    let text = "import functools\nR = {}\ndef reg(f):\n    R[f.__name__] = f\n    return f\n\
                def traced(f):\n    @functools.wraps(f)\n    def inner(*a): return f(*a)\n    \
                return inner\n@reg\n@traced\ndef a(): pass\n@traced\ndef b(): pass\n\
                T = {'a': a, 'b': b, 'c': traced(b)}\n";
    assert_eq!(shown(text, "m.R").1, ["a -> m.a"]);
    assert_eq!(shown(text, "m.T").1, ["a -> m.a", "b -> m.b", "c -> m.b"]);
}

#[test]
fn tuples_and_keywords_are_tables() {
    let text = "def a(): pass\ndef b(): pass\ndef c(): pass\nSTEPS = (\n    a,\n    b,\n    c,\n)\n\
                class Option:\n    def __init__(self, d): pass\ndef space(**options):\n    \
                return options\nSETTINGS = space(\n    one=Option(1),\n    two=Option(2),\n    \
                three=Option(3),\n)\n";
    let all = registries_of(&[("m.py", "m", text)], Vec::new());
    let lines = |name: &str| -> Vec<u32> {
        let found = all.iter().find(|registry| &*registry.name == name);
        found.map_or(Vec::new(), |found| found.members.iter().map(|row| row.line).collect())
    };
    assert_eq!(of(&all, "m.STEPS").1, ["a -> m.a", "b -> m.b", "c -> m.c"]);
    assert_eq!(lines("m.STEPS"), [5, 6, 7]);
    assert_eq!(lines("m.SETTINGS"), [14, 15, 16]);
}

#[test]
fn a_prefix_lasts_as_long_as_its_block() {
    let text = "from contextlib import contextmanager\nR = {}\ndef add(key, f):\n    R[key] = f\n\
                @contextmanager\ndef prefix(p):\n    global add\n    def wrap(g):\n        \
                def inner(key, f):\n            return g(f'{p}.{key}', f)\n        return inner\n    \
                old = add\n    add = wrap(add)\n    try:\n        yield\n    finally:\n        \
                add = old\ndef f(): pass\ndef g(): pass\nwith prefix('a.b'):\n    add('x', f)\n\
                add('y', g)\n";
    assert_eq!(shown(text, "m.R").1, ["a.b.x -> m.f", "y -> m.g"]);
}
