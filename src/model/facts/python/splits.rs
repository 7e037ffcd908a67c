//! What one Python file says for the entities and splits.

use serde::{Deserialize, Serialize};

use crate::model::Name;

/// Which classes are entities is known only when all files are linked, and lowering a body needs
/// to know. So the text is kept, and the few files that turn out to reach an entity are read
/// again by the linker.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SplitFacts {
    /// The file's text, when it marks an entity or imports something that could be one.
    pub text: Option<Name>,
}
