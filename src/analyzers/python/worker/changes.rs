//! What running a statement changes, calls followed: names of the project as `module.name`, state
//! outside it marked as such.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::ambient;
use super::effects::{changes, mutates_first, only_reads};
use super::library::Library;
use super::slice::binding_units;
use super::unit::{Effects, Module, Unit, UnitKind, Use};
use crate::model::Name;

/// How many calls away a change is looked for.
const MAX_CALLS: u32 = 6;

/// Stands for every name of a module, where code computes which one it binds.
pub const ANY: &str = "*";

pub struct Changes<'l, 'a> {
    library: &'l Library<'a>,
    /// Units judged before: what running them changes.
    by_unit: FxHashMap<(Name, usize), Vec<Name>>,
    /// Functions and classes judged before: what calling them changes.
    by_calling: FxHashMap<(Name, usize), Rc<[Name]>>,
}

impl<'l, 'a> Changes<'l, 'a> {
    pub fn new(library: &'l Library<'a>) -> Self {
        Self { library, by_unit: FxHashMap::default(), by_calling: FxHashMap::default() }
    }

    /// What calling the function or class that a unit defines changes.
    pub fn of_calling(&mut self, module: &Rc<Module>, at: usize) -> Rc<[Name]> {
        let key = (module.name.clone(), at);
        if let Some(known) = self.by_calling.get(&key) {
            return known.clone();
        }
        let mut changed = Vec::new();
        if let Some(unit) = module.units.get(at) {
            for body in &unit.body {
                self.follow(&body.effects, 0, &mut FxHashSet::default(), &mut changed);
                if body.effects.own {
                    changed.extend(
                        unit.binds.iter().map(|one| format!("{}.{one}", module.name).into()),
                    );
                }
            }
        }
        self.by_calling.entry(key).or_insert(changed.into()).clone()
    }

    /// What running a unit changes.
    pub fn of_unit(&mut self, module: &Rc<Module>, at: usize) -> Vec<Name> {
        let key = (module.name.clone(), at);
        if let Some(known) = self.by_unit.get(&key) {
            return known.clone();
        }
        let Some(unit) = module.units.get(at) else { return Vec::new() };
        let mut changed = Vec::new();
        let skip = matches!(
            unit.kind,
            UnitKind::Main | UnitKind::TypeOnly(_) | UnitKind::Import(_) | UnitKind::Future
        );
        if !skip {
            self.follow(&unit.effects, 0, &mut FxHashSet::default(), &mut changed);
            if let UnitKind::Class(bases) = &unit.kind {
                self.class_changes(bases, &mut changed);
            }
        }
        self.by_unit.insert(key, changed.clone());
        changed
    }

    /// What a dotted origin belongs to: `module.name` in the project, or the marked origin itself.
    /// `origin()` is what calling it gave back.
    fn key(&self, path: &str) -> Option<Name> {
        let resolved = self.library.resolve(path.strip_suffix("()").unwrap_or(path));
        let Some((module, rest)) = self.library.split(&resolved) else {
            return Some(ambient::key(&resolved));
        };
        let first = rest.first()?;
        if let Some(loaded) = self.library.load(&module) {
            // `this = sys.modules[__name__]`, then `this.x = …`
            let is_this = binding_units(&loaded, first).iter().any(|at| {
                loaded.units.get(*at).is_some_and(|unit| match &unit.kind {
                    UnitKind::Assign(makers) => makers.iter().any(|one| &**one == "sys.modules"),
                    _ => false,
                })
            });
            if is_this {
                let name = rest.get(1).map_or(ANY, String::as_str);
                return Some(format!("{module}.{name}").into());
            }
        }
        Some(format!("{module}.{first}").into())
    }

    /// What the functions that a name stands for load of their module: what they give back may
    /// be any of it.
    fn loaded_by(&self, path: &str, changed: &mut Vec<Name>) {
        let resolved = self.library.resolve(path);
        for (module, at) in self.library.definitions(&resolved) {
            let Some(unit) = module.units.get(at) else { continue };
            if unit.kind != UnitKind::Function {
                continue;
            }
            for one in &unit.uses {
                if let Use::Name { local: Some(name), called: false, annotation: false, .. } = one {
                    changed.push(format!("{}.{name}", module.name).into());
                }
            }
        }
    }

    fn follow(
        &self,
        effects: &Effects,
        depth: u32,
        seen: &mut FxHashSet<Name>,
        changed: &mut Vec<Name>,
    ) {
        for path in &effects.mutates {
            changed.extend(self.key(path));
            if let Some(function) = path.strip_suffix("()") {
                self.loaded_by(function, changed);
            }
        }
        for (callee, given) in &effects.given {
            if self.changes_parameters(callee, depth, &mut FxHashSet::default())
                && let Some(key) = self.key(given)
            {
                changed.push(key);
            }
        }
        if depth >= MAX_CALLS {
            return;
        }
        for path in &effects.calls {
            self.follow_call(path, depth, seen, changed);
        }
    }

