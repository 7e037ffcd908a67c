//! Reverse look-ups over a snapshot's call graph.

use crate::model::{CallEdge, CallGraph, NodeId};

/// Edges by the node they enter.
#[derive(Debug, Default)]
pub struct CallIndex {
    /// Per node, where its edges start in `edges`; one more at the end.
    starts: Vec<u32>,
    /// Indices into the graph's edges, grouped by target, in graph order within a group.
    edges: Vec<u32>,
}

impl CallIndex {
    pub fn new(calls: &CallGraph) -> Self {
        let mut starts = vec![0u32; calls.nodes.len() + 1];
        for edge in &calls.edges {
            starts[edge.to as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut edges = vec![0u32; calls.edges.len()];
        for (at, edge) in calls.edges.iter().enumerate() {
            let slot = &mut next[edge.to as usize];
            edges[*slot as usize] = at as u32;
            *slot += 1;
        }
        Self { starts, edges }
    }

    /// The edges that enter `node`.
    pub fn callers<'a>(
        &'a self,
        calls: &'a CallGraph,
        node: NodeId,
    ) -> impl ExactSizeIterator<Item = &'a CallEdge> {
        let bound = |at: usize| self.starts.get(at).copied().unwrap_or(0) as usize;
        let range = bound(node as usize)..bound(node as usize + 1).max(bound(node as usize));
        self.edges[range].iter().map(|at| &calls.edges[*at as usize])
    }
}
