//! Signatures, traits and implementations with their types resolved, and where methods are found.

use std::sync::{Arc, OnceLock};

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::cfg;
use super::super::modules::ModuleId;
use super::super::world::{Def, Id, Namespace, Prim, World};
use super::types::{Bound, Head, Proj, T, Types, none};
use crate::analyzers::rust::operators::OPERATORS;
use crate::model::Name;
use crate::model::facts::rust::items::{Owner, Receiver};
use crate::model::facts::rust::types::Generics;

/// Ids of `impl Trait` parameters start here, far above any name's.
const SYNTHETIC: Id = 1 << 30;

/// A function's types.
#[derive(Debug)]
pub struct Sig {
    /// Parameters of the `impl` or trait, then its own.
    pub generics: Vec<Id>,
    /// Where its own start, and how many of them can be written.
    pub own: (usize, usize),
    pub bounds: Vec<(T, Bound)>,
    pub self_ty: Option<T>,
    /// The receiver's type first, if there is one.
    pub params: Vec<T>,
    pub output: T,
    /// What `return` gives: without the future of an `async` function.
    pub inner: T,
}

#[derive(Debug)]
pub struct ImplInfo {
    pub generics: Vec<Id>,
    pub bounds: Vec<(T, Bound)>,
    pub self_ty: T,
    pub trait_: Option<(u32, Types)>,
    pub types: Vec<(Id, T)>,
    pub methods: FxHashMap<Id, u32>,
    pub is_active: bool,
}

#[derive(Debug, Default)]
pub struct TraitInfo {
    pub generics: Vec<Id>,
    pub supers: Vec<Bound>,
    pub types: Vec<(Id, Vec<Bound>, Option<T>)>,
    pub methods: FxHashMap<Id, u32>,
}

/// What a type is written in.
#[derive(Clone, Default)]
pub struct Scope {
    pub file: u32,
    pub module: ModuleId,
    pub generics: Vec<Id>,
    pub self_ty: Option<T>,
    pub trait_: Option<u32>,
    pub impl_: Option<u32>,
}

/// Items of the standard library that the language itself uses.
pub struct Std {
    types: FxHashMap<&'static str, u32>,
    traits: FxHashMap<&'static str, u32>,
}

impl Std {
    pub fn ty(&self, name: &str) -> Option<u32> {
        self.types.get(name).copied()
    }

    pub fn tr(&self, name: &str) -> Option<u32> {
        self.traits.get(name).copied()
    }
}

pub struct Tables<'w, 'a> {
    pub world: &'w World<'a>,
    sigs: Vec<OnceLock<Sig>>,
    pub impls: Vec<ImplInfo>,
    pub traits: Vec<TraitInfo>,
    /// Methods and associated functions of `impl`s without a trait.
    pub inherent: FxHashMap<(Head, Id), Vec<u32>>,
    /// Traits with a method of this name.
    pub by_method: FxHashMap<Id, Vec<(u32, u32)>>,
    /// All methods of a name.
    pub named: FxHashMap<Id, Vec<u32>>,
    /// Traits with an associated type of this name.
    pub by_assoc: FxHashMap<Id, Vec<u32>>,
    pub of_trait: FxHashMap<(u32, Head), Vec<u32>>,
    /// `impl<T> Trait for T`.
    pub blankets: FxHashMap<u32, Vec<u32>>,
    /// All implementations of a trait that the project holds.
    pub implementors: FxHashMap<u32, Vec<u32>>,
    /// Which traits a type derives.
    pub derives: FxHashSet<(u32, u32)>,
    /// Associated constants by name: the `impl` or trait they stand in, and their type.
    pub consts: FxHashMap<Id, Vec<Constant>>,
    /// The project's implementations of methods of traits without source, by the method's path.
    pub outside_methods: FxHashMap<Name, Vec<u32>>,
    traits_in_scope: Vec<OnceLock<FxHashSet<u32>>>,
    pub std: Std,
    pub known: Known,
}

/// The `impl` or the trait that an associated constant stands in, and its type.
pub type Constant = (Option<u32>, Option<u32>, T);

/// Names used all the time.
pub struct Known {
    pub output: Option<Id>,
    pub item: Option<Id>,
    pub target: Option<Id>,
    pub into_iter: Option<Id>,
    pub self_type: Id,
    pub fn_traits: Vec<u32>,
    pub deref: Option<u32>,
    pub future: Option<u32>,
}

