//! The solved program → [`CallGraph`].

use std::cmp::Ordering;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::openness::open_sites;
use super::solver::{Found, Solver, Target};
use super::values::{How, Value};
use crate::model::facts::python::calls::{BodyKind, Op, Param};
use crate::model::{
    CallEdge, CallGraph, CallNode, Certainty, EdgeKind, Name, NodeId, NodeKind, Unresolved,
};

/// More targets than this at one site are no longer more than possible.
const MANY: usize = 4;

impl<'a> Solver<'a, '_> {
    pub fn emit(&self) -> CallGraph {
        let mut nodes: Vec<CallNode> = Vec::new();
        let mut by_name: FxHashMap<&str, NodeId> = FxHashMap::default();
        let mut of_body: Vec<NodeId> = Vec::with_capacity(self.program.bodies.len());
        let mut callers: Vec<bool> = vec![false; self.program.bodies.len()];
        let bodies = self.bodies_of_sites();
        for (site, _) in self.edges.keys() {
            callers[bodies[*site as usize] as usize] = true;
        }
        for (at, body) in self.program.bodies.iter().enumerate() {
            let file = &self.program.files[body.file as usize];
            // A class body is a node only when it calls something.
            if body.facts.kind == BodyKind::Class && !callers[at] {
                of_body.push(NodeId::MAX);
                continue;
            }
            let name = self.syms.text(body.name);
            let node = *by_name.entry(name).or_insert_with(|| {
                nodes.push(CallNode {
                    name: name.into(),
                    kind: match body.facts.kind {
                        BodyKind::Module => NodeKind::Module,
                        BodyKind::Class => NodeKind::Class,
                        BodyKind::Function | BodyKind::Lambda => NodeKind::Function,
                    },
                    file: Some(file.python.file.path.clone()),
                    line: Some(body.facts.line),
                });
                nodes.len() as NodeId - 1
            });
            of_body.push(node);
        }
        let outside = |text: &str, kind: NodeKind, nodes: &mut Vec<CallNode>| -> NodeId {
            nodes.push(CallNode { name: text.into(), kind, file: None, line: None });
            nodes.len() as NodeId - 1
        };
        let mut targets: FxHashMap<u32, NodeId> = FxHashMap::default();
        // How many targets each site has, of explicit calls and of others.
        let mut counts: Vec<[u32; 2]> = vec![[0; 2]; bodies.len()];
        for ((site, _), found) in &self.edges {
            counts[*site as usize][usize::from(is_explicit(found.kind))] += 1;
        }
        let whys = Whys::new();
        let open = open_sites(self.program, &self.library);
        let mut edges: Vec<CallEdge> = Vec::with_capacity(self.edges.len());
        for ((site, target), found) in &self.edges {
            let body = bodies[*site as usize];
            let from = of_body[body as usize];
            let to = match target {
                Target::Body(body) => of_body[*body as usize],
                Target::External(name) | Target::Builtin(name) => {
                    *targets.entry(*name).or_insert_with(|| {
                        let kind = match target {
                            Target::Builtin(_) => NodeKind::Builtin,
                            _ => NodeKind::External,
                        };
                        outside(self.syms.text(*name), kind, &mut nodes)
                    })
                }
            };
            if from == NodeId::MAX || to == NodeId::MAX {
                continue;
            }
            let count = counts[*site as usize][usize::from(is_explicit(found.kind))];
            let (certainty, why) = whys.of(*found, count as usize, open[*site as usize]);
            let info = &self.program.files[self.program.bodies[body as usize].file as usize];
            let place = &info.python.facts.calls.sites[(*site - info.sites) as usize];
            edges.push(CallEdge {
                from,
                to,
                file: info.python.file.path.clone(),
                line: place.line,
                column: place.column,
                kind: found.kind,
                certainty,
                why,
            });
        }
        let unresolved = self.unresolved(&of_body);
        sort(CallGraph { nodes, edges, unresolved })
    }

    /// The body in which each site stands.
    fn bodies_of_sites(&self) -> Vec<u32> {
        let files = self.program.files.iter();
        files
            .flat_map(|file| {
                let sites = file.python.facts.calls.sites.iter();
                sites.map(|site| file.bodies + site.body)
            })
            .collect()
    }

    /// Every call whose callee nothing is known of, with the reason.
    fn unresolved(&self, of_body: &[NodeId]) -> Vec<Unresolved> {
        let mut found = Vec::new();
        let mut reasons: FxHashMap<String, Name> = FxHashMap::default();
        for file in &self.program.files {
            let facts = &file.python.facts.calls;
            // Which operation fills each variable of the file.
            let mut makers: Vec<u32> = Vec::new();
            let mut params: FxHashMap<u32, &Param> = FxHashMap::default();
            for op in &facts.ops {
                let Op::Call { callee, site, .. } = op else { continue };
                if *site == 0 || self.settled[(file.sites + site) as usize] {
                    continue;
                }
                if makers.is_empty() {
                    makers = makers_of(facts);
                    let all = facts.bodies.iter().rev().flat_map(|body| body.params.iter().rev());
                    params = all.map(|param| (param.var, param)).collect();
                }
                let place = &facts.sites[*site as usize];
                let from = of_body[(file.bodies + place.body) as usize];
                if from == NodeId::MAX {
                    continue;
                }
                let reason = if self.comes_from_outside(file.vars + callee) {
                    "what is called was made outside the project".into()
                } else {
                    self.reason(facts, &makers, &params, *callee)
                };
                let reason =
                    reasons.entry(reason.clone()).or_insert_with(|| reason.as_str().into()).clone();
                found.push(Unresolved {
                    from,
                    file: file.python.file.path.clone(),
                    line: place.line,
                    column: place.column,
                    text: facts.strings[place.text as usize].clone(),
                    reason,
                });
            }
        }
        found
    }

    fn comes_from_outside(&self, var: u32) -> bool {
        self.graph.values(var).iter().any(|value| matches!(self.values.get(*value), Value::Opaque))
    }

    fn reason(
        &self,
        facts: &crate::model::facts::python::calls::CallFacts,
        makers: &[u32],
        params: &FxHashMap<u32, &Param>,
        callee: u32,
    ) -> String {
        let param = |var: u32| params.get(&var).copied();
        let maker = |var: u32| {
            let at = makers.get(var as usize).copied()?;
            facts.ops.get((at as usize).checked_sub(1)?)
        };
        if let Some(param) = param(callee) {
            let name = &facts.strings[param.name as usize];
            return format!("parameter `{name}` is never given anything known");
        }
        match maker(callee) {
            Some(Op::Load { base, .. }) => {
                if let Some(param) = param(*base) {
                    let name = &facts.strings[param.name as usize];
                    return format!("the type of parameter `{name}` is unknown");
                }
                match maker(*base) {
                    Some(Op::Call { .. }) => "what the call before it returns is unknown".into(),
                    Some(Op::Load { attr, .. }) => {
                        let name = &facts.strings[*attr as usize];
                        format!("what attribute `{name}` holds is unknown")
                    }
                    Some(Op::GetItem { .. }) => "what the container holds is unknown".into(),
                    Some(Op::Iterate { .. } | Op::Unpack { .. }) => {
                        "what is iterated over is unknown".into()
                    }
                    _ => "the receiver is unknown".into(),
                }
            }
            Some(Op::Call { .. }) => "what the inner call returns is unknown".into(),
            Some(Op::GetItem { .. }) => "what the container holds is unknown".into(),
            Some(Op::Import { origin, .. }) => {
                let name = &facts.strings[*origin as usize];
                format!("`{name}` is not defined where it is imported from")
            }
            _ => "the value called is unknown".into(),
        }
    }
}

