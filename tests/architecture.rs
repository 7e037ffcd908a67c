//! Keeps the house's walls: which room may import which, read from the source.

use std::fs;
use std::path::{Path, PathBuf};

/// Each room with the rooms it may import. `shell` and `cli` may import everything.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &["model"]),
    ("analyzers", &["analyzers", "model"]),
    ("knowledge", &["knowledge", "model"]),
    ("runner", &["runner", "model"]),
    ("workspace", &["workspace", "analyzers", "model"]),
    ("app", &["app", "model", "runner", "knowledge", "analyzers::layout"]),
    ("views", &["views", "app", "model", "knowledge", "analyzers::layout"]),
];

/// Names that a room must not use: the pure rooms touch neither files nor the terminal.
const FORBIDDEN: &[(&str, &[&str])] = &[
    ("model", &["std::fs", "std::thread", "tokio", "ratatui", "crossterm", "syn", "rayon"]),
    // Threads are allowed: a deep syntax tree needs a deep stack.
    ("analyzers", &["std::fs", "std::env", "std::time", "tokio", "ratatui", "crossterm"]),
    ("knowledge", &["std::fs", "tokio", "ratatui", "crossterm"]),
    ("app", &["std::fs", "std::thread", "tokio", "crossterm::terminal"]),
    ("views", &["std::fs", "std::thread", "std::process", "tokio", "crossterm"]),
    ("runner", &["ratatui", "crossterm"]),
    ("workspace", &["ratatui", "crossterm", "tokio"]),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // Templates are text that workers are made of.
        let others = ["tests", "tests.rs", "templates"];
        let is_other =
            path.file_name().is_some_and(|name| others.iter().any(|other| name == *other));
        if is_other {
            continue;
        }
        if path.is_dir() {
            files.extend(source_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The code of a file without its comments and its tests: tests may look around.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    text.lines().filter(is_code).collect::<Vec<_>>().join("\n")
}

/// Whether `text` uses `path` as a path of its own, not as the tail of a longer name.
fn uses(text: &str, path: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '"' || c == '.';
    text.match_indices(&format!("{path}::"))
        .any(|(at, _)| !text[..at].chars().next_back().is_some_and(is_word))
}

#[test]
fn rooms_import_only_what_they_may() {
    let mut broken = Vec::new();
    let rooms = fs::read_dir(source()).unwrap().filter_map(|entry| {
        let entry = entry.unwrap();
        entry.path().is_dir().then(|| entry.file_name().into_string().unwrap())
    });
    let rooms: Vec<String> = rooms.collect();
    for (room, allowed) in ROOMS {
        for path in source_files(&source().join(room)) {
            let mut text = code(&path);
            // A part of a room, such as the layout of graphs, may be open where the room is not.
            for part in allowed.iter().filter(|part| part.contains("::")) {
                text = text.replace(&format!("crate::{part}"), "");
            }
            for target in rooms.iter().filter(|target| !allowed.contains(&target.as_str())) {
                if uses(&text, &format!("crate::{target}")) {
                    broken.push(format!("{}: {room} imports {target}", path.display()));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn pure_rooms_do_not_touch_the_world() {
    let mut broken = Vec::new();
    for (room, forbidden) in FORBIDDEN {
        for path in source_files(&source().join(room)) {
            let text = code(&path);
            for name in forbidden.iter().filter(|name| uses(&text, name)) {
                broken.push(format!("{}: {room} uses {name}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_module_says_what_it_is_for() {
    let is_silent = |path: &PathBuf| !fs::read_to_string(path).unwrap().starts_with("//!");
    let silent: Vec<PathBuf> = source_files(&source()).into_iter().filter(is_silent).collect();
    assert!(silent.is_empty(), "no module documentation: {silent:#?}");
}

#[test]
fn the_walls_can_be_broken() {
    assert!(uses("use crate::views::draw;", "crate::views"));
    assert!(uses("let x = std::fs::read(p);", "std::fs"));
    assert!(!uses("use $crate::viewsmith::x;", "crate::views"));
    assert!(!uses("my_std::fs::read", "std::fs"));
}
