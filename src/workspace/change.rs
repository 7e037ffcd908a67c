//! What a save changed: rows added, altered and removed between two snapshots.

use std::hash::{BuildHasher, Hash};

use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use crate::model::{Change, Name, Project};

/// Compares two snapshots. Call edges are compared in the files that changed only: a save seldom
/// alters others, and real projects have hundreds of thousands.
pub fn compare(before: &Project, after: &Project, files: Vec<Name>) -> Change {
    let touched: FxHashSet<&Name> = files.iter().collect();
    let (old, new) = (rows(before, &touched), rows(after, &touched));
    let differs = |id: &&String, hash: &u64, other: &FxHashMap<String, u64>| {
        other.get(*id).is_none_or(|known| known != hash)
    };
    let mut added: Vec<String> =
        new.iter().filter(|(id, hash)| differs(id, hash, &old)).map(|(id, _)| id.clone()).collect();
    let mut removed: Vec<String> =
        old.keys().filter(|id| !new.contains_key(*id)).cloned().collect();
    added.sort_unstable();
    removed.sort_unstable();
    Change { files, added, removed }
}

/// Identity and content hash of every row that is compared.
fn rows(project: &Project, touched: &FxHashSet<&Name>) -> FxHashMap<String, u64> {
    let hash = |value: &dyn Fn(&mut rustc_hash::FxHasher)| {
        let mut hasher = FxBuildHasher.build_hasher();
        value(&mut hasher);
        std::hash::Hasher::finish(&hasher)
    };
    let mut rows = FxHashMap::default();
    for registry in &project.registries {
        rows.insert(
            format!("registry:{}", registry.name),
            hash(&|h| (&registry.kind, &registry.registrar).hash(h)),
        );
        for member in &registry.members {
            let key = member.key.as_deref().unwrap_or("?");
            rows.insert(format!("member:{}[{key}]={}", registry.name, member.target), 0);
        }
    }
    for schema in &project.schemas {
        let text = schema.json_schema.to_string();
        rows.insert(format!("schema:{}", schema.name), hash(&|h| text.hash(h)));
    }
    for edge in project.calls.edges.iter().filter(|edge| touched.contains(&edge.file)) {
        let name = |id: u32| &project.calls.nodes[id as usize].name;
        rows.insert(format!("call:{}->{}", name(edge.from), name(edge.to)), 0);
    }
    for split in &project.splits {
        let shape = |h: &mut rustc_hash::FxHasher| {
            for block in &split.blocks {
                (&block.code, &block.live_in, &block.next).hash(h);
            }
        };
        rows.insert(format!("split:{}", split.function), hash(&shape));
    }
    for flow in &project.flows {
        let edges = |h: &mut rustc_hash::FxHasher| {
            flow.nodes.iter().for_each(|node| (&node.id, &node.kind).hash(h));
            flow.edges.iter().for_each(|edge| edge.hash(h));
        };
        rows.insert(format!("flow:{}", flow.name), hash(&edges));
    }
    for task in &project.tasks {
        let text = task.input_schema.to_string();
        rows.insert(format!("task:{}", task.id), hash(&|h| (&text, task.runnable).hash(h)));
    }
    for finding in &project.findings {
        rows.insert(format!("finding:{}@{}:{}", finding.rule, finding.file, finding.symbol), 0);
    }
    rows
}
