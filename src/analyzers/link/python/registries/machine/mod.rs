//! Executes, abstractly, what runs when a project's modules are imported: module and class bodies,
//! the decorators, hooks and registration functions they call, and those function bodies that name
//! definitions they could store. What ends up in containers that outlive the calls is then read
//! off the heap ([`super::collect`]).
//!
//! Both branches of a condition that cannot be decided are executed, loops over known elements are
//! unrolled, and everything unknown stays unknown. Fuel and depth bound every run.

mod attrs;
mod calls;
mod classes;
mod containers;
mod decide;
mod eval;
mod exec;
mod library;
mod order;
mod single_dispatch;
pub mod value;

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use self::value::{
    Args, ClassIndex, ClassObject, Closure, Entry, Env, How, Kind, Object, ObjectId, Value,
};
use crate::analyzers::link::python::{Context, PythonFile};
use crate::model::Name;
use crate::model::facts::python::registries::{FunctionId, Op, RegistryFacts};
use crate::model::facts::python::schemas::ClassShape;

/// Steps that one module body and what it calls may take.
const MODULE_FUEL: u32 = 300_000;
/// Steps of one function executed on its own.
const FUNCTION_FUEL: u32 = 5_000;
/// Steps of all functions executed on their own, per source line of the project.
const FUEL_PER_LINE: u32 = 12;
/// Steps that one call from outside any function may take.
const CALL_FUEL: u32 = 24_000;
const LEAST_FUEL: u32 = 2_500;
/// Steps that the hooks of one class, or one decorator, may take.
const HOOK_FUEL: u32 = 8_000;
/// A function that takes more steps than this and keeps nothing, time and again, is not worth
/// executing.
const COSTLY: u32 = 1_200;
const MAX_COSTLY: u32 = 2;
const MAX_CALLS: u32 = 9;
const MAX_DEPTH: u32 = 160;
/// Longest loop that is unrolled.
const MAX_UNROLL: usize = 4_000;

/// A call or decorator that leads outside the project, seen while executing.
#[derive(Debug)]
pub struct Seen {
    /// Dotted name of what is called; methods of things made outside are `maker.method`.
    pub callee: Name,
    pub args: Args,
    /// What the decorator stands on.
    pub subject: Option<Value>,
    /// Where the receiver was made: distinguishes two applications.
    pub receiver: Option<(u32, u32)>,
    pub file: u32,
    pub line: u32,
    pub within: Name,
}

/// A call of an unknown object's method with a telling name.
pub type Guess = Seen;

pub struct Machine<'c, 'a> {
    pub context: &'c Context<'a>,
    pub files: Vec<PythonFile<'a>>,
    pub modules: FxHashMap<Name, u32>,
    pub globals: Vec<FxHashMap<Name, Value>>,
    pub objects: Vec<Object>,
    pub classes: Vec<ClassObject>,
    pub class_named: FxHashMap<Name, ClassIndex>,
    functions: FxHashMap<&'a str, (u32, FunctionId)>,
    /// Attributes set on functions.
    function_attrs: FxHashMap<(u32, FunctionId), Vec<(Name, Value)>>,
    summaries: FxHashMap<ClassIndex, ObjectId>,
    closures: FxHashMap<(u32, FunctionId), Rc<Closure>>,
    pub seen: Vec<Seen>,
    pub guesses: Vec<Guess>,
    pub attached: Vec<Attached>,
    /// The hooks that ran for each class, in order.
    pub history: Vec<Ran>,
    /// What hooks and decorators put on classes.
    pub injected: Vec<Injected>,
    /// Tuples of definitions under the names of modules and classes.
    pub tuples: Vec<(Name, ObjectId)>,
    /// Containers that exist only while a function runs, under its name.
    pub locals: Vec<(Name, ObjectId)>,
    /// Counts what was stored in containers and put on classes.
    kept: u32,
    /// Functions that took many steps and kept nothing, and how often.
    costly: FxHashMap<(u32, FunctionId), u32>,
    /// How the key about to be stored is spelled.
    key_text: Option<Name>,
    /// The shapes of classes by name, for fields.
    shapes: FxHashMap<&'a str, &'a ClassShape>,
    /// Classes made by `type()`, by rising index.
    pub made: Vec<Generated>,
    /// What outside the project wraps a function, by decorating it.
    wrapped: FxHashMap<(u32, FunctionId), Name>,
    dispatch_tables: FxHashSet<ObjectId>,
    active: FxHashSet<(u32, FunctionId)>,
    /// The class whose metaclass hook runs, and the namespace that hook was given.
    pending: Option<(ClassIndex, ObjectId)>,
    site: Site,
    /// The statement or call being executed, in whatever body.
    here: (u32, u32),
    stack: Vec<Call>,
    method_owners: FxHashMap<Name, Vec<ClassIndex>>,
    fuel: u32,
    depth: u32,
    calls: u32,
    uncertain: u32,
    /// Inside an exception handler: what the body bound stands.
    weak: u32,
}

