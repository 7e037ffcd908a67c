//! What one Rust file says for the module tree: `mod`, `use`, `#[path]`, `cfg`.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModuleFacts {}
