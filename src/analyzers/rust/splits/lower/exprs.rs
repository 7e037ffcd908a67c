//! Expressions: in evaluation order, with what each does to the locals it names.

use syn::{BinOp, Expr, UnOp};

use super::Lowering;
use super::places::{place_root, root_of};
use crate::analyzers::rust::splits::sizes::{self, array_length};
use crate::analyzers::rust::splits::types::Ty;

impl Lowering<'_, '_> {
    /// Evaluates an expression by value.
    pub(in super::super) fn value(&mut self, expr: &Expr) -> Ty {
        match expr {
            Expr::Path(node) => match self.local_of(node) {
                Some(var) => {
                    let ty = self.ty_of(var).clone();
                    self.take(var);
                    ty
                }
                None => self.constant(node),
            },
            Expr::Lit(node) => match &node.lit {
                syn::Lit::Str(_) | syn::Lit::CStr(_) => {
                    Ty { size: Some((16, 8)), ..Ty::reference(Ty::plain()) }
                }
                syn::Lit::ByteStr(_) => Ty { size: Some((8, 8)), ..Ty::reference(Ty::plain()) },
                syn::Lit::Bool(_) | syn::Lit::Byte(_) => Ty { size: Some((1, 1)), ..Ty::plain() },
                syn::Lit::Char(_) => Ty { size: Some((4, 4)), ..Ty::plain() },
                syn::Lit::Int(value) => Ty { size: sizes::library(value.suffix()), ..Ty::plain() },
                syn::Lit::Float(value) => {
                    Ty { size: sizes::library(value.suffix()), ..Ty::plain() }
                }
                _ => Ty::plain(),
            },
            Expr::Paren(node) => self.value(&node.expr),
            Expr::Group(node) => self.value(&node.expr),
            Expr::Field(_) => {
                // A part that is copied or moved out; the rest stays where it is.
                let ty = self.place(expr);
                match root_of(expr).and_then(|name| self.lookup(&name)) {
                    // Nothing can be moved out through a reference.
                    Some(var) if self.ty_of(var).is_ref => Ty::plain(),
                    _ => ty,
                }
            }
            Expr::Index(node) => {
                self.index(node);
                Ty::plain()
            }
            Expr::Unary(node) => match node.op {
                UnOp::Deref(_) => {
                    let ty = self.place(expr);
                    if ty.is_ref { ty.inner() } else { ty }
                }
                _ => {
                    let ty = self.value(&node.expr);
                    if ty.drops { Ty::plain() } else { ty }
                }
            },
            Expr::Reference(node) => {
                let ty = self.borrowed(&node.expr);
                Ty { copy: node.mutability.is_none(), ..Ty::reference(ty) }
            }
            Expr::RawAddr(node) => {
                self.borrowed(&node.expr);
                Ty::plain()
            }
            Expr::Binary(node) => self.binary(expr, node),
            Expr::Assign(node) => {
                self.value(&node.right);
                self.assign(&node.left);
                Ty::plain()
            }
            Expr::Call(node) => self.call(node),
            Expr::MethodCall(node) => self.method_call(node),
            Expr::Macro(node) => self.macro_value(&node.mac),
            Expr::Await(node) => {
                let ty = self.value(&node.base);
                let awaited = self.awaited(&node.base);
                self.suspend(expr, awaited);
                if ty.guard { ty } else { ty.inner() }
            }
            Expr::Try(node) => {
                let ty = self.value(&node.expr);
                let [good, bad] = [0; 2].map(|_: i32| self.new_block(expr));
                self.branch(expr, good, bad);
                self.set_current(bad);
                self.return_now(expr);
                self.set_current(good);
                if ty.guard { ty } else { ty.inner() }
            }
            Expr::Block(node) => {
                let Some(label) = &node.label else { return self.block_value(&node.block) };
                let exit = self.new_block(expr);
                let mut ty = Ty::plain();
                self.as_target(Some(label), exit, None, |this| ty = this.block_value(&node.block));
                self.go(exit);
                self.set_current(exit);
                ty
            }
            Expr::Unsafe(node) => self.block_value(&node.block),
            Expr::Const(_) => Ty::plain(),
            Expr::TryBlock(node) => self.block_value(&node.block),
            Expr::If(node) => self.if_(expr, node),
            Expr::Match(node) => self.match_(expr, node),
            Expr::Loop(node) => {
                let [head, exit] = [0; 2].map(|_: i32| self.new_block(expr));
                self.mark_loop(head);
                self.go(head);
                self.set_current(head);
                self.as_target(node.label.as_ref(), exit, Some(head), |this| {
                    this.block_value(&node.body);
                });
                self.go(head);
                self.set_current(exit);
                Ty::unknown()
            }
            Expr::While(node) => {
                let head = self.new_block(&node.cond);
                let [body, exit, done] = [0; 3].map(|_: i32| self.new_block(expr));
                self.mark_loop(head);
                self.go(head);
                self.set_current(head);
                self.open_scope();
                self.condition(&node.cond, body, exit);
                self.set_current(body);
                self.as_target(node.label.as_ref(), done, Some(head), |this| {
                    this.block_value(&node.body);
                });
                self.close_scope();
                self.go(head);
                self.set_current(exit);
                self.go(done);
                self.set_current(done);
                Ty::plain()
            }
            Expr::ForLoop(node) => self.for_(expr, node),
            Expr::Let(_) => {
                let [yes, no] = [0; 2].map(|_: i32| self.new_block(expr));
                self.condition(expr, yes, no);
                self.set_current(yes);
                self.go(no);
                self.set_current(no);
                Ty::plain()
            }
            Expr::Return(node) => {
                node.expr.iter().for_each(|value| {
                    self.value(value);
                });
                self.return_now(expr);
                Ty::plain()
            }
            Expr::Break(node) => {
                node.expr.iter().for_each(|value| {
                    self.value(value);
                });
                self.jump(node.label.as_ref(), false, expr);
                Ty::plain()
            }
            Expr::Continue(node) => {
                self.jump(node.label.as_ref(), true, expr);
                Ty::plain()
            }
            Expr::Closure(node) => {
                let drops = self.capture(expr, node.capture.is_some());
                Ty { copy: false, drops, ..Ty::plain() }
            }
            Expr::Async(node) => {
                self.capture(expr, node.capture.is_some());
                Ty::unknown()
            }
            Expr::Tuple(node) => {
                let parts = node.elems.iter().map(|part| self.value(part)).collect();
                Ty::tuple(parts)
            }
            Expr::Array(node) => {
                let all = node.elems.iter().map(|part| self.value(part));
                let item = all.reduce(|one, two| one.join(&two)).unwrap_or_else(Ty::plain);
                Ty {
                    copy: item.copy,
                    drops: item.drops,
                    inner: Some(Box::new(item)),
                    ..Ty::plain()
                }
            }
            Expr::Repeat(node) => {
                let item = self.value(&node.expr);
                let width = match &*node.expr {
                    Expr::Lit(lit) => match &lit.lit {
                        syn::Lit::Int(value) if value.suffix() == "u8" => 1,
                        syn::Lit::Bool(_) | syn::Lit::Byte(_) => 1,
                        _ => {
                            if lit_is_zero(lit) {
                                1
                            } else {
                                4
                            }
                        }
                    },
                    _ => 8,
                };
                let size = item.size.unwrap_or((width, width));
                let length = array_length(&node.len);
                Ty {
                    size: length.map(|length| (length.saturating_mul(size.0), size.1)),
                    copy: item.copy,
                    drops: item.drops,
                    inner: Some(Box::new(item)),
                    ..Ty::plain()
                }
            }
            Expr::Struct(node) => {
                node.fields.iter().for_each(|field| {
                    self.value(&field.expr);
                });
                node.rest.iter().for_each(|rest| {
                    self.value(rest);
                });
                let name = node.path.segments.last().map(|last| last.ident.to_string());
                name.and_then(|name| self.types.named(&name)).unwrap_or_else(Ty::unknown)
            }
            Expr::Range(node) => {
                for end in [&node.start, &node.end].into_iter().flatten() {
                    self.value(end);
                }
                Ty::moved(Ty::plain())
            }
            Expr::Cast(node) => {
                self.value(&node.expr);
                self.types.ty(&node.ty)
            }
            _ => Ty::unknown(),
        }
    }

