//! Structs and enums as serde's attributes shape them.

use serde_json::{Map, Value, json};

use super::primitives::{object, tuple, with};
use super::{Builder, Case, Form, Scope, flatten, wire_name};
use crate::model::facts::rust::items::{Shape, TypeItem, Variant};
use crate::model::facts::rust::schemas::{
    Constraint, FieldDefault, FieldSchema, TypeSchema, VariantSchema,
};
use crate::model::facts::rust::types::{Ty, Word};

/// What a struct or variant passes on to its fields.
#[derive(Clone, Copy, Default)]
struct Rules<'r> {
    rename_all: Option<&'r str>,
    /// Missing fields are taken from the container's default.
    defaults: bool,
    /// Its default is that of each field.
    derives_default: bool,
    deny_unknown: bool,
}

impl Builder<'_, '_> {
    pub(super) fn structure(&mut self, id: u32, schema: &TypeSchema, scope: &Scope) -> Value {
        let container = &schema.container;
        let item = self.world.type_(id);
        let (Some(only), Some(shape)) = (item.variants.first(), schema.variants.first()) else {
            return json!({});
        };
        let facts = self.world.facts(scope.file);
        let is_default = |path: &crate::model::facts::rust::types::Path| {
            path.last().is_some_and(|last| facts.word(last.name) == "Default")
        };
        let rules = Rules {
            rename_all: container.rename_all.get(self.reads),
            defaults: container.default,
            derives_default: item.derives.iter().any(|(_, path, _)| is_default(path)),
            deny_unknown: container.deny_unknown_fields,
        };
        let value = self.shape(only, shape, rules, scope);
        match (&container.tag, self.reads) {
            // Written with its tag, read without asking for it.
            (Some(tag), false) => tagged(value, tag, &self.type_name(id, scope), false),
            _ => value,
        }
    }

    /// The fields of a struct or variant.
    fn shape(
        &mut self,
        variant: &Variant,
        schema: &VariantSchema,
        rules: Rules<'_>,
        scope: &Scope,
    ) -> Value {
        match variant.shape {
            Shape::Unit => json!({"type": "null"}),
            Shape::Tuple => {
                let mut items = Vec::new();
                for ((_, ty), field) in variant.fields.iter().zip(&schema.fields) {
                    if !self.is_skipped(field) {
                        items.push(self.field(ty, field, scope));
                    }
                }
                match items.len() {
                    1 if variant.fields.len() == 1 => items.pop().unwrap_or_default(),
                    _ => tuple(items),
                }
            }
            Shape::Named => self.fields(&variant.fields, schema, rules, scope),
        }
    }

    fn is_skipped(&self, field: &FieldSchema) -> bool {
        if self.reads { field.skip_deserializing } else { field.skip_serializing }
    }

    fn fields(
        &mut self,
        fields: &[(Word, Ty)],
        schema: &VariantSchema,
        rules: Rules<'_>,
        scope: &Scope,
    ) -> Value {
        let mut object = Map::new();
        object.insert("type".into(), "object".into());
        if rules.deny_unknown {
            object.insert("additionalProperties".into(), false.into());
        }
        for ((name, ty), field) in fields.iter().zip(&schema.fields) {
            if self.is_skipped(field) {
                continue;
            }
            let optional = self.optional(ty, scope).filter(|_| field.with.is_none());
            if field.flatten {
                let is_optional = optional.is_some();
                let (ty, scope) = optional.unwrap_or_else(|| (ty.clone(), scope.clone()));
                let inner = self.formed(&ty, &scope, Form::Whole);
                flatten::merge(&mut object, flatten::opened(inner, is_optional));
                continue;
            }
            let name = self.world.facts(scope.file).word(*name);
            let wire = wire_name(name, field.rename.get(self.reads), rules.rename_all, Case::field);
            let mut value = self.field(ty, field, scope);
            if let Some(default) = self.default_of_field(ty, field, rules, scope) {
                value = with(value, "default", default);
            }
            if field.skip_serializing {
                value = with(value, "writeOnly", true);
            } else if field.skip_deserializing {
                value = with(value, "readOnly", true);
            }
            let has_default = rules.defaults || field.default != FieldDefault::None;
            let may_lack = match self.reads {
                true => has_default || (optional.is_some() && !field.is_required),
                false => field.skip_if.is_some(),
            };
            if let Value::Object(properties) =
                object.entry("properties").or_insert_with(|| json!({}))
            {
                properties.insert(wire.clone(), value);
            }
            if !may_lack
                && let Value::Array(required) =
                    object.entry("required").or_insert_with(|| json!([]))
            {
                required.push(wire.into());
            }
        }
        Value::Object(object)
    }

