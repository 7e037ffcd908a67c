//! `#[serde(flatten)]`: a field's own fields, put among those of the struct around it.

use serde_json::{Map, Value, json};

use super::primitives::has_subschemas;

/// What a flattened field's schema says once it is read as keys of the struct around it.
pub fn opened(schema: Value, is_optional: bool) -> Value {
    let mut object = match schema {
        Value::Object(object) => object,
        other => return other,
    };
    // Flattened unit variants are keys with no value, not strings.
    if let Some(units) = take_units(&mut object) {
        let choices = object.entry("oneOf").or_insert_with(|| json!([]));
        if let Value::Array(choices) = choices {
            choices.extend(units.iter().filter_map(Value::as_str).map(|name| {
                json!({"type": "object", "properties": {name: {"type": "null"}}, "required": [name]})
            }));
        }
    }
    if is_optional {
        object.remove("required");
        if let Some(choices) = object.remove("oneOf") {
            let maybe = json!({"anyOf": [{"oneOf": choices}, {}]});
            if let Value::Object(maybe) = maybe {
                merge(&mut object, Value::Object(maybe));
            }
        }
        if let Some(Value::Array(choices)) = object.get_mut("anyOf")
            && !choices.contains(&json!({}))
        {
            choices.push(json!({}));
        }
    }
    let mut value = Value::Object(object);
    // The struct around it decides what else may be there.
    open_to_others(&mut value);
    value
}

/// Takes the names of unit variants out of an externally tagged enum's schema.
fn take_units(object: &mut Map<String, Value>) -> Option<Vec<Value>> {
    let is_string = |object: &Map<String, Value>| object.get("type") == Some(&"string".into());
    if is_string(object)
        && let Some(Value::Array(names)) = object.remove("enum")
    {
        object.remove("type");
        return Some(names);
    }
    let choices = object.get_mut("oneOf")?.as_array_mut()?;
    let first = choices.first_mut()?.as_object_mut()?;
    if is_string(first)
        && let Some(Value::Array(names)) = first.remove("enum")
    {
        choices.remove(0);
        return Some(names);
    }
    None
}

/// Removes `additionalProperties: false` wherever it applies to the object itself; says whether
/// there was any.
pub fn open_to_others(schema: &mut Value) -> bool {
    let Value::Object(object) = schema else { return false };
    let mut changed = false;
    for key in ["additionalProperties", "unevaluatedProperties"] {
        if object.get(key) == Some(&Value::Bool(false)) {
            object.remove(key);
            changed = true;
        }
    }
    open_branches(schema) || changed
}

/// As [`open_to_others`], only in the schemas that apply beside the object's own keywords.
pub fn open_branches(schema: &mut Value) -> bool {
    let Value::Object(object) = schema else { return false };
    let mut changed = false;
    for key in ["allOf", "anyOf", "oneOf"] {
        if let Some(Value::Array(branches)) = object.get_mut(key) {
            for branch in branches {
                changed |= open_to_others(branch);
            }
        }
    }
    changed
}

/// Adds an opened field's keys to a struct.
pub fn merge(into: &mut Map<String, Value>, other: Value) {
    let mut other = match other {
        Value::Object(other) => other,
        Value::Bool(true) => {
            let has = |key: &str| into.contains_key(key);
            if !has("additionalProperties") && !has("unevaluatedProperties") {
                let key = match has_subschemas(into) {
                    true => "unevaluatedProperties",
                    false => "additionalProperties",
                };
                into.insert(key.into(), true.into());
            }
            return;
        }
        _ => return,
    };
    see_through(into, &other);
    see_through(&mut other, into);
    for (key, value) in other {
        merge_keyword(into, &key, value);
    }
}

/// `additionalProperties` does not see what subschemas allow; `unevaluatedProperties` does.
fn see_through(object: &mut Map<String, Value>, other: &Map<String, Value>) {
    let needs = other.contains_key("unevaluatedProperties") || has_subschemas(other);
    if needs && let Some(rest) = object.remove("additionalProperties") {
        object.insert("unevaluatedProperties".into(), rest);
    }
}

fn merge_keyword(into: &mut Map<String, Value>, key: &str, value: Value) {
    let Some(present) = into.get_mut(key) else {
        into.insert(key.into(), value);
        return;
    };
    match (key, present, value) {
        ("required" | "allOf", Value::Array(present), Value::Array(more)) => present.extend(more),
        ("properties" | "patternProperties", Value::Object(present), Value::Object(more)) => {
            present.extend(more);
        }
        ("oneOf" | "anyOf", present, value) => {
            let both = json!([{key: present.take()}, {key: value}]);
            into.remove(key);
            merge_keyword(into, "allOf", both);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_s_fields_and_the_rest_s_values_stand_side_by_side() {
        let mut object = Map::from_iter([("type".to_owned(), json!("object"))]);
        let inner = json!({"type": "object", "properties": {"a": {}}, "required": ["a"],
            "additionalProperties": false});
        merge(&mut object, opened(inner, false));
        merge(&mut object, json!({"type": "object", "additionalProperties": {"type": "null"}}));
        let expected = json!({"type": "object", "properties": {"a": {}}, "required": ["a"],
            "additionalProperties": {"type": "null"}});
        assert_eq!(Value::Object(object), expected);
    }

    #[test]
    fn flattened_choices_are_keys_and_optional_ones_may_be_absent() {
        let choice = json!({"type": "string", "enum": ["A"]});
        let open = json!({"oneOf": [
            {"type": "object", "properties": {"A": {"type": "null"}}, "required": ["A"]}]});
        assert_eq!(opened(choice.clone(), false), open);
        let maybe = json!({"anyOf": [open, {}]});
        assert_eq!(opened(choice, true), maybe);
    }
}
