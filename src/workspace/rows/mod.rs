//! Linked rows kept on disk between starts: a start in which nothing changed reads them instead of
//! linking.
//!
//! One file per project and kind of rows under the user's cache folder, so that a command reads and
//! writes only what it prints. Each names what it was made from ([`Key`]: our own build, and path and
//! content of every source and manifest); rows of anything else, and what is damaged, are no rows.

mod stored;

use std::hash::BuildHasher;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustc_hash::FxBuildHasher;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::cache::{self, Key};
use crate::analyzers::link::Parts;
use crate::model::{Diagnostic, FileEntry, Manifest, Name, Project};
use stored::{Base, Calls, Flows, StoredFlow};

/// Rows of one kind larger than this are linked again at each start.
const MOST_BYTES: u64 = 256 << 20;
/// The rows of all projects together: those written longest ago go first.
const MOST_BYTES_TOGETHER: u64 = 1 << 30;

/// The linked rows of one state of a project.
pub struct Rows {
    place: Option<Place>,
}

struct Place {
    folder: PathBuf,
    /// What the files of the project start with.
    name: String,
    key: Key,
}

/// What all rows of a project depend on.
pub struct Made<'a> {
    pub root: &'a str,
    /// Each source with the key of its facts, or why it could not be read; in any order.
    pub files: Vec<(&'a Name, Result<Key, &'a Diagnostic>)>,
    pub manifests: &'a [Manifest],
    /// Of the walk.
    pub diagnostics: &'a [Diagnostic],
}

impl Made<'_> {
    fn key(&self) -> Key {
        let mut hasher = blake3::Hasher::new();
        let mut add = |part: &[u8]| {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        };
        add(cache::version().as_bytes());
        add(self.root.as_bytes());
        let mut files: Vec<_> = self.files.iter().collect();
        files.sort_by_key(|(path, _)| *path);
        for (path, read) in files {
            add(path.as_bytes());
            match read {
                Ok(key) => add(key),
                Err(problem) => add(format!("{problem:?}").as_bytes()),
            }
        }
        for manifest in self.manifests {
            add(manifest.path.as_bytes());
            add(manifest.text.as_bytes());
        }
        for problem in self.diagnostics {
            add(format!("{problem:?}").as_bytes());
        }
        let mut key = Key::default();
        hasher.finalize_xof().fill(&mut key);
        key
    }
}

impl Rows {
    /// No rows, and none are kept.
    pub fn off() -> Self {
        Self { place: None }
    }

    /// The rows of the project at `root` in the state that `made` describes.
    pub fn of(root: &Path, made: &Made<'_>) -> Self {
        cache::folder().map_or_else(Self::off, |folder| Self::of_in(&folder, root, made))
    }

    pub fn of_in(folder: &Path, root: &Path, made: &Made<'_>) -> Self {
        let (folder, name) = (folder.to_owned(), cache::name(root));
        Self { place: Some(Place { folder, name, key: made.key() }) }
    }

    /// Whether rows of the project, in whatever state, are kept at all.
    pub fn are_kept(root: &Path) -> bool {
        let path = |folder: PathBuf| path_of(&folder, &cache::name(root), BASE);
        cache::folder().is_some_and(|folder| path(folder).is_file())
    }

    /// All rows of the kinds in `parts`; `None` unless each was kept. The files come without facts;
    /// root, revision, times and counts are the caller's to fill in.
    pub fn load(&self, parts: Parts) -> Option<Project> {
        let place = self.place.as_ref()?;
        let (mut base, mut diagnostics, mut registries, mut schemas) = (None, None, None, None);
        let (mut calls, mut flows, mut findings) = (None, None, None);
        rayon::scope(|scope| {
            if parts.calls {
                scope.spawn(|_| calls = place.read::<Calls>("calls"));
            }
            if parts.schemas {
                scope.spawn(|_| schemas = place.read("schemas"));
            }
            if parts.registries {
                scope.spawn(|_| registries = place.read("registries"));
            }
            if parts.flows {
                scope.spawn(|_| flows = place.read::<Flows>("flows"));
            }
            if parts.findings {
                scope.spawn(|_| findings = place.read("findings"));
            }
            scope.spawn(|_| diagnostics = place.read::<Vec<Diagnostic>>(diagnostics_of(parts)));
            base = place.read::<Base>(BASE);
        });
        let Base { files, symbols } = base?;
        let files = files.into_iter().map(|file| FileEntry {
            path: file.path,
            language: file.language,
            lines: file.lines,
            status: file.status,
            facts: None,
        });
        let mut project = Project {
            files: files.collect(),
            symbols: symbols.into(),
            diagnostics: diagnostics?.into(),
            ..Project::default()
        };
        if parts.calls {
            project.calls = calls?.unpack()?.into();
        }
        if parts.schemas {
            project.schemas = Vec::into(schemas?);
        }
        if parts.registries {
            project.registries = Vec::into(registries?);
        }
        if parts.findings {
            project.findings = Vec::into(findings?);
        }
        if parts.flows {
            let Flows { entities, splits, tasks, flows } = flows?;
            project.flows = flows.into_iter().map(StoredFlow::unpack).collect();
            project.entities = entities.into();
            project.splits = splits.into();
            project.tasks = tasks.into();
            project.workflows = project.runnable_workflows().into();
        }
        Some(project)
    }

