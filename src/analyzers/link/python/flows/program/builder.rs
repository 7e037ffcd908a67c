//! Walking a program's statements: streams, branches, loops, forks, helpers.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value as Json, json};

use super::Language;
use super::data::{Graph, Link, Node, NodeId, Stream, StreamId};
use super::values::{Env, Reads, Value};
use crate::analyzers::link::python::flows::{World, callee_name};
use crate::model::Name;
use crate::model::facts::python::flows::{Expr, ExprKind, Function, Stmt, StmtKind};

/// Where a stream has got to: the next node hangs here.
#[derive(Clone, PartialEq, Eq)]
struct Tail {
    node: NodeId,
    kind: &'static str,
    label: Option<&'static str>,
}

/// The streams of one fork.
pub struct Group {
    name: String,
    pub streams: Vec<StreamId>,
    /// The number of streams is not known: one stands for all.
    pub is_symbolic: bool,
}

/// One round of an unrolled loop.
pub struct Round {
    pub bound: Env,
    stream: Option<StreamId>,
}

/// Paths that leave a loop early, per stream.
#[derive(Default)]
struct Leaving {
    breaks: Vec<Vec<Tail>>,
    continues: Vec<Vec<Tail>>,
}

/// Deepest chain of helpers that is inlined, largest fork that is drawn stream by stream, and the
/// most nodes a graph may have.
const MAX_DEPTH: usize = 12;
const MAX_STREAMS: u64 = 32;
const MAX_NODES: usize = 4_000;

pub struct Builder<'w, 'a> {
    pub world: &'w World<'a>,
    pub language: &'w Language,
    pub graph: Graph,
    pub groups: Vec<Group>,
    /// Open roles of each stream.
    pub roles: FxHashMap<StreamId, Vec<String>>,
    /// Helpers being inlined, outermost first.
    pub via: Vec<Name>,
    /// The stream that control flow belongs to.
    pub current: StreamId,
    tails: Vec<Vec<Tail>>,
    loops: Vec<Leaving>,
    /// Ends of early returns, per function being walked.
    returns: Vec<Vec<Vec<Tail>>>,
    own: Name,
}

impl<'w, 'a> Builder<'w, 'a> {
    pub fn new(world: &'w World<'a>, language: &'w Language, function: &Function) -> Self {
        Self {
            world,
            language,
            graph: Graph::default(),
            groups: Vec::new(),
            roles: FxHashMap::default(),
            via: Vec::new(),
            current: 0,
            tails: Vec::new(),
            loops: Vec::new(),
            returns: Vec::new(),
            own: function.name.clone(),
        }
    }

    /// Walks the whole program.
    pub fn program(&mut self, function: &Function) {
        let main = self.open_stream("main".into(), None);
        let short = function.name.rsplit('.').next().unwrap_or(&function.name);
        let params: Vec<Name> = function.params.iter().skip(1).cloned().collect();
        let data = json!({ "name": short, "params": params });
        self.add(main, "Entry", function.line, data, Reads::default());
        let mut env = Env::default();
        if let Some(state) = function.params.first() {
            env.insert(state.clone(), Value::State(main));
        }
        env.extend(params.into_iter().map(|name| (name.clone(), Value::Param(name))));
        self.returns.push(Vec::new());
        self.body(&function.body, &mut env);
        let returned = self.returns.pop().unwrap_or_default();
        for mut tails in returned {
            tails.retain(|tail| self.graph.list[tail.node].kind == "Return");
            merge(&mut self.tails, vec![tails]);
        }
        self.add(main, "Exit", function.line, json!({}), Reads::default());
    }

    fn open_stream(&mut self, name: String, parent: Option<StreamId>) -> StreamId {
        self.graph.streams.push(Stream { name, parent });
        self.tails.push(Vec::new());
        self.graph.streams.len() - 1
    }

    /// The nodes a stream has reached.
    pub fn reached(&self, stream: StreamId) -> Vec<NodeId> {
        self.tails[stream].iter().map(|tail| tail.node).collect()
    }

