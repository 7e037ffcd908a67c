//! Statements (rules 1 and 5).

use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{Expr, Stmt, StmtFor, StmtIf, StmtWhile};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::expr::Operand;
use super::{Context, Exit, Lowering, syntax};
use crate::analyzers::split::{BlockId, Effects, End, Op, Role, VarKind};

impl Lowering<'_, '_> {
    pub(super) fn body(&mut self, body: &[Stmt]) {
        for stmt in body {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Pass(_) | Stmt::Global(_) | Stmt::Nonlocal(_) => return,
            Stmt::Expr(node) if node.value.is_string_literal_expr() => return,
            Stmt::Return(node) => return self.return_(node.value.as_deref(), node.range()),
            Stmt::Break(node) => return self.jump(true, node.range()),
            Stmt::Continue(node) => return self.jump(false, node.range()),
            Stmt::Raise(node) => {
                if let (None, Some(caught)) = (&node.exc, self.caught.last().copied()) {
                    self.raise(caught, node.range());
                } else {
                    let parts: Vec<Operand<'_>> = node
                        .exc
                        .iter()
                        .chain(&node.cause)
                        .map(|part| Operand { expr: part, is_receiver: false })
                        .collect();
                    self.in_order(&parts);
                    let mut op = self.statement(stmt);
                    op.code = op.code.trim_start_matches("raise").trim_start().to_string();
                    op.effects.kills = Default::default();
                    self.end(End::Raise(op));
                }
                self.at = self.block(node.range());
                return;
            }
            _ => {}
        }
        let is_inline = self.coarse || !leaves(stmt, 0, !self.caught.is_empty());
        if is_inline && !self.has_remote(stmt.range()) {
            let op = self.statement(stmt);
            self.push(op);
            return;
        }
        match stmt {
            Stmt::If(node) => self.if_(node),
            Stmt::While(node) => self.while_(node),
            Stmt::For(node) => self.for_(node),
            Stmt::Try(node) => self.try_(node),
            Stmt::With(node) => self.with(node),
            Stmt::Match(node) => self.match_(node),
            Stmt::Assign(node) => self.assign(stmt, &node.targets, &node.value),
            Stmt::AnnAssign(node) => {
                if let Some(value) = &node.value {
                    self.assign(stmt, std::slice::from_ref(&*node.target), value);
                }
            }
            Stmt::AugAssign(node) => self.aug_assign(stmt, node),
            Stmt::Expr(node) => {
                let is_cut = self.is_cut(&node.value);
                self.expr(&node.value);
                match self.graph.suspensions.last_mut() {
                    // Nobody takes the reply.
                    Some(cut) if is_cut => cut.result = None,
                    _ => {
                        let op = self.statement(stmt);
                        self.push(op);
                    }
                }
            }
            Stmt::Assert(node) => match &node.msg {
                Some(message) if self.has_remote(message.range()) => {
                    self.assert(&node.test, message, node.range());
                }
                _ => {
                    self.expr(&node.test);
                    let op = self.statement(stmt);
                    self.push(op);
                }
            },
            Stmt::Delete(node) => {
                if node.targets.iter().any(|target| self.remote_at(target, false).is_some()) {
                    self.refuse(node.range(), "deletes an attribute of an entity");
                }
                let parts: Vec<Operand<'_>> =
                    node.targets.iter().map(|expr| Operand { expr, is_receiver: true }).collect();
                self.in_order(&parts);
                let op = self.statement(stmt);
                self.push(op);
            }
            Stmt::FunctionDef(node) => {
                let decorators = node.decorator_list.iter().map(|one| &one.expression);
                let parameters = &node.parameters;
                let positional = parameters.posonlyargs.iter().chain(&parameters.args);
                let defaults = positional.chain(&parameters.kwonlyargs);
                let defaults = defaults.filter_map(|parameter| parameter.default.as_deref());
                self.definition(stmt, decorators.chain(defaults).collect());
            }
            Stmt::ClassDef(node) => {
                let decorators = node.decorator_list.iter().map(|one| &one.expression);
                let arguments = node.arguments.iter().flat_map(|all| syntax::arguments(all));
                self.definition(stmt, decorators.chain(arguments).collect());
            }
            other => self.refuse(other.range(), "a remote operation in a declaration"),
        }
    }

