//! Workflows: `with` blocks of task calls → nodes, edges by kind, stages, diagnostics.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};

use super::{Found, World, callee_name, last, literal};
use crate::model::facts::python::flows::{Expr, ExprKind, Stmt, StmtKind};
use crate::model::{Flow, FlowDiagnostic, FlowEdge, FlowNode, Name, Severity, Task};

/// The attributes of an outcome that a program may name.
const OUTCOME: &[&str] = &["output", "success", "failed", "error"];
const BLOCKS: &[&str] = &["parallel", "sequential", "conditional", "error_handler"];

/// Recovers one workflow.
pub fn recover(world: &World<'_>, tasks: &[Task], found: &Found<'_>) -> Flow {
    let function = found.function;
    let mut builder = Builder {
        world,
        tasks,
        params: &function.params,
        nodes: Vec::new(),
        edges: Vec::new(),
        names: FxHashMap::default(),
        calls: FxHashMap::default(),
        diagnostics: Vec::new(),
    };
    let body = match function.body.as_slice() {
        [docstring, rest @ ..] if is_text(docstring) => rest,
        body => body,
    };
    let (last_stmt, body) = match body.split_last() {
        Some((Stmt { kind: StmtKind::Return(value), .. }, rest)) => (value.as_ref(), rest),
        _ => (None, body),
    };
    builder.sequence(body, &Around::default());
    if let Some(value) = last_stmt {
        builder.returned(value);
    }
    let stages = builder.stages();
    let Builder { nodes, edges, mut diagnostics, .. } = builder;
    diagnostics.sort_by_key(|remark| (remark.line, remark.column));
    Flow {
        name: function.name.clone(),
        kind: "workflow".into(),
        file: found.path.clone(),
        line: function.line,
        edges: edges
            .iter()
            .map(|edge| FlowEdge {
                from: nodes[edge.from].id.clone(),
                to: nodes[edge.to].id.clone(),
                kind: edge.kind.into(),
                label: edge.label.clone(),
            })
            .collect(),
        nodes: nodes.iter().map(|node| node.to_flow(&nodes)).collect(),
        stages,
        diagnostics,
    }
}

fn is_text(stmt: &Stmt) -> bool {
    matches!(&stmt.kind, StmtKind::Expr(Expr { kind: ExprKind::Str(_), .. }))
}

/// One task call.
struct Node {
    id: Name,
    task: Name,
    line: u32,
    args: Map<String, Value>,
    guards: Vec<Name>,
    is_handler: bool,
    protects: Vec<usize>,
}

impl Node {
    fn to_flow(&self, all: &[Self]) -> FlowNode {
        let protects: Vec<&Name> = self.protects.iter().map(|at| &all[*at].id).collect();
        let data = json!({
            "task": self.task, "args": self.args, "guards": self.guards,
            "handler": self.is_handler, "protects": protects,
        });
        let data = match data {
            Value::Object(data) => data,
            _ => Map::new(),
        };
        FlowNode { id: self.id.clone(), kind: "task".into(), line: self.line, data }
    }
}

struct Edge {
    from: usize,
    to: usize,
    kind: &'static str,
    label: Option<Name>,
}

/// A composed part: where it starts, where it ends, all it holds.
#[derive(Default)]
struct Part {
    entries: Vec<usize>,
    exits: Vec<usize>,
    nodes: Vec<usize>,
    is_handler: bool,
}

/// What surrounds a block.
#[derive(Default, Clone)]
struct Around {
    guards: Vec<Name>,
    is_handler: bool,
}

struct Builder<'w, 'a> {
    world: &'w World<'a>,
    tasks: &'w [Task],
    params: &'w [Name],
    nodes: Vec<Node>,
    edges: Vec<Edge>,
    names: FxHashMap<Name, usize>,
    /// How often each task has been called so far.
    calls: FxHashMap<Name, u32>,
    diagnostics: Vec<FlowDiagnostic>,
}