    /// Appends a node to a stream; `None` where nothing can reach it.
    pub fn add(
        &mut self,
        stream: StreamId,
        kind: &'static str,
        line: u32,
        data: Json,
        reads: Reads,
    ) -> Option<NodeId> {
        let is_first = self.graph.list.is_empty();
        if self.graph.list.len() >= MAX_NODES || self.tails[stream].is_empty() && !is_first {
            return None;
        }
        let mut data = match data {
            Json::Object(data) => data,
            _ => Map::new(),
        };
        if !self.via.is_empty() {
            data.insert("via".into(), json!(self.via));
        }
        let uses = reads.uses;
        let node = self.graph.list.len();
        self.graph.list.push(Node { kind, line, stream, data, defines: None, uses });
        for tail in std::mem::take(&mut self.tails[stream]) {
            self.graph.link(Link { from: tail.node, to: node, kind: tail.kind, label: tail.label });
        }
        self.tails[stream] = vec![Tail { node, kind: "seq", label: None }];
        Some(node)
    }

    fn is_reachable(&self) -> bool {
        !self.tails[self.current].is_empty()
    }

    fn body(&mut self, body: &[Stmt], env: &mut Env) {
        for stmt in body {
            if self.is_reachable() {
                self.statement(stmt, env);
            }
        }
    }

    fn statement(&mut self, stmt: &Stmt, env: &mut Env) {
        match &stmt.kind {
            StmtKind::Augment { target, value, is_add } => {
                self.augment(target, value, *is_add, env)
            }
            StmtKind::Assign { targets, value } => self.assign(stmt, targets, value, env),
            StmtKind::Expr(expr) => drop(self.expression(expr, env)),
            StmtKind::If { test, body, orelse } => self.branch(stmt.line, test, body, orelse, env),
            StmtKind::For { target, iter, body, orelse } => {
                self.for_loop(stmt.line, target, iter, body, env);
                self.body(orelse, env);
            }
            StmtKind::While { test, body, orelse } => {
                let reads = self.reads(test, env);
                let is_endless = self.constant(test, env) == Some(Json::Bool(true));
                let header = json!({ "loop": "while", "header": test.text, "count": null, "reads": reads.names });
                self.repeat(stmt.line, header, reads, is_endless, body, env);
                self.body(orelse, env);
            }
            StmtKind::With { items, body } => self.with(stmt.line, items, body, env),
            StmtKind::Def(function) => {
                let short = function.name.rsplit('.').next().unwrap_or(&function.name);
                env.insert(short.into(), Value::Function(Box::new(function.clone())));
            }
            StmtKind::Return(value) => self.leave(stmt.line, value.as_ref(), env),
            StmtKind::Break => {
                let tails = self.take_tails();
                if let Some(frame) = self.loops.last_mut() {
                    merge(&mut frame.breaks, tails);
                }
            }
            StmtKind::Continue => {
                let tails = self.take_tails();
                if let Some(frame) = self.loops.last_mut() {
                    merge(&mut frame.continues, tails);
                }
            }
            StmtKind::Other { bodies, .. } => bodies.iter().for_each(|body| self.body(body, env)),
            StmtKind::Pass => {}
        }
    }

    /// Cuts all paths here.
    fn take_tails(&mut self) -> Vec<Vec<Tail>> {
        let count = self.tails.len();
        std::mem::replace(&mut self.tails, vec![Vec::new(); count])
    }

    fn augment(&mut self, target: &Expr, value: &Expr, is_add: bool, env: &mut Env) {
        if is_add && let Some(stream) = self.state(target, env) {
            return self.emit(value, stream, env);
        }
        if is_add && let Some(group) = self.group(target, env) {
            let streams = self.groups[group].streams.clone();
            for (index, stream) in streams.into_iter().enumerate() {
                match &value.kind {
                    // A callable gets the index; a list has one item per stream.
                    ExprKind::Lambda { params, body } => {
                        let mut scope = env.clone();
                        if let Some(name) = params.first() {
                            scope.insert(name.clone(), Value::Literal(index.into()));
                        }
                        self.emit(body, stream, &scope);
                    }
                    ExprKind::List(items) | ExprKind::Tuple(items) => {
                        if let Some(item) = items.get(index) {
                            self.emit(item, stream, env);
                        }
                    }
                    _ => self.emit(value, stream, env),
                }
            }
            return;
        }
        if let ExprKind::Name { name, .. } = &target.kind {
            let mut reads = self.reads(target, env);
            reads.add(self.reads(value, env));
            let value = match env.get(name) {
                Some(Value::Deferred(before, scope)) if is_add => {
                    let kind = ExprKind::Add(before.clone(), Box::new(value.clone()));
                    let sum = Expr { kind, ..value.clone() };
                    let mut scope = (**scope).clone();
                    scope.extend(env.iter().map(|(name, value)| (name.clone(), value.clone())));
                    scope.remove(name);
                    Value::Deferred(Box::new(sum), Box::new(scope))
                }
                _ => Value::Host(reads),
            };
            env.insert(name.clone(), value);
        }
    }

