//! `metascope completions SHELL` and `metascope man`.

use std::process::ExitCode;

use clap::CommandFactory;

use super::{Cli, Outcome};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell to complete for
    shell: clap_complete::Shell,
}

pub fn run(args: &Args) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "metascope", &mut text);
    super::output::print_text(&String::from_utf8_lossy(&text))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the manual page.
pub fn man() -> Outcome {
    let mut text = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut text)?;
    super::output::print_text(&String::from_utf8_lossy(&text))?;
    Ok(ExitCode::SUCCESS)
}
