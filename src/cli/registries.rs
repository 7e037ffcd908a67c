//! `metascope registries`.

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
    let scan = open(&args.path.path, common, Parts { registries: true, ..Parts::NONE })?;
    let registries = &scan.project.registries;
    if format == Format::Json {
        print_json(&json!({ "registries": registries }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&["registry / key", "kind / target", "certainty", "place"]);
    for registry in registries {
        table.row([
            registry.name.to_string(),
            format!("{} by {}", registry.kind, registry.registrar),
            registry.certainty.as_str().into(),
            format!("{}:{}", registry.file, registry.line),
        ]);
        for member in &registry.members {
            table.row([
                format!("  {}", member.key.as_deref().unwrap_or("?")),
                member.target.to_string(),
                member.certainty.as_str().into(),
                format!("{}:{}", member.file, member.line),
            ]);
        }
    }
    table.print(common, "No registries found.")?;
    Ok(ExitCode::SUCCESS)
}
