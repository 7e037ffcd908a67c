//! A line of text being typed: content and cursor, by grapheme.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::key::{Code, Key};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    text: String,
    /// Byte offset, always on a grapheme boundary.
    cursor: usize,
}

impl Input {
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), cursor: text.len() }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub fn set(&mut self, text: &str) {
        *self = Self::new(text);
    }

    /// Cells before the cursor.
    pub fn cursor_column(&self) -> usize {
        self.text[..self.cursor].width()
    }

    /// Inserts text at the cursor; line breaks become spaces.
    pub fn insert(&mut self, text: &str) {
        let flat: String =
            text.chars().map(|c| if c == '\n' || c == '\r' { ' ' } else { c }).collect();
        self.text.insert_str(self.cursor, &flat);
        self.cursor += flat.len();
    }

    /// Edits by a key; says whether the key meant anything here.
    pub fn key(&mut self, key: Key) -> bool {
        match (key.code, key.ctrl, key.alt) {
            (Code::Char(character), false, false) => {
                self.insert(character.encode_utf8(&mut [0; 4]));
            }
            (Code::Backspace, false, false) | (Code::Char('h'), true, false) => {
                let from = self.before();
                self.text.replace_range(from..self.cursor, "");
                self.cursor = from;
            }
            (Code::Delete, false, false) => {
                let to = self.after();
                self.text.replace_range(self.cursor..to, "");
            }
            (Code::Left, false, false) | (Code::Char('b'), true, false) => {
                self.cursor = self.before();
            }
            (Code::Right, false, false) | (Code::Char('f'), true, false) => {
                self.cursor = self.after();
            }
            (Code::Home, ..) | (Code::Char('a'), true, false) => self.cursor = 0,
            (Code::End, ..) | (Code::Char('e'), true, false) => self.cursor = self.text.len(),
            (Code::Char('u'), true, false) => {
                self.text.replace_range(..self.cursor, "");
                self.cursor = 0;
            }
            (Code::Char('k'), true, false) => self.text.truncate(self.cursor),
            (Code::Char('w'), true, false) | (Code::Backspace, ..) => {
                let kept = self.text[..self.cursor].trim_end();
                let from = kept.rfind(char::is_whitespace).map_or(0, |at| at + 1);
                self.text.replace_range(from..self.cursor, "");
                self.cursor = from;
            }
            _ => return false,
        }
        true
    }

    fn before(&self) -> usize {
        self.text[..self.cursor].grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn after(&self) -> usize {
        let rest = &self.text[self.cursor..];
        self.cursor + rest.graphemes(true).next().map_or(0, str::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(input: &mut Input, keys: &str) {
        for key in keys.split(' ') {
            assert!(input.key(Key::parse(key).unwrap()), "{key}");
        }
    }

    #[test]
    fn edits_by_grapheme_and_word() {
        let mut input = Input::new("ab e\u{301}漢");
        press(&mut input, "left backspace");
        assert_eq!(input.text(), "ab 漢");
        assert_eq!(input.cursor_column(), 3);
        press(&mut input, "end ctrl-w x");
        assert_eq!(input.text(), "ab x");
        press(&mut input, "home delete ctrl-k");
        assert_eq!(input.text(), "");
    }
}
