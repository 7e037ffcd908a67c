//! Whether a decorator registers what it decorates: by what it does where the project defines it,
//! by a table where a framework does.

use std::cell::RefCell;

use rustc_hash::{FxHashMap, FxHashSet};

use super::frameworks::{self, Bound};
use crate::analyzers::link::python::Context;
use crate::analyzers::link::python::names::Names;
use crate::model::Name;
use crate::model::facts::python::schemas::{Assigned, Call, Decorator, FunctionShape, Term};
use crate::model::facts::python::tasks::{Callee, Container, Keeping, Returned, Slot};

/// How many calls away a store may be.
const MAX_CALLS: u32 = 5;

/// A decorator that registers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registrar {
    /// Qualified.
    pub name: Name,
    pub bound: Bound,
}

/// Answers for all decorators of a project.
pub struct Registrars<'a> {
    names: &'a Names<'a>,
    keeping: FxHashMap<&'a str, &'a Keeping>,
    assigned: FxHashMap<&'a str, &'a Assigned>,
    functions: FxHashMap<&'a str, &'a FunctionShape>,
    /// Decorators judged before, by what they resolve to and whether they are called.
    judged: RefCell<FxHashMap<(Name, bool), bool>>,
}

impl<'a> Registrars<'a> {
    pub fn new(context: &Context<'a>) -> Self {
        let mut registrars = Self {
            names: context.names,
            keeping: FxHashMap::default(),
            assigned: FxHashMap::default(),
            functions: FxHashMap::default(),
            judged: RefCell::default(),
        };
        for file in context.files {
            let facts = file.facts;
            registrars.keeping.extend(facts.tasks.functions.iter().map(|one| (&*one.name, one)));
            registrars.assigned.extend(facts.schemas.assigned.iter().map(|one| (&*one.name, one)));
            registrars
                .functions
                .extend(facts.schemas.functions.iter().map(|one| (&*one.name, one)));
        }
        registrars
    }

    /// The registrar that a decorator is, if it is one.
    pub fn registrar_of(&self, decorator: &Decorator) -> Option<Registrar> {
        let Term::Name { origins, .. } = &decorator.function else { return None };
        let call = decorator.call.as_ref();
        self.names.resolve_all(origins).into_iter().find_map(|name| self.judge(&name, call, 0))
    }

    /// Whether a registrar gives back what it got, so that calling the name calls the function.
    pub fn is_transparent(&self, registrar: &Registrar, decorator: &Decorator) -> bool {
        let Some(keeping) = self.keeping.get(&*registrar.name) else {
            // A framework's task runs its function when it is called.
            return self.names.symbol(&registrar.name).is_none();
        };
        let offset = u8::from(keeping.class.is_some());
        let only_argument = |keeping: &Keeping, at: u8| {
            !keeping.returns.is_empty()
                && keeping.returns.iter().all(|one| *one == Returned::Parameter(at))
        };
        if decorator.call.is_none() {
            return only_argument(keeping, offset);
        }
        keeping.returns.iter().any(|returned| match returned {
            Returned::Nested(inner) => {
                self.keeping.get(&**inner).is_some_and(|inner| only_argument(inner, 0))
            }
            _ => false,
        })
    }

    fn judge(&self, name: &Name, call: Option<&Call>, depth: u32) -> Option<Registrar> {
        if depth > MAX_CALLS {
            return None;
        }
        if let Some(bound) = frameworks::function(name) {
            return Some(Registrar { name: name.clone(), bound });
        }
        if let Some((object, method)) = name.rsplit_once('.')
            && let Some(found) = self.of_object(object, method, call, depth)
        {
            return Some(found);
        }
        // A partial or an alias made by a call.
        if let Some(assigned) = self.assigned.get(&**name)
            && let Term::Call(maker) = &assigned.value
        {
            let target = self.callee_of(maker)?;
            if &*target == "functools.partial" {
                let Some(Term::Name { origins, .. }) = maker.arguments.first() else { return None };
                let inner = self.names.resolve(origins.first()?);
                // `partial(task, queue="x")` is used bare: its function comes last.
                return self
                    .judge(&inner, call.or(Some(maker)), depth + 1)
                    .or_else(|| self.judge(&inner, None, depth + 1));
            }
            // `task = make_decorator(…)`: what the maker returns decorates.
            let mut seen = FxHashSet::default();
            let registers = if self.names.class(&target).is_some() {
                self.method_registers(&target, "__call__", call.is_some(), &mut seen)
            } else {
                self.returned_registers(&target, call.is_some(), &mut seen, 0)
            };
            return registers.then(|| Registrar { name: name.clone(), bound: Bound::Nothing });
        }
        let key = (name.clone(), call.is_some());
        let known = self.judged.borrow().get(&key).copied();
        let registers = known.unwrap_or_else(|| {
            let registers = self.registers(name, call.is_some());
            self.judged.borrow_mut().insert(key, registers);
            registers
        });
        registers.then(|| Registrar { name: name.clone(), bound: Bound::Nothing })
    }

