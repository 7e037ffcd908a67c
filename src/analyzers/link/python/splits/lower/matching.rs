//! `match` (rule 6): a local `match` selects an arm, then branches.

use ruff_python_ast::{MatchCase, StmtMatch};
use ruff_text_size::Ranged;

use super::{Lowering, syntax};
use crate::analyzers::split::{BlockId, Effects, End, VarKind};

impl Lowering<'_, '_> {
    pub(super) fn match_(&mut self, node: &StmtMatch) {
        self.expr(&node.subject);
        self.spill(&node.subject, false, &[]);
        let done = self.block(node.range());
        let bodies: Vec<BlockId> = node
            .cases
            .iter()
            .map(|case| self.block(case.body.first().map_or(case.range, Ranged::range)))
            .collect();
        // A remote guard ends a group: the arms after it are tried when it is false.
        let mut from = 0;
        while from < node.cases.len() {
            let is_remote = |case: &MatchCase| {
                case.guard.as_ref().is_some_and(|guard| self.has_remote(guard.range()))
            };
            let group = node.cases[from..].iter().position(is_remote);
            let to = group.map_or(node.cases.len(), |at| from + at + 1);
            self.group(node, from, to, &bodies, done);
            from = to;
        }
        self.go(done);
        for (case, body) in node.cases.iter().zip(bodies) {
            self.at = body;
            self.body(&case.body);
            self.go(done);
        }
        self.at = done;
    }

    /// Selects among cases `from..to`; falls through to the current block when none matches.
    fn group(
        &mut self,
        node: &StmtMatch,
        from: usize,
        to: usize,
        bodies: &[BlockId],
        done: BlockId,
    ) {
        let arm = self.temporary("k", VarKind::Hidden);
        let name = self.name(arm);
        let mut code = format!("{name} = 0\nmatch {}:\n", self.text(&node.subject));
        let mut effects = Effects::default();
        effects.write(arm);
        effects.then(&self.effects(&node.subject));
        let mut targets = Vec::new();
        let is_last = to == node.cases.len();
        let next = if is_last { done } else { self.block(node.range()) };
        targets.push((0, next));
        let mut guarded = None;
        for (at, case) in node.cases[from..to].iter().enumerate() {
            let number = at as u32 + 1;
            let mut one = Effects::default();
            let (mut values, mut names) = (Vec::new(), Vec::new());
            syntax::pattern(&case.pattern, &mut values, &mut names);
            if values.iter().any(|value| self.has_remote(value.range())) {
                self.refuse(case.range, "a remote operation inside a pattern");
            }
            for value in values {
                one.then(&self.effects(value));
            }
            for name in names {
                if self.self_name != Some(name) {
                    let var = self.graph.vars.local(name);
                    one.write(var);
                }
            }
            let mut guard = String::new();
            let mut target = bodies[from + at];
            match &case.guard {
                Some(test) if self.has_remote(test.range()) => {
                    target = self.block(test.range());
                    guarded = Some((target, &**test, bodies[from + at]));
                }
                Some(test) => {
                    one.then(&self.effects(test));
                    guard = format!(" if {}", self.text(test));
                }
                None => {}
            }
            let pattern = &self.module.text[case.pattern.range()];
            let pattern =
                if pattern.contains('\n') { format!("({pattern})") } else { pattern.to_string() };
            code.push_str(&format!("    case {pattern}{guard}: {name} = {number}\n"));
            effects.then(&one.maybe());
            targets.push((number, target));
        }
        let range = node.subject.range();
        let mut op = self.op(code.trim_end().to_string(), effects, range);
        op.indent = Some(String::new());
        self.push(op);
        // The default arm stands last, as the fall-through of a switch.
        targets.rotate_left(1);
        self.end(End::Switch { on: arm, arms: targets });
        if let Some((at, test, body)) = guarded {
            self.at = at;
            self.test(test, body, next);
        }
        self.at = if is_last { self.block(node.range()) } else { next };
    }
}
