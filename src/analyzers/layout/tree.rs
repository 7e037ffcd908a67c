//! A graph as an indented tree: the form for graphs too large to draw.

use super::Graph;

/// One line of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeRow {
    /// Index into [`Graph::boxes`].
    pub node: usize,
    /// The edge it was reached by, as an index into [`Graph::edges`]; `None` for roots.
    pub edge: Option<usize>,
    /// For each level above this row, whether more siblings follow there; the last entry is the
    /// row's own. Its length is the row's depth.
    pub more: Vec<bool>,
    pub state: RowState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowState {
    /// Its callees follow below it.
    Open,
    /// Calls nothing in the graph.
    Leaf,
    /// Its callees are listed at an earlier row.
    Repeated,
    /// Stands further up on its own path.
    Recursive,
}

impl TreeRow {
    /// The branch lines in front of the row: `│  ├─ `.
    pub fn prefix(&self) -> String {
        let Some((own, above)) = self.more.split_last() else { return String::new() };
        let mut text: String = above.iter().map(|more| if *more { "│  " } else { "   " }).collect();
        text.push_str(if *own { "├─ " } else { "└─ " });
        text
    }
}

/// Rows of the tree under `roots`, each box opened once, at most `limit` rows.
pub fn rows(graph: &Graph, roots: &[usize], limit: usize) -> Vec<TreeRow> {
    let count = graph.boxes.len();
    let mut outgoing: Vec<Vec<(usize, usize)>> = vec![Vec::new(); count];
    for (index, (from, to)) in graph.edges.iter().copied().enumerate() {
        let known = from < count && to < count;
        if known && !outgoing[from].iter().any(|(other, _)| *other == to) {
            outgoing[from].push((to, index));
        }
    }
    let mut rows = Vec::new();
    let mut opened = vec![false; count];
    let mut on_path = vec![false; count];
    for root in roots.iter().copied().filter(|root| *root < count) {
        if !opened[root] {
            walk(root, &outgoing, &mut opened, &mut on_path, &mut rows, limit);
        }
    }
    rows
}

fn walk(
    root: usize,
    outgoing: &[Vec<(usize, usize)>],
    opened: &mut [bool],
    on_path: &mut [bool],
    rows: &mut Vec<TreeRow>,
    limit: usize,
) {
    let state = |node: usize, opened: &[bool], on_path: &[bool]| match () {
        () if on_path[node] => RowState::Recursive,
        () if outgoing[node].is_empty() => RowState::Leaf,
        () if opened[node] => RowState::Repeated,
        () => RowState::Open,
    };
    if rows.len() >= limit {
        return;
    }
    rows.push(TreeRow {
        node: root,
        edge: None,
        more: Vec::new(),
        state: state(root, opened, on_path),
    });
    opened[root] = true;
    on_path[root] = true;
    let mut path = vec![(root, 0usize)];
    let mut more: Vec<bool> = Vec::new();
    while let Some((node, next)) = path.last_mut() {
        let Some((to, edge)) = outgoing[*node].get(*next).copied() else {
            on_path[*node] = false;
            path.pop();
            more.pop();
            continue;
        };
        *next += 1;
        if rows.len() >= limit {
            break;
        }
        let follows = *next < outgoing[*node].len();
        let state = state(to, opened, on_path);
        let mut levels = more.clone();
        levels.push(follows);
        rows.push(TreeRow { node: to, edge: Some(edge), more: levels, state });
        if state == RowState::Open {
            opened[to] = true;
            on_path[to] = true;
            path.push((to, 0));
            more.push(follows);
        }
    }
    for (node, _) in path {
        on_path[node] = false;
    }
}
