//! Joins all files' splits.

use super::Context;
use crate::model::{Entity, Split};

pub fn link(_context: &Context<'_>) -> (Vec<Entity>, Vec<Split>) {
    Default::default()
}