const STD_TYPES: &[(&str, &str)] = &[
    ("Option", "std::option::Option"),
    ("Result", "std::result::Result"),
    ("Vec", "std::vec::Vec"),
    ("String", "std::string::String"),
    ("Box", "std::boxed::Box"),
    ("Rc", "std::rc::Rc"),
    ("Arc", "std::sync::Arc"),
    ("Pin", "std::pin::Pin"),
    ("Poll", "std::task::Poll"),
    ("CStr", "std::ffi::CStr"),
    ("Range", "std::ops::Range"),
    ("RangeInclusive", "std::ops::RangeInclusive"),
    ("RangeFrom", "std::ops::RangeFrom"),
    ("RangeTo", "std::ops::RangeTo"),
    ("RangeToInclusive", "std::ops::RangeToInclusive"),
    ("RangeFull", "std::ops::RangeFull"),
];

impl<'w, 'a> Tables<'w, 'a> {
    pub fn build(world: &'w World<'a>) -> Self {
        let std = Std::find(world);
        let fn_traits = ["Fn", "FnMut", "FnOnce", "AsyncFn", "AsyncFnMut", "AsyncFnOnce"];
        let known = Known {
            output: world.id("Output"),
            item: world.id("Item"),
            target: world.id("Target"),
            into_iter: world.id("IntoIter"),
            self_type: world.known.self_type,
            fn_traits: fn_traits.iter().filter_map(|name| std.tr(name)).collect(),
            deref: std.tr("Deref"),
            future: std.tr("Future"),
        };
        let lock = |count: usize| (0..count).map(|_| OnceLock::new()).collect();
        let mut tables = Self {
            world,
            sigs: lock(world.functions.len()),
            impls: Vec::new(),
            traits: Vec::new(),
            inherent: FxHashMap::default(),
            by_method: FxHashMap::default(),
            named: FxHashMap::default(),
            by_assoc: FxHashMap::default(),
            of_trait: FxHashMap::default(),
            blankets: FxHashMap::default(),
            implementors: FxHashMap::default(),
            derives: FxHashSet::default(),
            consts: FxHashMap::default(),
            outside_methods: FxHashMap::default(),
            traits_in_scope: (0..world.modules.nodes.len()).map(|_| OnceLock::new()).collect(),
            std,
            known,
        };
        tables.gather_traits();
        tables.gather_impls();
        tables.gather_methods();
        tables.gather_outside_methods();
        tables.gather_derives();
        tables
    }

    pub fn name(&self, function: u32) -> &Name {
        &self.world.function_names[function as usize]
    }

    pub fn is_std_function(&self, function: u32) -> bool {
        self.world.is_std(self.world.functions[function as usize].file)
    }

    /// A function's own name.
    pub fn short(&self, function: u32) -> Id {
        let place = self.world.functions[function as usize];
        self.world.word(place.file, self.world.function(function).name)
    }

    pub fn owner_impl(&self, function: u32) -> Option<u32> {
        let place = self.world.functions[function as usize];
        match self.world.function(function).owner {
            Owner::Impl(at) => Some(self.world.bases[place.file as usize].impls + at),
            _ => None,
        }
    }

    pub fn owner_trait(&self, function: u32) -> Option<u32> {
        let place = self.world.functions[function as usize];
        match self.world.function(function).owner {
            Owner::Trait(at) => Some(self.world.bases[place.file as usize].traits + at),
            _ => None,
        }
    }

    fn gather_outside_methods(&mut self) {
        let world = self.world;
        for function in 0..world.functions.len() as u32 {
            let Some(holder) = self.owner_impl(function) else { continue };
            let (item, place) = (world.impl_(holder), world.impls[holder as usize]);
            let Some(path) = &item.trait_ else { continue };
            let ids = self.ids(path, place.file);
            let module = world.module(place.file, item.module);
            if let Some(found) = world.resolve(module, &ids, path.global, Namespace::Type)
                && let Def::External(id) = found.def
            {
                let mut name = world.external_path(id).to_string();
                for rest in &ids[found.taken..] {
                    name.push_str("::");
                    name.push_str(world.name(*rest));
                }
                name.push_str("::");
                name.push_str(world.name(self.short(function)));
                self.outside_methods.entry(name.into()).or_default().push(function);
            }
        }
    }

