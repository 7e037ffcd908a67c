//! Folders whose code the user has agreed to run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::paths;

/// Whether the user trusts `root` or a folder above it.
pub fn is_trusted(root: &Path) -> bool {
    let root = resolve(root);
    let text = fs::read_to_string(file()).unwrap_or_default();
    text.lines().any(|line| !line.is_empty() && root.starts_with(unescape(line)))
}

/// Remembers that the user trusts `root`.
pub fn trust(root: &Path) -> io::Result<()> {
    if is_trusted(root) {
        return Ok(());
    }
    let path = file();
    if let Some(folder) = path.parent() {
        paths::create_private(folder)?;
    }
    // One short append, so two workbenches cannot tear each other's lines apart.
    let line = format!("{}\n", escape(&resolve(root)));
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path)?;
    io::Write::write_all(&mut file, line.as_bytes())
}

fn file() -> PathBuf {
    paths::state_dir().join("trusted")
}

fn resolve(root: &Path) -> PathBuf {
    root.canonicalize().unwrap_or_else(|_| root.to_path_buf())
}

fn escape(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "\\\\").replace('\n', "\\n")
}

fn unescape(line: &str) -> PathBuf {
    let mut text = String::with_capacity(line.len());
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => text.push(if rest.next() == Some('n') { '\n' } else { '\\' }),
            c => text.push(c),
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_survives_its_line() {
        for path in ["/a b/c", "/odd\\n", "/new\nline\\"] {
            assert_eq!(unescape(&escape(Path::new(path))), Path::new(path));
            assert!(!escape(Path::new(path)).contains('\n'));
        }
    }
}
