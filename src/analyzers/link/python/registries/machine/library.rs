//! What calls of builtins and well-known library functions give.

use std::rc::Rc;

use super::Machine;
use super::value::{Args, Kind, Made, Value};
use crate::model::Name;

impl Machine<'_, '_> {
    pub(super) fn call_path(&mut self, path: &str, args: Args, file: u32, line: u32) -> Value {
        let first = args.plain.first().cloned();
        let name = match path.strip_prefix("builtins.") {
            Some(name) => name,
            None => return self.call_library(path, args, file, line),
        };
        match name {
            "dict" => self.make_dict(args, file, line),
            "list" | "sorted" | "reversed" => self.make_list(Kind::List, first, file, line),
            "set" | "frozenset" => self.make_list(Kind::Set, first, file, line),
            "tuple" | "iter" => match first {
                Some(value) => match self.elements(&value) {
                    Some(items) => Value::Tuple(items.into()),
                    None => Value::Unknown,
                },
                None => Value::Tuple([].into()),
            },
            "next" => first
                .and_then(|value| self.elements(&value))
                .and_then(|items| items.into_iter().next())
                .unwrap_or(Value::Unknown),
            "enumerate" => {
                let Some(items) = first.and_then(|value| self.elements(&value)) else {
                    return Value::Unknown;
                };
                let from = match args.get(1, "start") {
                    Some(Value::Int(from)) => *from,
                    _ => 0,
                };
                let pairs = items.into_iter().zip(from..);
                Value::Tuple(
                    pairs.map(|(item, at)| Value::Tuple([Value::Int(at), item].into())).collect(),
                )
            }
            "zip" => {
                let mut columns = Vec::new();
                for arg in &args.plain {
                    match self.elements(arg) {
                        Some(items) => columns.push(items),
                        None => return Value::Unknown,
                    }
                }
                let count = columns.iter().map(Vec::len).min().unwrap_or(0);
                let row = |at: usize| {
                    Value::Tuple(columns.iter().map(|column| column[at].clone()).collect())
                };
                Value::Tuple((0..count).map(row).collect())
            }
            "range" => {
                let (from, to) = match &*args.plain {
                    [Value::Int(to)] => (0, *to),
                    [Value::Int(from), Value::Int(to)] => (*from, *to),
                    _ => return Value::Unknown,
                };
                if to - from > super::MAX_UNROLL as i64 {
                    return Value::Unknown;
                }
                Value::Tuple((from..to).map(Value::Int).collect())
            }
            "filter" => {
                let Some(items) = args.plain.get(1).and_then(|items| self.elements(items)) else {
                    return Value::Unknown;
                };
                let test = first.unwrap_or(Value::None);
                let mut kept = Vec::new();
                for item in items {
                    let value = match &test {
                        Value::None => item.clone(),
                        test => self.call(test, Args::of(vec![item.clone()])),
                    };
                    if self.truth(&value) != Some(false) {
                        kept.push(item);
                    }
                }
                Value::Tuple(kept.into())
            }
            "map" => {
                let Some(items) = args.plain.get(1).and_then(|items| self.elements(items)) else {
                    return Value::Unknown;
                };
                let Some(function) = first else { return Value::Unknown };
                let mut made = Vec::new();
                for item in items {
                    made.push(self.call(&function, Args::of(vec![item])));
                }
                Value::Tuple(made.into())
            }
            "str" => match first {
                Some(Value::Str(text)) => Value::Str(text),
                Some(Value::Int(int)) => Value::str(&int.to_string()),
                _ => Value::Unknown,
            },
            "len" => match first {
                Some(Value::Tuple(items)) => Value::Int(items.len() as i64),
                Some(Value::Str(text)) => Value::Int(text.chars().count() as i64),
                Some(Value::Object(id)) if self.objects[id as usize].exact => {
                    Value::Int(self.objects[id as usize].entries.len() as i64)
                }
                _ => Value::Unknown,
            },
            "int" => match first {
                Some(Value::Str(text)) => text.trim().parse().map_or(Value::Unknown, Value::Int),
                Some(int @ Value::Int(_)) => int,
                _ => Value::Unknown,
            },
            "bool" => {
                first.and_then(|value| self.truth(&value)).map_or(Value::Unknown, Value::Bool)
            }
            "callable" => {
                first.and_then(|value| self.is_callable(&value)).map_or(Value::Unknown, Value::Bool)
            }
            "isinstance" => match &*args.plain {
                [value, of] => self.is_instance(value, of).map_or(Value::Unknown, Value::Bool),
                _ => Value::Unknown,
            },
            "issubclass" => match &*args.plain {
                [value, of] => self.is_subclass(value, of).map_or(Value::Unknown, Value::Bool),
                _ => Value::Unknown,
            },
            "getattr" | "hasattr" => self.reflect(name, &args),
            "setattr" => {
                if let [object, Value::Str(attr), value] = &*args.plain {
                    self.set_attr(object, attr.clone(), value.clone());
                    self.attach(object, attr, value);
                }
                Value::None
            }
            "type" => match &*args.plain {
                [Value::Object(id)] => match self.objects[*id as usize].kind {
                    Kind::Instance(class) => Value::Class(class),
                    Kind::Dict => Value::Path("builtins.dict".into()),
                    Kind::List => Value::Path("builtins.list".into()),
                    Kind::Set => Value::Path("builtins.set".into()),
                },
                [value @ Value::Class(_)] => self.load_attr(value, "__class__"),
                [Value::Made(made)] => Value::Path(made.callee.clone()),
                [value] => {
                    plain_type(value).map_or(Value::Unknown, |name| Value::Path(name.into()))
                }
                _ => self.make_class(None, &args, file, line),
            },
            "super" => match &*args.plain {
                [Value::Class(class), receiver] => Value::Super(*class, Rc::new(receiver.clone())),
                _ => Value::Unknown,
            },
            "vars" => first.map_or(Value::Unknown, |of| Value::Namespace(Rc::new(of))),
            "dir" => match first.and_then(|of| self.all_pairs(&of)) {
                Some(pairs) => Value::Tuple(pairs.into_iter().map(|(key, _)| key).collect()),
                None => Value::Unknown,
            },
            "property" => match args.get(0, "fget") {
                Some(function) => self.property(function.clone()),
                None => Value::Unknown,
            },
            "classmethod" => first.map_or(Value::Unknown, |f| Value::ClassMethod(Rc::new(f))),
            "staticmethod" => first.map_or(Value::Unknown, |f| Value::StaticMethod(Rc::new(f))),
            "dict.fromkeys" => {
                let Some(keys) = first.and_then(|keys| self.elements(&keys)) else {
                    return Value::Unknown;
                };
                let value = args.plain.get(1).cloned().unwrap_or(Value::None);
                let object = self.new_object(Kind::Dict, file, line);
                for key in keys {
                    self.store_literal(object, Some(key), value.clone());
                }
                Value::Object(object)
            }
            "eval" => match first {
                Some(Value::Str(text)) if matches!(&*text, "True" | "False") => {
                    Value::Bool(&*text == "True")
                }
                // A name that is looked up in the given namespaces, or in the module's own.
                Some(Value::Str(name)) if is_identifier(&name) => {
                    let mut spaces = args.plain.iter().skip(1).rev();
                    let found = spaces.find_map(|space| {
                        let found = self.get_item(space, &Value::Str(name.clone()));
                        (!found.is_unknown()).then_some(found)
                    });
                    found.unwrap_or(Value::Unknown)
                }
                _ => Value::Unknown,
            },
            "str.__new__" | "dict.__new__" | "list.__new__" | "int.__new__" => match first {
                Some(Value::Class(class)) => {
                    let plain = args.plain.get(1..).unwrap_or_default().into();
                    Value::Object(self.new_instance(class, &Args::of(plain), file, line))
                }
                _ => Value::Unknown,
            },
            "object.__new__" => match first {
                Some(Value::Class(class)) => {
                    Value::Object(self.new_instance(class, &Args::default(), file, line))
                }
                _ => Value::Unknown,
            },
            "type.__new__" | "type.__call__" => self.make_class(None, &args, file, line),
            "object" => {
                Value::Made(Rc::new(Made { callee: path.into(), args, file, line, receiver: None }))
            }
            _ => self.unbound_method(name, &args, file, line).unwrap_or_else(|| self.derive(&args)),
        }
    }

