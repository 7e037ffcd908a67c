//! `metascope doctor`: what works on this machine, what is missing, and how to mend it.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::output::{Table, print_json};
use super::{Common, Format, Outcome};
use crate::runner::doctor::{Check, Health, checks};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The project to look at
    #[arg(default_value = ".")]
    path: PathBuf,
}

pub fn run(args: &Args, common: &Common) -> Outcome {
    let format = common.format(&[Format::Json, Format::Table])?;
    let mut found = checks(&args.path);
    found.push(check_terminal());
    // Rust tasks need cargo, Docker runs an engine; without an interpreter nothing runs by default.
    let is_whole = !found.iter().any(|check| check.health == Health::Missing);
    if format == Format::Json {
        print_json(&json!({ "ok": is_whole, "checks": found }))?;
    } else {
        let mut table = Table::new(&["", "check", "found", "remedy"]);
        for check in found {
            let mark = match check.health {
                Health::Ok => "ok",
                Health::Warning => "warn",
                Health::Missing => "missing",
            };
            table.row([mark.into(), check.name, check.detail, check.remedy.unwrap_or_default()]);
        }
        table.print(common, "")?;
    }
    Ok(ExitCode::from(if is_whole { 0 } else { 4 }))
}

fn check_terminal() -> Check {
    let term = std::env::var("TERM").unwrap_or_default();
    if !std::io::stdout().is_terminal() {
        return Check::new("terminal", Health::Ok, "output does not go to one", None);
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok());
    let is_utf8 = locale.is_some_and(|locale| locale.to_ascii_lowercase().contains("utf"));
    match (term.as_str(), is_utf8) {
        ("" | "dumb", _) => {
            let remedy = Some("use a terminal with cursor control, or the headless commands");
            Check::new("terminal", Health::Missing, format!("TERM is {term:?}"), remedy)
        }
        (_, false) => {
            let remedy = Some("set LANG to a UTF-8 locale for line drawing");
            Check::new("terminal", Health::Warning, format!("{term}, no UTF-8 locale"), remedy)
        }
        _ => Check::new("terminal", Health::Ok, format!("{term}, UTF-8"), None),
    }
}
