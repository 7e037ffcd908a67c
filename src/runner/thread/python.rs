//! Which interpreter runs a project's tasks.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::runner::paths;
use crate::runner::settings::Settings;

/// The project's virtual environment, else the configured interpreter, else the environment that
/// is active, else `python3`.
pub fn find(root: &Path, settings: &Settings) -> Result<PathBuf, String> {
    if let Some(found) = of_project(root) {
        return Ok(found);
    }
    if let Some(configured) = &settings.python {
        return match is_program(configured) {
            true => Ok(configured.clone()),
            false => on_path(&configured.to_string_lossy()).ok_or_else(|| {
                format!(
                    "the configured interpreter {} does not exist: set [run] python in the \
                     configuration file",
                    configured.display()
                )
            }),
        };
    }
    if let Some(active) = std::env::var_os("VIRTUAL_ENV") {
        let python = Path::new(&active).join("bin/python");
        if is_program(&python) {
            return Ok(python);
        }
    }
    ["python3", "python"].into_iter().find_map(on_path).ok_or_else(|| {
        "no Python interpreter: install python3, make a .venv in the project, or set [run] python \
         in the configuration file"
            .into()
    })
}

/// The virtual environment of the folder or of one above it, up to the repository's root.
fn of_project(root: &Path) -> Option<PathBuf> {
    for folder in root.ancestors() {
        for name in [".venv", "venv"] {
            let python = folder.join(name).join("bin/python");
            if is_program(&python) {
                return Some(python);
            }
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

fn on_path(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return None;
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// `3.11` of an interpreter; asked once, then remembered for as long as the program file stays.
pub fn version(python: &Path) -> Result<String, String> {
    let note = note_of(python);
    if let Some(note) = &note
        && let Ok(known) = std::fs::read_to_string(note)
        && known.contains('.')
    {
        return Ok(known);
    }
    let version = ask_version(python)?;
    if let Some(note) = &note
        && let Some(folder) = note.parent()
        && paths::create_private(folder).is_ok()
    {
        // Only a shortcut: without it the interpreter is asked again.
        let _ = std::fs::write(note, &version);
    }
    Ok(version)
}

/// Where an interpreter's version is remembered, by its program's path, size and time.
fn note_of(python: &Path) -> Option<PathBuf> {
    let program = python.canonicalize().ok()?;
    let found = program.metadata().ok()?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(program.as_os_str().as_encoded_bytes());
    hasher.update(format!("\0{}\0{:?}", found.len(), found.modified().ok()?).as_bytes());
    let name = hasher.finalize().to_hex()[..16].to_owned();
    Some(paths::cache_dir().join("python").join(name))
}

fn ask_version(python: &Path) -> Result<String, String> {
    let code = "import sys; print('%d.%d' % sys.version_info[:2])";
    let output = Command::new(python)
        .args(["-I", "-S", "-c", code])
        .output()
        .map_err(|error| format!("{} cannot be run: {error}", python.display()))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_string();
    if output.status.success() && version.contains('.') {
        return Ok(version);
    }
    let complaint = String::from_utf8_lossy(&output.stderr).trim().to_string();
    Err(format!("{} does not work: {complaint}", python.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_virtual_environment_above_is_found_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("src/pkg");
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::create_dir_all(folder.path().join("venv/bin")).unwrap();
        let python = folder.path().join("venv/bin/python");
        symlink("/nowhere/python3.9", &python).unwrap();
        assert_eq!(of_project(&inner), None);
        std::fs::remove_file(&python).unwrap();
        symlink("/bin/sh", &python).unwrap();
        assert_eq!(of_project(&inner), Some(python));
        std::fs::create_dir(inner.join(".git")).unwrap();
        assert_eq!(of_project(&inner), None);
    }
}
