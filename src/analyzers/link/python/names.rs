//! Names across files: follows imports, re-exports, star imports and aliases to definitions, and
//! answers for classes (bases, method resolution order, metaclass, subclasses).

use std::hash::BuildHasher;
use std::sync::RwLock;

use rayon::prelude::*;
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::PythonFile;
use crate::model::facts::python::names::{Binding, BindingKind, ClassFacts};
use crate::model::{Name, Symbol};

/// Longest chain of re-exports that is followed; real ones stay below ten.
const MAX_HOPS: u32 = 32;

/// All names of a project's Python files.
pub struct Names<'a> {
    modules: FxHashMap<&'a str, Module<'a>>,
    classes: FxHashMap<&'a str, &'a ClassFacts>,
    symbols: FxHashMap<&'a str, &'a Symbol>,
    subclasses: FxHashMap<Name, Vec<&'a str>>,
    /// What scripts import from their own folder: the short name of each module that stands in no
    /// package, where only one has it.
    siblings: FxHashMap<&'a str, &'a str>,
    /// The resolved bases of each class.
    bases: FxHashMap<&'a str, Vec<Name>>,
    resolved: Resolved,
}

/// Where origins were found to lead. Every linker asks for the same ones again and again, from
/// several threads at once.
#[derive(Default)]
struct Resolved {
    shards: [RwLock<FxHashMap<Box<str>, Name>>; 16],
}

impl Resolved {
    fn get(&self, origin: &str, find: impl FnOnce() -> Name) -> Name {
        let shard = &self.shards[FxBuildHasher.hash_one(origin) as usize % self.shards.len()];
        if let Ok(known) = shard.read()
            && let Some(name) = known.get(origin)
        {
            return name.clone();
        }
        let name = find();
        if let Ok(mut known) = shard.write() {
            known.insert(origin.into(), name.clone());
        }
        name
    }
}

struct Module<'a> {
    file: PythonFile<'a>,
    /// All bindings of a name, in source order.
    bindings: FxHashMap<&'a str, Vec<&'a Binding>>,
}

impl<'a> Names<'a> {
    pub fn build(files: &[PythonFile<'a>]) -> Self {
        let mut names = Self {
            modules: FxHashMap::default(),
            classes: FxHashMap::default(),
            symbols: FxHashMap::default(),
            subclasses: FxHashMap::default(),
            siblings: FxHashMap::default(),
            bases: FxHashMap::default(),
            resolved: Resolved::default(),
        };
        for file in files {
            // A `.py` beats the `.pyi` beside it: it is what runs.
            let module: &'a str = &file.facts.module;
            if names.modules.get(module).is_some_and(|known| !known.file.facts.is_stub) {
                continue;
            }
            let mut bindings: FxHashMap<&'a str, Vec<&'a Binding>> = FxHashMap::default();
            for binding in &file.facts.names.bindings {
                bindings.entry(&binding.name).or_default().push(binding);
            }
            names.modules.insert(module, Module { file: *file, bindings });
            // The last definition of a name is the one that stays.
            for class in &file.facts.names.classes {
                names.classes.insert(&class.name, class);
            }
            for symbol in &file.file.symbols {
                names.symbols.insert(&symbol.name, symbol);
            }
        }
        names.siblings = names.find_siblings();
        let classes: Vec<&'a ClassFacts> = names.classes.values().copied().collect();
        let bases = classes.into_par_iter().map(|class| (&*class.name, names.find_bases(class)));
        names.bases = bases.collect();
        let mut subclasses: FxHashMap<Name, Vec<&'a str>> = FxHashMap::default();
        for (class, bases) in &names.bases {
            for base in bases {
                subclasses.entry(base.clone()).or_default().push(class);
            }
        }
        for children in subclasses.values_mut() {
            children.sort_unstable();
            children.dedup();
        }
        names.subclasses = subclasses;
        names
    }

    fn find_siblings(&self) -> FxHashMap<&'a str, &'a str> {
        let mut siblings: FxHashMap<&'a str, Option<&'a str>> = FxHashMap::default();
        for module in self.modules.keys().copied() {
            let Some((folder, short)) = module.rsplit_once('.') else { continue };
            if !self.modules.contains_key(folder) && !self.modules.contains_key(short) {
                // Two folders with a module of that name: no telling which is meant.
                siblings.entry(short).and_modify(|known| *known = None).or_insert(Some(module));
            }
        }
        siblings.into_iter().filter_map(|(short, module)| Some((short, module?))).collect()
    }

    /// The file of a module.
    pub fn module(&self, name: &str) -> Option<PythonFile<'a>> {
        self.modules.get(name).map(|module| module.file)
    }

