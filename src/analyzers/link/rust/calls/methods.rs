//! Finding the method a call means, by the compiler's order: each dereference of the receiver by
//! value, then behind `&`, then behind `&mut`; inherent methods before those of traits.

use std::sync::Arc;

use super::super::world::Id;
use super::solve::Solver;
use super::tables::Tables;
use super::types::{Bound, Subst, T, Types, none};
use crate::model::Certainty;
use crate::model::facts::rust::items::Receiver;

const STEPS: usize = 12;

/// A method that fits.
pub struct Found {
    pub function: u32,
    /// The type it belongs to.
    pub self_ty: T,
    /// The receiver as the method takes it.
    pub receiver: T,
    /// The trait, when the method is found through one.
    pub trait_: Option<(u32, Types)>,
    pub certainty: Certainty,
    /// Types whose own `Deref` was used on the way.
    pub derefs: Vec<T>,
}

/// Why there is no method.
pub enum Missing {
    /// The receiver's type is not known.
    Unknown,
    /// It belongs to a crate without source here.
    External(crate::model::Name),
    NotFound(T),
}

enum Kind {
    Value,
    Ref,
    RefMut,
    Typed,
}

impl Solver<'_, '_, '_> {
    pub fn probe(&mut self, receiver: &T, name: Id) -> Result<Found, Missing> {
        let mut step = self.shallow(receiver);
        let mut derefs = Vec::new();
        let mut external = None;
        for _ in 0..STEPS {
            match &step {
                T::Var(_) if self.int_hole(&step) => {}
                T::Unknown | T::Var(_) => {
                    return Err(external.map_or(Missing::Unknown, Missing::External));
                }
                T::External(path, _) if external.is_none() => external = Some(path.clone()),
                _ => {}
            }
            let adjusted = [
                step.clone(),
                T::Ref(false, Arc::new(step.clone())),
                T::Ref(true, Arc::new(step.clone())),
            ];
            for taken in &adjusted {
                if let Some(mut found) = self.at_step(taken, name) {
                    found.derefs = derefs;
                    return Ok(found);
                }
            }
            let next = match self.deref(&step) {
                Some(next) => {
                    if matches!(step, T::Adt(..) | T::Param(_) | T::External(..)) {
                        derefs.push(step.clone());
                    }
                    next
                }
                None => match &step {
                    T::Array(item) => T::Slice(item.clone()),
                    _ => break,
                },
            };
            step = self.shallow(&next);
        }
        match external {
            Some(path) => Err(Missing::External(path)),
            None => Err(Missing::NotFound(self.resolve(receiver))),
        }
    }

    /// Methods that take exactly this type.
    fn at_step(&mut self, taken: &T, name: Id) -> Option<Found> {
        let mut owners: Vec<(T, Kind)> = vec![(taken.clone(), Kind::Value)];
        match taken {
            T::Ref(false, inner) => owners.push(((**inner).clone(), Kind::Ref)),
            T::Ref(true, inner) => owners.push(((**inner).clone(), Kind::RefMut)),
            _ => {}
        }
        // `self: Pin<&mut Self>`, `self: &Arc<Self>` …
        let holder = match taken {
            T::Ref(_, inner) => self.shallow(inner),
            other => other.clone(),
        };
        if let T::Adt(id, args) = &holder {
            let std = &self.tables.std;
            let is = |name: &str| std.ty(name) == Some(*id);
            if (is("Pin") || is("Arc") || is("Rc") || is("Box"))
                && let Some(inner) = args.first()
            {
                let inner = self.shallow(inner);
                let owner = match (&inner, is("Pin")) {
                    (T::Ref(_, inner), true) => self.shallow(inner),
                    (T::Adt(_, args), true) if !args.is_empty() => self.shallow(&args[0]),
                    _ => inner,
                };
                owners.push((owner, Kind::Typed));
            }
        }
        for (owner, kind) in &owners {
            if let Some(found) = self.inherent(owner, kind, taken, name) {
                return Some(found);
            }
        }
        for (owner, kind) in &owners {
            if let Some(found) = self.of_traits(owner, kind, taken, name) {
                return Some(found);
            }
        }
        None
    }

    fn inherent(&mut self, owner: &T, kind: &Kind, taken: &T, name: Id) -> Option<Found> {
        let owner = self.shallow(owner);
        let head = if self.int_hole(&owner) {
            super::types::Head::Prim(super::super::world::Prim::U64)
        } else {
            Tables::method_head(owner.head()?)
        };
        let tables = self.tables;
        let candidates = tables.inherent.get(&(head, name))?;
        for function in candidates {
            if !self.takes(*function, kind) {
                continue;
            }
            let holder = tables.owner_impl(*function)?;
            let info = &tables.impls[holder as usize];
            let snapshot = self.snapshot();
            let map: Subst = info.generics.iter().map(|name| (*name, self.fresh())).collect();
            let own = info.self_ty.subst(&map);
            let is_number = matches!(head, super::types::Head::Prim(_));
            let fits = (is_number || self.unify(&own, &owner)) && self.bounds_hold(holder, &map);
            self.rollback(&snapshot);
            if fits {
                return Some(Found {
                    function: *function,
                    self_ty: owner,
                    receiver: taken.clone(),
                    trait_: None,
                    certainty: Certainty::Exact,
                    derefs: Vec::new(),
                });
            }
        }
        None
    }

    fn bounds_hold(&mut self, holder: u32, map: &Subst) -> bool {
        let info = &self.tables.impls[holder as usize];
        info.bounds.iter().all(|(on, bound)| {
            let on = on.subst(map);
            let bound = bound.subst(map);
            self.may_implement(&on, &bound, 0)
        })
    }

    fn of_traits(&mut self, owner: &T, kind: &Kind, taken: &T, name: Id) -> Option<Found> {
        let tables = self.tables;
        let candidates = tables.by_method.get(&name)?;
        let owner = self.shallow(owner);
        if matches!(owner, T::Unknown | T::Var(_)) && !self.int_hole(&owner) {
            return None;
        }
        let bounds: Vec<Bound> = self.bounds_on(&owner, 0);
        let in_scope = tables.in_scope(self.module);
        let mut hidden = None;
        for (trait_, function) in candidates {
            if !self.takes(*function, kind) {
                continue;
            }
            let bound = bounds.iter().find(|bound| bound.trait_ == *trait_);
            let fits = bound.is_some() || {
                let snapshot = self.snapshot();
                let fits = self.implements(&owner, *trait_, &none());
                self.rollback(&snapshot);
                fits
            };
            if !fits {
                continue;
            }
            let args = bound.map_or_else(none, |bound| bound.args.clone());
            let is_visible = bound.is_some() || in_scope.contains(trait_);
            let found = Found {
                function: *function,
                self_ty: owner.clone(),
                receiver: taken.clone(),
                trait_: Some((*trait_, args)),
                certainty: if is_visible { Certainty::Exact } else { Certainty::Inferred },
                derefs: Vec::new(),
            };
            if is_visible {
                return Some(found);
            }
            hidden.get_or_insert(found);
        }
        // A trait of the standard library out of scope is another one's method of that name.
        hidden
            .filter(|found| !tables.is_std_function(found.function) && matches!(owner, T::Adt(..)))
    }

    fn takes(&self, function: u32, kind: &Kind) -> bool {
        let receiver = &self.tables.world.function(function).receiver;
        matches!(
            (receiver, kind),
            (Some(Receiver::Value), Kind::Value)
                | (Some(Receiver::Ref), Kind::Ref)
                | (Some(Receiver::RefMut), Kind::RefMut)
                | (Some(Receiver::Typed(_)), Kind::Typed | Kind::Value | Kind::Ref | Kind::RefMut)
        ) && !(matches!(kind, Kind::Ref | Kind::RefMut | Kind::Value)
            && matches!(receiver, Some(Receiver::Typed(ty)) if is_smart(ty)))
    }

    pub fn int_hole(&self, ty: &T) -> bool {
        self.is_number_hole(ty)
    }
}

/// A receiver written as a path with arguments: `Pin<&mut Self>`.
fn is_smart(ty: &crate::model::facts::rust::types::Ty) -> bool {
    use crate::model::facts::rust::types::Ty;
    match ty {
        Ty::Path(path) => path.last().is_some_and(|last| !last.args.is_empty()),
        Ty::Ref { inner, .. } => is_smart(inner),
        _ => false,
    }
}
