//! What one Python file says for the tasks: which functions keep what they are given. A decorator
//! that does is a registrar.

use serde::{Deserialize, Serialize};

use crate::model::Name;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskFacts {
    /// Functions, methods, nested functions and lambdas that store or pass on a parameter, or
    /// return something callable.
    pub functions: Vec<Keeping>,
}

/// What a function does with its parameters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Keeping {
    /// Qualified.
    pub name: Name,
    /// The class around it, if it is a method.
    pub class: Option<Name>,
    pub parameters: Vec<Name>,
    pub stores: Vec<Store>,
    pub passes: Vec<Pass>,
    pub returns: Vec<Returned>,
}

/// A parameter, or something made from it, put into a container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Store {
    pub line: u32,
    /// Indices of the parameters that flow in.
    pub from: Vec<u8>,
    pub container: Container,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Container {
    /// A module-level name, perhaps of another module.
    Global(Vec<Name>),
    /// A variable of an enclosing function.
    Closure,
    /// An attribute of the first parameter (`self.items`, `cls.registry`).
    Own(Name),
    /// What another parameter refers to.
    Parameter(u8),
}

/// A parameter handed to something else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pass {
    pub callee: Callee,
    /// Per argument that carries a parameter: its position or keyword, and the parameters.
    pub arguments: Vec<(Slot, Vec<u8>)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Slot {
    Position(u8),
    Keyword(Name),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Callee {
    /// A dotted name by its origins.
    Named(Vec<Name>),
    /// A method of the first parameter.
    Own(Name),
    /// `super().method`.
    Super(Name),
    /// A `class` statement in the body: its bases.
    NewClass(Vec<Name>),
}

/// What a function gives back, as far as a decorator's maker is concerned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Returned {
    /// A nested function or a lambda, qualified.
    Nested(Name),
    /// `partial(f, …)`: the origins of `f`.
    Partial(Vec<Name>),
    /// The result of a call.
    Called(Callee),
    /// A parameter as it is.
    Parameter(u8),
}