    /// `@object.method`: the object's class decides.
    fn of_object(
        &self,
        object: &str,
        method: &str,
        call: Option<&Call>,
        depth: u32,
    ) -> Option<Registrar> {
        let register = |name: String, bound: Bound| Some(Registrar { name: name.into(), bound });
        // `@cli.command()` under `@click.group() def cli(): …`
        if let Some(function) = self.functions.get(object)
            && matches!(method, "command" | "group" | "task")
        {
            let group = function.decorators.iter().find_map(|one| self.registrar_of_at(one, depth));
            if let Some(group) = group
                && (group.name.contains("click") || method == "task")
            {
                return register(format!("{}.{method}", group.name), Bound::Nothing);
            }
        }
        let (base, path) = match self.assigned.get(object) {
            Some(assigned) => (*assigned, method.to_owned()),
            None => {
                let (base, middle) = object.rsplit_once('.')?;
                (*self.assigned.get(base)?, format!("{middle}.{method}"))
            }
        };
        let Term::Call(maker) = &base.value else { return None };
        let class = self.class_made(maker, 0)?;
        if frameworks::method(&class, &path) {
            let binds = call.and_then(|call| call.keyword("bind")) == Some(&Term::Bool(true));
            let bound = if binds { Bound::Task } else { Bound::Nothing };
            return register(format!("{class}.{path}"), bound);
        }
        self.names.class(&class)?;
        // A subclass of a framework's application counts as one.
        for ancestor in self.names.mro(&class) {
            if frameworks::method(&ancestor, &path) {
                return register(format!("{ancestor}.{path}"), Bound::Nothing);
            }
        }
        let mut seen = FxHashSet::default();
        self.method_registers(&class, method, call.is_some(), &mut seen).then(|| {
            let owner = self.names.owner_of(&class, method).unwrap_or_else(|| class.clone());
            Registrar { name: format!("{owner}.{method}").into(), bound: Bound::Nothing }
        })
    }

    fn registrar_of_at(&self, decorator: &Decorator, depth: u32) -> Option<Registrar> {
        let Term::Name { origins, .. } = &decorator.function else { return None };
        let call = decorator.call.as_ref();
        let name = self.names.resolve(origins.first()?);
        self.judge(&name, call, depth + 1)
    }

    fn callee_of(&self, call: &Call) -> Option<Name> {
        let Term::Name { origins, .. } = &call.function else { return None };
        Some(self.names.resolve(origins.first()?))
    }

    /// The class of what a call makes: the class itself, or what a factory is said to return or
    /// returns by calling.
    fn class_made(&self, call: &Call, depth: u32) -> Option<Name> {
        let target = self.callee_of(call)?;
        if depth > 3 || self.names.class(&target).is_some() {
            return Some(target);
        }
        let Some(function) = self.functions.get(&*target) else { return Some(target) };
        if let Some(Term::Name { origins, .. }) = &function.returns {
            return Some(self.names.resolve(origins.first()?));
        }
        Some(target)
    }

    /// Whether the function or class of that name keeps what it decorates.
    fn registers(&self, name: &str, called: bool) -> bool {
        let mut seen = FxHashSet::default();
        if self.names.class(name).is_some() {
            // `@Task` makes an instance; `@Task(…)` makes one that is then called.
            return if called {
                self.method_registers(name, "__call__", false, &mut seen)
                    || self.construction_registers(name, &mut seen, 0)
                        && self.names.owner_of(name, "__call__").is_none()
            } else {
                self.construction_registers(name, &mut seen, 0)
            };
        }
        // A static or class method: `@Registry.register`.
        if let Some((class, method)) = name.rsplit_once('.')
            && self.names.class(class).is_some()
        {
            return self.method_registers(class, method, called, &mut seen);
        }
        if called {
            self.returned_registers(name, false, &mut seen, 0)
        } else {
            self.keeps(name, 0, &mut seen, 0)
        }
    }

