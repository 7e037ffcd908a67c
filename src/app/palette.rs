//! The palette: one fuzzy finder over commands, files, symbols, tasks and pattern pages.

use std::cell::Cell;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::action::Effect;
use super::command;
use super::input::Input;
use super::links::Place;
use super::model::Model;
use super::navigate;
use super::overlay::Overlay;
use super::update;
use super::view::View;
use crate::model::Name;

#[derive(Debug, Default)]
pub struct Palette {
    pub input: Input,
    pub items: Vec<Item>,
    pub matched: usize,
    pub cursor: usize,
    /// First row shown; kept by the code that draws.
    pub offset: Cell<usize>,
}

/// One row of the palette.
#[derive(Debug, Clone)]
pub struct Item {
    pub target: Target,
    pub title: String,
    /// Dim text after the title: what a command does.
    pub about: &'static str,
    /// Dim text at the right: a key, a place.
    pub note: String,
    /// Character positions of the title that matched.
    pub hits: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Command(&'static str),
    Place(Place),
    Task(Name),
    Page(Name),
}

impl Target {
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Command(_) => "command",
            Self::Place(_) => "place",
            Self::Task(_) => "task",
            Self::Page(_) => "page",
        }
    }
}

/// Rows offered at most: more cannot be looked through anyway.
const LIMIT: usize = 200;

/// Opens the palette with a prefix: `>` commands, `@` symbols, `/` files, `!` tasks, `#` pages, or
/// nothing for all.
pub fn open(model: &mut Model, prefix: &str) -> Vec<Effect> {
    let mut palette = Palette { input: Input::new(prefix), ..Palette::default() };
    search(model, &mut palette);
    model.overlay = Some(Overlay::Palette(palette));
    Vec::new()
}

/// Searches again after the input changed.
pub fn refresh(model: &mut Model) {
    if let Some(Overlay::Palette(mut palette)) = model.overlay.take() {
        search(model, &mut palette);
        model.overlay = Some(Overlay::Palette(palette));
    }
}

pub fn choose(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Palette(palette)) = model.overlay.take() else { return Vec::new() };
    match palette.items.get(palette.cursor).map(|item| item.target.clone()) {
        Some(Target::Command(id)) => update::run(model, id),
        Some(Target::Place(place)) => {
            navigate::jump(model, &place);
            Vec::new()
        }
        Some(Target::Task(id)) => super::screens::tasks::open_task(model, &id),
        Some(Target::Page(id)) => navigate::open_page(model, &id),
        None => Vec::new(),
    }
}

fn search(model: &Model, palette: &mut Palette) {
    let typed = palette.input.text();
    let (prefix, words) = match typed.chars().next() {
        Some(mark @ ('>' | '@' | '/' | '!' | '#')) => (Some(mark), typed[1..].trim()),
        _ => (None, typed.trim()),
    };
    let wanted = |mark| prefix.is_none_or(|typed| typed == mark);
    let mut search = Search::new(words);
    if wanted('>') {
        for command in command::table().iter().filter(|command| offered(model, command)) {
            search.offer(command.title, 40, || {
                let note = model.keymap.keys_of(command.id).join("  ");
                (Target::Command(command.id), command.title.to_owned(), note)
            });
        }
    }
    let project = &model.project;
    if wanted('!') {
        for task in project.tasks.iter().filter(|task| task.runnable) {
            search.offer(&task.id, 20, || {
                let note = format!("{}:{}", task.file, task.line);
                (Target::Task(task.id.clone()), task.id.to_string(), note)
            });
        }
    }
    if wanted('#') {
        for (id, title) in super::screens::patterns::titles() {
            search.offer(title, 10, || (Target::Page(id.into()), title.to_owned(), id.to_owned()));
        }
    }
    if wanted('/') {
        for file in &project.files {
            search.offer(&file.path, 0, || {
                let place = Place::new(&file.path, 1);
                (Target::Place(place), file.path.to_string(), format!("{} lines", file.lines))
            });
        }
    }
    if prefix == Some('@') || (prefix.is_none() && !words.is_empty()) {
        for symbol in &project.symbols {
            search.offer(&symbol.name, 0, || {
                let place = Place::new(&symbol.file, symbol.line);
                (Target::Place(place.clone()), symbol.name.to_string(), place.to_string())
            });
        }
    }
    palette.cursor = 0;
    palette.offset.set(0);
    (palette.items, palette.matched) = search.finish();
}

/// What a command does; other items say it by their title.
fn about(target: &Target) -> &'static str {
    match target {
        Target::Command(id) => command::find(id).map_or("", |command| command.doc),
        _ => "",
    }
}

/// Commands that make sense from the palette: not those that type into a line or move a cursor.
fn offered(model: &Model, command: &command::Command) -> bool {
    use super::command::Context::{Global, View as In};
    let here = |view: View| view == model.view;
    command.contexts.iter().any(|context| match context {
        Global => true,
        In(view) => here(*view),
        _ => false,
    })
}

/// Scores candidates and keeps the best.
struct Search {
    matcher: Matcher,
    pattern: Pattern,
    all: bool,
    buffer: Vec<char>,
    found: Vec<(u32, Item)>,
    matched: usize,
    /// The lowest score worth keeping once the list is full.
    floor: u32,
}

impl Search {
    fn new(words: &str) -> Self {
        Self {
            matcher: Matcher::new(Config::DEFAULT.match_paths()),
            pattern: Pattern::parse(words, CaseMatching::Smart, Normalization::Smart),
            all: words.is_empty(),
            buffer: Vec::new(),
            found: Vec::new(),
            matched: 0,
            floor: 0,
        }
    }

    /// Considers a candidate; `bonus` lifts kinds that are few and rarely meant to be missed.
    fn offer(&mut self, text: &str, bonus: u32, item: impl FnOnce() -> (Target, String, String)) {
        let score = if self.all {
            Some(0)
        } else {
            let haystack = Utf32Str::new(text, &mut self.buffer);
            self.pattern.score(haystack, &mut self.matcher)
        };
        let Some(score) = score.map(|score| score + bonus) else { return };
        self.matched += 1;
        if self.found.len() >= LIMIT && score <= self.floor {
            return;
        }
        let (target, title, note) = item();
        self.found
            .push((score, Item { about: about(&target), target, title, note, hits: Vec::new() }));
        if self.found.len() >= LIMIT * 2 {
            self.prune();
        }
    }

    fn prune(&mut self) {
        self.found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.title.len().cmp(&b.1.title.len())));
        self.found.truncate(LIMIT);
        self.floor = self.found.last().map_or(0, |(score, _)| *score);
    }

    fn finish(mut self) -> (Vec<Item>, usize) {
        if !self.all {
            self.prune();
        }
        self.found.truncate(LIMIT);
        let mut items: Vec<Item> = self.found.into_iter().map(|(_, item)| item).collect();
        for item in items.iter_mut().filter(|_| !self.all) {
            let haystack = Utf32Str::new(&item.title, &mut self.buffer);
            self.pattern.indices(haystack, &mut self.matcher, &mut item.hits);
            item.hits.sort_unstable();
            item.hits.dedup();
        }
        (items, self.matched)
    }
}
