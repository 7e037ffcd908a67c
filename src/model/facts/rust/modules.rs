//! What one Rust file says for the module tree: `mod`, `use`, `#[path]`, `cfg`.

use serde::{Deserialize, Serialize};

use super::types::Word;
use crate::model::Name;

/// An index into [`ModuleFacts::modules`].
pub type ModuleIndex = u32;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ModuleFacts {
    /// The file's own module first, then inline modules, then blocks that hold items.
    pub modules: Vec<Module>,
}

/// One module whose body stands in this file, or a `mod name;` whose body stands in another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Module {
    pub name: Word,
    pub parent: Option<ModuleIndex>,
    pub kind: ModuleKind,
    pub path_attribute: Option<Name>,
    pub cfg: Option<Cfg>,
    pub is_public: bool,
    pub line: u32,
    pub uses: Vec<Use>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ModuleKind {
    File,
    Inline,
    /// `mod name;`
    Declared,
    /// The items of a function body or block: they see the names around them.
    Block,
}

/// One leaf of a `use` tree. `extern crate a as b` is a use of `::a`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Use {
    pub path: Vec<Word>,
    /// The path starts with `::`.
    pub global: bool,
    /// The name it binds; `None` for a glob.
    pub name: Option<Word>,
    pub is_public: bool,
    pub cfg: Option<Cfg>,
    pub line: u32,
}

/// A `cfg` predicate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cfg {
    All(Vec<Cfg>),
    Any(Vec<Cfg>),
    Not(Box<Cfg>),
    /// `test`, `unix` …
    Flag(Name),
    /// `feature = "x"`
    Value(Name, Name),
}
