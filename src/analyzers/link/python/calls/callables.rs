//! Objects of the standard library that are called: dispatchers, getters, partial functions.

use super::effects::Reads;
use super::solver::{Hidden, Invocation, PartialInfo, Solver};
use super::values::{BodyId, ClassId, How, Value, ValueId, Var};
use crate::model::EdgeKind;
use crate::model::facts::python::calls::ArgKind;

impl<'a> Solver<'a, '_> {
    /// `register` of a dispatcher: a function is an overload, a type asks for one.
    pub fn register_overload(&mut self, value: ValueId, body: BodyId, to: Var) {
        match self.values.get(value) {
            Value::Class(_) | Value::AnyClass(_) | Value::Builtin(_) | Value::External(_) => {
                self.add(to, Value::Registrar(body));
            }
            _ => {
                let overloads = self.function_attribute(body, self.known.overloads);
                self.graph.add(overloads, value);
                self.graph.add(to, value);
            }
        }
    }

    /// `attrgetter("a", "b.c")(x)` and its like.
    pub fn read_off(&mut self, call: Invocation, reads: Reads, first: u32, count: u32) {
        let Some(base) = self.positional(call, 0) else { return };
        let (site, to) = (call.site, call.to);
        let asked = match reads {
            Reads::Method => count.min(1),
            _ => count,
        };
        for at in first..first + asked {
            let name = self.args[at as usize].var;
            match reads {
                Reads::Attribute => {
                    let hidden = Hidden::DynamicLoad { base, name, to, site };
                    self.hide(base, hidden);
                    self.hide(name, hidden);
                }
                Reads::Method => {
                    let method = self.graph.var();
                    let hidden = Hidden::DynamicLoad { base, name, to: method, site };
                    self.hide(base, hidden);
                    self.hide(name, hidden);
                    let kind = EdgeKind::Callback;
                    let call = Invocation { site, to, first: first + 1, count: count - 1, kind };
                    self.hide(method, Hidden::Invoke { call, how: How::Callback });
                }
                Reads::Item => {
                    let name_of = self.known.getitem;
                    let args = self.call_with(&[name], to, site, EdgeKind::Callback);
                    self.hide(base, Hidden::Method { name: name_of, call: args });
                    self.hide(base, Hidden::Item { key: name, to, site });
                }
            }
        }
    }

    /// Whether a class derives from `property`.
    pub fn is_property_class(&self, class: ClassId) -> bool {
        let outside = &self.program.classes[class as usize].outside;
        outside.iter().any(|base| self.syms.text(*base) == "builtins.property")
    }

    /// `property.__init__(self, fget, fset, fdel)` for an instance of a class below it.
    pub fn fill_property(&mut self, call: Invocation, class: ClassId) {
        for (at, name) in ["fget", "fset", "fdel"].into_iter().enumerate() {
            let given = self.positional(call, at as u32);
            let Some(from) = given.or_else(|| self.keyword(call, name)) else { continue };
            let name = self.syms.borrow(name);
            let to = self.attribute(class, name);
            self.hide(from, Hidden::Mute { to });
        }
    }

    /// A partial function that is a method gets its receiver first.
    pub fn bind_partial(&mut self, id: u32, receiver: ValueId, to: Var) {
        let key = (receiver, id);
        let bound = match self.bound_partials.get(&key) {
            Some(known) => *known,
            None => {
                let info = &self.partials[id as usize];
                let (callee, from, count) = (info.callee, info.first, info.count);
                let this = self.graph.var();
                self.graph.add(this, receiver);
                let first = self.args.len() as u32;
                self.args.push(super::solver::Argument {
                    kind: ArgKind::Positional,
                    name: 0,
                    var: this,
                });
                for at in from..from + count {
                    let arg = self.args[at as usize];
                    self.args.push(arg);
                }
                let bound = self.partials.len() as u32;
                self.partials.push(PartialInfo { callee, first, count: count + 1 });
                self.bound_partials.insert(key, bound);
                bound
            }
        };
        self.add(to, Value::Partial(bound));
    }
}
