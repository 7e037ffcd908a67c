//! Keys as the keymap knows them: `j`, `G`, `ctrl-d`, `enter`, `alt-left`, `f1`.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Insert,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

/// One key press. Shift is part of the character (`G`), so only named keys keep it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub code: Code,
    pub ctrl: bool,
    pub alt: bool,
    pub shift: bool,
}

const NAMES: &[(&str, Code)] = &[
    ("enter", Code::Enter),
    ("esc", Code::Esc),
    ("tab", Code::Tab),
    ("backtab", Code::BackTab),
    ("backspace", Code::Backspace),
    ("delete", Code::Delete),
    ("insert", Code::Insert),
    ("left", Code::Left),
    ("right", Code::Right),
    ("up", Code::Up),
    ("down", Code::Down),
    ("home", Code::Home),
    ("end", Code::End),
    ("pageup", Code::PageUp),
    ("pagedown", Code::PageDown),
    ("space", Code::Char(' ')),
];

impl Key {
    pub const fn new(code: Code) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    pub const fn char(character: char) -> Self {
        Self::new(Code::Char(character))
    }

    /// One key by its name; `None` when there is no such key.
    pub fn parse(text: &str) -> Option<Self> {
        let mut key = Self::new(Code::Esc);
        let mut rest = text;
        loop {
            let (modifier, after) = match rest.split_once('-') {
                Some((modifier, after)) if !modifier.is_empty() && !after.is_empty() => {
                    (modifier, after)
                }
                _ => break,
            };
            match modifier {
                "ctrl" => key.ctrl = true,
                "alt" => key.alt = true,
                "shift" => key.shift = true,
                _ => return None,
            }
            rest = after;
        }
        let mut characters = rest.chars();
        key.code = match (characters.next(), characters.next()) {
            (Some(only), None) if only != ' ' => Code::Char(only),
            (Some('f'), Some(_)) if rest[1..].parse::<u8>().is_ok() => {
                Code::F(rest[1..].parse().ok()?)
            }
            _ => NAMES.iter().find(|(name, _)| *name == rest)?.1,
        };
        Some(key)
    }

    /// A sequence: either keys apart by spaces (`g d`, `ctrl-w v`), or one key, or plain
    /// characters in a row (`gd`).
    pub fn parse_sequence(text: &str) -> Option<Vec<Self>> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        if text.contains(' ') {
            return text.split_whitespace().map(Self::parse).collect();
        }
        if let Some(key) = Self::parse(text) {
            return Some(vec![key]);
        }
        if text.contains('-') || !text.chars().all(|c| c.is_ascii_graphic()) || text.len() > 3 {
            return None;
        }
        Some(text.chars().map(Self::char).collect())
    }
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (on, name) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if on {
                out.write_str(name)?;
            }
        }
        match self.code {
            Code::Up => out.write_str("↑"),
            Code::Down => out.write_str("↓"),
            Code::Left => out.write_str("←"),
            Code::Right => out.write_str("→"),
            Code::F(number) => write!(out, "f{number}"),
            Code::BackTab => out.write_str("shift-tab"),
            Code::Char(' ') => out.write_str("space"),
            Code::Char(character) => write!(out, "{character}"),
            code => {
                let named = NAMES.iter().find(|(_, known)| *known == code);
                out.write_str(named.map_or("?", |(name, _)| name))
            }
        }
    }
}

/// A sequence as shown in hints: `gd`, `ctrl-d`.
pub fn show(sequence: &[Key]) -> String {
    let plain = sequence
        .iter()
        .all(|key| matches!(key.code, Code::Char(c) if c != ' ') && !key.ctrl && !key.alt);
    let parts: Vec<String> = sequence.iter().map(Key::to_string).collect();
    parts.join(if plain { "" } else { " " })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_sequences_are_read_and_shown() {
        for (text, shown) in [
            ("gd", "gd"),
            ("ctrl-d", "ctrl-d"),
            ("-", "-"),
            ("ctrl--", "ctrl--"),
            ("space", "space"),
            ("f1", "f1"),
            ("f", "f"),
            ("alt-left", "alt-←"),
            ("g d", "gd"),
            ("ctrl-w v", "ctrl-w v"),
            ("backtab", "shift-tab"),
        ] {
            let keys = Key::parse_sequence(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(show(&keys), shown);
        }
        for bad in ["", "hyper-x", "ctrl-", "nokey", "ctrl-nokey"] {
            assert!(Key::parse_sequence(bad).is_none(), "{bad}");
        }
    }
}
