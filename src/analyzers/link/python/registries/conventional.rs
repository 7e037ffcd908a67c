//! Members by the conventions of frameworks that lie outside the project.

use rustc_hash::FxHashMap;

use super::build::{Head, registry, text_attr};
use super::machine::value::Value;
use super::machine::{Machine, Seen};
use super::rows::{Weight, key_text, short, target};
use crate::analyzers::python::conventions::{Call, Conventions, expand};
use crate::model::{Certainty, Member, Name, Registry};

pub fn conventional(machine: &Machine<'_, '_>, conventions: &Conventions) -> Vec<Registry> {
    let mut found = calls(machine, conventions);
    found.extend(subclasses(machine, conventions));
    found.extend(functions(machine, conventions));
    found.extend(modules(machine, conventions));
    found.extend(guesses(machine));
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Members gathered under the name of their registry.
#[derive(Default)]
struct Groups(FxHashMap<Name, Registry>);

impl Groups {
    fn add(&mut self, head: Head, member: Member) {
        let name = head.name.clone();
        let registry = self.0.entry(name).or_insert_with(|| registry(head, Vec::new()));
        let is_known = registry.members.iter().any(|known| {
            (&known.key, &known.target, known.line) == (&member.key, &member.target, member.line)
        });
        if !is_known {
            registry.members.push(member);
        }
    }
}

fn calls(machine: &Machine<'_, '_>, conventions: &Conventions) -> Vec<Registry> {
    let mut by_callee: FxHashMap<Name, &Call> = FxHashMap::default();
    for call in &conventions.call {
        for callee in expand(&call.callee) {
            by_callee.insert(callee, call);
        }
    }
    let receivers = receivers(machine);
    let mut groups = Groups::default();
    for seen in &machine.seen {
        let Some(call) = by_callee.get(&seen.callee) else { continue };
        let Some((target, value)) = registered(machine, seen, call) else { continue };
        let module = machine.module_name(seen.file);
        let container = if call.registry == "callee" {
            seen.callee.to_string()
        } else {
            match call.group.as_str() {
                "project" => call.registry.clone(),
                "module" => format!("{module}.{}", call.registry),
                _ => {
                    let receiver = seen.receiver.and_then(|place| receivers.get(&place));
                    let receiver = receiver.map_or(&*module, |name| &**name);
                    format!("{receiver}.{}", call.registry)
                }
            }
        };
        let file = machine.path_of(seen.file);
        let key = key(machine, seen, call, value, &target, &module);
        let why = if key.is_some() { "by convention" } else { "the key is computed at run time" };
        let head = Head {
            name: container.as_str().into(),
            kind: if call.kind == "route-table" { "route-table" } else { "register-call" },
            registrar: seen.callee.clone(),
            file: file.clone(),
            line: seen.line,
            certainty: Certainty::Inferred,
            why: format!("{} registers, by convention", seen.callee).into(),
        };
        let kind: &'static str = match (head.kind, &seen.subject) {
            ("register-call", Some(_)) => "decorator",
            (kind, _) => kind,
        };
        let head = Head { kind, ..head };
        let member = Member {
            key,
            target,
            file,
            line: seen.line,
            certainty: Certainty::Inferred,
            why: format!("{why}: {}", seen.callee).into(),
        };
        groups.add(head, member);
    }
    groups.0.into_values().collect()
}

/// Names of what was made at a place, for registries of one receiver.
fn receivers(machine: &Machine<'_, '_>) -> FxHashMap<(u32, u32), Name> {
    let mut names: FxHashMap<(u32, u32), Name> = FxHashMap::default();
    for (file, globals) in machine.globals.iter().enumerate() {
        let module = machine.module_name(file as u32);
        for (name, value) in globals {
            let place = match value {
                Value::Made(made) => (made.file, made.line),
                Value::Object(id) => {
                    let object = &machine.objects[*id as usize];
                    (object.file, object.line)
                }
                Value::Function(_) | Value::Class(_) => match machine.describe(value) {
                    Some((_, file, line)) => (file, line),
                    None => continue,
                },
                _ => continue,
            };
            if place.0 == file as u32 {
                names.insert(place, format!("{module}.{name}").into());
            }
        }
    }
    names
}

