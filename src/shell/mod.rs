//! The only room that touches the world: terminal, event loop, effects.
//!
//! One loop owns the [`Model`](crate::app::Model). Keys, the mouse, signals, the workspace's
//! snapshots and the runs' events become actions; `update` answers with effects, carried out here
//! off the loop where they may take time, each ending in an action. A frame is drawn only when
//! something changed and at most every 16 ms; nothing ticks while nothing happens.

mod builds;
pub mod clipboard;
mod config_file;
mod editor;
mod effects;
mod events;
pub mod expansion;
pub mod headless;
mod look;
mod run_loop;
mod runs;
mod stepping;
mod terminal;
mod writer;

use std::path::Path;
use std::process::ExitCode;

pub use config_file::{ConfigError, config_path, read_config};

use crate::workspace::{OpenError, Options};

#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error(
        "the workbench needs a terminal; use a command such as `metascope scan` (see --help) in \
         pipes and scripts"
    )]
    NoTerminal,
    #[error("the terminal failed: {0}")]
    Terminal(#[from] std::io::Error),
}

/// Opens the workbench on `path` and stays until the user leaves.
///
/// # Errors
/// When the path cannot be opened, the configuration is wrong, or there is no terminal.
pub fn run(path: &Path, options: Options) -> Result<ExitCode, ShellError> {
    use std::io::IsTerminal;
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(ShellError::NoTerminal);
    }
    let config = read_config()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("shell")
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(run_loop::run(path, options, config));
    // Work still on its way (reading, highlighting) has nobody to tell any more.
    runtime.shutdown_background();
    outcome
}
