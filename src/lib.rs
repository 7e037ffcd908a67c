//! A terminal workbench for exploring metaprogramming in Python and Rust projects.
//!
//! The house, bottom up; a room imports only from rooms above it in this list:
//!
//! - [`model`]: what is known about a project, plain data.
//! - [`analyzers`]: text → facts → project. Pure: no files, no clock.
//! - [`workspace`]: the directory on disk: walk, watch, read, cache; publishes snapshots.
//! - [`runner`]: tasks: input validation, executors, journal.
//! - [`knowledge`]: the pattern pages, searchable.
//! - [`app`]: the TUI's state, actions, `update`, the command table. Pure.
//! - [`views`]: state → cells. Pure.
//! - [`shell`]: terminal, event loop, effects.
//! - [`cli`]: one file per headless command.

pub mod analyzers;
pub mod app;
pub mod cli;
pub mod knowledge;
pub mod model;
pub mod runner;
pub mod shell;
pub mod views;
pub mod workspace;
