//! What a task needs of its project: a fixpoint over the units of the modules it can reach.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::effects::{changes, only_reads};
use super::library::Library;
use super::unit::{Effects, Module, Unit, UnitKind, Use};
use crate::model::Name;

/// How many calls away a change is looked for.
const MAX_CALLS: u32 = 6;

/// A kept unit, and why.
#[derive(Debug, Clone)]
pub struct Keep {
    pub why: Name,
    /// Registering decorators stay: the name is used as more than a function.
    pub decorated: bool,
    /// Reached by what the task runs, and not only by registering something on the way: what such
    /// a unit reads must be filled as in the original.
    pub live: bool,
}

/// The result: per module, which units are kept.
#[derive(Default)]
pub struct Slice {
    /// Module → unit → why.
    pub kept: BTreeMap<Name, BTreeMap<usize, Keep>>,
    /// Module → containers with something kept inside.
    pub containers: BTreeMap<Name, BTreeSet<usize>>,
    /// Names taken from a star import: module → unit → names.
    pub stars: BTreeMap<Name, BTreeMap<usize, BTreeSet<Name>>>,
    /// Annotation names bound only under `TYPE_CHECKING`: module → name → origin.
    pub types: BTreeMap<Name, BTreeMap<Name, Name>>,
}

pub struct Slicer<'l, 'a> {
    library: &'l Library<'a>,
    slice: Slice,
    /// Included names, as `module.name`.
    names: FxHashSet<Name>,
    pending: Vec<Step>,
    task: (Name, Name),
    /// Modules that running the task's module imports, in breadth-first order, with the importer.
    reach: Vec<(Name, Option<Name>)>,
    whole: FxHashSet<Name>,
    /// Units judged for their effects before: what they change.
    changed_by: FxHashMap<(Name, usize), Vec<Name>>,
    /// Functions and classes judged before: what calling them changes.
    changed_by_calling: FxHashMap<(Name, usize), Vec<Name>>,
}

enum Step {
    Unit { module: Name, at: usize, why: Name, decorated: bool, live: bool },
    Path(Trail),
}

/// A dotted origin to follow.
struct Trail {
    path: Name,
    called: bool,
    /// The value itself is used, so that a module stands for all its names.
    bare: bool,
    live: bool,
    /// How many bytes of the path name a module for certain.
    module: usize,
    why: Name,
}

impl<'l, 'a> Slicer<'l, 'a> {
    pub fn new(library: &'l Library<'a>, module: &Name, function: &Name) -> Self {
        Self {
            library,
            slice: Slice::default(),
            names: FxHashSet::default(),
            pending: Vec::new(),
            task: (module.clone(), function.clone()),
            reach: library.reach(module),
            whole: FxHashSet::default(),
            changed_by: FxHashMap::default(),
            changed_by_calling: FxHashMap::default(),
        }
    }

    pub fn run(mut self) -> Result<Slice, String> {
        let (module, function) = self.task.clone();
        let loaded = self
            .library
            .load(&module)
            .ok_or_else(|| format!("module {module} cannot be read or does not parse"))?;
        self.ensure_module(&module);
        let defining: Vec<usize> = binding_units(&loaded, &function);
        if defining.is_empty() {
            return Err(format!("{module} does not define {function} at module level"));
        }
        for at in defining {
            self.keep(&module, at, "the task".into(), false, true);
        }
        self.names.insert(format!("{module}.{function}").into());
        loop {
            while let Some(step) = self.pending.pop() {
                match step {
                    Step::Unit { module, at, why, decorated, live } => {
                        self.keep(&module, at, why, decorated, live);
                    }
                    Step::Path(trail) => self.path(&trail, 0),
                }
            }
            if !self.keep_what_fills() {
                break;
            }
        }
        Ok(self.slice)
    }

    /// Makes a module part of the slice, with the packages around it.
    fn ensure_module(&mut self, name: &str) {
        let mut end = Some(name.len());
        while let Some(at) = end {
            let part = &name[..at];
            if let Some(module) = self.library.load(part)
                && !self.slice.kept.contains_key(part)
            {
                self.slice.kept.insert(part.into(), BTreeMap::new());
                for (at, unit) in module.units.iter().enumerate() {
                    if unit.kind == UnitKind::Future {
                        let keep = Keep {
                            why: "changes how the file is read".into(),
                            decorated: true,
                            live: true,
                        };
                        self.slice.kept.entry(part.into()).or_default().insert(at, keep);
                    }
                }
            }
            end = name[..at].rfind('.');
        }
    }

