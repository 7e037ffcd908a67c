//! Patterns: which names they bind to what types.

use super::super::world::{Def, Id, Namespace};
use super::infer::Inference;
use super::types::T;
use crate::model::facts::rust::calls::{Pattern, PatternId};
use crate::model::facts::rust::types::Path;

impl Inference<'_, '_, '_> {
    /// Binds the names of a pattern that is matched against a type.
    pub(super) fn bind(&mut self, pattern: PatternId, ty: &T) {
        self.bind_in(pattern, ty, false, false);
    }

    /// `behind`: the value is seen through a reference, so that names bind references.
    fn bind_in(&mut self, pattern: PatternId, ty: &T, behind: bool, mutable: bool) {
        let Some(pattern) = self.body.patterns.get(pattern as usize) else { return };
        let wrap = |ty: T, behind: bool| {
            if behind { T::Ref(mutable, std::sync::Arc::new(ty)) } else { ty }
        };
        match pattern {
            Pattern::Wild | Pattern::Rest => {}
            Pattern::Bind { name, by_ref, inner } => {
                let name = self.word(*name);
                if inner.is_none() && self.is_constant(name) {
                    return;
                }
                self.locals.push((name, wrap(ty.clone(), behind || *by_ref)));
                if let Some(inner) = inner {
                    self.bind_in(*inner, ty, behind, mutable);
                }
            }
            Pattern::Path(path) => {
                if let Some((adt, _)) = self.pattern_type(path) {
                    let (ty, ..) = self.peel(ty, behind, mutable);
                    self.solver.unify(&adt, &ty);
                }
            }
            Pattern::Literal(literal) => {
                let (ty, ..) = self.peel(ty, behind, mutable);
                let literal = self.literal(literal);
                if !matches!(literal, T::Ref(..)) {
                    self.solver.unify(&literal, &ty);
                }
            }
            Pattern::Typed(inner, written) => {
                let written = self.lower(written);
                self.solver.unify(&written, ty);
                self.bind_in(*inner, &written, behind, mutable);
            }
            Pattern::Ref(inner) => {
                let ty = self.solver.shallow(ty);
                let target = match &ty {
                    T::Ref(_, target) => (**target).clone(),
                    T::Var(_) => {
                        let hole = self.solver.fresh();
                        self.solver.unify(&ty, &hole.clone().reference());
                        hole
                    }
                    // Seen through a reference already: `&x` takes that one off.
                    other if behind => other.clone(),
                    _ => T::Unknown,
                };
                self.bind_in(*inner, &target, false, false);
            }
            Pattern::Or(cases) => {
                for case in cases {
                    self.bind_in(*case, ty, behind, mutable);
                }
            }
            Pattern::Tuple(parts) => {
                let (ty, behind, mutable) = self.peel(ty, behind, mutable);
                if let T::Var(_) = ty
                    && !parts.iter().any(|part| self.is_rest(*part))
                {
                    let items: Vec<T> = parts.iter().map(|_| self.solver.fresh()).collect();
                    self.solver.unify(&ty, &T::Tuple(items.into()));
                }
                let ty = self.solver.shallow(&ty);
                let items = match &ty {
                    T::Tuple(items) => items.to_vec(),
                    _ => Vec::new(),
                };
                self.bind_all(parts, &items, behind, mutable);
            }
            Pattern::Slice(parts) => {
                let (ty, behind, mutable) = self.peel(ty, behind, mutable);
                let item = match &ty {
                    T::Slice(item) | T::Array(item) => (**item).clone(),
                    T::Adt(_, args) => args.first().cloned().unwrap_or(T::Unknown),
                    _ => T::Unknown,
                };
                for part in parts {
                    let rest = match self.body.patterns.get(*part as usize) {
                        Some(Pattern::Bind { inner: Some(inner), .. }) => self.is_rest(*inner),
                        _ => false,
                    };
                    let of = if rest { T::Slice(item.clone().into()) } else { item.clone() };
                    self.bind_in(*part, &of, behind, mutable);
                }
            }
            Pattern::TupleStruct(path, parts) => {
                let (ty, behind, mutable) = self.peel(ty, behind, mutable);
                let fields = match self.pattern_type(path) {
                    Some((adt, variant)) => {
                        self.solver.unify(&adt, &ty);
                        self.fields_of(&adt, variant)
                    }
                    None => Vec::new(),
                };
                self.bind_all(parts, &fields, behind, mutable);
            }
            Pattern::Struct(path, parts) => {
                let (ty, behind, mutable) = self.peel(ty, behind, mutable);
                let adt = self.pattern_type(path);
                if let Some((adt, _)) = &adt {
                    self.solver.unify(adt, &ty);
                }
                for (name, part) in parts {
                    let name = self.word(*name);
                    let field = match &adt {
                        Some((T::Adt(id, args), variant)) => {
                            self.tables.field(*id, args, *variant, name)
                        }
                        _ => None,
                    };
                    self.bind_in(*part, &field.unwrap_or(T::Unknown), behind, mutable);
                }
            }
        }
    }

    fn bind_all(&mut self, parts: &[PatternId], types: &[T], behind: bool, mutable: bool) {
        let rest = parts.iter().position(|part| self.is_rest(*part));
        for (at, part) in parts.iter().enumerate() {
            let ty = match rest {
                Some(rest) if at > rest => {
                    let from_end = parts.len() - at;
                    types.len().checked_sub(from_end).and_then(|at| types.get(at))
                }
                _ => types.get(at),
            };
            let ty = ty.cloned().unwrap_or(T::Unknown);
            self.bind_in(*part, &ty, behind, mutable);
        }
    }

    fn is_rest(&self, pattern: PatternId) -> bool {
        matches!(self.body.patterns.get(pattern as usize), Some(Pattern::Rest))
    }

    /// Takes references off a matched value.
    fn peel(&mut self, ty: &T, mut behind: bool, mut mutable: bool) -> (T, bool, bool) {
        let mut ty = self.solver.shallow(ty);
        while let T::Ref(is_mutable, inner) = &ty {
            mutable = if behind { mutable && *is_mutable } else { *is_mutable };
            behind = true;
            let inner = inner.clone();
            ty = self.solver.shallow(&inner);
        }
        (ty, behind, mutable)
    }

    fn is_constant(&mut self, name: Id) -> bool {
        let found = self.world().lookup_lexical(self.module, name, Namespace::Value);
        match found {
            Some(Def::Variant(..) | Def::Value(_)) => true,
            Some(Def::Type(id)) => {
                let shape = self.world().type_(id).variants.first().map(|only| only.shape);
                shape == Some(crate::model::facts::rust::items::Shape::Unit)
            }
            _ => false,
        }
    }

    /// The type and variant that a pattern's path names, with holes for its arguments.
    pub(super) fn pattern_type(&mut self, path: &Path) -> Option<(T, u32)> {
        let ids = self.tables.ids(path, self.scope.file);
        let own = self.world().known.self_type;
        if ids.first() == Some(&own) && path.qself.is_none() {
            let ty = self.scope.self_ty.clone()?;
            let T::Adt(id, _) = &ty else { return None };
            let variant = match ids.get(1) {
                Some(name) => match self.world().variant(Def::Type(*id), *name)? {
                    Def::Variant(_, variant) => variant,
                    _ => return None,
                },
                None => 0,
            };
            return Some((ty, variant));
        }
        let found = self
            .world()
            .resolve(self.module, &ids, path.global, Namespace::Value)
            .filter(|found| found.taken == ids.len())
            .or_else(|| self.world().resolve(self.module, &ids, path.global, Namespace::Type))?;
        match found.def {
            Def::Variant(id, variant) => Some((self.adt_with_holes(id), variant)),
            Def::Type(id) => Some((self.adt_with_holes(id), 0)),
            Def::Alias(_) => {
                let segments = path.segments.get(..found.taken)?.to_vec();
                let written = Path { segments, global: path.global, ..Path::default() };
                let ty = self.lower_path(&written);
                let ty = self.fill_holes(&ty);
                matches!(ty, T::Adt(..)).then_some((ty, 0))
            }
            _ => None,
        }
    }

    pub(super) fn fields_of(&mut self, adt: &T, variant: u32) -> Vec<T> {
        match self.solver.shallow(adt) {
            T::Adt(id, args) => self.tables.fields(id, &args, variant),
            _ => Vec::new(),
        }
    }
}
