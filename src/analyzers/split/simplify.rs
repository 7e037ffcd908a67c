//! Makes a graph small and gives it its final numbers.

use super::graph::{Block, BlockId, End, Graph, Role};

/// Drops unreachable blocks, threads empty jumps, folds empty constant returns into a jumping
/// predecessor and merges straight-line chains until nothing changes; then numbers the blocks in
/// depth-first preorder from the entry.
pub fn simplify(graph: &mut Graph) {
    drop_dead_stores(graph);
    loop {
        let changed = thread_jumps(graph) | fold_returns(graph) | merge_chains(graph);
        if !changed {
            break;
        }
    }
    renumber(graph);
}

/// Removes operations that only set a machinery variable which nothing reads.
fn drop_dead_stores(graph: &mut Graph) {
    let mut read = super::VarSet::default();
    for block in &graph.blocks {
        for op in &block.ops {
            read.union(&op.effects.uses);
        }
        match &block.end {
            End::Branch { test, .. } => read.union(&test.effects.uses),
            End::Next { iterator, target, .. } => {
                read.insert(*iterator);
                read.union(&target.effects.uses);
            }
            End::Switch { on, .. } => {
                read.insert(*on);
            }
            End::Return { value: Some(op), .. } | End::Raise(op) => read.union(&op.effects.uses),
            _ => {}
        }
    }
    for cut in &graph.suspensions {
        read.union(&cut.request.effects.uses);
    }
    for block in &mut graph.blocks {
        block.ops.retain(|op| op.only_sets.is_none_or(|var| read.contains(var)));
    }
}

/// A block that only jumps; replies are delivered to a block of their own, so those stay.
fn forwards(block: &Block) -> Option<BlockId> {
    match block.end {
        End::Jump(to) if block.ops.is_empty() && block.resume_of.is_none() => Some(to),
        _ => None,
    }
}

fn thread_jumps(graph: &mut Graph) -> bool {
    let mut place: Vec<BlockId> = (0..graph.blocks.len()).collect();
    for (start, place) in place.iter_mut().enumerate() {
        let mut seen = vec![start];
        while let Some(to) = forwards(&graph.blocks[seen[seen.len() - 1]]) {
            if let Some(first) = seen.iter().position(|at| *at == to) {
                // A cycle of empty jumps is an endless loop: one of its blocks stays.
                let kept = seen[first..].iter().min().copied();
                seen.extend(kept);
                break;
            }
            seen.push(to);
        }
        *place = seen[seen.len() - 1];
    }
    let mut changed = false;
    for at in 0..graph.blocks.len() {
        let mut end = std::mem::replace(&mut graph.blocks[at].end, End::Open);
        end.retarget(&mut |to| {
            changed |= place[to] != to;
            place[to]
        });
        graph.blocks[at].end = end;
        if let Some((handler, _)) = &mut graph.blocks[at].on_error {
            *handler = place[*handler];
        }
    }
    let entry = place[graph.entry];
    changed |= entry != graph.entry;
    graph.entry = entry;
    changed
}

fn fold_returns(graph: &mut Graph) -> bool {
    let mut changed = false;
    for at in 0..graph.blocks.len() {
        let End::Jump(to) = graph.blocks[at].end else { continue };
        let target = &graph.blocks[to];
        if target.ops.is_empty()
            && target.resume_of.is_none()
            && matches!(target.end, End::Return { constant: true, .. })
        {
            graph.blocks[at].end = target.end.clone();
            changed = true;
        }
    }
    changed
}

fn merge_chains(graph: &mut Graph) -> bool {
    let reachable = reachable(graph);
    let mut entries = vec![0u32; graph.blocks.len()];
    entries[graph.entry] += 1;
    for at in (0..graph.blocks.len()).filter(|at| reachable[*at]) {
        for to in graph.successors(at) {
            entries[to] += 1;
        }
    }
    let mut changed = false;
    for at in (0..graph.blocks.len()).filter(|at| reachable[*at]) {
        while let End::Jump(to) = graph.blocks[at].end {
            let same_handler = {
                let (here, there) = (&graph.blocks[at], &graph.blocks[to]);
                here.on_error == there.on_error
            };
            let single = entries[to] == 1 && to != at && graph.blocks[to].resume_of.is_none();
            if !single || !same_handler || graph.blocks[to].role == Role::Loop {
                break;
            }
            let ops = std::mem::take(&mut graph.blocks[to].ops);
            let end = std::mem::replace(&mut graph.blocks[to].end, End::Open);
            let role = graph.blocks[to].role;
            let here = &mut graph.blocks[at];
            here.ops.extend(ops);
            here.end = end;
            if here.role == Role::Plain {
                here.role = role;
            }
            entries[to] = 0;
            changed = true;
        }
    }
    changed
}

fn reachable(graph: &Graph) -> Vec<bool> {
    let mut seen = vec![false; graph.blocks.len()];
    let mut stack = vec![graph.entry];
    while let Some(at) = stack.pop() {
        if !std::mem::replace(&mut seen[at], true) {
            stack.extend(graph.successors(at));
        }
    }
    seen
}

/// Depth-first preorder; blocks that are not reached disappear, and so do their suspensions.
fn renumber(graph: &mut Graph) {
    let mut order = Vec::new();
    let mut place = vec![usize::MAX; graph.blocks.len()];
    let mut stack = vec![graph.entry];
    while let Some(at) = stack.pop() {
        if place[at] != usize::MAX {
            continue;
        }
        place[at] = order.len();
        order.push(at);
        stack.extend(graph.successors(at).into_iter().rev());
    }
    let mut blocks: Vec<Block> = order.iter().map(|at| graph.blocks[*at].clone()).collect();
    for block in &mut blocks {
        block.end.retarget(&mut |to| place[to]);
        if let Some((handler, _)) = &mut block.on_error {
            *handler = place[*handler];
        }
    }
    graph.blocks = blocks;
    graph.entry = 0;
    renumber_suspensions(graph);
}

/// Suspensions in the order of their place in the source.
fn renumber_suspensions(graph: &mut Graph) {
    let mut used: Vec<usize> = graph
        .blocks
        .iter()
        .filter_map(|block| match block.end {
            End::Suspend { suspension, .. } => Some(suspension),
            _ => None,
        })
        .collect();
    used.sort_by_key(|at| (graph.suspensions[*at].end, graph.suspensions[*at].start, *at));
    used.dedup();
    let mut place = vec![usize::MAX; graph.suspensions.len()];
    for (new, old) in used.iter().enumerate() {
        place[*old] = new;
    }
    graph.suspensions = used.iter().map(|at| graph.suspensions[*at].clone()).collect();
    for block in &mut graph.blocks {
        if let End::Suspend { suspension, .. } = &mut block.end {
            *suspension = place[*suspension];
        }
        block.resume_of = block.resume_of.map(|at| place[at]).filter(|at| *at != usize::MAX);
    }
}
