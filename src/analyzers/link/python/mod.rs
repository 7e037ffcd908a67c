//! Joins the facts of all Python files.

pub mod calls;
pub mod classes;
pub mod findings;
pub mod flows;
pub mod names;
pub mod registries;
pub mod schemas;
pub mod splits;
pub mod tasks;

use std::sync::Arc;

use super::{Linked, Parts};
use crate::model::facts::python::PythonFacts;
use crate::model::{CallGraph, FileFacts, LanguageFacts, Manifest};
use names::Names;

/// One file with its Python part at hand.
#[derive(Clone, Copy)]
pub struct PythonFile<'a> {
    pub file: &'a FileFacts,
    pub facts: &'a PythonFacts,
}

impl<'a> PythonFile<'a> {
    /// Those of `facts` that are Python's.
    pub fn among(facts: impl IntoIterator<Item = &'a FileFacts>) -> Vec<Self> {
        let one = |file: &'a FileFacts| match &file.body {
            LanguageFacts::Python(facts) => Some(Self { file, facts }),
            LanguageFacts::Rust(_) => None,
        };
        facts.into_iter().filter_map(one).collect()
    }
}

/// What every Python linker reads.
pub struct Context<'a> {
    pub files: &'a [PythonFile<'a>],
    pub names: &'a Names<'a>,
    pub manifests: &'a [Manifest],
}

pub fn link(facts: &[&Arc<FileFacts>], manifests: &[Manifest], parts: Parts) -> Linked {
    let files = PythonFile::among(facts.iter().map(|file| &***file));
    let names = Names::build(&files);
    let context = Context { files: &files, names: &names, manifests };
    // The longest goes first; the others share what is left of the machine.
    let mut linked = Linked::default();
    let (mut registries, mut schemas, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    let mut calls = CallGraph::default();
    rayon::scope(|scope| {
        if parts.registries {
            scope.spawn(|_| registries = registries::link(&context));
        }
        if parts.schemas {
            scope.spawn(|_| schemas = schemas::link(&context));
        }
        if parts.findings {
            scope.spawn(|_| findings = findings::link(&context));
        }
        if parts.flows {
            scope.spawn(|_| linked = link_flows(&context));
        }
        if parts.calls {
            calls = calls::link(&context);
        }
    });
    linked.diagnostics.extend(crate::analyzers::python::conventions::problems(manifests));
    Linked {
        symbols: files.iter().flat_map(|file| file.file.symbols.iter().cloned()).collect(),
        registries,
        schemas,
        calls,
        findings,
        ..linked
    }
}

/// Entities with their splits, tasks, and the flows that are recovered from both.
fn link_flows(context: &Context<'_>) -> Linked {
    let split = splits::link(context);
    let tasks = tasks::link(context);
    let known = flows::Known { tasks: &tasks, entities: &split.entities, splits: &split.splits };
    let flows = flows::link(context, &known);
    Linked {
        entities: split.entities,
        splits: split.splits,
        diagnostics: split.diagnostics,
        flows,
        tasks,
        ..Linked::default()
    }
}
