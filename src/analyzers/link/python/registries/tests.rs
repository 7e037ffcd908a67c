//! Behaviour per mechanism, on small modules.

mod mechanisms;
mod steps;

use crate::analyzers::fixture;
use crate::model::{Manifest, Registry};

fn registries_of(files: &[(&str, &str, &str)], manifests: Vec<Manifest>) -> Vec<Registry> {
    let entries = files.iter().map(|(path, module, text)| fixture::entry(path, module, text));
    fixture::project(entries.collect(), manifests).registries.into_inner()
}

/// `kind name` and `key -> target` of the registry of that name.
fn shown(text: &str, name: &str) -> (String, Vec<String>) {
    let all = registries_of(&[("m.py", "m", text)], Vec::new());
    of(&all, name)
}

fn of(all: &[Registry], name: &str) -> (String, Vec<String>) {
    let Some(found) = all.iter().find(|registry| &*registry.name == name) else {
        let names: Vec<&str> = all.iter().map(|registry| &*registry.name).collect();
        panic!("no {name} among {names:?}");
    };
    let rows = found
        .members
        .iter()
        .map(|row| format!("{} -> {}", row.key.as_deref().unwrap_or("?"), row.target))
        .collect();
    (found.kind.to_string(), rows)
}

#[test]
fn decorators_with_and_without_arguments() {
    let text = "REG = {}\ndef register(name=None):\n    def deco(f):\n        \
                REG[name or f.__name__] = f\n        return f\n    if callable(name):\n        \
                f, name = name, None\n        return deco(f)\n    return deco\n\
                @register\ndef one(): pass\n@register('zwei')\ndef two(): pass\n";
    let (kind, rows) = shown(text, "m.REG");
    assert_eq!(kind, "decorator");
    assert_eq!(rows, ["one -> m.one", "zwei -> m.two"]);
}

#[test]
fn each_instance_of_a_registry_class_holds_its_own() {
    let base = "class Registry:\n    def __init__(self):\n        self._d = {}\n    \
                def register(self, name=None):\n        def _reg(cls):\n            \
                self._d[name or cls.__name__.lower()] = cls\n            return cls\n        \
                return _reg\n";
    let uses = "from .base import Registry\nA = Registry()\nB = Registry()\n\
                @A.register()\nclass One: pass\n@B.register(name='n')\nclass Two: pass\n";
    let files =
        [("p/__init__.py", "p", ""), ("p/base.py", "p.base", base), ("p/u.py", "p.u", uses)];
    let all = registries_of(&files, Vec::new());
    assert_eq!(of(&all, "p.u.A._d").1, ["one -> p.u.One"]);
    assert_eq!(of(&all, "p.u.B._d").1, ["n -> p.u.Two"]);
    let registry = all.iter().find(|registry| &*registry.name == "p.u.A._d").unwrap();
    assert_eq!(&*registry.registrar, "p.base.Registry.register");
    assert_eq!((&*registry.members[0].file, registry.members[0].line), ("p/u.py", 4));
}

#[test]
fn class_hooks_register_by_attribute_and_by_name() {
    let text = "class Meta(type):\n    classes = {}\n    def __new__(mcs, name, bases, ns):\n        \
                cls = super().__new__(mcs, name, bases, ns)\n        \
                if not ns.get('abstract'):\n            \
                mcs.classes[ns.get('name', name)] = cls\n        return cls\n\
                class Base(metaclass=Meta):\n    abstract = True\n\
                class A(Base):\n    name = 'aaa'\nclass B(Base): pass\n\
                class Plugin:\n    plugins = []\n    def __init_subclass__(cls, **kw):\n        \
                super().__init_subclass__(**kw)\n        cls.plugins.append(cls)\n\
                class P(Plugin): pass\nclass Q(P): pass\n";
    assert_eq!(shown(text, "m.Meta.classes").1, ["aaa -> m.A", "B -> m.B"]);
    let (kind, rows) = shown(text, "m.Plugin.plugins");
    assert_eq!(
        (kind.as_str(), rows),
        ("init-subclass", vec!["P -> m.P".into(), "Q -> m.Q".into()])
    );
}

#[test]
fn tables_grow_by_loops_updates_and_expansion() {
    let text = "def a(): pass\ndef b(): pass\ndef c(): pass\nBASE = {'a': a, 'b': b}\n\
                T = {**BASE, 'c': c}\nfor n, f in (('x', a), ('y', b)):\n    T[f'do_{n}'] = f\n\
                T.update(z=c)\n";
    let (kind, rows) = shown(text, "m.T");
    assert_eq!(kind, "table");
    let want = ["a -> m.a", "b -> m.b", "c -> m.c", "do_x -> m.a", "do_y -> m.b", "z -> m.c"];
    assert_eq!(rows, want);
}

