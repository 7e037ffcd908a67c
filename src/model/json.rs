//! JSON values in rows that are stored: formats that do not describe themselves cannot read
//! [`Value`] back, so for those it is written as an enumeration. For JSON itself it stays what it is.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Number, Value};

/// A value as an enumeration.
#[derive(Serialize, Deserialize)]
enum Stored {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(String),
    List(Vec<Stored>),
    Map(Vec<(String, Stored)>),
}

/// The same, borrowed; the order of the variants is that of [`Stored`].
#[derive(Serialize)]
enum Borrowed<'a> {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'a str),
    List(Vec<Borrowed<'a>>),
    Map(Vec<(&'a str, Borrowed<'a>)>),
}

fn borrowed(value: &Value) -> Borrowed<'_> {
    match value {
        Value::Null => Borrowed::Null,
        Value::Bool(flag) => Borrowed::Bool(*flag),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Borrowed::Unsigned(number),
            (None, Some(number)) => Borrowed::Signed(number),
            (None, None) => Borrowed::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => Borrowed::Text(text),
        Value::Array(items) => Borrowed::List(items.iter().map(borrowed).collect()),
        Value::Object(map) => {
            Borrowed::Map(map.iter().map(|(key, value)| (&**key, borrowed(value))).collect())
        }
    }
}

fn owned(stored: Stored) -> Value {
    match stored {
        Stored::Null => Value::Null,
        Stored::Bool(flag) => Value::Bool(flag),
        Stored::Unsigned(number) => Value::Number(number.into()),
        Stored::Signed(number) => Value::Number(number.into()),
        Stored::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        Stored::Text(text) => Value::String(text),
        Stored::List(items) => Value::Array(items.into_iter().map(owned).collect()),
        Stored::Map(entries) => Value::Object(
            entries.into_iter().map(|(key, value)| (key, owned(value))).collect::<Map<_, _>>(),
        ),
    }
}

pub fn serialize<S: Serializer>(value: &Value, serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        value.serialize(serializer)
    } else {
        borrowed(value).serialize(serializer)
    }
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    if deserializer.is_human_readable() {
        Value::deserialize(deserializer)
    } else {
        Stored::deserialize(deserializer).map(owned)
    }
}

/// Several values.
pub mod list {
    use super::{Borrowed, Stored, Value, borrowed, owned};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(values: &[Value], serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            values.serialize(serializer)
        } else {
            values.iter().map(borrowed).collect::<Vec<Borrowed<'_>>>().serialize(serializer)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Value>, D::Error> {
        if deserializer.is_human_readable() {
            Vec::deserialize(deserializer)
        } else {
            let stored = Vec::<Stored>::deserialize(deserializer)?;
            Ok(stored.into_iter().map(owned).collect())
        }
    }
}

/// A value or none. JSON's `null` is none, as it is without this.
pub mod option {
    use super::{Stored, Value, borrowed, owned};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(
        value: &Option<Value>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            value.serialize(serializer)
        } else {
            value.as_ref().map(borrowed).serialize(serializer)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Value>, D::Error> {
        if deserializer.is_human_readable() {
            Option::deserialize(deserializer)
        } else {
            Ok(Option::<Stored>::deserialize(deserializer)?.map(owned))
        }
    }
}

/// The entries of an object.
pub mod map {
    use super::{Map, Stored, Value, borrowed, owned};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(
        map: &Map<String, Value>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            map.serialize(serializer)
        } else {
            let entries: Vec<_> = map.iter().map(|(key, value)| (key, borrowed(value))).collect();
            entries.serialize(serializer)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Map<String, Value>, D::Error> {
        if deserializer.is_human_readable() {
            Map::deserialize(deserializer)
        } else {
            let entries = Vec::<(String, Stored)>::deserialize(deserializer)?;
            Ok(entries.into_iter().map(|(key, value)| (key, owned(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        #[serde(with = "super")]
        value: Value,
        #[serde(with = "super::option")]
        default: Option<Value>,
    }

    #[test]
    fn values_survive_both_kinds_of_formats() {
        let value = json!({"b": [1, -2, 0.5, null, true, u64::MAX], "a": {"": "text"}});
        let row = Row { value, default: Some(json!([])) };
        let stored = postcard::to_stdvec(&row).unwrap();
        let back: Row = postcard::from_bytes(&stored).unwrap();
        assert_eq!(serde_json::to_string(&back).unwrap(), serde_json::to_string(&row).unwrap());
        assert_eq!(serde_json::to_value(&row).unwrap(), json!({"value": row.value, "default": []}));
    }
}
