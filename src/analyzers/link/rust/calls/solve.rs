//! Unification, associated types and the choice of implementations.

use std::sync::Arc;

use super::super::modules::ModuleId;
use super::super::world::{Id, Prim};
use super::tables::{Tables, project};
use super::types::{Bound, T, Types, none};

/// Types within types, impls that need impls: a bound on all recursion here.
pub(super) const DEPTH: u32 = 24;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Any,
    Int,
    Float,
}

/// The holes of one body and what is known about them.
pub struct Solver<'t, 'w, 'a> {
    pub tables: &'t Tables<'w, 'a>,
    pub module: ModuleId,
    slots: Vec<(Kind, Option<T>)>,
    trail: Vec<u32>,
    /// Bounds in force in the body.
    pub env: Vec<(T, Bound)>,
    /// Demands of called functions that may still tell types.
    pub pending: Vec<(T, Bound)>,
    /// Equalities with associated types that could not be computed yet.
    deferred: Vec<(T, T)>,
    /// Work done, so that no body takes forever.
    pub fuel: u32,
}

/// A point to return to.
pub struct Snapshot {
    trail: usize,
    deferred: usize,
}

impl<'t, 'w, 'a> Solver<'t, 'w, 'a> {
    pub fn new(tables: &'t Tables<'w, 'a>, module: ModuleId, env: Vec<(T, Bound)>) -> Self {
        Self {
            tables,
            module,
            slots: Vec::new(),
            trail: Vec::new(),
            env,
            pending: Vec::new(),
            deferred: Vec::new(),
            fuel: 0,
        }
    }

    pub fn fresh(&mut self) -> T {
        self.slot(Kind::Any)
    }

    pub fn fresh_int(&mut self) -> T {
        self.slot(Kind::Int)
    }

    pub fn fresh_float(&mut self) -> T {
        self.slot(Kind::Float)
    }

    fn slot(&mut self, kind: Kind) -> T {
        self.slots.push((kind, None));
        T::Var(self.slots.len() as u32 - 1)
    }

    pub fn snapshot(&self) -> Snapshot {
        Snapshot { trail: self.trail.len(), deferred: self.deferred.len() }
    }

    pub fn rollback(&mut self, snapshot: &Snapshot) {
        while self.trail.len() > snapshot.trail {
            if let Some(var) = self.trail.pop() {
                self.slots[var as usize].1 = None;
            }
        }
        self.deferred.truncate(snapshot.deferred);
    }

    /// The type with its outermost hole filled and its outermost associated type computed.
    pub fn shallow(&mut self, ty: &T) -> T {
        self.shallow_at(ty, 0)
    }

    pub(super) fn shallow_at(&mut self, ty: &T, depth: u32) -> T {
        let mut current = ty.clone();
        for _ in 0..DEPTH {
            match &current {
                T::Var(var) => match &self.slots[*var as usize].1 {
                    Some(bound) => current = bound.clone(),
                    None => return current,
                },
                T::Proj(_) => match self.normalise(&current, depth) {
                    Some(known) => current = known,
                    None => return current,
                },
                _ => return current,
            }
        }
        current
    }

    /// The type with all holes filled that can be.
    pub fn resolve(&mut self, ty: &T) -> T {
        self.resolve_at(ty, 0)
    }

    fn resolve_at(&mut self, ty: &T, depth: u32) -> T {
        if depth > DEPTH {
            return T::Unknown;
        }
        let top = self.shallow(ty);
        let mut all = |types: &Types| -> Types {
            types.iter().map(|part| self.resolve_at(part, depth + 1)).collect()
        };
        match &top {
            T::Adt(id, args) if !args.is_empty() => T::Adt(*id, all(args)),
            T::Ref(mutable, inner) => T::Ref(*mutable, Arc::new(self.resolve_at(inner, depth + 1))),
            T::Slice(inner) => T::Slice(Arc::new(self.resolve_at(inner, depth + 1))),
            T::Array(inner) => T::Array(Arc::new(self.resolve_at(inner, depth + 1))),
            T::Tuple(items) => T::Tuple(all(items)),
            T::Var(var) => match self.slots[*var as usize].0 {
                Kind::Int => T::Prim(Prim::I32),
                Kind::Float => T::Prim(Prim::F64),
                Kind::Any => top,
            },
            _ => top,
        }
    }