    /// Follows a dotted origin to the qualified name of its definition. What lies outside the
    /// project comes back under the name it is imported by.
    pub fn resolve(&self, origin: &str) -> Name {
        self.resolved.get(origin, || self.follow(origin))
    }

    fn follow(&self, origin: &str) -> Name {
        let mut at = self.beside_script(origin);
        for _ in 0..MAX_HOPS {
            match self.step(&at) {
                Some(next) if next != at => at = self.beside_script(&next),
                _ => break,
            }
        }
        at.into()
    }

    /// `engine.task`, imported by a script beside `jobs/engine.py`, is `jobs.engine.task`.
    fn beside_script(&self, origin: &str) -> String {
        let (top, rest) = match origin.split_once('.') {
            Some((top, rest)) => (top, Some(rest)),
            None => (origin, None),
        };
        match (self.siblings.get(top), rest) {
            (Some(module), Some(rest)) => format!("{module}.{rest}"),
            (Some(module), None) => (*module).to_owned(),
            (None, _) => origin.to_owned(),
        }
    }

    /// Resolves each origin; duplicates removed, order kept.
    pub fn resolve_all(&self, origins: &[Name]) -> Vec<Name> {
        let mut resolved: Vec<Name> = Vec::with_capacity(origins.len());
        for origin in origins {
            let name = self.resolve(origin);
            if !resolved.contains(&name) {
                resolved.push(name);
            }
        }
        resolved
    }

    /// One hop of `resolve`: `None` when `origin` is where it ends.
    fn step(&self, origin: &str) -> Option<String> {
        let (module, rest) = self.split_module(origin)?;
        let (name, rest) = match rest.split_once('.') {
            Some((name, rest)) => (name, Some(rest)),
            None => (rest, None),
        };
        let join = |target: &str| match rest {
            Some(rest) => format!("{target}.{rest}"),
            None => target.to_owned(),
        };
        if let Some(bindings) = module.bindings.get(name) {
            // An own definition ends the search; else an import or alias that leads into the
            // project beats one that leads out (`try: import ujson … except: json = …`).
            let defines = |binding: &&&Binding| {
                matches!(binding.kind, BindingKind::Class | BindingKind::Function)
            };
            if bindings.iter().rev().find(defines).is_some() {
                return None;
            }
            let mut targets = bindings.iter().rev().flat_map(|binding| match &binding.kind {
                BindingKind::Import(origin) => std::slice::from_ref(origin),
                BindingKind::Value(origins) => origins.as_slice(),
                _ => &[],
            });
            let first = targets.clone().last()?;
            let best = targets.find(|target| self.knows(target)).unwrap_or(first);
            return Some(join(best));
        }
        let visible = |star: &&Name| {
            let Some(target) = self.modules.get(&***star) else { return false };
            match &target.file.facts.names.all {
                Some(all) => all.iter().any(|listed| &**listed == name),
                None => !name.starts_with('_') && self.exports(target, name, 0),
            }
        };
        let star = module.file.facts.names.stars.iter().rev().find(visible)?;
        Some(join(&format!("{star}.{name}")))
    }

    fn exports(&self, module: &Module<'a>, name: &str, depth: u32) -> bool {
        module.bindings.contains_key(name)
            || depth < 8
                && module.file.facts.names.stars.iter().any(|star| {
                    let target = self.modules.get(&**star);
                    target.is_some_and(|target| self.exports(target, name, depth + 1))
                })
    }

    /// Whether an origin starts in a module of the project.
    pub fn knows(&self, origin: &str) -> bool {
        self.modules.contains_key(origin) || self.split_module(origin).is_some()
    }