    fn gather_traits(&mut self) {
        let world = self.world;
        self.traits = (0..world.traits.len() as u32)
            .map(|id| {
                let (item, place) = (world.trait_(id), world.traits[id as usize]);
                let scope = self.trait_scope(id);
                let self_ty = T::Param(world.known.self_type);
                let mut supers = self.lower_bounds(&item.supertraits, &scope);
                let written = self.bounds_of(&item.generics, &scope).into_iter();
                supers.extend(written.filter(|(on, _)| *on == self_ty).map(|(_, bound)| bound));
                TraitInfo {
                    generics: self.param_names(&item.generics, place.file),
                    supers,
                    types: item
                        .types
                        .iter()
                        .map(|(name, bounds, default)| {
                            let name = world.word(place.file, *name);
                            let default = default.as_ref().map(|ty| self.lower(ty, &scope));
                            (name, self.lower_bounds(bounds, &scope), default)
                        })
                        .collect(),
                    methods: FxHashMap::default(),
                }
            })
            .collect();
        for id in 0..world.traits.len() as u32 {
            let (item, place) = (world.trait_(id), world.traits[id as usize]);
            let scope = self.trait_scope(id);
            for (name, ty) in &item.consts {
                let name = world.word(place.file, *name);
                let ty = self.lower(ty, &scope);
                self.consts.entry(name).or_default().push((None, Some(id), ty));
            }
        }
        for (id, info) in self.traits.iter().enumerate() {
            for (name, ..) in &info.types {
                self.by_assoc.entry(*name).or_default().push(id as u32);
            }
        }
    }

    fn gather_impls(&mut self) {
        let world = self.world;
        for id in 0..world.impls.len() as u32 {
            let (item, place) = (world.impl_(id), world.impls[id as usize]);
            let mut scope = self.impl_scope(id, None);
            let self_ty = self.lower(&item.self_ty, &scope);
            scope.self_ty = Some(self_ty.clone());
            let trait_ = item.trait_.as_ref().and_then(|path| self.lower_trait(path, &scope));
            let module = world.modules.node(scope.module);
            let gates = Default::default();
            let is_active = module.is_active
                && !item.is_negative
                && item.cfg.as_ref().is_none_or(|cfg| cfg::holds(cfg, &gates));
            let types = item
                .types
                .iter()
                .map(|(name, ty)| (world.word(place.file, *name), self.lower(ty, &scope)))
                .collect();
            let info = ImplInfo {
                generics: scope.generics.clone(),
                bounds: self.bounds_of(&item.generics, &scope),
                trait_: trait_.map(|bound| (bound.trait_, bound.args)),
                types,
                methods: FxHashMap::default(),
                is_active,
                self_ty,
            };
            for (name, ty) in &item.consts {
                let name = world.word(place.file, *name);
                let ty = self.lower(ty, &scope);
                self.consts.entry(name).or_default().push((Some(id), None, ty));
            }
            if let (Some((trait_, _)), false) = (&info.trait_, item.is_negative) {
                match info.self_ty.head() {
                    Some(head) => self.of_trait.entry((*trait_, head)).or_default().push(id),
                    None => self.blankets.entry(*trait_).or_default().push(id),
                }
                if !world.is_std(place.file) {
                    self.implementors.entry(*trait_).or_default().push(id);
                }
            }
            self.impls.push(info);
        }
    }

    fn gather_methods(&mut self) {
        let world = self.world;
        for id in 0..world.functions.len() as u32 {
            let place = world.functions[id as usize];
            let item = world.function(id);
            let name = self.short(id);
            let gates = Default::default();
            let active = item.cfg.as_ref().is_none_or(|cfg| cfg::holds(cfg, &gates));
            let bases = world.bases[place.file as usize];
            if item.receiver.is_some() {
                self.named.entry(name).or_default().push(id);
            }
            match item.owner {
                Owner::Impl(at) => {
                    let holder = (bases.impls + at) as usize;
                    let info = &mut self.impls[holder];
                    if active {
                        info.methods.insert(name, id);
                    } else {
                        info.methods.entry(name).or_insert(id);
                    }
                    // Of a trait without source here, methods are found as the type's own.
                    if info.trait_.is_none()
                        && let Some(head) = info.self_ty.head()
                    {
                        let active = active && info.is_active;
                        let found = self.inherent.entry((head, name)).or_default();
                        if active { found.insert(0, id) } else { found.push(id) }
                    }
                }
                Owner::Trait(at) => {
                    let holder = bases.traits + at;
                    self.traits[holder as usize].methods.insert(name, id);
                    self.by_method.entry(name).or_default().push((holder, id));
                }
                Owner::Module | Owner::Foreign => {}
            }
        }
    }

