//! Types and paths as written. Names are [`Word`]s: indexes into the file's table of words.

use serde::{Deserialize, Serialize};

/// An index into [`RustFacts::words`](super::RustFacts::words).
pub type Word = u32;

/// A type as written; lifetimes are dropped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Ty {
    Path(Path),
    Ref {
        mutable: bool,
        inner: Box<Ty>,
    },
    Ptr(Box<Ty>),
    Slice(Box<Ty>),
    /// With the length as written.
    Array(Box<Ty>, Word),
    Tuple(Vec<Ty>),
    Fn(Vec<Ty>, Box<Ty>),
    Dyn(Vec<Path>),
    Impl(Vec<Path>),
    /// A const generic argument, as written.
    Const(Word),
    Never,
    Infer,
}

/// A path as written: `a::B::<T>::c`, `<T as Trait>::Item`, `Fn(A) -> B`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Path {
    /// It starts with `::`.
    pub global: bool,
    /// The `T` of `<T as Trait>::Item`; the trait is then the first `trait_len` segments.
    pub qself: Option<Box<Ty>>,
    pub trait_len: u32,
    pub segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Segment {
    pub name: Word,
    /// Types and constants. `Fn(A, B) -> C` has one tuple here and binds `Output`.
    pub args: Vec<Ty>,
    pub bindings: Vec<(Word, Ty)>,
}

/// Generic parameters and all bounds, those of the `where` clause included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generics {
    /// Type and const parameters in order.
    pub params: Vec<GenericParam>,
    pub bounds: Vec<(Ty, Vec<Path>)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenericParam {
    pub name: Word,
    pub is_const: bool,
    pub default: Option<Ty>,
}

impl Path {
    /// The only segment's name, for a path that is a plain identifier.
    pub fn as_word(&self) -> Option<Word> {
        match self.segments.as_slice() {
            [segment] if self.qself.is_none() && !self.global => Some(segment.name),
            _ => None,
        }
    }

    pub fn last(&self) -> Option<&Segment> {
        self.segments.last()
    }
}
