//! Containers: items, iteration, and the methods of the built-in ones.

use std::rc::Rc;

use super::Machine;
use super::value::{Args, Kind, ObjectId, Value};

impl Machine<'_, '_> {
    pub(super) fn get_item(&mut self, object: &Value, key: &Value) -> Value {
        match object {
            Value::Object(id) => {
                let this = &self.objects[*id as usize];
                match (this.kind, key) {
                    (Kind::Dict, _) => {
                        if let Some(value) = self.dict_get(*id, key) {
                            return value;
                        }
                        let (factory, file, line) = (this.factory, this.file, this.line);
                        if let Some(kind) = factory {
                            let made = self.new_object(kind, file, line);
                            self.store(*id, Some(key.clone()), Value::Object(made));
                            return Value::Object(made);
                        }
                        Value::Unknown
                    }
                    (Kind::List, Value::Int(at)) => {
                        let count = this.entries.len() as i64;
                        let at = if *at < 0 { count + at } else { *at };
                        usize::try_from(at)
                            .ok()
                            .and_then(|at| this.entries.get(at))
                            .map_or(Value::Unknown, |entry| entry.value.clone())
                    }
                    (Kind::Instance(class), _) => match self.class_attr(class, "__getitem__") {
                        Some(method) => {
                            self.call(&method, Args::of(vec![object.clone(), key.clone()]))
                        }
                        None => self.dict_get(*id, key).unwrap_or(Value::Unknown),
                    },
                    _ => Value::Unknown,
                }
            }
            Value::Tuple(items) => match key {
                Value::Int(at) => {
                    let at = if *at < 0 { items.len() as i64 + at } else { *at };
                    usize::try_from(at)
                        .ok()
                        .and_then(|at| items.get(at).cloned())
                        .unwrap_or(Value::Unknown)
                }
                _ => Value::Unknown,
            },
            Value::Str(text) => match key {
                Value::Int(at) => {
                    let count = text.chars().count() as i64;
                    let at = if *at < 0 { count + at } else { *at };
                    let found = usize::try_from(at).ok().and_then(|at| text.chars().nth(at));
                    found.map_or(Value::Unknown, |c| Value::str(c.encode_utf8(&mut [0; 4])))
                }
                _ => Value::Unknown,
            },
            Value::Namespace(of) => match (&**of, key) {
                (Value::Class(class), Value::Str(name)) => {
                    self.classes[*class as usize].own(name).cloned().unwrap_or(Value::Unknown)
                }
                (Value::Module(module), Value::Str(name)) => {
                    let path = format!("{module}.{name}");
                    self.load_path(&path)
                }
                (of @ Value::Object(_), Value::Str(name)) => {
                    let of = of.clone();
                    self.load_attr(&of, name)
                }
                _ => Value::Unknown,
            },
            // `Generic[int]` is the class itself to a reader of registries.
            Value::Class(class) => match self.class_attr(*class, "__class_getitem__") {
                Some(_) | None => object.clone(),
            },
            Value::Path(_) => object.clone(),
            Value::Made(_) => Value::Method(Rc::new((object.clone(), "__getitem__".into()))),
            Value::Derived(_) => object.clone(),
            _ => Value::Unknown,
        }
    }

    pub(super) fn dict_get(&self, id: ObjectId, key: &Value) -> Option<Value> {
        let object = &self.objects[id as usize];
        let at = *object.index.get(&super::value::identity(key)?)?;
        Some(object.entries[at as usize].value.clone())
    }

    pub(super) fn set_item(&mut self, object: &Value, key: Value, value: Value) {
        match object {
            Value::Object(id) => match self.objects[*id as usize].kind {
                Kind::Instance(class) => match self.class_attr(class, "__setitem__") {
                    Some(method) if self.calls < 6 => {
                        self.call(&method, Args::of(vec![object.clone(), key, value]));
                    }
                    // A subclass of `dict`: the instance is the container.
                    _ => self.store(*id, Some(key), value),
                },
                _ => self.store(*id, Some(key), value),
            },
            Value::Namespace(of) => {
                if let Value::Str(name) = key {
                    let of = (**of).clone();
                    self.set_attr(&of, name, value);
                }
            }
            _ => {}
        }
    }

