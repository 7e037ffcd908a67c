//! A package's tree seen through links, with generated files laid over it.
//!
//! Only folders on the way to a generated file are real; everything else links to the user's
//! tree, so `include_str!`, build scripts and relative dependencies find what they expect. The
//! tree is mirrored under its own absolute path, so that neighbours one or two levels up can be
//! linked beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use crate::model::Worker;

/// Folders that cargo or git fill and a build does not read.
const SKIPPED: [&str; 2] = ["target", ".git"];

pub struct Shadow {
    /// The workspace's (or lone package's) own folder.
    pub workspace: PathBuf,
    /// Everything about this workspace in the cache.
    pub base: PathBuf,
}

/// Generated files by their path below the workspace.
pub type Overlay = BTreeMap<PathBuf, String>;

/// The manifest among a worker's files that belongs to the package itself.
pub fn package_manifest(worker: &Worker) -> Option<&str> {
    let is_own = |path: &&str| {
        Path::new(path).file_name().is_some_and(|name| name == "Cargo.toml")
            && !path.contains(".metascope/")
    };
    worker.files.iter().map(|(path, _)| path.as_str()).find(is_own)
}

/// A worker's files, whose paths are below the project's root, by their path below the workspace.
pub fn overlay(root: &Path, workspace: &Path, worker: &Worker) -> Result<Overlay, String> {
    let place = |(path, text): &(String, String)| {
        let is_inner = |part: Component<'_>| matches!(part, Component::Normal(_));
        let full = root.join(path);
        let inner = full.strip_prefix(workspace).ok();
        match inner.filter(|inner| inner.components().all(is_inner)) {
            Some(inner) => Ok((inner.to_path_buf(), text.clone())),
            None => Err(format!("the worker's file {path} lies outside its workspace")),
        }
    };
    worker.files.iter().map(place).collect()
}

impl Shadow {
    pub fn new(cache: &Path, workspace: &Path) -> Self {
        let hash = blake3::hash(workspace.as_os_str().as_encoded_bytes()).to_hex();
        Self { workspace: workspace.to_path_buf(), base: cache.join("shadow").join(&hash[..16]) }
    }

    /// Where a path of the user's tree stands in the shadow.
    pub fn place(&self, original: &Path) -> PathBuf {
        self.base.join("tree").join(original.strip_prefix("/").unwrap_or(original))
    }

    /// The user's path of one in the shadow.
    pub fn original(&self, placed: &Path) -> Option<PathBuf> {
        Some(Path::new("/").join(placed.strip_prefix(self.base.join("tree")).ok()?))
    }

    /// Brings the shadow in line with the user's tree and the overlay. Files that are already
    /// right are left alone, so that cargo sees only what changed.
    pub fn sync(&self, overlay: &Overlay) -> io::Result<()> {
        let folders: BTreeSet<&Path> =
            overlay.keys().flat_map(|path| path.ancestors().skip(1)).collect();
        for folder in &folders {
            self.sync_folder(folder, &folders, overlay)?;
        }
        for (path, text) in overlay {
            write_if_changed(&self.place(&self.workspace).join(path), text)?;
        }
        self.copy_lock_file()?;
        self.link_neighbours()
    }

