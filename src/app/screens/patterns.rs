//! Patterns: the knowledge base, with the places of this project where a pattern occurs.

use crate::app::action::Effect;
use crate::app::command::Command;
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::list::{ListState, Row, Rows, TreeBuilder};
use crate::app::model::Model;
use crate::app::text::{Line, Role};
use crate::app::{View, navigate};
use crate::model::Name;

/// What the user set on this screen beyond selection and folds.
#[derive(Debug, Default)]
pub struct State {}

pub const COMMANDS: &[Command] = &[];

pub fn rows(model: &Model, list: &ListState) -> Rows {
    let mut tree = TreeBuilder::new(list);
    for (id, title) in titles() {
        let page: Name = id.into();
        let found = model.project.findings.iter().filter(|f| f.pattern == page).count();
        tree.leaf(0, title, || {
            let note = if found > 0 { found.to_string() } else { String::new() };
            Row::new(page.clone(), Line::new(Role::Text, title))
                .note(Line::dim(&note))
                .links(Links::default().page(&page))
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

/// Ids and titles of all pages.
pub fn titles() -> impl Iterator<Item = (&'static str, &'static str)> {
    std::iter::empty()
}

/// Shows a page: `K` from any row.
pub fn open(model: &mut Model, page: &Name) -> Vec<Effect> {
    navigate::select(model, View::Patterns, page);
    Vec::new()
}