    /// Keeps the rows of a project that was linked for `parts`. Failing to (a full or read-only
    /// disk) costs only the next start's speed.
    pub fn save(&self, project: &Project, parts: Parts) {
        let Some(place) = &self.place else { return };
        rayon::scope(|scope| {
            if parts.calls {
                scope.spawn(|_| place.write("calls", || Calls::pack(&project.calls)));
            }
            if parts.schemas {
                scope.spawn(|_| place.write("schemas", || &project.schemas));
            }
            if parts.registries {
                scope.spawn(|_| place.write("registries", || &project.registries));
            }
            if parts.findings {
                scope.spawn(|_| place.write("findings", || &project.findings));
            }
            if parts.flows {
                scope.spawn(|_| place.write("flows", || Flows::pack(project)));
            }
            place.write(diagnostics_of(parts), || &project.diagnostics);
            place.write(BASE, || Base::pack(project));
        });
        place.prune();
    }
}

/// Files and definitions.
const BASE: &str = "base";

/// Which diagnostics there are depends on what was linked.
fn diagnostics_of(parts: Parts) -> &'static str {
    if parts.flows { "diagnostics-with-flows" } else { "diagnostics" }
}

fn path_of(folder: &Path, name: &str, section: &str) -> PathBuf {
    folder.join(format!("{name}.{section}.rows"))
}

impl Place {
    fn path(&self, section: &str) -> PathBuf {
        path_of(&self.folder, &self.name, section)
    }

    fn read<T: DeserializeOwned>(&self, section: &str) -> Option<T> {
        let bytes = std::fs::read(self.path(section)).ok()?;
        let (key, rest) = bytes.split_first_chunk::<16>()?;
        let (sum, rows) = rest.split_first_chunk::<8>()?;
        let is_whole = *key == self.key && *sum == sum_of(rows);
        is_whole.then(|| postcard::from_bytes(rows).ok())?
    }

    /// Writes rows, unless these very ones are there.
    fn write<T: Serialize>(&self, section: &str, rows: impl FnOnce() -> T) {
        let path = self.path(section);
        let mut key = Key::default();
        let known = std::fs::File::open(&path).and_then(|mut file| file.read_exact(&mut key));
        if known.is_ok() && key == self.key {
            return;
        }
        let Ok(rows) = postcard::to_stdvec(&rows()) else { return };
        if rows.len() as u64 > MOST_BYTES {
            return;
        }
        let written = std::fs::create_dir_all(&self.folder).ok().and_then(|()| {
            let mut file = tempfile::NamedTempFile::new_in(&self.folder).ok()?;
            file.write_all(&self.key).ok()?;
            file.write_all(&sum_of(&rows)).ok()?;
            file.write_all(&rows).ok()?;
            file.persist(&path).ok()
        });
        if written.is_none() {
            tracing::warn!("rows could not be cached at {}", path.display());
        }
    }

    /// Deletes the rows that were written longest ago while all together take too much.
    fn prune(&self) {
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        let mut kept: Vec<(SystemTime, u64, PathBuf)> = entries
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|it| it == "rows"))
            .filter_map(|entry| {
                let data = entry.metadata().ok()?;
                Some((data.modified().ok()?, data.len(), entry.path()))
            })
            .collect();
        let mut total: u64 = kept.iter().map(|(_, bytes, _)| bytes).sum();
        kept.sort();
        for (_, bytes, path) in kept {
            if total <= MOST_BYTES_TOGETHER {
                break;
            }
            if std::fs::remove_file(path).is_ok() {
                total -= bytes;
            }
        }
    }
}

/// Tells damaged rows from whole ones.
fn sum_of(bytes: &[u8]) -> [u8; 8] {
    FxBuildHasher.hash_one(bytes).to_le_bytes()
}
