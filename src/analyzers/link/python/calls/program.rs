//! All files' lowered bodies as one program: ids that hold across files, class hierarchies,
//! members, modules.

use rustc_hash::{FxHashMap, FxHashSet};

use super::values::{BodyId, ClassId, Sym, Syms, Var};
use crate::analyzers::link::python::{Context, PythonFile};
use crate::model::Name;
use crate::model::facts::python::calls::{Body, Class, Param, ParamKind};

/// Classes that fit a protocol beyond these say nothing.
const MOST_IMPLEMENTERS: usize = 64;

/// So many classes below one are looked through for overrides.
const MAX_BELOW: usize = 160;

pub struct File<'a> {
    pub python: PythonFile<'a>,
    pub vars: u32,
    pub bodies: u32,
    pub classes: u32,
    pub sites: u32,
    pub syms: Vec<Sym>,
}

pub struct BodyInfo<'a> {
    pub file: u32,
    pub facts: &'a Body,
    pub name: Sym,
    /// The class in whose body it stands.
    pub owner: Option<ClassId>,
    pub around: Option<ClassId>,
}

pub struct ClassInfo<'a> {
    pub file: u32,
    pub facts: &'a Class,
    pub name: Sym,
    /// The class itself first.
    pub mro: Vec<ClassId>,
    /// Bases outside the project, its bases' ones included.
    pub outside: Vec<Sym>,
    /// Bases nothing is known of.
    pub is_open: bool,
    pub children: Vec<ClassId>,
    /// All classes below it, each once, at most [`MAX_BELOW`].
    pub below: Vec<ClassId>,
    pub metaclass: Option<ClassId>,
    pub stored: FxHashSet<Sym>,
    pub is_record: bool,
    pub is_enum: bool,
}

pub struct Program<'a> {
    pub files: Vec<File<'a>>,
    pub bodies: Vec<BodyInfo<'a>>,
    pub classes: Vec<ClassInfo<'a>>,
    pub members: FxHashMap<(ClassId, Sym), Var>,
    /// Module name to file.
    pub modules: FxHashMap<&'a str, u32>,
    /// Every proper prefix of a module name.
    pub packages: FxHashSet<&'a str>,
    pub globals: FxHashMap<(u32, Sym), Var>,
    pub class_names: FxHashMap<Sym, ClassId>,
    /// Attribute names that are stored somewhere, or declared as fields.
    pub stored: FxHashSet<Sym>,
    /// Attribute names that are stored on something else than the receiver of a method.
    pub foreign: FxHashSet<Sym>,
    pub vars: u32,
    pub ops: u32,
    pub sites: u32,
}

impl<'a> Program<'a> {
    pub fn build(context: &Context<'a>, syms: &mut Syms<'a>) -> Self {
        let mut program = Self {
            files: Vec::new(),
            bodies: Vec::new(),
            classes: Vec::new(),
            members: FxHashMap::default(),
            modules: FxHashMap::default(),
            packages: FxHashSet::default(),
            globals: FxHashMap::default(),
            class_names: FxHashMap::default(),
            stored: FxHashSet::default(),
            foreign: FxHashSet::default(),
            vars: 0,
            ops: 0,
            sites: 0,
        };
        let sources: FxHashSet<&str> = context
            .files
            .iter()
            .filter(|file| !file.facts.is_stub)
            .map(|file| &*file.facts.module)
            .collect();
        for file in context.files {
            // A stub beside its source says nothing about what runs.
            if !(file.facts.is_stub && sources.contains(&*file.facts.module)) {
                program.add_file(*file, syms);
            }
        }
        program.build_classes(context, syms);
        program
    }

