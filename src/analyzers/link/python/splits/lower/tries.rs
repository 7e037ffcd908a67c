//! `try` and `with` (rule 6).

use ruff_python_ast::{
    ExceptHandler, ExceptHandlerExceptHandler, Stmt, StmtTry, StmtWith, WithItem,
};
use ruff_text_size::{Ranged, TextRange};

use super::{Exit, Lowering};
use crate::analyzers::split::{Effects, End, Role, VarId, VarKind};

impl Lowering<'_, '_> {
    pub(super) fn try_(&mut self, node: &StmtTry) {
        let range = node.range();
        let outer = self.on_error;
        let done = self.block(range);
        let last_part = (!node.finalbody.is_empty()).then(|| {
            let place = node.finalbody.first().map_or(range, Ranged::range);
            let entry = self.block(place);
            self.graph.blocks[entry].role = Role::Finally;
            let (_, value) = self.open_finally(entry);
            // Exceptions on their way out run the final part too.
            let caught = self.temporary("e", VarKind::Hidden);
            let catcher = self.block(place);
            self.graph.blocks[catcher].role = Role::Handler;
            let here = std::mem::replace(&mut self.at, catcher);
            let error = self.read_op(caught, place);
            self.set(value, &error.code, error.effects, place);
            self.leave_pending(Exit::Reraise, place);
            self.at = here;
            (entry, (catcher, caught))
        });
        if let Some((_, on_error)) = last_part {
            self.on_error = Some(on_error);
        }
        let around = self.on_error;
        let after = |this: &mut Self| match last_part {
            Some(_) => this.leave_pending(Exit::Fall(done), range),
            None => this.go(done),
        };
        if node.handlers.is_empty() {
            self.protected(&node.body);
        } else {
            let caught = self.temporary("e", VarKind::Hidden);
            let first = self.block(node.handlers.first().map_or(range, Ranged::range));
            self.graph.blocks[first].role = Role::Handler;
            self.on_error = Some((first, caught));
            self.protected(&node.body);
            self.on_error = around;
            let after_body = self.block(range);
            self.go(after_body);
            self.at = after_body;
            self.body(&node.orelse);
            after(self);
            self.at = first;
            if node.is_star {
                self.star_handlers(&node.handlers, caught, &after);
            } else {
                self.handlers(&node.handlers, caught, &after);
            }
            // Restored for what follows the handlers.
            self.at = self.block(range);
        }
        if node.handlers.is_empty() {
            let after_body = self.block(range);
            self.go(after_body);
            self.at = after_body;
            self.body(&node.orelse);
            after(self);
        }
        self.on_error = outer;
        if let Some((entry, _)) = last_part {
            self.at = entry;
            self.close_finally(range, |this| this.body(&node.finalbody));
        }
        self.at = done;
    }

    /// The protected body starts a block of its own: its exception edge differs.
    fn protected(&mut self, body: &[Stmt]) {
        let start = self.block(body.first().map_or(TextRange::default(), Ranged::range));
        self.go(start);
        self.at = start;
        self.body(body);
    }

    fn handlers(&mut self, handlers: &[ExceptHandler], caught: VarId, after: &dyn Fn(&mut Self)) {
        for handler in handlers {
            let ExceptHandler::ExceptHandler(node) = handler;
            let place = node.body.first().map_or(node.range, Ranged::range);
            let next = node.type_.as_ref().map(|kind| {
                let body = self.block(place);
                let next = self.block(node.range);
                self.graph.blocks[next].role = Role::Handler;
                self.expr(kind);
                let mut effects = Effects::default();
                effects.read(caught);
                effects.then(&self.effects(kind));
                let code = format!("isinstance({}, {})", self.name(caught), self.text(kind));
                let test = self.op(code, effects, kind.range());
                self.end(End::Branch { test, then: body, other: next });
                self.at = body;
                next
            });
            self.handler_body(node, caught, after);
            match next {
                Some(next) => self.at = next,
                None => return,
            }
        }
        let place = handlers.last().map_or(TextRange::default(), Ranged::range);
        self.raise(caught, place);
    }

    /// The body of one handler with its name bound, then `after`.
    fn handler_body(
        &mut self,
        node: &ExceptHandlerExceptHandler,
        caught: VarId,
        after: &dyn Fn(&mut Self),
    ) {
        let place = node.body.first().map_or(node.range, Ranged::range);
        self.caught.push(caught);
        let name = node.name.as_ref().and_then(|name| {
            let scopes = &self.module.scopes;
            let (holder, _) = scopes.lookup(self.function.scope, name.as_str())?;
            (holder == self.function.scope).then(|| self.graph.vars.local(name.as_str()))
        });
        if let Some(var) = name {
            let error = self.read_op(caught, node.range);
            self.set(var, &error.code, error.effects, TextRange::empty(node.range.start()));
        }
        self.body(&node.body);
        if let Some(var) = name {
            let mut effects = Effects::default();
            effects.write(var);
            effects.unbind(var);
            let name = self.name(var);
            let end = TextRange::empty(place.end());
            let op = self.op(format!("{name} = None; del {name}"), effects, end);
            self.push(op);
        }
        after(self);
        self.caught.pop();
    }

