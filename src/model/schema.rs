//! Schemas: the data shapes a project declares, with their JSON Schema (2020-12).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Language, Name};

/// A class, struct, enum or function signature read as a data shape. `name` is qualified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    pub name: Name,
    /// `dataclass`, `attrs`, `typeddict`, `namedtuple`, `enum`, `pydantic`, `msgspec`, `struct`,
    /// `function` …
    pub kind: Name,
    pub language: Language,
    pub file: Name,
    pub line: u32,
    pub fields: Vec<Field>,
    #[serde(with = "super::json")]
    pub json_schema: Value,
}

/// One field, in declaration order. `type` is the annotation with aliases replaced by what they
/// stand for; `default` is a JSON value when it is constant, else its source text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    pub name: Name,
    #[serde(rename = "type")]
    pub type_: Name,
    /// The annotation as it stands in the source, where `type` says it in other words.
    pub written: Option<Name>,
    pub required: bool,
    #[serde(with = "super::json::option", default)]
    pub default: Option<Value>,
    pub doc: Option<Name>,
}

impl Field {
    /// The type in the words of the source: the shorter of the two for a reader.
    pub fn annotation(&self) -> &str {
        self.written.as_deref().unwrap_or(&self.type_)
    }
}
