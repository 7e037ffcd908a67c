//! Flows: typed graphs recovered from source without running it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Name, Severity, Workflow};

/// One graph. `kind` is `entity-dataflow`, `program` or `workflow`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    pub name: Name,
    pub kind: Name,
    pub file: Name,
    pub line: u32,
    pub nodes: Vec<FlowNode>,
    pub edges: Vec<FlowEdge>,
    /// Nodes that may run together, in order; empty where the kind has no stages.
    pub stages: Vec<Vec<Name>>,
    pub diagnostics: Vec<FlowDiagnostic>,
    /// The program of a workflow, when nothing is wrong with it.
    #[serde(skip)]
    pub program: Option<std::sync::Arc<Workflow>>,
}

/// A node; what its kind carries (`name`, `stream`, `choices`, `args` …) stands beside `id` and
/// `kind` in the JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FlowNode {
    pub id: Name,
    pub kind: Name,
    pub line: u32,
    #[serde(flatten)]
    pub data: Map<String, Value>,
}

impl Flow {
    /// What is wrong with a workflow, for a user to see; `None` when it can be run.
    pub fn complaint(&self) -> Option<String> {
        let mut errors = self.diagnostics.iter().filter(|it| it.severity == Severity::Error);
        let first = errors.next()?;
        let more = match errors.count() {
            0 => String::new(),
            count => format!(" (and {count} more)"),
        };
        Some(format!("{} line {}: {}{more}", first.code, first.line, first.message))
    }
}

impl FlowNode {
    /// A string attribute of the node.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.data.get(key).and_then(Value::as_str)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FlowEdge {
    pub from: Name,
    pub to: Name,
    /// `seq data ctrl fork join` in programs, `data control error order` in workflows, `call` …
    pub kind: Name,
    pub label: Option<Name>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowDiagnostic {
    pub code: Name,
    pub line: u32,
    pub column: u32,
    pub severity: Severity,
    pub message: String,
}
