//! The workbench without a terminal: state, actions, [`update()`], the command table, keymap.
//!
//! Everything here is pure. A key, a mouse hit, a new snapshot or a run's event is an [`Action`];
//! [`update()`] changes the [`Model`] and returns the [`Effect`]s the shell must carry out, each of
//! which ends in another action. What a view shows is built here too, as rows and lines with
//! semantic roles ([`text`], [`list`], [`screens`]); `views` only puts them into cells.

pub mod action;
pub mod canvas;
pub mod command;
pub mod commands;
pub mod config;
pub mod detail;
pub mod form;
pub mod history;
pub mod input;
pub mod key;
pub mod keymap;
pub mod keys_doc;
pub mod links;
pub mod list;
pub mod log;
pub mod markdown;
pub mod memo;
pub mod model;
pub mod navigate;
pub mod overlay;
pub mod palette;
pub mod picture;
pub mod screens;
pub mod sgr;
pub mod text;
pub mod texts;
pub mod toast;
pub mod update;
pub mod view;

pub use action::{Action, Compiling, Effect, Hit, Mouse};
pub use command::{Command, Context};
pub use detail::Detail;
pub use key::Key;
pub use links::{Links, Place, Why};
pub use list::{ListState, Row, Rows, TreeBuilder};
pub use model::{Focus, Model};
pub use text::{Line, Role, Span};
pub use update::update;
pub use view::View;
