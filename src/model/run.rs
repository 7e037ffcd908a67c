//! Runs of tasks: what is asked, what happens, what is recorded.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ItemRun, Name, NodeRun, NodeRuns, SweepCounts, SweepRequest};

/// A run's id: sortable by start, unique across workbenches.
pub type RunId = Name;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExecutorKind {
    #[default]
    Thread,
    Docker,
    Swarm,
}

impl ExecutorKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Thread => "thread",
            Self::Docker => "docker",
            Self::Swarm => "swarm",
        }
    }
}

/// Bounds of one run; `None` means the executor's default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    pub timeout_ms: Option<u64>,
    pub memory_bytes: Option<u64>,
    pub cpus: Option<f64>,
    /// In containers only: allow the network.
    pub network: bool,
    /// In containers only: the image to use.
    pub image: Option<String>,
}

/// What the user asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RunRequest {
    pub task: Name,
    pub executor: ExecutorKind,
    /// A JSON object that the task's input schema judges.
    pub input: Value,
    pub limits: Limits,
    /// Run it with many inputs instead of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<SweepRequest>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Accepted, not started: building, waiting for an image or a slot.
    Pending,
    Running,
    Succeeded,
    /// Of a workflow: every failure was met by a handler that worked.
    Handled,
    Failed,
    Cancelled,
    TimedOut,
    /// The input did not fit the schema; no user code ran.
    Rejected,
    /// The worker ended without an outcome: killed, out of memory, or lost with the workbench.
    Crashed,
}

impl RunStatus {
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Handled => "handled",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed_out",
            Self::Rejected => "rejected",
            Self::Crashed => "crashed",
        }
    }
}

/// Why a run failed, with the user's own file and line.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunError {
    #[serde(rename = "type")]
    pub type_: String,
    pub message: String,
    pub traceback: Option<String>,
    pub file: Option<Name>,
    pub line: Option<u32>,
}

/// One bad value; `path` is a JSON Pointer (`/items/0/price`, empty for the whole input).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputError {
    pub path: String,
    pub message: String,
}

/// What an executor tells while it works. Output arrives in batches, never a line at a time.
#[derive(Debug, Clone, PartialEq)]
pub enum RunEvent {
    Status(RunStatus),
    /// Progress before the start: `building 12/40`, `creating image` …
    Progress(String),
    Stdout(String),
    Stderr(String),
    /// A task call of a workflow came into this state.
    Node(Name, Box<NodeRun>),
    /// All inputs of a sweep, before the first is run.
    Items(Vec<ItemRun>),
    /// An input of a sweep came into this state.
    Item(Box<ItemRun>),
    /// The last event of every run.
    Finished(Box<RunRecord>),
}

/// Everything recorded of a run; serialises to the contract's `run` object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    pub run: RunId,
    pub task: Name,
    pub executor: ExecutorKind,
    pub status: RunStatus,
    pub result: Option<Value>,
    pub stdout: String,
    pub stderr: String,
    pub error: Option<RunError>,
    pub input_errors: Vec<InputError>,
    /// RFC 3339, UTC.
    pub started_at: String,
    pub elapsed_ms: f64,
    /// From the request to the first instruction of the user's function.
    pub launch_ms: Option<f64>,
    pub cpu_ms: Option<f64>,
    pub peak_memory_bytes: Option<u64>,
    /// What was asked, so that it can be asked again.
    pub request: RunRequest,
    /// Hash of the worker, to tell whether the code changed between two runs.
    pub worker_hash: Option<Name>,
    /// The image that it ran in, by the hash of what is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Name>,
    /// Of a workflow: its task calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<NodeRuns>,
    /// Of a sweep: how far it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<SweepCounts>,
    /// The workflow or sweep that this run is a part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<RunId>,
    /// Of a part of a sweep: the place of its input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<u32>,
}
