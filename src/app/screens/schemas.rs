//! Schemas: data shapes with their fields and JSON Schema.

use super::common::{column, join, json, named, qualified, widest};
use crate::app::command::{Command, Context};
use crate::app::detail::Detail;
use crate::app::links::{Links, Place};
use crate::app::list::{ListState, Row, Rows, TreeBuilder};
use crate::app::model::Model;
use crate::app::text::{self, Line, Role, truncate};
use crate::app::{Effect, View};
use crate::model::{Field, Schema};

/// What the user set on this screen beyond selection and folds.
#[derive(Debug, Default)]
pub struct State {
    /// List signatures of functions too.
    functions: bool,
}

pub const COMMANDS: &[Command] = &[
    Command::new(
        "schemas.functions",
        "Signatures too",
        "List the signatures of functions among the data shapes, or leave them out",
        &[Context::View(View::Schemas)],
        &["f"],
        functions,
    )
    .footer(5),
    Command::new(
        "schemas.copy",
        "Copy JSON Schema",
        "Copy the JSON Schema of the selected shape",
        &[Context::View(View::Schemas)],
        &["ys"],
        copy,
    ),
];

fn functions(model: &mut Model) -> Vec<Effect> {
    model.schemas.functions = !model.schemas.functions;
    model.touch(View::Schemas);
    Vec::new()
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let row = model.selected(View::Schemas);
    let Some(schema) = row.as_ref().and_then(|row| find(model, row)) else { return Vec::new() };
    let text = serde_json::to_string_pretty(&schema.json_schema).unwrap_or_default();
    vec![Effect::Copy { text, what: format!("the JSON Schema of {}", schema.name) }]
}

/// Signatures are left out unless asked for, or unless there is nothing else.
fn shown(model: &Model) -> impl Iterator<Item = (usize, &Schema)> {
    let schemas = &model.project.schemas;
    let is_function = |schema: &Schema| &*schema.kind == "function";
    let all = model.schemas.functions || schemas.iter().all(is_function);
    schemas.iter().enumerate().filter(move |(_, schema)| all || !is_function(schema))
}

pub fn rows(model: &Model, list: &ListState) -> Rows {
    let mut tree = TreeBuilder::new(list);
    for (_, schema) in shown(model) {
        tree.leaf(0, &format!("{} {}", schema.name, schema.kind), || {
            let id = format!("schema:{}", schema.name);
            let changed = model.is_changed(&id);
            let fields = format!("  {:>2}", schema.fields.len());
            Row::new(id, named(&schema.name, Role::Type))
                .note(Line::dim(&schema.kind).push(Role::Dim, &fields))
                .changed(changed)
                .links(links(schema))
        });
    }
    tree.finish()
}

fn links(schema: &Schema) -> Links {
    Links::at(&schema.file, schema.line).symbol(&schema.name)
}

fn find<'a>(model: &'a Model, row: &Row) -> Option<&'a Schema> {
    let name = row.id.strip_prefix("schema:")?;
    let place = row.links.place.as_ref()?;
    let named = |schema: &&Schema| {
        &*schema.name == name && schema.file == place.file && schema.line == place.line
    };
    model.project.schemas.iter().find(named)
}

pub fn detail(model: &Model, row: Option<&Row>) -> Detail {
    let Some(schema) = row.and_then(|row| find(model, row)) else { return Detail::default() };
    let width = model.detail_state().text_width();
    let mut detail = Detail { title: qualified(&schema.name, Role::Title), lines: Vec::new() };
    let language = Line::new(Role::of_language(schema.language), schema.language.as_str());
    detail.field("kind", Line::text(&schema.kind).push(Role::Dim, "  ").append(language));
    let place = Place::new(&schema.file, schema.line);
    detail.linked_field("declared", Line::dim(&place.to_string()), links(schema));
    let symbol = model.project.symbols_named(&schema.name).first();
    if let Some(doc) = symbol.and_then(|symbol| symbol.doc.as_deref()) {
        let first = doc.trim().lines().next().unwrap_or_default();
        detail.field("doc", Line::new(Role::Comment, first));
    }
    detail.heading(&text::count(schema.fields.len(), "field"));
    fields(schema, width, &mut detail);
    detail.heading("JSON Schema");
    for line in json(&schema.json_schema, width) {
        detail.fixed(line, Links::default());
    }
    detail
}

/// The table of fields: name, type, whether it must be given or what it defaults to.
fn fields(schema: &Schema, width: usize, detail: &mut Detail) {
    if schema.fields.is_empty() {
        detail.line(Line::dim("It declares no fields."));
        return;
    }
    let name_width =
        widest(schema.fields.iter().map(|field| &*field.name), (width / 3).max(8)).max(4);
    let type_width =
        widest(schema.fields.iter().map(|field| field.annotation()), (width * 2 / 5).max(8)).max(4);
    let default_width = width.saturating_sub(name_width + type_width + 6).max(8);
    let head = join([
        column("name", name_width + 2, Role::Dim, false),
        column("type", type_width + 2, Role::Dim, false),
        Line::dim("default"),
    ]);
    detail.fixed(head, Links::default());
    for field in &schema.fields {
        let star = if field.required { "*" } else { " " };
        let line = join([
            column(&field.name, name_width, Role::Text, false),
            Line::new(Role::Warning, star).push(Role::Text, " "),
            column(field.annotation(), type_width, Role::Type, false).push(Role::Text, "  "),
            default(field, default_width),
        ]);
        detail.fixed(line, links(schema));
        if let Some(doc) = field.doc.as_deref().map(str::trim).filter(|doc| !doc.is_empty()) {
            let first = doc.lines().next().unwrap_or_default();
            detail.line(Line::new(Role::Comment, &format!("  {first}")));
        }
    }
    if schema.fields.iter().any(|field| field.required) {
        detail.line(Line::new(Role::Warning, "*").push(Role::Dim, " must be given"));
    }
}

fn default(field: &Field, width: usize) -> Line {
    match &field.default {
        Some(serde_json::Value::String(text)) => {
            // It may be a text or the source of an expression: it is shown as it is written.
            let text = if text.is_empty() { "\"\"" } else { text };
            Line::new(Role::String, &truncate(text, width))
        }
        Some(value) => Line::new(Role::Constant, &truncate(&value.to_string(), width)),
        None if field.required => Line::default(),
        None => Line::dim("optional"),
    }
}
