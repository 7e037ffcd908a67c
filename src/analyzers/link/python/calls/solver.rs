//! Finds out what every variable may hold, to the end: flow-insensitive between bodies, with the
//! order of assignments inside them already told apart by the lowering.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::effects::Effect;
use super::graph::{Graph, Rule};
use super::imports::Brought;
use super::kin::Kin;
use super::program::Program;
use super::values::{
    BodyId, ClassId, How, Key, Object, ObjectId, Sym, Syms, Value, ValueId, Values, Var,
};
use crate::analyzers::link::python::names::Names;
use crate::model::EdgeKind;
use crate::model::facts::python::calls::{ArgKind, Op, Receiver, Shape};

pub type Site = u32;

/// Where an edge of the graph leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    Body(BodyId),
    External(Sym),
    Builtin(Sym),
}

#[derive(Debug, Clone, Copy)]
pub struct Argument {
    pub kind: ArgKind,
    pub name: Sym,
    pub var: Var,
}

/// One way of calling something.
#[derive(Debug, Clone, Copy)]
pub struct Invocation {
    pub site: Site,
    pub to: Var,
    pub first: u32,
    pub count: u32,
    pub kind: EdgeKind,
}

/// Rules that come up while solving.
#[derive(Debug, Clone, Copy)]
pub enum Hidden {
    /// A member of a class is reached through an instance.
    Bind {
        receiver: ValueId,
        to: Var,
        site: Site,
        how: How,
    },
    /// The same for a special method that an operation runs: what a descriptor hands out there is
    /// not followed further.
    BindSpecial {
        receiver: ValueId,
        to: Var,
        site: Site,
        how: How,
    },
    Invoke {
        call: Invocation,
        how: How,
    },
    /// Only instances of the class pass.
    Receiver {
        to: Var,
        class: ClassId,
    },
    Spread {
        body: BodyId,
        at: u32,
    },
    SpreadKeywords {
        body: BodyId,
    },
    /// Elements handed out by an iterator.
    Next {
        to: Var,
        site: Site,
        is_async: bool,
    },
    Iterate {
        to: Var,
        site: Site,
        is_async: bool,
    },
    Await {
        to: Var,
        site: Site,
    },
    /// `getattr(base, name)`.
    DynamicLoad {
        base: Var,
        name: Var,
        to: Var,
        site: Site,
    },
    /// `setattr(base, name, from)`.
    DynamicStore {
        base: Var,
        name: Var,
        from: Var,
        site: Site,
    },
    /// `super()`, once the receiver is known.
    Super {
        class: ClassId,
        to: Var,
    },
    /// `staticmethod(f)` or `classmethod(f)`.
    Wrap {
        to: Var,
        is_static: bool,
    },
    /// A generator function becomes a context manager.
    Manage {
        to: Var,
    },
    /// `type(x)`.
    TypeOf {
        to: Var,
    },
    /// A descriptor's or property's setter runs.
    Set {
        receiver: ValueId,
        from: Var,
        site: Site,
    },
    Special {
        name: Sym,
        to: Var,
        site: Site,
    },
    /// What a builtin container holds flows into another.
    Fill {
        object: ObjectId,
    },
    /// A key becomes known: the element goes under it, or is read from it.
    Entry {
        object: ObjectId,
        from: Var,
    },
    Lookup {
        object: ObjectId,
        to: Var,
    },
    /// A hook runs because a class is made.
    Hook {
        call: Invocation,
        receiver: ValueId,
    },
    /// A class member is told its name.
    Named {
        site: Site,
    },
    /// Pairs become entries of a dictionary.
    Pair {
        object: ObjectId,
    },
    /// Code outside calls a method.
    Method {
        name: Sym,
        call: Invocation,
    },
    /// `with`, by way of code outside.
    Enter {
        to: Var,
        site: Site,
    },
    /// `singledispatch(f)`, and what is registered with it.
    Dispatch {
        to: Var,
    },
    Register {
        body: BodyId,
        to: Var,
    },
    /// The left operand does not know: the right one is asked.
    Reflect {
        left: Var,
        right: Var,
        name: Sym,
        site: Site,
        to: Var,
    },
    /// A base class that only running the program tells.
    Inherit {
        receiver: ValueId,
        attr: Sym,
        to: Var,
        site: Site,
    },
    /// `object.__new__(cls)` and `type.__new__(meta, …)`.
    Allocate {
        to: Var,
        makes_classes: bool,
    },
    /// A function that a property below `property` is made of.
    Mute {
        to: Var,
    },
    /// A function becomes one that keeps its results.
    Cache {
        to: Var,
    },
    /// A key is looked up.
    Hash {
        site: Site,
    },
    /// A module imported by a name made at run time.
    Import {
        to: Var,
        site: Site,
    },
    /// `itemgetter(key)`, and a field's default made by a function.
    Item {
        key: Var,
        to: Var,
        site: Site,
    },
    Make {
        to: Var,
        site: Site,
    },
    /// `del x.attr` meets a class member.
    Delete {
        receiver: ValueId,
        site: Site,
    },
    /// The attribute that a class pattern reads by position.
    MatchArgument {
        base: ValueId,
        index: u32,
        to: Var,
        site: Site,
    },
}

