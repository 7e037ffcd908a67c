//! Where a row leads: its place, its symbol, its pattern page, and why it is there.
//!
//! Every row and line carries [`Links`], so that `gd`, `gr`, `K` and `!` work from anywhere.

use crate::model::{Certainty, Name};

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    pub file: Name,
    pub line: u32,
}

impl Place {
    pub fn new(file: &Name, line: u32) -> Self {
        Self { file: file.clone(), line }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}:{}", self.file, self.line)
    }
}

/// The rule that found a row and how sure it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    pub certainty: Certainty,
    pub text: Name,
}

/// All that a row leads to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Links {
    /// `gd` and `enter`: what the row is about.
    pub place: Option<Place>,
    /// `gr`: callers of this qualified name.
    pub symbol: Option<Name>,
    /// `K`: the page of the knowledge base.
    pub page: Option<Name>,
    /// `!`
    pub why: Option<Why>,
    /// `enter`: another row of the same list.
    pub row: Option<Name>,
}

impl Links {
    pub fn to_row(id: &Name) -> Self {
        Self { row: Some(id.clone()), ..Self::default() }
    }

    pub fn at(file: &Name, line: u32) -> Self {
        Self { place: Some(Place::new(file, line)), ..Self::default() }
    }

    pub fn symbol(mut self, name: &Name) -> Self {
        self.symbol = Some(name.clone());
        self
    }

    pub fn page(mut self, id: &Name) -> Self {
        self.page = Some(id.clone());
        self
    }

    pub fn why(mut self, certainty: Certainty, text: &Name) -> Self {
        self.why = Some(Why { certainty, text: text.clone() });
        self
    }
}
