//! Text with meaning instead of colour: lines of spans, each with a semantic [`Role`].
//!
//! Everything that comes from files or programs enters through [`sanitise`] (all constructors
//! here do it), so no escape sequence ever reaches the terminal.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::model::{Certainty, Language, Severity};

/// What a piece of text means. The theme decides how that looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum Role {
    #[default]
    Text,
    /// Secondary: places, counts, hints.
    Dim,
    /// The one accent: what the eye should find first.
    Accent,
    Title,
    Border,
    BorderFocused,
    /// A key in a hint.
    Key,
    /// The part of a row that a filter matched.
    Match,
    Exact,
    Inferred,
    Possible,
    Success,
    Warning,
    Error,
    Info,
    /// New since the last save.
    Added,
    Removed,
    Python,
    Rust,
    LineNumber,
    // Source code.
    Keyword,
    String,
    Number,
    Comment,
    Function,
    Type,
    Decorator,
    Operator,
    Constant,
    // Running text.
    Link,
    Emphasis,
    // Tokens of an expansion, by the macro that wrote them.
    Macro1,
    Macro2,
    Macro3,
    Macro4,
    Macro5,
    Macro6,
}

impl Role {
    pub const COUNT: usize = Self::Macro6 as usize + 1;

    pub fn of_certainty(certainty: Certainty) -> Self {
        match certainty {
            Certainty::Exact => Self::Exact,
            Certainty::Inferred => Self::Inferred,
            Certainty::Possible => Self::Possible,
        }
    }

    /// Of the macro numbered `at`, from 0; more than six share colours.
    pub fn of_macro(at: usize) -> Self {
        let all =
            [Self::Macro1, Self::Macro2, Self::Macro3, Self::Macro4, Self::Macro5, Self::Macro6];
        all[at % all.len()]
    }

    pub fn of_severity(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Info => Self::Info,
        }
    }

    pub fn of_language(language: Language) -> Self {
        match language {
            Language::Python => Self::Python,
            Language::Rust => Self::Rust,
        }
    }
}

/// A run of text with one role.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Span {
    pub role: Role,
    pub text: String,
}

/// One line of spans.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    pub spans: Vec<Span>,
}

impl Line {
    pub fn new(role: Role, text: &str) -> Self {
        Self::default().push(role, text)
    }

    pub fn text(text: &str) -> Self {
        Self::new(Role::Text, text)
    }

    pub fn dim(text: &str) -> Self {
        Self::new(Role::Dim, text)
    }

    /// The line with one more span; empty text adds nothing.
    pub fn push(mut self, role: Role, text: &str) -> Self {
        if !text.is_empty() {
            self.spans.push(Span { role, text: sanitise(text).into_owned() });
        }
        self
    }

    /// The line with another behind it.
    pub fn append(mut self, other: Self) -> Self {
        self.spans.extend(other.spans);
        self
    }

