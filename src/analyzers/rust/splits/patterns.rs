//! Patterns: what they bind, and what they take out of what they match.

use syn::{Expr, Pat};

use super::lower::Lowering;
use super::types::Ty;

impl Lowering<'_, '_> {
    /// Declares and writes the names of a pattern.
    pub(super) fn bind(&mut self, pat: &Pat, ty: &Ty) {
        self.walk(pat, ty, true);
    }

    /// Declares names that have no value yet.
    pub(super) fn declare_names(&mut self, pat: &Pat, ty: Ty) {
        self.walk(pat, &ty, false);
    }

    fn walk(&mut self, pat: &Pat, ty: &Ty, write: bool) {
        // Through a reference everything binds by reference.
        let part = |at: usize| -> Ty {
            if ty.is_ref {
                return Ty::reference(
                    ty.inner().parts.get(at).cloned().unwrap_or_else(Ty::unknown),
                );
            }
            match ty.parts.get(at) {
                Some(part) => part.clone(),
                None if !ty.drops => Ty::plain(),
                None => Ty::unknown(),
            }
        };
        match pat {
            Pat::Ident(node) => {
                let name = node.ident.to_string();
                // An upper-case name is a constant or a unit variant.
                if node.subpat.is_none() && node.by_ref.is_none() && is_constant(&name) {
                    return;
                }
                let ty = if node.by_ref.is_some() { Ty::reference(ty.clone()) } else { ty.clone() };
                let var = self.declare(&name, ty.clone());
                if write {
                    self.write(var);
                }
                if let Some((_, inner)) = &node.subpat {
                    self.walk(inner, &ty, write);
                }
            }
            Pat::Type(node) => {
                let ty = self.types.ty(&node.ty);
                self.walk(&node.pat, &ty, write);
            }
            Pat::Paren(node) => self.walk(&node.pat, ty, write),
            Pat::Guard(node) => self.walk(&node.pat, ty, write),
            Pat::Reference(node) => {
                let inner = if ty.is_ref { ty.inner() } else { ty.clone() };
                // What is taken out of a reference is copied.
                self.walk(&node.pat, &Ty { copy: true, drops: false, ..inner }, write);
            }
            Pat::Or(node) => {
                if let Some(first) = node.cases.first() {
                    self.walk(first, ty, write);
                }
            }
            Pat::Tuple(node) => {
                for (at, inner) in node.elems.iter().enumerate() {
                    self.walk(inner, &part(at), write);
                }
            }
            Pat::Slice(node) => node.elems.iter().for_each(|inner| {
                let item = if ty.is_ref { Ty::reference(Ty::unknown()) } else { ty.inner() };
                self.walk(inner, &item, write);
            }),
            Pat::TupleStruct(node) => {
                let name = node.path.segments.last().map(|last| last.ident.to_string());
                let wraps = matches!(name.as_deref(), Some("Some" | "Ok" | "Ready" | "Break"));
                for (at, inner) in node.elems.iter().enumerate() {
                    let item = match (wraps, ty.is_ref) {
                        (true, false) if ty.inner.is_some() => ty.inner(),
                        (true, true) => Ty::reference(ty.inner().inner()),
                        _ => part(at),
                    };
                    self.walk(inner, &item, write);
                }
            }
            Pat::Struct(node) => {
                for (at, field) in node.fields.iter().enumerate() {
                    self.walk(&field.pat, &part(at), write);
                }
            }
            _ => {}
        }
    }

    /// `let Self { a, b } = self;` takes the whole apart: nothing of it is left to drop.
    pub(super) fn take_apart(&mut self, matched: &Expr, pat: &Pat) {
        if let Expr::Path(node) = matched
            && let Some(name) = node.path.get_ident()
            && let Some(var) = self.lookup(&name.to_string())
            && !self.ty_of(var).is_ref
            && takes_all(pat)
        {
            self.take(var);
        }
    }

    /// A pattern that binds by value moves out of the place it matches.
    pub(super) fn take_matched(&mut self, matched: &Expr, pat: &Pat, ty: &Ty) {
        if ty.copy || ty.is_ref || !binds_by_value(pat) {
            return;
        }
        if let Expr::Path(node) = matched
            && let Some(name) = node.path.get_ident()
            && let Some(var) = self.lookup(&name.to_string())
        {
            match pat {
                Pat::Ident(_) => self.take(var),
                // Parts are moved out; the place itself keeps its storage.
                _ => self.read(var),
            }
        }
    }
}

fn is_constant(name: &str) -> bool {
    name.starts_with(|first: char| first.is_uppercase())
}

/// Whether a pattern that always matches leaves nothing behind.
fn takes_all(pat: &Pat) -> bool {
    match pat {
        Pat::Ident(node) => node.by_ref.is_none() && node.subpat.is_none(),
        Pat::Paren(node) => takes_all(&node.pat),
        Pat::Tuple(node) => node.elems.iter().all(takes_all),
        Pat::TupleStruct(node) => node.elems.iter().all(takes_all),
        Pat::Struct(node) => {
            node.rest.is_none() && node.fields.iter().all(|field| takes_all(&field.pat))
        }
        _ => false,
    }
}

fn binds_by_value(pat: &Pat) -> bool {
    match pat {
        Pat::Ident(node) => node.by_ref.is_none() && !is_constant(&node.ident.to_string()),
        Pat::Type(node) => binds_by_value(&node.pat),
        Pat::Paren(node) => binds_by_value(&node.pat),
        Pat::Guard(node) => binds_by_value(&node.pat),
        Pat::Or(node) => node.cases.iter().any(binds_by_value),
        Pat::Tuple(node) => node.elems.iter().any(binds_by_value),
        Pat::TupleStruct(node) => node.elems.iter().any(binds_by_value),
        Pat::Slice(node) => node.elems.iter().any(binds_by_value),
        Pat::Struct(node) => node.fields.iter().any(|field| binds_by_value(&field.pat)),
        _ => false,
    }
}
