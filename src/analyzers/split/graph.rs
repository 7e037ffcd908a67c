//! The structured body form of both languages: blocks of operations ended by a terminator.

use super::vars::{Effects, VarId, VarKind, VarSet, Vars};
use crate::model::SuspensionKind;

pub type BlockId = usize;

/// One function on its way to being split.
#[derive(Debug, Default)]
pub struct Graph {
    pub vars: Vars,
    pub blocks: Vec<Block>,
    pub entry: BlockId,
    pub suspensions: Vec<Cut>,
    /// Bound before the first block.
    pub params: Vec<VarId>,
}

/// Operations that run without a cut.
#[derive(Debug, Clone)]
pub struct Block {
    pub ops: Vec<Op>,
    pub end: End,
    /// Where an exception raised in here goes, and the variable that takes it.
    pub on_error: Option<(BlockId, VarId)>,
    pub role: Role,
    /// The suspension whose reply it starts with.
    pub resume_of: Option<usize>,
    /// The line that opened it, for blocks without operations.
    pub line: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Plain,
    Loop,
    Handler,
    Finally,
}

/// One operation: a statement of the source or one that the lowering made.
#[derive(Debug, Clone, Default)]
pub struct Op {
    pub code: String,
    pub effects: Effects,
    pub first_line: u32,
    pub last_line: u32,
    /// A compound statement, with the blanks before its first line in the source.
    pub indent: Option<String>,
    /// State of `self` it touches.
    pub state: Vec<StateAccess>,
    /// What it does to the storage of variables (Rust).
    pub storage: Storage,
    /// Only stores to this variable: dropped when nothing reads it.
    pub only_sets: Option<VarId>,
    /// The exception being handled while it runs: the context of what it raises.
    pub handling: Option<VarId>,
}

/// Borrows, moves and ends of variables' storage.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Storage {
    pub borrows: VarSet,
    pub moves: VarSet,
    pub ends: VarSet,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateAccess {
    pub attribute: String,
    pub write: bool,
}

/// How a block ends.
#[derive(Debug, Clone)]
pub enum End {
    /// Under construction.
    Open,
    Jump(BlockId),
    Branch {
        test: Op,
        then: BlockId,
        other: BlockId,
    },
    /// Takes the next item of an iterator: `target = item` goes on to `body`.
    Next {
        iterator: VarId,
        target: Op,
        is_async: bool,
        body: BlockId,
        exhausted: BlockId,
    },
    /// Goes where an integer variable says; the last arm is the default.
    Switch {
        on: VarId,
        arms: Vec<(u32, BlockId)>,
    },
    Suspend {
        suspension: usize,
        resume: BlockId,
    },
    Return {
        value: Option<Op>,
        constant: bool,
    },
    Raise(Op),
}

/// What a suspension asks of its receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Call,
    Create,
    Load,
    Store,
    Await,
}

/// A suspension as the lowering makes it.
#[derive(Debug, Clone)]
pub struct Cut {
    pub kind: SuspensionKind,
    pub target: String,
    /// The class and member it reaches, for looking up what it may change.
    pub reaches: Vec<(usize, String)>,
    pub receiver: Option<String>,
    pub member: String,
    pub args: Vec<String>,
    pub result: Option<VarId>,
    /// Evaluates receiver and arguments.
    pub request: Op,
    pub start: u32,
    pub end: u32,
    pub access: Access,
}

impl Graph {
    pub fn block(&mut self, line: u32, on_error: Option<(BlockId, VarId)>) -> BlockId {
        self.blocks.push(Block {
            ops: Vec::new(),
            end: End::Open,
            on_error,
            role: Role::Plain,
            resume_of: None,
            line,
        });
        self.blocks.len() - 1
    }

    pub fn hidden(&mut self, name: String) -> VarId {
        self.vars.push(name, VarKind::Hidden)
    }

    /// Successors in the order then/body/continuation, else/exhausted, exception.
    pub fn successors(&self, id: BlockId) -> Vec<BlockId> {
        let block = &self.blocks[id];
        let mut next = block.end.targets();
        next.extend(block.on_error.map(|(handler, _)| handler));
        next
    }
}

impl End {
    /// Targets without the exception edge.
    pub fn targets(&self) -> Vec<BlockId> {
        match self {
            Self::Open | Self::Return { .. } | Self::Raise(_) => Vec::new(),
            Self::Jump(to) => vec![*to],
            Self::Branch { then, other, .. } => vec![*then, *other],
            Self::Next { body, exhausted, .. } => vec![*body, *exhausted],
            Self::Switch { arms, .. } => arms.iter().map(|(_, to)| *to).collect(),
            Self::Suspend { resume, .. } => vec![*resume],
        }
    }

    pub fn retarget(&mut self, change: &mut dyn FnMut(BlockId) -> BlockId) {
        match self {
            Self::Open | Self::Return { .. } | Self::Raise(_) => {}
            Self::Jump(to) => *to = change(*to),
            Self::Branch { then, other, .. } => {
                *then = change(*then);
                *other = change(*other);
            }
            Self::Next { body, exhausted, .. } => {
                *body = change(*body);
                *exhausted = change(*exhausted);
            }
            Self::Switch { arms, .. } => arms.iter_mut().for_each(|(_, to)| *to = change(*to)),
            Self::Suspend { resume, .. } => *resume = change(*resume),
        }
    }
}
