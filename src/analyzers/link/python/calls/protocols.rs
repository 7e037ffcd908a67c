//! What the language calls by itself: iteration, `with`, `await`, operators, conversions, narrowing.

use super::solver::{Hidden, Invocation, Site, Solver, Target};
use super::values::{How, Key, Sym, Value, ValueId, Var};
use crate::model::EdgeKind;
use crate::model::facts::python::calls::{Literal, Shape};

impl<'a> Solver<'a, '_> {
    pub fn iterate(&mut self, value: ValueId, to: Var, site: Site, is_async: bool) {
        match self.values.get(value) {
            Value::Object(object) => {
                let known = &self.objects[object as usize];
                let from = if known.shape == Shape::Dict { known.keys } else { known.any };
                let made = known.made;
                self.graph.edge(from, to);
                // `map` and `filter` run their function where they are consumed.
                if let Some((callee, call)) = made
                    && site != 0
                    && site != call.site
                    && self.done.insert((u32::MAX - 16, object, site, 0))
                {
                    let call = Invocation { site, to: 0, ..call };
                    self.hide(callee, Hidden::Invoke { call, how: How::Callback });
                }
            }
            Value::Generator(_) => self.next(value, to, site, is_async),
            Value::Instance(class) | Value::Bounded { class, .. } => {
                let iterator = self.temporary(0, value, site, to);
                let name = if is_async { self.known.aiter } else { self.known.iter };
                if self.special(value, name, &[], iterator, site, EdgeKind::Implicit) {
                    self.hide(iterator, Hidden::Next { to, site, is_async });
                    return;
                }
                let get = self.known.getitem;
                let content = self.contents.get(&class).copied();
                if let Some(content) = content {
                    self.iterate_object(content, to);
                } else if !is_async {
                    self.special(value, get, &[0], to, site, EdgeKind::Implicit);
                }
                self.record_elements(value, to);
            }
            Value::Class(class) | Value::AnyClass(class) => {
                if self.program.classes[class as usize].is_enum {
                    self.add(to, Value::Instance(class));
                } else {
                    let iterator = self.temporary(0, value, site, to);
                    let name = self.known.iter;
                    if self.special(value, name, &[], iterator, site, EdgeKind::Implicit) {
                        self.hide(iterator, Hidden::Next { to, site, is_async });
                    }
                }
            }
            Value::Text(_) | Value::Pattern(..) | Value::Literal(Literal::Text) => {
                self.add(to, Value::Literal(Literal::Text));
            }
            Value::External(_) | Value::Opaque | Value::Made(_) => self.add(to, Value::Opaque),
            _ => {}
        }
    }

    fn iterate_object(&mut self, object: u32, to: Var) {
        let object = &self.objects[object as usize];
        let from = if object.shape == Shape::Dict { object.keys } else { object.any };
        self.graph.edge(from, to);
    }

    /// Iterating a named tuple hands out its fields.
    fn record_elements(&mut self, value: ValueId, to: Var) {
        let (Value::Instance(class) | Value::Bounded { class, .. }) = self.values.get(value) else {
            return;
        };
        let info = &self.program.classes[class as usize];
        if !info.outside.iter().any(|base| self.syms.text(*base) == "typing.NamedTuple") {
            return;
        }
        for holder in info.mro.clone() {
            let holder_info = &self.program.classes[holder as usize];
            let syms = &self.program.files[holder_info.file as usize].syms;
            for field in &holder_info.facts.fields {
                let var = self.attribute(holder, syms[field.name as usize]);
                self.graph.edge(var, to);
            }
        }
    }

    /// The next element of an iterator.
    pub fn next(&mut self, value: ValueId, to: Var, site: Site, is_async: bool) {
        match self.values.get(value) {
            Value::Generator(body) => {
                // Each element resumes the generator's body.
                self.edge(site, Target::Body(body), EdgeKind::Implicit, How::Flow);
                let yields = self.program.bodies[body as usize].facts.yields;
                self.graph.edge(self.program.var_of(body, yields), to);
            }
            Value::Object(object) => self.iterate_object(object, to),
            Value::Instance(_) | Value::Bounded { .. } => {
                if is_async {
                    let awaited = self.temporary(1, value, site, to);
                    let name = self.known.anext;
                    if self.special(value, name, &[], awaited, site, EdgeKind::Implicit) {
                        self.hide(awaited, Hidden::Await { to, site: 0 });
                    }
                } else {
                    let name = self.known.next;
                    self.special(value, name, &[], to, site, EdgeKind::Implicit);
                }
            }
            Value::External(_) | Value::Opaque => self.add(to, Value::Opaque),
            _ => {}
        }
    }

    pub fn enter_with(&mut self, value: ValueId, to: Var, site: Site, is_async: bool) {
        match self.values.get(value) {
            Value::Instance(_) | Value::Bounded { .. } => {
                let (enter, exit) = if is_async {
                    (self.known.aenter, self.known.aexit)
                } else {
                    (self.known.enter, self.known.exit)
                };
                if is_async {
                    let awaited = self.temporary(1, value, site, to);
                    self.special(value, enter, &[], awaited, site, EdgeKind::Implicit);
                    self.hide(awaited, Hidden::Await { to, site: 0 });
                } else if !self.special(value, enter, &[], to, site, EdgeKind::Implicit) {
                    // A base outside the project most often hands back the manager itself.
                    self.graph.add(to, value);
                }
                self.special(value, exit, &[0, 0, 0], 0, site, EdgeKind::Implicit);
            }
            Value::Manager(body) => {
                let yields = self.program.bodies[body as usize].facts.yields;
                self.graph.edge(self.program.var_of(body, yields), to);
            }
            Value::External(_) | Value::Opaque | Value::Made(_) => self.graph.add(to, value),
            _ => {}
        }
    }

    pub fn await_value(&mut self, value: ValueId, to: Var, site: Site) {
        match self.values.get(value) {
            Value::Coroutine(body) => {
                self.edge(site, Target::Body(body), EdgeKind::Implicit, How::Flow);
                let result = self.program.bodies[body as usize].facts.result;
                self.graph.edge(self.program.var_of(body, result), to);
            }
            Value::Instance(_) | Value::Bounded { .. } => {
                let generator = self.temporary(2, value, site, to);
                let name = self.known.wait;
                if self.special(value, name, &[], generator, site, EdgeKind::Implicit) {
                    self.hide(generator, Hidden::Await { to, site: 0 });
                }
            }
            Value::Generator(body) => {
                let result = self.program.bodies[body as usize].facts.result;
                self.graph.edge(self.program.var_of(body, result), to);
            }
            Value::Object(object) => {
                let any = self.objects[object as usize].any;
                self.graph.edge(any, to);
            }
            Value::Promise(result) => {
                self.graph.edge(result, to);
                self.hide(result, Hidden::Await { to, site: 0 });
            }
            _ => self.graph.add(to, value),
        }
    }

    /// `yield from value`.
    pub fn delegate(&mut self, value: ValueId, to: Var, yields: Var, site: Site) {
        if let Value::Generator(body) | Value::Coroutine(body) = self.values.get(value) {
            let result = self.program.bodies[body as usize].facts.result;
            self.graph.edge(self.program.var_of(body, result), to);
        }
        self.iterate(value, yields, site, false);
    }

    pub fn unpack(&mut self, value: ValueId, index: i32, rest: bool, to: Var) {
        match self.values.get(value) {
            Value::Object(object) => {
                let info = &self.objects[object as usize];
                let (shape, keys, others) = (info.shape, info.keys, info.rest);
                let length = info.fields.len() as i64;
                if rest {
                    let fields = info.fields.clone();
                    let list = self.derived(to, 9, Shape::List);
                    self.add(to, Value::Object(list));
                    for (key, var) in fields {
                        if let Key::Number(number) = key
                            && number >= i64::from(index)
                        {
                            let at = Key::Number(number - i64::from(index));
                            let into = self.field(list, at);
                            self.graph.edge(var, into);
                        }
                    }
                    let into = self.objects[list as usize].rest;
                    self.graph.edge(others, into);
                    return;
                }
                if shape == Shape::Dict {
                    self.graph.edge(keys, to);
                    return;
                }
                let at = if index < 0 { length + i64::from(index) } else { i64::from(index) };
                let field = self.field(object, Key::Number(at));
                self.graph.edge(field, to);
                self.graph.edge(others, to);
            }
            _ => self.iterate(value, to, 0, false),
        }
    }

    /// A special method on one operand, with what stands in when it is missing.
    pub fn unary(&mut self, value: ValueId, name: Sym, to: Var, site: Site) {
        let known = &self.known;
        let fallbacks: [Option<Sym>; 3] = if name == known.bool {
            [Some(known.bool), Some(known.len), None]
        } else if name == known.format {
            [Some(known.format), Some(known.str), Some(known.repr)]
        } else if name == known.str {
            [Some(known.str), Some(known.repr), None]
        } else {
            [Some(name), None, None]
        };
        if let Value::Object(_) = self.values.get(value)
            && name == self.known.hash
        {
            self.hash_key(value, site);
        }
        for name in fallbacks.into_iter().flatten() {
            if self.special(value, name, &[0], to, site, EdgeKind::Implicit) {
                return;
            }
        }
        if to != 0 && matches!(self.values.get(value), Value::Number(_) | Value::Literal(_)) {
            self.graph.add(to, value);
        }
    }

    /// Elements of one container flow into another.
    pub fn fill(&mut self, value: ValueId, object: u32) {
        let info = &self.objects[object as usize];
        let (shape, rest, keys) = (info.shape, info.rest, info.keys);
        match self.values.get(value) {
            Value::Object(from) if from == object => {}
            Value::Object(from) => {
                let from = &self.objects[from as usize];
                let (of, others, of_keys, any) = (from.shape, from.rest, from.keys, from.any);
                if of == Shape::Dict && shape == Shape::Dict {
                    for (key, var) in from.fields.clone() {
                        let field = self.field(object, key);
                        self.graph.edge(var, field);
                    }
                    self.graph.edge(others, rest);
                    self.graph.edge(of_keys, keys);
                } else if of == Shape::Dict {
                    self.graph.edge(of_keys, rest);
                } else if shape == Shape::Dict {
                    // An iterable of pairs.
                    self.hide(any, Hidden::Pair { object });
                } else {
                    self.graph.edge(any, rest);
                }
            }
            _ if shape != Shape::Dict => self.iterate(value, rest, 0, false),
            _ => {}
        }
    }

    /// A pair becomes an entry of a dictionary.
    pub fn pair(&mut self, pair: ValueId, object: u32) {
        let (rest, keys) = (self.objects[object as usize].rest, self.objects[object as usize].keys);
        self.unpack(pair, 0, false, keys);
        self.unpack(pair, 1, false, rest);
    }
}
