//! Split functions as runnable Python.

use super::super::Context;

/// Nothing yet.
pub struct Emitted;

pub fn emit(_context: &Context<'_>) -> Option<Emitted> { None }
