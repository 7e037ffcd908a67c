//! An entity's panel: key, state, methods.

use crate::app::detail::Detail;
use crate::app::links::{Links, Place};
use crate::app::model::Model;
use crate::app::screens::common::{column, join, qualified, widest};
use crate::app::text::{Line, Role};
use crate::model::{Entity, Method};

pub fn detail(model: &Model, entity: &Entity) -> Detail {
    let width = model.detail_state().text_width();
    let mut detail = Detail { title: qualified(&entity.name, Role::Title), lines: Vec::new() };
    let links = Links::at(&entity.file, entity.line).symbol(&entity.name);
    let place = Place::new(&entity.file, entity.line);
    detail.linked_field("declared", Line::dim(&place.to_string()), links.clone());
    let key = match &entity.key {
        Some(key) => Line::new(Role::String, key),
        None => Line::new(Role::Warning, "none found"),
    };
    detail.field("key", key);
    detail.heading("State");
    if entity.state.is_empty() {
        detail.line(Line::dim("It keeps nothing between calls."));
    }
    let name_width = widest(entity.state.iter().map(|attribute| &*attribute.name), width / 3);
    let types = entity.state.iter().map(|attribute| attribute.type_.as_deref().unwrap_or("?"));
    let type_width = widest(types, width / 3);
    for attribute in &entity.state {
        let key = entity.key.as_ref() == Some(&attribute.name);
        let line = join([
            column(
                &attribute.name,
                name_width + 2,
                if key { Role::String } else { Role::Text },
                false,
            ),
            column(attribute.type_.as_deref().unwrap_or("?"), type_width + 2, Role::Type, false),
            Line::dim(&attribute.origin),
        ]);
        detail.fixed(line, links.clone());
    }
    detail.heading("Methods");
    for method in &entity.methods {
        let name = format!("{}.{}", entity.name, method.name);
        let symbol = model.project.symbols_named(&name).first();
        let line = symbol.map_or(entity.line, |symbol| symbol.line);
        let links = Links::at(&entity.file, line).symbol(&name.as_str().into());
        detail.linked(signature(method), links.clone());
        detail.linked(effects(method), links);
    }
    detail
}

fn signature(method: &Method) -> Line {
    let mut line = Line::new(Role::Function, &method.name).push(Role::Operator, "(");
    for (at, input) in method.inputs.iter().enumerate() {
        if at > 0 {
            line = line.push(Role::Operator, ", ");
        }
        line = line.push(Role::Text, &input.name);
        if let Some(type_) = &input.type_ {
            line = line.push(Role::Operator, ": ").push(Role::Type, type_);
        }
    }
    line = line.push(Role::Operator, ")");
    match &method.returns {
        Some(returns) => line.push(Role::Operator, " → ").push(Role::Type, returns),
        None => line,
    }
}

/// What a call of the method does to the entity and to others.
fn effects(method: &Method) -> Line {
    let mut line = Line::text("    ");
    if method.read_only {
        line = line.push(Role::Success, "reads only");
    } else if method.writes.is_empty() {
        line = line.push(Role::Dim, "writes nothing of its own");
    } else {
        line = line.push(Role::Dim, "writes ").push(Role::Warning, &method.writes.join(", "));
    }
    if method.suspending {
        line = line.push(Role::Dim, "  ").push(Role::Info, "⏸ suspends");
    }
    line
}
