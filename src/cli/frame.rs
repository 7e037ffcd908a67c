//! `metascope frame VIEW PATH`: the exact frame the workbench would draw.

use std::io::Write;
use std::mem::ManuallyDrop;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use super::project::open;
use super::{CliError, Common, Format, Outcome};
use crate::analyzers::link::Parts;
use crate::app::{Action, Model, View};
use crate::shell::headless::Headless;
use crate::views::theme::Palette;
use crate::views::{Theme, print};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// project, source, registries, schemas, calls, splits, flows, tasks, runs, patterns,
    /// diagnostics or help
    #[arg(value_parser = parse_view)]
    view: View,
    /// A folder or one source file
    #[arg(default_value = ".")]
    path: PathBuf,
    /// Columns and rows
    #[arg(long, default_value = "120x40", value_parser = parse_size)]
    size: (u16, u16),
    /// What to select: a qualified name, or `file:line` in the source view
    #[arg(long)]
    focus: Option<String>,
    /// Keys to type first, as in `jj<enter>`
    #[arg(long, default_value = "")]
    keys: String,
    /// The colours of ANSI and SVG frames
    #[arg(long, value_enum, default_value_t = Look::Dark)]
    theme: Look,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Look {
    Dark,
    Light,
    Ansi,
    None,
}

fn parse_view(name: &str) -> Result<View, String> {
    let names: Vec<&str> = View::ALL.into_iter().map(View::name).collect();
    View::parse(name).ok_or_else(|| format!("no such view; use one of: {}", names.join(", ")))
}

fn parse_size(text: &str) -> Result<(u16, u16), String> {
    let size = text.split_once(['x', '×']).and_then(|(width, height)| {
        Some((width.trim().parse().ok()?, height.trim().parse().ok()?))
    });
    match size {
        Some((width @ 1..=1000, height @ 1..=1000)) => Ok((width, height)),
        _ => Err("write columns and rows, as in 120x40 (at most 1000 each)".into()),
    }
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    let format = match common.format {
        None => Format::Text,
        Some(_) => common.format(&[Format::Text, Format::Ansi, Format::Svg])?,
    };
    let scan = ManuallyDrop::into_inner(open(&args.path, common, Parts::ALL)?);
    let palette = match args.theme {
        Look::Dark => Palette::Dark,
        Look::Light => Palette::Light,
        Look::Ansi => Palette::Ansi,
        Look::None => Palette::None,
    };
    let model = Model::of_project(scan.project);
    let mut shell = Headless::new(model, Theme::new(palette), &scan.root, args.size);
    shell.load_runs(Action::History(Vec::new()));
    if !shell.show(args.view, args.focus.as_deref()) {
        return Err(CliError::Usage(format!(
            "nothing named {} is in the {} view",
            args.focus.as_deref().unwrap_or_default(),
            args.view.name()
        )));
    }
    shell.press(&args.keys);
    let frame = shell.frame();
    let printed = match format {
        Format::Ansi => print::ansi(&frame),
        Format::Svg => print::svg(&frame, palette),
        _ => print::text(&frame),
    };
    std::io::stdout().lock().write_all(printed.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_views_are_checked() {
        assert_eq!(parse_size("80x24"), Ok((80, 24)));
        assert!(parse_size("80").is_err() && parse_size("0x9").is_err());
        assert_eq!(parse_view("calls"), Ok(View::Calls));
        assert!(parse_view("call").unwrap_err().contains("calls"));
    }
}
