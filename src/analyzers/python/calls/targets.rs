//! Assignment targets.

use ruff_python_ast::{Expr, ExprCall, StmtAnnAssign};

use super::Lowering;
use super::environment::FreshKey;
use crate::model::facts::python::calls::{Field, NONE, Op, SiteId, Var};

impl<'a> Lowering<'a, '_> {
    /// `target = value`; `written` is the value's expression when there is exactly one.
    pub(super) fn assign_target(
        &mut self,
        target: &'a Expr,
        value: Var,
        written: Option<&'a Expr>,
    ) {
        match target {
            Expr::Name(name) => {
                // One display bound to one name may still be built up before it is read.
                let is_display = matches!(written, Some(Expr::Dict(_) | Expr::List(_)));
                if !is_display {
                    self.frame().fresh.remove(&value);
                }
                self.assign(name.id.as_str(), value);
            }
            Expr::Tuple(node) => self.unpack(&node.elts, value),
            Expr::List(node) => self.unpack(&node.elts, value),
            Expr::Starred(node) => self.assign_target(&node.value, value, None),
            Expr::Attribute(node) => {
                let base = self.expression(&node.value);
                let attr = self.intern(node.attr.as_str());
                let site = self.site(target, self.source.text_of(target));
                self.note_stored(base, attr);
                self.op(Op::Store { base, attr, from: value, site });
            }
            Expr::Subscript(node) => {
                if self.folds_item(node, value) {
                    return;
                }
                let base = self.expression(&node.value);
                let key = self.expression(&node.slice);
                let site = self.site(target, self.source.text_of(target));
                self.op(Op::SetItem { base, key, from: value, site });
            }
            other => {
                self.expression(other);
            }
        }
    }

    /// Remembers that a method stores an attribute on its receiver.
    fn note_stored(&mut self, base: Var, attr: u32) {
        let Some((class, _)) = self.frame().receiver.filter(|(_, receiver)| *receiver == base)
        else {
            if !self.facts.foreign.contains(&attr) {
                self.facts.foreign.push(attr);
            }
            return;
        };
        let stored = &mut self.facts.classes[class as usize].stored;
        if !stored.contains(&attr) {
            stored.push(attr);
        }
    }

    fn unpack(&mut self, targets: &'a [Expr], value: Var) {
        let star = targets.iter().position(Expr::is_starred_expr);
        for (at, target) in targets.iter().enumerate() {
            let to = self.var();
            let (index, rest) = match star {
                Some(star) if at == star => (at as i32, true),
                Some(star) if at > star => (at as i32 - targets.len() as i32, false),
                _ => (at as i32, false),
            };
            self.op(Op::Unpack { to, from: value, index, rest });
            self.assign_target(target, to, None);
        }
    }

    pub(super) fn annotated_assignment(&mut self, node: &'a StmtAnnAssign) {
        let annotation = self.annotation(&node.annotation);
        let value = node.value.as_ref().map(|value| self.expression(value));
        if let Expr::Name(name) = &*node.target
            && let Some(class) = self.open_class()
        {
            let name = self.intern(name.id.as_str());
            self.facts.classes[class].fields.push(Field { name, annotation });
        }
        let bound = match (value, annotation) {
            (None, 0) => return,
            (Some(value), 0) => value,
            (value, annotation) => {
                // A class-level annotation without a value binds no name.
                let declares = value.is_none() && self.open_class().is_some();
                if declares {
                    return;
                }
                let to = self.var();
                self.copy(to, value.unwrap_or(NONE));
                self.op(Op::Annotated { to, annotation });
                to
            }
        };
        self.assign_target(&node.target, bound, None);
    }

    /// Reads a target that an augmented assignment also writes.
    pub(super) fn read_target(&mut self, target: &'a Expr) -> Var {
        match target {
            Expr::Name(name) => self.load(name.id.as_str()),
            other => self.expression(other),
        }
    }

    pub(super) fn delete(&mut self, target: &'a Expr) {
        match target {
            Expr::Name(name) => self.unbind(name.id.as_str()),
            Expr::Subscript(node) => {
                let base = self.expression(&node.value);
                self.expression(&node.slice);
                let site = self.site(target, self.source.text_of(target));
                self.op(Op::DelItem { base, site });
            }
            Expr::Attribute(node) => {
                let base = self.expression(&node.value);
                let site = self.site(target, self.source.text_of(target));
                let attr = self.intern(node.attr.as_str());
                self.op(Op::DelAttr { base, attr, site });
            }
            Expr::Tuple(node) => node.elts.iter().for_each(|target| self.delete(target)),
            Expr::List(node) => node.elts.iter().for_each(|target| self.delete(target)),
            _ => {}
        }
    }

    /// `d["k"] = value` right after `d = {"k": …}`: the display is changed before anything has
    /// read it, so the old element is gone.
    fn folds_item(&mut self, node: &'a ruff_python_ast::ExprSubscript, value: Var) -> bool {
        let Some(at) = self.fresh_item(&node.value, &node.slice) else { return false };
        self.facts.items[at].value = value;
        true
    }

    /// The item of a fresh display that `base[key]` names.
    fn fresh_item(&mut self, base: &'a Expr, key: &'a Expr) -> Option<usize> {
        let display = match base {
            Expr::Name(name) => self.peek(name.id.as_str()),
            Expr::Subscript(node) => {
                let at = self.fresh_item(&node.value, &node.slice)?;
                self.facts.items[at].value
            }
            _ => return None,
        };
        let key = self.fresh_key(key)?;
        let known = self.frame().fresh.get(&display)?;
        known.iter().rev().find(|(known, _)| *known == key).map(|(_, at)| *at)
    }

    pub(super) fn fresh_key(&mut self, key: &Expr) -> Option<FreshKey> {
        match key {
            Expr::StringLiteral(text) => Some(FreshKey::Text(self.intern(text.value.to_str()))),
            Expr::NumberLiteral(number) => match &number.value {
                ruff_python_ast::Number::Int(value) => value.as_i64().map(FreshKey::Number),
                _ => None,
            },
            _ => None,
        }
    }

    /// `d.update({…})` on a fresh display is so many item assignments.
    pub(super) fn folds_update(&mut self, expr: &'a Expr) -> bool {
        let Some((name, items)) = update_of(expr) else { return false };
        let display = self.peek(name);
        if !self.frame().fresh.contains_key(&display) {
            return false;
        }
        for item in items {
            let Some(key) = &item.key else { continue };
            let value = self.expression(&item.value);
            let fresh = self.fresh_key(key).and_then(|key| {
                let known = self.frame().fresh.get(&display)?;
                known.iter().rev().find(|(known, _)| *known == key).map(|(_, at)| *at)
            });
            match fresh {
                Some(at) => self.facts.items[at].value = value,
                None => {
                    let key = self.expression(key);
                    let site: SiteId = self.site(&item.value, "");
                    self.op(Op::SetItem { base: display, key, from: value, site });
                }
            }
        }
        true
    }
}

/// The name and the items of `name.update({…})` with a plain dictionary display.
fn update_of(expr: &Expr) -> Option<(&str, &[ruff_python_ast::DictItem])> {
    let Expr::Call(ExprCall { func, arguments, .. }) = expr else { return None };
    let Expr::Attribute(method) = &**func else { return None };
    let (Expr::Name(name), "update") = (&*method.value, method.attr.as_str()) else { return None };
    let [Expr::Dict(dict)] = &*arguments.args else { return None };
    let is_plain =
        arguments.keywords.is_empty() && dict.items.iter().all(|item| item.key.is_some());
    is_plain.then_some((name.id.as_str(), dict.items.as_slice()))
}
