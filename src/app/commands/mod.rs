//! Commands that work on every screen, by theme. Those of one screen stand in its own file.

pub mod app;
pub mod inputs;
pub mod jumps;
pub mod lists;
pub mod panes;
pub mod views;
