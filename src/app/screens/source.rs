//! Source: one file's text with a cursor line, marks for what was found, and what is known of it.

use std::cell::Cell;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::app::action::{Effect, Mouse};
use crate::app::command::{Command, Context};
use crate::app::commands::lists::Motion;
use crate::app::detail::Detail;
use crate::app::links::{Links, Place};
use crate::app::list::{ListState, Matcher, Rows};
use crate::app::memo::Memo;
use crate::app::model::{Focus, Model};
use crate::app::text::{self, Line, Role};
use crate::app::toast::Level;
use crate::app::{View, navigate};
use crate::model::{FileStatus, Name, Project, Symbol, SymbolKind};

/// The file shown and the cursor in it.
#[derive(Debug, Default)]
pub struct State {
    pub file: Option<Name>,
    /// 1-based.
    pub line: usize,
    /// Columns scrolled to the right.
    pub column: usize,
    /// First line shown, from 0; kept by the code that draws.
    pub offset: Cell<usize>,
    pub height: Cell<usize>,
    /// The next frame puts the cursor line in the middle.
    pub centre: Cell<bool>,
    marks: Memo<(u64, Name), Marks>,
    /// The definitions of a file, as indices into the project's symbols.
    symbols: Memo<(u64, Name), Vec<u32>>,
    /// A macro that is shown expanded in the detail's place.
    pub expansion: Option<super::expansion::State>,
}

impl State {
    pub fn place(&self) -> Option<Place> {
        self.file.as_ref().map(|file| Place::new(file, self.line.max(1) as u32))
    }

    pub fn show(&mut self, place: &Place) {
        if self.file.as_ref() != Some(&place.file) {
            self.column = 0;
        }
        self.file = Some(place.file.clone());
        self.line = place.line.max(1) as usize;
        self.centre.set(true);
    }
}

pub const COMMANDS: &[Command] = &[
    Command::new(
        "source.next-match",
        "Next match",
        "Go to the next line with the words searched",
        &[Context::View(View::Source)],
        &["n"],
        |model| {
            find_next(model);
            Vec::new()
        },
    ),
    Command::new(
        "source.previous-match",
        "Match before",
        "Go to the line before with the words searched",
        &[Context::View(View::Source)],
        &["N"],
        |model| {
            find(model, false);
            Vec::new()
        },
    ),
    Command::new(
        "source.next-mark",
        "Next mark",
        "Go to the next line with something found on it",
        &[Context::View(View::Source)],
        &["}"],
        |m| mark(m, true),
    )
    .footer(5),
    Command::new(
        "source.previous-mark",
        "Mark before",
        "Go to the line before with something found on it",
        &[Context::View(View::Source)],
        &["{"],
        |m| mark(m, false),
    ),
];

/// What was found on a line: a glyph for the gutter and what it says in full.
#[derive(Debug, Clone)]
pub struct Mark {
    pub glyph: &'static str,
    pub role: Role,
    pub text: String,
    pub links: Links,
}

/// Marks of one file by line, the most telling first.
#[derive(Debug, Default)]
pub struct Marks {
    pub lines: FxHashMap<u32, Vec<Mark>>,
    /// Lines with marks, sorted.
    pub order: Vec<u32>,
}

/// The marks of a file, remembered until the next snapshot.
pub fn marks(model: &Model, file: &Name) -> Arc<Marks> {
    let key = (model.project.revision, file.clone());
    model.source.marks.get(key, || collect_marks(&model.project, file))
}