    fn gather_derives(&mut self) {
        let world = self.world;
        for id in 0..world.types.len() as u32 {
            let (item, place) = (world.type_(id), world.types[id as usize]);
            let module = world.module(place.file, item.module);
            for (_, path, _) in &item.derives {
                let name = path.last().map(|last| world.word(place.file, last.name));
                let Some(name) = name else { continue };
                let found = match world.resolve_type(module, &[name], false) {
                    Some(Def::Trait(id)) => Some(id),
                    _ => self.std.tr(world.name(name)),
                };
                if let Some(found) = found {
                    self.derives.insert((id, found));
                }
            }
        }
    }

    /// The traits whose methods can be called in a module.
    pub fn in_scope(&self, module: ModuleId) -> &FxHashSet<u32> {
        self.traits_in_scope[module as usize].get_or_init(|| {
            let mut found = FxHashSet::default();
            let mut at = module;
            loop {
                self.world.visible_traits(at, &mut found);
                let node = self.world.modules.node(at);
                match node.parent {
                    Some(parent) if node.is_block => at = parent,
                    _ => break,
                }
            }
            found
        })
    }

    pub fn sig(&self, function: u32) -> &Sig {
        self.sigs[function as usize].get_or_init(|| self.build_sig(function))
    }

    fn build_sig(&self, function: u32) -> Sig {
        let item = self.world.function(function);
        let mut scope = self.function_scope(function);
        let outer = match (scope.impl_, scope.trait_) {
            (Some(id), _) => self.impls[id as usize].generics.len(),
            (None, Some(id)) => self.traits[id as usize].generics.len(),
            _ => 0,
        };
        let mut bounds = match (scope.impl_, scope.trait_) {
            (Some(id), _) => self.impls[id as usize].bounds.clone(),
            (None, Some(id)) => {
                let generics = &self.traits[id as usize].generics;
                let args = generics.iter().map(|name| T::Param(*name)).collect();
                let own = Bound { trait_: id, args, bindings: Arc::from([]) };
                let mut bounds = vec![(T::Param(self.known.self_type), own)];
                bounds.extend(self.bounds_of(&self.world.trait_(id).generics, &scope));
                bounds
            }
            _ => Vec::new(),
        };
        bounds.extend(self.bounds_of(&item.generics, &scope));
        let written = scope.generics.len() - outer;
        let self_ty = scope.self_ty.clone();
        let mut params = Vec::with_capacity(item.params.len() + 1);
        if let Some(receiver) = &item.receiver {
            let own = self_ty.clone().unwrap_or(T::Unknown);
            params.push(match receiver {
                Receiver::Value => own,
                Receiver::Ref => T::Ref(false, Arc::new(own)),
                Receiver::RefMut => T::Ref(true, Arc::new(own)),
                Receiver::Typed(ty) => self.lower(ty, &scope),
            });
        }
        for param in &item.params {
            let lowered = self.lower(&param.ty, &scope);
            params.push(self.name_opaque(&lowered, &mut scope.generics, &mut bounds));
        }
        let inner = item.output.as_ref().map_or_else(T::unit, |ty| self.lower(ty, &scope));
        let output = if item.is_async { self.future_of(inner.clone()) } else { inner.clone() };
        Sig {
            own: (outer, written),
            generics: scope.generics,
            bounds,
            self_ty,
            params,
            output,
            inner,
        }
    }

    /// `impl Trait` in a parameter is a generic parameter without a name.
    fn name_opaque(&self, ty: &T, generics: &mut Vec<Id>, bounds: &mut Vec<(T, Bound)>) -> T {
        match ty {
            T::Impl(own) => {
                let id = SYNTHETIC + generics.len() as Id;
                generics.push(id);
                bounds.extend(own.iter().map(|bound| (T::Param(id), bound.clone())));
                T::Param(id)
            }
            T::Ref(mutable, inner) => {
                T::Ref(*mutable, Arc::new(self.name_opaque(inner, generics, bounds)))
            }
            T::Adt(id, args) => T::Adt(
                *id,
                args.iter().map(|arg| self.name_opaque(arg, generics, bounds)).collect(),
            ),
            other => other.clone(),
        }
    }

