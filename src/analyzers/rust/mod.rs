//! One Rust file's text → [`FileFacts`], by one parse with `syn` and one extractor per analysis
//! over the same tree. syn's trees cannot leave their thread and its span table only grows, so
//! everything is lowered to our own facts and the spans are dropped before returning.

pub mod attributes;
pub mod calls;
pub mod expand;
pub mod findings;
pub mod flows;
pub mod items;
pub mod mir;
mod nesting;
pub mod operators;
pub mod registries;
mod salvage;
pub mod schemas;
pub mod splits;
mod transparent;
pub mod words;
pub mod worker;

use std::cell::RefCell;

use super::SourceFile;
use crate::model::facts::rust::RustFacts;
use crate::model::{Diagnostic, FileFacts, LanguageFacts, LineIndex, Name, Severity, Span};

/// A parsed file as the extractors see it.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub path: &'a Name,
    pub text: &'a str,
    pub lines: &'a LineIndex,
    pub ast: &'a syn::File,
    /// The file's table of words.
    pub words: &'a words::Words,
    /// The file's own macros, where what they generate counts.
    pub local: Option<&'a RefCell<expand::live::Local>>,
    /// Byte offset of each line's start, to turn proc-macro2's line and column into offsets.
    offsets: Offsets<'a>,
}

/// Turns proc-macro2 positions (1-based line, 0-based column in characters) into byte offsets
/// without its own slow path.
#[derive(Clone, Copy)]
struct Offsets<'a> {
    text: &'a str,
    lines: &'a LineIndex,
    is_ascii: bool,
}

impl Offsets<'_> {
    fn byte(&self, at: proc_macro2::LineColumn) -> u32 {
        let start = self.lines.start_of(at.line as u32).unwrap_or(self.text.len() as u32);
        if self.is_ascii {
            return (start + at.column as u32).min(self.text.len() as u32);
        }
        let rest = self.text.get(start as usize..).unwrap_or_default();
        let column = rest.char_indices().nth(at.column).map_or(rest.len(), |(byte, _)| byte);
        start + column as u32
    }
}

impl Source<'_> {
    /// The byte span of a proc-macro2 span.
    pub fn span(&self, span: proc_macro2::Span) -> Span {
        Span::new(self.offsets.byte(span.start()), self.offsets.byte(span.end()))
    }

    /// The byte span of a syntax node.
    pub fn span_of(&self, node: &impl syn::spanned::Spanned) -> Span {
        self.span(node.span())
    }

    /// The 1-based line on which a node starts.
    pub fn line_of(&self, node: &impl syn::spanned::Spanned) -> u32 {
        node.span().start().line as u32
    }

    /// The source text of a node.
    pub fn text_of(&self, node: &impl syn::spanned::Spanned) -> &str {
        self.span_of(node).of(self.text)
    }
}

/// Extracts one Rust file. Problems become diagnostics.
pub fn extract(file: &SourceFile) -> FileFacts {
    // A byte-order mark is legal at the start of a file, but syn counts it as a column.
    let text: &str = &file.text;
    let lines = LineIndex::new(text);
    let mut facts = FileFacts {
        path: file.path.clone(),
        lines: lines.line_count(text),
        bytes: text.len() as u32,
        broken: false,
        diagnostics: Vec::new(),
        symbols: Vec::new(),
        body: LanguageFacts::Rust(Box::default()),
    };
    let failure = |line: u32, column: u32, code: &str, message: String| Diagnostic {
        file: file.path.clone(),
        line,
        column,
        severity: Severity::Error,
        code: code.into(),
        message,
    };
    if let Some(offset) = nesting::too_deep(text) {
        let at = lines.position(text, offset);
        let message = format!("nested deeper than {} levels: not analysed", nesting::LIMIT);
        facts.broken = true;
        facts.diagnostics.push(failure(at.line, at.column, "too-nested", message));
        return facts;
    }
    let mut mended = None;
    let parsed = syn::parse_file(text).or_else(|error| -> Result<syn::File, ()> {
        let at = error.span().start();
        let column = at.column as u32 + 1;
        facts.broken = true;
        facts.diagnostics.push(failure(at.line as u32, column, "syntax-error", error.to_string()));
        let salvaged = salvage::parse(text).ok_or(())?;
        for body in salvaged.emptied {
            let at = lines.position(text, body as u32);
            let message = "this function's body is left out while it does not parse".to_owned();
            let diagnostic = failure(at.line, at.column, "left-out", message);
            facts.diagnostics.push(Diagnostic { severity: Severity::Info, ..diagnostic });
        }
        mended = Some(salvaged.text);
        Ok(salvaged.file)
    });
    if let Ok(mut ast) = parsed {
        // Definitions that the file's own macros generate count; what is said about the text (the
        // findings, the splits) is said of what is written.
        let mut local = expand::live::Local::read(mended.as_deref().unwrap_or(text));
        let expanded = local.as_mut().map(|local| {
            let mut whole = ast.clone();
            transparent::open(&mut whole, Some(local));
            whole
        });
        let local = local.map(RefCell::new);
        transparent::open(&mut ast, None);
        let offsets = Offsets { text, lines: &lines, is_ascii: text.is_ascii() };
        let words = words::Words::default();
        let source = Source {
            path: &file.path,
            text,
            lines: &lines,
            ast: &ast,
            words: &words,
            offsets,
            local: None,
        };
        let ast = expanded.as_ref().unwrap_or(&ast);
        let whole = Source { ast, local: local.as_ref(), ..source };
        let lowered = items::extract(&whole);
        facts.symbols = lowered.symbols;
        let mut body = RustFacts {
            words: Vec::new(),
            modules: lowered.modules,
            items: lowered.items,
            calls: lowered.calls,
            registries: lowered.registries,
            schemas: lowered.schemas,
            tasks: Default::default(),
            splits: splits::extract(&source),
            flows: flows::extract(&source),
            findings: findings::extract(&source),
        };
        body.words = words.into_names();
        facts.body = LanguageFacts::Rust(Box::new(body));
    }
    proc_macro2::extra::invalidate_current_thread_spans();
    facts
}
