//! The method resolution order (C3), `object` included, and whether one exists at all.

use rustc_hash::FxHashSet;

use super::library;
use crate::analyzers::link::python::names::Names;
use crate::model::Name;

pub struct Order {
    /// The class itself first.
    pub classes: Vec<Name>,
    /// The bases of which each demands to stand before the other.
    pub contradiction: Vec<Name>,
}

pub fn order(names: &Names<'_>, class: &str) -> Order {
    let mut contradiction = Vec::new();
    let classes = linearise(names, class, &mut FxHashSet::default(), &mut contradiction);
    Order { classes, contradiction }
}

fn linearise(
    names: &Names<'_>,
    class: &str,
    active: &mut FxHashSet<Name>,
    contradiction: &mut Vec<Name>,
) -> Vec<Name> {
    let own: Name = class.into();
    let object: Name = "builtins.object".into();
    if own == object {
        return vec![object];
    }
    if names.class(class).is_none() {
        let known = library::order(class).unwrap_or(&[]);
        let mut order: Vec<Name> = known.iter().map(|name| Name::from(*name)).collect();
        if order.is_empty() {
            order.push(own);
        }
        order.push(object);
        return order;
    }
    if !active.insert(own.clone()) {
        return vec![own];
    }
    let bases = names.bases(class);
    let mut lists: Vec<Vec<Name>> =
        bases.iter().map(|base| linearise(names, base, active, contradiction)).collect();
    active.remove(&own);
    // `NamedTuple` stands for `tuple`: the bases as they are at run time.
    let heads: Vec<Name> = lists.iter().filter_map(|list| list.first().cloned()).collect();
    if heads.is_empty() {
        return vec![own, object];
    }
    lists.push(heads);
    let mut order = vec![own];
    loop {
        lists.retain(|list| !list.is_empty());
        if lists.is_empty() {
            return order;
        }
        let in_tail = |name: &Name| lists.iter().any(|list| list[1..].contains(name));
        let free = lists.iter().map(|list| &list[0]).find(|head| !in_tail(head)).cloned();
        let next = match free {
            Some(next) => next,
            None => {
                // Python refuses the class; what follows is only where it would have gone.
                for list in &lists {
                    if !contradiction.contains(&list[0]) {
                        contradiction.push(list[0].clone());
                    }
                }
                lists[0][0].clone()
            }
        };
        for list in &mut lists {
            list.retain(|name| *name != next);
        }
        order.push(next);
    }
}