    fn assign(&mut self, stmt: &Stmt, targets: &[Expr], value: &Expr, env: &mut Env) {
        for target in targets {
            if let ExprKind::Subscript { value: object, index } = &target.kind
                && let Some(stream) = self.state(object, env)
            {
                let name = self.dynamic_name(index, env);
                self.set_variable(stream, name, value, stmt.line, env);
                return;
            }
        }
        let name = targets.iter().find_map(|target| match &target.kind {
            ExprKind::Name { name, .. } => Some(name.clone()),
            _ => None,
        });
        let hint = name.as_deref().unwrap_or("fork").to_owned();
        let held = self.value(value, &hint, env);
        if let Some(name) = name {
            env.insert(name, held);
            return;
        }
        // Unpacking: each name may hold any part of what the value reads.
        let reads = self.reads(value, env);
        for target in targets {
            let mut names = Vec::new();
            target_names(target, &mut names);
            env.extend(names.into_iter().map(|name| (name, Value::Host(reads.clone()))));
        }
    }

    fn set_variable(&mut self, stream: StreamId, name: String, value: &Expr, line: u32, env: &Env) {
        let reads = self.reads(value, env);
        let mut data = json!({ "name": name, "code": value.text, "reads": reads.names });
        if let (Some(constant), Json::Object(data)) = (self.constant(value, env), &mut data) {
            data.insert("value".into(), constant);
        }
        let node = self.add(stream, "SetVar", line, data, reads);
        if let Some(node) = node {
            self.graph.list[node].defines = Some(name.into());
        }
    }

    /// What an expression holds; effects on states happen here. `hint` names a fork.
    fn value(&mut self, expr: &Expr, hint: &str, env: &Env) -> Value {
        if let Some(constant) = self.constant(expr, env) {
            return Value::Literal(constant);
        }
        if let Some(stream) = self.state(expr, env) {
            return Value::State(stream);
        }
        if let Some(group) = self.group(expr, env) {
            return Value::Group(group);
        }
        if let ExprKind::Call { func, args, keywords } = &expr.kind
            && let ExprKind::Attribute { value, attr, .. } = &func.kind
            && let Some(stream) = self.state(value, env)
        {
            match &**attr {
                "fork" => {
                    let size = args.first().or(keywords.first().map(|(_, value)| value));
                    return Value::Group(self.fork(hint, size, stream, expr.line, env));
                }
                "copy" => {
                    self.graph.lose("T004", expr.line, "copy() cannot be traced");
                    let group = self.fork(hint, None, stream, expr.line, &Env::default());
                    return Value::State(self.groups[group].streams[0]);
                }
                _ => {}
            }
        }
        if let Some(value) = self.expression(expr, env) {
            return value;
        }
        if let ExprKind::Name { name, .. } = &expr.kind
            && let Some(value) = env.get(name)
        {
            return value.clone();
        }
        if self.speaks(expr) {
            return Value::Deferred(Box::new(expr.clone()), Box::new(env.clone()));
        }
        Value::Host(self.reads(expr, env))
    }

