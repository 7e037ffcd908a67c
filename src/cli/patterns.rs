//! `metascope patterns`: the knowledge base.

use super::{CliError, Common, Outcome};

#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_args: &Args, _common: &Common) -> Outcome {
    Err(CliError::Environment("the knowledge base is not built yet".into()))
}
