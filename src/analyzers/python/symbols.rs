use super::Source;
use crate::model::Symbol;
pub fn extract(_source: &Source<'_>) -> Vec<Symbol> {
    Vec::new()
}
