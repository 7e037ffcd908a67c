//! Assignments: targets in the order Python stores to them, remote ones among them.

use ruff_python_ast::{Expr, Stmt, StmtAugAssign};
use ruff_text_size::{Ranged, TextRange};

use super::Lowering;
use super::expr::{Operand, slice_parts};
use crate::analyzers::split::{Access, Effects, VarId, VarKind};
use crate::model::SuspensionKind;
impl Lowering<'_, '_> {
    pub(super) fn assign(&mut self, stmt: &Stmt, targets: &[Expr], value: &Expr) {
        if let ([Expr::Name(name)], true) = (targets, self.is_cut(value)) {
            // `x = item.f()`: x takes the reply itself.
            let scopes = &self.module.scopes;
            let holder = scopes.lookup(self.function.scope, name.id.as_str());
            if holder.is_some_and(|(scope, _)| scope == self.function.scope)
                && self.self_name != Some(name.id.as_str())
            {
                self.deliver_to = Some(self.graph.vars.local(name.id.as_str()));
                self.expr(value);
                self.deliver_to = None;
                return;
            }
        }
        self.expr(value);
        if targets.iter().all(|target| !self.has_remote(target.range())) {
            let op = self.statement(stmt);
            self.push(op);
            return;
        }
        self.spill(value, false, &[]);
        let range = value.range();
        for target in targets {
            if self.remote_at(target, true).is_some() && !target.is_tuple_expr() {
                self.write_remote(target, value, range);
                continue;
            }
            self.assign_one(target, value, stmt.range());
        }
    }

    /// `target = value` where the value is already a temporary, constant or name.
    pub(super) fn assign_one(&mut self, target: &Expr, value: &Expr, range: TextRange) {
        if let Expr::Tuple(_) | Expr::List(_) = target
            && self.has_remote(target.range())
        {
            let effects = self.effects(value);
            let code = self.text(value);
            self.unpack(target, &code, effects, range);
            return;
        }
        self.target_parts(target);
        let mut effects = self.effects(value);
        effects.then(&self.effects(target));
        let code = format!("{} = {}", self.render(target.range()), self.text(value));
        let mut op = self.op(code, effects, range);
        op.state = self.store_access(target);
        self.push(op);
    }

    /// Stores a temporary into a target of any shape.
    pub(super) fn store(&mut self, target: &Expr, from: VarId, range: TextRange) {
        let mut effects = Effects::default();
        effects.read(from);
        let code = self.name(from);
        if !self.has_remote(target.range()) {
            effects.then(&self.effects(target));
            let code = format!("{} = {code}", self.render(target.range()));
            let mut op = self.op(code, effects, range);
            op.state = self.store_access(target);
            self.push(op);
        } else if matches!(target, Expr::Tuple(_) | Expr::List(_)) {
            self.unpack(target, &code, effects, range);
        } else if self.remote_at(target, true).is_some() {
            self.write_value(target, &code, effects, range);
        } else {
            self.target_parts(target);
            effects.then(&self.effects(target));
            let code = format!("{} = {code}", self.render(target.range()));
            let op = self.op(code, effects, range);
            self.push(op);
        }
    }

    /// Unpacks into temporaries, then stores each in order.
    pub(super) fn unpack(&mut self, target: &Expr, code: &str, effects: Effects, range: TextRange) {
        let elements: &[Expr] = match target {
            Expr::Tuple(node) => &node.elts,
            Expr::List(node) => &node.elts,
            _ => return,
        };
        let mut names = Vec::new();
        let mut vars = Vec::new();
        let mut all = effects;
        for element in elements {
            let var = self.temporary("t", VarKind::Spill);
            all.write(var);
            let star = if element.is_starred_expr() { "*" } else { "" };
            names.push(format!("{star}{}", self.name(var)));
            vars.push(var);
        }
        let op = self.op(format!("[{}] = {code}", names.join(", ")), all, range);
        self.push(op);
        for (element, var) in elements.iter().zip(vars) {
            let element = match element {
                Expr::Starred(node) => &*node.value,
                other => other,
            };
            self.store(element, var, range);
        }
    }

    /// Remote parts inside a target that is itself no remote store.
    pub(super) fn target_parts(&mut self, target: &Expr) {
        match target {
            Expr::Subscript(node) => {
                let mut parts = vec![Operand { expr: &node.value, is_receiver: true }];
                slice_parts(&node.slice, &mut parts);
                self.in_order(&parts);
            }
            Expr::Attribute(node) => self.expr(&node.value),
            _ => {}
        }
    }

