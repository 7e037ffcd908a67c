//! Displays, subscripts and the methods of builtin types.

use super::natives::is_mutator;
use super::solver::{Hidden, Invocation, Site, Solver};
use super::values::{How, Key, ObjectId, Value, ValueId, Var};
use crate::model::EdgeKind;
use crate::model::facts::python::calls::{Literal, Shape};

impl<'a> Solver<'a, '_> {
    pub fn display(
        &mut self,
        file: u32,
        to: Var,
        shape: Shape,
        (first, count): (u32, u32),
        site: Site,
    ) {
        let info = &self.program.files[file as usize];
        let facts = &info.python.facts.calls;
        let base = info.vars;
        let var = |local: u32| if local == 0 { 0 } else { base + local };
        let object = self.object(shape);
        self.add(to, Value::Object(object));
        let items = &facts.items[first as usize..(first + count) as usize];
        let mut index = Some(0i64);
        for item in items {
            if site != 0 {
                let hashed = if shape == Shape::Dict { item.key } else { item.value };
                self.hide(var(hashed), Hidden::Hash { site });
            }
            if item.star {
                self.hide(var(item.value), Hidden::Fill { object });
                index = None;
                continue;
            }
            match (shape, index) {
                (Shape::Dict, _) => {
                    self.set_object(object, None, var(item.key), var(item.value));
                    self.graph
                        .rule(var(item.key), super::graph::Rule::Hidden(self.hidden.len() as u32));
                    self.hidden.push(Hidden::Entry { object, from: var(item.value) });
                    self.unkeyed.push((var(item.key), object, var(item.value)));
                }
                (Shape::Set | Shape::Stream, _) | (_, None) => {
                    let rest = self.objects[object as usize].rest;
                    self.graph.edge(var(item.value), rest);
                }
                (_, Some(at)) => {
                    let field = self.field(object, Key::Number(at));
                    self.graph.edge(var(item.value), field);
                    index = Some(at + 1);
                }
            }
        }
    }

    /// One entry of a dictionary: `key` is a value of the key variable, `None` before any is known.
    pub fn set_object(&mut self, object: ObjectId, key: Option<ValueId>, keys: Var, from: Var) {
        let shape = self.objects[object as usize].shape;
        match key.map(|key| self.values.get(key)) {
            Some(Value::Text(text)) if shape == Shape::Dict => {
                let field = self.field(object, Key::Text(text));
                self.graph.edge(from, field);
            }
            Some(Value::Number(number)) => {
                let field = self.field(object, Key::Number(number));
                self.graph.edge(from, field);
            }
            Some(_) => {
                let rest = self.objects[object as usize].rest;
                self.graph.edge(from, rest);
                if shape == Shape::Dict {
                    let into = self.objects[object as usize].keys;
                    self.graph.edge(keys, into);
                }
            }
            None if keys == 0 => {
                let rest = self.objects[object as usize].rest;
                self.graph.edge(from, rest);
            }
            None => {}
        }
    }

    /// The container inside an instance of a class below a builtin one.
    pub fn content(&mut self, class: u32) -> Option<ObjectId> {
        if let Some(known) = self.contents.get(&class) {
            return Some(*known);
        }
        let outside = &self.program.classes[class as usize].outside;
        let shape = outside.iter().find_map(|base| container_shape(self.syms.text(*base)))?;
        let object = self.object(shape);
        self.contents.insert(class, object);
        Some(object)
    }

    pub fn get_item(
        &mut self,
        base: ValueId,
        key: Option<ValueId>,
        keys: Var,
        to: Var,
        site: Site,
    ) {
        match self.values.get(base) {
            Value::Object(object) => {
                self.get_object(object, key, keys, to);
                let info = &self.objects[object as usize];
                let (maker, rest) = (info.maker, info.rest);
                if maker != 0 && self.done.insert((u32::MAX - 11, object, site, to)) {
                    let call = self.call_with(&[], rest, site, EdgeKind::Callback);
                    self.hide(maker, Hidden::Invoke { call, how: How::Callback });
                }
                if self.objects[object as usize].shape == Shape::Dict
                    && let Some(key) = key
                {
                    self.hash_key(key, site);
                }
            }
            Value::Globals(module) => {
                if let Some(Value::Text(name)) = key.map(|key| self.values.get(key)) {
                    self.load_module(module, name, to, site);
                }
            }
            Value::External(name) if self.syms.text(name) == "sys.modules" => {
                if let Some(Value::Text(module)) = key.map(|key| self.values.get(key))
                    && self.program.modules.contains_key(self.syms.text(module))
                {
                    self.add(to, Value::Module(module));
                } else {
                    self.add(to, Value::Opaque);
                }
            }
            Value::Instance(class) | Value::Bounded { class, .. } => {
                if key.is_some() {
                    return;
                }
                let name = self.known.getitem;
                if !self.special(base, name, &[keys], to, site, EdgeKind::Implicit)
                    && let Some(object) = self.content(class)
                {
                    let any = self.objects[object as usize].any;
                    self.graph.edge(any, to);
                    let missing = self.known.missing;
                    self.special(base, missing, &[keys], to, site, EdgeKind::Implicit);
                }
            }
            Value::Class(class) | Value::AnyClass(class) => {
                if key.is_some() {
                    return;
                }
                if self.program.classes[class as usize].is_enum {
                    self.add(to, Value::Instance(class));
                    return;
                }
                let name = self.known.getitem;
                if self.special(base, name, &[keys], to, site, EdgeKind::Implicit) {
                    return;
                }
                if let Some((_, var)) = self.program.member(class, self.known.class_getitem) {
                    let call = self.call_with(&[keys], to, site, EdgeKind::Implicit);
                    for value in self.held(var) {
                        let inner = match self.values.get(value) {
                            Value::ClassMethod(inner) => inner,
                            _ => value,
                        };
                        if let Value::Function(body) = self.values.get(inner) {
                            self.enter(call, body, Some(base), How::Flow);
                        }
                    }
                    return;
                }
                // `C[int]` is `C` for all that calls care.
                self.graph.add(to, base);
            }
            Value::Text(_) | Value::Pattern(..) | Value::Literal(Literal::Text) => {
                self.add(to, Value::Literal(Literal::Text));
            }
            Value::External(_) | Value::Builtin(_) => self.graph.add(to, base),
            Value::Opaque => self.add(to, Value::Opaque),
            _ => {}
        }
    }

    fn get_object(&mut self, object: ObjectId, key: Option<ValueId>, keys: Var, to: Var) {
        let info = &self.objects[object as usize];
        let (rest, any) = (info.rest, info.any);
        match key.map(|key| self.values.get(key)) {
            Some(Value::Text(text)) => {
                let field = self.field(object, Key::Text(text));
                self.graph.edge(field, to);
                self.graph.edge(rest, to);
            }
            Some(Value::Number(number)) => {
                let length = self.objects[object as usize].fields.len() as i64;
                let number = if number < 0 { length + number } else { number };
                let field = self.field(object, Key::Number(number));
                self.graph.edge(field, to);
                self.graph.edge(rest, to);
            }
            Some(_) => self.graph.edge(any, to),
            None if keys == 0 => self.graph.edge(any, to),
            // Whether the key is known shows later.
            None => {}
        }
    }

    pub fn set_item(
        &mut self,
        base: ValueId,
        key: Option<ValueId>,
        keys: Var,
        from: Var,
        site: Site,
    ) {
        match self.values.get(base) {
            Value::Object(object) => self.set_object(object, key, keys, from),
            Value::Instance(class) | Value::Bounded { class, .. } if key.is_none() => {
                let name = self.known.setitem;
                if !self.special(base, name, &[keys, from], 0, site, EdgeKind::Implicit)
                    && let Some(object) = self.content(class)
                {
                    let rest = self.objects[object as usize].rest;
                    self.graph.edge(from, rest);
                    let into = self.objects[object as usize].keys;
                    self.graph.edge(keys, into);
                }
            }
            _ => {}
        }
        // The key of a dictionary is hashed, and the element of a set that is built.
        if site != 0
            && let Value::Object(object) = self.values.get(base)
        {
            match (self.objects[object as usize].shape, key) {
                (Shape::Dict, Some(key)) => self.hash_key(key, site),
                (Shape::Set, None) if self.done.insert((u32::MAX - 14, from, site, 0)) => {
                    self.hide(from, Hidden::Hash { site });
                }
                _ => {}
            }
        }
    }

    pub fn slice(&mut self, base: ValueId, start: i64, to: Var, site: Site) {
        match self.values.get(base) {
            Value::Object(object) if start > 0 => {
                let list = self.derived(to, 7, self.objects[object as usize].shape);
                self.add(to, Value::Object(list));
                for (key, var) in self.objects[object as usize].fields.clone() {
                    if let Key::Number(number) = key
                        && number >= start
                    {
                        let into = self.field(list, Key::Number(number - start));
                        self.graph.edge(var, into);
                    }
                }
                let from = self.objects[object as usize].rest;
                let into = self.objects[list as usize].rest;
                self.graph.edge(from, into);
            }
            Value::Object(object) if start < 0 => {
                let list = self.derived(to, 7, self.objects[object as usize].shape);
                self.add(to, Value::Object(list));
                let from = self.objects[object as usize].any;
                let into = self.objects[list as usize].rest;
                self.graph.edge(from, into);
            }
            Value::Object(_) => self.graph.add(to, base),
            Value::Instance(_) | Value::Bounded { .. } => {
                let name = self.known.getitem;
                self.special(base, name, &[0], to, site, EdgeKind::Implicit);
            }
            Value::Text(_) | Value::Pattern(..) | Value::Literal(_) => {
                self.add(to, Value::Literal(Literal::Text));
            }
            _ => {}
        }
    }

    /// What looking a key up runs on it: its hash, and the comparison with keys of the same hash.
    pub fn hash_key(&mut self, key: ValueId, site: Site) {
        match self.values.get(key) {
            Value::Instance(_) | Value::Bounded { .. } => {
                for name in [self.known.hash, self.known.eq] {
                    self.special(key, name, &[0], 0, site, EdgeKind::Implicit);
                }
            }
            // A tuple is hashed by what it holds.
            Value::Object(object)
                if self.objects[object as usize].shape == Shape::Tuple
                    && self.done.insert((u32::MAX - 15, object, site, 0)) =>
            {
                let any = self.objects[object as usize].any;
                self.hide(any, Hidden::Hash { site });
            }
            _ => {}
        }
    }

    /// Methods of containers that move elements. False for others.
    pub fn call_container(
        &mut self,
        call: Invocation,
        receiver: ValueId,
        object: ObjectId,
        name: &str,
    ) -> bool {
        let arg = |solver: &Self, at: u32| solver.positional(call, at).unwrap_or(0);
        let info = &self.objects[object as usize];
        let (shape, rest, any, keys) = (info.shape, info.rest, info.any, info.keys);
        let is_dict = shape == Shape::Dict;
        match name {
            "append" | "add" | "appendleft" | "put" | "put_nowait" | "push" => {
                let value = arg(self, 0);
                self.graph.edge(value, rest);
                if shape == Shape::Set {
                    self.hide(value, Hidden::Hash { site: call.site });
                }
            }
            "insert" => {
                let value = arg(self, 1);
                self.graph.edge(value, rest);
            }
            "extend"
            | "update"
            | "extendleft"
            | "__init__"
            | "union"
            | "intersection"
            | "difference"
            | "symmetric_difference"
            | "difference_update"
            | "intersection_update" => {
                for at in 0..call.count {
                    let value = arg(self, at);
                    self.hide(value, Hidden::Fill { object });
                    if shape == Shape::Set {
                        let element = self.elements_of(value, call);
                        self.hide(element, Hidden::Hash { site: call.site });
                    }
                }
                if is_dict {
                    for at in call.first..call.first + call.count {
                        let argument = self.args[at as usize];
                        if argument.kind == crate::model::facts::python::calls::ArgKind::Keyword {
                            let field = self.field(object, Key::Text(argument.name));
                            self.graph.edge(argument.var, field);
                        }
                    }
                }
                if !is_mutator(name) {
                    self.graph.add(call.to, receiver);
                }
            }
            "get" | "pop" | "setdefault" | "__getitem__" | "popleft" | "get_nowait" => {
                let key = arg(self, 0);
                if is_dict && key != 0 {
                    let default = arg(self, 1);
                    self.hide(key, Hidden::Lookup { object, to: call.to });
                    self.late_lookup(key, object, call.to);
                    self.graph.edge(default, call.to);
                    if name == "setdefault" {
                        self.hide(key, Hidden::Entry { object, from: default });
                        if self.graph.is_empty(key) {
                            self.graph.edge(default, rest);
                        }
                    }
                    self.hide(key, Hidden::Hash { site: call.site });
                } else {
                    self.graph.edge(any, call.to);
                }
            }
            "__setitem__" => {
                let (key, value) = (arg(self, 0), arg(self, 1));
                self.hide(key, Hidden::Entry { object, from: value });
                self.graph.edge(value, rest);
            }
            "values" => self.stream(call.to, any, 1),
            "keys" => self.stream(call.to, keys, 1),
            "items" => {
                let pair = self.derived(call.to, 4, Shape::Tuple);
                let (key, value) =
                    (self.field(pair, Key::Number(0)), self.field(pair, Key::Number(1)));
                self.graph.edge(keys, key);
                self.graph.edge(any, value);
                let holder = self.graph.var();
                self.add(holder, Value::Object(pair));
                self.stream(call.to, holder, 1);
            }
            "popitem" => {
                let pair = self.derived(call.to, 4, Shape::Tuple);
                let (key, value) =
                    (self.field(pair, Key::Number(0)), self.field(pair, Key::Number(1)));
                self.graph.edge(keys, key);
                self.graph.edge(any, value);
                self.add(call.to, Value::Object(pair));
            }
            "copy" | "__copy__" | "__iter__" | "__enter__" => self.graph.add(call.to, receiver),
            "__reversed__" => self.stream(call.to, any, 1),
            "sort" => {
                if let Some(key) = self.keyword(call, "key") {
                    let back = self.call_with(&[any], 0, call.site, EdgeKind::Callback);
                    self.hide(key, Hidden::Invoke { call: back, how: How::Callback });
                }
            }
            "remove" | "discard" | "index" | "count" if shape != Shape::Dict => {
                let value = arg(self, 0);
                if shape == Shape::Set {
                    self.hide(value, Hidden::Hash { site: call.site });
                } else {
                    let eq = self.known.eq;
                    self.hide(value, Hidden::Special { name: eq, to: 0, site: call.site });
                }
                if matches!(name, "index" | "count") {
                    self.add(call.to, Value::Literal(Literal::Number));
                }
            }
            "remove" | "clear" | "discard" | "reverse" | "move_to_end" => {}
            _ => return false,
        }
        true
    }

    /// A lookup whose key never becomes known finds anything.
    fn late_lookup(&mut self, key: Var, object: ObjectId, to: Var) {
        self.unsure.push((key, object, to));
    }

    /// An iterable of what `elements` holds.
    pub fn stream(&mut self, to: Var, elements: Var, tag: u8) {
        let stream = self.derived(to, tag, Shape::Stream);
        self.add(to, Value::Object(stream));
        let rest = self.objects[stream as usize].rest;
        self.graph.edge(elements, rest);
    }

    /// A key becomes known for a lookup.
    pub fn lookup(&mut self, key: ValueId, object: ObjectId, to: Var) {
        self.get_object(object, Some(key), 0, to);
    }
}

pub fn container_shape(base: &str) -> Option<Shape> {
    Some(match base.strip_prefix("builtins.").unwrap_or(base) {
        "dict"
        | "collections.OrderedDict"
        | "collections.defaultdict"
        | "collections.Counter"
        | "collections.UserDict"
        | "collections.ChainMap" => Shape::Dict,
        "list" | "collections.deque" | "collections.UserList" => Shape::List,
        "set" | "frozenset" => Shape::Set,
        "tuple" => Shape::Tuple,
        _ => return None,
    })
}
