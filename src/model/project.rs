//! What all files say together: the snapshot that views and commands read.

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{
    CallGraph, Diagnostic, Entity, FileFacts, Finding, Flow, Language, Name, Registry, Schema,
    Shared, Split, Symbol, SymbolKind, Task,
};

/// One linked snapshot of a project. Published whole, never changed.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// Rises by one with each published snapshot.
    pub revision: u64,
    /// The root's display name.
    pub root: Name,
    /// Sorted by path.
    pub files: Vec<FileEntry>,
    /// What decided how the files are read.
    pub manifests: Arc<[Manifest]>,
    pub diagnostics: Shared<Vec<Diagnostic>>,
    /// Sorted by name, then file and line (a name may be defined twice).
    pub symbols: Shared<Vec<Symbol>>,
    pub registries: Shared<Vec<Registry>>,
    pub schemas: Shared<Vec<Schema>>,
    pub calls: Shared<CallGraph>,
    pub entities: Shared<Vec<Entity>>,
    pub splits: Shared<Vec<Split>>,
    pub flows: Shared<Vec<Flow>>,
    pub tasks: Shared<Vec<Task>>,
    /// Workflows, as what can be run besides tasks; in the order of their flows.
    pub workflows: Shared<Vec<Task>>,
    pub findings: Shared<Vec<Finding>>,
    /// Rows that need all files together are those of the snapshot before (none, in the first): a
    /// whole snapshot follows.
    pub pending: bool,
    /// See [`Project::outline`].
    pub outline: OnceLock<Arc<Outline>>,
    pub timings: Timings,
    pub cache: CacheCounts,
}

/// Which definitions stand in which file.
#[derive(Debug, Default)]
pub struct Outline {
    /// For each file indices into the symbols, in source order, enclosing before enclosed; without
    /// modules.
    by_file: Vec<Vec<u32>>,
}

/// One file of the snapshot, with the facts it was linked from.
#[derive(Debug, Clone)]
pub struct FileEntry {
    pub path: Name,
    pub language: Language,
    pub lines: u32,
    pub status: FileStatus,
    /// `None` for a file that could never be read.
    pub facts: Option<Arc<FileFacts>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileStatus {
    /// Parsed whole.
    Fresh,
    /// Broken now; its facts are partly or wholly those of the last good parse.
    Stale,
    /// Nothing could be read (binary, unreadable, too large, not UTF-8 …).
    Unread,
}

/// A file that is not source but decides how source is read (`pyproject.toml`, `Cargo.toml`,
/// `setup.cfg`, `setup.py` …).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub path: Name,
    pub text: Arc<str>,
}

/// What a save changed, as qualified names per kind of row (`registries`, `calls` …).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// Paths that were added, changed or removed.
    pub files: Vec<Name>,
    /// Identities of rows that are new or different: `registry:x`, `schema:x`, `call:a->b` …
    pub added: Vec<String>,
    pub removed: Vec<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    pub walk: f64,
    pub extract: f64,
    pub link: f64,
    pub total: f64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheCounts {
    pub hits: u32,
    pub misses: u32,
}

/// The sizes the contract's `scan` prints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub registries: usize,
    pub members: usize,
    pub schemas: usize,
    pub functions: usize,
    pub edges: usize,
    pub unresolved: usize,
    pub splits: usize,
    pub flows: usize,
    pub tasks: usize,
    pub findings: usize,
}

impl Project {
    pub fn counts(&self) -> Counts {
        use SymbolKind::{Function, Lambda, Method};
        let is_function = |symbol: &&Symbol| matches!(symbol.kind, Function | Method | Lambda);
        Counts {
            registries: self.registries.len(),
            members: self.registries.iter().map(|registry| registry.members.len()).sum(),
            schemas: self.schemas.len(),
            functions: self.symbols.iter().filter(is_function).count(),
            edges: self.calls.edges.len(),
            unresolved: self.calls.unresolved.len(),
            splits: self.splits.len(),
            flows: self.flows.len(),
            tasks: self.tasks.len(),
            findings: self.findings.len(),
        }
    }

    pub fn file(&self, path: &str) -> Option<&FileEntry> {
        let at = self.files.binary_search_by(|file| (*file.path).cmp(path)).ok()?;
        self.files.get(at)
    }

    /// Leaves out the rows of files that were read only so that the others are understood. What
    /// the rest calls there, and what calls back into the rest from there, stays.
    pub fn leave_out(&mut self, is_left_out: impl Fn(&Name) -> bool) {
        self.files.retain(|row| !is_left_out(&row.path));
        self.diagnostics.retain(|row| !is_left_out(&row.file));
        self.symbols.retain(|row| !is_left_out(&row.file));
        self.registries.retain(|row| {
            !is_left_out(&row.file) || row.members.iter().any(|member| !is_left_out(&member.file))
        });
        self.schemas.retain(|row| !is_left_out(&row.file));
        self.entities.retain(|row| !is_left_out(&row.file));
        self.splits.retain(|row| !is_left_out(&row.file));
        self.flows.retain(|row| !is_left_out(&row.file));
        self.tasks.retain(|row| !is_left_out(&row.file));
        self.workflows.retain(|row| !is_left_out(&row.file));
        self.findings.retain(|row| !is_left_out(&row.file));
        self.calls.leave_out(is_left_out);
        self.outline = OnceLock::new();
    }

    /// The definitions by file: made when first asked for, and again by who changes the symbols.
    pub fn outline(&self) -> &Outline {
        self.outline.get_or_init(|| {
            let paths = self.files.iter().enumerate().map(|(at, file)| (&*file.path, at));
            let places: FxHashMap<&str, usize> = paths.collect();
            let mut by_file: Vec<Vec<u32>> = vec![Vec::new(); self.files.len()];
            for (at, symbol) in self.symbols.iter().enumerate() {
                if symbol.kind != SymbolKind::Module
                    && let Some(file) = places.get(&*symbol.file)
                {
                    by_file[*file].push(at as u32);
                }
            }
            for symbols in &mut by_file {
                symbols.sort_by_key(|at| {
                    let span = self.symbols[*at as usize].span;
                    (span.start, std::cmp::Reverse(span.end))
                });
            }
            Arc::new(Outline { by_file })
        })
    }

    /// The definitions of a file in source order, without modules.
    pub fn symbols_in(&self, file: usize) -> impl ExactSizeIterator<Item = &Symbol> {
        let rows = self.outline().by_file.get(file).map_or(&[][..], Vec::as_slice);
        rows.iter().map(|at| &self.symbols[*at as usize])
    }

    /// Every definition of a qualified name.
    pub fn symbols_named(&self, name: &str) -> &[Symbol] {
        let first = self.symbols.partition_point(|symbol| &*symbol.name < name);
        let count = self.symbols[first..].partition_point(|symbol| &*symbol.name == name);
        &self.symbols[first..first + count]
    }
}
