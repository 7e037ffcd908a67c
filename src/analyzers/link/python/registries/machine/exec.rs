//! Statements.

use super::value::Value;
use super::{Frame, MAX_UNROLL, Machine};
use crate::model::facts::python::registries::{Expr, ExprId, Op, Stmt};

/// Most rounds of a `while` over a work list, and of any other.
const MAX_WORK: usize = 500;
const MAX_ROUNDS: usize = 16;

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Next,
    /// `break` or `continue`.
    Leave,
    Return,
    Raise,
}

impl<'a> Machine<'_, 'a> {
    pub(super) fn exec(&mut self, frame: &mut Frame<'a>, body: &'a [Stmt]) -> Flow {
        if self.depth > super::MAX_DEPTH {
            return Flow::Next;
        }
        self.depth += 1;
        let mut flow = Flow::Next;
        for stmt in body {
            if !self.has_fuel() {
                break;
            }
            self.here = (frame.file, stmt.line);
            if self.calls == 0 {
                self.site.line = stmt.line;
                self.site.file = frame.file;
            }
            flow = self.step(frame, stmt);
            if flow != Flow::Next {
                break;
            }
        }
        self.depth -= 1;
        flow
    }

    fn step(&mut self, frame: &mut Frame<'a>, stmt: &'a Stmt) -> Flow {
        match &stmt.op {
            Op::Assign(targets, value) => {
                let made = self.eval(frame, *value);
                if let ([target], Expr::Tuple(rows)) =
                    (&**targets, &frame.facts.exprs[*value as usize])
                {
                    self.note_tuple(frame, *target, rows, &made);
                }
                for target in targets {
                    self.assign(frame, *target, made.clone());
                }
            }
            Op::Augment(target, op, value) => self.augment(frame, *target, *op, *value),
            Op::Expr(value) => {
                self.eval(frame, *value);
            }
            Op::If(test, then, orelse) => return self.branch(frame, *test, then, orelse),
            Op::For(target, iter, body) => {
                let iter = self.eval(frame, *iter);
                match self.elements(&iter) {
                    Some(items) if items.len() <= MAX_UNROLL => {
                        for item in items {
                            self.assign(frame, *target, item);
                            // A `break` under an undecided test must not end the loop.
                            if let flow @ (Flow::Return | Flow::Raise) = self.exec(frame, body) {
                                return flow;
                            }
                        }
                    }
                    _ => {
                        self.assign(frame, *target, Value::Unknown);
                        self.uncertain += 1;
                        self.exec(frame, body);
                        self.uncertain -= 1;
                    }
                }
            }
            Op::While(test, body) => return self.repeat(frame, *test, body),
            Op::With(items, body) => return self.with(frame, items, body),
            Op::Try(body, handlers) => {
                let flow = self.exec(frame, body);
                self.uncertain += 1;
                self.weak += 1;
                for handler in handlers {
                    self.exec(frame, handler);
                }
                self.weak -= 1;
                self.uncertain -= 1;
                return if flow == Flow::Raise { Flow::Next } else { flow };
            }
            Op::Return(value) => {
                let value = value.map_or(Value::None, |value| self.eval(frame, value));
                frame.returns.push(value);
                return Flow::Return;
            }
            Op::Raise => return Flow::Raise,
            Op::Leave => return Flow::Leave,
            Op::Def(id) => self.define(frame, *id),
            Op::Class(id) => self.create_class(frame, *id),
            Op::Import(name, origin) => {
                let origin = &frame.facts.strings[*origin as usize];
                // What a module in a cycle has not bound yet is looked up when it is used.
                match self.load_path(origin) {
                    Value::Unknown if frame.env.is_none() => {}
                    value => self.bind(frame, *name, value),
                }
            }
            Op::Global(names) => {
                if let Some(env) = &frame.env {
                    env.globals.borrow_mut().extend(names.iter().copied());
                }
            }
            Op::Nonlocal(_) => {}
            // A name may be deleted after use: a registry stays known under it.
            Op::Delete(target) => {
                if let Expr::Sub(object, key) = &frame.facts.exprs[*target as usize] {
                    let object = self.eval(frame, *object);
                    let key = self.eval(frame, *key);
                    if let Value::Object(id) = object {
                        self.remove(id, &key);
                    }
                }
            }
            Op::Yield(value) => match &frame.facts.exprs[*value as usize] {
                // `yield from`.
                Expr::Star(inner) => {
                    let inner = self.eval(frame, *inner);
                    frame.returns.extend(self.elements(&inner).unwrap_or_default());
                }
                _ => {
                    let value = self.eval(frame, *value);
                    frame.returns.push(value);
                }
            },
        }
        Flow::Next
    }

    /// A loop over a work list, or with a test that can be told each time, is executed as often as
    /// it runs; any other loop once.
    fn repeat(&mut self, frame: &mut Frame<'a>, test: ExprId, body: &'a [Stmt]) -> Flow {
        let is_endless = matches!(frame.facts.exprs[test as usize], Expr::Bool(_) | Expr::Int(_));
        let mut before = None;
        for round in 0..MAX_WORK {
            let value = self.eval(frame, test);
            let truth = self.truth(&value);
            if truth == Some(false) {
                break;
            }
            let work = match &value {
                Value::Object(id) => self.work_left(*id),
                _ => None,
            };
            if truth.is_none() && work == Some(0) {
                break;
            }
            let state = (work, super::value::identity(&value));
            if work.is_some() && before.as_ref() == Some(&state) {
                break;
            }
            if work.is_none() && round >= MAX_ROUNDS {
                break;
            }
            if is_endless || truth.is_none() {
                self.uncertain += 1;
                let flow = self.exec(frame, body);
                self.uncertain -= 1;
                return if flow == Flow::Raise { flow } else { Flow::Next };
            }
            before = Some(state);
            if let flow @ (Flow::Return | Flow::Raise) = self.exec(frame, body) {
                return flow;
            }
            if !self.has_fuel() {
                break;
            }
        }
        Flow::Next
    }

    fn branch(
        &mut self,
        frame: &mut Frame<'a>,
        test: ExprId,
        then: &'a [Stmt],
        orelse: &'a [Stmt],
    ) -> Flow {
        let value = self.eval(frame, test);
        let decided = self.truth(&value);
        if decided == Some(true) && !raises(then) {
            return self.exec(frame, then);
        }
        if decided == Some(false) && !raises(orelse) {
            return self.exec(frame, orelse);
        }
        if raises(then) {
            return self.exec(frame, orelse);
        }
        if raises(orelse) {
            return self.exec(frame, then);
        }
        self.uncertain += 1;
        let left = self.exec(frame, then);
        let right = self.exec(frame, orelse);
        self.uncertain -= 1;
        if left == right { left } else { Flow::Next }
    }

    /// `with`: a generator function of the project runs up to its `yield`, then the body, then
    /// the rest; anything else is entered.
    fn with(
        &mut self,
        frame: &mut Frame<'a>,
        items: &'a [(ExprId, Option<ExprId>)],
        body: &'a [Stmt],
    ) -> Flow {
        let mut rests = Vec::new();
        for (context, target) in items {
            let (value, rest) = self.enter(frame, *context);
            rests.extend(rest);
            if let Some(target) = target {
                self.assign(frame, *target, value);
            }
        }
        let flow = self.exec(frame, body);
        for (mut inner, rest) in rests.into_iter().rev() {
            self.calls += 1;
            self.exec(&mut inner, rest);
            self.calls -= 1;
        }
        flow
    }

    fn enter(
        &mut self,
        frame: &mut Frame<'a>,
        context: ExprId,
    ) -> (Value, Option<(Frame<'a>, &'a [Stmt])>) {
        if let Expr::Call(func, args) = &frame.facts.exprs[context as usize] {
            let callee = self.eval(frame, *func);
            let (closure, receiver) = match &callee {
                Value::Function(closure) => (Some(closure.clone()), None),
                Value::Bound(pair) => match &pair.0 {
                    Value::Function(closure) => (Some(closure.clone()), Some(pair.1.clone())),
                    _ => (None, None),
                },
                _ => (None, None),
            };
            if let Some(closure) = closure {
                let facts = self.facts(closure.file);
                let function = &facts.functions[closure.id as usize];
                if let (true, Some(body)) = (function.is_generator, &function.body) {
                    let mut args = self.args(frame, args);
                    if let Some(receiver) = receiver {
                        args.plain.insert(0, receiver);
                    }
                    let (before, after) = split_yield(body);
                    let mut inner = self.frame_of(&closure, args);
                    self.calls += 1;
                    self.exec(&mut inner, before);
                    self.calls -= 1;
                    let value = inner.returns.pop().unwrap_or(Value::Unknown);
                    return (value, Some((inner, after)));
                }
            }
        }
        let value = self.eval(frame, context);
        let entered = match &value {
            Value::Object(_) => match self.load_attr(&value, "__enter__") {
                Value::Unknown => value,
                method => match self.call(&method, super::value::Args::default()) {
                    Value::Unknown => value,
                    entered => entered,
                },
            },
            _ => value,
        };
        (entered, None)
    }
}

/// Whether a branch does nothing but refuse.
fn raises(body: &[Stmt]) -> bool {
    match body.last() {
        Some(Stmt { op: Op::Raise, .. }) => true,
        Some(Stmt { op: Op::If(_, then, orelse), .. }) => raises(then) && raises(orelse),
        _ => false,
    }
}

/// The statements up to and including the first `yield`, and those after it.
fn split_yield(body: &[Stmt]) -> (&[Stmt], &[Stmt]) {
    for (at, stmt) in body.iter().enumerate() {
        match &stmt.op {
            Op::Yield(_) => return (&body[..=at], &body[at + 1..]),
            Op::Try(inner, _) if inner.iter().any(|stmt| matches!(stmt.op, Op::Yield(_))) => {
                return (&body[..=at], &body[at + 1..]);
            }
            _ => {}
        }
    }
    (body, &[])
}
