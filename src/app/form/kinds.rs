//! What a field takes: the kind of text for a JSON Schema, and reading what was typed.

use serde_json::Value;

/// What kind of text a field takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Text,
    Integer,
    Number,
    /// One of these.
    Choice(Vec<Value>),
    /// A list whose items may be typed with commas between them, or JSON.
    List(Box<Kind>),
    Json,
}

/// A list as one would type it, when it reads back the same; else as JSON.
pub(super) fn commas(item: &Kind, values: &[Value]) -> String {
    let shown = values.iter().map(label).collect::<Vec<_>>().join(", ");
    let whole = Kind::List(Box::new(item.clone()));
    match whole.read(&shown) {
        Ok(Value::Array(again)) if again == values && !shown.is_empty() => shown,
        _ => Value::Array(values.to_vec()).to_string(),
    }
}

impl Kind {
    pub(super) fn read(&self, typed: &str) -> Result<Value, String> {
        let text = typed.trim();
        match self {
            // Quotes make an empty text, or one with blanks at its ends, possible.
            Self::Text => match serde_json::from_str::<String>(text) {
                Ok(quoted) if text.starts_with('"') => Ok(quoted.into()),
                _ => Ok(typed.into()),
            },
            Self::Integer => {
                let parsed = text.parse::<i64>().map(Value::from);
                let parsed = parsed.or_else(|_| text.parse::<u64>().map(Value::from));
                parsed.map_err(|_| format!("{text} is not a whole number"))
            }
            Self::Number => {
                if let Ok(whole) = text.parse::<i64>() {
                    return Ok(whole.into());
                }
                let number = text.parse().ok().and_then(serde_json::Number::from_f64);
                number.map(Value::Number).ok_or_else(|| format!("{text} is not a number"))
            }
            Self::Choice(options) => options
                .iter()
                .find(|option| label(option) == text)
                .cloned()
                .ok_or_else(|| format!("{text} is not one of the choices")),
            Self::List(item) if !text.starts_with('[') => {
                text.split(',').map(|part| item.read(part.trim())).collect()
            }
            Self::List(_) | Self::Json => {
                serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))
            }
        }
    }
}

/// A value as a choice shows it.
pub(super) fn label(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Follows `$ref` within the schema; cycles end at a bound.
fn resolve<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..8 {
        let pointer = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
        match pointer.and_then(|pointer| root.pointer(pointer)) {
            Some(target) => schema = target,
            None => break,
        }
    }
    schema
}

/// How deep nested schemas are looked into for a control.
const DEPTH: usize = 4;

/// The control for a schema, and whether `null` fits it.
pub(super) fn kind(schema: &Value, root: &Value, depth: usize) -> (Kind, bool) {
    let schema = resolve(schema, root);
    if depth > DEPTH {
        return (Kind::Json, false);
    }
    if let Some(options) = schema.get("enum").and_then(Value::as_array) {
        return (Kind::Choice(options.clone()), options.contains(&Value::Null));
    }
    if let Some(only) = schema.get("const") {
        return (Kind::Choice(vec![only.clone()]), false);
    }
    let branches = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(*key)?.as_array());
    if let Some(branches) = branches {
        let is_null = |branch: &&Value| resolve(branch, root)["type"] == "null";
        let others: Vec<&Value> = branches.iter().filter(|branch| !is_null(branch)).collect();
        let nullable = others.len() < branches.len();
        return match others.as_slice() {
            [only] => (kind(only, root, depth + 1).0, nullable),
            _ => (Kind::Json, nullable),
        };
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let nullable = types.contains(&"null");
    let own: Vec<&str> = types.into_iter().filter(|name| *name != "null").collect();
    let found = match own.as_slice() {
        ["string"] => Kind::Text,
        ["integer"] => Kind::Integer,
        ["number"] => Kind::Number,
        ["boolean"] => Kind::Choice(vec![true.into(), false.into()]),
        ["array"] => match schema.get("items").map(|items| kind(items, root, depth + 1).0) {
            Some(item @ (Kind::Text | Kind::Integer | Kind::Number)) => Kind::List(Box::new(item)),
            _ => Kind::Json,
        },
        _ => Kind::Json,
    };
    (found, nullable)
}

/// The type of a schema in few words: `integer`, `string | null`, `list of number`, `small | large`.
pub fn type_name(schema: &Value, root: &Value, depth: usize) -> String {
    let schema = resolve(schema, root);
    if depth > DEPTH {
        return "…".into();
    }
    if let Some(options) = schema.get("enum").and_then(Value::as_array) {
        let shown: Vec<String> = options.iter().take(6).map(label).collect();
        let more = if options.len() > 6 { " | …" } else { "" };
        return shown.join(" | ") + more;
    }
    let branches = ["anyOf", "oneOf"].iter().find_map(|key| schema.get(*key)?.as_array());
    if let Some(branches) = branches {
        let names: Vec<String> =
            branches.iter().take(6).map(|branch| type_name(branch, root, depth + 1)).collect();
        return names.join(" | ");
    }
    let own = match &schema["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | ")
        }
        _ => schema["title"].as_str().unwrap_or("any JSON").to_owned(),
    };
    match (own.as_str(), schema.get("items"), schema["title"].as_str(), schema["format"].as_str()) {
        ("array", Some(items), ..) if items.is_object() => {
            format!("list of {}", type_name(items, root, depth + 1))
        }
        ("object", _, Some(title), _) => title.to_owned(),
        ("string", .., Some(format)) => format.to_owned(),
        _ => own,
    }
}

/// Milliseconds of `30s`, `500ms`, `5m`, `2h` or plain seconds; `None` for nothing typed.
pub fn duration(text: &str) -> Result<Option<u64>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit.trim() {
        "ms" => 1.0,
        "" | "s" => 1e3,
        "m" | "min" => 6e4,
        "h" => 3.6e6,
        _ => return Err(format!("{text} is no duration: write 30s, 500ms, 5m")),
    };
    match number.parse::<f64>() {
        Ok(number) if number * factor >= 1.0 => Ok(Some((number * factor) as u64)),
        _ => Err(format!("{text} is no duration: write 30s, 500ms, 5m")),
    }
}