    /// A fork of `stream`; without a size, of one.
    fn fork(
        &mut self,
        name: &str,
        size: Option<&Expr>,
        stream: StreamId,
        line: u32,
        env: &Env,
    ) -> usize {
        let count = match size {
            None => Some(1),
            Some(size) => self.constant(size, env).and_then(|size| size.as_u64()),
        };
        let known = count.filter(|count| *count <= MAX_STREAMS);
        let shown = known.map_or_else(
            || size.map_or(Json::Null, |size| Json::String(size.text.to_string())),
            Json::from,
        );
        let reads = size.map(|size| self.reads(size, env)).unwrap_or_default();
        let fork = self.add(stream, "Fork", line, json!({ "group": name, "size": shown }), reads);
        let indices: Vec<String> = match known {
            Some(count) => (0..count).map(|index| index.to_string()).collect(),
            None => vec!["*".into()],
        };
        let mut streams = Vec::new();
        for index in indices {
            let child = self.open_stream(format!("{name}[{index}]"), Some(stream));
            self.tails[child] =
                fork.map(|node| Tail { node, kind: "fork", label: None }).into_iter().collect();
            let index = index.parse::<u64>().map_or(Json::String(index), Json::from);
            self.add(child, "ForkItem", line, json!({ "index": index }), Reads::default());
            let roles = self.roles.get(&stream).cloned().unwrap_or_default();
            self.roles.insert(child, roles);
            streams.push(child);
        }
        self.groups.push(Group { name: name.into(), streams, is_symbolic: known.is_none() });
        self.groups.len() - 1
    }

    fn join(&mut self, group: usize, mode: &str, line: u32) {
        let streams = self.groups[group].streams.clone();
        let Some(parent) = streams.first().and_then(|first| self.graph.streams[*first].parent)
        else {
            return;
        };
        for stream in streams {
            let ends = self.tails[stream].clone();
            let ends = ends.into_iter().map(|tail| Tail { kind: "join", label: None, ..tail });
            self.tails[parent].extend(ends);
        }
        let data = json!({ "group": self.groups[group].name, "mode": mode });
        self.add(parent, "Join", line, data, Reads::default());
    }

    /// An expression evaluated for its effect; what it holds if it is a state or a program's run.
    fn expression(&mut self, expr: &Expr, env: &Env) -> Option<Value> {
        let ExprKind::Call { func, args, keywords } = &expr.kind else { return None };
        if let ExprKind::Attribute { value, attr, .. } = &func.kind {
            if let Some(stream) = self.state(value, env) {
                return self.method(expr, attr, args, stream, env);
            }
            if let Some(group) = self.group(value, env) {
                if &**attr == "join" {
                    let mode = args.first().and_then(|mode| self.constant(mode, env));
                    let mode = mode
                        .as_ref()
                        .and_then(Json::as_str)
                        .unwrap_or("gather_variable")
                        .to_owned();
                    self.graph.lose("T003", expr.line, "join() cannot be traced");
                    self.join(group, &mode, expr.line);
                }
                return None;
            }
            let is_run = matches!(&**attr, "run" | "run_batch" | "stream");
            if is_run
                && let Some(found) = self.world.function(value)
                && super::language_of(self.world, found.function).is_some()
            {
                return Some(self.run_program(&found.function.name, expr, args, keywords, env));
            }
        }
        let helper = self.callee(func, env)?;
        let states = args.iter().chain(keywords.iter().map(|(_, value)| value));
        let has_state = states.clone().any(|argument| {
            self.state(argument, env).is_some() || self.group(argument, env).is_some()
        });
        if !has_state {
            let is_program = super::language_of(self.world, &helper).is_some();
            return is_program.then(|| self.run_program(&helper.name, expr, args, keywords, env));
        }
        if self.via.contains(&helper.name) || helper.name == self.own || self.via.len() >= MAX_DEPTH
        {
            let data = json!({ "callee": helper.name, "recursive": true });
            self.add(self.current, "Call", expr.line, data, Reads::default());
            return None;
        }
        Some(self.inline(&helper, args, keywords, env))
    }

    fn run_program(
        &mut self,
        callee: &Name,
        expr: &Expr,
        args: &[Expr],
        keywords: &[(Option<Name>, Expr)],
        env: &Env,
    ) -> Value {
        let mut reads = Reads::default();
        for argument in args.iter().chain(keywords.iter().map(|(_, value)| value)) {
            reads.add(self.reads(argument, env));
        }
        let data = json!({ "callee": callee, "reads": reads.names });
        self.add(self.current, "Call", expr.line, data, reads);
        Value::Host(Reads::default())
    }

