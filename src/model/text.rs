//! Text from files and programs, made safe for a terminal.

use std::borrow::Cow;

/// Replaces what a terminal would act on, or what would reorder the text around it, by visible
/// stand-ins: control characters by their pictures (`␛`), a tab by a space, bidirectional controls
/// (Unicode TR 9) and other invisible marks by `�`. Line breaks become `⏎`: split lines first.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| stand_in(c).is_some()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| stand_in(c).unwrap_or(c)).collect())
}

fn stand_in(c: char) -> Option<char> {
    match c {
        '\n' => Some('⏎'),
        '\t' => Some(' '),
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32),
        '\u{7f}' => Some('␡'),
        '\u{80}'..='\u{9f}'
        | '\u{200b}'
        | '\u{200e}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}' => Some('\u{fffd}'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_bidi_controls_are_shown_not_obeyed() {
        assert_eq!(printable("plain é 漢字"), "plain é 漢字");
        assert_eq!(printable("a\u{1b}[31mb\tc\nd"), "a␛[31mb c⏎d");
        assert_eq!(printable("x\u{202e}y\u{9b}z"), "x\u{fffd}y\u{fffd}z");
    }
}