    fn add_file(&mut self, python: PythonFile<'a>, syms: &mut Syms<'a>) {
        let facts = &python.facts.calls;
        let at = self.files.len() as u32;
        let strings: Vec<Sym> = facts.strings.iter().map(|text| syms.borrow(text)).collect();
        let file = File {
            python,
            vars: self.vars,
            bodies: self.bodies.len() as u32,
            classes: self.classes.len() as u32,
            sites: self.sites,
            syms: strings,
        };
        let class_of = |index: u32| index.checked_sub(1).map(|index| file.classes + index);
        for body in &facts.bodies {
            self.bodies.push(BodyInfo {
                file: at,
                facts: body,
                name: file.syms[body.name as usize],
                owner: class_of(body.owner),
                around: class_of(body.around),
            });
        }
        for class in &facts.classes {
            let id = self.classes.len() as ClassId;
            let name = file.syms[class.name as usize];
            let stored: FxHashSet<Sym> =
                class.stored.iter().map(|name| file.syms[*name as usize]).collect();
            self.stored.extend(stored.iter().copied());
            for field in &class.fields {
                self.stored.insert(file.syms[field.name as usize]);
            }
            for (name, var) in &class.members {
                self.members.insert((id, file.syms[*name as usize]), file.vars + var);
            }
            self.class_names.insert(name, id);
            self.classes.push(ClassInfo {
                file: at,
                facts: class,
                name,
                mro: Vec::new(),
                outside: Vec::new(),
                is_open: false,
                children: Vec::new(),
                below: Vec::new(),
                metaclass: None,
                stored,
                is_record: false,
                is_enum: false,
            });
        }
        self.foreign.extend(facts.foreign.iter().map(|name| file.syms[*name as usize]));
        for (name, var) in &facts.globals {
            self.globals.insert((at, file.syms[*name as usize]), file.vars + var);
        }
        let module: &'a str = &python.facts.module;
        self.modules.insert(module, at);
        let mut end = module.len();
        while let Some(dot) = module[..end].rfind('.') {
            self.packages.insert(&module[..dot]);
            end = dot;
        }
        self.vars += facts.vars;
        self.ops += facts.ops.len() as u32;
        self.sites += facts.sites.len() as u32;
        self.files.push(file);
    }

    fn build_classes(&mut self, context: &Context<'a>, syms: &mut Syms<'a>) {
        let count = self.classes.len();
        let mut bases: Vec<Vec<ClassId>> = Vec::with_capacity(count);
        for id in 0..count {
            let name = syms.text(self.classes[id].name).to_owned();
            let mut inside: Vec<ClassId> = Vec::new();
            let facts = context.names.class(&name);
            let written = facts.map_or(&[][..], |facts| facts.bases.as_slice());
            for origins in written {
                let resolved = context.names.resolve_all(origins);
                let known = resolved.iter().find_map(|base| self.class_named(base, syms));
                match known {
                    Some(base) if base as usize != id => inside.push(base),
                    Some(_) => {}
                    None => match resolved.first() {
                        Some(base) => {
                            let base = syms.own(base.to_string());
                            self.classes[id].outside.push(base);
                        }
                        None => self.classes[id].is_open = true,
                    },
                }
            }
            let metaclass = facts.map_or(&[][..], |facts| facts.metaclass.as_slice());
            let metaclass = context.names.resolve_all(metaclass);
            self.classes[id].metaclass =
                metaclass.iter().find_map(|name| self.class_named(name, syms));
            bases.push(inside);
        }
        for (id, inside) in bases.iter().enumerate() {
            for base in inside {
                self.classes[*base as usize].children.push(id as ClassId);
            }
        }
        let mut orders: Vec<Option<Vec<ClassId>>> = vec![None; count];
        for id in 0..count {
            linearise(id as ClassId, &bases, &mut orders, 0);
        }
        for (id, order) in orders.into_iter().enumerate() {
            let order = order.unwrap_or_else(|| vec![id as ClassId]);
            let mut outside: Vec<Sym> = Vec::new();
            let mut is_open = false;
            for base in &order {
                let base = &self.classes[*base as usize];
                outside.extend(base.outside.iter().copied());
                is_open |= base.is_open;
            }
            let metaclass = order.iter().find_map(|base| self.classes[*base as usize].metaclass);
            self.classes[id].mro = order;
            // Its own outside bases stay first; inherited ones are added below.
            self.classes[id].is_open = is_open;
            self.classes[id].metaclass = metaclass;
            self.classes[id].is_enum = outside.iter().any(|base| is_enum(syms.text(*base)));
        }
        let protocols: Vec<ClassId> = (0..count as ClassId)
            .filter(|id| {
                let own = &self.classes[*id as usize].outside;
                own.iter().any(|base| is_protocol(syms.text(*base)))
            })
            .collect();
        let inherited: Vec<Vec<Sym>> = self
            .classes
            .iter()
            .map(|class| {
                let all = class.mro.iter().flat_map(|base| &self.classes[*base as usize].outside);
                let mut all: Vec<Sym> = all.copied().collect();
                all.dedup();
                all
            })
            .collect();
        for (class, outside) in self.classes.iter_mut().zip(inherited) {
            class.outside = outside;
        }
        self.find_below();
        self.find_implementers(&protocols, syms);
        self.mark_records(syms);
    }

