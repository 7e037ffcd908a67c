//! Keeps what stands outside the broken part of a file that does not parse.
//!
//! The text is cut at lines that start an item at their block's own indentation. Pieces that do
//! not parse on their own are blanked out, so that the rest parses with every position unchanged.

use syn::parse::Parser;

/// Files beyond this are not salvaged: each piece is parsed twice.
const MAX_BYTES: usize = 4 << 20;
const MAX_DEPTH: u32 = 4;

/// The text with its broken pieces replaced by blanks, when what remains parses.
pub fn parse(text: &str) -> Option<syn::File> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let mut bytes = text.as_bytes().to_vec();
    blank_broken(text, 0, text.len(), 0, 0, &mut bytes);
    let repaired = String::from_utf8(bytes).ok()?;
    let file = syn::parse_file(&repaired).ok()?;
    (!file.items.is_empty()).then_some(file)
}

fn blank_broken(text: &str, start: usize, end: usize, indent: usize, depth: u32, bytes: &mut [u8]) {
    for (from, to) in pieces(text, start, end, indent) {
        let piece = &text[from..to];
        if piece.trim().is_empty() || parses(piece, depth) {
            continue;
        }
        // A block keeps its frame when its first line opens it and its last line closes it.
        let body = piece.find('{').map(|open| from + open + 1);
        let close = piece.trim_end().strip_suffix('}').map(|before| from + before.len());
        if let (Some(body), Some(close)) = (body, close)
            && depth < MAX_DEPTH
            && body < close
            && holds_items(piece)
            && text[body..].starts_with(['\n', '\r'])
        {
            let inner = indent_of_next_line(text, body, close);
            if inner > indent {
                blank_broken(text, body, close, inner, depth + 1, bytes);
                continue;
            }
        }
        for byte in &mut bytes[from..to] {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }
}

fn parses(piece: &str, depth: u32) -> bool {
    if syn::parse_file(piece).is_ok() {
        return true;
    }
    let members = |input: syn::parse::ParseStream<'_>| {
        while !input.is_empty() {
            input.parse::<syn::ImplItem>()?;
        }
        Ok(())
    };
    depth > 0 && members.parse_str(piece).is_ok()
}

fn holds_items(piece: &str) -> bool {
    piece
        .lines()
        .map(str::trim_start)
        .find(|line| !line.is_empty() && !line.starts_with(['#', '/']))
        .is_some_and(|line| {
            line.split_whitespace()
                .take(3)
                .any(|word| word.starts_with("impl") || matches!(word, "mod" | "trait"))
        })
}

fn indent_of_next_line(text: &str, from: usize, to: usize) -> usize {
    text[from..to]
        .lines()
        .find(|line| !line.trim().is_empty())
        .map_or(0, |line| line.len() - line.trim_start().len())
}

/// Cuts `start..end` before each line that starts an item at `indent`.
fn pieces(text: &str, start: usize, end: usize, indent: usize) -> Vec<(usize, usize)> {
    let mut cuts = vec![start];
    let mut in_head = false;
    let mut at = start;
    for line in text[start..end].split_inclusive('\n') {
        let trimmed = line.trim_start();
        let own = line.len() - trimmed.len() == indent;
        if own && starts_item(trimmed) {
            // Attributes and doc comments belong to the item below them.
            if !in_head && at > start {
                cuts.push(at);
            }
            in_head = trimmed.starts_with(['#', '/']);
        } else if !trimmed.is_empty() {
            in_head = false;
        }
        at += line.len();
    }
    cuts.push(end);
    cuts.windows(2).map(|pair| (pair[0], pair[1])).filter(|(from, to)| from < to).collect()
}

fn starts_item(line: &str) -> bool {
    if line.starts_with("#[") || line.starts_with("//") {
        return true;
    }
    let word: String = line.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    matches!(
        word.as_str(),
        "pub"
            | "fn"
            | "struct"
            | "enum"
            | "union"
            | "trait"
            | "impl"
            | "mod"
            | "use"
            | "const"
            | "static"
            | "type"
            | "unsafe"
            | "extern"
            | "async"
            | "macro_rules"
    )
}