/// What a call registers: what it decorates, or one of its arguments.
fn registered<'m>(
    machine: &Machine<'_, '_>,
    seen: &'m Seen,
    call: &Call,
) -> Option<(Name, Option<&'m Value>)> {
    for place in &call.value {
        let Some(value) = argument(seen, place) else { continue };
        if let Some((name, _)) = target(machine, value, 0).filter(|(_, w)| *w > Weight::Nothing) {
            return Some((name, Some(value)));
        }
    }
    if let Some(subject) = &seen.subject {
        return target(machine, subject, 0).map(|(name, _)| (name, Some(subject)));
    }
    if call.value.is_empty() {
        let found = seen.args.plain.iter().find(|value| machine.describe(value).is_some())?;
        return machine.describe(found).map(|(name, _, _)| (name, Some(found)));
    }
    None
}

fn argument<'s>(seen: &'s Seen, place: &str) -> Option<&'s Value> {
    match place.parse::<usize>() {
        Ok(at) => seen.args.plain.get(at),
        Err(_) => {
            seen.args.named.iter().find_map(|(name, value)| (&**name == place).then_some(value))
        }
    }
}

fn key(
    machine: &Machine<'_, '_>,
    seen: &Seen,
    call: &Call,
    value: Option<&Value>,
    target: &Name,
    module: &str,
) -> Option<Name> {
    let own = short(target);
    let text = |place: &str| argument(seen, place).map(|value| key_text(machine, value));
    let is_name = |value: &Value| matches!(value, Value::Str(_) | Value::None);
    let first = seen.args.plain.first().filter(|value| is_name(value)).map(|_| "0");
    let named = argument(seen, "name").map(|_| "name");
    match call.key.as_str() {
        "" => Some(own),
        "callee" => {
            let mut parts = seen.callee.rsplit('.');
            parts.next();
            parts.next().map(Into::into)
        }
        "name-or-0" => match named.or(first) {
            Some(place) => text(place).flatten(),
            None => Some(own),
        },
        "task-name" => match named {
            Some(place) => text(place).flatten(),
            None => Some(format!("{module}.{own}").into()),
        },
        "command-name" => match named.or(first) {
            Some(place) => text(place).flatten(),
            None => Some(own.to_lowercase().replace('_', "-").into()),
        },
        key if key.starts_with("attr:") => match value {
            Some(Value::Class(class)) => text_attr(machine, *class, &key[5..]),
            _ => Some(own),
        },
        place => match text(place) {
            Some(text) => text,
            None if place == "0" => seen
                .args
                .named
                .iter()
                .find(|(name, _)| matches!(&**name, "path" | "rule" | "name" | "pattern"))
                .map_or(Some(own), |(_, value)| key_text(machine, value)),
            None => Some(own),
        },
    }
}

fn subclasses(machine: &Machine<'_, '_>, conventions: &Conventions) -> Vec<Registry> {
    let mut by_base: FxHashMap<Name, usize> = FxHashMap::default();
    for (at, subclass) in conventions.subclass.iter().enumerate() {
        for base in expand(&subclass.base) {
            by_base.insert(base, at);
        }
    }
    let mut groups = Groups::default();
    for (index, class) in machine.classes.iter().enumerate() {
        let found = class.outside.iter().find_map(|base| Some((base, *by_base.get(base)?)));
        let Some((base, at)) = found else { continue };
        let convention = &conventions.subclass[at];
        let attr = convention.key.strip_prefix("attr:");
        let mut member = super::families::member(machine, index as u32, attr);
        member.certainty = Certainty::Inferred;
        let head = Head {
            name: convention.registry.as_str().into(),
            kind: "subclasses",
            registrar: base.clone(),
            file: member.file.clone(),
            line: member.line,
            certainty: Certainty::Inferred,
            why: format!("{base} keeps its subclasses, by convention").into(),
        };
        groups.add(head, member);
    }
    groups.0.into_values().collect()
}

