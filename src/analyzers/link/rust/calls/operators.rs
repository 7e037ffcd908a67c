//! Operators, `?` and `.await`: what the language calls for them.

use std::sync::Arc;

use super::infer::Inference;
use super::solve::is_int;
use super::types::{T, Types};
use crate::analyzers::link::rust::world::Prim;
use crate::model::facts::rust::calls::{Binary, ExprId, Site, Unary};

impl Inference<'_, '_, '_> {
    pub(super) fn unary(&mut self, id: ExprId, operator: Unary, operand: ExprId, site: Site) -> T {
        let ty = self.infer(operand, &T::Unknown);
        let ty = self.solver.shallow(&ty);
        match operator {
            Unary::Deref => {
                if matches!(ty, T::Adt(..) | T::Param(_) | T::Proj(_)) {
                    self.reach(id, site, ("Deref", "deref"), &ty, &[]);
                }
                self.solver.deref(&ty).unwrap_or(T::Unknown)
            }
            Unary::Not | Unary::Neg => {
                let (trait_, method) =
                    if operator == Unary::Not { ("Not", "not") } else { ("Neg", "neg") };
                if !matches!(ty, T::Adt(..) | T::Param(_) | T::Proj(_)) {
                    return ty;
                }
                self.implicit(site, trait_, method, &ty, &[]);
                let output = self.tables.known.output;
                self.solver.assoc(&ty, trait_, output)
            }
        }
    }

    pub(super) fn binary(&mut self, operator: Binary, left: &T, right: ExprId, site: Site) -> T {
        let left = self.solver.shallow(left);
        let wanted = match operator {
            Binary::Shl | Binary::Shr => T::Unknown,
            _ if matches!(left, T::Prim(_)) => left.clone(),
            _ => T::Unknown,
        };
        let right = self.infer(right, &wanted);
        let right = self.solver.shallow(&right);
        let Some((trait_, method)) = overload(operator) else { return T::Prim(Prim::Bool) };
        let compares = matches!(trait_, "PartialEq" | "PartialOrd");
        let assigns = trait_.ends_with("Assign");
        let is_number = |ty: &T| match ty {
            T::Prim(prim) => is_int(*prim) || matches!(prim, Prim::F32 | Prim::F64 | Prim::Bool),
            _ => false,
        };
        let (l, r) = (self.unreferenced(&left), self.unreferenced(&right));
        let hole = self.solver.is_number_hole(&l);
        if is_number(&l) || hole {
            if !matches!(operator, Binary::Shl | Binary::Shr)
                && (is_number(&r) || matches!(r, T::Var(_)))
            {
                self.solver.unify(&l, &r);
            }
            if is_number(&r) || matches!(r, T::Var(_) | T::Unknown) {
                return match (compares, assigns) {
                    (true, _) => T::Prim(Prim::Bool),
                    (_, true) => T::unit(),
                    _ => l,
                };
            }
        }
        let own = if compares { &l } else { &left };
        if matches!(own, T::Adt(..) | T::Param(_) | T::Proj(_) | T::Ref(..)) || hole {
            let other = if compares { &r } else { &right };
            self.implicit(site, trait_, method, own, std::slice::from_ref(other));
        }
        if compares {
            if matches!(l, T::Var(_)) || matches!(r, T::Var(_)) {
                self.solver.unify(&l, &r);
            }
            return T::Prim(Prim::Bool);
        }
        if assigns {
            return T::unit();
        }
        match (self.tables.std.tr(trait_), self.tables.known.output) {
            (Some(id), Some(name)) if !matches!(left, T::Unknown | T::Var(_)) => {
                let args: Types = Arc::from([right]);
                let output = super::tables::project(left, Some((id, args)), name);
                self.solver.shallow(&output)
            }
            _ => T::Unknown,
        }
    }

    pub(super) fn unreferenced(&mut self, ty: &T) -> T {
        let mut ty = self.solver.shallow(ty);
        while let T::Ref(_, inner) = &ty {
            let inner = inner.clone();
            ty = self.solver.shallow(&inner);
        }
        ty
    }

    /// What `?` gives of a value.
    pub(super) fn opened(&mut self, ty: &T) -> Option<T> {
        let ty = self.solver.shallow(ty);
        let T::Adt(id, args) = &ty else { return None };
        let std = &self.tables.std;
        if std.ty("Option") == Some(*id) || std.ty("Result") == Some(*id) {
            return args.first().cloned();
        }
        if std.ty("Poll") == Some(*id) {
            let inner = args.first()?.clone();
            let opened = self.opened(&inner)?;
            return Some(T::Adt(*id, Arc::from([opened])));
        }
        None
    }

    pub(super) fn try_(&mut self, inner: ExprId, site: Site) -> T {
        let ty = self.infer(inner, &T::Unknown);
        self.solver.process();
        let value = self.opened(&ty).unwrap_or(T::Unknown);
        let result = self.tables.std.ty("Result");
        let output = self.returns.last().cloned().unwrap_or(T::Unknown);
        if let (T::Adt(id, args), T::Adt(to, to_args)) =
            (self.solver.shallow(&ty), self.solver.shallow(&output))
            && Some(id) == result
            && Some(to) == result
            && let (Some(from), Some(to)) = (args.get(1), to_args.get(1))
        {
            let (from, to) = (self.solver.resolve(from), self.solver.resolve(to));
            if from != to && matches!(to, T::Adt(..)) {
                self.implicit(site, "From", "from", &to, &[from]);
            }
        }
        value
    }

    pub(super) fn await_(&mut self, inner: ExprId, site: Site) -> T {
        let ty = self.infer(inner, &T::Unknown);
        self.solver.process();
        let ty = self.solver.shallow(&ty);
        let output = self.tables.known.output;
        if matches!(ty, T::Adt(..)) {
            self.implicit(site, "Future", "poll", &ty, &[]);
        }
        match self.solver.assoc(&ty, "IntoFuture", output) {
            T::Unknown | T::Proj(_) => self.solver.assoc(&ty, "Future", output),
            known => known,
        }
    }
}

