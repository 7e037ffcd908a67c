//! The shapes rows are stored in, where they are not stored as they are.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::model::{
    CallEdge, CallGraph, CallNode, Certainty, EdgeKind, Entity, FileStatus, Flow, FlowNode,
    Language, Name, NodeKind, Project, Split, Symbol, Task, Unresolved, Workflow, json,
};

/// Files, without their facts, and definitions.
#[derive(Serialize, Deserialize)]
pub struct Base {
    pub files: Vec<StoredFile>,
    pub symbols: Vec<Symbol>,
}

#[derive(Serialize, Deserialize)]
pub struct StoredFile {
    pub path: Name,
    pub language: Language,
    pub lines: u32,
    pub status: FileStatus,
}

impl Base {
    pub fn pack(project: &Project) -> Self {
        let files = project.files.iter().map(|file| StoredFile {
            path: file.path.clone(),
            language: file.language,
            lines: file.lines,
            status: file.status,
        });
        Self { files: files.collect(), symbols: Vec::clone(&project.symbols) }
    }
}

/// A call graph with every string once: half a million edges name a few thousand files.
#[derive(Default, Serialize, Deserialize)]
pub struct Calls {
    strings: Vec<Name>,
    /// Name, kind, and one more than the file's string and the line.
    nodes: Vec<(u32, NodeKind, u32, u32)>,
    edges: Vec<StoredEdge>,
    /// Caller, file, line, column, text, reason.
    unresolved: Vec<(u32, u32, u32, u32, u32, u32)>,
}

/// Caller, callee, file, line, column, kind, certainty, reason.
type StoredEdge = (u32, u32, u32, u32, u32, EdgeKind, Certainty, u32);

#[derive(Default)]
struct Strings {
    all: Vec<Name>,
    places: FxHashMap<Name, u32>,
}

impl Strings {
    fn id(&mut self, name: &Name) -> u32 {
        if let Some(known) = self.places.get(name) {
            return *known;
        }
        let id = self.all.len() as u32;
        self.all.push(name.clone());
        self.places.insert(name.clone(), id);
        id
    }
}

impl Calls {
    pub fn pack(graph: &CallGraph) -> Self {
        let mut strings = Strings::default();
        let nodes = graph.nodes.iter().map(|node| {
            let file = node.file.as_ref().map_or(0, |file| strings.id(file) + 1);
            (strings.id(&node.name), node.kind, file, node.line.map_or(0, |line| line + 1))
        });
        let nodes = nodes.collect();
        let edges = graph.edges.iter().map(|edge| {
            let (file, why) = (strings.id(&edge.file), strings.id(&edge.why));
            let CallEdge { from, to, line, column, kind, certainty, .. } = *edge;
            (from, to, file, line, column, kind, certainty, why)
        });
        let edges = edges.collect();
        let unresolved = graph.unresolved.iter().map(|call| {
            let (file, text) = (strings.id(&call.file), strings.id(&call.text));
            (call.from, file, call.line, call.column, text, strings.id(&call.reason))
        });
        let unresolved = unresolved.collect();
        Self { strings: strings.all, nodes, edges, unresolved }
    }

    /// The graph; `None` when an index leads nowhere.
    pub fn unpack(self) -> Option<CallGraph> {
        let Self { strings, nodes, edges, unresolved } = self;
        let text = |id: u32| strings.get(id as usize).cloned();
        let count = nodes.len() as u32;
        let node = |id: u32| (id < count).then_some(id);
        let nodes = nodes.into_iter().map(|(name, kind, file, line)| {
            let file = match file.checked_sub(1) {
                Some(file) => Some(text(file)?),
                None => None,
            };
            Some(CallNode { name: text(name)?, kind, file, line: line.checked_sub(1) })
        });
        let nodes = nodes.collect::<Option<Vec<_>>>()?;
        let edges =
            edges.into_iter().map(|(from, to, file, line, column, kind, certainty, why)| {
                let (file, why) = (text(file)?, text(why)?);
                let (from, to) = (node(from)?, node(to)?);
                Some(CallEdge { from, to, file, line, column, kind, certainty, why })
            });
        let edges = edges.collect::<Option<Vec<_>>>()?;
        let unresolved = unresolved.into_iter().map(|(from, file, line, column, said, reason)| {
            let (file, reason) = (text(file)?, text(reason)?);
            Some(Unresolved { from: node(from)?, file, line, column, text: text(said)?, reason })
        });
        Some(CallGraph { nodes, edges, unresolved: unresolved.collect::<Option<Vec<_>>>()? })
    }
}

#[derive(Serialize, Deserialize)]
pub struct Flows {
    pub entities: Vec<Entity>,
    pub splits: Vec<Split>,
    pub tasks: Vec<Task>,
    pub flows: Vec<StoredFlow>,
}

impl Flows {
    pub fn pack(project: &Project) -> Self {
        Self {
            entities: Vec::clone(&project.entities),
            splits: Vec::clone(&project.splits),
            tasks: Vec::clone(&project.tasks),
            flows: project.flows.iter().map(StoredFlow::pack).collect(),
        }
    }
}

/// A flow with its nodes apart, since what a node carries stands flat in its JSON, and with its
/// program, which no JSON shows.
#[derive(Serialize, Deserialize)]
pub struct StoredFlow {
    rest: Flow,
    nodes: Vec<StoredNode>,
    program: Option<Workflow>,
}

#[derive(Serialize, Deserialize)]
struct StoredNode {
    id: Name,
    kind: Name,
    line: u32,
    #[serde(with = "json::map")]
    data: Map<String, Value>,
}

impl StoredFlow {
    fn pack(flow: &Flow) -> Self {
        let nodes = flow.nodes.iter().map(|node| StoredNode {
            id: node.id.clone(),
            kind: node.kind.clone(),
            line: node.line,
            data: node.data.clone(),
        });
        let rest = Flow { nodes: Vec::new(), program: None, ..flow.clone() };
        Self { rest, nodes: nodes.collect(), program: flow.program.as_deref().cloned() }
    }

    pub fn unpack(self) -> Flow {
        let nodes = self.nodes.into_iter().map(|node| FlowNode {
            id: node.id,
            kind: node.kind,
            line: node.line,
            data: node.data,
        });
        Flow { nodes: nodes.collect(), program: self.program.map(Into::into), ..self.rest }
    }
}
