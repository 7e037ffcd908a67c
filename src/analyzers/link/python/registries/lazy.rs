//! Tables of strings that name definitions: `"alias": "pkg.mod:Attr"`, `(".mod", "Attr")`.

use super::machine::Machine;
use super::machine::value::{Entry, How, Kind, Object, Value};
use super::rows::{Row, Weight};
use crate::model::{Certainty, Member, Name};

/// Turns rows of plain strings into members where most of them resolve.
pub fn resolve(machine: &Machine<'_, '_>, object: &Object, name: &str, rows: Vec<Row>) -> Vec<Row> {
    let strong = rows.iter().filter(|row| row.weight > Weight::Outside).count();
    if strong * 2 > rows.len() || object.entries.len() < 2 {
        return rows;
    }
    let mut resolved = Vec::new();
    let mut dangling = Vec::new();
    for entry in &object.entries {
        let Some(texts) = strings(machine, &entry.value) else { continue };
        let key = match (&entry.key, object.kind) {
            (Some(Value::Str(key)), _) => Some(key.clone()),
            (None, Kind::List | Kind::Set) => texts.first().cloned(),
            _ => None,
        };
        let Some(key) = key else { continue };
        match find(machine, entry, name, &key, &texts) {
            Some(target) => resolved.push(row(entry, key, target, Certainty::Exact)),
            None if looks_dotted(&texts[0]) => {
                let target = texts[0].replace(':', ".");
                dangling.push(row(entry, key, target.into(), Certainty::Possible));
            }
            None => {}
        }
    }
    if resolved.len() < 2 || resolved.len() * 10 < object.entries.len() * 5 {
        return rows;
    }
    resolved.extend(dangling);
    resolved
}

fn row(entry: &Entry, key: Name, target: Name, certainty: Certainty) -> Row {
    let why = match certainty {
        Certainty::Exact => "the string names this definition",
        _ => "the string names nothing in the project: missing or not installed",
    };
    Row {
        member: Member {
            key: Some(key),
            target,
            file: entry.file.to_string().into(),
            line: entry.line,
            certainty,
            why: why.into(),
        },
        how: How::Literal,
        registrar: None,
        weight: Weight::Lazy,
        is_keyed: entry.key.is_some(),
        is_choice: false,
        print: 0,
    }
}

/// The leading strings of a value: itself, or those of a tuple or list.
fn strings(machine: &Machine<'_, '_>, value: &Value) -> Option<Vec<Name>> {
    match value {
        Value::Str(text) => Some(vec![text.clone()]),
        Value::Tuple(items) => {
            let texts: Vec<Name> = items
                .iter()
                .map_while(|item| match item {
                    Value::Str(text) => Some(text.clone()),
                    _ => None,
                })
                .collect();
            (!texts.is_empty()).then_some(texts)
        }
        Value::Object(id) => {
            let object = &machine.objects[*id as usize];
            if !matches!(object.kind, Kind::List) {
                return None;
            }
            let texts: Vec<Name> = object
                .entries
                .iter()
                .map_while(|entry| match &entry.value {
                    Value::Str(text) => Some(text.clone()),
                    _ => None,
                })
                .collect();
            (!texts.is_empty()).then_some(texts)
        }
        _ => None,
    }
}

fn find(
    machine: &Machine<'_, '_>,
    entry: &Entry,
    container: &str,
    key: &str,
    texts: &[Name],
) -> Option<Name> {
    let module = machine.module_name(entry.file);
    let is_package = machine.files[entry.file as usize].facts.is_package;
    let package = if is_package {
        &*module
    } else {
        module.rsplit_once('.').map_or("", |(parent, _)| parent)
    };
    let first = absolute(package, &texts[0].replace(':', "."));
    // (module, attribute) or module under the attribute's name.
    if machine.modules.contains_key(&*first) {
        for attr in texts.get(1).map(|text| &**text).into_iter().chain([key]) {
            if let Some(found) = known(machine, &format!("{first}.{attr}")) {
                return Some(found);
            }
        }
        return Some(first.into());
    }
    if first.contains('.') {
        return known(machine, &first);
    }
    // A bare name: a module of the package, a name of the module, or a method of the class.
    let holder = container.rsplit_once('.').map_or("", |(holder, _)| holder);
    for scope in [holder, &module, package] {
        if scope.is_empty() {
            continue;
        }
        let full = format!("{scope}.{first}");
        if machine.modules.contains_key(&*full) {
            let attr = format!("{full}.{key}");
            return Some(known(machine, &attr).unwrap_or_else(|| full.into()));
        }
        if let Some(found) = known(machine, &full) {
            return Some(found);
        }
    }
    None
}

/// A definition or module of the project.
fn known(machine: &Machine<'_, '_>, name: &str) -> Option<Name> {
    let names = machine.context.names;
    let resolved = names.resolve(name);
    let is_known = names.symbol(&resolved).is_some() || machine.modules.contains_key(&resolved);
    is_known.then_some(resolved)
}

fn absolute(package: &str, name: &str) -> String {
    let dots = name.chars().take_while(|c| *c == '.').count();
    if dots == 0 {
        return name.to_owned();
    }
    crate::analyzers::python::scopes::absolute(package, dots as u32, &name[dots..])
}

fn looks_dotted(text: &str) -> bool {
    text.contains('.')
        && text
            .split(['.', ':'])
            .all(|part| part.chars().all(|c| c.is_alphanumeric() || c == '_') && !part.is_empty())
}
