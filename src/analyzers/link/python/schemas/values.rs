//! Defaults: constant terms as JSON, others as source text.

use serde_json::{Map, Value};

use super::enums;
use super::fields::{self, Default_};
use super::index::{Environment, Index, Meaning};
use super::kinds::Kind;
use super::tables;
use crate::model::facts::python::schemas::Term;

const MAX_DEPTH: u32 = 20;

/// The JSON form of a constant; names of module-level constants are followed.
pub fn constant(index: &Index<'_>, term: &Term) -> Option<Value> {
    fold(index, term, MAX_DEPTH)
}

/// [`constant`] with a bound on the names that may still be followed: they may go in circles.
pub fn fold(index: &Index<'_>, term: &Term, depth: u32) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let all = |terms: &[Term]| {
        let values: Option<Vec<Value>> =
            terms.iter().map(|term| fold(index, term, depth)).collect();
        values.map(Value::Array)
    };
    match term {
        Term::None => Some(Value::Null),
        Term::Bool(value) => Some(Value::Bool(*value)),
        Term::Int(digits) => digits
            .parse::<i64>()
            .map(Value::from)
            .or_else(|_| digits.parse::<u64>().map(Value::from))
            .ok()
            .or_else(|| Some(Value::from(digits.parse::<f64>().ok()?))),
        Term::Float(value) => serde_json::Number::from_f64(*value).map(Value::Number),
        Term::Str(text) => Some(Value::String(text.to_string())),
        Term::Bytes(bytes) => Some(Value::String(String::from_utf8(bytes.clone()).ok()?)),
        Term::Tuple(terms) | Term::List(terms) | Term::Set(terms) => all(terms),
        Term::Dict(items) => {
            let mut map = Map::new();
            for (key, value) in items {
                let key = match fold(index, key, depth)? {
                    Value::String(text) => text,
                    Value::Number(number) => number.to_string(),
                    _ => return None,
                };
                map.insert(key, fold(index, value, depth)?);
            }
            Some(Value::Object(map))
        }
        Term::Name { .. } => match index.constant(term) {
            Some(value) => fold(index, value, depth),
            None => enums::member_named(index, term, depth)
                .map(|(value, _)| value)
                .or_else(|| tables::library_constant(&index.known(term)?).map(Value::from)),
        },
        Term::Call(call) if call.arguments.is_empty() && call.keywords.is_empty() => {
            empty(index, &call.function, depth)
        }
        Term::Call(call)
            if index.known(&call.function).as_deref() == Some("collections.defaultdict")
                && call.arguments.len() == 1 =>
        {
            Some(Value::Object(Map::new()))
        }
        Term::Call(call) => {
            let [only] = call.arguments.as_slice() else { return None };
            match index.known(&call.function).as_deref() {
                Some(
                    "builtins.str" | "builtins.int" | "builtins.float" | "builtins.bool"
                    | "builtins.list" | "builtins.tuple" | "builtins.set" | "builtins.frozenset"
                    | "pathlib.Path" | "decimal.Decimal",
                ) => fold(index, only, depth),
                Some("pydantic.SecretStr") => Some(Value::from("**********")),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A default as pydantic writes it: constants, and instances of models made of constants.
pub fn dumped(index: &Index<'_>, term: &Term) -> Option<Value> {
    constant(index, term).or_else(|| instance(index, term, 8))
}

fn instance(index: &Index<'_>, term: &Term, depth: u32) -> Option<Value> {
    let depth = depth.checked_sub(1)?;
    let call = match term {
        Term::Call(call) => call,
        Term::Name { .. } => return instance(index, index.constant(term)?, depth),
        _ => return None,
    };
    let Meaning::Class(class) = index.meaning(&call.function) else { return None };
    let info = index.classes.get(class)?;
    if !matches!(info.kind, Kind::Pydantic | Kind::Dataclass | Kind::NamedTuple) {
        return None;
    }
    let mut shapes = info.mro.iter().filter_map(|name| Some(index.classes.get(name)?.shape));
    let serializer = shapes.find_map(|shape| {
        shape.methods.iter().find(|method| {
            method.decorators.iter().any(|decorator| {
                index.known(&decorator.function).is_some_and(|name| {
                    matches!(
                        &*name,
                        "pydantic.model_serializer"
                            | "pydantic.functional_serializers.model_serializer"
                    )
                })
            })
        })
    });
    if let Some(serializer) = serializer {
        return constant(index, serializer.result.as_ref()?);
    }
    let fields = fields::fields(index, info, Environment::default());
    let mut map = Map::new();
    for (at, field) in fields.iter().enumerate() {
        let positional = call.arguments.get(at).filter(|_| info.kind != Kind::Pydantic);
        let given = positional.or(call.keyword(&field.key)).or(call.keyword(&field.name));
        let value = match (given, &field.default) {
            (Some(given), _) => constant(index, given).or_else(|| instance(index, given, depth)),
            (None, Some(Default_::Value(term))) => {
                constant(index, term).or_else(|| instance(index, term, depth))
            }
            (None, Some(Default_::Factory(factory))) => made(index, factory),
            (None, _) => None,
        };
        map.insert(field.key.to_string(), value?);
    }
    if info.kind == Kind::NamedTuple {
        return Some(map.into_iter().map(|(_, value)| value).collect());
    }
    Some(Value::Object(map))
}

/// `list()`, `dict()` …
fn empty(index: &Index<'_>, function: &Term, depth: u32) -> Option<Value> {
    if let Meaning::Class(class) = index.meaning(function) {
        let is_dict = index.classes.get(class)?.kind == Kind::TypedDict;
        return is_dict.then(|| Value::Object(Map::new()));
    }
    // A function of the project that returns a constant.
    if let Some(function) = index.target(function).and_then(|name| index.functions.get(&*name)) {
        let plain = function.decorators.is_empty() && !function.is_async;
        return fold(index, function.result.as_ref().filter(|_| plain)?, depth);
    }
    Some(match &*index.known(function)? {
        "builtins.list" | "builtins.set" | "builtins.tuple" | "builtins.frozenset"
        | "collections.deque" | "typing.List" | "typing.Set" => Value::Array(Vec::new()),
        "builtins.dict"
        | "collections.OrderedDict"
        | "collections.defaultdict"
        | "collections.Counter"
        | "typing.Dict" => Value::Object(Map::new()),
        "builtins.str" => Value::from(""),
        "builtins.int" => Value::from(0),
        "builtins.float" => Value::from(0.0),
        "builtins.bool" => Value::from(false),
        _ => return None,
    })
}

/// The value of a field's `default` in the contract: JSON when constant, else source text. A
/// member of a plain enumeration is not a JSON value: it stays as written.
pub fn shown(index: &Index<'_>, default: &Default_<'_>) -> Value {
    match default {
        Default_::Value(term) => {
            let plain_member =
                enums::member_named(index, term, MAX_DEPTH).is_some_and(|(_, mixed_in)| !mixed_in);
            let folded = if plain_member { None } else { constant(index, term) };
            folded.unwrap_or_else(|| Value::String(super::text::written(index, term)))
        }
        Default_::Factory(factory) => made(index, factory).unwrap_or_else(|| {
            Value::String(match factory {
                Term::Lambda(body) => super::text::written(index, body),
                other => format!("{}()", super::text::written(index, other)),
            })
        }),
        Default_::Text(text) => Value::String(text.to_string()),
    }
}

/// What a factory makes, if that is constant.
pub fn made(index: &Index<'_>, factory: &Term) -> Option<Value> {
    match factory {
        Term::Lambda(body) => constant(index, body),
        Term::Subscript(head, _) => empty(index, head, MAX_DEPTH),
        other => empty(index, other, MAX_DEPTH),
    }
}
