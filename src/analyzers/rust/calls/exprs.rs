//! Expressions, statements and blocks.

use syn::spanned::Spanned;
use syn::{BinOp, Stmt, UnOp};

use super::{BodyLowering, DEPTH_LIMIT, site};
use crate::analyzers::rust::items::line;
use crate::model::facts::rust::calls::{Arm, Binary, Block, Expr, ExprId, Site, Statement, Unary};

impl BodyLowering<'_, '_, '_> {
    pub(super) fn expr(&mut self, expr: &syn::Expr) -> ExprId {
        let chain = matches!(expr, syn::Expr::MethodCall(_) | syn::Expr::Paren(_));
        if self.depth >= DEPTH_LIMIT {
            return self.push(Expr::Unknown);
        }
        self.depth += u32::from(!chain);
        let outer = self.line;
        self.line = start_line(expr).unwrap_or(outer);
        let id = match self.lower(expr) {
            Lowered::New(expr) => self.push(expr),
            Lowered::Same(id) => id,
        };
        self.line = outer;
        self.depth -= u32::from(!chain);
        id
    }

    pub(super) fn all<'e>(
        &mut self,
        exprs: impl IntoIterator<Item = &'e syn::Expr>,
    ) -> Vec<ExprId> {
        exprs.into_iter().map(|expr| self.expr(expr)).collect()
    }

    fn optional(&mut self, expr: Option<&syn::Expr>) -> Option<ExprId> {
        expr.map(|expr| self.expr(expr))
    }

    fn lower(&mut self, expr: &syn::Expr) -> Lowered {
        Lowered::New(match expr {
            syn::Expr::Path(path) => {
                let lowered = self.source().qualified(path.qself.as_ref(), &path.path);
                Expr::Path(lowered, path_site(path))
            }
            syn::Expr::Lit(literal) => Expr::Literal(self.literal(&literal.lit)),
            syn::Expr::Call(call) => {
                let callee = self.expr(&call.func);
                let args = self.all(&call.args);
                let start = match &self.body.exprs[callee as usize] {
                    Expr::Path(_, site) => (site.line, site.column),
                    _ => position(call.paren_token.span.open()),
                };
                let end = call.paren_token.span.close().end();
                let site = Site {
                    line: start.0,
                    column: start.1,
                    end_line: end.line as u32,
                    end_column: end.column as u32 + 1,
                };
                Expr::Call { callee, args, site }
            }
            syn::Expr::MethodCall(call) => return self.method_chain(call),
            syn::Expr::Field(field) => {
                let base = self.expr(&field.base);
                let span = field.member.span();
                Expr::Field(base, self.member(&field.member), site(span, span))
            }
            syn::Expr::Index(index) => Expr::Index {
                base: self.expr(&index.expr),
                index: self.expr(&index.index),
                site: site(index.bracket_token.span.open(), index.bracket_token.span.close()),
            },
            syn::Expr::Unary(unary) => {
                let (operator, token) = match &unary.op {
                    UnOp::Deref(token) => (Unary::Deref, token.span),
                    UnOp::Not(token) => (Unary::Not, token.span),
                    UnOp::Neg(token) => (Unary::Neg, token.span),
                    _ => return Lowered::Same(self.expr(&unary.expr)),
                };
                Expr::Unary { operator, operand: self.expr(&unary.expr), site: site(token, token) }
            }
            syn::Expr::Binary(binary) => return self.binary(binary),
            syn::Expr::Assign(assign) => {
                let left = self.expr(&assign.left);
                Expr::Assign(left, self.expr(&assign.right))
            }
            syn::Expr::Reference(reference) => {
                Expr::Ref(self.expr(&reference.expr), reference.mutability.is_some())
            }
            syn::Expr::RawAddr(reference) => {
                let mutable = matches!(reference.mutability, syn::PointerMutability::Mut(_));
                Expr::Ref(self.expr(&reference.expr), mutable)
            }
            syn::Expr::Try(try_) => {
                let inner = self.expr(&try_.expr);
                Expr::Try(inner, site(try_.question_token.span, try_.question_token.span))
            }
            syn::Expr::Await(await_) => {
                let inner = self.expr(&await_.base);
                Expr::Await(inner, site(await_.await_token.span, await_.await_token.span))
            }
            syn::Expr::Paren(inner) => return Lowered::Same(self.expr(&inner.expr)),
            syn::Expr::Group(inner) => return Lowered::Same(self.expr(&inner.expr)),
            syn::Expr::Block(block) => return Lowered::Same(self.block(&block.block)),
            syn::Expr::Unsafe(block) => return Lowered::Same(self.block(&block.block)),
            syn::Expr::Const(block) => return Lowered::Same(self.block(&block.block)),
            syn::Expr::TryBlock(block) => return Lowered::Same(self.block(&block.block)),
            syn::Expr::Async(block) => Expr::Async(self.block(&block.block)),
            syn::Expr::If(branch) => return Lowered::Same(self.branch(branch)),
            syn::Expr::Let(let_) => {
                let value = self.expr(&let_.expr);
                Expr::Let(self.pattern(&let_.pat), value)
            }
            syn::Expr::Match(match_) => {
                let subject = self.expr(&match_.expr);
                let arms = match_.arms.iter().map(|arm| {
                    let (pattern, guard) = self.guarded(&arm.pat);
                    let line = pattern_line(&arm.pat).unwrap_or(line(arm.fat_arrow_token.spans[0]));
                    Arm { pattern, guard, body: self.expr(&arm.body), line }
                });
                let arms = arms.collect();
                Expr::Match { subject, arms }
            }
            syn::Expr::Loop(loop_) => Expr::Loop(self.block(&loop_.body)),
            syn::Expr::While(while_) => {
                let test = self.expr(&while_.cond);
                Expr::While { test, body: self.block(&while_.body) }
            }
            syn::Expr::ForLoop(for_) => {
                let iterable = self.expr(&for_.expr);
                let pattern = self.pattern(&for_.pat);
                let site = site(for_.for_token.span, for_.in_token.span);
                Expr::For { pattern, iterable, body: self.block(&for_.body), site }
            }
            syn::Expr::Closure(closure) => {
                let params = closure.inputs.iter().map(|input| self.pattern(input)).collect();
                let output = self.source().output(&closure.output);
                let is_async = closure.asyncness.is_some();
                Expr::Closure { params, output, body: self.expr(&closure.body), is_async }
            }
            syn::Expr::Tuple(tuple) => Expr::Tuple(self.all(&tuple.elems)),
            syn::Expr::Array(array) => Expr::Array { items: self.all(&array.elems), is_vec: false },
            syn::Expr::Repeat(repeat) => {
                let items = vec![self.expr(&repeat.expr)];
                self.expr(&repeat.len);
                Expr::Array { items, is_vec: false }
            }
            syn::Expr::Struct(literal) => {
                let path = self.source().qualified(literal.qself.as_ref(), &literal.path);
                let fields = literal
                    .fields
                    .iter()
                    .map(|field| (self.member(&field.member), self.expr(&field.expr)));
                let fields = fields.collect();
                Expr::Struct { path, fields, rest: self.optional(literal.rest.as_deref()) }
            }
            syn::Expr::Cast(cast) => {
                let inner = self.expr(&cast.expr);
                Expr::Cast(inner, self.source().ty(&cast.ty))
            }
            syn::Expr::Range(range) => {
                let start = self.optional(range.start.as_deref());
                let end = self.optional(range.end.as_deref());
                Expr::Range(start, end, matches!(range.limits, syn::RangeLimits::Closed(_)))
            }
            syn::Expr::Return(return_) => Expr::Return(self.optional(return_.expr.as_deref())),
            syn::Expr::Break(break_) => Expr::Break(self.optional(break_.expr.as_deref())),
            syn::Expr::Yield(yield_) => Expr::Return(self.optional(yield_.expr.as_deref())),
            syn::Expr::Continue(_) => Expr::Never,
            syn::Expr::Macro(mac) => return Lowered::Same(self.macro_call(&mac.mac)),
            _ => Expr::Unknown,
        })
    }

    /// `a.b().c().d()`, however long, without recursion along the chain.
    fn method_chain(&mut self, last: &syn::ExprMethodCall) -> Lowered {
        let mut calls = vec![last];
        let mut receiver = &*last.receiver;
        loop {
            match receiver {
                syn::Expr::MethodCall(call) => {
                    calls.push(call);
                    receiver = &call.receiver;
                }
                syn::Expr::Paren(inner) => receiver = &inner.expr,
                _ => break,
            }
        }
        let mut current = self.expr(receiver);
        for call in calls.into_iter().rev() {
            let args = self.all(&call.args);
            let generics = call
                .turbofish
                .as_ref()
                .map(|fish| self.source().turbofish(fish))
                .unwrap_or_default();
            let expr = Expr::Method {
                receiver: current,
                name: self.source().ident(&call.method),
                generics,
                args,
                site: site(call.method.span(), call.paren_token.span.close()),
            };
            current = self.push(expr);
        }
        Lowered::Same(current)
    }

    /// `a + b + c …` without recursion along the left side.
    fn binary(&mut self, last: &syn::ExprBinary) -> Lowered {
        let mut chain = vec![last];
        let mut left = &*last.left;
        while let syn::Expr::Binary(inner) = left {
            chain.push(inner);
            left = &inner.left;
        }
        let mut current = self.expr(left);
        for binary in chain.into_iter().rev() {
            let right = self.expr(&binary.right);
            let token = binary.op.span();
            let operator = operator(&binary.op);
            current = self.push(Expr::Binary {
                operator,
                left: current,
                right,
                site: site(token, token),
            });
        }
        Lowered::Same(current)
    }

    /// `if … else if … else …` without recursion along the `else`s.
    fn branch(&mut self, first: &syn::ExprIf) -> ExprId {
        let mut arms = Vec::new();
        let mut branch = first;
        let last = loop {
            let test = self.expr(&branch.cond);
            arms.push((test, self.block(&branch.then_branch)));
            match branch.else_branch.as_ref().map(|(_, other)| &**other) {
                Some(syn::Expr::If(next)) => branch = next,
                Some(other) => break Some(self.expr(other)),
                None => break None,
            }
        };
        let mut otherwise = last;
        for (test, then) in arms.into_iter().rev() {
            otherwise = Some(self.push(Expr::If { test, then, otherwise }));
        }
        otherwise.unwrap_or_default()
    }

    pub(super) fn block(&mut self, block: &syn::Block) -> ExprId {
        self.statements(&block.stmts, line(block.brace_token.span.open()))
    }

    /// The statements with those of the file's own macros in place of their calls, so that what
    /// they bind is seen behind them; `None` when there are none. The calls themselves may be lists.
    fn opened(&mut self, statements: &[Stmt]) -> Option<Vec<Stmt>> {
        self.source().local?;
        if !statements.iter().any(|statement| matches!(statement, Stmt::Macro(_))) {
            return None;
        }
        let mut opened = Vec::with_capacity(statements.len());
        for (at, statement) in statements.iter().enumerate() {
            let inner = match statement {
                Stmt::Macro(mac) => self.written_out(&mac.mac),
                _ => None,
            };
            let is_last = at + 1 == statements.len();
            match inner {
                Some(mut inner) => {
                    if let Stmt::Macro(mac) = statement {
                        self.lowering.item_macro(&mac.mac, self.module);
                    }
                    // Only at the end of its block is a macro's value the block's.
                    if !is_last && let Some(Stmt::Expr(_, semi)) = inner.last_mut() {
                        semi.get_or_insert_default();
                    }
                    opened.append(&mut inner);
                }
                None => opened.push(statement.clone()),
            }
        }
        Some(opened)
    }

    pub(super) fn statements(&mut self, statements: &[Stmt], line: u32) -> ExprId {
        if self.depth >= DEPTH_LIMIT {
            return self.push(Expr::Unknown);
        }
        self.depth += 1;
        let outer = self.module;
        let mut lowered = Block::default();
        let opened = self.opened(statements);
        let statements = opened.as_deref().unwrap_or(statements);
        if statements.iter().any(|statement| matches!(statement, Stmt::Item(_))) {
            let inner = self.lowering.block_module(outer, &self.name, line);
            for statement in statements {
                if let Stmt::Item(item) = statement {
                    self.lowering.item(item, inner);
                }
            }
            lowered.module = Some(inner);
            self.module = inner;
        }
        // A nested block's items are named within the same function.
        let name = lowered.module.map(|_| std::mem::take(&mut self.name));
        for (at, statement) in statements.iter().enumerate() {
            match statement {
                Stmt::Local(local) => {
                    let value = local.init.as_ref().map(|init| self.expr(&init.expr));
                    let otherwise = local
                        .init
                        .as_ref()
                        .and_then(|init| init.diverge.as_ref())
                        .map(|(_, other)| self.expr(other));
                    let pattern = self.pattern(&local.pat);
                    lowered.statements.push(Statement::Let { pattern, value, otherwise });
                }
                Stmt::Item(_) => {}
                Stmt::Expr(expr, semi) => {
                    let id = self.expr(expr);
                    if at + 1 == statements.len() && semi.is_none() {
                        lowered.tail = Some(id);
                    } else {
                        lowered.statements.push(Statement::Expr(id));
                    }
                }
                Stmt::Macro(mac) => {
                    let outer = self.line;
                    if let Some(first) = mac.mac.path.segments.first() {
                        self.line = first.ident.span().start().line as u32;
                    }
                    let id = self.macro_call(&mac.mac);
                    self.line = outer;
                    if at + 1 == statements.len() && mac.semi_token.is_none() {
                        lowered.tail = Some(id);
                    } else {
                        lowered.statements.push(Statement::Expr(id));
                    }
                }
            }
        }
        if let Some(name) = name {
            self.name = name;
        }
        self.module = outer;
        self.depth -= 1;
        self.push(Expr::Block(lowered))
    }
}

