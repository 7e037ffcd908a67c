//! What one Python file says for the flows: the bodies of functions that may be programs of an
//! embedded language, their helpers, or workflows, in a small form of their own.

use serde::{Deserialize, Serialize};

use crate::model::Name;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct FlowFacts {
    pub functions: Vec<Function>,
    /// Module-level constants that are bound once, as JSON: all of them in files that have such
    /// functions, those in capitals elsewhere.
    pub constants: Vec<(Name, String)>,
    /// Module-level functions that a decorator called `task` marks, wherever it comes from.
    pub marked: Vec<Marked>,
}

/// A function marked as a task, with what it takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Marked {
    pub name: Name,
    /// Parameters and whether each is required; `*args` and `**kwargs` excluded.
    pub params: Vec<(Name, bool)>,
    /// How many of these, the first ones, may be given by position.
    pub positional: usize,
    pub takes_more: bool,
    pub takes_any_keyword: bool,
}

/// A function whose body a flow may be recovered from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Qualified.
    pub name: Name,
    pub line: u32,
    /// Origins of each decorator, calls removed, outermost first.
    pub decorators: Vec<Vec<Name>>,
    pub params: Vec<Name>,
    /// The parameters that have a default.
    pub defaults: Vec<(Name, Expr)>,
    pub body: Vec<Stmt>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stmt {
    pub line: u32,
    pub column: u32,
    pub kind: StmtKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum StmtKind {
    /// `target = value`; several targets share the value.
    Assign {
        targets: Vec<Expr>,
        value: Expr,
    },
    /// `target op= value`; `is_add` for `+=`.
    Augment {
        target: Expr,
        value: Expr,
        is_add: bool,
    },
    Expr(Expr),
    If {
        test: Expr,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
    },
    For {
        target: Expr,
        iter: Expr,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
    },
    While {
        test: Expr,
        body: Vec<Stmt>,
        orelse: Vec<Stmt>,
    },
    With {
        items: Vec<(Expr, Option<Expr>)>,
        body: Vec<Stmt>,
    },
    Try {
        body: Vec<Stmt>,
        handlers: Vec<Vec<Stmt>>,
        orelse: Vec<Stmt>,
        last: Vec<Stmt>,
    },
    Match {
        subject: Expr,
        /// Pattern with guard as written, the guard, the body.
        cases: Vec<(Name, Option<Expr>, Vec<Stmt>)>,
    },
    /// Anything else, by its first word.
    Other {
        what: Name,
    },
    Def(Function),
    Return(Option<Expr>),
    Break,
    Continue,
    Pass,
}

/// An expression with its source text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expr {
    pub line: u32,
    pub column: u32,
    pub text: Name,
    pub kind: ExprKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ExprKind {
    Str(String),
    /// A number, `True`, `False` or `None`, as JSON text.
    Const(Name),
    Name {
        name: Name,
        origins: Vec<Name>,
    },
    Attribute {
        value: Box<Expr>,
        attr: Name,
        origins: Vec<Name>,
    },
    Subscript {
        value: Box<Expr>,
        index: Box<Expr>,
    },
    Call {
        func: Box<Expr>,
        args: Vec<Expr>,
        keywords: Vec<(Option<Name>, Expr)>,
    },
    Add(Box<Expr>, Box<Expr>),
    /// Literal parts are `Str`.
    FString(Vec<Expr>),
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    Lambda {
        params: Vec<Name>,
        body: Box<Expr>,
    },
    Compare {
        left: Box<Expr>,
        ops: Vec<Name>,
        others: Vec<Expr>,
    },
    Bool {
        is_and: bool,
        parts: Vec<Expr>,
    },
    Not(Box<Expr>),
    Starred(Box<Expr>),
    /// `[element for target in iter …]` of any flavour.
    Comprehension {
        element: Box<Expr>,
        loops: Vec<(Expr, Expr, Vec<Expr>)>,
    },
    /// Anything else, with the expressions inside it.
    /// `body if test else orelse`.
    Conditional {
        test: Box<Expr>,
        body: Box<Expr>,
        orelse: Box<Expr>,
    },
    Other(Vec<Expr>),
}
