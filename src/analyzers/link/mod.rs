//! All files' facts → [`Project`]. Must be cheap: it runs on every save.

mod freshen;
pub mod modules;
pub mod python;
pub mod rust;

use std::cmp::Ordering;
use std::sync::Arc;

use rayon::prelude::*;

pub use freshen::freshen;

use crate::model::{
    CallGraph, Certainty, CompiledCalls, Diagnostic, Entity, FileEntry, FileFacts, Finding, Flow,
    LanguageFacts, Manifest, Name, Project, Registry, Schema, Split, Symbol, Task,
};

/// All that linking reads.
pub struct LinkInput {
    pub root: Name,
    /// Sorted by path.
    pub files: Vec<FileEntry>,
    pub manifests: Vec<Manifest>,
    /// Diagnostics of files that could not be read.
    pub diagnostics: Vec<Diagnostic>,
}

/// What one language's linker adds to the project.
#[derive(Debug, Default)]
pub struct Linked {
    pub symbols: Vec<Symbol>,
    pub registries: Vec<Registry>,
    pub schemas: Vec<Schema>,
    pub calls: CallGraph,
    pub entities: Vec<Entity>,
    pub splits: Vec<Split>,
    pub flows: Vec<Flow>,
    pub tasks: Vec<Task>,
    pub findings: Vec<Finding>,
    pub diagnostics: Vec<Diagnostic>,
}

/// The rows a caller asks for. What nobody asks for is not linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    pub registries: bool,
    pub schemas: bool,
    pub calls: bool,
    /// Entities, splits, tasks, and the flows that are recovered from them.
    pub flows: bool,
    pub findings: bool,
    /// The facts of each file, too: workers, emitted code and the stories of classes are made from
    /// them. Linking reads them anyway; rows that are kept come without.
    pub facts: bool,
}

impl Parts {
    pub const ALL: Self = Self { facts: true, ..Self::ROWS };
    /// All rows.
    pub const ROWS: Self = Self {
        registries: true,
        schemas: true,
        calls: true,
        flows: true,
        findings: true,
        facts: false,
    };
    /// Files, symbols and diagnostics alone.
    pub const NONE: Self = Self {
        registries: false,
        schemas: false,
        calls: false,
        flows: false,
        findings: false,
        facts: false,
    };
}

impl Default for Parts {
    fn default() -> Self {
        Self::ALL
    }
}

/// Joins the facts of all files. Timings, cache counts and the revision are the caller's to set.
pub fn link(input: LinkInput) -> Project {
    link_parts(input, Parts::ALL)
}

/// The same for some kinds of rows.
pub fn link_parts(input: LinkInput, parts: Parts) -> Project {
    link_compiled(input, parts, None)
}

/// The same, with what the compiler says of Rust files, each of them as it is now.
pub fn link_compiled(input: LinkInput, parts: Parts, compiled: Option<&CompiledCalls>) -> Project {
    let LinkInput { root, files, manifests, mut diagnostics } = input;
    let facts: Vec<Arc<FileFacts>> = files.iter().filter_map(|file| file.facts.clone()).collect();
    let of_python = |facts: &&Arc<FileFacts>| matches!(facts.body, LanguageFacts::Python(_));
    let (python, rust): (Vec<&Arc<FileFacts>>, Vec<_>) = facts.iter().partition(of_python);
    let (mut linked, other) = rayon::join(
        || python::link(&python, &manifests, parts),
        || rust::link(&rust, &manifests, compiled, parts),
    );
    linked.append(other);
    diagnostics.extend(facts.iter().flat_map(|facts| facts.diagnostics.iter().cloned()));
    diagnostics.append(&mut linked.diagnostics);
    diagnostics.extend(compiled.into_iter().flat_map(|compiled| compiled.problems.iter().cloned()));
    sort_diagnostics(&mut diagnostics);
    linked.sort();
    let mut project = Project {
        root,
        files,
        diagnostics: diagnostics.into(),
        symbols: linked.symbols.into(),
        registries: linked.registries.into(),
        schemas: linked.schemas.into(),
        calls: linked.calls.into(),
        entities: linked.entities.into(),
        splits: linked.splits.into(),
        flows: linked.flows.into(),
        tasks: linked.tasks.into(),
        findings: linked.findings.into(),
        manifests: manifests.into(),
        ..Project::default()
    };
    project.workflows = project.runnable_workflows().into();
    project.outline();
    project
}

