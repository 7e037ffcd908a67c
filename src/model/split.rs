//! Entities, and methods cut at their suspension points.

use serde::{Deserialize, Serialize};

use super::{Language, Name};

/// A class whose instances live behind a key and are reached by messages (stateflow).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    pub name: Name,
    pub file: Name,
    pub line: u32,
    /// What `__key__` returns: an attribute name, or the expression's source.
    pub key: Option<Name>,
    /// State of the classes above it first.
    pub state: Vec<StateAttribute>,
    pub methods: Vec<Method>,
    /// What makes one: the parameters of its constructor, or the fields of a dataclass.
    pub constructor: Vec<Param>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateAttribute {
    pub name: Name,
    #[serde(rename = "type")]
    pub type_: Option<Name>,
    /// Where the type comes from: `annotation`, `parameter`, `literal`, `unknown`.
    pub origin: Name,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    pub name: Name,
    pub inputs: Vec<Param>,
    /// The return type as written.
    pub returns: Option<Name>,
    /// How many values each `return` gives back, in source order: the length of a tuple, else one,
    /// none for a bare `return`.
    pub return_arities: Vec<u32>,
    pub read_only: bool,
    /// State attributes it writes, directly or through its own methods.
    pub writes: Vec<Name>,
    pub suspending: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Param {
    /// With its stars, for those that take any number.
    pub name: Name,
    #[serde(rename = "type")]
    pub type_: Option<Name>,
    /// The default as written.
    pub default: Option<Name>,
}

/// One function or method cut into blocks at its suspension points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    pub function: Name,
    pub language: Language,
    pub file: Name,
    pub line: u32,
    /// The class it is a method of, and whose instance it gets (Python).
    pub receiver: Option<Name>,
    /// Parameters without the receiver (Python).
    pub inputs: Vec<Param>,
    pub suspensions: Vec<Suspension>,
    /// Depth-first preorder from the entry.
    pub blocks: Vec<Block>,
    pub remote_ops: RemoteOps,
    /// The blocks of a way through with the most remote operations, in the order they run; each
    /// loop is gone round once at most.
    pub most_hops: Vec<u32>,
    pub hazards: Vec<Hazard>,
    /// Pieces when only remote calls cut, as stateflow's figure counts them.
    pub fragments: u32,
    /// Pieces when every statement and every remote operation is one of its own, the finest cut
    /// there is; stateflow's `buy_item` has 10 (Python).
    pub pieces: Option<u32>,
    /// Set when the function cannot be split without changing its meaning; blocks are then empty.
    pub refused: Option<Refusal>,
    /// What the future holds of its own (Rust).
    pub future: Option<FutureSize>,
}

/// How large a future is, as far as the sizes of its locals are known; what it awaits comes on top.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FutureSize {
    /// Bytes of the known locals where most are held at once.
    pub at_least: u64,
    /// Locals held across any suspension, largest first.
    pub largest: Vec<Contributor>,
    /// Locals of unknown size held there.
    pub unknown: Vec<Name>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contributor {
    pub name: Name,
    pub bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SuspensionKind {
    Call,
    Create,
    Read,
    Write,
    #[serde(rename = "self")]
    Own,
    Await,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    pub id: u32,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
    pub kind: SuspensionKind,
    /// `Item.get_price`, the awaited callee …
    pub target: Name,
    /// The receiver expression as written.
    pub receiver: Option<Name>,
    pub args: Vec<Name>,
    /// The local or temporary that takes the reply.
    pub result: Option<Name>,
    /// Locals live across it, its own result excluded.
    pub saves: Vec<Name>,
    /// Temporaries that hold what was evaluated before it in the same statement.
    pub spills: Vec<Name>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    pub id: u32,
    /// `entry`, `resume`, `branch`, `loop`, `join`, `handler`, `finally`, `exit` …
    pub kind: Name,
    /// First and last source line, inclusive.
    pub lines: (u32, u32),
    pub live_in: Vec<Name>,
    pub live_out: Vec<Name>,
    /// Successors in the order then/body/continuation, else/exhausted, exception.
    pub next: Vec<u32>,
    /// The suspension that ends this block.
    pub suspends: Option<u32>,
    /// The suspension whose reply this block starts with.
    pub resume_of: Option<u32>,
    pub entry: bool,
    /// What the block does, in the source language with temporaries made visible.
    pub code: Vec<Name>,
}

/// How many remote operations one call makes; `max` is `None` when unbounded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteOps {
    pub min: u32,
    pub max: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hazard {
    /// `lost-update`, `stale-read`, `coalescable-reads`, `scatter-gather`, `unbounded-hops`,
    /// `lock-across-await`, `large-future` …
    pub kind: Name,
    pub line: u32,
    pub message: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    pub reason: String,
    pub line: u32,
}
