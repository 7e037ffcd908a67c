//! Builds Rust workers: the user's package is shadowed in the cache, the generated files are laid
//! over it, and cargo builds it there. The user's own tree and build directory are not touched.
//! A finished binary is kept by what it was made from, so that later runs start it at once.
//!
//! Building runs the package's build scripts and procedural macros on this machine, with this
//! user's rights, as any `cargo build` does.

mod cargo;
mod diagnostics;
mod shadow;
mod stamp;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use cargo::{listen, needs_network};
pub use diagnostics::{CargoMessage, CompilerMessage};

use super::paths;
use super::run::{Context, Ending};
use crate::model::{ExecutorKind, RunError, RunStatus, Worker};
use shadow::Shadow;

/// The name of the binary target that the generated manifest adds.
const BINARY: &str = "__ms_worker";

/// Returns the worker's binary, building it unless nothing it was made from has changed.
pub fn build(context: &Context<'_>) -> Result<PathBuf, Ending> {
    let worker = &context.job.worker;
    let is_static = context.job.request.executor != ExecutorKind::Thread;
    let manifest = shadow::package_manifest(worker)
        .ok_or_else(|| failed("BuildError", "the worker has no package manifest".into()))?;
    let manifest = context.job.root.join(manifest);
    let folder = manifest.parent().unwrap_or(&context.job.root);
    let cache = paths::cache_dir().join("rust");
    let stamp = stamp::Stamp::new(&cache, folder, worker, is_static);
    if let Some(binary) = stamp.binary() {
        return Ok(binary);
    }
    let io = |error: std::io::Error| {
        failed("BuildError", format!("{} cannot be used: {error}", cache.display()))
    };
    let workspace = cargo::workspace_root(&manifest)?;
    let shadow = Shadow::new(&cache, &workspace);
    paths::create_private(&cache).map_err(io)?;
    let _lock = lock(context, &cache.join("lock"))?;
    let overlay = shadow::overlay(&context.job.root, &workspace, worker)
        .map_err(|message| failed("BuildError", message))?;
    shadow.sync(&overlay).map_err(io)?;
    let request = cargo::Request {
        context,
        folder: shadow.place(folder),
        shadow: &shadow,
        target_dir: cache.join("target"),
        is_static,
    };
    let built = cargo::build(&request)?;
    stamp.keep(&built, &shadow, &overlay).map_err(io)
}

/// One build at a time: all share a build directory, where each leaves its binary under the same
/// name until it has been copied away.
fn lock(context: &Context<'_>, path: &Path) -> Result<File, Ending> {
    let problem = |error: std::io::Error| {
        failed("BuildError", format!("{} cannot be locked: {error}", path.display()))
    };
    let file = File::create(path).map_err(problem)?;
    let mut is_told = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(problem(error)),
            Err(TryLockError::WouldBlock) => {}
        }
        if context.cancel.is_requested() {
            return Err(Ending::Cancelled);
        }
        if !std::mem::replace(&mut is_told, true) {
            context.progress("waiting for another build");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Names an error's place by the project's root: panics name files by the folder of the package
/// or of its workspace.
pub fn show_place(error: &mut RunError, root: &Path, worker: &Worker) {
    let Some(file) = error.file.clone() else { return };
    let package = shadow::package_manifest(worker).map(|manifest| root.join(manifest));
    let folders = package.iter().flat_map(|manifest| manifest.ancestors().skip(1));
    let found = folders.map(|folder| folder.join(&*file)).find(|path| path.is_file());
    if let Some(found) = found {
        let shown = found.strip_prefix(root).unwrap_or(&found);
        error.file = Some(shown.to_string_lossy().as_ref().into());
    }
}

/// An ending before the start.
fn failed(kind: &str, message: String) -> Ending {
    Ending::Failed(
        RunStatus::Failed,
        RunError { type_: kind.into(), message, ..RunError::default() },
    )
}

/// Removes a file or a tree; absence is fine.
fn remove(path: &Path) -> std::io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    }
}
