//! `metascope patterns`: the knowledge base, listed, shown and searched.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::output::{Table, print_json, print_text};
use super::{CliError, Common, Format, Outcome};
use crate::knowledge::{self, Page};
use crate::model::FindingKind;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// All pages (the default)
    List,
    /// One page
    Show {
        /// The page's id, such as `lost-signature`
        id: String,
    },
    /// Pages that hold all words
    Search {
        #[arg(required = true)]
        words: Vec<String>,
    },
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    match &args.action {
        None | Some(Action::List) => list(&knowledge::pages().iter().collect::<Vec<_>>(), common),
        Some(Action::Search { words }) => list(&knowledge::search(&words.join(" ")), common),
        Some(Action::Show { id }) => show(id, common),
    }
}

fn list(pages: &[&Page], common: &Common) -> Outcome {
    match common.format(&[Format::Json, Format::Table, Format::Plain])? {
        Format::Json => {
            let pages: Vec<Value> = pages.iter().map(|page| head(page)).collect();
            print_json(&json!({ "patterns": pages }))?;
        }
        Format::Plain => {
            let ids: String = pages.iter().map(|page| format!("{}\n", page.id)).collect();
            print_text(ids.trim_end())?;
        }
        _ => {
            let mut table = Table::new(&["page", "group", "summary"]);
            for page in pages {
                table.row([page.id.as_str(), page.group.as_str(), page.summary.as_str()]);
            }
            table.print(common, "No page holds all these words.")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(id: &str, common: &Common) -> Outcome {
    let Some(page) = knowledge::page(id) else {
        let similar: Vec<&str> =
            knowledge::search(&id.replace('-', " ")).iter().take(5).map(|page| &*page.id).collect();
        let hint = match similar.as_slice() {
            [] => "`metascope patterns` lists all pages".to_owned(),
            similar => format!("did you mean {}?", similar.join(", ")),
        };
        return Err(CliError::Usage(format!("no page is called {id}; {hint}")));
    };
    match common.format(&[Format::Json, Format::Table, Format::Plain])? {
        Format::Json => {
            let mut whole = head(page);
            if let Value::Object(map) = &mut whole {
                map.insert("body".into(), page.body.as_str().into());
            }
            print_json(&whole)?;
        }
        _ => print_text(&page.body)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What lists say of a page.
fn head(page: &Page) -> Value {
    let languages: Vec<&str> = page.languages.iter().map(|language| language.as_str()).collect();
    let rules: Vec<&str> = page.detects.iter().map(|detects| &*detects.rule).collect();
    let kind = match page.kind {
        FindingKind::AntiPattern => "anti-pattern",
        _ => "pattern",
    };
    json!({
        "id": page.id, "title": page.title, "kind": kind, "group": page.group,
        "languages": languages, "detects": rules, "severity": page.severity,
        "summary": page.summary, "related": page.related, "instead": page.instead,
        "aliases": page.aliases,
    })
}
