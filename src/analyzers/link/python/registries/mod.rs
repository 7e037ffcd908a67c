//! Joins all files' registries: executes what runs at import time ([`machine`]), reads the
//! containers off the heap ([`collect`]), and adds what mechanisms by name and by convention make.

mod collect;
mod families;
mod lazy;
mod machine;
mod rows;

use super::Context;
use crate::model::Registry;
use machine::Machine;

pub fn link(context: &Context<'_>) -> Vec<Registry> {
    let mut machine = Machine::new(context);
    machine.run();
    let mut registries = collect::containers(&machine);
    registries.extend(families::walked(&machine));
    registries
}
