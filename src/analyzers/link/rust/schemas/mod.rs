//! Joins all files' schemas.

use super::Context;
use crate::model::Schema;

pub fn link(_context: &Context<'_>) -> Vec<Schema> {
    Default::default()
}
