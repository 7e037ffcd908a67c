//! What one entry of a container says: key, target, place.

use super::machine::Machine;
use super::machine::value::{Entry, How, Kind, Object, Value, identity};
use crate::model::{Certainty, Member, Name};

/// A member with what its registry's kind is judged by.
pub struct Row {
    pub member: Member,
    pub how: How,
    pub registrar: Option<Name>,
    pub weight: Weight,
    /// The container gives it its key.
    pub is_keyed: bool,
    /// The value is a member of an enumeration.
    pub is_choice: bool,
    /// Tells apart tuples that begin alike.
    pub print: u64,
}

/// How much a stored value looks like a member of a registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// A plain constant or an unknown value.
    Nothing,
    /// Something made outside the project, or an outside definition.
    Outside,
    /// An instance of a project class.
    Instance,
    /// A string that names a definition.
    Lazy,
    /// A function or class.
    Definition,
}

const MAX_NEST: u32 = 3;

pub fn rows(machine: &Machine<'_, '_>, object: &Object) -> Vec<Row> {
    let mut found = Vec::new();
    let is_keyed = object.kind == Kind::Dict || matches!(object.kind, Kind::Instance(_));
    for entry in &object.entries {
        entry_rows(machine, entry, entry.key.as_ref(), is_keyed, None, 0, &mut found);
    }
    found
}

fn entry_rows(
    machine: &Machine<'_, '_>,
    entry: &Entry,
    key: Option<&Value>,
    is_keyed: bool,
    prefix: Option<&str>,
    depth: u32,
    found: &mut Vec<Row>,
) {
    if let Value::Object(id) = &entry.value {
        let inner = &machine.objects[*id as usize];
        if !matches!(inner.kind, Kind::Instance(_)) && depth < MAX_NEST {
            nested(machine, entry, inner, key, prefix, depth, found);
            return;
        }
    }
    let Some((target, weight)) = target(machine, &entry.value, 0) else {
        // `C[definition] = options`: the key is what is registered.
        if let Some((target, weight)) = key.and_then(|key| definition(machine, key)) {
            push(entry, Some(short(&target)), target, (weight, is_keyed), found);
        } else {
            let key = key.and_then(|key| key_text(machine, key));
            push(entry, key, "".into(), (Weight::Nothing, is_keyed), found);
        }
        return;
    };
    let text = match key {
        Some(_) if entry.text.is_some() && depth == 0 => entry.text.clone(),
        Some(key) => key_text(machine, key),
        None if is_keyed => None,
        None => Some(short(&target)),
    };
    let text = match (prefix, text) {
        (Some(prefix), Some(text)) => Some(format!("{prefix}.{text}").into()),
        (_, text) => text,
    };
    push(entry, text, target, (weight, is_keyed), found);
    if let (Value::Object(id), Some(row)) = (&entry.value, found.last_mut()) {
        row.is_choice = machine.objects[*id as usize].attrs.contains_key("_name_");
    }
    if let (Value::Class(class), Some(row)) = (&entry.value, found.last_mut())
        && let Some(made) = machine.generated(*class)
    {
        let (by, file, line) = (&made.by, machine.path_of(made.file), made.line);
        row.member.why = format!("generated at run time by {by} ({file}:{line})").into();
    }
}

/// A container in a container: a list of members under one key, a record, or a table of tables.
fn nested(
    machine: &Machine<'_, '_>,
    entry: &Entry,
    inner: &Object,
    key: Option<&Value>,
    prefix: Option<&str>,
    depth: u32,
    found: &mut Vec<Row>,
) {
    let outer = key.and_then(|key| key_text(machine, key));
    let joined: Option<Name> = match (prefix, &outer) {
        (Some(prefix), Some(outer)) => Some(format!("{prefix}.{outer}").into()),
        (None, Some(_)) if matches!(key, Some(Value::None)) => None,
        (None, outer) => outer.clone(),
        (Some(prefix), None) => Some(prefix.into()),
    };
    if inner.kind == Kind::Dict {
        let mut parts = Vec::new();
        for part in &inner.entries {
            entry_rows(
                machine,
                part,
                part.key.as_ref(),
                true,
                joined.as_deref(),
                depth + 1,
                &mut parts,
            );
        }
        let members = parts.iter().filter(|row| row.weight > Weight::Outside).count();
        if members == 1 && parts.len() > 1 {
            // A record with one definition and its options.
            if let Some(row) = parts.into_iter().find(|row| row.weight > Weight::Outside) {
                let (target, weight) = (row.member.target, row.weight);
                let key = joined.or_else(|| Some(short(&target)));
                push(entry, key, target, (weight, true), found);
            }
            return;
        }
        found.extend(parts);
        return;
    }
    for part in &inner.entries {
        // Rows of rows (grammars, state tables) are data.
        if part.how == How::Literal && matches!(part.value, Value::Tuple(_)) && outer.is_some() {
            push(part, outer.clone(), "".into(), (Weight::Nothing, true), found);
            continue;
        }
        match &outer {
            Some(_) => entry_rows(machine, part, key, true, prefix, depth + 1, found),
            None => entry_rows(machine, part, None, false, prefix, depth + 1, found),
        }
    }
}

fn push(
    entry: &Entry,
    key: Option<Name>,
    target: Name,
    (weight, is_keyed): (Weight, bool),
    found: &mut Vec<Row>,
) {
    let (certainty, why): (Certainty, Name) = match (&key, entry.uncertain) {
        (None, _) => (Certainty::Inferred, "the key is computed at run time".into()),
        (_, true) => (Certainty::Inferred, "stored under a condition or in a loop".into()),
        _ => (Certainty::Exact, how_text(entry.how).into()),
    };
    found.push(Row {
        member: Member { key, target, file: Name::default(), line: entry.line, certainty, why },
        how: entry.how,
        registrar: entry.registrar.clone(),
        weight,
        is_keyed: is_keyed || entry.key.is_some(),
        is_choice: false,
        print: print(&entry.value, entry.how),
    });
    // The caller turns file numbers into paths.
    if let Some(row) = found.last_mut() {
        row.member.file = entry.file.to_string().into();
    }
}

