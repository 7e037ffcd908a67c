//! Facts of one Python file.

pub mod calls;
pub mod findings;
pub mod flows;
pub mod names;
pub mod registries;
pub mod schemas;
pub mod splits;
pub mod tasks;

use serde::{Deserialize, Serialize};

use crate::model::Name;

/// One part per analysis, each with its own extractor under `analyzers/python` and its own
/// linker under `analyzers/link/python`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PythonFacts {
    /// Dotted module name (`pkg.mod`, `pkg` for its `__init__`).
    pub module: Name,
    /// The file is an `__init__`.
    pub is_package: bool,
    /// The file is a `.pyi` stub.
    pub is_stub: bool,
    pub names: names::NameFacts,
    pub calls: calls::CallFacts,
    pub registries: registries::RegistryFacts,
    pub schemas: schemas::SchemaFacts,
    pub tasks: tasks::TaskFacts,
    pub splits: splits::SplitFacts,
    pub flows: flows::FlowFacts,
    pub findings: findings::FindingFacts,
}
