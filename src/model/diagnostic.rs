//! What is wrong with a file, where, and how to mend it.

use serde::{Deserialize, Serialize};

use super::Name;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
    Info,
}

/// A remark on one place of one file. `code` is stable and kebab-case (`syntax-error`,
/// `not-utf8`, `too-nested`, `W005` …).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    pub file: Name,
    pub line: u32,
    pub column: u32,
    pub severity: Severity,
    pub code: Name,
    pub message: String,
}
