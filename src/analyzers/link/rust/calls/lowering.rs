//! Written types and bounds as inference handles them: names resolved, aliases opened, arguments and
//! defaults put in.

use std::sync::Arc;

use super::super::modules::ModuleId;
use super::super::world::{Def, Id, Namespace};
use super::tables::{Scope, Tables, project};
use super::types::{Bound, Subst, T, Types, none};
use crate::model::Name;
use crate::model::facts::rust::types::{Path, Ty};

/// Aliases of aliases and types within types: real ones are shallow.
const LOWER_DEPTH: u32 = 40;

impl Tables<'_, '_> {
    pub fn lower_bounds(&self, bounds: &[Path], scope: &Scope) -> Vec<Bound> {
        bounds.iter().filter_map(|path| self.lower_trait(path, scope)).collect()
    }

    pub fn lower_trait(&self, path: &Path, scope: &Scope) -> Option<Bound> {
        self.trait_at(path, scope, 0)
    }

    fn trait_at(&self, path: &Path, scope: &Scope, depth: u32) -> Option<Bound> {
        if depth > LOWER_DEPTH {
            return None;
        }
        let ids = self.ids(path, scope.file);
        let Def::Trait(trait_) = self.world.resolve_type(scope.module, &ids, path.global)? else {
            return None;
        };
        let last = path.last()?;
        let args = last.args.iter().map(|arg| self.lower_at(arg, scope, depth + 1)).collect();
        let bindings = last.bindings.iter().map(|(name, ty)| {
            (self.world.word(scope.file, *name), self.lower_at(ty, scope, depth + 1))
        });
        Some(Bound { trait_, args, bindings: bindings.collect() })
    }

    pub fn ids(&self, path: &Path, file: u32) -> Vec<Id> {
        path.segments.iter().map(|segment| self.world.word(file, segment.name)).collect()
    }

    pub fn lower(&self, ty: &Ty, scope: &Scope) -> T {
        self.lower_at(ty, scope, 0)
    }

    fn lower_at(&self, ty: &Ty, scope: &Scope, depth: u32) -> T {
        if depth > LOWER_DEPTH {
            return T::Unknown;
        }
        let one = |ty: &Ty| Arc::new(self.lower_at(ty, scope, depth + 1));
        let all = |types: &[Ty]| -> Types {
            types.iter().map(|ty| self.lower_at(ty, scope, depth + 1)).collect()
        };
        let bounds = |paths: &[Path]| -> Vec<Bound> {
            paths.iter().filter_map(|path| self.trait_at(path, scope, depth + 1)).collect()
        };
        match ty {
            Ty::Path(path) => self.path_type(path, scope, depth),
            Ty::Ref { mutable, inner } => T::Ref(*mutable, one(inner)),
            Ty::Ptr(inner) => T::Ptr(one(inner)),
            Ty::Slice(inner) => T::Slice(one(inner)),
            Ty::Array(inner, _) => T::Array(one(inner)),
            Ty::Tuple(items) => T::Tuple(all(items)),
            Ty::Fn(params, output) => T::Fn(false, all(params), one(output)),
            Ty::Dyn(paths) => T::Dyn(bounds(paths).into()),
            Ty::Impl(paths) => T::Impl(bounds(paths).into()),
            Ty::Never => T::Never,
            Ty::Const(_) | Ty::Infer => T::Unknown,
        }
    }

