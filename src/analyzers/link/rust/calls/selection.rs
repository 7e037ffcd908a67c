//! Which bounds hold for a type, and which implementation of a trait is a type's.

use super::solve::{DEPTH, Solver};
use super::tables::project;
use super::types::{Bound, Subst, T, Types};

impl Solver<'_, '_, '_> {
    /// The bounds known of a parameter, associated or opaque type, supertraits included.
    pub fn bounds_on(&mut self, ty: &T, depth: u32) -> Vec<Bound> {
        let mut found: Vec<Bound> = match ty {
            T::Impl(bounds) | T::Dyn(bounds) => bounds.to_vec(),
            T::Param(_) => {
                let own = self.env.iter().filter(|(on, _)| on == ty);
                own.map(|(_, bound)| bound.clone()).collect()
            }
            T::Proj(proj) => {
                let mut found: Vec<Bound> = Vec::new();
                for at in 0..self.env.len() {
                    let (on, bound) = &self.env[at];
                    if let T::Proj(other) = on
                        && other.name == proj.name
                        && (other.base == proj.base || on == ty)
                    {
                        found.push(bound.clone());
                    }
                }
                // Declared on the associated type itself.
                let traits: Vec<u32> = match &proj.trait_ {
                    Some((id, _)) => vec![*id],
                    None => self.tables.by_assoc.get(&proj.name).cloned().unwrap_or_default(),
                };
                for id in traits {
                    let info = &self.tables.traits[id as usize];
                    let declared = info.types.iter().find(|(name, ..)| *name == proj.name);
                    let mut map: Subst = vec![(self.tables.known.self_type, proj.base.clone())];
                    if let Some((_, args)) = &proj.trait_ {
                        map.extend(info.generics.iter().copied().zip(args.iter().cloned()));
                    }
                    for bound in declared.into_iter().flat_map(|(_, bounds, _)| bounds) {
                        found.push(bound.subst(&map));
                    }
                }
                found
            }
            _ => return Vec::new(),
        };
        if depth > DEPTH {
            return found;
        }
        let mut at = 0;
        while at < found.len() && found.len() < 64 {
            let info = &self.tables.traits[found[at].trait_ as usize];
            let mut map: Subst = vec![(self.tables.known.self_type, ty.clone())];
            map.extend(info.generics.iter().copied().zip(found[at].args.iter().cloned()));
            for own in &info.supers {
                let own = own.subst(&map);
                if !found.contains(&own) {
                    found.push(own);
                }
            }
            at += 1;
        }
        found
    }

    /// Whether a type may implement a trait.
    pub fn implements(&mut self, ty: &T, trait_: u32, args: &Types) -> bool {
        self.implements_at(ty, trait_, args, 0)
    }

    fn implements_at(&mut self, ty: &T, trait_: u32, args: &Types, depth: u32) -> bool {
        let ty = self.shallow_at(ty, depth);
        if depth > 8 {
            return true;
        }
        match &ty {
            T::Unknown | T::Never | T::Var(_) => return true,
            T::Param(_) | T::Proj(_) | T::Impl(_) | T::Dyn(_) => {
                let bounds = self.bounds_on(&ty, depth + 1);
                if bounds.iter().any(|bound| bound.trait_ == trait_) {
                    return true;
                }
            }
            T::Adt(id, _) if self.tables.derives.contains(&(*id, trait_)) => return true,
            T::Fn(..) if self.tables.known.fn_traits.contains(&trait_) => return true,
            _ => {}
        }
        if self.select(&ty, trait_, args, depth + 1).is_some() {
            return true;
        }
        // Markers and derivable traits of types without source are not recorded.
        let world = self.tables.world;
        let is_std = world.is_std(world.traits[trait_ as usize].file);
        if !is_std {
            return false;
        }
        let name =
            world.name(world.word(world.traits[trait_ as usize].file, world.trait_(trait_).name));
        match name {
            "Send" | "Sync" | "Sized" | "Unpin" | "UnwindSafe" | "RefUnwindSafe" => true,
            "Clone" | "Copy" | "Debug" | "Display" | "Eq" | "PartialEq" | "Ord" | "PartialOrd"
            | "Hash" | "Default" => match &ty {
                T::Adt(id, _) => world.is_std(world.types[*id as usize].file),
                T::Ref(true, _) => !matches!(name, "Clone" | "Copy" | "Default"),
                T::Param(_) | T::Proj(_) | T::Impl(_) | T::Dyn(_) => false,
                _ => true,
            },
            "Any" => true,
            _ => false,
        }
    }

    /// Whether a bound may hold: what a type of another crate implements is not known.
    pub fn may_implement(&mut self, ty: &T, bound: &Bound, depth: u32) -> bool {
        let ty = self.shallow_at(ty, depth);
        matches!(ty, T::External(..)) || self.implements_at(&ty, bound.trait_, &bound.args, depth)
    }

    /// The implementation of a trait for a type, with what its parameters stand for.
    pub fn select(
        &mut self,
        ty: &T,
        trait_: u32,
        args: &Types,
        depth: u32,
    ) -> Option<(u32, Subst)> {
        self.fuel += 1;
        if depth > DEPTH || self.fuel > super::FUEL {
            return None;
        }
        let tables = self.tables;
        let mut best: Option<(u32, Subst)> = None;
        let mut inactive = None;
        let own = ty.head().and_then(|head| tables.of_trait.get(&(trait_, head)));
        let blankets = tables.blankets.get(&trait_);
        for id in own.into_iter().flatten().chain(blankets.into_iter().flatten()) {
            let snapshot = self.snapshot();
            let Some(map) = self.match_impl(*id, ty, args, depth) else {
                self.rollback(&snapshot);
                continue;
            };
            if tables.impls[*id as usize].is_active {
                best = Some((*id, map));
                break;
            }
            self.rollback(&snapshot);
            inactive.get_or_insert(*id);
        }
        if best.is_none()
            && let Some(id) = inactive
        {
            best = self.match_impl(id, ty, args, depth).map(|map| (id, map));
        }
        best
    }

    fn match_impl(&mut self, id: u32, ty: &T, args: &Types, depth: u32) -> Option<Subst> {
        let tables = self.tables;
        let info = &tables.impls[id as usize];
        let map: Subst = info.generics.iter().map(|name| (*name, self.fresh())).collect();
        let own = info.self_ty.subst(&map);
        if !self.unify_at(&own, ty, depth + 1) {
            return None;
        }
        if let Some((_, own_args)) = &info.trait_ {
            for (own, given) in own_args.iter().zip(args.iter()) {
                if !self.unify_at(&own.subst(&map), given, depth + 1) {
                    return None;
                }
            }
        }
        for (on, bound) in &info.bounds {
            let on = on.subst(&map);
            let bound = bound.subst(&map);
            if !self.may_implement(&on, &bound, depth + 1) {
                return None;
            }
            for (name, to) in bound.bindings.iter() {
                if matches!(to, T::Impl(_)) {
                    continue;
                }
                let assoc = project(on.clone(), Some((bound.trait_, bound.args.clone())), *name);
                if !self.unify_at(&assoc, to, depth + 1) {
                    return None;
                }
            }
        }
        Some(map)
    }
}
