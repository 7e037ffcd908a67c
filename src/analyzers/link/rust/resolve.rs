//! Name lookup: scopes, globs, crates, the prelude, and paths through them.

use rustc_hash::FxHashSet;

use super::modules::ModuleId;
use super::world::{Bindings, Def, Id, Namespace, Prim, World};

/// Globs open globs; real chains are short, and cycles must end.
const GLOB_DEPTH: u32 = 12;

/// How far a path leads: the definition and how many segments it took.
#[derive(Debug, Clone, Copy)]
pub struct Prefix {
    pub def: Def,
    pub taken: usize,
}

impl World<'_> {
    /// A name in one module: its items and imports, then its globs.
    pub fn lookup_in(&self, module: ModuleId, name: Id, space: Namespace) -> Option<Def> {
        self.lookup_deep(module, name, space, 0, true)
    }

    fn lookup_deep(
        &self,
        module: ModuleId,
        name: Id,
        space: Namespace,
        depth: u32,
        private: bool,
    ) -> Option<Def> {
        let own = self.scopes[module as usize].get(&name);
        if let Some(def) = own.and_then(|bindings: &Bindings| bindings[space as usize])
            && (private || !self.private[module as usize].contains(&name))
        {
            return Some(def);
        }
        if depth >= GLOB_DEPTH {
            return None;
        }
        for (target, inside) in &self.globs[module as usize] {
            let found = match target {
                Def::Module(target) if *target != module => {
                    self.lookup_deep(*target, name, space, depth + 1, *inside)
                }
                Def::Type(_) | Def::Alias(_) => self.variant(*target, name),
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// A variant of an enum, also through an alias.
    pub fn variant(&self, def: Def, name: Id) -> Option<Def> {
        match def {
            Def::Type(id) => self.variants[id as usize].get(&name).map(|at| Def::Variant(id, *at)),
            Def::Alias(id) => {
                let (alias, place) = (self.alias(id), self.aliases[id as usize]);
                let Some(crate::model::facts::rust::types::Ty::Path(path)) = &alias.ty else {
                    return None;
                };
                let ids: Vec<Id> =
                    path.segments.iter().map(|s| self.word(place.file, s.name)).collect();
                let module = self.module(place.file, alias.module);
                match self.resolve_type(module, &ids, path.global)? {
                    Def::Type(id) => self.variant(Def::Type(id), name),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// A name as seen from a place in a module: blocks outwards to the module, then crates, the
    /// prelude and primitive types.
    pub fn lookup_lexical(&self, module: ModuleId, name: Id, space: Namespace) -> Option<Def> {
        let mut at = module;
        loop {
            if let Some(def) = self.lookup_in(at, name, space) {
                return Some(def);
            }
            let node = self.modules.node(at);
            match node.parent {
                Some(parent) if node.is_block => at = parent,
                _ => break,
            }
        }
        if space == Namespace::Type
            && let Some(root) = self.crate_named(module, name)
        {
            return Some(Def::Module(root));
        }
        let prelude = self.prelude.and_then(|prelude| self.lookup_in(prelude, name, space));
        prelude.or_else(|| {
            let prim = (space == Namespace::Type).then(|| primitive(self.name(name))).flatten()?;
            Some(Def::Prim(prim))
        })
    }

    /// The root module of a crate, under the name that code in `module` uses for it.
    fn crate_named(&self, module: ModuleId, name: Id) -> Option<ModuleId> {
        if let Some(root) = self.crates.get(&name) {
            return Some(*root);
        }
        let package = self.modules.krate(module).package?;
        let package = self.modules.packages.get(package as usize)?;
        let real = package.dependencies.get(self.name(name))?;
        let of = |krate: &&super::modules::Crate| {
            krate.kind == super::crates::TargetKind::Library
                && krate
                    .package
                    .and_then(|at| self.modules.packages.get(at as usize))
                    .is_some_and(|package| package.name == *real)
        };
        self.modules.crates.iter().find(of).map(|krate| krate.root)
    }

    /// The path of a `use`, whose last name may be of any namespace.
    pub(super) fn resolve_use(
        &self,
        module: ModuleId,
        path: &[Id],
        global: bool,
        space: Namespace,
    ) -> Option<Def> {
        let (last, rest) = path.split_last()?;
        if rest.is_empty() {
            if let Some(def) = self.keyword(module, *last) {
                return (space == Namespace::Type).then_some(def);
            }
            // `use name;` never means the name it binds itself.
            return if space == Namespace::Type {
                let outer = self.crate_named(module, *last).map(Def::Module);
                outer.or_else(
                    || if global { None } else { self.lookup_lexical(module, *last, space) },
                )
            } else if global {
                None
            } else {
                self.lookup_lexical(module, *last, space)
            };
        }
        let mut def = self.first(module, rest[0], global).or_else(|| {
            // Paths of the 2015 edition start at the crate's root.
            let root = self.modules.krate(module).root;
            self.lookup_in(root, rest[0], Namespace::Type)
        })?;
        for name in &rest[1..] {
            def = self.member(def, *name, Namespace::Type, module)?;
        }
        self.member(def, *last, space, module)
    }

    /// A type, trait or module by its path.
    pub fn resolve_type(&self, module: ModuleId, path: &[Id], global: bool) -> Option<Def> {
        let prefix = self.resolve(module, path, global, Namespace::Type)?;
        (prefix.taken == path.len()).then_some(prefix.def)
    }

    /// As much of a path as names items; the rest are associated items.
    pub fn resolve(
        &self,
        module: ModuleId,
        path: &[Id],
        global: bool,
        space: Namespace,
    ) -> Option<Prefix> {
        let (first, rest) = path.split_first()?;
        if rest.is_empty() && !global {
            let def = self
                .keyword(module, *first)
                .or_else(|| self.lookup_lexical(module, *first, space))?;
            return Some(Prefix { def, taken: 1 });
        }
        let mut def = self.first(module, *first, global)?;
        for (at, name) in rest.iter().enumerate() {
            let last = at + 1 == rest.len();
            let wanted = if last { space } else { Namespace::Type };
            let next = self.member(def, *name, wanted, module);
            match next {
                Some(next) => def = next,
                // An enum variant or module-like path that is not there is no associated item.
                None if matches!(def, Def::Module(_)) => return None,
                None => return Some(Prefix { def, taken: at + 1 }),
            }
        }
        Some(Prefix { def, taken: path.len() })
    }

    /// The traits named, imported (also as `_`) or opened by a glob in a module, and the prelude's.
    pub fn visible_traits(&self, module: ModuleId, found: &mut FxHashSet<u32>) {
        self.traits_of(module, found, 0);
        if let Some(prelude) = self.prelude {
            self.traits_of(prelude, found, 0);
        }
    }

    fn traits_of(&self, module: ModuleId, found: &mut FxHashSet<u32>, depth: u32) {
        for bindings in self.scopes[module as usize].values() {
            if let Some(Def::Trait(id)) = bindings[Namespace::Type as usize] {
                found.insert(id);
            }
        }
        let node = self.modules.node(module);
        let facts = self.facts(node.file);
        if let Some(own) = facts.modules.modules.get(node.local as usize) {
            for import in &own.uses {
                if import.name.is_some_and(|name| facts.word(name) == "_") {
                    let path: Vec<Id> =
                        import.path.iter().map(|word| self.word(node.file, *word)).collect();
                    let def = self.resolve_use(module, &path, import.global, Namespace::Type);
                    if let Some(Def::Trait(id)) = def {
                        found.insert(id);
                    }
                }
            }
        }
        if depth < 4 {
            for (target, _) in &self.globs[module as usize] {
                if let Def::Module(target) = target
                    && *target != module
                {
                    self.traits_of(*target, found, depth + 1);
                }
            }
        }
    }

    fn first(&self, module: ModuleId, name: Id, global: bool) -> Option<Def> {
        if global {
            return self.crate_named(module, name).map(Def::Module);
        }
        self.keyword(module, name).or_else(|| self.lookup_lexical(module, name, Namespace::Type))
    }

    /// `crate`, `self`, `super`.
    fn keyword(&self, module: ModuleId, name: Id) -> Option<Def> {
        let known = &self.known;
        if name == known.crate_ || name == known.dollar_crate {
            return Some(Def::Module(self.modules.krate(module).root));
        }
        if name == known.self_ {
            return Some(Def::Module(self.non_block(module)));
        }
        if name == known.super_ {
            let own = self.modules.node(self.non_block(module));
            return own.parent.map(|parent| Def::Module(self.non_block(parent)));
        }
        None
    }

    pub(super) fn non_block(&self, mut module: ModuleId) -> ModuleId {
        loop {
            let node = self.modules.node(module);
            match node.parent {
                Some(parent) if node.is_block => module = parent,
                _ => return module,
            }
        }
    }

    fn member(&self, def: Def, name: Id, space: Namespace, from: ModuleId) -> Option<Def> {
        match def {
            Def::Module(module) => {
                if name == self.known.super_ {
                    let parent = self.modules.node(module).parent?;
                    return Some(Def::Module(self.non_block(parent)));
                }
                let inside = self.is_within(from, module)
                    || self.modules.node(module).krate == self.modules.node(from).krate;
                self.lookup_deep(module, name, space, 0, inside)
            }
            Def::Type(_) | Def::Alias(_) => self.variant(def, name),
            _ => None,
        }
    }
}

pub fn primitive(name: &str) -> Option<Prim> {
    Some(match name {
        "bool" => Prim::Bool,
        "char" => Prim::Char,
        "str" => Prim::Str,
        "i8" => Prim::I8,
        "i16" => Prim::I16,
        "i32" => Prim::I32,
        "i64" => Prim::I64,
        "i128" => Prim::I128,
        "isize" => Prim::Isize,
        "u8" => Prim::U8,
        "u16" => Prim::U16,
        "u32" => Prim::U32,
        "u64" => Prim::U64,
        "u128" => Prim::U128,
        "usize" => Prim::Usize,
        "f32" => Prim::F32,
        "f64" => Prim::F64,
        _ => return None,
    })
}