/// For each variable of a file one more than the operation that fills it.
fn makers_of(facts: &crate::model::facts::python::calls::CallFacts) -> Vec<u32> {
    let mut makers = vec![0; facts.vars as usize + 1];
    for (at, op) in facts.ops.iter().enumerate() {
        if let Op::Load { to, .. }
        | Op::Call { to, .. }
        | Op::GetItem { to, .. }
        | Op::Iterate { to, .. }
        | Op::Unpack { to, .. }
        | Op::Import { to, .. } = op
        {
            makers[*to as usize] = at as u32 + 1;
        }
    }
    makers
}

/// Calls that are written at their site, as opposed to those the language makes.
fn is_explicit(kind: EdgeKind) -> bool {
    matches!(kind, EdgeKind::Call | EdgeKind::Construct | EdgeKind::Decorator)
}

/// The reasons edges give, shared.
struct Whys {
    flow: Name,
    several: Name,
    handed: Name,
    own: Name,
    annotated: Name,
    callback: Name,
    below: Name,
    dispatch: Name,
}

impl Whys {
    fn new() -> Self {
        let name = |text: &str| -> Name { Arc::from(text) };
        Self {
            flow: name("the value called is defined there"),
            several: name("one of the values that may be called here"),
            handed: name("what a parameter is given within the project"),
            own: name("a method of the receiver's own class"),
            annotated: name("a method of the class an annotation names"),
            callback: name("handed to a function that calls it back"),
            below: name("an override below the class that is known"),
            dispatch: name("a member whose name fits the one made at run time"),
        }
    }

