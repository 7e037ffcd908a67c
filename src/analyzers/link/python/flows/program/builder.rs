//! Walking a program's statements: streams, branches, loops, forks, helpers.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value as Json, json};

use super::Language;
use super::data::{Graph, Link, Node, NodeId, Stream, StreamId};
use super::values::{Env, Reads, Value};
use crate::analyzers::link::python::flows::World;
use crate::model::Name;
use crate::model::facts::python::flows::{Expr, ExprKind, Function, Stmt, StmtKind};

/// Where a stream has got to: the next node hangs here.
#[derive(Clone, PartialEq, Eq)]
pub struct Tail {
    pub node: NodeId,
    pub kind: &'static str,
    pub label: Option<&'static str>,
}

/// The streams of one fork.
pub struct Group {
    pub name: String,
    pub streams: Vec<StreamId>,
    /// The number of streams is not known: one stands for all.
    pub is_symbolic: bool,
}

/// One round of an unrolled loop.
pub struct Round {
    pub bound: Env,
    pub stream: Option<StreamId>,
}

/// Paths that leave a loop early, per stream.
#[derive(Default)]
pub struct Leaving {
    pub breaks: Vec<Vec<Tail>>,
    pub continues: Vec<Vec<Tail>>,
}

/// Deepest chain of helpers that is inlined.
pub const MAX_DEPTH: usize = 12;
/// Largest fork that is drawn stream by stream.
pub const MAX_STREAMS: u64 = 32;
/// The most nodes a graph may have.
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
    pub tails: Vec<Vec<Tail>>,
    pub loops: Vec<Leaving>,
    /// Ends of early returns, per function being walked.
    pub returns: Vec<Vec<Vec<Tail>>>,
    pub own: Name,
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

    pub fn open_stream(&mut self, name: String, parent: Option<StreamId>) -> StreamId {
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

    pub fn is_reachable(&self) -> bool {
        !self.tails[self.current].is_empty()
    }

    pub fn body(&mut self, body: &[Stmt], env: &mut Env) {
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
                let breaks = self.for_loop(stmt.line, target, iter, body, env);
                self.body(orelse, env);
                merge(&mut self.tails, breaks);
            }
            StmtKind::While { test, body, orelse } => {
                let breaks = self.while_loop(stmt.line, test, body, env);
                self.body(orelse, env);
                merge(&mut self.tails, breaks);
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
            StmtKind::Try { body, handlers, orelse, last } => {
                self.attempt(body, handlers, orelse, env);
                self.body(last, env);
            }
            StmtKind::Match { subject, cases } => self.choose(stmt.line, subject, cases, env),
            StmtKind::Other { .. } | StmtKind::Pass => {}
        }
    }

    /// Cuts all paths here.
    pub fn take_tails(&mut self) -> Vec<Vec<Tail>> {
        let count = self.tails.len();
        std::mem::replace(&mut self.tails, vec![Vec::new(); count])
    }
}

/// Adds the paths of `other` to those of `tails`, stream by stream.
pub fn merge(tails: &mut Vec<Vec<Tail>>, other: Vec<Vec<Tail>>) {
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
pub fn merge_env(env: &mut Env, other: Env) {
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

pub fn target_names(target: &Expr, names: &mut Vec<Name>) {
    match &target.kind {
        ExprKind::Name { name, .. } => names.push(name.clone()),
        ExprKind::Tuple(parts) | ExprKind::List(parts) => {
            parts.iter().for_each(|part| target_names(part, names));
        }
        ExprKind::Starred(inner) => target_names(inner, names),
        _ => {}
    }
}