impl Builder<'_, '_> {
    fn report(&mut self, code: &str, line: u32, column: u32, message: impl Into<String>) {
        self.diagnostics.push(FlowDiagnostic {
            code: code.into(),
            line,
            column,
            severity: Severity::Error,
            message: message.into(),
        });
    }

    fn report_at(&mut self, code: &str, expr: &Expr, message: impl Into<String>) {
        self.report(code, expr.line, expr.column, message);
    }

    /// Adds an edge once per pair and kind.
    fn connect(&mut self, from: usize, to: usize, kind: &'static str, label: Option<Name>) {
        let is_there =
            self.edges.iter().any(|edge| (edge.from, edge.to, edge.kind) == (from, to, kind));
        if !is_there && from != to {
            self.edges.push(Edge { from, to, kind, label });
        }
    }

    fn is_joined(&self, from: usize, to: usize) -> bool {
        self.edges.iter().any(|edge| {
            (edge.from, edge.to) == (from, to) && matches!(edge.kind, "data" | "control")
        })
    }

    /// A block whose items run one after the other.
    fn sequence(&mut self, body: &[Stmt], around: &Around) -> Part {
        let parts = self.parts(body, around);
        let mut whole = Part::default();
        let mut before: Option<Vec<usize>> = None;
        for part in parts.into_iter().filter(|part| !part.nodes.is_empty()) {
            if let Some(before) = &before
                && !part.is_handler
            {
                for from in before {
                    for to in &part.entries {
                        if !self.is_joined(*from, *to) {
                            self.connect(*from, *to, "order", None);
                        }
                    }
                }
            }
            if whole.nodes.is_empty() {
                whole.entries.clone_from(&part.entries);
            }
            whole.exits.clone_from(&part.exits);
            whole.nodes.extend(part.nodes);
            before = Some(part.exits);
        }
        whole
    }

    /// A block whose items may run together.
    fn parallel(&mut self, body: &[Stmt], around: &Around) -> Part {
        let mut whole = Part::default();
        for part in self.parts(body, around) {
            whole.entries.extend(part.entries);
            whole.exits.extend(part.exits);
            whole.nodes.extend(part.nodes);
        }
        whole
    }

    /// The items of a block, with handlers attached to what stands before them.
    fn parts(&mut self, body: &[Stmt], around: &Around) -> Vec<Part> {
        let mut parts: Vec<Part> = Vec::new();
        let mut unprotected = 0;
        for stmt in body {
            let Some(part) = self.statement(stmt, around) else { continue };
            if part.is_handler {
                let protected: Vec<usize> =
                    parts[unprotected..].iter().flat_map(|part| part.nodes.clone()).collect();
                if protected.is_empty() {
                    self.report(
                        "W005",
                        stmt.line,
                        stmt.column,
                        "this handler protects nothing: put it after what may fail",
                    );
                }
                for from in &protected {
                    for to in &part.entries {
                        self.connect(*from, *to, "error", None);
                    }
                }
                for at in &part.nodes {
                    self.nodes[*at].protects.clone_from(&protected);
                }
                parts.push(part);
                unprotected = parts.len();
            } else {
                parts.push(part);
            }
        }
        parts
    }

