//! The workbench as a user meets it: frames, keys, a real terminal.

#[path = "tui/docs.rs"]
mod docs;
#[path = "tui/expansion.rs"]
mod expansion;
#[path = "tui/frames.rs"]
mod frames;
#[path = "tui/keys.rs"]
mod keys;
#[path = "needs/mod.rs"]
mod needs;
#[path = "tui/pty.rs"]
mod pty;
#[path = "tui/running.rs"]
mod running;
#[path = "tui/stepping.rs"]
mod stepping;
#[path = "tui/support.rs"]
mod support;
#[path = "tui/terminal.rs"]
mod terminal;
