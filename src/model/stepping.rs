//! A split function executed step by step: what the worker tells at each stop.

use serde::Deserialize;

/// One stop of a call that runs block by block. All values are text as Python's `repr` gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StepEvent {
    pub event: StepKind,
    /// Remote operations so far.
    pub hops: u32,
    /// Calls in progress, outermost first; the last one is at its block.
    pub stack: Vec<StepCall>,
    /// What is asked of another entity next.
    pub request: Option<StepRequest>,
    /// Every entity within reach, in the order they were first seen.
    pub entities: Vec<StepEntity>,
    /// What was printed since the event before.
    pub printed: String,
    /// An exception that was raised since the event before.
    pub raised: Option<String>,
    pub result: Option<String>,
    pub error: Option<StepError>,
    /// Why the call could not be made.
    pub message: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepKind {
    /// A block runs next.
    #[default]
    Block,
    /// A request is carried out next.
    Request,
    /// The call ended, with a result or an error.
    Done,
    /// The call could not be made.
    Failed,
}

impl StepKind {
    pub fn is_last(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }
}

/// One call in progress.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StepCall {
    /// Qualified name.
    pub function: String,
    /// The block that runs next, or that the reply goes to.
    pub block: u32,
    pub receiver: Option<String>,
    /// The locals that are kept, by name.
    pub frame: Vec<(String, String)>,
    /// The name that takes the reply.
    pub reply: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StepRequest {
    /// `call`, `create`, `load` or `store`.
    pub access: String,
    pub receiver: String,
    pub member: String,
    pub arguments: Vec<String>,
    /// Number of the suspension in its function.
    pub suspension: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StepEntity {
    /// Class and key.
    pub name: String,
    /// Qualified name of its class.
    pub class: String,
    pub state: Vec<(String, String)>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StepError {
    #[serde(rename = "type")]
    pub type_: String,
    pub message: String,
}

/// What the worker is told to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepCommand {
    /// To the next stop.
    Step,
    /// To the next stop that is not inside a call made from here.
    Over,
    /// To the end.
    On,
}

impl StepCommand {
    /// The word the worker reads.
    pub fn word(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Over => "over",
            Self::On => "on",
        }
    }
}
