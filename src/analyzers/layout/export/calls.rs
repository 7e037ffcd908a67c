//! The call graph, or a neighbourhood of it, as a picture.

use crate::model::{CallGraph, Certainty, EdgeKind, NodeKind, Project, look_up};

use super::super::neighbourhood::{CallIndex, Neighbourhood, Reach};
use super::{Cluster, Edge, Format, Node, Picture, Shape, Stroke};

/// What part of the graph to write.
#[derive(Debug, Clone, Default)]
pub struct CallsOptions {
    /// A qualified name, or the end of exactly one; the whole project without it.
    pub focus: Option<String>,
    pub reach: Reach,
}

/// SVG needs a layout: more boxes than this are refused.
const MOST_BOXES: usize = 400;

/// The project's call graph in a text format. The error says what to do instead.
pub fn calls(project: &Project, format: Format, options: &CallsOptions) -> Result<String, String> {
    let graph = &project.calls;
    let part = match &options.focus {
        Some(name) => {
            let focus = find(graph, name)?;
            Neighbourhood::around(graph, &CallIndex::new(graph), focus, &options.reach)
        }
        None => Neighbourhood::whole(graph, &options.reach),
    };
    if format == Format::Svg && part.members.len() > MOST_BOXES {
        return Err(format!(
            "{} functions are too many for one drawing; choose a part with --focus NAME \
             --callers N --callees N, or use --format dot",
            part.members.len()
        ));
    }
    let title = match &options.focus {
        Some(_) => {
            part.members.get(part.focus).map_or("", |it| &graph.nodes[it.node as usize].name)
        }
        None => &project.root,
    };
    Ok(picture_of(graph, &part, options.focus.is_some(), title).write(format))
}

/// A neighbourhood as a picture; the focus stands out when there is one.
pub fn picture_of(graph: &CallGraph, part: &Neighbourhood, focused: bool, title: &str) -> Picture {
    let nodes = part.members.iter().enumerate().map(|(place, member)| {
        let node = &graph.nodes[member.node as usize];
        let mut lines = match member.folded {
            Some(length) => vec![format!("{} …", &node.name[..length])],
            None => vec![node.name.to_string()],
        };
        if let Some(last) = lines.last_mut()
            && member.hidden_callees > 0
            && focused
        {
            last.push_str(&format!(" +{}", member.hidden_callees));
        }
        let shape = match node.kind {
            _ if focused && place == part.focus => Shape::Focus,
            NodeKind::Builtin | NodeKind::External => Shape::Outside,
            _ => Shape::Plain,
        };
        Node { lines, shape }
    });
    let edges = part.links.iter().map(|link| {
        let mut label = match link.kind {
            EdgeKind::Call => String::new(),
            kind => kind.as_str().to_owned(),
        };
        if link.edges.len() > 1 {
            label.push_str(&format!(" ×{}", link.edges.len()));
        }
        let stroke = match link.certainty {
            Certainty::Exact => Stroke::Solid,
            Certainty::Inferred => Stroke::Dashed,
            Certainty::Possible => Stroke::Dotted,
        };
        Edge { from: link.from, to: link.to, label: label.trim().to_owned(), stroke, strong: false }
    });
    let cluster = Cluster { label: String::new(), nodes: nodes.collect(), edges: edges.collect() };
    Picture { title: title.to_owned(), clusters: vec![cluster] }
}

/// The node a user means: the exact name, else the only name that ends with it.
pub fn find(graph: &CallGraph, name: &str) -> Result<u32, String> {
    let names = graph.nodes.iter().map(|node| &*node.name);
    let found = look_up(names, name)
        .map_err(|not| not.say(name, "; `metascope calls PATH` lists all names"))?;
    graph.find(found).ok_or_else(|| format!("{found} is no function"))
}
