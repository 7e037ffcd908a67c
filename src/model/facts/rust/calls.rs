//! What one Rust file says for the call graph: function bodies as small expression trees, just
//! rich enough to infer the types of receivers.

use serde::{Deserialize, Serialize};

use super::modules::ModuleIndex;
use super::types::{Path, Ty, Word};

pub type BodyIndex = u32;
/// An index into [`Body::exprs`].
pub type ExprId = u32;
/// An index into [`Body::patterns`].
pub type PatternId = u32;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CallFacts {
    pub bodies: Vec<Body>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Body {
    pub module: ModuleIndex,
    pub exprs: Vec<Expr>,
    /// The line on which each expression starts.
    pub lines: Vec<u32>,
    pub patterns: Vec<Pattern>,
    /// Patterns of the parameters, without the receiver.
    pub params: Vec<PatternId>,
    pub root: ExprId,
}

/// Where a call stands: from the callee's name to the end of the call.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Site {
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Expr {
    Path(Path, Site),
    Literal(Literal),
    Call {
        callee: ExprId,
        args: Vec<ExprId>,
        site: Site,
    },
    Method {
        receiver: ExprId,
        name: Word,
        generics: Vec<Ty>,
        args: Vec<ExprId>,
        site: Site,
    },
    /// With the place of the name.
    Field(ExprId, Word, Site),
    Index {
        base: ExprId,
        index: ExprId,
        site: Site,
    },
    Unary {
        operator: Unary,
        operand: ExprId,
        site: Site,
    },
    Binary {
        operator: Binary,
        left: ExprId,
        right: ExprId,
        site: Site,
    },
    Assign(ExprId, ExprId),
    /// `&` or `&mut`.
    Ref(ExprId, bool),
    Try(ExprId, Site),
    Await(ExprId, Site),
    Block(Block),
    /// `async { … }`: a future of the block's value.
    Async(ExprId),
    If {
        test: ExprId,
        then: ExprId,
        otherwise: Option<ExprId>,
    },
    /// `let pattern = value` in a condition.
    Let(PatternId, ExprId),
    Match {
        subject: ExprId,
        arms: Vec<Arm>,
    },
    Loop(ExprId),
    While {
        test: ExprId,
        body: ExprId,
    },
    For {
        pattern: PatternId,
        iterable: ExprId,
        body: ExprId,
        site: Site,
    },
    Closure {
        params: Vec<PatternId>,
        output: Option<Ty>,
        body: ExprId,
        is_async: bool,
    },
    Tuple(Vec<ExprId>),
    /// Array or `vec!` elements.
    Array {
        items: Vec<ExprId>,
        is_vec: bool,
    },
    Struct {
        path: Path,
        fields: Vec<(Word, ExprId)>,
        rest: Option<ExprId>,
    },
    Cast(ExprId, Ty),
    Range(Option<ExprId>, Option<ExprId>, bool),
    Return(Option<ExprId>),
    Break(Option<ExprId>),
    /// A macro that is known to give this type (`format!`), over its arguments.
    Typed(Vec<ExprId>, Ty),
    /// A macro of unknown meaning whose arguments were readable.
    Macro {
        path: Path,
        args: Vec<ExprId>,
        site: Site,
    },
    /// Continue, never-returning macros.
    Never,
    Unknown,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// Set when the block holds items of its own.
    pub module: Option<ModuleIndex>,
    pub statements: Vec<Statement>,
    /// The value.
    pub tail: Option<ExprId>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Statement {
    Let { pattern: PatternId, value: Option<ExprId>, otherwise: Option<ExprId> },
    Expr(ExprId),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    pub pattern: PatternId,
    pub guard: Option<ExprId>,
    pub body: ExprId,
    pub line: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Literal {
    /// With its value, cut at 200 characters.
    Str(Word),
    ByteStr,
    CStr,
    Byte,
    Char,
    Bool,
    Int(Option<Word>),
    Float(Option<Word>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unary {
    Deref,
    Not,
    Neg,
}

/// Binary operators by what overloads them; `&&` and `||` overload nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    BitAnd,
    BitOr,
    BitXor,
    Shl,
    Shr,
    AddAssign,
    SubAssign,
    MulAssign,
    DivAssign,
    RemAssign,
    BitAndAssign,
    BitOrAssign,
    BitXorAssign,
    ShlAssign,
    ShrAssign,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Logic,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Pattern {
    Wild,
    Rest,
    /// A name; it may turn out to be a constant or unit variant.
    Bind {
        name: Word,
        by_ref: bool,
        inner: Option<PatternId>,
    },
    Path(Path),
    TupleStruct(Path, Vec<PatternId>),
    Struct(Path, Vec<(Word, PatternId)>),
    Tuple(Vec<PatternId>),
    Slice(Vec<PatternId>),
    Ref(PatternId),
    Or(Vec<PatternId>),
    Typed(PatternId, Ty),
    Literal(Literal),
}
