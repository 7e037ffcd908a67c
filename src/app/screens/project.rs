//! The project tree: folders, files and their definitions, with counts of what was found.

use rustc_hash::FxHashMap;

use crate::app::command::Command;
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::list::{ListState, Row, Rows, TreeBuilder};
use crate::app::model::Model;
use crate::app::text::{self, Line, Role};
use crate::model::{FileStatus, Project, Symbol, SymbolKind};

pub const COMMANDS: &[Command] = &[];

/// Files from which on folders start folded.
const MANY_FILES: usize = 40;

pub fn rows(model: &Model, list: &ListState) -> Rows {
    let project = &*model.project;
    let mut tree = TreeBuilder::new(list);
    let folders = Folders::of(project);
    let mut open: Vec<(&str, bool)> = Vec::new();
    for (at, file) in project.files.iter().enumerate() {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        // Leave folders that do not hold this file, enter those that do.
        while open.last().is_some_and(|(above, _)| !is_within(folder, above)) {
            open.pop();
        }
        let mut hidden = open.last().is_some_and(|(_, open)| !open);
        let mut from = open.last().map_or(0, |(above, _)| above.len() + 1);
        while !hidden && from < folder.len() {
            let end = folder[from..].find('/').map_or(folder.len(), |at| from + at);
            let path = &folder[..end];
            let shown = folder_row(&mut tree, &folders, path, open.len() as u16, project);
            open.push((path, shown));
            hidden = !shown;
            from = end + 1;
        }
        if !hidden {
            file_rows(model, &mut tree, at, open.len() as u16);
        }
    }
    Rows { top: project.files.len(), ..tree.finish() }
}

fn is_within(folder: &str, above: &str) -> bool {
    folder == above || folder.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

fn folder_row(
    tree: &mut TreeBuilder,
    folders: &Folders,
    path: &str,
    depth: u16,
    project: &Project,
) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (files, lines) = folders.counts.get(path).copied().unwrap_or_default();
    let few = project.files.len() <= MANY_FILES || depth == 0;
    tree.branch(depth, few, &format!("{path}/").into(), path, || {
        let note = format!("{}  {} lines", text::count(files, "file"), text::short_number(lines));
        Row::new(format!("{path}/"), Line::new(Role::Title, &format!("{name}/")))
            .note(Line::dim(&note))
    })
}

fn file_rows(model: &Model, tree: &mut TreeBuilder, at: usize, depth: u16) {
    let file = &model.project.files[at];
    let symbols = model.project.symbols_in(at);
    let row = || {
        let name = file.path.rsplit('/').next().unwrap_or(&file.path);
        let mut label = Line::new(Role::of_language(file.language), name);
        match file.status {
            FileStatus::Fresh => {}
            FileStatus::Stale => label = label.push(Role::Warning, "  stale"),
            FileStatus::Unread => label = label.push(Role::Error, "  unread"),
        }
        let changed = model.change.files.contains(&file.path);
        Row::new(file.path.clone(), label)
            .note(Line::dim(&text::short_number(file.lines as usize)))
            .links(Links::at(&file.path, 1))
            .changed(changed)
    };
    if symbols.len() == 0 {
        tree.leaf(depth, &file.path, row);
        return;
    }
    if !tree.branch(depth, false, &file.path, &file.path, row) {
        return;
    }
    let symbols: Vec<&Symbol> = symbols.collect();
    // Definitions nest by their spans: a stack of those still open.
    let mut open: Vec<(u32, bool)> = Vec::new();
    for (at, symbol) in symbols.iter().enumerate() {
        while open.last().is_some_and(|(end, _)| *end <= symbol.span.start) {
            open.pop();
        }
        if open.iter().any(|(_, shown)| !shown) {
            continue;
        }
        let id = format!("{}#{}@{}", file.path, symbol.name, occurrence(&symbols, at));
        let depth = depth + 1 + open.len() as u16;
        let row = || symbol_row(model, symbol, &id);
        let holds = symbols.get(at + 1).is_some_and(|next| next.span.start < symbol.span.end);
        if holds {
            let shown = tree.branch(depth, true, &id.as_str().into(), &symbol.name, row);
            open.push((symbol.span.end, shown));
        } else {
            tree.leaf(depth, &symbol.name, row);
        }
    }
}

/// How many definitions of the same name stand above: a name may be defined twice.
fn occurrence(symbols: &[&Symbol], at: usize) -> usize {
    symbols[..at].iter().rev().take(32).filter(|other| other.name == symbols[at].name).count()
}

