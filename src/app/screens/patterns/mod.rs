//! Patterns: the knowledge base, with the places of this project where a pattern occurs.
//!
//! The list holds groups, pages and, under each page, its sections; a filter searches the text of
//! all pages and lists them best first. The words searched can be found in the page with `n`.

mod page;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::app::action::Effect;
use crate::app::command::{Command, Context};
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::list::{ListState, Matcher, Row, Rows, TreeBuilder};
use crate::app::model::{Focus, Model};
use crate::app::text::{Line, Role};
use crate::app::toast::Level;
use crate::app::{View, navigate};
use crate::knowledge::{self, GROUPS, Page};
use crate::model::{FindingKind, Name};

/// What the user set on this screen beyond selection and folds.
#[derive(Debug, Default)]
pub struct State {
    /// The row whose section the page was last scrolled to.
    scrolled_to: Option<Name>,
    /// Code blocks whose highlighting was asked for.
    asked: FxHashSet<Name>,
}

const HERE: &[Context] = &[Context::View(View::Patterns)];

pub const COMMANDS: &[Command] = &[
    Command::new(
        "patterns.next-match",
        "Next match",
        "Go to the next line of the page with the words searched",
        HERE,
        &["n"],
        |m| find(m, true),
    ),
    Command::new(
        "patterns.previous-match",
        "Match before",
        "Go to the line before with the words searched",
        HERE,
        &["N"],
        |m| find(m, false),
    ),
    Command::new(
        "patterns.places",
        "Places found",
        "Go to the places of this project on the page",
        HERE,
        &["i"],
        places,
    )
    .footer(5),
];

pub fn rows(model: &Model, list: &ListState) -> Rows {
    let found = counts(model);
    let words = list.filter.text();
    if !words.is_empty() {
        let pages = knowledge::search(words);
        let items: Vec<Row> = pages.iter().map(|page| page_row(page, &found)).collect();
        let total = knowledge::pages().len();
        return Rows { matched: items.len(), total, top: total, items };
    }
    let mut tree = TreeBuilder::new(list);
    for (group, title) in GROUPS {
        let pages = || knowledge::pages().iter().filter(|page| page.group == group);
        let count = pages().count();
        if count == 0 {
            continue;
        }
        let id: Name = format!("group:{group}").into();
        let open = tree.branch(0, true, &id, title, || {
            Row::new(id.clone(), Line::new(Role::Title, title)).note(Line::dim(&count.to_string()))
        });
        for page in pages().filter(|_| open) {
            let id: Name = page.id.as_str().into();
            if !tree.branch(1, false, &id, &page.title, || page_row(page, &found)) {
                continue;
            }
            for heading in page.headings.iter().filter(|heading| heading.level == 2) {
                tree.leaf(2, &heading.text, || {
                    Row::new(format!("{}#{}", page.id, heading.slug), Line::dim(&heading.text))
                        .links(Links::default().page(&id))
                });
            }
        }
    }
    tree.finish()
}

fn page_row(page: &Page, found: &FxHashMap<&str, usize>) -> Row {
    let id: Name = page.id.as_str().into();
    let role = match page.kind {
        FindingKind::AntiPattern => Role::Warning,
        FindingKind::Pattern | FindingKind::Advice => Role::Text,
    };
    let note = match found.get(page.id.as_str()) {
        Some(count) => Line::new(Role::Accent, &format!("{count} here")),
        None => Line::default(),
    };
    Row::new(id.clone(), Line::new(role, &page.title)).note(note).links(Links::default().page(&id))
}

/// How many places of the project each page lists.
fn counts(model: &Model) -> FxHashMap<&str, usize> {
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    for finding in &model.project.findings {
        *counts.entry(&finding.pattern).or_default() += 1;
    }
    counts
}

/// The page that a row belongs to.
fn page_of(row: &Row) -> Option<&'static Page> {
    let id = row.id.split('#').next()?;
    knowledge::page(id)
}

pub fn detail(model: &Model, row: Option<&Row>) -> Detail {
    match row.and_then(page_of) {
        Some(page) => page::build(model, page).detail,
        None => overview(model),
    }
}

/// What a group's row shows: how to read, and what was found most.
fn overview(model: &Model) -> Detail {
    let mut detail = Detail::titled("Patterns");
    let found = counts(model);
    detail.line(Line::text(
        "Techniques of metaprogramming: what they are, when to use them, what they cost, and where \
         this project uses them.",
    ));
    if !found.is_empty() {
        detail.heading("Found in this project");
    }
    let mut most: Vec<(&str, usize)> = found.into_iter().collect();
    most.sort_by_key(|(id, count)| (std::cmp::Reverse(*count), *id));
    for (id, count) in most {
        let title = knowledge::page(id).map_or(id, |page| page.title.as_str());
        let line = Line::new(Role::Number, &format!("{count:>5}  ")).push(Role::Text, title);
        detail.linked(line, Links::default().page(&id.into()));
    }
    detail
}

