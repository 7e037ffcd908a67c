//! Comprehensions and generators in consumers (rule 4): an accumulator and loops.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Comprehension, Expr, ExprCall};
use ruff_text_size::{Ranged, TextRange};

use super::{Lowering, syntax};
use crate::analyzers::split::{BlockId, Effects, End, Role, VarId, VarKind};

/// Builtins for which a generator may as well be a list.
const LISTABLE: [&str; 9] =
    ["sum", "list", "tuple", "set", "sorted", "max", "min", "dict", "frozenset"];

/// What the innermost loop does with an element.
#[derive(Clone, Copy)]
enum Sink {
    List,
    Set,
    Dict,
    /// `any`: true at the first true element; `all`: false at the first false one.
    Early {
        any: bool,
        done: BlockId,
    },
}

impl Lowering<'_, '_> {
    /// Whether anything but the first iterable is remote: that one is evaluated at once.
    pub(super) fn remote_after_first_iterable(&self, expr: &Expr) -> bool {
        let Some((parts, generators)) = syntax::comprehension(expr) else { return false };
        parts.iter().any(|part| self.has_remote(part.range()))
            || generators.iter().enumerate().any(|(at, clause)| {
                (at > 0 && self.has_remote(clause.iter.range()))
                    || self.has_remote(clause.target.range())
                    || self.any_remote(&clause.ifs)
            })
    }

    pub(super) fn comprehension(&mut self, expr: &Expr) {
        if !self.remote_after_first_iterable(expr) {
            if let Some((_, [first, ..])) = syntax::comprehension(expr) {
                self.expr(&first.iter);
            }
            return;
        }
        let (sink, empty) = match expr {
            Expr::SetComp(_) => (Sink::Set, "set()"),
            Expr::DictComp(_) => (Sink::Dict, "{}"),
            _ => (Sink::List, "[]"),
        };
        self.accumulate(expr, sink, empty);
    }

    /// A generator as the argument of a call that uses it up at once.
    pub(super) fn consumed_generator(&mut self, call: &ExprCall) {
        let Some(generator) = call.arguments.args.iter().find(|arg| arg.is_generator_expr()) else {
            return;
        };
        if !self.remote_after_first_iterable(generator) {
            return;
        }
        match &*call.func {
            Expr::Name(name) if self.is_builtin(name.id.as_str()) => {
                let is_only = call.arguments.args.len() == 1;
                match name.id.as_str() {
                    listable if LISTABLE.contains(&listable) => {
                        self.accumulate(generator, Sink::List, "[]");
                    }
                    "any" | "all" if is_only => {
                        let any = name.id == "any";
                        let done = self.block(generator.range());
                        let empty = if any { "False" } else { "True" };
                        self.accumulate(generator, Sink::Early { any, done }, empty);
                        // `any((found,))` keeps the call as the user wrote it.
                        if let Some(sub) = self.subs.exact(generator.range()).cloned() {
                            let text = format!("({},)", sub.text);
                            self.subs.set(generator.range(), text, sub.var);
                        }
                    }
                    _ => {}
                }
            }
            Expr::Attribute(func)
                if func.attr.as_str() == "join" && call.arguments.args.len() == 1 =>
            {
                self.accumulate(generator, Sink::List, "[]");
            }
            _ => {}
        }
    }

    fn is_builtin(&self, name: &str) -> bool {
        self.module.scopes.lookup(self.function.scope, name).is_none()
    }

    fn accumulate(&mut self, expr: &Expr, sink: Sink, empty: &str) {
        let Some((parts, generators)) = syntax::comprehension(expr) else { return };
        if expr.is_generator_expr() && generators.iter().any(|clause| clause.is_async) {
            self.refuse(expr.range(), "an asynchronous generator with a remote part");
            return;
        }
        self.rename_targets(&parts, generators);
        // The first iterable is evaluated before the accumulator exists.
        if let Some(first) = generators.first() {
            self.expr(&first.iter);
        }
        let all = self.temporary("a", VarKind::Spill);
        self.set(all, empty, Effects::default(), expr.range());
        let done = match sink {
            Sink::Early { done, .. } => done,
            _ => self.block(expr.range()),
        };
        let mut back = done;
        for (at, clause) in generators.iter().enumerate() {
            if at > 0 {
                self.expr(&clause.iter);
            }
            back = self.clause(clause, back);
        }
        self.sink(&parts, sink, all, back, expr.range());
        self.at = done;
        let name = self.name(all);
        self.subs.set(expr.range(), name, Some(all));
    }

