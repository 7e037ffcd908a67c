//! Reads registries off the heap: containers that outlive the calls that fill them, with the
//! definitions they hold.

use rustc_hash::{FxHashMap, FxHashSet};

use super::build::is_test;
use super::machine::Machine;
use super::machine::value::{How, Kind, ObjectId, Value};
use super::rows::{Row, Weight, rows};
use crate::model::{Certainty, Language, Member, Name, Registry};

/// Deepest chain of attributes from a module's name to a container.
const MAX_PATH: u32 = 3;

/// Keywords that only pass through are kept as a table by what stores this many.
const LASTING: usize = 8;

/// With this many definitions in it a container is no cache.
const SURE: usize = 3;

pub fn containers(machine: &Machine<'_, '_>) -> Vec<Registry> {
    let names = name_objects(machine);
    let mut registries: Vec<Registry> = Vec::new();
    for (object, name) in names {
        if let Some(registry) = registry(machine, object, &name) {
            registries.push(registry);
        }
    }
    drop_copies(&mut registries);
    registries
}

/// Every container that a module, class or instance of either holds, with its dotted name.
fn name_objects(machine: &Machine<'_, '_>) -> Vec<(ObjectId, Name)> {
    let mut named: FxHashMap<ObjectId, Name> = FxHashMap::default();
    let mut order: Vec<(ObjectId, u32)> = Vec::new();
    let mut add = |id: ObjectId, name: Name, depth: u32, order: &mut Vec<(ObjectId, u32)>| {
        if let std::collections::hash_map::Entry::Vacant(e) = named.entry(id) {
            e.insert(name);
            order.push((id, depth));
        }
    };
    for at_home in [true, false] {
        for (file, globals) in machine.globals.iter().enumerate() {
            let module = machine.module_name(file as u32);
            let mut sorted: Vec<(&Name, &Value)> = globals.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            for (name, value) in sorted {
                let Value::Object(id) = value else { continue };
                if (machine.objects[*id as usize].file == file as u32) == at_home {
                    add(*id, format!("{module}.{name}").into(), 0, &mut order);
                }
            }
        }
        for (index, class) in machine.classes.iter().enumerate() {
            for (name, value) in &class.attrs {
                let Value::Object(id) = value else { continue };
                if (machine.objects[*id as usize].file == class.file) == at_home {
                    add(*id, format!("{}.{name}", class.name).into(), 0, &mut order);
                }
            }
            if let Some(summary) = machine.summary_of(index as u32) {
                add(summary, class.name.clone(), 0, &mut order);
            }
        }
        for (name, object) in machine.function_objects() {
            add(object, name, 0, &mut order);
        }
        for (name, object) in machine.tuples.iter().chain(&machine.locals) {
            add(*object, name.clone(), 0, &mut order);
        }
    }
    let mut at = 0;
    while at < order.len() {
        let (id, depth) = order[at];
        at += 1;
        let object = &machine.objects[id as usize];
        if !matches!(object.kind, Kind::Instance(_)) || depth >= MAX_PATH || object.hooked {
            continue;
        }
        let Some(base) = named.get(&id).cloned() else { continue };
        let mut attrs: Vec<(&Name, &Value)> = object.attrs.iter().collect();
        attrs.sort_by_key(|(name, _)| *name);
        for (name, value) in attrs {
            if let Value::Object(inner) = value
                && !named.contains_key(inner)
            {
                named.insert(*inner, format!("{base}.{name}").into());
                order.push((*inner, depth + 1));
            }
        }
    }
    let mut all: Vec<(ObjectId, Name)> = order
        .into_iter()
        .filter_map(|(id, _)| named.get(&id).map(|name| (id, name.clone())))
        .collect();
    all.sort_unstable();
    all
}

