//! `metascope image`: worker images made from this machine's interpreter.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::output::{Table, print_json, print_text};
use super::{CliError, Common, Format, Outcome};
use crate::runner::image::{self, ImageError, OwnImage};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make an image from an interpreter of this machine, without any registry
    Build {
        /// The project whose interpreter to take
        #[arg(default_value = ".")]
        path: PathBuf,
        /// The interpreter to take instead
        #[arg(long)]
        python: Option<PathBuf>,
    },
    /// The images made so far
    List,
    /// Remove images made so far: those named, or all
    Remove { names: Vec<String> },
}

impl From<ImageError> for CliError {
    fn from(error: ImageError) -> Self {
        match error {
            ImageError::Environment(message) => Self::Environment(message),
            ImageError::Failed(message) => Self::Failed(message),
        }
    }
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    let format = common.format(&[Format::Json, Format::Table])?;
    match &args.what {
        What::Build { path, python } => {
            let told = std::io::stderr().is_terminal();
            let progress = |text: &str| {
                if told {
                    eprintln!("metascope: {text}");
                }
            };
            let built = image::build(path, python.clone(), &progress)?;
            match format {
                Format::Json => print_json(&built)?,
                _ => print_text(&format!("{} is ready ({} MB)", built.name, built.size >> 20))?,
            }
        }
        What::List => list(&image::list()?, format, common)?,
        What::Remove { names } => {
            let removed = image::remove(names)?;
            match format {
                Format::Json => print_json(&json!({ "removed": removed }))?,
                _ if removed.is_empty() => print_text("There was nothing to remove.")?,
                _ => print_text(&format!("removed {}", removed.join(", ")))?,
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(images: &[OwnImage], format: Format, common: &Common) -> Result<(), CliError> {
    if format == Format::Json {
        return print_json(&json!({ "images": images }));
    }
    let mut table = Table::new(&["image", "kind", "size", "id"]);
    for image in images {
        let id: String = image.id.trim_start_matches("sha256:").chars().take(12).collect();
        table.row([image.name.clone(), image.kind.clone(), format!("{} MB", image.size >> 20), id]);
    }
    table.print(common, "No images yet: `metascope image build` makes one.")
}