    /// `dict.__setitem__(self, key, value)`: a method of a built-in container called through it.
    fn unbound_method(&mut self, name: &str, args: &Args, file: u32, line: u32) -> Option<Value> {
        let (of, method) = name.split_once('.')?;
        let (Value::Object(id), rest) = args.plain.split_first()? else { return None };
        if !matches!(of, "dict" | "list" | "set") {
            return None;
        }
        let rest = Args { named: args.named.clone(), ..Args::of(rest.to_vec()) };
        let method = if method == "__init__" { "update" } else { method };
        self.mutate(*id, method, &rest, file, line)
    }

    fn call_library(&mut self, path: &str, args: Args, file: u32, line: u32) -> Value {
        let first = args.plain.first().cloned();
        match path {
            "functools.singledispatch" | "functools.singledispatchmethod" => {
                let function = first.unwrap_or(Value::Unknown);
                self.make_dispatch(&function);
                function
            }
            "collections.OrderedDict"
            | "weakref.WeakValueDictionary"
            | "weakref.WeakKeyDictionary"
            | "collections.ChainMap"
            | "types.MappingProxyType"
            | "types.SimpleNamespace" => self.make_dict(args, file, line),
            "collections.UserDict" => self.make_dict(args, file, line),
            "collections.defaultdict" => {
                let object = self.new_object(Kind::Dict, file, line);
                self.objects[object as usize].factory = match &first {
                    Some(Value::Path(path)) => match &**path {
                        "builtins.dict" => Some(Kind::Dict),
                        "builtins.list" => Some(Kind::List),
                        "builtins.set" | "builtins.frozenset" => Some(Kind::Set),
                        _ => None,
                    },
                    Some(Value::Function(_)) => Some(Kind::Dict),
                    _ => None,
                };
                if let Some(source) = args.plain.get(1) {
                    self.update(object, source);
                }
                Value::Object(object)
            }
            "collections.deque" => self.make_list(Kind::List, first, file, line),
            "weakref.WeakSet" => self.make_list(Kind::Set, first, file, line),
            "functools.partial" | "functools.partialmethod" => {
                let Some(function) = first else { return Value::Unknown };
                let rest = Args {
                    plain: args.plain.get(1..).unwrap_or_default().into(),
                    named: args.named,
                    open: args.open,
                    lines: args.lines,
                };
                Value::Partial(Rc::new((function, rest)))
            }
            // `wraps(f)` hands on the wrapper, which is known by the name of `f`.
            "functools.wraps" => {
                let wraps = Value::Path("metascope.wraps".into());
                Value::Partial(Rc::new((wraps, Args::of(first.into_iter().collect()))))
            }
            "metascope.wraps" | "functools.update_wrapper" => {
                let [a, b] = &*args.plain else { return first.unwrap_or(Value::Unknown) };
                let (wrapper, wrapped) = if path == "metascope.wraps" { (b, a) } else { (a, b) };
                if let Value::Function(closure) = wrapper {
                    closure.wrap(wrapped);
                }
                wrapper.clone()
            }
            "metascope.identity" => first.unwrap_or(Value::Unknown),
            "typing.cast" | "typing_extensions.cast" => {
                args.plain.get(1).cloned().unwrap_or(Value::Unknown)
            }
            "copy.copy" | "copy.deepcopy" => match first {
                Some(Value::Object(id))
                    if !matches!(self.objects[id as usize].kind, Kind::Instance(_)) =>
                {
                    let kind = self.objects[id as usize].kind;
                    let new = self.new_object(kind, file, line);
                    self.extend_any(new, &Value::Object(id));
                    Value::Object(new)
                }
                other => other.unwrap_or(Value::Unknown),
            },
            "itertools.chain" => {
                let mut all = Vec::new();
                for arg in &args.plain {
                    match self.elements(arg) {
                        Some(items) => all.extend(items),
                        None => return Value::Unknown,
                    }
                }
                Value::Tuple(all.into())
            }
            "inspect.isclass" => match first {
                Some(Value::Class(_)) => Value::Bool(true),
                Some(Value::Function(_) | Value::Str(_) | Value::Bound(_) | Value::None) => {
                    Value::Bool(false)
                }
                Some(Value::Object(_)) => Value::Bool(false),
                _ => Value::Unknown,
            },
            "inspect.isfunction" | "inspect.isroutine" | "inspect.ismethod" => match first {
                Some(Value::Function(_)) => Value::Bool(true),
                Some(Value::Class(_) | Value::Str(_) | Value::None | Value::Object(_)) => {
                    Value::Bool(false)
                }
                _ => Value::Unknown,
            },
            "inspect.getmembers" => {
                let Some(pairs) = first.and_then(|of| self.all_pairs(&of)) else {
                    return Value::Unknown;
                };
                let mut kept = Vec::new();
                for (key, value) in pairs {
                    let passes = match args.plain.get(1) {
                        Some(test) => {
                            let value = self.call(test, Args::of(vec![value.clone()]));
                            self.truth(&value) != Some(false)
                        }
                        None => true,
                    };
                    if passes {
                        kept.push((key, value));
                    }
                }
                self.list_of_pairs(kept, file, line)
            }
            "inspect.getmodule" | "inspect.unwrap" => first.unwrap_or(Value::Unknown),
            "importlib.import_module" => match first {
                Some(Value::Str(name)) => self.load_path(&name),
                _ => Value::Unknown,
            },
            "types.new_class" => {
                let mut plain = args.plain.clone();
                plain.truncate(2);
                self.make_class(None, &Args::of(plain), file, line)
            }
            "re.sub" | "re.match" | "re.search" | "re.fullmatch" | "re.split" => {
                match self.call_re(&path[3..], &args, (file, line)) {
                    Some(value) => value,
                    None => self.call_outside(&Value::Path(path.into()), args, file, line),
                }
            }
            "os.getenv" | "os.environ.get" => {
                args.get(1, "default").cloned().unwrap_or(Value::Unknown)
            }
            "operator.attrgetter" | "operator.itemgetter" => Value::Unknown,
            "abc.abstractmethod"
            | "typing.final"
            | "typing.overload"
            | "typing.no_type_check"
            | "typing.runtime_checkable"
            | "functools.total_ordering"
            | "contextlib.contextmanager"
            | "contextlib.asynccontextmanager"
            | "functools.lru_cache"
            | "functools.cache"
            | "functools.cached_property" => match first {
                Some(value) if value.is_definition() => {
                    if path.ends_with("cached_property") {
                        self.property(value)
                    } else {
                        value
                    }
                }
                _ => Value::Path("metascope.identity".into()),
            },
            _ => {
                let callee = Value::Path(path.into());
                self.call_outside(&callee, args, file, line)
            }
        }
    }

