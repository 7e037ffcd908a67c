//! A generated worker: the program that runs exactly one task.

use serde::{Deserialize, Serialize};

use super::{Language, Name};

/// The files of a worker and the account of what the slice kept and dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worker {
    pub task: Name,
    pub language: Language,
    /// Path within the worker → text; the first one is the entry.
    pub files: Vec<(String, String)>,
    pub kept: Vec<Kept>,
    pub dropped: Vec<Dropped>,
    /// Third-party packages the slice imports, by import name.
    pub dependencies: Vec<Name>,
    /// The Python the worker needs, such as `>=3.10`; `None` for Rust.
    pub python: Option<Name>,
    /// Hash of all that decides what the worker does.
    pub hash: Name,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub file: Name,
    pub line: u32,
    /// What the statement binds.
    pub names: Vec<Name>,
    pub why: Name,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    pub file: Name,
    pub line: u32,
    pub names: Vec<Name>,
}
