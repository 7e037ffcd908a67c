//! What one Python file says for the schemas: classes and function signatures with their
//! annotations and defaults in a compact form ([`Term`]), and the module-level assignments that
//! annotations may lead to (aliases, `NewType`, `TypeVar`, constants).

use serde::{Deserialize, Serialize};

use crate::model::Name;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SchemaFacts {
    /// Every class of the file, nested ones included, in source order.
    pub classes: Vec<ClassShape>,
    /// Every function that stands at module level, conditional ones included, in source order.
    pub functions: Vec<FunctionShape>,
    /// Module-level `name = value` worth following: aliases, constants, generated classes.
    pub assigned: Vec<Assigned>,
}

/// An expression as far as schemas care: an annotation, a default, an argument.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Term {
    None,
    Ellipsis,
    Bool(bool),
    /// Decimal digits; Python's integers have no bound.
    Int(Name),
    Float(f64),
    Str(Name),
    Bytes(Vec<u8>),
    /// A name or dotted name as written, with the origins it resolves to.
    Name {
        text: Name,
        origins: Vec<Name>,
    },
    Subscript(Box<Term>, Vec<Term>),
    /// `a | b | c`.
    Union(Vec<Term>),
    Tuple(Vec<Term>),
    List(Vec<Term>),
    Set(Vec<Term>),
    Dict(Vec<(Term, Term)>),
    Call(Box<Call>),
    /// A `lambda:` without parameters.
    Lambda(Box<Term>),
    /// `*x`.
    Starred(Box<Term>),
    /// Anything else, as written.
    Text(Name),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub function: Term,
    pub arguments: Vec<Term>,
    /// `**x` is left out.
    pub keywords: Vec<(Name, Term)>,
    /// The whole call as written.
    pub text: Name,
}

impl Call {
    pub fn keyword(&self, name: &str) -> Option<&Term> {
        self.keywords.iter().find(|(key, _)| &**key == name).map(|(_, value)| value)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassShape {
    /// Qualified.
    pub name: Name,
    pub line: u32,
    pub doc: Option<Name>,
    pub decorators: Vec<Decorator>,
    pub bases: Vec<Term>,
    /// Class keywords, `metaclass` included.
    pub keywords: Vec<(Name, Term)>,
    /// Names of PEP 695 type parameters.
    pub type_params: Vec<Name>,
    /// Annotated names and plain assignments of the body, in order.
    pub attributes: Vec<Attribute>,
    /// Assignments in a nested `class Config` or `class Meta`, as `Config.extra`.
    pub settings: Vec<(Name, Term)>,
    /// `__init__` as far as it is written here.
    pub init: Option<FunctionShape>,
    /// Properties and functions under a decorator, with the name they bind.
    pub methods: Vec<MethodShape>,
    /// The class stands inside a function.
    pub is_local: bool,
    /// What another branch of the same `if` or `try` imports under this name: the class only
    /// takes its place where that is missing.
    pub unless: Option<Name>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    pub name: Name,
    pub line: u32,
    pub annotation: Option<Term>,
    pub value: Option<Term>,
    /// The string literal right below it.
    pub doc: Option<Name>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MethodShape {
    pub name: Name,
    pub decorators: Vec<Decorator>,
    pub returns: Option<Term>,
    /// What it returns, where it tells pydantic how the class is read or written.
    pub result: Option<Term>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decorator {
    pub line: u32,
    /// The decorator without its call.
    pub function: Term,
    pub call: Option<Call>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunctionShape {
    /// Qualified.
    pub name: Name,
    pub line: u32,
    pub doc: Option<Name>,
    pub is_async: bool,
    pub is_generator: bool,
    pub decorators: Vec<Decorator>,
    pub parameters: Vec<Parameter>,
    pub returns: Option<Term>,
    /// What the body returns, where it does so once and at its end.
    pub result: Option<Term>,
    /// The definition stands under an `if`, `try`, `with` …
    pub is_conditional: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterKind {
    PositionalOnly,
    Ordinary,
    Variadic,
    KeywordOnly,
    Keywords,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    pub name: Name,
    pub kind: ParameterKind,
    pub annotation: Option<Term>,
    pub default: Option<Term>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assigned {
    /// Qualified.
    pub name: Name,
    pub line: u32,
    pub value: Term,
    /// `type X = …` or `X: TypeAlias = …`.
    pub is_alias: bool,
    /// `type X = …`: an object of its own at run time, where other aliases vanish.
    pub is_lazy: bool,
    /// Names of the parameters of `type X[T] = …`.
    pub type_params: Vec<Name>,
}
