//! What a save changed: rows added, altered and removed between two snapshots.

use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet, FxHasher};
use serde_json::Value;

use crate::model::{Change, Name, Project};

/// Compares two snapshots. Call edges are compared in the files that changed only: a save seldom
/// alters others, and real projects have hundreds of thousands.
pub fn compare(before: &Project, after: &Project, files: Vec<Name>) -> Change {
    let touched: FxHashSet<&Name> = files.iter().collect();
    let (old, new) = rayon::join(|| rows(before, &touched), || rows(after, &touched));
    let named = |rows: Vec<&Id<'_>>| {
        let mut names: Vec<String> = rows.into_iter().map(Id::to_string).collect();
        names.sort_unstable();
        names
    };
    let added = new.iter().filter(|(id, hash)| old.get(id) != Some(hash)).map(|(id, _)| id);
    let removed = old.keys().filter(|id| !new.contains_key(id));
    let (added, removed) = (named(added.collect()), named(removed.collect()));
    Change { files, added, removed }
}

/// What tells a row from others of its kind. Written out only for what changed.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Id<'a> {
    Registry(&'a str),
    Member { registry: &'a str, key: &'a str, target: &'a str },
    Schema(&'a str),
    Call { from: &'a str, to: &'a str },
    Split(&'a str),
    Flow(&'a str),
    Task(&'a str),
    Finding { rule: &'a str, file: &'a str, symbol: &'a str },
}

impl fmt::Display for Id<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(name) => write!(out, "registry:{name}"),
            Self::Member { registry, key, target } => {
                write!(out, "member:{registry}[{key}]={target}")
            }
            Self::Schema(name) => write!(out, "schema:{name}"),
            Self::Call { from, to } => write!(out, "call:{from}->{to}"),
            Self::Split(function) => write!(out, "split:{function}"),
            Self::Flow(name) => write!(out, "flow:{name}"),
            Self::Task(id) => write!(out, "task:{id}"),
            Self::Finding { rule, file, symbol } => write!(out, "finding:{rule}@{file}:{symbol}"),
        }
    }
}

/// Identity and content hash of every row that is compared.
fn rows<'a>(project: &'a Project, touched: &FxHashSet<&Name>) -> FxHashMap<Id<'a>, u64> {
    let hash = |value: &dyn Fn(&mut FxHasher)| {
        let mut hasher = FxBuildHasher.build_hasher();
        value(&mut hasher);
        hasher.finish()
    };
    let mut rows = FxHashMap::default();
    for registry in &project.registries {
        rows.insert(
            Id::Registry(&registry.name),
            hash(&|h| (&registry.kind, &registry.registrar).hash(h)),
        );
        for member in &registry.members {
            let (key, target) = (member.key.as_deref().unwrap_or("?"), &*member.target);
            rows.insert(Id::Member { registry: &registry.name, key, target }, 0);
        }
    }
    for schema in &project.schemas {
        rows.insert(Id::Schema(&schema.name), hash(&|h| hash_json(&schema.json_schema, h)));
    }
    for edge in project.calls.edges.iter().filter(|edge| touched.contains(&edge.file)) {
        let name = |id: u32| &*project.calls.nodes[id as usize].name;
        rows.insert(Id::Call { from: name(edge.from), to: name(edge.to) }, 0);
    }
    for split in &project.splits {
        let shape = |h: &mut FxHasher| {
            for block in &split.blocks {
                (&block.code, &block.live_in, &block.next).hash(h);
            }
        };
        rows.insert(Id::Split(&split.function), hash(&shape));
    }
    for flow in &project.flows {
        let edges = |h: &mut FxHasher| {
            flow.nodes.iter().for_each(|node| (&node.id, &node.kind).hash(h));
            flow.edges.iter().for_each(|edge| edge.hash(h));
        };
        rows.insert(Id::Flow(&flow.name), hash(&edges));
    }
    for task in &project.tasks {
        let content = |h: &mut FxHasher| {
            hash_json(&task.input_schema, h);
            task.runnable.hash(h);
        };
        rows.insert(Id::Task(&task.id), hash(&content));
    }
    for finding in &project.findings {
        let (rule, file, symbol) = (&*finding.rule, &*finding.file, &*finding.symbol);
        rows.insert(Id::Finding { rule, file, symbol }, 0);
    }
    rows
}

/// Schemas make up most of a snapshot: they are hashed as they stand, not written out first. The
/// order of keys counts, as it does in what is shown.
fn hash_json(value: &Value, hasher: &mut FxHasher) {
    std::mem::discriminant(value).hash(hasher);
    match value {
        Value::Null => {}
        Value::Bool(flag) => flag.hash(hasher),
        Value::Number(number) => number.hash(hasher),
        Value::String(text) => text.hash(hasher),
        Value::Array(items) => {
            items.len().hash(hasher);
            items.iter().for_each(|item| hash_json(item, hasher));
        }
        Value::Object(map) => {
            map.len().hash(hasher);
            for (key, item) in map {
                key.hash(hasher);
                hash_json(item, hasher);
            }
        }
    }
}
