//! Cuts what is drawn out of a call graph: some levels of callers and callees around a function.

use rustc_hash::FxHashMap;

use crate::model::{CallEdge, CallGraph, Certainty, EdgeKind, NodeId, NodeKind};

/// The reverse of a call graph's edges; built once per snapshot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallIndex {
    /// Edge numbers grouped by callee, each group in edge order.
    edges: Vec<u32>,
    /// Where each callee's group starts; one longer than the nodes.
    starts: Vec<u32>,
}

impl CallIndex {
    pub fn new(graph: &CallGraph) -> Self {
        let mut starts = vec![0u32; graph.nodes.len() + 1];
        for edge in &graph.edges {
            if let Some(count) = starts.get_mut(edge.to as usize + 1) {
                *count += 1;
            }
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut edges = vec![0u32; graph.edges.len()];
        for (number, edge) in graph.edges.iter().enumerate() {
            if let Some(place) = next.get_mut(edge.to as usize) {
                edges[*place as usize] = number as u32;
                *place += 1;
            }
        }
        Self { edges, starts }
    }

    /// The edges that enter `node`.
    pub fn callers<'a>(
        &'a self,
        graph: &'a CallGraph,
        node: NodeId,
    ) -> impl ExactSizeIterator<Item = &'a CallEdge> {
        self.numbers(node).iter().map(|number| &graph.edges[*number as usize])
    }

    /// Numbers of the edges that enter `node`.
    pub fn numbers(&self, node: NodeId) -> &[u32] {
        let at = node as usize;
        match (self.starts.get(at), self.starts.get(at + 1)) {
            (Some(first), Some(last)) => &self.edges[*first as usize..*last as usize],
            _ => &[],
        }
    }
}

/// What to cut out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reach {
    pub callers: usize,
    pub callees: usize,
    /// Show builtins and names of other packages too.
    pub externals: bool,
    /// Show edges that are only possible.
    pub possible: bool,
    /// Draw functions of a module other than the focus's as that module.
    pub fold_modules: bool,
    /// Stop adding boxes at this many; what is left out is counted at its neighbour.
    pub limit: usize,
}

impl Default for Reach {
    fn default() -> Self {
        Self {
            callers: 1,
            callees: 2,
            externals: false,
            possible: true,
            fold_modules: false,
            limit: 400,
        }
    }
}

/// A part of a call graph.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Neighbourhood {
    pub members: Vec<Member>,
    /// In source order of their first call; each pair once.
    pub links: Vec<Link>,
    /// Place of the focus in `members`.
    pub focus: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The function, or where modules are folded the first function met of the module.
    pub node: NodeId,
    /// The folded module this box stands for, as the length of its prefix of the node's name.
    pub folded: Option<usize>,
    /// Negative for callers, positive for callees.
    pub level: i32,
    /// Project functions it calls that are not shown.
    pub hidden_callees: usize,
    pub hidden_callers: usize,
}

/// All calls from one member to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Places in [`Neighbourhood::members`].
    pub from: usize,
    pub to: usize,
    /// Numbers of the graph's edges it stands for.
    pub edges: Vec<u32>,
    /// Of its surest edge.
    pub certainty: Certainty,
    pub kind: EdgeKind,
}

impl Neighbourhood {
    /// The boxes around `focus`.
    pub fn around(graph: &CallGraph, index: &CallIndex, focus: NodeId, reach: &Reach) -> Self {
        let Some(node) = graph.nodes.get(focus as usize) else { return Self::default() };
        let home = if reach.fold_modules { module_in(graph, &node.name) } else { "" };
        let (places, members) = (FxHashMap::default(), Vec::new());
        let mut cut = Cut { graph, index, reach, focus, home, places, members };
        // Callers first, farthest first, so that cycles are opened from above.
        let up = cut.levels(true);
        let down = cut.levels(false);
        for (level, nodes) in up.iter().enumerate().rev() {
            nodes.iter().for_each(|node| cut.add(*node, -(level as i32) - 1));
        }
        cut.add(focus, 0);
        for (level, nodes) in down.iter().enumerate() {
            nodes.iter().for_each(|node| cut.add(*node, level as i32 + 1));
        }
        cut.finish()
    }

    /// Every function of the project and all calls between them.
    pub fn whole(graph: &CallGraph, reach: &Reach) -> Self {
        let index = CallIndex::default();
        let mut cut = Cut {
            graph,
            index: &index,
            reach,
            focus: NodeId::MAX,
            home: "",
            places: FxHashMap::default(),
            members: vec![],
        };
        for node in 0..graph.nodes.len() as NodeId {
            if cut.shown_node(node) {
                cut.add(node, 0);
            }
        }
        cut.finish()
    }

    /// The member that shows `node`.
    pub fn find(&self, node: NodeId) -> Option<usize> {
        self.members.iter().position(|member| member.node == node)
    }
}

