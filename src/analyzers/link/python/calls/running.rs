//! What operations and rules do with one value of a variable they wait for.

use super::solver::{Hidden, Invocation, Solver};
use super::values::{How, Value, ValueId};
use crate::model::EdgeKind;
use crate::model::facts::python::calls::{CallForm, Op};

impl<'a> Solver<'a, '_> {
    /// What an operation does with one value of an operand.
    pub fn run_op(&mut self, at: u32, value: ValueId, is_other: bool) {
        let (op, file) = self.ops[at as usize];
        let info = &self.program.files[file as usize];
        let base_var = info.vars;
        let var = |local: u32| if local == 0 { 0 } else { base_var + local };
        let sites = info.sites;
        let place = |local: u32| if local == 0 { 0 } else { sites + local };
        let sym = |local: u32| info.syms[local as usize];
        match *op {
            Op::Load { to, attr, site, .. } => {
                self.load_attribute(value, sym(attr), var(to), place(site));
            }
            Op::Store { attr, from, site, .. } => {
                self.store_attribute(value, sym(attr), var(from), place(site));
            }
            Op::GetItem { to, base, key, site } => {
                if is_other {
                    for base in self.held(var(base)) {
                        self.get_item(base, Some(value), var(key), var(to), place(site));
                    }
                } else {
                    let keys = self.held(var(key));
                    self.get_item(value, None, var(key), var(to), place(site));
                    for key_value in keys {
                        self.get_item(value, Some(key_value), var(key), var(to), place(site));
                    }
                }
            }
            Op::SetItem { base, key, from, site } => {
                if is_other {
                    for base in self.held(var(base)) {
                        self.set_item(base, Some(value), var(key), var(from), place(site));
                    }
                } else {
                    let keys = self.held(var(key));
                    self.set_item(value, None, var(key), var(from), place(site));
                    for key_value in keys {
                        self.set_item(value, Some(key_value), var(key), var(from), place(site));
                    }
                }
            }
            Op::DelAttr { attr, site, .. } => {
                self.delete_attribute(value, sym(attr), place(site));
            }
            Op::MatchArg { to, index, site, .. } => {
                self.match_position(value, index, var(to), place(site));
            }
            Op::DelItem { site, .. } => {
                self.special(value, self.known.delitem, &[0], 0, place(site), EdgeKind::Implicit);
            }
            Op::Slice { to, start, site, .. } => self.slice(value, start, var(to), place(site)),
            Op::Iterate { to, site, is_async, .. } => {
                self.iterate(value, var(to), place(site), is_async);
            }
            Op::Unpack { to, index, rest, .. } => self.unpack(value, index, rest, var(to)),
            Op::Unary { to, name, site, .. } => self.unary(value, sym(name), var(to), place(site)),
            Op::Enter { to, site, is_async, .. } => {
                self.enter_with(value, var(to), place(site), is_async)
            }
            Op::Await { to, site, .. } => self.await_value(value, var(to), place(site)),
            Op::Delegate { to, yields, site, .. } => {
                self.delegate(value, var(to), var(yields), place(site));
            }
            Op::Raise { site, .. } => self.raise(value, place(site)),
            Op::Call { to, first, count, site, form, .. } => {
                let call = Invocation {
                    site: place(site),
                    to: var(to),
                    first: self.arg_bases[file as usize] + first,
                    count,
                    kind: match form {
                        CallForm::Call => EdgeKind::Call,
                        CallForm::Decorator => EdgeKind::Decorator,
                    },
                };
                self.invoke(call, value, How::Flow);
            }
            Op::Binary { to, left, right, name, site, in_place } => {
                let operands = (var(left), var(right), var(to));
                self.binary(value, sym(name), operands, place(site), in_place, is_other);
            }
            Op::Compare { left, right, name, site } => {
                let operands = (var(left), var(right));
                self.compare(value, sym(name), operands, place(site), is_other);
            }
            Op::Narrow { to, from, class } => {
                if is_other {
                    if from == 0 {
                        self.instances_of(value, var(to));
                    }
                    for held in self.held(var(from)) {
                        self.narrow(held, value, var(to));
                    }
                } else {
                    for class in self.held(var(class)) {
                        self.narrow(value, class, var(to));
                    }
                }
            }
            _ => {}
        }
    }

    pub fn run_hidden(&mut self, hidden: Hidden, value: ValueId) {
        match hidden {
            Hidden::Bind { receiver, to, site, how } => self.bind(value, receiver, to, site, how),
            Hidden::BindSpecial { receiver, to, site, how } => {
                self.bind_special(value, receiver, to, site, how);
            }
            Hidden::Invoke { call, how } => self.invoke(call, value, how),
            Hidden::Receiver { to, class } => self.receive(to, class, value),
            Hidden::Spread { .. } | Hidden::SpreadKeywords { .. } => self.spread(hidden, value),
            Hidden::Next { to, site, is_async } => self.next(value, to, site, is_async),
            Hidden::Iterate { to, site, is_async } => self.iterate(value, to, site, is_async),
            Hidden::Await { to, site } => self.await_value(value, to, site),
            Hidden::DynamicLoad { base, name, to, site } => {
                for base in self.held(base) {
                    for name in self.held(name) {
                        self.dynamic_load(base, name, to, site);
                    }
                }
            }
            Hidden::DynamicStore { base, name, from, site } => {
                for base in self.held(base) {
                    for name in self.held(name) {
                        self.dynamic_store(base, name, from, site);
                    }
                }
            }
            Hidden::Super { class, to } => self.make_super(class, value, to),
            Hidden::Wrap { to, is_static } => {
                let wrapped =
                    if is_static { Value::Static(value) } else { Value::ClassMethod(value) };
                self.add(to, wrapped);
            }
            Hidden::Manage { to } => self.manage(value, to),
            Hidden::TypeOf { to } => self.type_of(value, to),
            Hidden::Set { receiver, from, site } => self.set(value, receiver, from, site),
            Hidden::Special { name, to, site } => self.unary(value, name, to, site),
            Hidden::Fill { object } => self.fill(value, object),
            Hidden::Entry { object, from } => self.set_object(object, Some(value), 0, from),
            Hidden::Lookup { object, to } => self.lookup(value, object, to),
            Hidden::Hook { call, receiver } => {
                let inner = match self.values.get(value) {
                    Value::ClassMethod(inner) | Value::Static(inner) => inner,
                    _ => value,
                };
                if let Value::Function(body) = self.values.get(inner) {
                    self.enter(call, body, Some(receiver), How::Flow);
                }
            }
            Hidden::Named { site } => {
                let name = self.known.set_name;
                if matches!(self.values.get(value), Value::Instance(_)) {
                    self.special(value, name, &[0, 0], 0, site, EdgeKind::Implicit);
                }
            }
            Hidden::Pair { object } => self.pair(value, object),
            Hidden::Method { name, call } => self.run_method(value, name, call),
            Hidden::Enter { to, site } => self.enter_with(value, to, site, false),
            Hidden::Dispatch { to } => match self.values.get(value) {
                Value::Function(body) => self.add(to, Value::Dispatcher(body)),
                _ => self.graph.add(to, value),
            },
            Hidden::Register { body, to } => self.register_overload(value, body, to),
            Hidden::Reflect { left, right, name, site, to } => {
                self.reflect(value, name, (left, right, to), site);
            }
            Hidden::Inherit { receiver, attr, to, site } => {
                self.inherit(value, receiver, attr, to, site);
            }
            Hidden::Allocate { to, makes_classes } => self.allocate(value, to, makes_classes),
            Hidden::Mute { to } => match self.values.get(value) {
                Value::Function(body) => self.add(to, Value::Mute(body)),
                _ => self.graph.add(to, value),
            },
            Hidden::Cache { to } => {
                if let Value::Function(body) = self.values.get(value) {
                    self.cached.insert(body);
                }
                self.graph.add(to, value);
            }
            Hidden::Hash { site } => self.hash_key(value, site),
            Hidden::Import { to, site } => self.import_dynamically(value, to, site),
            Hidden::Item { key, to, site } => {
                for key_value in self.held(key) {
                    if matches!(self.values.get(value), Value::Object(_)) {
                        self.get_item(value, Some(key_value), key, to, site);
                    }
                }
            }
            Hidden::Make { to, site } => {
                if let Value::Factory(maker) = self.values.get(value)
                    && self.done.insert((u32::MAX - 13, value, site, to))
                {
                    let call = self.call_with(&[], to, site, EdgeKind::Callback);
                    self.hide(maker, Hidden::Invoke { call, how: How::Callback });
                }
            }
            Hidden::Delete { receiver, site } => self.delete_member(value, receiver, site),
            Hidden::MatchArgument { base, index, to, site } => {
                self.match_argument(value, base, index, to, site);
            }
        }
    }
}
