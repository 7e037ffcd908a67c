//! The project's modules, read when first asked for.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::cut;
use super::slice::binding_units;
use super::unit::{Module, UnitKind, Use};
use crate::analyzers::link::python::Context;
use crate::analyzers::link::python::tasks::{Registrars, is_companion};
use crate::model::Name;
use crate::model::facts::python::names::BindingKind;
use crate::model::facts::python::schemas::{Decorator, Term};

pub struct Library<'a> {
    context: &'a Context<'a>,
    texts: &'a dyn Fn(&str) -> Option<Arc<str>>,
    registrars: Registrars<'a>,
    /// Module → path, package or not.
    paths: FxHashMap<&'a str, (&'a Name, bool)>,
    loaded: RefCell<FxHashMap<Name, Option<Rc<Module>>>>,
    read: RefCell<FxHashMap<Name, Option<Arc<str>>>>,
}

impl<'a> Library<'a> {
    pub fn new(context: &'a Context<'a>, texts: &'a dyn Fn(&str) -> Option<Arc<str>>) -> Self {
        let mut paths: FxHashMap<&'a str, (&'a Name, bool)> = FxHashMap::default();
        for file in context.files {
            if !file.facts.is_stub {
                paths.insert(&file.facts.module, (&file.file.path, file.facts.is_package));
            }
        }
        Self {
            context,
            texts,
            registrars: Registrars::new(context),
            paths,
            loaded: RefCell::default(),
            read: RefCell::default(),
        }
    }

    /// The text of a file, read once.
    fn text(&self, path: &Name) -> Option<Arc<str>> {
        if let Some(known) = self.read.borrow().get(path) {
            return known.clone();
        }
        let text = (self.texts)(path);
        self.read.borrow_mut().insert(path.clone(), text.clone());
        text
    }

    /// A module, cut up; `None` if it is not the project's, cannot be read or does not parse.
    pub fn load(&self, name: &str) -> Option<Rc<Module>> {
        if let Some(known) = self.loaded.borrow().get(name) {
            return known.clone();
        }
        let (path, is_package) = self.paths.get(name)?;
        let judge = |decorator: &Decorator| self.judge(decorator);
        let module = self
            .text(path)
            .and_then(|text| cut::cut(&name.into(), path, text, *is_package, &judge))
            .map(Rc::new);
        self.loaded.borrow_mut().insert(name.into(), module.clone());
        module
    }

    /// Whether a decorator registers, and then, whether it gives back what it got.
    fn judge(&self, decorator: &Decorator) -> Option<bool> {
        if let Term::Name { origins, .. } = &decorator.function
            && origins.iter().any(|origin| is_companion(&self.context.names.resolve(origin)))
        {
            return Some(true);
        }
        let registrar = self.registrars.registrar_of(decorator)?;
        Some(self.registrars.is_transparent(&registrar, decorator))
    }

    pub fn is_module(&self, name: &str) -> bool {
        self.paths.contains_key(name)
    }

    /// The path of a module.
    pub fn path_of(&self, name: &str) -> Option<&'a Name> {
        self.paths.get(name).map(|(path, _)| *path)
    }

    /// The module of the project that a dotted name leads into, and what follows. A name that a
    /// package binds to something else beats its submodule of that name.
    pub fn split(&self, path: &str) -> Option<(Name, Vec<String>)> {
        self.split_after(path, 0)
    }

    /// Like [`Self::split`], where the first `certain` bytes name a module.
    pub fn split_after(&self, path: &str, certain: usize) -> Option<(Name, Vec<String>)> {
        let mut end = path.len();
        let longest = loop {
            let head = &path[..end];
            if self.is_module(head) {
                break head;
            }
            end = head.rfind('.')?;
        };
        let mut module = longest;
        let mut at = longest;
        while let Some((package, last)) = at.rsplit_once('.')
            && package.len() >= certain
        {
            if self.is_module(package) && self.rebinds(package, last) {
                module = package;
            }
            at = package;
        }
        let rest = path.get(module.len() + 1..).unwrap_or_default();
        let rest = rest.split('.').filter(|part| !part.is_empty());
        Some((module.into(), rest.map(String::from).collect()))
    }

    /// Whether a package binds the name of its submodule to something else.
    fn rebinds(&self, package: &str, name: &str) -> bool {
        let Some(file) = self.context.names.module(package) else { return false };
        let submodule = |origin: &str| {
            origin.strip_prefix(package).and_then(|rest| rest.strip_prefix('.')) == Some(name)
        };
        file.facts.names.bindings.iter().any(|binding| {
            *binding.name == *name
                && match &binding.kind {
                    BindingKind::Import(origin) => !submodule(origin) && !self.is_module(origin),
                    BindingKind::Class | BindingKind::Function => true,
                    BindingKind::Value(_) => false,
                }
        })
    }

    pub fn resolve(&self, path: &str) -> Name {
        self.context.names.resolve(path)
    }

    /// The units that define a qualified name.
    pub fn definitions(&self, name: &str) -> Vec<(Rc<Module>, usize)> {
        let Some((module, rest)) = self.split(name) else { return Vec::new() };
        let (Some(first), Some(module)) = (rest.first(), self.load(&module)) else {
            return Vec::new();
        };
        binding_units(&module, first).into_iter().map(|at| (module.clone(), at)).collect()
    }

    pub fn mro(&self, class: &str) -> Vec<Name> {
        self.context.names.mro(class)
    }

    pub fn owner_of(&self, class: &str, member: &str) -> Option<Name> {
        self.context.names.owner_of(class, member)
    }

    pub fn has_outside_base(&self, class: &str) -> bool {
        self.mro(class).iter().any(|name| self.context.names.class(name).is_none())
    }

    /// The metaclass of a class, or the class itself when it is one.
    pub fn metaclass(&self, class: &str) -> Vec<Name> {
        let is_metaclass = self.mro(class).iter().any(|name| &**name == "builtins.type");
        let own = is_metaclass.then(|| Name::from(class));
        own.into_iter()
            .chain(self.context.names.metaclass(class).map(|(metaclass, _)| metaclass))
            .collect()
    }

    /// Whether code that runs asks the class for its subclasses.
    pub fn walks_subclasses(&self, class: &str) -> bool {
        let loaded: Vec<Rc<Module>> = self.loaded.borrow().values().flatten().cloned().collect();
        let Some(short) = class.rsplit('.').next() else { return false };
        loaded
            .iter()
            .any(|module| module.text.contains("__subclasses__") && module.text.contains(short))
    }

    /// All modules whose name starts like this.
    pub fn modules_named(&self, prefix: &str) -> Vec<Name> {
        let mut named: Vec<Name> = self
            .paths
            .keys()
            .filter(|name| name.starts_with(prefix))
            .map(|name| Name::from(*name))
            .collect();
        named.sort();
        named
    }

    /// Whether a star import of the module brings the name.
    pub fn exports(&self, module: &Module, name: &str, depth: u32) -> bool {
        if let Some(file) = self.context.names.module(&module.name)
            && let Some(all) = &file.facts.names.all
        {
            return all.iter().any(|listed| &**listed == name);
        }
        if name.starts_with('_') {
            return false;
        }
        !binding_units(module, name).is_empty()
            || depth < 12
                && module.units.iter().any(|unit| match &unit.kind {
                    UnitKind::Star(origin) => self
                        .load(origin)
                        .is_some_and(|source| self.exports(&source, name, depth + 1)),
                    _ => false,
                })
    }

    /// All names that a star import of the module brings.
    pub fn exported(&self, module: &Module, depth: u32) -> Vec<Name> {
        if let Some(file) = self.context.names.module(&module.name)
            && let Some(all) = &file.facts.names.all
        {
            return all.clone();
        }
        let mut names: Vec<Name> = Vec::new();
        for unit in &module.units {
            match &unit.kind {
                UnitKind::TypeOnly(_) | UnitKind::Main | UnitKind::Future | UnitKind::Docstring => {
                }
                UnitKind::Star(origin) if depth < 12 => {
                    if let Some(source) = self.load(origin) {
                        names.extend(self.exported(&source, depth + 1));
                    }
                }
                _ => names.extend(unit.binds.iter().filter(|one| !one.starts_with('_')).cloned()),
            }
        }
        names
    }

    /// Whether a module's text mentions any of the names.
    pub fn mentions(&self, module: &str, names: &FxHashSet<Name>) -> bool {
        let Some((path, _)) = self.paths.get(module) else { return false };
        let Some(text) = self.text(path) else { return false };
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        text.split(|letter: char| !is_word(letter)).any(|word| names.contains(word))
    }

    /// The modules that running `start` imports, with the module that imports each.
    pub fn reach(&self, start: &Name) -> Vec<(Name, Option<Name>)> {
        let mut order: Vec<(Name, Option<Name>)> = vec![(start.clone(), None)];
        let mut seen: FxHashSet<Name> = FxHashSet::default();
        seen.insert(start.clone());
        let mut at = 0;
        while let Some((module, _)) = order.get(at).cloned() {
            at += 1;
            for target in self.imported_by(&module) {
                // Importing `a.b.c` runs `a` and `a.b` first.
                let mut ends: Vec<usize> = target.match_indices('.').map(|(end, _)| end).collect();
                ends.push(target.len());
                let mut importer = module.clone();
                for end in ends {
                    let part: Name = target[..end].into();
                    if self.is_module(&part) {
                        if seen.insert(part.clone()) {
                            order.push((part.clone(), Some(importer.clone())));
                        }
                        let _ = &mut importer;
                    }
                }
            }
        }
        order
    }

    /// Dotted names that a module's top level imports, by its facts and its import lines.
    fn imported_by(&self, module: &str) -> Vec<String> {
        let Some(file) = self.context.names.module(module) else { return Vec::new() };
        let mut targets: Vec<String> = Vec::new();
        // A package is imported before its modules.
        if let Some((package, _)) = module.rsplit_once('.') {
            targets.push(package.into());
        }
        let names = &file.facts.names;
        for binding in &names.bindings {
            if let BindingKind::Import(origin) = &binding.kind {
                targets.push(origin.to_string());
            }
        }
        targets.extend(names.stars.iter().map(ToString::to_string));
        // `import a.b` binds `a` only: the rest stands in the text.
        if let Some(text) = self.path_of(module).and_then(|path| self.text(path)) {
            for line in text.lines() {
                let Some(list) = line.trim_start().strip_prefix("import ") else { continue };
                for part in list.split(',') {
                    let name = part.split_whitespace().next().unwrap_or_default();
                    if name.contains('.') {
                        targets.push(name.into());
                    }
                }
            }
            if text.contains("import_module") {
                let loaded = self.load(module);
                let dynamic = loaded.iter().flat_map(|module| &module.units).flat_map(|unit| {
                    unit.uses.iter().filter_map(|one| match one {
                        Use::Prefix(prefix) => Some(prefix.clone()),
                        _ => None,
                    })
                });
                for prefix in dynamic {
                    targets.extend(self.modules_named(&prefix).iter().map(ToString::to_string));
                }
            }
        }
        targets
    }
}
