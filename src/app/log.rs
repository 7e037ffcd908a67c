//! What a run prints: lines without escape sequences, the newest of them kept.

use std::collections::VecDeque;

use super::text::sanitise;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// From standard error.
    pub is_error: bool,
    pub text: String,
}

/// A bounded log. Output arrives in pieces that may end within a line.
#[derive(Debug, Default)]
pub struct Log {
    lines: VecDeque<LogLine>,
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
        // A progress bar redraws its line: what was last drawn counts.
        let line = line.rsplit('\r').next().unwrap_or(line);
        let mut text = sanitise(&without_escapes(line)).into_owned();
        if text.len() > LONGEST {
            let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
        }
        self.bytes += text.len();
        self.lines.push_back(LogLine { is_error, text });
        while self.lines.len() > KEPT_LINES || self.bytes > KEPT_BYTES {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.text.len();
            self.dropped += 1;
        }
    }

    pub fn lines(&self) -> &VecDeque<LogLine> {
        &self.lines
    }

    /// Lines so far, those no longer kept included.
    pub fn total(&self) -> usize {
        self.dropped + self.lines.len()
    }

    pub fn plain(&self) -> String {
        self.lines.iter().flat_map(|line| [line.text.as_str(), "\n"]).collect()
    }
}

/// The text without terminal sequences (colours, cursor movement, titles).
pub fn without_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if character != '\x1b' {
            out.push(character);
            continue;
        }
        match rest.next() {
            // CSI: parameters, then one final byte.
            Some('[') => while rest.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
            // OSC, DCS and the like: up to BEL or ST.
            Some(']' | 'P' | '_' | '^' | 'X') => {
                while let Some(c) = rest.next() {
                    if c == '\x07' || (c == '\x1b' && rest.next_if_eq(&'\\').is_some()) {
                        break;
                    }
                }
            }
            // Character sets take one more; everything else is complete.
            Some('(' | ')') => {
                rest.next();
            }
            _ => {}
        }
    }
    out
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
        let lines: Vec<(bool, &str)> =
            log.lines().iter().map(|line| (line.is_error, line.text.as_str())).collect();
        let expected =
            [(false, "one"), (true, "oops"), (false, "two red!"), (false, "20%"), (false, "open")];
        assert_eq!(lines, expected);
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
        assert!(log.lines().back().unwrap().text.len() < LONGEST + 8);
    }
}
