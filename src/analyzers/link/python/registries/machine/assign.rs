//! Binding names and assigning to places.

use super::value::{Kind, Value};
use super::{Frame, Machine};
use crate::model::Name;
use crate::model::facts::python::registries::{BinOp, Expr, ExprId, StrId};

impl<'a> Machine<'_, 'a> {
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
    pub(super) fn note_tuple(
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

    pub(super) fn augment(
        &mut self,
        frame: &mut Frame<'a>,
        target: ExprId,
        op: BinOp,
        value: ExprId,
    ) {
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
}
