//! Expressions: in evaluation order, with what each does to the locals it names.

use syn::visit::Visit;
use syn::{BinOp, Expr, UnOp};

use super::{Awaited, Lowering};
use crate::analyzers::rust::splits::sizes::{self, array_length};
use crate::analyzers::rust::splits::types::{Ty, Types};
use crate::analyzers::split::{BlockId, End, VarId};

/// Methods that take their receiver by value.
const BY_VALUE: [&str; 52] = [
    "unwrap",
    "expect",
    "unwrap_or",
    "unwrap_or_else",
    "unwrap_or_default",
    "unwrap_err",
    "expect_err",
    "ok",
    "err",
    "ok_or",
    "ok_or_else",
    "map",
    "map_err",
    "map_or",
    "map_or_else",
    "and_then",
    "or_else",
    "flatten",
    "collect",
    "fold",
    "sum",
    "product",
    "chain",
    "zip",
    "enumerate",
    "rev",
    "filter",
    "filter_map",
    "flat_map",
    "skip",
    "step_by",
    "skip_while",
    "take_while",
    "cloned",
    "copied",
    "for_each",
    "for_each_concurrent",
    "try_for_each",
    "then",
    "boxed",
    "boxed_local",
    "fuse",
    "inspect",
    "peekable",
    "last",
    "buffered",
    "buffer_unordered",
    "partition",
    "unzip",
    "try_collect",
    "min_by_key",
    "max_by_key",
];

/// Methods whose result is copied and holds nothing.
const PLAIN: [&str; 40] = [
    "len",
    "count",
    "is_empty",
    "contains",
    "contains_key",
    "starts_with",
    "ends_with",
    "eq",
    "ne",
    "lt",
    "gt",
    "le",
    "ge",
    "cmp",
    "partial_cmp",
    "elapsed",
    "as_millis",
    "as_secs",
    "as_secs_f64",
    "as_secs_f32",
    "as_micros",
    "as_nanos",
    "capacity",
    "load",
    "fetch_add",
    "fetch_sub",
    "swap",
    "position",
    "rposition",
    "to_bits",
    "leading_zeros",
    "trailing_zeros",
    "count_ones",
    "duration_since",
    "checked_duration_since",
    "any",
    "all",
    "is_multiple_of",
    "rem_euclid",
    "compare_exchange",
];

/// Methods whose result borrows from the receiver.
const REFERENCES: [&str; 30] = [
    "as_str",
    "as_bytes",
    "as_ref",
    "as_mut",
    "as_slice",
    "as_mut_slice",
    "as_deref",
    "as_deref_mut",
    "as_path",
    "trim",
    "trim_start",
    "trim_end",
    "trim_matches",
    "get",
    "get_mut",
    "first",
    "first_mut",
    "to_str",
    "strip_prefix",
    "strip_suffix",
    "peek",
    "split_at",
    "split_once",
    "rsplit_once",
    "file_name",
    "extension",
    "parent",
    "deref",
    "deref_mut",
    "entry",
];

/// Iterators over what the receiver holds.
const ITERATORS: [&str; 18] = [
    "iter",
    "iter_mut",
    "keys",
    "values",
    "values_mut",
    "chars",
    "bytes",
    "char_indices",
    "lines",
    "split",
    "rsplit",
    "splitn",
    "split_whitespace",
    "split_terminator",
    "windows",
    "chunks",
    "chunks_exact",
    "components",
];

