//! What is known about a project: plain, serialisable data that imports nothing of ours.
//!
//! Two layers. [`facts`] is what one file says on its own; [`Project`] is what all files say
//! together. Rows of a project serialise to the JSON of the command-line contract as they are.
//!
//! Lines and columns are 1-based, columns count Unicode scalar values; spans are byte offsets.
//! Paths are relative to the project's root and use `/`. Every derived row says how sure it is
//! ([`Certainty`]) and why.

mod calls;
mod compiled;
mod diagnostic;
pub mod expansion;
pub mod facts;
mod finding;
mod flow;
pub mod json;
mod lookup;
mod place;
mod project;
mod registry;
mod run;
mod runnable;
mod schema;
mod shared;
mod split;
mod stepping;
mod sweep;
mod symbol;
mod task;
mod text;
mod worker;
mod workflow;

pub use calls::{CallEdge, CallGraph, CallNode, EdgeKind, NodeId, NodeKind, Unresolved};
pub use compiled::{
    CallBuild, Callee, CodeSpan, CompileProblem, CompiledBody, CompiledCall, CompiledCalls,
    CompiledUnit, TextHash, TypeHead,
};
pub use diagnostic::{Diagnostic, Severity};
pub use facts::{FileFacts, LanguageFacts};
pub use finding::{Finding, FindingKind};
pub use flow::{Flow, FlowDiagnostic, FlowEdge, FlowNode};
pub use lookup::{NotFound, is_named, look_up};
pub use place::{Certainty, Language, LineIndex, Name, Position, Span};
pub use project::{
    CacheCounts, Change, Counts, FileEntry, FileStatus, Manifest, Outline, Project, Timings,
};
pub use registry::{Member, Registry};
pub use run::{
    ExecutorKind, InputError, Limits, RunError, RunEvent, RunId, RunRecord, RunRequest, RunStatus,
};
pub use runnable::Runnable;
pub use schema::{Field, Schema};
pub use shared::{Same, Shared};
pub use split::{
    Block, Contributor, Entity, FutureSize, Hazard, Method, Param, Refusal, RemoteOps, Split,
    StateAttribute, Suspension, SuspensionKind,
};
pub use stepping::{
    StepCall, StepCommand, StepEntity, StepError, StepEvent, StepKind, StepRequest,
};
pub use sweep::{ItemRun, SweepCounts, SweepRequest};
pub use symbol::{Symbol, SymbolKind};
pub use task::Task;
pub use text::printable;
pub use worker::{Dropped, Kept, Worker};
pub use workflow::{NodeRun, NodeRuns, NodeState, Step, StepEdge, StepEdgeKind, Term, Workflow};
