//! Splits: entities with their methods, and functions cut into blocks at suspension points.

mod entity;
mod inputs;
mod split;
pub mod stepping;
mod steps;

use super::common::named;
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::list::{ListState, Row, Rows, TreeBuilder};
use crate::app::model::Model;
use crate::app::text::{self, Line, Role};
use crate::model::{Entity, Language, Split};

/// What the user set on this screen beyond selection and folds.
#[derive(Debug, Default)]
pub struct State {
    pub stepping: stepping::State,
}

pub use stepping::COMMANDS;

/// Entities with their methods first, then what is split besides, by language.
pub fn rows(model: &Model, list: &ListState) -> Rows {
    let project = &*model.project;
    let mut tree = TreeBuilder::new(list);
    for entity in &project.entities {
        let id = format!("entity:{}", entity.name);
        let methods = text::count(entity.methods.len(), "method");
        let open = tree.branch(0, true, &id.as_str().into(), &entity.name, || {
            let label = Line::new(Role::Keyword, "entity ").append(named(&entity.name, Role::Type));
            Row::new(id.clone(), label)
                .note(Line::dim(&methods))
                .changed(model.is_changed(&id))
                .links(Links::at(&entity.file, entity.line).symbol(&entity.name))
        });
        if !open {
            continue;
        }
        for method in &entity.methods {
            let name = format!("{}.{}", entity.name, method.name);
            match split_of(model, &name) {
                Some(split) => {
                    tree.leaf(1, &name, || {
                        row(model, split, Line::new(Role::Function, &method.name))
                    });
                }
                None => tree.leaf(1, &name, || {
                    let note = if method.read_only { "reads only" } else { "" };
                    let place = model.project.symbols_named(&name).first();
                    let line = place.map_or(entity.line, |symbol| symbol.line);
                    Row::new(format!("method:{name}"), Line::new(Role::Function, &method.name))
                        .note(Line::dim(note))
                        .links(Links::at(&entity.file, line).symbol(&name.as_str().into()))
                }),
            }
        }
    }
    let of_entity = |split: &Split| {
        let mut entities = project.entities.iter();
        entities.any(|entity| method_name(&split.function, entity).is_some())
    };
    let rest: Vec<&Split> = project.splits.iter().filter(|split| !of_entity(split)).collect();
    for (language, title) in
        [(Language::Python, "Python functions that suspend"), (Language::Rust, "async functions")]
    {
        let splits = || rest.iter().filter(|split| split.language == language);
        let count = splits().count();
        if count == 0 {
            continue;
        }
        let id = format!("splits:{}", language.as_str());
        let open = tree.branch(0, true, &id.as_str().into(), "", || {
            Row::new(id.clone(), Line::new(Role::Title, title)).note(Line::dim(&count.to_string()))
        });
        for split in splits().filter(|_| open) {
            tree.leaf(1, &split.function, || {
                row(model, split, named(&split.function, Role::Function))
            });
        }
    }
    tree.finish()
}

fn row(model: &Model, split: &Split, label: Line) -> Row {
    let id = format!("split:{}", split.function);
    let changed = model.is_changed(&id);
    let running = stepping::is_running(model, &split.function);
    let label = if running { label.push(Role::Accent, " ▶") } else { label };
    let label = match (&split.refused, split.hazards.is_empty()) {
        (Some(_), _) => label.push(Role::Error, " ✗"),
        (None, false) => label.push(Role::Warning, " ⚠"),
        (None, true) => label,
    };
    // Two functions of one name are told apart by where they stand.
    Row::new(format!("{id}@{}:{}", split.file, split.line), label)
        .note(Line::dim(&format!("⏸ {}", split.suspensions.len())))
        .changed(changed)
        .links(Links::at(&split.file, split.line).symbol(&split.function))
}

fn method_name<'a>(function: &'a str, entity: &Entity) -> Option<&'a str> {
    function.strip_prefix(&*entity.name)?.strip_prefix('.')
}

fn split_of<'a>(model: &'a Model, function: &str) -> Option<&'a Split> {
    model.project.splits.iter().find(|split| &*split.function == function)
}

pub fn detail(model: &Model, row: Option<&Row>) -> Detail {
    let Some(row) = row else { return Detail::default() };
    let project = &*model.project;
    if let Some(name) = row.id.strip_prefix("entity:") {
        let entity = project.entities.iter().find(|entity| &*entity.name == name);
        return entity.map(|entity| entity::detail(model, entity)).unwrap_or_default();
    }
    if let Some(split) = split_at(model, row) {
        return match stepping::shown(model) {
            Some(stepping) => stepping.detail(model, split),
            None => split::detail(model, split),
        };
    }
    let mut detail = Detail { title: row.label.clone(), lines: Vec::new() };
    if let Some(name) = row.id.strip_prefix("method:") {
        detail.line(Line::text("It touches no other entity: it runs in one piece."));
        if let Some(symbol) = project.symbols_named(name).first() {
            detail.blank();
            super::source::describe_symbol(model, symbol, &mut detail);
        }
    } else {
        overview(model, row, &mut detail);
    }
    detail
}

/// The split that a row stands for.
fn split_at<'a>(model: &'a Model, row: &Row) -> Option<&'a Split> {
    let place = row.links.place.as_ref().filter(|_| row.id.starts_with("split:"))?;
    let here = |split: &&Split| {
        split.line == place.line
            && split.file == place.file
            && row.links.symbol.as_ref() == Some(&split.function)
    };
    model.project.splits.iter().find(here)
}

/// What a heading of the list stands for.
fn overview(model: &Model, row: &Row, detail: &mut Detail) {
    let language = row.id.strip_prefix("splits:").unwrap_or_default();
    let splits = model.project.splits.iter().filter(|split| split.language.as_str() == language);
    let (mut functions, mut suspensions, mut hazards, mut refused) = (0, 0, 0, 0);
    for split in splits {
        functions += 1;
        suspensions += split.suspensions.len();
        hazards += split.hazards.len();
        refused += usize::from(split.refused.is_some());
    }
    detail.field("functions", Line::new(Role::Number, &functions.to_string()));
    detail.field("suspensions", Line::new(Role::Number, &suspensions.to_string()));
    detail.field("hazards", Line::new(Role::Warning, &hazards.to_string()));
    detail.field("refused", Line::new(Role::Error, &refused.to_string()));
    detail.blank();
    detail.line(Line::dim(
        "Each function is cut into blocks where it waits for a reply. What is live across a cut \
         must be saved there.",
    ));
}
