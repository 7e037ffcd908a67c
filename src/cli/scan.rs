//! `metascope scan`: files, counts, diagnostics and timings.

use std::process::ExitCode;

use serde::Serialize;

use super::output::{Table, print_json, print_text};
use super::project::{PathArg, open};
use super::{Common, Format, Outcome};
use crate::analyzers::link::Parts;
use crate::model::{CacheCounts, Counts, Diagnostic, Language, Project, Timings};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    path: PathArg,
}

#[derive(Default, Serialize)]
struct LanguageCounts {
    files: usize,
    lines: u64,
}

#[derive(Serialize)]
struct Languages {
    python: LanguageCounts,
    rust: LanguageCounts,
}

#[derive(Serialize)]
struct Report<'a> {
    root: &'a str,
    languages: Languages,
    diagnostics: &'a [Diagnostic],
    counts: Counts,
    timings_ms: Timings,
    cache: CacheCounts,
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    let format = common.format(&[Format::Json, Format::Table])?;
    let scan = open(&args.path.path, common, Parts::ROWS)?;
    let project = &scan.project;
    let report = Report {
        root: &project.root,
        languages: Languages {
            python: count(project, Language::Python),
            rust: count(project, Language::Rust),
        },
        diagnostics: &project.diagnostics,
        counts: project.counts(),
        timings_ms: project.timings,
        cache: project.cache,
    };
    if format == Format::Json {
        print_json(&report)?;
        return Ok(ExitCode::SUCCESS);
    }
    let Languages { python, rust } = &report.languages;
    let Counts { registries, members, schemas, functions, edges, unresolved, .. } = report.counts;
    let Counts { splits, flows, tasks, findings, .. } = report.counts;
    let timings = report.timings_ms;
    print_text(&format!(
        "{}\n\
         python      {:>9} files {:>10} lines\n\
         rust        {:>9} files {:>10} lines\n\
         functions   {functions:>9}\n\
         call edges  {edges:>9}       {unresolved:>10} unresolved\n\
         registries  {registries:>9}       {members:>10} members\n\
         schemas     {schemas:>9}\n\
         splits      {splits:>9}\n\
         flows       {flows:>9}\n\
         tasks       {tasks:>9}\n\
         findings    {findings:>9}\n\
         walked in {:.0} ms, extracted in {:.0} ms, linked in {:.0} ms\n",
        report.root,
        python.files,
        python.lines,
        rust.files,
        rust.lines,
        timings.walk,
        timings.extract,
        timings.link,
    ))?;
    if !project.diagnostics.is_empty() {
        let mut table = Table::new(&["place", "severity", "code", "message"]);
        for diagnostic in &project.diagnostics {
            let severity = format!("{:?}", diagnostic.severity).to_lowercase();
            table.row([
                format!("{}:{}:{}", diagnostic.file, diagnostic.line, diagnostic.column),
                severity,
                diagnostic.code.to_string(),
                diagnostic.message.clone(),
            ]);
        }
        print_text("")?;
        table.print(common, "")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn count(project: &Project, language: Language) -> LanguageCounts {
    let files = project.files.iter().filter(|file| file.language == language);
    files.fold(LanguageCounts::default(), |sum, file| LanguageCounts {
        files: sum.files + 1,
        lines: sum.lines + u64::from(file.lines),
    })
}
