//! Calls: callers and callees around a function, as a graph and as a tree.

use crate::app::action::Effect;
use crate::app::command::Command;
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::list::{ListState, Row, Rows, TreeBuilder};
use crate::app::model::Model;
use crate::app::text::{Line, Role};
use crate::app::toast::Level;
use crate::app::{View, navigate};
use crate::model::Name;

/// What the user set on this screen beyond selection and folds.
#[derive(Debug, Default)]
pub struct State {}

pub const COMMANDS: &[Command] = &[];

pub fn rows(model: &Model, list: &ListState) -> Rows {
    let mut tree = TreeBuilder::new(list);
    for node in &model.project.calls.nodes {
        let (Some(file), Some(line)) = (&node.file, node.line) else { continue };
        tree.leaf(0, &node.name, || {
            Row::new(node.name.clone(), Line::new(Role::Function, &node.name))
                .links(Links::at(file, line).symbol(&node.name))
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

/// Shows the graph around a function: `gc` from any row.
pub fn focus_on(model: &mut Model, name: &Name) -> Vec<Effect> {
    if navigate::select(model, View::Calls, name) {
        return Vec::new();
    }
    model.toast(Level::Info, format!("{name} is not in the call graph"))
}