#[test]
fn calls_descriptors_and_partials_store_too() {
    let text = "import functools\nHOOKS = {}\ndef hook(event, f, *, order=0):\n    \
                HOOKS.setdefault(event, []).append(f)\nlate = functools.partial(hook, order=9)\n\
                def f(): pass\ndef g(): pass\nhook('start', f)\nlate('stop', g)\n";
    let (kind, rows) = shown(text, "m.HOOKS");
    assert_eq!(
        (kind.as_str(), rows),
        ("register-call", vec!["start -> m.f".into(), "stop -> m.g".into()])
    );
}

#[test]
fn single_dispatch_by_annotation_and_by_argument() {
    let text = "from functools import singledispatch\n@singledispatch\ndef show(x): pass\n\
                @show.register\ndef _(x: int): pass\n@show.register(str)\ndef _s(x): pass\n";
    let (kind, rows) = shown(text, "m.show");
    assert_eq!(kind, "single-dispatch");
    assert_eq!(rows, ["object -> m.show", "int -> m._", "str -> m._s"]);
}

#[test]
fn lazy_tables_resolve_through_packages() {
    let init = "TABLE = {'x': 'p.impl:X', 'y': '.impl.Y', 'z': 'other.gone:Z'}\n";
    let files =
        [("p/__init__.py", "p", init), ("p/impl.py", "p.impl", "class X: pass\nclass Y: pass\n")];
    let (kind, rows) = of(&registries_of(&files, Vec::new()), "p.TABLE");
    assert_eq!(kind, "lazy-table");
    assert_eq!(rows, ["x -> p.impl.X", "y -> p.impl.Y", "z -> other.gone.Z"]);
}

#[test]
fn built_names_make_methods_members() {
    let text = "class V:\n    def go(self, n):\n        return getattr(self, f'visit_{n}')()\n    \
                def visit_a(self): pass\n    def visit_b(self): pass\n\
                class W(V):\n    def visit_c(self): pass\n    def visit_a(self): pass\n";
    let (kind, rows) = shown(text, "m.W.visit_*");
    assert_eq!(kind, "name-convention");
    assert_eq!(rows, ["c -> m.W.visit_c", "a -> m.W.visit_a", "b -> m.V.visit_b"]);
}

#[test]
fn conventions_match_by_origin_only() {
    let text = "from flask import Flask as F\napp = F(__name__)\n@app.route('/a')\ndef a(): pass\n\
                class Own:\n    def route(self, p): return lambda f: f\nown = Own()\n\
                @own.route('/b')\ndef b(): pass\n";
    let (kind, rows) = shown(text, "m.app.url_map");
    assert_eq!((kind.as_str(), rows), ("route-table", vec!["/a -> m.a".into()]));
}

#[test]
fn entry_points_of_manifests() {
    let manifest = Manifest {
        path: "pyproject.toml".into(),
        text: "[project.entry-points.\"x.plugins\"]\none = \"m:f\"\n".into(),
    };
    let all = registries_of(&[("m.py", "m", "def f(): pass\n")], vec![manifest]);
    let (kind, rows) = of(&all, "x.plugins");
    assert_eq!((kind.as_str(), rows), ("entry-points", vec!["one -> m.f".into()]));
    let registry = all.iter().find(|registry| &*registry.name == "x.plugins").unwrap();
    assert_eq!(registry.members[0].line, 2);
}

#[test]
fn caches_logs_and_constants_are_no_registries() {
    let text = "import logging\nLOG = [logging.getLogger('a'), logging.getLogger('b')]\n\
                CACHE = {}\ndef get(k):\n    if k not in CACHE:\n        CACHE[k] = compute(k)\n    \
                return CACHE[k]\ndef compute(k): return k\nNUM = {'a': 1, 'b': 2}\n\
                get('x')\nget('y')\n";
    assert!(registries_of(&[("m.py", "m", text)], Vec::new()).is_empty());
}

#[test]
fn hostile_code_ends() {
    let text = "class A:\n    def __getattr__(self, n): return self\n    \
                def __call__(self, *a): return self(a)\na = A()\na.b.c(a)\n\
                def f(x):\n    T[x] = f(f)\n    return f(x)\nT = {}\nT[T] = T\nf(f)\n\
                L = []\nL.append(L)\nfor x in L: L.append(x)\nx = lambda: x()\nx()\n\
                class B(B): pass\nwhile True:\n    T['k'] = f\n";
    registries_of(&[("m.py", "m", text)], Vec::new());
}
