//! `metascope findings`.

use std::process::ExitCode;

use serde_json::json;

use super::output::{Table, print_json};
use super::project::{PathArg, open};
use super::{Common, Format, Outcome};
use crate::analyzers::link::Parts;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    path: PathArg,
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    let format = common.format(&[Format::Json, Format::Table])?;
    let scan = open(&args.path.path, common, Parts { findings: true, ..Parts::NONE })?;
    let findings = &scan.project.findings;
    if format == Format::Json {
        print_json(&json!({ "findings": findings }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&["place", "rule", "page", "symbol", "message"]);
    for finding in findings {
        table.row([
            format!("{}:{}", finding.file, finding.line),
            finding.rule.to_string(),
            finding.pattern.to_string(),
            finding.symbol.to_string(),
            finding.message.clone(),
        ]);
    }
    table.print(common, "No patterns found.")?;
    Ok(ExitCode::SUCCESS)
}
