//! Entry points of packaging metadata: `pyproject.toml`, `setup.cfg`, `entry_points.txt`, and the
//! literal `entry_points=` of a `setup()` call.

use super::build::{Head, registry};
use super::machine::Machine;
use super::machine::value::{Kind, Value};
use crate::model::{Certainty, Manifest, Member, Name, Registry};

/// One group with its rows: name, object, line.
struct Group {
    name: String,
    line: u32,
    rows: Vec<(String, String, u32)>,
}

pub fn entry_points(machine: &Machine<'_, '_>) -> Vec<Registry> {
    let mut found = Vec::new();
    for manifest in machine.context.manifests {
        let file = manifest.path.rsplit('/').next().unwrap_or(&manifest.path);
        let groups = match file {
            "pyproject.toml" => of_pyproject(manifest),
            "setup.cfg" | "entry_points.txt" => of_ini(&manifest.text, file == "setup.cfg"),
            _ => continue,
        };
        for group in groups {
            found.push(build(machine, group, &manifest.path));
        }
    }
    for seen in &machine.seen {
        if !matches!(&*seen.callee, "setuptools.setup" | "distutils.core.setup") {
            continue;
        }
        let table = seen.args.named.iter().find(|(name, _)| &**name == "entry_points");
        let Some((_, Value::Object(table))) = table else { continue };
        for entry in &machine.objects[*table as usize].entries {
            let (Some(Value::Str(name)), Value::Object(rows)) = (&entry.key, &entry.value) else {
                continue;
            };
            let rows = &machine.objects[*rows as usize];
            if rows.kind != Kind::List {
                continue;
            }
            let rows = rows.entries.iter().filter_map(|row| match &row.value {
                Value::Str(text) => {
                    let (name, object) = text.split_once('=')?;
                    Some((name.trim().to_owned(), object.trim().to_owned(), row.line))
                }
                _ => None,
            });
            let group = Group { name: name.to_string(), line: entry.line, rows: rows.collect() };
            found.push(build(machine, group, &machine.path_of(seen.file)));
        }
    }
    found.retain(|registry| !registry.members.is_empty());
    found
}

fn build(machine: &Machine<'_, '_>, group: Group, path: &Name) -> Registry {
    let members = group.rows.into_iter().map(|(name, object, line)| {
        let object = object.split('[').next().unwrap_or(&object).trim();
        let origin = object.replace(':', ".");
        let target = machine.context.names.resolve(&origin);
        let is_known = machine.context.names.knows(&target);
        Member {
            key: Some(name.as_str().into()),
            target,
            file: path.clone(),
            line,
            certainty: if is_known { Certainty::Exact } else { Certainty::Inferred },
            why: format!("entry point of group {}", group.name).into(),
        }
    });
    let head = Head {
        name: group.name.as_str().into(),
        kind: "entry-points",
        registrar: path.clone(),
        file: path.clone(),
        line: group.line,
        certainty: Certainty::Exact,
        why: format!("entry points that {path} declares").into(),
    };
    registry(head, members.collect())
}

fn of_pyproject(manifest: &Manifest) -> Vec<Group> {
    let Ok(table) = manifest.text.parse::<toml::Table>() else { return Vec::new() };
    let mut groups: Vec<(String, toml::Table)> = Vec::new();
    let at = |keys: &[&str]| -> Option<toml::Table> {
        let mut value = table.clone();
        for key in keys {
            value = value.get(*key)?.as_table()?.clone();
        }
        Some(value)
    };
    let named = [
        ("console_scripts", &["project", "scripts"][..]),
        ("gui_scripts", &["project", "gui-scripts"][..]),
        ("console_scripts", &["tool", "poetry", "scripts"][..]),
    ];
    for (name, keys) in named {
        groups.extend(at(keys).map(|table| (name.to_owned(), table)));
    }
    for keys in [&["project", "entry-points"][..], &["tool", "poetry", "plugins"][..]] {
        for (name, table) in at(keys).unwrap_or_default() {
            groups.extend(table.as_table().map(|table| (name, table.clone())));
        }
    }
    let line_of = |wanted: &dyn Fn(&str) -> bool| {
        manifest.text.lines().position(wanted).map_or(1, |at| at as u32 + 1)
    };
    let build = |(name, table): (String, toml::Table)| {
        let rows = table.iter().filter_map(|(key, object)| {
            let object = object.as_str()?;
            let line = line_of(&|line: &str| line.contains(key.as_str()) && line.contains(object));
            Some((key.clone(), object.to_owned(), line))
        });
        let last = name.replace('_', "-");
        let line = line_of(&|line: &str| {
            line.starts_with('[') && (line.contains(&name) || line.contains(last.as_str()))
        });
        Group { rows: rows.collect(), line, name }
    };
    groups.into_iter().map(build).collect()
}

/// `[group]` sections, or in a `setup.cfg` the indented groups of `[options.entry_points]`.
fn of_ini(text: &str, is_cfg: bool) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut is_inside = !is_cfg;
    for (at, line) in text.lines().enumerate() {
        let number = at as u32 + 1;
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if let Some(section) = trimmed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            if is_cfg {
                is_inside = section == "options.entry_points";
            } else {
                groups.push(Group { name: section.into(), line: number, rows: Vec::new() });
            }
            continue;
        }
        let Some((key, value)) = trimmed.split_once('=').filter(|_| is_inside) else { continue };
        let is_group = is_cfg && !line.starts_with([' ', '\t']);
        if is_group {
            groups.push(Group { name: key.trim().into(), line: number, rows: Vec::new() });
        } else if let Some(group) = groups.last_mut() {
            group.rows.push((key.trim().into(), value.trim().into(), number));
        }
    }
    groups
}
