//! Functions that reach each other, in groups.

/// Groups of nodes that reach each other (strongly connected components), each after all that it
/// leads to; the nodes of a group are sorted. `next[n]` are the nodes that `n` leads to.
pub fn groups(next: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); next.len()];
    for (from, all) in next.iter().enumerate() {
        all.iter().for_each(|to| before[*to].push(from));
    }
    let mut seen = vec![false; next.len()];
    let mut order = Vec::with_capacity(next.len());
    for start in 0..next.len() {
        let mut stack = vec![(start, 0)];
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        while let Some((at, way)) = stack.last_mut() {
            match next[*at].get(*way).copied() {
                Some(to) => {
                    *way += 1;
                    if !std::mem::replace(&mut seen[to], true) {
                        stack.push((to, 0));
                    }
                }
                None => {
                    order.push(*at);
                    stack.pop();
                }
            }
        }
    }
    // Walked backwards from what is left last, nothing is reached but the node's own group.
    let mut found: Vec<Vec<usize>> = Vec::new();
    for start in order.into_iter().rev() {
        if !std::mem::replace(&mut seen[start], false) {
            continue;
        }
        let (mut group, mut todo) = (Vec::new(), vec![start]);
        while let Some(at) = todo.pop() {
            group.push(at);
            for from in &before[at] {
                if std::mem::replace(&mut seen[*from], false) {
                    todo.push(*from);
                }
            }
        }
        group.sort_unstable();
        found.push(group);
    }
    found.reverse();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_follow_what_they_lead_to() {
        let next = [vec![1], vec![2, 3], vec![1], vec![3, 4], vec![]];
        assert_eq!(groups(&next), [vec![4], vec![3], vec![1, 2], vec![0]]);
        assert_eq!(groups(&[]), Vec::<Vec<usize>>::new());
    }
}
