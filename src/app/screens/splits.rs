//! Splits: methods cut into blocks at their suspension points.

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
    for split in &model.project.splits {
        tree.leaf(0, &split.function, || {
            Row::new(
                format!("split:{}", split.function),
                Line::new(Role::Function, &split.function),
            )
            .note(Line::dim(&format!("{} blocks", split.blocks.len())))
            .links(Links::at(&split.file, split.line).symbol(&split.function))
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