    fn keep(&mut self, module_name: &Name, at: usize, why: Name, decorated: bool, live: bool) {
        let Some(module) = self.library.load(module_name) else { return };
        let Some(unit) = module.units.get(at) else { return };
        if matches!(unit.kind, UnitKind::Main) {
            return;
        }
        self.ensure_module(module_name);
        let is_task = self.task.0 == *module_name && unit.binds.contains(&self.task.1);
        // Decorators that register the task are dropped; those of others only when they change
        // nothing and the name is merely called.
        let decorated = decorated && !is_task;
        let kept = self.slice.kept.entry(module_name.clone()).or_default();
        let before = kept.get(&at).map(|known| (known.decorated, known.live));
        let now = match before {
            Some((was_decorated, was_live)) => (was_decorated || decorated, was_live || live),
            None => (decorated, live),
        };
        if before == Some(now) {
            return;
        }
        let (decorated, live) = now;
        let why = kept.remove(&at).map_or(why, |known| known.why);
        kept.insert(at, Keep { why, decorated, live });
        let because: Name = match unit.binds.first() {
            Some(name) => format!("used by {name}").into(),
            None => format!("used by line {}", unit.line).into(),
        };
        for decorator in &unit.decorators {
            if decorator.registers && (is_task || !decorated) {
                continue;
            }
            self.uses(&module, &decorator.uses, &because, live && !decorator.registers);
        }
        if live {
            for name in &unit.binds {
                self.names.insert(format!("{module_name}.{name}").into());
            }
        }
        self.uses(&module, &unit.uses, &because, live);
        if is_task {
            self.uses(&module, &unit.asked, &"named in the task's signature".into(), live);
        }
        if let UnitKind::Import(alias) = &unit.kind {
            let path = alias.loads.clone();
            let (module, why) = (alias.module, because.clone());
            let trail = Trail { path, called: true, bare: false, live: false, module, why };
            self.pending.push(Step::Path(trail));
        }
        let mut inside = unit.inside;
        while let Some((container, _)) = inside {
            let fresh =
                self.slice.containers.entry(module_name.clone()).or_default().insert(container);
            let Some(container) = module.containers.get(container) else { break };
            if fresh {
                self.uses(&module, &container.uses, &because, live);
            }
            inside = container.parent;
        }
    }

    fn uses(&mut self, module: &Rc<Module>, uses: &[Use], why: &Name, live: bool) {
        let trail = |path: &Name, called: bool, bare: bool, module: usize| {
            Step::Path(Trail { path: path.clone(), called, bare, live, module, why: why.clone() })
        };
        for one in uses {
            match one {
                Use::Name { local, paths, called, annotation } => {
                    if let Some(local) = local {
                        self.local(module, local, (*called, *annotation, live), why);
                    }
                    self.pending.extend(paths.iter().map(|path| trail(path, *called, true, 0)));
                }
                Use::Import(path, module) => {
                    self.pending.push(trail(path, true, false, *module));
                }
                Use::Star(name) => {
                    self.star(module, name, why, live, 0);
                }
                Use::Prefix(prefix) => {
                    let named: Vec<Name> = self.library.modules_named(prefix);
                    for name in named {
                        let why = format!("imported by a computed name: {prefix}…");
                        self.keep_whole(&name, &why);
                    }
                }
                Use::Dynamic(reason) => {
                    let why = format!("dynamic access: {reason}");
                    self.keep_whole(&module.name, &why);
                }
            }
        }
    }