    /// A function or class made here: decorators and defaults are evaluated first, in this order.
    fn definition(&mut self, stmt: &Stmt, parts: Vec<&Expr>) {
        let parts: Vec<Operand<'_>> =
            parts.into_iter().map(|expr| Operand { expr, is_receiver: false }).collect();
        self.in_order(&parts);
        if self.has_remote(stmt.range())
            && parts.iter().all(|part| !self.has_remote(part.expr.range()))
        {
            self.refuse(stmt.range(), "a remote operation in an annotation");
        }
        let op = self.statement(stmt);
        self.push(op);
    }

    /// An `assert` whose message is remote: evaluated only when the test fails.
    fn assert(&mut self, test: &Expr, message: &Expr, range: TextRange) {
        let [holds, fails] = [range, message.range()].map(|range| self.block(range));
        self.test(test, holds, fails);
        self.at = fails;
        self.expr(message);
        let effects = self.effects(message);
        let code = format!("AssertionError({})", self.text(message));
        let op = self.op(code, effects, range);
        self.end(End::Raise(op));
        self.at = holds;
    }

    /// The statement itself as one operation, its evaluated parts replaced.
    pub(super) fn statement(&mut self, stmt: &Stmt) -> Op {
        let effects = self.reader().stmt(stmt);
        let code = self.render(stmt.range());
        let mut op = self.op(code, effects, stmt.range());
        op.state = self.state_of(|reader| reader.visit_stmt(stmt));
        let is_compound = matches!(
            stmt,
            Stmt::If(_)
                | Stmt::For(_)
                | Stmt::While(_)
                | Stmt::Try(_)
                | Stmt::With(_)
                | Stmt::Match(_)
                | Stmt::FunctionDef(_)
                | Stmt::ClassDef(_)
        );
        if is_compound {
            op.indent = Some(self.indent(stmt.range().start()));
        }
        op
    }

    fn indent(&self, at: TextSize) -> String {
        let before = &self.module.text[..at.to_usize()];
        let line = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        before[line..].to_string()
    }