    fn field(&mut self, ty: &Ty, field: &FieldSchema, scope: &Scope) -> Value {
        let by_name = field.schema_with.as_ref().or(field.with.as_ref());
        let named = by_name.and_then(|with| self.by_text(with, scope, Form::Reference));
        let value = match (named, by_name) {
            (Some(named), _) => named,
            (None, Some(with)) => json!({"$comment": format!("read and written by `{with}`")}),
            (None, None) => self.ty(ty, scope),
        };
        let value = constrained(value, &field.constraints);
        self.described(value, field.doc.as_deref(), field.deprecated)
    }

    /// What stands for a field that is missing, where that can be told.
    fn default_of_field(
        &mut self,
        ty: &Ty,
        field: &FieldSchema,
        rules: Rules<'_>,
        scope: &Scope,
    ) -> Option<Value> {
        if field.skip_serializing || field.with.is_some() {
            return None;
        }
        let default = match &field.default {
            FieldDefault::Function(path) => self.returned(path, scope)?,
            FieldDefault::Trait => self.default_of(ty, scope)?,
            FieldDefault::None if rules.defaults && rules.derives_default => {
                self.default_of(ty, scope)?
            }
            FieldDefault::None => return None,
        };
        match field.skip_if.as_deref().map(|test| test.rsplit("::").next().unwrap_or(test)) {
            None => Some(default),
            Some("is_none") => (!default.is_null()).then_some(default),
            Some("is_empty") => {
                let is_empty = default.as_str().is_some_and(str::is_empty)
                    || default.as_array().is_some_and(Vec::is_empty)
                    || default.as_object().is_some_and(Map::is_empty);
                (!is_empty).then_some(default)
            }
            Some("not") => (default != Value::Bool(false)).then_some(default),
            // Whether it would be written cannot be told.
            Some(_) => None,
        }
    }

    pub(super) fn enumeration(
        &mut self,
        item: &TypeItem,
        schema: &TypeSchema,
        scope: &Scope,
    ) -> Value {
        let container = &schema.container;
        if item.variants.is_empty() {
            return Value::Bool(false);
        }
        let is_external = container.tag.is_none() && !container.untagged;
        let mut units = Vec::new();
        let mut choices = Vec::new();
        // Units that say no more than their name share one `enum`.
        let mut has_units = false;
        for (variant, shape) in item.variants.iter().zip(&schema.variants) {
            let is_skipped =
                if self.reads { shape.skip_deserializing } else { shape.skip_serializing };
            let is_plain = variant.shape == Shape::Unit
                && is_external
                && !shape.untagged
                && shape.doc.is_none()
                && !shape.deprecated;
            has_units |= is_plain;
            if is_skipped {
                continue;
            }
            let name = self.world.facts(scope.file).word(variant.name);
            let rule = container.rename_all.get(self.reads);
            let wire = wire_name(name, shape.rename.get(self.reads), rule, Case::variant);
            if is_plain {
                units.push(wire);
                continue;
            }
            let choice = self.choice(&wire, variant, shape, schema, scope);
            let choice = self.described(choice, shape.doc.as_deref(), shape.deprecated);
            choices.push(choice);
        }
        let units = json!({"type": "string", "enum": units});
        if choices.is_empty() && is_external {
            return units;
        }
        if has_units {
            choices.insert(0, units);
        }
        let is_exclusive =
            !container.untagged && !schema.variants.iter().any(|variant| variant.untagged);
        let keyword = if is_exclusive { "oneOf" } else { "anyOf" };
        Value::Object(Map::from_iter([(keyword.to_owned(), Value::Array(choices))]))
    }