/// Whether an operator writes to its left side.
pub(super) fn assigns(operator: Binary) -> bool {
    overload(operator).is_some_and(|(trait_, _)| trait_.ends_with("Assign"))
}

/// The trait and method that overload an operator.
fn overload(operator: Binary) -> Option<(&'static str, &'static str)> {
    Some(match operator {
        Binary::Add => ("Add", "add"),
        Binary::Sub => ("Sub", "sub"),
        Binary::Mul => ("Mul", "mul"),
        Binary::Div => ("Div", "div"),
        Binary::Rem => ("Rem", "rem"),
        Binary::BitAnd => ("BitAnd", "bitand"),
        Binary::BitOr => ("BitOr", "bitor"),
        Binary::BitXor => ("BitXor", "bitxor"),
        Binary::Shl => ("Shl", "shl"),
        Binary::Shr => ("Shr", "shr"),
        Binary::AddAssign => ("AddAssign", "add_assign"),
        Binary::SubAssign => ("SubAssign", "sub_assign"),
        Binary::MulAssign => ("MulAssign", "mul_assign"),
        Binary::DivAssign => ("DivAssign", "div_assign"),
        Binary::RemAssign => ("RemAssign", "rem_assign"),
        Binary::BitAndAssign => ("BitAndAssign", "bitand_assign"),
        Binary::BitOrAssign => ("BitOrAssign", "bitor_assign"),
        Binary::BitXorAssign => ("BitXorAssign", "bitxor_assign"),
        Binary::ShlAssign => ("ShlAssign", "shl_assign"),
        Binary::ShrAssign => ("ShrAssign", "shr_assign"),
        Binary::Eq => ("PartialEq", "eq"),
        Binary::Ne => ("PartialEq", "ne"),
        Binary::Lt => ("PartialOrd", "lt"),
        Binary::Le => ("PartialOrd", "le"),
        Binary::Gt => ("PartialOrd", "gt"),
        Binary::Ge => ("PartialOrd", "ge"),
        Binary::Logic => return None,
    })
}