    fn find_below(&mut self) {
        for class in 0..self.classes.len() as ClassId {
            let mut seen: FxHashSet<ClassId> = FxHashSet::default();
            let mut found: Vec<ClassId> = Vec::new();
            let mut queue: Vec<ClassId> = self.classes[class as usize].children.clone();
            while let Some(next) = queue.pop() {
                if found.len() >= MAX_BELOW {
                    break;
                }
                if next != class && seen.insert(next) {
                    found.push(next);
                    queue.extend(&self.classes[next as usize].children);
                }
            }
            self.classes[class as usize].below = found;
        }
    }

    /// Classes that have all methods of a protocol stand below it, whether or not they say so.
    fn find_implementers(&mut self, protocols: &[ClassId], syms: &Syms<'a>) {
        let mut wanted: Vec<(ClassId, Vec<Sym>)> = Vec::new();
        for id in protocols {
            let class = &self.classes[*id as usize];
            let file = &self.files[class.file as usize];
            let names = class.facts.members.iter().map(|(name, _)| file.syms[*name as usize]);
            let names: Vec<Sym> =
                names.filter(|name| !is_class_attribute(syms.text(*name))).collect();
            if !names.is_empty() {
                wanted.push((*id, names));
            }
        }
        let mut with_first: FxHashMap<Sym, Vec<ClassId>> =
            wanted.iter().map(|(_, names)| (names[0], Vec::new())).collect();
        for (class, name) in self.members.keys() {
            if let Some(holders) = with_first.get_mut(name) {
                holders.push(*class);
            }
        }
        for (id, names) in wanted {
            let mut found: Vec<ClassId> = with_first[&names[0]]
                .iter()
                .copied()
                .filter(|class| !protocols.contains(class) && !self.derives(*class, id))
                .filter(|class| names.iter().all(|name| self.member(*class, *name).is_some()))
                .collect();
            // A protocol that so much fits says nothing.
            if found.len() > MOST_IMPLEMENTERS {
                continue;
            }
            found.sort_unstable();
            let known = &mut self.classes[id as usize].below;
            found.retain(|class| !known.contains(class));
            known.extend(found);
        }
    }

    /// Classes whose `__init__` is made from their fields.
    fn mark_records(&mut self, syms: &Syms<'a>) {
        let own: Vec<bool> = self
            .classes
            .iter()
            .map(|class| {
                let file = &self.files[class.file as usize];
                let decorated = class
                    .facts
                    .decorators
                    .iter()
                    .any(|name| is_record_maker(syms.text(file.syms[*name as usize])));
                decorated || class.outside.iter().any(|base| is_record_base(syms.text(*base)))
            })
            .collect();
        for id in 0..self.classes.len() {
            let is_record = self.classes[id].mro.iter().any(|base| own[*base as usize]);
            self.classes[id].is_record = is_record;
        }
    }

    fn class_named(&self, name: &Name, syms: &Syms<'a>) -> Option<ClassId> {
        syms.find(name).and_then(|sym| self.class_names.get(&sym).copied())
    }

    /// The first class of the order whose body binds `name`, with the variable.
    pub fn member(&self, class: ClassId, name: Sym) -> Option<(ClassId, Var)> {
        self.member_after(&self.classes[class as usize].mro, name)
    }