    /// Whether calling something changes what it is given.
    fn changes_parameters(&self, callee: &str, depth: u32, seen: &mut FxHashSet<Name>) -> bool {
        let resolved = self.library.resolve(callee);
        if mutates_first(&resolved) {
            return true;
        }
        if depth >= MAX_CALLS || !seen.insert(resolved.clone()) {
            return false;
        }
        let Some((module, rest)) = self.library.split(&resolved) else { return false };
        let (Some(first), Some(loaded)) = (rest.first(), self.library.load(&module)) else {
            return false;
        };
        let method = rest.get(1).map(String::as_str);
        let changes = |effects: &Effects, seen: &mut FxHashSet<Name>| {
            effects.parameters
                || effects.passes.iter().any(|to| self.changes_parameters(to, depth + 1, seen))
        };
        binding_units(&loaded, first).into_iter().any(|at| {
            let Some(unit) = loaded.units.get(at) else { return false };
            match (&unit.kind, method) {
                (UnitKind::Assign(makers), method) => {
                    unit.body.iter().any(|one| changes(&one.effects, seen))
                        || makers.iter().any(|maker| {
                            let class = self.library.resolve(maker);
                            let method = method.unwrap_or("__call__");
                            let effects = self.method_effects(&class, method).unwrap_or_default();
                            effects.iter().any(|(_, effects)| changes(effects, seen))
                        })
                }
                (UnitKind::Class(_), Some(method)) => {
                    let class = format!("{module}.{first}");
                    let effects = self.method_effects(&class, method).unwrap_or_default();
                    effects.iter().any(|(_, effects)| changes(effects, seen))
                }
                _ => unit.body.iter().any(|one| changes(&one.effects, seen)),
            }
        })
    }