    /// A helper that receives the state, walked as if written here.
    fn inline(
        &mut self,
        helper: &Function,
        args: &[Expr],
        keywords: &[(Option<Name>, Expr)],
        env: &Env,
    ) -> Value {
        let mut scope = self.bind(helper, args, keywords, env);
        self.via.push(helper.name.clone());
        self.returns.push(Vec::new());
        self.body(&helper.body, &mut scope);
        let returned = self.returns.pop().unwrap_or_default();
        merge(&mut self.tails, returned);
        self.via.pop();
        let value = helper.body.iter().rev().find_map(|stmt| match &stmt.kind {
            StmtKind::Return(Some(value)) => Some(value),
            _ => None,
        });
        match value.and_then(|value| self.state(value, &scope)) {
            Some(stream) => Value::State(stream),
            None => Value::Host(value.map(|value| self.reads(value, &scope)).unwrap_or_default()),
        }
    }

    /// The function that a callee names: a nested one, or one of the project.
    pub fn callee(&self, func: &Expr, env: &Env) -> Option<Function> {
        if let ExprKind::Name { name, .. } = &func.kind
            && let Some(Value::Function(function)) = env.get(name)
        {
            return Some((**function).clone());
        }
        self.world.function(func).map(|found| found.function.clone())
    }

    /// What a helper's parameters hold at a call.
    pub fn bind(
        &mut self,
        helper: &Function,
        args: &[Expr],
        keywords: &[(Option<Name>, Expr)],
        env: &Env,
    ) -> Env {
        let mut scope: Env = env
            .iter()
            .filter(|(_, value)| matches!(value, Value::Function(_)))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        // A nested function also sees what surrounds it.
        if helper.name.starts_with(&*self.own) {
            scope.clone_from(env);
        }
        let positional = helper.params.iter().cloned().zip(args);
        let named = keywords.iter().filter_map(|(key, value)| Some((key.clone()?, value)));
        for (name, argument) in positional.chain(named).collect::<Vec<_>>() {
            let value = self.value(argument, &name, env);
            scope.insert(name, value);
        }
        scope
    }

    /// A method of a state: roles, `set_var`, `fork` for its own sake.
    fn method(
        &mut self,
        call: &Expr,
        method: &str,
        args: &[Expr],
        stream: StreamId,
        env: &Env,
    ) -> Option<Value> {
        match (method, args) {
            ("system" | "user" | "assistant", [inner, ..]) => {
                self.graph.lose("T005", call.line, "roles as methods cannot be traced");
                self.bracketed(method, inner, stream, env);
            }
            ("system_begin" | "user_begin" | "assistant_begin", _) => {
                self.role(method.trim_end_matches("_begin"), stream, call.line, true);
            }
            ("system_end" | "user_end" | "assistant_end", _) => {
                self.role(method.trim_end_matches("_end"), stream, call.line, false);
            }
            ("set_var", [name, value, ..]) => {
                let name = self.dynamic_name(name, env);
                self.set_variable(stream, name, value, call.line, env);
            }
            ("fork", _) => {
                let group = self.fork("fork", args.first(), stream, call.line, env);
                return Some(Value::Group(group));
            }
            _ => {}
        }
        None
    }

    fn branch(&mut self, line: u32, test: &Expr, body: &[Stmt], orelse: &[Stmt], env: &mut Env) {
        let reads = self.reads(test, env);
        if reads.has_variables() {
            self.graph.lose(
                "T001",
                line,
                format!(
                    "tracing loses this branch: {} is decided before anything is generated",
                    test.text
                ),
            );
        }
        let data = json!({ "test": test.text, "reads": reads.names });
        let Some(node) = self.add(self.current, "Branch", line, data, reads) else { return };
        let before = self.tails.clone();
        let mut other = env.clone();
        self.tails[self.current] = vec![Tail { node, kind: "ctrl", label: Some("true") }];
        self.body(body, env);
        let after = std::mem::replace(&mut self.tails, before);
        self.tails[self.current] = vec![Tail { node, kind: "ctrl", label: Some("false") }];
        self.tails.resize(after.len(), Vec::new());
        self.body(orelse, &mut other);
        merge(&mut self.tails, after);
        merge_env(env, other);
    }