    fn statement(&mut self, stmt: &Stmt, around: &Around) -> Option<Part> {
        match &stmt.kind {
            StmtKind::Pass => None,
            StmtKind::Expr(expr) => match &expr.kind {
                ExprKind::Call { .. } => self.call(expr, None, around),
                _ => {
                    self.report(
                        "W001",
                        stmt.line,
                        stmt.column,
                        "only task calls, `with` blocks and a final return are allowed",
                    );
                    None
                }
            },
            StmtKind::Assign { targets, value } => match (targets.as_slice(), &value.kind) {
                ([Expr { kind: ExprKind::Name { name, .. }, .. }], ExprKind::Call { .. }) => {
                    self.call(value, Some(name), around)
                }
                _ => {
                    self.report(
                        "W001",
                        stmt.line,
                        stmt.column,
                        "only the outcome of a task can be assigned, to one name",
                    );
                    None
                }
            },
            StmtKind::With { items, body } => self.with(items, body, around),
            StmtKind::Return(_) => {
                self.report("W001", stmt.line, stmt.column, "return is allowed at the end only");
                None
            }
            other => {
                let what = match other {
                    StmtKind::If { .. } => "use `with conditional(…)` instead of if",
                    StmtKind::For { .. } | StmtKind::While { .. } => {
                        "loops are not allowed: the graph must be finite"
                    }
                    StmtKind::Augment { .. } => "augmented assignment is not allowed",
                    StmtKind::Def(_) => "nested functions are not allowed",
                    _ => "this statement is not allowed in a workflow",
                };
                self.report("W001", stmt.line, stmt.column, what);
                None
            }
        }
    }

    fn with(
        &mut self,
        items: &[(Expr, Option<Expr>)],
        body: &[Stmt],
        around: &Around,
    ) -> Option<Part> {
        let [(context, target), rest @ ..] = items else { return None };
        if let Some(target) = target {
            self.report_at("W001", target, "blocks have no name: leave out `as`");
        }
        let block = match &context.kind {
            ExprKind::Call { func, args, keywords } => BLOCKS
                .iter()
                .find(|name| **name == callee_name(func))
                .map(|name| (*name, args, keywords)),
            _ => None,
        };
        let Some((block, args, keywords)) = block else {
            self.report_at(
                "W001",
                context,
                "use parallel(), sequential(), conditional(…) or error_handler()",
            );
            return None;
        };
        let inner = |this: &mut Self, around: &Around| match rest {
            [] if block == "parallel" => Some(this.parallel(body, around)),
            [] => Some(this.sequence(body, around)),
            rest => this.with(rest, body, around),
        };
        match block {
            "conditional" => {
                let ([condition], []) = (args.as_slice(), keywords.as_slice()) else {
                    self.report_at("W003", context, "conditional() takes one expression");
                    return inner(self, around);
                };
                let mut named = Vec::new();
                self.condition(condition, around, &mut named);
                if named.is_empty() {
                    self.report_at("W004", condition, "this condition depends on no task");
                }
                let mut guarded = around.clone();
                guarded.guards.push(condition.text.clone());
                let part = inner(self, &guarded)?;
                for from in &named {
                    for to in &part.nodes {
                        self.connect(*from, *to, "control", None);
                    }
                }
                // An order edge gives way to a control edge between the same two.
                self.drop_doubled_order();
                Some(part)
            }
            "error_handler" => {
                let mut handling = around.clone();
                handling.is_handler = true;
                let mut part = inner(self, &handling)?;
                part.is_handler = true;
                Some(part)
            }
            _ => inner(self, around),
        }
    }

    fn drop_doubled_order(&mut self) {
        let joined: Vec<(usize, usize)> = self
            .edges
            .iter()
            .filter(|edge| matches!(edge.kind, "data" | "control"))
            .map(|edge| (edge.from, edge.to))
            .collect();
        self.edges.retain(|edge| edge.kind != "order" || !joined.contains(&(edge.from, edge.to)));
    }

