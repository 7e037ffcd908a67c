//! Calls: functions of the project, classes, instances, methods of containers, and what leads out.

use std::rc::Rc;

use super::value::{Args, Closure, Env, How, Kind, Made, Value};
use super::{CALL_FUEL, Frame, LEAST_FUEL, MAX_CALLS, Machine, Seen};
use crate::model::Name;
use crate::model::facts::python::registries::{Expr, ExprId, ParamKind};
use crate::model::facts::python::schemas::Term;

impl<'a> Machine<'_, 'a> {
    /// A call written in a body.
    pub(super) fn call_at(
        &mut self,
        frame: &mut Frame<'a>,
        func: ExprId,
        callee: &Value,
        args: Args,
        line: u32,
    ) -> Value {
        if callee.is_unknown() {
            if let Some(method) = self.only_method(frame, func, &args) {
                return self.call_at(frame, func, &method, args, line);
            }
            self.guess(frame, func, &args, line);
            return self.derive(&args);
        }
        if self.calls > 0 {
            return self.call_in(callee, args, frame.file, line);
        }
        let outer = (self.site.how, self.site.registrar.clone());
        if self.site.how.is_none() {
            self.site.how = Some(How::Call);
        }
        if self.site.registrar.is_none() {
            self.site.registrar = self.callee_name(callee);
        }
        let is_container =
            matches!(callee, Value::Method(pair) if matches!(pair.0, Value::Object(_)));
        if is_container {
            // `C.append(f)` in a module body is the module's own doing.
            (self.site.how, self.site.registrar) = (Some(How::Assigned), None);
        }
        let kept = self.fuel;
        // Each call may take a part of what is left, so that none starves the rest of the body.
        self.fuel = (kept / 3).clamp(LEAST_FUEL, CALL_FUEL).min(kept);
        let granted = self.fuel;
        let value = self.call_in(callee, args, frame.file, line);
        self.fuel = kept - (granted - self.fuel.min(granted));
        (self.site.how, self.site.registrar) = outer;
        value
    }

    /// Remembers a telling call on something unknown: `app.add_node(Node)` in `setup(app)`.
    fn guess(&mut self, frame: &mut Frame<'a>, func: ExprId, args: &Args, line: u32) {
        if self.calls > 0 {
            return;
        }
        let facts = frame.facts;
        let Expr::Attr(object, method) = &facts.exprs[func as usize] else { return };
        let method = &*facts.strings[*method as usize];
        if !method.starts_with("register") && !method.starts_with("add_") && method != "connect" {
            return;
        }
        let Expr::Name(receiver) = &facts.exprs[*object as usize] else { return };
        if !args.iter().any(|arg| self.describe(arg).is_some()) {
            return;
        }
        let receiver = &facts.strings[*receiver as usize];
        self.guesses.push(Seen {
            callee: format!("{receiver}.{method}").into(),
            args: args.clone(),
            subject: None,
            receiver: None,
            file: frame.file,
            line,
            within: self.site.within.clone(),
        });
    }

    pub(super) fn call(&mut self, callee: &Value, args: Args) -> Value {
        let (file, line) = (self.site.file, self.site.line);
        self.call_in(callee, args, file, line)
    }

    fn call_in(&mut self, callee: &Value, args: Args, file: u32, line: u32) -> Value {
        if self.depth > super::MAX_DEPTH || self.fuel == 0 {
            return Value::Unknown;
        }
        self.depth += 1;
        let value = self.dispatch_call(callee, args, file, line);
        self.depth -= 1;
        value
    }

    fn dispatch_call(&mut self, callee: &Value, mut args: Args, file: u32, line: u32) -> Value {
        match callee {
            Value::Function(closure) => {
                let closure = closure.clone();
                self.call_function(&closure, args)
            }
            Value::Bound(pair) => {
                args.plain.insert(0, pair.1.clone());
                self.call_in(&pair.0.clone(), args, file, line)
            }
            Value::ClassMethod(inner) | Value::StaticMethod(inner) => {
                self.call_in(&inner.clone(), args, file, line)
            }
            Value::Partial(pair) => {
                let mut whole = pair.1.clone();
                whole.plain.append(&mut args.plain);
                for (name, value) in args.named {
                    whole.named.retain(|(known, _)| *known != name);
                    whole.named.push((name, value));
                }
                whole.open |= args.open;
                self.call_in(&pair.0.clone(), whole, file, line)
            }
            Value::Class(class) => self.instantiate(*class, args, file, line),
            Value::Object(id) => {
                let method = match self.objects[*id as usize].kind {
                    Kind::Instance(class) => self.class_attr(class, "__call__"),
                    _ => None,
                };
                match method {
                    Some(method) => {
                        args.plain.insert(0, callee.clone());
                        self.call_in(&method, args, file, line)
                    }
                    None => self.derive(&args),
                }
            }
            Value::Path(path) => {
                let path = path.clone();
                self.call_path(&path, args, file, line)
            }
            Value::Method(pair) => {
                let pair = pair.clone();
                match &pair.0 {
                    Value::Made(_) | Value::Method(_) => {
                        self.call_outside(callee, args, file, line)
                    }
                    receiver => match self.call_method(receiver, &pair.1, &args, file, line) {
                        Some(value) => value,
                        None => self.call_outside(callee, args, file, line),
                    },
                }
            }
            Value::Made(_) => self.call_outside(callee, args, file, line),
            Value::Derived(inner) => {
                // A wrapper that is called may well call what it wraps.
                match &**inner {
                    Value::Function(_) if self.calls < 3 => {
                        let derived = self.derive(&args);
                        match self.call_in(&inner.clone(), args, file, line) {
                            Value::Object(id)
                                if !matches!(derived, Value::Unknown)
                                    || !matches!(
                                        self.objects[id as usize].kind,
                                        Kind::Instance(_)
                                    ) =>
                            {
                                Value::Object(id)
                            }
                            value @ (Value::Function(_) | Value::Class(_) | Value::Str(_)) => value,
                            _ => derived,
                        }
                    }
                    _ => self.derive(&args),
                }
            }
            _ => self.derive(&args),
        }
    }

    /// A call that leads outside the project: remembered for the conventions.
    pub(super) fn call_outside(
        &mut self,
        callee: &Value,
        args: Args,
        file: u32,
        line: u32,
    ) -> Value {
        let Some((name, receiver)) = self.outside(callee) else { return self.derive(&args) };
        let telling = args.iter().any(|arg| !arg.is_unknown());
        if telling || self.site.subject.is_some() {
            self.see(name.clone(), args.clone(), receiver, line);
        }
        if let Value::Derived(inner) = self.derive(&args)
            && self.site.how == Some(How::Decorator)
        {
            return Value::Derived(inner);
        }
        Value::Made(Rc::new(Made { callee: name, args, file, line, receiver }))
    }

    fn see(&mut self, callee: Name, args: Args, receiver: Option<(u32, u32)>, line: u32) {
        if callee.starts_with("builtins.") || callee.starts_with("typing") {
            return;
        }
        let (file, line) =
            if self.calls == 0 { (self.site.file, line) } else { (self.site.file, self.site.line) };
        self.seen.push(Seen {
            callee,
            args,
            subject: self.site.subject.clone(),
            receiver,
            file,
            line,
            within: self.site.within.clone(),
        });
    }

    /// Applies a decorator; outside ones are remembered with what they stand on.
    pub(super) fn apply_decorator(&mut self, callee: &Value, args: Args) -> Value {
        if let Value::Made(made) = callee {
            // `@outside.factory(args)`: the arguments of the factory say how it registers.
            let made = made.clone();
            self.see(made.callee.clone(), made.args.clone(), made.receiver, made.line);
            return self.derive(&args);
        }
        if callee.is_unknown() {
            return Value::Unknown;
        }
        self.call(callee, args)
    }

    pub(super) fn call_function(&mut self, closure: &Rc<Closure>, args: Args) -> Value {
        let facts = self.facts(closure.file);
        let function = &facts.functions[closure.id as usize];
        let key = (closure.file, closure.id);
        let Some(body) = &function.body else { return self.derive(&args) };
        if self.calls >= MAX_CALLS || self.active.contains(&key) && self.calls >= 3 {
            return self.derive(&args);
        }
        let taint = self.derive(&args);
        let takes = args.iter().any(|value| self.stands_for_definition(value, 0));
        let instances: Vec<_> =
            args.iter().filter_map(|value| self.plain_instance(value)).collect();
        if self.costly.get(&key).is_some_and(|count| *count > super::MAX_COSTLY) {
            return taint;
        }
        let here = self.here;
        let (fuel, kept) = (self.fuel, self.kept);
        self.stack.push(super::Call {
            file: closure.file,
            id: closure.id,
            takes,
            instances,
            at: here,
        });
        let mut frame = self.frame_of(closure, args);
        let entered = self.active.insert(key);
        self.calls += 1;
        self.exec(&mut frame, body);
        self.calls -= 1;
        self.here = here;
        self.stack.pop();
        if self.kept == kept && fuel - self.fuel.min(fuel) > super::COSTLY {
            *self.costly.entry(key).or_default() += 1;
        }
        if entered {
            self.active.remove(&key);
        }
        if function.is_generator {
            let line = function.line;
            let object = self.new_object(Kind::List, closure.file, line);
            for value in frame.returns {
                self.store_literal(object, None, value);
            }
            return Value::Object(object);
        }
        let mut best = Value::None;
        let mut rank = 0;
        for value in frame.returns {
            let next = match &value {
                Value::None => 1,
                Value::Unknown => 2,
                Value::Derived(_) => 3,
                Value::Bool(_) => 3,
                _ => 4,
            };
            if next > rank {
                (best, rank) = (value, next);
            }
        }
        if best.is_unknown() { taint } else { best }
    }

    fn plain_instance(&self, value: &Value) -> Option<super::ObjectId> {
        let Value::Object(id) = value else { return None };
        let object = &self.objects[*id as usize];
        (matches!(object.kind, Kind::Instance(_)) && !object.summary).then_some(*id)
    }

    /// Whether a value is a definition, was made from one, or holds one.
    fn stands_for_definition(&self, value: &Value, depth: u32) -> bool {
        match value {
            Value::Tuple(items) if depth < 2 => {
                items.iter().any(|item| self.stands_for_definition(item, depth + 1))
            }
            Value::Object(id) => {
                let object = &self.objects[*id as usize];
                match object.kind {
                    Kind::Instance(_) => depth > 0 && !object.summary,
                    _ if depth < 2 => object
                        .entries
                        .iter()
                        .take(8)
                        .any(|entry| self.stands_for_definition(&entry.value, depth + 1)),
                    _ => false,
                }
            }
            Value::Str(text) => text.contains('.') || text.contains(':'),
            Value::Made(_) | Value::Path(_) => true,
            other => other.taints(),
        }
    }

    /// The method of that name, when one class of the project alone has it and the call looks like
    /// a registration: what an unannotated `app` is in `app.add_node(Node)`.
    pub(super) fn only_method(
        &mut self,
        frame: &mut Frame<'a>,
        func: ExprId,
        args: &Args,
    ) -> Option<Value> {
        if self.calls > 0 {
            return None;
        }
        let facts = frame.facts;
        let Expr::Attr(object, method) = &facts.exprs[func as usize] else { return None };
        if !matches!(&facts.exprs[*object as usize], Expr::Name(_)) {
            return None;
        }
        let method = &*facts.strings[*method as usize];
        let is_telling = method.starts_with("register")
            || method.starts_with("add_")
            || matches!(method, "connect" | "route" | "task" | "command");
        if !is_telling || args.plain.is_empty() && args.named.is_empty() {
            return None;
        }
        let class = self.only_class_with(method)?;
        let function = self.class_attr(class, method)?;
        let receiver = Value::Object(self.summary(class));
        Some(Value::Bound(Rc::new((function, receiver))))
    }

    /// The topmost class that defines a method no unrelated class defines.
    fn only_class_with(&mut self, method: &str) -> Option<u32> {
        if self.method_owners.is_empty() {
            for (index, class) in self.classes.iter().enumerate() {
                for (name, value) in &class.attrs {
                    if matches!(value, Value::Function(_)) {
                        self.method_owners.entry(name.clone()).or_default().push(index as u32);
                    }
                }
            }
        }
        let owners = self.method_owners.get(method)?;
        let top = *owners.first()?;
        owners.iter().all(|owner| self.derives(*owner, top)).then_some(top)
    }

    /// Binds arguments to parameters as Python does, defaults included.
    pub(super) fn bind_params(&mut self, closure: &Rc<Closure>, env: &Rc<Env>, args: Args) {
        let facts = self.facts(closure.file);
        let function = &facts.functions[closure.id as usize];
        let mut plain = args.plain.into_iter();
        let mut named = args.named;
        let (open, lines) = (args.open, args.lines);
        for param in &function.params {
            let name = &facts.strings[param.name as usize];
            let value = match param.kind {
                ParamKind::Args => Value::Tuple(plain.by_ref().collect()),
                ParamKind::Kwargs => {
                    let object = self.new_object(Kind::Dict, closure.file, function.line);
                    self.store_keywords(object, std::mem::take(&mut named), &lines);
                    self.objects[object as usize].exact = !open;
                    self.objects[object as usize].transient = true;
                    Value::Object(object)
                }
                kind => {
                    let given = if kind == ParamKind::Plain { plain.next() } else { None };
                    let given = given.or_else(|| {
                        let at = named.iter().position(|(known, _)| known == name)?;
                        Some(named.remove(at).1)
                    });
                    match (given, param.default) {
                        (Some(value), _) => value,
                        (None, _) if open => Value::Unknown,
                        (None, Some(default)) => self.default(closure, default),
                        (None, None) => Value::Unknown,
                    }
                }
            };
            env.set(param.name, value);
        }
    }

    fn default(&mut self, closure: &Rc<Closure>, default: ExprId) -> Value {
        let mut frame = Frame {
            file: closure.file,
            facts: self.facts(closure.file),
            env: closure.env.clone(),
            is_class: false,
            function: None,
            first: None,
            returns: Vec::new(),
        };
        self.eval(&mut frame, default)
    }

    /// `Class(...)`: `__new__` and `__init__` run on a new instance.
    pub(super) fn instantiate(&mut self, class: u32, args: Args, file: u32, line: u32) -> Value {
        if let Some(metaclass) = self.classes[class as usize].metaclass {
            if let Some(call) = self.class_attr(metaclass, "__call__")
                && !self.active_call(&call)
            {
                let mut whole = args.clone();
                whole.plain.insert(0, Value::Class(class));
                if let value @ Value::Object(_) = self.call(&call, whole) {
                    return value;
                }
            }
        } else if self.classes[class as usize].outside.iter().any(|base| &**base == "builtins.type")
        {
            // A metaclass called by hand makes a class.
            return self.make_class(Some(class), &args, file, line);
        }
        if let Some(new) = self.class_attr(class, "__new__")
            && !self.active_call(&new)
        {
            let mut whole = args.clone();
            whole.plain.insert(0, Value::Class(class));
            let value = self.call(&new, whole);
            match value {
                Value::Object(id) if matches!(self.objects[id as usize].kind, Kind::Instance(made) if self.derives(made, class)) =>
                {
                    self.initialise(id, class, args);
                    return value;
                }
                Value::Object(_) | Value::Function(_) | Value::Bound(_) | Value::Partial(_) => {
                    return value;
                }
                _ => {}
            }
        }
        let object = self.new_instance(class, &args, file, line);
        self.initialise(object, class, args);
        Value::Object(object)
    }

    pub(super) fn new_instance(&mut self, class: u32, args: &Args, file: u32, line: u32) -> u32 {
        let object = self.new_object(Kind::Instance(class), file, line);
        let is_text = || {
            let outside = &self.classes[class as usize].outside;
            outside.iter().any(|base| &**base == "builtins.str")
        };
        self.objects[object as usize].from = match (self.derive(args), args.plain.first()) {
            (Value::Derived(inner), _) => Some((*inner).clone()),
            (_, Some(text @ Value::Str(_))) if is_text() => Some(text.clone()),
            _ => None,
        };
        object
    }

    fn active_call(&self, value: &Value) -> bool {
        match value {
            Value::Function(closure) => self.active.contains(&(closure.file, closure.id)),
            Value::StaticMethod(inner) | Value::ClassMethod(inner) => self.active_call(inner),
            _ => false,
        }
    }

    fn initialise(&mut self, object: u32, class: u32, args: Args) {
        let source = args.plain.first().cloned();
        self.construct(object, class, args);
        // A subclass of a built-in container takes over what it is given.
        if self.is_container(class)
            && self.objects[object as usize].entries.is_empty()
            && let Some(source @ Value::Object(_)) = source
            && !matches!(&source, Value::Object(id) if *id == object)
        {
            self.extend_any(object, &source);
        }
    }

    fn construct(&mut self, object: u32, class: u32, args: Args) {
        match self.class_attr(class, "__init__") {
            Some(init) => {
                let mut whole = args;
                whole.plain.insert(0, Value::Object(object));
                self.call(&init, whole);
            }
            None => self.fill_fields(object, class, args),
        }
    }

    /// Without an `__init__` of its own a class may be a dataclass or a named tuple: its
    /// class-level names are its fields, and fresh containers come from `default_factory`.
    fn fill_fields(&mut self, object: u32, class: u32, args: Args) {
        if !args.plain.is_empty() {
            let fields = self.fields(class);
            for (name, value) in fields.into_iter().zip(args.plain) {
                self.objects[object as usize].attrs.insert(name, value);
            }
        }
        for (name, value) in args.named {
            self.objects[object as usize].attrs.insert(name, value);
        }
        let mro = self.classes[class as usize].mro.clone();
        let mut factories: Vec<(Name, Value)> = Vec::new();
        for base in mro {
            for (name, value) in &self.classes[base as usize].attrs {
                if let Value::Made(made) = value
                    && (made.callee.ends_with(".field")
                        || made.callee.ends_with(".ib")
                        || made.callee.ends_with("Factory"))
                    && let Some(factory) =
                        made.args.get(9, "default_factory").or_else(|| made.args.get(9, "factory"))
                {
                    factories.push((name.clone(), factory.clone()));
                }
            }
        }
        for (name, factory) in factories {
            if self.objects[object as usize].attrs.contains_key(&name) {
                continue;
            }
            let value = self.call(&factory, Args::default());
            self.objects[object as usize].attrs.insert(name, value);
        }
        for hook in ["__post_init__", "__attrs_post_init__"] {
            if let Some(hook) = self.class_attr(class, hook) {
                self.call(&hook, Args::of(vec![Value::Object(object)]));
            }
        }
    }

    /// The annotated names of a class and its bases, in the order of a generated `__init__`.
    fn fields(&self, class: u32) -> Vec<Name> {
        let mut fields: Vec<Name> = Vec::new();
        for base in self.classes[class as usize].mro.iter().rev() {
            let name = &*self.classes[*base as usize].name;
            let Some(shape) = self.shapes.get(name) else { continue };
            for attribute in &shape.attributes {
                let is_field = match &attribute.annotation {
                    Some(Term::Subscript(outer, _)) => !is_class_var(outer),
                    Some(annotation) => !is_class_var(annotation),
                    None => false,
                };
                if is_field && !fields.contains(&attribute.name) {
                    fields.push(attribute.name.clone());
                }
            }
        }
        fields
    }
}

fn is_class_var(annotation: &Term) -> bool {
    matches!(annotation, Term::Name { text, .. } if text.ends_with("ClassVar"))
}