    /// One variant of an enum.
    fn choice(
        &mut self,
        wire: &str,
        variant: &Variant,
        shape: &VariantSchema,
        schema: &TypeSchema,
        scope: &Scope,
    ) -> Value {
        let container = &schema.container;
        let own_case = shape.rename_all.get(self.reads);
        let rules = Rules {
            rename_all: own_case.or(container.rename_all_fields.get(self.reads)),
            deny_unknown: container.deny_unknown_fields,
            ..Rules::default()
        };
        if container.untagged || shape.untagged {
            return self.shape(variant, shape, rules, scope);
        }
        match (&container.tag, &container.content) {
            (Some(tag), Some(content)) => {
                let mut properties = Map::new();
                let mut required = vec![Value::from(&**tag)];
                properties.insert(tag.to_string(), json!({"type": "string", "const": wire}));
                if variant.shape != Shape::Unit {
                    let body = self.shape(variant, shape, rules, scope);
                    properties.insert(content.to_string(), body);
                    required.push(Value::from(&**content));
                }
                let outer =
                    json!({"type": "object", "properties": properties, "required": required});
                match rules.deny_unknown {
                    true => with(outer, "additionalProperties", false),
                    false => outer,
                }
            }
            (Some(tag), None) => {
                let body = match (variant.shape, variant.fields.first(), shape.fields.first()) {
                    (Shape::Tuple, Some((_, ty)), Some(field)) if variant.fields.len() == 1 => {
                        let value = self.tagged_newtype(ty, scope);
                        self.described(value, field.doc.as_deref(), field.deprecated)
                    }
                    _ => self.shape(variant, shape, rules, scope),
                };
                tagged(body, tag, wire, rules.deny_unknown)
            }
            _ if variant.shape == Shape::Unit => json!({"type": "string", "const": wire}),
            _ => {
                let body = self.shape(variant, shape, rules, scope);
                json!({
                    "type": "object", "properties": {wire: body}, "required": [wire],
                    "additionalProperties": false
                })
            }
        }
    }

    /// What a tag is added to: a reference will do unless the type leaves no room for the tag.
    fn tagged_newtype(&mut self, ty: &Ty, scope: &Scope) -> Value {
        let mut whole = self.formed(ty, scope, Form::Whole);
        let opened = flatten::open_branches(&mut whole);
        let leaves_no_room = whole["type"] == "null"
            || whole["additionalProperties"] == Value::Bool(false)
            || whole["unevaluatedProperties"] == Value::Bool(false);
        if opened || leaves_no_room {
            return whole;
        }
        self.ty(ty, scope)
    }
}

/// Adds an internal tag to a variant.
fn tagged(value: Value, tag: &str, name: &str, deny_unknown: bool) -> Value {
    let is_unit = value["type"] == "null";
    let mut object = object(value);
    object.insert("type".into(), "object".into());
    let mut properties = Map::new();
    properties.insert(tag.into(), json!({"type": "string", "const": name}));
    if let Some(Value::Object(own)) = object.remove("properties") {
        properties.extend(own.into_iter().filter(|(key, _)| key != tag));
    }
    object.insert("properties".into(), Value::Object(properties));
    if let Value::Array(required) = object.entry("required").or_insert_with(|| json!([])) {
        required.insert(0, tag.into());
    }
    if deny_unknown && is_unit {
        object.entry("additionalProperties").or_insert(false.into());
    }
    Value::Object(object)
}

/// The schema with the bounds that a field's attributes set; they apply where the type has them.
fn constrained(mut value: Value, constraints: &[Constraint]) -> Value {
    for Constraint { keyword, value: bound } in constraints {
        let Ok(bound) = serde_json::from_str::<Value>(bound) else { continue };
        let has = |name: &str| {
            value["type"] == name
                || value["type"].as_array().is_some_and(|all| all.iter().any(|t| t == name))
        };
        let keyword = match (&**keyword, has("array")) {
            ("minLength", true) => "minItems",
            ("maxLength", true) => "maxItems",
            (other, _) => other,
        };
        let applies = match keyword {
            "minLength" | "maxLength" | "pattern" => has("string"),
            "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" => {
                has("integer") || has("number")
            }
            _ => true,
        };
        if applies {
            value = with(value, keyword, bound);
        }
    }
    value
}