fn symbol_row(model: &Model, symbol: &Symbol, id: &str) -> Row {
    let mut label = Line::new(Role::Dim, &format!("{} ", kind_mark(symbol.kind)));
    if symbol.is_async {
        label = label.push(Role::Keyword, "async ");
    }
    label = label.push(kind_role(symbol.kind), symbol.short_name());
    if let Some(signature) = &symbol.signature {
        label = label.push(Role::Dim, &text::squeeze(signature));
    }
    Row::new(id, label)
        .note(Line::dim(&symbol.line.to_string()))
        .links(Links::at(&symbol.file, symbol.line).symbol(&symbol.name))
        .changed(model.is_changed(&format!("symbol:{}", symbol.name)))
}

pub fn kind_mark(kind: SymbolKind) -> &'static str {
    match kind {
        SymbolKind::Module => "mod",
        SymbolKind::Class => "class",
        SymbolKind::Function | SymbolKind::Method => "fn",
        SymbolKind::Lambda => "λ",
        SymbolKind::Struct => "struct",
        SymbolKind::Enum => "enum",
        SymbolKind::Trait => "trait",
        SymbolKind::Impl => "impl",
        SymbolKind::Macro => "macro",
        SymbolKind::Constant => "const",
        SymbolKind::Variable => "var",
    }
}

pub fn kind_role(kind: SymbolKind) -> Role {
    use SymbolKind::{Class, Constant, Enum, Function, Impl, Lambda, Macro, Method, Struct, Trait};
    match kind {
        Function | Method | Lambda => Role::Function,
        Class | Struct | Enum | Trait | Impl => Role::Type,
        Macro => Role::Decorator,
        Constant => Role::Constant,
        SymbolKind::Module | SymbolKind::Variable => Role::Text,
    }
}

/// Files and lines below each folder.
struct Folders<'a> {
    counts: FxHashMap<&'a str, (usize, usize)>,
}

impl<'a> Folders<'a> {
    fn of(project: &'a Project) -> Self {
        let mut counts: FxHashMap<&str, (usize, usize)> = FxHashMap::default();
        for file in &project.files {
            for (at, _) in file.path.match_indices('/') {
                let folder = counts.entry(&file.path[..at]).or_default();
                folder.0 += 1;
                folder.1 += file.lines as usize;
            }
        }
        Self { counts }
    }
}

pub fn detail(model: &Model, row: Option<&Row>) -> Detail {
    let project = &*model.project;
    let Some(row) = row else { return overview(project) };
    let mut detail = Detail { title: row.label.clone(), lines: Vec::new() };
    match (&row.links.symbol, &row.links.place) {
        (Some(name), Some(place)) => {
            let at = |symbol: &&Symbol| symbol.file == place.file && symbol.line == place.line;
            if let Some(symbol) = project.symbols_named(name).iter().find(at) {
                super::source::describe_symbol(model, symbol, &mut detail);
            }
        }
        (None, Some(place)) => super::source::describe_file(model, &place.file, &mut detail),
        _ => return overview(project),
    }
    detail
}

/// What the whole project holds, and where to look at it.
fn overview(project: &Project) -> Detail {
    let counts = project.counts();
    let root = project.root.trim_end_matches('/');
    let mut detail = Detail::titled(root.rsplit('/').next().unwrap_or(root));
    let lines: usize = project.files.iter().map(|file| file.lines as usize).sum();
    let files = text::count(project.files.len(), "file");
    detail.line(Line::text(&format!("{files}, {} lines", text::short_number(lines))));
    detail.blank();
    for (key, number, what) in [
        ("3", counts.registries, format!("registries with {} members", counts.members)),
        ("4", counts.schemas, "schemas".to_owned()),
        (
            "5",
            counts.functions,
            format!("functions with {} calls", text::short_number(counts.edges)),
        ),
        ("6", counts.splits, "splits".to_owned()),
        ("7", counts.flows, "flows".to_owned()),
        ("8", counts.tasks, "tasks".to_owned()),
        ("0", counts.findings, "pattern findings".to_owned()),
        ("D", project.diagnostics.len(), "diagnostics".to_owned()),
    ] {
        detail.line(
            Line::new(Role::Key, &format!("{key}  "))
                .push(Role::Number, &format!("{:>7}  ", text::short_number(number)))
                .push(Role::Text, &what),
        );
    }
    detail
}