/// What the files say without each other: their definitions under the names the files give them,
/// and their diagnostics. Something to show while the whole is being linked.
pub fn outline(input: LinkInput) -> Project {
    let LinkInput { root, files, manifests, mut diagnostics } = input;
    let mut linked = Linked::default();
    for facts in files.iter().filter_map(|file| file.facts.as_ref()) {
        linked.symbols.extend(facts.symbols.iter().cloned());
        diagnostics.extend(facts.diagnostics.iter().cloned());
    }
    linked.sort();
    sort_diagnostics(&mut diagnostics);
    Project {
        root,
        files,
        manifests: manifests.into(),
        diagnostics: diagnostics.into(),
        symbols: linked.symbols.into(),
        pending: true,
        ..Project::default()
    }
}

fn order_symbols(a: &Symbol, b: &Symbol) -> Ordering {
    (&a.name, &a.file, a.line).cmp(&(&b.name, &b.file, b.line))
}

fn sort_diagnostics(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
}

impl Linked {
    fn append(&mut self, mut other: Self) {
        self.symbols.append(&mut other.symbols);
        self.registries.append(&mut other.registries);
        self.schemas.append(&mut other.schemas);
        self.calls = merge_calls(std::mem::take(&mut self.calls), other.calls);
        self.entities.append(&mut other.entities);
        self.splits.append(&mut other.splits);
        self.flows.append(&mut other.flows);
        self.tasks.append(&mut other.tasks);
        self.findings.append(&mut other.findings);
        self.diagnostics.append(&mut other.diagnostics);
    }

    fn sort(&mut self) {
        self.symbols.par_sort_by(order_symbols);
        // What is sure comes first.
        self.registries.par_sort_by(|a, b| {
            let rank = |one: &Registry| one.certainty == Certainty::Possible;
            (rank(a), &a.file, a.line, &a.name).cmp(&(rank(b), &b.file, b.line, &b.name))
        });
        self.schemas
            .par_sort_by(|a, b| (&a.file, a.line, &a.name).cmp(&(&b.file, b.line, &b.name)));
        self.entities.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        self.splits
            .sort_by(|a, b| (&a.file, a.line, &a.function).cmp(&(&b.file, b.line, &b.function)));
        self.flows.sort_by(|a, b| (&a.file, a.line, &a.name).cmp(&(&b.file, b.line, &b.name)));
        self.tasks.sort_by(|a, b| (&a.file, a.line, &a.id).cmp(&(&b.file, b.line, &b.id)));
        self.findings
            .par_sort_by(|a, b| (&a.file, a.line, &a.rule).cmp(&(&b.file, b.line, &b.rule)));
    }
}

/// Joins two graphs whose node names do not meet, keeping nodes sorted by name.
fn merge_calls(left: CallGraph, right: CallGraph) -> CallGraph {
    if right.nodes.is_empty() {
        return left;
    }
    if left.nodes.is_empty() {
        return right;
    }
    let offset = left.nodes.len() as u32;
    let mut nodes = left.nodes;
    nodes.extend(right.nodes);
    let mut order: Vec<u32> = (0..nodes.len() as u32).collect();
    order.sort_by(|a, b| nodes[*a as usize].name.cmp(&nodes[*b as usize].name));
    let mut place = vec![0u32; nodes.len()];
    for (new, old) in order.iter().enumerate() {
        place[*old as usize] = new as u32;
    }
    let mut edges = left.edges;
    edges.extend(right.edges.into_iter().map(|mut edge| {
        edge.from += offset;
        edge.to += offset;
        edge
    }));
    for edge in &mut edges {
        edge.from = place[edge.from as usize];
        edge.to = place[edge.to as usize];
    }
    edges.sort_by(|a, b| {
        (a.from, &a.file, a.line, a.column, a.to).cmp(&(b.from, &b.file, b.line, b.column, b.to))
    });
    let mut unresolved = left.unresolved;
    unresolved.extend(right.unresolved.into_iter().map(|mut call| {
        call.from += offset;
        call
    }));
    for call in &mut unresolved {
        call.from = place[call.from as usize];
    }
    let nodes = order.iter().map(|old| nodes[*old as usize].clone()).collect();
    CallGraph { nodes, edges, unresolved }
}