    fn sync_folder(
        &self,
        folder: &Path,
        folders: &BTreeSet<&Path>,
        overlay: &Overlay,
    ) -> io::Result<()> {
        let placed = self.place(&self.workspace).join(folder);
        if placed.is_symlink() {
            fs::remove_file(&placed)?;
        }
        fs::create_dir_all(&placed)?;
        let original = self.workspace.join(folder);
        let mut wanted = BTreeSet::new();
        for entry in fs::read_dir(&original).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let inner = folder.join(&name);
            let is_skipped = SKIPPED.iter().any(|skipped| name == *skipped)
                || (folder.as_os_str().is_empty() && name == "Cargo.lock");
            if is_skipped || overlay.contains_key(&inner) || folders.contains(inner.as_path()) {
                continue;
            }
            link(&original.join(&name), &placed.join(&name))?;
            wanted.insert(name);
        }
        for entry in fs::read_dir(&placed)?.flatten() {
            let name = entry.file_name();
            let inner = folder.join(&name);
            let is_lock = folder.as_os_str().is_empty() && name == "Cargo.lock";
            let is_generated = overlay.contains_key(&inner) || folders.contains(inner.as_path());
            if !wanted.contains(&name) && !is_generated && !is_lock {
                super::remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// The lock file is a copy, since the worker's own dependencies are added to it.
    fn copy_lock_file(&self) -> io::Result<()> {
        let original = self.workspace.join("Cargo.lock");
        let placed = self.place(&original);
        let Ok(theirs) = original.metadata() else { return Ok(()) };
        let is_current = placed.metadata().is_ok_and(|ours| {
            matches!((ours.modified(), theirs.modified()), (Ok(ours), Ok(theirs)) if ours >= theirs)
        });
        if is_current {
            return Ok(());
        }
        fs::write(placed, fs::read(original)?)
    }

    /// Links folders beside the workspace, for dependencies like `../other`.
    fn link_neighbours(&self) -> io::Result<()> {
        let mut folder = self.workspace.as_path();
        for _ in 0..2 {
            let Some(parent) = folder.parent().filter(|parent| parent.parent().is_some()) else {
                break;
            };
            let entries: Vec<_> = fs::read_dir(parent).into_iter().flatten().flatten().collect();
            for entry in entries.iter().take(500) {
                let path = entry.path();
                let is_needed = path != folder
                    && (path.join("Cargo.toml").is_file() || entry.file_name() == ".cargo");
                if is_needed {
                    link(&path, &self.place(&path))?;
                }
            }
            folder = parent;
        }
        Ok(())
    }
}

fn link(original: &Path, placed: &Path) -> io::Result<()> {
    if fs::read_link(placed).is_ok_and(|target| target == original) {
        return Ok(());
    }
    super::remove(placed)?;
    if let Some(folder) = placed.parent() {
        fs::create_dir_all(folder)?;
    }
    symlink(original, placed)
}

fn write_if_changed(path: &Path, text: &str) -> io::Result<()> {
    if !path.is_symlink() && fs::read_to_string(path).is_ok_and(|current| current == text) {
        return Ok(());
    }
    super::remove(path)?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_files_come_and_go_over_a_linked_tree() {
        let folder = tempfile::tempdir().unwrap();
        let crates = folder.path().join("crates");
        let package = crates.join("a");
        for (path, text) in [
            ("a/Cargo.toml", "own"),
            ("a/Cargo.lock", "lock"),
            ("a/src/lib.rs", "lib"),
            ("a/src/deep/mod.rs", "deep"),
            ("a/data/x.txt", "x"),
            ("b/Cargo.toml", "b"),
        ] {
            let path = crates.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let shadow = Shadow::new(&folder.path().join("cache"), &package);
        let place = |path: &str| shadow.place(&package.join(path));
        let read = |path: &str| fs::read_to_string(place(path)).unwrap();
        let overlay = |path: &str| {
            Overlay::from([
                (PathBuf::from("Cargo.toml"), "generated".into()),
                (PathBuf::from(path), "adapted".into()),
                (PathBuf::from(".metascope/rt/lib.rs"), "rt".into()),
            ])
        };
        shadow.sync(&overlay("src/deep/mod.rs")).unwrap();
        assert_eq!(read("src/deep/mod.rs"), "adapted");
        assert_eq!((read("src/lib.rs"), read("data/x.txt")), ("lib".into(), "x".into()));
        assert_eq!((read("Cargo.toml"), read("Cargo.lock")), ("generated".into(), "lock".into()));
        assert!(place("src/lib.rs").is_symlink() && !place("Cargo.lock").is_symlink());
        assert_eq!(fs::read_to_string(shadow.place(&crates.join("b/Cargo.toml"))).unwrap(), "b");
        assert_eq!(shadow.original(&place("src/lib.rs")), Some(package.join("src/lib.rs")));

        fs::remove_file(package.join("data/x.txt")).unwrap();
        shadow.sync(&overlay("src/lib.rs")).unwrap();
        assert_eq!(
            (read("src/lib.rs"), read("src/deep/mod.rs")),
            ("adapted".into(), "deep".into())
        );
        assert!(!place("data/x.txt").exists());
        assert_eq!(fs::read_to_string(package.join("src/lib.rs")).unwrap(), "lib");
        assert_eq!(fs::read_to_string(package.join("Cargo.toml")).unwrap(), "own");
    }
}
