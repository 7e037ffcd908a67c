//! Finished binaries, kept by what they were made from.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::shadow::{Overlay, Shadow};
use crate::model::Worker;
use crate::runner::paths;

/// How many binaries are kept.
const KEPT: usize = 64;

pub struct Stamp {
    bins: PathBuf,
    folder: PathBuf,
}

impl Stamp {
    /// The place of a worker's binary: decided by the generated files and where they belong.
    pub fn new(cache: &Path, package: &Path, worker: &Worker, is_static: bool) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(package.as_os_str().as_encoded_bytes()).update(&[0, u8::from(is_static)]);
        for (path, text) in &worker.files {
            hasher.update(path.as_bytes()).update(&[0]).update(text.as_bytes()).update(&[0]);
        }
        let bins = cache.join("bin");
        let folder = bins.join(&hasher.finalize().to_hex()[..24]);
        Self { bins, folder }
    }

    /// The binary, if all it was made from is as it was then.
    pub fn binary(&self) -> Option<PathBuf> {
        let binary = self.folder.join("worker");
        let sources = fs::read_to_string(self.folder.join("sources")).ok()?;
        let is_same = |line: &str| {
            line.split_once(' ').is_some_and(|(was, path)| was == state_of(Path::new(path)))
        };
        (binary.is_file() && sources.lines().all(is_same)).then_some(binary)
    }

    /// Keeps a freshly built binary with the state of its sources, as cargo lists them beside it.
    pub fn keep(&self, built: &Path, shadow: &Shadow, overlay: &Overlay) -> io::Result<PathBuf> {
        let listed = fs::read_to_string(built.with_extension("d")).unwrap_or_default();
        let generated: Vec<PathBuf> =
            overlay.keys().map(|path| shadow.workspace.join(path)).collect();
        let mut sources: Vec<PathBuf> = dependencies(&listed)
            .into_iter()
            .map(|path| shadow.original(&path).unwrap_or(path))
            .filter(|path| !generated.contains(path))
            .collect();
        for name in [
            "Cargo.toml",
            "Cargo.lock",
            "rust-toolchain",
            "rust-toolchain.toml",
            ".cargo/config.toml",
        ] {
            sources.push(shadow.workspace.join(name));
        }
        sources.extend(toolchain_files());
        sources.retain(|path| !generated.contains(path));
        let lines: Vec<String> = sources
            .iter()
            .filter(|path| !path.to_string_lossy().contains('\n'))
            .map(|path| format!("{} {}\n", state_of(path), path.display()))
            .collect();
        paths::create_private(&self.folder)?;
        let binary = self.folder.join("worker");
        // A copy under a new name: the old one may be running.
        let fresh = self.folder.join(format!("worker-{}", std::process::id()));
        fs::copy(built, &fresh)?;
        fs::rename(fresh, &binary)?;
        fs::write(self.folder.join("sources"), lines.concat())?;
        self.prune();
        Ok(binary)
    }

    fn prune(&self) {
        let age = |folder: &PathBuf| folder.metadata().and_then(|found| found.modified()).ok();
        let entries = fs::read_dir(&self.bins).into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        folders.sort_by_key(age);
        let excess = folders.len().saturating_sub(KEPT);
        for folder in &folders[..excess] {
            paths::remove_tree(folder);
        }
    }
}

/// Size and time of a file, or that it is absent.
fn state_of(path: &Path) -> String {
    match path.metadata() {
        Ok(found) => format!("{}.{}:{}", found.mtime(), found.mtime_nsec(), found.len()),
        Err(_) => "-".into(),
    }
}

/// What changes when another toolchain is installed or chosen.
fn toolchain_files() -> Vec<PathBuf> {
    let home = std::env::var_os("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".rustup")));
    home.map(|home| vec![home.join("settings.toml"), home.join("toolchains")]).unwrap_or_default()
}

/// The dependencies of a dep-info file (`target: a b\ c`).
fn dependencies(text: &str) -> Vec<PathBuf> {
    let Some((_, list)) = text.lines().next().and_then(|line| line.split_once(": ")) else {
        return Vec::new();
    };
    let unescaped = list.replace("\\ ", "\0");
    unescaped
        .split(' ')
        .filter(|part| !part.is_empty())
        .map(|part| part.replace('\0', " ").into())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dep_info_with_spaces() {
        let found = dependencies("/t/debug/worker: /a/src/lib.rs /b\\ c/main.rs\n");
        assert_eq!(found, [PathBuf::from("/a/src/lib.rs"), PathBuf::from("/b c/main.rs")]);
        assert!(dependencies("").is_empty());
    }
}