    /// A module-level name of a module; how it is used: called, in an annotation, live.
    fn local(
        &mut self,
        module: &Rc<Module>,
        name: &Name,
        (called, note, live): (bool, bool, bool),
        why: &Name,
    ) {
        let units = binding_units(module, name);
        for at in &units {
            let Some(unit) = module.units.get(*at) else { continue };
            let plain = called
                && unit.decorators.iter().filter(|one| one.registers).all(|one| one.transparent);
            self.pending.push(Step::Unit {
                module: module.name.clone(),
                at: *at,
                why: why.clone(),
                decorated: !plain,
                live,
            });
        }
        if !units.is_empty() {
            return;
        }
        let types = module.units.iter().find_map(|unit| match &unit.kind {
            UnitKind::TypeOnly(Some(origin)) if unit.binds.contains(name) => Some(origin),
            _ => None,
        });
        match types {
            Some(origin) if note => {
                let names = self.slice.types.entry(module.name.clone()).or_default();
                names.insert(name.clone(), origin.clone());
                let (path, why) = (origin.clone(), why.clone());
                let trail = Trail { path, called: false, bare: false, live, module: 0, why };
                self.pending.push(Step::Path(trail));
            }
            Some(_) => {}
            None => {
                self.star(module, name, why, live, 0);
            }
        }
    }

    /// A name that a star import of the module brings. Whether one of the project does.
    fn star(
        &mut self,
        module: &Rc<Module>,
        name: &Name,
        why: &Name,
        live: bool,
        depth: u32,
    ) -> bool {
        if depth > 12 {
            return false;
        }
        let unit = |at: usize| Step::Unit {
            module: module.name.clone(),
            at,
            why: why.clone(),
            decorated: false,
            live,
        };
        let mut outside = Vec::new();
        // The last import of a name wins; a module that only passes it on gives way to one that
        // defines it, which is what both mean and avoids turning an import cycle round.
        let defines = |origin: &Name| {
            self.library.load(origin).is_some_and(|source| {
                binding_units(&source, name).iter().any(|at| {
                    let unit = source.units.get(*at);
                    unit.is_some_and(|unit| !matches!(unit.kind, UnitKind::Import(_)))
                }) && self.library.exports(&source, name, 0)
            })
        };
        let stars = || {
            module.units.iter().enumerate().rev().filter_map(|(at, unit)| match &unit.kind {
                UnitKind::Star(origin) => Some((at, origin)),
                _ => None,
            })
        };
        let definer = stars().find(|(_, origin)| defines(origin)).map(|(at, _)| at);
        for (at, origin) in stars().filter(|(at, _)| definer.is_none_or(|one| one == *at)) {
            match self.library.load(origin) {
                Some(source) => {
                    if self.library.exports(&source, name, 0) {
                        let stars = self.slice.stars.entry(module.name.clone()).or_default();
                        stars.entry(at).or_default().insert(name.clone());
                        self.pending.push(unit(at));
                        self.ensure_module(origin);
                        let path: Name = format!("{origin}.{name}").into();
                        let (module, why) = (origin.len(), why.clone());
                        let trail = Trail { path, called: false, bare: false, live, module, why };
                        self.path(&trail, depth + 1);
                        return true;
                    }
                }
                None => outside.push(at),
            }
        }
        self.pending.extend(outside.into_iter().map(unit));
        false
    }

    /// Follows a dotted origin into the project.
    fn path(&mut self, trail: &Trail, depth: u32) {
        if depth > 16 {
            return;
        }
        let Some((module, rest)) = self.library.split_after(&trail.path, trail.module) else {
            return;
        };
        self.ensure_module(&module);
        let Some(first) = rest.first() else {
            if trail.bare {
                self.keep_whole(&module, "the module itself is used as a value");
            }
            return;
        };
        let Some(loaded) = self.library.load(&module) else { return };
        let units = binding_units(&loaded, first);
        let (why, live) = (&trail.why, trail.live);
        if units.is_empty() {
            let name: Name = first.as_str().into();
            let has_hook = !binding_units(&loaded, "__getattr__").is_empty();
            if !self.star(&loaded, &name, why, live, depth + 1) && has_hook {
                self.local(&loaded, &"__getattr__".into(), (true, false, live), why);
            }
            return;
        }
        let whole_name = rest.len() == 1;
        for at in units {
            let Some(unit) = loaded.units.get(at) else { continue };
            let transparent =
                unit.decorators.iter().filter(|one| one.registers).all(|one| one.transparent);
            let plain = trail.called && whole_name && transparent;
            self.pending.push(Step::Unit {
                module: module.clone(),
                at,
                why: why.clone(),
                decorated: !plain,
                live,
            });
            if let UnitKind::Import(alias) = &unit.kind {
                let onward = match rest.get(1..) {
                    Some(more) if !more.is_empty() => {
                        format!("{}.{}", alias.origin, more.join("."))
                    }
                    _ => alias.origin.to_string(),
                };
                if *onward != *trail.path {
                    let path = onward.into();
                    let (called, bare, why) = (trail.called, trail.bare, why.clone());
                    let module = alias.module;
                    self.path(&Trail { path, called, bare, live, module, why }, depth + 1);
                }
            }
        }
    }