    fn call(&mut self, call: &Expr, name: Option<&Name>, around: &Around) -> Option<Part> {
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
    fn task(&self, func: &Expr) -> Option<(Name, Inputs)> {
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
    fn value(
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

    /// A condition: comparisons, `and`, `or`, `not`, `in` over outcomes.
    fn condition(&mut self, expr: &Expr, around: &Around, named: &mut Vec<usize>) {
        match &expr.kind {
            ExprKind::Bool { parts, .. } => {
                parts.iter().for_each(|part| self.condition(part, around, named));
            }
            ExprKind::Not(inner) => self.condition(inner, around, named),
            ExprKind::Compare { left, others, .. } => {
                if others.len() > 1 {
                    self.report_at("W001", expr, "one comparison per term: join them by `and`");
                }
                self.condition(left, around, named);
                others.iter().for_each(|other| self.condition(other, around, named));
            }
            ExprKind::List(items) | ExprKind::Tuple(items) => {
                items.iter().for_each(|item| self.condition(item, around, named));
            }
            _ if literal(expr).is_some() => {}
            _ => {
                if let Some(Reference::Node { at, .. }) = self.reference(expr, around, true)
                    && !named.contains(&at)
                {
                    named.push(at);
                }
            }
        }
    }

    /// `x.output.a[0]`, a parameter, or `current_error.type`.
    fn reference(&mut self, expr: &Expr, around: &Around, in_condition: bool) -> Option<Reference> {
        let mut path: Vec<Value> = Vec::new();
        let mut at = expr;
        let name = loop {
            match &at.kind {
                ExprKind::Name { name, .. } => break name.clone(),
                ExprKind::Attribute { value, attr, .. } => {
                    path.push(Value::String(attr.to_string()));
                    at = value;
                }
                ExprKind::Subscript { value, index } => {
                    let Some(index) = literal(index) else {
                        self.report_at("W001", index, "an index must be a literal");
                        return None;
                    };
                    path.push(index);
                    at = value;
                }
                _ => {
                    self.report_at(
                        "W001",
                        expr,
                        format!(
                            "{} is not allowed here: use literals, parameters and outcomes",
                            expr.text
                        ),
                    );
                    return None;
                }
            }
        };
        path.reverse();
        if &*name == "current_error"
            && !self.names.contains_key(&name)
            && !self.params.contains(&name)
        {
            if !around.is_handler {
                self.report_at("W009", expr, "current_error exists in an error handler only");
                return None;
            }
            return Some(Reference::Error { path });
        }
        if let Some(node) = self.names.get(&name).copied() {
            let outcome = path.first().and_then(Value::as_str).map(str::to_owned);
            let is_fine = match outcome.as_deref() {
                Some("output") => true,
                Some(other) => in_condition && OUTCOME.contains(&other),
                None => false,
            };
            if !is_fine {
                self.report_at(
                    "W008",
                    expr,
                    format!("{name} is an outcome: use .output, .success, .failed or .error"),
                );
                return None;
            }
            path.remove(0);
            return Some(Reference::Node { at: node, path });
        }
        if self.params.contains(&name) {
            return Some(Reference::Param { name, path });
        }
        self.report_at("W010", expr, format!("{name} is not defined"));
        None
    }

    fn returned(&mut self, value: &Expr) {
        let is_node =
            matches!(&value.kind, ExprKind::Name { name, .. } if self.names.contains_key(name));
        if !is_node && literal(value).is_none() {
            self.reference(value, &Around::default(), true);
        }
    }

    /// Longest-path levels: what may run together, in order.
    fn stages(&self) -> Vec<Vec<Name>> {
        let mut level = vec![0usize; self.nodes.len()];
        // Edges lead from earlier calls to later ones, so one pass in order settles all levels.
        for at in 0..self.nodes.len() {
            let before = self.edges.iter().filter(|edge| edge.to == at);
            level[at] = before.map(|edge| level[edge.from] + 1).max().unwrap_or(0);
        }
        let mut stages: Vec<Vec<Name>> = Vec::new();
        for (node, level) in self.nodes.iter().zip(&level) {
            if stages.len() <= *level {
                stages.resize_with(level + 1, Vec::new);
            }
            stages[*level].push(node.id.clone());
        }
        stages
    }
}

enum Reference {
    Node { at: usize, path: Vec<Value> },
    Param { name: Name, path: Vec<Value> },
    Error { path: Vec<Value> },
}

/// What a task takes.
struct Inputs {
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