fn registry(machine: &Machine<'_, '_>, id: ObjectId, name: &Name) -> Option<Registry> {
    let object = &machine.objects[id as usize];
    if object.transient && object.entries.len() < LASTING || object.entries.is_empty() {
        return None;
    }
    let all = rows(machine, object);
    let all = super::lazy::resolve(machine, object, name, all);
    let (mut total, mut unknown) = (0, 0);
    let mut kept: Vec<Row> = Vec::new();
    let mut seen: FxHashSet<(Option<Name>, Name, u32, u64)> = FxHashSet::default();
    let at_test = is_test(&machine.path_of(object.file));
    // What a test made of the product is no registry of either.
    if !at_test && holder(machine, name).is_some_and(|file| is_test(&machine.path_of(file))) {
        return None;
    }
    for mut row in all {
        let file: u32 = row.member.file.parse().unwrap_or(0);
        row.member.file = machine.path_of(file);
        // What tests put into a registry of the product is no part of it.
        if !at_test && is_test(&row.member.file) {
            continue;
        }
        let member = &row.member;
        let identity = (member.key.clone(), member.target.clone(), member.line, row.print);
        if !seen.insert(identity) {
            continue;
        }
        match (row.weight, &row.member.key) {
            (Weight::Nothing, None) => unknown += 1,
            (Weight::Nothing, Some(_)) => total += 1,
            _ => {
                total += 1;
                kept.push(row);
            }
        }
    }
    // Look-ups that note what they found do not unmake a registry.
    if kept.iter().filter(|row| row.weight == Weight::Definition).count() < SURE {
        total += unknown;
    }
    drop_unkeyed(&mut kept);
    if at_test && kept.iter().all(|row| row.how <= How::Assigned) {
        return None;
    }
    if !is_registry(object.kind, total, &kept, name) {
        return None;
    }
    let (how, registrar) = main_way(&kept);
    let lazy = kept.iter().filter(|row| row.weight == Weight::Lazy).count() * 2 > kept.len();
    let kind = match how {
        _ if machine.is_dispatch(id) => "single-dispatch",
        How::Literal | How::Assigned if lazy => "lazy-table",
        How::Literal | How::Assigned => "table",
        How::Call => "register-call",
        How::Decorator => "decorator",
        How::DecoratorClass => "decorator-class",
        How::InitSubclass => "init-subclass",
        How::Metaclass => "metaclass",
        How::SetName => "set-name",
    };
    let registrar = registrar.unwrap_or_else(|| name.clone());
    let why = why(kind, &registrar, name);
    let certainty = if kept.iter().any(|row| row.member.certainty == Certainty::Exact) {
        Certainty::Exact
    } else {
        Certainty::Inferred
    };
    let members: Vec<Member> = kept.into_iter().map(|row| row.member).collect();
    Some(Registry {
        name: name.clone(),
        kind: kind.into(),
        registrar,
        language: Language::Python,
        file: machine.path_of(object.file),
        line: object.line,
        certainty,
        why,
        members,
    })
}

/// The file of the module that holds what bears a dotted name.
fn holder(machine: &Machine<'_, '_>, name: &str) -> Option<u32> {
    let mut end = name.len();
    while let Some(dot) = name[..end].rfind('.') {
        if let Some(file) = machine.modules.get(&name[..dot]) {
            return Some(*file);
        }
        end = dot;
    }
    None
}

/// A row whose key is not known repeats one whose key is: another branch of the same code.
fn drop_unkeyed(rows: &mut Vec<Row>) {
    let place = |row: &Row| (row.member.target.clone(), row.member.file.clone(), row.member.line);
    let keyed: FxHashSet<(Name, Name, u32)> =
        rows.iter().filter(|row| row.member.key.is_some()).map(place).collect();
    rows.retain(|row| row.member.key.is_some() || !keyed.contains(&place(row)));
}

/// What most of the rows that came by code came by; else a literal.
fn main_way(rows: &[Row]) -> (How, Option<Name>) {
    let mut counts: FxHashMap<(How, Option<&Name>), usize> = FxHashMap::default();
    for row in rows {
        *counts.entry((row.how, row.registrar.as_ref())).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| (b.1, a.0.0, a.0.1).cmp(&(a.1, b.0.0, b.0.1)));
    let by_code = counts.iter().find(|((how, _), _)| *how > How::Assigned);
    let best = by_code.or(counts.first());
    best.map_or((How::Literal, None), |((how, registrar), _)| (*how, registrar.cloned()))
}

