//! `metascope flows`.

use std::process::ExitCode;

use serde_json::json;

use super::output::{Table, print_json, print_text};
use super::project::{PathArg, drawing, open};
use super::{CliError, Common, Format, Outcome};
use crate::analyzers::layout::export;
use crate::analyzers::link::Parts;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    path: PathArg,
    /// Draw only this flow
    #[arg(long, value_name = "NAME")]
    flow: Option<String>,
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    use Format::{Dot, Json, Mermaid, Svg, Table as Rows};
    let format = common.format(&[Json, Rows, Dot, Mermaid, Svg])?;
    let scan = open(&args.path.path, common, Parts { flows: true, ..Parts::NONE })?;
    if let Some(drawing) = drawing(format) {
        let text = export::flows(&scan.project, drawing, args.flow.as_deref());
        print_text(&text.map_err(CliError::Usage)?)?;
        return Ok(ExitCode::SUCCESS);
    }
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
