//! Keeps what stands outside the broken part of a file that does not parse.
//!
//! The text is cut at lines that start an item at their block's own indentation. Of a function that
//! does not parse on its own the head is kept with an empty body; blocks of items are looked into;
//! everything else that is broken is blanked out. Nothing moves, so all positions stay true.

use syn::parse::Parser;

/// Files beyond this are not salvaged: each piece is parsed twice.
const MAX_BYTES: usize = 4 << 20;
const MAX_DEPTH: u32 = 6;
/// Pieces that may belong together: a text with lines like those of items was cut apart.
const MOST_JOINED: usize = 8;

/// A file without its broken parts.
pub struct Salvaged {
    pub file: syn::File,
    /// The text that was read: blanks and braces stand where it was broken, on the same lines.
    pub text: String,
    /// Where, in bytes, the functions' bodies start that were left out.
    pub emptied: Vec<usize>,
}

/// What is left of the file, when it parses.
pub fn parse(text: &str) -> Option<Salvaged> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let bytes = text.as_bytes().to_vec();
    let mut repair = Repair { text, bytes, closes: Vec::new(), emptied: Vec::new() };
    repair.block(0, text.len(), 0, 0);
    let emptied = std::mem::take(&mut repair.emptied);
    let text = repair.finish()?;
    let file = syn::parse_file(&text).ok()?;
    (!file.items.is_empty()).then_some(Salvaged { file, text, emptied })
}

struct Repair<'t> {
    text: &'t str,
    /// The text with its broken parts blanked.
    bytes: Vec<u8>,
    /// Ends of lines where a closing brace is missing.
    closes: Vec<usize>,
    emptied: Vec<usize>,
}

/// A block between braces: after the opening one, at the closing one if there is any.
#[derive(Clone, Copy)]
struct Frame {
    body: usize,
    close: usize,
    is_closed: bool,
}

enum Holds {
    Items,
    Code,
    Else,
}

impl Repair<'_> {
    fn finish(self) -> Option<String> {
        let mut bytes = self.bytes;
        let mut closes = self.closes;
        closes.sort_unstable();
        // From behind, so that the places before stay where they are. A brace at the end of a line
        // moves nothing that has a position of its own.
        for at in closes.into_iter().rev() {
            bytes.insert(at, b'}');
        }
        String::from_utf8(bytes).ok()
    }

    /// Mends what stands in a block whose items are indented by `indent`.
    fn block(&mut self, start: usize, end: usize, indent: usize, depth: u32) {
        let pieces = pieces(self.text, start, end, indent);
        let mut at = 0;
        while at < pieces.len() {
            let (from, to) = pieces[at];
            let piece = &self.text[from..to];
            if piece.trim().is_empty() || parses(piece, depth) {
                at += 1;
                continue;
            }
            let joined = (at + 1..pieces.len().min(at + MOST_JOINED))
                .find(|last| parses(&self.text[from..pieces[*last].1], depth));
            if let Some(last) = joined {
                at = last + 1;
                continue;
            }
            self.piece(from, to, indent, depth);
            at += 1;
        }
    }

    /// Mends one item that does not parse.
    fn piece(&mut self, from: usize, to: usize, indent: usize, depth: u32) {
        let Some(frame) = frame(self.text, from, to, indent) else { return self.blank(from, to) };
        match holds(&self.text[from..frame.body], depth) {
            Holds::Items if depth < MAX_DEPTH => {
                let inner = indent_of_next_line(self.text, frame.body, frame.close);
                if inner > indent {
                    self.block(frame.body, frame.close, inner, depth + 1);
                } else {
                    self.blank(frame.body, frame.close);
                }
            }
            Holds::Items | Holds::Code => {
                self.blank(frame.body, frame.close);
                self.emptied.push(frame.body);
            }
            Holds::Else => return self.blank(from, to),
        }
        if frame.is_closed {
            // What follows the block belongs to no item.
            self.blank(frame.close + 1, to);
        } else {
            let end = self.text[..to].trim_end_matches(['\n', '\r']).len();
            self.closes.push(end.max(frame.body));
        }
    }

    fn blank(&mut self, from: usize, to: usize) {
        for byte in &mut self.bytes[from..to] {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }
}

/// The block of an item: opened by the first line that ends with a brace, closed by the last line
/// at the item's own indentation that starts with one.
fn frame(text: &str, from: usize, to: usize, indent: usize) -> Option<Frame> {
    let mut body = None;
    let mut close = None;
    let mut at = from;
    for line in text[from..to].split_inclusive('\n') {
        let trimmed = line.trim_start();
        let own = line.len() - trimmed.len();
        let code = trimmed.split(" //").next().unwrap_or(trimmed).trim_end();
        let is_note = trimmed.starts_with("//") || trimmed.starts_with("#[");
        if body.is_none() && !is_note && code.ends_with('{') {
            body = Some(at + own + code.len());
        } else if body.is_some() && own == indent && trimmed.starts_with('}') {
            close = Some(at + own);
        }
        at += line.len();
    }
    match (body, close) {
        (Some(body), Some(close)) => Some(Frame { body, close, is_closed: true }),
        (Some(body), None) => Some(Frame { body, close: to, is_closed: false }),
        // All on one line.
        (None, _) => {
            let body = from + text[from..to].find('{')? + 1;
            let close = from + text[from..to].rfind('}')?;
            (body <= close).then_some(Frame { body, close, is_closed: true })
        }
    }
}

