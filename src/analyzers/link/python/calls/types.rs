//! What annotations promise, turned into values.

use super::solver::{Hidden, Solver};
use super::values::{Key, Sym, Value, Var};
use crate::model::facts::python::calls::{Literal, Shape, Type, TypeId};

/// How deep type arguments are followed.
const DEPTH: u32 = 6;

impl<'a> Solver<'a, '_> {
    /// Adds what an annotation of a file promises to a variable.
    pub fn promise(&mut self, file: u32, annotation: TypeId, to: Var) {
        if annotation != 0 && to != 0 {
            self.promise_at(file, annotation, to, 0);
        }
    }

    fn promise_at(&mut self, file: u32, annotation: TypeId, to: Var, depth: u32) {
        if depth > DEPTH {
            return;
        }
        let facts = &self.program.files[file as usize].python.facts.calls;
        match &facts.types[annotation as usize] {
            Type::Unknown | Type::Plain | Type::List(_) => {}
            Type::Union(parts) => {
                parts.iter().for_each(|part| self.promise_at(file, *part, to, depth + 1));
            }
            Type::Named { origin, args } => {
                let origin = self.program.files[file as usize].syms[*origin as usize];
                self.promise_named(file, origin, args, to, depth);
            }
        }
    }

    fn promise_named(&mut self, file: u32, named: Sym, args: &[TypeId], to: Var, depth: u32) {
        let origin = &*self.syms.text(named).to_owned();
        let last = origin.rsplit('.').next().unwrap_or(origin);
        let module = &origin[..origin.len() - last.len()];
        let is_standard = matches!(
            module,
            "builtins."
                | "typing."
                | "typing_extensions."
                | "collections."
                | "collections.abc."
                | "t."
                | "contextlib."
                | "types."
                | "_typeshed."
        );
        if !is_standard {
            self.promise_class(named, to);
            return;
        }
        let arg = |at: usize| args.get(at).copied().unwrap_or(0);
        match last {
            "Optional" | "Annotated" | "Final" | "ClassVar" | "Required" | "NotRequired"
            | "ReadOnly" | "Awaitable" | "Unpack" | "TypeGuard" | "InitVar" => {
                self.promise_at(file, arg(0), to, depth + 1);
            }
            "Union" => args.iter().for_each(|part| self.promise_at(file, *part, to, depth + 1)),
            "Coroutine" => self.promise_at(file, arg(2), to, depth + 1),
            "list" | "List" | "Sequence" | "MutableSequence" | "Collection" | "deque" | "Deque"
            | "UserList" => self.promise_elements(file, Shape::List, arg(0), to, depth),
            "set" | "Set" | "FrozenSet" | "frozenset" | "MutableSet" | "AbstractSet"
            | "KeysView" => {
                self.promise_elements(file, Shape::Set, arg(0), to, depth);
            }
            "Iterable" | "Iterator" | "AsyncIterable" | "AsyncIterator" | "Generator"
            | "AsyncGenerator" | "Reversible" | "Container" | "ValuesView" => {
                self.promise_elements(file, Shape::Stream, arg(0), to, depth);
            }
            "tuple" | "Tuple" => {
                let object = self.derived(to, tag(depth, Shape::Tuple), Shape::Tuple);
                self.add(to, Value::Object(object));
                let is_uniform = args.len() == 2 && arg(1) == 0;
                for (at, part) in args.iter().enumerate() {
                    let into = if is_uniform {
                        self.objects[object as usize].rest
                    } else {
                        self.field(object, Key::Number(at as i64))
                    };
                    self.promise_at(file, *part, into, depth + 1);
                }
            }
            "dict" | "Dict" | "Mapping" | "MutableMapping" | "DefaultDict" | "defaultdict"
            | "OrderedDict" | "ItemsView" | "UserDict" => {
                let object = self.derived(to, tag(depth, Shape::Dict), Shape::Dict);
                self.add(to, Value::Object(object));
                let (keys, rest) =
                    (self.objects[object as usize].keys, self.objects[object as usize].rest);
                self.promise_at(file, arg(0), keys, depth + 1);
                self.promise_at(file, arg(1), rest, depth + 1);
            }
            "type" | "Type" => {
                let made = self.graph.var();
                self.promise_at(file, arg(0), made, depth + 1);
                self.hide(made, Hidden::TypeOf { to });
            }
            "Callable" => {
                let result = self.graph.var();
                self.promise_at(file, arg(1), result, depth + 1);
                self.add(to, Value::Callable(result));
            }
            "ContextManager"
            | "AbstractContextManager"
            | "AsyncContextManager"
            | "AbstractAsyncContextManager" => {}
            "str" | "LiteralString" | "AnyStr" | "Text" => {
                self.add(to, Value::Literal(Literal::Text))
            }
            "bytes" | "bytearray" => self.add(to, Value::Literal(Literal::Bytes)),
            "int" | "float" | "complex" => self.add(to, Value::Literal(Literal::Number)),
            "bool" => self.add(to, Value::Literal(Literal::Bool)),
            "Any" | "object" | "Literal" | "Self" | "NoReturn" | "Never" | "Hashable" => {}
            _ => {
                let name = self.syms.own(origin.trim_start_matches("builtins.").to_owned());
                let value = match module {
                    "builtins." => Value::Made(name),
                    _ => Value::External(name),
                };
                self.add(to, value);
            }
        }
    }

    fn promise_elements(&mut self, file: u32, shape: Shape, of: TypeId, to: Var, depth: u32) {
        let object = self.derived(to, tag(depth, shape), shape);
        self.add(to, Value::Object(object));
        let rest = self.objects[object as usize].rest;
        self.promise_at(file, of, rest, depth + 1);
    }

    fn promise_class(&mut self, origin: Sym, to: Var) {
        let value = match self.promised.get(&origin) {
            Some(known) => *known,
            None => {
                let value = self.instance_of(origin);
                self.promised.insert(origin, value);
                value
            }
        };
        if let Some(value) = value {
            self.add(to, value);
        }
    }

    /// What an annotation that names a class promises.
    fn instance_of(&mut self, origin: Sym) -> Option<Value> {
        let resolved = self.names.resolve(self.syms.text(origin));
        let class = self.syms.find(&resolved);
        match class.and_then(|sym| self.program.class_names.get(&sym).copied()) {
            Some(class) => Some(Value::Bounded { class, own: false }),
            None if !self.names.knows(&resolved) => {
                Some(Value::External(self.syms.own(resolved.to_string())))
            }
            None => None,
        }
    }
}

/// Containers of one annotation are told apart by depth and shape.
fn tag(depth: u32, shape: Shape) -> u8 {
    16 + depth as u8 * 5 + shape as u8
}