/// Numeric methods: by value, of the receiver's own type.
fn is_numeric(method: &str) -> bool {
    ["wrapping_", "saturating_", "checked_", "overflowing_"].iter().any(|p| method.starts_with(p))
        || matches!(
            method,
            "pow"
                | "powi"
                | "powf"
                | "abs"
                | "min"
                | "max"
                | "clamp"
                | "sqrt"
                | "round"
                | "floor"
                | "ceil"
                | "signum"
                | "is_positive"
                | "is_negative"
                | "abs_diff"
                | "div_ceil"
        )
}

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

    fn local_of(&self, node: &syn::ExprPath) -> Option<VarId> {
        let name = node.path.get_ident()?;
        self.lookup(&name.to_string())
    }

    /// A path that is no local: a unit variant, constant or function.
    fn constant(&self, node: &syn::ExprPath) -> Ty {
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

    fn index(&mut self, node: &syn::ExprIndex) {
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
    fn auto_referenced(&mut self, expr: &Expr) -> Ty {
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

    fn assign(&mut self, target: &Expr) {
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

    fn call(&mut self, node: &syn::ExprCall) -> Ty {
        let path = match &*node.func {
            Expr::Path(path) if self.local_of(path).is_none() => Some(&path.path),
            func => {
                self.auto_referenced(func);
                None
            }
        };
        let args: Vec<Ty> = node.args.iter().map(|arg| self.value(arg)).collect();
        let Some(path) = path else { return Ty::unknown() };
        let segments: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let name = segments.last().map(String::as_str).unwrap_or_default();
        let owner = segments.len().checked_sub(2).map(|at| segments[at].as_str());
        match (name, args.first()) {
            ("Some" | "Ok", Some(inner)) => {
                return Ty { inner: Some(Box::new(inner.clone())), size: None, ..inner.clone() };
            }
            ("Err", _) => return Ty::unknown(),
            _ => {}
        }
        if owner.is_some_and(Types::is_scalar) {
            return Ty::plain();
        }
        if let Some(ty) = self.types.named(name) {
            return ty;
        }
        let declared = self.types.returned(name);
        let of_owner = owner.and_then(|owner| self.types.named(owner));
        match (declared, of_owner) {
            (Some(ty), _) => ty,
            // `Self` comes back from most associated functions.
            (None, Some(ty)) if matches!(name, "new" | "default" | "from") => ty,
            _ => Ty::unknown(),
        }
    }

    fn method_call(&mut self, node: &syn::ExprMethodCall) -> Ty {
        let method = node.method.to_string();
        let by_value = match self.types.takes_reference(&method) {
            Some(by_reference) => !by_reference,
            None => {
                BY_VALUE.contains(&method.as_str())
                    || method.starts_with("into_")
                    || method == "into"
                    || (method == "take" && node.args.len() == 1)
                    || (method == "join" && node.args.is_empty())
                    || (matches!(method.as_str(), "min" | "max") && node.args.is_empty())
                    || is_numeric(&method)
            }
        };
        let receiver = if by_value {
            self.value(&node.receiver)
        } else {
            self.auto_referenced(&node.receiver)
        };
        let args: Vec<Ty> = node.args.iter().map(|arg| self.value(arg)).collect();
        self.method_result(&method, receiver, &args)
    }

    fn method_result(&self, method: &str, receiver: Ty, args: &[Ty]) -> Ty {
        if let Some(ty) = self.types.returned(method) {
            return ty;
        }
        let held = if receiver.is_ref { receiver.inner() } else { receiver.clone() };
        match method {
            "lock" | "borrow_mut" | "try_lock" | "lock_owned" | "blocking_lock" => {
                Ty { guard: true, ..Ty::unknown() }
            }
            "read" | "write" | "try_read" | "try_write" if args.is_empty() => {
                Ty { guard: true, ..Ty::unknown() }
            }
            "borrow" if args.is_empty() => Ty { guard: true, ..Ty::unknown() },
            "unwrap" | "expect" | "unwrap_or_default" | "unwrap_or" | "unwrap_or_else" => {
                match &receiver.inner {
                    Some(inner) => (**inner).clone(),
                    None if receiver.guard || !receiver.drops => receiver,
                    None => Ty::unknown(),
                }
            }
            "enumerate" => {
                let item = receiver.item();
                Ty { inner: Some(Box::new(Ty::tuple(vec![Ty::plain(), item]))), ..receiver }
            }
            "rev" | "skip" | "step_by" | "filter" | "take" | "peekable" | "skip_while"
            | "take_while" | "fuse" | "inspect" | "into_iter" | "iter_ok"
                if receiver.inner.is_some() =>
            {
                let item = receiver.item();
                Ty { copy: false, is_ref: false, inner: Some(Box::new(item)), ..receiver }
            }
            "cloned" | "copied" => {
                let item = receiver.inner();
                let item = if item.is_ref { item.inner() } else { item };
                Ty { inner: Some(Box::new(item)), ..receiver }
            }
            "next" => {
                let item = receiver.inner();
                Ty { inner: Some(Box::new(item.clone())), ..item }
            }
            "clone" | "to_owned" if !held.drops => held,
            numeric if is_numeric(numeric) && !held.drops => held,
            "sum" | "product" => Ty::plain(),
            plain if PLAIN.contains(&plain) || plain.starts_with("is_") => Ty::plain(),
            reference if REFERENCES.contains(&reference) => {
                let to = Ty::reference(Ty::unknown());
                Ty { inner: Some(Box::new(to.clone())), ..to }
            }
            iterator if ITERATORS.contains(&iterator) => {
                Ty::moved(Ty::reference(held.inner.as_deref().cloned().unwrap_or_else(Ty::unknown)))
            }
            _ => Ty::unknown(),
        }
    }

    fn awaited(&self, base: &Expr) -> Awaited {
        match base {
            Expr::Call(node) => Awaited {
                name: self.text(&node.func),
                receiver: None,
                args: node.args.iter().map(|arg| self.text(arg)).collect(),
            },
            Expr::MethodCall(node) => Awaited {
                name: node.method.to_string(),
                receiver: Some(self.text(&node.receiver)),
                args: node.args.iter().map(|arg| self.text(arg)).collect(),
            },
            Expr::Paren(node) => self.awaited(&node.expr),
            other => Awaited { name: self.text(other), ..Awaited::default() },
        }
    }

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

    fn if_(&mut self, expr: &Expr, node: &syn::ExprIf) -> Ty {
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

    fn match_(&mut self, expr: &Expr, node: &syn::ExprMatch) -> Ty {
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

    fn for_(&mut self, expr: &Expr, node: &syn::ExprForLoop) -> Ty {
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

    /// Captures of a closure or async block; whether what it holds has a destructor.
    fn capture(&mut self, expr: &Expr, is_move: bool) -> bool {
        let mut names = Names::default();
        names.visit_expr(expr);
        let mut drops = false;
        let mut seen: Vec<VarId> = Vec::new();
        for name in names.found {
            let Some(var) = self.lookup(&name) else { continue };
            if seen.contains(&var) {
                continue;
            }
            seen.push(var);
            if is_move {
                drops |= self.ty_of(var).drops;
                self.take(var);
            } else {
                self.borrow(var);
            }
        }
        drops
    }
}

fn lit_is_zero(lit: &syn::ExprLit) -> bool {
    matches!(&lit.lit, syn::Lit::Int(value) if value.base10_digits() == "0")
}

/// The local that a place expression starts from, smart pointers included.
fn root_of(expr: &Expr) -> Option<String> {
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
fn place_root(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Index(node) => place_root(&node.expr),
        _ => root_of(expr),
    }
}

/// Single-segment paths in a piece of code, those inside macros included.
#[derive(Default)]
struct Names {
    found: Vec<String>,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_expr_path(&mut self, node: &'ast syn::ExprPath) {
        self.found.extend(node.path.get_ident().map(ToString::to_string));
    }

    fn visit_macro(&mut self, node: &'ast syn::Macro) {
        self.found.extend(crate::analyzers::rust::splits::macros::identifiers(node.tokens.clone()));
    }
}
