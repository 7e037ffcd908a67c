//! Unions, and what tells their members apart.

use serde_json::{Map, Value, json};

use super::{Dialect, Writer};
use crate::model::facts::python::schemas::Term;

impl Writer<'_, '_> {
    /// The members in order. Pydantic leaves out those it can only compare by `isinstance`, as
    /// long as another one besides `None` is left.
    pub(super) fn union(&mut self, members: &[Term]) -> Value {
        let mut any: Vec<Value> = Vec::with_capacity(members.len());
        let before = self.rejected;
        let values = members.iter().filter(|member| **member != Term::None).count();
        let mut dropped = 0;
        for member in members {
            let rejected = self.rejected;
            let schema = self.of(member);
            if self.dialect == Dialect::Pydantic && rejected < self.rejected {
                dropped += 1;
                continue;
            }
            let nested = match &schema {
                Value::Object(map) if map.len() == 1 => map.get("anyOf").and_then(Value::as_array),
                _ => None,
            };
            for one in nested.cloned().unwrap_or_else(|| vec![schema.clone()]) {
                if !any.contains(&one) {
                    any.push(one);
                }
            }
        }
        if dropped > 0 && dropped < values {
            self.rejected = before;
        }
        if any.is_empty() {
            return json!({});
        }
        if any.len() == 1 { any.remove(0) } else { json!({ "anyOf": any }) }
    }
}

/// A union of which exactly one member fits.
pub(super) fn one_of(schema: Value) -> Value {
    let Value::Object(mut map) = schema else { return schema };
    if let Some(members) = map.remove("anyOf") {
        map.insert("oneOf".into(), members);
    }
    Value::Object(map)
}

/// A union told apart by a property.
pub(super) fn discriminated(
    schema: Value,
    property: &str,
    definitions: &Map<String, Value>,
) -> Value {
    let Value::Object(mut map) = schema else { return schema };
    let Some(Value::Array(members)) = map.remove("anyOf") else { return Value::Object(map) };
    let mut mapping = Map::new();
    for member in &members {
        let Some(reference) = member.get("$ref").and_then(Value::as_str) else { continue };
        let definition = reference.strip_prefix("#/$defs/").and_then(|name| definitions.get(name));
        let tag = definition.and_then(|schema| schema.get("properties")?.get(property));
        let Some(tag) = tag else { continue };
        let values = tag
            .get("const")
            .into_iter()
            .chain(tag.get("enum").and_then(Value::as_array).into_iter().flatten());
        for value in values.filter_map(Value::as_str) {
            mapping.insert(value.into(), reference.into());
        }
    }
    map.insert("oneOf".into(), Value::Array(members));
    let mut discriminator = Map::new();
    discriminator.insert("propertyName".into(), property.into());
    if !mapping.is_empty() {
        discriminator.insert("mapping".into(), Value::Object(mapping));
    }
    map.insert("discriminator".into(), Value::Object(discriminator));
    Value::Object(map)
}
