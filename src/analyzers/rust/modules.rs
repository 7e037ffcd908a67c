//! The module tree's facts: `mod`, `use`, `#[path]`, `cfg`.

use super::Source;
use crate::model::facts::rust::modules::ModuleFacts;

pub fn extract(_source: &Source<'_>) -> ModuleFacts {
    ModuleFacts::default()
}
