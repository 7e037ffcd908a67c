//! A module cut into the pieces that a slice keeps or drops.

use crate::model::Name;

/// One module of the project, cut up. Owns all it says: the tree is gone.
pub struct Module {
    pub name: Name,
    pub path: Name,
    pub text: std::sync::Arc<str>,
    pub is_package: bool,
    pub units: Vec<Unit>,
    /// `if` statements at module level, whose branches are cut on their own.
    pub containers: Vec<Container>,
    /// Where the comments at the top of the file end.
    pub header_end: usize,
}

/// An `if` at module level.
pub struct Container {
    /// The `if` around this one.
    pub parent: Option<(usize, usize)>,
    pub branches: Vec<Branch>,
    pub uses: Vec<Use>,
}

/// `if …:`, `elif …:` or `else:` with its body.
pub struct Branch {
    /// From the keyword to the first statement of the body.
    pub head: (usize, usize),
    /// The first statement's range: where `pass` goes when nothing is kept.
    pub first: (usize, usize),
}

/// One statement at module level; of an import, one name.
#[derive(Debug)]
pub struct Unit {
    pub kind: UnitKind,
    pub range: (usize, usize),
    pub line: u32,
    pub binds: Vec<Name>,
    pub uses: Vec<Use>,
    /// What only annotations mention that nothing evaluates: the task's own are asked for.
    pub asked: Vec<Use>,
    /// What running the statement changes.
    pub effects: Effects,
    pub decorators: Vec<DecoratorUnit>,
    /// Of a function, a class, or a name for a lambda, partial or bound method: what its code changes
    /// when called.
    pub body: Vec<MethodEffects>,
    /// The container and branch it stands in.
    pub inside: Option<(usize, usize)>,
    /// Top-level names of modules imported anywhere in it.
    pub imports: Vec<Name>,
    /// The Python 3 minor version its syntax needs.
    pub python: u8,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitKind {
    Future,
    /// One alias of an import statement.
    Import(Alias),
    /// `from m import *`.
    Star(Name),
    Function,
    /// A class with the origins of its bases, metaclass last.
    Class(Vec<Name>),
    /// `name = Call(…)` with the callee's origins; empty for a literal or anything else.
    Assign(Vec<Name>),
    Docstring,
    /// Under `if TYPE_CHECKING:`; the origin of what it imports.
    TypeOnly(Option<Name>),
    /// `if __name__ == "__main__":`.
    Main,
    Other,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// `import ` or `from m import `, as written up to the names.
    pub prefix: String,
    /// `a as b`.
    pub text: String,
    /// The absolute dotted origin of what is imported.
    pub origin: Name,
    /// `import a.b` binds `a` but loads `a.b`.
    pub loads: Name,
    /// How much of `loads` names a module for certain: `m` of `from m import x`.
    pub module: usize,
}

#[derive(Debug)]
pub struct DecoratorUnit {
    pub range: (usize, usize),
    pub uses: Vec<Use>,
    pub registers: bool,
    /// What it registers it gives back unchanged.
    pub transparent: bool,
}

/// Something a piece of code needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Use {
    Name {
        /// The module-level name of this module that is loaded.
        local: Option<Name>,
        /// The dotted origins of the whole chain.
        paths: Vec<Name>,
        called: bool,
        /// In an annotation.
        annotation: bool,
    },
    /// An import inside a body, and how much of it names a module for certain.
    Import(Name, usize),
    /// A name that only a star import can bind.
    Star(Name),
    /// Modules whose names start like this are imported by a computed name.
    Prefix(Name),
    /// Access to the module that cannot be followed; the reason.
    Dynamic(Name),
}

/// What running some code changes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Effects {
    /// Dotted origins of what is assigned into.
    pub mutates: Vec<Name>,
    /// Dotted origins of what is called, decorators included.
    pub calls: Vec<Name>,
    /// Something that `self` or `cls` holds is changed; of a function, its own defaults.
    pub own: bool,
    /// Methods of `self` or `cls` that are called.
    pub own_calls: Vec<Name>,
    /// Something that a parameter refers to is changed.
    pub parameters: bool,
    /// Dotted origins of what is called with something that a parameter refers to.
    pub passes: Vec<Name>,
    /// A nested function changes what the function around it holds.
    pub closure: bool,
    /// Module-level names handed to a call: the callee's origins' first, the argument's.
    pub given: Vec<(Name, Name)>,
}

/// The effects of a function's body, or of one method of a class.
#[derive(Debug)]
pub struct MethodEffects {
    pub name: Name,
    pub effects: Effects,
}
