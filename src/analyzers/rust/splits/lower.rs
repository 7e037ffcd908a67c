//! A Rust body as blocks of uses, borrows, moves and ends of storage, cut at each `.await`.

mod calls;
mod captures;
mod control;
mod exprs;
mod places;

use syn::spanned::Spanned;
use syn::{Block, Expr, Pat, Signature, Stmt};

use super::types::{Ty, Types};
use crate::analyzers::rust::Source;
use crate::analyzers::split::{
    Access, BlockId, Cut, Effects, End, Graph, Kills, Op, Role, VarId, VarKind,
};
use crate::model::SuspensionKind;

pub struct Lowered {
    pub graph: Graph,
    /// The type of each variable.
    pub types: Vec<Ty>,
}

pub fn function(source: &Source<'_>, types: &Types, sig: &Signature, block: &Block) -> Lowered {
    let mut lowering = Lowering::new(source, types, source.line_of(&sig.fn_token));
    for input in &sig.inputs {
        match input {
            syn::FnArg::Receiver(receiver) => {
                let ty = match receiver.kind {
                    syn::ReceiverKind::Reference(..) => Ty::reference(Ty::unknown()),
                    _ => Ty::unknown(),
                };
                let var = lowering.declare("self", ty);
                lowering.graph.params.push(var);
            }
            syn::FnArg::Typed(typed) => {
                let ty = lowering.types.ty(&typed.ty);
                lowering.parameter(&typed.pat, ty);
            }
        }
    }
    lowering.whole(block)
}

pub fn block(source: &Source<'_>, types: &Types, block: &Block) -> Lowered {
    Lowering::new(source, types, source.line_of(&block.brace_token.span.join())).whole(block)
}

pub fn closure(source: &Source<'_>, types: &Types, node: &syn::ExprClosure) -> Lowered {
    let mut lowering = Lowering::new(source, types, source.line_of(node));
    for input in &node.inputs {
        match input {
            Pat::Type(typed) => {
                let ty = lowering.types.ty(&typed.ty);
                lowering.parameter(&typed.pat, ty);
            }
            other => lowering.parameter(other, Ty::unknown()),
        }
    }
    match &*node.body {
        Expr::Block(body) => lowering.whole(&body.block),
        other => lowering.finish(|this| {
            this.value(other);
        }),
    }
}

/// A loop or labelled block that can be left.
struct Target {
    label: Option<String>,
    exit: BlockId,
    /// `None` for a labelled block.
    again: Option<BlockId>,
    /// How many scopes stay open where it is left to.
    depth: usize,
}

pub(super) struct Lowering<'s, 'a> {
    source: &'s Source<'a>,
    pub(super) types: &'s Types,
    pub(super) graph: Graph,
    at: BlockId,
    /// Names in scope, innermost last; a later one shadows.
    env: Vec<(String, VarId)>,
    /// Where each open scope starts in `env`.
    scopes: Vec<usize>,
    targets: Vec<Target>,
    tys: Vec<Ty>,
}

impl<'s, 'a> Lowering<'s, 'a> {
    fn new(source: &'s Source<'a>, types: &'s Types, line: u32) -> Self {
        let mut graph = Graph::default();
        let at = graph.block(line, None);
        graph.entry = at;
        Self {
            source,
            types,
            graph,
            at,
            env: Vec::new(),
            scopes: vec![0],
            targets: Vec::new(),
            tys: Vec::new(),
        }
    }

    fn parameter(&mut self, pat: &Pat, ty: Ty) {
        let from = self.tys.len();
        self.bind(pat, &ty);
        self.graph.params.extend((from..self.tys.len()).map(|var| var as VarId));
    }

    fn whole(self, block: &Block) -> Lowered {
        self.finish(|this| {
            this.block_value(block);
        })
    }

    fn finish(mut self, body: impl FnOnce(&mut Self)) -> Lowered {
        body(&mut self);
        self.leave_scopes(0);
        self.end(End::Return { value: None, constant: true });
        Lowered { graph: self.graph, types: self.tys }
    }

    // Variables.

    pub(super) fn declare(&mut self, name: &str, ty: Ty) -> VarId {
        let var = self.graph.vars.push(name.to_string(), VarKind::Local);
        self.tys.push(ty);
        self.env.push((name.to_string(), var));
        var
    }

    pub(super) fn lookup(&self, name: &str) -> Option<VarId> {
        self.env.iter().rev().find(|(known, _)| known == name).map(|(_, var)| *var)
    }

    pub(super) fn ty_of(&self, var: VarId) -> &Ty {
        &self.tys[var as usize]
    }

    fn event(&mut self, change: impl FnOnce(&mut Op)) {
        let mut op = Op::default();
        change(&mut op);
        self.push(op);
    }

    pub(super) fn read(&mut self, var: VarId) {
        self.event(|op| op.effects.read(var));
    }

