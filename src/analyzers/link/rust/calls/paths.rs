//! What a path in value position means, and the instantiation of signatures.

use std::cell::RefCell;

use super::super::world::{Def, Id, Namespace, Prim, World};
use super::infer::Inference;
use super::tables::{Tables, project};
use super::types::{Head, Subst, T, Types, none};
use crate::model::facts::rust::items::Shape;
use crate::model::facts::rust::types::{Path, Ty};
use crate::model::{Certainty, Name};

/// A function with its types filled in for one use.
pub struct Instance {
    pub function: u32,
    /// The number type, when the signature is written for another.
    pub number: Option<Prim>,
    /// The receiver's type first, if there is one.
    pub params: Vec<T>,
    pub output: T,
    /// For a method of a trait: the trait and the type it is used for.
    pub through: Option<(u32, Types, T)>,
    pub certainty: Certainty,
}

/// What a path stands for.
pub enum Meaning {
    Value(T),
    Function(Instance),
    /// A tuple struct or variant, as a function or plain value.
    Constructor(T),
    External(Name),
    Unknown(String),
}

impl<'w, 'a> Inference<'_, 'w, 'a> {
    pub(super) fn world(&self) -> &'w World<'a> {
        self.tables.world
    }

    pub(super) fn lower(&mut self, ty: &Ty) -> T {
        let lowered = self.tables.lower(ty, &self.scope);
        self.fill_holes(&lowered)
    }

    pub(super) fn lower_path(&mut self, path: &Path) -> T {
        let ty = Ty::Path(path.clone());
        self.tables.lower(&ty, &self.scope)
    }

    /// What is written as `_` or left out is to be inferred.
    pub(super) fn fill_holes(&mut self, ty: &T) -> T {
        let solver = RefCell::new(&mut self.solver);
        ty.map(&|part| match part {
            T::Unknown => Some(solver.borrow_mut().fresh()),
            _ => None,
        })
    }

    pub(super) fn adt_with_holes(&mut self, id: u32) -> T {
        let count = self.world().type_(id).generics.params.len();
        T::Adt(id, (0..count).map(|_| self.solver.fresh()).collect())
    }

    pub(super) fn meaning(&mut self, path: &Path) -> Meaning {
        let world = self.world();
        let ids = self.tables.ids(path, self.scope.file);
        let Some((last, before)) = ids.split_last() else {
            return Meaning::Unknown("an empty path".into());
        };
        let fish: Vec<T> = path
            .last()
            .map(|segment| segment.args.iter().map(|arg| self.lower(arg)).collect())
            .unwrap_or_default();
        if let Some(qself) = &path.qself {
            let mut base = self.lower(qself);
            let trait_len = path.trait_len as usize;
            if trait_len > 0 {
                let head = Path {
                    global: path.global,
                    segments: path.segments.get(..trait_len).unwrap_or_default().to_vec(),
                    ..Path::default()
                };
                let Some(bound) = self.tables.lower_trait(&head, &self.scope) else {
                    return Meaning::Unknown("a method of a trait outside the project".into());
                };
                if ids.len() == trait_len + 1 {
                    let holes: Types = bound.args.iter().map(|arg| self.fill_holes(arg)).collect();
                    return self.trait_member(bound.trait_, holes, base, *last, &fish);
                }
                base = project(base, Some((bound.trait_, bound.args)), ids[trait_len]);
                base = self.solver.shallow(&base);
            }
            return self.associated(&base, *last, &fish);
        }
        if !path.global && before.is_empty() {
            if let Some((_, ty)) = self.locals.iter().rev().find(|(name, _)| name == last) {
                return Meaning::Value(ty.clone());
            }
            if *last == world.known.self_type {
                let own = self.scope.self_ty.clone().unwrap_or(T::Unknown);
                return Meaning::Constructor(self.constructor(&own, 0));
            }
        }
        let first = ids[0];
        if !path.global && !before.is_empty() {
            let base = if first == world.known.self_type {
                self.scope.self_ty.clone()
            } else if self.scope.generics.contains(&first) {
                Some(T::Param(first))
            } else {
                None
            };
            if let Some(base) = base {
                if let (T::Adt(id, _), 2) = (&base, ids.len())
                    && let Some(Def::Variant(_, variant)) = world.variant(Def::Type(*id), *last)
                {
                    return Meaning::Constructor(self.constructor(&base, variant));
                }
                let mut base = base;
                if ids.len() > 2 {
                    let segments = path.segments[..ids.len() - 1].to_vec();
                    base = self.lower_path(&Path { segments, ..Path::default() });
                    base = self.solver.shallow(&base);
                }
                return self.associated(&base, *last, &fish);
            }
        }
        let found = world.resolve(self.module, &ids, path.global, Namespace::Value);
        let Some(found) = found else {
            if let Some(name) = self.tables.outside_name(&ids, self.module) {
                return Meaning::External(name);
            }
            return Meaning::Unknown("no such name is known".into());
        };
        if found.taken == ids.len() {
            return match found.def {
                Def::Function(id) => Meaning::Function(self.instantiate(id, None, None, &fish)),
                Def::Type(id) => {
                    let adt = self.written_adt(id, path, found.taken);
                    Meaning::Constructor(self.constructor(&adt, 0))
                }
                Def::Variant(id, variant) => {
                    let adt = self.written_adt(id, path, found.taken - 1);
                    Meaning::Constructor(self.constructor(&adt, variant))
                }
                Def::Value(id) => {
                    let (item, place) = (world.value(id), world.values[id as usize]);
                    let scope = super::tables::Scope {
                        file: place.file,
                        module: world.module(place.file, item.module),
                        ..Default::default()
                    };
                    let lowered = self.tables.lower(&item.ty, &scope);
                    Meaning::Value(self.fill_holes(&lowered))
                }
                Def::External(id) => Meaning::External(world.external_path(id).clone()),
                _ => Meaning::Unknown("not a function".into()),
            };
        }
        match found.def {
            Def::Trait(id) if found.taken + 1 == ids.len() => {
                let own = self.solver.fresh();
                let written = &path.segments[found.taken - 1].args;
                let args: Types = if written.is_empty() {
                    let count = self.tables.traits[id as usize].generics.len();
                    (0..count).map(|_| self.solver.fresh()).collect()
                } else {
                    written.iter().map(|arg| self.lower(arg)).collect()
                };
                self.trait_member(id, args, own, *last, &fish)
            }
            Def::External(id) => {
                let mut name = world.external_path(id).to_string();
                for id in &ids[found.taken..] {
                    name.push_str("::");
                    name.push_str(world.name(*id));
                }
                Meaning::External(name.into())
            }
            _ => {
                let segments = path.segments[..ids.len() - 1].to_vec();
                let written = Path { segments, global: path.global, ..Path::default() };
                let base = self.lower_path(&written);
                let base = self.fill_holes(&base);
                let base = self.solver.shallow(&base);
                if let (T::Adt(id, _), Def::Alias(_)) = (&base, found.def)
                    && let Some(Def::Variant(_, variant)) = world.variant(Def::Type(*id), *last)
                {
                    return Meaning::Constructor(self.constructor(&base, variant));
                }
                self.associated(&base, *last, &fish)
            }
        }
    }

    /// A type with the arguments written at one segment of a path.
    fn written_adt(&mut self, id: u32, path: &Path, taken: usize) -> T {
        let args = match taken.checked_sub(1).and_then(|at| path.segments.get(at)) {
            Some(segment) if !segment.args.is_empty() => segment.args.clone(),
            _ => match path.last() {
                Some(segment) => segment.args.clone(),
                None => Vec::new(),
            },
        };
        if args.is_empty() {
            return self.adt_with_holes(id);
        }
        let count = self.world().type_(id).generics.params.len();
        let mut lowered: Vec<T> = args.iter().map(|arg| self.lower(arg)).collect();
        while lowered.len() < count {
            lowered.push(self.solver.fresh());
        }
        T::Adt(id, lowered.into())
    }

    /// A constructor as a value: a function of its fields, or for a unit shape the type itself.
    fn constructor(&mut self, adt: &T, variant: u32) -> T {
        let T::Adt(id, args) = adt else { return T::Unknown };
        let item = self.world().type_(*id);
        match item.variants.get(variant as usize).map(|variant| variant.shape) {
            Some(Shape::Tuple) => {
                let fields = self.tables.fields(*id, args, variant);
                T::Fn(false, fields.into(), adt.clone().into())
            }
            _ => adt.clone(),
        }
    }

    fn trait_member(&mut self, trait_: u32, args: Types, own: T, name: Id, fish: &[T]) -> Meaning {
        let mut holder = trait_;
        let mut function = self.tables.traits[trait_ as usize].methods.get(&name).copied();
        let mut args = args;
        if function.is_none() {
            // A supertrait's.
            for bound in &self.tables.traits[trait_ as usize].supers {
                let methods = &self.tables.traits[bound.trait_ as usize].methods;
                if let Some(found) = methods.get(&name) {
                    function = Some(*found);
                    holder = bound.trait_;
                    args = none();
                }
            }
        }
        match function {
            Some(function) => Meaning::Function(self.instantiate(
                function,
                Some(&own),
                Some((holder, args)),
                fish,
            )),
            None => match self.constant(&own, name) {
                Some(ty) => Meaning::Value(ty),
                None => Meaning::Unknown("the trait has no such member".into()),
            },
        }
    }

    /// `Type::name`: an associated function or constant.
    pub(super) fn associated(&mut self, base: &T, name: Id, fish: &[T]) -> Meaning {
        let base = self.solver.shallow(base);
        let tables = self.tables;
        if let Some(head) = base.head() {
            let head = Tables::method_head(head);
            for function in tables.inherent.get(&(head, name)).into_iter().flatten() {
                let Some(holder) = tables.owner_impl(*function) else { continue };
                let info = &tables.impls[holder as usize];
                let snapshot = self.solver.snapshot();
                let map: Subst =
                    info.generics.iter().map(|name| (*name, self.solver.fresh())).collect();
                let own = info.self_ty.subst(&map);
                let fits = matches!(head, Head::Prim(_)) || self.solver.unify(&own, &base);
                self.solver.rollback(&snapshot);
                if fits {
                    return Meaning::Function(self.instantiate(*function, Some(&base), None, fish));
                }
            }
        }
        if let Some(ty) = self.constant(&base, name) {
            return Meaning::Value(ty);
        }
        let bounds = self.solver.bounds_on(&base, 0);
        let in_scope = tables.in_scope(self.module);
        let mut hidden = None;
        for (trait_, function) in tables.by_method.get(&name).into_iter().flatten() {
            let bound = bounds.iter().find(|bound| bound.trait_ == *trait_);
            let fits = bound.is_some() || {
                let snapshot = self.solver.snapshot();
                let fits = self.solver.implements(&base, *trait_, &none());
                self.solver.rollback(&snapshot);
                fits
            };
            if !fits {
                continue;
            }
            let count = tables.traits[*trait_ as usize].generics.len();
            let args = match bound {
                Some(bound) if !bound.args.is_empty() => bound.args.clone(),
                _ => (0..count).map(|_| self.solver.fresh()).collect(),
            };
            if bound.is_some() || in_scope.contains(trait_) {
                return Meaning::Function(self.instantiate(
                    *function,
                    Some(&base),
                    Some((*trait_, args)),
                    fish,
                ));
            }
            hidden.get_or_insert((*function, *trait_, args));
        }
        if let (Some((function, trait_, args)), T::Adt(..)) = (hidden, &base) {
            let mut found = self.instantiate(function, Some(&base), Some((trait_, args)), fish);
            found.certainty = Certainty::Inferred;
            return Meaning::Function(found);
        }
        match &base {
            T::External(path, _) => {
                Meaning::External(format!("{path}::{}", self.world().name(name)).into())
            }
            _ => match self.std_path(&base) {
                Some(path) => {
                    Meaning::External(format!("{path}::{}", self.world().name(name)).into())
                }
                None => Meaning::Unknown(format!("`{}` has no such member here", self.show(&base))),
            },
        }
    }

    /// The path of a type of the standard library.
    pub(super) fn std_path(&self, ty: &T) -> Option<Name> {
        let world = self.world();
        match ty {
            T::Adt(id, _) if world.is_std(world.types[*id as usize].file) => {
                Some(world.type_names[*id as usize].clone())
            }
            T::Prim(prim) => Some(format!("std::primitive::{}", prim_name(*prim)).into()),
            T::Slice(_) => Some("std::primitive::slice".into()),
            T::Array(_) => Some("std::primitive::array".into()),
            T::Ptr(_) => Some("std::primitive::pointer".into()),
            _ => None,
        }
    }

    fn constant(&mut self, base: &T, name: Id) -> Option<T> {
        let tables = self.tables;
        for (holder, trait_, ty) in tables.consts.get(&name)? {
            match (holder, trait_) {
                (Some(holder), _) => {
                    let info = &tables.impls[*holder as usize];
                    let snapshot = self.solver.snapshot();
                    let map: Subst =
                        info.generics.iter().map(|name| (*name, self.solver.fresh())).collect();
                    let own = info.self_ty.subst(&map);
                    if own.head() == base.head() && self.solver.unify(&own, base) {
                        return Some(ty.subst(&map));
                    }
                    self.solver.rollback(&snapshot);
                }
                (None, Some(trait_)) if self.solver.implements(base, *trait_, &none()) => {
                    return Some(ty.subst(&[(tables.known.self_type, base.clone())]));
                }
                _ => {}
            }
        }
        None
    }

    /// A function's signature with holes for its parameters.
    pub(super) fn instantiate(
        &mut self,
        function: u32,
        own: Option<&T>,
        through: Option<(u32, Types)>,
        fish: &[T],
    ) -> Instance {
        let tables = self.tables;
        let sig = tables.sig(function);
        let (outer, written) = sig.own;
        let in_trait = tables.owner_trait(function);
        let mut map: Subst = Vec::with_capacity(sig.generics.len() + 1);
        for (at, name) in sig.generics.iter().enumerate() {
            let given = if at < outer {
                let of_trait = through.as_ref().filter(|_| in_trait.is_some());
                of_trait.and_then(|(_, args)| args.get(at)).filter(|arg| **arg != T::Unknown)
            } else if at - outer < written {
                fish.get(at - outer)
            } else {
                None
            };
            let to = given.cloned().unwrap_or_else(|| self.solver.fresh());
            map.push((*name, to));
        }
        let mut through_self = None;
        if let Some(trait_) = in_trait {
            let to = own.cloned().unwrap_or_else(|| self.solver.fresh());
            let args: Types = map[..outer].iter().map(|(_, to)| to.clone()).collect();
            through_self = Some((trait_, args, to.clone()));
            map.push((tables.known.self_type, to));
        }
        let mut params: Vec<T> = sig.params.iter().map(|param| param.subst(&map)).collect();
        let mut output = sig.output.subst(&map);
        let mut number = None;
        if let (Some(own), Some(holder), None) = (own, &sig.self_ty, in_trait) {
            match (holder, own) {
                // The signatures write one kind of number for all.
                (T::Prim(written), _) if holder != own => {
                    number = match own {
                        T::Prim(prim) => Some(*prim),
                        _ => None,
                    };
                    let change = |part: &T| (*part == T::Prim(*written)).then(|| own.clone());
                    params = params.iter().map(|param| param.map(&change)).collect();
                    output = output.map(&change);
                }
                _ => {
                    self.solver.unify(&holder.subst(&map), own);
                }
            }
        }
        for (on, bound) in &sig.bounds {
            let tells = !bound.bindings.is_empty()
                || !bound.args.is_empty()
                || tables.known.fn_traits.contains(&bound.trait_);
            if tells && in_trait != Some(bound.trait_) {
                self.solver.pending.push((on.subst(&map), bound.subst(&map)));
            }
        }
        let certainty = Certainty::Exact;
        Instance { function, number, params, output, through: through_self, certainty }
    }

    pub(super) fn show(&self, ty: &T) -> String {
        let world = self.world();
        match ty {
            T::Unknown | T::Var(_) => "_".into(),
            T::Never => "!".into(),
            T::Prim(prim) => prim_name(*prim).into(),
            T::Adt(id, _) => world.type_names[*id as usize].to_string(),
            T::External(path, _) => path.to_string(),
            T::Projected(id, _) => format!("projection of {}", world.type_names[*id as usize]),
            T::Ref(_, inner) => format!("&{}", self.show(inner)),
            T::Ptr(inner) => format!("*{}", self.show(inner)),
            T::Slice(inner) | T::Array(inner) => format!("[{}]", self.show(inner)),
            T::Tuple(items) => {
                let items: Vec<String> = items.iter().take(6).map(|item| self.show(item)).collect();
                format!("({})", items.join(", "))
            }
            T::Fn(..) => "fn".into(),
            T::Param(id) if (*id as usize) < SYNTHETIC_NAMES => world.name(*id).into(),
            T::Param(_) => "impl _".into(),
            T::Dyn(bounds) | T::Impl(bounds) => match bounds.first() {
                Some(bound) => {
                    let word = if matches!(ty, T::Dyn(_)) { "dyn" } else { "impl" };
                    format!("{word} {}", world.trait_names[bound.trait_ as usize])
                }
                None => "impl _".into(),
            },
            T::Proj(proj) => format!("{}::{}", self.show(&proj.base), world.name(proj.name)),
        }
    }
}

/// Ids from here on are no names.
const SYNTHETIC_NAMES: usize = 1 << 30;

pub fn prim_name(prim: Prim) -> &'static str {
    match prim {
        Prim::Bool => "bool",
        Prim::Char => "char",
        Prim::Str => "str",
        Prim::I8 => "i8",
        Prim::I16 => "i16",
        Prim::I32 => "i32",
        Prim::I64 => "i64",
        Prim::I128 => "i128",
        Prim::Isize => "isize",
        Prim::U8 => "u8",
        Prim::U16 => "u16",
        Prim::U32 => "u32",
        Prim::U64 => "u64",
        Prim::U128 => "u128",
        Prim::Usize => "usize",
        Prim::F32 => "f32",
        Prim::F64 => "f64",
    }
}
