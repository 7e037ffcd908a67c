//! Constraints that `Field(…)`, annotated-types and `msgspec.Meta` put on a type.

use serde_json::{Map, Value};

use super::index::Index;
use super::values;
use crate::model::facts::python::schemas::{Call, Term};

/// The schema with what the call says about it.
pub fn apply(index: &Index<'_>, schema: Value, call: &Call) -> Value {
    let Value::Object(mut map) = schema else { return schema };
    let name = match &call.function {
        Term::Name { text, .. } => text.rsplit('.').next().unwrap_or(text),
        _ => "",
    };
    let first = || call.arguments.first();
    let mut limit = |key: &str, term: Option<&Term>| {
        if let Some(value) = term.and_then(|term| values::constant(index, term))
            && !value.is_null()
        {
            constrain(&mut map, key, value);
        }
    };
    match name {
        "Gt" => limit("gt", first()),
        "Ge" => limit("ge", first()),
        "Lt" => limit("lt", first()),
        "Le" => limit("le", first()),
        "MultipleOf" => limit("multiple_of", first()),
        "MinLen" => limit("min_length", first()),
        "MaxLen" => limit("max_length", first()),
        "Len" => {
            limit("min_length", first());
            limit("max_length", call.arguments.get(1));
        }
        _ => {}
    }
    for (key, term) in &call.keywords {
        match &**key {
            "gt" | "ge" | "lt" | "le" | "multiple_of" | "min_length" | "max_length"
            | "min_items" | "max_items" | "pattern" | "regex" | "unique_items" => {
                limit(key, Some(term));
            }
            "max_digits" | "decimal_places" | "strict" => {}
            _ => {}
        }
    }
    let mut copy = |key: &str, name: &str| {
        let value = call.keyword(key).and_then(|term| values::constant(index, term));
        if let Some(value) = value
            && !value.is_null()
        {
            map.insert(name.into(), value);
        }
    };
    copy("title", "title");
    copy("description", "description");
    copy("examples", "examples");
    let deprecated = call.keyword("deprecated");
    if deprecated.is_some_and(|term| !matches!(term, Term::None | Term::Bool(false))) {
        map.insert("deprecated".into(), Value::Bool(true));
    }
    let extra = call.keyword("json_schema_extra").or(call.keyword("extra_json_schema"));
    if let Some(Value::Object(extra)) = extra.and_then(|term| values::constant(index, term)) {
        map.extend(extra);
    }
    Value::Object(map)
}

/// Puts one limit where it applies: on the type itself, or on the union's members it fits.
fn constrain(map: &mut Map<String, Value>, key: &str, value: Value) {
    if let Some(Value::Array(members)) = map.get_mut("anyOf") {
        for member in members.iter_mut().filter_map(Value::as_object_mut) {
            if member.get("type").and_then(Value::as_str) != Some("null") {
                constrain(member, key, value.clone());
            }
        }
        return;
    }
    let kind = map.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    let numeric = matches!(&*kind, "integer" | "number");
    let name = match (key, &*kind) {
        ("gt", _) if numeric => "exclusiveMinimum",
        ("ge", _) if numeric => "minimum",
        ("lt", _) if numeric => "exclusiveMaximum",
        ("le", _) if numeric => "maximum",
        ("multiple_of", _) if numeric => "multipleOf",
        ("min_length", "string") => "minLength",
        ("max_length", "string") => "maxLength",
        ("min_length" | "min_items", "array") => "minItems",
        ("max_length" | "max_items", "array") => "maxItems",
        ("min_length", "object") => "minProperties",
        ("max_length", "object") => "maxProperties",
        ("pattern" | "regex", "string") => "pattern",
        ("unique_items", "array") => "uniqueItems",
        _ => return,
    };
    map.insert(name.into(), value);
}