    pub fn member_after(&self, order: &[ClassId], name: Sym) -> Option<(ClassId, Var)> {
        order.iter().find_map(|class| Some((*class, *self.members.get(&(*class, name))?)))
    }

    pub fn derives(&self, class: ClassId, base: ClassId) -> bool {
        self.classes[class as usize].mro.contains(&base)
    }

    /// Whether methods of the class, one above or one below store the attribute on themselves.
    pub fn stores(&self, class: ClassId, name: Sym) -> bool {
        let stores = |class: &ClassId| self.classes[*class as usize].stored.contains(&name);
        self.classes[class as usize].mro.iter().any(stores)
    }

    pub fn param_var(&self, body: BodyId, at: usize) -> Option<Var> {
        let info = &self.bodies[body as usize];
        let param = info.facts.params.get(at)?;
        Some(self.files[info.file as usize].vars + param.var)
    }

    /// A file-local variable of a body as a project one.
    pub fn var_of(&self, body: BodyId, var: u32) -> Var {
        if var == 0 {
            return 0;
        }
        self.files[self.bodies[body as usize].file as usize].vars + var
    }

    /// Whether the file belongs to a package, whose users are not all in the project.
    pub fn is_library(&self, file: u32) -> bool {
        let facts = self.files[file as usize].python.facts;
        let module: &str = &facts.module;
        facts.is_package || {
            let top = module.split('.').next().unwrap_or(module);
            top.len() < module.len() && self.modules.contains_key(top)
        }
    }
}

/// C3, and where that fails the first head. A class that is its own ancestor counts once.
fn linearise(
    class: ClassId,
    bases: &[Vec<ClassId>],
    orders: &mut Vec<Option<Vec<ClassId>>>,
    depth: u32,
) -> Vec<ClassId> {
    if let Some(known) = &orders[class as usize] {
        return known.clone();
    }
    orders[class as usize] = Some(vec![class]);
    if depth > 200 {
        return vec![class];
    }
    let own = &bases[class as usize];
    let mut lists: Vec<Vec<ClassId>> =
        own.iter().map(|base| linearise(*base, bases, orders, depth + 1)).collect();
    lists.push(own.clone());
    let mut order = vec![class];
    loop {
        lists.retain(|list| !list.is_empty());
        if lists.is_empty() {
            break;
        }
        let in_tail = |id: ClassId| lists.iter().any(|list| list[1..].contains(&id));
        let next = lists.iter().map(|list| list[0]).find(|id| !in_tail(*id));
        let next = next.unwrap_or(lists[0][0]);
        for list in &mut lists {
            list.retain(|id| *id != next);
        }
        if !order.contains(&next) {
            order.push(next);
        }
    }
    orders[class as usize] = Some(order.clone());
    order
}

fn is_enum(name: &str) -> bool {
    matches!(name, "enum.Enum" | "enum.IntEnum" | "enum.Flag" | "enum.IntFlag" | "enum.StrEnum")
}

fn is_protocol(name: &str) -> bool {
    matches!(name, "typing.Protocol" | "typing_extensions.Protocol")
}

/// What a class body binds besides what it is meant to say.
fn is_class_attribute(name: &str) -> bool {
    matches!(name, "__slots__" | "__doc__" | "__module__" | "__hash__")
}

fn is_record_maker(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    matches!(
        name,
        "dataclasses.dataclass"
            | "attr.s"
            | "attr.attrs"
            | "attr.define"
            | "attr.frozen"
            | "attr.mutable"
            | "attrs.define"
            | "attrs.frozen"
            | "attrs.mutable"
            | "attr.dataclass"
    ) || last == "dataclass"
}

fn is_record_base(name: &str) -> bool {
    matches!(
        name,
        "typing.NamedTuple" | "pydantic.BaseModel" | "pydantic.main.BaseModel" | "msgspec.Struct"
    )
}

/// A parameter's kind, for binding.
pub fn is_positional(param: &Param) -> bool {
    matches!(param.kind, ParamKind::PositionalOnly | ParamKind::Either)
}
