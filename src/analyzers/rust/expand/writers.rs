//! Who wrote each token of an expansion: the call, or one of the steps.
//!
//! While expanding, every token of a macro's body gets a span that stands for its step. Laying the
//! code out loses spans, so the printed text is read again and its tokens are matched with those
//! printed, in order: the printer only adds and drops some commas, brackets and semicolons.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

use super::sources::lex;

/// Spans that stand for steps.
pub struct Pens {
    spans: Vec<Span>,
    /// The source that these spans lie in.
    source: String,
}

impl Pens {
    /// Pens for that many steps.
    pub fn new(steps: usize) -> Self {
        let tokens = lex(&"x\n".repeat(steps)).unwrap_or_default();
        let spans: Vec<Span> = tokens.into_iter().map(|tree| tree.span()).collect();
        let source = spans.first().map(Span::file).unwrap_or_default();
        Self { spans, source }
    }

    /// The span of a step, counted from 1.
    pub fn of(&self, step: u32) -> Option<Span> {
        self.spans.get((step as usize).checked_sub(1)?).copied()
    }

    /// The step that a span stands for; 0 for what no step wrote.
    fn step(&self, span: Span) -> u32 {
        if span.file() == self.source { span.start().line as u32 } else { 0 }
    }

    /// The writers of a printed text's lines: runs of bytes with a step each.
    pub fn writers(&self, tokens: TokenStream, printed: &str) -> Vec<Vec<(u32, u32)>> {
        let mut written = Vec::new();
        self.flatten(tokens, &mut written);
        let Some(read) = lex(printed) else { return Vec::new() };
        let mut shown = Vec::new();
        positions(read, &mut shown);
        let steps = matched(&written, &shown);
        runs(&shown, &steps, printed)
    }

    fn flatten(&self, tokens: TokenStream, out: &mut Vec<(String, u32)>) {
        for tree in tokens {
            match tree {
                TokenTree::Group(group) => {
                    let step = self.step(group.span());
                    let (open, close) = brackets(group.delimiter());
                    out.extend(open.map(|text| (text.to_owned(), step)));
                    self.flatten(group.stream(), out);
                    out.extend(close.map(|text| (text.to_owned(), step)));
                }
                other => out.push((other.to_string(), self.step(other.span()))),
            }
        }
    }
}

fn brackets(delimiter: Delimiter) -> (Option<&'static str>, Option<&'static str>) {
    match delimiter {
        Delimiter::Parenthesis => (Some("("), Some(")")),
        Delimiter::Brace => (Some("{"), Some("}")),
        Delimiter::Bracket => (Some("["), Some("]")),
        Delimiter::None => (None, None),
    }
}

/// A token of the printed text: lines from 1, columns in characters from 0.
struct Shown {
    text: String,
    from: (usize, usize),
    to: (usize, usize),
}

fn positions(tokens: TokenStream, out: &mut Vec<Shown>) {
    let add = |out: &mut Vec<Shown>, text: String, span: Span| {
        let (from, to) = (span.start(), span.end());
        out.push(Shown { text, from: (from.line, from.column), to: (to.line, to.column) });
    };
    for tree in tokens {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = brackets(group.delimiter());
                if let Some(text) = open {
                    add(out, text.into(), group.span_open());
                }
                positions(group.stream(), out);
                if let Some(text) = close {
                    add(out, text.into(), group.span_close());
                }
            }
            other => add(out, other.to_string(), other.span()),
        }
    }
}

/// How far a token is searched for when the two texts differ.
const WINDOW: usize = 48;
/// How many tokens in a row say that they agree again.
const AGREED: usize = 3;

/// The step of each shown token. One that was not written belongs to whom the one before does.
fn matched(written: &[(String, u32)], shown: &[Shown]) -> Vec<u32> {
    let mut steps = Vec::with_capacity(shown.len());
    let (mut at, mut from) = (0, 0);
    let mut last = 0;
    while at < shown.len() {
        if written.get(from).is_some_and(|(text, _)| *text == shown[at].text) {
            last = written[from].1;
            steps.push(last);
            at += 1;
            from += 1;
            continue;
        }
        let (added, dropped) = differing(&written[from.min(written.len())..], &shown[at..]);
        for _ in 0..added {
            steps.push(last);
        }
        at += added;
        from += dropped;
    }
    steps.truncate(shown.len());
    steps
}

/// How many tokens were added and dropped until both sides agree again.
fn differing(written: &[(String, u32)], shown: &[Shown]) -> (usize, usize) {
    let agree = |added: usize, dropped: usize| {
        let left = (written.len().saturating_sub(dropped)).min(shown.len().saturating_sub(added));
        let length = left.min(AGREED);
        length > 0 && (0..length).all(|n| written[dropped + n].0 == shown[added + n].text)
    };
    for distance in 1..WINDOW {
        for added in (0..=distance).rev() {
            if agree(added, distance - added) {
                return (added, distance - added);
            }
        }
    }
    (1, 1)
}

/// The runs of each line, in bytes; what lies between tokens goes with the one after.
fn runs(shown: &[Shown], steps: &[u32], printed: &str) -> Vec<Vec<(u32, u32)>> {
    let lines: Vec<&str> = printed.lines().collect();
    let mut runs: Vec<Vec<(u32, u32)>> = vec![Vec::new(); lines.len()];
    let byte = |line: usize, column: usize| {
        let text = lines.get(line - 1).copied().unwrap_or_default();
        text.char_indices().nth(column).map_or(text.len(), |(at, _)| at) as u32
    };
    // Where each line is covered up to.
    let mut covered = vec![0u32; lines.len()];
    for (token, step) in shown.iter().zip(steps) {
        for line in token.from.0..=token.to.0 {
            let Some(run) = line.checked_sub(1).and_then(|at| runs.get_mut(at)) else { continue };
            let end = match line == token.to.0 {
                true => byte(line, token.to.1),
                false => lines[line - 1].len() as u32,
            };
            let length = end.saturating_sub(covered[line - 1]);
            covered[line - 1] = end.max(covered[line - 1]);
            match run.last_mut() {
                Some((bytes, last)) if last == step => *bytes += length,
                _ if length > 0 => run.push((length, *step)),
                _ => {}
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_printer_adds_and_drops_does_not_shift_the_writers() {
        let written = [("a", 1), ("(", 2), ("b", 0), (")", 2), (";", 1), ("c", 3)];
        let written: Vec<(String, u32)> =
            written.iter().map(|(text, step)| ((*text).to_owned(), *step)).collect();
        let mut shown = Vec::new();
        let text = "a(b,); c";
        positions(lex(text).unwrap(), &mut shown);
        let steps = matched(&written, &shown);
        assert_eq!(steps, [1, 2, 0, 0, 2, 1, 3]);
        assert_eq!(runs(&shown, &steps, text), [[(1, 1), (1, 2), (2, 0), (1, 2), (1, 1), (2, 3)]]);
    }
}
