//! What the linkers make of a few modules, for their tests.

use std::sync::Arc;

use super::link;
use crate::analyzers::link::{Linked, Parts};
use crate::analyzers::{SourceFile, python};
use crate::model::Language;

/// Everything that is linked from `(module, text)`.
pub fn linked(files: &[(&str, &str)]) -> Linked {
    let facts: Vec<Arc<_>> = files
        .iter()
        .map(|(module, text)| {
            Arc::new(python::extract(&SourceFile {
                path: format!("{}.py", module.replace('.', "/")).into(),
                language: Language::Python,
                module: (*module).into(),
                text: Arc::from(*text),
            }))
        })
        .collect();
    link(&facts.iter().collect::<Vec<_>>(), &[], Parts::ALL)
}
