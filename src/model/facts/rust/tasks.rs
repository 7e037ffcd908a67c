//! What one Rust file says for the tasks beyond its functions and their attributes: nothing yet
//! that [`items`](super::items) and [`registries`](super::registries) do not say.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskFacts {}
