//! What one Python file says for the pattern findings.

use serde::{Deserialize, Serialize};

use crate::model::Name;

/// Hits that one file decides alone, and what others need the whole project for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FindingFacts {
    pub hits: Vec<Hit>,
    pub classes: Vec<ClassShape>,
    /// Functions decorated with `singledispatch`, by short name.
    pub dispatchers: Vec<Name>,
    /// `X.register` decorators: the last name of `X`, the line, the function.
    pub registrations: Vec<(Name, u32, Name)>,
    /// `__getattr__` methods that read attributes of `self`.
    pub fallbacks: Vec<Fallback>,
}

/// A rule that holds at a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Index into the table of rules.
    pub rule: u16,
    pub line: u32,
    pub symbol: Name,
    /// What distinguishes this hit: `dynamic`, `slots frozen`, the callee …; may be empty.
    pub detail: String,
    /// Holds only on a fuzzy reading.
    pub may: bool,
}

/// What the metaclass, enum and visitor rules need of a class whose bases lie in other files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassShape {
    pub name: Name,
    pub line: u32,
    /// Lines of `__new__`, `__init__`, `__call__`, `__prepare__` if they are `def`s.
    pub hooks: Vec<(Name, u32)>,
    /// A direct base made this class a metaclass, an enum, a visitor: no need to look further.
    pub is_metaclass: bool,
    pub is_enum: bool,
    pub is_visitor: bool,
    /// The metaclass hooks only pass on, then store, set attributes or raise.
    pub is_overkill: bool,
}

/// A `__getattr__` and what it reads of `self`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fallback {
    pub class: Name,
    pub line: u32,
    pub symbol: Name,
    pub reads: Vec<Name>,
    /// A test on the asked name leaves before the reads.
    pub is_guarded: bool,
}
