//! Found calls → nodes and edges.

use rustc_hash::FxHashMap;

use super::super::Context;
use super::Caller;
use super::compiled;
use super::infer::{Event, Target};
use super::tables::Tables;
use crate::model::{
    CallEdge, CallGraph, CallNode, Certainty, CompiledCalls, EdgeKind, Name, NodeId, NodeKind,
    Unresolved,
};

/// A trait's method may run any implementation; beyond this many, listing them says nothing.
const IMPLEMENTOR_LIMIT: usize = 24;

pub fn assemble(
    context: &Context<'_>,
    tables: &Tables<'_, '_>,
    callers: impl Iterator<Item = (Caller, u32)>,
    found: Vec<Vec<Event>>,
    compiled: Option<&CompiledCalls>,
) -> CallGraph {
    let mut builder = Builder {
        context,
        tables,
        nodes: Vec::new(),
        by_name: FxHashMap::default(),
        functions: FxHashMap::default(),
        reasons: FxHashMap::default(),
        edges: Vec::new(),
        unresolved: Vec::new(),
    };
    for file in 0..context.files.len() {
        for id in context.world.function_range(file) {
            builder.function(id as u32);
        }
    }
    for ((caller, file), events) in callers.zip(found) {
        if !events.is_empty() {
            builder.add(caller, file, events);
        }
    }
    if let Some(compiled) = compiled {
        compiled::join(&mut builder, compiled);
    }
    builder.finish()
}

/// A graph being built; nodes are in the order in which they were met.
pub struct Builder<'b, 'w, 'a> {
    pub context: &'b Context<'b>,
    pub tables: &'b Tables<'w, 'a>,
    pub nodes: Vec<CallNode>,
    by_name: FxHashMap<Name, NodeId>,
    functions: FxHashMap<u32, NodeId>,
    reasons: FxHashMap<String, Name>,
    pub edges: Vec<CallEdge>,
    pub unresolved: Vec<Unresolved>,
}

impl Builder<'_, '_, '_> {
    pub fn node(&mut self, name: &Name, kind: NodeKind, place: Option<(Name, u32)>) -> NodeId {
        if let Some(id) = self.by_name.get(name) {
            return *id;
        }
        let id = self.nodes.len() as NodeId;
        let (file, line) = place.unzip();
        self.nodes.push(CallNode { name: name.clone(), kind, file, line });
        self.by_name.insert(name.clone(), id);
        id
    }

    pub fn function(&mut self, function: u32) -> NodeId {
        if let Some(id) = self.functions.get(&function) {
            return *id;
        }
        let world = self.context.world;
        let name = self.tables.name(function).clone();
        let id = if self.tables.is_std_function(function) {
            self.node(&name, NodeKind::External, None)
        } else {
            let place = world.functions[function as usize];
            let path = world.files[place.file as usize].file.path.clone();
            self.node(&name, NodeKind::Function, Some((path, world.function(function).line)))
        };
        self.functions.insert(function, id);
        id
    }

    pub fn caller(&mut self, caller: Caller, file: u32) -> NodeId {
        match caller {
            Caller::Function(id) => self.function(id),
            // An initialiser runs for its module.
            Caller::Value(id) => {
                let world = self.context.world;
                let module = world.module(file, world.value(id).module);
                let name = world.modules.node(module).path.clone();
                let path = world.files[file as usize].file.path.clone();
                self.node(&name, NodeKind::Module, Some((path, 1)))
            }
        }
    }

    pub fn reason(&mut self, text: &str) -> Name {
        if let Some(known) = self.reasons.get(text) {
            return known.clone();
        }
        let name = Name::from(text);
        self.reasons.insert(text.into(), name.clone());
        name
    }

    fn add(&mut self, caller: Caller, file: u32, events: Vec<Event>) {
        let from = self.caller(caller, file);
        let path = self.context.world.files[file as usize].file.path.clone();
        for event in events {
            let (line, column) = (event.site.line, event.site.column);
            let edge = |builder: &mut Self, to, certainty, why: &str| {
                let why = builder.reason(why);
                let file = path.clone();
                let kind = event.kind;
                builder.edges.push(CallEdge { from, to, file, line, column, kind, certainty, why });
            };
            match event.target {
                Target::Function { function, certainty, why } => {
                    let is_std = self.tables.is_std_function(function);
                    // What the language does with types of the standard library is no news.
                    if is_std && event.kind == EdgeKind::Implicit {
                        continue;
                    }
                    let to = self.function(function);
                    edge(self, to, certainty, why);
                    if matches!(why, "through a bound" | "dynamic dispatch") && !is_std {
                        for other in self.implementations(function) {
                            let to = self.function(other);
                            edge(self, to, Certainty::Possible, why);
                        }
                    }
                }
                Target::External(name) => {
                    let to = self.node(&name, NodeKind::External, None);
                    edge(self, to, Certainty::Exact, "path outside the project");
                }
                Target::Unresolved { text, reason } => {
                    let text = self.reason(&text);
                    let reason = self.reason(&reason);
                    let file = path.clone();
                    self.unresolved.push(Unresolved { from, file, line, column, text, reason });
                }
                Target::Method { .. } => {}
            }
        }
    }

    /// The project's implementations of a trait's method.
    pub fn implementations(&self, function: u32) -> Vec<u32> {
        let Some(trait_) = self.tables.owner_trait(function) else { return Vec::new() };
        let name = self.tables.short(function);
        let Some(impls) = self.tables.implementors.get(&trait_) else { return Vec::new() };
        let found: Vec<u32> = impls
            .iter()
            .filter_map(|id| self.tables.impls[*id as usize].methods.get(&name).copied())
            .collect();
        if found.len() > IMPLEMENTOR_LIMIT { Vec::new() } else { found }
    }

    fn finish(mut self) -> CallGraph {
        let mut order: Vec<NodeId> = (0..self.nodes.len() as NodeId).collect();
        order.sort_by(|a, b| self.nodes[*a as usize].name.cmp(&self.nodes[*b as usize].name));
        let mut place = vec![0; order.len()];
        for (at, id) in order.iter().enumerate() {
            place[*id as usize] = at as NodeId;
        }
        let mut nodes: Vec<Option<CallNode>> = self.nodes.into_iter().map(Some).collect();
        let nodes = order.iter().filter_map(|id| nodes[*id as usize].take()).collect();
        for edge in &mut self.edges {
            edge.from = place[edge.from as usize];
            edge.to = place[edge.to as usize];
        }
        for call in &mut self.unresolved {
            call.from = place[call.from as usize];
        }
        let key = |edge: &CallEdge| (edge.from, edge.line, edge.to, edge.column, edge.certainty);
        self.edges.sort_by(|a, b| {
            (a.from, &a.file, a.line, a.to)
                .cmp(&(b.from, &b.file, b.line, b.to))
                .then_with(|| (key(a), a.kind.as_str()).cmp(&(key(b), b.kind.as_str())))
        });
        self.edges.dedup_by(|a, b| {
            a.from == b.from
                && a.to == b.to
                && a.line == b.line
                && a.column == b.column
                && a.kind == b.kind
                && a.file == b.file
        });
        self.unresolved.sort_by(|a, b| {
            (&a.file, a.line, a.column, &a.text).cmp(&(&b.file, b.line, b.column, &b.text))
        });
        CallGraph { nodes, edges: self.edges, unresolved: self.unresolved }
    }
}
