//! `metascope config check|show`.

use std::fmt::Write;
use std::process::ExitCode;

use clap::Subcommand;

use super::output::print_text;
use super::{CliError, Outcome};
use crate::app::config::DEFAULT_TEXT;
use crate::app::keymap::Keymap;
use crate::shell::{config_path, read_config};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum What {
    /// Say what is wrong with the configuration file; exit code 1 when something is
    Check,
    /// Print the configuration file, or a commented one with the defaults to start from
    Show,
}

pub fn run(args: &Args) -> Outcome {
    let path = config_path();
    let place = path.as_ref().map_or("no configuration folder".into(), |p| p.display().to_string());
    match args.what {
        What::Show => {
            let text = path.and_then(|path| std::fs::read_to_string(path).ok());
            match text {
                Some(text) => print_text(&format!("# {place}\n{text}"))?,
                None => print_text(&format!("# to be kept as {place}\n\n{DEFAULT_TEXT}"))?,
            }
            Ok(ExitCode::SUCCESS)
        }
        What::Check => {
            let config = read_config().map_err(|error| CliError::Failed(error.to_string()))?;
            let (_, problems) = Keymap::new(&config.keys);
            if problems.is_empty() {
                print_text(&format!("{place}: nothing is wrong\n"))?;
                return Ok(ExitCode::SUCCESS);
            }
            let mut text = format!("{place}:");
            for problem in problems {
                // Writing to a string cannot fail.
                let _ = write!(text, "\n  {problem}");
            }
            Err(CliError::Failed(text))
        }
    }
}
