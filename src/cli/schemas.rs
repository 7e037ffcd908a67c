//! `metascope schemas`.

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
    let scan = open(&args.path.path, common, Parts { schemas: true, ..Parts::NONE })?;
    let schemas = &scan.project.schemas;
    if format == Format::Json {
        print_json(&json!({ "schemas": schemas }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut table = Table::new(&["schema / field", "kind / type", "default", "place"]);
    for schema in schemas {
        let place = format!("{}:{}", schema.file, schema.line);
        table.row([schema.name.to_string(), schema.kind.to_string(), String::new(), place]);
        for field in &schema.fields {
            let default = match (&field.default, field.required) {
                (Some(value), _) => value.to_string(),
                (None, true) => "required".into(),
                (None, false) => String::new(),
            };
            table.row([
                format!("  {}", field.name),
                field.annotation().to_string(),
                default,
                String::new(),
            ]);
        }
    }
    table.print(common, "No schemas found.")?;
    Ok(ExitCode::SUCCESS)
}
