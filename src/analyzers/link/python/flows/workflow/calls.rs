//! Task calls and their arguments.

use serde_json::{Map, Value};

use super::super::{callee_name, last};
use super::{Around, BLOCKS, Builder, Node, Part};
use crate::model::facts::python::flows::{Expr, ExprKind, Marked};
use crate::model::{Name, StepEdgeKind, Task, Term};

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
        let mut given: Vec<(Name, Term)> = Vec::new();
        let mut further: Vec<Term> = Vec::new();
        let mut refs: Vec<(usize, Name)> = Vec::new();
        let mut positions = parameters.names.iter().take(parameters.positional);
        for argument in args {
            if matches!(argument.kind, ExprKind::Starred(_)) {
                self.report_at("W001", argument, "arguments are given one by one");
                continue;
            }
            let parameter = positions.next().cloned();
            match (parameter, &parameters.more) {
                (Some(key), _) => {
                    let value = self.value(argument, around, &mut refs, &key);
                    given.push((key, value));
                }
                (None, Some(key)) => further.push(self.value(argument, around, &mut refs, key)),
                (None, None) => {
                    let count = parameters.positional.min(parameters.names.len());
                    let message = format!("{} takes {count} inputs by position", last(&id));
                    self.report_at("W007", argument, message);
                }
            }
        }
        if let Some(key) = parameters.more.filter(|_| !further.is_empty()) {
            given.push((key, Term::List(further)));
        }
        for (keyword, argument) in keywords {
            let Some(keyword) = keyword else {
                self.report_at("W001", argument, "arguments are given one by one");
                continue;
            };
            if !parameters.names.contains(keyword) && !parameters.takes_any_keyword {
                self.report_at("W007", argument, format!("{} has no input {keyword}", last(&id)));
            } else if given.iter().any(|(name, _)| name == keyword) {
                self.report_at("W007", argument, format!("{keyword} is given twice"));
            }
            let value = self.value(argument, around, &mut refs, keyword);
            given.push((keyword.clone(), value));
        }
        let is_missing = |name: &&Name| !given.iter().any(|(given, _)| given == *name);
        for missing in parameters.required.iter().filter(is_missing) {
            self.report_at("W007", call, format!("{} needs the input {missing}", last(&id)));
        }
        let at = self.nodes.len();
        self.nodes.push(Node {
            id: node_id.clone(),
            task: id,
            line: call.line,
            args: given,
            guards: around.guards.clone(),
            conditions: around.conditions.clone(),
            handler: around.handler,
            protects: Vec::new(),
        });
        self.names.insert(node_id, at);
        for (from, label) in refs {
            self.connect(from, at, StepEdgeKind::Data, Some(label));
        }
        Some(Part { entries: vec![at], exits: vec![at], nodes: vec![at], is_handler: false })
    }

    /// The task a callee names, with its inputs.
    fn task(&self, func: &Expr) -> Option<(Name, Inputs)> {
        let names = self.world.resolve(func);
        let active = |task: &&Task| names.contains(&task.id) && task.registrar.is_some();
        // Of several definitions the last one is bound at the end.
        let task = self.tasks.iter().rfind(active);
        let mut files = self.world.context.files.iter();
        let marked = files.find_map(|file| {
            file.facts.flows.marked.iter().rfind(|marked| names.contains(&marked.name))
        });
        match (task, marked) {
            (Some(task), marked) => {
                Some((task.id.clone(), Inputs::of_schema(&task.input_schema, marked)))
            }
            (None, Some(marked)) => Some((marked.name.clone(), Inputs::of_marked(marked))),
            (None, None) => None,
        }
    }
}

/// What a task takes.
struct Inputs {
    names: Vec<Name>,
    /// How many of these, the first ones, may be given by position.
    positional: usize,
    required: Vec<Name>,
    /// The parameter that takes further positional arguments.
    more: Option<Name>,
    takes_any_keyword: bool,
}

impl Inputs {
    fn of_marked(marked: &Marked) -> Self {
        let required = marked.params.iter().filter(|(_, required)| *required);
        Self {
            names: marked.params.iter().map(|(name, _)| name.clone()).collect(),
            positional: marked.positional,
            required: required.map(|(name, _)| name.clone()).collect(),
            more: marked.takes_more.then(|| "args".into()),
            takes_any_keyword: marked.takes_any_keyword,
        }
    }

    /// By the schema; which of its arrays is `*args` only the definition tells.
    fn of_schema(schema: &Value, marked: Option<&Marked>) -> Self {
        let names = schema.get("properties").and_then(Value::as_object);
        let mut names: Vec<Name> =
            names.into_iter().flat_map(Map::keys).map(|name| name.as_str().into()).collect();
        let more = marked.filter(|marked| marked.takes_more).and_then(|marked| {
            let at = names
                .iter()
                .position(|name| !marked.params.iter().any(|(parameter, _)| parameter == name))?;
            Some(names.remove(at))
        });
        let required = schema.get("required").and_then(Value::as_array);
        let additional = schema.get("additionalProperties");
        Self {
            positional: marked.map_or(names.len(), |marked| marked.positional),
            names,
            required: required
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(Into::into)
                .collect(),
            more,
            takes_any_keyword: additional.is_none_or(|value| *value != Value::Bool(false)),
        }
    }
}
