//! Schemas: data shapes with their fields and JSON Schema.

use crate::app::command::Command;
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::list::{ListState, Row, Rows, TreeBuilder};
use crate::app::model::Model;
use crate::app::text::{Line, Role};

/// What the user set on this screen beyond selection and folds.
#[derive(Debug, Default)]
pub struct State {}

pub const COMMANDS: &[Command] = &[];

pub fn rows(model: &Model, list: &ListState) -> Rows {
    let mut tree = TreeBuilder::new(list);
    for schema in &model.project.schemas {
        tree.leaf(0, &schema.name, || {
            let id = format!("schema:{}", schema.name);
            let changed = model.is_changed(&id);
            Row::new(id, Line::text(&schema.name))
                .note(Line::new(Role::Dim, &schema.kind))
                .changed(changed)
                .links(Links::at(&schema.file, schema.line).symbol(&schema.name))
        });
    }
    tree.finish()
}

pub fn detail(_model: &Model, row: Option<&Row>) -> Detail {
    let mut detail = Detail::default();
    if let Some(row) = row {
        detail.title = row.label.clone();
        if let Some(place) = &row.links.place {
            detail.linked_field("place", Line::dim(&place.to_string()), row.links.clone());
        }
    }
    detail
}
