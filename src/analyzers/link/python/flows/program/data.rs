//! The graph under construction, and the data edges its control edges imply.

use rustc_hash::FxHashSet;
use serde_json::{Map, Value};

use crate::model::{FlowEdge, FlowNode, Name};

pub type NodeId = usize;
pub type StreamId = usize;

/// One node with what it defines and uses.
pub struct Node {
    pub kind: &'static str,
    pub line: u32,
    pub stream: StreamId,
    pub data: Map<String, Value>,
    /// The variable this node sets in its stream.
    pub defines: Option<Name>,
    pub uses: Vec<Use>,
}

/// A variable that a node reads, and the nodes its stream had reached by then when that is another
/// stream.
#[derive(Clone, PartialEq, Eq)]
pub struct Use {
    pub stream: StreamId,
    pub name: Name,
    pub seen: Vec<NodeId>,
    /// The call whose own state has it.
    pub run: Option<NodeId>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    pub from: NodeId,
    pub to: NodeId,
    pub kind: &'static str,
    pub label: Option<&'static str>,
}

pub struct Stream {
    pub name: String,
    pub parent: Option<StreamId>,
}

#[derive(Default)]
pub struct Graph {
    pub list: Vec<Node>,
    pub links: Vec<Link>,
    pub streams: Vec<Stream>,
    /// What tracing the program for real would lose: code, line, message.
    pub losses: Vec<(&'static str, u32, String)>,
}

impl Graph {
    pub fn nodes(&self) -> Vec<FlowNode> {
        let node = |(at, node): (usize, &Node)| {
            let mut data = node.data.clone();
            let stream = self.streams[node.stream].name.clone();
            data.insert("stream".into(), Value::String(stream));
            FlowNode { id: id(at), kind: node.kind.into(), line: node.line, data }
        };
        self.list.iter().enumerate().map(node).collect()
    }

    pub fn link(&mut self, link: Link) {
        if !self.links.contains(&link) {
            self.links.push(link);
        }
    }

    pub fn lose(&mut self, code: &'static str, line: u32, message: impl Into<String>) {
        let loss = (code, line, message.into());
        if !self.losses.contains(&loss) {
            self.losses.push(loss);
        }
    }
}

fn id(node: NodeId) -> Name {
    format!("n{node}").into()
}

/// All control edges, then a `data` edge from each definition that may reach a use, loop-carried
/// ones included.
pub fn with_data_edges(graph: &Graph) -> Vec<FlowEdge> {
    let edge = |link: &Link| FlowEdge {
        from: id(link.from),
        to: id(link.to),
        kind: link.kind.into(),
        label: link.label.map(Into::into),
    };
    let mut edges: Vec<FlowEdge> = graph.links.iter().map(edge).collect();
    let data = |from: NodeId, to: NodeId, used: &Use| FlowEdge {
        from: id(from),
        to: id(to),
        kind: "data".into(),
        label: Some(used.name.clone()),
    };
    let out = reaching(graph);
    let mut seen: FxHashSet<(NodeId, NodeId, Name)> = FxHashSet::default();
    for (at, node) in graph.list.iter().enumerate() {
        for used in &node.uses {
            if let Some(run) = used.run {
                if seen.insert((run, at, used.name.clone())) {
                    edges.push(data(run, at, used));
                }
                continue;
            }
            // What reaches the node itself, or what the other stream had reached.
            let before: Vec<NodeId> = if used.seen.is_empty() {
                graph.links.iter().filter(|link| link.to == at).map(|link| link.from).collect()
            } else {
                used.seen.clone()
            };
            let mut reached: Vec<NodeId> =
                before.iter().flat_map(|from| out[*from].iter().copied()).collect();
            reached.sort_unstable();
            reached.dedup();
            for definition in of_stream(graph, &reached, used) {
                if seen.insert((definition, at, used.name.clone())) {
                    edges.push(data(definition, at, used));
                }
            }
        }
    }
    edges
}

/// The definitions of a used variable: those of its own stream, else of the stream it was forked
/// from, and so on.
fn of_stream(graph: &Graph, reached: &[NodeId], used: &Use) -> Vec<NodeId> {
    let mut stream = Some(used.stream);
    while let Some(at) = stream {
        let own: Vec<NodeId> = reached
            .iter()
            .copied()
            .filter(|node| {
                let node = &graph.list[*node];
                let names = node.defines.as_deref().is_some_and(|own| may_be(own, &used.name));
                node.stream == at && (names || is_reasoning_of(node, &used.name))
            })
            .collect();
        if !own.is_empty() {
            return own;
        }
        stream = graph.streams[at].parent;
    }
    Vec::new()
}

/// Whether two names may be the same one; placeholders in braces stand for any text.
fn may_be(one: &str, two: &str) -> bool {
    match (one.contains('{'), two.contains('{')) {
        (false, false) => one == two,
        (true, false) => fits(one, two),
        (false, true) => fits(two, one),
        (true, true) => pieces(one) == pieces(two),
    }
}

/// What stands around the placeholders of a name.
fn pieces(name: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('{') {
        pieces.push(before);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    pieces.push(rest);
    pieces
}

fn fits(pattern: &str, name: &str) -> bool {
    let pieces = pieces(pattern);
    let [first, .., last] = pieces.as_slice() else { return pattern == name };
    let Some(inner) = name.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else {
        return false;
    };
    let mut rest = inner;
    pieces[1..pieces.len() - 1].iter().all(|piece| match rest.split_once(piece) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

/// `separate_reasoning(gen("x"))` also sets `x_reasoning_content`.
fn is_reasoning_of(node: &Node, name: &str) -> bool {
    node.data.contains_key("separate_reasoning")
        && name.strip_suffix("_reasoning_content") == node.defines.as_deref()
}

/// For each node, the definitions that may reach its end (a forward may-analysis to a fixpoint).
fn reaching(graph: &Graph) -> Vec<FxHashSet<NodeId>> {
    let mut out: Vec<FxHashSet<NodeId>> = vec![FxHashSet::default(); graph.list.len()];
    let mut before: Vec<Vec<NodeId>> = vec![Vec::new(); graph.list.len()];
    for link in &graph.links {
        before[link.to].push(link.from);
    }
    let mut changed = true;
    while changed {
        changed = false;
        for at in 0..graph.list.len() {
            let mut reached: FxHashSet<NodeId> = FxHashSet::default();
            for from in &before[at] {
                reached.extend(out[*from].iter().copied());
            }
            let node = &graph.list[at];
            if node.defines.is_some() {
                reached.retain(|other| {
                    let other = &graph.list[*other];
                    other.stream != node.stream || other.defines != node.defines
                });
                reached.insert(at);
            }
            if reached.len() != out[at].len() {
                out[at] = reached;
                changed = true;
            }
        }
    }
    out
}
