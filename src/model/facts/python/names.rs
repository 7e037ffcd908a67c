//! What one Python file says about names: enough to follow a dotted name across files.

use serde::{Deserialize, Serialize};

use crate::model::Name;

/// Module-level bindings, imports and classes of one file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NameFacts {
    /// Module-level names with what each binding makes them. A name bound in several branches or
    /// several times appears once per binding, in source order.
    pub bindings: Vec<Binding>,
    /// Absolute names of modules imported with `*`.
    pub stars: Vec<Name>,
    /// The literal `__all__`, when it has one.
    pub all: Option<Vec<Name>>,
    /// Every class of the file, nested ones included.
    pub classes: Vec<ClassFacts>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    pub name: Name,
    pub line: u32,
    pub kind: BindingKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum BindingKind {
    /// An import: the absolute dotted origin (`a.b` for `import a.b as c`, `a.b` for
    /// `from a import b`). `import a.b` binds `a` with origin `a`.
    Import(Name),
    Class,
    Function,
    /// An assignment; the origins its value resolves to (`x = other.name`), empty if none.
    Value(Vec<Name>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassFacts {
    /// Qualified.
    pub name: Name,
    pub line: u32,
    /// Origins of each base in order, subscripts removed; a base that resolves to nothing is an
    /// empty list.
    pub bases: Vec<Vec<Name>>,
    /// The bases as written.
    pub base_texts: Vec<Name>,
    /// Class keywords other than `metaclass`, with their source text.
    pub keywords: Vec<(Name, Name)>,
    /// Origins of `metaclass=`.
    pub metaclass: Vec<Name>,
    pub decorators: Vec<Vec<Name>>,
    /// Names bound in the class body.
    pub members: Vec<Name>,
}