    fn for_loop(&mut self, line: u32, target: &Expr, iter: &Expr, body: &[Stmt], env: &mut Env) {
        // `for f in s.fork(2)`: the fork happens first.
        let forked;
        let mut iter = iter;
        if let Value::Group(group) = self.fork_in(iter, env) {
            let name: Name = format!("<{}>", self.groups[group].name).into();
            env.insert(name.clone(), Value::Group(group));
            forked = Expr { kind: ExprKind::Name { name, origins: Vec::new() }, ..iter.clone() };
            iter = &forked;
        }
        let rounds = self.unrolled(target, iter, env).filter(|rounds| {
            rounds.iter().any(|round| round.stream.is_some())
                || self.indexes_group(target, body, env)
        });
        if let Some(rounds) = rounds {
            let outer = self.current;
            self.loops.push(Leaving::default());
            for round in rounds {
                env.extend(round.bound);
                self.current = round.stream.unwrap_or(outer);
                if !self.is_reachable() {
                    continue;
                }
                self.body(body, env);
                if let Some(frame) = self.loops.last_mut() {
                    let continued = std::mem::take(&mut frame.continues);
                    merge(&mut self.tails, continued);
                }
            }
            self.current = outer;
            let frame = self.loops.pop().unwrap_or_default();
            merge(&mut self.tails, frame.breaks);
            return;
        }
        let reads = self.reads(iter, env);
        let count = self.trip_count(iter, env);
        let header = json!({
            "loop": "for", "header": format!("{} in {}", target.text, iter.text), "count": count,
            "reads": reads.names,
        });
        let mut names = Vec::new();
        target_names(target, &mut names);
        env.extend(names.into_iter().map(|name| (name, Value::Host(reads.clone()))));
        self.repeat(line, header, reads, false, body, env);
    }

    /// The group of a `fork(…)` call written where a group is expected, directly or in `enumerate`.
    fn fork_in(&mut self, iter: &Expr, env: &Env) -> Value {
        match &iter.kind {
            ExprKind::Call { func, .. } if callee_name(func) == "fork" => {
                self.value(iter, "fork", env)
            }
            _ => Value::Host(Reads::default()),
        }
    }

    /// A loop whose body is drawn once.
    fn repeat(
        &mut self,
        line: u32,
        header: Json,
        reads: Reads,
        is_endless: bool,
        body: &[Stmt],
        env: &mut Env,
    ) {
        if reads.has_variables() {
            self.graph.lose(
                "T001",
                line,
                "tracing loses this loop: its end depends on what is generated",
            );
        }
        let Some(node) = self.add(self.current, "Loop", line, header, reads) else { return };
        let before = self.tails.clone();
        self.tails[self.current] = vec![Tail { node, kind: "ctrl", label: Some("body") }];
        self.loops.push(Leaving::default());
        self.body(body, env);
        let frame = self.loops.pop().unwrap_or_default();
        merge(&mut self.tails, frame.continues);
        for tail in std::mem::take(&mut self.tails[self.current]) {
            let back = Link { from: tail.node, to: node, kind: "ctrl", label: Some("back") };
            self.graph.link(back);
        }
        self.tails[self.current] = if is_endless {
            Vec::new()
        } else {
            vec![Tail { node, kind: "ctrl", label: Some("exit") }]
        };
        merge(&mut self.tails, frame.breaks);
        // The other streams may not have been touched at all.
        let mut untouched = before;
        untouched[self.current].clear();
        merge(&mut self.tails, untouched);
    }

