//! Places: what is read, borrowed or written where it stands.

use syn::{Expr, UnOp};

use super::Lowering;
use crate::analyzers::rust::splits::types::Ty;
use crate::analyzers::split::VarId;

impl Lowering<'_, '_> {
    pub(super) fn local_of(&self, node: &syn::ExprPath) -> Option<VarId> {
        let name = node.path.get_ident()?;
        self.lookup(&name.to_string())
    }

    /// A path that is no local: a unit variant, constant or function.
    pub(super) fn constant(&self, node: &syn::ExprPath) -> Ty {
        let name = node.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        match self.types.named(&name) {
            Some(ty) => ty,
            None => Ty::plain(),
        }
    }

    /// Evaluates what a place expression needs, without taking from it.
    pub(in super::super) fn place(&mut self, expr: &Expr) -> Ty {
        match expr {
            Expr::Path(node) => match self.local_of(node) {
                Some(var) => {
                    self.read(var);
                    self.ty_of(var).clone()
                }
                None => self.constant(node),
            },
            Expr::Field(node) => {
                let base = self.place(&node.base);
                match &node.member {
                    syn::Member::Unnamed(index) => {
                        base.parts.get(index.index as usize).cloned().unwrap_or_else(Ty::unknown)
                    }
                    syn::Member::Named(_) => Ty::unknown(),
                }
            }
            Expr::Paren(node) => self.place(&node.expr),
            Expr::Group(node) => self.place(&node.expr),
            Expr::Unary(node) if matches!(node.op, UnOp::Deref(_)) => {
                let is_ref = root_of(&node.expr)
                    .and_then(|name| self.lookup(&name))
                    .is_none_or(|var| self.ty_of(var).is_ref);
                // A smart pointer is asked for its target by reference.
                if is_ref { self.place(&node.expr) } else { self.borrowed(&node.expr) }
            }
            Expr::Index(node) => {
                self.index(node);
                Ty::unknown()
            }
            other => self.value(other),
        }
    }

    pub(super) fn index(&mut self, node: &syn::ExprIndex) {
        self.borrowed(&node.expr);
        self.value(&node.index);
    }

    /// Borrows a place; through a reference that is only a use of the reference.
    pub(in super::super) fn borrowed(&mut self, expr: &Expr) -> Ty {
        let root = place_root(expr).and_then(|name| self.lookup(&name));
        let Some(var) = root else { return self.value(expr) };
        let ty = self.place(expr);
        let through_reference = self.ty_of(var).is_ref && !matches!(expr, Expr::Path(_));
        if !through_reference {
            self.borrow(var);
        }
        ty
    }

    /// The receiver of a method that takes `self` by reference.
    pub(super) fn auto_referenced(&mut self, expr: &Expr) -> Ty {
        let root = place_root(expr).and_then(|name| self.lookup(&name));
        match root {
            Some(var) if self.ty_of(var).is_ref => self.place(expr),
            Some(_) => self.borrowed(expr),
            None => self.value(expr),
        }
    }

    /// What is matched on: a place stays one.
    pub(in super::super) fn scrutinee(&mut self, expr: &Expr) -> Ty {
        match expr {
            Expr::Path(_) | Expr::Field(_) | Expr::Index(_) => self.place(expr),
            Expr::Paren(node) => self.scrutinee(&node.expr),
            Expr::Unary(node) if matches!(node.op, UnOp::Deref(_)) => self.place(expr),
            other => self.value(other),
        }
    }

    pub(super) fn assign(&mut self, target: &Expr) {
        match target {
            Expr::Path(node) => {
                if let Some(var) = self.local_of(node) {
                    if self.ty_of(var).drops {
                        self.read(var);
                    }
                    self.write(var);
                }
            }
            Expr::Tuple(node) => node.elems.iter().for_each(|part| self.assign(part)),
            Expr::Field(node) => match place_root(target).and_then(|name| self.lookup(&name)) {
                Some(var) if self.ty_of(var).is_ref => {
                    self.place(target);
                }
                // A part of a local is written: no use of the whole.
                Some(_) => {}
                None => {
                    self.value(&node.base);
                }
            },
            Expr::Infer(_) => {}
            other => {
                self.place(other);
            }
        }
    }
}

/// The local that a place expression starts from, smart pointers included.
pub(super) fn root_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Path(node) => node.path.get_ident().map(ToString::to_string),
        Expr::Field(node) => root_of(&node.base),
        Expr::Paren(node) => root_of(&node.expr),
        Expr::Group(node) => root_of(&node.expr),
        Expr::Unary(node) if matches!(node.op, UnOp::Deref(_)) => root_of(&node.expr),
        _ => None,
    }
}

/// The local whose storage a borrow of the place borrows.
pub(super) fn place_root(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Index(node) => place_root(&node.expr),
        _ => root_of(expr),
    }
}