    /// The longest module of the project that `origin` starts with, and the rest.
    fn split_module<'o>(&self, origin: &'o str) -> Option<(&Module<'a>, &'o str)> {
        let mut end = origin.len();
        while let Some(dot) = origin[..end].rfind('.') {
            if let Some(module) = self.modules.get(&origin[..dot]) {
                // `pkg.mod` as a whole may itself be a module: nothing to follow then.
                let whole = self.modules.contains_key(origin);
                return (!whole).then_some((module, &origin[dot + 1..]));
            }
            end = dot;
        }
        None
    }

    /// The class of a qualified name (resolve it first).
    pub fn class(&self, name: &str) -> Option<&'a ClassFacts> {
        self.classes.get(name).copied()
    }

    /// The definition of a qualified name (resolve it first).
    pub fn symbol(&self, name: &str) -> Option<&'a Symbol> {
        self.symbols.get(name).copied()
    }

    /// The resolved bases of a class in order; bases nothing is known of are left out.
    pub fn bases(&self, class: &str) -> &[Name] {
        self.bases.get(class).map_or(&[], Vec::as_slice)
    }

    fn find_bases(&self, class: &ClassFacts) -> Vec<Name> {
        class
            .bases
            .iter()
            .filter_map(|origins| {
                let resolved = self.resolve_all(origins);
                let known = resolved.iter().find(|name| self.classes.contains_key(&***name));
                known.or(resolved.first()).cloned()
            })
            .filter(|base| **base != *class.name)
            .collect()
    }

    /// The classes that name this one as a base, sorted. External bases work as well.
    pub fn subclasses(&self, class: &str) -> &[&'a str] {
        self.subclasses.get(class).map_or(&[], Vec::as_slice)
    }

    /// All classes below this one, sorted, without it.
    pub fn descendants(&self, class: &str) -> Vec<&'a str> {
        let mut seen: FxHashSet<&'a str> = FxHashSet::default();
        let mut queue: Vec<&'a str> = self.subclasses(class).to_vec();
        while let Some(next) = queue.pop() {
            if next != class && seen.insert(next) {
                queue.extend(self.subclasses(next));
            }
        }
        let mut all: Vec<&'a str> = seen.into_iter().collect();
        all.sort_unstable();
        all
    }

    /// The method resolution order, the class itself first (C3; where that fails, depth-first).
    /// External bases stand in it by name; `builtins.object` does not.
    pub fn mro(&self, class: &str) -> Vec<Name> {
        let mut active = FxHashSet::default();
        self.linearise(class, &mut active)
    }

    fn linearise(&self, class: &str, active: &mut FxHashSet<Name>) -> Vec<Name> {
        let own: Name = class.into();
        if !active.insert(own.clone()) {
            return Vec::new();
        }
        let bases = self.bases(class);
        let mut lists: Vec<Vec<Name>> =
            bases.iter().map(|base| self.linearise(base, active)).collect();
        active.remove(&own);
        lists.push(bases.to_vec());
        let rest = merge(lists, |_| {}).into_iter().filter(|name| &**name != "builtins.object");
        std::iter::once(own).chain(rest).collect()
    }

    /// Whether `class` is, or derives from, `base`.
    pub fn derives_from(&self, class: &str, base: &str) -> bool {
        let mut seen: FxHashSet<Name> = FxHashSet::default();
        let mut queue: Vec<Name> = vec![class.into()];
        while let Some(next) = queue.pop() {
            if &*next == base {
                return true;
            }
            if seen.insert(next.clone()) {
                queue.extend_from_slice(self.bases(&next));
            }
        }
        false
    }

    /// The metaclass of a class, its own or inherited, and the class that names it.
    pub fn metaclass(&self, class: &str) -> Option<(Name, Name)> {
        self.mro(class).into_iter().find_map(|name| {
            let origins = &self.class(&name)?.metaclass;
            Some((self.resolve(origins.first()?), name))
        })
    }

    /// The class in `class`'s method resolution order whose body binds `member`.
    pub fn owner_of(&self, class: &str, member: &str) -> Option<Name> {
        self.mro(class).into_iter().find(|name| {
            self.class(name).is_some_and(|facts| facts.members.iter().any(|own| &**own == member))
        })
    }
}

