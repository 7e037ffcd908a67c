//! Places: fields, elements and what is behind a dereference; and the coercions of references.
//! A place that turns out to be written is reached through `deref_mut` and `index_mut`.

use std::sync::Arc;

use super::infer::{Inference, Target};
use super::types::{T, Types};
use crate::analyzers::link::rust::world::Prim;
use crate::model::facts::rust::calls::{Expr, ExprId, Site, Unary};

const RANGES: &[&str] =
    &["Range", "RangeInclusive", "RangeFrom", "RangeTo", "RangeToInclusive", "RangeFull"];

impl Inference<'_, '_, '_> {
    /// Lets a value stand where another type is wanted: by reference, dereferenced, unsized.
    pub(super) fn coerce(&mut self, given: &T, wanted: &T) {
        self.coerce_at(given, wanted, None);
    }

    /// The same; an overloaded dereference that it takes is noted at the expression.
    pub(super) fn coerce_at(&mut self, given: &T, wanted: &T, place: Option<ExprId>) {
        if self.solver.unify(given, wanted) {
            return;
        }
        let (given, wanted) = (self.solver.shallow(given), self.solver.shallow(wanted));
        let (T::Ref(_, from), T::Ref(mutable, to)) = (&given, &wanted) else {
            if let (T::Ref(_, from), T::Ptr(to)) = (&given, &wanted) {
                self.solver.unify(from, to);
            }
            return;
        };
        let deref = if *mutable { ("DerefMut", "deref_mut") } else { ("Deref", "deref") };
        let mut from = self.solver.shallow(from);
        let mut through = Vec::new();
        for _ in 0..6 {
            if self.solver.unify(&from, to) {
                if let Some(site) = place.and_then(|place| self.site(place)) {
                    for own in &through {
                        self.implicit(site, deref.0, deref.1, own, &[]);
                    }
                }
                return;
            }
            if let (T::Array(item), T::Slice(wanted)) = (&from, self.solver.shallow(to)) {
                self.solver.unify(item, &wanted);
                return;
            }
            match self.solver.deref(&from) {
                Some(next) => {
                    if is_overloaded(&from) {
                        through.push(from);
                    }
                    from = self.solver.shallow(&next);
                }
                None => return,
            }
        }
    }

    /// Where an expression stands, as far as it is told.
    fn site(&self, id: ExprId) -> Option<Site> {
        match self.body.exprs.get(id as usize)? {
            Expr::Path(_, site)
            | Expr::Field(_, _, site)
            | Expr::Method { site, .. }
            | Expr::Call { site, .. } => Some(*site),
            Expr::Ref(inner, _) | Expr::Unary { operand: inner, .. } => self.site(*inner),
            _ => None,
        }
    }

    /// Notes what the language calls to reach a place, so that [`Self::mutate`] can find it.
    pub(super) fn reach(
        &mut self,
        place: ExprId,
        site: Site,
        (trait_, method): (&str, &str),
        own: &T,
        args: &[T],
    ) {
        let before = self.events.len();
        self.implicit(site, trait_, method, own, args);
        if self.events.len() > before {
            self.reached.push((place, before));
        }
    }

    /// A place is written to: all that was used to reach it is used in its mutable form.
    pub(super) fn mutate(&mut self, place: ExprId) {
        let mut at = place;
        for _ in 0..64 {
            let events: Vec<usize> =
                self.reached.iter().filter(|(id, _)| *id == at).map(|(_, event)| *event).collect();
            for event in events {
                self.make_mutable(event);
            }
            at = match self.body.exprs.get(at as usize) {
                Some(Expr::Field(base, ..) | Expr::Index { base, .. }) => *base,
                Some(Expr::Unary { operator: Unary::Deref, operand, .. }) => *operand,
                _ => return,
            };
        }
    }

    fn make_mutable(&mut self, event: usize) {
        let tables = self.tables;
        let Some(Target::Method { function, trait_, .. }) =
            self.events.get_mut(event).map(|event| &mut event.target)
        else {
            return;
        };
        for (plain, mutable, method) in
            [("Deref", "DerefMut", "deref_mut"), ("Index", "IndexMut", "index_mut")]
        {
            if tables.std.tr(plain) == Some(*trait_)
                && let Some(id) = tables.std.tr(mutable)
                && let Some(name) = tables.world.id(method)
                && let Some(found) = tables.traits[id as usize].methods.get(&name)
            {
                (*function, *trait_) = (*found, id);
                return;
            }
        }
    }

    pub(super) fn field(&mut self, id: ExprId, base: &T, name: u32, site: Site) -> T {
        let mut through = Vec::new();
        let ty = self.field_of(base, name, &mut through);
        if ty != T::Unknown {
            for own in &through {
                self.reach(id, site, ("Deref", "deref"), own, &[]);
            }
        }
        ty
    }

    fn field_of(&mut self, base: &T, name: u32, through: &mut Vec<T>) -> T {
        let name = self.word(name);
        let mut step = self.solver.shallow(base);
        for _ in 0..8 {
            match &step {
                T::Adt(id, args) => {
                    if let Some(ty) = self.tables.field(*id, args, 0, name) {
                        return ty;
                    }
                }
                T::Projected(id, args) => {
                    if let (Some(ty), Some(pin)) =
                        (self.tables.field(*id, args, 0, name), self.tables.std.ty("Pin"))
                    {
                        return T::Adt(pin, Arc::from([T::Ref(true, Arc::new(ty))]));
                    }
                }
                T::Tuple(items) => {
                    let at = self.world().name(name).parse::<usize>().ok();
                    if let Some(ty) = at.and_then(|at| items.get(at)) {
                        return ty.clone();
                    }
                }
                _ => {}
            }
            match self.solver.deref(&step) {
                Some(next) => {
                    if is_overloaded(&step) {
                        through.push(step);
                    }
                    step = self.solver.shallow(&next);
                }
                None => return T::Unknown,
            }
        }
        T::Unknown
    }

    pub(super) fn index(&mut self, id: ExprId, base: ExprId, index: ExprId, site: Site) -> T {
        let base = self.infer(base, &T::Unknown);
        let index = self.infer(index, &T::Unknown);
        let key = self.solver.shallow(&index);
        let is_range = matches!(&key, T::Adt(id, _) if RANGES
            .iter()
            .any(|name| self.tables.std.ty(name) == Some(*id)));
        let mut step = self.solver.shallow(&base);
        for _ in 0..8 {
            match &step {
                T::Slice(item) | T::Array(item) => {
                    return if is_range { T::Slice(item.clone()) } else { (**item).clone() };
                }
                T::Adt(id, args) if self.tables.std.ty("Vec") == Some(*id) => {
                    let item = args.first().cloned().unwrap_or(T::Unknown);
                    return if is_range { T::Slice(Arc::new(item)) } else { item };
                }
                T::Adt(id, _) if self.tables.std.ty("String") == Some(*id) => {
                    return T::Prim(Prim::Str);
                }
                T::Prim(Prim::Str) => return step,
                T::Var(_) | T::Unknown => return T::Unknown,
                _ => {}
            }
            if let (Some(trait_), Some(name)) =
                (self.tables.std.tr("Index"), self.tables.known.output)
            {
                let args: Types = Arc::from([index.clone()]);
                if self.solver.implements(&step, trait_, &args) {
                    self.reach(id, site, ("Index", "index"), &step, std::slice::from_ref(&index));
                    let output = super::tables::project(step, Some((trait_, args)), name);
                    return self.solver.shallow(&output);
                }
            }
            match self.solver.deref(&step) {
                Some(next) => {
                    if is_overloaded(&step) {
                        self.reach(id, site, ("Deref", "deref"), &step, &[]);
                    }
                    step = self.solver.shallow(&next);
                }
                None => return T::Unknown,
            }
        }
        T::Unknown
    }
}

/// Whether a dereference of the type calls its own `deref`.
fn is_overloaded(ty: &T) -> bool {
    matches!(ty, T::Adt(..) | T::Param(_) | T::External(..))
}
