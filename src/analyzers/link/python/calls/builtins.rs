//! Calls of builtin functions and classes.

use super::containers::container_shape;
use super::solver::{Hidden, Invocation, PartialInfo, Solver, Target};
use super::values::{How, Key, Sym, Value, ValueId, Var};
use crate::model::EdgeKind;
use crate::model::facts::python::calls::{Literal, Shape};

impl<'a> Solver<'a, '_> {
    pub fn call_builtin(&mut self, call: Invocation, name: Sym, how: How) {
        let text = self.syms.text(name).to_owned();
        // `@property` and its like shape what they decorate; nobody asks for an edge to them.
        if call.kind != EdgeKind::Decorator {
            let target = self.builtin_target(name);
            self.edge(call.site, target, call.kind, how);
        }
        let arg = |solver: &Self, at: u32| solver.positional(call, at).unwrap_or(0);
        match text.as_str() {
            "property" => {
                let id = self.property(call.to);
                let getter = self.properties[id as usize].getter;
                let setter = self.properties[id as usize].setter;
                let deleter = self.properties[id as usize].deleter;
                for (at, keyword, into) in
                    [(0, "fget", getter), (1, "fset", setter), (2, "fdel", deleter)]
                {
                    let from = self.keyword(call, keyword).unwrap_or_else(|| arg(self, at));
                    self.graph.edge(from, into);
                }
                self.add(call.to, Value::Property(id));
            }
            "staticmethod" | "classmethod" => {
                let is_static = text == "staticmethod";
                self.hide(arg(self, 0), Hidden::Wrap { to: call.to, is_static });
            }
            "super" => self.call_super(call),
            "type" if call.count == 1 => {
                self.hide(arg(self, 0), Hidden::TypeOf { to: call.to });
            }
            "getattr" => {
                let (base, name) = (arg(self, 0), arg(self, 1));
                let hidden = Hidden::DynamicLoad { base, name, to: call.to, site: call.site };
                self.hide(base, hidden);
                self.hide(name, hidden);
                self.graph.edge(arg(self, 2), call.to);
            }
            // The hook that asks so is not asked again.
            "object.__getattribute__" => {
                let (base, name) = (arg(self, 0), arg(self, 1));
                let hidden = Hidden::DynamicLoad { base, name, to: call.to, site: 0 };
                self.hide(base, hidden);
                self.hide(name, hidden);
            }
            "__import__" => {
                let site = call.site;
                self.hide(arg(self, 0), Hidden::Import { to: call.to, site });
            }
            "hasattr" => {
                let (base, name) = (arg(self, 0), arg(self, 1));
                let to = self.graph.var();
                let hidden = Hidden::DynamicLoad { base, name, to, site: call.site };
                self.hide(base, hidden);
                self.hide(name, hidden);
                self.add(call.to, Value::Literal(Literal::Bool));
            }
            "setattr" => {
                let (base, name, from) = (arg(self, 0), arg(self, 1), arg(self, 2));
                let hidden = Hidden::DynamicStore { base, name, from, site: call.site };
                self.hide(base, hidden);
                self.hide(name, hidden);
            }
            "object.__setattr__" => {
                let (base, name, from) = (arg(self, 0), arg(self, 1), arg(self, 2));
                let hidden = Hidden::DynamicStore { base, name, from, site: 0 };
                self.hide(base, hidden);
                self.hide(name, hidden);
            }
            // A metaclass makes a class of its own: an instance of it.
            "object.__new__" | "super.__new__" | "type.__new__" => {
                let makes_classes = text == "type.__new__";
                self.hide(arg(self, 0), Hidden::Allocate { to: call.to, makes_classes });
            }
            "type.__call__" => {
                for class in self.held(arg(self, 0)) {
                    if let Value::Class(class) = self.values.get(class) {
                        self.make(call, class, How::Flow, false);
                    }
                }
            }
            "iter" | "aiter" => {
                let to = self.graph.var();
                let is_async = text == "aiter";
                self.hide(arg(self, 0), Hidden::Iterate { to, site: call.site, is_async });
                self.stream(call.to, to, 1);
                if call.count == 2 {
                    let back = self.call_with(&[], to, call.site, EdgeKind::Callback);
                    self.hide(arg(self, 0), Hidden::Invoke { call: back, how: How::Callback });
                }
            }
            "next" | "anext" => {
                let is_async = text == "anext";
                let (to, site) = (call.to, call.site);
                self.hide(arg(self, 0), Hidden::Next { to, site, is_async });
                self.graph.edge(arg(self, 1), call.to);
            }
            "map" | "filter" => self.map(call, &text),
            "sorted" | "min" | "max" => self.ordered(call, &text),
            "sum" | "any" | "all" => {
                let element = self.elements_of(arg(self, 0), call);
                if text != "sum" {
                    let name = self.known.bool;
                    self.hide(element, Hidden::Special { name, to: 0, site: call.site });
                } else {
                    let start = self.keyword(call, "start").unwrap_or_else(|| arg(self, 1));
                    self.graph.edge(element, call.to);
                    self.graph.edge(start, call.to);
                    for var in [element, start] {
                        let add = self.syms.borrow("__add__");
                        let back =
                            self.call_with(&[element], call.to, call.site, EdgeKind::Implicit);
                        self.hide(var, Hidden::Method { name: add, call: back });
                    }
                }
            }
            "zip" => {
                let tuple = self.derived(call.to, 4, Shape::Tuple);
                for at in 0..call.count {
                    let element = self.elements_of(arg(self, at), call);
                    let field = self.field(tuple, Key::Number(i64::from(at)));
                    self.graph.edge(element, field);
                }
                let holder = self.graph.var();
                self.add(holder, Value::Object(tuple));
                self.stream(call.to, holder, 1);
            }
            "enumerate" => {
                let tuple = self.derived(call.to, 4, Shape::Tuple);
                let number = self.field(tuple, Key::Number(0));
                self.add(number, Value::Literal(Literal::Number));
                let element = self.elements_of(arg(self, 0), call);
                let field = self.field(tuple, Key::Number(1));
                self.graph.edge(element, field);
                let holder = self.graph.var();
                self.add(holder, Value::Object(tuple));
                self.stream(call.to, holder, 1);
            }
            "reversed" => {
                let name = self.known.reversed;
                let to = self.graph.var();
                let element = self.elements_of(arg(self, 0), call);
                self.hide(arg(self, 0), Hidden::Special { name, to, site: call.site });
                self.hide(to, Hidden::Next { to: element, site: call.site, is_async: false });
                self.stream(call.to, element, 1);
            }
            "list" | "tuple" | "set" | "frozenset" | "dict" => self.make_container(call, &text),
            "isinstance" | "issubclass" => {
                let name = if text == "isinstance" {
                    self.known.instancecheck
                } else {
                    self.known.subclasscheck
                };
                self.hide(arg(self, 1), Hidden::Special { name, to: 0, site: call.site });
                self.add(call.to, Value::Literal(Literal::Bool));
            }
            "print" => {
                for at in call.first..call.first + call.count {
                    let var = self.args[at as usize].var;
                    let name = self.known.str;
                    self.hide(var, Hidden::Special { name, to: 0, site: call.site });
                }
            }
            "globals" => {
                if let Some((file, _)) = self.file_of_site(call.site) {
                    let module: &'a str = &self.program.files[file as usize].python.facts.module;
                    let module = self.syms.borrow(module);
                    self.add(call.to, Value::Globals(module));
                }
            }
            "vars" if call.count == 1 => {
                for value in self.held(arg(self, 0)) {
                    match self.values.get(value) {
                        Value::Module(module) => self.add(call.to, Value::Globals(module)),
                        _ => self.add(call.to, Value::Made(name)),
                    }
                }
            }
            "vars" | "locals" | "open" | "input" | "object" => {
                self.add(call.to, Value::Made(name));
            }
            "super.__init__" | "object.__init__" => {}
            _ => self.convert(call, &text, name),
        }
    }

    /// `<builtin>.print`; methods reached through a builtin class are PyCG's `<**PyStr**>.join`.
    fn builtin_target(&mut self, name: Sym) -> Target {
        if let Some(known) = self.builtin_targets.get(&name) {
            return Target::Builtin(*known);
        }
        let whole = format!("<builtin>.{}", self.syms.text(name));
        let whole = self.syms.own(whole);
        self.builtin_targets.insert(name, whole);
        Target::Builtin(whole)
    }

    /// Builtins that run one special method on their first argument.
    fn convert(&mut self, call: Invocation, text: &str, name: Sym) {
        let special = match text {
            "len" => "__len__",
            "str" => "__str__",
            "repr" | "ascii" => "__repr__",
            "bool" => "__bool__",
            "int" => "__int__",
            "float" => "__float__",
            "complex" => "__complex__",
            "bytes" => "__bytes__",
            "hash" => "__hash__",
            "format" => "__format__",
            "abs" => "__abs__",
            "round" => "__round__",
            "divmod" => "__divmod__",
            "pow" => "__pow__",
            "dir" => "__dir__",
            "bin" | "hex" | "oct" | "range" | "slice" | "chr" => "__index__",
            "memoryview" => "__buffer__",
            "delattr" => "__delattr__",
            _ => "",
        };
        if !special.is_empty() {
            let special = self.syms.own(special.to_owned());
            let var = self.positional(call, 0).unwrap_or(0);
            self.hide(var, Hidden::Special { name: special, to: 0, site: call.site });
        }
        let result = match text {
            "len" | "int" | "float" | "complex" | "hash" | "abs" | "round" | "ord" | "id"
            | "pow" => Value::Literal(Literal::Number),
            "str" | "repr" | "ascii" | "format" | "chr" | "bin" | "hex" | "oct" | "input" => {
                Value::Literal(Literal::Text)
            }
            "bool" | "callable" => Value::Literal(Literal::Bool),
            "bytes" => Value::Literal(Literal::Bytes),
            "delattr" | "print" | "exec" | "breakpoint" => Value::Literal(Literal::None),
            _ => Value::Made(name),
        };
        self.add(call.to, result);
    }

    /// A variable with the elements of an iterable argument.
    pub fn elements_of(&mut self, from: Var, call: Invocation) -> Var {
        let to = self.graph.var();
        self.hide(from, Hidden::Iterate { to, site: call.site, is_async: false });
        to
    }

    fn map(&mut self, call: Invocation, name: &str) {
        let function = self.positional(call, 0).unwrap_or(0);
        let elements: Vec<Var> = (1..call.count)
            .map(|at| {
                let var = self.positional(call, at).unwrap_or(0);
                self.elements_of(var, call)
            })
            .collect();
        let result = self.graph.var();
        let back = self.call_with(&elements, result, call.site, EdgeKind::Callback);
        self.hide(function, Hidden::Invoke { call: back, how: How::Callback });
        let handed = if name == "map" { result } else { elements.first().copied().unwrap_or(0) };
        self.stream(call.to, handed, 1);
        let stream = self.derived(call.to, 1, Shape::Stream);
        self.objects[stream as usize].made = Some((function, back));
    }

    fn ordered(&mut self, call: Invocation, name: &str) {
        let first = self.positional(call, 0).unwrap_or(0);
        let element = if call.count > 1 && self.positional(call, 1).is_some() {
            let several = self.graph.var();
            for at in 0..call.count {
                let var = self.positional(call, at).unwrap_or(0);
                self.graph.edge(var, several);
            }
            several
        } else {
            self.elements_of(first, call)
        };
        match self.keyword(call, "key") {
            Some(key) => {
                let result = self.graph.var();
                let back = self.call_with(&[element], result, call.site, EdgeKind::Callback);
                self.hide(key, Hidden::Invoke { call: back, how: How::Callback });
            }
            None => {
                let lt = self.syms.own("__lt__".to_owned());
                self.hide(element, Hidden::Special { name: lt, to: 0, site: call.site });
            }
        }
        if name == "sorted" {
            let list = self.derived(call.to, 1, Shape::List);
            self.add(call.to, Value::Object(list));
            let rest = self.objects[list as usize].rest;
            self.graph.edge(element, rest);
        } else {
            self.graph.edge(element, call.to);
            if let Some(default) = self.keyword(call, "default") {
                self.graph.edge(default, call.to);
            }
        }
    }

    fn make_container(&mut self, call: Invocation, name: &str) {
        let shape = container_shape(name).unwrap_or(Shape::List);
        let object = self.derived(call.to, 5, shape);
        self.add(call.to, Value::Object(object));
        let from = self.positional(call, 0).unwrap_or(0);
        self.hide(from, Hidden::Fill { object });
        if shape == Shape::Dict {
            for at in call.first..call.first + call.count {
                let arg = self.args[at as usize];
                match arg.kind {
                    crate::model::facts::python::calls::ArgKind::Keyword => {
                        let field = self.field(object, Key::Text(arg.name));
                        self.graph.edge(arg.var, field);
                    }
                    crate::model::facts::python::calls::ArgKind::DoubleStar => {
                        self.hide(arg.var, Hidden::Fill { object });
                    }
                    _ => {}
                }
            }
        }
        if shape != Shape::Dict {
            let element = self.elements_of(from, call);
            // What a set is made of is hashed.
            if shape == Shape::Set {
                self.hide(element, Hidden::Hash { site: call.site });
            }
        }
    }

    fn call_super(&mut self, call: Invocation) {
        let Some((file, site)) = self.file_of_site(call.site) else { return };
        let body = self.program.files[file as usize].bodies
            + self.program.files[file as usize].python.facts.calls.sites[site as usize].body;
        let (class, receiver) = match (self.positional(call, 0), self.positional(call, 1)) {
            (Some(class), Some(receiver)) => {
                let class =
                    self.held(class).into_iter().find_map(|class| match self.values.get(class) {
                        Value::Class(class) | Value::AnyClass(class) => Some(class),
                        _ => None,
                    });
                (class, receiver)
            }
            _ => {
                let around = self.program.bodies[body as usize].around;
                (around, self.program.param_var(body, 0).unwrap_or(0))
            }
        };
        let Some(class) = class.or(self.program.bodies[body as usize].around) else { return };
        self.hide(receiver, Hidden::Super { class, to: call.to });
    }

    /// What `__new__` of `object` or `type` makes of its first argument.
    pub fn allocate(&mut self, class: ValueId, to: Var, makes_classes: bool) {
        match self.values.get(class) {
            // The hook is told which class it makes.
            Value::Class(made) if makes_classes && !self.is_metaclass(made) => {
                self.graph.add(to, class);
            }
            Value::Class(class) => self.add(to, Value::Instance(class)),
            Value::AnyClass(class) => self.add(to, Value::Bounded { class, own: false }),
            _ => {}
        }
    }

    pub fn make_super(&mut self, class: u32, receiver: ValueId, to: Var) {
        match self.values.get(receiver) {
            Value::Instance(_) | Value::Bounded { .. } | Value::Class(_) | Value::AnyClass(_) => {
                self.add(to, Value::Super { class, receiver });
            }
            _ => {}
        }
    }

    /// The file and local number of a site.
    pub fn file_of_site(&self, site: u32) -> Option<(u32, u32)> {
        let files = &self.program.files;
        let at = files.partition_point(|file| file.sites <= site).checked_sub(1)?;
        Some((at as u32, site - files[at].sites))
    }

    /// `functools.partial(f, …)`.
    pub fn make_partial(&mut self, call: Invocation, is_method: bool) {
        let Some(callee) = self.positional(call, 0) else { return };
        let key = (call.to, 1);
        let id = match self.property_ids.get(&key) {
            Some(known) => *known,
            None => {
                let id = self.partials.len() as u32;
                let (first, count) = (call.first + 1, call.count - 1);
                self.partials.push(PartialInfo { callee, first, count });
                self.property_ids.insert(key, id);
                id
            }
        };
        let made = if is_method { Value::PartialMethod(id) } else { Value::Partial(id) };
        self.add(call.to, made);
    }
}