fn why(kind: &str, registrar: &str, container: &str) -> Name {
    match kind {
        "table" => format!("rows of the table {container}"),
        "lazy-table" => format!("strings in {container} name definitions of the project"),
        "single-dispatch" => format!("implementations registered on {registrar}"),
        "register-call" => format!("calls of {registrar} store their argument in {container}"),
        "decorator" => format!("the decorator {registrar} stores what it decorates in {container}"),
        "decorator-class" => {
            format!("the decorator class {registrar} stores what it decorates in {container}")
        }
        "metaclass" => format!("the metaclass {registrar} stores each class in {container}"),
        _ => format!("{registrar} stores each class or attribute in {container}"),
    }
    .into()
}

/// Whether what a container holds makes it a registry rather than data, a cache or an argument.
fn is_registry(kind: Kind, total: usize, rows: &[Row], name: &str) -> bool {
    let strong = rows.iter().filter(|row| row.weight >= Weight::Lazy).count();
    let instances = rows.iter().filter(|row| row.weight == Weight::Instance).count();
    let by_code = rows.iter().filter(|row| row.how > How::Assigned).count();
    let last = name.rsplit('.').next().unwrap_or(name);
    let families = |rows: &mut dyn Iterator<Item = &Row>| {
        rows.map(|row| &row.member.target).collect::<FxHashSet<_>>().len()
    };
    let keyed = rows
        .iter()
        .filter(|row| row.weight == Weight::Instance && row.is_keyed && row.member.key.is_some())
        .count();
    let kinds = families(&mut rows.iter().filter(|row| row.weight == Weight::Instance));
    // A few options of an enumeration are a setting.
    const LEAST_CHOICES: usize = 4;
    let choices = rows.iter().filter(|row| row.is_choice).count();
    if strong == 0 && choices == instances && choices < LEAST_CHOICES {
        return false;
    }
    // Many instances of one class in a list, or under computed keys, are data.
    let instances = if keyed >= 2 || kinds >= 3 { instances } else { 0 };
    if strong == 0 && (last.contains("cache") || last.contains("CACHE")) {
        return false;
    }
    if last.starts_with("__") && last.ends_with("__") {
        return false;
    }
    if by_code > 0 {
        // Handlers under numbers that only a run knows are its state.
        let is_state = |row: &Row| row.is_keyed && row.member.key.is_none() && row.how <= How::Call;
        if rows.iter().all(is_state) && families(&mut rows.iter()) < 3 {
            return false;
        }
        // Stored by code meant to store: one definition is enough, instances need company.
        let definitions =
            rows.iter().filter(|row| row.how > How::Assigned && row.weight >= Weight::Lazy).count();
        return (definitions > 0 || instances >= 2) && (strong + instances) * 2 >= total;
    }
    let members = strong + instances;
    let outside = rows.iter().filter(|row| row.weight == Weight::Outside).count();
    let share = members * 10 >= total * 6
        || strong >= 3 && strong * 10 >= total * 3 && (members + outside) * 10 >= total * 8
        || strong >= 8 && strong * 10 >= total * 4;
    match kind {
        Kind::Dict | Kind::Instance(_) => members >= 2 && share,
        Kind::List | Kind::Set => (strong >= 3 || instances >= 4) && share,
    }
}

/// Instances of one class repeat what its `__init__` stores: one registry tells it.
fn drop_copies(registries: &mut Vec<Registry>) {
    /// Key, target, file, line of a member.
    type Entry = (Option<Name>, Name, Name, u32);
    let mut seen: FxHashSet<Vec<Entry>> = FxHashSet::default();
    registries.sort_by(|a, b| (a.name.len(), &a.name).cmp(&(b.name.len(), &b.name)));
    registries.retain(|registry| {
        let mut places: Vec<Entry> = registry
            .members
            .iter()
            .map(|row| (row.key.clone(), row.target.clone(), row.file.clone(), row.line))
            .collect();
        places.sort();
        seen.insert(places)
    });
}
