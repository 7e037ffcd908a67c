//! What made a class: its metaclass and where that came from, its method resolution order, the
//! hooks that ran in order, what they put on it, and what else its making says. For `explain`;
//! the registries that hold the class are rows of the project already.

use serde::Serialize;

use super::names::Names;
use super::registries::machine::{Machine, value::ClassIndex};
use super::{Context, PythonFile};
use crate::model::{LanguageFacts, Name, Project};

/// How one class came to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassStory {
    pub metaclass: Option<Metaclass>,
    /// The class itself first; bases outside the project by name.
    pub mro: Vec<Name>,
    /// In the order in which Python runs them.
    pub hooks: Vec<HookRun>,
    pub injected: Vec<InjectedMember>,
    /// Made by `type()` rather than by a class statement.
    pub generated: bool,
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Metaclass {
    pub name: Name,
    /// The class whose `metaclass=` it is; the class itself when it names it.
    pub from: Name,
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
    /// Qualified name of the function that set it.
    pub by: Name,
    pub file: Name,
    pub line: u32,
}

/// The story of a Python class of the project; `None` for anything else.
pub fn story(project: &Project, class: &str) -> Option<ClassStory> {
    let facts = project.files.iter().filter_map(|file| file.facts.as_ref());
    let files: Vec<PythonFile<'_>> = facts
        .filter_map(|file| match &file.body {
            LanguageFacts::Python(facts) => Some(PythonFile { file, facts }),
            LanguageFacts::Rust(_) => None,
        })
        .collect();
    let names = Names::build(&files);
    let context = Context { files: &files, names: &names, manifests: &[] };
    names.class(class)?;
    let mut machine = Machine::new(&context);
    machine.run();
    let index = machine.class_named.get(class).copied();
    let metaclass = names.metaclass(class).map(|(name, from)| Metaclass { name, from });
    let generated = index.is_some_and(|index| machine.classes[index as usize].generated);
    Some(ClassStory {
        notes: notes(&names, &machine, class, index, metaclass.as_ref()),
        metaclass,
        mro: names.mro(class),
        hooks: hooks(&machine, index),
        injected: injected(&machine, index),
        generated,
    })
}

fn hooks(machine: &Machine<'_, '_>, class: Option<ClassIndex>) -> Vec<HookRun> {
    let runs = machine.history.iter().filter(|run| Some(run.class) == class);
    let mut hooks: Vec<HookRun> = Vec::new();
    for run in runs {
        let hook =
            HookRun { name: run.name.clone(), file: machine.path_of(run.file), line: run.line };
        if !hooks.contains(&hook) {
            hooks.push(hook);
        }
    }
    hooks
}

fn injected(machine: &Machine<'_, '_>, class: Option<ClassIndex>) -> Vec<InjectedMember> {
    let mut members: Vec<InjectedMember> = Vec::new();
    for one in machine.injected.iter().filter(|one| Some(one.class) == class) {
        if members.iter().any(|known| known.name == one.name) {
            continue;
        }
        members.push(InjectedMember {
            name: one.name.clone(),
            by: one.by.clone(),
            file: machine.path_of(one.file),
            line: one.line,
        });
    }
    members
}

fn notes(
    names: &Names<'_>,
    machine: &Machine<'_, '_>,
    class: &str,
    index: Option<ClassIndex>,
    metaclass: Option<&Metaclass>,
) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(facts) = names.class(class) else { return notes };
    let has = |member: &str| facts.members.iter().any(|own| &**own == member);
    if has("__metaclass__") {
        notes.push(
            "`__metaclass__` is Python 2's way to name a metaclass: Python 3 ignores it".into(),
        );
    }
    if has("__slots__") {
        notes.push("`__slots__` fixes the instance attributes".into());
    }
    if has("__class_getitem__") {
        notes.push("`__class_getitem__` answers subscription of the class itself".into());
    }
    if names.derives_from(class, "builtins.type") {
        notes.push("a metaclass: its instances are classes; its methods are not reachable from their instances".into());
    }
    if let Some(metaclass) = metaclass {
        if &*metaclass.from != class {
            notes.push(format!("inherits its metaclass from {}", metaclass.from));
        }
        if let Some(owner) = names.owner_of(&metaclass.name, "__prepare__") {
            notes.push(format!("{owner}.__prepare__ makes the namespace its body runs in"));
        }
        if let Some(owner) = names.owner_of(&metaclass.name, "__call__") {
            notes.push(format!("{owner}.__call__ runs when it is instantiated, before `__new__`"));
        }
    }
    conflicts(names, class, &mut notes);
    for base in names.mro(class) {
        let Some(base_index) = machine.class_named.get(&base).copied() else { continue };
        if machine.is_final(base_index) {
            if &*base == class {
                notes.push("final: subclassing it raises an error".into());
            } else {
                notes.push(format!("{base} refuses to be subclassed: this class statement raises"));
            }
        }
    }
    if let Some(index) = index
        && machine.classes[index as usize].outside.iter().any(|base| &**base == "?")
    {
        notes.push("a base is computed at run time: the order may be longer".into());
    }
    notes
}

/// Metaclasses of the bases of which none derives from all others.
fn conflicts(names: &Names<'_>, class: &str, notes: &mut Vec<String>) {
    let mut metas: Vec<Name> = Vec::new();
    let own = names.class(class).and_then(|facts| facts.metaclass.first());
    metas.extend(own.map(|origin| names.resolve(origin)));
    for base in names.bases(class) {
        if let Some((meta, _)) = names.metaclass(&base)
            && !metas.contains(&meta)
        {
            metas.push(meta);
        }
    }
    let wins = |meta: &Name| metas.iter().all(|other| names.derives_from(meta, other));
    if metas.len() > 1 && !metas.iter().any(wins) {
        notes.push(format!(
            "metaclass conflict: {}; a metaclass deriving from all of them would resolve it",
            metas.iter().map(|meta| &**meta).collect::<Vec<_>>().join(", ")
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyzers::link::{LinkInput, link};
    use crate::analyzers::{SourceFile, python};
    use crate::model::{FileEntry, FileStatus, Language};

    fn project(text: &str) -> Project {
        let file = SourceFile {
            path: "m.py".into(),
            language: Language::Python,
            module: "m".into(),
            text: text.into(),
        };
        let facts = python::extract(&file);
        let entry = FileEntry {
            path: "m.py".into(),
            language: Language::Python,
            lines: facts.lines,
            status: FileStatus::Fresh,
            facts: Some(facts.into()),
        };
        let files = vec![entry];
        link(LinkInput { root: "m".into(), files, manifests: Vec::new(), diagnostics: Vec::new() })
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
        let metaclass = story.metaclass.unwrap();
        assert_eq!((&*metaclass.name, &*metaclass.from), ("m.Meta", "m.Base"));
        assert_eq!(story.mro.iter().map(|name| &**name).collect::<Vec<_>>(), ["m.Leaf", "m.Base"]);
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
}
