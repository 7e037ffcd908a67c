//! Every definition of one Rust file, named relative to the file's own module.

use super::Source;
use crate::model::Symbol;

pub fn extract(_source: &Source<'_>) -> Vec<Symbol> {
    Vec::new()
}
