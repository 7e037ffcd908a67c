//! Who calls whom in the Python files of a project.
//!
//! Points-to analysis over the files' assignment graphs, in the tradition of PyCG and Jarvis, with
//! a layer of types from annotations: [`program`] joins the files, [`loading`] puts them into
//! the [`graph`], along which [`solver`] lets values flow until nothing changes, [`seeding`] says what is assumed where no flow says
//! anything, [`emit`] reads the edges off. Sets of values and nesting are bounded, so it ends.

mod attributes;
mod builtins;
mod callables;
mod calling;
mod containers;
mod effects;
mod emit;
mod externals;
mod graph;
mod imports;
mod inheriting;
mod kin;
mod loading;
mod narrowing;
mod natives;
mod openness;
mod operators;
mod pool;
mod program;
mod protocols;
mod running;
mod seeding;
mod solver;
mod standard;
mod storing;
mod types;
mod values;

#[cfg(test)]
mod tests;

use super::Context;
use crate::model::CallGraph;
use program::Program;
use solver::Solver;
use values::Syms;

/// How often gaps are filled and the effects followed.
const ROUNDS: u32 = 2;

pub fn link(context: &Context<'_>) -> CallGraph {
    let mut syms = Syms::default();
    let program = Program::build(context, &mut syms);
    let mut solver = Solver::new(&program, context.names, syms);
    solver.load();
    solver.seed_library();
    solver.settle();
    for _ in 0..ROUNDS {
        solver.seed_gaps();
        solver.settle();
    }
    solver.emit()
}
