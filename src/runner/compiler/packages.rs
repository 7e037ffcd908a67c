//! Which packages lie in a folder, by cargo's own account.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use ignore::WalkBuilder;
use serde::Deserialize;

use super::CompilerError;

/// Folders below the root that are looked at for manifests.
const DEPTH: usize = 6;
/// Workspaces of one folder that are built.
const WORKSPACES: usize = 16;

/// A workspace with those of its members that lie in the folder asked for.
#[derive(Debug)]
pub struct Workspace {
    pub folder: PathBuf,
    /// Names, as `-p` takes them.
    pub members: Vec<String>,
    /// Whether these are all of its members.
    pub is_whole: bool,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
}

/// The workspaces with packages in `root`, which is a folder or a source file; those around it when
/// it holds no manifest of its own.
///
/// # Errors
/// When there is none, or cargo cannot be run or does not understand the only one.
pub fn workspaces(root: &Path) -> Result<Vec<Workspace>, CompilerError> {
    let folder = if root.is_dir() { root } else { root.parent().unwrap_or(root) };
    let mut found: Vec<Workspace> = Vec::new();
    let mut seen: Vec<PathBuf> = Vec::new();
    let mut complaint = None;
    let mut manifests = manifests(folder);
    if manifests.is_empty() {
        let above = folder.ancestors().map(|folder| folder.join("Cargo.toml"));
        manifests.extend(above.into_iter().find(|path| path.is_file()));
    }
    for manifest in manifests {
        if seen.contains(&manifest) || found.len() >= WORKSPACES {
            continue;
        }
        match metadata(&manifest) {
            Ok(metadata) => {
                let count = metadata.packages.len();
                let inside = metadata.packages.into_iter().filter(|package| {
                    package.manifest_path.starts_with(folder) || package.manifest_path == manifest
                });
                let inside: Vec<Package> = inside.collect();
                seen.extend(inside.iter().map(|package| package.manifest_path.clone()));
                seen.push(manifest);
                let is_whole = inside.len() == count;
                let members: Vec<String> = inside.into_iter().map(|package| package.name).collect();
                let folder = metadata.workspace_root;
                if !members.is_empty() && !found.iter().any(|known| known.folder == folder) {
                    found.push(Workspace { folder, members, is_whole });
                }
            }
            Err(error @ CompilerError::Missing(_)) => return Err(error),
            Err(error) => complaint = complaint.or(Some(error)),
        }
    }
    match (found.is_empty(), complaint) {
        (true, Some(error)) => Err(error),
        (true, None) => Err(CompilerError::NoPackage(folder.to_path_buf())),
        _ => Ok(found),
    }
}

/// The folder of the workspace that a package belongs to, or its own.
pub fn workspace_of(folder: &Path) -> PathBuf {
    let found = metadata(&folder.join("Cargo.toml"));
    found.map_or_else(|_| folder.to_path_buf(), |metadata| metadata.workspace_root)
}

/// Manifests that are not ignored, those nearest to the root first.
fn manifests(folder: &Path) -> Vec<PathBuf> {
    let is_source = |entry: &ignore::DirEntry| {
        let name = entry.file_name().to_str().unwrap_or_default();
        entry.depth() == 0 || !matches!(name, "target" | "node_modules" | "vendor")
    };
    let mut walk = WalkBuilder::new(folder);
    walk.max_depth(Some(DEPTH)).require_git(false).filter_entry(is_source);
    let entries = walk.build().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name() == "Cargo.toml")
        .map(ignore::DirEntry::into_path)
        .collect();
    found.sort_by(|a, b| (a.components().count(), a).cmp(&(b.components().count(), b)));
    found
}

fn metadata(manifest: &Path) -> Result<Metadata, CompilerError> {
    let output = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version=1", "--offline", "--manifest-path"])
        .arg(manifest)
        .current_dir(manifest.parent().unwrap_or(Path::new(".")))
        .stdin(Stdio::null())
        .output()
        .map_err(CompilerError::Missing)?;
    serde_json::from_slice(&output.stdout)
        .map_err(|_| CompilerError::Failed(String::from_utf8_lossy(&output.stderr).trim().into()))
}
