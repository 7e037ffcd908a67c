//! A workflow as a program that can be executed: what is called with what, under which
//! conditions, and what happened to each of its calls.

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::{Name, RunError, RunId};

/// A workflow whose graph was recovered without an error.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// In source order, as the flow's nodes; edges lead from earlier steps to later ones.
    pub steps: Vec<Step>,
    pub edges: Vec<StepEdge>,
    /// What the workflow returns.
    pub result: Option<Term>,
}

/// One task call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub id: Name,
    pub task: Name,
    pub args: Vec<(Name, Term)>,
    /// Of the enclosing `conditional()` blocks, outermost first.
    pub conditions: Vec<Term>,
    /// The `error_handler()` block it stands in, innermost, by number.
    pub handler: Option<usize>,
    /// The steps which that handler protects.
    pub protects: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepEdge {
    pub from: usize,
    pub to: usize,
    pub kind: StepEdgeKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepEdgeKind {
    Data,
    Control,
    Error,
    Order,
}

impl StepEdgeKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Control => "control",
            Self::Error => "error",
            Self::Order => "order",
        }
    }
}

/// An argument, a condition or a result. Steps are named by their place; a path holds member
/// names and indices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Term {
    Const(#[serde(with = "super::json")] Value),
    List(Vec<Term>),
    Dict(Vec<(String, Term)>),
    Param {
        name: Name,
        #[serde(with = "super::json::list")]
        path: Vec<Value>,
    },
    Output {
        step: usize,
        #[serde(with = "super::json::list")]
        path: Vec<Value>,
    },
    Success(usize),
    Failed(usize),
    Error {
        step: usize,
        #[serde(with = "super::json::list")]
        path: Vec<Value>,
    },
    CurrentError {
        #[serde(with = "super::json::list")]
        path: Vec<Value>,
    },
    And(Vec<Term>),
    Or(Vec<Term>),
    Not(Box<Term>),
    Compare {
        left: Box<Term>,
        op: Name,
        right: Box<Term>,
    },
    /// Not allowed where it stands; a diagnostic says why.
    Invalid(Name),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeState {
    #[default]
    Pending,
    Running,
    Success,
    Failed,
    Skipped,
    Cancelled,
}

impl NodeState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What became of one task call of a workflow's run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NodeRun {
    pub state: NodeState,
    pub output: Option<Value>,
    pub error: Option<RunError>,
    /// Why it was skipped.
    pub reason: Option<String>,
    pub started_at: Option<String>,
    pub elapsed_ms: Option<f64>,
    /// The call's own run in the journal.
    pub run: Option<RunId>,
}

/// All calls of a workflow's run, in the order of its source; a JSON object by id.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NodeRuns(pub Vec<(Name, NodeRun)>);

impl Serialize for NodeRuns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (id, run) in &self.0 {
            map.serialize_entry(id, run)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for NodeRuns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = NodeRuns;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object of task calls")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NodeRuns, A::Error> {
                let mut runs = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    runs.push(entry);
                }
                Ok(NodeRuns(runs))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
