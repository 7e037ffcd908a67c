//! What a macro call, derive or attribute becomes.

use serde::{Deserialize, Serialize};

use super::Name;

/// A macro to expand, as asked for in the source view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpansionRequest {
    pub file: Name,
    pub line: u32,
    /// Which of those on the line, from 0; beyond the last it starts anew.
    pub pick: usize,
    /// How many levels to expand; all if `None`.
    pub depth: Option<u32>,
    /// The compiler is asked even where the interpreter would do.
    pub by_compiler: bool,
    /// The user has just agreed that the package's code may run.
    pub agreed: bool,
}

/// Why there is no expansion to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpansionRefusal {
    /// Nothing there can be expanded, or it failed.
    Failed(String),
    /// Only the compiler can do it, which runs code of the package in `folder`.
    NeedsCompiler { call: String, reason: String, folder: String, trusted: bool },
}

/// Who expanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
pub enum Engine {
    /// The own interpreter of `macro_rules!`.
    #[default]
    Interpreter,
    Compiler,
}

impl Engine {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Interpreter => "interpreter",
            Self::Compiler => "compiler",
        }
    }
}

/// An expansion, laid out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expansion {
    /// Where the macro stands, 1-based.
    pub line: u32,
    pub column: u32,
    pub call: String,
    pub engine: Engine,
    /// The code, as deep as was asked for.
    pub code: String,
    /// Who wrote each line of it: runs of bytes with the number of the step, from 1; 0 is what
    /// stood at the call. Empty where that is not known.
    pub writers: Vec<Vec<(u32, u32)>>,
    pub steps: Vec<Step>,
    pub left: Vec<Left>,
    pub items: Vec<Generated>,
    /// Why it is not whole.
    pub cut: Option<String>,
    /// What more is shown than was asked for.
    pub note: Option<String>,
    /// How many levels there are in all; 0 if unknown.
    pub levels: u32,
    /// Macros on the line it was asked for.
    pub on_line: usize,
}

/// One expansion of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The step in whose result the call stands.
    pub parent: Option<usize>,
    /// 1 for the call itself.
    pub level: u32,
    pub name: String,
    /// The call as written.
    pub call: String,
    /// The file of the definition, if it is in one.
    pub file: Option<String>,
    pub line: u32,
    /// Counted from 1.
    pub arm: usize,
    pub arms: usize,
    pub arm_line: u32,
    pub pattern: String,
    pub result: String,
}

/// A call that stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub call: String,
    pub reason: String,
}

/// One generated item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// `fn`, `struct`, `impl` …
    pub kind: &'static str,
    /// `name`, `Type::name`, `Trait for Type`.
    pub name: String,
}
