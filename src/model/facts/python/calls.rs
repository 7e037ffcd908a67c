//! What one Python file says for the call graph: its bodies lowered to an assignment graph.
//!
//! Variables are versions of names (a new one per assignment, joined where control flow joins),
//! temporaries, parameters and results, numbered per file. [`Op`]s say how values move between
//! them; the linker finds out what each variable may hold. Strings are interned in `strings`.

use serde::{Deserialize, Serialize};

use crate::model::Name;

/// A variable of the file; [`NONE`] where there is none.
pub type Var = u32;
/// An index into [`CallFacts::strings`].
pub type Str = u32;
/// An index into [`CallFacts::sites`].
pub type SiteId = u32;
/// An index into [`CallFacts::types`].
pub type TypeId = u32;

pub const NONE: u32 = 0;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CallFacts {
    /// Number of variables; they count from 1.
    pub vars: u32,
    /// `strings[0]` is empty.
    pub strings: Vec<Name>,
    /// Executable bodies; the first is the module's own.
    pub bodies: Vec<Body>,
    pub classes: Vec<Class>,
    pub ops: Vec<Op>,
    /// Arguments of calls, by range.
    pub args: Vec<Arg>,
    /// Elements of displays, by range.
    pub items: Vec<Item>,
    pub sites: Vec<Site>,
    /// `types[0]` is [`Type::Unknown`].
    pub types: Vec<Type>,
    /// What module-level names hold once the module has run, and names others assign.
    pub globals: Vec<(Str, Var)>,
    /// Attributes stored on anything but the receiver of the method that does it.
    pub foreign: Vec<Str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BodyKind {
    Module,
    Class,
    Function,
    Lambda,
}

/// What the first parameter of a function in a class body is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Receiver {
    #[default]
    None,
    Instance,
    Class,
}

