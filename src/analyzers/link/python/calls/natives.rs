//! Methods of builtin types, bound: texts, generators, properties, containers, classes.

use super::solver::{Hidden, Invocation, Solver, Target};
use super::values::{How, Key, Sym, Value, ValueId};
use crate::model::EdgeKind;
use crate::model::facts::python::calls::{Literal, Shape};

/// Parts of a split text beyond these are not told apart.
const MOST_PARTS: usize = 8;

impl<'a> Solver<'a, '_> {
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
                // `super().__getattribute__(name)`
                (Value::Instance(_) | Value::Bounded { .. }, "__getattribute__") => {
                    for name in self.held(arg(self, 0)) {
                        self.dynamic_load(receiver, name, call.to, 0);
                    }
                    return;
                }
                (Value::Class(class), "__new__")
                    if !self.is_metaclass(class) && self.is_in_metaclass(call.site) =>
                {
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
                (Value::Class(class) | Value::AnyClass(class), "mro") => {
                    let list = self.derived(call.to, 3, Shape::List);
                    self.add(call.to, Value::Object(list));
                    let rest = self.objects[list as usize].rest;
                    let info = &self.program.classes[class as usize];
                    let below: &[u32] =
                        if matches!(held, Value::AnyClass(_)) { &info.below } else { &[] };
                    for one in info.mro.iter().chain(below) {
                        self.add(rest, Value::Class(*one));
                    }
                    return;
                }
                (Value::Class(class) | Value::AnyClass(class), "__subclasses__") => {
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
                    if !self.fold_split(call, held, &text) {
                        self.text_result(call, &text);
                    }
                }
                (Value::Instance(class) | Value::Bounded { class, .. }, "__init__")
                    if self.is_property_class(class) =>
                {
                    self.fill_property(call, class);
                    return;
                }
                (Value::Globals(module), "get" | "__getitem__") => {
                    for key in self.held(arg(self, 0)) {
                        if let Value::Text(name) = self.values.get(key) {
                            self.load_module(module, name, call.to, 0);
                        }
                    }
                    return;
                }
                (Value::Promise(result), "result" | "get" | "__await__") => {
                    self.graph.edge(result, call.to);
                    self.hide(result, Hidden::Await { to: call.to, site: 0 });
                    return;
                }
                (Value::Promise(_), "add_done_callback") => {
                    let back = self.call_with(&[0], 0, call.site, EdgeKind::Callback);
                    self.hide(arg(self, 0), Hidden::Invoke { call: back, how: How::Callback });
                    return;
                }
                (Value::Coroutine(_), "result") => {
                    self.await_value(receiver, call.to, 0);
                    return;
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

    /// Whether a place stands in a method of a metaclass.
    fn is_in_metaclass(&self, site: u32) -> bool {
        let Some((file, site)) = self.file_of_site(site) else { return false };
        let file = &self.program.files[file as usize];
        let body = file.bodies + file.python.facts.calls.sites[site as usize].body;
        let around = self.program.bodies[body as usize].around;
        around.is_some_and(|class| self.is_metaclass(class))
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

    /// `"a.b".rsplit(".", 1)`: the parts of a text that is known. False when they are not.
    fn fold_split(&mut self, call: Invocation, text: Value, method: &str) -> bool {
        let Value::Text(text) = text else { return false };
        let separator = self.positional(call, 0).map(|var| self.held(var)).unwrap_or_default();
        let Some(Value::Text(separator)) = separator.first().map(|one| self.values.get(*one))
        else {
            return false;
        };
        let most = self.positional(call, 1).map(|var| self.held(var)).unwrap_or_default();
        let most = match most.first().map(|one| self.values.get(*one)) {
            Some(Value::Number(most)) => usize::try_from(most).unwrap_or(MOST_PARTS),
            _ => MOST_PARTS,
        };
        let most = most.min(MOST_PARTS) + 1;
        let (text, separator) = (self.syms.text(text), self.syms.text(separator));
        if separator.is_empty() || text.len() > 200 {
            return false;
        }
        let parts: Vec<String> = match method {
            "split" => text.splitn(most, separator).map(ToOwned::to_owned).collect(),
            "rsplit" => {
                let mut parts: Vec<String> =
                    text.rsplitn(most, separator).map(ToOwned::to_owned).collect();
                parts.reverse();
                parts
            }
            "partition" | "rpartition" => {
                let found = if method == "partition" {
                    text.split_once(separator)
                } else {
                    text.rsplit_once(separator)
                };
                let Some((before, after)) = found else { return false };
                vec![before.to_owned(), separator.to_owned(), after.to_owned()]
            }
            _ => return false,
        };
        let object = self.derived(call.to, 2, Shape::Tuple);
        self.add(call.to, Value::Object(object));
        for (at, part) in parts.into_iter().enumerate() {
            let field = self.field(object, Key::Number(at as i64));
            let part = self.syms.own(part);
            self.add(field, Value::Text(part));
        }
        true
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
}

/// Methods whose whole effect is on elements, which are followed: no edges are drawn for them.
pub fn is_mutator(name: &str) -> bool {
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
