//! What one Rust file says for the registries beyond its items: item macro calls.

use serde::{Deserialize, Serialize};

use super::modules::ModuleIndex;
use super::types::{Path, Word};
use crate::model::Name;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RegistryFacts {
    pub submissions: Vec<Submission>,
    pub calls: Vec<MacroCall>,
}

/// One entry of a distributed registry: `inventory::submit! { … }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    pub module: ModuleIndex,
    /// `inventory::submit`
    pub registrar: Name,
    /// The type that is submitted.
    pub plugin: Option<Path>,
    pub key: Option<Name>,
    /// Every path that the entry mentions as a value.
    pub paths: Vec<Path>,
    pub text: Name,
    pub line: u32,
}

/// A macro call in item position.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MacroCall {
    pub module: ModuleIndex,
    pub path: Path,
    pub rows: Vec<Row>,
    /// Its tokens are items, which stand beside the call.
    pub is_open: bool,
    /// For `table!`: columns, their types as written, and lines.
    pub columns: Vec<(Word, Name, u32)>,
    pub line: u32,
}

/// One comma- or semicolon-separated part of a macro call's tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The first name in it that is no keyword.
    pub name: Option<Word>,
    /// Its first literal.
    pub literal: Option<Name>,
    /// The function or constant it defines, when it does.
    pub text: Name,
    pub line: u32,
}
