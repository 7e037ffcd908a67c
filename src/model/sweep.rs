//! One task over many inputs.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{RunError, RunId, RunStatus};

/// Which inputs a sweep runs its task with, besides what the request's own input says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepRequest {
    /// A file of inputs: JSON lines, a JSON array, or CSV with a header.
    pub file: Option<String>,
    /// `k=1..10,j=a|b`: every combination.
    pub grid: Option<String>,
    /// Runs at the same time.
    pub jobs: Option<u32>,
    /// Do not stop at the first failure.
    pub keep_going: bool,
}

/// How far a sweep is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepCounts {
    pub total: u32,
    pub succeeded: u32,
    pub failed: u32,
    /// Not run: the sweep was stopped before.
    pub left: u32,
}

/// One input of a sweep and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemRun {
    /// Its place, from 0.
    pub item: u32,
    pub input: Value,
    pub status: RunStatus,
    pub result: Option<Value>,
    pub error: Option<RunError>,
    pub elapsed_ms: Option<f64>,
    pub run: Option<RunId>,
}