/// Ids and titles of all pages.
pub fn titles() -> impl Iterator<Item = (&'static str, &'static str)> {
    knowledge::pages().iter().map(|page| (page.id.as_str(), page.title.as_str()))
}

/// Shows a page: `K` from any row.
pub fn open(model: &mut Model, page: &Name) -> Vec<Effect> {
    let page: Name =
        knowledge::page(page).map_or_else(|| page.clone(), |page| page.id.as_str().into());
    if navigate::select(model, View::Patterns, &page) {
        model.enter_detail();
        return Vec::new();
    }
    model.toast(Level::Info, format!("There is no page {page} yet"))
}

/// `enter` in the page: follows the link or the place of the line.
pub fn enter(model: &mut Model) -> Option<Vec<Effect>> {
    if model.focus == Focus::List {
        let row = model.selected(View::Patterns)?;
        page_of(&row)?;
        model.enter_detail();
        return Some(Vec::new());
    }
    let row = model.selected(View::Patterns)?;
    let page = page_of(&row)?;
    let cursor = model.detail_state().cursor;
    let built = page::build(model, page);
    if let Some(line) = built.detail.lines.get(cursor).filter(|line| line.links.place.is_some()) {
        let links = line.links.clone();
        return Some(navigate::follow(model, &links));
    }
    let target = built.targets.get(cursor)?.clone()?;
    Some(follow(model, &target))
}

/// Follows a link of a page: to a section, another page, or out of the workbench.
fn follow(model: &mut Model, target: &str) -> Vec<Effect> {
    if target.starts_with("http") {
        return vec![Effect::Copy { text: target.to_owned(), what: target.to_owned() }];
    }
    let stop = navigate::here(model);
    let (id, section) = target.split_once('#').unwrap_or((target, ""));
    let mut effects = Vec::new();
    if !id.is_empty() {
        effects = open(model, &id.into());
        let there = model.selected(View::Patterns).and_then(|row| page_of(&row));
        if there.is_some_and(|page| page.id == id) {
            model.history.leave(stop);
        }
    }
    if !section.is_empty() {
        scroll_to(model, section);
    }
    effects
}

/// Puts a section's heading at the top of the pane.
fn scroll_to(model: &mut Model, section: &str) {
    let Some(page) = model.selected(View::Patterns).as_ref().and_then(page_of) else { return };
    let built = page::build(model, page);
    let Some((_, line)) = built.sections.iter().find(|(slug, _)| slug == section) else { return };
    let state = model.detail_state_mut();
    state.cursor = *line;
    state.offset.set(*line);
}

/// Goes to what the project has of the pattern.
fn places(model: &mut Model) -> Vec<Effect> {
    model.enter_detail();
    scroll_to(model, "in-your-project");
    Vec::new()
}

/// Goes to the next line of the page that has all the words searched.
fn find(model: &mut Model, forwards: bool) -> Vec<Effect> {
    let matcher = Matcher::new(model.list().filter.text());
    if matcher.is_empty() {
        return model.toast(Level::Info, "Search words with / first");
    }
    let detail = model.detail(View::Patterns);
    let count = detail.lines.len();
    let state = model.detail_state();
    let step = |by: usize| if forwards { state.cursor + by } else { state.cursor + count - by };
    let has = |at: &usize| !matcher.ranges(&detail.lines[*at].line.plain()).is_empty();
    let next = (1..=count).map(|by| step(by) % count).find(has);
    match next {
        Some(at) => {
            model.focus = Focus::Detail;
            model.detail_state_mut().cursor = at;
            Vec::new()
        }
        None => model.toast(Level::Info, "The page does not have these words"),
    }
}

/// Scrolls to the section selected in the list; asks for the highlighting of the page's code.
pub fn settle(model: &mut Model) -> Vec<Effect> {
    let Some(row) = model.selected(View::Patterns) else { return Vec::new() };
    if model.patterns.scrolled_to.as_ref() != Some(&row.id) {
        model.patterns.scrolled_to = Some(row.id.clone());
        if let Some((_, section)) = row.id.split_once('#') {
            scroll_to(model, section);
        }
    }
    let Some(page) = page_of(&row) else { return Vec::new() };
    let mut effects = Vec::new();
    for (at, block) in page::code(page).into_iter().enumerate() {
        if block.language.is_empty() {
            continue;
        }
        let key = page::code_key(page, at);
        if model.patterns.asked.insert(key.clone()) {
            let (token, text) = (block.language.into(), block.text.into());
            effects.push(Effect::Highlight { key, token, text });
        }
    }
    effects
}
