//! Expressions.

use std::rc::Rc;

use super::value::{Args, Env, Kind, Value};
use super::{Frame, MAX_DEPTH, MAX_UNROLL, Machine};
use crate::model::facts::python::registries::{Arg, BinOp, Expr, ExprId, Generate, Shape, StrId};

impl<'a> Machine<'_, 'a> {
    pub(super) fn eval(&mut self, frame: &mut Frame<'a>, id: ExprId) -> Value {
        if self.depth > MAX_DEPTH || !self.has_fuel() {
            return Value::Unknown;
        }
        self.step_on();
        self.depth += 1;
        let value = self.evaluate(frame, id);
        self.depth -= 1;
        value
    }

    fn evaluate(&mut self, frame: &mut Frame<'a>, id: ExprId) -> Value {
        let facts = frame.facts;
        let line = facts.lines[id as usize];
        match &facts.exprs[id as usize] {
            Expr::Unknown => Value::Unknown,
            Expr::None => Value::None,
            Expr::Bool(value) => Value::Bool(*value),
            Expr::Int(value) => Value::Int(*value),
            Expr::Str(text) => Value::Str(facts.strings[*text as usize].clone()),
            Expr::Name(name) => self.load_name(frame, *name),
            Expr::Attr(object, name) => {
                let object = self.eval(frame, *object);
                self.load_attr(&object, &facts.strings[*name as usize])
            }
            Expr::Sub(object, key) => {
                let object = self.eval(frame, *object);
                if let Expr::Slice(lower, upper) = &facts.exprs[*key as usize] {
                    let lower = lower.map(|bound| self.eval(frame, bound));
                    let upper = upper.map(|bound| self.eval(frame, bound));
                    return self.slice(&object, lower, upper);
                }
                let key = self.eval(frame, *key);
                self.get_item(&object, &key)
            }
            Expr::Slice(..) => Value::Unknown,
            Expr::Call(func, args) => self.eval_call(frame, *func, args, line),
            Expr::List(items) => self.display(frame, Kind::List, items, line),
            Expr::Set(items) => self.display(frame, Kind::Set, items, line),
            Expr::Tuple(items) => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    match &facts.exprs[*item as usize] {
                        Expr::Star(inner) => {
                            let inner = self.eval(frame, *inner);
                            values.extend(self.elements(&inner).unwrap_or_default());
                        }
                        _ => values.push(self.eval(frame, *item)),
                    }
                }
                Value::Tuple(values.into())
            }
            Expr::Dict(items) => {
                let object = self.new_object(Kind::Dict, frame.file, line);
                let outer = self.site.line;
                for (key, value) in items {
                    self.here = (frame.file, facts.lines[key.unwrap_or(*value) as usize]);
                    if self.calls == 0 {
                        self.site.line = facts.lines[*value as usize];
                        if let Some(key) = key {
                            self.site.line = facts.lines[*key as usize];
                        }
                    }
                    match key {
                        Some(key) => {
                            let name = *key;
                            let key = self.eval(frame, name);
                            let value = self.eval(frame, *value);
                            self.key_text = self.spelled(frame, name, &key);
                            self.store_literal(object, Some(key), value);
                            self.key_text = None;
                        }
                        None => {
                            let value = self.eval(frame, *value);
                            self.update(object, &value);
                        }
                    }
                }
                self.site.line = outer;
                Value::Object(object)
            }
            Expr::Format(parts) => {
                let mut text = String::new();
                for part in parts {
                    match self.eval(frame, *part) {
                        Value::Str(part) => text.push_str(&part),
                        Value::Int(part) => text.push_str(&part.to_string()),
                        _ => return Value::Unknown,
                    }
                }
                Value::str(&text)
            }
            Expr::Binary(op, left, right) => {
                let left = self.eval(frame, *left);
                let right = self.eval(frame, *right);
                self.binary(*op, &left, &right)
            }
            Expr::And(values) => {
                let mut last = Value::Unknown;
                for value in values {
                    last = self.eval(frame, *value);
                    match self.truth(&last) {
                        Some(true) => {}
                        Some(false) => return last,
                        None => last = Value::Unknown,
                    }
                }
                last
            }
            Expr::Or(values) => {
                let mut guess = Value::Unknown;
                let mut decided = Value::Unknown;
                let mut is_open = false;
                for value in values {
                    let value = self.eval(frame, *value);
                    match self.truth(&value) {
                        Some(true) => {
                            return if guess.is_unknown() { value } else { guess };
                        }
                        Some(false) => decided = value,
                        None if guess.is_unknown() => (guess, is_open) = (value, true),
                        None => is_open = true,
                    }
                }
                if is_open { guess } else { decided }
            }
            Expr::Not(value) => {
                let value = self.eval(frame, *value);
                self.truth(&value).map_or(Value::Unknown, |truth| Value::Bool(!truth))
            }
            Expr::Compare(op, left, right) => {
                let left = self.eval(frame, *left);
                let right = self.eval(frame, *right);
                self.compare(*op, &left, &right).map_or(Value::Unknown, Value::Bool)
            }
            Expr::IfElse(test, then, orelse) => {
                let test = self.eval(frame, *test);
                match self.truth(&test) {
                    Some(true) => self.eval(frame, *then),
                    Some(false) => self.eval(frame, *orelse),
                    None => match self.eval(frame, *then) {
                        Value::Unknown | Value::None => self.eval(frame, *orelse),
                        value => value,
                    },
                }
            }
            Expr::Lambda(id) => {
                Value::Function(super::Closure::new(frame.file, *id, frame.env.clone()))
            }
            Expr::Comprehension(shape, key, element, generators) => {
                self.comprehension(frame, *shape, *key, *element, generators, line)
            }
            Expr::Star(value) => self.eval(frame, *value),
            Expr::Walrus(name, value) => {
                let value = self.eval(frame, *value);
                self.bind(frame, *name, value.clone());
                value
            }
        }
    }

    /// A name: local, enclosing, global, or from elsewhere in the project.
    fn load_name(&mut self, frame: &mut Frame<'a>, name: StrId) -> Value {
        let mut env = frame.env.as_ref();
        while let Some(here) = env {
            if let Some(value) = here.own(name) {
                return value;
            }
            env = here.parent.as_ref();
        }
        self.load_global(frame.file, &frame.facts.strings[name as usize])
    }

    pub(super) fn load_global(&mut self, file: u32, name: &str) -> Value {
        if let Some(value) = self.globals[file as usize].get(name) {
            return value.clone();
        }
        match name {
            "__name__" => return Value::Str(self.module_name(file)),
            "__file__" | "__doc__" | "__path__" => return Value::Unknown,
            _ => {}
        }
        if crate::analyzers::python::scopes::is_builtin(name) {
            return Value::Path(format!("builtins.{name}").into());
        }
        let module = self.module_name(file);
        let full = format!("{module}.{name}");
        let resolved = self.context.names.resolve(&full);
        if *resolved != *full {
            return self.load_path(&resolved);
        }
        self.load_path(&full)
    }

    fn eval_call(
        &mut self,
        frame: &mut Frame<'a>,
        func: ExprId,
        args: &'a [Arg],
        line: u32,
    ) -> Value {
        let facts = frame.facts;
        // `super()` needs the frame.
        if let Expr::Name(name) = &facts.exprs[func as usize] {
            match (&*facts.strings[*name as usize], args) {
                ("super", []) => return self.zero_super(frame),
                ("globals", []) => {
                    return Value::Namespace(Rc::new(Value::Module(self.module_name(frame.file))));
                }
                ("locals" | "vars", []) if frame.env.is_none() => {
                    return Value::Namespace(Rc::new(Value::Module(self.module_name(frame.file))));
                }
                _ => {}
            }
        }
        let outer_line = self.site.line;
        if self.calls == 0 {
            self.site.line = line;
        }
        let callee = self.eval(frame, func);
        let args = self.args(frame, args);
        self.here = (frame.file, line);
        if self.calls == 0 {
            self.site.line = line;
        }
        let value = self.call_at(frame, func, &callee, args, line);
        if self.calls == 0 {
            self.site.line = outer_line;
        }
        value
    }

    fn zero_super(&mut self, frame: &mut Frame<'a>) -> Value {
        let mut function = frame.function.clone();
        // A nested function's `super()` belongs to the method around it: rare, not followed.
        let owner = function.take().and_then(|function| function.owner.get());
        match (owner, &frame.first) {
            (Some(owner), Some(first)) => Value::Super(owner, Rc::new(first.clone())),
            _ => Value::Unknown,
        }
    }

    pub(super) fn args(&mut self, frame: &mut Frame<'a>, args: &'a [Arg]) -> Args {
        let mut values = Args::default();
        for arg in args {
            match arg {
                Arg::Plain(value) => values.plain.push(self.eval(frame, *value)),
                Arg::Keyword(name, value) => {
                    let name = frame.facts.strings[*name as usize].clone();
                    if args.len() > 2 {
                        values.lines.push((name.clone(), frame.facts.lines[*value as usize]));
                    }
                    let value = self.eval(frame, *value);
                    values.named.push((name, value));
                }
                Arg::Star(value) => {
                    let value = self.eval(frame, *value);
                    match self.elements(&value) {
                        Some(items) => values.plain.extend(items),
                        None => values.open = true,
                    }
                }
                Arg::Stars(value) => {
                    let value = self.eval(frame, *value);
                    match self.pairs(&value) {
                        Some(pairs) => {
                            for (key, value) in pairs {
                                if let Value::Str(key) = key {
                                    values.named.push((key, value));
                                }
                            }
                        }
                        None => values.open = true,
                    }
                }
            }
        }
        values
    }

    fn display(
        &mut self,
        frame: &mut Frame<'a>,
        kind: Kind,
        items: &'a [ExprId],
        line: u32,
    ) -> Value {
        let object = self.new_object(kind, frame.file, line);
        let outer = self.site.line;
        for item in items {
            self.here = (frame.file, frame.facts.lines[*item as usize]);
            if self.calls == 0 {
                self.site.line = frame.facts.lines[*item as usize];
            }
            match &frame.facts.exprs[*item as usize] {
                Expr::Star(inner) => {
                    let inner = self.eval(frame, *inner);
                    for value in self.elements(&inner).unwrap_or_default() {
                        self.store_literal(object, None, value);
                    }
                }
                _ => {
                    let value = self.eval(frame, *item);
                    self.store_literal(object, None, value);
                }
            }
        }
        self.site.line = outer;
        Value::Object(object)
    }

    /// Stores a row of a display.
    pub(super) fn store_literal(&mut self, object: u32, key: Option<Value>, value: Value) {
        let how = self.site.how.replace(super::value::How::Literal);
        let registrar = self.site.registrar.take();
        self.store(object, key, value);
        (self.site.how, self.site.registrar) = (how, registrar);
    }

    fn comprehension(
        &mut self,
        frame: &mut Frame<'a>,
        shape: Shape,
        key: Option<ExprId>,
        element: ExprId,
        generators: &'a [Generate],
        line: u32,
    ) -> Value {
        let kind = match shape {
            Shape::Dict => Kind::Dict,
            Shape::Set => Kind::Set,
            Shape::List | Shape::Generator => Kind::List,
        };
        let object = self.new_object(kind, frame.file, line);
        let env = Env::new(frame.env.clone());
        let mut inner = Frame {
            file: frame.file,
            facts: frame.facts,
            env: Some(env),
            is_class: false,
            function: frame.function.clone(),
            first: frame.first.clone(),
            returns: Vec::new(),
        };
        if self.generate(&mut inner, object, key, element, generators) {
            Value::Object(object)
        } else {
            Value::Unknown
        }
    }

    /// Runs the innermost generator's element; `false` when an iterable is not known.
    fn generate(
        &mut self,
        frame: &mut Frame<'a>,
        object: u32,
        key: Option<ExprId>,
        element: ExprId,
        generators: &'a [Generate],
    ) -> bool {
        let Some((first, rest)) = generators.split_first() else {
            let key = key.map(|key| self.eval(frame, key));
            let value = self.eval(frame, element);
            self.store_literal(object, key, value);
            return true;
        };
        let iter = self.eval(frame, first.iter);
        let Some(items) = self.elements(&iter) else { return false };
        if items.len() > MAX_UNROLL {
            return false;
        }
        for item in items {
            self.assign(frame, first.target, item);
            let mut refused = false;
            for test in &first.tests {
                let value = self.eval(frame, *test);
                if self.truth(&value) == Some(false) {
                    refused = true;
                    break;
                }
            }
            if !refused && !self.generate(frame, object, key, element, rest) {
                return false;
            }
        }
        true
    }

    pub(super) fn binary(&mut self, op: BinOp, left: &Value, right: &Value) -> Value {
        match (op, left, right) {
            (BinOp::Add, Value::Str(a), Value::Str(b)) => Value::Str(format!("{a}{b}").into()),
            (BinOp::Add, Value::Int(a), Value::Int(b)) => Value::Int(a.wrapping_add(*b)),
            (BinOp::Sub, Value::Int(a), Value::Int(b)) => Value::Int(a.wrapping_sub(*b)),
            (BinOp::Add, Value::Tuple(a), Value::Tuple(b)) => {
                Value::Tuple(a.iter().chain(b.iter()).cloned().collect())
            }
            (BinOp::Mod, Value::Str(text), value) => self.format_percent(text, value),
            (BinOp::Or | BinOp::Add, Value::Object(a), _) => {
                let (kind, file, line) = {
                    let object = &self.objects[*a as usize];
                    (object.kind, object.file, object.line)
                };
                match kind {
                    Kind::Dict | Kind::List | Kind::Set => {
                        let new = self.new_object(kind, file, line);
                        self.extend_any(new, left);
                        self.extend_any(new, right);
                        Value::Object(new)
                    }
                    Kind::Instance(_) => {
                        let name = if op == BinOp::Or { "__or__" } else { "__add__" };
                        let method = self.load_attr(left, name);
                        self.call(&method, Args::of(vec![right.clone()]))
                    }
                }
            }
            _ if left.taints() => left.derived(),
            _ if right.taints() => right.derived(),
            _ => Value::Unknown,
        }
    }

    fn format_percent(&self, text: &str, value: &Value) -> Value {
        let items: Vec<&Value> = match value {
            Value::Tuple(items) => items.iter().collect(),
            other => vec![other],
        };
        let mut items = items.into_iter();
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('%') {
            out.push_str(&rest[..at]);
            let spec = rest[at + 1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
            let digits = &rest[at + 1..at + 1 + spec];
            let width: usize = digits.parse().unwrap_or(0);
            let code = rest[at + 1 + spec..].chars().next();
            match code {
                Some('d') if width > 0 && width < 32 => match items.next() {
                    Some(Value::Int(item)) if digits.starts_with('0') => {
                        out.push_str(&format!("{item:0width$}"));
                    }
                    Some(Value::Int(item)) => out.push_str(&format!("{item:width$}")),
                    _ => return Value::Unknown,
                },
                Some('s' | 'd' | 'r') if spec == 0 => match items.next() {
                    Some(Value::Str(item)) => out.push_str(item),
                    Some(Value::Int(item)) => out.push_str(&item.to_string()),
                    _ => return Value::Unknown,
                },
                Some('%') => out.push('%'),
                _ => return Value::Unknown,
            }
            rest = &rest[at + 2 + spec..];
        }
        out.push_str(rest);
        Value::str(&out)
    }
}
