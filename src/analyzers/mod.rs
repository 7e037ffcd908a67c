//! Text → facts → project. Pure functions: no files, no clock, no global state.
//!
//! [`python::extract`] and [`rust::extract`] read one file's text; [`link::link`] joins all facts
//! into a [`Project`](crate::model::Project).

#[cfg(test)]
mod fixture;
pub mod layout;
pub mod link;
pub mod python;
pub mod rules;
pub mod rust;
pub mod split;
pub mod worker;

use std::sync::Arc;

use crate::model::{FileFacts, Language, Name};

/// One file to extract from.
#[derive(Debug, Clone)]
pub struct SourceFile {
    pub path: Name,
    pub language: Language,
    /// Dotted module name, from [`link::modules`]; unused for Rust.
    pub module: Name,
    pub text: Arc<str>,
}

/// Extracts whatever language the file is in. Never fails: problems become diagnostics.
///
/// Parsers recurse: call it on a thread with a large stack ([`STACK_BYTES`]).
pub fn extract(file: &SourceFile) -> FileFacts {
    match file.language {
        Language::Python => python::extract(file),
        Language::Rust => rust::extract(file),
    }
}

/// The stack an extracting thread needs for the deepest nesting that is not refused.
pub const STACK_BYTES: usize = 256 << 20;
