//! Which files belong to a project.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ignore::{DirEntry, WalkBuilder};

use super::{OpenError, Options};
use crate::model::{Language, Name};

/// A project's root and what was asked of it.
#[derive(Debug, Clone)]
pub struct Root {
    /// Absolute, symbolic links resolved.
    pub folder: PathBuf,
    /// Set when a single file was opened: its path relative to `folder`.
    pub only: Option<Name>,
    /// The package `folder` itself lies in, for module names.
    pub package: Option<String>,
}

impl Root {
    /// Opens a folder or one source file.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let full = path.canonicalize().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => OpenError::Missing(path.to_owned()),
            _ => OpenError::Unreadable { path: path.to_owned(), error },
        })?;
        let (folder, only) = if full.is_dir() {
            (full, None)
        } else {
            let name = full.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if Language::of_path(name).is_none() {
                return Err(OpenError::NotSource(path.to_owned()));
            }
            let folder = full.parent().unwrap_or(Path::new("/")).to_owned();
            (folder, Some(name.into()))
        };
        // Fail now, with the reason, rather than show an empty project.
        std::fs::read_dir(&folder)
            .map_err(|error| OpenError::Unreadable { path: path.to_owned(), error })?;
        Ok(Self { package: package_of(&folder), folder, only })
    }

    /// The path of a file relative to the root, with `/`.
    pub fn relative(&self, path: &Path) -> Option<Name> {
        let inner = path.strip_prefix(&self.folder).ok()?;
        let parts: Vec<_> = inner.iter().map(|part| part.to_string_lossy()).collect();
        Some(parts.join("/").into())
    }
}

/// The dotted package that a folder is, if it and its ancestors have an `__init__`.
fn package_of(folder: &Path) -> Option<String> {
    let mut names = Vec::new();
    let mut at = Some(folder);
    while let Some(folder) = at {
        let is_package =
            ["__init__.py", "__init__.pyi"].iter().any(|name| folder.join(name).is_file());
        if !is_package {
            break;
        }
        names.push(folder.file_name()?.to_str()?);
        at = folder.parent();
    }
    names.reverse();
    (!names.is_empty()).then(|| names.join("."))
}

/// A file as the walk found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub path: Name,
    pub kind: FoundKind,
    pub size: u64,
    pub modified: Option<SystemTime>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundKind {
    Source(Language),
    Manifest,
}

/// What the walk could not enter, as `(path, reason)`.
pub type WalkErrors = Vec<(Name, String)>;

/// Folders that hold other people's code or build results, whatever `.gitignore` says.
const VENDORED: &[&str] = &["node_modules", "__pycache__", "site-packages", "bower_components"];

/// Lists the project's files, sorted by path. Symbolic links are not followed, so loops end.
pub fn walk(root: &Root, options: &Options) -> (Vec<Found>, WalkErrors) {
    let mut builder = WalkBuilder::new(&root.folder);
    let respect = !options.no_ignore;
    builder
        .hidden(respect)
        .git_ignore(respect)
        .git_global(respect)
        .git_exclude(respect)
        .ignore(respect)
        .parents(respect)
        .require_git(false)
        .follow_links(false);
    if root.only.is_some() {
        builder.max_depth(Some(1));
    }
    if respect {
        builder.filter_entry(|entry| !is_vendored(entry));
    }
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for entry in builder.build() {
        match entry {
            Ok(entry) => found.extend(classify(root, options, &entry)),
            Err(error) => errors.push((error_path(root, &error), error.to_string())),
        }
    }
    // Conventions of the project's own stand in a hidden folder.
    let own = root.folder.join(".metascope/conventions");
    if respect && root.only.is_none() && own.is_dir() {
        let entries = WalkBuilder::new(&own).max_depth(Some(1)).build().flatten();
        found.extend(entries.filter_map(|entry| classify(root, options, &entry)));
    }
    // The file that was asked for by name is read even where `.gitignore` names it.
    if let Some(only) = &root.only
        && !found.iter().any(|file| file.path == *only)
        && let Some(kind) = kind_of(only, &Options { lang: None, ..options.clone() })
        && let Ok(metadata) = root.folder.join(&**only).metadata()
    {
        let (size, modified) = (metadata.len(), metadata.modified().ok());
        found.push(Found { path: only.clone(), kind, size, modified });
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.dedup_by(|a, b| a.path == b.path);
    (found, errors)
}

fn classify(root: &Root, options: &Options, entry: &DirEntry) -> Option<Found> {
    if !entry.file_type()?.is_file() {
        return None;
    }
    let path = root.relative(entry.path())?;
    let kind = kind_of(&path, options)?;
    let skipped = root
        .only
        .as_ref()
        .is_some_and(|only| matches!(kind, FoundKind::Source(_)) && *only != path);
    if skipped {
        return None;
    }
    let metadata = entry.metadata().ok()?;
    Some(Found { path, kind, size: metadata.len(), modified: metadata.modified().ok() })
}

/// What a path is to us by its name alone.
pub fn kind_of(path: &str, options: &Options) -> Option<FoundKind> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if matches!(name, "pyproject.toml" | "setup.cfg" | "Cargo.toml" | "entry_points.txt")
        || path.starts_with(".metascope/conventions/") && name.ends_with(".toml")
    {
        return Some(FoundKind::Manifest);
    }
    let language = Language::of_path(name)?;
    let wanted = options.lang.is_none_or(|lang| lang == language);
    wanted.then_some(FoundKind::Source(language))
}

fn is_vendored(entry: &DirEntry) -> bool {
    if entry.depth() == 0 || !entry.file_type().is_some_and(|kind| kind.is_dir()) {
        return false;
    }
    let name = entry.file_name().to_str().unwrap_or_default();
    if VENDORED.contains(&name) {
        return true;
    }
    let has = |inner: &str| entry.path().join(inner).exists();
    match name {
        "target" => has("CACHEDIR.TAG") || has(".rustc_info.json"),
        "venv" | "env" | "virtualenv" => has("pyvenv.cfg"),
        // `cargo vendor` marks every crate it copies.
        _ => has(".cargo-checksum.json") || has("pyvenv.cfg"),
    }
}

fn error_path(root: &Root, error: &ignore::Error) -> Name {
    match error {
        ignore::Error::WithPath { path, .. } => {
            root.relative(path).unwrap_or_else(|| path.to_string_lossy().into())
        }
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            error_path(root, err)
        }
        _ => ".".into(),
    }
}
