//! One engine for both languages: a body as blocks of operations, cut where it suspends.
//!
//! The languages lower their functions to a [`Graph`]; here it is made small and numbered
//! ([`simplify`]), asked what lives where ([`liveness`]) and how many hops a call makes
//! ([`counts`], [`most_hops`]), and turned into rows ([`present`]).

pub mod counts;
pub mod graph;
pub mod groups;
mod hops;
pub mod liveness;
pub mod present;
pub mod simplify;
pub mod storage;
pub mod vars;

#[cfg(test)]
mod tests;

pub use graph::{Access, Block, BlockId, Cut, End, Graph, Op, Role, StateAccess, Storage};
pub use hops::most_hops;
pub use liveness::Liveness;
pub use simplify::simplify;
pub use vars::{Effects, Kills, VarId, VarKind, VarSet, Vars};