enum Lowered {
    New(Expr),
    Same(ExprId),
}

/// The line of an expression's first token, as far as it is cheap to tell: joining the spans of
/// whole expressions would be quadratic.
pub(super) fn start_line(expr: &syn::Expr) -> Option<u32> {
    use syn::Expr as E;
    let mut expr = expr;
    let span = loop {
        expr = match expr {
            E::MethodCall(call) => &call.receiver,
            E::Call(call) => &call.func,
            E::Field(field) => &field.base,
            E::Index(index) => &index.expr,
            E::Binary(binary) => &binary.left,
            E::Assign(assign) => &assign.left,
            E::Try(inner) => &inner.expr,
            E::Await(inner) => &inner.base,
            E::Cast(cast) => &cast.expr,
            E::Path(path) => break path_start(path)?,
            E::Lit(literal) => break literal.lit.span(),
            E::Tuple(tuple) => break tuple.paren_token.span.open(),
            E::Paren(inner) => break inner.paren_token.span.open(),
            E::Array(array) => break array.bracket_token.span.open(),
            E::Reference(reference) => break reference.and_token.span,
            E::Struct(literal) => break literal.path.segments.first()?.ident.span(),
            E::Macro(mac) => break mac.mac.path.segments.first()?.ident.span(),
            E::Closure(closure) => break closure.inputs_begin.span,
            E::Block(block) => break block.block.brace_token.span.open(),
            E::Unary(unary) => match &unary.op {
                UnOp::Deref(token) => break token.span,
                UnOp::Not(token) => break token.span,
                UnOp::Neg(token) => break token.span,
                _ => return None,
            },
            E::If(branch) => break branch.if_token.span,
            E::Match(match_) => break match_.match_token.span,
            _ => return None,
        };
    };
    Some(line(span))
}

