//! Where something stands in a source file, and how sure we are of it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A shared string: qualified names, paths and reasons repeat a great deal.
pub type Name = Arc<str>;

/// The languages the workbench reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    Python,
    Rust,
}

impl Language {
    /// The language of a path by its extension (`.py`, `.pyi`, `.rs`).
    pub fn of_path(path: &str) -> Option<Self> {
        match path.rsplit_once('.')?.1 {
            "py" | "pyi" => Some(Self::Python),
            "rs" => Some(Self::Rust),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Python => "python",
            Self::Rust => "rust",
        }
    }
}

/// How sure a derived row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// Follows from the source alone.
    Exact,
    /// Follows from the source and an assumption that nearly always holds (an annotation is kept).
    Inferred,
    /// One of several readings, or an upper bound.
    Possible,
}

impl Certainty {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Inferred => "inferred",
            Self::Possible => "possible",
        }
    }
}

/// A half-open range of byte offsets into one file.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The text this span covers; empty when the span lies outside `text` or splits a character.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// A 1-based line and column; the column counts Unicode scalar values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// Offsets of line starts, to turn byte offsets into lines and columns. Built once per parse;
/// `\n`, `\r\n` and a lone `\r` end a line, as in Python and in editors.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    pub fn new(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut starts = Vec::with_capacity(bytes.len() / 32 + 1);
        starts.push(0);
        for (at, byte) in bytes.iter().enumerate() {
            let ends = *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            if ends {
                starts.push(at as u32 + 1);
            }
        }
        Self { starts }
    }

    /// Number of lines that hold text: a final line break opens no further line.
    pub fn line_count(&self, text: &str) -> u32 {
        let open = self.starts.last().is_some_and(|start| (*start as usize) < text.len());
        self.starts.len() as u32 - u32::from(!open)
    }

    /// The 1-based line of a byte offset.
    pub fn line(&self, offset: u32) -> u32 {
        self.starts.partition_point(|start| *start <= offset) as u32
    }

    /// The byte offset at which a 1-based line starts.
    pub fn start_of(&self, line: u32) -> Option<u32> {
        self.starts.get((line as usize).checked_sub(1)?).copied()
    }

    /// The line and column of a byte offset.
    pub fn position(&self, text: &str, offset: u32) -> Position {
        let line = self.line(offset);
        let start = self.starts[line as usize - 1];
        let column = Span::new(start, offset).of(text).chars().count() as u32 + 1;
        Position { line, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_every_line_ending() {
        let text = "a\r\nβγ = 1\rlast";
        let index = LineIndex::new(text);
        assert_eq!(index.line_count(text), 3);
        let equals = text.find('=').unwrap() as u32;
        assert_eq!(index.position(text, equals), Position { line: 2, column: 4 });
        assert_eq!(index.line(text.find("last").unwrap() as u32), 3);
        assert_eq!(LineIndex::new("").line_count(""), 0);
        assert_eq!(LineIndex::new("x\n").line_count("x\n"), 1);
    }
}