    fn path_type(&self, path: &Path, scope: &Scope, depth: u32) -> T {
        let world = self.world;
        let ids = self.ids(path, scope.file);
        if let Some(qself) = &path.qself {
            let base = self.lower_at(qself, scope, depth + 1);
            let trait_len = path.trait_len as usize;
            if trait_len == 0 {
                return ids.iter().fold(base, |base, name| project(base, None, *name));
            }
            let head = Path {
                global: path.global,
                segments: path.segments.get(..trait_len).unwrap_or_default().to_vec(),
                ..Path::default()
            };
            let bound = self.trait_at(&head, scope, depth + 1);
            let Some(bound) = bound else { return T::Unknown };
            let mut rest = ids.iter().skip(trait_len);
            let Some(first) = rest.next() else { return T::Unknown };
            let first = project(base, Some((bound.trait_, bound.args)), *first);
            return rest.fold(first, |base, name| project(base, None, *name));
        }
        let Some(first) = ids.first().copied() else { return T::Unknown };
        if !path.global && first == world.known.self_type {
            let Some(own) = &scope.self_ty else { return T::Unknown };
            let Some(name) = ids.get(1).copied() else { return own.clone() };
            let base = match (scope.impl_, scope.trait_) {
                (Some(id), _) => match self.impl_assoc(id, name, scope, depth) {
                    Some(ty) => ty,
                    None => project(own.clone(), None, name),
                },
                (None, trait_) => {
                    let own_type = trait_.filter(|id| {
                        world.trait_(*id).types.iter().any(|(word, ..)| {
                            world.word(world.traits[*id as usize].file, *word) == name
                        })
                    });
                    let args = own_type.map(|id| {
                        let generics = &world.trait_(id).generics;
                        let file = world.traits[id as usize].file;
                        let names = self.param_names(generics, file);
                        (id, names.into_iter().map(T::Param).collect())
                    });
                    project(own.clone(), args, name)
                }
            };
            return ids.iter().skip(2).fold(base, |base, name| project(base, None, *name));
        }
        if !path.global && scope.generics.contains(&first) {
            return ids
                .iter()
                .skip(1)
                .fold(T::Param(first), |base, name| project(base, None, *name));
        }
        let found = world.resolve(scope.module, &ids, path.global, Namespace::Type);
        let Some(found) = found else { return self.outside(&ids, path, scope, depth) };
        let segment = &path.segments[found.taken - 1];
        let args: Types =
            segment.args.iter().map(|arg| self.lower_at(arg, scope, depth + 1)).collect();
        let base = match found.def {
            Def::Type(id) => T::Adt(id, self.fill(id, args, depth)),
            Def::Variant(id, _) => T::Adt(id, self.fill(id, none(), depth)),
            Def::Prim(prim) => T::Prim(prim),
            Def::Alias(id) => self.open_alias(id, &args, depth),
            // An old-style trait object.
            Def::Trait(id) => {
                let bound = Bound { trait_: id, args, bindings: Arc::from([]) };
                T::Dyn(Arc::from([bound]))
            }
            Def::External(id) => {
                let mut name = world.external_path(id).to_string();
                for id in &ids[found.taken..] {
                    name.push_str("::");
                    name.push_str(world.name(*id));
                }
                return T::External(name.into(), args);
            }
            _ => return T::Unknown,
        };
        ids.iter().skip(found.taken).fold(base, |base, name| project(base, None, *name))
    }

    /// A path that leads out of the project: `libc::c_int`.
    fn outside(&self, ids: &[Id], path: &Path, scope: &Scope, depth: u32) -> T {
        if ids.len() < 2 {
            return T::Unknown;
        }
        let Some(name) = self.outside_name(ids, scope.module) else { return T::Unknown };
        let args = path
            .last()
            .map(|last| last.args.iter().map(|arg| self.lower_at(arg, scope, depth + 1)).collect());
        T::External(name, args.unwrap_or_else(none))
    }

    /// The name of a path that starts with a crate that is not part of the project.
    pub fn outside_name(&self, ids: &[Id], module: ModuleId) -> Option<Name> {
        let world = self.world;
        let first = world.name(*ids.first()?);
        let known = matches!(first, "std" | "core" | "alloc")
            || world
                .modules
                .krate(module)
                .package
                .and_then(|at| world.modules.packages.get(at as usize))
                .is_some_and(|package| package.dependencies.contains_key(first))
            || first == "libc";
        let mut parts: Vec<&str> = ids.iter().map(|id| world.name(*id)).collect();
        if !known {
            // A crate-level import that itself comes from outside.
            let found = world.lookup_lexical(module, ids[0], Namespace::Type)?;
            let Def::External(id) = found else { return None };
            let rest = parts[1..].join("::");
            return Some(format!("{}::{rest}", world.external_path(id)).into());
        }
        if matches!(first, "core" | "alloc") {
            parts[0] = "std";
        }
        Some(parts.join("::").into())
    }