    /// Opens one `for … if …`; returns its head, where the next round starts. `out` is where an
    /// exhausted iterator goes.
    fn clause(&mut self, clause: &Comprehension, out: BlockId) -> BlockId {
        let iterator = self.temporary("i", VarKind::Spill);
        let effects = self.effects(&clause.iter);
        let make = if clause.is_async { "aiter" } else { "iter" };
        let code = format!("{make}({})", self.text(&clause.iter));
        self.set(iterator, &code, effects, clause.iter.range());
        let head = self.block(clause.range);
        self.graph.blocks[head].role = Role::Loop;
        self.go(head);
        self.at = head;
        let body = self.block(clause.range);
        let effects = self.effects(&clause.target);
        let target = self.op(self.render(clause.target.range()), effects, clause.range);
        let is_async = clause.is_async;
        self.end(End::Next { iterator, target, is_async, body, exhausted: out });
        self.at = body;
        for test in &clause.ifs {
            let next = self.block(test.range());
            self.test(test, next, head);
            self.at = next;
        }
        head
    }

    fn sink(&mut self, parts: &[&Expr], sink: Sink, all: VarId, back: BlockId, range: TextRange) {
        if let (Sink::Early { any, done }, [element]) = (sink, parts) {
            let found = self.block(element.range());
            let (yes, no) = if any { (found, back) } else { (back, found) };
            self.test(element, yes, no);
            self.at = found;
            let value = if any { "True" } else { "False" };
            self.set(all, value, Effects::default(), element.range());
            self.go(done);
            return;
        }
        let operands: Vec<super::expr::Operand<'_>> = parts
            .iter()
            .map(|part| super::expr::Operand { expr: part, is_receiver: false })
            .collect();
        self.in_order(&operands);
        let mut effects = Effects::default();
        effects.read(all);
        for part in parts {
            let part = self.effects(part);
            effects.then(&part);
        }
        let name = self.name(all);
        let code = match (sink, parts) {
            (Sink::Dict, [key, value]) => {
                format!("{name}[{}] = {}", self.text(key), self.text(value))
            }
            (Sink::Set, [element]) => format!("{name}.add({})", self.text(element)),
            (_, [element]) => format!("{name}.append({})", self.text(element)),
            _ => return,
        };
        let op = self.op(code, effects, range);
        self.push(op);
        self.go(back);
    }

    /// Loop variables of a comprehension are its own: give them fresh names everywhere in it.
    fn rename_targets(&mut self, parts: &[&Expr], generators: &[Comprehension]) {
        let mut names = Vec::new();
        for clause in generators {
            super::super::infer::target_names(&clause.target, &mut names);
        }
        for name in names {
            let var = self.temporary(&format!("{name}_"), VarKind::Spill);
            let mut finder = Occurrences { name: &name, found: Vec::new() };
            for (at, clause) in generators.iter().enumerate() {
                finder.visit_expr(&clause.target);
                if at > 0 {
                    finder.visit_expr(&clause.iter);
                }
                clause.ifs.iter().for_each(|test| finder.visit_expr(test));
            }
            parts.iter().for_each(|part| finder.visit_expr(part));
            let fresh = self.name(var);
            for range in finder.found {
                self.subs.set(range, fresh.clone(), Some(var));
            }
        }
    }
}

/// Every place where a name occurs, but not inside lambdas that have it as a parameter.
struct Occurrences<'n> {
    name: &'n str,
    found: Vec<TextRange>,
}

impl<'v> Visitor<'v> for Occurrences<'_> {
    fn visit_expr(&mut self, expr: &'v Expr) {
        match expr {
            Expr::Name(name) if name.id == self.name => self.found.push(name.range()),
            Expr::Lambda(node)
                if node
                    .parameters
                    .iter()
                    .flat_map(|all| all.iter())
                    .any(|parameter| parameter.name().as_str() == self.name) => {}
            _ => visitor::walk_expr(self, expr),
        }
    }
}