    fn reflect(&mut self, name: &str, args: &Args) -> Value {
        let (Some(object), Some(Value::Str(attr))) = (args.plain.first(), args.plain.get(1)) else {
            // The attribute's name is computed: nothing to find, the default may matter.
            return Value::Unknown;
        };
        let object = object.clone();
        let found = self.load_attr(&object, attr);
        let is_guess = match &found {
            Value::Unknown => true,
            Value::Method(pair) => !matches!(pair.0, Value::Module(_)),
            _ => false,
        };
        let is_closed = match &object {
            Value::Class(class) => self.classes[*class as usize].outside.is_empty(),
            Value::Function(_)
            | Value::Property(_)
            | Value::Str(_)
            | Value::None
            | Value::Bool(_)
            | Value::Tuple(_)
            | Value::Int(_) => true,
            Value::Object(id) => match self.objects[*id as usize].kind {
                Kind::Instance(class) => {
                    let open = self.objects[*id as usize].summary;
                    !open && self.classes[class as usize].outside.is_empty()
                }
                _ => true,
            },
            _ => false,
        };
        if name == "hasattr" {
            return match (is_guess, is_closed) {
                (false, _) => Value::Bool(true),
                (true, true) => Value::Bool(false),
                (true, false) => Value::Unknown,
            };
        }
        match (is_guess, args.plain.get(2)) {
            (false, _) => found,
            (true, Some(default)) if is_closed => default.clone(),
            (true, Some(default)) if !default.is_constant() => default.clone(),
            (true, _) => found,
        }
    }