    /// The rounds of a loop over a group's streams or over a literal range or list.
    pub fn unrolled(&self, target: &Expr, iter: &Expr, env: &Env) -> Option<Vec<Round>> {
        let bind = |target: &Expr, value: Value| -> Option<(Name, Value)> {
            match &target.kind {
                ExprKind::Name { name, .. } => Some((name.clone(), value)),
                _ => None,
            }
        };
        if let Some(group) = self.group(iter, env) {
            let streams = &self.groups[group].streams;
            let round = |stream: &StreamId| {
                let bound = [bind(target, Value::State(*stream))?].into_iter().collect();
                Some(Round { bound, stream: Some(*stream) })
            };
            return streams.iter().map(round).collect();
        }
        match &iter.kind {
            ExprKind::Call { func, args, .. } => match (callee_name(func), args.as_slice()) {
                ("enumerate", [inner, ..]) => {
                    let ExprKind::Tuple(parts) = &target.kind else { return None };
                    let [index, item] = parts.as_slice() else { return None };
                    let is_symbolic =
                        self.group(inner, env).is_some_and(|group| self.groups[group].is_symbolic);
                    let mut rounds = self.unrolled(item, inner, env)?;
                    for (at, round) in rounds.iter_mut().enumerate() {
                        let number = if is_symbolic {
                            Value::Host(Reads::default())
                        } else {
                            Value::Literal(at.into())
                        };
                        round.bound.extend(bind(index, number));
                    }
                    Some(rounds)
                }
                ("zip", inner) if !inner.is_empty() => {
                    let ExprKind::Tuple(parts) = &target.kind else { return None };
                    let all: Option<Vec<Vec<Round>>> = parts
                        .iter()
                        .zip(inner)
                        .map(|(target, iter)| self.unrolled(target, iter, env))
                        .collect();
                    let known = match all {
                        Some(all) => all,
                        // One side is a group, the other is not known: its items are host values.
                        None => parts
                            .iter()
                            .zip(inner)
                            .filter_map(|(target, iter)| self.unrolled(target, iter, env))
                            .collect(),
                    };
                    let length = known.iter().map(Vec::len).min()?;
                    let mut rounds: Vec<Round> = (0..length)
                        .map(|_| Round { bound: Env::default(), stream: None })
                        .collect();
                    for side in known {
                        for (round, part) in rounds.iter_mut().zip(side) {
                            round.bound.extend(part.bound);
                            round.stream = round.stream.or(part.stream);
                        }
                    }
                    for (target, iter) in parts.iter().zip(inner) {
                        if self.unrolled(target, iter, env).is_none() {
                            let reads = self.reads(iter, env);
                            for round in &mut rounds {
                                round.bound.extend(bind(target, Value::Host(reads.clone())));
                            }
                        }
                    }
                    Some(rounds)
                }
                ("range", [size]) => {
                    let size =
                        self.constant(size, env)?.as_u64().filter(|size| *size <= MAX_STREAMS)?;
                    let round = |at: u64| {
                        let bound =
                            [bind(target, Value::Literal(at.into()))?].into_iter().collect();
                        Some(Round { bound, stream: None })
                    };
                    (0..size).map(round).collect()
                }
                _ => None,
            },
            ExprKind::List(items) | ExprKind::Tuple(items) if items.len() as u64 <= MAX_STREAMS => {
                let round = |item: &Expr| {
                    let value = match self.constant(item, env) {
                        Some(value) => Value::Literal(value),
                        None => Value::Host(self.reads(item, env)),
                    };
                    Some(Round {
                        bound: [bind(target, value)?].into_iter().collect(),
                        stream: None,
                    })
                };
                items.iter().map(round).collect()
            }
            _ => None,
        }
    }

    /// Whether a loop over numbers appends to a group's streams by them.
    fn indexes_group(&self, target: &Expr, body: &[Stmt], env: &Env) -> bool {
        let ExprKind::Name { name, .. } = &target.kind else { return false };
        let by_name = |expr: &Expr| match &expr.kind {
            ExprKind::Subscript { value, index } => {
                let is_index =
                    matches!(&index.kind, ExprKind::Name { name: index, .. } if index == name);
                is_index && self.group(value, env).is_some()
            }
            _ => false,
        };
        body.iter().any(|stmt| match &stmt.kind {
            StmtKind::Augment { target, .. } => by_name(target),
            StmtKind::Assign { targets, value } => {
                by_name(value)
                    || targets.iter().any(|target| match &target.kind {
                        ExprKind::Subscript { value, .. } => by_name(value),
                        _ => false,
                    })
            }
            _ => false,
        })
    }

    /// How often a loop runs, when that is constant.
    fn trip_count(&self, iter: &Expr, env: &Env) -> Json {
        if let Some(Json::Array(items)) = self.constant(iter, env) {
            return items.len().into();
        }
        let ExprKind::Call { func, args, .. } = &iter.kind else { return Json::Null };
        let number = |expr: &Expr| self.constant(expr, env).and_then(|value| value.as_i64());
        let count = match (callee_name(func), args.as_slice()) {
            ("range", [end]) => number(end),
            ("range", [start, end]) => match (number(start), number(end)) {
                (Some(start), Some(end)) => end.checked_sub(start),
                _ => None,
            },
            ("range", [start, end, step]) => match (number(start), number(end), number(step)) {
                (Some(start), Some(end), Some(step)) if step > 0 => end
                    .checked_sub(start)
                    .map(|length| length.div_euclid(step) + i64::from(length.rem_euclid(step) > 0)),
                _ => None,
            },
            ("enumerate", [inner, ..]) => return self.trip_count(inner, env),
            _ => None,
        };
        count.map_or(Json::Null, |count| count.max(0).into())
    }