    fn of(&self, found: Found, count: usize, is_open: bool) -> (Certainty, Name) {
        let crowd = |one: Certainty| if count > MANY { Certainty::Possible } else { one };
        match found.how {
            How::Flow if is_open => (crowd(Certainty::Inferred), self.handed.clone()),
            How::Flow if count == 1 => (Certainty::Exact, self.flow.clone()),
            How::Flow => (crowd(Certainty::Inferred), self.several.clone()),
            How::Own => (crowd(Certainty::Inferred), self.own.clone()),
            How::Annotated => (crowd(Certainty::Inferred), self.annotated.clone()),
            How::Callback => (crowd(Certainty::Inferred), self.callback.clone()),
            How::Override => (Certainty::Possible, self.below.clone()),
            How::Dispatch => (Certainty::Possible, self.dispatch.clone()),
        }
    }
}

/// Puts nodes in the order of their names and edges in the order of their places.
fn sort(graph: CallGraph) -> CallGraph {
    let CallGraph { nodes, mut edges, mut unresolved } = graph;
    let mut order: Vec<u32> = (0..nodes.len() as u32).collect();
    order.par_sort_by(|a, b| nodes[*a as usize].name.cmp(&nodes[*b as usize].name));
    let mut place = vec![0u32; nodes.len()];
    for (new, old) in order.iter().enumerate() {
        place[*old as usize] = new as u32;
    }
    let mut sorted: Vec<Option<CallNode>> = nodes.into_iter().map(Some).collect();
    let nodes = order.iter().filter_map(|old| sorted[*old as usize].take()).collect();
    for edge in &mut edges {
        edge.from = place[edge.from as usize];
        edge.to = place[edge.to as usize];
    }
    for call in &mut unresolved {
        call.from = place[call.from as usize];
    }
    // Edges of one caller almost always share the very string.
    let by_file = |a: &Name, b: &Name| if Arc::ptr_eq(a, b) { Ordering::Equal } else { a.cmp(b) };
    edges.par_sort_by(|a, b| {
        let places = |edge: &CallEdge| (edge.line, edge.column, edge.to);
        let files = || by_file(&a.file, &b.file);
        a.from.cmp(&b.from).then_with(files).then_with(|| places(a).cmp(&places(b)))
    });
    unresolved.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    CallGraph { nodes, edges, unresolved }
}
