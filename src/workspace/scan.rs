//! One pass over a project: walk, read, extract, link.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::cache::Cache;
use super::dependencies::Installed;
use super::extract::{Extracted, Wanted, extract_all, on_pool};
use super::walk::{Found, FoundKind, Root, WalkErrors, walk};
use super::{OpenError, Options, compiled};
use crate::analyzers::link::modules::name_modules;
use crate::analyzers::link::{LinkInput, link_compiled};
use crate::model::{
    CacheCounts, Diagnostic, FileEntry, FileStatus, Language, Manifest, Name, Project, Severity,
};

/// How far a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub done: usize,
    pub total: usize,
}

/// A finished scan.
pub struct Scan {
    pub project: Project,
    /// The folder that paths are relative to.
    pub root: PathBuf,
}

/// Scans a folder or one file.
pub fn scan(
    path: &Path,
    options: &Options,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Scan, OpenError> {
    let started = Instant::now();
    let root = Root::open(path)?;
    let cache = if options.cache { Cache::open(&root.folder) } else { Cache::off() };
    let survey = Survey::take(&root, options);
    let walked = started.elapsed();
    let (total, done) = (survey.wanted.len(), AtomicUsize::new(0));
    let extracted = extract_all(&root.folder, survey.wanted, &cache, &|| {
        progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, total });
    });
    let extracted_at = started.elapsed();
    let hits = extracted.iter().filter(|file| file.cached).count() as u32;
    let compiled = options.compiled.as_deref().map(|compiled| {
        let hash = |file: &Extracted| Some((file.wanted.path.clone(), file.hash?));
        compiled::current(compiled, &extracted.iter().filter_map(hash).collect())
    });
    let (files, mut diagnostics) = entries(extracted);
    diagnostics.extend(survey.diagnostics);
    let input =
        LinkInput { root: display_name(&root), files, manifests: survey.manifests, diagnostics };
    let compiled = compiled.as_ref();
    let mut project = match options.dependencies {
        true => Installed::of(&root.folder).link(input, options.parts, &cache, compiled),
        false => on_pool(|| link_compiled(input, options.parts, compiled)),
    };
    let linked = started.elapsed();
    cache.save();
    let ms = |time: std::time::Duration| (time.as_secs_f64() * 1e5).round() / 1e2;
    project.revision = 1;
    project.timings = crate::model::Timings {
        walk: ms(walked),
        extract: ms(extracted_at - walked),
        link: ms(linked - extracted_at),
        total: ms(started.elapsed()),
    };
    project.cache = CacheCounts { hits, misses: total as u32 - hits };
    Ok(Scan { project, root: root.folder })
}

/// The name a project goes by.
pub fn display_name(root: &Root) -> Name {
    root.folder.to_string_lossy().into()
}

/// What a walk found, with module names given.
pub struct Survey {
    pub found: Vec<Found>,
    pub wanted: Vec<Wanted>,
    pub manifests: Vec<Manifest>,
    pub diagnostics: Vec<Diagnostic>,
}

impl Survey {
    pub fn take(root: &Root, options: &Options) -> Self {
        let (found, errors) = walk(root, options);
        let manifests: Vec<Manifest> = found
            .iter()
            .filter(|file| file.kind == FoundKind::Manifest)
            .filter_map(|file| {
                let text = super::read_text(&root.folder, &file.path)?;
                Some(Manifest { path: file.path.clone(), text })
            })
            .collect();
        let sources: Vec<(Name, Language)> = found
            .iter()
            .filter_map(|file| match file.kind {
                FoundKind::Source(language) => Some((file.path.clone(), language)),
                FoundKind::Manifest => None,
            })
            .collect();
        let python: Vec<Name> = sources
            .iter()
            .filter(|(_, language)| *language == Language::Python)
            .map(|(path, _)| path.clone())
            .collect();
        let mut modules = name_modules(&python, &manifests, root.package.as_deref()).into_iter();
        let wanted = sources
            .into_iter()
            .map(|(path, language)| {
                let module = match language {
                    Language::Python => modules.next(),
                    Language::Rust => None,
                };
                Wanted { path, language, module: module.unwrap_or_default() }
            })
            .collect();
        Self { found, wanted, manifests, diagnostics: walk_diagnostics(errors) }
    }
}

fn walk_diagnostics(errors: WalkErrors) -> Vec<Diagnostic> {
    let diagnostic = |(file, message)| Diagnostic {
        file,
        line: 1,
        column: 1,
        severity: Severity::Warning,
        code: "unreadable".into(),
        message,
    };
    errors.into_iter().map(diagnostic).collect()
}

/// Rows of the project's file list, and the diagnostics of those that could not be read.
pub fn entries(extracted: Vec<Extracted>) -> (Vec<FileEntry>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let files = extracted
        .into_iter()
        .map(|file| {
            let Wanted { path, language, .. } = file.wanted;
            match file.facts {
                Ok(facts) => {
                    let status = if facts.broken { FileStatus::Stale } else { FileStatus::Fresh };
                    FileEntry { path, language, lines: facts.lines, status, facts: Some(facts) }
                }
                Err(problem) => {
                    diagnostics.push(problem);
                    FileEntry { path, language, lines: 0, status: FileStatus::Unread, facts: None }
                }
            }
        })
        .collect();
    (files, diagnostics)
}

impl From<Scan> for Arc<Project> {
    fn from(scan: Scan) -> Self {
        Self::new(scan.project)
    }
}