    fn keep_whole(&mut self, name: &str, why: &str) {
        if !self.whole.insert(name.into()) {
            return;
        }
        let Some(module) = self.library.load(name) else { return };
        self.ensure_module(name);
        for (at, unit) in module.units.iter().enumerate() {
            if matches!(unit.kind, UnitKind::Main | UnitKind::TypeOnly(_)) {
                continue;
            }
            if let UnitKind::Star(origin) = &unit.kind
                && let Some(source) = self.library.load(origin)
            {
                let all = self.library.exported(&source, 0);
                let stars = self.slice.stars.entry(module.name.clone()).or_default();
                stars.entry(at).or_default().extend(all);
                let (path, why) = (origin.clone(), why.into());
                let trail = Trail { path, called: false, bare: true, live: true, module: 0, why };
                self.pending.push(Step::Path(trail));
            }
            self.pending.push(Step::Unit {
                module: module.name.clone(),
                at,
                why: why.into(),
                decorated: true,
                live: true,
            });
        }
    }

    /// Keeps statements that fill or change what is kept. Whether there was any.
    fn keep_what_fills(&mut self) -> bool {
        let names = self.names.clone();
        let mut shorts: FxHashSet<Name> =
            names.iter().filter_map(|name| name.rsplit('.').next()).map(Name::from).collect();
        self.add_writers(&names, &mut shorts);
        let mut found: Vec<(Name, usize, Name)> = Vec::new();
        let reach = self.reach.clone();
        for (name, _) in &reach {
            let known = self.slice.kept.contains_key(name);
            if !known && !self.library.mentions(name, &shorts) {
                continue;
            }
            let Some(module) = self.library.load(name) else { continue };
            for at in 0..module.units.len() {
                let kept = self.slice.kept.get(name).is_some_and(|kept| kept.contains_key(&at));
                if kept {
                    continue;
                }
                let changed = self.changes_of(&module, at);
                if let Some(target) = changed.iter().find(|target| names.contains(*target)) {
                    let short = target.rsplit('.').next().unwrap_or(target);
                    found.push((name.clone(), at, format!("fills {short}").into()));
                }
            }
        }
        let any = !found.is_empty();
        for (module, at, why) in found {
            self.keep_importers(&module);
            self.pending.push(Step::Unit { module, at, why, decorated: true, live: true });
        }
        any
    }

    /// Adds the functions and classes that change one of the names, so that modules which only
    /// call those are found as well.
    fn add_writers(&mut self, names: &FxHashSet<Name>, shorts: &mut FxHashSet<Name>) {
        let reach = self.reach.clone();
        loop {
            let before = shorts.len();
            for (name, _) in &reach {
                let known = self.slice.kept.contains_key(name);
                if !known && !self.library.mentions(name, shorts) {
                    continue;
                }
                let Some(module) = self.library.load(name) else { continue };
                for (at, unit) in module.units.iter().enumerate() {
                    let defines = matches!(unit.kind, UnitKind::Function | UnitKind::Class(_));
                    if !defines || unit.binds.iter().all(|name| shorts.contains(name)) {
                        continue;
                    }
                    let key = (module.name.clone(), at);
                    let changed = match self.changed_by_calling.get(&key) {
                        Some(known) => known,
                        None => {
                            let mut changed = Vec::new();
                            for body in &unit.body {
                                let mut seen = FxHashSet::default();
                                self.follow(&body.effects, 0, &mut seen, &mut changed);
                                if body.effects.own {
                                    changed.extend(
                                        unit.binds.iter().map(|one| format!("{name}.{one}").into()),
                                    );
                                }
                            }
                            self.changed_by_calling.entry(key).or_insert(changed)
                        }
                    };
                    if changed.iter().any(|target| names.contains(target)) {
                        shorts.extend(unit.binds.iter().cloned());
                    }
                }
            }
            if shorts.len() == before {
                return;
            }
        }
    }

