//! Facts of one Rust file.

pub mod calls;
pub mod findings;
pub mod flows;
pub mod modules;
pub mod registries;
pub mod schemas;
pub mod splits;
pub mod tasks;

use serde::{Deserialize, Serialize};

/// One part per analysis, each with its own extractor under `analyzers/rust` and its own linker
/// under `analyzers/link/rust`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RustFacts {
    pub modules: modules::ModuleFacts,
    pub calls: calls::CallFacts,
    pub registries: registries::RegistryFacts,
    pub schemas: schemas::SchemaFacts,
    pub tasks: tasks::TaskFacts,
    pub splits: splits::SplitFacts,
    pub flows: flows::FlowFacts,
    pub findings: findings::FindingFacts,
}