    fn follow_call(
        &self,
        path: &str,
        depth: u32,
        seen: &mut FxHashSet<Name>,
        changed: &mut Vec<Name>,
    ) {
        let resolved = self.library.resolve(path);
        if !seen.insert(resolved.clone()) {
            return;
        }
        let Some((module, rest)) = self.library.split(&resolved) else {
            changed.extend(ambient::changed_by_calling(&resolved));
            return;
        };
        let Some(first) = rest.first() else { return };
        let Some(loaded) = self.library.load(&module) else { return };
        for at in binding_units(&loaded, first) {
            let Some(unit) = loaded.units.get(at) else { continue };
            match (&unit.kind, rest.len()) {
                (UnitKind::Function, 1) => {
                    for body in &unit.body {
                        self.follow(&body.effects, depth + 1, seen, changed);
                    }
                    if unit.body.iter().any(|body| body.effects.own) || self.counts_calls(unit) {
                        changed.push(format!("{module}.{first}").into());
                    }
                }
                // `f.register(…)` on a function (single dispatch, click groups) adds to it.
                (UnitKind::Function, _) => changed.push(format!("{module}.{first}").into()),
                (UnitKind::Class(_), 1) => {
                    for method in ["__init__", "__new__", "__post_init__", "__call__"] {
                        self.method(&resolved, method, depth, seen, changed);
                    }
                }
                // `Base.members.append(…)`
                (UnitKind::Class(_) | UnitKind::Assign(_), more)
                    if more > 2 && rest.last().is_some_and(|method| changes(method)) =>
                {
                    changed.push(format!("{module}.{first}").into());
                }
                (UnitKind::Class(_), _) => {
                    let method = rest.last().map_or("", String::as_str);
                    if self.method(&format!("{module}.{first}"), method, depth, seen, changed) {
                        changed.push(format!("{module}.{first}").into());
                    }
                }
                // `registry.add(…)`: the object's class tells whether it changes.
                (UnitKind::Assign(makers), _) if rest.len() > 1 => {
                    let method = rest.last().map_or("", String::as_str);
                    if self.object_changes(makers, method, depth, seen, changed) {
                        changed.push(format!("{module}.{first}").into());
                    }
                }
                // `decorate = make(…)`, then `decorate(x)`: the maker's body tells.
                (UnitKind::Assign(makers), _) => {
                    for body in &unit.body {
                        self.follow(&body.effects, depth + 1, seen, changed);
                    }
                    for maker in makers {
                        self.follow_call(maker, depth + 1, seen, changed);
                        if self.changes_when_called(maker) {
                            changed.push(format!("{module}.{first}").into());
                        }
                    }
                }
                _ if rest.len() > 1 => {
                    let method = rest.last().map_or("", String::as_str);
                    if changes(method) {
                        changed.push(format!("{module}.{first}").into());
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether a decorator of a function keeps something of every call.
    fn counts_calls(&self, unit: &Unit) -> bool {
        let origins = unit.decorators.iter().flat_map(|one| &one.uses).flat_map(|one| match one {
            Use::Name { paths, .. } => paths.as_slice(),
            _ => &[],
        });
        let mut origins = origins.map(|path| self.library.resolve(path));
        origins.any(|resolved| {
            self.library.definitions(&resolved).iter().any(|(module, at)| {
                module.units.get(*at).is_some_and(|unit| match unit.kind {
                    UnitKind::Function => unit.body.iter().any(|body| body.effects.closure),
                    UnitKind::Class(_) => {
                        let calls = self.method_effects(&resolved, "__call__").unwrap_or_default();
                        calls.iter().any(|(_, one)| one.own || !one.mutates.is_empty())
                    }
                    _ => false,
                })
            })
        })
    }

    /// A closure's maker (its nested function changes the maker's local), or a class with
    /// `__call__` that changes the object.
    fn changes_when_called(&self, maker: &str) -> bool {
        let resolved = self.library.resolve(maker);
        self.library.definitions(&resolved).iter().any(|(module, at)| {
            module.units.get(*at).is_some_and(|unit| match unit.kind {
                UnitKind::Function => true,
                UnitKind::Class(_) => {
                    self.own_change(&resolved, "__call__", 0, &mut FxHashSet::default())
                }
                _ => false,
            })
        })
    }

    fn object_changes(
        &self,
        makers: &[Name],
        method: &str,
        depth: u32,
        seen: &mut FxHashSet<Name>,
        changed: &mut Vec<Name>,
    ) -> bool {
        // A literal, or a container of the standard library.
        let plain = |maker: &Name| {
            maker.starts_with("builtins.")
                || maker.starts_with("collections.")
                || maker.starts_with("weakref.")
        };
        if makers.is_empty() || makers.iter().all(plain) {
            return changes(method);
        }
        makers.iter().any(|maker| {
            let resolved = self.library.resolve(maker);
            let classes = self.library.definitions(&resolved);
            let is_class = classes.iter().any(|(module, at)| {
                module.units.get(*at).is_some_and(|unit| matches!(unit.kind, UnitKind::Class(_)))
            });
            if is_class {
                return self.method(&resolved, method, depth, seen, changed);
            }
            if &*resolved == "logging.getLogger" || &*resolved == "structlog.get_logger" {
                return matches!(method, "addHandler" | "removeHandler" | "setLevel" | "addFilter");
            }
            // Operators of what is no class of the project are taken to make something new.
            !only_reads(method) && (!method.starts_with("__") || changes(method))
        })
    }

    /// Follows a method's own effects; whether it changes its object.
    fn method(
        &self,
        class: &str,
        method: &str,
        depth: u32,
        seen: &mut FxHashSet<Name>,
        changed: &mut Vec<Name>,
    ) -> bool {
        let Some(effects) = self.method_effects(class, method) else {
            // Inherited from outside, such as `class Registry(dict)`.
            return self.library.has_outside_base(class) && changes(method);
        };
        for (_, effects) in &effects {
            self.follow(effects, depth + 1, seen, changed);
        }
        self.own_change(class, method, depth, &mut FxHashSet::default())
    }

    fn method_effects(&self, class: &str, method: &str) -> Option<Vec<(Name, Effects)>> {
        let owner = self.library.owner_of(class, method)?;
        let mut found = Vec::new();
        for (module, at) in self.library.definitions(&owner) {
            let Some(unit) = module.units.get(at) else { continue };
            for body in unit.body.iter().filter(|body| &*body.name == method) {
                found.push((owner.clone(), body.effects.clone()));
            }
        }
        (!found.is_empty()).then_some(found)
    }

    fn own_change(
        &self,
        class: &str,
        method: &str,
        depth: u32,
        seen: &mut FxHashSet<Name>,
    ) -> bool {
        if depth > MAX_CALLS || !seen.insert(method.into()) {
            return false;
        }
        let Some(effects) = self.method_effects(class, method) else { return changes(method) };
        effects.iter().any(|(_, effects)| {
            effects.own
                || effects
                    .own_calls
                    .iter()
                    .any(|inner| self.own_change(class, inner, depth + 1, seen))
        })
    }

    /// What defining a subclass changes: hooks of its bases that register it.
    fn class_changes(&self, bases: &[Name], changed: &mut Vec<Name>) {
        for base in bases {
            let resolved = self.library.resolve(base);
            for ancestor in self.library.mro(&resolved) {
                let hooks: &[&str] = &["__init_subclass__"];
                for hook in hooks {
                    if let Some(effects) = self.method_effects(&ancestor, hook) {
                        for (owner, effects) in effects {
                            self.follow(&effects, 1, &mut FxHashSet::default(), changed);
                            if effects.own
                                && let Some(key) = self.key(&owner)
                            {
                                changed.push(key);
                            }
                        }
                    }
                }
            }
            for metaclass in self.library.metaclass(&resolved) {
                for hook in ["__new__", "__init__", "__call__"] {
                    let Some(effects) = self.method_effects(&metaclass, hook) else { continue };
                    for (owner, effects) in effects {
                        self.follow(&effects, 1, &mut FxHashSet::default(), changed);
                        if effects.own || !effects.mutates.is_empty() {
                            changed.extend(self.key(&owner));
                        }
                    }
                }
            }
            if self.library.walks_subclasses(&resolved) {
                changed.extend(self.key(&resolved));
            }
        }
    }
}
