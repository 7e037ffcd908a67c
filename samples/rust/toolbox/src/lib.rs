//! Tools that register themselves from wherever they are defined, data shapes that serde reads and
//! writes, futures with state across their suspension points, and functions to run.

pub mod orders;
pub mod pipeline;
pub mod registry;
pub mod tasks;
pub mod tools;