    fn binary(&mut self, expr: &Expr, node: &syn::ExprBinary) -> Ty {
        match node.op {
            BinOp::And(_) | BinOp::Or(_) => {
                let [yes, no, done] = [0; 3].map(|_: i32| self.new_block(expr));
                self.condition(expr, yes, no);
                for at in [yes, no] {
                    self.set_current(at);
                    self.go(done);
                }
                self.set_current(done);
                Ty::plain()
            }
            BinOp::Eq(_)
            | BinOp::Ne(_)
            | BinOp::Lt(_)
            | BinOp::Le(_)
            | BinOp::Gt(_)
            | BinOp::Ge(_) => {
                for side in [&node.left, &node.right] {
                    self.compared(side);
                }
                Ty::plain()
            }
            BinOp::AddAssign(_)
            | BinOp::SubAssign(_)
            | BinOp::MulAssign(_)
            | BinOp::DivAssign(_)
            | BinOp::RemAssign(_)
            | BinOp::BitXorAssign(_)
            | BinOp::BitAndAssign(_)
            | BinOp::BitOrAssign(_)
            | BinOp::ShlAssign(_)
            | BinOp::ShrAssign(_) => {
                self.value(&node.right);
                let root = place_root(&node.left).and_then(|name| self.lookup(&name));
                match root {
                    Some(var) if matches!(&*node.left, Expr::Path(_)) && self.ty_of(var).copy => {
                        self.read(var);
                        self.write(var);
                    }
                    _ => {
                        self.auto_referenced(&node.left);
                    }
                }
                Ty::plain()
            }
            _ => {
                let left = self.value(&node.left);
                let right = self.value(&node.right);
                if left.drops && !right.drops && !right.is_ref { right } else { left }
            }
        }
    }

    /// Comparisons borrow, except of numbers.
    fn compared(&mut self, expr: &Expr) {
        let root = place_root(expr).and_then(|name| self.lookup(&name));
        match root {
            Some(var) if self.ty_of(var).drops => {
                self.borrowed(expr);
            }
            Some(_) => {
                self.place(expr);
            }
            None => {
                self.value(expr);
            }
        }
    }
}

fn lit_is_zero(lit: &syn::ExprLit) -> bool {
    matches!(&lit.lit, syn::Lit::Int(value) if value.base10_digits() == "0")
}
