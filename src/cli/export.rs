//! A worker as a folder that runs on its own, with what it needs elsewhere.

use std::fs;
use std::io;
use std::path::Path;

use crate::model::{Language, Worker};
use crate::runner::requirements;

/// The worker's name among a Rust package's binaries.
const BINARY: &str = "__ms_worker";

/// Writes the worker's files, what they need to be installed or built, and a Dockerfile.
pub fn export(worker: &Worker, root: &Path, folder: &Path) -> io::Result<()> {
    if worker.language == Language::Rust {
        copy_sources(root, folder)?;
    }
    let write = |path: &str, text: &str| {
        let target = folder.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(target, text)
    };
    for (path, text) in &worker.files {
        write(path, text)?;
    }
    match worker.language {
        Language::Python => {
            let found = requirements::of(root, &worker.dependencies);
            let lines = found.declared.iter().chain(&found.undeclared);
            let text: String = lines.map(|line| format!("{line}\n")).collect();
            write("requirements.txt", &text)?;
            let version = worker.python.as_deref().unwrap_or(">=3").trim_start_matches(">=");
            write("Dockerfile", &python_image(version))
        }
        Language::Rust => {
            let own = |path: &&str| path.ends_with("Cargo.toml") && !path.contains(".metascope/");
            let manifest = worker.files.iter().map(|(path, _)| path.as_str()).find(own);
            write("Dockerfile", &rust_image(manifest.unwrap_or("Cargo.toml")))
        }
    }
}

/// The oldest Python that the syntax allows may be gone: the newest of its line serves.
fn python_image(version: &str) -> String {
    format!(
        "# {version} or newer\nFROM python:3-slim\nCOPY . /worker\nWORKDIR /worker\n\
         RUN pip install --no-cache-dir -r requirements.txt\n\
         # docker run -i --rm IMAGE < input.json\nENTRYPOINT [\"python\", \"worker.py\"]\n"
    )
}

fn rust_image(manifest: &str) -> String {
    format!(
        "FROM rust:1-slim AS build\nCOPY . /source\nWORKDIR /source\n\
         RUN cargo build --release --manifest-path {manifest} --bin {BINARY} --target-dir /built\n\
         FROM debian:stable-slim\nCOPY --from=build /built/release/{BINARY} /worker\n\
         # docker run -i --rm IMAGE < input.json\nENTRYPOINT [\"/worker\"]\n"
    )
}

/// Copies what version control would keep of the project; the worker is built around it.
fn copy_sources(root: &Path, folder: &Path) -> io::Result<()> {
    let mut walk = ignore::WalkBuilder::new(root);
    walk.hidden(false).require_git(false);
    walk.filter_entry(|entry| entry.file_name() != ".git" && entry.file_name() != "target");
    let out = folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    for entry in walk.build().filter_map(Result::ok) {
        let inside = entry.path().canonicalize().is_ok_and(|path| path.starts_with(&out));
        let Ok(path) = entry.path().strip_prefix(root) else { continue };
        if inside || !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let target = folder.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(entry.path(), target)?;
    }
    Ok(())
}
