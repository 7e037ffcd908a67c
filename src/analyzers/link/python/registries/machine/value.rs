//! Abstract values and the heap they live in.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::model::Name;
use crate::model::facts::python::registries::{FunctionId, StrId};

pub type ObjectId = u32;
/// Index into the machine's classes.
pub type ClassIndex = u32;

#[derive(Debug, Clone)]
pub enum Value {
    Unknown,
    /// Something unknown that was made from a definition (a wrapper, a task, a proxy).
    Derived(Rc<Value>),
    None,
    Bool(bool),
    Int(i64),
    Str(Name),
    Tuple(Rc<[Value]>),
    Function(Rc<Closure>),
    /// A function with its first argument bound.
    Bound(Rc<(Value, Value)>),
    ClassMethod(Rc<Value>),
    StaticMethod(Rc<Value>),
    Property(Rc<Value>),
    Class(ClassIndex),
    /// A container or an instance.
    Object(ObjectId),
    Module(Name),
    /// A dotted name outside the project.
    Path(Name),
    /// What calling something outside the project gave.
    Made(Rc<Made>),
    Partial(Rc<(Value, Args)>),
    /// `super()`: the class after which the search starts, and the receiver.
    Super(ClassIndex, Rc<Value>),
    /// `vars(x)`, `x.__dict__`, `globals()`.
    Namespace(Rc<Value>),
    /// A method of a built-in container or of something made outside, not yet called.
    Method(Rc<(Value, Name)>),
}

/// A function with the variables around it.
#[derive(Debug)]
pub struct Closure {
    pub file: u32,
    pub id: FunctionId,
    pub env: Option<Rc<Env>>,
    /// The class in whose body it stands.
    pub owner: Cell<Option<ClassIndex>>,
    /// What it stands in for, as the wrapper that a decorator made.
    pub wraps: RefCell<Option<Value>>,
}

impl Closure {
    pub fn new(file: u32, id: FunctionId, env: Option<Rc<Env>>) -> Rc<Self> {
        Rc::new(Self { file, id, env, owner: Cell::default(), wraps: RefCell::default() })
    }

    /// Makes it a wrapper of `value`, unless it is one already or that would close a circle.
    pub fn wrap(self: &Rc<Self>, value: &Value) {
        const MAX_CHAIN: u32 = 16;
        let mut at = value.clone();
        for _ in 0..MAX_CHAIN {
            let Value::Function(closure) = &at else {
                if at.is_definition() && self.wraps.borrow().is_none() {
                    *self.wraps.borrow_mut() = Some(value.clone());
                }
                return;
            };
            if Rc::ptr_eq(closure, self) {
                return;
            }
            let Some(next) = closure.wraps.borrow().clone() else {
                if self.wraps.borrow().is_none() {
                    *self.wraps.borrow_mut() = Some(value.clone());
                }
                return;
            };
            at = next;
        }
    }
}

/// Local variables of one call, or the namespace of a class body.
#[derive(Debug)]
pub struct Env {
    pub vars: RefCell<Vec<(StrId, Value)>>,
    pub globals: RefCell<Vec<StrId>>,
    pub parent: Option<Rc<Env>>,
}

/// The result of a call that leads outside the project.
#[derive(Debug)]
pub struct Made {
    pub callee: Name,
    pub args: Args,
    pub file: u32,
    pub line: u32,
    /// Where the object whose method was called was made.
    pub receiver: Option<(u32, u32)>,
}