/// A function being called.
struct Call {
    file: u32,
    id: FunctionId,
    /// A definition was among the arguments.
    takes: bool,
    /// The instances among the arguments: a member, or what holds the registry.
    instances: Vec<ObjectId>,
    /// Where the call stands.
    at: (u32, u32),
}

impl Call {
    /// Whether the instance that is stored came in as an argument.
    fn hands_on(&self, value: &Value) -> bool {
        match value {
            Value::Object(id) => self.instances.contains(id),
            Value::Tuple(items) => items.iter().any(|item| self.hands_on(item)),
            _ => false,
        }
    }
}

/// Where, outside any called function, execution stands.
#[derive(Debug, Clone, Default)]
struct Site {
    file: u32,
    line: u32,
    how: Option<How>,
    registrar: Option<Name>,
    /// What is being decorated or created.
    subject: Option<Value>,
    within: Name,
}

/// One body in execution.
struct Frame<'a> {
    file: u32,
    facts: &'a RegistryFacts,
    env: Option<Rc<Env>>,
    /// Class bodies bind in `env` but functions in them do not see it.
    is_class: bool,
    function: Option<Rc<Closure>>,
    first: Option<Value>,
    returns: Vec<Value>,
}

impl<'c, 'a> Machine<'c, 'a> {
    pub fn new(context: &'c Context<'a>) -> Self {
        let mut machine = Self {
            context,
            files: Vec::new(),
            modules: FxHashMap::default(),
            globals: Vec::new(),
            objects: Vec::new(),
            classes: Vec::new(),
            class_named: FxHashMap::default(),
            functions: FxHashMap::default(),
            function_attrs: FxHashMap::default(),
            summaries: FxHashMap::default(),
            closures: FxHashMap::default(),
            seen: Vec::new(),
            guesses: Vec::new(),
            attached: Vec::new(),
            history: Vec::new(),
            injected: Vec::new(),
            tuples: Vec::new(),
            locals: Vec::new(),
            kept: 0,
            costly: FxHashMap::default(),
            key_text: None,
            shapes: FxHashMap::default(),
            made: Vec::new(),
            wrapped: FxHashMap::default(),
            dispatch_tables: FxHashSet::default(),
            active: FxHashSet::default(),
            pending: None,
            site: Site::default(),
            here: (0, 0),
            stack: Vec::new(),
            method_owners: FxHashMap::default(),
            fuel: 0,
            depth: 0,
            calls: 0,
            uncertain: 0,
            weak: 0,
        };
        for file in context.files.iter().filter(|file| !file.facts.is_stub) {
            if machine.modules.contains_key(&file.facts.module) {
                continue;
            }
            let index = machine.files.len() as u32;
            machine.modules.insert(file.facts.module.clone(), index);
            machine.files.push(*file);
            machine.globals.push(FxHashMap::default());
            let facts = &file.facts.registries;
            for (id, function) in facts.functions.iter().enumerate() {
                let name: &'a str = &facts.strings[function.name as usize];
                machine.functions.insert(name, (index, id as FunctionId));
            }
            for shape in &file.facts.schemas.classes {
                machine.shapes.insert(&shape.name, shape);
            }
        }
        machine
    }