    pub(super) fn write(&mut self, var: VarId) {
        self.event(|op| op.effects.write(var));
    }

    pub(super) fn borrow(&mut self, var: VarId) {
        self.event(|op| {
            op.effects.read(var);
            op.storage.borrows.insert(var);
        });
    }

    /// Takes the value out: copied, or moved and gone.
    pub(super) fn take(&mut self, var: VarId) {
        // A mutable reference is lent on; one that is really gone is not used again.
        if self.ty_of(var).copy || self.ty_of(var).is_ref {
            return self.read(var);
        }
        self.event(|op| {
            op.effects.uses.insert(var);
            op.effects.unbinds.insert(var);
            op.storage.moves.insert(var);
        });
    }

    /// Ends a variable's storage; its destructor, if it still has a value, runs now.
    fn end_storage(&mut self, var: VarId) {
        let drops = self.ty_of(var).drops;
        self.event(|op| {
            if drops {
                op.effects.uses.insert(var);
            }
            op.effects.unbinds.insert(var);
            if let Kills::Some(kills) = &mut op.effects.kills {
                kills.insert(var);
            }
            op.storage.ends.insert(var);
        });
    }

    pub(super) fn open_scope(&mut self) {
        self.scopes.push(self.env.len());
    }

    pub(super) fn close_scope(&mut self) {
        let Some(from) = self.scopes.pop() else { return };
        for at in (from..self.env.len()).rev() {
            let var = self.env[at].1;
            self.end_storage(var);
        }
        self.env.truncate(from);
    }

    /// Ends everything declared since the scope at `depth` without closing it: for jumps.
    fn leave_scopes(&mut self, depth: usize) {
        let from = self.scopes.get(depth).copied().unwrap_or(self.env.len());
        for at in (from..self.env.len()).rev() {
            let var = self.env[at].1;
            self.end_storage(var);
        }
    }

    // Blocks.

    pub(super) fn new_block(&mut self, node: &impl Spanned) -> BlockId {
        let line = self.source.line_of(node);
        self.graph.block(line, None)
    }

    fn push(&mut self, op: Op) {
        let block = &mut self.graph.blocks[self.at];
        if matches!(block.end, End::Open) {
            block.ops.push(op);
        }
    }

    pub(super) fn end(&mut self, end: End) {
        let block = &mut self.graph.blocks[self.at];
        if matches!(block.end, End::Open) {
            block.end = end;
        }
    }

    pub(super) fn go(&mut self, to: BlockId) {
        self.end(End::Jump(to));
    }

    pub(super) fn place_op(&self, node: &impl Spanned) -> Op {
        let span = node.span();
        let code = self.source.text_of(node).to_string();
        Op {
            code,
            effects: Effects::default(),
            first_line: span.start().line as u32,
            last_line: span.end().line as u32,
            ..Op::default()
        }
    }

    /// Branches on what was just evaluated.
    pub(super) fn branch(&mut self, test: &impl Spanned, then: BlockId, other: BlockId) {
        let test = self.place_op(test);
        self.end(End::Branch { test, then, other });
    }

    /// Cuts at an await: what it awaits was evaluated.
    pub(super) fn suspend(&mut self, node: &impl Spanned, target: Awaited) {
        let span = self.source.span_of(node);
        self.graph.suspensions.push(Cut {
            kind: SuspensionKind::Await,
            target: target.name,
            reaches: Vec::new(),
            receiver: target.receiver,
            member: String::new(),
            args: target.args,
            result: None,
            request: self.place_op(node),
            start: span.start,
            end: span.end,
            access: Access::Await,
        });
        let suspension = self.graph.suspensions.len() - 1;
        let resume = self.new_block(node);
        self.graph.blocks[resume].resume_of = Some(suspension);
        self.end(End::Suspend { suspension, resume });
        self.at = resume;
    }

    // Statements.

    pub(super) fn block_value(&mut self, block: &Block) -> Ty {
        self.open_scope();
        let ty = self.statements(&block.stmts);
        self.close_scope();
        ty
    }

    fn statements(&mut self, stmts: &[Stmt]) -> Ty {
        let mut last = Ty::plain();
        for stmt in stmts {
            last = match stmt {
                Stmt::Local(local) => {
                    self.local(local);
                    Ty::plain()
                }
                Stmt::Item(_) => Ty::plain(),
                Stmt::Expr(expr, semi) => {
                    let ty = self.value(expr);
                    self.show(stmt, expr);
                    if semi.is_some() { Ty::plain() } else { ty }
                }
                Stmt::Macro(node) => {
                    let ty = self.macro_value(&node.mac);
                    let op = self.place_op(stmt);
                    self.push(op);
                    ty
                }
            };
        }
        last
    }

