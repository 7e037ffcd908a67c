//! Expressions (rules 2 and 3): evaluation order, spills, short-circuits.

use ruff_python_ast::{BoolOp, Expr, ExprAttribute, ExprCall, InterpolatedStringElement, UnaryOp};
use ruff_text_size::{Ranged, TextRange};

use super::{Lowering, syntax};
use crate::analyzers::link::python::splits::infer::{Remote, is_super};
use crate::analyzers::python::scopes::{Bound, MODULE};
use crate::analyzers::split::{Access, BlockId, Effects, End, VarKind};

/// One operand: a receiver that is a path on `self` is read again rather than spilled.
#[derive(Clone, Copy)]
pub(super) struct Operand<'e> {
    pub expr: &'e Expr,
    pub is_receiver: bool,
}

impl Lowering<'_, '_> {
    /// Evaluates every remote part of an expression; what remains is its rendered text.
    pub(super) fn expr(&mut self, expr: &Expr) {
        if !self.has_remote(expr.range()) || self.subs.exact(expr.range()).is_some() {
            return;
        }
        let awaiting = std::mem::take(&mut self.awaiting);
        match expr {
            Expr::BoolOp(node) if self.any_remote(&node.values[1..]) => {
                self.short_circuit(expr, &node.values, node.op == BoolOp::And);
            }
            Expr::If(node)
                if self.has_remote(node.body.range()) || self.has_remote(node.orelse.range()) =>
            {
                self.conditional(expr, &node.test, &node.body, &node.orelse);
            }
            Expr::Compare(node) if self.any_remote(&node.comparators[1..]) => {
                self.chained(expr, None);
            }
            Expr::Named(node) => {
                self.expr(&node.value);
                let effects = self.effects(expr);
                let code =
                    format!("{} = {}", self.render(node.target.range()), self.text(&node.value));
                let op = self.op(code, effects, expr.range());
                self.push(op);
                let name = self.render(node.target.range());
                let var = self.graph.vars.find(&name);
                self.subs.set(expr.range(), name, var);
            }
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) => self.comprehension(expr),
            Expr::Generator(node) => {
                let rest = self.remote_after_first_iterable(expr);
                if rest {
                    self.refuse(node.range(), "a lazy generator with a remote part");
                }
                self.operands(expr);
            }
            Expr::Await(node) => {
                self.awaiting = true;
                self.expr(&node.value);
                self.awaiting = false;
                if let Some(sub) = self.subs.exact(node.value.range()).cloned()
                    && self.remote_at(&node.value, false).is_some()
                {
                    self.subs.set(expr.range(), sub.text, sub.var);
                }
            }
            Expr::Call(node) => match self.remote_at(expr, false) {
                Some(remote) => self.call(expr, node, &remote, awaiting),
                None => {
                    self.consumed_generator(node);
                    self.operands(expr);
                }
            },
            Expr::Attribute(node) => match self.remote_at(expr, false) {
                Some(remote) => self.load(expr, node, &remote),
                None => self.operands(expr),
            },
            Expr::FString(_) => {
                self.operands(expr);
                self.keep_debug_texts(expr);
            }
            Expr::Yield(_) | Expr::YieldFrom(_) => {
                self.refuse(expr.range(), "a generator keeps its own frame: it cannot be cut");
            }
            _ => self.operands(expr),
        }
    }

    pub(super) fn any_remote(&self, exprs: &[Expr]) -> bool {
        exprs.iter().any(|expr| self.has_remote(expr.range()))
    }

    fn operands(&mut self, expr: &Expr) {
        let operands = self.operands_of(expr);
        self.in_order(&operands);
    }

    /// Operands with slices and callees taken apart.
    fn operands_of<'e>(&self, expr: &'e Expr) -> Vec<Operand<'e>> {
        let mut parts = Vec::new();
        match expr {
            Expr::Call(node) => {
                self.callee(&node.func, &mut parts);
                parts.extend(syntax::arguments(&node.arguments).map(plain));
            }
            Expr::Subscript(node) => {
                parts.push(Operand { expr: &node.value, is_receiver: true });
                slice_parts(&node.slice, &mut parts);
            }
            Expr::Attribute(node) => parts.push(Operand { expr: &node.value, is_receiver: true }),
            _ => parts.extend(syntax::operands(expr).into_iter().map(plain)),
        }
        parts
    }

    fn callee<'e>(&self, func: &'e Expr, parts: &mut Vec<Operand<'e>>) {
        match func {
            Expr::Attribute(node) if self.remote_at(func, false).is_none() => {
                parts.push(Operand { expr: &node.value, is_receiver: true });
            }
            _ => parts.push(plain(func)),
        }
    }

    /// Evaluates operands in order; what comes before a remote one is spilled.
    pub(super) fn in_order(&mut self, operands: &[Operand<'_>]) {
        let Some(last) = operands.iter().rposition(|part| self.has_remote(part.expr.range()))
        else {
            return;
        };
        for (at, part) in operands[..=last].iter().enumerate() {
            self.expr(part.expr);
            if at < last {
                let rest = operands[at + 1..].iter().map(|part| part.expr).collect::<Vec<_>>();
                self.spill(part.expr, part.is_receiver, &rest);
            }
        }
    }

    /// Keeps the value of an operand over a later suspension.
    pub(super) fn spill(&mut self, expr: &Expr, is_receiver: bool, later: &[&Expr]) {
        if let Some(sub) = self.subs.exact(expr.range()) {
            let name = sub.text.clone();
            let is_local =
                sub.var.is_none_or(|var| self.graph.vars.get(var).kind == VarKind::Local);
            if !is_local || !rebinds(later, &name) {
                return;
            }
        }
        match expr {
            _ if expr.is_literal_expr() => return,
            Expr::UnaryOp(node) if node.operand.is_literal_expr() => return,
            Expr::Name(name) => {
                let name = name.id.as_str();
                if self.is_stable(expr) && !rebinds(later, name) {
                    return;
                }
            }
            Expr::Attribute(_)
                if ((is_receiver && self.is_self_path(expr)) || self.is_stable(expr)) =>
            {
                return;
            }
            Expr::Lambda(_) if syntax::operands(expr).is_empty() => return,
            // It is made again from the receiver; it could not travel in a frame.
            _ if is_receiver && is_super(expr) => return,
            Expr::Slice(_) => {
                let mut parts = Vec::new();
                slice_parts(expr, &mut parts);
                for part in parts {
                    self.spill(part.expr, false, later);
                }
                return;
            }
            Expr::Starred(node) => {
                let effects = self.effects(&node.value);
                let code = format!("[*{}]", self.text(&node.value));
                let var = self.temporary("t", VarKind::Spill);
                self.set(var, &code, effects, expr.range());
                let text = format!("*{}", self.name(var));
                self.subs.set(expr.range(), text, Some(var));
                return;
            }
            _ => {}
        }
        self.store_spill(expr);
    }

    fn store_spill(&mut self, expr: &Expr) {
        let effects = self.effects(expr);
        let code = self.text(expr);
        let state = self.state_of(|reader| {
            use ruff_python_ast::visitor::Visitor;
            reader.visit_expr(expr);
        });
        let var = self.temporary("t", VarKind::Spill);
        self.set(var, &code, effects, expr.range());
        if let Some(op) = self.current().ops.last_mut() {
            op.state = state;
        }
        let name = self.name(var);
        self.subs.set(expr.range(), name, Some(var));
    }

    /// Locals, builtins, and module-level names that are bound once: they read the same later.
    fn is_stable(&self, expr: &Expr) -> bool {
        let Expr::Name(name) = expr else {
            // `module.function`: an attribute of an import.
            let Expr::Attribute(node) = expr else { return false };
            let root = root_name(&node.value);
            return root.is_some_and(|root| self.is_import(root));
        };
        let scopes = &self.module.scopes;
        match scopes.lookup(self.function.scope, name.id.as_str()) {
            None => true,
            Some((scope, _)) if scope == self.function.scope => true,
            Some((MODULE, bound)) => {
                bound.len() == 1
                    && matches!(
                        bound[0].1,
                        Bound::Import(_) | Bound::Class(_) | Bound::Function(_) | Bound::Value(_)
                    )
            }
            Some(_) => true,
        }
    }

    fn is_import(&self, name: &str) -> bool {
        let found = self.module.scopes.lookup(self.function.scope, name);
        found.is_some_and(|(_, bound)| matches!(bound.last(), Some((_, Bound::Import(_)))))
    }

    fn is_self_path(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Name(name) => self.self_name == Some(name.id.as_str()),
            Expr::Attribute(node) => self.is_self_path(&node.value),
            _ => false,
        }
    }

    /// A remote call, construction or own suspending call.
    fn call(&mut self, expr: &Expr, node: &ExprCall, remote: &Remote, awaiting: bool) {
        if remote.is_async && !(awaiting && self.function.node.is_async) {
            self.refuse(
                expr.range(),
                "the coroutine of a remote call is not awaited where it is made",
            );
        }
        let deliver_to = self.deliver_to.take();
        self.consumed_generator(node);
        let mut parts: Vec<Operand<'_>> = Vec::new();
        let receiver = match &*node.func {
            Expr::Attribute(func) if remote.kind != crate::model::SuspensionKind::Create => {
                parts.push(Operand { expr: &func.value, is_receiver: true });
                Some(&*func.value)
            }
            func => {
                parts.push(plain(func));
                None
            }
        };
        parts.extend(syntax::arguments(&node.arguments).map(plain));
        self.in_order(&parts);
        let effects = self.effects(expr);
        let request = self.request(expr, effects);
        let access = if receiver.is_none() { Access::Create } else { Access::Call };
        let mut cut = self.cut(remote, access, request);
        cut.receiver = match receiver {
            Some(receiver) => Some(self.render(receiver.range())),
            None => Some(self.render(node.func.range())),
        };
        cut.args = node
            .arguments
            .args
            .iter()
            .map(|arg| self.text(arg))
            .chain(node.arguments.keywords.iter().map(|keyword| self.render(keyword.range())))
            .collect();
        cut.result = Some(deliver_to.unwrap_or_else(|| self.temporary("t", VarKind::Spill)));
        self.suspend(expr.range(), cut);
    }

    /// A remote attribute load.
    fn load(&mut self, expr: &Expr, node: &ExprAttribute, remote: &Remote) {
        let deliver_to = self.deliver_to.take();
        self.expr(&node.value);
        let effects = self.effects(expr);
        let request = self.request(expr, effects);
        let mut cut = self.cut(remote, Access::Load, request);
        cut.receiver = Some(self.render(node.value.range()));
        cut.result = Some(deliver_to.unwrap_or_else(|| self.temporary("t", VarKind::Spill)));
        self.suspend(expr.range(), cut);
    }

    pub(super) fn request(&mut self, expr: &Expr, effects: Effects) -> crate::analyzers::split::Op {
        let mut op = self.op(self.render(expr.range()), effects, expr.range());
        op.state = self.state_of(|reader| {
            use ruff_python_ast::visitor::Visitor;
            reader.visit_expr(expr);
        });
        op
    }

    /// `and`/`or` whose later parts are remote: branches that write one temporary.
    fn short_circuit(&mut self, expr: &Expr, values: &[Expr], is_and: bool) {
        let var = self.temporary("t", VarKind::Spill);
        let done = self.block(expr.range());
        for (at, value) in values.iter().enumerate() {
            self.expr(value);
            let effects = self.effects(value);
            let code = self.text(value);
            self.set(var, &code, effects, value.range());
            if at + 1 < values.len() {
                let next = self.block(value.range());
                let mut effects = Effects::default();
                effects.read(var);
                let test = self.op(self.name(var), effects, value.range());
                let (then, other) = if is_and { (next, done) } else { (done, next) };
                self.end(End::Branch { test, then, other });
                self.at = next;
            }
        }
        self.go(done);
        self.at = done;
        let name = self.name(var);
        self.subs.set(expr.range(), name, Some(var));
    }

    fn conditional(&mut self, expr: &Expr, test: &Expr, body: &Expr, orelse: &Expr) {
        let var = self.temporary("t", VarKind::Spill);
        let done = self.block(expr.range());
        let [then, other] = [body, orelse].map(|part| self.block(part.range()));
        self.test(test, then, other);
        for (at, part) in [(then, body), (other, orelse)] {
            self.at = at;
            self.expr(part);
            let effects = self.effects(part);
            let code = self.text(part);
            self.set(var, &code, effects, part.range());
            self.go(done);
        }
        self.at = done;
        let name = self.name(var);
        self.subs.set(expr.range(), name, Some(var));
    }

    /// `a < b < c` with a remote part that may be skipped. With `targets` it branches; else it
    /// writes one temporary.
    fn chained(&mut self, expr: &Expr, targets: Option<(BlockId, BlockId)>) {
        let Expr::Compare(node) = expr else { return };
        let var = targets.is_none().then(|| self.temporary("t", VarKind::Spill));
        let done = self.block(expr.range());
        let values: Vec<&Expr> = std::iter::once(&*node.left).chain(&node.comparators).collect();
        self.expr(values[0]);
        for (at, op) in node.ops.iter().enumerate() {
            let (left, right) = (values[at], values[at + 1]);
            let is_last = at + 1 == node.ops.len();
            if self.has_remote(right.range()) {
                self.spill(left, false, &values[at + 1..]);
            }
            self.expr(right);
            if !is_last {
                // It is compared now and again in the next link, but evaluated once.
                self.spill(right, false, &values[at + 2..]);
            }
            let mut effects = self.effects(left);
            effects.then(&self.effects(right));
            let code = format!("{} {} {}", self.text(left), op.as_str(), self.text(right));
            match (var, targets) {
                (Some(var), _) => {
                    self.set(var, &code, effects, expr.range());
                    if !is_last {
                        let next = self.block(right.range());
                        let mut effects = Effects::default();
                        effects.read(var);
                        let test = self.op(self.name(var), effects, expr.range());
                        self.end(End::Branch { test, then: next, other: done });
                        self.at = next;
                    }
                }
                (None, Some((yes, no))) => {
                    let next = if is_last { yes } else { self.block(right.range()) };
                    let test = self.op(code, effects, expr.range());
                    self.end(End::Branch { test, then: next, other: no });
                    self.at = next;
                }
                (None, None) => {}
            }
        }
        if let Some(var) = var {
            self.go(done);
            self.at = done;
            let name = self.name(var);
            self.subs.set(expr.range(), name, Some(var));
        }
    }

    /// Branches on an expression: pure control flow where parts of it are remote.
    pub(super) fn test(&mut self, expr: &Expr, yes: BlockId, no: BlockId) {
        match expr {
            Expr::UnaryOp(node) if node.op == UnaryOp::Not && self.has_remote(expr.range()) => {
                self.test(&node.operand, no, yes);
            }
            Expr::BoolOp(node) if self.any_remote(&node.values[1..]) => {
                let Some((last, first)) = node.values.split_last() else { return };
                for value in first {
                    let next = self.block(value.range());
                    match node.op {
                        BoolOp::And => self.test(value, next, no),
                        BoolOp::Or => self.test(value, yes, next),
                    }
                    self.at = next;
                }
                self.test(last, yes, no);
            }
            Expr::If(node)
                if self.has_remote(node.body.range()) || self.has_remote(node.orelse.range()) =>
            {
                let [then, other] = [&node.body, &node.orelse].map(|part| self.block(part.range()));
                self.test(&node.test, then, other);
                self.at = then;
                self.test(&node.body, yes, no);
                self.at = other;
                self.test(&node.orelse, yes, no);
            }
            Expr::Compare(node) if self.any_remote(&node.comparators[1..]) => {
                self.chained(expr, Some((yes, no)));
            }
            _ => {
                self.expr(expr);
                let effects = self.effects(expr);
                let mut test = self.op(self.text(expr), effects, expr.range());
                test.state = self.state_of(|reader| {
                    use ruff_python_ast::visitor::Visitor;
                    reader.visit_expr(expr);
                });
                self.end(End::Branch { test, then: yes, other: no });
            }
        }
    }

    /// `f"{item.price=}"` keeps the text of the expression it shows.
    fn keep_debug_texts(&mut self, expr: &Expr) {
        let Expr::FString(node) = expr else { return };
        for element in node.value.elements() {
            let InterpolatedStringElement::Interpolation(part) = element else { continue };
            let (Some(debug), Some(sub)) =
                (&part.debug_text, self.subs.exact(part.expression.range()).cloned())
            else {
                continue;
            };
            let shown = self.module.text[part.expression.range()].to_string();
            let label = format!("{}{shown}{}", debug.leading(), debug.trailing());
            let label = label.replace('{', "{{").replace('}', "}}");
            let plain = part.format_spec.is_none() && part.conversion.to_char().is_none();
            let tail_start = part.expression.range().end();
            let source = &self.module.text[TextRange::new(tail_start, part.range.end())];
            let tail = source.trim_start_matches(|c: char| c.is_whitespace() || c == '=');
            let conversion = if plain { "!r" } else { "" };
            let text = format!("{label}{{{}{conversion}{tail}", sub.text);
            self.subs.set(part.range, text, sub.var);
        }
    }
}

