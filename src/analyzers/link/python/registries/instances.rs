//! Module-level names bound to instances of one class (signals, sentinels, enumerations), what
//! decorators attach to other classes, and what is generated at run time.

use rustc_hash::FxHashMap;

use super::build::{Head, is_test, registry};
use super::machine::Machine;
use super::machine::value::{Kind, Value};
use crate::model::{Certainty, Member, Name, Registry};

/// Outside constructors whose instances are worth listing.
const MADE: &[&str] = &["Signal", "NamedSignal", "signal", "ModelSignal", "EventType", "object"];

pub fn instances(machine: &Machine<'_, '_>) -> Vec<Registry> {
    let mut found = Vec::new();
    for (file, globals) in machine.globals.iter().enumerate() {
        let path = machine.path_of(file as u32);
        if is_test(&path) {
            continue;
        }
        let module = machine.module_name(file as u32);
        let mut groups: FxHashMap<Name, Vec<(&Name, u32)>> = FxHashMap::default();
        for (name, value) in globals {
            match value {
                Value::Object(id) => {
                    let object = &machine.objects[*id as usize];
                    if let Kind::Instance(class) = object.kind
                        && object.file == file as u32
                        && !object.summary
                    {
                        let class = machine.classes[class as usize].name.clone();
                        groups.entry(class).or_default().push((name, object.line));
                    }
                }
                Value::Made(made) if made.file == file as u32 => {
                    let last = made.callee.rsplit('.').next().unwrap_or_default();
                    if MADE.contains(&last) {
                        groups.entry(made.callee.clone()).or_default().push((name, made.line));
                    }
                }
                _ => {}
            }
        }
        for (class, mut names) in groups {
            if names.len() < 3 {
                continue;
            }
            names.sort_by_key(|(name, line)| (*line, *name));
            let line = names.first().map_or(1, |(_, line)| *line);
            let members = names.into_iter().map(|(name, line)| Member {
                key: Some(name.clone()),
                target: format!("{module}.{name}").into(),
                file: path.clone(),
                line,
                certainty: Certainty::Exact,
                why: "bound to an instance".into(),
            });
            let short = class.rsplit('.').next().unwrap_or(&class);
            let head = Head {
                name: format!("{module}.{short}()").into(),
                kind: "module-instances",
                registrar: class.clone(),
                file: path.clone(),
                line,
                certainty: Certainty::Possible,
                why: format!("names of {module} bound to instances of {class}").into(),
            };
            found.push(registry(head, members.collect()));
        }
    }
    found
}

/// `setattr(C, name, f)` by a decorator.
pub fn attached(machine: &Machine<'_, '_>) -> Vec<Registry> {
    let mut groups: FxHashMap<Name, Vec<Member>> = FxHashMap::default();
    let mut places: FxHashMap<Name, (Name, u32)> = FxHashMap::default();
    for one in &machine.attached {
        let Some(registrar) = &one.registrar else { continue };
        let Some((target, _, _)) = machine.describe(&one.subject) else { continue };
        let class = one.owner.as_deref().unwrap_or("a class that is computed");
        let file = machine.path_of(one.file);
        let symbol = machine.context.names.symbol(registrar);
        let place = symbol.map_or((file.clone(), one.line), |s| (s.file.clone(), s.line));
        places.entry(registrar.clone()).or_insert(place);
        let members = groups.entry(registrar.clone()).or_default();
        // One definition may go to several classes.
        if let Some(last) = members.last_mut()
            && (last.line, &last.file, &last.target) == (one.line, &file, &target)
        {
            last.why = format!("{}, {class}", last.why).into();
            continue;
        }
        members.push(Member {
            key: Some(one.name.clone()),
            target,
            file,
            line: one.line,
            certainty: Certainty::Exact,
            why: format!("while decorating, set on {class}").into(),
        });
    }
    let build = |(registrar, members): (Name, Vec<Member>)| {
        let (file, line) = places.get(&registrar).cloned().unwrap_or_default();
        let head = Head {
            name: registrar.clone(),
            kind: "attach",
            registrar: registrar.clone(),
            file,
            line,
            certainty: Certainty::Exact,
            why: format!("{registrar} sets what it decorates on a class").into(),
        };
        registry(head, members)
    };
    groups.into_iter().map(build).collect()
}

/// Classes made by `type()`, `exec` and the like, with the line that makes them.
pub fn generated(machine: &Machine<'_, '_>) -> Vec<Registry> {
    let mut found = Vec::new();
    for of in &machine.files {
        if is_test(&of.file.path) {
            continue;
        }
        let mut told: Vec<&Name> = Vec::new();
        for generator in &of.facts.registries.generators {
            if told.contains(&&generator.within) {
                continue;
            }
            told.push(&generator.within);
            let mut members: Vec<Member> = Vec::new();
            for made in machine.made.iter().filter(|made| made.by == generator.within) {
                let class = &machine.classes[made.class as usize];
                members.push(Member {
                    key: Some(class.short.clone()),
                    target: class.name.clone(),
                    file: machine.path_of(class.file),
                    line: class.line,
                    certainty: Certainty::Inferred,
                    why: "generated at run time; the name is folded from constants".into(),
                });
            }
            if members.is_empty() {
                members.push(Member {
                    key: None,
                    target: format!("{} in {}", generator.how, generator.within).into(),
                    file: of.file.path.clone(),
                    line: generator.line,
                    certainty: Certainty::Possible,
                    why: "generated at run time: names are computed".into(),
                });
            }
            let head = Head {
                name: generator.within.clone(),
                kind: "generated",
                registrar: generator.within.clone(),
                file: of.file.path.clone(),
                line: generator.line,
                certainty: Certainty::Possible,
                why: format!("{} here makes definitions at run time", generator.how).into(),
            };
            found.push(registry(head, members));
        }
    }
    found
}