    /// Executes all module bodies in import order, then the functions worth it.
    pub fn run(&mut self) {
        for file in self.import_order() {
            let lines = self.files[file as usize].file.lines;
            self.fuel = MODULE_FUEL.min(30_000 + lines.saturating_mul(60));
            let facts = self.facts(file);
            let mut frame = Frame {
                file,
                facts,
                env: None,
                is_class: false,
                function: None,
                first: None,
                returns: Vec::new(),
            };
            self.site = Site { file, within: self.module_name(file), ..Site::default() };
            self.exec(&mut frame, &facts.body);
        }
        for file in 0..self.files.len() as u32 {
            let facts = self.facts(file);
            // Each file has its share, so that one cannot starve the others.
            let mut share = 20_000 + self.files[file as usize].file.lines * FUEL_PER_LINE;
            let mut roots: Vec<(bool, usize)> = Vec::new();
            for (id, function) in facts.functions.iter().enumerate() {
                if function.is_root && function.body.is_some() {
                    roots.push((!is_hook(&facts.strings[function.short as usize]), id));
                }
            }
            // What extensions are set up by goes first, while there is fuel.
            roots.sort_unstable();
            for (is_other, id) in roots {
                if share > 0 {
                    let most = if is_other { FUNCTION_FUEL } else { CALL_FUEL };
                    let granted = most.min(share);
                    self.fuel = granted;
                    self.run_function(file, id as FunctionId);
                    share -= granted - self.fuel.min(granted);
                }
            }
        }
    }

    /// Executes one function on its own: parameters are what their annotations say.
    fn run_function(&mut self, file: u32, id: FunctionId) {
        // Nested functions run when the one around them does.
        let Some(closure) = self.closures.get(&(file, id)).cloned() else { return };
        if closure.env.is_some() {
            return;
        }
        let facts = self.facts(file);
        let function = &facts.functions[id as usize];
        let Some(body) = &function.body else { return };
        let env = Env::new(None);
        let mut first = None;
        for (at, param) in function.params.iter().enumerate() {
            let mut value = match (at, closure.owner.get()) {
                (0, Some(owner)) => self.receiver(owner, &closure),
                _ => Value::Unknown,
            };
            if value.is_unknown()
                && let Some(annotation) = param.annotation
            {
                value = self.annotated(file, annotation);
            }
            if at == 0 {
                first = Some(value.clone());
            }
            env.set(param.name, value);
        }
        let within = facts.strings[function.name as usize].clone();
        self.site = Site { file, within, ..Site::default() };
        let mut frame = Frame {
            file,
            facts,
            env: Some(env),
            is_class: false,
            function: Some(closure),
            first,
            returns: Vec::new(),
        };
        self.active.insert((file, id));
        let start = self.objects.len();
        self.exec(&mut frame, body);
        self.active.remove(&(file, id));
        if let Some(env) = &frame.env {
            let name = facts.strings[function.name as usize].clone();
            self.keep_locals(&name, env, start, facts);
        }
    }

    /// Containers made in a function that its own nested definitions were registered in: they
    /// exist once it is called.
    fn keep_locals(&mut self, name: &str, env: &Env, start: usize, facts: &RegistryFacts) {
        let is_filled = |id: &ObjectId| {
            let by_decorator =
                |entry: &Entry| matches!(entry.how, How::Decorator | How::DecoratorClass);
            self.objects[*id as usize].entries.iter().any(by_decorator)
        };
        let mut found: Vec<(Name, ObjectId)> = Vec::new();
        for (variable, value) in env.vars.borrow().iter() {
            let Value::Object(id) = value else { continue };
            if (*id as usize) < start {
                continue;
            }
            let name = format!("{name}.{}", facts.strings[*variable as usize]);
            if is_filled(id) {
                found.push((name.into(), *id));
                continue;
            }
            for (attr, value) in &self.objects[*id as usize].attrs {
                if let Value::Object(inner) = value
                    && is_filled(inner)
                {
                    found.push((format!("{name}.{attr}").into(), *inner));
                }
            }
        }
        found.sort();
        self.locals.append(&mut found);
    }

