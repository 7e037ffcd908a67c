//! Pieces that views are made of.

pub mod code;
pub mod detail;
pub mod form;
pub mod input;
pub mod line;
pub mod list;
pub mod panel;