/// The work in progress.
struct Cut<'a> {
    graph: &'a CallGraph,
    index: &'a CallIndex,
    reach: &'a Reach,
    focus: NodeId,
    /// The focus's module, where modules are folded.
    home: &'a str,
    places: FxHashMap<(NodeId, &'a str), usize>,
    members: Vec<Member>,
}

impl<'a> Cut<'a> {
    fn shown_node(&self, node: NodeId) -> bool {
        let kind = self.graph.nodes[node as usize].kind;
        self.reach.externals || !matches!(kind, NodeKind::Builtin | NodeKind::External)
    }

    fn shown_edge(&self, number: u32) -> bool {
        self.reach.possible || self.graph.edges[number as usize].certainty != Certainty::Possible
    }

    /// The nodes at each distance from the focus, upwards or downwards, nearest first.
    fn levels(&self, up: bool) -> Vec<Vec<NodeId>> {
        let depth = if up { self.reach.callers } else { self.reach.callees };
        let budget = if up { self.reach.limit / 2 } else { self.reach.limit.saturating_sub(1) };
        let mut seen = rustc_hash::FxHashSet::from_iter([self.focus]);
        let mut levels: Vec<Vec<NodeId>> = Vec::new();
        for _ in 0..depth {
            let from = levels.last().cloned().unwrap_or_else(|| vec![self.focus]);
            let mut next = Vec::new();
            for node in from {
                for other in self.near(node, up) {
                    if seen.len() <= budget && seen.insert(other) {
                        next.push(other);
                    }
                }
            }
            if next.is_empty() {
                break;
            }
            levels.push(next);
        }
        levels
    }

    /// Shown neighbours of a node, in source order, with repetitions.
    fn near(&self, node: NodeId, up: bool) -> Vec<NodeId> {
        let graph = self.graph;
        let keep = |other: &NodeId| self.shown_node(*other);
        if up {
            let edges = self.index.numbers(node).iter().filter(|edge| self.shown_edge(**edge));
            edges.map(|edge| graph.edges[*edge as usize].from).filter(keep).collect()
        } else {
            let first = graph.edges.partition_point(|edge| edge.from < node);
            let edges = graph.callees(node).iter().enumerate();
            edges
                .filter(|(at, _)| self.shown_edge((first + at) as u32))
                .map(|(_, edge)| edge.to)
                .filter(keep)
                .collect()
        }
    }

    /// What box shows a node: itself, or its module when that is folded.
    fn key(&self, node: NodeId) -> (NodeId, &'a str) {
        let graph: &'a CallGraph = self.graph;
        let name = &graph.nodes[node as usize].name;
        if !self.reach.fold_modules || node == self.focus {
            return (node, "");
        }
        let module = module_in(graph, name);
        if module == self.home { (node, "") } else { (NodeId::MAX, module) }
    }

    /// The functions whose calls the members stand for: themselves, or all of a folded module.
    fn sources(&self) -> Vec<NodeId> {
        let mut sources = Vec::new();
        for member in &self.members {
            let Some(length) = member.folded else {
                sources.push(member.node);
                continue;
            };
            // Names are sorted: a module's stand together.
            let nodes = &self.graph.nodes;
            let module = &nodes[member.node as usize].name[..length];
            let first = nodes.partition_point(|node| &*node.name < module);
            let within = nodes[first..].iter().take_while(|node| node.name.starts_with(module));
            let ids = (first as NodeId..).zip(within).map(|(id, _)| id);
            sources.extend(ids.filter(|id| self.key(*id) == (NodeId::MAX, module)));
        }
        sources
    }

    fn add(&mut self, node: NodeId, level: i32) {
        let key = self.key(node);
        if self.places.contains_key(&key) {
            return;
        }
        self.places.insert(key, self.members.len());
        let folded = (key.0 == NodeId::MAX).then_some(key.1.len());
        self.members.push(Member { node, folded, level, hidden_callees: 0, hidden_callers: 0 });
    }