    fn store_access(&self, target: &Expr) -> Vec<crate::analyzers::split::StateAccess> {
        self.state_of(|reader| {
            if let Some(attribute) = reader.root(target) {
                let attribute = attribute.to_string();
                reader.found.push(crate::analyzers::split::StateAccess { attribute, write: true });
            }
        })
    }

    pub(super) fn write_remote(&mut self, target: &Expr, value: &Expr, range: TextRange) {
        let effects = self.effects(value);
        let code = self.text(value);
        self.write_value(target, &code, effects, range);
    }

    /// A remote attribute store.
    fn write_value(&mut self, target: &Expr, code: &str, effects: Effects, range: TextRange) {
        let (Expr::Attribute(node), Some(remote)) = (target, self.remote_at(target, true)) else {
            return;
        };
        self.expr(&node.value);
        let mut all = effects;
        all.then(&self.effects(&node.value));
        let receiver = self.render(node.value.range());
        let request = self.op(format!("{receiver}.{} = {code}", node.attr), all, range);
        let mut cut = self.cut(&remote, Access::Store, request);
        cut.kind = SuspensionKind::Write;
        cut.receiver = Some(receiver);
        cut.args = vec![code.to_string()];
        self.suspend(target.range(), cut);
    }

    pub(super) fn aug_assign(&mut self, stmt: &Stmt, node: &StmtAugAssign) {
        let range = node.range();
        match &*node.target {
            Expr::Attribute(target) => {
                if self.has_remote(target.value.range()) {
                    self.expr(&target.value);
                }
                if !self.is_simple_receiver(&target.value) {
                    self.spill(&target.value, true, &[&node.value]);
                }
                let old = match self.remote_at(&node.target, false) {
                    Some(remote) => {
                        let effects = self.effects(&target.value);
                        let receiver = self.render(target.value.range());
                        let code = format!("{receiver}.{}", target.attr);
                        let request = self.op(code, effects, range);
                        let mut cut = self.cut(&remote, Access::Load, request);
                        cut.receiver = Some(receiver);
                        let result = self.temporary("t", VarKind::Spill);
                        cut.result = Some(result);
                        self.suspend(node.target.range(), cut);
                        result
                    }
                    None => self.load_old(&node.target),
                };
                self.expr(&node.value);
                self.in_place(old, node);
                if self.remote_at(&node.target, true).is_some() {
                    let mut effects = Effects::default();
                    effects.read(old);
                    let code = self.name(old);
                    self.write_value(&node.target, &code, effects, range);
                } else {
                    self.put_back(&node.target, old, range);
                }
            }
            Expr::Subscript(target) => {
                let mut parts = vec![Operand { expr: &target.value, is_receiver: true }];
                slice_parts(&target.slice, &mut parts);
                self.in_order(&parts);
                if self.has_remote(node.value.range()) {
                    for part in &parts {
                        self.spill(part.expr, part.is_receiver, &[&node.value]);
                    }
                }
                let old = self.load_old(&node.target);
                self.expr(&node.value);
                self.in_place(old, node);
                self.put_back(&node.target, old, range);
            }
            _ => {
                self.expr(&node.value);
                let op = self.statement(stmt);
                self.push(op);
            }
        }
    }

    fn is_simple_receiver(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Name(_) => true,
            Expr::Attribute(node) => {
                self.is_simple_receiver(&node.value)
                    && matches!(&*node.value, Expr::Name(name) if self.self_name == Some(name.id.as_str()))
            }
            _ => false,
        }
    }

    /// The value of a target before an augmented assignment.
    fn load_old(&mut self, target: &Expr) -> VarId {
        let effects = self.effects(target);
        let code = self.render(target.range());
        let old = self.temporary("t", VarKind::Spill);
        let state = self.state_of(|reader| {
            if let Some(attribute) = reader.root(target) {
                let attribute = attribute.to_string();
                reader.found.push(crate::analyzers::split::StateAccess { attribute, write: false });
            }
        });
        self.set(old, &code, effects, target.range());
        if let Some(op) = self.current().ops.last_mut() {
            op.state = state;
        }
        old
    }

    fn in_place(&mut self, old: VarId, node: &StmtAugAssign) {
        let mut effects = Effects::default();
        effects.read(old);
        effects.then(&self.effects(&node.value));
        effects.write(old);
        let (name, value) = (self.name(old), self.text(&node.value));
        let op = self.op(format!("{name} {}= {value}", node.op.as_str()), effects, node.range());
        self.push(op);
    }

    fn put_back(&mut self, target: &Expr, old: VarId, range: TextRange) {
        let mut effects = Effects::default();
        effects.read(old);
        effects.then(&self.effects(target));
        let code = format!("{} = {}", self.render(target.range()), self.name(old));
        let mut op = self.op(code, effects, range);
        op.state = self.store_access(target);
        self.push(op);
    }
}
