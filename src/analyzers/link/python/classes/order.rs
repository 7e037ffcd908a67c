//! The method resolution order (C3), `object` included, and whether one exists at all.

use rustc_hash::FxHashSet;

use super::library;
use crate::analyzers::link::python::names::{Names, merge};
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
    // Python refuses a class whose heads all wait for each other; what follows then is only where
    // they would have gone.
    let rest = merge(lists, |head| {
        if !contradiction.contains(head) {
            contradiction.push(head.clone());
        }
    });
    std::iter::once(own).chain(rest).collect()
}