    /// Makes two types equal, or leaves everything as it was.
    pub fn unify(&mut self, a: &T, b: &T) -> bool {
        let snapshot = self.snapshot();
        let agree = self.unify_at(a, b, 0);
        if !agree {
            self.rollback(&snapshot);
        }
        agree
    }

    pub(super) fn unify_at(&mut self, a: &T, b: &T, depth: u32) -> bool {
        self.fuel += 1;
        if depth > DEPTH {
            return true;
        }
        let (a, b) = (self.shallow_at(a, depth), self.shallow_at(b, depth));
        let next = depth + 1;
        match (&a, &b) {
            (T::Unknown, _) | (_, T::Unknown) => true,
            (T::Var(x), T::Var(y)) if x == y => true,
            (T::Var(x), T::Var(y)) => {
                // The more special hole stays.
                if self.slots[*x as usize].0 == Kind::Any {
                    self.bind(*x, b)
                } else {
                    self.bind(*y, a)
                }
            }
            (T::Var(var), other) | (other, T::Var(var)) => {
                let fits = match self.slots[*var as usize].0 {
                    Kind::Any => !self.occurs(*var, other, 0),
                    Kind::Int => matches!(other, T::Prim(prim) if is_int(*prim)),
                    Kind::Float => matches!(other, T::Prim(Prim::F32 | Prim::F64)),
                };
                fits && self.bind(*var, other.clone())
            }
            (T::Proj(p), T::Proj(q)) if p == q => true,
            (T::Proj(_), _) | (_, T::Proj(_)) => {
                if self.has_hole(&a) || self.has_hole(&b) {
                    self.deferred.push((a, b));
                    return true;
                }
                // Two rigid projections, or one and a concrete type, that written bounds equate
                // in ways not followed here.
                matches!((&a, &b), (T::Proj(_), T::Proj(_)))
            }
            (T::Never, _) | (_, T::Never) => true,
            (T::Prim(x), T::Prim(y)) => x == y,
            (T::Adt(x, xs), T::Adt(y, ys)) => x == y && self.unify_all(xs, ys, next),
            (T::Projected(x, xs), T::Projected(y, ys)) => x == y && self.unify_all(xs, ys, next),
            (T::External(x, xs), T::External(y, ys)) => x == y && self.unify_all(xs, ys, next),
            (T::Ref(m, x), T::Ref(n, y)) => m == n && self.unify_at(x, y, next),
            (T::Ptr(x), T::Ptr(y)) | (T::Slice(x), T::Slice(y)) | (T::Array(x), T::Array(y)) => {
                self.unify_at(x, y, next)
            }
            (T::Tuple(xs), T::Tuple(ys)) => xs.len() == ys.len() && self.unify_all(xs, ys, next),
            (T::Fn(_, xs, x), T::Fn(_, ys, y)) => {
                xs.len() == ys.len() && self.unify_all(xs, ys, next) && self.unify_at(x, y, next)
            }
            (T::Param(x), T::Param(y)) => x == y,
            (T::Dyn(xs), T::Dyn(ys)) | (T::Impl(xs), T::Impl(ys)) => {
                match (xs.first(), ys.first()) {
                    (Some(x), Some(y)) if x.trait_ == y.trait_ => {
                        let (x, y) = (x.clone(), y.clone());
                        self.unify_all(&x.args, &y.args, next);
                        for (name, to) in x.bindings.iter() {
                            if let Some((_, other)) = y.bindings.iter().find(|(n, _)| n == name) {
                                self.unify_at(to, other, next);
                            }
                        }
                        true
                    }
                    (Some(_), Some(_)) => false,
                    _ => true,
                }
            }
            _ => false,
        }
    }

