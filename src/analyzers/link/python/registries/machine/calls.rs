//! Calls: functions of the project, classes, instances, methods of containers, and what leads out.

use std::rc::Rc;

use super::value::{Args, Closure, How, Kind, Made, Value};
use super::{Frame, MAX_CALLS, Machine, Seen};
use crate::model::Name;
use crate::model::facts::python::registries::{Expr, ExprId};

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
        let file = frame.file;
        if self.dry
            && let Some(value) = self.forgo(callee, &args, file, line)
        {
            (self.site.how, self.site.registrar) = outer;
            return value;
        }
        let most = self.call_share();
        let value = self.limited(most, |machine| machine.call_in(callee, args, file, line));
        (self.site.how, self.site.registrar) = outer;
        value
    }

    /// What a call gives that there are no steps for; `None` for those that need none.
    fn forgo(&mut self, callee: &Value, args: &Args, file: u32, line: u32) -> Option<Value> {
        match callee {
            Value::Class(class) => Some(Value::Object(self.new_instance(*class, args, file, line))),
            Value::Function(closure) => {
                let returned = self.last_returned((closure.file, closure.id));
                let like = returned.and_then(|returned| self.like(&returned));
                Some(like.unwrap_or_else(|| self.derive(args)))
            }
            Value::Bound(_) | Value::Object(_) | Value::Partial(_) | Value::Derived(_) => {
                Some(self.derive(args))
            }
            _ => None,
        }
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
        if self.depth > super::MAX_DEPTH || !self.has_fuel() {
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
                    Value::Made(made) => {
                        match self.regex_method(made, &pair.1, &args, (file, line)) {
                            Some(value) => value,
                            None => self.call_outside(callee, args, file, line),
                        }
                    }
                    Value::Method(_) => self.call_outside(callee, args, file, line),
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
        if let Some(returned) = self.spared(key) {
            return self.like(&returned).unwrap_or(taint);
        }
        let here = self.here;
        let meter = self.meter();
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
        let last = frame.returns.last().cloned().unwrap_or(Value::None);
        self.judge(key, &meter, &last);
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

    /// Another value like one that a call once returned: what it is, not what it holds.
    fn like(&mut self, returned: &Value) -> Option<Value> {
        match returned {
            Value::Object(id) => {
                let (kind, file, line) = {
                    let object = &self.objects[*id as usize];
                    (object.kind, object.file, object.line)
                };
                matches!(kind, Kind::Instance(_))
                    .then(|| Value::Object(self.new_object(kind, file, line)))
            }
            Value::Function(_) | Value::Class(_) => Some(returned.clone()),
            _ => None,
        }
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
}
