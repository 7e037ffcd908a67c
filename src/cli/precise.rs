//! `--precise`: the compiler's own word on Rust calls, where the user trusts the code.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use super::run::cancel_on_signals;
use super::{CliError, Common, trust};
use crate::model::{CallBuild, CompileProblem, CompiledCalls, printable};
use crate::runner::Cancel;
use crate::runner::compiler::{self, CompilerError};
use crate::workspace::RustTexts;

#[derive(Debug, Clone, clap::Args)]
pub struct PreciseArgs {
    /// Ask the compiler for the calls of Rust code: builds it, so only in a trusted folder
    #[arg(long)]
    precise: bool,
    /// Trust this folder's code from now on: compiling runs its build scripts and macros
    #[arg(long, requires = "precise")]
    trust: bool,
}

impl PreciseArgs {
    /// What the compiler says of the project's calls, if it is asked. Where it says nothing, the
    /// reason is among the problems.
    ///
    /// # Errors
    /// When the folder is not trusted, cannot be opened, or the user cancels.
    pub fn compiled(
        &self,
        path: &Path,
        common: &Common,
    ) -> Result<Option<Arc<CompiledCalls>>, CliError> {
        if !self.precise {
            return Ok(None);
        }
        let full = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let texts = RustTexts::take(&full, &common.options())?;
        trust::ask(if full.is_dir() { &full } else { full.parent().unwrap_or(&full) }, self.trust)?;
        let cancel = Cancel::default();
        let asked = cancel.clone();
        cancel_on_signals(move || asked.request());
        let build = match compiler::calls(&full, None, &cancel, &mut progress()) {
            Ok(build) => build,
            Err(CompilerError::Cancelled) => return Err(CliError::Cancelled),
            Err(error) => CallBuild {
                problems: vec![CompileProblem { place: None, message: error.to_string() }],
                ..CallBuild::default()
            },
        };
        if std::io::stderr().is_terminal() {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
        let calls = texts.calls(&build);
        for problem in &calls.problems {
            let place = format!("{}:{}:{}", problem.file, problem.line, problem.column);
            let message = format!("{place}: {}", problem.message);
            eprintln!("metascope: {}", printable(&message));
        }
        Ok(Some(Arc::new(calls)))
    }
}

/// Counts compiled crates on a terminal.
fn progress() -> impl FnMut(&str) {
    let mut count = 0;
    let counts = std::io::stderr().is_terminal();
    move |name| {
        count += 1;
        if counts {
            let name = printable(name);
            let _ = write!(std::io::stderr().lock(), "\r\x1b[Kcompiled {count}: {name}");
        }
    }
}
