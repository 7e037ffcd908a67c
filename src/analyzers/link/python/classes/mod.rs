//! What made a class: its metaclass and where that came from, its method resolution order, the
//! hooks that ran in order, what they put on it, and what else its making says. For `explain`;
//! the registries that hold the class are rows of the project already.

mod library;
mod metaclass;
mod notes;
mod order;

use serde::Serialize;

use super::names::Names;
use super::registries::machine::{Machine, value::ClassIndex};
use super::schemas::canonical;
use super::{Context, PythonFile};
use crate::model::facts::python::schemas::{ClassShape, Term};
use crate::model::{Name, Project, SymbolKind};
pub use metaclass::Metaclass;

/// How one class came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassStory {
    pub metaclass: Metaclass,
    /// The class itself first, `builtins.object` last; bases outside the project by name.
    pub mro: Vec<Name>,
    /// In the order in which Python runs them.
    pub hooks: Vec<HookRun>,
    pub injected: Vec<InjectedMember>,
    /// Made by `type()` rather than by a class statement.
    pub generated: bool,
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HookRun {
    /// Qualified name of the hook or class decorator.
    pub name: Name,
    pub file: Name,
    pub line: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InjectedMember {
    pub name: Name,
    /// Qualified name of what set it: a function of the project, or a library's metaclass or
    /// decorator.
    pub by: Name,
    pub file: Name,
    pub line: u32,
}

/// The class being told of, with what is known of it.
struct Subject<'s, 'c, 'a> {
    name: &'s str,
    names: &'s Names<'a>,
    machine: &'s Machine<'c, 'a>,
    index: Option<ClassIndex>,
    shape: Option<&'s ClassShape>,
}

/// The story of a Python class of the project; `None` for anything else.
pub fn story(project: &Project, class: &str) -> Option<ClassStory> {
    with_machine(project, |machine, names, files| {
        let index = machine.class_named.get(class).copied();
        if names.class(class).is_none() && index.is_none() {
            return None;
        }
        let shapes = files.iter().flat_map(|file| &file.facts.schemas.classes);
        let shape = shapes.into_iter().find(|shape| &*shape.name == class);
        Some(Subject { name: class, names, machine, index, shape }.story())
    })
}

/// The classes made at run time whose name is `name` or ends in it.
pub fn made(project: &Project, name: &str) -> Vec<Name> {
    with_machine(project, |machine, _, _| {
        let of_name = |full: &str| {
            full.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let made = machine.made.iter().map(|made| &machine.classes[made.class as usize].name);
        let mut found: Vec<Name> = made.filter(|full| of_name(full)).cloned().collect();
        found.sort();
        found.dedup();
        found
    })
}

fn with_machine<T>(
    project: &Project,
    tell: impl FnOnce(&Machine<'_, '_>, &Names<'_>, &[PythonFile<'_>]) -> T,
) -> T {
    let files = PythonFile::among(project.files.iter().filter_map(|file| file.facts.as_deref()));
    let names = Names::build(&files);
    let context = Context { files: &files, names: &names, manifests: &[] };
    let mut machine = Machine::new(&context);
    machine.run();
    tell(&machine, &names, &files)
}

