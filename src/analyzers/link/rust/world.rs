//! One numbering for the items of all files, the standard library's signatures included, and the
//! scopes in which their names are found.

use std::sync::{Arc, LazyLock};

use rustc_hash::{FxHashMap, FxHashSet};

use super::RustFile;
use super::cfg::{self, Gates};
use super::modules::{ModuleId, Modules};
use crate::model::facts::rust::RustFacts;
use crate::model::facts::rust::items::{
    Alias, Function, Impl, Owner, Trait, TypeItem, TypeKind, Value,
};
use crate::model::facts::rust::modules::{Cfg, Use};
use crate::model::facts::rust::types::{Ty, Word};
use crate::model::{FileFacts, Language, Name};

/// A name, project-wide.
pub type Id = u32;

/// Signatures of the standard library, in Rust.
const STD: &str = include_str!("std.stub");

static STD_FACTS: LazyLock<Arc<FileFacts>> = LazyLock::new(|| {
    let file = crate::analyzers::SourceFile {
        path: "".into(),
        language: Language::Rust,
        module: "".into(),
        text: STD.into(),
    };
    Arc::new(crate::analyzers::rust::extract(&file))
});

/// The facts of the standard library's signatures.
pub fn std_facts() -> &'static FileFacts {
    &STD_FACTS
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Prim {
    Bool,
    Char,
    Str,
    I8,
    I16,
    I32,
    I64,
    I128,
    Isize,
    U8,
    U16,
    U32,
    U64,
    U128,
    Usize,
    F32,
    F64,
}

/// What a name stands for. Numbers index the vectors of [`World`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Def {
    Module(ModuleId),
    Type(u32),
    /// Type and variant.
    Variant(u32, u32),
    Trait(u32),
    Alias(u32),
    Function(u32),
    Value(u32),
    Macro(u32),
    Prim(Prim),
    /// Something outside the project: index into the table of external paths.
    External(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace {
    Type = 0,
    Value = 1,
    Macro = 2,
}

/// An item's file and its index there.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub file: u32,
    pub index: u32,
}

pub type Bindings = [Option<Def>; 3];

/// All items with their scopes.
pub struct World<'a> {
    /// The project's files, then the standard library.
    pub files: Vec<RustFile<'a>>,
    pub modules: &'a Modules,
    names: Vec<&'a str>,
    ids: FxHashMap<&'a str, Id>,
    words: Vec<Vec<Id>>,
    pub functions: Vec<Place>,
    pub types: Vec<Place>,
    pub traits: Vec<Place>,
    pub impls: Vec<Place>,
    pub aliases: Vec<Place>,
    pub values: Vec<Place>,
    pub macros: Vec<Place>,
    /// Where each file's functions, types … start.
    pub bases: Vec<Bases>,
    pub(super) scopes: Vec<FxHashMap<Id, Bindings>>,
    /// Globs of each module: what is opened, and whether private names come along.
    pub(super) globs: Vec<Vec<(Def, bool)>>,
    pub(super) externals: Externals,
    pub(super) crates: FxHashMap<Id, ModuleId>,
    pub(super) prelude: Option<ModuleId>,
    pub known: Known,
    /// Variant names of each type.
    pub(super) variants: Vec<FxHashMap<Id, u32>>,
    /// Qualified names of functions, types, traits.
    pub function_names: Vec<Name>,
    pub type_names: Vec<Name>,
    pub trait_names: Vec<Name>,
    /// What the members of each `impl` are named after.
    pub impl_names: Vec<Name>,
    pub(super) private: Vec<FxHashSet<Id>>,
    gates: Vec<Gates<'a>>,
    /// Names bound by items whose `cfg` does not hold: an import that does hold replaces them.
    inactive: FxHashSet<(ModuleId, Id, usize)>,
    /// The items whose names were taken over so.
    replaced: FxHashSet<Def>,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct Bases {
    pub functions: u32,
    pub types: u32,
    pub traits: u32,
    pub impls: u32,
    pub aliases: u32,
    pub values: u32,
    pub macros: u32,
}

/// Names that resolution itself needs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known {
    pub crate_: Id,
    pub self_: Id,
    pub super_: Id,
    pub self_type: Id,
    pub dollar_crate: Id,
    pub output: Id,
    pub item: Id,
    pub std: Id,
}

