//! Where a function stands in its file, and what of a crate's root stands in the way.

use proc_macro2::LineColumn;
use syn::{AttrStyle, Item, ItemFn};

use super::super::nesting;
use crate::model::{LineIndex, Symbol};

/// Files nested deeper than this are not parsed: the caller's stack may be small.
const DEEPEST: usize = 150;

/// A function and the byte offset at which its module ends.
pub struct Place {
    pub function: ItemFn,
    pub insert_at: usize,
}

/// Finds a symbol's function among the items of its file and of inline modules.
///
/// # Errors
/// When it is no item of a module, or the file cannot be parsed.
pub fn find(text: &str, symbol: &Symbol) -> Result<Place, String> {
    let file = parse(text, &symbol.file)?;
    let offsets = Offsets { text, lines: LineIndex::new(text) };
    let mut modules = vec![(&file.items, text.len())];
    while let Some((items, end)) = modules.pop() {
        for item in items {
            match item {
                Item::Fn(function)
                    if function.sig.ident == symbol.short_name()
                        && function.sig.fn_token.span.start().line == symbol.line as usize =>
                {
                    return Ok(Place { function: function.clone(), insert_at: end });
                }
                Item::Mod(module) => {
                    if let Some((brace, items)) = &module.content {
                        modules.push((items, offsets.byte(brace.span.close().start())));
                    }
                }
                _ => {}
            }
        }
    }
    Err(format!(
        "{} is not a free function of a module: methods, nested functions and those that a macro \
         makes cannot be run",
        symbol.name
    ))
}

/// A crate root's text without the `forbid` attributes that would refuse the adapter; lines and
/// columns stay.
pub fn without_forbids(text: &str) -> String {
    let Ok(file) = parse(text, "") else { return text.to_owned() };
    let offsets = Offsets { text, lines: LineIndex::new(text) };
    let mut cleaned = text.to_owned();
    for attribute in &file.attrs {
        let is_forbid = matches!(attribute.style, AttrStyle::Inner(_))
            && ["forbid", "deny"].iter().any(|lint| attribute.path().is_ident(lint));
        if is_forbid {
            let start = offsets.byte(attribute.pound_token.span.start());
            let end = offsets.byte(attribute.bracket_token.span.close().end());
            blank(&mut cleaned, start, end);
        }
    }
    cleaned
}

/// A binary's root with `fn main` renamed, so that the worker's takes its place.
///
/// # Errors
/// When there is none.
pub fn without_main(text: &str) -> Result<String, String> {
    let file = parse(text, "the crate root")?;
    let offsets = Offsets { text, lines: LineIndex::new(text) };
    let main = file.items.iter().find_map(|item| match item {
        Item::Fn(function) if function.sig.ident == "main" => Some(function),
        _ => None,
    });
    let mut renamed = text.to_owned();
    if let Some(main) = main {
        let at = offsets.byte(main.sig.ident.span().start());
        renamed.replace_range(at..at + 4, "__ms_main_of_user");
    }
    if !renamed.ends_with('\n') {
        renamed.push('\n');
    }
    Ok(renamed)
}

fn parse(text: &str, path: &str) -> Result<syn::File, String> {
    if nesting::too_deep(text).is_some() || depth(text) > DEEPEST {
        return Err(format!("{path} is nested too deep"));
    }
    syn::parse_file(text).map_err(|error| {
        let at = error.span().start();
        format!("{path}:{}:{}: {error}", at.line, at.column + 1)
    })
}

fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// Replaces a range by spaces, keeping its line breaks.
fn blank(text: &mut String, start: usize, end: usize) {
    let Some(range) = text.get(start..end) else { return };
    let blanks: String =
        range.chars().map(|c| if c == '\n' || c == '\r' { c } else { ' ' }).collect();
    text.replace_range(start..end, &blanks);
}

struct Offsets<'a> {
    text: &'a str,
    lines: LineIndex,
}

impl Offsets<'_> {
    /// The byte offset of a parser's position (1-based line, 0-based column in characters).
    fn byte(&self, at: LineColumn) -> usize {
        let start = self.lines.start_of(at.line as u32).map_or(self.text.len(), |at| at as usize);
        let rest = self.text.get(start..).unwrap_or_default();
        start + rest.char_indices().nth(at.column).map_or(rest.len(), |(byte, _)| byte)
    }
}