pub struct PropertyInfo {
    pub getter: Var,
    pub setter: Var,
    pub deleter: Var,
}

pub struct PartialInfo {
    pub callee: Var,
    pub first: u32,
    pub count: u32,
}

/// How sure an edge is, and what kind of call it stands for.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    pub kind: EdgeKind,
    pub how: How,
}

macro_rules! known {
    ($($field:ident $text:literal),* $(,)?) => {
        /// Names the rules ask for.
        pub struct Known { $(pub $field: Sym),* }

        impl Known {
            fn new(syms: &mut Syms<'_>) -> Self {
                Self { $($field: syms.borrow($text)),* }
            }
        }
    };
}

known! {
    init "__init__", new "__new__", call "__call__", getattr "__getattr__",
    getattribute "__getattribute__", setattr "__setattr__", get "__get__", set "__set__",
    iter "__iter__", next "__next__", aiter "__aiter__", anext "__anext__", enter "__enter__",
    exit "__exit__", aenter "__aenter__", aexit "__aexit__", wait "__await__", bool "__bool__",
    len "__len__", str "__str__", repr "__repr__", format "__format__", eq "__eq__", ne "__ne__",
    contains "__contains__", getitem "__getitem__", setitem "__setitem__", delitem "__delitem__",
    hash "__hash__", missing "__missing__", class "__class__", init_subclass "__init_subclass__",
    set_name "__set_name__", post_init "__post_init__", attrs_post_init "__attrs_post_init__",
    attrs_pre_init "__attrs_pre_init__", prepare "__prepare__", instancecheck "__instancecheck__",
    subclasscheck "__subclasscheck__", class_getitem "__class_getitem__", enter_missing "_missing_",
    func "__func__", self_ "__self__", wrapped "__wrapped__",
    reversed "__reversed__", delete "__delete__", delattr "__delattr__",
    match_args "__match_args__", overloads "<overloads>",
}

/// An attribute that a class inherits: where its value is, and how it is bound.
pub type Inherited = (Var, How);