    /// The expression is, as a whole, one remote operation that is not yet lowered.
    pub(super) fn is_cut(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Await(node) => self.remote_at(&node.value, false).is_some(),
            other => self.remote_at(other, false).is_some(),
        }
    }

    fn return_(&mut self, value: Option<&Expr>, range: TextRange) {
        let value = value.map(|value| {
            self.expr(value);
            let effects = self.effects(value);
            let mut op = self.op(self.text(value), effects, range);
            op.state = self.state_of(|reader| reader.visit_expr(value));
            op
        });
        let has_value = value.is_some();
        self.leave(Exit::Return { has_value }, value, range);
        self.at = self.block(range);
    }

    fn jump(&mut self, is_break: bool, range: TextRange) {
        if let Some((context, exit, again)) = self.innermost_loop() {
            let to = if is_break { exit } else { again };
            self.leave(Exit::Jump { to, context }, None, range);
        }
        self.at = self.block(range);
    }

    fn if_(&mut self, node: &StmtIf) {
        let done = self.block(node.range());
        let clauses = node.elif_else_clauses.iter();
        let mut arms: Vec<(Option<&Expr>, &[Stmt])> = vec![(Some(&*node.test), &node.body[..])];
        arms.extend(clauses.map(|clause| (clause.test.as_ref(), &clause.body[..])));
        let last = arms.len() - 1;
        for (at, (test, body)) in arms.into_iter().enumerate() {
            let Some(test) = test else {
                self.body(body);
                break;
            };
            let then = self.block(body.first().map_or(test.range(), Ranged::range));
            let other = if at == last { done } else { self.block(test.range()) };
            self.test(test, then, other);
            self.at = then;
            self.body(body);
            self.go(done);
            self.at = other;
        }
        if self.at != done {
            self.go(done);
            self.at = done;
        }
    }

    fn while_(&mut self, node: &StmtWhile) {
        let head = self.block(node.test.range());
        self.graph.blocks[head].role = Role::Loop;
        self.go(head);
        self.at = head;
        let done = self.block(node.range());
        if !syntax::is_always_true(&node.test) {
            let body = self.block(node.body.first().map_or(node.range(), Ranged::range));
            let other = self.block(node.range());
            self.test(&node.test, body, other);
            self.at = other;
            self.body(&node.orelse);
            self.go(done);
            self.at = body;
        }
        self.loop_body(&node.body, done, head);
        self.at = done;
    }

    fn loop_body(&mut self, body: &[Stmt], exit: BlockId, again: BlockId) {
        self.contexts.push(Context::Loop { exit, again });
        self.body(body);
        self.go(again);
        self.contexts.pop();
    }

    fn for_(&mut self, node: &StmtFor) {
        self.expr(&node.iter);
        let iterator = self.temporary("i", VarKind::Hidden);
        let effects = self.effects(&node.iter);
        let make = if node.is_async { "aiter" } else { "iter" };
        let code = format!("{make}({})", self.text(&node.iter));
        self.set(iterator, &code, effects, node.iter.range());
        let state = self.state_of(|reader| reader.visit_expr(&node.iter));
        if let Some(op) = self.current().ops.last_mut() {
            op.state = state;
        }
        let line = TextRange::new(node.target.start(), node.iter.end());
        let head = self.block(line);
        self.graph.blocks[head].role = Role::Loop;
        self.go(head);
        self.at = head;
        let body = self.block(node.body.first().map_or(line, Ranged::range));
        let exhausted = self.block(node.range());
        let done = self.block(node.range());
        let is_async = node.is_async;
        if self.has_remote(node.target.range()) {
            let item = self.temporary("t", VarKind::Spill);
            let mut effects = Effects::default();
            effects.write(item);
            let target = self.op(self.name(item), effects, line);
            self.end(End::Next { iterator, target, is_async, body, exhausted });
            self.at = body;
            self.store(&node.target, item, line);
        } else {
            let effects = self.effects(&node.target);
            let target = self.op(self.render(node.target.range()), effects, line);
            self.end(End::Next { iterator, target, is_async, body, exhausted });
            self.at = body;
        }
        self.loop_body(&node.body, done, head);
        self.at = exhausted;
        self.body(&node.orelse);
        self.go(done);
        self.at = done;
    }
}

/// Whether control may leave a statement other than at its end or by an exception: `return`,
/// `break` and `continue` of a loop around it, and inside a handler a bare `raise`.
pub(super) fn leaves(stmt: &Stmt, loops: u32, in_handler: bool) -> bool {
    match stmt {
        Stmt::Return(_) => true,
        Stmt::Break(_) | Stmt::Continue(_) => loops == 0,
        Stmt::Raise(node) => in_handler && node.exc.is_none(),
        Stmt::For(node) => {
            let inner = node.body.iter().any(|stmt| leaves(stmt, loops + 1, in_handler));
            inner || node.orelse.iter().any(|stmt| leaves(stmt, loops, in_handler))
        }
        Stmt::While(node) => {
            let inner = node.body.iter().any(|stmt| leaves(stmt, loops + 1, in_handler));
            inner || node.orelse.iter().any(|stmt| leaves(stmt, loops, in_handler))
        }
        other => {
            let suites = syntax::suites(other);
            suites.into_iter().flatten().any(|stmt| leaves(stmt, loops, in_handler))
        }
    }
}