/// A hash of what a tuple holds, or the number of an instance; 0 for anything else.
fn print(value: &Value, how: How) -> u64 {
    use std::hash::Hasher;
    if let (Value::Object(id), How::Literal | How::Assigned) = (value, how) {
        return u64::from(*id) + 1;
    }
    let Value::Tuple(items) = value else { return 0 };
    let mut hasher = rustc_hash::FxHasher::default();
    for item in items.iter() {
        match identity(item) {
            Some(identity) => hasher.write(identity.as_bytes()),
            None => hasher.write_u8(1),
        }
    }
    hasher.finish()
}

fn how_text(how: How) -> &'static str {
    match how {
        How::Literal => "a row of the literal",
        How::Assigned => "assigned in the module or class body",
        How::Call => "passed to a function that stores it",
        How::Decorator => "decorated by a function that stores it",
        How::DecoratorClass => "decorated by a class that stores it",
        How::InitSubclass => "stored by __init_subclass__ when the class is made",
        How::Metaclass => "stored by the metaclass when the class is made",
        How::SetName => "stored by __set_name__ when the class is made",
    }
}

/// The qualified name behind a stored value.
pub fn target(machine: &Machine<'_, '_>, value: &Value, depth: u32) -> Option<(Name, Weight)> {
    if depth > 3 {
        return None;
    }
    if let Some(found) = definition(machine, value) {
        return Some(found);
    }
    match value {
        Value::Object(id) => {
            let object = &machine.objects[*id as usize];
            let Kind::Instance(class) = object.kind else {
                let values = object.entries.iter().map(|entry| &entry.value);
                return best(machine, values, depth);
            };
            match object.from.as_ref().and_then(|from| definition(machine, from)) {
                Some(found) => Some(found),
                None => {
                    let class = &machine.classes[class as usize];
                    // Lazy texts and the like are values, whatever they are made of.
                    let is_text = class.short.contains("Proxy")
                        || class.outside.iter().any(|base| {
                            matches!(&**base, "builtins.str" | "collections.UserString")
                        });
                    let weight = if is_text { Weight::Nothing } else { Weight::Instance };
                    Some((class.name.clone(), weight))
                }
            }
        }
        Value::Tuple(items) => best(machine, items.iter(), depth),
        Value::Made(made) => {
            let inner = best(machine, made.args.iter(), depth);
            match inner {
                Some((name, Weight::Definition)) => Some((name, Weight::Definition)),
                _ => Some((made.callee.clone(), Weight::Outside)),
            }
        }
        Value::Path(path) if !path.starts_with("metascope.") => {
            let name = path.strip_prefix("builtins.").unwrap_or(path);
            // Compiled parts of the project itself are as good as its Python.
            let top = name.split('.').next().unwrap_or(name);
            let is_ours = name.contains('.') && machine.modules.contains_key(top);
            Some((name.into(), if is_ours { Weight::Definition } else { Weight::Outside }))
        }
        Value::Module(module) => Some((module.clone(), Weight::Outside)),
        _ => None,
    }
}

fn best<'v>(
    machine: &Machine<'_, '_>,
    values: impl Iterator<Item = &'v Value>,
    depth: u32,
) -> Option<(Name, Weight)> {
    let mut best: Option<(Name, Weight)> = None;
    for value in values {
        if let Some(next) = target(machine, value, depth + 1)
            && best.as_ref().is_none_or(|(_, weight)| *weight < next.1)
        {
            best = Some(next);
        }
    }
    best
}

fn definition(machine: &Machine<'_, '_>, value: &Value) -> Option<(Name, Weight)> {
    if let Value::Derived(inner) = value
        && let Value::Object(_) = &**inner
    {
        return None;
    }
    machine.describe(value).map(|(name, _, _)| (name, Weight::Definition))
}

/// A key as text; `None` when it is computed.
pub fn key_text(machine: &Machine<'_, '_>, key: &Value) -> Option<Name> {
    match key {
        Value::Str(text) => Some(text.clone()),
        Value::Int(int) => Some(int.to_string().into()),
        Value::Bool(value) => Some(if *value { "True" } else { "False" }.into()),
        Value::None => Some("None".into()),
        Value::Tuple(items) => {
            let mut parts = Vec::with_capacity(items.len());
            for item in items.iter() {
                parts.push(key_text(machine, item)?.to_string());
            }
            Some(parts.join(".").into())
        }
        Value::Path(path) => Some(short(path)),
        Value::Object(id) => {
            let object = &machine.objects[*id as usize];
            let Kind::Instance(class) = object.kind else { return None };
            if let Some(Value::Str(text)) = &object.from {
                return Some(text.clone());
            }
            // A member of an enumeration.
            if let Some(Value::Str(name)) = object.attrs.get("_name_") {
                return Some(name.clone());
            }
            Some(machine.classes[class as usize].short.clone())
        }
        // Made of one string: `URIRef("…")`.
        Value::Made(made) => match &*made.args.plain {
            [Value::Str(text)] => Some(text.clone()),
            _ => None,
        },
        Value::Derived(_) => None,
        other => machine.describe(other).map(|(name, _, _)| short(&name)),
    }
}

pub fn short(name: &str) -> Name {
    let last = name.rsplit('.').next().unwrap_or(name);
    // Lambdas are numbered in qualified names only.
    if last.starts_with("<lambda") { "<lambda>".into() } else { last.into() }
}
