//! Defaults: constant terms as JSON, others as source text.

use serde_json::{Map, Value};

use super::enums;
use super::fields::Default_;
use super::index::Index;
use crate::model::facts::python::schemas::Term;

const MAX_DEPTH: u32 = 20;

/// The JSON form of a constant; names of module-level constants are followed.
pub fn constant(index: &Index<'_>, term: &Term) -> Option<Value> {
    fold(index, term, MAX_DEPTH)
}

fn fold(index: &Index<'_>, term: &Term, depth: u32) -> Option<Value> {
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
            None => enums::member_named(index, term).map(|(value, _)| value),
        },
        Term::Call(call) if call.arguments.is_empty() && call.keywords.is_empty() => {
            empty(index, &call.function)
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

/// `list()`, `dict()` …
fn empty(index: &Index<'_>, function: &Term) -> Option<Value> {
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
                enums::member_named(index, term).is_some_and(|(_, mixed_in)| !mixed_in);
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
        Term::Subscript(head, _) => empty(index, head),
        other => empty(index, other),
    }
}
