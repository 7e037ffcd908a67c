//! Operators and comparisons: the left operand's special method, the right one's reflected.

use super::solver::{Hidden, Site, Solver};
use super::values::{Sym, Value, ValueId, Var};
use crate::model::EdgeKind;
use crate::model::facts::python::calls::{Literal, Shape};

impl<'a> Solver<'a, '_> {
    pub fn binary(
        &mut self,
        value: ValueId,
        name: Sym,
        (left, right, to): (Var, Var, Var),
        site: Site,
        in_place: bool,
        is_right: bool,
    ) {
        if is_right {
            // The right operand is asked when the left one knows no better.
            if self.holds_plain(left) {
                let reflected = self.reflected(name);
                self.special(value, reflected, &[left], to, site, EdgeKind::Implicit);
            }
            return;
        }
        match self.values.get(value) {
            Value::Instance(_) | Value::Bounded { .. } | Value::Class(_) => {
                if in_place {
                    let own = self.in_place(name);
                    if self.special(value, own, &[right], to, site, EdgeKind::Implicit) {
                        return;
                    }
                }
                if self.special(value, name, &[right], to, site, EdgeKind::Implicit)
                    && self.done.insert((u32::MAX - 10, site, to, name))
                {
                    self.hide(to, Hidden::Reflect { left, right, name, site, to });
                }
                return;
            }
            Value::Object(object) => {
                // Concatenation and unions of containers keep the elements of both.
                self.graph.add(to, value);
                if in_place {
                    self.hide(right, Hidden::Fill { object });
                } else {
                    self.graph.edge(right, to);
                }
            }
            Value::Text(_) | Value::Pattern(..) => self.add(to, Value::Literal(Literal::Text)),
            Value::Number(_) => self.add(to, Value::Literal(Literal::Number)),
            Value::Literal(kind) => self.add(to, Value::Literal(kind)),
            // `path / "name"`
            Value::External(class) => {
                let method = self.joined(class, name);
                if let Some((owner, gives)) = self.standard_result(method) {
                    let made = self.standard_value(owner, gives);
                    self.add(to, made);
                }
            }
            _ => {}
        }
        for other in self.instances_in(right) {
            let reflected = self.reflected(name);
            self.special(other, reflected, &[left], to, site, EdgeKind::Implicit);
        }
    }

    /// The left operand handed back `NotImplemented`.
    pub fn reflect(&mut self, value: ValueId, name: Sym, operands: (Var, Var, Var), site: Site) {
        let (left, right, to) = operands;
        let Value::Builtin(builtin) = self.values.get(value) else { return };
        if self.syms.text(builtin) != "NotImplemented" {
            return;
        }
        let reflected = self.reflected(name);
        for other in self.instances_in(right) {
            self.special(other, reflected, &[left], to, site, EdgeKind::Implicit);
        }
    }

    /// The instances of the project's classes that a variable holds now.
    fn instances_in(&self, var: Var) -> Vec<ValueId> {
        let is_ours = |value: &ValueId| {
            matches!(self.values.get(*value), Value::Instance(_) | Value::Bounded { .. })
        };
        self.graph.values(var).iter().copied().filter(is_ours).collect()
    }

    /// Whether a variable holds something that has no say in operators.
    fn holds_plain(&self, var: Var) -> bool {
        self.graph.values(var).iter().any(|value| {
            matches!(
                self.values.get(*value),
                Value::Text(_)
                    | Value::Pattern(..)
                    | Value::Number(_)
                    | Value::Literal(_)
                    | Value::Object(_)
                    | Value::External(_)
                    | Value::Made(_)
                    | Value::Opaque
            )
        })
    }

    fn reflected(&mut self, name: Sym) -> Sym {
        self.operator(name, 'r')
    }

    fn in_place(&mut self, name: Sym) -> Sym {
        self.operator(name, 'i')
    }

    /// `__add__` with `r` is `__radd__`.
    fn operator(&mut self, name: Sym, form: char) -> Sym {
        if let Some(known) = self.operators.get(&(name, form)) {
            return *known;
        }
        let text = self.syms.text(name);
        let made = format!("__{form}{}", text.trim_start_matches('_'));
        let made = self.syms.own(made);
        self.operators.insert((name, form), made);
        made
    }

    /// A comparison, for one value of the left operand or (`is_right`) of the right one. For `in`
    /// the container is the left.
    pub fn compare(
        &mut self,
        value: ValueId,
        name: Sym,
        (left, right): (Var, Var),
        site: Site,
        is_right: bool,
    ) {
        if is_right {
            if matches!(self.values.get(value), Value::Instance(_) | Value::Bounded { .. }) {
                for container in self.held(left) {
                    self.compare_reflected(container, value, name, left, site);
                }
            }
            return;
        }
        match self.values.get(value) {
            Value::Instance(_) | Value::Bounded { .. } | Value::Class(_) | Value::AnyClass(_) => {
                self.compare_own(value, name, right, site);
            }
            held => {
                // Sequences are compared element by element.
                if let Value::Object(object) = held
                    && name != self.known.contains
                    && matches!(self.objects[object as usize].shape, Shape::List | Shape::Tuple)
                    && self.done.insert((u32::MAX - 17, object, site, name))
                {
                    let any = self.objects[object as usize].any;
                    let eq = self.known.eq;
                    self.hide(any, Hidden::Special { name: eq, to: 0, site });
                }
                for other in self.instances_in(right) {
                    self.compare_reflected(value, other, name, left, site);
                }
            }
        }
    }

    fn compare_own(&mut self, value: ValueId, name: Sym, right: Var, site: Site) {
        let mut tries = vec![name];
        if name == self.known.ne {
            tries.push(self.known.eq);
        } else if name == self.known.contains {
            tries.push(self.known.iter);
        } else if self.orders_totally(value) {
            tries.extend(
                ["__lt__", "__le__", "__gt__", "__ge__"].map(|name| self.syms.borrow(name)),
            );
        }
        for (at, tried) in tries.into_iter().enumerate() {
            if self.special(value, tried, &[right], 0, site, EdgeKind::Implicit) {
                return;
            }
            if at == 0 && self.run_template(value, name, right, site) {
                return;
            }
        }
    }

    /// What a comparison asks of the right operand when the left one is no object of ours.
    fn compare_reflected(
        &mut self,
        left: ValueId,
        right: ValueId,
        name: Sym,
        left_var: Var,
        site: Site,
    ) {
        let implicit = EdgeKind::Implicit;
        match self.values.get(left) {
            Value::Instance(_) | Value::Bounded { .. } | Value::Class(_) | Value::AnyClass(_) => {}
            Value::Object(object) if name == self.known.contains => {
                let eq = self.known.eq;
                match self.objects[object as usize].shape {
                    Shape::Dict | Shape::Set => self.hash_key(right, site),
                    _ => {
                        let any = self.objects[object as usize].any;
                        self.special(right, eq, &[any], 0, site, implicit);
                    }
                }
            }
            _ if name == self.known.contains => {}
            _ => {
                let reflected = match self.syms.text(name) {
                    "__lt__" => "__gt__",
                    "__le__" => "__ge__",
                    "__gt__" => "__lt__",
                    "__ge__" => "__le__",
                    _ => "",
                };
                let reflected =
                    if reflected.is_empty() { name } else { self.syms.borrow(reflected) };
                let eq = self.known.eq;
                if !self.special(right, reflected, &[left_var], 0, site, implicit)
                    && name == self.known.ne
                {
                    self.special(right, eq, &[left_var], 0, site, implicit);
                }
            }
        }
    }

    /// Whether `functools.total_ordering` decorates the value's class.
    fn orders_totally(&self, value: ValueId) -> bool {
        let (Value::Instance(class) | Value::Bounded { class, .. }) = self.values.get(value) else {
            return false;
        };
        self.program.classes[class as usize].mro.iter().any(|class| {
            let info = &self.program.classes[*class as usize];
            let syms = &self.program.files[info.file as usize].syms;
            let mut decorators = info.facts.decorators.iter();
            decorators
                .any(|name| self.syms.text(syms[*name as usize]) == "functools.total_ordering")
        })
    }
}
