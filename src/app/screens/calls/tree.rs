//! The tree form: callers, callees, and the calls that could not be resolved.

use super::super::common::{certainty, join, qualified};
use super::{graph, unresolved};
use crate::analyzers::layout::neighbourhood::{Link, Neighbourhood, Reach};
use crate::analyzers::layout::tree::{RowState, TreeRow, rows};
use crate::analyzers::layout::{Graph, Size};
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::model::Model;
use crate::app::text::{Line, Role};
use crate::model::NodeId;

/// More rows than this are not listed.
const MOST_ROWS: usize = 2_000;

pub fn detail(model: &Model, focus: NodeId) -> Detail {
    let calls = &model.project.calls;
    let name = &calls.nodes[focus as usize].name;
    let mut detail = Detail { title: qualified(name, Role::Title), lines: Vec::new() };
    let index = model.call_index();
    let reach = Reach { limit: MOST_ROWS, fold_modules: false, ..model.calls.reach };
    for (title, reach, up) in [
        ("Callers", Reach { callees: 0, ..reach }, true),
        ("Calls", Reach { callers: 0, ..reach }, false),
    ] {
        let part = Neighbourhood::around(calls, &index, focus, &reach);
        let edges = part
            .links
            .iter()
            .map(|link| if up { (link.to, link.from) } else { (link.from, link.to) });
        let boxes = vec![Size { width: 1, height: 1 }; part.members.len()];
        let graph = Graph { boxes, edges: edges.collect(), ..Graph::default() };
        let listed = rows(&graph, &[part.focus], MOST_ROWS);
        let direct = listed.iter().filter(|row| row.more.len() == 1).count();
        detail.heading(&format!("{title} ({direct})"));
        if listed.len() <= 1 {
            detail.line(Line::dim(if up {
                "Nothing in the project calls it."
            } else {
                "It calls nothing that is shown."
            }));
        }
        for row in listed.iter().skip(1) {
            let link = row.edge.and_then(|edge| part.links.get(edge));
            let (line, links) = shown(model, &part, row, link);
            detail.fixed(line, links);
        }
        if listed.len() >= MOST_ROWS {
            detail.line(Line::new(Role::Warning, "… more is not listed; show fewer levels with -"));
        }
    }
    let unresolved = unresolved(model, focus);
    if !unresolved.is_empty() {
        detail.heading(&format!("Not resolved ({})", unresolved.len()));
        for call in unresolved {
            let line = Line::new(Role::LineNumber, &format!("{:>5} ", call.line))
                .push(Role::Possible, &call.text)
                .push(Role::Dim, &format!("  {}", call.reason));
            detail.linked(line, Links::at(&call.file, call.line));
        }
    }
    detail
}

/// One row: branch, certainty, name, how it is called and where.
fn shown(model: &Model, part: &Neighbourhood, row: &TreeRow, link: Option<&Link>) -> (Line, Links) {
    let calls = &model.project.calls;
    let node = &calls.nodes[part.members[row.node].node as usize];
    let mut line = Line::new(Role::Border, &row.prefix());
    let mut links = Links { symbol: Some(node.name.clone()), ..Links::default() };
    if let Some(link) = link {
        line = join([line, certainty(link.certainty), Line::text(" ")]);
    }
    line = line.append(qualified(&node.name, graph::kind_role(node.kind)));
    match row.state {
        RowState::Recursive => line = line.push(Role::Dim, " ↺"),
        RowState::Repeated => line = line.push(Role::Dim, " ↑ see above"),
        RowState::Open | RowState::Leaf => {}
    }
    let hidden = part.members[row.node].hidden_callees;
    if hidden > 0 && row.state == RowState::Leaf {
        line = line.push(Role::Dim, &format!(" +{hidden}"));
    }
    if let Some(edge) = link.and_then(|link| calls.edges.get(*link.edges.first()? as usize)) {
        let times = link.map_or(0, |link| link.edges.len());
        let times = if times > 1 { format!(" ×{times}") } else { String::new() };
        let kind = match edge.kind {
            crate::model::EdgeKind::Call => String::new(),
            kind => format!("{} ", kind.as_str()),
        };
        line = line.push(Role::Dim, &format!("{times}  {kind}{}:{}", short(&edge.file), edge.line));
        links = Links { symbol: links.symbol, ..Links::at(&edge.file, edge.line) }
            .why(edge.certainty, &edge.why);
    }
    (line, links)
}

fn short(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
