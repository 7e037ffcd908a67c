//! Registries that no container holds but the classes themselves: subclass trees that are walked
//! or share a key, and the classes of a metaclass.

use rustc_hash::{FxHashMap, FxHashSet};

use super::build::{Head, is_test, registry, text_attr};
use super::machine::Machine;
use super::machine::value::ClassIndex;
use crate::model::{Certainty, Member, Name, Registry};

/// Attributes that classes of a family name themselves by, most telling first.
const KEYS: &[&str] = &[
    "name",
    "__visit_name__",
    "key",
    "alias",
    "id",
    "code",
    "identifier",
    "slug",
    "label",
    "command",
    "family",
    "type",
    "kind",
    "format",
    "__tablename__",
    "lookup_name",
    "function",
    "scheme",
    "tag",
];

/// A family without a walk must be this large, or smaller and keyed.
const LARGE: usize = 6;
const KEYED: usize = 3;

pub fn families(machine: &Machine<'_, '_>) -> Vec<Registry> {
    let mut found = Vec::new();
    let mut walked: FxHashMap<ClassIndex, (Name, u32, u32)> = FxHashMap::default();
    for (file, of) in machine.files.iter().enumerate() {
        for walk in &of.facts.registries.walks {
            for base in machine.context.names.resolve_all(&walk.base) {
                if let Some(class) = machine.class_named.get(&base) {
                    let walk = (walk.within.clone(), file as u32, walk.line);
                    walked.entry(*class).or_insert(walk);
                }
            }
        }
    }
    for class in 0..machine.classes.len() as u32 {
        let this = &machine.classes[class as usize];
        let below = descendants(machine, class);
        if below.len() < 2 || this.generated {
            continue;
        }
        let path = machine.path_of(this.file);
        let walk = walked.get(&class);
        let key = common_key(machine, &below);
        let is_top = this.mro.len() == 1;
        let is_error = this.outside.iter().chain([&this.name]).any(|base| {
            base.ends_with("Error") || base.ends_with("Exception") || base.ends_with("Warning")
        });
        let is_family = !is_error
            && !is_test(&path)
            && !this.short.contains("Mixin")
            && (key.is_some() && below.len() >= KEYED || is_top && below.len() >= LARGE);
        if walk.is_none() && !is_family {
            continue;
        }
        let members = below.iter().map(|below| member(machine, *below, key)).collect();
        let (registrar, certainty, why): (Name, Certainty, Name) = match walk {
            Some((within, file, line)) => {
                let place = machine.path_of(*file);
                let why = format!("{within} walks the subclasses ({place}:{line})");
                (within.clone(), Certainty::Exact, why.into())
            }
            None => {
                let why = match key {
                    Some(key) => {
                        format!("classes below {} that name themselves by `{key}`", this.name)
                    }
                    None => format!("the classes below {}", this.name),
                };
                (this.name.clone(), Certainty::Possible, why.into())
            }
        };
        found.push(registry(
            Head {
                name: this.name.clone(),
                kind: "subclasses",
                registrar,
                file: path,
                line: this.line,
                certainty,
                why,
            },
            members,
        ));
    }
    found
}

/// The classes of each metaclass of the project.
pub fn of_metaclasses(machine: &Machine<'_, '_>, known: &[Registry]) -> Vec<Registry> {
    let mut by: FxHashMap<ClassIndex, Vec<ClassIndex>> = FxHashMap::default();
    for (index, class) in machine.classes.iter().enumerate() {
        if let Some(metaclass) = class.metaclass {
            by.entry(metaclass).or_default().push(index as u32);
        }
    }
    let mut found = Vec::new();
    for (metaclass, classes) in by {
        let this = &machine.classes[metaclass as usize];
        let hooks = ["__new__", "__init__", "__call__"].iter().any(|hook| this.own(hook).is_some());
        if !hooks || classes.len() < 3 {
            continue;
        }
        let members: Vec<Member> =
            classes.iter().map(|class| member(machine, *class, None)).collect();
        // A container or a subclass tree that says the same says it better.
        let targets: FxHashSet<&Name> = members.iter().map(|member| &member.target).collect();
        let is_told = known.iter().any(|registry| {
            let shared =
                registry.members.iter().filter(|row| targets.contains(&row.target)).count();
            shared * 10 >= targets.len() * 7 && registry.members.len() <= targets.len() * 2
        });
        if is_told {
            continue;
        }
        found.push(registry(
            Head {
                name: this.name.clone(),
                kind: "metaclass",
                registrar: this.name.clone(),
                file: machine.path_of(this.file),
                line: this.line,
                certainty: Certainty::Inferred,
                why: format!("the classes whose metaclass is {}", this.name).into(),
            },
            members,
        ));
    }
    found
}

pub fn member(machine: &Machine<'_, '_>, class: ClassIndex, key: Option<&str>) -> Member {
    let this = &machine.classes[class as usize];
    let named = key.and_then(|key| text_attr(machine, class, key));
    Member {
        key: Some(named.unwrap_or_else(|| this.short.clone())),
        target: this.name.clone(),
        file: machine.path_of(this.file),
        line: this.line,
        certainty: Certainty::Exact,
        why: match key {
            Some(key) => format!("a subclass; its key is `{key}`").into(),
            None => "a subclass".into(),
        },
    }
}

fn descendants(machine: &Machine<'_, '_>, class: ClassIndex) -> Vec<ClassIndex> {
    let mut seen: FxHashSet<ClassIndex> = FxHashSet::default();
    let mut queue = machine.classes[class as usize].subclasses.clone();
    while let Some(next) = queue.pop() {
        if next != class && seen.insert(next) {
            queue.extend(machine.classes[next as usize].subclasses.iter().copied());
        }
    }
    let mut all: Vec<ClassIndex> = seen.into_iter().collect();
    all.sort_unstable();
    all
}

/// The attribute that most classes set to a string of their own.
fn common_key(machine: &Machine<'_, '_>, classes: &[ClassIndex]) -> Option<&'static str> {
    KEYS.iter().copied().find(|key| {
        let mut values: FxHashSet<Name> = FxHashSet::default();
        let mut count = 0;
        for class in classes {
            if let Some(super::machine::value::Value::Str(text)) =
                machine.classes[*class as usize].own(key)
            {
                count += 1;
                values.insert(text.clone());
            }
        }
        count >= 2 && count * 10 >= classes.len() * 6 && values.len() * 10 >= count * 8
    })
}