/// Something that runs: a module, class body, function or lambda.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// Qualified name.
    pub name: Str,
    pub kind: BodyKind,
    pub line: u32,
    /// One more than the index of the class in whose body this function stands; 0 for none.
    pub owner: u32,
    /// One more than the index of the nearest class around it, for `super()`; 0 for none.
    pub around: u32,
    pub params: Vec<Param>,
    /// What `return` hands back, parameters returned as they came excepted.
    pub result: Var,
    /// What `yield` hands out; `NONE` when the body is no generator.
    pub yields: Var,
    /// What `send` hands in.
    pub sent: Var,
    pub receiver: Receiver,
    pub is_async: bool,
    /// The body does nothing but raise, pass or document.
    pub is_hollow: bool,
    /// Parameters returned unchanged, by index.
    pub passes: Vec<u16>,
    pub returns: TypeId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParamKind {
    PositionalOnly,
    Either,
    /// `*args`
    Rest,
    KeywordOnly,
    /// `**kwargs`
    Keywords,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Param {
    pub name: Str,
    pub var: Var,
    pub kind: ParamKind,
    pub annotation: TypeId,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// Qualified name.
    pub name: Str,
    pub line: u32,
    /// The body that runs when the class is made.
    pub body: u32,
    pub bases: Vec<Var>,
    pub metaclass: Var,
    /// What the class statement itself makes, before decorators.
    pub keywords: Vec<(Str, Var)>,
    pub site: SiteId,
    /// Names bound in the body and what they hold at its end.
    pub members: Vec<(Str, Var)>,
    /// Annotated names in order, with whether they have a value.
    pub fields: Vec<Field>,
    /// Attributes its methods store on their first parameter.
    pub stored: Vec<Str>,
    /// Origins of its decorators.
    pub decorators: Vec<Str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Field {
    pub name: Str,
    pub annotation: TypeId,
}

/// Where an operation stands, in which body, and what it calls as written.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Site {
    pub body: u32,
    pub line: u32,
    pub column: u32,
    pub text: Str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ArgKind {
    Positional,
    Keyword,
    Star,
    DoubleStar,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Arg {
    pub kind: ArgKind,
    pub name: Str,
    pub var: Var,
}

/// An element of a display: its key in a dictionary, a star when it spreads another value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub key: Var,
    pub value: Var,
    pub star: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Shape {
    List,
    Tuple,
    Set,
    Dict,
    /// What a generator expression makes.
    Stream,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Literal {
    Text,
    Number,
    Bytes,
    Bool,
    None,
}

/// How a call is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallForm {
    Call,
    /// `@callee` over a function or class.
    Decorator,
}

/// How values move. `to` receives; `site` is where an edge of the graph would stand.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub enum Op {
    Copy {
        to: Var,
        from: Var,
    },
    /// An absolute dotted origin: a module, or a name in one; `site` for `from` imports.
    Import {
        to: Var,
        origin: Str,
        site: SiteId,
    },
    Builtin {
        to: Var,
        name: Str,
    },
    Text {
        to: Var,
        value: Str,
    },
    Number {
        to: Var,
        value: i64,
    },
    /// A string of which only the ends are known.
    Pattern {
        to: Var,
        prefix: Str,
        suffix: Str,
    },
    Literal {
        to: Var,
        kind: Literal,
    },
    /// A function object.
    Function {
        to: Var,
        body: u32,
    },
    Class {
        to: Var,
        class: u32,
    },
    Load {
        to: Var,
        base: Var,
        attr: Str,
        site: SiteId,
    },
    Store {
        base: Var,
        attr: Str,
        from: Var,
        site: SiteId,
    },
    /// `base[key]`, `base[key] = from`, `del base[key]`.
    GetItem {
        to: Var,
        base: Var,
        key: Var,
        site: SiteId,
    },
    SetItem {
        base: Var,
        key: Var,
        from: Var,
        site: SiteId,
    },
    DelItem {
        base: Var,
        site: SiteId,
    },
    /// `del base.attr`
    DelAttr {
        base: Var,
        attr: Str,
        site: SiteId,
    },
    /// What a class pattern's sub-pattern at a position is given.
    MatchArg {
        to: Var,
        from: Var,
        index: u32,
        site: SiteId,
    },
    /// `base[start:…]`
    Slice {
        to: Var,
        base: Var,
        start: i64,
        site: SiteId,
    },
    /// `site` where elements are hashed.
    Display {
        to: Var,
        shape: Shape,
        first: u32,
        count: u32,
        site: SiteId,
    },
    /// The elements one gets by iterating.
    Iterate {
        to: Var,
        from: Var,
        site: SiteId,
        is_async: bool,
    },
    /// Element `index` of an unpacked value; with `rest`, a list of the elements from `index` on.
    Unpack {
        to: Var,
        from: Var,
        index: i32,
        rest: bool,
    },
    Call {
        to: Var,
        callee: Var,
        first: u32,
        count: u32,
        site: SiteId,
        form: CallForm,
    },
    /// A binary operator: the special methods `__x__` on the left, `__rx__` on the right.
    Binary {
        to: Var,
        left: Var,
        right: Var,
        name: Str,
        site: SiteId,
        in_place: bool,
    },
    Compare {
        left: Var,
        right: Var,
        name: Str,
        site: SiteId,
    },
    /// `__bool__`, `__neg__`, `__format__` … on one operand.
    Unary {
        to: Var,
        from: Var,
        name: Str,
        site: SiteId,
    },
    Enter {
        to: Var,
        from: Var,
        site: SiteId,
        is_async: bool,
    },
    Await {
        to: Var,
        from: Var,
        site: SiteId,
    },
    /// `yield from`: its value; what it yields goes to `yields`.
    Delegate {
        to: Var,
        from: Var,
        yields: Var,
        site: SiteId,
    },
    Raise {
        from: Var,
        site: SiteId,
    },
    /// What of `from` is an instance of a class that `class` holds.
    Narrow {
        to: Var,
        from: Var,
        class: Var,
    },
    /// What an annotation promises.
    Annotated {
        to: Var,
        annotation: TypeId,
    },
}

/// An annotation, names resolved to their dotted origins.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Type {
    Unknown,
    /// `None`, literals and other things without methods of ours.
    Plain,
    /// A class or alias by origin, with type arguments.
    Named {
        origin: Str,
        args: Vec<TypeId>,
    },
    Union(Vec<TypeId>),
    /// The argument list of a `Callable`.
    List(Vec<TypeId>),
}