    /// What the first parameter of a method stands for.
    fn receiver(&mut self, owner: ClassIndex, closure: &Rc<Closure>) -> Value {
        let facts = self.facts(closure.file);
        let function = &facts.functions[closure.id as usize];
        let is_named = |name: &str| {
            function.decorators.iter().any(|decorator| {
                use crate::model::facts::python::registries::Expr;
                matches!(&facts.exprs[*decorator as usize],
                    Expr::Name(id) if &*facts.strings[*id as usize] == name)
            })
        };
        if is_named("staticmethod") {
            return Value::Unknown;
        }
        let short = &*facts.strings[function.short as usize];
        if is_named("classmethod") || matches!(short, "__init_subclass__" | "__class_getitem__") {
            return Value::Class(owner);
        }
        if short == "__new__" {
            return Value::Class(owner);
        }
        Value::Object(self.summary(owner))
    }

    /// The object that stands for any instance of a class; its `__init__` has run.
    fn summary(&mut self, class: ClassIndex) -> ObjectId {
        if let Some(object) = self.summaries.get(&class) {
            return *object;
        }
        let (file, line) = (self.classes[class as usize].file, self.classes[class as usize].line);
        let object = self.new_object(Kind::Instance(class), file, line);
        self.objects[object as usize].summary = true;
        self.summaries.insert(class, object);
        if self.calls < 4
            && let Some(init) = self.class_attr(class, "__init__")
        {
            let args = Args { open: true, ..Args::of(vec![Value::Object(object)]) };
            let site = self.site.clone();
            self.site.subject = None;
            self.call(&init, args);
            self.site = site;
        }
        object
    }

