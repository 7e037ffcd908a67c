//! Tasks: functions that can be launched from a form.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Language, Name};

/// A function found to be a task, or any other that can be run (then `registrar` is `None`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The qualified name.
    pub id: Name,
    pub name: Name,
    pub language: Language,
    pub file: Name,
    pub line: u32,
    pub doc: Option<Name>,
    /// What registers it; qualified.
    pub registrar: Option<Name>,
    pub is_async: bool,
    pub runnable: bool,
    /// Why it cannot be run, or a remark (`shadowed by line 40`).
    pub reason: Option<Name>,
    /// JSON Schema 2020-12, `type: object`, properties in signature order.
    #[serde(with = "super::json")]
    pub input_schema: Value,
    #[serde(with = "super::json")]
    pub output_schema: Value,
}
