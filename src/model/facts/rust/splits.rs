//! What one Rust file says for the entities and splits.

use serde::{Deserialize, Serialize};

use crate::model::Split;

/// The state machines of a file: suspension is spelled `.await`, so one file is enough.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SplitFacts {
    /// Names are relative to the file's module.
    pub splits: Vec<Split>,
}