/// What a block may hold, by its head.
fn holds(head: &str, depth: u32) -> Holds {
    let whole = format!("{head}}}");
    if let Ok(file) = syn::parse_file(&whole) {
        return match file.items.last() {
            Some(syn::Item::Impl(_) | syn::Item::Mod(_) | syn::Item::Trait(_)) => Holds::Items,
            Some(syn::Item::Macro(call)) if call.ident.is_none() => Holds::Items,
            Some(syn::Item::Fn(_)) => Holds::Code,
            Some(syn::Item::ForeignMod(_)) => Holds::Code,
            _ => Holds::Else,
        };
    }
    if depth > 0
        && let Ok(members) = members.parse_str(&whole)
    {
        return match members.last() {
            Some(syn::ImplItem::Fn(_)) => Holds::Code,
            Some(syn::ImplItem::Macro(_)) => Holds::Items,
            _ => Holds::Else,
        };
    }
    Holds::Else
}

fn members(input: syn::parse::ParseStream<'_>) -> syn::Result<Vec<syn::ImplItem>> {
    let mut members = Vec::new();
    while !input.is_empty() {
        members.push(input.parse()?);
    }
    Ok(members)
}

fn parses(piece: &str, depth: u32) -> bool {
    syn::parse_file(piece).is_ok() || depth > 0 && members.parse_str(piece).is_ok()
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
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let word = line.split(|c| !is_word(c)).next().unwrap_or_default();
    let is_item = matches!(
        word,
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
            | "default"
            | "macro_rules"
    );
    // A macro call, perhaps by a path.
    let rest = line.trim_start_matches(|c| is_word(c) || c == ':');
    is_item || (!word.is_empty() && rest.starts_with('!') && !rest.starts_with("!="))
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// The functions that are left, with the lines they start on.
    fn functions(text: &str) -> Vec<(String, usize)> {
        #[derive(Default)]
        struct Names(Vec<(String, usize)>);
        impl<'ast> syn::visit::Visit<'ast> for Names {
            fn visit_signature(&mut self, sig: &'ast syn::Signature) {
                self.0.push((sig.ident.to_string(), sig.ident.span().start().line));
            }
        }
        let mut names = Names::default();
        if let Some(salvaged) = parse(text) {
            syn::visit::visit_file(&mut names, &salvaged.file);
        }
        names.0
    }

    const WHOLE: &str = r#"use a::b;

/// Has { a brace.
impl<T> Tree<T>
where
    T: Ord,
{
    pub fn new() -> Self {
        let x = 1;
        Self { root: None }
    }

    fn get(&self) -> &str { "x" }
}

mod inner {
    pub fn text() -> &'static str {
        r"
fn looks_like_one() {
"
    }
}

mod made {
    macro_call! {
        fn generated() -> u8 {
            let x = 2;
            x
        }
    }
}

fn last() {
    let x = 3;
}
"#;

    #[test]
    fn only_the_body_that_is_broken_is_lost() {
        let all: Vec<(String, usize)> = [("new", 8), ("get", 13), ("text", 17), ("last", 33)]
            .map(|(n, l)| (n.into(), l))
            .into();
        let names = |text: &str| {
            let mut found = functions(text);
            found.retain(|(name, _)| name != "generated");
            found
        };
        assert_eq!(names(WHOLE), all);
        for (at, _) in WHOLE.match_indices("let x = ") {
            for broken in ["self.", "let s = \"abc", "/* abc", "if a {", "f(g(1);", "}", "x::<Vec<"]
            {
                let text = format!("{}{broken} {}", &WHOLE[..at], &WHOLE[at..]);
                assert_eq!(names(&text), all, "{broken} at {at}");
            }
        }
    }

    #[test]
    fn a_missing_brace_ends_with_the_block_around_it() {
        let text = WHOLE.replacen(
            "        Self { root: None }\n    }\n",
            "        Self { root: None }\n\n",
            1,
        );
        let found = functions(&text);
        assert!(
            found.contains(&("get".into(), 13)) && found.contains(&("last".into(), 33)),
            "{found:?}"
        );
        let text = WHOLE.replacen(
            "fn get(&self) -> &str { \"x\" }\n}\n",
            "fn get(&self) -> &str { \"x\" }\n\n",
            1,
        );
        let found = functions(&text);
        assert!(
            found.contains(&("get".into(), 13)) && found.contains(&("last".into(), 33)),
            "{found:?}"
        );
    }
}