fn pattern_line(pattern: &syn::Pat) -> Option<u32> {
    match pattern {
        syn::Pat::Lit(literal) => Some(line(literal.lit.span())),
        syn::Pat::Or(or) => pattern_line(or.cases.first()?),
        syn::Pat::Guard(guard) => pattern_line(&guard.pat),
        syn::Pat::Paren(inner) => pattern_line(&inner.pat),
        syn::Pat::Ident(ident) => Some(line(ident.ident.span())),
        _ => None,
    }
}

fn path_start(path: &syn::ExprPath) -> Option<proc_macro2::Span> {
    path.qself
        .as_ref()
        .map(|qself| qself.lt_token.span)
        .or(path.path.leading_colon.map(|colons| colons.spans[0]))
        .or(path.path.segments.first().map(|segment| segment.ident.span()))
}

fn position(span: proc_macro2::Span) -> (u32, u32) {
    let start = span.start();
    (start.line as u32, start.column as u32 + 1)
}

fn path_site(path: &syn::ExprPath) -> Site {
    let first = path_start(path);
    let last = path.path.segments.last().map(|segment| match &segment.arguments {
        syn::PathArguments::AngleBracketed(arguments) => arguments.gt_token.span,
        _ => segment.ident.span(),
    });
    match (first, last) {
        (Some(first), Some(last)) => site(first, last),
        _ => Site::default(),
    }
}

