//! Registries: what stores things under names, and what is stored.

use serde::{Deserialize, Serialize};

use super::{Certainty, Language, Name};

/// A container that code fills behind the reader's back. `registrar` is the qualified name of
/// what stores (a decorator, metaclass, function, macro, derive); `name` that of the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registry {
    pub name: Name,
    /// The mechanism: `decorator`, `decorator-class`, `metaclass`, `init-subclass`, `table`,
    /// `register-call`, `derive`, `attribute-macro`, `inventory`, `trait-impl` …
    pub kind: Name,
    pub registrar: Name,
    pub language: Language,
    pub file: Name,
    pub line: u32,
    pub certainty: Certainty,
    pub why: Name,
    pub members: Vec<Member>,
}

/// One entry. `key` is `None` when it is computed at run time; `why` then says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub key: Option<Name>,
    /// Qualified name of the stored definition, or the source text of the stored value.
    pub target: Name,
    pub file: Name,
    pub line: u32,
    pub certainty: Certainty,
    pub why: Name,
}