    fn unify_all(&mut self, xs: &Types, ys: &Types, depth: u32) -> bool {
        // Written-out arguments may be fewer than there are.
        xs.iter().zip(ys.iter()).all(|(x, y)| self.unify_at(x, y, depth))
    }

    fn bind(&mut self, var: u32, to: T) -> bool {
        self.slots[var as usize].1 = Some(to);
        self.trail.push(var);
        true
    }

    fn occurs(&self, var: u32, ty: &T, depth: u32) -> bool {
        if depth > DEPTH {
            return true;
        }
        let any = |types: &Types| types.iter().any(|part| self.occurs(var, part, depth + 1));
        match ty {
            T::Var(other) if *other == var => true,
            T::Var(other) => match &self.slots[*other as usize].1 {
                Some(bound) => self.occurs(var, bound, depth + 1),
                None => false,
            },
            T::Adt(_, args) | T::External(_, args) | T::Tuple(args) => any(args),
            T::Fn(_, params, output) => any(params) || self.occurs(var, output, depth + 1),
            T::Ref(_, inner) | T::Ptr(inner) | T::Slice(inner) | T::Array(inner) => {
                self.occurs(var, inner, depth + 1)
            }
            T::Proj(proj) => {
                self.occurs(var, &proj.base, depth + 1)
                    || proj.trait_.as_ref().is_some_and(|(_, args)| {
                        args.iter().any(|part| self.occurs(var, part, depth + 1))
                    })
            }
            T::Dyn(bounds) | T::Impl(bounds) => bounds.iter().any(|bound| {
                bound.args.iter().any(|part| self.occurs(var, part, depth + 1))
                    || bound.bindings.iter().any(|(_, to)| self.occurs(var, to, depth + 1))
            }),
            _ => false,
        }
    }

    fn has_hole(&self, ty: &T) -> bool {
        self.hole_in(ty, 0)
    }

    fn hole_in(&self, ty: &T, depth: u32) -> bool {
        if depth > DEPTH {
            return false;
        }
        let any = |types: &Types| types.iter().any(|part| self.hole_in(part, depth + 1));
        match ty {
            T::Var(var) => match &self.slots[*var as usize].1 {
                Some(bound) => self.hole_in(bound, depth + 1),
                None => true,
            },
            T::Adt(_, args) | T::External(_, args) | T::Tuple(args) => any(args),
            T::Fn(_, params, output) => any(params) || self.hole_in(output, depth + 1),
            T::Ref(_, inner) | T::Ptr(inner) | T::Slice(inner) | T::Array(inner) => {
                self.hole_in(inner, depth + 1)
            }
            T::Proj(proj) => {
                self.hole_in(&proj.base, depth + 1)
                    || proj.trait_.as_ref().is_some_and(|(_, args)| any(args))
            }
            _ => false,
        }
    }

