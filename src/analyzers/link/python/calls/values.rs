//! What a variable may hold, and the interners that give values and strings small ids.

use rustc_hash::FxHashMap;

use super::effects::Reads;
use super::solver::Invocation;
use crate::model::facts::python::calls::{Literal, Shape};

/// A string of the whole project.
pub type Sym = u32;
/// A variable of the whole project.
pub type Var = u32;
/// An interned [`Value`].
pub type ValueId = u32;
pub type BodyId = u32;
pub type ClassId = u32;
pub type ObjectId = u32;

/// One abstract value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Value {
    Function(BodyId),
    Class(ClassId),
    /// A class known only from above: `cls` of a class method, `type[C]`.
    AnyClass(ClassId),
    /// An instance that was seen to be made.
    Instance(ClassId),
    /// An instance of the class or one below it; `own` for the receiver of its own methods.
    Bounded {
        class: ClassId,
        own: bool,
    },
    /// A function bound to its first argument. `how` says how the function was found.
    Method {
        body: BodyId,
        receiver: ValueId,
        how: How,
    },
    Module(Sym),
    /// A thing imported from outside, or made by one; the name grows with attribute accesses.
    External(Sym),
    Builtin(Sym),
    /// An instance of a builtin class nothing more is known of.
    Made(Sym),
    Object(ObjectId),
    Text(Sym),
    /// A string of which the ends are known.
    Pattern(Sym, Sym),
    Number(i64),
    Literal(Literal),
    /// A method of a builtin type, bound.
    Native {
        receiver: ValueId,
        name: Sym,
    },
    Property(u32),
    /// What a property does by way of a class of the project, which makes the edges.
    QuietProperty(u32),
    /// A function that such a class calls: what it returns is followed where it is read.
    Mute(BodyId),
    Static(ValueId),
    ClassMethod(ValueId),
    /// What calling a generator function makes.
    Generator(BodyId),
    Coroutine(BodyId),
    /// A generator function made a context manager, and what calling it makes.
    ManagerFunction(BodyId),
    Manager(BodyId),
    Partial(u32),
    /// A partial function that is still to be bound.
    PartialMethod(u32),
    /// What `functools.singledispatch` makes of a function, and its `register`.
    Dispatcher(BodyId),
    Registrar(BodyId),
    /// `operator.attrgetter(…)` and its like, with their arguments.
    Getter {
        reads: Reads,
        first: u32,
        count: u32,
    },
    /// A method that a class of the project inherits from outside, which calls methods of ours.
    Template {
        receiver: ValueId,
        name: Sym,
    },
    /// What will hold a result: a future, a task.
    Promise(Var),
    /// A field whose default the held function makes.
    Factory(Var),
    /// An object with free attributes.
    Record(ObjectId),
    /// `globals()` of a module.
    Globals(Sym),
    /// `super()` of a class with a receiver.
    Super {
        class: ClassId,
        receiver: ValueId,
    },
    /// A function of which only the result is known, by annotation.
    Callable(Var),
    /// `functools.lru_cache(…)`
    Caches,
    /// `functools.wraps(f)`: hands back what it is applied to.
    Wraps(Var),
    /// Something made outside of which nothing is known.
    Opaque,
}

/// How a callee was found; the smaller the surer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum How {
    /// The value itself flows to the call.
    Flow,
    /// Of the class whose method asks.
    Own,
    /// Of the class an annotation names.
    Annotated,
    /// Handed to a function outside that is known to call it.
    Callback,
    /// Overridden below the class that is known.
    Override,
    /// Chosen by a name made at run time.
    Dispatch,
}

/// A constant key of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    Text(Sym),
    Number(i64),
}

/// A container, made by a display, a builtin or an annotation.
#[derive(Debug, Clone)]
pub struct Object {
    pub shape: Shape,
    /// Elements under constant keys.
    pub fields: Vec<(Key, Var)>,
    /// Elements under keys nobody knows.
    pub rest: Var,
    /// All elements.
    pub any: Var,
    /// All keys.
    pub keys: Var,
    /// What makes missing elements.
    pub maker: Var,
    /// The function that makes the elements as they are asked for, and how it is called.
    pub made: Option<(Var, Invocation)>,
}

#[derive(Default)]
pub struct Values {
    all: Vec<Value>,
    ids: FxHashMap<Value, ValueId>,
}

impl Values {
    pub fn id(&mut self, value: Value) -> ValueId {
        let next = self.all.len() as ValueId;
        let id = *self.ids.entry(value).or_insert(next);
        if id == next {
            self.all.push(value);
        }
        id
    }

    pub fn get(&self, id: ValueId) -> Value {
        self.all[id as usize]
    }
}

/// Strings by id. Most are borrowed from the facts.
#[derive(Default)]
pub struct Syms<'a> {
    all: Vec<std::borrow::Cow<'a, str>>,
    ids: FxHashMap<std::borrow::Cow<'a, str>, Sym>,
}

impl<'a> Syms<'a> {
    pub fn borrow(&mut self, text: &'a str) -> Sym {
        self.put(std::borrow::Cow::Borrowed(text))
    }

    pub fn own(&mut self, text: String) -> Sym {
        if let Some(known) = self.find(&text) {
            return known;
        }
        self.put(std::borrow::Cow::Owned(text))
    }

    fn put(&mut self, text: std::borrow::Cow<'a, str>) -> Sym {
        if let Some(known) = self.ids.get(&text) {
            return *known;
        }
        let id = self.all.len() as Sym;
        self.all.push(text.clone());
        self.ids.insert(text, id);
        id
    }

    pub fn find(&self, text: &str) -> Option<Sym> {
        self.ids.get(text).copied()
    }

    pub fn text(&self, sym: Sym) -> &str {
        &self.all[sym as usize]
    }
}
