//! Where the runner keeps things: state that lasts, caches that may go, private temp dirs that
//! end with their run.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use super::owner;

/// The journal, logs and trusted folders. `METASCOPE_STATE_DIR` overrides.
pub fn state_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("METASCOPE_STATE_DIR").filter(|dir| !dir.is_empty()) {
        return dir.into();
    }
    match etcetera::choose_base_strategy() {
        Ok(base) => base.state_dir().unwrap_or_else(|| base.data_dir()).join("metascope"),
        Err(_) => std::env::temp_dir().join("metascope-state"),
    }
}

/// Shadow crates, their build directory and finished worker binaries. `METASCOPE_CACHE_DIR`
/// overrides.
pub fn cache_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("METASCOPE_CACHE_DIR").filter(|dir| !dir.is_empty()) {
        return dir.into();
    }
    match etcetera::choose_base_strategy() {
        Ok(base) => base.cache_dir().join("metascope"),
        Err(_) => std::env::temp_dir().join("metascope-cache"),
    }
}

/// The user's configuration file.
pub fn config_file() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("metascope/config.toml"))
}

/// Creates a directory that only its user may enter.
pub fn create_private(dir: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

/// The folder of all temp dirs of this user's workbenches; refused when another user made it.
fn temp_root() -> io::Result<PathBuf> {
    let uid = rustix::process::getuid().as_raw();
    let root = std::env::temp_dir().join(format!("metascope-{uid}"));
    create_private(&root)?;
    let found = fs::symlink_metadata(&root)?;
    if !found.is_dir() || found.uid() != uid {
        let message = format!("{} belongs to another user", root.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(&root, fs::Permissions::from_mode(0o700))?;
    }
    Ok(root)
}

/// The temp dir of this workbench's runs.
pub fn owner_dir() -> io::Result<PathBuf> {
    let dir = temp_root()?.join(owner::token());
    create_private(&dir)?;
    Ok(dir)
}

/// Removes what workbenches left that no longer live: their processes first, then their files.
pub fn reap_temp_dirs() {
    let Ok(root) = temp_root() else { return };
    let Ok(entries) = fs::read_dir(root) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(token) = name.to_str() else { continue };
        if !owner::is_alive(token) {
            super::procs::kill_marked("METASCOPE_OWNER", token);
            remove_tree(&entry.path());
        }
    }
}

/// Removes a tree even when a task took its own write permission away.
pub fn remove_tree(dir: &Path) {
    if fs::remove_dir_all(dir).is_ok() || !dir.exists() {
        return;
    }
    open_up(dir);
    if let Err(error) = fs::remove_dir_all(dir) {
        tracing::warn!("cannot remove {}: {error}", dir.display());
    }
}

fn open_up(dir: &Path) {
    let mut pending = vec![dir.to_path_buf()];
    while let Some(dir) = pending.pop() {
        let _ = fs::set_permissions(&dir, fs::Permissions::from_mode(0o700));
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        let is_dir = |entry: &fs::DirEntry| entry.file_type().is_ok_and(|kind| kind.is_dir());
        pending.extend(entries.flatten().filter(is_dir).map(|entry| entry.path()));
    }
}