    fn make_dict(&mut self, args: Args, file: u32, line: u32) -> Value {
        let object = self.new_object(Kind::Dict, file, line);
        if let Some(source) = args.plain.first() {
            if let Value::Object(_) = source {
                self.update_literal(object, source);
            } else {
                for (key, value) in self.pairs(source).unwrap_or_default() {
                    self.store_literal(object, Some(key), value);
                }
            }
        }
        self.store_keywords(object, args.named, &args.lines);
        Value::Object(object)
    }

    /// Rows given as keywords, each at its own line.
    pub(super) fn store_keywords(
        &mut self,
        object: u32,
        named: Vec<(Name, Value)>,
        lines: &[(Name, u32)],
    ) {
        let outer = (self.here.1, self.site.line);
        for (key, value) in named {
            if let Some((_, line)) = lines.iter().find(|(name, _)| *name == key) {
                self.here.1 = *line;
                if self.calls == 0 {
                    self.site.line = *line;
                }
            }
            self.store_literal(object, Some(Value::Str(key)), value);
        }
        (self.here.1, self.site.line) = outer;
    }

    fn update_literal(&mut self, object: u32, source: &Value) {
        let Value::Object(id) = source else { return };
        match self.objects[*id as usize].kind {
            Kind::Dict => self.extend_any(object, source),
            _ => {
                // Pairs in a list: the rows keep their places.
                let places: Vec<(u32, u32)> = self.objects[*id as usize]
                    .entries
                    .iter()
                    .map(|entry| (entry.file, entry.line))
                    .collect();
                let pairs = self.pairs(source).unwrap_or_default();
                let outer = (self.site.file, self.site.line);
                for (at, (key, value)) in pairs.into_iter().enumerate() {
                    if let Some(place) = places.get(at) {
                        (self.site.file, self.site.line) = *place;
                    }
                    self.store_literal(object, Some(key), value);
                }
                (self.site.file, self.site.line) = outer;
            }
        }
    }

    fn make_list(&mut self, kind: Kind, source: Option<Value>, file: u32, line: u32) -> Value {
        let object = self.new_object(kind, file, line);
        match source {
            None => Value::Object(object),
            Some(source) => {
                let is_list = matches!(&source, Value::Object(id)
                    if matches!(self.objects[*id as usize].kind, Kind::List | Kind::Set));
                if is_list {
                    self.extend_any(object, &source);
                    return Value::Object(object);
                }
                match self.elements(&source) {
                    Some(items) => {
                        for item in items {
                            self.store_literal(object, None, item);
                        }
                        Value::Object(object)
                    }
                    None => Value::Unknown,
                }
            }
        }
    }
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The type of a constant, function or tuple.
fn plain_type(value: &Value) -> Option<&'static str> {
    Some(match value {
        Value::None => "types.NoneType",
        Value::Bool(_) => "builtins.bool",
        Value::Int(_) => "builtins.int",
        Value::Str(_) => "builtins.str",
        Value::Tuple(_) => "builtins.tuple",
        Value::Function(_) => "types.FunctionType",
        Value::Bound(_) => "types.MethodType",
        Value::Property(_) => "builtins.property",
        Value::Module(_) => "types.ModuleType",
        _ => return None,
    })
}
