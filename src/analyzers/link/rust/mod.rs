//! Joins the facts of all Rust files.

pub mod calls;
pub mod cfg;
pub mod crates;
pub mod findings;
pub mod flows;
mod json;
pub mod modules;
pub mod registries;
mod resolve;
pub mod schemas;
pub mod splits;
pub mod tasks;
pub mod world;

use std::sync::Arc;

use super::{Linked, Parts};
use crate::model::facts::rust::RustFacts;
use crate::model::{
    CallGraph, CompiledCalls, FileFacts, Language, LanguageFacts, Manifest, Project, Span, Symbol,
    SymbolKind, Task,
};
use modules::Modules;
use world::World;

/// One file with its Rust part at hand.
#[derive(Clone, Copy)]
pub struct RustFile<'a> {
    pub file: &'a FileFacts,
    pub facts: &'a RustFacts,
}

/// What every Rust linker reads.
pub struct Context<'a> {
    pub files: &'a [RustFile<'a>],
    pub modules: &'a Modules,
    pub world: &'a World<'a>,
    pub manifests: &'a [Manifest],
}

/// Joins the files, and what the compiler says of them as they are.
pub fn link(
    facts: &[&Arc<FileFacts>],
    manifests: &[Manifest],
    compiled: Option<&CompiledCalls>,
    parts: Parts,
) -> Linked {
    let files: Vec<RustFile<'_>> = facts.iter().filter_map(|file| rust_file(file)).collect();
    if files.is_empty() {
        return Linked::default();
    }
    with_context(files, manifests, |context| link_all(context, compiled, parts))
}

/// The task of a qualified name: one that was found, or any other free function.
pub fn task_for(project: &Project, id: &str) -> Option<Task> {
    let facts = project.files.iter().filter_map(|file| file.facts.as_ref());
    let files = facts.filter_map(|file| rust_file(file)).collect();
    with_context(files, &project.manifests, |context| tasks::find(context, id))
}

/// Runs `work` with what every Rust linker reads.
fn with_context<T>(
    mut files: Vec<RustFile<'_>>,
    manifests: &[Manifest],
    work: impl FnOnce(&Context<'_>) -> T,
) -> T {
    let project = files.len();
    files.extend(rust_file(world::std_facts()));
    let modules = Modules::build(&files, manifests);
    let world = World::build(&files, &modules);
    work(&Context { files: &files[..project], modules: &modules, world: &world, manifests })
}

fn link_all(context: &Context<'_>, compiled: Option<&CompiledCalls>, parts: Parts) -> Linked {
    let mut linked = Linked::default();
    let (mut entities, mut splits) = (Vec::new(), Vec::new());
    let mut calls = CallGraph::default();
    rayon::scope(|scope| {
        scope.spawn(|_| linked = link_items(context, parts));
        if parts.flows {
            scope.spawn(|_| (entities, splits) = splits::link(context));
        }
        if parts.calls {
            calls = calls::link(context, compiled);
        }
    });
    Linked { calls, entities, splits, ..linked }
}

/// What is read off the items and needs no bodies joined.
fn link_items(context: &Context<'_>, parts: Parts) -> Linked {
    let mut linked = Linked { symbols: symbols(context), ..Linked::default() };
    if parts.registries {
        linked.registries = registries::link(context);
    }
    if parts.schemas {
        linked.schemas = schemas::link(context);
    }
    if parts.flows {
        linked.flows = flows::link(context);
        linked.tasks = tasks::link(context);
    }
    if parts.findings {
        linked.findings = findings::link(context);
    }
    linked
}

fn rust_file(file: &FileFacts) -> Option<RustFile<'_>> {
    match &file.body {
        LanguageFacts::Rust(facts) => Some(RustFile { file, facts }),
        LanguageFacts::Python(_) => None,
    }
}

/// All symbols under their qualified names: members of an `impl` are named after the type,
/// wherever the `impl` stands.
fn symbols(context: &Context<'_>) -> Vec<Symbol> {
    let mut symbols = Vec::new();
    for (at, file) in context.files.iter().enumerate() {
        let module = context.modules.path_of(&file.file.path);
        let first = symbols.len();
        symbols.extend(file.file.symbols.iter().cloned().map(|mut symbol| {
            symbol.name = format!("{module}::{}", symbol.name).into();
            symbol
        }));
        for id in context.world.function_range(at) {
            let item = context.world.function(id as u32);
            if let Some(symbol) = symbols.get_mut(first + item.symbol as usize) {
                symbol.name = context.world.function_names[id].clone();
            }
        }
        let root = context.modules.id(at, 0);
        if let Some(node) = root.map(|root| context.modules.node(root)) {
            symbols.push(Symbol {
                name: node.path.clone(),
                kind: SymbolKind::Module,
                language: Language::Rust,
                file: file.file.path.clone(),
                line: 1,
                end_line: file.file.lines.max(1),
                span: Span::new(0, file.file.bytes),
                signature: None,
                doc: None,
                is_async: false,
            });
        }
    }
    symbols
}
