//! Small projects for the analysers' tests.

use std::sync::Arc;

use super::link::{LinkInput, link};
use super::{SourceFile, extract};
use crate::model::{FileEntry, FileStatus, Language, Manifest, Project};

/// A file as it is linked; `module` is Python's, empty for Rust.
pub fn entry(path: &str, module: &str, text: &str) -> FileEntry {
    let language = Language::of_path(path).expect("a source file");
    let file =
        SourceFile { path: path.into(), language, module: module.into(), text: Arc::from(text) };
    let facts = extract(&file);
    let status = if facts.broken { FileStatus::Stale } else { FileStatus::Fresh };
    FileEntry { path: file.path, language, lines: facts.lines, status, facts: Some(facts.into()) }
}

/// A Python file whose module is named by its path from the project's root.
pub fn python(path: &str, text: &str) -> FileEntry {
    let stem = path.strip_suffix(".py").unwrap_or(path);
    let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
    entry(path, &stem.replace('/', "."), text)
}

/// Everything that is linked from Python modules, each `(name, text)`.
pub fn modules(files: &[(&str, &str)]) -> Project {
    let file = |(module, text): &(&str, &str)| {
        entry(&format!("{}.py", module.replace('.', "/")), module, text)
    };
    project(files.iter().map(file).collect(), Vec::new())
}

/// Everything that is linked from files.
pub fn project(files: Vec<FileEntry>, manifests: Vec<Manifest>) -> Project {
    link(LinkInput { root: "t".into(), files, manifests, diagnostics: Vec::new() })
}
