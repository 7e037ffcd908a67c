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
    let mut fresh = true;
    for span in &line.spans {
        for word in span.text.split_word_bounds() {
            let own = word.width();
            let closes = own == 1 && word.starts_with(['.', ',', ';', ':', ')', '!', '?']);
            // A mark that closes a word goes over with nothing but itself only when it must.
            if used + own > width
                && !fresh
                && !(closes && carry(&mut rows, width, indent, &mut used))
            {
                rows.push(Line::default());
                used = 0;
                fresh = true;
                if indent > 0 {
                    add(&mut rows, Role::Text, &" ".repeat(indent));
                    used = indent;
                }
                if word.trim().is_empty() {
                    continue;
                }
            }
            if own > width {
                for grapheme in word.graphemes(true) {
                    if used + grapheme.width() > width {
                        rows.push(Line::default());
                        used = 0;
                    }
                    add(&mut rows, span.role, grapheme);
                    used += grapheme.width();
                }
            } else {
                add(&mut rows, span.role, word);
                used += own;
            }
            fresh = false;
        }
    }
    rows
}

/// Moves the last word of the last row to a new one, so that what follows can stay beside it.
fn carry(rows: &mut Vec<Line>, width: usize, indent: usize, used: &mut usize) -> bool {
    let Some(span) = rows.last_mut().and_then(|row| row.spans.last_mut()) else { return false };
    let Some(at) = span.text.rfind(' ') else { return false };
    let word = span.text.split_off(at + 1);
    let role = span.role;
    let own = word.width();
    if own == 0 || at == 0 || indent + own >= width {
        span.text.push_str(&word);
        return false;
    }
    rows.push(Line::default());
    if indent > 0 {
        add(rows, Role::Text, &" ".repeat(indent));
    }
    add(rows, role, &word);
    *used = indent + own;
    true
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
        assert_eq!(plain(&wrap(&Line::text("one two."), 7)), ["one ", "two."]);
    }

    #[test]
    fn scrolling_cuts_cells() {
        let line = Line::text("ab").push(Role::Dim, "cd");
        assert_eq!(scrolled(&line, 3).plain(), "d");
    }
}