impl Subject<'_, '_, '_> {
    fn story(&self) -> ClassStory {
        let (metaclass, mro, contradiction) = match (self.names.class(self.name), self.index) {
            (None, Some(index)) => self.of_generated(index),
            _ => {
                let order = order::order(self.names, self.name);
                let metaclass = metaclass::metaclass(self.names, self.name);
                (metaclass, order.classes, order.contradiction)
            }
        };
        let generated = self.index.is_some_and(|at| self.machine.classes[at as usize].generated);
        ClassStory {
            hooks: self.hooks(&metaclass),
            injected: self.injected(&metaclass),
            notes: self.notes(&metaclass, &contradiction),
            metaclass,
            mro,
            generated,
        }
    }

    /// A class that `type()` made: no statement tells of it, its objects do.
    fn of_generated(&self, index: ClassIndex) -> (Metaclass, Vec<Name>, Vec<Name>) {
        let class = &self.machine.classes[index as usize];
        let name = |index: &ClassIndex| self.machine.classes[*index as usize].name.clone();
        let mut mro: Vec<Name> = class.mro.iter().map(name).collect();
        mro.extend(class.outside.iter().filter(|base| &***base != "?").cloned());
        mro.push("builtins.object".into());
        let metaclass = match &class.metaclass {
            Some(meta) => Metaclass {
                name: name(meta),
                from: mro.get(1).cloned().unwrap_or_else(|| self.name.into()),
                how: "brought by its bases or by the call that made it".into(),
            },
            None => Metaclass {
                name: "builtins.type".into(),
                from: "builtins.object".into(),
                how: "the default".into(),
            },
        };
        (metaclass, mro, Vec::new())
    }

    /// A function or method of the project as a hook that ran.
    fn hook(&self, name: &str) -> Option<HookRun> {
        let symbol = self.names.symbol(name)?;
        Some(HookRun { name: name.into(), file: symbol.file.clone(), line: symbol.line })
    }

    fn hooks(&self, metaclass: &Metaclass) -> Vec<HookRun> {
        let mut hooks: Vec<HookRun> = Vec::new();
        // The namespace is asked for before the body runs.
        if let Some(owner) = self.names.owner_of(&metaclass.name, "__prepare__") {
            hooks.extend(self.hook(&format!("{owner}.__prepare__")));
        }
        let by_function = self
            .names
            .symbol(&metaclass.name)
            .is_some_and(|symbol| symbol.kind == SymbolKind::Function);
        if by_function {
            hooks.extend(self.hook(&metaclass.name));
        }
        for run in self.machine.history.iter().filter(|run| Some(run.class) == self.index) {
            let file = self.machine.path_of(run.file);
            let hook = HookRun { name: run.name.clone(), file, line: run.line };
            if !hooks.contains(&hook) {
                hooks.push(hook);
            }
        }
        hooks
    }

    fn injected(&self, metaclass: &Metaclass) -> Vec<InjectedMember> {
        let mut members: Vec<InjectedMember> = Vec::new();
        let mut add = |member: InjectedMember| {
            if !members.iter().any(|known| known.name == member.name) {
                members.push(member);
            }
        };
        for one in self.machine.injected.iter().filter(|one| Some(one.class) == self.index) {
            add(InjectedMember {
                name: one.name.clone(),
                by: one.by.clone(),
                file: self.machine.path_of(one.file),
                line: one.line,
            });
        }
        let Some(symbol) = self.names.symbol(self.name) else { return members };
        let mut by_library = |names: &[&'static str], by: &str, line: u32| {
            for name in names {
                add(InjectedMember {
                    name: (*name).into(),
                    by: by.into(),
                    file: symbol.file.clone(),
                    line,
                });
            }
        };
        let own = self.names.bases(self.name);
        if own.iter().any(|base| &**base == "typing.NamedTuple") {
            by_library(library::NAMED_TUPLE, "typing.NamedTuple", symbol.line);
        }
        // A metaclass of the project that derives from a library's does what that one does.
        for meta in self.names.mro(&metaclass.name) {
            by_library(library::by_metaclass(&meta), &format!("{meta}.__new__"), symbol.line);
        }
        let shape = self.shape;
        for decorator in shape.iter().flat_map(|shape| shape.decorators.iter().rev()) {
            let Term::Name { origins, .. } = &decorator.function else { continue };
            let resolved = self.names.resolve_all(origins);
            let told = |option: &str| match decorator.call.as_ref()?.keyword(option)? {
                Term::Bool(told) => Some(*told),
                _ => None,
            };
            let has = |name: &str| {
                let facts = self.names.class(self.name);
                facts.is_some_and(|facts| facts.members.iter().any(|own| &**own == name))
            };
            for name in &resolved {
                let name = canonical(name);
                let options = library::Options { told: &told, has: &has };
                by_library(&library::by_decorator(&name, &options), &name, decorator.line);
            }
        }
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyzers::fixture;

    fn project(text: &str) -> Project {
        fixture::project(vec![fixture::python("m.py", text)], Vec::new())
    }

    #[test]
    fn tells_metaclass_order_hooks_and_injected_members() {
        let text = "class Meta(type):\n    def __new__(mcs, name, bases, ns):\n        \
                    ns['tag'] = name\n        return super().__new__(mcs, name, bases, ns)\n    \
                    def __init__(cls, name, bases, ns):\n        cls.ready = True\n\
                    class Base(metaclass=Meta):\n    def __init_subclass__(cls):\n        \
                    cls.late = 1\nclass Field:\n    def __set_name__(self, owner, name): \
                    self.name = name\ndef mark(cls):\n    cls.marked = True\n    return cls\n\
                    @mark\nclass Leaf(Base):\n    f = Field()\n";
        let story = story(&project(text), "m.Leaf").unwrap();
        let metaclass = &story.metaclass;
        assert_eq!((&*metaclass.name, &*metaclass.from), ("m.Meta", "m.Base"));
        let mro: Vec<&str> = story.mro.iter().map(|name| &**name).collect();
        assert_eq!(mro, ["m.Leaf", "m.Base", "builtins.object"]);
        let hooks: Vec<&str> = story.hooks.iter().map(|hook| &*hook.name).collect();
        assert_eq!(
            hooks,
            [
                "m.Meta.__new__",
                "m.Field.__set_name__",
                "m.Base.__init_subclass__",
                "m.Meta.__init__",
                "m.mark"
            ]
        );
        let members: Vec<(&str, &str)> =
            story.injected.iter().map(|one| (&*one.name, &*one.by)).collect();
        assert!(members.contains(&("tag", "m.Meta.__new__")), "{members:?}");
        assert!(members.contains(&("ready", "m.Meta.__init__")));
        assert!(members.contains(&("late", "m.Base.__init_subclass__")));
        assert!(members.contains(&("marked", "m.mark")));
    }

    #[test]
    fn tells_conflicts_final_classes_and_ignored_hooks() {
        let text = "class A(type): pass\nclass B(type): pass\nclass X(metaclass=A): pass\n\
                    class Y(metaclass=B): pass\nclass Z(X, Y): __metaclass__ = A\n\
                    class Sealed:\n    def __init_subclass__(cls, **kw):\n        \
                    raise TypeError('no')\nclass Under(Sealed): pass\n";
        let project = project(text);
        let z = story(&project, "m.Z").unwrap().notes.join("\n");
        assert!(z.contains("metaclass conflict: m.A, m.B"), "{z}");
        assert!(z.contains("Python 2"));
        assert!(story(&project, "m.Sealed").unwrap().notes.join("").contains("final"));
        assert!(story(&project, "m.Under").unwrap().notes.join("").contains("refuses"));
        assert!(story(&project, "m.nothing").is_none());
    }

    #[test]
    fn tells_library_metaclasses_and_what_they_inject() {
        let text = "import abc, enum, dataclasses, functools\nfrom typing import NamedTuple\n\
                    class Abs(abc.ABC): pass\nclass M(abc.ABCMeta): pass\n\
                    class Own(Abs, metaclass=M): pass\nclass Level(enum.IntEnum):\n    LOW = 1\n\
                    @functools.total_ordering\n@dataclasses.dataclass(frozen=True, slots=True)\n\
                    class P:\n    x: int\n    def __lt__(self, other): return True\n\
                    class N(NamedTuple):\n    a: int\n";
        let project = project(text);
        let told = |name: &str| story(&project, name).unwrap();
        let names =
            |names: &[Name]| -> Vec<String> { names.iter().map(ToString::to_string).collect() };
        let own = told("m.Own");
        assert_eq!(&*own.metaclass.name, "m.M");
        assert!(!own.notes.join("").contains("conflict"), "{:?}", own.notes);
        let level = told("m.Level");
        assert_eq!(&*level.metaclass.name, "enum.EnumType");
        assert_eq!(&*level.metaclass.how, "inherited from enum.IntEnum");
        assert_eq!(
            names(&level.mro),
            [
                "m.Level",
                "enum.IntEnum",
                "builtins.int",
                "enum.ReprEnum",
                "enum.Enum",
                "builtins.object"
            ]
        );
        let p = told("m.P");
        let by = |name: &str| p.injected.iter().find(|one| &*one.name == name).map(|one| &*one.by);
        assert_eq!(by("__init__"), Some("dataclasses.dataclass"));
        assert_eq!(by("__slots__"), Some("dataclasses.dataclass"));
        assert_eq!(by("__ge__"), Some("functools.total_ordering"));
        assert_eq!(by("__lt__"), None);
        let n = told("m.N");
        assert_eq!(names(&n.mro), ["m.N", "builtins.tuple", "builtins.object"]);
        assert!(n.injected.iter().any(|one| &*one.name == "_replace"));
    }

    #[test]
    fn tells_contradicting_orders_slots_and_classes_made_by_type() {
        let text = "class X: pass\nclass Y(X): pass\nclass Bad(X, Y): pass\n\
                    class S:\n    __slots__ = ('a', 'b')\n    a = 1\n\
                    class Meta(type):\n    @classmethod\n    def __prepare__(mcs, name, bases): \
                    return {}\n    def named(cls): return 1\n\
                    class Base(metaclass=Meta): pass\nMade = type('Made', (Base,), {'z': 1})\n";
        let project = project(text);
        let bad = story(&project, "m.Bad").unwrap().notes.join("\n");
        assert!(bad.contains("no consistent method resolution order: m.X, m.Y"), "{bad}");
        let slots = story(&project, "m.S").unwrap().notes.join("\n");
        assert!(slots.contains("a stands in `__slots__`"), "{slots}");
        let base = story(&project, "m.Base").unwrap();
        assert_eq!(&*base.hooks[0].name, "m.Meta.__prepare__");
        assert!(base.notes.join("").contains("named answer on the class"), "{:?}", base.notes);
        let names = made(&project, "Made");
        assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), ["m.Made"]);
        let made = story(&project, "m.Made").unwrap();
        assert!(made.generated && made.notes.join("").contains("made by `type()`"));
        assert!(made.mro.iter().any(|name| &**name == "m.Base"));
    }
}
