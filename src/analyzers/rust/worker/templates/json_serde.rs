//! JSON by serde, for packages that use it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

pub struct Object(Map<String, Value>);

pub trait FromInput: DeserializeOwned {}
impl<T: DeserializeOwned> FromInput for T {}

pub trait IntoJson {
    fn json(&self) -> String;
}

impl<T: Serialize> IntoJson for T {
    fn json(&self) -> String {
        match serde_json::to_string(self) {
            Ok(json) => json,
            Err(error) => panic!("the result has no JSON form: {error}"),
        }
    }
}

impl Object {
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map(Object).map_err(|error| error.to_string())
    }

    pub fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, String> {
        let value = self.0.remove(name);
        let is_absent = value.is_none();
        serde_json::from_value(value.unwrap_or(Value::Null)).map_err(|error| match is_absent {
            true => "is required".to_string(),
            false => error.to_string(),
        })
    }

    pub fn left_over(&self) -> Option<String> {
        self.0.keys().next().cloned()
    }
}