    /// What an associated type is, if that can be told.
    pub(super) fn normalise(&mut self, ty: &T, depth: u32) -> Option<T> {
        let T::Proj(proj) = ty else { return None };
        self.fuel += 1;
        if depth > DEPTH || self.fuel > super::FUEL {
            return Some(T::Unknown);
        }
        let base = self.shallow_at(&proj.base, depth + 1);
        match &base {
            T::Var(_) => return None,
            T::Unknown | T::Never => return Some(base),
            _ => {}
        }
        // What bounds say: `T: Iterator<Item = u8>`.
        let trait_ = proj.trait_.as_ref().map(|(id, _)| *id);
        let bounds = self.bounds_on(&base, depth + 1);
        for bound in &bounds {
            if trait_.is_none_or(|id| id == bound.trait_)
                && let Some((_, to)) = bound.bindings.iter().find(|(name, _)| *name == proj.name)
            {
                // `Item: Bound` is no equation.
                return match to {
                    T::Impl(_) => Some(to.clone()),
                    other if *other == *ty => None,
                    other => Some(other.clone()),
                };
            }
        }
        if let (T::Fn(_, _, output), true) = (&base, Some(proj.name) == self.tables.known.output)
            && trait_.is_none_or(|id| self.tables.known.fn_traits.contains(&id))
        {
            return Some((**output).clone());
        }
        let candidates: Vec<(u32, Types)> = match &proj.trait_ {
            Some((id, args)) => vec![(*id, args.clone())],
            None => {
                let named = self.tables.by_assoc.get(&proj.name);
                let all = named.into_iter().flatten();
                if matches!(base, T::Param(_) | T::Proj(_)) {
                    let of = |id: &&u32| bounds.iter().any(|bound| bound.trait_ == **id);
                    all.filter(of).map(|id| (*id, none())).collect()
                } else {
                    all.map(|id| (*id, none())).collect()
                }
            }
        };
        for (trait_, args) in &candidates {
            if let Some((found, map)) = self.select(&base, *trait_, args, depth + 1) {
                let info = &self.tables.impls[found as usize];
                if let Some((_, to)) = info.types.iter().find(|(name, _)| *name == proj.name) {
                    return Some(to.subst(&map));
                }
                let types = &self.tables.traits[*trait_ as usize].types;
                let default = types.iter().find(|(name, ..)| *name == proj.name);
                if let Some((_, _, Some(default))) = default {
                    let own = (self.tables.known.self_type, base.clone());
                    return Some(default.subst(&[own]));
                }
                return Some(T::Unknown);
            }
        }
        match &base {
            T::Param(_) | T::Proj(_) if proj.trait_.is_none() => {
                // Say which trait, so that equal projections look equal.
                let (trait_, args) = candidates.first()?.clone();
                let bound = bounds.iter().find(|bound| bound.trait_ == trait_);
                let args = bound.map_or(args, |bound| bound.args.clone());
                Some(project(base, Some((trait_, args)), proj.name))
            }
            T::Param(_) | T::Proj(_) | T::Impl(_) | T::Dyn(_) => None,
            _ => Some(T::Unknown),
        }
    }

    /// Learns what the demands of called functions tell by now.
    pub fn process(&mut self) {
        for _ in 0..3 {
            let before = self.trail.len();
            let pending = std::mem::take(&mut self.pending);
            for (on, bound) in pending {
                if !self.demand(&on, &bound) {
                    self.pending.push((on, bound));
                }
            }
            let deferred = std::mem::take(&mut self.deferred);
            for (a, b) in deferred {
                self.unify(&a, &b);
            }
            if self.trail.len() == before {
                break;
            }
        }
    }

    /// Whether the demand has told all it can.
    fn demand(&mut self, on: &T, bound: &Bound) -> bool {
        let on = self.shallow(on);
        if matches!(on, T::Var(_)) {
            return false;
        }
        let known = &self.tables.known;
        if known.fn_traits.contains(&bound.trait_) {
            if let Some((params, output)) = self.callable(&on, 0) {
                if let Some(given) = bound.args.first() {
                    self.unify(&T::Tuple(params), given);
                }
                for (_, to) in bound.bindings.iter() {
                    self.unify(&output, to);
                }
            }
            return true;
        }
        for (name, to) in bound.bindings.iter() {
            let assoc = project(on.clone(), Some((bound.trait_, bound.args.clone())), *name);
            if !matches!(to, T::Impl(_)) {
                self.unify(&assoc, to);
            } else if let T::Impl(bounds) = to {
                for inner in bounds.iter() {
                    self.pending.push((assoc.clone(), inner.clone()));
                }
            }
        }
        // A lone implementation tells the trait's arguments.
        if !bound.args.is_empty() && bound.bindings.is_empty() {
            let tables = self.tables;
            let own = on.head().and_then(|head| tables.of_trait.get(&(bound.trait_, head)));
            if own.is_some_and(|own| own.len() == 1) && !tables.blankets.contains_key(&bound.trait_)
            {
                self.select(&on, bound.trait_, &bound.args, 0);
            }
        }
        true
    }

