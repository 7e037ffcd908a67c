//! The items of one Rust file: functions, types, traits, implementations, constants.

use serde::{Deserialize, Serialize};

use super::calls::BodyIndex;
use super::modules::{Cfg, ModuleIndex};
use super::types::{Generics, Path, Ty, Word};
use crate::model::Name;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ItemFacts {
    pub functions: Vec<Function>,
    pub types: Vec<TypeItem>,
    pub traits: Vec<Trait>,
    pub impls: Vec<Impl>,
    pub aliases: Vec<Alias>,
    pub values: Vec<Value>,
    pub macros: Vec<Macro>,
}

/// An attribute that is not the compiler's own: `#[task(queue = "x")]`, `#[test]` …
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    pub path: Path,
    /// What stands in its parentheses, as written.
    pub arguments: Name,
    /// Its first string, or that of `name = "…"`.
    pub key: Option<Name>,
    pub cfg: Option<Cfg>,
    pub line: u32,
}

/// What a function, alias or value stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owner {
    Module,
    Impl(u32),
    Trait(u32),
    /// `extern "C" { … }`
    Foreign,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Function {
    pub name: Word,
    pub module: ModuleIndex,
    pub owner: Owner,
    pub generics: Generics,
    pub receiver: Option<Receiver>,
    /// Without the receiver.
    pub params: Vec<Param>,
    pub output: Option<Ty>,
    pub is_async: bool,
    pub is_unsafe: bool,
    pub is_public: bool,
    pub cfg: Option<Cfg>,
    pub attributes: Vec<Attribute>,
    pub body: Option<BodyIndex>,
    pub line: u32,
    /// Index into the file's symbols.
    pub symbol: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Receiver {
    Value,
    Ref,
    RefMut,
    Typed(Ty),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Param {
    /// The name, when the pattern is one.
    pub name: Option<Word>,
    pub ty: Ty,
}

/// A struct, enum or union.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TypeItem {
    pub name: Word,
    pub module: ModuleIndex,
    pub kind: TypeKind,
    pub generics: Generics,
    /// One for a struct or union.
    pub variants: Vec<Variant>,
    pub is_public: bool,
    pub cfg: Option<Cfg>,
    pub line: u32,
    pub attributes: Vec<Attribute>,
    /// Line of the derive, path as written, and the condition of a `cfg_attr`.
    pub derives: Vec<(u32, Path, Option<Cfg>)>,
    pub symbol: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TypeKind {
    Struct,
    Enum,
    Union,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    pub name: Word,
    pub shape: Shape,
    /// Tuple fields are named `0`, `1` …
    pub fields: Vec<(Word, Ty)>,
    pub line: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    Named,
    Tuple,
    Unit,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trait {
    pub name: Word,
    pub module: ModuleIndex,
    pub generics: Generics,
    pub supertraits: Vec<Path>,
    pub attributes: Vec<Attribute>,
    /// Associated types with their bounds and default.
    pub types: Vec<(Word, Vec<Path>, Option<Ty>)>,
    pub consts: Vec<(Word, Ty)>,
    pub is_public: bool,
    pub cfg: Option<Cfg>,
    pub line: u32,
    pub symbol: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Impl {
    pub module: ModuleIndex,
    pub generics: Generics,
    pub trait_: Option<Path>,
    pub self_ty: Ty,
    pub is_negative: bool,
    pub attributes: Vec<Attribute>,
    pub types: Vec<(Word, Ty)>,
    pub consts: Vec<(Word, Ty)>,
    pub cfg: Option<Cfg>,
    pub line: u32,
}

/// `type A<T> = …;` or, with no type, a trait alias or foreign type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alias {
    pub name: Word,
    pub module: ModuleIndex,
    pub generics: Generics,
    pub ty: Option<Ty>,
    pub bounds: Vec<Path>,
    pub cfg: Option<Cfg>,
    pub line: u32,
}

/// A constant or static, with its initialiser when it calls something.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Value {
    pub name: Word,
    pub module: ModuleIndex,
    pub owner: Owner,
    pub ty: Ty,
    pub attributes: Vec<Attribute>,
    pub body: Option<BodyIndex>,
    pub cfg: Option<Cfg>,
    pub line: u32,
    pub symbol: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Macro {
    pub name: Word,
    pub module: ModuleIndex,
    pub is_exported: bool,
    pub line: u32,
    /// The `cfg` it puts on the items it is given (`cfg_rt! { … }`).
    pub gate: Option<Cfg>,
    /// One of its arms takes a list: `$($name:ident),*`.
    pub repeats: bool,
}
