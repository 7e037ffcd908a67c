//! What a worker hands back, on a channel of its own.

use serde::Deserialize;
use serde_json::Value;

use crate::model::{InputError, RunError};

/// The file a worker writes; see the worker template for who fills what.
#[derive(Debug, Clone, Deserialize)]
pub struct Outcome {
    pub status: OutcomeStatus,
    #[serde(default)]
    pub result: Option<Value>,
    #[serde(default)]
    pub error: Option<ReportedError>,
    #[serde(default)]
    pub input_errors: Vec<InputError>,
    /// Unix seconds, just before the task was called.
    #[serde(default)]
    pub called_at: Option<f64>,
    #[serde(default)]
    pub cpu_ms: Option<f64>,
    #[serde(default)]
    pub peak_memory_bytes: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutcomeStatus {
    Ok,
    Error,
    Rejected,
}

/// An error as workers report it: every part but the type may be missing.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ReportedError {
    #[serde(rename = "type", default)]
    pub type_: String,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub traceback: Option<String>,
    #[serde(default)]
    pub file: Option<String>,
    #[serde(default)]
    pub line: Option<u32>,
}

impl From<ReportedError> for RunError {
    fn from(error: ReportedError) -> Self {
        Self {
            type_: error.type_,
            message: error.message,
            traceback: error.traceback,
            file: error.file.map(Into::into),
            line: error.line,
        }
    }
}

/// The most a result may take; a larger one is an error, not a slow death of the workbench.
pub const MAX_BYTES: u64 = 64 << 20;

impl Outcome {
    /// Reads an outcome file's bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() as u64 > MAX_BYTES {
            return Err(format!("the result is larger than {} MB", MAX_BYTES >> 20));
        }
        serde_json::from_slice(bytes)
            .map_err(|error| format!("the worker's outcome is broken: {error}"))
    }
}
