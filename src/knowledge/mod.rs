//! The knowledge base: the pattern pages of `docs/patterns`, embedded and searchable.
//!
//! What a page must look like is written in `docs/patterns/README.md` and held by the tests of
//! this room. It knows pages, not projects: counts of places come from a project's findings.

mod front_matter;
mod page;
mod search;
#[cfg(test)]
mod tests;

pub use page::{
    Confidence, Detects, Heading, Page, ParseError, level_number, markdown_options, slug,
};
pub use search::search;

use std::sync::LazyLock;

use include_dir::{Dir, include_dir};

static FILES: Dir = include_dir!("$CARGO_MANIFEST_DIR/docs/patterns");

/// Pages that parse, in the order of their groups, then of their titles; and what is wrong with
/// the others.
static PAGES: LazyLock<(Vec<Page>, Vec<ParseError>)> = LazyLock::new(|| {
    let mut pages = Vec::new();
    let mut errors = Vec::new();
    for file in FILES.files() {
        let name = file.path().to_string_lossy();
        let Some(id) = name.strip_suffix(".md").filter(|id| *id != "README") else { continue };
        match Page::parse(id, file.contents_utf8().unwrap_or_default()) {
            Ok(page) => pages.push(page),
            Err(error) => errors.push(error),
        }
    }
    pages.sort_by(|a, b| (group_rank(&a.group), &a.title).cmp(&(group_rank(&b.group), &b.title)));
    (pages, errors)
});

/// The groups pages are listed in.
pub const GROUPS: [(&str, &str); 9] = [
    ("class-creation", "Class creation"),
    ("attribute-access", "Attribute access"),
    ("functions", "Functions"),
    ("types", "Types"),
    ("code-as-data", "Code as data"),
    ("dsl", "Embedded languages"),
    ("distributed", "Distributed programs"),
    ("rust", "Rust"),
    ("anti-patterns", "Anti-patterns"),
];

fn group_rank(group: &str) -> usize {
    GROUPS.iter().position(|(id, _)| *id == group).unwrap_or(GROUPS.len())
}

/// All pages, group by group.
pub fn pages() -> &'static [Page] {
    &PAGES.0
}

/// The page of an id or of a former id.
pub fn page(id: &str) -> Option<&'static Page> {
    let by_id = pages().iter().find(|page| page.id == id);
    by_id.or_else(|| pages().iter().find(|page| page.aliases.iter().any(|alias| alias == id)))
}

/// The page that lists the places a detection rule finds.
pub fn page_of_rule(rule: &str) -> Option<&'static Page> {
    pages().iter().find(|page| page.detects.iter().any(|detects| detects.rule == rule))
}