/// The merge step of C3: the bases' orders as one, without the class itself. Where every head waits
/// for another, `stuck` is told each of them and the first is taken.
///
/// <https://www.python.org/download/releases/2.3/mro/>
pub fn merge(mut lists: Vec<Vec<Name>>, mut stuck: impl FnMut(&Name)) -> Vec<Name> {
    let mut order = Vec::new();
    loop {
        lists.retain(|list| !list.is_empty());
        if lists.is_empty() {
            return order;
        }
        let in_tail = |name: &Name| lists.iter().any(|list| list[1..].contains(name));
        let free = lists.iter().map(|list| &list[0]).find(|head| !in_tail(head)).cloned();
        let next = free.unwrap_or_else(|| {
            lists.iter().for_each(|list| stuck(&list[0]));
            lists[0][0].clone()
        });
        for list in &mut lists {
            list.retain(|name| *name != next);
        }
        order.push(next);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::analyzers::{SourceFile, python};
    use crate::model::{FileFacts, Language};

    fn facts(files: &[(&str, &str, &str)]) -> Vec<FileFacts> {
        let file = |(path, module, text): &(&str, &str, &str)| {
            python::extract(&SourceFile {
                path: (*path).into(),
                language: Language::Python,
                module: (*module).into(),
                text: Arc::from(*text),
            })
        };
        files.iter().map(file).collect()
    }

    fn with_names(files: &[(&str, &str, &str)], check: impl FnOnce(&Names<'_>)) {
        let facts = facts(files);
        let files = PythonFile::among(&facts);
        check(&Names::build(&files));
    }

    #[test]
    fn follows_reexports_aliases_and_stars() {
        let files = [
            ("p/__init__.py", "p", "from .a import *\nfrom .b import f as g\nh = g\n"),
            ("p/a.py", "p.a", "__all__ = ['C']\nclass C: pass\nclass D: pass\n"),
            ("p/b.py", "p.b", "def f(x: int = 0) -> str: ...\n"),
        ];
        with_names(&files, |names| {
            assert_eq!(&*names.resolve("p.C"), "p.a.C");
            assert_eq!(&*names.resolve("p.D"), "p.D");
            assert_eq!(&*names.resolve("p.h"), "p.b.f");
            assert_eq!(&*names.resolve("os.path.join"), "os.path.join");
            let symbol = names.symbol("p.b.f").unwrap();
            assert_eq!(symbol.signature.as_deref(), Some("(x: int = 0) -> str"));
        });
    }

    #[test]
    fn scripts_import_from_their_own_folder() {
        let files = [
            ("jobs/engine.py", "jobs.engine", "def task(f): return f\n"),
            ("jobs/run.py", "jobs.run", "from engine import task\n"),
            ("a/twin.py", "a.twin", "x = 1\n"),
            ("b/twin.py", "b.twin", "x = 1\n"),
        ];
        with_names(&files, |names| {
            assert_eq!(&*names.resolve("engine.task"), "jobs.engine.task");
            assert_eq!(&*names.resolve("jobs.run.task"), "jobs.engine.task");
            assert_eq!(&*names.resolve("twin.x"), "twin.x");
        });
    }

    #[test]
    fn classes_know_their_order_and_metaclass() {
        let text = "class M(type): pass\nclass A(metaclass=M): pass\nclass B(A): x = 1\n\
                    class C(A): x = 2\nclass D(B, C): pass\nclass Loop(Loop): pass\n";
        with_names(&[("m.py", "m", text)], |names| {
            let order: Vec<String> = names.mro("m.D").iter().map(ToString::to_string).collect();
            assert_eq!(order, ["m.D", "m.B", "m.C", "m.A"]);
            assert_eq!(names.metaclass("m.D").unwrap(), ("m.M".into(), "m.A".into()));
            assert_eq!(names.owner_of("m.D", "x").as_deref(), Some("m.B"));
            assert_eq!(names.descendants("m.A"), ["m.B", "m.C", "m.D"]);
            assert!(names.derives_from("m.D", "m.A") && !names.derives_from("m.A", "m.D"));
            assert_eq!(names.mro("m.Loop").len(), 1);
        });
    }
}
