//! The dataflow that entity classes form: an operator per entity, an edge per remote operation.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Known, last};
use crate::model::{Entity, Flow, FlowEdge, FlowNode, Name};

/// One flow for all entities that reach each other; none when there are no entities.
pub fn link(known: &Known<'_>) -> Vec<Flow> {
    let Some(first) = known.entities.first() else { return Vec::new() };
    let mut nodes = vec![node("ingress", "ingress", first.line, json!({}))];
    for entity in known.entities {
        let methods: Vec<&Name> = entity.methods.iter().map(|method| &method.name).collect();
        let state: Vec<&Name> = entity.state.iter().map(|attribute| &attribute.name).collect();
        let data = json!({
            "entity": entity.name, "key": entity.key, "methods": methods, "state": state,
            "file": entity.file,
        });
        nodes.push(node(&entity.name, "operator", entity.line, data));
    }
    nodes.push(node("egress", "egress", first.line, json!({})));
    // What each operator asks of which other, by name.
    let mut asked: BTreeMap<(Name, Name), Vec<String>> = BTreeMap::new();
    for split in known.splits {
        let owner = split.function.rsplit_once('.').map_or("", |(owner, _)| owner);
        let from = known.entities.iter().find(|entity| &*entity.name == owner);
        let from: Name = from.map_or_else(|| "ingress".into(), |entity| entity.name.clone());
        for suspension in &split.suspensions {
            let Some(to) = target(known.entities, &suspension.target) else { continue };
            let labels = asked.entry((from.clone(), to.name.clone())).or_default();
            let label = last(&suspension.target).to_owned();
            if !labels.contains(&label) && to.name != from {
                labels.push(label);
            }
        }
    }
    let edge = |from: &str, to: &str, kind: &str, label: Option<String>| FlowEdge {
        from: from.into(),
        to: to.into(),
        kind: kind.into(),
        label: label.map(Into::into),
    };
    let mut edges = Vec::new();
    for entity in known.entities {
        let key = entity.key.as_ref().map(|key| format!("key by {key}"));
        edges.push(edge("ingress", &entity.name, "ingress", key));
    }
    for ((from, to), labels) in asked {
        if !labels.is_empty() {
            edges.push(edge(&from, &to, "call", Some(labels.join(", "))));
        }
    }
    for entity in known.entities {
        edges.push(edge(&entity.name, "egress", "egress", None));
    }
    let package = first.name.rsplit_once('.').map_or(&*first.name, |(module, _)| module);
    vec![Flow {
        name: format!("{package}.<entities>").into(),
        kind: "entity-dataflow".into(),
        file: first.file.clone(),
        line: first.line,
        nodes,
        edges,
        stages: Vec::new(),
        diagnostics: Vec::new(),
        program: None,
    }]
}

/// The entity whose operation a suspension's target names, by qualified or short name.
fn target<'a>(entities: &'a [Entity], target: &str) -> Option<&'a Entity> {
    let owner = target.rsplit_once('.').map_or(target, |(owner, _)| owner);
    let by_name = |name: &str| {
        let exact = entities.iter().find(|entity| &*entity.name == name);
        exact.or_else(|| entities.iter().find(|entity| last(&entity.name) == last(name)))
    };
    by_name(owner).or_else(|| by_name(target))
}

fn node(id: &str, kind: &str, line: u32, data: Value) -> FlowNode {
    let data = match data {
        Value::Object(data) => data,
        _ => Map::new(),
    };
    FlowNode { id: id.into(), kind: kind.into(), line, data }
}
