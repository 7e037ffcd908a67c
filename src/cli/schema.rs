//! `metascope schema`: the published JSON Schema of what a command prints.

use std::process::ExitCode;

use super::Outcome;
use super::output::print_text;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[arg(value_enum)]
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Entities, splits and blocks, as `metascope splits --format json` prints them
    Ir,
}

pub fn run(args: &Args) -> Outcome {
    match args.what {
        What::Ir => print_text(include_str!("../../docs/schema/ir.json").trim_end())?,
    }
    Ok(ExitCode::SUCCESS)
}
