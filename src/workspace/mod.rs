//! The directory on disk: walks it (`.gitignore`-aware), reads and extracts in parallel, caches,
//! watches, and publishes linked snapshots.
//!
//! [`scan`] is the headless way: one snapshot. [`Workspace`] is the live one: a thread of its own
//! that publishes a snapshot whenever something changed on disk.

mod cache;
mod change;
mod compiled;
mod crates;
mod dependencies;
mod extract;
mod live;
mod read;
mod rows;
mod scan;
#[cfg(test)]
mod tests;
mod walk;
mod watch;

pub use change::compare;
pub use compiled::RustTexts;
pub use crates::CrateSources;
pub use extract::on_pool;
pub use live::{Event, Inbox, WatchMode, Workspace};
pub use read::read_text;
pub use scan::{Progress, Scan, scan};

use std::path::PathBuf;
use std::sync::Arc;

use crate::analyzers::link::Parts;
use crate::model::{CompiledCalls, Language};

/// How a project is opened.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Walk ignored, hidden and vendored folders too.
    pub no_ignore: bool,
    /// Read one language only.
    pub lang: Option<Language>,
    /// Read the installed packages that the project imports, to understand what it takes from them.
    pub dependencies: bool,
    /// Keep extracted facts on disk between starts.
    pub cache: bool,
    /// What [`scan`] links; a [`Workspace`] links everything.
    pub parts: Parts,
    /// What the compiler says of the project's calls; a [`Workspace`] is told later.
    pub compiled: Option<Arc<CompiledCalls>>,
}

/// Why a path cannot be opened as a project.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{}: no such file or folder", .0.display())]
    Missing(PathBuf),
    #[error("{}: not a Python or Rust source file; give a folder or a .py, .pyi or .rs file", .0.display())]
    NotSource(PathBuf),
    #[error("{}: {error}", .path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
}
