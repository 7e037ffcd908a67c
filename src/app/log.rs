//! What a run prints: lines whose escape sequences became roles, the newest of them kept.

use std::collections::VecDeque;

use super::sgr;
use super::text::{Line, Role};

/// A bounded log. Output arrives in pieces that may end within a line.
#[derive(Debug, Default)]
pub struct Log {
    lines: VecDeque<Line>,
    bytes: usize,
    dropped: usize,
    /// Unfinished lines of standard output and standard error.
    open: [String; 2],
}

const KEPT_LINES: usize = 20_000;
const KEPT_BYTES: usize = 4 << 20;
/// A line longer than this is cut: nobody reads it, and it must not fill the memory.
const LONGEST: usize = 4_000;

impl Log {
    pub fn push(&mut self, is_error: bool, text: &str) {
        let open = usize::from(is_error);
        for piece in text.split_inclusive('\n') {
            if self.open[open].len() < LONGEST {
                self.open[open].push_str(piece);
            }
            if piece.ends_with('\n') {
                self.close(is_error);
            }
        }
    }

    /// Ends lines that were not ended.
    pub fn finish(&mut self) {
        for is_error in [false, true] {
            if !self.open[usize::from(is_error)].is_empty() {
                self.close(is_error);
            }
        }
    }

    fn close(&mut self, is_error: bool) {
        let line = std::mem::take(&mut self.open[usize::from(is_error)]);
        let line = line.trim_end_matches(['\n', '\r']);
        let end = (0..=LONGEST.min(line.len())).rev().find(|at| line.is_char_boundary(*at));
        let kept = &line[..end.unwrap_or(0)];
        let mut shown = sgr::line(kept, if is_error { Role::Warning } else { Role::Text });
        if kept.len() < line.len() {
            shown = shown.push(Role::Dim, "…");
        }
        self.bytes += size(&shown);
        self.lines.push_back(shown);
        while self.lines.len() > KEPT_LINES || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= size(&oldest);
            self.dropped += 1;
        }
    }

    pub fn lines(&self) -> &VecDeque<Line> {
        &self.lines
    }

    /// Lines so far, those no longer kept included.
    pub fn total(&self) -> usize {
        self.dropped + self.lines.len()
    }

    pub fn plain(&self) -> String {
        self.lines.iter().map(|line| line.plain() + "\n").collect()
    }
}

/// What a line takes, roughly: a line of many colours is more than its text.
fn size(line: &Line) -> usize {
    line.spans.iter().map(|span| span.text.len() + size_of_val(span)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_lines_and_escapes_go() {
        let mut log = Log::default();
        log.push(false, "one\ntw");
        log.push(true, "oops\n");
        log.push(false, "o \x1b[31mred\x1b[0m\x1b]0;title\x07!\n10%\r20%\nopen");
        log.finish();
        let lines: Vec<Line> = log.lines().iter().cloned().collect();
        let two = Line::text("two ").push(Role::Error, "red").push(Role::Text, "!");
        let (one, oops) = (Line::text("one"), Line::new(Role::Warning, "oops"));
        assert_eq!(lines, [one, oops, two, Line::text("20%"), Line::text("open")]);
    }

    #[test]
    fn a_flood_is_bounded() {
        let mut log = Log::default();
        for _ in 0..300 {
            log.push(false, &"y\n".repeat(1_000));
        }
        log.push(false, &"x".repeat(10 << 20));
        log.push(false, "\n");
        assert_eq!(log.total(), 300_001);
        assert!(log.lines().len() <= KEPT_LINES && log.bytes <= KEPT_BYTES);
        assert!(log.lines().back().unwrap().plain().len() < LONGEST + 8);
    }
}