fn collect_marks(project: &Project, file: &Name) -> Marks {
    let mut marks = Marks::default();
    let mut add = |line: u32, glyph, role, text: String, links: Links| {
        marks.lines.entry(line).or_default().push(Mark { glyph, role, text, links });
    };
    for diagnostic in project.diagnostics.iter().filter(|d| d.file == *file) {
        let text = format!("{}: {}", diagnostic.code, diagnostic.message);
        let role = Role::of_severity(diagnostic.severity);
        let glyph = super::diagnostics::mark(diagnostic.severity);
        add(diagnostic.line, glyph, role, text, Links::at(file, diagnostic.line));
    }
    for task in project.tasks.iter().filter(|t| t.file == *file && t.registrar.is_some()) {
        let links = Links::at(file, task.line).symbol(&task.id);
        add(task.line, "▶", Role::Success, format!("task {}", task.name), links);
    }
    for registry in &project.registries {
        if registry.file == *file {
            let links = Links::at(file, registry.line)
                .symbol(&registry.registrar)
                .why(registry.certainty, &registry.why);
            let members = text::count(registry.members.len(), "member");
            let text = format!("registry {} ({}, {members})", registry.name, registry.kind);
            add(registry.line, "◆", Role::Accent, text, links);
        }
        for member in registry.members.iter().filter(|member| member.file == *file) {
            let links = Links::at(file, member.line)
                .symbol(&member.target)
                .why(member.certainty, &member.why);
            let key = member.key.as_deref().unwrap_or("a computed key");
            let text = format!("registered in {} under {key}", registry.name);
            add(member.line, "◇", Role::Accent, text, links);
        }
    }
    for finding in project.findings.iter().filter(|finding| finding.file == *file) {
        let links = Links::at(file, finding.line)
            .symbol(&finding.symbol)
            .page(&finding.pattern)
            .why(finding.certainty, &finding.why);
        add(
            finding.line,
            "★",
            Role::Info,
            format!("{}: {}", finding.pattern, finding.message),
            links,
        );
    }
    for schema in project.schemas.iter().filter(|s| s.file == *file && &*s.kind != "function") {
        let links = Links::at(file, schema.line).symbol(&schema.name);
        let fields = text::count(schema.fields.len(), "field");
        add(
            schema.line,
            "▤",
            Role::Type,
            format!("schema {} ({}, {fields})", schema.name, schema.kind),
            links,
        );
    }
    for entity in project.entities.iter().filter(|entity| entity.file == *file) {
        let links = Links::at(file, entity.line).symbol(&entity.name);
        add(entity.line, "●", Role::Type, format!("entity {}", entity.name), links);
    }
    for split in project.splits.iter().filter(|split| split.file == *file) {
        for suspension in &split.suspensions {
            let links = Links::at(file, suspension.line).symbol(&split.function);
            let text = format!("suspends: {}", suspension.target);
            add(suspension.line, "⏸", Role::Warning, text, links);
        }
    }
    for flow in project.flows.iter().filter(|flow| flow.file == *file) {
        let links = Links::at(file, flow.line).symbol(&flow.name);
        add(flow.line, "⇄", Role::Info, format!("{} {}", flow.kind, flow.name), links);
    }
    marks.order = marks.lines.keys().copied().collect();
    marks.order.sort_unstable();
    marks
}

/// The source screen has no list of its own.
pub fn rows(_model: &Model, _list: &ListState) -> Rows {
    Rows::default()
}

/// What is known about the cursor's line, its definition and the file.
pub fn detail(model: &Model) -> Detail {
    if let Some(expansion) = &model.source.expansion {
        return super::expansion::detail(model, expansion);
    }
    let Some(place) = model.source.place() else {
        let mut detail = Detail::titled("Source");
        detail.line(Line::text(
            "No file is open. Choose one in the project view (1) or with ctrl-p.",
        ));
        return detail;
    };
    let mut detail = Detail::titled(&place.to_string());
    let marks = marks(model, &place.file);
    for mark in marks.lines.get(&place.line).into_iter().flatten() {
        let line = Line::new(mark.role, &format!("{} ", mark.glyph)).push(Role::Text, &mark.text);
        detail.linked(line, mark.links.clone());
    }
    if let Some(hint) = super::expansion::hint(model, &place) {
        detail.line(hint);
    }
    if let Some(symbol) = enclosing(model, &place) {
        if !detail.lines.is_empty() {
            detail.blank();
        }
        describe_symbol(model, symbol, &mut detail);
    }
    detail
}

