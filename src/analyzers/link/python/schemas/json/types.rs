//! Types of libraries: containers, literals, annotated and constrained types.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::unions::{discriminated, one_of};
use super::{Dialect, Writer};
use crate::analyzers::link::python::schemas::index::Meaning;
use crate::analyzers::link::python::schemas::{constraints, leaves, values};
use crate::model::facts::python::schemas::{Call, Term};

impl<'a> Writer<'a, '_> {
    /// A schema with the constraints that a `Field(…)`-like call puts on it.
    pub(super) fn described(&mut self, schema: Value, call: &Call) -> Value {
        let schema = match call.keyword("discriminator") {
            Some(Term::Str(name)) => discriminated(schema, name, &self.definitions),
            // `Discriminator(…)`: by a property's name, or by a function.
            Some(Term::Call(by)) => match by.arguments.first() {
                Some(Term::Str(name)) => discriminated(schema, name, &self.definitions),
                _ => one_of(schema),
            },
            _ => schema,
        };
        constraints::apply(self.index, schema, call)
    }

    pub(super) fn known(&mut self, name: &str, arguments: &[Term], written: &str) -> Value {
        let first = |writer: &mut Self| arguments.first().map(|term| writer.of(term));
        if self.dialect == Dialect::Pydantic {
            if leaves::is_instance_only(name) {
                self.rejected += 1;
                self.loose.push(written.into());
                return json!({});
            }
            if name == "builtins.bytes"
                && self.model.is_some_and(|model| {
                    self.told(model, "val_json_bytes").as_deref() == Some("base64")
                })
            {
                return json!({ "type": "string", "format": "base64url" });
            }
        }
        match name {
            "typing.Optional" => {
                let inner = arguments.first().cloned().unwrap_or(Term::None);
                self.union(&[inner, Term::None])
            }
            "typing.Union" => self.union(arguments),
            "typing.Literal" => self.literal(arguments),
            "typing.Annotated" => self.annotated(arguments),
            "typing.ClassVar"
            | "typing.Final"
            | "typing.Required"
            | "typing.NotRequired"
            | "typing.ReadOnly"
            | "dataclasses.InitVar"
            | "typing.Unpack"
            | "sqlalchemy.orm.Mapped"
            | "pydantic.SerializeAsAny"
            | "pydantic.SkipValidation"
            | "pydantic.InstanceOf"
            | "typing.Awaitable"
            | "typing.Coroutine"
            | "pydantic.Json" => match name {
                "typing.Coroutine" => arguments.get(2).map_or(json!({}), |term| self.of(term)),
                "pydantic.Json" => {
                    json!({ "type": "string", "contentMediaType": "application/json" })
                }
                _ => first(self).unwrap_or_else(|| json!({})),
            },
            _ => match leaves::container(name) {
                Some(leaves::Container::List) => {
                    let mut schema = Map::new();
                    schema.insert("type".into(), "array".into());
                    if let Some(items) = first(self) {
                        schema.insert("items".into(), items);
                    }
                    Value::Object(schema)
                }
                Some(leaves::Container::Set) => {
                    let mut schema = Map::new();
                    schema.insert("type".into(), "array".into());
                    if let Some(items) = first(self) {
                        schema.insert("items".into(), items);
                    }
                    schema.insert("uniqueItems".into(), true.into());
                    Value::Object(schema)
                }
                Some(leaves::Container::Tuple) => self.tuple(arguments),
                Some(leaves::Container::Map) => self.mapping(arguments),
                Some(leaves::Container::Counter) => {
                    json!({ "type": "object", "additionalProperties": { "type": "integer" } })
                }
                None => match leaves::leaf(name, self.dialect) {
                    Some(schema) => schema,
                    None => {
                        if !matches!(name, "typing.Any" | "builtins.object") {
                            self.loose.push(written.into());
                        }
                        json!({})
                    }
                },
            },
        }
    }

    fn tuple(&mut self, arguments: &[Term]) -> Value {
        match arguments {
            [] => json!({ "type": "array" }),
            [only, Term::Ellipsis] => json!({ "type": "array", "items": self.of(only) }),
            [Term::Tuple(none)] if none.is_empty() => {
                json!({ "type": "array", "minItems": 0, "maxItems": 0 })
            }
            members => {
                let items: Vec<Value> = members.iter().map(|term| self.of(term)).collect();
                let count = items.len();
                json!({ "type": "array", "prefixItems": items, "minItems": count, "maxItems": count })
            }
        }
    }

    fn mapping(&mut self, arguments: &[Term]) -> Value {
        let mut schema = Map::new();
        schema.insert("type".into(), "object".into());
        let [key, value] = arguments else { return Value::Object(schema) };
        let values = self.of(value);
        let open = values.as_object().is_some_and(Map::is_empty);
        let keys = self.of(key);
        let Value::Object(mut keys) = keys else { return Value::Object(schema) };
        let refers = keys.contains_key("$ref");
        let pattern = if refers { None } else { keys.remove("pattern") };
        let text = keys.get("type").and_then(Value::as_str) == Some("string");
        let literal = keys.contains_key("enum") || keys.contains_key("const");
        if refers || text && keys.len() > 1 || literal {
            if text {
                keys.remove("type");
            }
            schema.insert("propertyNames".into(), Value::Object(keys));
        }
        if let Some(Value::String(pattern)) = pattern {
            schema.insert("patternProperties".into(), json!({ pattern: values }));
        } else if open {
            schema.insert("additionalProperties".into(), true.into());
        } else {
            schema.insert("additionalProperties".into(), values);
        }
        Value::Object(schema)
    }

    fn literal(&mut self, arguments: &[Term]) -> Value {
        let mut members: Vec<Value> = Vec::new();
        self.literal_members(arguments, &mut members, 0);
        let mut schema = Map::new();
        if self.dialect == Dialect::Pydantic {
            if let Some(kind) = common_type(&members) {
                schema.insert("type".into(), kind.into());
            }
            if let [only] = members.as_slice() {
                schema.insert("const".into(), only.clone());
                return Value::Object(schema);
            }
        }
        schema.insert("enum".into(), Value::Array(members));
        Value::Object(schema)
    }

    fn literal_members(&self, arguments: &[Term], members: &mut Vec<Value>, depth: u32) {
        for term in arguments {
            // `Literal[Literal["a"], "b"]` and aliases of literals are one flat list.
            let nested = match term {
                Term::Subscript(_, inner) => Some(inner),
                Term::Name { .. } => match self.index.meaning(term) {
                    Meaning::Assigned(assigned) => match &assigned.value {
                        Term::Subscript(_, inner) => Some(inner),
                        _ => None,
                    },
                    _ => None,
                },
                _ => None,
            };
            if let Some(inner) = nested.filter(|_| depth < 8) {
                self.literal_members(inner, members, depth + 1);
                continue;
            }
            if let Some(value) = values::constant(self.index, term)
                && !members.contains(&value)
            {
                members.push(value);
            }
        }
    }

    fn annotated(&mut self, arguments: &[Term]) -> Value {
        let Some((inner, notes)) = arguments.split_first() else { return json!({}) };
        let mut schema = self.of(inner);
        for note in notes {
            let call = match note {
                Term::Call(call) => Some(&**call),
                Term::Name { .. } => match self.index.constant(note) {
                    Some(Term::Call(call)) => Some(&**call),
                    _ => None,
                },
                _ => None,
            };
            let Some(call) = call else { continue };
            match self.index.known(&call.function).as_deref() {
                Some("pydantic.WithJsonSchema" | "pydantic.json_schema.WithJsonSchema") => {
                    let told = call.arguments.first().or(call.keyword("json_schema"));
                    if let Some(told @ Value::Object(_)) =
                        told.and_then(|term| values::constant(self.index, term))
                    {
                        schema = told;
                    }
                }
                Some("pydantic.Discriminator") => {
                    schema = match call.arguments.first() {
                        Some(Term::Str(name)) => discriminated(schema, name, &self.definitions),
                        _ => one_of(schema),
                    };
                }
                Some("typing.deprecated" | "warnings.deprecated") => {
                    if let Value::Object(map) = &mut schema {
                        map.insert("deprecated".into(), true.into());
                    }
                }
                _ if self.describes(call) => schema = self.described(schema, call),
                _ => {}
            }
        }
        schema
    }

    /// Whether a note in `Annotated[…]` is one that says something of the value.
    fn describes(&self, call: &Call) -> bool {
        self.index.known(&call.function).is_some_and(|name| {
            ["pydantic.", "annotated_types.", "msgspec.", "fastapi.", "sqlmodel."]
                .iter()
                .any(|library| name.starts_with(library))
        })
    }

    /// `constr(…)`, `conint(…)` and their like.
    pub(super) fn constrained(&mut self, call: &Call) -> Value {
        let known = self.index.known(&call.function).unwrap_or(Cow::Borrowed(""));
        let name = known.strip_prefix("pydantic.v1.").or(known.strip_prefix("pydantic."));
        let base = match name {
            Some("constr") => json!({ "type": "string" }),
            Some("conint") => json!({ "type": "integer" }),
            Some("confloat" | "condecimal") => json!({ "type": "number" }),
            Some("conbytes") => json!({ "type": "string", "format": "binary" }),
            Some("condate") => json!({ "type": "string", "format": "date" }),
            Some("conlist" | "conset" | "confrozenset") => {
                let items = call.arguments.first().or(call.keyword("item_type"));
                let items = items.map_or(json!({}), |term| self.of(term));
                let mut schema = json!({ "type": "array", "items": items });
                if name != Some("conlist")
                    && let Value::Object(map) = &mut schema
                {
                    map.insert("uniqueItems".into(), true.into());
                }
                schema
            }
            _ => {
                self.loose.push(call.text.to_string());
                return json!({});
            }
        };
        constraints::apply(self.index, base, call)
    }
}

/// The JSON type that all values share.
pub(super) fn common_type(values: &[Value]) -> Option<&'static str> {
    let kind = |value: &Value| match value {
        Value::String(_) => Some("string"),
        Value::Bool(_) => Some("boolean"),
        Value::Number(number) if number.is_f64() => Some("number"),
        Value::Number(_) => Some("integer"),
        Value::Null => Some("null"),
        _ => None,
    };
    let first = kind(values.first()?)?;
    values.iter().all(|value| kind(value) == Some(first)).then_some(first)
}
