//! Call graphs, splits and flows as Graphviz DOT, Mermaid and SVG text.
//!
//! What is shown is first put into a [`Picture`] (clusters, nodes, edges); each format then writes
//! pictures without knowing what they show.

mod calls;
mod dot;
mod flows;
mod mermaid;
mod splits;
mod svg;

#[cfg(test)]
mod tests;

pub use calls::{CallsOptions, calls, find, picture_of};
pub use flows::{flow_cluster, flows, node_title};
pub use splits::{split_cluster, splits};

/// The text formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Dot,
    Mermaid,
    Svg,
}

/// What is to be drawn, whatever it means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picture {
    pub title: String,
    pub clusters: Vec<Cluster>,
}

/// Nodes that belong together, drawn in a frame; edges stay within their cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cluster {
    pub label: String,
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Lines of text; the first is the node's name.
    pub lines: Vec<String>,
    pub shape: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Plain,
    /// The one the picture is about.
    Focus,
    /// Outside the project, or where control leaves it.
    Outside,
    /// A choice or a loop.
    Choice,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// Places in [`Cluster::nodes`].
    pub from: usize,
    pub to: usize,
    pub label: String,
    pub stroke: Stroke,
    /// On the way that the picture is to show.
    pub strong: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stroke {
    Solid,
    Dashed,
    Dotted,
}

impl Cluster {
    /// Whether a piece of line belongs to the way that stands out: one that serves a single edge, or
    /// what all edges of its node share.
    pub fn is_strong(&self, from: usize, edge: Option<usize>) -> bool {
        match edge {
            Some(edge) => self.edges.get(edge).is_some_and(|edge| edge.strong),
            None => self.edges.iter().any(|edge| edge.strong && edge.from == from),
        }
    }
}

impl Picture {
    pub fn write(&self, format: Format) -> String {
        match format {
            Format::Dot => dot::write(self),
            Format::Mermaid => mermaid::write(self),
            Format::Svg => svg::write(self),
        }
    }
}

/// Text from source files may hold anything: control characters become spaces.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Cuts a long line of text short.
fn shorten(text: &str, most: usize) -> String {
    let text = clean(text);
    if text.chars().count() <= most {
        return text;
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}
