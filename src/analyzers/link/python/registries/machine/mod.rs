//! Executes, abstractly, what runs when a project's modules are imported: module and class bodies,
//! the decorators, hooks and registration functions they call, and those function bodies that name
//! definitions they could store. What ends up in containers that outlive the calls is then read
//! off the heap ([`super::collect`]).
//!
//! Both branches of a condition that cannot be decided are executed, loops over known elements are
//! unrolled, and everything unknown stays unknown. Fuel and depth bound every run.

mod assign;
mod attrs;
mod bind;
mod calls;
mod classes;
mod construct;
mod containers;
mod decide;
mod decorate;
mod eval;
mod exec;
mod fuel;
mod heap;
mod iterate;
mod library;
mod order;
mod regexes;
pub mod report;
mod roots;
mod single_dispatch;
mod strings;
pub mod value;

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use self::fuel::Cost;
use self::report::{Attached, Generated, Injected, Ran};
use self::roots::is_hook;
use self::value::{
    Args, ClassIndex, ClassObject, Closure, Entry, Env, How, Object, ObjectId, Value,
};
use crate::analyzers::link::python::{Context, PythonFile};
use crate::model::Name;
use crate::model::facts::python::registries::{FunctionId, RegistryFacts};
use crate::model::facts::python::schemas::ClassShape;

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
    /// The oldest object that something was stored in since it was last asked.
    lowest: ObjectId,
    /// Functions that took many steps and kept nothing.
    costly: FxHashMap<(u32, FunctionId), Cost>,
    /// How the key about to be stored is spelled.
    key_text: Option<Name>,
    /// Patterns that were compiled, and those that could not be.
    regexes: FxHashMap<Name, Option<Rc<fancy_regex::Regex>>>,
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
    /// Steps that no module has a share of, and how often this body may draw on them.
    pool: u32,
    draughts: u32,
    /// Members stored since the last draught, and steps taken so far.
    stored: u32,
    steps: u32,
    /// Steps for the statements of a body that has run dry, and whether it has.
    reserve: u32,
    dry: bool,
    /// Modules are being imported: what is done to a container is done for good.
    importing: bool,
    /// Objects from here on were made during the call that is under way.
    newest: ObjectId,
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
            lowest: ObjectId::MAX,
            costly: FxHashMap::default(),
            key_text: None,
            regexes: FxHashMap::default(),
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
            pool: 0,
            draughts: 0,
            stored: 0,
            reserve: 0,
            dry: false,
            steps: 0,
            importing: true,
            newest: 0,
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
        self.fill_pool();
        for file in self.import_order() {
            self.fuel_body(file);
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
        self.importing = false;
        for file in 0..self.files.len() as u32 {
            let facts = self.facts(file);
            // Each file has its share, so that one cannot starve the others.
            let mut share = self.roots_fuel(file);
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
                    let granted = self.fuel_function(!is_other, share);
                    self.run_function(file, id as FunctionId);
                    share -= granted - self.fuel.min(granted);
                }
            }
        }
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
}