/// The innermost definition around a place.
pub fn enclosing<'a>(model: &'a Model, place: &Place) -> Option<&'a Symbol> {
    let symbols = &model.project.symbols;
    let key = (model.project.revision, place.file.clone());
    let of_file = model.source.symbols.get(key, || {
        let is_here =
            |(_, s): &(usize, &Symbol)| s.file == place.file && s.kind != SymbolKind::Module;
        symbols.iter().enumerate().filter(is_here).map(|(at, _)| at as u32).collect()
    });
    let around = of_file.iter().filter_map(|at| symbols.get(*at as usize));
    around
        .filter(|s| s.line <= place.line && place.line <= s.end_line)
        .min_by_key(|s| s.end_line - s.line)
}

/// Everything known about a definition, for detail panes.
pub fn describe_symbol(model: &Model, symbol: &Symbol, detail: &mut Detail) {
    let project = &*model.project;
    let links = Links::at(&symbol.file, symbol.line).symbol(&symbol.name);
    let mut head = Line::default();
    if symbol.is_async {
        head = head.push(Role::Keyword, "async ");
    }
    head = head
        .push(Role::Keyword, super::project::kind_mark(symbol.kind))
        .push(Role::Text, " ")
        .push(super::project::kind_role(symbol.kind), &symbol.name);
    if let Some(signature) = &symbol.signature {
        head = head.push(Role::Text, &text::squeeze(signature));
    }
    detail.linked(head, links.clone());
    let place = format!("{}:{}", symbol.file, symbol.line);
    detail.linked(Line::dim(&place), links);
    if let Some(doc) = symbol.doc.as_deref().map(str::trim).filter(|doc| !doc.is_empty()) {
        detail.blank();
        for line in text::paragraphs(doc).iter().take(16) {
            detail.line(Line::new(Role::Comment, line));
        }
    }
    let registered = project.registries.iter().flat_map(|registry| {
        registry.members.iter().filter(|m| m.target == symbol.name).map(move |m| (registry, m))
    });
    for (at, (registry, member)) in registered.take(8).enumerate() {
        if at == 0 {
            detail.heading("Registered");
        }
        let key = member.key.as_deref().unwrap_or("(computed key)");
        let line = Line::new(Role::Accent, &registry.name)
            .push(Role::Dim, " under ")
            .push(Role::String, key);
        let links = Links::at(&registry.file, registry.line)
            .symbol(&registry.registrar)
            .why(member.certainty, &member.why);
        detail.linked(line, links);
    }
    calls(model, symbol, detail);
}

/// Callers and callees of a definition.
fn calls(model: &Model, symbol: &Symbol, detail: &mut Detail) {
    const SHOWN: usize = 12;
    let calls = &model.project.calls;
    let Some(node) = calls.find(&symbol.name) else { return };
    let index = model.call_index();
    let callers = index.callers(calls, node);
    let callees = calls.callees(node);
    let sections = [
        ("Callers", callers.len(), callers.take(SHOWN).map(|e| (e, e.from)).collect::<Vec<_>>()),
        ("Calls", callees.len(), callees.iter().take(SHOWN).map(|e| (e, e.to)).collect()),
    ];
    for (title, count, edges) in sections {
        if count == 0 {
            continue;
        }
        detail.heading(&format!("{title} ({count})"));
        for (edge, other) in edges {
            let name = &calls.nodes[other as usize].name;
            let line = Line::new(Role::of_certainty(edge.certainty), name)
                .push(Role::Dim, &format!("  {}:{}", edge.file, edge.line));
            let links =
                Links::at(&edge.file, edge.line).symbol(name).why(edge.certainty, &edge.why);
            detail.fixed(line, links);
        }
        if count > SHOWN {
            detail.line(Line::dim(&format!("… {} more (gc shows the graph)", count - SHOWN)));
        }
    }
}

