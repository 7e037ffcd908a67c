//! `metascope flows`.

use std::process::ExitCode;

use serde_json::json;

use super::output::{Table, print_json};
use super::project::{PathArg, open};
use super::{Common, Format, Outcome};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    path: PathArg,
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    let format = common.format(&[Format::Json, Format::Table])?;
    let scan = open(&args.path.path, common)?;
    let flows = &scan.project.flows;
    if format == Format::Json {
        print_json(&json!({ "flows": flows }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&["flow", "kind", "nodes", "edges", "remarks", "place"]);
    for flow in flows {
        let remarks: Vec<String> = flow
            .diagnostics
            .iter()
            .map(|remark| format!("{} line {}: {}", remark.code, remark.line, remark.message))
            .collect();
        table.row([
            flow.name.to_string(),
            flow.kind.to_string(),
            flow.nodes.len().to_string(),
            flow.edges.len().to_string(),
            remarks.join("; "),
            format!("{}:{}", flow.file, flow.line),
        ]);
    }
    table.print(common, "No flows found.")?;
    Ok(ExitCode::SUCCESS)
}