fn plain(expr: &Expr) -> Operand<'_> {
    Operand { expr, is_receiver: false }
}

/// A subscript's parts: slices and tuples with slices are no values of their own.
pub(super) fn slice_parts<'e>(slice: &'e Expr, parts: &mut Vec<Operand<'e>>) {
    match slice {
        Expr::Slice(_) => parts.extend(syntax::operands(slice).into_iter().map(plain)),
        Expr::Tuple(node) => node.elts.iter().for_each(|item| slice_parts(item, parts)),
        other => parts.push(plain(other)),
    }
}

fn root_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(node) => root_name(&node.value),
        _ => None,
    }
}

/// Whether a walrus in code that runs later gives the name another value.
fn rebinds(later: &[&Expr], name: &str) -> bool {
    let mut stack: Vec<&Expr> = later.to_vec();
    while let Some(expr) = stack.pop() {
        if let Expr::Named(node) = expr
            && matches!(&*node.target, Expr::Name(target) if target.id == name)
        {
            return true;
        }
        if let Some((parts, generators)) = syntax::comprehension(expr) {
            stack.extend(parts);
            for clause in generators {
                stack.push(&clause.iter);
                stack.extend(&clause.ifs);
            }
        } else {
            stack.extend(syntax::operands(expr));
        }
    }
    false
}
