//! Task calls and their arguments.

use serde_json::{Map, Value, json};

use super::super::{callee_name, last, literal};
use super::references::Reference;
use super::{Around, BLOCKS, Builder, Node, Part};
use crate::model::facts::python::flows::{Expr, ExprKind};
use crate::model::{Name, Task};

impl Builder<'_, '_> {
    pub(super) fn call(
        &mut self,
        call: &Expr,
        name: Option<&Name>,
        around: &Around,
    ) -> Option<Part> {
        let ExprKind::Call { func, args, keywords } = &call.kind else { return None };
        if BLOCKS.contains(&callee_name(func)) {
            self.report_at("W001", call, "blocks are entered by `with`");
            return None;
        }
        let Some(task) = self.task(func) else {
            self.report_at("W002", func, format!("{} is not a task", func.text));
            return None;
        };
        let (id, parameters) = task;
        let count = self.calls.entry(id.clone()).or_default();
        *count += 1;
        let node_id: Name = match name {
            Some(name) => name.clone(),
            None => format!("{}#{count}", last(&id)).into(),
        };
        if self.names.contains_key(&node_id) || self.params.contains(&node_id) {
            self.report_at("W006", call, format!("{node_id} is already defined"));
        }
        let mut given: Map<String, Value> = Map::new();
        let mut refs: Vec<(usize, Name)> = Vec::new();
        let mut positions = parameters.names.iter();
        for argument in args {
            if matches!(argument.kind, ExprKind::Starred(_)) {
                self.report_at("W001", argument, "arguments are given one by one");
                continue;
            }
            let parameter = positions.next().cloned();
            if parameter.is_none() && !parameters.takes_more {
                self.report_at(
                    "W007",
                    argument,
                    format!("{} takes {} inputs", last(&id), parameters.names.len()),
                );
            }
            let key = parameter.unwrap_or_else(|| format!("*{}", given.len()).into());
            let value = self.value(argument, around, &mut refs, &key);
            given.insert(key.to_string(), value);
        }
        for (keyword, argument) in keywords {
            let Some(keyword) = keyword else {
                self.report_at("W001", argument, "arguments are given one by one");
                continue;
            };
            if !parameters.names.contains(keyword) && !parameters.takes_any_keyword {
                self.report_at("W007", argument, format!("{} has no input {keyword}", last(&id)));
            } else if given.contains_key(&**keyword) {
                self.report_at("W007", argument, format!("{keyword} is given twice"));
            }
            let value = self.value(argument, around, &mut refs, keyword);
            given.insert(keyword.to_string(), value);
        }
        for missing in parameters.required.iter().filter(|name| !given.contains_key(&***name)) {
            self.report_at("W007", call, format!("{} needs the input {missing}", last(&id)));
        }
        let at = self.nodes.len();
        self.nodes.push(Node {
            id: node_id.clone(),
            task: id,
            line: call.line,
            args: given,
            guards: around.guards.clone(),
            is_handler: around.is_handler,
            protects: Vec::new(),
        });
        self.names.insert(node_id, at);
        for (from, label) in refs {
            self.connect(from, at, "data", Some(label));
        }
        Some(Part { entries: vec![at], exits: vec![at], nodes: vec![at], is_handler: false })
    }

    /// The task a callee names, with its inputs.
    pub(super) fn task(&self, func: &Expr) -> Option<(Name, Inputs)> {
        let names = self.world.resolve(func);
        let active = |task: &&Task| names.contains(&task.id) && task.registrar.is_some();
        let mut found: Vec<&Task> = self.tasks.iter().filter(active).collect();
        // Of several definitions the last one is bound at the end.
        if let Some(task) = found.pop() {
            return Some((task.id.clone(), Inputs::of_schema(&task.input_schema)));
        }
        self.world.context.files.iter().find_map(|file| {
            let marked =
                file.facts.flows.marked.iter().find(|marked| names.contains(&marked.name))?;
            let inputs = Inputs {
                names: marked.params.iter().map(|(name, _)| name.clone()).collect(),
                required: marked
                    .params
                    .iter()
                    .filter(|(_, required)| *required)
                    .map(|(name, _)| name.clone())
                    .collect(),
                takes_more: marked.takes_more,
                takes_any_keyword: marked.takes_any_keyword,
            };
            Some((marked.name.clone(), inputs))
        })
    }

    /// An argument as JSON; references to other nodes are collected.
    pub(super) fn value(
        &mut self,
        expr: &Expr,
        around: &Around,
        refs: &mut Vec<(usize, Name)>,
        key: &Name,
    ) -> Value {
        if let Some(value) = literal(expr) {
            return json!({ "const": value });
        }
        match &expr.kind {
            ExprKind::List(items) | ExprKind::Tuple(items) => {
                let items: Vec<Value> =
                    items.iter().map(|item| self.value(item, around, refs, key)).collect();
                json!({ "list": items })
            }
            ExprKind::Dict(items) => {
                let mut map = Map::new();
                for (name, value) in items {
                    let name = match &name.kind {
                        ExprKind::Str(text) => text.clone(),
                        _ => name.text.to_string(),
                    };
                    let value = self.value(value, around, refs, key);
                    map.insert(name, value);
                }
                json!({ "dict": map })
            }
            _ => match self.reference(expr, around, false) {
                Some(Reference::Node { at, path, .. }) => {
                    refs.push((at, key.clone()));
                    json!({ "ref": self.nodes[at].id, "path": path })
                }
                Some(Reference::Param { name, path }) if path.is_empty() => {
                    json!({ "param": name })
                }
                Some(Reference::Param { name, path }) => json!({ "param": name, "path": path }),
                Some(Reference::Error { path }) => json!({ "current_error": path }),
                None => json!({ "invalid": expr.text }),
            },
        }
    }
}

/// What a task takes.
pub(super) struct Inputs {
    names: Vec<Name>,
    required: Vec<Name>,
    /// More positional arguments than named ones.
    takes_more: bool,
    takes_any_keyword: bool,
}

impl Inputs {
    fn of_schema(schema: &Value) -> Self {
        let names = schema.get("properties").and_then(Value::as_object);
        let required = schema.get("required").and_then(Value::as_array);
        let additional = schema.get("additionalProperties");
        Self {
            names: names.into_iter().flat_map(Map::keys).map(|name| name.as_str().into()).collect(),
            required: required
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(Into::into)
                .collect(),
            takes_more: false,
            takes_any_keyword: additional.is_none_or(|value| *value != Value::Bool(false)),
        }
    }
}
