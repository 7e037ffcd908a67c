//! One Python file's text → [`FileFacts`], by one parse with `ruff_python_parser` and one
//! extractor per analysis over the same tree. The parser recovers from errors, so a broken file
//! still yields what stands outside the broken statement.

pub mod calls;
pub mod conventions;
pub mod findings;
pub mod flows;
pub mod names;
mod nesting;
pub mod registries;
pub mod schemas;
pub mod scopes;
pub mod splits;
pub mod symbols;
pub mod tasks;
pub mod worker;

use ruff_python_ast::{ModModule, PySourceType};
use ruff_text_size::Ranged;

use super::SourceFile;
use crate::model::facts::python::PythonFacts;
use crate::model::{Diagnostic, FileFacts, LanguageFacts, LineIndex, Name, Severity, Span};
use scopes::Scopes;

/// A parsed file as the extractors see it.
pub struct Source<'a> {
    pub path: &'a Name,
    /// Dotted module name; the package's own name for an `__init__`.
    pub module: &'a Name,
    pub is_package: bool,
    pub is_stub: bool,
    pub text: &'a str,
    pub lines: &'a LineIndex,
    pub ast: &'a ModModule,
    pub scopes: &'a Scopes<'a>,
}

impl<'a> Source<'a> {
    /// The source text of a node.
    pub fn text_of(&self, node: &impl Ranged) -> &'a str {
        &self.text[node.range()]
    }

    /// The 1-based line on which a node starts.
    pub fn line_of(&self, node: &impl Ranged) -> u32 {
        self.lines.line(node.start().to_u32())
    }
}

/// The byte span of a node.
pub fn span_of(node: &impl Ranged) -> Span {
    Span::new(node.start().to_u32(), node.end().to_u32())
}

/// Extracts one Python file. Problems become diagnostics.
pub fn extract(file: &SourceFile) -> FileFacts {
    let text: &str = &file.text;
    let lines = LineIndex::new(text);
    let mut facts = FileFacts {
        path: file.path.clone(),
        lines: lines.line_count(text),
        bytes: text.len() as u32,
        broken: false,
        diagnostics: Vec::new(),
        symbols: Vec::new(),
        body: LanguageFacts::Python(Box::default()),
    };
    let diagnostic = |offset: u32, severity, code: &str, message: String| {
        let at = lines.position(text, offset);
        Diagnostic {
            file: file.path.clone(),
            line: at.line,
            column: at.column,
            severity,
            code: code.into(),
            message,
        }
    };
    if let Some(offset) = nesting::too_deep(text) {
        facts.broken = true;
        facts.diagnostics.push(diagnostic(
            offset,
            Severity::Error,
            "too-nested",
            format!("nested deeper than {} levels: not analysed", nesting::LIMIT),
        ));
        return facts;
    }
    let source_type =
        if file.path.ends_with(".pyi") { PySourceType::Stub } else { PySourceType::Python };
    let parsed = ruff_python_parser::parse_unchecked_source(text, source_type);
    for error in parsed.errors() {
        facts.broken = true;
        facts.diagnostics.push(diagnostic(
            error.location.start().to_u32(),
            Severity::Error,
            "syntax-error",
            error.error.to_string(),
        ));
    }
    let is_package = file.path.rsplit('/').next().is_some_and(|name| name.starts_with("__init__."));
    let scopes = Scopes::build(parsed.syntax(), &file.module, is_package);
    let source = Source {
        path: &file.path,
        module: &file.module,
        is_package,
        is_stub: source_type == PySourceType::Stub,
        text,
        lines: &lines,
        ast: parsed.syntax(),
        scopes: &scopes,
    };
    facts.symbols = symbols::extract(&source);
    facts.body = LanguageFacts::Python(Box::new(PythonFacts {
        module: file.module.clone(),
        is_package,
        is_stub: source.is_stub,
        names: names::extract(&source),
        calls: calls::extract(&source),
        registries: registries::extract(&source),
        schemas: schemas::extract(&source),
        tasks: tasks::extract(&source),
        splits: splits::extract(&source),
        flows: flows::extract(&source),
        findings: findings::extract(&source),
    }));
    facts
}