/// What is known about a file, for detail panes.
pub fn describe_file(model: &Model, file: &Name, detail: &mut Detail) {
    let Some(entry) = model.project.file(file) else { return };
    let language = Line::new(Role::of_language(entry.language), entry.language.as_str());
    detail.field("language", language);
    detail.field("lines", Line::new(Role::Number, &entry.lines.to_string()));
    match entry.status {
        FileStatus::Fresh => {}
        FileStatus::Stale => detail.field(
            "state",
            Line::new(
                Role::Warning,
                "does not parse now; what is broken is as it last was, or left out",
            ),
        ),
        FileStatus::Unread => detail.field("state", Line::new(Role::Error, "could not be read")),
    }
    for diagnostic in model.project.diagnostics.iter().filter(|d| d.file == *file).take(20) {
        let role = Role::of_severity(diagnostic.severity);
        let line = Line::new(role, &format!("{:>5} ", diagnostic.line))
            .push(Role::Text, &diagnostic.message);
        detail.linked(line, Links::at(file, diagnostic.line));
    }
    let marks = marks(model, file);
    if !marks.order.is_empty() {
        detail.heading("Found here");
    }
    for line in &marks.order {
        for mark in &marks.lines[line] {
            let text = Line::new(Role::LineNumber, &format!("{line:>5} "))
                .push(mark.role, &format!("{} ", mark.glyph))
                .push(Role::Text, &mark.text);
            detail.fixed(text, mark.links.clone());
        }
    }
    if marks.order.is_empty() {
        excerpt(model, &Place::new(file, 1), 20, detail);
    }
}

/// Lines of source around a place, highlighted when that is ready.
pub fn excerpt(model: &Model, place: &Place, around: usize, detail: &mut Detail) {
    let Some(text) = model.texts.get(&place.file) else { return };
    detail.heading(&place.file);
    let line = place.line as usize;
    let last = (line + around).min(text.line_count());
    for number in line.saturating_sub(around).max(1)..=last {
        let role = if number == line { Role::Accent } else { Role::LineNumber };
        let mut shown = Line::new(role, &format!("{number:>5} "));
        shown.spans.extend(source_line(model, &place.file, number).spans);
        detail.fixed(shown, Links::at(&place.file, number as u32));
    }
}

/// One line of a file with the roles of its tokens, or plain while these are being found.
pub fn source_line(model: &Model, file: &str, number: usize) -> Line {
    let Some(line) = model.texts.get(file).and_then(|text| text.line(number)) else {
        return Line::default();
    };
    let roles = model.texts.highlighted(file).and_then(|lines| lines.get(number - 1));
    coloured(line, roles.map_or(&[][..], Vec::as_slice))
}

/// A line cut into runs of roles; what the runs do not cover is plain.
pub fn coloured(line: &str, roles: &[(u32, Role)]) -> Line {
    let mut shown = Line::default();
    let mut at = 0;
    for (length, role) in roles {
        let end = at + *length as usize;
        let Some(part) = line.get(at..end.min(line.len())) else { break };
        shown = shown.push(*role, part);
        at = end.min(line.len());
    }
    shown.push(Role::Text, line.get(at..).unwrap_or_default())
}

pub fn links(model: &Model) -> Option<Links> {
    let place = model.source.place()?;
    if model.focus == Focus::Detail {
        let detail = model.detail(View::Source);
        let line = detail.lines.get(model.detail_state().at(detail.lines.len()))?;
        return (line.links != Links::default()).then(|| line.links.clone());
    }
    let marks = marks(model, &place.file);
    let marked = marks.lines.get(&place.line).and_then(|marks| marks.first());
    let mut links = marked.map(|mark| mark.links.clone()).unwrap_or_default();
    links.place = Some(place.clone());
    if links.symbol.is_none() {
        links.symbol = called_at(model, &place)
            .or_else(|| enclosing(model, &place).map(|symbol| symbol.name.clone()));
    }
    Some(links)
}

