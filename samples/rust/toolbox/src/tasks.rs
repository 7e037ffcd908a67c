//! Functions to run from the workbench: whatever takes and gives what JSON can say.

use std::collections::BTreeMap;

use crate::orders::{Delivery, Order, OrderError};
use crate::pipeline::Yield;
use crate::registry;

/// Adds a list of numbers, refusing an empty one.
pub fn mean(numbers: Vec<f64>, weight: Option<f64>) -> Result<f64, String> {
    if numbers.is_empty() {
        return Err("no numbers".into());
    }
    println!("{} numbers", numbers.len());
    Ok(weight.unwrap_or(1.0) * numbers.iter().sum::<f64>() / numbers.len() as f64)
}

/// How often each word occurs.
pub fn count_words(text: &str) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word.to_lowercase()).or_insert(0) += 1;
    }
    counts
}

/// What an order costs with its delivery.
pub fn quote(order: Order, limit: u64) -> Result<u64, OrderError> {
    let delivery = match &order.delivery {
        None | Some(Delivery::PickUp) => 0,
        Some(Delivery::Bicycle { minutes }) => 10 * u64::from(*minutes),
        Some(Delivery::Post { express, .. }) => if *express { 900 } else { 400 },
    };
    match order.total() + delivery {
        0 => Err(OrderError::Empty),
        total if total > limit => Err(OrderError::TooExpensive { total, limit }),
        total => Ok(total),
    }
}

/// Runs a registered tool by name.
pub fn apply(tool: &str, input: &str) -> Option<String> {
    registry::run(tool, input)
}

/// Takes a few turns before it answers.
pub async fn linger(turns: u32) -> u32 {
    for turn in 0..turns {
        eprintln!("turn {turn}");
        Yield::default().await;
    }
    turns
}
