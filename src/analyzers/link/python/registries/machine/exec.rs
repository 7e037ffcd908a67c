//! Statements.

use std::rc::Rc;

use super::value::{Env, How, Kind, Value};
use super::{Frame, MAX_UNROLL, Machine};
use crate::model::Name;
use crate::model::facts::python::registries::{BinOp, Expr, ExprId, Op, Stmt, StrId};

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
            if self.fuel == 0 {
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
            Op::While(test, body) => {
                let value = self.eval(frame, *test);
                if self.truth(&value) != Some(false) {
                    self.uncertain += 1;
                    self.exec(frame, body);
                    self.uncertain -= 1;
                }
            }
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
            Op::Delete(target) => {
                if let (Expr::Name(name), None) = (&frame.facts.exprs[*target as usize], &frame.env)
                {
                    // A registry may be deleted after use: it stays known under its name.
                    let _ = name;
                }
            }
            Op::Yield(value) => {
                let value = self.eval(frame, *value);
                frame.returns.push(value);
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

    /// Binds a name in the frame.
    pub(super) fn bind(&mut self, frame: &mut Frame<'a>, name: StrId, value: Value) {
        let is_global = match &frame.env {
            None => true,
            Some(env) => env.globals.borrow().contains(&name),
        };
        if is_global {
            let text = frame.facts.strings[name as usize].clone();
            // Keywords that a module keeps under a name are no longer passing through.
            if let Value::Object(id) = &value
                && frame.env.is_none()
            {
                self.objects[*id as usize].transient = false;
            }
            let globals = &mut self.globals[frame.file as usize];
            let weak = value.is_unknown()
                || self.weak > 0
                || self.uncertain > 0 && matches!(value, Value::None);
            let old = globals.get(&text);
            if weak && old.is_some_and(|old| !old.is_unknown()) {
                return;
            }
            // `if DEBUG: f = traced(f)`: what stands before the condition, or in its first branch.
            if self.uncertain > 0 && old.is_some_and(Value::is_definition) {
                return;
            }
            globals.insert(text, value);
            return;
        }
        let Some(env) = &frame.env else { return };
        // What one of several branches leaves unknown stays what another one made it.
        let is_weak = self.uncertain > 0 && value.is_unknown() || self.weak > 0;
        if is_weak && env.own(name).is_some_and(|old| !old.is_unknown()) {
            return;
        }
        env.set(name, value);
    }

    pub(super) fn assign(&mut self, frame: &mut Frame<'a>, target: ExprId, value: Value) {
        match &frame.facts.exprs[target as usize] {
            Expr::Name(name) => self.bind(frame, *name, value),
            Expr::Attr(object, name) => {
                let object = self.eval(frame, *object);
                let name = frame.facts.strings[*name as usize].clone();
                self.set_attr(&object, name, value);
            }
            Expr::Sub(object, key) => {
                let object = self.eval(frame, *object);
                let name = *key;
                let key = self.eval(frame, name);
                self.key_text = self.spelled(frame, name, &key);
                self.set_item(&object, key, value);
                self.key_text = None;
            }
            Expr::Tuple(targets) | Expr::List(targets) => {
                let items = self.elements(&value);
                let star = targets.iter().position(|target| {
                    matches!(frame.facts.exprs[*target as usize], Expr::Star(_))
                });
                for (at, target) in targets.iter().enumerate() {
                    let item = match (&items, star) {
                        (Some(items), None) => items.get(at).cloned(),
                        (Some(items), Some(star)) if at < star => items.get(at).cloned(),
                        (Some(items), Some(star)) if at > star => {
                            let from_end = targets.len() - at;
                            items.len().checked_sub(from_end).and_then(|at| items.get(at).cloned())
                        }
                        (Some(items), Some(star)) => {
                            let end = items.len().saturating_sub(targets.len() - 1 - star);
                            items.get(star..end).map(|rest| Value::Tuple(rest.into()))
                        }
                        (None, _) => None,
                    };
                    self.assign(frame, *target, item.unwrap_or(Value::Unknown));
                }
            }
            Expr::Star(target) => self.assign(frame, *target, value),
            _ => {}
        }
    }

    /// How a module or class body spells a key that is an object: `Q.positive`, `XSD.integer`.
    pub(super) fn spelled(&self, frame: &Frame<'a>, key: ExprId, value: &Value) -> Option<Name> {
        let is_plain = matches!(value, Value::Object(_) | Value::Made(_) | Value::Method(_));
        if !is_plain || self.calls > 0 || frame.function.is_some() {
            return None;
        }
        let Expr::Attr(object, name) = &frame.facts.exprs[key as usize] else { return None };
        let Expr::Name(object) = &frame.facts.exprs[*object as usize] else { return None };
        let strings = &frame.facts.strings;
        Some(format!("{}.{}", strings[*object as usize], strings[*name as usize]).into())
    }

    /// A tuple of definitions under a name is a table, though no object that code could change.
    fn note_tuple(
        &mut self,
        frame: &mut Frame<'a>,
        target: ExprId,
        rows: &'a [ExprId],
        value: &Value,
    ) {
        let (Value::Tuple(items), Expr::Name(name)) = (value, &frame.facts.exprs[target as usize])
        else {
            return;
        };
        let holds = |item: &Value| match item {
            Value::Tuple(parts) => parts.iter().any(Value::is_definition),
            Value::Object(id) => matches!(self.objects[*id as usize].kind, Kind::Instance(_)),
            other => other.is_definition(),
        };
        let is_body = frame.env.is_none() || frame.is_class;
        let held = items.iter().filter(|item| holds(item)).count();
        if self.calls > 0 || !is_body || items.len() < 3 || held * 2 < items.len() {
            return;
        }
        let outer = self.site.line;
        let object = self.new_object(Kind::List, frame.file, outer);
        for (at, item) in items.iter().enumerate() {
            if rows.len() == items.len() {
                self.site.line = frame.facts.lines[rows[at] as usize];
            }
            self.store_literal(object, None, item.clone());
        }
        self.site.line = outer;
        let name = &frame.facts.strings[*name as usize];
        self.tuples.push((format!("{}.{name}", self.site.within).into(), object));
    }

    fn augment(&mut self, frame: &mut Frame<'a>, target: ExprId, op: BinOp, value: ExprId) {
        let old = self.eval(frame, target);
        let added = self.eval(frame, value);
        if let Value::Object(object) = &old {
            match self.objects[*object as usize].kind {
                Kind::Dict => self.update(*object, &added),
                Kind::List | Kind::Set => {
                    for item in self.elements(&added).unwrap_or_default() {
                        self.store(*object, None, item);
                    }
                }
                Kind::Instance(_) => {
                    let name = match op {
                        BinOp::Add => "__iadd__",
                        BinOp::Or => "__ior__",
                        _ => return,
                    };
                    let method = self.load_attr(&old, name);
                    self.call(&method, super::value::Args::of(vec![added]));
                }
            }
            return;
        }
        let value = self.binary(op, &old, &added);
        self.assign(frame, target, value);
    }

    /// Defines a function: its decorators run from the innermost outwards.
    fn define(&mut self, frame: &mut Frame<'a>, id: u32) {
        let function = &frame.facts.functions[id as usize];
        let env = if frame.is_class {
            frame.env.as_ref().and_then(|env| env.parent.clone())
        } else {
            frame.env.clone()
        };
        let closure = super::Closure::new(frame.file, id, env);
        self.closures.insert((frame.file, id), closure.clone());
        let value = Value::Function(closure);
        // Other decorators must see the name already bound (`@f.register` on a second `f`).
        let value = self.decorate(frame, &function.decorators, value);
        self.bind(frame, function.short, value);
    }

    pub(super) fn decorate(
        &mut self,
        frame: &mut Frame<'a>,
        decorators: &'a [ExprId],
        subject: Value,
    ) -> Value {
        let mut value = subject.clone();
        let outer = self.site.clone();
        for decorator in decorators.iter().rev() {
            let is_root = self.calls == 0;
            if is_root {
                self.site.line = frame.facts.lines[*decorator as usize];
                self.site.file = frame.file;
            }
            let (callee, registrar, made_by_class) = self.decorator(frame, *decorator);
            let outer_subject = self.site.subject.replace(subject.clone());
            if is_root {
                let by_class = matches!(callee, Value::Class(_)) || made_by_class;
                self.site.how = Some(if by_class { How::DecoratorClass } else { How::Decorator });
                self.site.registrar = registrar.clone();
            }
            if let (Value::Class(class), Some(name)) = (&subject, &registrar) {
                let (file, line) = (frame.file, frame.facts.lines[*decorator as usize]);
                let (class, name) = (*class, name.clone());
                self.history.push(super::Ran { class, name, file, line });
            }
            let args = super::value::Args::of(vec![value.clone()]);
            let kept = self.fuel;
            self.fuel = kept.min(super::HOOK_FUEL);
            let granted = self.fuel;
            let result = self.apply_decorator(&callee, args);
            self.fuel = kept - (granted - self.fuel.min(granted));
            if let (Value::Function(closure), Some((wrapper, _))) =
                (&subject, self.outside(&callee))
                && !wrapper.starts_with("builtins.")
                && !wrapper.starts_with("functools.")
                && !wrapper.starts_with("metascope.")
            {
                self.wrapped.insert((closure.file, closure.id), wrapper);
            }
            if let Value::Function(wrapper) = &result
                && wrapper.env.is_some()
            {
                wrapper.wrap(&subject);
            }
            value = match result {
                Value::Unknown | Value::None => subject.clone(),
                Value::Derived(_) if subject.is_definition() => subject.clone(),
                result => result,
            };
            self.site.subject = outer_subject;
            if is_root {
                self.site = outer.clone();
            }
        }
        value
    }

    /// The decorator itself, the name of what registers, and whether a class made it.
    fn decorator(
        &mut self,
        frame: &mut Frame<'a>,
        decorator: ExprId,
    ) -> (Value, Option<Name>, bool) {
        let facts = frame.facts;
        if let Expr::Call(func, args) = &facts.exprs[decorator as usize] {
            let mut maker = self.eval(frame, *func);
            let args = self.args(frame, args);
            if maker.is_unknown()
                && let Some(method) = self.only_method(frame, *func, &args)
            {
                maker = method;
            }
            let registrar = self.callee_name(&maker);
            if self.calls == 0 {
                self.site.registrar = registrar.clone();
                self.site.how = Some(How::Decorator);
            }
            let by_class = matches!(maker, Value::Class(_));
            let callee = self.call(&maker, args.clone());
            let callee = match callee {
                // An external factory: remember what was called with what.
                Value::Unknown | Value::Derived(_) => match self.outside(&maker) {
                    Some((callee, receiver)) => Value::Made(Rc::new(super::value::Made {
                        callee,
                        args,
                        file: frame.file,
                        line: facts.lines[decorator as usize],
                        receiver,
                    })),
                    None => callee,
                },
                callee => callee,
            };
            return (callee, registrar, by_class);
        }
        let callee = self.eval(frame, decorator);
        let registrar = self.callee_name(&callee);
        (callee, registrar, false)
    }

    /// The name of what a call runs.
    pub(super) fn callee_name(&self, callee: &Value) -> Option<Name> {
        if let Value::Object(object) = callee
            && let Kind::Instance(class) = self.objects[*object as usize].kind
        {
            return Some(self.classes[class as usize].name.clone());
        }
        self.describe(callee)
            .map(|(name, _, _)| name)
            .or_else(|| self.outside(callee).map(|(name, _)| name))
    }

    pub(super) fn frame_of(
        &mut self,
        closure: &Rc<super::Closure>,
        args: super::value::Args,
    ) -> Frame<'a> {
        let env = Env::new(closure.env.clone());
        let first = args.plain.first().cloned();
        self.bind_params(closure, &env, args);
        Frame {
            file: closure.file,
            facts: self.facts(closure.file),
            env: Some(env),
            is_class: false,
            function: Some(closure.clone()),
            first,
            returns: Vec::new(),
        }
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
