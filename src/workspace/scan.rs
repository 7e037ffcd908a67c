//! One pass over a project: walk, read, extract, link.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::cache::{Cache, Key};
use super::dependencies::Installed;
use super::extract::{Extracted, Wanted, extract_all, keys_of, on_pool};
use super::rows::{Made, Rows};
use super::walk::{Found, FoundKind, Root, WalkErrors, walk};
use super::{OpenError, Options, compiled};
use crate::analyzers::link::modules::name_modules;
use crate::analyzers::link::{LinkInput, link_compiled};
use crate::model::{
    CacheCounts, Diagnostic, FileEntry, FileStatus, Language, Manifest, Name, Project, Severity,
    Timings,
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
    let ms = |time: Duration| (time.as_secs_f64() * 1e5).round() / 1e2;
    let total = survey.wanted.len();
    // Rows that depend on installed packages or the compiler, too, are made anew at each start.
    let keeps_rows = options.cache && !options.dependencies && options.compiled.is_none();
    if keeps_rows && Rows::are_kept(&root.folder) {
        let keys = keys_of(&root.folder, &survey.wanted, &cache);
        let read_at = started.elapsed();
        let rows = survey.rows(&root, keys.iter().map(Result::as_ref));
        let parts = options.parts;
        let entries = || entries(extract_all(&root.folder, survey.wanted.clone(), &cache, &|| {}));
        let kept = on_pool(|| {
            let facts = || parts.facts.then(|| entries().0);
            rayon::join(|| rows.load(parts), facts)
        });
        if let (Some(mut project), files) = kept {
            if let Some(files) = files {
                project.files = files;
            }
            project.root = display_name(&root);
            project.manifests = survey.manifests.into();
            project.revision = 1;
            project.timings = Timings {
                walk: ms(walked),
                extract: ms(read_at - walked),
                link: ms(started.elapsed() - read_at),
                total: ms(started.elapsed()),
            };
            project.cache = CacheCounts { hits: total as u32, misses: 0 };
            return Ok(Scan { project, root: root.folder });
        }
    }
    let done = AtomicUsize::new(0);
    let extracted = extract_all(&root.folder, survey.wanted.clone(), &cache, &|| {
        progress(Progress { done: done.fetch_add(1, Ordering::Relaxed) + 1, total });
    });
    let extracted_at = started.elapsed();
    let hits = extracted.iter().filter(|file| file.cached).count() as u32;
    let compiled = options.compiled.as_deref().map(|compiled| {
        let hash = |file: &Extracted| Some((file.wanted.path.clone(), file.hash?));
        compiled::current(compiled, &extracted.iter().filter_map(hash).collect())
    });
    let rows = match keeps_rows {
        true => survey.rows(&root, extracted.iter().map(Extracted::key)),
        false => Rows::off(),
    };
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
    on_pool(|| rayon::join(|| cache.save(), || rows.save(&project, options.parts)));
    project.revision = 1;
    project.timings = Timings {
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
    /// The rows of what was found, given the key of each wanted file.
    pub fn rows<'a>(
        &'a self,
        root: &Root,
        keys: impl Iterator<Item = Result<&'a Key, &'a Diagnostic>>,
    ) -> Rows {
        let files = self.wanted.iter().zip(keys);
        Rows::of(
            &root.folder,
            &Made {
                root: &display_name(root),
                files: files.map(|(wanted, key)| (&wanted.path, key.copied())).collect(),
                manifests: &self.manifests,
                diagnostics: &self.diagnostics,
            },
        )
    }

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
