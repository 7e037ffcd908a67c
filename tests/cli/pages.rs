//! The pattern pages' examples are analysed: every marked line is found, and nothing else is.

use std::collections::BTreeSet;
use std::sync::Arc;

use metascope::analyzers::link::{LinkInput, link};
use metascope::analyzers::{SourceFile, extract, rules};
use metascope::knowledge::{Page, pages};
use metascope::model::{FileEntry, FileStatus, Finding, Language};

fn findings(language: Language, text: &str) -> Vec<Finding> {
    let path = if language == Language::Python { "m.py" } else { "src/lib.rs" };
    let module = "m".into();
    let facts = extract(&SourceFile { path: path.into(), language, module, text: Arc::from(text) });
    let entry = FileEntry {
        path: path.into(),
        language,
        lines: facts.lines,
        status: FileStatus::Fresh,
        facts: Some(Arc::new(facts)),
    };
    let input =
        LinkInput { root: "t".into(), files: vec![entry], manifests: vec![], diagnostics: vec![] };
    link(input).findings.into_inner()
}

/// The fenced blocks marked `detect`, with their language.
fn blocks(page: &Page) -> Vec<(Language, String)> {
    let mut blocks = Vec::new();
    let mut lines = page.body.lines();
    while let Some(line) = lines.next() {
        let language = match line.trim_end() {
            "```py detect" => Language::Python,
            "```rs detect" => Language::Rust,
            _ => continue,
        };
        let body: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
        blocks.push((language, body.join("\n") + "\n"));
    }
    blocks
}

#[test]
fn examples_detect_what_they_say() {
    for page in pages() {
        let rules: BTreeSet<&str> = page.detects.iter().map(|it| it.rule.as_str()).collect();
        for (language, text) in blocks(page) {
            let mut marked: BTreeSet<(u32, String)> = BTreeSet::new();
            for (line, number) in text.lines().zip(1..) {
                let marker = line.split_once("# detect: ").or(line.split_once("// detect: "));
                for rule in marker.iter().flat_map(|(_, rules)| rules.split(',')) {
                    marked.insert((number, rule.trim().to_owned()));
                }
            }
            let found: BTreeSet<(u32, String)> = findings(language, &text)
                .into_iter()
                .filter(|finding| rules.contains(&*finding.rule))
                .map(|finding| (finding.line, finding.rule.to_string()))
                .collect();
            assert_eq!(found, marked, "docs/patterns/{}.md:\n{text}", page.id);
        }
    }
}

#[test]
fn pages_claim_rules_that_exist() {
    for page in pages() {
        for detects in &page.detects {
            assert!(rules::by_id(&detects.rule).is_some(), "{}: no rule {}", page.id, detects.rule);
        }
    }
}
