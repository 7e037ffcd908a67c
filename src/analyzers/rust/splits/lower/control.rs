//! Conditions, branches and loops.

use syn::{BinOp, Expr, UnOp};

use super::Lowering;
use crate::analyzers::rust::splits::types::Ty;
use crate::analyzers::split::{BlockId, End};

impl Lowering<'_, '_> {
    /// Branches on a condition; what its patterns bind is in scope where it holds.
    pub(in super::super) fn condition(&mut self, expr: &Expr, yes: BlockId, no: BlockId) {
        match expr {
            Expr::Binary(node) if matches!(node.op, BinOp::And(_)) => {
                let next = self.new_block(&node.right);
                self.condition(&node.left, next, no);
                self.set_current(next);
                self.condition(&node.right, yes, no);
            }
            Expr::Binary(node) if matches!(node.op, BinOp::Or(_)) => {
                let next = self.new_block(&node.right);
                self.condition(&node.left, yes, next);
                self.set_current(next);
                self.condition(&node.right, yes, no);
            }
            Expr::Unary(node) if matches!(node.op, UnOp::Not(_)) => {
                self.condition(&node.expr, no, yes);
            }
            Expr::Paren(node) => self.condition(&node.expr, yes, no),
            Expr::Let(node) => {
                let ty = self.scrutinee(&node.expr);
                let matched = self.new_block(expr);
                self.branch(expr, matched, no);
                self.set_current(matched);
                self.take_matched(&node.expr, &node.pat, &ty);
                self.bind(&node.pat, &ty);
                self.go(yes);
            }
            other => {
                self.value(other);
                self.branch(other, yes, no);
            }
        }
    }

    pub(super) fn if_(&mut self, expr: &Expr, node: &syn::ExprIf) -> Ty {
        let [then, other, done] = [0; 3].map(|_: i32| self.new_block(expr));
        self.open_scope();
        self.condition(&node.cond, then, other);
        self.set_current(then);
        let mut ty = self.block_value(&node.then_branch);
        self.close_scope();
        self.go(done);
        self.set_current(other);
        if let Some((_, otherwise)) = &node.else_branch {
            ty = ty.join(&self.value(otherwise));
        }
        self.go(done);
        self.set_current(done);
        ty
    }

    pub(super) fn match_(&mut self, expr: &Expr, node: &syn::ExprMatch) -> Ty {
        let subject = self.scrutinee(&node.expr);
        let done = self.new_block(expr);
        let mut ty: Option<Ty> = None;
        let last = node.arms.len().saturating_sub(1);
        for (at, arm) in node.arms.iter().enumerate() {
            let body = self.new_block(&arm.body);
            let next = self.new_block(arm);
            let (pat, guard) = match &arm.pat {
                syn::Pat::Guard(node) => (&*node.pat, Some(&*node.guard)),
                pat => (pat, None),
            };
            if at == last && guard.is_none() {
                self.go(body);
            } else {
                self.branch(&arm.pat, body, next);
            }
            self.set_current(body);
            self.open_scope();
            self.take_matched(&node.expr, pat, &subject);
            self.bind(pat, &subject);
            if let Some(guard) = guard {
                let chosen = self.new_block(guard);
                self.condition(guard, chosen, next);
                self.set_current(chosen);
            }
            let value = self.value(&arm.body);
            ty = Some(match ty {
                Some(ty) => ty.join(&value),
                None => value,
            });
            self.close_scope();
            self.go(done);
            self.set_current(next);
        }
        self.end(End::Return { value: None, constant: true });
        self.set_current(done);
        ty.unwrap_or_else(Ty::plain)
    }

    pub(super) fn for_(&mut self, expr: &Expr, node: &syn::ExprForLoop) -> Ty {
        let iterable = self.value(&node.expr);
        let head = self.new_block(&node.expr);
        let [body, done] = [0; 2].map(|_: i32| self.new_block(expr));
        self.mark_loop(head);
        self.go(head);
        self.set_current(head);
        let mut test = self.place_op(&node.pat);
        test.code = format!("let Some({}) = next({})", self.text(&node.pat), self.text(&node.expr));
        self.end(End::Branch { test, then: body, other: done });
        self.set_current(body);
        self.as_target(node.label.as_ref(), done, Some(head), |this| {
            this.open_scope();
            this.bind(&node.pat, &iterable.item());
            this.block_value(&node.body);
            this.close_scope();
        });
        self.go(head);
        self.set_current(done);
        Ty::plain()
    }
}