    pub(super) fn slice(
        &mut self,
        object: &Value,
        lower: Option<Value>,
        upper: Option<Value>,
    ) -> Value {
        let bound = |value: &Option<Value>, count: i64, otherwise: i64| match value {
            Some(Value::Int(at)) if *at < 0 => Some((count + at).clamp(0, count)),
            Some(Value::Int(at)) => Some((*at).clamp(0, count)),
            Some(Value::None) | None => Some(otherwise),
            Some(_) => None,
        };
        if let Value::Str(text) = object {
            let chars: Vec<char> = text.chars().collect();
            let count = chars.len() as i64;
            let (Some(from), Some(to)) = (bound(&lower, count, 0), bound(&upper, count, count))
            else {
                return Value::Unknown;
            };
            if from > to {
                return Value::str("");
            }
            let part: String = chars[from as usize..to as usize].iter().collect();
            return Value::str(&part);
        }
        let Some(items) = self.elements(object) else { return Value::Unknown };
        let count = items.len() as i64;
        match (bound(&lower, count, 0), bound(&upper, count, count)) {
            (Some(from), Some(to)) if from <= to => {
                Value::Tuple(items[from as usize..to as usize].into())
            }
            _ => Value::Unknown,
        }
    }

    /// A method of a built-in container, string, namespace or `super()`; `None` for others.
    pub(super) fn call_method(
        &mut self,
        receiver: &Value,
        name: &str,
        args: &Args,
        file: u32,
        line: u32,
    ) -> Option<Value> {
        match receiver {
            Value::Object(id) => self.container_method(*id, name, args, file, line),
            Value::Str(text) => Some(self.string_method(text, name, args)),
            Value::Namespace(of) => {
                let of = (**of).clone();
                match name {
                    "items" => {
                        let pairs = self.namespace_pairs(&of)?;
                        Some(self.list_of_pairs(pairs, file, line))
                    }
                    "keys" | "copy" | "__iter__" => Some(receiver.clone()),
                    "values" => {
                        let pairs = self.namespace_pairs(&of)?;
                        let values: Vec<Value> = pairs.into_iter().map(|(_, v)| v).collect();
                        Some(Value::Tuple(values.into()))
                    }
                    "get" | "pop" => {
                        let found = self.get_item(receiver, args.plain.first()?);
                        match found {
                            Value::Unknown => {
                                Some(args.plain.get(1).cloned().unwrap_or(Value::None))
                            }
                            found => Some(found),
                        }
                    }
                    "update" => {
                        for (key, value) in
                            args.plain.first().and_then(|source| self.pairs(source))?
                        {
                            self.set_item(receiver, key, value);
                        }
                        for (key, value) in &args.named {
                            self.set_attr(&of, key.clone(), value.clone());
                        }
                        Some(Value::None)
                    }
                    "__contains__" => None,
                    _ => Some(Value::Unknown),
                }
            }
            Value::Super(_, of) => Some(self.super_method(&of.clone(), name, args, file, line)),
            Value::Class(class) => match name {
                "__subclasses__" => Some(self.subclass_list(*class, file, line)),
                "mro" => Some(self.load_attr(receiver, "__mro__")),
                "__new__" => Some(self.make_class(Some(*class), args, file, line)),
                _ => None,
            },
            Value::Property(_) => match name {
                "setter" | "getter" | "deleter" => Some(receiver.clone()),
                _ => Some(Value::Unknown),
            },
            Value::Function(_) => match name {
                _ if self.is_wrapped(receiver) => None,
                "register" => Some(self.register_implementation(receiver, args)),
                _ => Some(self.derive(args)),
            },
            Value::Tuple(_) => Some(self.derive(args)),
            _ => None,
        }
    }