fn operator(operator: &BinOp) -> Binary {
    match operator {
        BinOp::Add(_) => Binary::Add,
        BinOp::Sub(_) => Binary::Sub,
        BinOp::Mul(_) => Binary::Mul,
        BinOp::Div(_) => Binary::Div,
        BinOp::Rem(_) => Binary::Rem,
        BinOp::BitXor(_) => Binary::BitXor,
        BinOp::BitAnd(_) => Binary::BitAnd,
        BinOp::BitOr(_) => Binary::BitOr,
        BinOp::Shl(_) => Binary::Shl,
        BinOp::Shr(_) => Binary::Shr,
        BinOp::Eq(_) => Binary::Eq,
        BinOp::Lt(_) => Binary::Lt,
        BinOp::Le(_) => Binary::Le,
        BinOp::Ne(_) => Binary::Ne,
        BinOp::Ge(_) => Binary::Ge,
        BinOp::Gt(_) => Binary::Gt,
        BinOp::AddAssign(_) => Binary::AddAssign,
        BinOp::SubAssign(_) => Binary::SubAssign,
        BinOp::MulAssign(_) => Binary::MulAssign,
        BinOp::DivAssign(_) => Binary::DivAssign,
        BinOp::RemAssign(_) => Binary::RemAssign,
        BinOp::BitXorAssign(_) => Binary::BitXorAssign,
        BinOp::BitAndAssign(_) => Binary::BitAndAssign,
        BinOp::BitOrAssign(_) => Binary::BitOrAssign,
        BinOp::ShlAssign(_) => Binary::ShlAssign,
        BinOp::ShrAssign(_) => Binary::ShrAssign,
        _ => Binary::Logic,
    }
}
