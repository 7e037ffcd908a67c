//! Registries: containers that code fills behind the reader's back, with their members.

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
    for registry in &model.project.registries {
        let id = format!("registry:{}", registry.name).into();
        let links = Links::at(&registry.file, registry.line)
            .symbol(&registry.registrar)
            .why(registry.certainty, &registry.why);
        let open = tree.branch(0, true, &id, &registry.name, || {
            Row::new(id.clone(), Line::new(Role::Accent, &registry.name))
                .note(Line::dim(&registry.members.len().to_string()))
                .changed(model.is_changed(&id))
                .links(links)
        });
        if !open {
            continue;
        }
        for (at, member) in registry.members.iter().enumerate() {
            let key = member.key.as_deref().unwrap_or("(computed)");
            tree.leaf(1, &format!("{key} {}", member.target), || {
                Row::new(
                    format!("{id}/{key}#{at}"),
                    Line::text(key).push(Role::Dim, &format!(" → {}", member.target)),
                )
                .links(
                    Links::at(&member.file, member.line)
                        .symbol(&member.target)
                        .why(member.certainty, &member.why),
                )
            });
        }
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
