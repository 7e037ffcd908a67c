//! Ways out: loops, `return`, and what runs on the way through `finally`.

use ruff_text_size::TextRange;

use super::{Context, Exit, Lowering};
use crate::analyzers::split::{BlockId, Effects, End, Op, VarId, VarKind};

impl Lowering<'_, '_> {
    pub(super) fn open_finally(&mut self, entry: BlockId) -> (VarId, VarId) {
        let code = self.temporary("x", VarKind::Hidden);
        let value = self.temporary("v", VarKind::Hidden);
        self.contexts.push(Context::Finally { entry, code, value, exits: Vec::new() });
        (code, value)
    }

    /// Leaves by `exit`: through the innermost pending `finally`, or at once.
    pub(super) fn leave(&mut self, exit: Exit, value: Option<Op>, range: TextRange) {
        let bound = match exit {
            Exit::Jump { context, .. } => context + 1,
            Exit::Return { .. } => 0,
            Exit::Fall(_) | Exit::Reraise => self.contexts.len().saturating_sub(1),
        };
        let pending = (bound..self.contexts.len())
            .rev()
            .find(|at| matches!(self.contexts[*at], Context::Finally { .. }));
        let Some(at) = pending else {
            self.finish(exit, value);
            return;
        };
        let Context::Finally { entry, code, value: slot, exits } = &mut self.contexts[at] else {
            return;
        };
        let (entry, code, slot) = (*entry, *code, *slot);
        let number = exits.iter().position(|known| *known == exit).unwrap_or_else(|| {
            exits.push(exit);
            exits.len() - 1
        });
        if let Some(value) = value {
            self.set(slot, &value.code, value.effects, range);
        }
        let mut effects = Effects::default();
        effects.write(code);
        let mut op = self.op(format!("{} = {number}", self.name(code)), effects, range);
        op.only_sets = Some(code);
        self.push(op);
        self.go(entry);
    }

    fn finish(&mut self, exit: Exit, value: Option<Op>) {
        match exit {
            Exit::Fall(to) | Exit::Jump { to, .. } => self.go(to),
            Exit::Return { .. } => {
                let constant = value.as_ref().is_none_or(|op| is_constant(&op.code));
                // A constant needs no context, and may be folded into blocks that have none.
                let strip = |op: Op| match constant {
                    true => Op { effects: Effects::default(), handling: None, ..op },
                    false => op,
                };
                self.end(End::Return { value: value.map(strip), constant });
            }
            Exit::Reraise => {
                if let Some(value) = value {
                    self.end(End::Raise(value));
                }
            }
        }
    }

    /// Lowers the final part and goes on to wherever it was entered for. Jumps out of the part
    /// itself do not run it again.
    pub(super) fn close_finally(&mut self, range: TextRange, last: impl FnOnce(&mut Self)) {
        let Some(Context::Finally { code, value, exits, .. }) = self.contexts.pop() else { return };
        last(self);
        let number = exits.len();
        let mut arms = Vec::new();
        for (at, exit) in exits.into_iter().enumerate() {
            if number > 1 {
                let arm = self.block(range);
                arms.push((at as u32, arm, exit));
            } else {
                let value = self.pending_value(&exit, value, range);
                self.leave_from(exit, value, range);
            }
        }
        if arms.is_empty() {
            return;
        }
        let targets = arms.iter().map(|(at, arm, _)| (*at, *arm)).collect();
        self.end(End::Switch { on: code, arms: targets });
        for (_, arm, exit) in arms {
            self.at = arm;
            let value = self.pending_value(&exit, value, range);
            self.leave_from(exit, value, range);
        }
    }

    /// Leaves on, from outside the `finally` that just ended.
    fn leave_from(&mut self, exit: Exit, value: Option<Op>, range: TextRange) {
        match exit {
            Exit::Fall(_) | Exit::Reraise => self.finish(exit, value),
            other => self.leave(other, value, range),
        }
    }

    fn pending_value(&mut self, exit: &Exit, value: VarId, range: TextRange) -> Option<Op> {
        matches!(exit, Exit::Return { has_value: true } | Exit::Reraise)
            .then(|| self.read_op(value, range))
    }

    /// An operation that only reads a variable.
    pub(super) fn read_op(&mut self, var: VarId, range: TextRange) -> Op {
        let mut effects = Effects::default();
        effects.read(var);
        self.op(self.name(var), effects, range)
    }

    /// Raises into the innermost handler by what the block's exception edge says.
    pub(super) fn raise(&mut self, var: VarId, range: TextRange) {
        let op = self.read_op(var, range);
        self.end(End::Raise(op));
    }

    pub(super) fn innermost_loop(&self) -> Option<(usize, BlockId, BlockId)> {
        self.contexts.iter().enumerate().rev().find_map(|(at, context)| match context {
            Context::Loop { exit, again } => Some((at, *exit, *again)),
            Context::Finally { .. } => None,
        })
    }
}

/// A literal: numbers, strings without formatting, `None`, `True`, `False`.
fn is_constant(code: &str) -> bool {
    match code {
        "None" | "True" | "False" | "..." => true,
        _ => {
            let number = code.strip_prefix('-').unwrap_or(code);
            number.parse::<f64>().is_ok() && !number.starts_with(|c: char| c.is_alphabetic())
                || is_plain_string(code)
        }
    }
}

fn is_plain_string(code: &str) -> bool {
    ['"', '\''].iter().any(|quote| {
        let inner = code.strip_prefix(*quote).and_then(|rest| rest.strip_suffix(*quote));
        inner.is_some_and(|inner| !inner.contains(*quote) && !inner.contains('\\'))
    })
}