    pub fn future_of(&self, output: T) -> T {
        match (self.known.future, self.known.output) {
            (Some(trait_), Some(name)) => {
                let bindings = Arc::from([(name, output)]);
                T::Impl(Arc::from([Bound { trait_, args: none(), bindings }]))
            }
            _ => T::Unknown,
        }
    }

    fn trait_scope(&self, id: u32) -> Scope {
        let (item, place) = (self.world.trait_(id), self.world.traits[id as usize]);
        Scope {
            file: place.file,
            module: self.world.module(place.file, item.module),
            generics: self.param_names(&item.generics, place.file),
            self_ty: Some(T::Param(self.world.known.self_type)),
            trait_: Some(id),
            impl_: None,
        }
    }

    fn impl_scope(&self, id: u32, self_ty: Option<T>) -> Scope {
        let (item, place) = (self.world.impl_(id), self.world.impls[id as usize]);
        Scope {
            file: place.file,
            module: self.world.module(place.file, item.module),
            generics: self.param_names(&item.generics, place.file),
            self_ty,
            trait_: None,
            impl_: Some(id),
        }
    }

    pub fn function_scope(&self, function: u32) -> Scope {
        let place = self.world.functions[function as usize];
        let item = self.world.function(function);
        let mut scope = if let Some(id) = self.owner_impl(function) {
            let info = &self.impls[id as usize];
            let mut scope = self.impl_scope(id, Some(info.self_ty.clone()));
            scope.trait_ = info.trait_.as_ref().map(|(id, _)| *id);
            scope
        } else if let Some(id) = self.owner_trait(function) {
            self.trait_scope(id)
        } else {
            Scope::default()
        };
        scope.file = place.file;
        scope.module = self.world.module(place.file, item.module);
        scope.generics.extend(self.param_names(&item.generics, place.file));
        scope
    }

    pub(super) fn param_names(&self, generics: &Generics, file: u32) -> Vec<Id> {
        generics.params.iter().map(|param| self.world.word(file, param.name)).collect()
    }

    fn bounds_of(&self, generics: &Generics, scope: &Scope) -> Vec<(T, Bound)> {
        let mut found = Vec::new();
        for (ty, bounds) in &generics.bounds {
            let ty = self.lower(ty, scope);
            for bound in self.lower_bounds(bounds, scope) {
                found.push((ty.clone(), bound));
            }
        }
        found
    }

    /// Integer methods are written once in the signatures, for `u64`; floats for `f64`.
    pub fn method_head(head: Head) -> Head {
        match head {
            Head::Prim(
                Prim::I8
                | Prim::I16
                | Prim::I32
                | Prim::I64
                | Prim::I128
                | Prim::Isize
                | Prim::U8
                | Prim::U16
                | Prim::U32
                | Prim::U128
                | Prim::Usize,
            ) => Head::Prim(Prim::U64),
            Head::Prim(Prim::F32) => Head::Prim(Prim::F64),
            other => other,
        }
    }
}

pub fn project(base: T, trait_: Option<(u32, Types)>, name: Id) -> T {
    if base == T::Unknown {
        return base;
    }
    T::Proj(Arc::new(Proj { base, trait_, name }))
}

impl Std {
    fn find(world: &World<'_>) -> Self {
        let std = world.files.iter().position(|file| file.file.path.is_empty());
        let mut found = Self { types: FxHashMap::default(), traits: FxHashMap::default() };
        let Some(std) = std else { return found };
        let bases = world.bases[std];
        for at in bases.types as usize..world.types.len() {
            let name = &*world.type_names[at];
            if let Some((short, _)) = STD_TYPES.iter().find(|(_, full)| *full == name) {
                found.types.insert(short, at as u32);
            }
        }
        for at in bases.traits as usize..world.traits.len() {
            let name = world.word(std as u32, world.trait_(at as u32).name);
            if let Some(known) =
                super::STD_TRAITS.iter().chain(OPERATORS).find(|known| **known == world.name(name))
            {
                found.traits.insert(known, at as u32);
            }
        }
        found
    }
}
