//! The command line. `metascope [PATH]` opens the workbench; every other command is headless, one
//! file each, and prints a table for people or the contract's JSON for programs.
//!
//! Exit codes: 0 success; 1 the task or check failed; 2 usage; 3 the input or project cannot be
//! read; 4 the environment lacks something; 130 cancelled.

mod calls;
mod completions;
mod config;
mod doctor;
mod expand;
mod explain;
mod export;
mod findings;
mod flows;
mod frame;
mod image;
mod output;
mod patterns;
mod precise;
mod project;
mod registries;
mod run;
mod runs;
mod scan;
mod schema;
mod schemas;
mod splits;
mod tasks;
mod trust;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand, ValueEnum};

use crate::model::Language;
use crate::shell::ShellError;
use crate::workspace::{OpenError, Options};

/// A terminal workbench for exploring metaprogramming in Python and Rust projects.
#[derive(Debug, Parser)]
#[command(
    name = "metascope",
    version,
    args_conflicts_with_subcommands = true,
    after_help = "Exit codes: 0 success, 1 the task or check failed, 2 usage, 3 the project cannot \
                  be read, 4 the environment lacks something (see `metascope doctor`), 130 cancelled.",
    after_long_help = "\
Examples:
  metascope samples                       open the workbench on a folder
  metascope calls . --format json         the call graph, for programs
  metascope calls . --focus app.main      callers and callees of one function
  metascope run . jobs.resize --arg width=80
  metascope patterns search registry

Exit codes: 0 success, 1 the task or check failed, 2 usage, 3 the project cannot be read,
4 the environment lacks something (see `metascope doctor`), 130 cancelled."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// The folder or file to open in the workbench
    #[arg(default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    common: Common,
}

/// Flags of every command.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    /// How to print [default: table on a terminal, json otherwise]
    #[arg(long, global = true, value_enum, hide_default_value = true)]
    pub format: Option<Format>,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Read one language only
    #[arg(long, global = true, value_enum)]
    pub lang: Option<Lang>,
    /// Read ignored, hidden and vendored folders too
    #[arg(long, global = true)]
    pub no_ignore: bool,
    /// Read the installed packages that the project imports, from its virtual environment
    #[arg(long, global = true)]
    pub deps: bool,
    /// Neither read nor write the cache of extracted facts
    #[arg(long, global = true)]
    pub no_cache: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Json,
    Full,
    Dot,
    Mermaid,
    Svg,
    Text,
    Ansi,
    Plain,
    Csv,
    Jsonl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Lang {
    Python,
    Rust,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Files, counts, diagnostics and timings of a project
    Scan(scan::Args),
    /// Registries and their members
    Registries(registries::Args),
    /// Data shapes with their JSON Schema
    Schemas(schemas::Args),
    /// The call graph
    Calls(calls::Args),
    /// Entities, and methods cut at their suspension points
    Splits(splits::Args),
    /// Entity dataflows, traced programs and workflows
    Flows(flows::Args),
    /// Functions that can be launched
    Tasks(tasks::Args),
    /// The program generated to run one task, with what it keeps of the project
    Worker(worker::Args),
    /// Where patterns and anti-patterns occur
    Findings(findings::Args),
    /// The pattern knowledge base
    Patterns(patterns::Args),
    /// What a macro call, derive or attribute becomes, level by level
    Expand(expand::Args),
    /// Everything known about one symbol
    Explain(explain::Args),
    /// One frame of the workbench as text, ANSI or SVG
    Frame(frame::Args),
    /// Run one task or workflow
    Run(run::Args),
    /// The journal of runs
    Runs(runs::Args),
    /// Worker images for Docker, made from this machine's interpreter
    Image(image::Args),
    /// What works on this machine, what is missing, and how to mend it
    Doctor(doctor::Args),
    /// The JSON Schema of what a command prints
    Schema(schema::Args),
    /// The configuration: check it, or show it with its defaults
    Config(config::Args),
    /// Shell completions
    Completions(completions::Args),
    /// The manual page, in roff
    Man,
}

/// An error a user sees, with its exit code.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// 1: the task or check failed; the message is on the screen already when empty.
    #[error("{0}")]
    Failed(String),
    /// 2: the call makes no sense.
    #[error("{0}")]
    Usage(String),
    /// 3: the project cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// 3: an input file cannot be read.
    #[error("{0}")]
    Input(String),
    /// 4: something is missing on this machine.
    #[error("{0}")]
    Environment(String),
    /// The workbench could not be opened.
    #[error(transparent)]
    Shell(#[from] crate::shell::ShellError),
    /// 130.
    #[error("cancelled")]
    Cancelled,
    /// 0 when the reader of a pipe went away.
    #[error(transparent)]
    Output(#[from] std::io::Error),
}

impl CliError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe => 0,
            Self::Failed(_) | Self::Output(_) => 1,
            Self::Usage(_) => 2,
            Self::Open(_) | Self::Input(_) | Self::Shell(ShellError::Open(_)) => 3,
            Self::Shell(ShellError::Config(_)) => 2,
            Self::Shell(_) => 4,
            Self::Environment(_) => 4,
            Self::Cancelled => 130,
        }
    }
}

