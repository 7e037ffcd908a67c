//! `metascope splits`: entities and splits, a call of one executed both ways, or the step functions.

mod execute;

use std::process::ExitCode;

use serde_json::json;

use super::output::{Table, print_json};
use super::project::{PathArg, open};
use super::{Common, Format, Outcome};
use crate::analyzers::link::Parts;
use crate::analyzers::link::python::splits::Engine;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    path: PathArg,
    /// Execute the blocks of one Python function on a trampoline and compare with the direct call
    #[arg(long, value_name = "CLASS.METHOD", conflicts_with = "emit")]
    run: Option<String>,
    /// The arguments: a JSON object by parameter, `self` for the receiver, or @FILE. An entity is
    /// an object of its constructor's arguments, with `$state`, `$id` and `$ref` where needed
    #[arg(long, value_name = "JSON|@FILE", requires = "run")]
    input: Option<String>,
    /// Seconds that either way may take
    #[arg(long, default_value_t = 30, requires = "run")]
    timeout: u64,
    /// Trust the code of this folder from now on
    #[arg(long, requires = "run")]
    trust: bool,
    /// Print the split functions as a Python program: continuations with `step(frame, reply)`, or a
    /// Bytewax dataflow keyed by entity
    #[arg(long, value_enum)]
    emit: Option<Emit>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Emit {
    Python,
    Dataflow,
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    let format = common.format(&[Format::Json, Format::Table])?;
    let scan = open(&args.path.path, common, Parts { flows: true, facts: true, ..Parts::NONE })?;
    if let Some(function) = &args.run {
        super::trust::ask(&scan.root, args.trust)?;
        return execute::run(&scan, function, args.input.as_deref(), args.timeout, format, common);
    }
    if let Some(emit) = args.emit {
        let engine = match emit {
            Emit::Python => Engine::None,
            Emit::Dataflow => Engine::Bytewax,
        };
        return execute::emit(&scan, engine);
    }
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