/// Paths outside the project, numbered.
#[derive(Default)]
pub struct Externals {
    pub paths: Vec<Name>,
    numbers: FxHashMap<Name, u32>,
}

impl Externals {
    pub fn number(&mut self, path: &str) -> u32 {
        if let Some(number) = self.numbers.get(path) {
            return *number;
        }
        let path = Name::from(path);
        let number = self.paths.len() as u32;
        self.paths.push(path.clone());
        self.numbers.insert(path, number);
        number
    }

    pub fn find(&self, path: &str) -> Option<u32> {
        self.numbers.get(path).copied()
    }
}

impl<'a> World<'a> {
    pub fn build(files: &[RustFile<'a>], modules: &'a Modules) -> Self {
        let mut world = Self {
            files: files.to_vec(),
            modules,
            names: Vec::new(),
            ids: FxHashMap::default(),
            words: Vec::new(),
            functions: Vec::new(),
            types: Vec::new(),
            traits: Vec::new(),
            impls: Vec::new(),
            aliases: Vec::new(),
            values: Vec::new(),
            macros: Vec::new(),
            bases: Vec::new(),
            scopes: vec![FxHashMap::default(); modules.nodes.len()],
            globs: vec![Vec::new(); modules.nodes.len()],
            externals: Externals::default(),
            crates: FxHashMap::default(),
            prelude: None,
            known: Known::default(),
            variants: Vec::new(),
            function_names: Vec::new(),
            type_names: Vec::new(),
            trait_names: Vec::new(),
            impl_names: Vec::new(),
            private: vec![FxHashSet::default(); modules.nodes.len()],
            gates: Vec::new(),
            inactive: FxHashSet::default(),
            replaced: FxHashSet::default(),
        };
        world.number_words();
        world.number_items();
        world.declare();
        world.import();
        world.name_items();
        world
    }

    pub fn intern(&mut self, name: &'a str) -> Id {
        let names = &mut self.names;
        *self.ids.entry(name).or_insert_with(|| {
            names.push(name);
            names.len() as Id - 1
        })
    }

    /// The id of a name that some file mentions.
    pub fn id(&self, name: &str) -> Option<Id> {
        self.ids.get(name).copied()
    }

    pub fn name(&self, id: Id) -> &'a str {
        self.names.get(id as usize).copied().unwrap_or_default()
    }

    /// A file's word as a project-wide name.
    pub fn word(&self, file: u32, word: Word) -> Id {
        self.words[file as usize][word as usize]
    }

