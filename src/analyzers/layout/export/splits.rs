//! Splits as pictures: blocks, and between them what each suspension saves.

use crate::model::{Block, Project, Split, Suspension, SuspensionKind, is_named};

use super::{Cluster, Edge, Format, Node, Picture, Shape, Stroke, shorten};

const LINE: usize = 60;
const MOST_LINES: usize = 12;

/// All splits of the project, or those of one function, in a text format.
pub fn splits(project: &Project, format: Format, function: Option<&str>) -> Result<String, String> {
    let wanted = |split: &&Split| match function {
        Some(name) => is_named(&split.function, name),
        None => true,
    };
    let chosen: Vec<&Split> = project.splits.iter().filter(wanted).collect();
    if let (Some(name), true) = (function, chosen.is_empty()) {
        return Err(format!(
            "no split function is called `{name}`; `metascope splits PATH` lists them"
        ));
    }
    let clusters = chosen.iter().map(|split| split_cluster(split)).collect();
    let title = function.map_or_else(|| project.root.to_string(), str::to_owned);
    Ok(Picture { title, clusters }.write(format))
}

/// One split: its blocks, and on the edges what a suspension does and saves. The way with the most
/// hops stands out.
pub fn split_cluster(split: &Split) -> Cluster {
    let label = match &split.refused {
        Some(refusal) => {
            format!("{} (not split: {}, line {})", split.function, refusal.reason, refusal.line)
        }
        None => format!("{} ({}:{})", split.function, split.file, split.line),
    };
    let place = |id: u32| split.blocks.iter().position(|block| block.id == id);
    let mut edges = Vec::new();
    for (from, block) in split.blocks.iter().enumerate() {
        let suspension = block
            .suspends
            .and_then(|id| split.suspensions.iter().find(|suspension| suspension.id == id));
        for (way, next) in block.next.iter().enumerate() {
            let Some(to) = place(*next) else { continue };
            let resumes = suspension.is_some_and(|it| split.blocks[to].resume_of == Some(it.id));
            let (label, stroke) = match suspension.filter(|_| resumes) {
                Some(suspension) => (crossing(suspension), Stroke::Dashed),
                None => (way_name(block, way).to_owned(), Stroke::Solid),
            };
            let strong = split.most_hops.windows(2).any(|step| *step == [block.id, *next]);
            edges.push(Edge { from, to, label, stroke, strong });
        }
    }
    Cluster { label, nodes: split.blocks.iter().map(node).collect(), edges }
}

/// What happens between a block that suspends and the one that resumes.
fn crossing(suspension: &Suspension) -> String {
    let verb = match suspension.kind {
        SuspensionKind::Call | SuspensionKind::Own => "call",
        SuspensionKind::Create => "create",
        SuspensionKind::Read => "read",
        SuspensionKind::Write => "write",
        SuspensionKind::Await => "await",
    };
    let mut text = format!("{verb} {}", suspension.target);
    let kept: Vec<&str> =
        suspension.saves.iter().chain(&suspension.spills).map(|name| &**name).collect();
    if !kept.is_empty() {
        text.push_str(&format!(" [saves {}]", kept.join(", ")));
    }
    shorten(&text, LINE)
}

fn way_name(block: &Block, way: usize) -> &'static str {
    match (block.next.len(), &*block.kind, way) {
        (2, "loop", 0) => "body",
        (2, "loop", 1) => "exhausted",
        (2, _, 0) => "then",
        (2, _, 1) => "else",
        _ => "",
    }
}

fn node(block: &Block) -> Node {
    let mut lines =
        vec![format!("{} {}  {}–{}", block.id, block.kind, block.lines.0, block.lines.1)];
    lines.extend(block.code.iter().take(MOST_LINES).map(|line| shorten(line, LINE)));
    if block.code.len() > MOST_LINES {
        lines.push(format!("… {} more", block.code.len() - MOST_LINES));
    }
    let shape = match &*block.kind {
        _ if block.entry => Shape::Focus,
        _ if block.next.len() > 1 && block.suspends.is_none() => Shape::Choice,
        "exit" => Shape::Outside,
        _ => Shape::Plain,
    };
    Node { lines, shape }
}
