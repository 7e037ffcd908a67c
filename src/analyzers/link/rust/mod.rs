//! Joins the facts of all Rust files.

pub mod calls;
pub mod findings;
pub mod flows;
pub mod modules;
pub mod registries;
pub mod schemas;
pub mod splits;
pub mod tasks;

use std::sync::Arc;

use super::Linked;
use crate::model::facts::rust::RustFacts;
use crate::model::{FileFacts, LanguageFacts, Manifest};
use modules::Modules;

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
    pub manifests: &'a [Manifest],
}

pub fn link(facts: &[&Arc<FileFacts>], manifests: &[Manifest]) -> Linked {
    let files: Vec<RustFile<'_>> = facts
        .iter()
        .filter_map(|file| match &file.body {
            LanguageFacts::Rust(facts) => Some(RustFile { file, facts }),
            LanguageFacts::Python(_) => None,
        })
        .collect();
    let modules = Modules::build(&files, manifests);
    let context = Context { files: &files, modules: &modules, manifests };
    let (entities, splits) = splits::link(&context);
    let symbols = files.iter().flat_map(|file| {
        let module = context.modules.path_of(&file.file.path).clone();
        file.file.symbols.iter().cloned().map(move |mut symbol| {
            symbol.name = format!("{module}::{}", symbol.name).into();
            symbol
        })
    });
    Linked {
        symbols: symbols.collect(),
        registries: registries::link(&context),
        schemas: schemas::link(&context),
        calls: calls::link(&context),
        entities,
        splits,
        flows: flows::link(&context),
        tasks: tasks::link(&context),
        findings: findings::link(&context),
        diagnostics: Vec::new(),
    }
}
