//! Attributes and dotted names.

use std::rc::Rc;

use super::Machine;
use super::value::{Args, ClassIndex, Kind, Value};
use crate::model::Name;
use crate::model::facts::python::registries::{Expr, ExprId};

/// Longest dotted name that is looked up.
const MAX_PATH: usize = 300;

impl<'a> Machine<'_, 'a> {
    /// What an absolute dotted name stands for.
    pub(super) fn load_path(&mut self, path: &str) -> Value {
        if self.depth > super::MAX_DEPTH {
            return Value::Unknown;
        }
        self.depth += 1;
        let value = self.find_path(path);
        self.depth -= 1;
        value
    }

    fn find_path(&mut self, path: &str) -> Value {
        if self.modules.contains_key(path) {
            return Value::Module(path.into());
        }
        if let Some((module, name)) = path.rsplit_once('.')
            && let Some(file) = self.modules.get(module)
            && let Some(value) = self.globals[*file as usize].get(name)
        {
            return value.clone();
        }
        let resolved = self.context.names.resolve(path);
        if self.modules.contains_key(&resolved) {
            return Value::Module(resolved);
        }
        // The longest prefix that is a module of the project holds the rest.
        let mut end = resolved.len();
        while let Some(dot) = resolved[..end].rfind('.') {
            if let Some(file) = self.modules.get(&resolved[..dot]).copied() {
                let mut rest = resolved[dot + 1..].split('.');
                let Some(first) = rest.next() else { break };
                let Some(mut value) = self.globals[file as usize].get(first).cloned() else {
                    break;
                };
                for attr in rest {
                    value = self.load_attr(&value, attr);
                }
                return value;
            }
            end = dot;
        }
        if let Some(class) = self.class_named.get(&resolved) {
            return Value::Class(*class);
        }
        if let Some((file, id)) = self.functions.get(&*resolved).copied() {
            if let Some(closure) = self.closures.get(&(file, id)) {
                return Value::Function(closure.clone());
            }
            return Value::Function(super::Closure::new(file, id, None));
        }
        if self.context.names.knows(&resolved) && !resolved.starts_with("builtins.") {
            // A variable that its module has not bound (yet).
            return Value::Unknown;
        }
        Value::Path(resolved)
    }

    /// An attribute found in the method resolution order, undressed.
    pub(super) fn class_attr(&self, class: ClassIndex, name: &str) -> Option<Value> {
        let mro = &self.classes[class as usize].mro;
        mro.iter().find_map(|base| self.classes[*base as usize].own(name).cloned())
    }

    pub(super) fn load_attr(&mut self, object: &Value, name: &str) -> Value {
        if self.depth > super::MAX_DEPTH {
            return Value::Unknown;
        }
        match object {
            Value::Module(module) => self.load_path(&format!("{module}.{name}")),
            // A loop that walks from object to object outside the project ends somewhere.
            Value::Path(path) if path.len() > MAX_PATH => Value::Unknown,
            Value::Path(path) => self.load_path(&format!("{path}.{name}")),
            Value::Class(class) => self.load_class_attr(*class, name),
            Value::Object(id) => {
                let kind = self.objects[*id as usize].kind;
                match kind {
                    Kind::Instance(class) => self.load_instance_attr(*id, class, name),
                    _ => Value::Method(Rc::new((object.clone(), name.into()))),
                }
            }
            Value::Super(after, receiver) => {
                let receiver = (**receiver).clone();
                let of = match &receiver {
                    Value::Class(class) => Some(*class),
                    Value::Object(id) => match self.objects[*id as usize].kind {
                        Kind::Instance(class) => Some(class),
                        _ => None,
                    },
                    _ => None,
                };
                let Some(of) = of else { return Value::Unknown };
                // For a metaclass's methods the receiver's own class is searched.
                let search = if self.derives(of, *after) {
                    of
                } else {
                    self.classes[of as usize].metaclass.unwrap_or(*after)
                };
                let mro = self.classes[search as usize].mro.clone();
                let mut rest = mro.iter().skip_while(|class| *class != after).skip(1);
                let found = rest.find_map(|class| self.classes[*class as usize].own(name).cloned());
                match found {
                    Some(value) => self.dress(value, &receiver, Some(of), name == "__new__"),
                    None => Value::Method(Rc::new((object.clone(), name.into()))),
                }
            }
            Value::Function(closure) => {
                let wrapped = closure.wraps.borrow().clone();
                if let Some(wrapped) = wrapped
                    && matches!(name, "__name__" | "__qualname__" | "__module__" | "__wrapped__")
                {
                    return match name {
                        "__wrapped__" => wrapped,
                        _ => self.load_attr(&wrapped, name),
                    };
                }
                let facts = self.facts(closure.file);
                let function = &facts.functions[closure.id as usize];
                match name {
                    "__name__" => Value::Str(facts.strings[function.short as usize].clone()),
                    "__module__" => Value::Str(self.module_name(closure.file)),
                    "__qualname__" => {
                        let module = self.module_name(closure.file);
                        let full = &facts.strings[function.name as usize];
                        Value::str(full.strip_prefix(&format!("{module}.")).unwrap_or(full))
                    }
                    "__doc__" | "__dict__" | "__annotations__" => Value::Unknown,
                    "__func__" | "__wrapped__" => object.clone(),
                    _ => {
                        let attrs = self.function_attrs.get(&(closure.file, closure.id));
                        let found = attrs.and_then(|attrs| {
                            attrs.iter().find_map(|(known, value)| {
                                (&**known == name).then(|| value.clone())
                            })
                        });
                        found.unwrap_or_else(|| {
                            Value::Method(Rc::new((object.clone(), name.into())))
                        })
                    }
                }
            }
            Value::Bound(pair) => match name {
                "__func__" => pair.0.clone(),
                "__self__" => pair.1.clone(),
                _ => self.load_attr(&pair.0.clone(), name),
            },
            Value::ClassMethod(inner) | Value::StaticMethod(inner) => match name {
                "__func__" | "__wrapped__" => (**inner).clone(),
                _ => self.load_attr(&inner.clone(), name),
            },
            Value::Partial(pair) if name == "func" => pair.0.clone(),
            Value::Derived(inner) => match name {
                // Wrappers keep the identity of what they wrap.
                "__name__" | "__qualname__" | "__module__" => self.load_attr(&inner.clone(), name),
                _ => object.clone(),
            },
            Value::Made(_) | Value::Str(_) | Value::Tuple(_) | Value::Namespace(_) => {
                Value::Method(Rc::new((object.clone(), name.into())))
            }
            Value::Property(_) => Value::Method(Rc::new((object.clone(), name.into()))),
            Value::Method(_) | Value::Unknown => {
                if let Some((outside, _)) = self.outside(object) {
                    return Value::Path(format!("{outside}.{name}").into());
                }
                Value::Unknown
            }
            _ => Value::Unknown,
        }
    }

    fn load_class_attr(&mut self, class: ClassIndex, name: &str) -> Value {
        match name {
            "__name__" => return Value::Str(self.classes[class as usize].short.clone()),
            "__qualname__" => {
                let this = &self.classes[class as usize];
                let module = self.module_name(this.file);
                let full = &this.name;
                return Value::str(full.strip_prefix(&format!("{module}.")).unwrap_or(full));
            }
            "__module__" if self.classes[class as usize].own(name).is_none() => {
                return Value::Str(self.module_name(self.classes[class as usize].file));
            }
            "__dict__" => return Value::Namespace(Rc::new(Value::Class(class))),
            "__mro__" | "__bases__" => {
                let skip = usize::from(name == "__bases__");
                let mro = &self.classes[class as usize].mro;
                return Value::Tuple(mro.iter().skip(skip).map(|c| Value::Class(*c)).collect());
            }
            "__class__" => {
                return match self.classes[class as usize].metaclass {
                    Some(metaclass) => Value::Class(metaclass),
                    None => Value::Path("builtins.type".into()),
                };
            }
            "__subclasses__" | "mro" => {
                return Value::Method(Rc::new((Value::Class(class), name.into())));
            }
            _ => {}
        }
        if let Some(value) = self.class_attr(class, name) {
            if let Some(value) = self.descriptor(&value, Value::None, class) {
                return value;
            }
            return self.dress(value, &Value::Class(class), Some(class), false);
        }
        if let Some(metaclass) = self.classes[class as usize].metaclass
            && let Some(value) = self.class_attr(metaclass, name)
        {
            return self
                .dress(value, &Value::Class(class), Some(metaclass), false)
                .bind_plain(Value::Class(class));
        }
        // A name that only the metaclass can answer for.
        if let Some(metaclass) = self.classes[class as usize].metaclass
            && !name.starts_with("__")
            && let Some(getter) = self.class_attr(metaclass, "__getattr__")
        {
            return self.call(&getter, Args::of(vec![Value::Class(class), Value::str(name)]));
        }
        if self.classes[class as usize].outside.is_empty() {
            return Value::Unknown;
        }
        Value::Method(Rc::new((Value::Class(class), name.into())))
    }

    fn load_instance_attr(&mut self, id: u32, class: ClassIndex, name: &str) -> Value {
        if let Some(value) = self.objects[id as usize].attrs.get(name) {
            return value.clone();
        }
        match name {
            "__class__" => return Value::Class(class),
            "__dict__" => return Value::Namespace(Rc::new(Value::Object(id))),
            _ => {}
        }
        if let Some(value) = self.class_attr(class, name) {
            let receiver = Value::Object(id);
            if let Some(value) = self.descriptor(&value, receiver.clone(), class) {
                return value;
            }
            return match value {
                Value::Function(_) | Value::Partial(_) => Value::Bound(Rc::new((value, receiver))),
                Value::Property(getter) => {
                    if self.objects[id as usize].summary && self.calls > 2 {
                        return Value::Unknown;
                    }
                    self.call(&getter, Args::of(vec![receiver]))
                }
                other => self.dress(other, &receiver, Some(class), false),
            };
        }
        if let Some(getter) = self.class_attr(class, "__getattr__") {
            let args = Args::of(vec![Value::Object(id), Value::str(name)]);
            return self.call(&getter, args);
        }
        if self.classes[class as usize].outside.is_empty() {
            return Value::Unknown;
        }
        Value::Method(Rc::new((Value::Object(id), name.into())))
    }

    /// What the `__get__` of a descriptor defined in the project gives.
    fn descriptor(&mut self, value: &Value, instance: Value, owner: ClassIndex) -> Option<Value> {
        let Value::Object(id) = value else { return None };
        let Kind::Instance(of) = self.objects[*id as usize].kind else { return None };
        let get = self.class_attr(of, "__get__")?;
        let args = Args::of(vec![value.clone(), instance, Value::Class(owner)]);
        match self.call(&get, args) {
            Value::Unknown | Value::None => Some(value.clone()),
            found => Some(found),
        }
    }

    /// What attribute access makes of what a class holds.
    fn dress(
        &mut self,
        value: Value,
        receiver: &Value,
        class: Option<ClassIndex>,
        raw: bool,
    ) -> Value {
        match value {
            _ if raw => value,
            Value::ClassMethod(inner) => {
                let class = match receiver {
                    Value::Class(class) => Value::Class(*class),
                    _ => class.map_or(Value::Unknown, Value::Class),
                };
                Value::Bound(Rc::new(((*inner).clone(), class)))
            }
            Value::StaticMethod(inner) => (*inner).clone(),
            Value::Function(_) if matches!(receiver, Value::Object(_)) => {
                Value::Bound(Rc::new((value, receiver.clone())))
            }
            Value::Function(ref closure) => {
                // `super().method` of a class method's class, `__init_subclass__` and the like.
                let facts = self.facts(closure.file);
                let short = &*facts.strings[facts.functions[closure.id as usize].short as usize];
                if matches!(short, "__init_subclass__" | "__class_getitem__") {
                    return Value::Bound(Rc::new((value.clone(), receiver.clone())));
                }
                value
            }
            other => other,
        }
    }

    pub(super) fn set_attr(&mut self, object: &Value, name: Name, value: Value) {
        match object {
            Value::Class(class) => {
                self.inject(*class, &name);
                let weak = value.is_unknown() && self.uncertain > 0;
                if !(weak && self.classes[*class as usize].own(&name).is_some()) {
                    self.classes[*class as usize].set(name, value);
                }
            }
            Value::Object(id) => {
                let kind = self.objects[*id as usize].kind;
                if let Kind::Instance(class) = kind
                    && self.calls < 6
                    && let Some(Value::Property(_)) = self.class_attr(class, &name)
                {
                    return;
                }
                let object = &self.objects[*id as usize];
                // Keep a container that is known: a later branch or method may reset it.
                let old = object.attrs.get(&name);
                let keeps = matches!(old, Some(Value::Object(_)))
                    && !matches!(value, Value::Object(_) | Value::Class(_) | Value::Function(_));
                let is_worse = object.summary && old.is_some() && value.is_unknown();
                let empties = match (old, &value) {
                    (Some(Value::Object(old)), Value::Object(new)) if object.summary => {
                        self.objects[*new as usize].entries.is_empty()
                            && !self.objects[*old as usize].entries.is_empty()
                    }
                    _ => false,
                };
                if keeps || is_worse || empties {
                    return;
                }
                self.objects[*id as usize].attrs.insert(name, value);
            }
            Value::Function(closure) if &*name == "__wrapped__" => closure.wrap(&value),
            Value::Function(closure) => {
                let attrs = self.function_attrs.entry((closure.file, closure.id)).or_default();
                attrs.retain(|(known, _)| *known != name);
                attrs.push((name, value));
            }
            Value::Bound(pair) => {
                let inner = pair.0.clone();
                self.set_attr(&inner, name, value);
            }
            Value::Derived(inner) => {
                let inner = (**inner).clone();
                if inner.is_definition() && !matches!(inner, Value::Class(_)) {
                    self.set_attr(&inner, name, value);
                }
            }
            Value::Module(module) => {
                if let Some(file) = self.modules.get(module) {
                    self.globals[*file as usize].insert(name, value);
                }
            }
            _ => {}
        }
    }

    /// An instance of what an annotation names, as far as the project defines it.
    pub(super) fn annotated(&mut self, file: u32, annotation: ExprId) -> Value {
        let facts = self.facts(file);
        match &facts.exprs[annotation as usize] {
            Expr::Name(name) => {
                let value = self.load_global(file, &facts.strings[*name as usize]);
                self.instance_of(value)
            }
            Expr::Attr(object, name) => {
                let Some(path) = self.dotted(file, *object) else { return Value::Unknown };
                let value = self.load_attr(&path, &facts.strings[*name as usize]);
                self.instance_of(value)
            }
            Expr::Str(text) => {
                let text = &*facts.strings[*text as usize];
                let plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
                if !plain || text.is_empty() {
                    return Value::Unknown;
                }
                let mut parts = text.split('.');
                let mut value = self.load_global(file, parts.next().unwrap_or_default());
                for part in parts {
                    value = self.load_attr(&value, part);
                }
                self.instance_of(value)
            }
            Expr::Binary(_, left, right) => match self.annotated(file, *left) {
                Value::Unknown => self.annotated(file, *right),
                value => value,
            },
            Expr::Sub(generic, inner) => {
                let name = match &facts.exprs[*generic as usize] {
                    Expr::Name(name) | Expr::Attr(_, name) => &*facts.strings[*name as usize],
                    _ => "",
                };
                match name {
                    "Optional" | "Annotated" | "Union" => match &facts.exprs[*inner as usize] {
                        Expr::Tuple(items) => {
                            items.first().map_or(Value::Unknown, |one| self.annotated(file, *one))
                        }
                        _ => self.annotated(file, *inner),
                    },
                    "type" | "Type" => match self.annotated(file, *inner) {
                        Value::Object(id) => match self.objects[id as usize].kind {
                            Kind::Instance(class) => Value::Class(class),
                            _ => Value::Unknown,
                        },
                        _ => Value::Unknown,
                    },
                    _ => self.annotated(file, *generic),
                }
            }
            _ => Value::Unknown,
        }
    }

    fn dotted(&mut self, file: u32, expr: ExprId) -> Option<Value> {
        let facts = self.facts(file);
        match &facts.exprs[expr as usize] {
            Expr::Name(name) => Some(self.load_global(file, &facts.strings[*name as usize])),
            Expr::Attr(object, name) => {
                let object = self.dotted(file, *object)?;
                Some(self.load_attr(&object, &facts.strings[*name as usize]))
            }
            _ => None,
        }
    }

    fn instance_of(&mut self, value: Value) -> Value {
        match value {
            Value::Class(class) => Value::Object(self.summary(class)),
            // Something made outside: its methods bear its class's name.
            Value::Path(path) if !path.starts_with("builtins.") && !path.starts_with("typing.") => {
                Value::Made(Rc::new(super::value::Made {
                    callee: path,
                    args: Args::default(),
                    file: u32::MAX,
                    line: 0,
                    receiver: None,
                }))
            }
            _ => Value::Unknown,
        }
    }

    /// Whether a decorator from outside the project made something of a function.
    pub(super) fn is_wrapped(&self, value: &Value) -> bool {
        match value {
            Value::Function(closure) => self.wrapped.contains_key(&(closure.file, closure.id)),
            _ => false,
        }
    }

    /// The dotted name of something outside the project, and where its receiver was made.
    pub(super) fn outside(&self, value: &Value) -> Option<(Name, Option<(u32, u32)>)> {
        match value {
            Value::Path(path) => Some((path.clone(), None)),
            Value::Made(made) => Some((made.callee.clone(), Some((made.file, made.line)))),
            Value::Method(pair) => {
                let place = match &pair.0 {
                    Value::Object(id) => {
                        let object = &self.objects[*id as usize];
                        match object.kind {
                            Kind::Instance(class) => {
                                let outside = self.classes[class as usize].outside.first()?;
                                let place = (object.file, object.line);
                                return Some((format!("{outside}.{}", pair.1).into(), Some(place)));
                            }
                            _ => return None,
                        }
                    }
                    Value::Class(class) => {
                        let class = &self.classes[*class as usize];
                        let outside = class.outside.first()?;
                        let place = Some((class.file, class.line));
                        return Some((format!("{outside}.{}", pair.1).into(), place));
                    }
                    Value::Function(closure) => {
                        let wrapper = self.wrapped.get(&(closure.file, closure.id))?;
                        let facts = self.facts(closure.file);
                        let line = facts.functions[closure.id as usize].line;
                        let name = format!("{wrapper}.{}", pair.1).into();
                        return Some((name, Some((closure.file, line))));
                    }
                    Value::Super(..) | Value::Str(_) | Value::Tuple(_) | Value::Namespace(_) => {
                        return None;
                    }
                    other => self.outside(other)?,
                };
                Some((format!("{}.{}", place.0, pair.1).into(), place.1))
            }
            _ => None,
        }
    }
}

impl Value {
    /// A function found on a metaclass takes the class as its receiver.
    fn bind_plain(self, receiver: Value) -> Self {
        match self {
            Self::Function(_) => Self::Bound(Rc::new((self, receiver))),
            other => other,
        }
    }
}