fn functions(machine: &Machine<'_, '_>, conventions: &Conventions) -> Vec<Registry> {
    let mut groups = Groups::default();
    for (file, of) in machine.files.iter().enumerate() {
        let path = &of.file.path;
        let name = path.rsplit('/').next().unwrap_or(path);
        for convention in conventions.function.iter().filter(|one| one.file == name) {
            let mut globals: Vec<_> = machine.globals[file].iter().collect();
            globals.sort_by_key(|(name, _)| *name);
            for (name, value) in globals {
                let Some(key) = name.strip_prefix(convention.prefix.as_str()) else { continue };
                let Some((target, at, line)) = machine.describe(value) else { continue };
                if at != file as u32 {
                    continue;
                }
                let head = Head {
                    name: convention.registry.as_str().into(),
                    kind: "name-convention",
                    registrar: convention.registry.as_str().into(),
                    file: path.clone(),
                    line,
                    certainty: Certainty::Inferred,
                    why: format!("functions {}… of {name}", convention.prefix).into(),
                };
                let member = Member {
                    key: Some(key.into()),
                    target,
                    file: path.clone(),
                    line,
                    certainty: Certainty::Inferred,
                    why: "by its name".into(),
                };
                groups.add(head, member);
            }
        }
    }
    groups.0.into_values().collect()
}

fn modules(machine: &Machine<'_, '_>, conventions: &Conventions) -> Vec<Registry> {
    let mut groups = Groups::default();
    for (file, of) in machine.files.iter().enumerate() {
        let path = &of.file.path;
        let Some((folder, name)) = path.rsplit_once('/') else { continue };
        let stem = name.strip_suffix(".py").unwrap_or(name);
        for convention in &conventions.module {
            let is_there = folder == convention.folder
                || folder
                    .strip_suffix(convention.folder.as_str())
                    .is_some_and(|f| f.ends_with('/'));
            if !is_there || stem.starts_with('_') {
                continue;
            }
            let Some(value) = machine.globals[file].get(convention.symbol.as_str()) else {
                continue;
            };
            let Some((target, _, line)) = machine.describe(value) else { continue };
            let head = Head {
                name: convention.registry.as_str().into(),
                kind: "module-convention",
                registrar: convention.registry.as_str().into(),
                file: path.clone(),
                line,
                certainty: Certainty::Inferred,
                why: format!("{} of each module in {}/", convention.symbol, convention.folder)
                    .into(),
            };
            let member = Member {
                key: Some(stem.into()),
                target,
                file: path.clone(),
                line,
                certainty: Certainty::Inferred,
                why: "the file's name is the key".into(),
            };
            groups.add(head, member);
        }
    }
    groups.0.into_values().collect()
}

/// Telling calls on objects nothing is known of: `app.add_node(Node)` in `setup(app)`.
fn guesses(machine: &Machine<'_, '_>) -> Vec<Registry> {
    let mut groups = Groups::default();
    for seen in &machine.guesses {
        let described = seen.args.iter().find_map(|value| machine.describe(value));
        let Some((target, _, _)) = described else { continue };
        let hook = short(&seen.within);
        // Only hooks of a fixed name, as extensions have.
        if !matches!(&*hook, "setup" | "register" | "includeme" | "init_app" | "load" | "ready") {
            continue;
        }
        let file = machine.path_of(seen.file);
        let head = Head {
            name: format!("{hook}({})", seen.callee).into(),
            kind: "setup-hook",
            registrar: seen.callee.clone(),
            file: file.clone(),
            line: seen.line,
            certainty: Certainty::Possible,
            why: format!("{hook} hands definitions to {}", seen.callee).into(),
        };
        let key = seen.args.plain.first().filter(|key| matches!(key, Value::Str(_)));
        let member = Member {
            key: key.map_or_else(|| Some(short(&target)), |key| key_text(machine, key)),
            target,
            file,
            line: seen.line,
            certainty: Certainty::Possible,
            why: format!("in {}", seen.within).into(),
        };
        groups.add(head, member);
    }
    groups.0.into_values().filter(|registry| registry.members.len() > 1).collect()
}
