//! What one file says on its own, with spans. Depends on nothing but its path, module name and
//! text, so it can be extracted in parallel and cached by content.
//!
//! Facts are stored with postcard: no `serde_json::Value`, no `flatten`, `untagged` or
//! `skip_serializing_if` in here.

pub mod python;
pub mod rust;

use serde::{Deserialize, Serialize};

use super::{Diagnostic, Language, Name, Symbol};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileFacts {
    pub path: Name,
    pub lines: u32,
    pub bytes: u32,
    /// The file does not parse: what stands outside the broken part is still here.
    pub broken: bool,
    pub diagnostics: Vec<Diagnostic>,
    /// Every definition. Python names are qualified; Rust names are relative to the file's module
    /// and become qualified when linked.
    pub symbols: Vec<Symbol>,
    pub body: LanguageFacts,
}

impl FileFacts {
    pub fn language(&self) -> Language {
        match self.body {
            LanguageFacts::Python(_) => Language::Python,
            LanguageFacts::Rust(_) => Language::Rust,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LanguageFacts {
    Python(Box<python::PythonFacts>),
    Rust(Box<rust::RustFacts>),
}