    /// Keeps the imports through which running the task's module comes to run this one.
    fn keep_importers(&mut self, module: &str) {
        let mut at: Name = module.into();
        for _ in 0..self.reach.len() {
            let importer = self.reach.iter().find(|(name, _)| *name == at);
            let Some((_, Some(importer))) = importer.cloned() else { return };
            if let Some(loaded) = self.library.load(&importer) {
                let importing = loaded.units.iter().position(|unit| match &unit.kind {
                    UnitKind::Import(alias) => {
                        *alias.loads == *at
                            || alias.loads.strip_prefix(&*at).is_some_and(|rest| {
                                rest.starts_with('.') && self.library.load(&alias.loads).is_none()
                            })
                            || at.strip_prefix(&*alias.loads).is_some_and(|r| r.starts_with('.'))
                                && alias.prefix == "import "
                    }
                    UnitKind::Star(origin) => *origin == at,
                    _ => unit.uses.iter().any(|one| {
                        matches!(one, Use::Import(path, _) | Use::Prefix(path)
                            if *path == at || path.strip_prefix(&*at).is_some_and(|r| r.starts_with('.')))
                    }),
                });
                if let Some(unit) = importing {
                    let why = format!("imports {at}, which registers what is needed");
                    self.pending.push(Step::Unit {
                        module: importer.clone(),
                        at: unit,
                        why: why.into(),
                        decorated: true,
                        live: true,
                    });
                }
            }
            at = importer;
        }
    }

    /// The included-name keys that running a unit changes.
    fn changes_of(&mut self, module: &Rc<Module>, at: usize) -> Vec<Name> {
        let key = (module.name.clone(), at);
        if let Some(known) = self.changed_by.get(&key) {
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
        self.changed_by.insert(key, changed.clone());
        changed
    }

    /// `module.name` of where a dotted origin is defined.
    fn key(&self, path: &str) -> Option<Name> {
        let resolved = self.library.resolve(path);
        let (module, rest) = self.library.split(&resolved)?;
        Some(format!("{module}.{}", rest.first()?).into())
    }

    fn follow(
        &self,
        effects: &Effects,
        depth: u32,
        seen: &mut FxHashSet<Name>,
        changed: &mut Vec<Name>,
    ) {
        changed.extend(effects.mutates.iter().filter_map(|path| self.key(path)));
        for (callee, given) in &effects.given {
            if self.changes_parameters(callee, depth)
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

    fn changes_parameters(&self, callee: &str, depth: u32) -> bool {
        let resolved = self.library.resolve(callee);
        depth < MAX_CALLS
            && self.library.definitions(&resolved).iter().any(|(module, at)| {
                module
                    .units
                    .get(*at)
                    .is_some_and(|unit| unit.body.iter().any(|one| one.effects.parameters))
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
        let Some((module, rest)) = self.library.split(&resolved) else { return };
        let Some(first) = rest.first() else { return };
        let Some(loaded) = self.library.load(&module) else { return };
        for at in binding_units(&loaded, first) {
            let Some(unit) = loaded.units.get(at) else { continue };
            match (&unit.kind, rest.len()) {
                (UnitKind::Function, 1) => {
                    for body in &unit.body {
                        self.follow(&body.effects, depth + 1, seen, changed);
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
                return false;
            }
            !only_reads(method)
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

/// The units of a module that bind a name and may run.
pub fn binding_units(module: &Module, name: &str) -> Vec<usize> {
    let binds = |unit: &Unit| {
        unit.binds.iter().any(|bound| &**bound == name)
            && !matches!(unit.kind, UnitKind::TypeOnly(_) | UnitKind::Main | UnitKind::Future)
    };
    let all: Vec<usize> =
        module.units.iter().enumerate().filter(|(_, unit)| binds(unit)).map(|(at, _)| at).collect();
    // A later unconditional definition makes earlier ones dead, unless it builds on them.
    let last = all.iter().rev().find(|at| {
        module.units.get(**at).is_some_and(|unit| {
            let rebinds = matches!(unit.kind, UnitKind::Function | UnitKind::Class(_));
            let reads = unit.decorators.iter().any(|decorator| {
                decorator.uses.iter().any(
                    |one| matches!(one, Use::Name { local: Some(local), .. } if &**local == name),
                )
            });
            rebinds && unit.inside.is_none() && !reads
        })
    });
    match last {
        Some(last) => all.iter().copied().filter(|at| at >= last).collect(),
        None => all,
    }
}
