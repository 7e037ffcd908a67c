//! What every page must keep to; see `docs/patterns/README.md`.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use super::{Confidence, GROUPS, PAGES, Page, markdown_options, page, pages};
use crate::model::{FindingKind, Language};

const SECTIONS: [&str; 11] = [
    "What it is",
    "When to use / when not",
    "Example",
    "In your project",
    "How metascope detects it",
    "Variants",
    "Pitfalls",
    "Cost",
    "Trade-offs and alternatives",
    "Case studies",
    "Further reading",
];

fn docs() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/patterns"))
}

/// Ids that pages may name before they are written: the list at the end of the README.
fn planned() -> BTreeSet<String> {
    let readme = std::fs::read_to_string(docs().join("README.md")).unwrap();
    let (_, list) = readme.split_once("## Still to be written").unwrap();
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_file_is_a_page_that_parses() {
    assert_eq!(PAGES.1.iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
    let files = std::fs::read_dir(docs()).unwrap().map(|entry| entry.unwrap().file_name());
    let files: BTreeSet<String> = files
        .filter_map(|name| {
            name.to_str().and_then(|name| name.strip_suffix(".md")).map(str::to_owned)
        })
        .filter(|id| id != "README")
        .collect();
    let embedded: BTreeSet<String> = pages().iter().map(|page| page.id.clone()).collect();
    assert_eq!(files, embedded, "build again: a page came or went");
}

#[test]
fn ids_aliases_and_groups_are_in_order() {
    let mut names = HashSet::new();
    for page in pages() {
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(page.id.chars().all(kebab), "{}", page.id);
        assert!(names.insert(page.id.clone()), "{} is used twice", page.id);
        assert!(GROUPS.iter().any(|(id, _)| *id == page.group), "{}: {}", page.id, page.group);
        assert!(!page.languages.is_empty(), "{} shows a language", page.id);
        let anti = page.kind == FindingKind::AntiPattern;
        assert_eq!(anti, page.severity.is_some(), "{}: severity is for anti-patterns", page.id);
        assert_eq!(anti, !page.instead.is_empty(), "{}: instead is for anti-patterns", page.id);
    }
}

#[test]
fn related_pages_exist_and_name_each_other() {
    let planned = planned();
    for id in &planned {
        assert!(page(id).is_none(), "{id} is written: take it off the README's list");
    }
    for from in pages() {
        for id in from.related.iter().chain(&from.instead) {
            let written = pages().iter().find(|page| page.id == *id);
            assert!(written.is_some() || planned.contains(id), "{}: no page {id}", from.id);
            if let Some(other) = written.filter(|_| from.related.contains(id)) {
                assert!(other.related.contains(&from.id), "{id} must name {} as related", from.id);
            }
        }
        for link in from.links.iter().filter(|link| !link.starts_with("http")) {
            let (id, section) = link.split_once('#').unwrap_or((link, ""));
            let target = if id.is_empty() { Some(from) } else { page(id) };
            let exists = match target {
                Some(target) => {
                    section.is_empty() || target.headings.iter().any(|it| it.slug == section)
                }
                None => planned.contains(id),
            };
            assert!(exists, "{}: the link {link} leads nowhere", from.id);
        }
    }
}

#[test]
fn summaries_are_one_plain_sentence() {
    for Page { id, summary, .. } in pages() {
        assert!(summary.chars().count() <= 120, "{id}: the summary has more than 120 characters");
        assert!(summary.ends_with('.'), "{id}: the summary ends with a full stop");
        assert!(!summary.contains(['`', '*', '[']), "{id}: the summary has no markup");
    }
}

#[test]
fn sections_come_in_the_order_of_the_template() {
    for page in pages() {
        let titles: Vec<&str> =
            page.headings.iter().filter(|it| it.level == 1).map(|it| it.text.as_str()).collect();
        assert_eq!(titles, [page.title.as_str()], "{}", page.id);
        let mut expected = SECTIONS;
        if page.kind == FindingKind::AntiPattern {
            expected[1] = "Why it is a problem";
        }
        let sections: Vec<&str> =
            page.headings.iter().filter(|it| it.level == 2).map(|it| it.text.as_str()).collect();
        assert_eq!(sections, expected, "{}", page.id);
        for section in sections {
            assert!(!page.section(section).unwrap().is_empty(), "{}: {section} is empty", page.id);
        }
        let third = |text: &str| page.headings.iter().any(|it| it.level == 3 && it.text == text);
        assert!(third("Turn it off") || page.detects.is_empty(), "{}: Turn it off", page.id);
        if page.confidence == Confidence::Heuristic {
            assert!(third("Known problems"), "{}: a heuristic has known problems", page.id);
        }
        for language in &page.languages {
            let name = match language {
                Language::Python => "Python",
                Language::Rust => "Rust",
            };
            let shown = page.headings.iter().any(|it| it.level == 3 && it.text.starts_with(name));
            assert!(shown, "{}: the example shows {name}", page.id);
        }
        let lines = page.body.lines().count();
        assert!(lines <= 220, "{} has {lines} lines", page.id);
    }
}

#[test]
fn every_rule_has_an_example_and_markers_name_rules_of_the_page() {
    for page in pages() {
        let blocks = code_blocks(page);
        let detect: Vec<&(String, String)> =
            blocks.iter().filter(|(info, _)| info.ends_with(" detect")).collect();
        let mut marked = BTreeSet::new();
        for (info, text) in &detect {
            assert!(matches!(info.as_str(), "py detect" | "rs detect"), "{}: ```{info}", page.id);
            for line in text.lines() {
                let marker = line.split_once("# detect: ").or(line.split_once("// detect: "));
                if let Some((_, rules)) = marker {
                    marked.extend(rules.split(',').map(|rule| rule.trim().to_owned()));
                }
            }
        }
        let rules: BTreeSet<String> = page.detects.iter().map(|it| it.rule.clone()).collect();
        assert_eq!(marked, rules, "{}: detect blocks show exactly the page's rules", page.id);
    }
}

/// Code taken from a sample (```py sample=path#region) is the sample's own text.
#[test]
fn sample_code_is_that_of_the_sample() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for page in pages() {
        if let Some(sample) = &page.sample {
            assert!(root.join(sample).exists(), "{}: no sample at {sample}", page.id);
        }
        for (info, text) in code_blocks(page) {
            let Some(source) = info.split_whitespace().find_map(|it| it.strip_prefix("sample="))
            else {
                continue;
            };
            let (path, region) = source.split_once('#').unwrap_or((source, ""));
            let file = std::fs::read_to_string(root.join(path))
                .unwrap_or_else(|error| panic!("{}: {path}: {error}", page.id));
            let own = if region.is_empty() { file.clone() } else { region_of(&file, region) };
            assert_eq!(text.trim_end(), own.trim_end(), "{}: {source}", page.id);
        }
    }
}

/// The lines between `region: name` and `endregion` comments, without their common indentation.
fn region_of(file: &str, region: &str) -> String {
    let start = format!("region: {region}");
    let lines = file.lines().skip_while(|line| !line.trim_end().ends_with(&start)).skip(1);
    let lines: Vec<&str> = lines.take_while(|line| !line.contains("endregion")).collect();
    assert!(!lines.is_empty(), "no region {region}");
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let common = lines.iter().filter(|line| !line.trim().is_empty()).map(indent).min().unwrap_or(0);
    lines.iter().map(|line| line.get(common..).unwrap_or_default().to_owned() + "\n").collect()
}

/// Costs are measured: every number of a Cost row is that of its key in `costs.json`.
#[test]
fn costs_are_those_that_were_measured() {
    let costs = std::fs::read_to_string(docs().join("costs.json")).unwrap();
    let costs: serde_json::Value = serde_json::from_str(&costs).unwrap();
    for page in pages() {
        let cost = page.section("Cost").unwrap();
        for row in cost.lines().filter(|line| line.starts_with('|')).skip(2) {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let [_, ratio, range, key] = cells[..] else {
                panic!("{}: a cost row has four cells: {row}", page.id)
            };
            let case = key
                .trim_matches('`')
                .split_once('/')
                .and_then(|(group, case)| costs["groups"][group]["cases"].get(case));
            let case = case.unwrap_or_else(|| panic!("{}: nothing measured as {key}", page.id));
            let number = |name: &str| format!("{:.1}", case[name].as_f64().unwrap());
            assert_eq!(ratio, format!("{} ×", number("ratio")), "{}: {key}", page.id);
            let measured = format!("{}–{}", number("ratio_lo"), number("ratio_hi"));
            assert_eq!(range, measured, "{}: {key}", page.id);
        }
    }
}

fn code_blocks(page: &Page) -> Vec<(String, String)> {
    use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for event in Parser::new_ext(&page.body, markdown_options()) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                open = Some((info.to_string(), String::new()));
            }
            Event::Text(text) => {
                if let Some((_, code)) = &mut open {
                    code.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => blocks.extend(open.take()),
            _ => {}
        }
    }
    blocks
}
