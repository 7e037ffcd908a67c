//! Attribute access: instances, classes, modules, `super()`, properties and descriptors.

use super::solver::{Hidden, Invocation, PropertyInfo, Site, Solver, Target};
use super::standard;
use super::values::{ClassId, How, Key, Sym, Value, ValueId, Var};
use crate::model::EdgeKind;
use crate::model::facts::python::calls::{ArgKind, Literal};

/// The longest name that attributes of imported things grow to.
const MAX_EXTERNAL: usize = 120;

impl<'a> Solver<'a, '_> {
    pub fn load_attribute(&mut self, base: ValueId, attr: Sym, to: Var, site: Site) {
        match self.values.get(base) {
            Value::Instance(class) => {
                self.load_instance(base, class, attr, to, site, How::Flow, false)
            }
            Value::Bounded { class, own } => {
                let how = if own { How::Own } else { How::Annotated };
                self.load_instance(base, class, attr, to, site, how, true);
            }
            Value::Class(class) => self.load_class_attribute(base, class, attr, to, site, false),
            Value::AnyClass(class) => self.load_class_attribute(base, class, attr, to, site, true),
            Value::Module(module) => self.load_module(module, attr, to, site),
            Value::External(name) => {
                if let Some(value) = self.external_attribute(name, attr) {
                    self.add(to, value);
                }
            }
            Value::Builtin(name) => {
                let name = self.joined(name, attr);
                self.add(to, Value::Builtin(name));
            }
            Value::Function(body) => {
                if attr == self.known.call || attr == self.known.get {
                    self.graph.add(to, base);
                } else if is_text_attribute(self.syms.text(attr)) {
                    self.add(to, Value::Literal(Literal::Text));
                } else {
                    let var = self.function_attribute(body, attr);
                    self.graph.edge(var, to);
                }
            }
            Value::Method { body, receiver, .. } => {
                if attr == self.known.func {
                    self.add(to, Value::Function(body));
                } else if attr == self.known.self_ {
                    self.graph.add(to, receiver);
                } else if attr == self.known.call {
                    self.graph.add(to, base);
                } else if is_text_attribute(self.syms.text(attr)) {
                    self.add(to, Value::Literal(Literal::Text));
                } else {
                    let var = self.function_attribute(body, attr);
                    self.graph.edge(var, to);
                }
            }
            Value::Super { class, receiver } => self.load_super(class, receiver, attr, to, site),
            Value::Property(id) | Value::QuietProperty(id) => {
                if matches!(self.syms.text(attr), "fget" | "func") {
                    let getter = self.properties[id as usize].getter;
                    self.graph.edge(getter, to);
                } else {
                    self.add(to, Value::Native { receiver: base, name: attr });
                }
            }
            Value::Static(inner) | Value::ClassMethod(inner) => {
                if attr == self.known.func || attr == self.known.wrapped {
                    self.graph.add(to, inner);
                }
            }
            Value::Partial(id) | Value::PartialMethod(id) => {
                if self.syms.text(attr) == "func" {
                    let callee = self.partials[id as usize].callee;
                    self.graph.edge(callee, to);
                }
            }
            Value::ManagerFunction(body) => {
                if attr == self.known.wrapped {
                    self.add(to, Value::Function(body));
                }
            }
            Value::Dispatcher(body) => {
                if self.syms.text(attr) == "register" {
                    self.add(to, Value::Registrar(body));
                }
            }
            Value::Template { name, .. } => {
                if let Some(value) = self.external_attribute(name, attr) {
                    self.add(to, value);
                }
            }
            Value::Record(object) => {
                let field = self.field(object, Key::Text(attr));
                self.graph.edge(field, to);
                let rest = self.objects[object as usize].rest;
                self.graph.edge(rest, to);
            }
            Value::Opaque
            | Value::Caches
            | Value::Mute(_)
            | Value::Callable(_)
            | Value::Wraps(_)
            | Value::Registrar(_) => {}
            Value::Native { .. } | Value::Getter { .. } | Value::Factory(_) => {}
            Value::Object(_)
            | Value::Text(_)
            | Value::Pattern(..)
            | Value::Number(_)
            | Value::Literal(_)
            | Value::Generator(_)
            | Value::Coroutine(_)
            | Value::Manager(_)
            | Value::Promise(_)
            | Value::Globals(_)
            | Value::Made(_) => self.add(to, Value::Native { receiver: base, name: attr }),
        }
    }

    pub fn function_attribute(&mut self, body: u32, attr: Sym) -> Var {
        if let Some(known) = self.function_attributes.get(&(body, attr)) {
            return *known;
        }
        let var = self.graph.var();
        self.function_attributes.insert((body, attr), var);
        var
    }

    /// `name.attr` of something imported; `None` when names grow without end.
    pub fn external_attribute(&mut self, name: Sym, attr: Sym) -> Option<Value> {
        let (text, more) = (self.syms.text(name), self.syms.text(attr));
        if text.len() + more.len() > MAX_EXTERNAL || text.matches('.').count() > 4 {
            return Some(Value::Opaque);
        }
        let known = self.joined.get(&(name, attr)).copied();
        let read = || standard::member(text, more).filter(|member| member.is_attribute);
        if known.is_none()
            && let Some(member) = read()
            && !member.gives.contains(':')
            && member.gives != "texts"
        {
            return Some(self.standard_value(name, member.gives));
        }
        Some(Value::External(self.joined(name, attr)))
    }

    /// The name of an attribute of something named.
    pub fn joined(&mut self, name: Sym, attr: Sym) -> Sym {
        if let Some(known) = self.joined.get(&(name, attr)) {
            return *known;
        }
        let whole = format!("{}.{}", self.syms.text(name), self.syms.text(attr));
        let whole = self.syms.own(whole);
        self.joined.insert((name, attr), whole);
        whole
    }

    /// The variable of an attribute stored on instances of a class (or on the class).
    pub fn attribute(&mut self, class: ClassId, attr: Sym) -> Var {
        if let Some(known) = self.attributes.get(&(class, attr)) {
            return *known;
        }
        let var = self.graph.var();
        self.attributes.insert((class, attr), var);
        var
    }

    /// The variable of an attribute stored on a class, which instances bind.
    pub fn class_attribute(&mut self, class: ClassId, attr: Sym) -> Var {
        // Told apart from the variable of instances by the highest bit.
        self.attribute(class | 1 << 31, attr)
    }

    #[allow(clippy::too_many_arguments)]
    fn load_instance(
        &mut self,
        base: ValueId,
        class: ClassId,
        attr: Sym,
        to: Var,
        site: Site,
        how: How,
        is_bound: bool,
    ) {
        let program = self.program;
        if attr == self.known.class {
            self.add(to, if is_bound { Value::AnyClass(class) } else { Value::Class(class) });
            return;
        }
        let kin = self.kin(class, attr);
        if let Some(var) = kin.own {
            self.hide(var, Hidden::Bind { receiver: base, to, site, how });
        }
        let mut is_known = kin.own.is_some();
        if is_bound {
            for (below, var) in self.overrides(&kin, class, attr) {
                is_known = true;
                let receiver = self.values.id(Value::Bounded { class: *below, own: false });
                let how = How::Override;
                self.hide(*var, Hidden::Bind { receiver, to, site, how });
            }
        }
        let stored = self.stored(&kin, class, attr, is_bound);
        is_known |= stored.is_known;
        for var in stored.vars.iter() {
            self.graph.edge(*var, to);
        }
        if let Some(hook) = self.kin(class, self.known.getattribute).own {
            self.run_hook(base, hook, attr, to, site, how);
        }
        if program.foreign.contains(&attr) && kin.own.is_none() {
            for holder in &program.classes[class as usize].mro {
                let var = self.class_attribute(*holder, attr);
                self.hide(var, Hidden::Bind { receiver: base, to, site, how });
            }
        }
        // A name that is only annotated is no attribute until something stores it.
        let is_field = self.is_field(&kin, class, attr);
        if is_known || is_field && program.classes[class as usize].is_record {
            return;
        }
        if let Some(hook) = self.kin(class, self.known.getattr).own {
            self.run_hook(base, hook, attr, to, site, how);
            return;
        }
        if is_field {
            return;
        }
        if program.classes[class as usize].is_open {
            self.inherit_openly(class, base, attr, to, site);
        }
        if self.is_property_class(class) && matches!(self.syms.text(attr), "fget" | "fset" | "fdel")
        {
            let info = &program.classes[class as usize];
            for holder in info.mro.iter().chain(&info.below) {
                let var = self.attribute(*holder, attr);
                self.graph.edge(var, to);
            }
            return;
        }
        if let Some(outside) = program.classes[class as usize].outside.first() {
            self.outside_attribute(base, class, *outside, attr, to);
        } else if self.syms.text(attr).starts_with("__") {
            // What every object has.
            self.add(to, Value::Native { receiver: base, name: attr });
        }
    }

    /// An attribute that must come from a base outside the project.
    fn outside_attribute(
        &mut self,
        base: ValueId,
        class: ClassId,
        outside: Sym,
        attr: Sym,
        to: Var,
    ) {
        if let Some(name) = self.template(class, attr) {
            self.add(to, Value::Template { receiver: base, name });
            return;
        }
        match self.syms.text(outside).strip_prefix("builtins.") {
            Some("object") | None if self.syms.text(outside) != "builtins.object" => {
                if let Some(value) = self.external_attribute(outside, attr) {
                    self.add(to, value);
                }
            }
            _ => self.add(to, Value::Native { receiver: base, name: attr }),
        }
    }

    /// `__getattr__` or `__getattribute__` runs with the attribute's name.
    fn run_hook(&mut self, base: ValueId, hook: Var, attr: Sym, to: Var, site: Site, how: How) {
        if !self.done.insert((u32::MAX - 1, base, hook, site)) {
            return;
        }
        let name = self.graph.var();
        self.add(name, Value::Text(attr));
        let call = self.call_with(&[name], to, site, EdgeKind::Attribute);
        let bound = self.graph.var();
        self.hide(hook, Hidden::BindSpecial { receiver: base, to: bound, site, how });
        self.hide(bound, Hidden::Invoke { call, how });
    }

    /// An invocation with plain positional arguments.
    pub fn call_with(&mut self, args: &[Var], to: Var, site: Site, kind: EdgeKind) -> Invocation {
        let first = self.args.len() as u32;
        for var in args {
            self.args.push(super::solver::Argument {
                kind: ArgKind::Positional,
                name: 0,
                var: *var,
            });
        }
        Invocation { site, to, first, count: args.len() as u32, kind }
    }

    fn load_class_attribute(
        &mut self,
        base: ValueId,
        class: ClassId,
        attr: Sym,
        to: Var,
        site: Site,
        is_bound: bool,
    ) {
        let program = self.program;
        let info = &program.classes[class as usize];
        let kin = self.kin(class, attr);
        let mut is_known = kin.own.is_some();
        if let Some(var) = kin.own {
            self.hide(var, Hidden::Bind { receiver: base, to, site, how: How::Flow });
        }
        if is_bound {
            for (below, var) in self.overrides(&kin, class, attr) {
                is_known = true;
                let receiver = self.values.id(Value::AnyClass(*below));
                self.hide(*var, Hidden::Bind { receiver, to, site, how: How::Override });
            }
        }
        if program.stored.contains(&attr) && kin.own.is_none() {
            for holder in &info.mro {
                let var = self.attribute(*holder, attr);
                self.graph.edge(var, to);
            }
            is_known |= program.stores(class, attr);
        }
        if program.foreign.contains(&attr) && kin.own.is_none() {
            for holder in &info.mro {
                let var = self.class_attribute(*holder, attr);
                self.graph.edge(var, to);
            }
        }
        if is_known {
            return;
        }
        if let Some(meta) = info.metaclass
            && program.foreign.contains(&attr)
        {
            // What the metaclass stores on the classes it makes.
            for holder in &program.classes[meta as usize].mro {
                let var = self.attribute(*holder, attr);
                self.graph.edge(var, to);
            }
        }
        if let Some(meta) = info.metaclass {
            if let Some((_, var)) = program.member(meta, attr) {
                self.hide(var, Hidden::Bind { receiver: base, to, site, how: How::Flow });
                return;
            }
            if let Some((_, hook)) = program.member(meta, self.known.getattr) {
                self.run_hook(base, hook, attr, to, site, How::Flow);
                return;
            }
        }
        if matches!(self.syms.text(attr), "__name__" | "__qualname__" | "__module__" | "__doc__") {
            self.add(to, Value::Literal(Literal::Text));
        } else if let Some(outside) = info.outside.first() {
            self.outside_attribute(base, class, *outside, attr, to);
        } else {
            self.add(to, Value::Native { receiver: base, name: attr });
        }
        if info.is_open {
            self.inherit_openly(class, base, attr, to, site);
        }
    }

    /// What a class member becomes when it is reached through `receiver`.
    pub fn bind(&mut self, member: ValueId, receiver: ValueId, to: Var, site: Site, how: How) {
        let owner = self.values.get(receiver);
        let class_receiver = match owner {
            Value::Instance(class) => Some(self.values.id(Value::Class(class))),
            Value::Bounded { class, .. } => Some(self.values.id(Value::AnyClass(class))),
            _ => None,
        };
        match self.values.get(member) {
            Value::Function(body) => match class_receiver {
                Some(_) => self.add(to, Value::Method { body, receiver, how }),
                // A metaclass's method binds the class; a class's own method does not.
                None if self.is_metaclass_method(body, receiver) => {
                    self.add(to, Value::Method { body, receiver, how });
                }
                None => self.graph.add(to, member),
            },
            Value::ManagerFunction(body) => self.add(to, Value::Method { body, receiver, how }),
            Value::Dispatcher(body) if class_receiver.is_some() => {
                self.add(to, Value::Method { body, receiver, how });
                let overloads = self.function_attribute(body, self.known.overloads);
                self.hide(overloads, Hidden::Bind { receiver, to, site, how });
            }
            Value::PartialMethod(id) => self.bind_partial(id, receiver, to),
            Value::Factory(maker) => {
                let call = self.call_with(&[], to, 0, EdgeKind::Callback);
                self.hide(maker, Hidden::Invoke { call, how: How::Callback });
            }
            Value::Static(inner) => self.graph.add(to, inner),
            Value::ClassMethod(inner) => {
                let receiver = class_receiver.unwrap_or(receiver);
                match self.values.get(inner) {
                    Value::Function(body) => self.add(to, Value::Method { body, receiver, how }),
                    _ => self.graph.add(to, inner),
                }
            }
            Value::QuietProperty(id) if class_receiver.is_some() => {
                if self.done.insert((u32::MAX - 2, member, receiver, to)) {
                    let getter = self.properties[id as usize].getter;
                    let this = self.graph.var();
                    self.graph.add(this, receiver);
                    let call = self.call_with(&[this], to, 0, EdgeKind::Attribute);
                    self.hide(getter, Hidden::Invoke { call, how });
                }
            }
            Value::QuietProperty(_) => {}
            Value::Property(id) => {
                if class_receiver.is_none() {
                    self.graph.add(to, member);
                    return;
                }
                if !self.done.insert((u32::MAX - 2, member, receiver, to)) {
                    return;
                }
                let getter = self.properties[id as usize].getter;
                let this = self.graph.var();
                self.graph.add(this, receiver);
                let call = self.call_with(&[this], to, site, EdgeKind::Attribute);
                self.hide(getter, Hidden::Invoke { call, how });
            }
            Value::Instance(class) | Value::Bounded { class, .. } => {
                match self.kin(class, self.known.get).own {
                    Some(_) => {
                        let this = self.graph.var();
                        if class_receiver.is_some() {
                            self.graph.add(this, receiver);
                        }
                        let owner = self.graph.var();
                        self.graph.add(owner, class_receiver.unwrap_or(receiver));
                        let get = self.known.get;
                        self.special(member, get, &[this, owner], to, site, EdgeKind::Attribute);
                    }
                    None => self.graph.add(to, member),
                }
            }
            // A member of an enumeration is an instance of it.
            Value::Text(_)
            | Value::Number(_)
            | Value::Literal(_)
            | Value::Object(_)
            | Value::External(_)
            | Value::Opaque
            | Value::Made(_) => match owner {
                Value::Class(class) | Value::AnyClass(class)
                    if self.program.classes[class as usize].is_enum =>
                {
                    self.add(to, Value::Instance(class));
                }
                _ => self.graph.add(to, member),
            },
            _ => self.graph.add(to, member),
        }
    }

    pub fn bind_special(
        &mut self,
        member: ValueId,
        receiver: ValueId,
        to: Var,
        site: Site,
        how: How,
    ) {
        let (Value::Instance(class) | Value::Bounded { class, .. }) = self.values.get(member)
        else {
            self.bind(member, receiver, to, site, how);
            return;
        };
        if self.kin(class, self.known.get).own.is_some() {
            self.special(member, self.known.get, &[0, 0], 0, site, EdgeKind::Attribute);
        } else {
            self.graph.add(to, member);
        }
    }

    fn is_metaclass_method(&self, body: u32, receiver: ValueId) -> bool {
        let (Value::Class(class) | Value::AnyClass(class)) = self.values.get(receiver) else {
            return false;
        };
        let Some(meta) = self.program.classes[class as usize].metaclass else { return false };
        let Some(owner) = self.program.bodies[body as usize].owner else { return false };
        self.program.derives(meta, owner) && !self.program.derives(class, owner)
    }

    /// Calls a special method of a value's class. False when the project has none for it.
    pub fn special(
        &mut self,
        base: ValueId,
        name: Sym,
        args: &[Var],
        to: Var,
        site: Site,
        kind: EdgeKind,
    ) -> bool {
        let program = self.program;
        let (class, how, is_bound) = match self.values.get(base) {
            Value::Instance(class) => (class, How::Flow, false),
            Value::Bounded { class, own } => {
                (class, if own { How::Own } else { How::Annotated }, true)
            }
            Value::Class(class) | Value::AnyClass(class) => {
                match program.classes[class as usize].metaclass {
                    Some(meta) => (meta, How::Flow, false),
                    None => return false,
                }
            }
            _ => return false,
        };
        let kin = self.kin(class, name);
        let below = if is_bound { self.overrides(&kin, class, name) } else { &[] };
        if kin.own.is_none() && below.is_empty() {
            return false;
        }
        if !self.done.insert((name, base, site, to)) {
            return true;
        }
        let call = self.call_with(args, to, site, kind);
        if let Some(var) = kin.own {
            self.call_member(base, var, call, how);
        }
        for (id, var) in below {
            let receiver = self.values.id(Value::Bounded { class: *id, own: false });
            self.call_member(receiver, *var, call, How::Override);
        }
        true
    }

    fn call_member(&mut self, receiver: ValueId, member: Var, call: Invocation, how: How) {
        let bound = self.graph.var();
        let site = call.site;
        match self.values.get(receiver) {
            Value::Class(_) | Value::AnyClass(_) => {
                // A metaclass's special method takes the class.
                for value in self.held(member) {
                    if let Value::Function(body) = self.values.get(value) {
                        self.add(bound, Value::Method { body, receiver, how });
                    }
                }
            }
            _ => self.hide(member, Hidden::BindSpecial { receiver, to: bound, site, how }),
        }
        self.hide(bound, Hidden::Invoke { call, how });
    }

    /// `getattr(base, name)` with a name that is known, or known in part.
    pub fn dynamic_load(&mut self, base: ValueId, name: ValueId, to: Var, site: Site) {
        if !self.done.insert((u32::MAX - 3, base, name, to)) {
            return;
        }
        match self.values.get(name) {
            Value::Text(attr) => self.load_attribute(base, attr, to, site),
            Value::Pattern(prefix, suffix) => self.load_matching(base, prefix, suffix, to, site),
            _ => {}
        }
    }

    /// All members whose names fit a pattern.
    pub fn load_matching(&mut self, base: ValueId, prefix: Sym, suffix: Sym, to: Var, site: Site) {
        let program = self.program;
        let (class, is_bound) = match self.values.get(base) {
            Value::Instance(class) => (class, false),
            Value::Bounded { class, .. } => (class, true),
            _ => return,
        };
        let (prefix, suffix) =
            (self.syms.text(prefix).to_owned(), self.syms.text(suffix).to_owned());
        if prefix.len() + suffix.len() < 2 {
            return;
        }
        let mut classes = program.classes[class as usize].mro.clone();
        if is_bound {
            classes.extend(program.classes[class as usize].below.iter().copied());
        }
        for holder in classes {
            let info = &program.classes[holder as usize];
            let file = &program.files[info.file as usize];
            for (name, var) in &info.facts.members {
                let text = self.syms.text(file.syms[*name as usize]);
                if text.starts_with(&prefix)
                    && text.ends_with(&suffix)
                    && text.len() >= prefix.len() + suffix.len()
                {
                    let var = file.vars + var;
                    self.hide(var, Hidden::Bind { receiver: base, to, site, how: How::Dispatch });
                }
            }
        }
    }

    pub fn type_of(&mut self, value: ValueId, to: Var) {
        match self.values.get(value) {
            Value::Instance(class) => self.add(to, Value::Class(class)),
            Value::Bounded { class, .. } => self.add(to, Value::AnyClass(class)),
            Value::Class(class) | Value::AnyClass(class) => {
                if let Some(meta) = self.program.classes[class as usize].metaclass {
                    self.add(to, Value::Class(meta));
                }
            }
            _ => {}
        }
    }

    /// A property around `getter`.
    pub fn property(&mut self, at: Var) -> u32 {
        if let Some(known) = self.property_ids.get(&(at, 0)) {
            return *known;
        }
        let id = self.properties.len() as u32;
        let info = PropertyInfo {
            getter: self.graph.var(),
            setter: self.graph.var(),
            deleter: self.graph.var(),
        };
        self.properties.push(info);
        self.property_ids.insert((at, 0), id);
        id
    }

    pub fn external_edge(&mut self, site: Site, name: Sym, kind: EdgeKind, how: How) {
        self.edge(site, Target::External(name), kind, how);
    }
}

fn is_text_attribute(name: &str) -> bool {
    matches!(name, "__name__" | "__qualname__" | "__doc__" | "__module__")
}