    /// Collects the calls between the members and counts those that lead elsewhere.
    fn finish(mut self) -> Neighbourhood {
        let mut links: Vec<Link> = Vec::new();
        let mut places: FxHashMap<(usize, usize), usize> = FxHashMap::default();
        for node in self.sources() {
            let from = self.places[&self.key(node)];
            let first = self.graph.edges.partition_point(|edge| edge.from < node);
            let mut hidden = rustc_hash::FxHashSet::default();
            for (at, edge) in self.graph.callees(node).iter().enumerate() {
                let number = (first + at) as u32;
                if !self.shown_node(edge.to) {
                    continue;
                }
                let place = self.places.get(&self.key(edge.to)).copied();
                let Some(to) = place.filter(|_| self.shown_edge(number)) else {
                    hidden.insert(edge.to);
                    continue;
                };
                // A folded module's calls within itself say nothing.
                if from == to && self.members[from].folded.is_some() {
                    continue;
                }
                let at = *places.entry((from, to)).or_insert_with(|| {
                    let (certainty, kind) = (edge.certainty, edge.kind);
                    links.push(Link { from, to, edges: Vec::new(), certainty, kind });
                    links.len() - 1
                });
                links[at].edges.push(number);
                links[at].certainty = links[at].certainty.min(edge.certainty);
            }
            self.members[from].hidden_callees += hidden.len();
            let mut hidden: Vec<NodeId> = self.near(node, true);
            hidden.sort_unstable();
            hidden.dedup();
            hidden.retain(|caller| !self.places.contains_key(&self.key(*caller)));
            self.members[from].hidden_callers += hidden.len();
        }
        let focus = match self.focus {
            NodeId::MAX => 0,
            focus => self.places.get(&self.key(focus)).copied().unwrap_or(0),
        };
        Neighbourhood { members: self.members, links, focus }
    }
}

/// The module of the graph a qualified name lives in: the longest prefix that is one.
fn module_in<'a>(graph: &CallGraph, name: &'a str) -> &'a str {
    let is_module = |prefix: &str| {
        graph.find(prefix).is_some_and(|node| graph.nodes[node as usize].kind == NodeKind::Module)
    };
    let mut prefix = name;
    while !is_module(prefix) {
        let shorter = module_of(prefix);
        if shorter.len() == prefix.len() {
            return module_of(name);
        }
        prefix = shorter;
    }
    prefix
}

/// A qualified name without its last part.
pub fn module_of(name: &str) -> &str {
    let cut = match name.rfind("::") {
        Some(at) => at,
        None => name.rfind('.').unwrap_or(name.len()),
    };
    &name[..cut]
}

/// The last part of a qualified name.
pub fn short_name(name: &str) -> &str {
    name.rsplit_once("::")
        .map(|(_, last)| last)
        .unwrap_or_else(|| name.rsplit_once('.').map_or(name, |(_, last)| last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CallNode;

    fn graph() -> CallGraph {
        let names = ["a", "a.f", "a.g", "b", "b.C.m", "b.h", "b.sub.k", "c.x"];
        let modules = ["a", "b", "b.sub"];
        let nodes = names.iter().map(|name| CallNode {
            name: (*name).into(),
            kind: if modules.contains(name) { NodeKind::Module } else { NodeKind::Function },
            file: Some("f".into()),
            line: Some(1),
        });
        let calls =
            [("a.f", "a.g"), ("a.f", "b.C.m"), ("a.g", "b.h"), ("b.C.m", "b.h"), ("b.h", "c.x")];
        let find = |name: &str| names.iter().position(|known| *known == name).unwrap() as u32;
        let edges = calls.iter().map(|(from, to)| CallEdge {
            from: find(from),
            to: find(to),
            file: "f".into(),
            line: 1,
            column: 1,
            kind: EdgeKind::Call,
            certainty: Certainty::Exact,
            why: "".into(),
        });
        CallGraph { nodes: nodes.collect(), edges: edges.collect(), unresolved: vec![] }
    }

    fn around(
        graph: &CallGraph,
        focus: &str,
        reach: Reach,
    ) -> (Vec<String>, Vec<(usize, usize)>, Vec<usize>) {
        let focus = graph.find(focus).unwrap();
        let part = Neighbourhood::around(graph, &CallIndex::new(graph), focus, &reach);
        let name = |member: &Member| {
            let name = &graph.nodes[member.node as usize].name;
            member.folded.map_or(name.to_string(), |length| format!("{}/", &name[..length]))
        };
        (
            part.members.iter().map(name).collect(),
            part.links.iter().map(|link| (link.from, link.to)).collect(),
            part.members.iter().map(|member| member.hidden_callees).collect(),
        )
    }

    #[test]
    fn levels_end_where_asked_and_the_rest_is_counted() {
        let graph = graph();
        let reach = Reach { callers: 1, callees: 1, ..Reach::default() };
        let (names, links, hidden) = around(&graph, "a.g", reach);
        assert_eq!(names, ["a.f", "a.g", "b.h"]);
        assert_eq!(links, [(0, 1), (1, 2)]);
        assert_eq!(hidden, [1, 0, 1], "a.f also calls b.C.m, b.h also calls c.x");
    }

    #[test]
    fn other_modules_fold_into_one_box_with_all_their_calls() {
        let graph = graph();
        let reach = Reach { callers: 0, callees: 2, fold_modules: true, ..Reach::default() };
        let (names, links, _) = around(&graph, "a.f", reach);
        assert_eq!(names, ["a.f", "a.g", "b/"]);
        assert_eq!(links, [(0, 1), (0, 2), (1, 2)], "calls within b are not drawn");
    }
}
