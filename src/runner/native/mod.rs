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

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::paths;
use super::run::{Context, Ending};
use crate::model::{ExecutorKind, RunError, RunStatus};
use shadow::Shadow;

/// The name of the binary target that the generated manifest adds.
const BINARY: &str = "__ms_worker";

/// Returns the worker's binary, building it unless nothing it was made from has changed.
pub fn build(context: &Context<'_>) -> Result<PathBuf, Ending> {
    let worker = &context.job.worker;
    let is_static = context.job.request.executor == ExecutorKind::Docker;
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
    paths::create_private(&shadow.base).map_err(io)?;
    let lock = File::create(shadow.base.join("lock")).map_err(io)?;
    if lock.try_lock().is_err() {
        context.progress("waiting for another build of this package");
        lock.lock().map_err(io)?;
    }
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
