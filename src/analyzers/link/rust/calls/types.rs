//! Types as inference handles them: paths resolved, aliases opened, holes as variables.

use std::sync::Arc;

use super::super::world::{Id, Prim};
use crate::model::Name;

pub type Types = Arc<[T]>;

/// A type, possibly not yet known in parts.
#[derive(Debug, Clone, PartialEq)]
pub enum T {
    /// Nothing can be said; agrees with everything.
    Unknown,
    Never,
    /// A hole, to be filled by unification.
    Var(u32),
    Prim(Prim),
    Adt(u32, Types),
    /// A type of a crate whose source is not here, by path.
    External(Name, Types),
    /// What `project()` of a pin-projecting macro gives: the fields, pinned.
    Projected(u32, Types),
    Ref(bool, Arc<T>),
    Ptr(Arc<T>),
    Slice(Arc<T>),
    Array(Arc<T>),
    Tuple(Types),
    /// Function pointers, function items and closures.
    Fn(bool, Types, Arc<T>),
    /// A generic parameter; `Self` of a trait is one.
    Param(Id),
    Dyn(Arc<[Bound]>),
    /// `impl Trait`; an `async` function's future.
    Impl(Arc<[Bound]>),
    Proj(Arc<Proj>),
}

/// A trait with its arguments and bound associated types.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    pub trait_: u32,
    pub args: Types,
    pub bindings: Arc<[(Id, T)]>,
}

/// `<base as trait_>::name`.
#[derive(Debug, Clone, PartialEq)]
pub struct Proj {
    pub base: T,
    /// `None` when only the name was written (`T::Item`).
    pub trait_: Option<(u32, Types)>,
    pub name: Id,
}

/// What implementations are indexed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Head {
    Adt(u32),
    Prim(Prim),
    External,
    Ref,
    Ptr,
    Slice,
    Array,
    Tuple,
    Fn,
    Dyn(u32),
    Never,
}

pub type Subst = Vec<(Id, T)>;

pub fn none() -> Types {
    Arc::from([])
}

impl T {
    pub fn unit() -> Self {
        Self::Tuple(none())
    }

    pub fn reference(self) -> Self {
        Self::Ref(false, Arc::new(self))
    }

    pub fn head(&self) -> Option<Head> {
        Some(match self {
            Self::Adt(id, _) => Head::Adt(*id),
            Self::Prim(prim) => Head::Prim(*prim),
            Self::External(..) => Head::External,
            Self::Ref(..) => Head::Ref,
            Self::Ptr(_) => Head::Ptr,
            Self::Slice(_) => Head::Slice,
            Self::Array(_) => Head::Array,
            Self::Tuple(_) => Head::Tuple,
            Self::Fn(..) => Head::Fn,
            Self::Dyn(bounds) => Head::Dyn(bounds.first()?.trait_),
            Self::Never => Head::Never,
            Self::Unknown
            | Self::Var(_)
            | Self::Param(_)
            | Self::Impl(_)
            | Self::Proj(_)
            | Self::Projected(..) => {
                return None;
            }
        })
    }

    /// Whether the type has parts that `subst` may change.
    fn is_plain(&self) -> bool {
        match self {
            Self::Unknown | Self::Never | Self::Prim(_) => true,
            Self::Adt(_, args) => args.is_empty(),
            _ => false,
        }
    }

    /// The type with parameters replaced.
    pub fn subst(&self, map: &[(Id, Self)]) -> Self {
        if map.is_empty() || self.is_plain() {
            return self.clone();
        }
        self.map(&|part| match part {
            Self::Param(id) => map.iter().find(|(name, _)| name == id).map(|(_, to)| to.clone()),
            _ => None,
        })
    }

    /// The type with every part that `change` answers for replaced.
    pub fn map(&self, change: &dyn Fn(&Self) -> Option<Self>) -> Self {
        if let Some(changed) = change(self) {
            return changed;
        }
        let all = |types: &Types| -> Types {
            if types.is_empty() {
                return types.clone();
            }
            types.iter().map(|part| part.map(change)).collect()
        };
        let one = |inner: &Arc<Self>| Arc::new(inner.map(change));
        match self {
            Self::Unknown | Self::Never | Self::Var(_) | Self::Prim(_) | Self::Param(_) => {
                self.clone()
            }
            Self::Adt(id, args) => Self::Adt(*id, all(args)),
            Self::External(path, args) => Self::External(path.clone(), all(args)),
            Self::Projected(id, args) => Self::Projected(*id, all(args)),
            Self::Ref(mutable, inner) => Self::Ref(*mutable, one(inner)),
            Self::Ptr(inner) => Self::Ptr(one(inner)),
            Self::Slice(inner) => Self::Slice(one(inner)),
            Self::Array(inner) => Self::Array(one(inner)),
            Self::Tuple(items) => Self::Tuple(all(items)),
            Self::Fn(closure, params, output) => Self::Fn(*closure, all(params), one(output)),
            Self::Dyn(bounds) => Self::Dyn(bounds.iter().map(|bound| bound.map(change)).collect()),
            Self::Impl(bounds) => {
                Self::Impl(bounds.iter().map(|bound| bound.map(change)).collect())
            }
            Self::Proj(proj) => Self::Proj(Arc::new(Proj {
                base: proj.base.map(change),
                trait_: proj.trait_.as_ref().map(|(id, args)| (*id, all(args))),
                name: proj.name,
            })),
        }
    }
}

impl Bound {
    pub fn map(&self, change: &dyn Fn(&T) -> Option<T>) -> Self {
        Self {
            trait_: self.trait_,
            args: self.args.iter().map(|arg| arg.map(change)).collect(),
            bindings: self.bindings.iter().map(|(name, to)| (*name, to.map(change))).collect(),
        }
    }

    pub fn subst(&self, map: &[(Id, T)]) -> Self {
        Self {
            trait_: self.trait_,
            args: self.args.iter().map(|arg| arg.subst(map)).collect(),
            bindings: self.bindings.iter().map(|(name, to)| (*name, to.subst(map))).collect(),
        }
    }
}