pub struct Solver<'a, 'p> {
    pub program: &'p Program<'a>,
    pub names: &'p Names<'a>,
    pub syms: Syms<'a>,
    pub values: Values,
    pub graph: Graph,
    pub known: Known,
    /// Every operation with its file.
    pub ops: Vec<(&'a Op, u32)>,
    pub args: Vec<Argument>,
    /// Where each file's arguments start.
    pub arg_bases: Vec<u32>,
    pub objects: Vec<Object>,
    pub watchers: Vec<Vec<Hidden>>,
    pub hidden: Vec<Hidden>,
    /// Rules still to run for values their variables held when they were made.
    pending: Vec<(Hidden, ValueId)>,
    pub attributes: FxHashMap<(ClassId, Sym), Var>,
    pub function_attributes: FxHashMap<(BodyId, Sym), Var>,
    pub contents: FxHashMap<ClassId, ObjectId>,
    pub derived: FxHashMap<(Var, u8), ObjectId>,
    pub rests: FxHashMap<BodyId, (Option<ObjectId>, Option<ObjectId>)>,
    pub properties: Vec<PropertyInfo>,
    pub property_ids: FxHashMap<(Var, u8), u32>,
    pub partials: Vec<PartialInfo>,
    /// Partial functions bound to receivers.
    pub bound_partials: FxHashMap<(ValueId, u32), u32>,
    pub done: FxHashSet<(u32, u32, u32, u32)>,
    /// Intermediate variables by purpose and place, so that a rule run twice makes them once.
    pub temporaries: FxHashMap<(u32, u32, u32, u32), Var>,
    pub edges: FxHashMap<(Site, Target), Found>,
    /// What was looked up before, by what it was asked for.
    pub kin: FxHashMap<(ClassId, Sym), Rc<Kin>>,
    pub supers: FxHashMap<(ClassId, ClassId, Sym, bool), Rc<[Inherited]>>,
    pub module_attributes: FxHashMap<(Sym, Sym), Rc<[Brought]>>,
    /// Names made of names: attributes, methods of builtin types, forms of operators.
    pub joined: FxHashMap<(Sym, Sym), Sym>,
    pub natives: FxHashMap<(&'static str, Sym), Option<Sym>>,
    pub operators: FxHashMap<(Sym, char), Sym>,
    pub builtin_targets: FxHashMap<Sym, Sym>,
    pub promised: FxHashMap<Sym, Option<Value>>,
    /// What functions of the standard library hand back, with their owners.
    pub results: FxHashMap<Sym, Option<(Sym, &'static str)>>,
    pub effects: FxHashMap<Sym, Option<&'static [Effect]>>,
    /// Functions that were made context managers.
    pub managers: FxHashSet<BodyId>,
    /// Functions that keep their results by the hash of their arguments.
    pub cached: FxHashSet<BodyId>,
    /// Sites whose callee is known, whether or not that makes an edge.
    pub settled: Vec<bool>,
    /// Dictionary lookups by key variable that may stay unknown.
    pub unsure: Vec<(Var, ObjectId, Var)>,
    /// Entries of displays, by key variable.
    pub unkeyed: Vec<(Var, ObjectId, Var)>,
    /// Files of packages, whose users are not all seen.
    pub library: Vec<bool>,
}

impl<'a, 'p> Solver<'a, 'p> {
    pub fn new(program: &'p Program<'a>, names: &'p Names<'a>, mut syms: Syms<'a>) -> Self {
        let known = Known::new(&mut syms);
        let mut ops: Vec<(&'a Op, u32)> = Vec::with_capacity(program.ops as usize);
        let mut args: Vec<Argument> = Vec::new();
        let mut arg_bases: Vec<u32> = Vec::with_capacity(program.files.len());
        for (at, file) in program.files.iter().enumerate() {
            let facts = &file.python.facts.calls;
            ops.extend(facts.ops.iter().map(|op| (op, at as u32)));
            arg_bases.push(args.len() as u32);
            args.extend(facts.args.iter().map(|arg| Argument {
                kind: arg.kind,
                name: file.syms[arg.name as usize],
                var: if arg.var == 0 { 0 } else { file.vars + arg.var },
            }));
        }
        let library = (0..program.files.len()).map(|at| program.is_library(at as u32)).collect();
        Self {
            graph: Graph::with_vars(program.vars as usize),
            program,
            names,
            values: Values::default(),
            known,
            ops,
            args,
            arg_bases,
            objects: Vec::new(),
            watchers: Vec::new(),
            hidden: Vec::new(),
            pending: Vec::new(),
            attributes: FxHashMap::default(),
            function_attributes: FxHashMap::default(),
            contents: FxHashMap::default(),
            derived: FxHashMap::default(),
            rests: FxHashMap::default(),
            properties: Vec::new(),
            property_ids: FxHashMap::default(),
            partials: Vec::new(),
            bound_partials: FxHashMap::default(),
            done: FxHashSet::default(),
            temporaries: FxHashMap::default(),
            edges: FxHashMap::default(),
            kin: FxHashMap::default(),
            supers: FxHashMap::default(),
            module_attributes: FxHashMap::default(),
            joined: FxHashMap::default(),
            natives: FxHashMap::default(),
            operators: FxHashMap::default(),
            builtin_targets: FxHashMap::default(),
            promised: FxHashMap::default(),
            results: FxHashMap::default(),
            effects: FxHashMap::default(),
            managers: FxHashSet::default(),
            cached: FxHashSet::default(),
            settled: vec![false; program.sites as usize],
            unsure: Vec::new(),
            unkeyed: Vec::new(),
            library,
            syms,
        }
    }

    pub fn add(&mut self, var: Var, value: Value) {
        if var != 0 {
            let id = self.values.id(value);
            self.graph.add(var, id);
        }
    }

    /// The intermediate variable of a purpose and place.
    pub fn temporary(&mut self, purpose: u32, value: ValueId, site: Site, to: Var) -> Var {
        let key = (purpose, value, site, to);
        if let Some(known) = self.temporaries.get(&key) {
            return *known;
        }
        let var = self.graph.var();
        self.temporaries.insert(key, var);
        var
    }

    /// Attaches a rule made on the way; it runs for what the variable already holds, too.
    pub fn hide(&mut self, var: Var, hidden: Hidden) {
        // The budget is far beyond what real programs need; it makes the end certain.
        if var == 0 || self.hidden.len() > 50_000 + self.ops.len() {
            return;
        }
        let id = self.hidden.len() as u32;
        self.hidden.push(hidden);
        // Not at once: rules that make rules would nest without end.
        let held = self.graph.rule(var, Rule::Hidden(id));
        self.pending.extend(held.iter().map(|value| (hidden, *value)));
    }

    /// Runs until nothing changes.
    pub fn settle(&mut self) {
        let (mut values, mut rules) = (Vec::new(), Vec::new());
        loop {
            while let Some((hidden, value)) = self.pending.pop() {
                self.run_hidden(hidden, value);
            }
            if !self.graph.step(&mut values, &mut rules) {
                break;
            }
            for rule in &rules {
                for value in &values {
                    match rule {
                        Rule::Op(op) => self.run_op(*op, *value, false),
                        Rule::Other(op) => self.run_op(*op, *value, true),
                        Rule::Hidden(id) => self.run_hidden(self.hidden[*id as usize], *value),
                    }
                }
            }
        }
    }

    pub fn edge(&mut self, site: Site, target: Target, kind: EdgeKind, how: How) {
        if site == 0 {
            return;
        }
        self.settled[site as usize] = true;
        let found = self.edges.entry((site, target)).or_insert(Found { kind, how });
        found.how = found.how.min(how);
    }

    /// Site 0 of a file stands for none.
    pub fn site(&self, file: u32, site: u32) -> Site {
        if site == 0 { 0 } else { self.program.files[file as usize].sites + site }
    }

    pub fn object(&mut self, shape: Shape) -> ObjectId {
        let rest = self.graph.var();
        let any = self.graph.var();
        let keys = self.graph.var();
        self.graph.edge(rest, any);
        self.objects.push(Object {
            shape,
            fields: Vec::new(),
            rest,
            any,
            keys,
            maker: 0,
            made: None,
        });
        self.watchers.push(Vec::new());
        self.objects.len() as ObjectId - 1
    }

    /// An object that belongs to a place; the same one each time it is asked for.
    pub fn derived(&mut self, at: Var, tag: u8, shape: Shape) -> ObjectId {
        if let Some(known) = self.derived.get(&(at, tag)) {
            return *known;
        }
        let made = self.object(shape);
        self.derived.insert((at, tag), made);
        made
    }

    /// The element of an object under a constant key.
    pub fn field(&mut self, object: ObjectId, key: Key) -> Var {
        let known = &self.objects[object as usize];
        if let Some((_, var)) = known.fields.iter().find(|(known, _)| *known == key) {
            return *var;
        }
        // Objects with very many keys say no more than one with any.
        if known.fields.len() >= 256 {
            return known.rest;
        }
        let var = self.graph.var();
        let (any, keys) = (known.any, known.keys);
        self.objects[object as usize].fields.push((key, var));
        self.graph.edge(var, any);
        let key_value = match key {
            Key::Text(text) => Value::Text(text),
            Key::Number(number) => Value::Number(number),
        };
        self.add(keys, key_value);
        for watcher in self.watchers[object as usize].clone() {
            self.spread_field(watcher, key, var);
        }
        var
    }

    /// Flows from one argument variable into a parameter, minding receivers.
    pub fn flow_to_param(&mut self, body: BodyId, at: usize, from: Var) {
        let Some(to) = self.program.param_var(body, at) else { return };
        match self.receiver_class(body, at) {
            Some(class) => self.hide_once(from, Hidden::Receiver { to, class }, (from, to)),
            None => self.graph.edge(from, to),
        }
    }

    fn hide_once(&mut self, var: Var, hidden: Hidden, key: (u32, u32)) {
        if self.done.insert((u32::MAX, key.0, key.1, 0)) {
            self.hide(var, hidden);
        }
    }

    /// The class whose instances alone make sense as this parameter.
    pub fn receiver_class(&self, body: BodyId, at: usize) -> Option<ClassId> {
        let info = &self.program.bodies[body as usize];
        let takes = at == 0 && info.facts.receiver != Receiver::None;
        if takes { info.owner } else { None }
    }

    /// Adds a receiver when it can be one.
    ///
    /// In packages the parameter already holds every instance of the class and those below.
    pub fn receive(&mut self, to: Var, class: ClassId, value: ValueId) {
        let file = self.program.classes[class as usize].file;
        let is_metaclass = self.is_metaclass(class);
        if !is_metaclass && self.library[file as usize] && !self.graph.is_empty(to) {
            return;
        }
        let fits = match self.values.get(value) {
            Value::Instance(other) | Value::Class(other) => self.program.derives(other, class),
            Value::Bounded { class: other, own } => {
                if !self.program.derives(other, class) && self.program.derives(class, other) {
                    self.add(to, Value::Bounded { class, own });
                    return;
                }
                self.program.derives(other, class)
            }
            Value::AnyClass(other) => {
                if !self.program.derives(other, class) && self.program.derives(class, other) {
                    self.add(to, Value::AnyClass(class));
                    return;
                }
                self.program.derives(other, class)
            }
            Value::Function(_) | Value::Text(_) | Value::Number(_) | Value::Literal(_) => false,
            Value::Object(_) | Value::Method { .. } | Value::Module(_) | Value::Pattern(..) => {
                false
            }
            _ => false,
        };
        // Metaclass methods get classes that derive from something else.
        if fits || is_metaclass {
            self.graph.add(to, value);
        }
    }

    /// What a variable holds now, for loops that change the graph meanwhile.
    pub fn held(&self, var: Var) -> Vec<ValueId> {
        if var == 0 { Vec::new() } else { self.graph.values(var).to_vec() }
    }
}