    /// Parameters and result of something that can be called.
    pub fn callable(&mut self, ty: &T, depth: u32) -> Option<(Types, T)> {
        let ty = self.shallow(ty);
        if depth > 6 {
            return None;
        }
        match &ty {
            T::Fn(_, params, output) => Some((params.clone(), (**output).clone())),
            T::Ref(_, inner) => self.callable(inner, depth + 1),
            T::Adt(id, args)
                if [
                    self.tables.std.ty("Box"),
                    self.tables.std.ty("Arc"),
                    self.tables.std.ty("Rc"),
                ]
                .contains(&Some(*id)) =>
            {
                self.callable(args.first()?, depth + 1)
            }
            T::Param(_) | T::Impl(_) | T::Dyn(_) | T::Proj(_) => {
                let bounds = self.bounds_on(&ty, 0);
                let fn_traits = &self.tables.known.fn_traits;
                let bound = bounds.iter().find(|bound| fn_traits.contains(&bound.trait_))?;
                let params = match bound.args.first() {
                    Some(T::Tuple(params)) => params.clone(),
                    _ => none(),
                };
                let output = bound.bindings.first().map_or(T::Unknown, |(_, to)| to.clone());
                Some((params, output))
            }
            _ => None,
        }
    }

    /// What a closure given for this type is to take and return.
    pub fn expected_closure(&mut self, ty: &T) -> Option<(Types, T)> {
        let ty = self.shallow(ty);
        if let T::Var(_) = &ty {
            for at in 0..self.pending.len() {
                let (on, bound) = self.pending[at].clone();
                if self.tables.known.fn_traits.contains(&bound.trait_) && self.shallow(&on) == ty {
                    let params = match bound.args.first() {
                        Some(T::Tuple(params)) => params.clone(),
                        _ => none(),
                    };
                    let output = bound.bindings.first().map_or(T::Unknown, |(_, to)| to.clone());
                    return Some((params, output));
                }
            }
            return None;
        }
        self.callable(&ty, 0)
    }

    /// `*value`.
    pub fn deref(&mut self, ty: &T) -> Option<T> {
        let ty = self.shallow(ty);
        match &ty {
            T::Ref(_, inner) | T::Ptr(inner) => Some((**inner).clone()),
            T::Adt(..) | T::Param(_) | T::Impl(_) | T::Proj(_) | T::External(..) => {
                let (trait_, name) = (self.tables.known.deref?, self.tables.known.target?);
                if matches!(ty, T::Adt(..) | T::External(..)) {
                    self.select(&ty, trait_, &none(), 0)?;
                } else if !self.bounds_on(&ty, 0).iter().any(|bound| bound.trait_ == trait_) {
                    return None;
                }
                let target = project(ty, Some((trait_, none())), name);
                Some(self.shallow(&target))
            }
            _ => None,
        }
    }

    /// An associated type of a type by a trait of the standard library.
    pub fn assoc(&mut self, ty: &T, trait_: &str, name: Option<Id>) -> T {
        match (self.tables.std.tr(trait_), name) {
            (Some(trait_), Some(name)) => {
                let projected = project(ty.clone(), Some((trait_, none())), name);
                self.shallow(&projected)
            }
            _ => T::Unknown,
        }
    }

    /// Whether the type is a number of a kind still open.
    pub fn is_number_hole(&self, ty: &T) -> bool {
        matches!(ty, T::Var(var) if self.slots[*var as usize].0 != Kind::Any)
    }
}

pub fn is_int(prim: Prim) -> bool {
    !matches!(prim, Prim::Bool | Prim::Char | Prim::Str | Prim::F32 | Prim::F64)
}
