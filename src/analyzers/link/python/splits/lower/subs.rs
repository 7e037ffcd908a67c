//! Source text with parts replaced: how lowered code is written without printing trees.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use ruff_text_size::TextRange;

use crate::analyzers::split::VarId;

/// What stands in the place of an expression.
#[derive(Debug, Clone)]
pub struct Sub {
    pub text: String,
    pub var: Option<VarId>,
}

/// Replacements by range, outer ones first.
#[derive(Debug, Clone, Default)]
pub struct Subs {
    all: BTreeMap<(u32, Reverse<u32>), Sub>,
}

impl Subs {
    pub fn set(&mut self, range: TextRange, text: String, var: Option<VarId>) {
        let key = (range.start().to_u32(), Reverse(range.end().to_u32()));
        self.all.insert(key, Sub { text, var });
    }

    pub fn exact(&self, range: TextRange) -> Option<&Sub> {
        self.all.get(&(range.start().to_u32(), Reverse(range.end().to_u32())))
    }

    /// The text of a range with its replaced parts.
    pub fn render(&self, text: &str, range: TextRange) -> String {
        let (start, end) = (range.start().to_u32(), range.end().to_u32());
        let mut written = String::new();
        let mut at = start;
        for ((from, Reverse(to)), sub) in self.all.range((start, Reverse(u32::MAX))..) {
            if *from >= end {
                break;
            }
            if *from < at || *to > end {
                continue;
            }
            written.push_str(text.get(at as usize..*from as usize).unwrap_or_default());
            written.push_str(&sub.text);
            at = *to;
        }
        written.push_str(text.get(at as usize..end as usize).unwrap_or_default());
        written
    }
}
