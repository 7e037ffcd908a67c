//! What one Rust file says for the pattern findings.

use serde::{Deserialize, Serialize};

use crate::model::Name;

/// Hits that one file decides alone, and those that its crate must confirm.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FindingFacts {
    pub hits: Vec<Hit>,
    /// Hits that count only in a procedural-macro crate.
    pub in_proc_macro: Vec<Hit>,
}

/// A rule that holds at a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Index into the table of rules.
    pub rule: u16,
    pub line: u32,
    /// Relative to the file's module; empty for the module itself.
    pub symbol: Name,
    pub detail: String,
    /// Holds only on a fuzzy reading.
    pub may: bool,
}
