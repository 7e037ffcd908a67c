//! One page laid out for reading: its markdown, and the places of the project under it.

use super::super::common::{certainty, named};
use super::super::source::coloured;
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::markdown::{CodeBlock, Rendered, render};
use crate::app::model::Model;
use crate::app::text::{self, Line, Role};
use crate::knowledge::Page;
use crate::model::{Finding, FindingKind, Name, Severity};

/// A page as lines.
#[derive(Debug, Default)]
pub struct Built {
    pub detail: Detail,
    /// Per line, where its link leads.
    pub targets: Vec<Option<String>>,
    /// Slugs of the headings with their lines.
    pub sections: Vec<(String, usize)>,
}

/// Prose is easier to read in lines that are not too long.
const LONGEST: usize = 100;

/// The section whose text is made from the project.
const PLACES: &str = "in-your-project";

/// At most this many places of one rule are listed.
const MOST_PLACES: usize = 200;

pub fn build(model: &Model, page: &Page) -> Built {
    let width = model.detail_state().text_width().min(LONGEST);
    let document = render(&page.body, width);
    let mut built = Built::default();
    built.detail.title = Line::new(Role::Title, &page.title);
    let mut replaced = false;
    for (at, row) in document.rows.iter().enumerate() {
        if let Some((level, slug)) = &row.heading {
            replaced = false;
            // The pane's title says what the page's would.
            if *level == 1 {
                facts(page, &mut built);
                replaced = true;
                continue;
            }
            built.sections.push((slug.clone(), built.detail.lines.len()));
        }
        if !replaced {
            add(&mut built, code_line(model, page, row), row.link.clone());
        }
        // The heading's rule is its second row; what follows it up to the next heading is ours.
        let under = at.checked_sub(1).and_then(|above| document.rows[above].heading.as_ref());
        match under {
            Some((2, slug)) if slug == PLACES => {
                replaced = true;
                places(model, page, width, &mut built);
            }
            Some((1, _)) => replaced = false,
            _ => {}
        }
    }
    built
}

fn add(built: &mut Built, line: Line, target: Option<String>) {
    built.detail.fixed(line, Links::default());
    built.targets.push(target);
}

fn add_linked(built: &mut Built, line: Line, links: Links) {
    built.detail.fixed(line, links);
    built.targets.push(None);
}

/// Kind, languages, severity and rules, under the title.
fn facts(page: &Page, built: &mut Built) {
    let mut line = match (page.kind, page.severity) {
        (FindingKind::AntiPattern, severity) => {
            let (role, text) = match severity {
                Some(Severity::Error) => (Role::Error, "error"),
                Some(Severity::Info) => (Role::Info, "info"),
                _ => (Role::Warning, "warning"),
            };
            Line::new(Role::Warning, "anti-pattern").push(Role::Dim, " · ").push(role, text)
        }
        _ => Line::new(Role::Success, "pattern"),
    };
    for language in &page.languages {
        line = line.push(Role::Dim, " · ").push(Role::of_language(*language), language.as_str());
    }
    let rules: Vec<&str> = page.detects.iter().map(|detects| detects.rule.as_str()).collect();
    if !rules.is_empty() {
        line = line.push(Role::Dim, &format!(" · finds {}", rules.join(", ")));
    }
    add(built, line, None);
    for (title, pages) in [("instead", &page.instead), ("related", &page.related)] {
        for (at, id) in pages.iter().enumerate() {
            let known = crate::knowledge::page(id);
            let Some(other) = known else { continue };
            let line = Line::dim(&format!("{:<9}", if at == 0 { title } else { "" }))
                .push(Role::Link, &other.title);
            add(built, line, Some(other.id.clone()));
        }
    }
    add(built, Line::default(), None);
}

/// The places of the open project, rule by rule.
fn places(model: &Model, page: &Page, width: usize, built: &mut Built) {
    let of_page = |finding: &&Finding| *finding.pattern == *page.id;
    let findings: Vec<&Finding> = model.project.findings.iter().filter(of_page).collect();
    if findings.is_empty() {
        let text = if page.detects.is_empty() {
            "This page is about an idea; no rule looks for it."
        } else {
            "None found in this project."
        };
        add(built, Line::dim(text), None);
    }
    let mut rules: Vec<&Name> = findings.iter().map(|finding| &finding.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    for rule in rules {
        let of_rule = || findings.iter().filter(|finding| finding.rule == *rule);
        let count = text::count(of_rule().count(), "place");
        let head = Line::new(Role::Accent, rule).push(Role::Dim, &format!("  {count}"));
        add(built, head, None);
        for finding in of_rule().take(MOST_PLACES) {
            let file = text::truncate_start(&finding.file, width / 3);
            let line = Line::text("  ")
                .append(certainty(finding.certainty))
                .push(Role::Text, " ")
                .push(Role::LineNumber, &format!("{:>5} ", finding.line))
                .append(named(&finding.symbol, Role::Function))
                .push(Role::Dim, &format!("  {file}"));
            let links = Links::at(&finding.file, finding.line)
                .symbol(&finding.symbol)
                .why(finding.certainty, &finding.why);
            add_linked(built, line, links);
        }
    }
    add(built, Line::default(), None);
}

/// A row, its code coloured when that is ready.
fn code_line(model: &Model, page: &Page, row: &Rendered) -> Line {
    let Some((block, number)) = row.code else { return row.line.clone() };
    let key = code_key(page, block);
    let roles = model.texts.highlighted(&key).and_then(|lines| lines.get(number));
    let (Some(roles), Some((code, before))) = (roles, row.line.spans.split_last()) else {
        return row.line.clone();
    };
    let mut line = Line { spans: before.to_vec() };
    // An empty line of code has no span of its own.
    if before.is_empty() {
        return row.line.clone();
    }
    line = line.append(coloured(&code.text, roles));
    line
}

/// The name under which a block's highlighting is kept.
pub fn code_key(page: &Page, block: usize) -> Name {
    format!("page:{}:{block}", page.id).into()
}

/// The fenced blocks of a page, in order.
pub fn code(page: &Page) -> Vec<CodeBlock> {
    render(&page.body, LONGEST).code
}