    fn method_registers(
        &self,
        class: &str,
        method: &str,
        called: bool,
        seen: &mut FxHashSet<(Name, u8)>,
    ) -> bool {
        let Some(owner) = self.names.owner_of(class, method) else { return false };
        let name = format!("{owner}.{method}");
        if called {
            return self.returned_registers(&name, false, seen, 0);
        }
        let Some(keeping) = self.keeping.get(&*name) else { return false };
        let first = keeping.parameters.first().map_or("", |name| &**name);
        let offset = u8::from(matches!(first, "self" | "cls" | "mcs" | "mcls" | "klass"));
        self.keeps(&name, offset, seen, 0)
    }

    /// Whether what a function returns keeps its own first argument.
    fn returned_registers(
        &self,
        name: &str,
        called: bool,
        seen: &mut FxHashSet<(Name, u8)>,
        depth: u32,
    ) -> bool {
        let Some(keeping) = self.keeping.get(name) else { return false };
        if depth > MAX_CALLS {
            return false;
        }
        keeping.returns.iter().any(|returned| match returned {
            Returned::Nested(inner) if called => {
                self.returned_registers(inner, false, seen, depth + 1)
            }
            Returned::Nested(inner) => {
                if self.names.class(inner).is_some() {
                    return self.construction_registers(inner, seen, depth + 1);
                }
                self.keeps(inner, 0, seen, depth + 1)
            }
            Returned::Partial(origins) => {
                let target = self.names.resolve_all(origins);
                target.iter().any(|target| {
                    // The decorated function takes the first place left free.
                    (0..4).any(|at| self.keeps(target, at, seen, depth + 1))
                })
            }
            Returned::Called(callee) => self.targets(callee, keeping).iter().any(|target| {
                if self.names.class(target).is_some() {
                    return self.method_registers(target, "__call__", false, seen);
                }
                if **target == *keeping.name {
                    return false;
                }
                frameworks::function(target).is_some()
                    || self.returned_registers(target, false, seen, depth + 1)
            }),
            Returned::Parameter(_) => false,
        })
    }

    /// The functions or classes that a callee may be.
    fn targets(&self, callee: &Callee, inside: &Keeping) -> Vec<Name> {
        match callee {
            Callee::Named(origins) => {
                let mut targets = Vec::new();
                for name in self.names.resolve_all(origins) {
                    // `registry.add` where `registry = Registry()`.
                    if let Some((object, method)) = name.rsplit_once('.')
                        && let Some(assigned) = self.assigned.get(object)
                        && let Term::Call(maker) = &assigned.value
                        && let Some(class) = self.class_made(maker, 0)
                    {
                        let owner = self.names.owner_of(&class, method);
                        targets.push(match owner {
                            Some(owner) => format!("{owner}.{method}").into(),
                            None => format!("{class}.{method}").into(),
                        });
                        continue;
                    }
                    if let Some((class, method)) = name.rsplit_once('.')
                        && self.names.class(class).is_some()
                        && let Some(owner) = self.names.owner_of(class, method)
                    {
                        targets.push(format!("{owner}.{method}").into());
                        continue;
                    }
                    targets.push(name);
                }
                targets
            }
            Callee::Own(method) => {
                let class = inside.class.as_deref().unwrap_or_default();
                let owner = self.names.owner_of(class, method);
                owner.map(|owner| format!("{owner}.{method}").into()).into_iter().collect()
            }
            Callee::Super(method) => {
                let class = inside.class.as_deref().unwrap_or_default();
                let mut mro = self.names.mro(class).into_iter().skip(1);
                let owner = mro.find(|name| {
                    self.names
                        .class(name)
                        .is_some_and(|facts| facts.members.iter().any(|own| own == method))
                });
                owner.map(|owner| format!("{owner}.{method}").into()).into_iter().collect()
            }
            Callee::NewClass(bases) => self.names.resolve_all(bases),
        }
    }

