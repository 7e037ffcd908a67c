//! The definitions of a project.

use serde::{Deserialize, Serialize};

use super::{Language, Name, Span};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SymbolKind {
    Module,
    Class,
    Function,
    Method,
    Lambda,
    Struct,
    Enum,
    Trait,
    Impl,
    Macro,
    Constant,
    Variable,
}

/// One definition. `name` is qualified (`pkg.module.Class.method`, `crate::module::Type::method`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Symbol {
    pub name: Name,
    pub kind: SymbolKind,
    pub language: Language,
    pub file: Name,
    /// The line of the `def`, `class`, `fn` … keyword; decorators and attributes stand above it.
    pub line: u32,
    pub end_line: u32,
    /// The whole definition, decorators and attributes included.
    pub span: Span,
    /// Parameters and return type as written, for functions: `(self, x: int = 0) -> str`.
    pub signature: Option<Name>,
    /// The raw docstring or doc comment.
    pub doc: Option<Name>,
    pub is_async: bool,
}

impl Symbol {
    /// The last segment of the qualified name.
    pub fn short_name(&self) -> &str {
        let separator = match self.language {
            Language::Python => ".",
            Language::Rust => "::",
        };
        self.name.rsplit(separator).next().unwrap_or(&self.name)
    }
}
