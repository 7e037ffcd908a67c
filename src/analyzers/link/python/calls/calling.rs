//! Calls: binding arguments to parameters, construction, results.

use super::program::is_positional;
use super::solver::{Hidden, Invocation, Site, Solver, Target};
use super::values::{BodyId, ClassId, How, Key, Sym, Value, ValueId, Var};
use crate::model::EdgeKind;
use crate::model::facts::python::calls::{ArgKind, ParamKind};

impl<'a> Solver<'a, '_> {
    /// Calls a value.
    pub fn invoke(&mut self, call: Invocation, callee: ValueId, how: How) {
        let value = self.values.get(callee);
        if call.site != 0 && !matches!(value, Value::Opaque | Value::Literal(_)) {
            self.settled[call.site as usize] = true;
        }
        match value {
            Value::Function(body) => self.enter(call, body, None, how),
            Value::Method { body, receiver, how: found } => {
                self.enter(call, body, Some(receiver), how.max(found));
            }
            Value::Class(class) => self.construct(call, class, how, false),
            Value::AnyClass(class) => self.construct(call, class, how, true),
            Value::Instance(class) | Value::Bounded { class, .. } => {
                let name = self.known.call;
                // Once per place: what `__call__` hands out may be called here again.
                if !self.done.insert((u32::MAX - 8, callee, call.site, call.to)) {
                    return;
                }
                let to = self.graph.var();
                if self.kin(class, name).own.is_some()
                    || matches!(self.values.get(callee), Value::Bounded { .. })
                    || self.template(class, name).is_some()
                {
                    self.load_attribute(callee, name, to, call.site);
                    self.hide(to, Hidden::Invoke { call, how });
                } else if let Some(outside) = self.program.classes[class as usize].outside.first()
                    && !self.syms.text(*outside).starts_with("builtins.")
                    && let Some(Value::External(name)) = self.external_attribute(*outside, name)
                {
                    self.external_edge(call.site, name, call.kind, how);
                }
            }
            Value::External(name) => self.call_external(call, name, how, None),
            Value::Template { receiver, name }
                if self.done.insert((u32::MAX - 12, callee, call.site, call.to)) =>
            {
                self.call_external(call, name, how, Some(receiver));
            }
            Value::Getter { reads, first, count } => self.read_off(call, reads, first, count),
            Value::Dispatcher(body) => {
                self.enter(call, body, None, how);
                if self.done.insert((u32::MAX - 12, callee, call.site, call.to)) {
                    let overloads = self.function_attribute(body, self.known.overloads);
                    self.hide(overloads, Hidden::Invoke { call, how });
                }
            }
            Value::Registrar(body) => {
                let (of, to) = (self.positional(call, 0).unwrap_or(0), call.to);
                match self.positional(call, 1) {
                    Some(function) => {
                        let overloads = self.function_attribute(body, self.known.overloads);
                        self.graph.edge(function, overloads);
                        self.graph.edge(function, to);
                    }
                    None => self.hide(of, Hidden::Register { body, to }),
                }
            }
            Value::Builtin(name) => self.call_builtin(call, name, how),
            Value::Native { receiver, name } => self.call_native(call, receiver, name, how),
            Value::Static(inner) | Value::ClassMethod(inner) => self.invoke(call, inner, how),
            Value::ManagerFunction(body) => self.enter(call, body, None, how),
            Value::Partial(id) => {
                // Its own arguments first, then the call's.
                let info = &self.partials[id as usize];
                let (callee, first, count) = (info.callee, info.first, info.count);
                if !self.done.insert((u32::MAX - 4, id, call.site, call.to)) {
                    return;
                }
                let joined = self.args.len() as u32;
                for at in first..first + count {
                    let arg = self.args[at as usize];
                    self.args.push(arg);
                }
                for at in call.first..call.first + call.count {
                    let arg = self.args[at as usize];
                    self.args.push(arg);
                }
                let call = Invocation { first: joined, count: count + call.count, ..call };
                self.hide(callee, Hidden::Invoke { call, how });
            }
            Value::Mute(body) => {
                self.edge(call.site, Target::Body(body), call.kind, how);
                if let Some(from) = self.positional(call, 0) {
                    self.flow_to_param(body, 0, from);
                }
            }
            Value::Caches => {
                let from = self.positional(call, 0).unwrap_or(0);
                self.hide(from, Hidden::Cache { to: call.to });
            }
            Value::Callable(result) => self.graph.edge(result, call.to),
            Value::Wraps(of) => {
                // The decorated function is handed back, knowing what it wraps.
                if let Some(arg) = self.positional(call, 0) {
                    self.graph.edge(arg, call.to);
                    let wrapped = self.known.wrapped;
                    for value in self.held(arg) {
                        if let Value::Function(body) = self.values.get(value) {
                            let var = self.function_attribute(body, wrapped);
                            self.graph.edge(of, var);
                        }
                    }
                }
            }
            Value::Opaque => {
                self.decorate_unknown(call);
                self.add(call.to, Value::Opaque);
            }
            _ => {}
        }
    }

    /// A decorator nothing is known of most often hands back what it decorates, or a wrapper.
    pub fn decorate_unknown(&mut self, call: Invocation) {
        if call.kind == EdgeKind::Decorator
            && let Some(arg) = self.positional(call, 0)
        {
            self.graph.edge(arg, call.to);
        }
    }

    /// The variable of a positional argument.
    pub fn positional(&self, call: Invocation, at: u32) -> Option<Var> {
        let args = &self.args[call.first as usize..(call.first + call.count) as usize];
        let arg = args.get(at as usize)?;
        let is_plain = args[..=at as usize].iter().all(|arg| arg.kind == ArgKind::Positional);
        (is_plain && arg.var != 0).then_some(arg.var)
    }

    pub fn keyword(&self, call: Invocation, name: &str) -> Option<Var> {
        let args = &self.args[call.first as usize..(call.first + call.count) as usize];
        let found = args
            .iter()
            .find(|arg| arg.kind == ArgKind::Keyword && self.syms.text(arg.name) == name);
        found.map(|arg| arg.var).filter(|var| *var != 0)
    }

    /// Calls a function of the project.
    pub fn enter(&mut self, call: Invocation, body: BodyId, receiver: Option<ValueId>, how: How) {
        self.edge(call.site, Target::Body(body), call.kind, how);
        let program = self.program;
        if self.cached.contains(&body) {
            for at in call.first..call.first + call.count {
                let var = self.args[at as usize].var;
                if self.done.insert((u32::MAX - 18, var, call.site, 0)) {
                    self.hide(var, Hidden::Hash { site: call.site });
                }
            }
            if let Some(receiver) = receiver {
                self.hash_key(receiver, call.site);
            }
        }
        let facts = program.bodies[body as usize].facts;
        let mut at = 0usize;
        // What each parameter got, for those that are handed back.
        let passes = &facts.passes;
        let is_plain = facts.yields == 0 && !facts.is_async;
        if let Some(receiver) = receiver {
            if let Some(var) = program.param_var(body, 0)
                && facts.params.first().is_some_and(is_positional)
            {
                match self.receiver_class(body, 0) {
                    Some(class) => self.receive(var, class, receiver),
                    None => self.graph.add(var, receiver),
                }
                at = 1;
            }
            if is_plain && passes.contains(&0) {
                self.graph.add(call.to, receiver);
            }
        }
        let rests = self.rests.get(&body).copied().unwrap_or((None, None));
        let mut extra = 0i64;
        for index in call.first..call.first + call.count {
            let arg = self.args[index as usize];
            match arg.kind {
                ArgKind::Positional => {
                    if facts.params.get(at).is_some_and(is_positional) {
                        self.flow_to_param(body, at, arg.var);
                        if is_plain && passes.contains(&(at as u16)) {
                            self.graph.edge(arg.var, call.to);
                        }
                        at += 1;
                    } else if let (Some(rest), _) = rests {
                        let var = self.field(rest, Key::Number(extra));
                        self.graph.edge(arg.var, var);
                        extra += 1;
                    }
                }
                ArgKind::Keyword => {
                    let file = &program.files[program.bodies[body as usize].file as usize];
                    let named = facts.params.iter().position(|param| {
                        file.syms[param.name as usize] == arg.name
                            && matches!(param.kind, ParamKind::Either | ParamKind::KeywordOnly)
                    });
                    if let Some(named) = named {
                        self.flow_to_param(body, named, arg.var);
                        if is_plain && passes.contains(&(named as u16)) {
                            self.graph.edge(arg.var, call.to);
                        }
                    } else if let (_, Some(keywords)) = rests {
                        let var = self.field(keywords, Key::Text(arg.name));
                        self.graph.edge(arg.var, var);
                    }
                }
                ArgKind::Star => {
                    if self.done.insert((u32::MAX - 5, body, arg.var, at as u32)) {
                        self.hide(arg.var, Hidden::Spread { body, at: at as u32 });
                    }
                }
                ArgKind::DoubleStar => {
                    if self.done.insert((u32::MAX - 6, body, arg.var, 0)) {
                        self.hide(arg.var, Hidden::SpreadKeywords { body });
                    }
                }
            }
        }
        if facts.yields != 0 {
            self.add(call.to, Value::Generator(body));
        } else if facts.is_async {
            self.add(call.to, Value::Coroutine(body));
        } else {
            self.graph.edge(program.var_of(body, facts.result), call.to);
            // A default that is handed back.
            for pass in passes {
                if *pass as usize >= at
                    && self.args_miss(call, body, *pass as usize)
                    && let Some(var) = program.param_var(body, *pass as usize)
                {
                    self.graph.edge(var, call.to);
                }
            }
        }
        if self.is_manager(body) {
            self.add(call.to, Value::Manager(body));
        }
    }

    /// Whether the call gives the parameter nothing directly.
    fn args_miss(&self, call: Invocation, body: BodyId, at: usize) -> bool {
        let info = &self.program.bodies[body as usize];
        let file = &self.program.files[info.file as usize];
        let Some(param) = info.facts.params.get(at) else { return true };
        let name = file.syms[param.name as usize];
        let args = &self.args[call.first as usize..(call.first + call.count) as usize];
        !args.iter().any(|arg| arg.kind == ArgKind::Keyword && arg.name == name)
    }

    fn is_manager(&self, body: BodyId) -> bool {
        self.managers.contains(&body)
    }

    /// Remembers that a function was made a context manager.
    pub fn make_manager(&mut self, body: BodyId) {
        self.managers.insert(body);
    }

    /// The values of a starred argument reach parameters.
    pub fn spread(&mut self, hidden: Hidden, value: ValueId) {
        match (hidden, self.values.get(value)) {
            (_, Value::Object(object)) => {
                self.watchers[object as usize].push(hidden);
                for (key, var) in self.objects[object as usize].fields.clone() {
                    self.spread_field(hidden, key, var);
                }
                let rest = self.objects[object as usize].rest;
                match hidden {
                    Hidden::Spread { body, at } => self.spread_all(body, at, rest),
                    Hidden::SpreadKeywords { body } => {
                        if let Some((_, Some(keywords))) = self.rests.get(&body).copied() {
                            let into = self.objects[keywords as usize].rest;
                            self.graph.edge(rest, into);
                        }
                    }
                    _ => {}
                }
            }
            (Hidden::Spread { body, at }, Value::Generator(made)) => {
                let facts = self.program.bodies[made as usize].facts;
                let yields = self.program.var_of(made, facts.yields);
                self.spread_all(body, at, yields);
            }
            _ => {}
        }
    }

    fn spread_all(&mut self, body: BodyId, at: u32, from: Var) {
        let facts = self.program.bodies[body as usize].facts;
        for index in at as usize..facts.params.len() {
            if is_positional(&facts.params[index]) {
                self.flow_to_param(body, index, from);
            }
        }
        if let Some((Some(rest), _)) = self.rests.get(&body).copied() {
            let into = self.objects[rest as usize].rest;
            self.graph.edge(from, into);
        }
    }

    /// One element of a starred argument reaches its parameter.
    pub fn spread_field(&mut self, hidden: Hidden, key: Key, var: Var) {
        match (hidden, key) {
            (Hidden::Spread { body, at }, Key::Number(number)) => {
                let facts = self.program.bodies[body as usize].facts;
                let index = at as i64 + number;
                if let Ok(index) = usize::try_from(index)
                    && facts.params.get(index).is_some_and(is_positional)
                {
                    self.flow_to_param(body, index, var);
                } else if let Some((Some(rest), _)) = self.rests.get(&body).copied() {
                    let positional =
                        facts.params.iter().filter(|param| is_positional(param)).count();
                    let into = self.field(rest, Key::Number(index - positional as i64));
                    self.graph.edge(var, into);
                }
            }
            (Hidden::SpreadKeywords { body }, Key::Text(name)) => {
                let info = &self.program.bodies[body as usize];
                let file = &self.program.files[info.file as usize];
                let named = info.facts.params.iter().position(|param| {
                    file.syms[param.name as usize] == name
                        && matches!(param.kind, ParamKind::Either | ParamKind::KeywordOnly)
                });
                if let Some(named) = named {
                    self.flow_to_param(body, named, var);
                } else if let Some((_, Some(keywords))) = self.rests.get(&body).copied() {
                    let into = self.field(keywords, Key::Text(name));
                    self.graph.edge(var, into);
                }
            }
            _ => {}
        }
    }

    /// Calls a class.
    pub fn construct(&mut self, call: Invocation, class: ClassId, how: How, is_bound: bool) {
        let program = self.program;
        let info = &program.classes[class as usize];
        let this =
            self.values.id(if is_bound { Value::AnyClass(class) } else { Value::Class(class) });
        if let Some(meta) = info.metaclass
            && let Some(var) = self.kin(meta, self.known.call).own
        {
            for value in self.held(var) {
                if let Value::Function(body) = self.values.get(value) {
                    self.enter(call, body, Some(this), how);
                }
            }
            self.add(call.to, Value::Instance(class));
            return;
        }
        self.make(call, class, how, is_bound);
    }

    /// What `type.__call__` does.
    pub fn make(&mut self, call: Invocation, class: ClassId, how: How, is_bound: bool) {
        let program = self.program;
        let info = &program.classes[class as usize];
        let this =
            self.values.id(if is_bound { Value::AnyClass(class) } else { Value::Class(class) });
        let kind = if call.kind == EdgeKind::Call { EdgeKind::Construct } else { call.kind };
        let call = Invocation { kind, ..call };
        if info.is_enum {
            self.add(call.to, Value::Instance(class));
            if let Some((_, var)) = program.member(class, self.known.enter_missing) {
                let call = Invocation { kind: EdgeKind::Implicit, ..call };
                self.hide(
                    var,
                    Hidden::Invoke { call: self.without_args(call), how: How::Override },
                );
            }
            return;
        }
        let made =
            if is_bound { Value::Bounded { class, own: false } } else { Value::Instance(class) };
        let made_id = self.values.id(made);
        self.graph.add(call.to, made_id);
        let mut is_made = false;
        if let Some(var) = self.kin(class, self.known.new).own {
            is_made = true;
            self.enter_member(call, var, this, how);
        }
        let init = self.kin(class, self.known.init);
        if let Some(var) = init.own {
            is_made = true;
            let silent = Invocation { to: 0, ..call };
            self.enter_member(silent, var, made_id, how);
        } else if info.is_record {
            is_made = true;
            self.fill_record(call, class, made_id);
        }
        if is_bound {
            for (below, var) in self.overrides(&init, class, self.known.init) {
                let receiver = self.values.id(Value::Bounded { class: *below, own: false });
                let silent = Invocation { to: 0, ..call };
                self.enter_member(silent, *var, receiver, How::Override);
            }
        }
        if self.is_property_class(class) {
            if !is_made {
                is_made = true;
                self.fill_property(call, class);
            }
            // Reading it runs the class's own `__get__`; what it gives is the getter's.
            let id = self.property(call.to);
            let getter = self.properties[id as usize].getter;
            let from = self.positional(call, 0).unwrap_or(0);
            self.graph.edge(from, getter);
            let is_read_by_us = self.kin(class, self.known.get).own.is_some();
            let made = if is_read_by_us { Value::QuietProperty(id) } else { Value::Property(id) };
            self.add(call.to, made);
        }
        if !is_made && info.is_open {
            let bound = self.graph.var();
            let name = self.known.init;
            for holder in &info.mro {
                let base = &program.classes[*holder as usize];
                let vars = program.files[base.file as usize].vars;
                for var in base.facts.bases.iter().filter(|var| **var != 0) {
                    let receiver = made_id;
                    let site = call.site;
                    self.hide(
                        vars + var,
                        Hidden::Inherit { receiver, attr: name, to: bound, site },
                    );
                }
            }
            self.hide(bound, Hidden::Invoke { call: Invocation { to: 0, ..call }, how });
        }
        if !is_made && let Some(outside) = info.outside.first() {
            let name = self.syms.text(*outside);
            if !name.starts_with("builtins.") && !is_marker(name) {
                let init = self.known.init;
                if let Some(Value::External(name)) = self.external_attribute(*outside, init) {
                    self.external_edge(call.site, name, kind, how);
                }
            }
        }
    }

    fn without_args(&self, call: Invocation) -> Invocation {
        Invocation { count: 0, to: 0, ..call }
    }

    /// Calls what a member variable holds with a receiver put first.
    fn enter_member(&mut self, call: Invocation, member: Var, receiver: ValueId, how: How) {
        let bound = self.graph.var();
        let is_class = matches!(self.values.get(receiver), Value::Class(_) | Value::AnyClass(_));
        if is_class {
            // `__new__` is a static method that takes the class.
            let this = self.graph.var();
            self.graph.add(this, receiver);
            let first = self.args.len() as u32;
            self.args.push(super::solver::Argument {
                kind: ArgKind::Positional,
                name: 0,
                var: this,
            });
            for at in call.first..call.first + call.count {
                let arg = self.args[at as usize];
                self.args.push(arg);
            }
            let call = Invocation { first, count: call.count + 1, ..call };
            for value in self.held(member) {
                if let Value::Function(body) = self.values.get(value) {
                    if let Some(var) = self.program.param_var(body, 0) {
                        self.graph.add(var, receiver);
                    }
                    self.enter(call, body, None, how);
                }
            }
            return;
        }
        self.hide(member, Hidden::Bind { receiver, to: bound, site: call.site, how });
        self.hide(bound, Hidden::Invoke { call, how });
    }

    /// The generated `__init__` of a record stores its arguments and runs the hooks.
    fn fill_record(&mut self, call: Invocation, class: ClassId, made: ValueId) {
        let program = self.program;
        let mut fields: Vec<(ClassId, Sym)> = Vec::new();
        for holder in program.classes[class as usize].mro.iter().rev() {
            let info = &program.classes[*holder as usize];
            let syms = &program.files[info.file as usize].syms;
            for field in &info.facts.fields {
                let name = syms[field.name as usize];
                if !fields.iter().any(|(_, known)| *known == name) {
                    fields.push((*holder, name));
                }
            }
        }
        for at in 0..call.count {
            let arg = self.args[(call.first + at) as usize];
            let field = match arg.kind {
                ArgKind::Positional => fields.get(at as usize).copied(),
                ArgKind::Keyword => fields.iter().find(|(_, name)| *name == arg.name).copied(),
                _ => None,
            };
            if let Some((holder, name)) = field {
                let var = self.attribute(holder, name);
                self.graph.edge(arg.var, var);
            }
        }
        for (holder, name) in &fields {
            // Defaults that a function makes are made now.
            if let Some(member) = program.members.get(&(*holder, *name)) {
                self.hide(*member, Hidden::Make { to: 0, site: call.site });
            }
        }
        for hook in [self.known.post_init, self.known.attrs_post_init, self.known.attrs_pre_init] {
            self.special(made, hook, &[], 0, call.site, EdgeKind::Implicit);
        }
    }

    /// `raise C` makes an instance.
    pub fn raise(&mut self, value: ValueId, site: Site) {
        if let Value::Class(class) = self.values.get(value) {
            let call = Invocation { site, to: 0, first: 0, count: 0, kind: EdgeKind::Construct };
            self.construct(call, class, How::Flow, false);
        }
    }
}

/// Bases that say what a class is and have no `__init__` worth naming.
fn is_marker(name: &str) -> bool {
    matches!(
        name,
        "typing.Generic"
            | "typing.Protocol"
            | "typing_extensions.Protocol"
            | "abc.ABC"
            | "typing.NamedTuple"
            | "typing.TypedDict"
    )
}
