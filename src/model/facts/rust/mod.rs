//! Facts of one Rust file.

pub mod calls;
pub mod findings;
pub mod flows;
pub mod items;
pub mod modules;
pub mod registries;
pub mod schemas;
pub mod splits;
pub mod tasks;
pub mod types;

use serde::{Deserialize, Serialize};

use crate::model::Name;

/// One part per analysis, each with its own extractor under `analyzers/rust` and its own linker
/// under `analyzers/link/rust`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RustFacts {
    /// The names that [`types::Word`]s stand for.
    pub words: Vec<Name>,
    pub modules: modules::ModuleFacts,
    pub items: items::ItemFacts,
    pub calls: calls::CallFacts,
    pub registries: registries::RegistryFacts,
    pub schemas: schemas::SchemaFacts,
    pub tasks: tasks::TaskFacts,
    pub splits: splits::SplitFacts,
    pub flows: flows::FlowFacts,
    pub findings: findings::FindingFacts,
}

impl RustFacts {
    /// The text of a word.
    pub fn word(&self, word: types::Word) -> &str {
        self.words.get(word as usize).map_or("", |name| name)
    }
}
