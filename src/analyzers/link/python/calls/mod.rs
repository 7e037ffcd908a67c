//! Joins all files' calls.

use super::Context;
use crate::model::CallGraph;

pub fn link(_context: &Context<'_>) -> CallGraph {
    Default::default()
}
