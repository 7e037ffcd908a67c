//! File system events, debounced and filtered down to what can concern us.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use notify_debouncer_full::notify::{self, RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, Debouncer, RecommendedCache, new_debouncer};

use super::Options;
use super::walk::kind_of;

/// Long enough for an editor's write-and-rename or a checkout to come as one batch, short enough
/// to feel immediate.
const QUIET: Duration = Duration::from_millis(40);

/// What happened on disk since the last batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Batch {
    /// These paths were touched.
    Paths(Vec<PathBuf>),
    /// Anything may have changed: the system lost events, or a folder moved.
    Everything,
}

impl Batch {
    /// Both batches as one.
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Paths(mut paths), Self::Paths(more)) => {
                paths.extend(more);
                paths.sort();
                paths.dedup();
                Self::Paths(paths)
            }
            _ => Self::Everything,
        }
    }
}

/// A running watcher; stops when dropped.
pub struct Watcher(#[allow(dead_code, reason = "held for its Drop")] Inner);

type Inner = Debouncer<RecommendedWatcher, RecommendedCache>;

/// Watches `root` and everything below it.
///
/// # Errors
/// The reason why the system cannot watch (limits reached, no support on this file system).
pub fn start(
    root: &Path,
    options: &Options,
    on_batch: impl Fn(Batch) + Send + 'static,
) -> notify::Result<Watcher> {
    let (folder, options) = (root.to_owned(), options.clone());
    let handle = move |result: DebounceEventResult| match result {
        Ok(events) => {
            let lost = events.iter().any(|event| event.need_rescan());
            let mut paths: Vec<PathBuf> = events
                .iter()
                .filter(|event| !event.kind.is_access())
                .flat_map(|event| &event.paths)
                .filter(|path| concerns(&folder, path, &options))
                .cloned()
                .collect();
            paths.sort();
            paths.dedup();
            if lost {
                on_batch(Batch::Everything);
            } else if !paths.is_empty() {
                on_batch(Batch::Paths(paths));
            }
        }
        Err(_) => on_batch(Batch::Everything),
    };
    // Its default, a quarter of the quiet time, would wake an idle workbench 100 times a second.
    let mut debouncer = new_debouncer(QUIET, Some(QUIET), handle)?;
    debouncer.watch(root, RecursiveMode::Recursive)?;
    Ok(Watcher(debouncer))
}

/// Whether a path can matter: builds write thousands of files that cannot.
fn concerns(root: &Path, path: &Path, options: &Options) -> bool {
    let Ok(inner) = path.strip_prefix(root) else { return false };
    let parts: Vec<&str> = inner
        .components()
        .filter_map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        })
        .collect();
    let Some((name, folders)) = parts.split_last() else { return true };
    if matches!(*name, ".gitignore" | ".ignore") {
        return true;
    }
    let is_foreign = |part: &&str| {
        part.starts_with('.') && **part != *".metascope"
            || matches!(*part, "target" | "node_modules" | "__pycache__" | "site-packages")
    };
    if !options.no_ignore && (folders.iter().any(is_foreign) || is_foreign(name)) {
        return false;
    }
    // A name without an extension may be a folder that came or went.
    kind_of(&parts.join("/"), options).is_some() || !name.contains('.') || path.is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_that_wait_become_one() {
        let paths = |names: &[&str]| Batch::Paths(names.iter().map(PathBuf::from).collect());
        assert_eq!(paths(&["b", "a"]).and(paths(&["a", "c"])), paths(&["a", "b", "c"]));
        assert_eq!(paths(&["a"]).and(Batch::Everything), Batch::Everything);
    }

    #[test]
    fn only_sources_manifests_and_folders_concern_us() {
        let root = Path::new("/p");
        let concerned = |path: &str| concerns(root, &root.join(path), &Options::default());
        assert!(concerned("a/b.py") && concerned("Cargo.toml") && concerned("pkg"));
        assert!(concerned(".gitignore") && concerned(".metascope/conventions/x.toml"));
        assert!(!concerned("target/debug/x.rs") && !concerned(".git/HEAD"));
        assert!(!concerned("notes.txt") && !concerned("a/.hidden.py"));
    }
}