impl Made {
    pub fn copy(&self) -> Self {
        Self {
            callee: self.callee.clone(),
            args: self.args.clone(),
            file: self.file,
            line: self.line,
            receiver: self.receiver,
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct Args {
    pub plain: Vec<Value>,
    pub named: Vec<(Name, Value)>,
    /// `*x` or `**x` of something unknown was among them.
    pub open: bool,
    /// The lines of keywords, where a call spells out many.
    pub lines: Vec<(Name, u32)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Dict,
    List,
    Set,
    Instance(ClassIndex),
}

/// How an entry came into its container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum How {
    Literal,
    /// An assignment at module or class level.
    Assigned,
    Call,
    Decorator,
    DecoratorClass,
    InitSubclass,
    Metaclass,
    SetName,
}

#[derive(Debug)]
pub struct Entry {
    pub key: Option<Value>,
    pub value: Value,
    pub file: u32,
    pub line: u32,
    pub how: How,
    /// How the source spells a key that has no text of its own.
    pub text: Option<Name>,
    /// What stored it, unless the code of a module or class body did.
    pub registrar: Option<Name>,
    /// Came in one of several branches, or under a condition that could not be decided.
    pub uncertain: bool,
}

#[derive(Debug)]
pub struct Object {
    pub kind: Kind,
    pub attrs: FxHashMap<Name, Value>,
    pub entries: Vec<Entry>,
    /// Places of keys in `entries`, by [`identity`].
    pub index: FxHashMap<Name, u32>,
    pub file: u32,
    pub line: u32,
    /// What a missing key becomes, for `defaultdict`.
    pub factory: Option<Kind>,
    /// The definition the constructor was given.
    pub from: Option<Value>,
    /// Its entries are all known: `**kwargs`, a namespace.
    pub exact: bool,
    /// Keys are weak or the object is a copy that only passes through.
    pub transient: bool,
    /// Stands for all instances of its class.
    pub summary: bool,
    /// Made while a hook of class creation ran.
    pub hooked: bool,
}

/// A class as it is after its body ran.
#[derive(Debug)]
pub struct ClassObject {
    pub name: Name,
    pub short: Name,
    pub file: u32,
    pub line: u32,
    /// Itself first; project classes only.
    pub mro: Vec<ClassIndex>,
    /// Names of bases outside the project, own and inherited.
    pub outside: Vec<Name>,
    pub attrs: Vec<(Name, Value)>,
    pub index: FxHashMap<Name, u32>,
    pub metaclass: Option<ClassIndex>,
    pub subclasses: Vec<ClassIndex>,
    /// Made by `type()` at run time.
    pub generated: bool,
}

impl ClassObject {
    pub fn own(&self, name: &str) -> Option<&Value> {
        let at = *self.index.get(name)?;
        self.attrs.get(at as usize).map(|(_, value)| value)
    }

    pub fn set(&mut self, name: Name, value: Value) {
        match self.index.get(&name) {
            Some(at) => self.attrs[*at as usize].1 = value,
            None => {
                self.index.insert(name.clone(), self.attrs.len() as u32);
                self.attrs.push((name, value));
            }
        }
    }
}

impl Value {
    pub fn str(text: &str) -> Self {
        Self::Str(text.into())
    }

    /// Whether nothing is known of it at all.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether it is a constant.
    pub fn is_constant(&self) -> bool {
        matches!(self, Self::None | Self::Bool(_) | Self::Int(_) | Self::Str(_))
    }

    /// A function or class.
    pub fn is_definition(&self) -> bool {
        matches!(
            self,
            Self::Function(_)
                | Self::Class(_)
                | Self::Bound(_)
                | Self::ClassMethod(_)
                | Self::StaticMethod(_)
                | Self::Partial(_)
        )
    }

    /// Whether something made from it should be remembered as such.
    pub fn taints(&self) -> bool {
        self.is_definition() || matches!(self, Self::Derived(_))
    }

    /// What is left of it after an unknown operation.
    pub fn derived(&self) -> Self {
        match self {
            Self::Derived(_) => self.clone(),
            _ if self.is_definition() => Self::Derived(Rc::new(self.clone())),
            _ => Self::Unknown,
        }
    }

    /// Equality where it can be told.
    pub fn same(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Unknown | Self::Derived(_) | Self::Made(_), _) => None,
            (_, Self::Unknown | Self::Derived(_) | Self::Made(_)) => None,
            (Self::None, Self::None) => Some(true),
            (Self::Bool(a), Self::Bool(b)) => Some(a == b),
            (Self::Int(a), Self::Int(b)) => Some(a == b),
            (Self::Str(a), Self::Str(b)) => Some(a == b),
            (Self::Class(a), Self::Class(b)) => Some(a == b),
            (Self::Object(a), Self::Object(b)) => (a == b).then_some(true),
            (Self::Function(a), Self::Function(b)) => Some(a.file == b.file && a.id == b.id),
            (Self::Path(a), Self::Path(b)) => (a == b).then_some(true),
            (Self::Tuple(a), Self::Tuple(b)) => {
                if a.len() != b.len() {
                    return Some(false);
                }
                let mut all = Some(true);
                for (a, b) in a.iter().zip(b.iter()) {
                    match a.same(b) {
                        Some(true) => {}
                        Some(false) => return Some(false),
                        None => all = None,
                    }
                }
                all
            }
            (Self::Path(_) | Self::Object(_), _) | (_, Self::Path(_) | Self::Object(_)) => {
                (self.is_constant() && !matches!(other, Self::Path(_))
                    || other.is_constant() && !matches!(self, Self::Path(_))
                    || matches!((self, other), (Self::None, _) | (_, Self::None)))
                .then_some(false)
            }
            _ => Some(false),
        }
    }
}

/// A text that two keys share exactly when they are the same key; strings are their own.
pub fn identity(key: &Value) -> Option<Name> {
    Some(match key {
        Value::Str(text) => return Some(text.clone()),
        Value::None => "\0none".into(),
        Value::Bool(value) => format!("\0i{}", i64::from(*value)).into(),
        Value::Int(value) => format!("\0i{value}").into(),
        Value::Class(class) => format!("\0c{class}").into(),
        Value::Object(object) => format!("\0o{object}").into(),
        Value::Path(path) => format!("\0p{path}").into(),
        Value::Function(closure) => {
            // What one function makes time and again is not one key.
            let made = if closure.env.is_some() { Rc::as_ptr(closure) as usize } else { 0 };
            format!("\0f{}.{}.{made}", closure.file, closure.id).into()
        }
        Value::Tuple(items) => {
            let parts: Option<Vec<Name>> = items.iter().map(identity).collect();
            format!("\0t{}", parts?.join("\0")).into()
        }
        _ => return None,
    })
}

impl Args {
    pub fn of(plain: Vec<Value>) -> Self {
        Self { plain, ..Self::default() }
    }

    /// The argument at `at`, or the keyword of that name.
    pub fn get(&self, at: usize, name: &str) -> Option<&Value> {
        self.named
            .iter()
            .find_map(|(key, value)| (&**key == name).then_some(value))
            .or_else(|| self.plain.get(at))
    }

    pub fn iter(&self) -> impl Iterator<Item = &Value> {
        self.plain.iter().chain(self.named.iter().map(|(_, value)| value))
    }

    /// What a call of something unknown with these gives.
    pub fn derived(&self) -> Value {
        self.iter().find(|value| value.taints()).map_or(Value::Unknown, Value::derived)
    }
}

impl Env {
    pub fn new(parent: Option<Rc<Env>>) -> Rc<Self> {
        Rc::new(Self { vars: RefCell::default(), globals: RefCell::default(), parent })
    }

    pub fn own(&self, name: StrId) -> Option<Value> {
        let vars = self.vars.borrow();
        vars.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
    }

    pub fn set(&self, name: StrId, value: Value) {
        let mut vars = self.vars.borrow_mut();
        match vars.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => vars.push((name, value)),
        }
    }
}
