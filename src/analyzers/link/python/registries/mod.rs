//! Joins all files' registries: executes what runs at import time ([`machine`]), reads the
//! containers off the heap ([`collect`]), and adds what mechanisms by name and by convention make.

mod annotations;
mod build;
mod collect;
mod conventional;
mod entry_points;
mod families;
mod instances;
mod lazy;
pub mod machine;
mod prefixes;
mod rows;
#[cfg(test)]
mod tests;

use super::Context;
use crate::analyzers::python::conventions::conventions;
use crate::model::Registry;
use machine::Machine;

pub fn link(context: &Context<'_>) -> Vec<Registry> {
    let mut machine = Machine::new(context);
    machine.run();
    registries(&machine)
}

/// All registries that a run has filled.
pub fn registries(machine: &Machine<'_, '_>) -> Vec<Registry> {
    let conventions = conventions(machine.context.manifests);
    let mut found = collect::containers(machine);
    found.extend(families::families(machine));
    found.extend(families::of_metaclasses(machine, &found));
    found.extend(prefixes::prefixes(machine, &conventions));
    found.extend(instances::instances(machine));
    found.extend(instances::attached(machine));
    found.extend(annotations::annotated(machine));
    found.extend(instances::generated(machine));
    found.extend(entry_points::entry_points(machine));
    found.extend(conventional::conventional(machine, &conventions));
    found
}
