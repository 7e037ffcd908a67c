//! Calls of things outside the project: what they hand back, and whom they call back.

use super::effects::{self, Argument, Back, Effect};
use super::solver::{Argument as Given, Hidden, Invocation, Site, Solver};
use super::standard;
use super::values::{How, Key, ObjectId, Sym, Value, ValueId, Var};
use crate::model::EdgeKind;
use crate::model::facts::python::calls::{ArgKind, Literal, Shape};

impl<'a> Solver<'a, '_> {
    /// What calling something outside does; looked up once per name.
    pub fn effects_of(&mut self, name: Sym) -> Option<&'static [Effect]> {
        let text = self.syms.text(name);
        *self.effects.entry(name).or_insert_with(|| {
            // `executor.submit` by whatever the executor is called.
            let by_method = || effects::of(&format!("*.{}", text.rsplit_once('.')?.1));
            effects::of(text).or_else(by_method)
        })
    }

    /// `receiver` is the instance of the project's class that inherits the method called.
    pub fn call_external(
        &mut self,
        call: Invocation,
        name: Sym,
        how: How,
        receiver: Option<ValueId>,
    ) {
        self.external_edge(call.site, name, call.kind, how);
        if self.effects_of(name).is_none() {
            self.decorate_unknown(call);
            if call.kind != EdgeKind::Decorator
                && let Some((owner, gives)) = self.standard_result(name)
            {
                self.give_standard(call.to, owner, gives);
                return;
            }
            // What comes back goes by the name of what made it.
            self.add(call.to, Value::External(name));
            return;
        }
        if !self.run_effects(call, name, receiver) {
            self.add(call.to, Value::External(name));
        }
    }

    /// Applies what the table says of a function; true when that is what the call hands back.
    pub fn run_effects(&mut self, call: Invocation, name: Sym, receiver: Option<ValueId>) -> bool {
        let mut gives = false;
        let effects = self.effects_of(name).unwrap_or_default();
        for effect in effects {
            gives |= self.apply_effect(call, effect, receiver);
        }
        gives
    }

    /// Applies one effect; true when it says what the call hands back.
    fn apply_effect(
        &mut self,
        call: Invocation,
        effect: &Effect,
        receiver: Option<ValueId>,
    ) -> bool {
        match effect {
            Effect::Call(back) => {
                self.call_back(call, back, 0);
                false
            }
            Effect::Promise(back) => {
                let result = self.graph.var();
                self.call_back(call, back, result);
                self.add(call.to, Value::Promise(result));
                true
            }
            Effect::Each { argument, of, spread } => {
                let var = self.argument(call, *argument);
                let of = self.positional(call, *of).unwrap_or(0);
                let element = self.elements_of(of, call);
                let result = self.graph.var();
                let back = if *spread {
                    self.call_spread(ArgKind::Star, element, result, call.site)
                } else {
                    self.call_with(&[element, element], result, call.site, EdgeKind::Callback)
                };
                self.hide(var, Hidden::Invoke { call: back, how: How::Callback });
                self.graph.edge(result, call.to);
                self.stream(call.to, result, 1);
                true
            }
            Effect::Methods(argument, names) => {
                let var = self.argument(call, *argument);
                for name in names {
                    let name = self.syms.borrow(name);
                    let args = self.call_with(&[0], 0, call.site, EdgeKind::Callback);
                    self.hide(var, Hidden::Method { name, call: args });
                }
                false
            }
            Effect::Runs(names) => {
                let Some(receiver) = receiver else { return false };
                let mut gives = false;
                for name in names {
                    // `=` marks the method whose result is handed back.
                    let (name, to) = match name.strip_prefix('=') {
                        Some(name) => (name, call.to),
                        None => (*name, 0),
                    };
                    gives |= to != 0;
                    let first = self.positional(call, 0).unwrap_or(0);
                    let first = if name.starts_with("__") { first } else { 0 };
                    let back = self.call_with(&[first], to, call.site, EdgeKind::Callback);
                    self.run_named(receiver, name, back);
                }
                gives
            }
            Effect::Operator(name) => {
                let name = self.syms.borrow(name);
                let right = self.positional(call, 1).unwrap_or(0);
                let args = self.call_with(&[right], call.to, call.site, EdgeKind::Callback);
                let var = self.positional(call, 0).unwrap_or(0);
                self.hide(var, Hidden::Method { name, call: args });
                true
            }
            Effect::Enters(at) => {
                let var = self.positional(call, *at).unwrap_or(0);
                self.hide(var, Hidden::Enter { to: call.to, site: call.site });
                true
            }
            Effect::Missing(at) => {
                let object = self.derived(call.to, 6, Shape::Dict);
                self.add(call.to, Value::Object(object));
                let maker = self.positional(call, *at).unwrap_or(0);
                self.objects[object as usize].maker = maker;
                true
            }
            Effect::Factory(argument) => {
                let maker = self.argument(call, *argument);
                if maker == 0 {
                    return false;
                }
                self.add(call.to, Value::Factory(maker));
                true
            }
            Effect::Getter(reads) => {
                self.add(
                    call.to,
                    Value::Getter { reads: *reads, first: call.first, count: call.count },
                );
                true
            }
            Effect::Binds => {
                let to = self.positional(call, 1).unwrap_or(0);
                for receiver in self.held(to) {
                    let from = self.positional(call, 0).unwrap_or(0);
                    let how = How::Flow;
                    self.hide(from, Hidden::Bind { receiver, to: call.to, site: call.site, how });
                }
                true
            }
            Effect::Caches => {
                let from = self.positional(call, 0).unwrap_or(0);
                self.hide(from, Hidden::Cache { to: call.to });
                if call.kind != EdgeKind::Decorator {
                    self.add(call.to, Value::Caches);
                }
                true
            }
            Effect::Imports(at) => {
                let var = self.positional(call, *at).unwrap_or(0);
                self.hide(var, Hidden::Import { to: call.to, site: call.site });
                true
            }
            Effect::PartialMethod => {
                self.make_partial(call, true);
                true
            }
            Effect::Dispatches => {
                let from = self.positional(call, 0).unwrap_or(0);
                self.hide(from, Hidden::Dispatch { to: call.to });
                true
            }
            Effect::Pass(at) => {
                let var = self.positional(call, *at).unwrap_or(0);
                self.graph.edge(var, call.to);
                true
            }
            Effect::Result(at) => {
                let var = self.positional(call, *at).unwrap_or(0);
                let back = self.call_with(&[0], call.to, call.site, EdgeKind::Callback);
                self.hide(var, Hidden::Invoke { call: back, how: How::Callback });
                true
            }
            Effect::Gives(what) => {
                self.give(call, what);
                true
            }
            Effect::Partial => {
                self.make_partial(call, false);
                true
            }
            Effect::Wraps => {
                let of = self.positional(call, 0).unwrap_or(0);
                self.add(call.to, Value::Wraps(of));
                true
            }
            Effect::Property => {
                let id = self.property(call.to);
                let getter = self.properties[id as usize].getter;
                let from = self.positional(call, 0).unwrap_or(0);
                self.graph.edge(from, getter);
                self.add(call.to, Value::Property(id));
                true
            }
            Effect::Manager => {
                let from = self.positional(call, 0).unwrap_or(0);
                self.hide(from, Hidden::Manage { to: call.to });
                true
            }
            Effect::Decorates => {
                let from = self.positional(call, 0).unwrap_or(0);
                self.graph.edge(from, call.to);
                false
            }
            Effect::MakesDecorator => {
                // `@lru_cache` and `@lru_cache(10)` are both seen.
                match call.kind {
                    EdgeKind::Decorator => {
                        let from = self.positional(call, 0).unwrap_or(0);
                        self.graph.edge(from, call.to);
                    }
                    _ => {
                        let none = self.graph.var();
                        self.add(call.to, Value::Wraps(none));
                    }
                }
                true
            }
            Effect::Awaits(at) => {
                let var = self.positional(call, *at).unwrap_or(0);
                self.hide(var, Hidden::Await { to: call.to, site: call.site });
                true
            }
        }
    }

    /// Makes a function a context manager.
    pub fn manage(&mut self, value: u32, to: Var) {
        match self.values.get(value) {
            Value::Function(body) => {
                self.make_manager(body);
                self.add(to, Value::ManagerFunction(body));
            }
            _ => self.graph.add(to, value),
        }
    }

    /// What calling a function of the standard library gives, and whose member it is.
    pub fn standard_result(&mut self, name: Sym) -> Option<(Sym, &'static str)> {
        if let Some(known) = self.results.get(&name) {
            return *known;
        }
        let (owner, member) = self.syms.text(name).rsplit_once('.')?;
        let found = standard::member(owner, member).filter(|member| !member.is_attribute);
        let owner = owner.to_owned();
        let found = found.map(|member| (self.syms.own(owner), member.gives));
        self.results.insert(name, found);
        found
    }

    /// Hands back what `standard.txt` says.
    fn give_standard(&mut self, to: Var, owner: Sym, gives: &'static str) {
        let (shape, element) = match gives.split_once(':') {
            Some(("list", element)) => (Shape::List, element),
            Some((_, element)) => (Shape::Stream, element),
            None if gives == "texts" => (Shape::List, "text"),
            None => {
                let value = self.standard_value(owner, gives);
                return self.add(to, value);
            }
        };
        let object = self.derived(to, 6, shape);
        self.add(to, Value::Object(object));
        let rest = self.objects[object as usize].rest;
        let value = self.standard_value(owner, element);
        self.add(rest, value);
    }

    pub fn standard_value(&mut self, owner: Sym, gives: &'static str) -> Value {
        match gives {
            "text" => Value::Literal(Literal::Text),
            "bytes" => Value::Literal(Literal::Bytes),
            "number" => Value::Literal(Literal::Number),
            "bool" => Value::Literal(Literal::Bool),
            "Self" => Value::External(owner),
            class => Value::External(self.syms.borrow(class)),
        }
    }

    fn argument(&self, call: Invocation, argument: Argument) -> Var {
        match argument {
            Argument::At(at) => self.positional(call, at),
            Argument::Named(name) => self.keyword(call, name),
            Argument::Either(at, name) => {
                self.keyword(call, name).or_else(|| self.positional(call, at))
            }
        }
        .unwrap_or(0)
    }

    /// Calls an argument as the table says.
    fn call_back(&mut self, call: Invocation, back: &Back, to: Var) {
        let callee = self.argument(call, back.argument);
        if callee == 0 {
            return;
        }
        let first = self.args.len() as u32;
        let (from, upto) = match back.rest {
            Some(rest) => (call.first + rest.min(call.count), call.first + call.count),
            None => (0, 0),
        };
        for at in from..upto {
            let arg = self.args[at as usize];
            self.args.push(arg);
        }
        for (kind, argument) in [(ArgKind::Star, back.star), (ArgKind::DoubleStar, back.stars)] {
            let var = argument.map_or(0, |argument| self.argument(call, argument));
            if var != 0 {
                self.args.push(Given { kind, name: 0, var });
            }
        }
        if back.rest.is_none() && back.star.is_none() {
            // It gets something that nobody knows.
            self.args.push(Given { kind: ArgKind::Positional, name: 0, var: 0 });
        }
        let count = self.args.len() as u32 - first;
        let back = Invocation { site: call.site, to, first, count, kind: EdgeKind::Callback };
        self.hide(callee, Hidden::Invoke { call: back, how: How::Callback });
    }

    /// An invocation with one starred argument.
    fn call_spread(&mut self, kind: ArgKind, var: Var, to: Var, site: Site) -> Invocation {
        let first = self.args.len() as u32;
        self.args.push(Given { kind, name: 0, var });
        Invocation { site, to, first, count: 1, kind: EdgeKind::Callback }
    }

    /// Calls a method that code outside is known to call on a value, if the project wrote it.
    pub fn run_method(&mut self, value: ValueId, name: Sym, call: Invocation) {
        let (class, value) = match self.values.get(value) {
            Value::Instance(class) | Value::Bounded { class, .. } => (class, value),
            Value::Class(class) => (class, self.values.id(Value::Instance(class))),
            Value::AnyClass(class) => (class, self.values.id(Value::Bounded { class, own: false })),
            _ => return,
        };
        let kin = self.kin(class, name);
        let is_bound = matches!(self.values.get(value), Value::Bounded { .. });
        let is_ours =
            kin.own.is_some() || is_bound && !self.overrides(&kin, class, name).is_empty();
        if !is_ours || !self.done.insert((u32::MAX - 9, value, name, call.site)) {
            return;
        }
        let bound = self.graph.var();
        self.load_attribute(value, name, bound, 0);
        self.hide(bound, Hidden::Invoke { call, how: How::Callback });
    }

    /// `run` or `visit_*` of a receiver.
    fn run_named(&mut self, receiver: ValueId, name: &'static str, call: Invocation) {
        match name.strip_suffix('*') {
            None => {
                let name = self.syms.borrow(name);
                self.run_method(receiver, name, call);
            }
            Some(prefix) => {
                let name = self.syms.borrow(prefix);
                if !self.done.insert((u32::MAX - 9, receiver, name, call.site)) {
                    return;
                }
                let bound = self.graph.var();
                let suffix = self.syms.borrow("");
                self.load_matching(receiver, name, suffix, bound, 0);
                self.hide(bound, Hidden::Invoke { call, how: How::Callback });
            }
        }
    }

    fn give(&mut self, call: Invocation, what: &'static str) {
        let (shape, element) = match what {
            "text" => return self.add(call.to, Value::Literal(Literal::Text)),
            "bytes" => return self.add(call.to, Value::Literal(Literal::Bytes)),
            "number" => return self.add(call.to, Value::Literal(Literal::Number)),
            "bool" => return self.add(call.to, Value::Literal(Literal::Bool)),
            "none" => return self.add(call.to, Value::Literal(Literal::None)),
            "texts" => (Shape::List, Some(Value::Literal(Literal::Text))),
            "list" => (Shape::List, None),
            "dict" => (Shape::Dict, None),
            "stream" => (Shape::Stream, None),
            "namespace" => {
                let object = self.derived(call.to, 6, Shape::Dict);
                self.fill_namespace(call, object);
                return self.add(call.to, Value::Record(object));
            }
            other => {
                let name = self.syms.borrow(other);
                return self.add(call.to, Value::External(name));
            }
        };
        let object = self.derived(call.to, 6, shape);
        self.add(call.to, Value::Object(object));
        let rest = self.objects[object as usize].rest;
        match element {
            Some(element) => self.add(rest, element),
            None => {
                for at in 0..call.count {
                    let arg = self.args[(call.first + at) as usize];
                    match arg.kind {
                        ArgKind::Positional => self.hide(arg.var, Hidden::Fill { object }),
                        ArgKind::Keyword if shape == Shape::Dict => {
                            let field = self.field(object, Key::Text(arg.name));
                            self.graph.edge(arg.var, field);
                        }
                        _ => {}
                    }
                }
            }
        }
    }

    /// `SimpleNamespace(a=1)`
    fn fill_namespace(&mut self, call: Invocation, object: ObjectId) {
        for at in call.first..call.first + call.count {
            let arg = self.args[at as usize];
            match arg.kind {
                ArgKind::Keyword => {
                    let field = self.field(object, Key::Text(arg.name));
                    self.graph.edge(arg.var, field);
                }
                ArgKind::DoubleStar => self.hide(arg.var, Hidden::Fill { object }),
                _ => {}
            }
        }
    }
}
