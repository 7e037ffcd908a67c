//! Data shapes, with what serde makes of their names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Order {
    pub order_id: u64,
    /// Who pays.
    pub customer: String,
    pub lines: Vec<Line>,
    #[serde(default)]
    pub paid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    #[serde(flatten)]
    pub labels: BTreeMap<String, String>,
}

/// One line of an order; prices are in cents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    #[serde(rename = "sku")]
    pub article: String,
    pub price: u32,
    #[serde(default = "one")]
    pub count: u32,
}

fn one() -> u32 {
    1
}

/// How it gets there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Delivery {
    Bicycle { minutes: u16 },
    Post { zip: String, express: bool },
    PickUp,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum OrderError {
    Empty,
    TooExpensive { total: u64, limit: u64 },
}

impl std::fmt::Display for OrderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => write!(f, "the order is empty"),
            Self::TooExpensive { total, limit } => write!(f, "{total} is more than {limit}"),
        }
    }
}

impl std::error::Error for OrderError {}

impl Order {
    /// The sum of all lines, in cents.
    pub fn total(&self) -> u64 {
        self.lines.iter().map(|line| u64::from(line.price) * u64::from(line.count)).sum()
    }
}
