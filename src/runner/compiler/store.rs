//! Build folders in the cache, one for each workspace, the longest unused removed when they grow.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::CompilerError;
use crate::runner::paths;

/// What all build folders together may hold, in bytes. The one in use is never removed.
const LIMIT: u64 = 6 << 30;
/// Held by those who build there.
const LOCK: &str = "in-use";

/// A build folder that nobody removes while this lives.
pub struct BuildFolder {
    folder: PathBuf,
    lock: File,
}

impl BuildFolder {
    /// The folder for a workspace; others are removed when there is no room left for it.
    pub fn open(cache: &Path, workspace: &Path) -> Result<Self, CompilerError> {
        let all = cache.join("targets");
        let name = &blake3::hash(workspace.as_os_str().as_encoded_bytes()).to_hex()[..16];
        let folder = all.join(name);
        let open = || -> io::Result<Self> {
            paths::create_private(&folder)?;
            let lock = File::create(folder.join(LOCK))?;
            lock.lock_shared()?;
            lock.set_modified(SystemTime::now())?;
            Ok(Self { folder: folder.clone(), lock })
        };
        let opened =
            open().map_err(|error| CompilerError::Unwritable { path: folder.clone(), error })?;
        make_room(&all, LIMIT);
        Ok(opened)
    }

    pub fn target(&self) -> PathBuf {
        self.folder.join("target")
    }

    /// A folder for what the compiler leaves behind only while it runs.
    pub fn temp_dir(&self) -> Result<tempfile::TempDir, CompilerError> {
        tempfile::Builder::new()
            .prefix("tmp-")
            .tempdir_in(&self.folder)
            .map_err(|error| CompilerError::Unwritable { path: self.folder.clone(), error })
    }
}

impl Drop for BuildFolder {
    fn drop(&mut self) {
        let _ = self.lock.unlock();
    }
}

/// Removes build folders that nobody uses, the longest unused first, until `limit` is kept.
fn make_room(all: &Path, limit: u64) {
    let Ok(entries) = fs::read_dir(all) else { return };
    let mut folders: Vec<(SystemTime, PathBuf, u64)> = entries
        .flatten()
        .map(|entry| {
            let path = entry.path();
            let used = fs::metadata(path.join(LOCK)).and_then(|found| found.modified());
            let size = size_of(&path);
            (used.unwrap_or(SystemTime::UNIX_EPOCH), path, size)
        })
        .collect();
    folders.sort();
    let mut total: u64 = folders.iter().map(|(.., size)| size).sum();
    for (_, folder, size) in folders {
        if total <= limit {
            return;
        }
        let is_free = match File::open(folder.join(LOCK)) {
            Ok(lock) => lock.try_lock().is_ok(),
            Err(_) => true,
        };
        if is_free && fs::remove_dir_all(&folder).is_ok() {
            total = total.saturating_sub(size);
        }
    }
}

fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(found) if found.is_dir() => size_of(&entry.path()),
        Ok(found) => found.len(),
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unused_goes_and_what_is_used_stays() {
        let cache = tempfile::tempdir().unwrap();
        let all = cache.path().join("targets");
        let make = |name: &str, age: u64| {
            let folder = all.join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("data"), [0; 1000]).unwrap();
            let lock = File::create(folder.join(LOCK)).unwrap();
            lock.set_modified(SystemTime::now() - std::time::Duration::from_secs(age)).unwrap();
            lock
        };
        make("old", 900);
        let used = make("used", 800);
        used.lock_shared().unwrap();
        make("new", 10);
        make_room(&all, 2500);
        let left = |name: &str| all.join(name).exists();
        assert!(!left("old") && left("used") && left("new"));
        make_room(&all, 0);
        assert!(left("used") && !left("new"));
    }
}
