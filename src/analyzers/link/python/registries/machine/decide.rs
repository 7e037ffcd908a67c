//! Truth, comparison and type tests, as far as they can be told.

use super::Machine;
use super::value::{ClassIndex, Kind, Value};
use crate::model::facts::python::registries::Comparison;

impl Machine<'_, '_> {
    pub(super) fn truth(&self, value: &Value) -> Option<bool> {
        match value {
            Value::None => Some(false),
            Value::Bool(value) => Some(*value),
            Value::Int(value) => Some(*value != 0),
            Value::Str(value) => Some(!value.is_empty()),
            Value::Tuple(items) => Some(!items.is_empty()),
            Value::Class(_)
            | Value::Function(_)
            | Value::Bound(_)
            | Value::Partial(_)
            | Value::Module(_) => Some(true),
            Value::Object(id) => {
                let object = &self.objects[*id as usize];
                match object.kind {
                    Kind::Instance(class) => {
                        let has = |name| self.class_attr(class, name).is_some();
                        let open = !self.classes[class as usize].outside.is_empty();
                        (!open && !has("__bool__") && !has("__len__")).then_some(true)
                    }
                    _ if object.exact => Some(!object.entries.is_empty()),
                    _ if object.entries.is_empty() => None,
                    _ => Some(true),
                }
            }
            value if super::regexes::is_match(value) => Some(true),
            Value::Path(name) => match &**name {
                "typing.TYPE_CHECKING" | "typing_extensions.TYPE_CHECKING" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn compare(&self, op: Comparison, left: &Value, right: &Value) -> Option<bool> {
        match op {
            Comparison::Is => self.identical(left, right),
            Comparison::IsNot => self.identical(left, right).map(|same| !same),
            Comparison::Equal => left.same(right),
            Comparison::NotEqual => left.same(right).map(|same| !same),
            Comparison::In => self.contains(right, left),
            Comparison::NotIn => self.contains(right, left).map(|found| !found),
            Comparison::Less => self.order(left, right).map(|order| order.is_lt()),
            Comparison::LessEqual => self.order(left, right).map(|order| order.is_le()),
            Comparison::Greater => self.order(left, right).map(|order| order.is_gt()),
            Comparison::GreaterEqual => self.order(left, right).map(|order| order.is_ge()),
        }
    }

    fn order(&self, left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
        match (left, right) {
            (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
            (Value::Str(a), Value::Str(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    fn identical(&self, left: &Value, right: &Value) -> Option<bool> {
        match (left, right) {
            (Value::Unknown, _) | (_, Value::Unknown) => None,
            (Value::None, Value::None) => Some(true),
            // A sentinel (`x is MISSING`) is one object; anything else is not it.
            (Value::Made(a), Value::Made(b)) => {
                if (a.file, a.line) == (b.file, b.line) {
                    Some(true)
                } else {
                    Some(false)
                }
            }
            (Value::Made(_), other) | (other, Value::Made(_)) => {
                matches!(other, Value::Derived(_)).then_some(false).or(Some(false))
            }
            (Value::None, Value::Derived(_)) | (Value::Derived(_), Value::None) => Some(false),
            (Value::Derived(_), _) | (_, Value::Derived(_)) => None,
            (Value::Object(a), Value::Object(b)) => Some(a == b),
            (Value::Path(a), Value::Path(b)) => (a == b).then_some(true),
            (Value::Path(_), Value::None) | (Value::None, Value::Path(_)) => Some(false),
            (Value::Path(_), _) | (_, Value::Path(_)) => None,
            _ => left.same(right).or(Some(false)),
        }
    }

    /// `item in container`: only what cannot have changed meanwhile is asked.
    fn contains(&self, container: &Value, item: &Value) -> Option<bool> {
        match container {
            Value::Tuple(items) => {
                let mut all_known = true;
                for known in items.iter() {
                    match known.same(item) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => all_known = false,
                    }
                }
                all_known.then_some(false)
            }
            Value::Str(text) => match item {
                Value::Str(part) => Some(text.contains(&**part)),
                _ => None,
            },
            Value::Object(id) => {
                let object = &self.objects[*id as usize];
                let key = super::value::identity(item)?;
                if object.kind == Kind::Dict {
                    let is_there = object.index.contains_key(&key);
                    return if is_there || object.exact { Some(is_there) } else { None };
                }
                let literal = |entry: &super::value::Entry| matches!(&entry.value, Value::Str(text) if *text == key);
                if matches!(object.kind, Kind::List | Kind::Set)
                    && object.entries.iter().any(literal)
                {
                    return Some(true);
                }
                None
            }
            Value::Namespace(of) => {
                let Value::Str(key) = item else { return None };
                match &**of {
                    Value::Class(class) => {
                        Some(self.classes[*class as usize].index.contains_key(key))
                    }
                    Value::Module(module) => {
                        let file = *self.modules.get(module)?;
                        let is_there = self.globals[file as usize].contains_key(key);
                        let has_stars = !self.files[file as usize].facts.names.stars.is_empty();
                        (is_there || !has_stars).then_some(is_there)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// `isinstance(value, of)`.
    pub(super) fn is_instance(&self, value: &Value, of: &Value) -> Option<bool> {
        if let Value::Tuple(items) = of {
            let mut all = Some(false);
            for of in items.iter() {
                match self.is_instance(value, of) {
                    Some(true) => return Some(true),
                    Some(false) => {}
                    None => all = None,
                }
            }
            return all;
        }
        let path = match of {
            Value::Path(path) => Some(&**path),
            _ => None,
        };
        match (value, of) {
            (Value::Unknown | Value::Derived(_), _) => None,
            (Value::Made(made), Value::Path(path)) => (made.callee == *path).then_some(true),
            // What was made outside is no instance of a class outside does not know.
            (Value::Made(made), Value::Class(_)) if made.args.iter().all(is_plain) => Some(false),
            (Value::Made(_), _) => None,
            (Value::Object(id), _) => {
                let object = &self.objects[*id as usize];
                match (object.kind, of) {
                    (Kind::Instance(class), Value::Class(of)) => Some(self.derives(class, *of)),
                    (Kind::Instance(class), Value::Path(path)) => {
                        let outside = &self.classes[class as usize].outside;
                        if outside.contains(path) {
                            Some(true)
                        } else if path.starts_with("builtins.") && outside.is_empty() {
                            Some(false)
                        } else {
                            None
                        }
                    }
                    (_, Value::Class(_)) => Some(false),
                    (Kind::Dict, _) => path.and_then(|path| {
                        known_type(path, &["dict", "Mapping", "MutableMapping", "OrderedDict"])
                    }),
                    (Kind::List, _) => {
                        path.and_then(|path| known_type(path, &["list", "Sequence", "Iterable"]))
                    }
                    (Kind::Set, _) => path.and_then(|path| known_type(path, &["set", "Iterable"])),
                    _ => Some(false),
                }
            }
            (
                Value::Function(_)
                | Value::Bound(_)
                | Value::Property(_)
                | Value::ClassMethod(_)
                | Value::StaticMethod(_)
                | Value::Str(_)
                | Value::Int(_)
                | Value::Bool(_)
                | Value::Tuple(_)
                | Value::None
                | Value::Module(_),
                Value::Class(_),
            ) => Some(false),
            (Value::Class(class), Value::Class(of)) => {
                let metaclass = self.classes[*class as usize].metaclass;
                Some(metaclass.is_some_and(|metaclass| self.derives(metaclass, *of)))
            }
            (Value::Class(_), _) => path.and_then(|path| known_type(path, &["type", "Callable"])),
            (Value::Function(_) | Value::Bound(_), _) => path.and_then(|path| {
                known_type(path, &["FunctionType", "MethodType", "LambdaType", "Callable"])
            }),
            (Value::Str(_), _) => path.and_then(|path| {
                known_type(path, &["str", "Sequence", "Iterable", "Hashable", "basestring"])
            }),
            (Value::Int(_), _) => path.and_then(|path| known_type(path, &["int", "Hashable"])),
            (Value::Bool(_), _) => path.and_then(|path| known_type(path, &["bool", "int"])),
            (Value::Tuple(_), _) => path
                .and_then(|path| known_type(path, &["tuple", "Sequence", "Iterable", "Hashable"])),
            (Value::None, _) => Some(path == Some("types.NoneType")),
            (Value::Property(_), _) => path.and_then(|path| known_type(path, &["property"])),
            (Value::ClassMethod(_), _) => path.and_then(|path| known_type(path, &["classmethod"])),
            (Value::StaticMethod(_), _) => {
                path.and_then(|path| known_type(path, &["staticmethod"]))
            }
            (Value::Module(_), _) => path.and_then(|path| known_type(path, &["ModuleType"])),
            _ => None,
        }
    }

    pub(super) fn is_subclass(&self, value: &Value, of: &Value) -> Option<bool> {
        if let Value::Tuple(items) = of {
            let mut any = Some(false);
            for of in items.iter() {
                any = match (any, self.is_subclass(value, of)) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                };
            }
            return any;
        }
        match (value, of) {
            (Value::Class(class), Value::Class(of)) => Some(self.derives(*class, *of)),
            (Value::Class(class), Value::Path(path)) => {
                let outside = &self.classes[*class as usize].outside;
                if outside.contains(path) {
                    return Some(true);
                }
                outside.is_empty().then_some(&**path == "builtins.object")
            }
            (Value::Function(_) | Value::Str(_) | Value::Int(_) | Value::None, _) => Some(false),
            _ => None,
        }
    }

    pub(super) fn derives(&self, class: ClassIndex, of: ClassIndex) -> bool {
        self.classes[class as usize].mro.contains(&of)
    }

    /// `callable(value)`.
    pub(super) fn is_callable(&self, value: &Value) -> Option<bool> {
        match value {
            Value::Function(_)
            | Value::Class(_)
            | Value::Bound(_)
            | Value::Partial(_)
            | Value::Method(_) => Some(true),
            Value::Derived(_) => Some(true),
            Value::None
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Str(_)
            | Value::Tuple(_)
            | Value::Property(_) => Some(false),
            Value::Object(id) => match self.objects[*id as usize].kind {
                Kind::Instance(class) => {
                    if self.class_attr(class, "__call__").is_some() {
                        Some(true)
                    } else {
                        self.classes[class as usize].outside.is_empty().then_some(false)
                    }
                }
                _ => Some(false),
            },
            _ => None,
        }
    }
}

/// Whether a value holds nothing of the project's.
fn is_plain(value: &Value) -> bool {
    value.is_constant() || matches!(value, Value::Path(_) | Value::Unknown)
}

/// Whether the last segment of a library type is one of `names`; `None` for types of others.
fn known_type(path: &str, names: &[&str]) -> Option<bool> {
    const LIBRARIES: &[&str] =
        &["builtins", "types", "typing", "collections", "inspect", "typing_extensions"];
    let top = path.split('.').next().unwrap_or(path);
    let last = path.rsplit('.').next().unwrap_or(path);
    if !LIBRARIES.contains(&top) {
        return None;
    }
    Some(last == "object" || names.contains(&last))
}
