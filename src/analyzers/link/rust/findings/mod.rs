//! Joins all Rust files' findings: qualifies their symbols and asks the manifests which crates are
//! procedural-macro crates.

use super::Context;
use crate::analyzers::rules;
use crate::model::facts::rust::findings::Hit;
use crate::model::{Certainty, Finding, Name};

pub fn link(context: &Context<'_>) -> Vec<Finding> {
    let macro_folders: Vec<&str> = context
        .manifests
        .iter()
        .filter_map(|manifest| {
            let folder = manifest.path.strip_suffix("Cargo.toml")?;
            let table: toml::Table = manifest.text.parse().ok()?;
            let is_macro =
                table.get("lib")?.get("proc-macro").or(table.get("lib")?.get("proc_macro"))?;
            is_macro.as_bool()?.then_some(folder)
        })
        .collect();
    let mut findings = Vec::new();
    for file in context.files {
        let path = &file.file.path;
        let facts = &file.facts.findings;
        let module = context.modules.path_of(path);
        let is_macro_crate = macro_folders
            .iter()
            .any(|folder| path.strip_prefix(folder).is_some_and(|inner| inner.starts_with("src/")));
        let extra: &[Hit] = if is_macro_crate { &facts.in_proc_macro } else { &[] };
        for hit in facts.hits.iter().chain(extra) {
            findings.extend(finding(path, module, hit));
        }
    }
    findings
}

fn finding(path: &Name, module: &str, hit: &Hit) -> Option<Finding> {
    let rule = rules::by_index(hit.rule)?;
    let symbol = match &*hit.symbol {
        "" => module.into(),
        inner => format!("{module}::{inner}").into(),
    };
    let message = match &*hit.detail {
        "" => rule.message.to_owned(),
        detail => format!("{} ({detail})", rule.message),
    };
    let (certainty, why) = if hit.may {
        (Certainty::Possible, "one reading of several; see the page's known problems")
    } else {
        (Certainty::Exact, "the rule holds in this file alone")
    };
    Some(Finding {
        rule: rule.id.into(),
        pattern: rule.pattern.into(),
        kind: rule.kind,
        file: path.clone(),
        line: hit.line,
        symbol,
        message,
        certainty,
        why: why.into(),
    })
}
