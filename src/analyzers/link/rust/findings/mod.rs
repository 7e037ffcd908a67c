//! Joins all files' findings.

use super::Context;
use crate::model::Finding;

pub fn link(_context: &Context<'_>) -> Vec<Finding> {
    Default::default()
}