    fn with(&mut self, line: u32, items: &[(Expr, Option<Expr>)], body: &[Stmt], env: &mut Env) {
        let Some(((context, target), rest)) = items.split_first() else {
            return self.body(body, env);
        };
        let method = match &context.kind {
            ExprKind::Call { func, args, .. } => match &func.kind {
                ExprKind::Attribute { value, attr, .. } => {
                    self.state(value, env).map(|stream| (stream, attr.clone(), args.first()))
                }
                _ => None,
            },
            _ => None,
        };
        match method {
            Some((stream, role, None)) if matches!(&*role, "system" | "user" | "assistant") => {
                self.graph.lose("T005", line, "roles as methods cannot be traced");
                self.role(&role, stream, line, true);
                self.with(line, rest, body, env);
                self.role(&role, stream, line, false);
            }
            Some((stream, scope, Some(name))) if &*scope == "var_scope" => {
                self.graph.lose("T006", line, "var_scope() cannot be traced");
                let name = self.dynamic_name(name, env);
                self.add(stream, "VarScopeBegin", line, json!({ "name": name }), Reads::default());
                self.with(line, rest, body, env);
                let end = self.add(
                    stream,
                    "VarScopeEnd",
                    line,
                    json!({ "name": name }),
                    Reads::default(),
                );
                if let Some(end) = end {
                    self.graph.list[end].defines = Some(name.into());
                }
            }
            Some((_, copy, _)) if &*copy == "copy" => {
                let name = target.as_ref().map_or("copy", |target| &target.text).to_owned();
                let held = self.value(context, &name, env);
                let group = self.groups.len().checked_sub(1);
                env.insert(name.into(), held);
                self.with(line, rest, body, env);
                if let Some(group) = group {
                    self.join(group, "gather_variable", line);
                }
            }
            _ => {
                let held = self.value(context, "fork", env);
                if let Some(Expr { kind: ExprKind::Name { name, .. }, .. }) = target {
                    env.insert(name.clone(), held);
                }
                self.with(line, rest, body, env);
            }
        }
    }

    fn leave(&mut self, line: u32, value: Option<&Expr>, env: &Env) {
        let reads = value.map(|value| self.reads(value, env)).unwrap_or_default();
        if self.via.is_empty() {
            let data = json!({ "code": value.map(|value| &value.text), "reads": reads.names });
            self.add(self.current, "Return", line, data, reads);
        }
        let tails = self.take_tails();
        if let Some(frame) = self.returns.last_mut() {
            merge(frame, tails);
        }
    }
}

/// Adds the paths of `other` to those of `tails`, stream by stream.
fn merge(tails: &mut Vec<Vec<Tail>>, other: Vec<Vec<Tail>>) {
    if tails.len() < other.len() {
        tails.resize(other.len(), Vec::new());
    }
    for (mine, theirs) in tails.iter_mut().zip(other) {
        for tail in theirs {
            if !mine.contains(&tail) {
                mine.push(tail);
            }
        }
    }
}

/// After a branch a name may hold what either side gave it.
fn merge_env(env: &mut Env, other: Env) {
    for (name, theirs) in other {
        match (env.get_mut(&name), theirs) {
            (Some(Value::Host(mine)), Value::Host(reads)) => mine.add(reads),
            (Some(Value::Literal(mine)), Value::Literal(value)) if *mine == value => {}
            (Some(mine @ Value::Literal(_)), Value::Literal(_)) => {
                *mine = Value::Host(Reads::default())
            }
            (Some(mine @ Value::Literal(_)), Value::Host(reads)) => *mine = Value::Host(reads),
            (Some(_), _) => {}
            (None, value) => drop(env.insert(name, value)),
        }
    }
}

fn target_names(target: &Expr, names: &mut Vec<Name>) {
    match &target.kind {
        ExprKind::Name { name, .. } => names.push(name.clone()),
        ExprKind::Tuple(parts) | ExprKind::List(parts) => {
            parts.iter().for_each(|part| target_names(part, names));
        }
        ExprKind::Starred(inner) => target_names(inner, names),
        _ => {}
    }
}
