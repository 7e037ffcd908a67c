//! Three tools: two submitted by a macro of ours, one by hand.

use crate::registry::Tool;
use crate::tool;

fn reverse(text: &str) -> String {
    text.chars().rev().collect()
}

fn count(text: &str) -> String {
    format!("{} words", text.split_whitespace().count())
}

fn shout(text: &str) -> String {
    format!("{}!", text.to_uppercase())
}

tool!(reverse, count);

inventory::submit! {
    Tool { name: "shout", run: shout }
}
