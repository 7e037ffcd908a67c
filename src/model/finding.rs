//! Places of the project where a pattern or an anti-pattern of the knowledge base occurs.

use serde::{Deserialize, Serialize};

use super::{Certainty, Name};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    Pattern,
    AntiPattern,
    Advice,
}

/// One hit of a detection rule. `pattern` is the page's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub rule: Name,
    pub pattern: Name,
    pub kind: FindingKind,
    pub file: Name,
    pub line: u32,
    /// The qualified name of the definition concerned, or of the enclosing one.
    pub symbol: Name,
    pub message: String,
    pub certainty: Certainty,
    pub why: Name,
}
