//! Painting lines of roles: truncation by display width, matches, wrapping.

use ratatui::buffer::Buffer;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::app::list::Matcher;
use crate::app::text::{self, Line, Role, Span};
use crate::views::theme::Theme;

/// Paints a line into one row; what does not fit ends in `…`. Hands back the width used.
pub fn draw(theme: &Theme, line: &Line, x: u16, y: u16, width: u16, buf: &mut Buffer) -> u16 {
    draw_matched(theme, line, &Matcher::default(), x, y, width, buf)
}

/// As [`draw`], with what the filter matched made visible.
pub fn draw_matched(
    theme: &Theme,
    line: &Line,
    matcher: &Matcher,
    x: u16,
    y: u16,
    width: u16,
    buf: &mut Buffer,
) -> u16 {
    let mut used = 0usize;
    let width = width as usize;
    let mut left = line.width();
    for span in &line.spans {
        if used >= width {
            break;
        }
        let own = span.text.width();
        left -= own;
        // Keep a cell for the ellipsis when something follows that cannot fit.
        let room = width - used;
        let shown = if own > room || (own == room && left > 0) {
            text::truncate(&span.text, room.saturating_sub(usize::from(own == room)))
        } else {
            span.text.as_str().into()
        };
        let cut = shown.len() != span.text.len();
        let style = theme.style(span.role);
        paint(theme, &shown, matcher, style, x + used as u16, y, room, buf);
        used += shown.width();
        if cut {
            break;
        }
    }
    used as u16
}

#[expect(clippy::too_many_arguments, reason = "a position, a style and what to paint")]
fn paint(
    theme: &Theme,
    text: &str,
    matcher: &Matcher,
    style: Style,
    x: u16,
    y: u16,
    room: usize,
    buf: &mut Buffer,
) {
    if matcher.is_empty() {
        buf.set_stringn(x, y, text, room, style);
        return;
    }
    let mut at = 0;
    let mut column = x;
    for (start, end) in matcher.ranges(text).into_iter().chain([(text.len(), text.len())]) {
        for (range, style) in
            [(at..start, style), (start..end, style.patch(theme.style(Role::Match)))]
        {
            let Some(part) = text.get(range) else { continue };
            (column, _) = buf.set_stringn(column, y, part, room, style);
        }
        at = end;
    }
}

/// Cuts a line into rows of at most `width` cells, at spaces where there are any; further rows
/// keep the indentation of the first.
pub fn wrap(line: &Line, width: usize) -> Vec<Line> {
    if line.width() <= width || width == 0 {
        return vec![line.clone()];
    }
    let plain = line.plain();
    let indent = plain.width() - plain.trim_start().width();
    let indent = if indent * 2 > width { 0 } else { indent };
    let mut rows = vec![Line::default()];
    let mut used = 0;
    for word in words(line) {
        let own: usize = word.pieces.iter().map(|(_, text)| text.width()).sum();
        if used + own > width && used > indent {
            rows.push(Line::default());
            used = 0;
            if word.is_space {
                continue;
            }
        }
        if used == 0 && indent > 0 && rows.len() > 1 {
            add(&mut rows, Role::Text, &" ".repeat(indent));
            used = indent;
        }
        if used + own <= width {
            word.pieces.iter().for_each(|(role, text)| add(&mut rows, *role, text));
            used += own;
            continue;
        }
        // Longer than a row: cut where it must be.
        for (role, text) in word.pieces {
            for grapheme in text.graphemes(true) {
                if used + grapheme.width() > width {
                    rows.push(Line::default());
                    add(&mut rows, Role::Text, &" ".repeat(indent));
                    used = indent;
                }
                add(&mut rows, role, grapheme);
                used += grapheme.width();
            }
        }
    }
    if rows.len() > 1 && rows.last().is_some_and(|row| row.plain().trim().is_empty()) {
        rows.pop();
    }
    rows
}

/// What must stay together: a run without spaces (its spans may differ), or a run of spaces.
struct Word<'a> {
    is_space: bool,
    pieces: Vec<(Role, &'a str)>,
}

fn words(line: &Line) -> Vec<Word<'_>> {
    let mut words: Vec<Word> = Vec::new();
    for span in &line.spans {
        let mut from = 0;
        while from < span.text.len() {
            let rest = &span.text[from..];
            let is_space = rest.starts_with(' ');
            let end = rest.find(|c: char| (c == ' ') != is_space).unwrap_or(rest.len());
            let piece = (span.role, &rest[..end]);
            match words.last_mut() {
                Some(last) if last.is_space == is_space => last.pieces.push(piece),
                _ => words.push(Word { is_space, pieces: vec![piece] }),
            }
            from += end;
        }
    }
    words
}

/// Appends to the last row, joining runs of one role.
fn add(rows: &mut [Line], role: Role, text: &str) {
    let Some(row) = rows.last_mut() else { return };
    match row.spans.last_mut() {
        Some(last) if last.role == role => last.text.push_str(text),
        _ => row.spans.push(Span { role, text: text.to_owned() }),
    }
}

/// The line without its first `columns` cells.
pub fn scrolled(line: &Line, columns: usize) -> Line {
    let mut skip = columns;
    let mut shown = Line::default();
    for span in &line.spans {
        let mut kept = String::new();
        for grapheme in span.text.graphemes(true) {
            let own = grapheme.width();
            if skip >= own.max(1) {
                skip -= own;
            } else {
                skip = 0;
                kept.push_str(grapheme);
            }
        }
        if !kept.is_empty() {
            shown.spans.push(Span { role: span.role, text: kept });
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(rows: &[Line]) -> Vec<String> {
        rows.iter().map(Line::plain).collect()
    }

    #[test]
    fn lines_wrap_at_words_and_keep_their_indent() {
        let line = Line::text("  one two").push(Role::Dim, " three漢字");
        assert_eq!(plain(&wrap(&line, 9)), ["  one two", "  three漢", "  字"]);
        assert_eq!(plain(&wrap(&Line::text("abcdefg"), 3)), ["abc", "def", "g"]);
        let mixed = Line::text("see (").push(Role::Dim, "this) now");
        assert_eq!(plain(&wrap(&mixed, 9)), ["see ", "(this) ", "now"]);
        assert_eq!(plain(&wrap(&Line::text("one two."), 7)), ["one ", "two."]);
    }

    #[test]
    fn scrolling_cuts_cells() {
        let line = Line::text("ab").push(Role::Dim, "cd");
        assert_eq!(scrolled(&line, 3).plain(), "d");
    }
}