    /// `super().__new__(…)` and others that no class of the project defines.
    fn super_method(&mut self, of: &Value, name: &str, args: &Args, file: u32, line: u32) -> Value {
        match (name, of) {
            ("__new__", Value::Class(class)) => {
                let is_meta = self.classes[*class as usize]
                    .outside
                    .iter()
                    .any(|base| &**base == "builtins.type" || base.ends_with("Meta"));
                if is_meta {
                    return self.make_class(Some(*class), args, file, line);
                }
                let class = match args.plain.first() {
                    Some(Value::Class(class)) => *class,
                    _ => *class,
                };
                let subject = Args {
                    plain: args.plain.get(1..).unwrap_or_default().into(),
                    ..Args::default()
                };
                Value::Object(self.new_instance(class, &subject, file, line))
            }
            ("__call__", Value::Class(class)) => self.instantiate(*class, args.clone(), file, line),
            ("__setitem__", Value::Object(id)) => {
                if let [key, value] = &*args.plain {
                    self.store(*id, Some(key.clone()), value.clone());
                }
                Value::None
            }
            ("__getitem__" | "get", Value::Object(id)) => {
                args.plain.first().and_then(|key| self.dict_get(*id, key)).unwrap_or(Value::Unknown)
            }
            (
                "update" | "append" | "add" | "setdefault" | "insert" | "extend",
                Value::Object(id),
            ) => self.mutate(*id, name, args, file, line).unwrap_or(Value::Unknown),
            _ => Value::Unknown,
        }
    }

    fn container_method(
        &mut self,
        id: ObjectId,
        name: &str,
        args: &Args,
        file: u32,
        line: u32,
    ) -> Option<Value> {
        if let Kind::Instance(class) = self.objects[id as usize].kind
            && !self.is_container(class)
        {
            return None;
        }
        self.mutate(id, name, args, file, line)
    }

    /// A subclass of a built-in container is that container.
    pub(super) fn is_container(&self, class: super::ClassIndex) -> bool {
        const BASES: &[&str] = &[
            "Dict",
            "List",
            "MutableMapping",
            "MutableSet",
            "OrderedDict",
            "Set",
            "UserDict",
            "UserList",
            "defaultdict",
            "dict",
            "list",
            "set",
        ];
        let outside = &self.classes[class as usize].outside;
        let last = |base: &str| base.rsplit('.').next().map_or(0, str::len);
        outside.iter().any(|base| BASES.binary_search(&&base[base.len() - last(base)..]).is_ok())
    }

    pub(super) fn mutate(
        &mut self,
        id: ObjectId,
        name: &str,
        args: &Args,
        file: u32,
        line: u32,
    ) -> Option<Value> {
        let first = args.plain.first().cloned();
        match name {
            "append" | "add" | "appendleft" | "add_done_callback" => {
                self.store(id, None, first?);
                Some(Value::None)
            }
            "insert" => {
                self.store(id, None, args.plain.get(1).cloned()?);
                Some(Value::None)
            }
            "extend" | "extendleft" => {
                let source = first?;
                for item in self.elements(&source).unwrap_or_default() {
                    self.store(id, None, item);
                }
                Some(Value::None)
            }
            "update" => {
                if let Some(source) = &first {
                    match self.objects[id as usize].kind {
                        Kind::Set | Kind::List => {
                            for item in self.elements(source).unwrap_or_default() {
                                self.store(id, None, item);
                            }
                        }
                        _ => self.update(id, source),
                    }
                }
                for (key, value) in &args.named {
                    self.store(id, Some(Value::Str(key.clone())), value.clone());
                }
                Some(Value::None)
            }
            "setdefault" => {
                let key = first?;
                if let Some(value) = self.dict_get(id, &key) {
                    return Some(value);
                }
                let value = args.plain.get(1).cloned().unwrap_or(Value::None);
                self.store(id, Some(key), value.clone());
                Some(value)
            }
            "pop" | "popleft"
                if matches!(self.objects[id as usize].kind, Kind::List | Kind::Set) =>
            {
                let from_start = name == "popleft" || matches!(first, Some(Value::Int(0)));
                Some(self.take(id, from_start))
            }
            "get" | "pop" => {
                let key = first?;
                if let Some(value) = self.dict_get(id, &key) {
                    if name == "pop" {
                        self.remove(id, &key);
                    }
                    return Some(value);
                }
                let exact = self.objects[id as usize].exact;
                match args.get(1, "default") {
                    Some(value) if exact || !value.is_constant() => Some(value.clone()),
                    None if exact => Some(Value::None),
                    _ => Some(Value::Unknown),
                }
            }
            "items" => {
                let pairs = self.pairs(&Value::Object(id))?;
                Some(self.list_of_pairs(pairs, file, line))
            }
            "keys" => Some(Value::Object(id)),
            "values" => {
                let entries = &self.objects[id as usize].entries;
                Some(Value::Tuple(entries.iter().map(|entry| entry.value.clone()).collect()))
            }
            "copy" | "__copy__" | "union" => {
                let (kind, file, line) = {
                    let object = &self.objects[id as usize];
                    (object.kind, object.file, object.line)
                };
                let new = self.new_object(kind, file, line);
                self.extend_any(new, &Value::Object(id));
                self.objects[new as usize].exact = self.objects[id as usize].exact;
                for source in &args.plain {
                    self.extend_any(new, source);
                }
                Some(Value::Object(new))
            }
            "__setitem__" => {
                if let [key, value] = &*args.plain {
                    self.store(id, Some(key.clone()), value.clone());
                }
                Some(Value::None)
            }
            "remove" | "discard" => {
                self.remove(id, &first?);
                Some(Value::None)
            }
            "__contains__" | "index" | "count" | "clear" | "sort" | "reverse" | "popitem" => {
                Some(Value::Unknown)
            }
            _ => match self.objects[id as usize].kind {
                Kind::Instance(_) => None,
                _ => Some(self.derive(args)),
            },
        }
    }

