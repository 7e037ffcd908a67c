//! Single values as they are typed, read as a schema says.

use serde_json::Value;

/// A value typed on the command line: text where the schema takes a string, else JSON, else the
/// text, which the validation then explains.
pub fn read_argument(text: &str, schema: Option<&Value>, root: &Value) -> Value {
    let as_text = || Value::String(text.into());
    let parsed = || serde_json::from_str(text).unwrap_or_else(|_| as_text());
    let Some(schema) = schema else { return parsed() };
    let kinds = kinds(schema, root, 0);
    if !kinds.contains(&"string") {
        return parsed();
    }
    // `int | str`: what reads as another accepted kind is that.
    match serde_json::from_str::<Value>(text) {
        Ok(value) if kinds.contains(&kind_of(&value)) && !value.is_string() => value,
        Ok(value @ Value::String(_)) => value,
        _ => as_text(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// The JSON types a schema accepts, as far as they are plain to see.
fn kinds<'s>(schema: &'s Value, root: &'s Value, depth: u32) -> Vec<&'s str> {
    if depth > 8 {
        return Vec::new();
    }
    let mut found: Vec<&str> = match schema.get("type") {
        Some(Value::String(kind)) => vec![kind],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        found.extend(values.iter().map(|value| kind_of(value)));
    }
    found.extend(schema.get("const").map(|value| kind_of(value)));
    for key in ["anyOf", "oneOf", "allOf"] {
        let parts = schema.get(key).and_then(Value::as_array).into_iter().flatten();
        parts.for_each(|part| found.extend(kinds(part, root, depth + 1)));
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str)
        && let Some(target) = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer))
    {
        found.extend(kinds(target, root, depth + 1));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn arguments_are_read_as_their_schema_says() {
        let root = json!({"$defs": {"Level": {"enum": ["low", "high"]}}});
        let read = |text: &str, schema: Value| read_argument(text, Some(&schema), &root);
        assert_eq!(read("5", json!({"type": "string"})), json!("5"));
        assert_eq!(read("true", json!({"type": "string"})), json!("true"));
        assert_eq!(read("\"x\"", json!({"type": "string"})), json!("x"));
        assert_eq!(read("5", json!({"type": "integer"})), json!(5));
        assert_eq!(read("x", json!({"type": "integer"})), json!("x"));
        assert_eq!(read("[1, 2]", json!({"type": "array"})), json!([1, 2]));
        let optional = json!({"anyOf": [{"type": "string"}, {"type": "null"}]});
        assert_eq!(read("null", optional.clone()), json!(null));
        assert_eq!(read("12", optional), json!("12"));
        let either = json!({"anyOf": [{"type": "integer"}, {"type": "string"}]});
        assert_eq!((read("7", either.clone()), read("x", either)), (json!(7), json!("x")));
        assert_eq!(read("low", json!({"$ref": "#/$defs/Level"})), json!("low"));
        assert_eq!(read_argument("5", None, &root), json!(5));
    }
}
