//! Flows: dataflows of entities, programs and workflows as typed graphs.

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
    for flow in &model.project.flows {
        tree.leaf(0, &flow.name, || {
            Row::new(format!("flow:{}", flow.name), Line::new(Role::Accent, &flow.name))
                .note(Line::dim(&flow.kind))
                .links(Links::at(&flow.file, flow.line).symbol(&flow.name))
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
