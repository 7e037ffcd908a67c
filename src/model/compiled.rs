//! What the compiler says about the calls of a project's Rust crates.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Diagnostic, Name};

/// The first half of the BLAKE3 hash of a file's text.
pub type TextHash = [u8; 16];

/// The calls of all crates that were compiled.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CompiledCalls {
    /// The files as they were when they were compiled, sorted by path. What is said about a file
    /// holds for this text alone.
    pub files: Vec<(Name, TextHash)>,
    pub bodies: Arc<[CompiledBody]>,
    /// The first error of each crate that does not compile.
    pub problems: Vec<Diagnostic>,
}

/// What a build that notes calls has left: the crates that compiled, and what is wrong with others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallBuild {
    pub units: Vec<CompiledUnit>,
    pub problems: Vec<CompileProblem>,
}

/// One compiled crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledUnit {
    /// The crate's root file.
    pub root: PathBuf,
    /// The file with its MIR.
    pub mir: PathBuf,
    /// The folder that relative paths in it start from.
    pub base: PathBuf,
}

/// The first error of a crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileProblem {
    /// Where it is, as far as it is somewhere: file, line, column.
    pub place: Option<(PathBuf, u32, u32)>,
    pub message: String,
}

/// The calls of one function, closure, constant or static.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledBody {
    /// The root file of its crate.
    pub root: Name,
    /// Its path in the crate, as the compiler prints it: `module::<impl at …>::name`.
    pub path: Name,
    /// Where its result is declared.
    pub place: Option<CodeSpan>,
    pub calls: Vec<CompiledCall>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompiledCall {
    /// The callee's name for what is written, the whole expression for what the language calls.
    pub span: CodeSpan,
    pub callee: Callee,
}

/// What is called, without generic arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callee {
    /// `a::b::name`
    Path(Name),
    /// `<T as Trait>::name`; without a trait, `module::<impl T>::name`. The name of a function
    /// inside a method is a path.
    Member { on: TypeHead, trait_: Option<Name>, name: Name },
}

/// The outermost part of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeHead {
    /// A struct, enum, primitive type or generic parameter.
    Named(Name),
    Dyn(Name),
    Ref(Box<Self>),
    Pointer,
    Slice,
    Array,
    Tuple,
    Function,
    Closure,
    /// `impl Trait`, the future of an `async` function, an associated type.
    Opaque,
    Never,
}

/// A range in a file; lines and columns are 1-based, the end is behind the last character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeSpan {
    pub file: Name,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

impl CompiledCalls {
    /// The hash of the text that was compiled, for a file that was.
    pub fn hash_of(&self, file: &str) -> Option<&TextHash> {
        let at = self.files.binary_search_by(|(path, _)| (**path).cmp(file)).ok()?;
        self.files.get(at).map(|(_, hash)| hash)
    }
}