    /// `except*`: every clause takes its share of what is left of the group. What the clauses
    /// raise and what none of them took is raised together at the end.
    fn star_handlers(
        &mut self,
        handlers: &[ExceptHandler],
        caught: VarId,
        after: &dyn Fn(&mut Self),
    ) {
        let place = handlers.first().map_or(TextRange::default(), Ranged::range);
        let around = self.on_error;
        let [rest, raised] = ["r", "x"].map(|stem| self.temporary(stem, VarKind::Hidden));
        let error = self.read_op(caught, place);
        self.set(rest, &error.code, error.effects, place);
        self.set(raised, "[]", Effects::default(), place);
        let [e, r, x] = [caught, rest, raised].map(|var| self.name(var));
        for handler in handlers {
            let ExceptHandler::ExceptHandler(node) = handler;
            let Some(kind) = &node.type_ else { continue };
            let taken = self.temporary("m", VarKind::Hidden);
            let m = self.name(taken);
            self.expr(kind);
            let mut effects = self.effects(kind);
            effects.read(rest);
            effects.write(taken);
            effects.write(rest);
            let code = format!("{m}, {r} = _ms_share({r}, {})", self.text(kind));
            let op = self.op(code, effects, kind.range());
            self.push(op);
            let next = self.block(node.range);
            let mut test = self.read_op(taken, kind.range());
            test.code = format!("{m} is not None");
            // What the clause raises waits for the others.
            let again = self.temporary("e", VarKind::Hidden);
            let keep = self.block(node.range);
            self.graph.blocks[keep].role = Role::Handler;
            self.on_error = Some((keep, again));
            let body = self.block(node.body.first().map_or(node.range, Ranged::range));
            self.end(End::Branch { test, then: body, other: next });
            self.at = body;
            self.handler_body(node, taken, &|this| this.go(next));
            self.on_error = around;
            self.at = keep;
            let mut effects = Effects::default();
            [raised, taken, again].into_iter().for_each(|var| effects.read(var));
            let code = format!("{x}.append(({m}, {}))", self.name(again));
            let op = self.op(code, effects, node.range);
            self.push(op);
            self.go(next);
            self.at = next;
        }
        let all = self.temporary("g", VarKind::Hidden);
        let mut effects = Effects::default();
        [caught, raised, rest].into_iter().for_each(|var| effects.read(var));
        self.set(all, &format!("_ms_regroup({e}, {x}, {r})"), effects, place);
        let mut test = self.read_op(all, place);
        test.code = format!("{} is not None", self.name(all));
        let [failing, fine] = [place, place].map(|range| self.block(range));
        self.end(End::Branch { test, then: failing, other: fine });
        self.at = failing;
        self.raise(all, place);
        self.at = fine;
        after(self);
    }

    /// Leaves through the `finally` that is innermost now.
    fn leave_pending(&mut self, exit: Exit, range: TextRange) {
        self.leave(exit, None, range);
    }

    pub(super) fn with(&mut self, node: &StmtWith) {
        self.with_items(&node.items, node);
    }

    /// One manager after the other, as nested `with` statements.
    fn with_items(&mut self, items: &[WithItem], node: &StmtWith) {
        let Some((item, rest)) = items.split_first() else {
            self.body(&node.body);
            return;
        };
        let range = item.range;
        self.expr(&item.context_expr);
        let (a, wait) = if node.is_async { ("a", "await ") } else { ("", "") };
        let [manager, exit, entered] =
            ["m", "m", "m"].map(|stem| self.temporary(stem, VarKind::Hidden));
        let effects = self.effects(&item.context_expr);
        let code = self.text(&item.context_expr);
        self.set(manager, &code, effects, range);
        let [m, x] = [manager, exit].map(|var| self.name(var));
        let reads = |vars: &[VarId]| {
            let mut effects = Effects::default();
            vars.iter().for_each(|var| effects.read(*var));
            effects
        };
        self.set(exit, &format!("type({m}).__{a}exit__"), reads(&[manager]), range);
        let enter = format!("{wait}type({m}).__{a}enter__({m})");
        self.set(entered, &enter, reads(&[manager]), range);
        let outer = self.on_error;
        let done = self.block(range);
        // Leaving without an exception.
        let leaving = self.block(range);
        self.graph.blocks[leaving].role = Role::Finally;
        // Leaving with one: the manager may swallow it.
        let caught = self.temporary("e", VarKind::Hidden);
        let failing = self.block(range);
        self.graph.blocks[failing].role = Role::Handler;
        let here = std::mem::replace(&mut self.at, failing);
        let swallowed = self.temporary("s", VarKind::Hidden);
        let e = self.name(caught);
        let call = format!("{wait}{x}({m}, type({e}), {e}, {e}.__traceback__)");
        self.set(swallowed, &call, reads(&[manager, exit, caught]), range);
        let again = self.block(range);
        let test = self.read_op(swallowed, range);
        self.end(End::Branch { test, then: done, other: again });
        self.at = again;
        self.raise(caught, range);
        self.at = here;
        self.open_finally(leaving);
        self.on_error = Some((failing, caught));
        let start = self.block(range);
        self.go(start);
        self.at = start;
        if let Some(target) = &item.optional_vars {
            self.store(target, entered, range);
        }
        self.with_items(rest, node);
        self.leave_pending(Exit::Fall(done), range);
        self.on_error = outer;
        self.at = leaving;
        let code = format!("{wait}{x}({m}, None, None, None)");
        let op = self.op(code, reads(&[manager, exit]), range);
        self.push(op);
        self.close_finally(range, |_| {});
        self.at = done;
    }
}