    pub fn facts(&self, file: u32) -> &'a RustFacts {
        self.files[file as usize].facts
    }

    pub fn function(&self, id: u32) -> &'a Function {
        let place = self.functions[id as usize];
        &self.facts(place.file).items.functions[place.index as usize]
    }

    pub fn type_(&self, id: u32) -> &'a TypeItem {
        let place = self.types[id as usize];
        &self.facts(place.file).items.types[place.index as usize]
    }

    pub fn trait_(&self, id: u32) -> &'a Trait {
        let place = self.traits[id as usize];
        &self.facts(place.file).items.traits[place.index as usize]
    }

    pub fn impl_(&self, id: u32) -> &'a Impl {
        let place = self.impls[id as usize];
        &self.facts(place.file).items.impls[place.index as usize]
    }

    pub fn alias(&self, id: u32) -> &'a Alias {
        let place = self.aliases[id as usize];
        &self.facts(place.file).items.aliases[place.index as usize]
    }

    pub fn value(&self, id: u32) -> &'a Value {
        let place = self.values[id as usize];
        &self.facts(place.file).items.values[place.index as usize]
    }

    pub fn macro_name(&self, id: u32) -> Name {
        let place = self.macros[id as usize];
        let facts = self.facts(place.file);
        let item = &facts.items.macros[place.index as usize];
        let module = self.module(place.file, item.module);
        // Exported macros live at the crate's root.
        let holder = if item.is_exported { self.modules.krate(module).root } else { module };
        format!("{}::{}", self.modules.node(holder).path, facts.word(item.name)).into()
    }

    /// A path outside the project.
    pub fn external_path(&self, id: u32) -> &Name {
        &self.externals.paths[id as usize]
    }

    /// Whether a file is the standard library's.
    pub fn is_std(&self, file: u32) -> bool {
        self.files[file as usize].file.path.is_empty()
    }

    /// The module an item stands in.
    pub fn module(&self, file: u32, local: u32) -> ModuleId {
        self.modules.id(file as usize, local).unwrap_or_default()
    }

    fn number_words(&mut self) {
        for at in 0..self.files.len() {
            let facts = self.files[at].facts;
            let ids = facts.words.iter().map(|word| self.intern(word)).collect();
            self.words.push(ids);
        }
        self.known = Known {
            crate_: self.intern("crate"),
            self_: self.intern("self"),
            super_: self.intern("super"),
            self_type: self.intern("Self"),
            dollar_crate: self.intern("$crate"),
            output: self.intern("Output"),
            item: self.intern("Item"),
            std: self.intern("std"),
        };
    }

    fn number_items(&mut self) {
        for (at, file) in self.files.iter().enumerate() {
            let items = &file.facts.items;
            self.bases.push(Bases {
                functions: self.functions.len() as u32,
                types: self.types.len() as u32,
                traits: self.traits.len() as u32,
                impls: self.impls.len() as u32,
                aliases: self.aliases.len() as u32,
                values: self.values.len() as u32,
                macros: self.macros.len() as u32,
            });
            let places = |count: usize| {
                (0..count).map(move |index| Place { file: at as u32, index: index as u32 })
            };
            self.functions.extend(places(items.functions.len()));
            self.types.extend(places(items.types.len()));
            self.traits.extend(places(items.traits.len()));
            self.impls.extend(places(items.impls.len()));
            self.aliases.extend(places(items.aliases.len()));
            self.values.extend(places(items.values.len()));
            self.macros.extend(places(items.macros.len()));
        }
        for id in 0..self.types.len() as u32 {
            let item = self.type_(id);
            let file = self.types[id as usize].file;
            let variants = match item.kind {
                TypeKind::Enum => item
                    .variants
                    .iter()
                    .enumerate()
                    .map(|(at, variant)| (self.word(file, variant.name), at as u32))
                    .collect(),
                _ => FxHashMap::default(),
            };
            self.variants.push(variants);
        }
    }

    /// Binds every item's name in its module. Of two with one name, that whose `cfg` holds wins.
    fn declare(&mut self) {
        use Namespace::{Macro, Type, Value as Val};
        let mut gates: Vec<Gates<'a>> = vec![Gates::default(); self.modules.crates.len()];
        for (at, file) in self.files.iter().enumerate() {
            for item in &file.facts.items.macros {
                if let (Some(gate), Some(module)) = (&item.gate, self.modules.id(at, item.module)) {
                    let krate = self.modules.node(module).krate;
                    gates[krate as usize].insert(file.facts.word(item.name), gate);
                }
            }
        }
        let mut taken: FxHashMap<(ModuleId, Id, usize), bool> = FxHashMap::default();
        for at in 0..self.files.len() {
            let items = &self.files[at].facts.items;
            let bases = self.bases[at];
            let mut bind = |local: u32,
                            word: Word,
                            cfg: Option<&Cfg>,
                            spaces: &[Namespace],
                            def: Def,
                            public: bool| {
                let Some(module) = self.modules.id(at, local) else { return };
                let node = self.modules.node(module);
                let id = self.words[at][word as usize];
                let active = node.is_active
                    && cfg.is_none_or(|cfg| cfg::holds(cfg, &gates[node.krate as usize]));
                for space in spaces {
                    let known = taken.entry((module, id, *space as usize)).or_insert(active);
                    let slot =
                        &mut self.scopes[module as usize].entry(id).or_default()[*space as usize];
                    if slot.is_none() || (active && !*known) {
                        *slot = Some(def);
                        *known = active;
                    }
                }
                if !public {
                    self.private[module as usize].insert(id);
                }
            };
            for (index, item) in items.functions.iter().enumerate() {
                if matches!(item.owner, Owner::Module | Owner::Foreign) {
                    let def = Def::Function(bases.functions + index as u32);
                    bind(item.module, item.name, item.cfg.as_ref(), &[Val], def, item.is_public);
                }
            }
            for (index, item) in items.types.iter().enumerate() {
                let def = Def::Type(bases.types + index as u32);
                let spaces: &[Namespace] = match (item.kind, item.variants.first()) {
                    (TypeKind::Struct, Some(only))
                        if only.shape != crate::model::facts::rust::items::Shape::Named =>
                    {
                        &[Type, Val]
                    }
                    _ => &[Type],
                };
                bind(item.module, item.name, item.cfg.as_ref(), spaces, def, item.is_public);
            }
            for (index, item) in items.traits.iter().enumerate() {
                let def = Def::Trait(bases.traits + index as u32);
                bind(item.module, item.name, item.cfg.as_ref(), &[Type], def, item.is_public);
            }
            for (index, item) in items.aliases.iter().enumerate() {
                let def = Def::Alias(bases.aliases + index as u32);
                bind(item.module, item.name, item.cfg.as_ref(), &[Type], def, true);
            }
            for (index, item) in items.values.iter().enumerate() {
                if matches!(item.owner, Owner::Module | Owner::Foreign) {
                    let def = Def::Value(bases.values + index as u32);
                    bind(item.module, item.name, item.cfg.as_ref(), &[Val], def, true);
                }
            }
            for (index, item) in items.macros.iter().enumerate() {
                let def = Def::Macro(bases.macros + index as u32);
                bind(item.module, item.name, None, &[Macro], def, true);
            }
            let modules = &self.files[at].facts.modules.modules;
            for (local, module) in modules.iter().enumerate().skip(1) {
                let (Some(parent), Some(id)) = (module.parent, self.modules.id(at, local as u32))
                else {
                    continue;
                };
                if module.kind != crate::model::facts::rust::modules::ModuleKind::Block {
                    bind(
                        parent,
                        module.name,
                        module.cfg.as_ref(),
                        &[Type],
                        Def::Module(id),
                        module.is_public,
                    );
                }
            }
        }
        self.gates = gates;
        let given = taken.into_iter().filter(|(_, active)| !active);
        self.inactive = given.map(|(key, _)| key).collect();
    }

    /// Binds crates, then all `use`s until nothing more is learned.
    fn import(&mut self) {
        for krate in self.modules.crates.iter().rev() {
            if krate.kind <= super::crates::TargetKind::Library || krate.package.is_none() {
                let name = self.ids.get(&*krate.name).copied();
                if let Some(name) = name {
                    self.crates.insert(name, krate.root);
                }
            }
        }
        let std =
            self.modules.crates.iter().find(|krate| {
                &*krate.name == "std" && self.is_std(self.modules.node(krate.root).file)
            });
        if let Some(std) = std {
            self.crates.insert(self.known.std, std.root);
            for alias in ["core", "alloc"] {
                if let Some(id) = self.ids.get(alias) {
                    self.crates.insert(*id, std.root);
                }
            }
            let prelude = self.ids.get("prelude").copied();
            self.prelude = prelude.and_then(|prelude| {
                match self.scopes[std.root as usize].get(&prelude)?[Namespace::Type as usize]? {
                    Def::Module(module) => Some(module),
                    _ => None,
                }
            });
        }
        let mut uses: Vec<(u32, ModuleId, &'a Use, bool)> = Vec::new();
        for at in 0..self.files.len() {
            for (local, module) in self.files[at].facts.modules.modules.iter().enumerate() {
                let Some(id) = self.modules.id(at, local as u32) else { continue };
                if module.kind == crate::model::facts::rust::modules::ModuleKind::Declared {
                    continue;
                }
                let node = self.modules.node(id);
                let gates = &self.gates[node.krate as usize];
                for import in &module.uses {
                    let active = import.cfg.as_ref().is_none_or(|cfg| cfg::holds(cfg, gates));
                    uses.push((at as u32, id, import, active));
                }
            }
        }
        // Those whose `cfg` holds first: the first binding of a name stays.
        uses.sort_by_key(|(.., active)| !*active);
        let mut done = vec![0u8; uses.len()];
        for _ in 0..12 {
            let mut changed = false;
            for (at, (file, module, import, active)) in uses.iter().enumerate() {
                if done[at] < 2 {
                    changed |= self.import_one(*file, *module, import, *active, &mut done[at]);
                }
            }
            if !changed {
                break;
            }
        }
        self.import_replaced(&uses);
        // What no crate of the project explains comes from outside.
        for (at, (file, module, import, _)) in uses.iter().enumerate() {
            if done[at] == 0 {
                self.import_external(*file, *module, import);
            }
        }
    }

    /// An import may have been bound to an item whose `cfg` does not hold before that item's name
    /// was given to another: it is looked up again.
    fn import_replaced(&mut self, uses: &[(u32, ModuleId, &Use, bool)]) {
        for _ in 0..12 {
            let mut changed = false;
            for (file, module, import, _) in uses {
                let Some(name) = import.name.map(|name| self.word(*file, name)) else { continue };
                for space in [Namespace::Type, Namespace::Value, Namespace::Macro] {
                    let bound =
                        self.scopes[*module as usize].get(&name).and_then(|b| b[space as usize]);
                    let Some(bound) = bound.filter(|def| self.replaced.contains(def)) else {
                        continue;
                    };
                    let path: Vec<Id> =
                        import.path.iter().map(|word| self.word(*file, *word)).collect();
                    let found = self.resolve_use(*module, &path, import.global, space);
                    if let Some(def) = found.filter(|def| *def != bound) {
                        self.scopes[*module as usize].entry(name).or_default()[space as usize] =
                            Some(def);
                        changed = true;
                    }
                }
            }
            if !changed {
                break;
            }
        }
    }

    fn import_one(
        &mut self,
        file: u32,
        module: ModuleId,
        import: &Use,
        active: bool,
        done: &mut u8,
    ) -> bool {
        let path: Vec<Id> = import.path.iter().map(|word| self.word(file, *word)).collect();
        let Some(name) = import.name else {
            let Some(target) = self.resolve_use(module, &path, import.global, Namespace::Type)
            else {
                return false;
            };
            *done = 2;
            let inside = match target {
                Def::Module(target) => self.is_within(module, target),
                _ => true,
            };
            self.globs[module as usize].push((target, inside));
            return true;
        };
        let name = self.word(file, name);
        let mut changed = false;
        for space in [Namespace::Type, Namespace::Value, Namespace::Macro] {
            let bound = self.scopes[module as usize].get(&name).and_then(|b| b[space as usize]);
            let replaces = active && self.inactive.contains(&(module, name, space as usize));
            if bound.is_some() && !replaces {
                if !matches!(bound, Some(Def::External(_))) {
                    *done = (*done).max(1);
                }
                continue;
            }
            if let Some(def) = self.resolve_use(module, &path, import.global, space)
                && def != Def::Module(module)
            {
                self.scopes[module as usize].entry(name).or_default()[space as usize] = Some(def);
                if self.inactive.remove(&(module, name, space as usize)) {
                    self.replaced.extend(bound);
                }
                if !import.is_public {
                    self.private[module as usize].insert(name);
                }
                *done = (*done).max(1);
                changed = true;
            }
        }
        changed
    }

    fn import_external(&mut self, file: u32, module: ModuleId, import: &Use) {
        let Some(first) = import.path.first().map(|word| self.word(file, *word)) else { return };
        if [self.known.crate_, self.known.self_, self.known.super_].contains(&first) {
            return;
        }
        let parts: Vec<&str> =
            import.path.iter().map(|word| self.name(self.word(file, *word))).collect();
        // A path that starts in the project but leads nowhere is no external name, unless it is
        // a part of the standard library that has no signature here.
        if let Some(Def::Module(root)) = self.lookup_lexical(module, first, Namespace::Type)
            && !self.is_std(self.modules.node(root).file)
        {
            return;
        }
        let std = matches!(parts[0], "core" | "alloc");
        let mut path = parts.join("::");
        if std {
            path = format!("std{}", &path[parts[0].len()..]);
        }
        let def = Def::External(self.externals.number(&path));
        match import.name {
            Some(name) => {
                let name = self.word(file, name);
                let slots = self.scopes[module as usize].entry(name).or_default();
                for slot in slots.iter_mut() {
                    slot.get_or_insert(def);
                }
                if !import.is_public {
                    self.private[module as usize].insert(name);
                }
            }
            None => self.globs[module as usize].push((def, false)),
        }
    }

    /// Whether a module is the other one or stands inside it.
    pub(super) fn is_within(&self, mut module: ModuleId, outer: ModuleId) -> bool {
        loop {
            if module == outer {
                return true;
            }
            match self.modules.node(module).parent {
                Some(parent) => module = parent,
                None => return false,
            }
        }
    }

    fn name_items(&mut self) {
        let qualified = |world: &Self, place: Place, local: u32, word: Word| -> Name {
            let module = world.modules.id(place.file as usize, local);
            let path = module.map_or("crate", |module| &world.modules.node(module).path);
            format!("{path}::{}", world.facts(place.file).word(word)).into()
        };
        self.type_names = (0..self.types.len())
            .map(|id| {
                let item = self.type_(id as u32);
                qualified(self, self.types[id], item.module, item.name)
            })
            .collect();
        self.trait_names = (0..self.traits.len())
            .map(|id| {
                let item = self.trait_(id as u32);
                qualified(self, self.traits[id], item.module, item.name)
            })
            .collect();
        self.impl_names = (0..self.impls.len() as u32).map(|id| self.impl_name(id)).collect();
        self.function_names = (0..self.functions.len())
            .map(|id| {
                let (item, place) = (self.function(id as u32), self.functions[id]);
                let name = self.facts(place.file).word(item.name);
                let bases = self.bases[place.file as usize];
                match item.owner {
                    Owner::Module | Owner::Foreign => {
                        qualified(self, place, item.module, item.name)
                    }
                    Owner::Impl(at) => {
                        format!("{}::{name}", self.impl_names[(bases.impls + at) as usize]).into()
                    }
                    Owner::Trait(at) => {
                        format!("{}::{name}", self.trait_names[(bases.traits + at) as usize]).into()
                    }
                }
            })
            .collect();
    }

    /// What the members of an `impl` are named after: the type's own path when it is one of the
    /// project's, else the module of the `impl` and the type's short name.
    fn impl_name(&self, id: u32) -> Name {
        let (item, place) = (self.impl_(id), self.impls[id as usize]);
        let module = self.module(place.file, item.module);
        let mut ty = &item.self_ty;
        while let Ty::Ref { inner, .. } | Ty::Ptr(inner) = ty {
            ty = inner;
        }
        let std = self.is_std(place.file);
        let short = match ty {
            Ty::Path(path) if path.qself.is_none() => {
                let ids: Vec<Id> =
                    path.segments.iter().map(|s| self.word(place.file, s.name)).collect();
                let is_param = path.as_word().is_some_and(|word| {
                    item.generics.params.iter().any(|param| param.name == word)
                });
                if !is_param {
                    match self.resolve_type(module, &ids, path.global) {
                        Some(Def::Type(id)) => {
                            let own = self.types[id as usize].file;
                            if std || !self.is_std(own) {
                                return self.type_names[id as usize].clone();
                            }
                        }
                        Some(Def::Prim(_)) if std => {
                            return format!("std::primitive::{}", self.name(ids[0])).into();
                        }
                        Some(Def::Trait(id)) => return self.trait_names[id as usize].clone(),
                        Some(Def::Alias(id)) => {
                            if let Some(named) = self.aliased(id)
                                && (std || !self.is_std(self.types[named as usize].file))
                            {
                                return self.type_names[named as usize].clone();
                            }
                        }
                        _ => {}
                    }
                }
                ids.last().map_or("_", |id| self.name(*id))
            }
            Ty::Dyn(bounds) => {
                let first = bounds.first().and_then(|path| path.last());
                first.map_or("dyn", |segment| self.name(self.word(place.file, segment.name)))
            }
            Ty::Slice(_) => "slice",
            Ty::Array(..) => "array",
            Ty::Tuple(_) => "tuple",
            Ty::Fn(..) => "fn",
            Ty::Never => "never",
            _ => "_",
        };
        if std {
            return format!("std::primitive::{short}").into();
        }
        format!("{}::{short}", self.modules.node(module).path).into()
    }

    /// The struct or enum that an alias, or an alias of it, stands for.
    fn aliased(&self, alias: u32) -> Option<u32> {
        let mut id = alias;
        for _ in 0..8 {
            let (item, place) = (self.alias(id), self.aliases[id as usize]);
            let Some(Ty::Path(path)) = &item.ty else { return None };
            let ids: Vec<Id> =
                path.segments.iter().map(|s| self.word(place.file, s.name)).collect();
            match self.resolve_type(self.module(place.file, item.module), &ids, path.global)? {
                Def::Type(id) => return Some(id),
                Def::Alias(next) => id = next,
                _ => return None,
            }
        }
        None
    }

    /// The functions that are a file's own, with their names.
    pub fn function_range(&self, file: usize) -> std::ops::Range<usize> {
        let start = self.bases[file].functions as usize;
        let count = self.files[file].facts.items.functions.len();
        start..start + count
    }
}