    pub fn width(&self) -> usize {
        self.spans.iter().map(|span| span.text.width()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The text alone.
    pub fn plain(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}

impl From<&str> for Line {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

/// Makes text safe to show: tabs become four spaces, other control characters (escape included)
/// a visible picture, direction overrides and line separators a replacement character.
pub fn sanitise(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\t' => safe.push_str("    "),
            '\u{7f}' => safe.push('␡'),
            control if (control as u32) < 0x20 => {
                safe.push(char::from_u32(0x2400 + control as u32).unwrap_or('�'));
            }
            other if is_unsafe(other) => safe.push('�'),
            other => safe.push(other),
        }
    }
    Cow::Owned(safe)
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Cuts text to a display width, with `…` where something is missing.
pub fn truncate(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    if width == 0 {
        return Cow::Borrowed("");
    }
    let mut kept = String::new();
    let mut used = 0;
    for character in text.chars() {
        let wide = character.width().unwrap_or(0);
        if used + wide > width - 1 {
            break;
        }
        used += wide;
        kept.push(character);
    }
    kept.push('…');
    Cow::Owned(kept)
}

/// Cuts at the front, for paths and qualified names whose end matters more.
pub fn truncate_start(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    if width == 0 {
        return Cow::Borrowed("");
    }
    let mut used = 0;
    let mut start = text.len();
    for (at, character) in text.char_indices().rev() {
        let wide = character.width().unwrap_or(0);
        if used + wide > width - 1 {
            break;
        }
        used += wide;
        start = at;
    }
    Cow::Owned(format!("…{}", &text[start..]))
}

/// Text on one line: every run of white space becomes one space, none inside brackets' edges.
pub fn squeeze(text: &str) -> String {
    let mut flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (open, tight) in [("( ", "("), ("[ ", "["), (", )", ")"), (" )", ")"), (",)", ")")] {
        flat = flat.replace(open, tight);
    }
    flat
}

/// Text as paragraphs: lines of prose are joined; lists, fields and changes of indentation keep
/// their breaks.
pub fn paragraphs(text: &str) -> Vec<String> {
    let indent_of = |line: &str| line.len() - line.trim_start().len();
    let body = text.trim_end().lines().skip(1).filter(|line| !line.trim().is_empty());
    let base = body.map(indent_of).min().unwrap_or(0);
    let mut lines: Vec<String> = Vec::new();
    // The indentations that a further line of the paragraph may have.
    let mut open = 1..1;
    for (at, line) in text.trim().lines().enumerate() {
        let trimmed = line.trim();
        let indent = if at == 0 { 0 } else { indent_of(line).saturating_sub(base) };
        // `:param x: …` starts something, :meth:`x` in running text does not.
        let is_role = trimmed.split_once(":`").is_some_and(|(name, _)| !name.contains(' '));
        let starts = !is_role
            && trimmed.starts_with(['-', '*', ':', '.', '>', '#', '|', '`', '+', '=', '~']);
        let is_field = trimmed.split_once(": ").is_some_and(|(name, _)| {
            !name.contains(' ')
                && name.chars().all(|c| c.is_alphanumeric() || "_*()[],".contains(c))
        });
        match lines.last_mut() {
            Some(last) if open.contains(&indent) && !starts && !is_field && !trimmed.is_empty() => {
                last.push(' ');
                last.push_str(trimmed);
            }
            _ => lines.push(format!("{:indent$}{trimmed}", "", indent = indent.min(8))),
        }
        open = match trimmed {
            _ if trimmed.is_empty() || trimmed.ends_with(':') => 1..1,
            // What hangs under a list item or field belongs to it.
            _ if starts || is_field => indent + 1..indent + 9,
            _ if open.contains(&indent) => open,
            _ => indent..indent + 1,
        };
    }
    lines
}

/// `1 file`, `2 files`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = match noun.strip_suffix('y') {
        Some(stem) if number != 1 && !noun.ends_with("ey") => format!("{stem}ies"),
        _ if number != 1 => format!("{noun}s"),
        _ => noun.to_owned(),
    };
    format!("{number} {plural}")
}

/// Short units: `950`, `12.4k`, `3.1M`.
pub fn short_number(number: usize) -> String {
    match number {
        0..=9_999 => number.to_string(),
        10_000..=999_999 => format!("{:.1}k", number as f64 / 1e3),
        _ => format!("{:.1}M", number as f64 / 1e6),
    }
}

/// `3.2 ms`, `1.45 s`, `2 m 05 s`.
pub fn duration(milliseconds: f64) -> String {
    if milliseconds < 1_000.0 {
        format!("{milliseconds:.1} ms")
    } else if milliseconds < 60_000.0 {
        format!("{:.2} s", milliseconds / 1e3)
    } else {
        let seconds = (milliseconds / 1e3) as u64;
        format!("{} m {:02} s", seconds / 60, seconds % 60)
    }
}

/// `512 B`, `14.2 MB`.
pub fn bytes(number: u64) -> String {
    match number {
        0..=999 => format!("{number} B"),
        1_000..=999_999 => format!("{:.1} kB", number as f64 / 1e3),
        1_000_000..=999_999_999 => format!("{:.1} MB", number as f64 / 1e6),
        _ => format!("{:.2} GB", number as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(sanitise("a\x1b[31mb\tc"), "a␛[31mb    c");
        assert_eq!(sanitise("x\u{202e}y\u{9b}"), "x�y�");
        assert!(matches!(sanitise("平文"), Cow::Borrowed(_)));
    }

    #[test]
    fn truncation_counts_cells_not_characters() {
        assert_eq!(truncate("漢字かな", 5), "漢字…");
        assert_eq!(truncate("漢字かな", 4), "漢…");
        assert_eq!(truncate_start("a.b.漢字", 5), "…漢字");
        assert_eq!(truncate("abc", 3), "abc");
        assert_eq!(truncate("abc", 0), "");
    }

    #[test]
    fn source_text_is_laid_out_for_reading() {
        assert_eq!(squeeze("(\n    self,\n    a: int = 0,\n) -> str"), "(self, a: int = 0) -> str");
        assert_eq!(squeeze("(x,)"), "(x)");
        let doc = "First\n    line.\n\n    - one\n    - two\n      more";
        assert_eq!(paragraphs(doc), ["First line.", "", "- one", "- two more"]);
        let doc = "It calls\n    :meth:`x` at\n    the end.\n\n    :param a: one\n        more\n    :returns: it";
        let expected = ["It calls :meth:`x` at the end.", "", ":param a: one more", ":returns: it"];
        assert_eq!(paragraphs(doc), expected);
        let doc = "Counts.\n\n    Args:\n        a: one\n            more\n        b: two\n\n    End\n    here.";
        let expected = ["Counts.", "", "Args:", "    a: one more", "    b: two", "", "End here."];
        assert_eq!(paragraphs(doc), expected);
    }

    #[test]
    fn numbers_and_times_are_short() {
        assert_eq!(count(1, "registry"), "1 registry");
        assert_eq!(count(2, "registry"), "2 registries");
        assert_eq!(count(0, "key"), "0 keys");
        assert_eq!(short_number(12_400), "12.4k");
        assert_eq!(duration(125_000.0), "2 m 05 s");
        assert_eq!(bytes(14_200_000), "14.2 MB");
    }
}
