//! Opening a project for one headless command.

use std::io::{IsTerminal, Write};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{CliError, Common, Format};
use crate::analyzers::layout::export;
use crate::analyzers::link::Parts;
use crate::model::CompiledCalls;
use crate::workspace::{Options, Progress, Scan, scan};

/// The path every project command takes.
#[derive(Debug, Clone, clap::Args)]
pub struct PathArg {
    /// A folder or one source file
    #[arg(default_value = ".")]
    pub path: PathBuf,
}

/// Scans `path` and links what the command prints; a counter runs on stderr when that is a terminal
/// and the scan takes a while.
///
/// # Errors
/// When the path cannot be opened.
pub fn open(path: &Path, common: &Common, parts: Parts) -> Result<ManuallyDrop<Scan>, CliError> {
    open_compiled(path, common, parts, None)
}

/// The same, with what the compiler says of Rust calls.
///
/// # Errors
/// When the path cannot be opened.
pub fn open_compiled(
    path: &Path,
    common: &Common,
    parts: Parts,
    compiled: Option<Arc<CompiledCalls>>,
) -> Result<ManuallyDrop<Scan>, CliError> {
    let counts = std::io::stderr().is_terminal();
    let started = Instant::now();
    let scan = scan(
        path,
        &Options { parts, compiled, ..common.options() },
        &|Progress { done, total }| {
            let is_due = started.elapsed() > Duration::from_millis(300);
            if counts && is_due && (done.is_multiple_of(50) || done == total) {
                let mut stderr = std::io::stderr().lock();
                let _ = write!(stderr, "\r\x1b[Kreading {done}/{total}");
                if done == total {
                    let _ = write!(stderr, "\r\x1b[K");
                }
            }
        },
    )?;
    let broken = scan
        .project
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == crate::model::Severity::Error);
    match broken.count() {
        0 => {}
        1 => eprintln!("metascope: 1 problem while reading; `metascope scan` shows it"),
        count => {
            eprintln!("metascope: {count} problems while reading; `metascope scan` shows them")
        }
    }
    // The process ends with the command: freeing millions of rows first would only delay that.
    Ok(ManuallyDrop::new(scan))
}

/// The drawing that a format asks for, if it asks for one.
pub fn drawing(format: Format) -> Option<export::Format> {
    match format {
        Format::Dot => Some(export::Format::Dot),
        Format::Mermaid => Some(export::Format::Mermaid),
        Format::Svg => Some(export::Format::Svg),
        _ => None,
    }
}