/// The first project function called on a line.
fn called_at(model: &Model, place: &Place) -> Option<Name> {
    let project = &model.project;
    let from = project.calls.find(&enclosing(model, place)?.name)?;
    let here = project.calls.callees(from).iter().filter(|edge| edge.line == place.line);
    let mut targets = here.map(|edge| &project.calls.nodes[edge.to as usize]);
    targets.find(|node| node.file.is_some()).map(|node| node.name.clone())
}

/// `enter`: the definition of what the line calls.
pub fn open(model: &mut Model) -> Option<Vec<Effect>> {
    (model.focus == Focus::List).then(|| navigate::definition(model))
}

pub fn motion(model: &mut Model, motion: Motion) -> bool {
    if model.focus == Focus::Detail {
        return false;
    }
    let count = line_count(model);
    let state = &mut model.source;
    match motion {
        Motion::Left => state.column = state.column.saturating_sub(8),
        Motion::Right => state.column += 8,
        _ => {
            let at = state.line.saturating_sub(1);
            state.line = motion.apply(at, count, state.height.get()) + 1;
        }
    }
    model.touch(View::Source);
    true
}

fn line_count(model: &Model) -> usize {
    let text = model.source.file.as_ref().and_then(|file| model.texts.get(file));
    text.map_or(1, |text| text.line_count())
}

pub fn wheel(model: &mut Model, rows: isize) -> bool {
    if model.focus == Focus::Detail {
        return false;
    }
    let count = line_count(model);
    let state = &mut model.source;
    let height = state.height.get();
    let last = count.saturating_sub(height);
    let offset = state.offset.get().saturating_add_signed(rows).min(last);
    state.offset.set(offset);
    state.line = state.line.clamp(offset + 1, (offset + height).max(offset + 1)).min(count.max(1));
    model.touch(View::Source);
    true
}

/// A click puts the cursor on the line; a double click goes on.
pub fn item(model: &mut Model, item: usize, mouse: Mouse) -> Vec<Effect> {
    model.focus = Focus::List;
    model.source.line = item;
    model.touch(View::Source);
    if mouse == Mouse::DoubleClick { navigate::definition(model) } else { Vec::new() }
}

pub fn find_next(model: &mut Model) {
    find(model, true);
}

fn find(model: &mut Model, forwards: bool) {
    let matcher = Matcher::new(model.list().filter.text());
    let file = model.source.file.clone();
    let Some(text) = file.and_then(|file| model.texts.get(&file).cloned()) else { return };
    let count = text.line_count();
    if matcher.is_empty() || count == 0 {
        return;
    }
    let here = model.source.line;
    let step = |by: usize| if forwards { here + by - 1 } else { here + 2 * count - by - 1 };
    let found = (1..=count)
        .map(|by| step(by) % count + 1)
        .find(|number| text.line(*number).is_some_and(|line| matcher.matches(line)));
    match found {
        Some(line) => {
            model.source.line = line;
            model.source.centre.set(true);
            model.touch(View::Source);
        }
        None => {
            model.toast(Level::Info, "No line has these words");
        }
    }
}

fn mark(model: &mut Model, forwards: bool) -> Vec<Effect> {
    let Some(place) = model.source.place() else { return Vec::new() };
    let marks = marks(model, &place.file);
    let found = if forwards {
        marks.order.iter().find(|line| **line > place.line)
    } else {
        marks.order.iter().rev().find(|line| **line < place.line)
    };
    match found {
        Some(line) => {
            model.source.line = *line as usize;
            model.touch(View::Source);
            Vec::new()
        }
        None => model.toast(Level::Info, "No further mark in this file"),
    }
}

/// Opens the first file when none is open, and asks for the text.
pub fn settle(model: &mut Model) -> Vec<Effect> {
    if model.source.file.is_none()
        && let Some(file) = model.project.files.first()
    {
        model.source.show(&Place::new(&file.path.clone(), 1));
        model.touch(View::Source);
    }
    let Some(file) = model.source.file.clone() else { return Vec::new() };
    let count = line_count(model);
    if model.texts.get(&file).is_some() {
        model.source.line = model.source.line.clamp(1, count.max(1));
    }
    model.want_text(&file).into_iter().collect()
}