/// What a command returns; `Ok` carries the exit code, which is not 0 for a failed task.
pub type Outcome = Result<ExitCode, CliError>;

impl Common {
    /// The format asked for, among those a command has; the first is the default for programs.
    ///
    /// # Errors
    /// Usage, when the command does not have it.
    pub fn format(&self, offered: &[Format]) -> Result<Format, CliError> {
        use std::io::IsTerminal;
        match self.format {
            Some(format) if offered.contains(&format) => Ok(format),
            Some(format) => {
                let name = |format: Format| {
                    format.to_possible_value().map(|value| value.get_name().to_owned())
                };
                let offered: Vec<String> = offered.iter().copied().filter_map(name).collect();
                Err(CliError::Usage(format!(
                    "--format {} is not offered here; use one of: {}",
                    name(format).unwrap_or_default(),
                    offered.join(", ")
                )))
            }
            None if std::io::stdout().is_terminal() => Ok(Format::Table),
            None => Ok(offered.first().copied().unwrap_or(Format::Table)),
        }
    }

    pub fn options(&self) -> Options {
        Options {
            no_ignore: self.no_ignore,
            lang: self.lang.map(|lang| match lang {
                Lang::Python => Language::Python,
                Lang::Rust => Language::Rust,
            }),
            dependencies: self.deps,
            cache: !self.no_cache,
            ..Options::default()
        }
    }
}

/// Writes what goes on behind the screen to the file that `METASCOPE_LOG` names; stdout and stderr
/// belong to the workbench or to the command's answer.
fn log_to_file() {
    let file = std::env::var_os("METASCOPE_LOG")
        .and_then(|path| std::fs::OpenOptions::new().create(true).append(true).open(path).ok());
    if let Some(file) = file {
        let writer = std::sync::Mutex::new(file);
        tracing_subscriber::fmt().with_ansi(false).with_writer(writer).init();
    }
}

/// Parses the arguments and runs what they ask for.
pub fn main() -> ExitCode {
    log_to_file();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let is_answer =
                matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            let _ = error.print();
            return if is_answer { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    match run(&cli) {
        Ok(code) => code,
        Err(error) => {
            let code = error.exit_code();
            let message = error.to_string();
            if code != 0 && !message.is_empty() {
                eprintln!("metascope: {message}");
            }
            ExitCode::from(code)
        }
    }
}

fn run(cli: &Cli) -> Outcome {
    let common = &cli.common;
    match &cli.command {
        None => Ok(crate::shell::run(&cli.path, common.options())?),
        Some(Command::Scan(args)) => scan::run(args, common),
        Some(Command::Registries(args)) => registries::run(args, common),
        Some(Command::Schemas(args)) => schemas::run(args, common),
        Some(Command::Calls(args)) => calls::run(args, common),
        Some(Command::Splits(args)) => splits::run(args, common),
        Some(Command::Flows(args)) => flows::run(args, common),
        Some(Command::Tasks(args)) => tasks::run(args, common),
        Some(Command::Worker(args)) => worker::run(args, common),
        Some(Command::Findings(args)) => findings::run(args, common),
        Some(Command::Patterns(args)) => patterns::run(args, common),
        Some(Command::Expand(args)) => expand::run(args, common),
        Some(Command::Explain(args)) => explain::run(args, common),
        Some(Command::Frame(args)) => frame::run(args, common),
        Some(Command::Run(args)) => run::run(args, common),
        Some(Command::Runs(args)) => runs::run(args, common),
        Some(Command::Image(args)) => image::run(args, common),
        Some(Command::Doctor(args)) => doctor::run(args, common),
        Some(Command::Schema(args)) => schema::run(args),
        Some(Command::Config(args)) => config::run(args),
        Some(Command::Completions(args)) => completions::run(args),
        Some(Command::Man) => completions::man(),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_path_may_stand_where_a_command_could() {
        let cli = Cli::try_parse_from(["metascope", "samples"]).unwrap();
        assert!(cli.command.is_none() && cli.path.as_os_str() == "samples");
        assert!(Cli::try_parse_from(["metascope", "scan", ".", "--format", "json"]).is_ok());
    }
}