    /// Writes a plain statement into the block's code; compound ones came apart already.
    fn show(&mut self, stmt: &Stmt, expr: &Expr) {
        let compound = matches!(
            expr,
            Expr::If(_)
                | Expr::Match(_)
                | Expr::Loop(_)
                | Expr::While(_)
                | Expr::ForLoop(_)
                | Expr::Block(_)
                | Expr::Unsafe(_)
                | Expr::Await(_)
                | Expr::Return(_)
                | Expr::Break(_)
                | Expr::Continue(_)
        );
        if !compound {
            let op = self.place_op(stmt);
            self.push(op);
        }
    }

    fn local(&mut self, local: &syn::Local) {
        let declared = match &local.pat {
            Pat::Type(typed) => Some(self.types.ty(&typed.ty)),
            _ => None,
        };
        let Some(init) = &local.init else {
            // Declared now, assigned later: no value yet.
            let before = self.env.len();
            self.declare_names(&local.pat, declared.unwrap_or_else(Ty::unknown));
            debug_assert!(self.env.len() >= before);
            return;
        };
        let is_reply = matches!(&*init.expr, Expr::Await(_));
        let value = self.initial(&init.expr, &local.pat);
        let ty = declared.unwrap_or(value);
        if let Some((_, otherwise)) = &init.diverge {
            let [matched, missed] = [0; 2].map(|_: i32| self.new_block(local));
            self.branch(&local.pat, matched, missed);
            self.at = missed;
            self.value(otherwise);
            self.go(matched);
            self.at = matched;
        }
        if init.diverge.is_none() && !matches!(local.pat, Pat::Ident(_)) {
            self.take_apart(&init.expr, &local.pat);
        }
        let from = self.tys.len();
        self.bind(&local.pat, &ty);
        let bound = from..self.tys.len();
        if is_reply && init.diverge.is_none() && bound.len() == 1 {
            // The local takes the reply itself.
            let var = bound.start as VarId;
            let resume = self.graph.blocks[self.at].resume_of;
            if let (Some(suspension), true) = (resume, is_plain_binding(&local.pat)) {
                self.graph.suspensions[suspension].result = Some(var);
                self.graph.blocks[self.at].ops.retain(|op| !op.effects.defs.contains(var));
            }
        }
        if !is_reply {
            let op = self.place_op(local);
            self.push(op);
        }
    }

    /// An initialiser: a pattern that binds by reference, or nothing, leaves a place alone.
    fn initial(&mut self, expr: &Expr, pat: &Pat) -> Ty {
        match pat {
            Pat::Wild(_) if matches!(expr, Expr::Path(_) | Expr::Field(_)) => Ty::plain(),
            Pat::Tuple(_) | Pat::Struct(_) | Pat::TupleStruct(_) | Pat::Slice(_) => {
                self.scrutinee(expr)
            }
            _ => self.value(expr),
        }
    }

    /// Emits code for leaving to a target.
    pub(super) fn jump(&mut self, label: Option<&syn::Lifetime>, again: bool, node: &Expr) {
        let wanted = label.map(|label| label.ident.to_string());
        let found = self.targets.iter().rev().find(|target| match &wanted {
            Some(label) => target.label.as_ref() == Some(label),
            None => target.again.is_some(),
        });
        if let Some(target) = found {
            let to = if again { target.again.unwrap_or(target.exit) } else { target.exit };
            let depth = target.depth;
            self.leave_scopes(depth);
            self.go(to);
        }
        self.at = self.new_block(node);
    }

    pub(super) fn return_now(&mut self, node: &Expr) {
        self.leave_scopes(0);
        self.end(End::Return { value: None, constant: true });
        self.at = self.new_block(node);
    }

    /// Runs a loop body or labelled block as a target of jumps.
    pub(super) fn as_target(
        &mut self,
        label: Option<&syn::Label>,
        exit: BlockId,
        again: Option<BlockId>,
        body: impl FnOnce(&mut Self),
    ) {
        self.targets.push(Target {
            label: label.map(|label| label.name.ident.to_string()),
            exit,
            again,
            depth: self.scopes.len(),
        });
        body(self);
        self.targets.pop();
    }

    pub(super) fn mark_loop(&mut self, head: BlockId) {
        self.graph.blocks[head].role = Role::Loop;
    }

    pub(super) fn set_current(&mut self, at: BlockId) {
        self.at = at;
    }

    pub(super) fn text(&self, node: &impl Spanned) -> String {
        self.source.text_of(node).split_whitespace().collect::<Vec<&str>>().join(" ")
    }
}

fn is_plain_binding(pat: &Pat) -> bool {
    match pat {
        Pat::Ident(ident) => ident.by_ref.is_none() && ident.subpat.is_none(),
        Pat::Type(typed) => is_plain_binding(&typed.pat),
        _ => false,
    }
}

/// What an await waits for.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    pub name: String,
    pub receiver: Option<String>,
    pub args: Vec<String>,
}