    /// Whether what is taken out of a container is gone: an import does it for good, and what one
    /// call made for itself is nobody's registry.
    fn may_remove(&self, id: ObjectId) -> bool {
        let is_local = self.calls > 0 && id >= self.newest;
        if self.uncertain == 0 {
            return is_local || self.importing;
        }
        // Work lists are worked off in any branch; another one may ask for a key as well.
        is_local && matches!(self.objects[id as usize].kind, Kind::List | Kind::Set)
    }

    /// Takes the entry under a key, or the element that is `key`, out of a container.
    pub(super) fn remove(&mut self, id: ObjectId, key: &Value) {
        if !self.may_remove(id) {
            return;
        }
        let object = &self.objects[id as usize];
        let at = match object.kind {
            Kind::List | Kind::Set => {
                object.entries.iter().position(|entry| entry.value.same(key) == Some(true))
            }
            _ => super::value::identity(key)
                .and_then(|key| object.index.get(&key))
                .map(|at| *at as usize),
        };
        if let Some(at) = at {
            self.drop_entry(id, at);
        }
    }

    /// Takes the first or last element; what is unknown where that is not for sure.
    fn take(&mut self, id: ObjectId, from_start: bool) -> Value {
        let count = self.objects[id as usize].entries.len();
        let Some(last) = count.checked_sub(1) else { return Value::Unknown };
        let at = if from_start { 0 } else { last };
        let value = self.objects[id as usize].entries[at].value.clone();
        if self.may_remove(id) {
            self.drop_entry(id, at);
        }
        value
    }

    fn drop_entry(&mut self, id: ObjectId, at: usize) {
        let object = &mut self.objects[id as usize];
        object.entries.remove(at);
        object.index.retain(|_, place| *place as usize != at);
        for place in object.index.values_mut() {
            if *place as usize > at {
                *place -= 1;
            }
        }
    }

    /// The number of elements of a list that a loop works off; `None` for anything else.
    pub(super) fn work_left(&self, id: ObjectId) -> Option<usize> {
        let object = &self.objects[id as usize];
        let is_list = matches!(object.kind, Kind::List | Kind::Set);
        (is_list && self.may_remove(id)).then_some(object.entries.len())
    }

    pub(super) fn list_of_pairs(
        &mut self,
        pairs: Vec<(Value, Value)>,
        _file: u32,
        _line: u32,
    ) -> Value {
        Value::Tuple(pairs.into_iter().map(|(k, v)| Value::Tuple([k, v].into())).collect())
    }
}
