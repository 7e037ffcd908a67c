//! Displays, subscripts and the methods of builtin types.

use super::solver::{Hidden, Invocation, Site, Solver, Target};
use super::values::{How, Key, ObjectId, Sym, Value, ValueId, Var};
use crate::model::EdgeKind;
use crate::model::facts::python::calls::{Literal, Shape};

impl<'a> Solver<'a, '_> {
    pub fn display(&mut self, file: u32, to: Var, shape: Shape, first: u32, count: u32) {
        let info = &self.program.files[file as usize];
        let facts = &info.python.facts.calls;
        let base = info.vars;
        let var = |local: u32| if local == 0 { 0 } else { base + local };
        let object = self.object(shape);
        self.add(to, Value::Object(object));
        let items = &facts.items[first as usize..(first + count) as usize];
        let mut index = Some(0i64);
        for item in items {
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
            Value::Object(object) => self.get_object(object, key, keys, to),
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
        // The key of a dictionary is hashed.
        if let Some(key) = key {
            let hash = self.known.hash;
            if matches!(self.values.get(base), Value::Object(_)) {
                self.special(key, hash, &[], 0, site, EdgeKind::Implicit);
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

    /// Calls a method of a builtin type.
    pub fn call_native(&mut self, call: Invocation, receiver: ValueId, name: Sym, how: How) {
        let text = self.syms.text(name).to_owned();
        let arg = |solver: &Self, at: u32| solver.positional(call, at).unwrap_or(0);
        let held = self.values.get(receiver);
        let object = match held {
            Value::Object(object) => Some(object),
            Value::Instance(class) | Value::Bounded { class, .. } => self.content(class),
            _ => None,
        };
        if let Value::Property(_) = held {
            self.extend_property(call, receiver, &text);
            return;
        }
        if let Some(object) = object
            && self.call_container(call, receiver, object, &text)
        {
            if is_mutator(&text) {
                return;
            }
        } else {
            match (held, text.as_str()) {
                (Value::Generator(body), "send" | "__next__" | "throw") => {
                    let facts = self.program.bodies[body as usize].facts;
                    let yields = self.program.var_of(body, facts.yields);
                    self.graph.edge(yields, call.to);
                    if text == "send" {
                        let sent = self.program.var_of(body, facts.sent);
                        let value = arg(self, 0);
                        self.graph.edge(value, sent);
                    }
                    return;
                }
                (Value::Generator(_), "__iter__" | "__aiter__") => {
                    self.graph.add(call.to, receiver);
                    return;
                }
                (Value::Class(class) | Value::AnyClass(class), "__new__") => {
                    self.add(call.to, Value::Instance(class));
                    return;
                }
                (Value::Class(class), "__call__") => {
                    // `type.__call__`, reached from a metaclass of ours.
                    self.make(call, class, How::Flow, false);
                    return;
                }
                (Value::AnyClass(class), "__call__") => {
                    self.make(call, class, How::Flow, true);
                    return;
                }
                (Value::Class(class) | Value::AnyClass(class), "__subclasses__" | "mro") => {
                    let list = self.derived(call.to, 3, Shape::List);
                    self.add(call.to, Value::Object(list));
                    let rest = self.objects[list as usize].rest;
                    for child in self.program.classes[class as usize].children.clone() {
                        self.add(rest, Value::Class(child));
                    }
                    return;
                }
                (Value::Text(_) | Value::Pattern(..) | Value::Literal(Literal::Text), _) => {
                    if text == "join" {
                        let parts = arg(self, 0);
                        let element = self.graph.var();
                        self.hide(
                            parts,
                            Hidden::Iterate { to: element, site: call.site, is_async: false },
                        );
                    }
                    if text == "format" {
                        for at in call.first..call.first + call.count {
                            let var = self.args[at as usize].var;
                            let name = self.known.format;
                            self.hide(var, Hidden::Special { name, to: 0, site: call.site });
                        }
                    }
                    self.text_result(call, &text);
                }
                (Value::Made(name), _) => {
                    let whole = format!("{}.{text}", self.syms.text(name));
                    let whole = self.syms.own(whole);
                    self.edge(call.site, Target::Builtin(whole), call.kind, how);
                    self.add(call.to, Value::Opaque);
                    return;
                }
                _ => {}
            }
        }
        // A value that has no such method cannot be the one that is called here.
        if let Some(kind) = self.builtin_kind(held)
            && let Some(whole) = self.native(kind, name)
        {
            self.edge(call.site, Target::Builtin(whole), call.kind, how);
        }
    }

    /// The name of a method of a builtin type, if it has one of that name.
    fn native(&mut self, kind: &'static str, name: Sym) -> Option<Sym> {
        if let Some(known) = self.natives.get(&(kind, name)) {
            return *known;
        }
        let text = self.syms.text(name);
        let whole = has_method(kind, text).then(|| format!("<**{kind}**>.{text}"));
        let whole = whole.map(|whole| self.syms.own(whole));
        self.natives.insert((kind, name), whole);
        whole
    }

    fn text_result(&mut self, call: Invocation, name: &str) {
        match name {
            "split" | "rsplit" | "splitlines" => {
                let list = self.derived(call.to, 2, Shape::List);
                self.add(call.to, Value::Object(list));
                let rest = self.objects[list as usize].rest;
                self.add(rest, Value::Literal(Literal::Text));
            }
            "partition" | "rpartition" => {
                let tuple = self.derived(call.to, 2, Shape::Tuple);
                self.add(call.to, Value::Object(tuple));
                let rest = self.objects[tuple as usize].rest;
                self.add(rest, Value::Literal(Literal::Text));
            }
            "encode" => self.add(call.to, Value::Literal(Literal::Bytes)),
            "find" | "rfind" | "index" | "count" => {
                self.add(call.to, Value::Literal(Literal::Number));
            }
            _ if name.starts_with("is") || name.ends_with("with") => {
                self.add(call.to, Value::Literal(Literal::Bool));
            }
            _ => self.add(call.to, Value::Literal(Literal::Text)),
        }
    }

    /// The name PyCG gives a builtin type.
    fn builtin_kind(&self, value: Value) -> Option<&'static str> {
        Some(match value {
            Value::Text(_) | Value::Pattern(..) | Value::Literal(Literal::Text) => "PyStr",
            Value::Number(_) | Value::Literal(Literal::Number) => "PyNum",
            Value::Literal(Literal::Bytes) => "PyBytes",
            Value::Literal(Literal::Bool) => "PyBool",
            Value::Object(object) => match self.objects[object as usize].shape {
                Shape::Dict => "PyDict",
                Shape::List => "PyList",
                Shape::Tuple => "PyTuple",
                Shape::Set => "PySet",
                Shape::Stream => return None,
            },
            _ => return None,
        })
    }

    /// Methods of containers that move elements. False for others.
    fn call_container(
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
                    let hash = self.known.hash;
                    self.hide(value, Hidden::Special { name: hash, to: 0, site: call.site });
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
                    let hash = self.known.hash;
                    self.hide(key, Hidden::Special { name: hash, to: 0, site: call.site });
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

    /// `@prop.setter` and its like.
    fn extend_property(&mut self, call: Invocation, receiver: ValueId, name: &str) {
        let Value::Property(id) = self.values.get(receiver) else { return };
        let Some(function) = self.positional(call, 0) else { return };
        let info = &self.properties[id as usize];
        let into = match name {
            "setter" => info.setter,
            "deleter" => info.deleter,
            "getter" => info.getter,
            _ => return,
        };
        self.graph.edge(function, into);
        self.graph.add(call.to, receiver);
    }

    /// A key becomes known for a lookup.
    pub fn lookup(&mut self, key: ValueId, object: ObjectId, to: Var) {
        self.get_object(object, Some(key), 0, to);
    }
}

/// Methods whose whole effect is on elements, which are followed: no edges are drawn for them.
fn is_mutator(name: &str) -> bool {
    matches!(
        name,
        "append"
            | "add"
            | "appendleft"
            | "insert"
            | "extend"
            | "update"
            | "extendleft"
            | "setdefault"
            | "__setitem__"
            | "remove"
            | "clear"
            | "discard"
    )
}

/// Whether a builtin type has a method.
fn has_method(kind: &str, name: &str) -> bool {
    let methods = match kind {
        "PyStr" => {
            "capitalize casefold center count encode endswith expandtabs find format format_map \
             index isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric \
             isprintable isspace istitle isupper join ljust lower lstrip maketrans partition \
             removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip split \
             splitlines startswith strip swapcase title translate upper zfill"
        }
        "PyBytes" => {
            "capitalize center count decode endswith expandtabs find fromhex hex index isalnum \
             isalpha isascii isdigit islower isspace istitle isupper join ljust lower lstrip \
             maketrans partition removeprefix removesuffix replace rfind rindex rjust rpartition \
             rsplit rstrip split splitlines startswith strip swapcase title translate upper zfill"
        }
        "PyNum" => {
            "as_integer_ratio bit_count bit_length conjugate from_bytes fromhex hex is_integer \
             to_bytes"
        }
        "PyList" => "append clear copy count extend index insert pop remove reverse sort",
        "PyTuple" => "count index",
        "PyDict" => "clear copy fromkeys get items keys pop popitem setdefault update values",
        "PySet" => {
            "add clear copy difference difference_update discard intersection \
             intersection_update isdisjoint issubset issuperset pop remove symmetric_difference \
             symmetric_difference_update union update"
        }
        _ => "",
    };
    methods.split_whitespace().any(|method| method == name)
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
