//! What a task needs of its project: a fixpoint over the units of the modules it can reach.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::ambient;
use super::changes::{ANY, Changes};
use super::library::Library;
use super::unit::{Module, Unit, UnitKind, Use};
use crate::model::Name;

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
    /// Units of which a decorator fills something included, so that it stays.
    filling: FxHashSet<(Name, usize)>,
    changes: Changes<'l, 'a>,
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
            filling: FxHashSet::default(),
            changes: Changes::new(library),
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
        // Decorators that register the task are dropped unless they fill what it reads; those of
        // others only when they change nothing and the name is merely called.
        let decorated =
            decorated && (!is_task || self.filling.contains(&(module_name.clone(), at)));
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
            if decorator.registers && !decorated {
                continue;
            }
            let live = live && !decorator.registers;
            self.uses(&module, &decorator.uses, &because, Some(at), live);
        }
        if live {
            for name in &unit.binds {
                self.names.insert(format!("{module_name}.{name}").into());
            }
        }
        // A function's body runs once all is bound; anything else reads what is bound above it.
        let reader = (unit.kind != UnitKind::Function).then_some(at);
        self.uses(&module, &unit.uses, &because, reader, live);
        if is_task {
            let why = "named in the task's signature".into();
            self.uses(&module, &unit.asked, &why, None, live);
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
                self.uses(&module, &container.uses, &because, Some(at), live);
            }
            inside = container.parent;
        }
    }

    /// Follows what a piece of code needs; `reader` is the unit that reads it while the module runs.
    fn uses(
        &mut self,
        module: &Rc<Module>,
        uses: &[Use],
        why: &Name,
        reader: Option<usize>,
        live: bool,
    ) {
        let trail = |path: &Name, called: bool, bare: bool, module: usize| {
            Step::Path(Trail { path: path.clone(), called, bare, live, module, why: why.clone() })
        };
        for one in uses {
            match one {
                Use::Name { local, paths, called, annotation } => {
                    if let Some(local) = local {
                        self.local(module, local, (*called, *annotation, live), reader, why);
                    }
                    self.pending.extend(paths.iter().map(|path| trail(path, *called, true, 0)));
                }
                Use::Import(path, module) => {
                    self.pending.push(trail(path, true, false, *module));
                }
                Use::Star(name) => {
                    if !self.star(module, name, why, live, 0) && live {
                        self.unbound(&module.name, name);
                    }
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
        reader: Option<usize>,
        why: &Name,
    ) {
        let mut units = binding_units(module, name);
        if let Some(reader) = reader {
            let above = bound_above(module, name, reader);
            units.extend(above.into_iter().filter(|at| !units.contains(at)).collect::<Vec<_>>());
        }
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
            if self.is_bound_by_star(module, name, &units) {
                self.star(module, name, why, live, 0);
            }
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
                if !self.star(module, name, why, live, 0) && live {
                    self.unbound(&module.name, name);
                }
            }
        }
    }

    /// A name that no statement binds by itself: code that is called, or another module, may.
    fn unbound(&mut self, module: &str, name: &str) {
        self.names.insert(format!("{module}.{name}").into());
        self.names.insert(format!("{module}.{ANY}").into());
        self.names.insert(ambient::key(&format!("builtins.{name}")));
    }

    /// Whether a star import binds a name that statements bind as well: one below them wins, and
    /// one above them is read by a statement like `name = wrap(name)`.
    fn is_bound_by_star(&self, module: &Rc<Module>, name: &Name, units: &[usize]) -> bool {
        let of_project = |at: usize| match module.units.get(at).map(|unit| &unit.kind) {
            Some(UnitKind::Star(origin)) => self
                .library
                .load(origin)
                .is_some_and(|source| self.library.exports(&source, name, 0)),
            _ => false,
        };
        let reads_itself =
            units.iter().min().and_then(|at| module.units.get(*at)).is_some_and(|unit| {
                unit.kind != UnitKind::Function
                    && unit.uses.iter().any(
                        |one| matches!(one, Use::Name { local: Some(local), .. } if local == name),
                    )
            });
        let last = units.iter().max().copied().unwrap_or_default();
        reads_itself && (0..last).any(of_project) || (last..module.units.len()).any(of_project)
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
            if trail.live && !trail.path.starts_with("builtins.") {
                self.outside(&trail.path);
            }
            return;
        };
        self.ensure_module(&module);
        let Some(first) = rest.first() else {
            if trail.bare {
                self.keep_whole(&module, "the module itself is used as a value");
            }
            return;
        };
        if first == "__dict__" {
            return self.keep_whole(&module, "the module's names are listed");
        }
        let Some(loaded) = self.library.load(&module) else { return };
        let units = binding_units(&loaded, first);
        let (why, live) = (&trail.why, trail.live);
        if units.is_empty() {
            let name: Name = first.as_str().into();
            let has_hook = !binding_units(&loaded, "__getattr__").is_empty();
            if self.star(&loaded, &name, why, live, depth + 1) {
                return;
            }
            if has_hook {
                self.local(&loaded, &"__getattr__".into(), (true, false, live), None, why);
            }
            if live {
                self.unbound(&module, &name);
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

    /// Notes an origin outside the project that the slice uses.
    fn outside(&mut self, path: &str) {
        let mut end = Some(path.len());
        while let Some(at) = end {
            if !self.names.insert(ambient::key(&path[..at])) {
                return;
            }
            end = path[..at].rfind('.');
        }
    }

    /// Whether changed state is something that the slice includes.
    fn is_included(&self, target: &Name) -> bool {
        match target.strip_prefix(ambient::OUTSIDE) {
            Some(state) => {
                ambient::is_used(state, &|path| self.names.contains(&ambient::key(path)))
            }
            None => self.names.contains(target),
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
        let inside = self.names.iter().filter(|name| !name.starts_with(ambient::OUTSIDE));
        let mut shorts: FxHashSet<Name> =
            inside.filter_map(|name| name.rsplit('.').next()).map(Name::from).collect();
        shorts.extend(ambient::words(&|path| self.names.contains(&ambient::key(path))));
        self.add_writers(&mut shorts);
        let mut found: Vec<(Name, usize, Name)> = Vec::new();
        let reach = self.reach.clone();
        for (name, _) in &reach {
            let known = self.slice.kept.contains_key(name);
            if !known && !self.library.mentions(name, &shorts) {
                continue;
            }
            let Some(module) = self.library.load(name) else { continue };
            for (at, unit) in module.units.iter().enumerate() {
                let kept = self.slice.kept.get(name).and_then(|kept| kept.get(&at));
                // A registering decorator that was dropped may fill something after all.
                let registers = || unit.decorators.iter().filter(|one| one.registers);
                let is_whole = kept.is_some_and(|kept| {
                    kept.decorated
                        || registers().next().is_none()
                        || registers().any(|one| !one.transparent)
                });
                if is_whole {
                    continue;
                }
                let changed = self.changes.of_unit(&module, at);
                if let Some(target) = changed.iter().find(|target| self.is_included(target)) {
                    let short = target.rsplit(['.', ':']).next().unwrap_or(target);
                    let why = match short {
                        ANY => "may bind any name".into(),
                        short => format!("fills {short}").into(),
                    };
                    found.push((name.clone(), at, why));
                }
            }
        }
        let any = !found.is_empty();
        for (module, at, why) in found {
            self.keep_importers(&module);
            self.filling.insert((module.clone(), at));
            self.pending.push(Step::Unit { module, at, why, decorated: true, live: true });
        }
        any
    }

    /// Adds the functions and classes that change something included, so that modules which only
    /// call those are found as well.
    fn add_writers(&mut self, shorts: &mut FxHashSet<Name>) {
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
                    let changed = self.changes.of_calling(&module, at);
                    if changed.iter().any(|target| self.names.contains(target)) {
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
                            || matches!(one, Use::Prefix(path) if at.starts_with(&**path))
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
}

/// The units of a module that bind a name and may run.
pub fn binding_units(module: &Module, name: &str) -> Vec<usize> {
    bound_above(module, name, module.units.len())
}

/// Those of them above a unit.
fn bound_above(module: &Module, name: &str, end: usize) -> Vec<usize> {
    let binds = |unit: &Unit| {
        unit.binds.iter().any(|bound| &**bound == name)
            && !matches!(unit.kind, UnitKind::TypeOnly(_) | UnitKind::Main | UnitKind::Future)
    };
    let above = module.units.iter().enumerate().take(end);
    let all: Vec<usize> = above.filter(|(_, unit)| binds(unit)).map(|(at, _)| at).collect();
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