    /// Whether a function puts its parameter `at`, or something made from it, where it stays.
    fn keeps(&self, name: &str, at: u8, seen: &mut FxHashSet<(Name, u8)>, depth: u32) -> bool {
        let Some(keeping) = self.keeping.get(name) else { return false };
        if depth > MAX_CALLS || !seen.insert((keeping.name.clone(), at)) {
            return false;
        }
        let lasts = |container: &Container| match container {
            Container::Global(_) | Container::Closure | Container::Parameter(_) => true,
            Container::Own(attribute) => self.own_lasts(keeping, attribute),
        };
        if keeping.stores.iter().any(|one| one.from.contains(&at) && lasts(&one.container)) {
            return true;
        }
        keeping.passes.iter().any(|pass| {
            let slots: Vec<&Slot> = pass
                .arguments
                .iter()
                .filter(|(_, from)| from.contains(&at))
                .map(|(slot, _)| slot)
                .collect();
            if slots.is_empty() {
                return false;
            }
            let creates = matches!(pass.callee, Callee::NewClass(_));
            self.targets(&pass.callee, keeping).iter().any(|target| {
                if creates {
                    return self.class_statement_registers(target, seen, depth + 1);
                }
                if self.names.class(target).is_some() {
                    return self.construction_registers(target, seen, depth + 1);
                }
                // A framework's registrar called as a function: `app.task(f)`.
                if frameworks::function(target).is_some() {
                    return true;
                }
                if let Some((class, method)) = target.rsplit_once('.')
                    && frameworks::method(class, method)
                {
                    return true;
                }
                let Some(callee) = self.keeping.get(&**target) else { return false };
                let offset = u8::from(
                    callee.class.is_some()
                        && callee.parameters.first().is_some_and(|first| {
                            matches!(&**first, "self" | "cls" | "mcs" | "mcls" | "klass")
                        }),
                );
                slots.iter().any(|slot| {
                    let place = match slot {
                        Slot::Position(place) => Some(place.saturating_add(offset)),
                        Slot::Keyword(name) => callee
                            .parameters
                            .iter()
                            .position(|known| known == name)
                            .or(callee.parameters.len().checked_sub(1))
                            .and_then(|place| u8::try_from(place).ok()),
                    };
                    place.is_some_and(|place| self.keeps(target, place, seen, depth + 1))
                })
            })
        })
    }

    /// Whether `self.x` of a method outlives the call: the object was there before, or `x` belongs
    /// to the class.
    fn own_lasts(&self, keeping: &Keeping, attribute: &str) -> bool {
        let method = keeping.name.rsplit('.').next().unwrap_or_default();
        let first = keeping.parameters.first().map_or("", |name| &**name);
        let makes_self = matches!(method, "__init__" | "__post_init__") && first == "self";
        let class = keeping.class.as_deref().unwrap_or_default();
        !makes_self || self.names.owner_of(class, attribute).is_some()
    }

    /// Whether making an instance of a class stores it or what it is made from.
    fn construction_registers(
        &self,
        class: &str,
        seen: &mut FxHashSet<(Name, u8)>,
        depth: u32,
    ) -> bool {
        if depth > MAX_CALLS {
            return false;
        }
        let mut owners: Vec<(Name, &str)> = Vec::new();
        for method in ["__init__", "__new__", "__post_init__"] {
            if let Some(owner) = self.names.owner_of(class, method) {
                owners.push((owner, method));
            }
        }
        // An instance of a metaclass is a class; its making runs the metaclass's own hooks.
        if let Some((metaclass, _)) = self.names.metaclass(class)
            && let Some(owner) = self.names.owner_of(&metaclass, "__call__")
        {
            owners.push((owner, "__call__"));
        }
        owners.iter().any(|(owner, method)| {
            let name = format!("{owner}.{method}");
            let count = self.keeping.get(&*name).map_or(0, |one| one.parameters.len());
            (0..count)
                .any(|at| u8::try_from(at).is_ok_and(|at| self.keeps(&name, at, seen, depth + 1)))
        })
    }

    /// Whether deriving from a class stores the new class.
    fn class_statement_registers(
        &self,
        base: &str,
        seen: &mut FxHashSet<(Name, u8)>,
        depth: u32,
    ) -> bool {
        if let Some(owner) = self.names.owner_of(base, "__init_subclass__")
            && self.keeps(&format!("{owner}.__init_subclass__"), 0, seen, depth + 1)
        {
            return true;
        }
        let Some((metaclass, _)) = self.names.metaclass(base) else { return false };
        ["__new__", "__init__"].iter().any(|method| {
            self.names.owner_of(&metaclass, method).is_some_and(|owner| {
                let name = format!("{owner}.{method}");
                (0..4).any(|at| self.keeps(&name, at, seen, depth + 1))
            })
        })
    }
}