    /// Missing type arguments are holes, or the defaults.
    fn fill(&self, id: u32, args: Types, depth: u32) -> Types {
        let item = self.world.type_(id);
        let params = &item.generics.params;
        if args.len() >= params.len() {
            return args;
        }
        let place = self.world.types[id as usize];
        let inner = Scope {
            file: place.file,
            module: self.world.module(place.file, item.module),
            generics: self.param_names(&item.generics, place.file),
            ..Scope::default()
        };
        let mut filled: Vec<T> = args.to_vec();
        for param in &params[args.len()..] {
            filled.push(match &param.default {
                Some(default) => {
                    let map: Subst = inner.generics.iter().copied().zip(filled.clone()).collect();
                    self.lower_at(default, &inner, depth + 1).subst(&map)
                }
                None => T::Unknown,
            });
        }
        filled.into()
    }

    fn open_alias(&self, id: u32, args: &Types, depth: u32) -> T {
        let (item, place) = (self.world.alias(id), self.world.aliases[id as usize]);
        let Some(ty) = &item.ty else { return T::Unknown };
        let scope = Scope {
            file: place.file,
            module: self.world.module(place.file, item.module),
            generics: self.param_names(&item.generics, place.file),
            ..Scope::default()
        };
        let lowered = self.lower_at(ty, &scope, depth + 1);
        let mut map: Subst = Vec::new();
        for (at, name) in scope.generics.iter().enumerate() {
            let default = item.generics.params[at].default.as_ref();
            let to = args
                .get(at)
                .cloned()
                .or_else(|| Some(self.lower_at(default?, &scope, depth + 1).subst(&map)));
            map.push((*name, to.unwrap_or(T::Unknown)));
        }
        lowered.subst(&map)
    }

    fn impl_assoc(&self, id: u32, name: Id, scope: &Scope, depth: u32) -> Option<T> {
        let (item, place) = (self.world.impl_(id), self.world.impls[id as usize]);
        let found =
            item.types.iter().find(|(word, _)| self.world.word(place.file, *word) == name)?;
        Some(self.lower_at(&found.1, scope, depth + 1))
    }

    /// The declared type of a field, with the type's arguments put in.
    pub fn field(&self, id: u32, args: &Types, variant: u32, name: Id) -> Option<T> {
        let (item, place) = (self.world.type_(id), self.world.types[id as usize]);
        let fields = &item.variants.get(variant as usize)?.fields;
        let found = fields.iter().find(|(word, _)| self.world.word(place.file, *word) == name)?;
        Some(self.field_type(id, args, &found.1))
    }

    pub fn fields(&self, id: u32, args: &Types, variant: u32) -> Vec<T> {
        let item = self.world.type_(id);
        let Some(variant) = item.variants.get(variant as usize) else { return Vec::new() };
        variant.fields.iter().map(|(_, ty)| self.field_type(id, args, ty)).collect()
    }

    fn field_type(&self, id: u32, args: &Types, ty: &Ty) -> T {
        let (item, place) = (self.world.type_(id), self.world.types[id as usize]);
        let generics = self.param_names(&item.generics, place.file);
        let own: Types = generics.iter().map(|name| T::Param(*name)).collect();
        let scope = Scope {
            file: place.file,
            module: self.world.module(place.file, item.module),
            self_ty: Some(T::Adt(id, own)),
            generics,
            ..Scope::default()
        };
        let map: Subst = scope.generics.iter().copied().zip(args.iter().cloned()).collect();
        self.lower(ty, &scope).subst(&map)
    }
}
