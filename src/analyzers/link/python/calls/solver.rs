//! Finds out what every variable may hold, to the end: flow-insensitive between bodies, with the
//! order of assignments inside them already told apart by the lowering.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::externals::Effect;
use super::graph::{Graph, Rule};
use super::imports::Brought;
use super::kin::Kin;
use super::program::Program;
use super::values::{
    BodyId, ClassId, How, Key, Object, ObjectId, Sym, Syms, Value, ValueId, Values, Var,
};
use crate::analyzers::link::python::names::Names;
use crate::model::EdgeKind;
use crate::model::facts::python::calls::{
    ArgKind, BodyKind, CallForm, Op, ParamKind, Receiver, Shape,
};

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
    reversed "__reversed__",
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
    pub effects: FxHashMap<Sym, Option<&'static [Effect]>>,
    /// Functions that were made context managers.
    pub managers: FxHashSet<BodyId>,
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
            effects: FxHashMap::default(),
            managers: FxHashSet::default(),
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

    /// Puts all operations into the graph.
    pub fn load(&mut self) {
        for at in 0..self.ops.len() {
            let (op, file) = self.ops[at];
            self.load_op(at as u32, *op, file);
        }
        for body in 0..self.program.bodies.len() as BodyId {
            self.load_body(body);
        }
        for class in 0..self.program.classes.len() as ClassId {
            self.load_class(class);
        }
    }

    fn load_op(&mut self, at: u32, op: Op, file: u32) {
        let info = &self.program.files[file as usize];
        let base = info.vars;
        let var = |local: u32| if local == 0 { 0 } else { base + local };
        let sym = |local: u32| info.syms[local as usize];
        match op {
            Op::Copy { to, from } => self.graph.edge(var(from), var(to)),
            Op::Import { to, origin, site } => {
                let (to, origin) = (var(to), sym(origin));
                let site = self.site(file, site);
                self.import(origin, to, site);
            }
            Op::Builtin { to, name } => self.add(var(to), Value::Builtin(sym(name))),
            Op::Text { to, value } => self.add(var(to), Value::Text(sym(value))),
            Op::Number { to, value } => self.add(var(to), Value::Number(value)),
            Op::Pattern { to, prefix, suffix } => {
                self.add(var(to), Value::Pattern(sym(prefix), sym(suffix)));
            }
            Op::Literal { to, kind } => self.add(var(to), Value::Literal(kind)),
            Op::Function { to, body } => {
                let value = Value::Function(info.bodies + body);
                self.add(var(to), value);
            }
            Op::Class { to, class } => {
                let value = Value::Class(info.classes + class);
                self.add(var(to), value);
            }
            Op::Display { to, shape, first, count } => {
                self.display(file, var(to), shape, first, count);
            }
            Op::Load { base, .. }
            | Op::Store { base, .. }
            | Op::DelItem { base, .. }
            | Op::Slice { base, .. } => self.wake(var(base), at),
            Op::GetItem { base, key, .. } | Op::SetItem { base, key, .. } => {
                self.wake(var(base), at);
                self.wake_other(var(key), at);
            }
            Op::Iterate { from, .. }
            | Op::Unpack { from, .. }
            | Op::Unary { from, .. }
            | Op::Enter { from, .. }
            | Op::Await { from, .. }
            | Op::Delegate { from, .. }
            | Op::Raise { from, .. } => self.wake(var(from), at),
            Op::Call { callee, .. } => self.wake(var(callee), at),
            Op::Binary { left, right, .. } | Op::Compare { left, right, .. } => {
                self.wake(var(left), at);
                self.wake_other(var(right), at);
            }
            Op::Narrow { from, class, .. } => {
                self.wake(var(from), at);
                self.wake_other(var(class), at);
            }
            Op::Annotated { .. } => {}
        }
    }

    fn wake(&mut self, var: Var, op: u32) {
        // Nothing runs before `settle`, so there is nothing to catch up with.
        self.graph.rule(var, Rule::Op(op));
    }

    fn wake_other(&mut self, var: Var, op: u32) {
        self.graph.rule(var, Rule::Other(op));
    }

    /// Classes run their bodies; hooks of their bases and metaclass run when they are made.
    fn load_class(&mut self, class: ClassId) {
        let program = self.program;
        let info = &program.classes[class as usize];
        let site = self.site(info.file, info.facts.site);
        let made = self.values.id(Value::Class(class));
        let after = info.mro.get(1..).unwrap_or_default();
        let call = self.call_with(&[], 0, site, EdgeKind::Implicit);
        if let Some((_, var)) = program.member_after(after, self.known.init_subclass) {
            self.hide(var, Hidden::Hook { call, receiver: made });
        }
        if let Some(meta) = info.metaclass {
            for name in [self.known.prepare, self.known.new, self.known.init] {
                if let Some((_, var)) = program.member(meta, name) {
                    self.hide(var, Hidden::Hook { call, receiver: made });
                }
            }
        }
        let file = &program.files[info.file as usize];
        for (_, var) in &info.facts.members {
            self.hide(file.vars + var, Hidden::Named { site });
        }
    }

    fn load_body(&mut self, body: BodyId) {
        let info = &self.program.bodies[body as usize];
        if !matches!(info.facts.kind, BodyKind::Function | BodyKind::Lambda) {
            return;
        }
        let (mut rest, mut keywords) = (None, None);
        for (at, param) in info.facts.params.iter().enumerate() {
            let shape = match param.kind {
                ParamKind::Rest => Shape::Tuple,
                ParamKind::Keywords => Shape::Dict,
                _ => continue,
            };
            let Some(var) = self.program.param_var(body, at) else { continue };
            let object = self.object(shape);
            self.add(var, Value::Object(object));
            match param.kind {
                ParamKind::Rest => rest = Some(object),
                _ => keywords = Some(object),
            }
        }
        if rest.is_some() || keywords.is_some() {
            self.rests.insert(body, (rest, keywords));
        }
        if info.facts.yields != 0 || info.facts.is_async {
            // What is handed through arrives only later: join it with the results.
            let result = self.program.var_of(body, info.facts.result);
            for at in &info.facts.passes {
                let param = self.program.param_var(body, *at as usize).unwrap_or(0);
                self.graph.edge(param, result);
            }
        }
    }

    pub fn object(&mut self, shape: Shape) -> ObjectId {
        let rest = self.graph.var();
        let any = self.graph.var();
        let keys = self.graph.var();
        self.graph.edge(rest, any);
        self.objects.push(Object { shape, fields: Vec::new(), rest, any, keys });
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
        if self.library[file as usize] && !self.graph.is_empty(to) {
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
        let is_metaclass = self.program.classes[class as usize].outside.iter().any(|base| {
            matches!(self.syms.text(*base), "builtins.type" | "abc.ABCMeta" | "enum.EnumMeta")
        });
        if fits || is_metaclass {
            self.graph.add(to, value);
        }
    }

    /// What an operation does with one value of an operand.
    fn run_op(&mut self, at: u32, value: ValueId, is_other: bool) {
        let (op, file) = self.ops[at as usize];
        let info = &self.program.files[file as usize];
        let base_var = info.vars;
        let var = |local: u32| if local == 0 { 0 } else { base_var + local };
        let sites = info.sites;
        let place = |local: u32| if local == 0 { 0 } else { sites + local };
        let sym = |local: u32| info.syms[local as usize];
        match *op {
            Op::Load { to, attr, site, .. } => {
                self.load_attribute(value, sym(attr), var(to), place(site));
            }
            Op::Store { attr, from, site, .. } => {
                self.store_attribute(value, sym(attr), var(from), place(site));
            }
            Op::GetItem { to, base, key, site } => {
                if is_other {
                    for base in self.held(var(base)) {
                        self.get_item(base, Some(value), var(key), var(to), place(site));
                    }
                } else {
                    let keys = self.held(var(key));
                    self.get_item(value, None, var(key), var(to), place(site));
                    for key_value in keys {
                        self.get_item(value, Some(key_value), var(key), var(to), place(site));
                    }
                }
            }
            Op::SetItem { base, key, from, site } => {
                if is_other {
                    for base in self.held(var(base)) {
                        self.set_item(base, Some(value), var(key), var(from), place(site));
                    }
                } else {
                    let keys = self.held(var(key));
                    self.set_item(value, None, var(key), var(from), place(site));
                    for key_value in keys {
                        self.set_item(value, Some(key_value), var(key), var(from), place(site));
                    }
                }
            }
            Op::DelItem { site, .. } => {
                self.special(value, self.known.delitem, &[0], 0, place(site), EdgeKind::Implicit);
            }
            Op::Slice { to, start, site, .. } => self.slice(value, start, var(to), place(site)),
            Op::Iterate { to, site, is_async, .. } => {
                self.iterate(value, var(to), place(site), is_async);
            }
            Op::Unpack { to, index, rest, .. } => self.unpack(value, index, rest, var(to)),
            Op::Unary { to, name, site, .. } => self.unary(value, sym(name), var(to), place(site)),
            Op::Enter { to, site, is_async, .. } => {
                self.enter_with(value, var(to), place(site), is_async)
            }
            Op::Await { to, site, .. } => self.await_value(value, var(to), place(site)),
            Op::Delegate { to, yields, site, .. } => {
                self.delegate(value, var(to), var(yields), place(site));
            }
            Op::Raise { site, .. } => self.raise(value, place(site)),
            Op::Call { to, first, count, site, form, .. } => {
                let call = Invocation {
                    site: place(site),
                    to: var(to),
                    first: self.arg_bases[file as usize] + first,
                    count,
                    kind: match form {
                        CallForm::Call => EdgeKind::Call,
                        CallForm::Decorator => EdgeKind::Decorator,
                    },
                };
                self.invoke(call, value, How::Flow);
            }
            Op::Binary { to, left, right, name, site, in_place } => {
                let operands = (var(left), var(right), var(to));
                self.binary(value, sym(name), operands, place(site), in_place, is_other);
            }
            Op::Compare { right, name, site, .. } if !is_other => {
                self.compare(value, sym(name), var(right), place(site));
            }
            Op::Narrow { to, from, class } => {
                if is_other {
                    if from == 0 {
                        self.instances_of(value, var(to));
                    }
                    for held in self.held(var(from)) {
                        self.narrow(held, value, var(to));
                    }
                } else {
                    for class in self.held(var(class)) {
                        self.narrow(value, class, var(to));
                    }
                }
            }
            _ => {}
        }
    }

    /// What a variable holds now, for loops that change the graph meanwhile.
    pub fn held(&self, var: Var) -> Vec<ValueId> {
        if var == 0 { Vec::new() } else { self.graph.values(var).to_vec() }
    }

    fn run_hidden(&mut self, hidden: Hidden, value: ValueId) {
        match hidden {
            Hidden::Bind { receiver, to, site, how } => self.bind(value, receiver, to, site, how),
            Hidden::BindSpecial { receiver, to, site, how } => {
                self.bind_special(value, receiver, to, site, how);
            }
            Hidden::Invoke { call, how } => self.invoke(call, value, how),
            Hidden::Receiver { to, class } => self.receive(to, class, value),
            Hidden::Spread { .. } | Hidden::SpreadKeywords { .. } => self.spread(hidden, value),
            Hidden::Next { to, site, is_async } => self.next(value, to, site, is_async),
            Hidden::Iterate { to, site, is_async } => self.iterate(value, to, site, is_async),
            Hidden::Await { to, site } => self.await_value(value, to, site),
            Hidden::DynamicLoad { base, name, to, site } => {
                for base in self.held(base) {
                    for name in self.held(name) {
                        self.dynamic_load(base, name, to, site);
                    }
                }
            }
            Hidden::DynamicStore { base, name, from, site } => {
                for base in self.held(base) {
                    for name in self.held(name) {
                        self.dynamic_store(base, name, from, site);
                    }
                }
            }
            Hidden::Super { class, to } => self.make_super(class, value, to),
            Hidden::Wrap { to, is_static } => {
                let wrapped =
                    if is_static { Value::Static(value) } else { Value::ClassMethod(value) };
                self.add(to, wrapped);
            }
            Hidden::Manage { to } => self.manage(value, to),
            Hidden::TypeOf { to } => self.type_of(value, to),
            Hidden::Set { receiver, from, site } => self.set(value, receiver, from, site),
            Hidden::Special { name, to, site } => self.unary(value, name, to, site),
            Hidden::Fill { object } => self.fill(value, object),
            Hidden::Entry { object, from } => self.set_object(object, Some(value), 0, from),
            Hidden::Lookup { object, to } => self.lookup(value, object, to),
            Hidden::Hook { call, receiver } => {
                let inner = match self.values.get(value) {
                    Value::ClassMethod(inner) | Value::Static(inner) => inner,
                    _ => value,
                };
                if let Value::Function(body) = self.values.get(inner) {
                    self.enter(call, body, Some(receiver), How::Flow);
                }
            }
            Hidden::Named { site } => {
                let name = self.known.set_name;
                if matches!(self.values.get(value), Value::Instance(_)) {
                    self.special(value, name, &[0, 0], 0, site, EdgeKind::Implicit);
                }
            }
            Hidden::Pair { object } => self.pair(value, object),
        }
    }
}