    fn facts(&self, file: u32) -> &'a RegistryFacts {
        &self.files[file as usize].facts.registries
    }

    pub fn module_name(&self, file: u32) -> Name {
        self.files[file as usize].facts.module.clone()
    }

    pub fn path_of(&self, file: u32) -> Name {
        self.files[file as usize].file.path.clone()
    }

    fn new_object(&mut self, kind: Kind, file: u32, line: u32) -> ObjectId {
        let id = self.objects.len() as ObjectId;
        self.objects.push(Object {
            kind,
            attrs: FxHashMap::default(),
            entries: Vec::new(),
            index: FxHashMap::default(),
            file,
            line,
            factory: None,
            from: None,
            exact: false,
            transient: false,
            summary: false,
            hooked: matches!(
                self.site.how,
                Some(How::Metaclass | How::InitSubclass | How::SetName)
            ),
        });
        id
    }

    /// Counts the copying of many values as the steps it costs.
    fn charge(&mut self, count: usize) {
        self.fuel = self.fuel.saturating_sub(u32::try_from(count / 4).unwrap_or(u32::MAX));
    }

    /// What something unknown makes of its arguments: the decorated definition first.
    fn derive(&self, args: &Args) -> Value {
        if let Some(subject) = &self.site.subject
            && subject.is_definition()
            && args.iter().any(|arg| arg.same(subject) == Some(true))
        {
            return subject.derived();
        }
        args.derived()
    }

    /// Puts something into a container at the current site.
    fn store(&mut self, object: ObjectId, key: Option<Value>, value: Value) {
        let site = &self.site;
        let mut how = site.how.unwrap_or(How::Assigned);
        let mut registrar = site.registrar.clone();
        let mut place = (site.file, site.line);
        if how == How::Call {
            // The outermost of the calls that hand the definition on is what registers it.
            let hands_on = |call: &&Call| call.takes || call.hands_on(&value);
            let calls = self.stack.iter().rev().take_while(hands_on);
            match calls.last() {
                Some(call) => {
                    let facts = self.facts(call.file);
                    let function = &facts.functions[call.id as usize];
                    let name = &facts.strings[function.name as usize];
                    let is_init = name.ends_with(".__init__") || name.ends_with(".__new__");
                    let owner = name.rsplit_once('.').map_or(&**name, |(owner, _)| owner);
                    registrar = Some(if is_init { owner.into() } else { name.clone() });
                    place = call.at;
                }
                None => {
                    (how, registrar, place) = (How::Assigned, None, self.here);
                }
            }
        } else if how == How::Literal && !self.stack.is_empty() {
            place = self.here;
        }
        // A wrapper made while decorating stands for what is decorated.
        let value = match (&value, &self.site.subject) {
            (Value::Function(closure), Some(subject @ (Value::Function(_) | Value::Class(_))))
                if closure.env.is_some() && value.same(subject) != Some(true) =>
            {
                Value::Derived(Rc::new(subject.clone()))
            }
            _ => value,
        };
        let entry = Entry {
            key,
            value,
            file: place.0,
            line: place.1,
            how,
            text: self.key_text.take(),
            registrar,
            uncertain: self.uncertain > 0,
        };
        self.insert(object, entry);
    }

    fn insert(&mut self, object: ObjectId, entry: Entry) {
        if entry.how > How::Literal && !entry.value.is_constant() && !entry.value.is_unknown() {
            self.kept += 1;
        }
        let object = &mut self.objects[object as usize];
        if object.entries.len() > 40_000 {
            return;
        }
        if object.kind == Kind::Dict
            && let Some(key) = entry.key.as_ref().and_then(value::identity)
        {
            if let Some(at) = object.index.get(&key) {
                // What is known beats what is not, and a `try` what handles its failure.
                let old = &mut object.entries[*at as usize];
                let is_weak = entry.value.is_unknown() || self.weak > 0;
                if !is_weak || old.value.is_unknown() {
                    *old = entry;
                }
                return;
            }
            object.index.insert(key, object.entries.len() as u32);
        }
        object.entries.push(entry);
    }

    /// The object that stands for any instance of a class, if one was needed.
    pub fn summary_of(&self, class: ClassIndex) -> Option<ObjectId> {
        self.summaries.get(&class).copied()
    }

    /// Containers held by functions, as attributes or in the scope around them.
    pub fn function_objects(&self) -> Vec<(Name, ObjectId)> {
        let mut found: Vec<(Name, ObjectId)> = Vec::new();
        for ((file, id), attrs) in &self.function_attrs {
            let facts = self.facts(*file);
            let function = &facts.functions[*id as usize];
            let name = &facts.strings[function.name as usize];
            for (attr, value) in attrs {
                let Value::Object(object) = value else { continue };
                // What decorators note on the function itself is no registry.
                let is_other = |entry: &Entry| match &entry.value {
                    Value::Function(stored) => (stored.file, stored.id) != (*file, *id),
                    other => other.is_definition(),
                };
                if !self.objects[*object as usize].entries.iter().any(is_other) {
                    continue;
                }
                let name = if self.is_dispatch(*object) {
                    name.clone()
                } else {
                    format!("{name}.{attr}").into()
                };
                found.push((name, *object));
            }
        }
        for closure in self.closures.values() {
            let Some(env) = &closure.env else { continue };
            let facts = self.facts(closure.file);
            let function = &facts.functions[closure.id as usize];
            let name = &facts.strings[function.name as usize];
            let outer = name.rsplit_once('.').map_or(&**name, |(outer, _)| outer);
            for (variable, value) in env.vars.borrow().iter() {
                let Value::Object(object) = value else { continue };
                let by_decorator =
                    |entry: &Entry| matches!(entry.how, How::Decorator | How::DecoratorClass);
                if !self.objects[*object as usize].entries.iter().any(by_decorator) {
                    continue;
                }
                let variable = &facts.strings[*variable as usize];
                found.push((format!("{outer}.{variable}").into(), *object));
            }
        }
        found.sort();
        found
    }

    /// Whether a container is the table of a `singledispatch` function.
    pub fn is_dispatch(&self, object: ObjectId) -> bool {
        self.dispatch_tables.contains(&object)
    }

    /// How a class came to be, if it was made at run time.
    pub fn generated(&self, class: ClassIndex) -> Option<&Generated> {
        let at = self.made.binary_search_by_key(&class, |made| made.class).ok()?;
        self.made.get(at)
    }

    /// The qualified name and place of a definition.
    pub fn describe(&self, value: &Value) -> Option<(Name, u32, u32)> {
        match value {
            Value::Function(closure) => {
                if let Some(wrapped) = &*closure.wraps.borrow() {
                    return self.describe(wrapped);
                }
                let facts = self.facts(closure.file);
                let function = &facts.functions[closure.id as usize];
                Some((facts.strings[function.name as usize].clone(), closure.file, function.line))
            }
            Value::Class(class) => {
                let class = &self.classes[*class as usize];
                Some((class.name.clone(), class.file, class.line))
            }
            Value::Bound(pair) => self.describe(&pair.0),
            Value::ClassMethod(inner)
            | Value::StaticMethod(inner)
            | Value::Property(inner)
            | Value::Derived(inner) => self.describe(inner),
            Value::Partial(pair) => self.describe(&pair.0),
            _ => None,
        }
    }
}

