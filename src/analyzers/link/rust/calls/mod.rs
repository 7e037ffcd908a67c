//! The call graph: which function each call means, by inference of types over the bodies.
//!
//! [`tables`] holds every signature with its types resolved, [`solve`] unifies types and picks
//! implementations, [`methods`] finds the method a name means, [`infer`], [`invoke`], [`places`] and
//! [`operators`] walk the bodies and
//! [`graph`] turns what was found into nodes and edges; [`compiled`] joins what the compiler says.

mod compiled;
mod graph;
mod infer;
mod invoke;
mod lowering;
mod methods;
mod operators;
mod paths;
mod patterns;
mod places;
mod selection;
mod settle;
mod solve;
mod tables;
#[cfg(test)]
mod tests;
mod types;

use std::sync::LazyLock;

use rayon::prelude::*;

use super::Context;
use crate::model::facts::rust::calls::BodyIndex;
use crate::model::{CallGraph, CompiledCalls};
use infer::{Event, Inference};
use tables::Tables;

/// Steps of inference one body may take.
const FUEL: u32 = 400_000;

/// Traits of the standard library that the language or the linker itself uses, besides those of
/// operators.
const STD_TRAITS: &[&str] = &[
    "AsyncFn",
    "AsyncFnMut",
    "AsyncFnOnce",
    "Future",
    "IntoFuture",
    "Iterator",
    "IntoIterator",
    "FromIterator",
    "From",
    "Into",
    "TryFrom",
    "TryInto",
    "FromStr",
    "PartialEq",
    "PartialOrd",
    "Clone",
    "Copy",
    "Debug",
    "Display",
    "Eq",
    "Ord",
    "Hash",
    "Default",
    "ToString",
];

/// Bodies nest up to the extractor's limit, and each level takes several frames.
const STACK: usize = 64 << 20;

static POOL: LazyLock<Option<rayon::ThreadPool>> =
    LazyLock::new(|| rayon::ThreadPoolBuilder::new().stack_size(STACK).build().ok());

/// Whose body it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    Function(u32),
    Value(u32),
}

/// One body to be read.
struct Job {
    caller: Caller,
    file: u32,
    body: BodyIndex,
}

/// The graph, with what the compiler says of the files as they are.
pub fn link(context: &Context<'_>, compiled: Option<&CompiledCalls>) -> CallGraph {
    let tables = Tables::build(context.world);
    let jobs = jobs(context);
    let read = |job: &Job| -> Vec<Event> { Inference::new(&tables, job).run() };
    let found: Vec<Vec<Event>> = match &*POOL {
        Some(pool) => pool.install(|| jobs.par_iter().map(read).collect()),
        None => jobs.iter().map(read).collect(),
    };
    graph::assemble(
        context,
        &tables,
        jobs.iter().map(|job| (job.caller, job.file)),
        found,
        compiled,
    )
}

fn jobs(context: &Context<'_>) -> Vec<Job> {
    let world = context.world;
    let mut jobs = Vec::new();
    for file in 0..context.files.len() {
        let bases = world.bases[file];
        let items = &context.files[file].facts.items;
        for (at, item) in items.functions.iter().enumerate() {
            if let Some(body) = item.body {
                let caller = Caller::Function(bases.functions + at as u32);
                jobs.push(Job { caller, file: file as u32, body });
            }
        }
        for (at, item) in items.values.iter().enumerate() {
            if let Some(body) = item.body {
                let caller = Caller::Value(bases.values + at as u32);
                jobs.push(Job { caller, file: file as u32, body });
            }
        }
    }
    jobs
}
