//! JSON Schemas of primitive types, and the small changes that wrappers make to a schema.

use serde_json::{Map, Value, json};

use crate::analyzers::link::rust::world::Prim;

/// As schemars gives them: the width is the format, bounds only where a number cannot say more.
pub fn primitive(prim: Prim) -> Value {
    let signed = |format: &str| json!({"type": "integer", "format": format});
    let unsigned = |format: &str| json!({"type": "integer", "format": format, "minimum": 0});
    let ranged = |format: &str, min: i32, max: i32| json!({"type": "integer", "format": format, "minimum": min, "maximum": max});
    match prim {
        Prim::Bool => json!({"type": "boolean"}),
        Prim::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
        Prim::Str => json!({"type": "string"}),
        Prim::I8 => ranged("int8", i8::MIN.into(), i8::MAX.into()),
        Prim::I16 => ranged("int16", i16::MIN.into(), i16::MAX.into()),
        Prim::I32 => signed("int32"),
        Prim::I64 => signed("int64"),
        Prim::I128 => signed("int128"),
        Prim::Isize => signed("int"),
        Prim::U8 => ranged("uint8", 0, u8::MAX.into()),
        Prim::U16 => ranged("uint16", 0, u16::MAX.into()),
        Prim::U32 => unsigned("uint32"),
        Prim::U64 => unsigned("uint64"),
        Prim::U128 => unsigned("uint128"),
        Prim::Usize => unsigned("uint"),
        Prim::F32 => json!({"type": "number", "format": "float"}),
        Prim::F64 => json!({"type": "number", "format": "double"}),
    }
}

/// As [`primitive`], with the bounds that serde_json holds numbers to.
pub fn bounded(prim: Prim) -> Value {
    let value = primitive(prim);
    let within = |min: i64, max: u64| with(with(value.clone(), "minimum", min), "maximum", max);
    match prim {
        Prim::I32 => within(i32::MIN.into(), i32::MAX as u64),
        Prim::I64 | Prim::Isize => within(i64::MIN, i64::MAX as u64),
        Prim::U32 => within(0, u32::MAX.into()),
        Prim::U64 | Prim::Usize => within(0, u64::MAX),
        _ => value,
    }
}

/// The primitive in `AtomicU8`, `NonZeroI32` and the like, by the name's end.
pub fn by_suffix(suffix: &str) -> Option<Prim> {
    Some(match suffix {
        "Bool" => Prim::Bool,
        "I8" => Prim::I8,
        "I16" => Prim::I16,
        "I32" => Prim::I32,
        "I64" => Prim::I64,
        "I128" => Prim::I128,
        "Isize" => Prim::Isize,
        "U8" => Prim::U8,
        "U16" => Prim::U16,
        "U32" => Prim::U32,
        "U64" => Prim::U64,
        "U128" => Prim::U128,
        "Usize" => Prim::Usize,
        _ => return None,
    })
}

/// The same numbers without zero.
pub fn nonzero(mut number: Value) -> Value {
    if let Value::Object(object) = &mut number {
        if object.get("minimum") == Some(&json!(0)) {
            object.insert("minimum".into(), 1.into());
        } else {
            object.insert("not".into(), json!({"const": 0}));
        }
    }
    number
}

/// A tuple's schema; an empty one only has a greatest length.
pub fn tuple(items: Vec<Value>) -> Value {
    let length = items.len();
    match length {
        0 => json!({"type": "array", "maxItems": 0}),
        _ => {
            json!({"type": "array", "prefixItems": items, "minItems": length, "maxItems": length})
        }
    }
}

/// The schema with `null` beside it.
pub fn nullable(schema: Value) -> Value {
    let mut object = match schema {
        Value::Object(object) => object,
        Value::Bool(false) => return json!({"type": "null"}),
        any => return any,
    };
    let says_null = |value: &Value| {
        value["type"] == "null"
            || value["type"].as_array().is_some_and(|types| types.contains(&"null".into()))
    };
    let has_null_branch =
        object.get("anyOf").and_then(Value::as_array).is_some_and(|all| all.iter().any(says_null));
    if object.len() == 1 && has_null_branch {
        return Value::Object(object);
    }
    if has_subschemas(&object) {
        return json!({"anyOf": [object, {"type": "null"}]});
    }
    match object.get_mut("type") {
        Some(Value::Array(types)) if !types.contains(&"null".into()) => types.push("null".into()),
        Some(Value::String(text)) if text != "null" => {
            let types = json!([text, "null"]);
            object.insert("type".into(), types);
        }
        _ => {}
    }
    if let Some(only) = object.remove("const") {
        object.insert("enum".into(), json!([only, null]));
    } else if let Some(Value::Array(choices)) = object.get_mut("enum")
        && !choices.contains(&Value::Null)
    {
        choices.push(Value::Null);
    }
    Value::Object(object)
}

/// Whether other schemas apply beside the object's own keywords.
pub fn has_subschemas(object: &Map<String, Value>) -> bool {
    ["if", "allOf", "anyOf", "oneOf", "$ref"].iter().any(|key| object.contains_key(*key))
}

/// The object of a schema, to add to: `true` is the empty object.
pub fn object(schema: Value) -> Map<String, Value> {
    match schema {
        Value::Object(object) => object,
        Value::Bool(false) => Map::from_iter([("not".to_owned(), json!({}))]),
        _ => Map::new(),
    }
}

/// A schema with one more keyword.
pub fn with(schema: Value, key: &str, value: impl Into<Value>) -> Value {
    let mut object = object(schema);
    object.insert(key.into(), value.into());
    Value::Object(object)
}