impl Machine<'_, '_> {
    /// A decorator put something on a class: remembered as an attachment.
    fn attach(&mut self, object: &Value, name: &Name, value: &Value) {
        let Some(subject) = &self.site.subject else { return };
        let owner = match object {
            Value::Class(class) => Some(self.classes[*class as usize].name.clone()),
            Value::Path(path) => Some(path.clone()),
            Value::Unknown => None,
            _ => return,
        };
        let is_subject = match value {
            Value::Function(closure) => closure.env.is_some() || value.same(subject) == Some(true),
            Value::Derived(_) | Value::Object(_) => true,
            other => other.same(subject) == Some(true),
        };
        if !is_subject || !matches!(subject, Value::Function(_)) {
            return;
        }
        let registrar = self.site.registrar.clone();
        self.attached.push(Attached {
            owner,
            name: name.clone(),
            subject: subject.clone(),
            registrar,
            file: self.site.file,
            line: self.site.line,
        });
    }
}

/// A hook or decorator that ran when a class was made.
#[derive(Debug)]
pub struct Ran {
    pub class: ClassIndex,
    pub name: Name,
    pub file: u32,
    pub line: u32,
}

/// A member that a hook or decorator put on a class.
#[derive(Debug)]
pub struct Injected {
    pub class: ClassIndex,
    pub name: Name,
    /// The function that did.
    pub by: Name,
    pub file: u32,
    pub line: u32,
}

impl Machine<'_, '_> {
    /// Remembers that a hook runs for a class.
    fn ran(&mut self, class: ClassIndex, hook: &Value) {
        if let Some((name, file, line)) = self.describe(hook) {
            self.history.push(Ran { class, name, file, line });
        }
    }

    /// Remembers what the function being executed puts on a class.
    fn inject(&mut self, class: ClassIndex, name: &Name) {
        self.kept += 1;
        let Some(call) = self.stack.last() else { return };
        let facts = self.facts(call.file);
        let by = facts.strings[facts.functions[call.id as usize].name as usize].clone();
        let (file, line) = self.here;
        self.injected.push(Injected { class, name: name.clone(), by, file, line });
    }

    /// Whether making a subclass always raises.
    pub fn is_final(&self, class: ClassIndex) -> bool {
        let Some(hook) = self.classes[class as usize].own("__init_subclass__") else {
            return false;
        };
        let hook = match hook {
            Value::ClassMethod(inner) => &**inner,
            other => other,
        };
        let Value::Function(closure) = hook else { return false };
        let function = &self.facts(closure.file).functions[closure.id as usize];
        let body = function.body.as_deref().unwrap_or_default();
        matches!(body.last(), Some(last) if matches!(last.op, Op::Raise))
    }
}

/// `setattr(C, name, f)` by a decorator on `f`.
#[derive(Debug)]
pub struct Attached {
    /// The class, where it is known.
    pub owner: Option<Name>,
    pub name: Name,
    pub subject: Value,
    pub registrar: Option<Name>,
    pub file: u32,
    pub line: u32,
}

/// A class made at run time, with the function that makes it and the line that does.
#[derive(Debug)]
pub struct Generated {
    pub class: ClassIndex,
    pub by: Name,
    pub file: u32,
    pub line: u32,
}

/// Functions of a fixed name in which extensions register what they bring.
fn is_hook(name: &str) -> bool {
    matches!(name, "setup" | "register" | "includeme" | "init_app" | "load" | "ready")
}
