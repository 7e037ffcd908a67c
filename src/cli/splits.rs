//! `metascope splits`.

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
    let project = &scan.project;
    if format == Format::Json {
        print_json(&json!({ "entities": project.entities, "splits": project.splits }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&["function", "suspends", "blocks", "fragments", "remark", "place"]);
    for split in &project.splits {
        let remark = match &split.refused {
            Some(refusal) => format!("refused: {}", refusal.reason),
            None => split.hazards.iter().map(|hazard| &*hazard.kind).collect::<Vec<_>>().join(", "),
        };
        table.row([
            split.function.to_string(),
            split.suspensions.len().to_string(),
            split.blocks.len().to_string(),
            split.fragments.to_string(),
            remark,
            format!("{}:{}", split.file, split.line),
        ]);
    }
    table.print(common, "Nothing here suspends: no entities, no async functions.")?;
    Ok(ExitCode::SUCCESS)
}
