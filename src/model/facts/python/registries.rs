//! What one Python file says for the registries: the part of its code that can store a definition
//! in a container, in a compact form that the linker executes abstractly over all files.
//!
//! Expressions stand in one arena per file and refer to each other by index; strings are interned.

use serde::{Deserialize, Serialize};

use crate::model::Name;

/// Index into [`RegistryFacts::exprs`].
pub type ExprId = u32;
/// Index into [`RegistryFacts::strings`].
pub type StrId = u32;
/// Index into [`RegistryFacts::functions`].
pub type FunctionId = u32;
/// Index into [`RegistryFacts::classes`].
pub type ClassId = u32;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RegistryFacts {
    pub strings: Vec<Name>,
    pub exprs: Vec<Expr>,
    /// The line of each expression.
    pub lines: Vec<u32>,
    pub functions: Vec<Function>,
    pub classes: Vec<Class>,
    /// The module's body.
    pub body: Vec<Stmt>,
    pub dispatches: Vec<Dispatch>,
    pub walks: Vec<Walk>,
    pub generators: Vec<Generator>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stmt {
    pub line: u32,
    pub op: Op,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Op {
    /// Targets are `Name`, `Attr`, `Sub`, `Tuple` or `Star` expressions.
    Assign(Box<[ExprId]>, ExprId),
    /// `target op= value`.
    Augment(ExprId, BinOp, ExprId),
    Expr(ExprId),
    If(ExprId, Vec<Stmt>, Vec<Stmt>),
    For(ExprId, ExprId, Vec<Stmt>),
    While(ExprId, Vec<Stmt>),
    With(Box<[(ExprId, Option<ExprId>)]>, Vec<Stmt>),
    /// Body with `else` and `finally`, then the handlers.
    Try(Vec<Stmt>, Vec<Vec<Stmt>>),
    Return(Option<ExprId>),
    Raise,
    /// `break` or `continue`.
    Leave,
    Def(FunctionId),
    Class(ClassId),
    /// Binds a name to an absolute dotted origin.
    Import(StrId, StrId),
    Global(Box<[StrId]>),
    Nonlocal(Box<[StrId]>),
    Delete(ExprId),
    Yield(ExprId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BinOp {
    Add,
    Or,
    And,
    Sub,
    Mod,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    Equal,
    NotEqual,
    Is,
    IsNot,
    In,
    NotIn,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Expr {
    /// Nothing a registry could need.
    Unknown,
    None,
    Bool(bool),
    Int(i64),
    Str(StrId),
    Name(StrId),
    Attr(ExprId, StrId),
    Sub(ExprId, ExprId),
    Slice(Option<ExprId>, Option<ExprId>),
    Call(ExprId, Box<[Arg]>),
    List(Box<[ExprId]>),
    Tuple(Box<[ExprId]>),
    Set(Box<[ExprId]>),
    /// A `None` key is a `**` expansion.
    Dict(Box<[(Option<ExprId>, ExprId)]>),
    /// The parts of an f-string.
    Format(Box<[ExprId]>),
    Binary(BinOp, ExprId, ExprId),
    And(Box<[ExprId]>),
    Or(Box<[ExprId]>),
    Not(ExprId),
    Compare(Comparison, ExprId, ExprId),
    IfElse(ExprId, ExprId, ExprId),
    Lambda(FunctionId),
    /// Key (of a dict comprehension), element, generators.
    Comprehension(Shape, Option<ExprId>, ExprId, Box<[Generate]>),
    Star(ExprId),
    Walrus(StrId, ExprId),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    List,
    Set,
    Dict,
    Generator,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Generate {
    pub target: ExprId,
    pub iter: ExprId,
    pub tests: Box<[ExprId]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Arg {
    Plain(ExprId),
    Keyword(StrId, ExprId),
    /// `*x`.
    Star(ExprId),
    /// `**x`.
    Stars(ExprId),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Qualified.
    pub name: StrId,
    /// The name it is bound to; that of a lambda is `<lambda>`.
    pub short: StrId,
    pub line: u32,
    pub params: Vec<Param>,
    /// `None` when nothing in it can matter to a registry.
    pub body: Option<Vec<Stmt>>,
    pub decorators: Box<[ExprId]>,
    pub is_generator: bool,
    /// Its body names definitions that it might store: worth executing on its own.
    pub is_root: bool,
    pub returns: Option<ExprId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Param {
    pub name: StrId,
    pub kind: ParamKind,
    pub default: Option<ExprId>,
    pub annotation: Option<ExprId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParamKind {
    Plain,
    KeywordOnly,
    /// `*args`.
    Args,
    /// `**kwargs`.
    Kwargs,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// Qualified.
    pub name: StrId,
    pub short: StrId,
    pub line: u32,
    pub bases: Box<[ExprId]>,
    pub keywords: Box<[(StrId, ExprId)]>,
    pub decorators: Box<[ExprId]>,
    pub body: Vec<Stmt>,
}

/// `getattr(object, "prefix" + name + "suffix")`: methods named so are members by convention.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    pub prefix: Name,
    pub suffix: Name,
    /// Qualified name of the class whose `self` or `cls` is asked; `None` for another object.
    pub class: Option<Name>,
    /// Qualified name of the function it stands in.
    pub within: Name,
    pub line: u32,
}

/// `Base.__subclasses__()` with the origins of `Base`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    pub base: Vec<Name>,
    pub within: Name,
    pub line: u32,
}

/// A place where names are made at run time: `type(name, bases, dict)` with a computed name, `exec`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generator {
    /// `type()`, `exec()`, `setattr()` …
    pub how: Name,
    pub within: Name,
    pub line: u32,
}
