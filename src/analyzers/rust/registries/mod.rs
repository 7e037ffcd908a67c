//! Macro calls in item position: entries of distributed registries, and the rows of lists.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::visit::Visit;

use super::Source;
use super::items::Lowering;
use super::words::spaceless;
use crate::model::Name;
use crate::model::facts::rust::modules::ModuleIndex;
use crate::model::facts::rust::registries::{MacroCall, Row, Submission};
use crate::model::facts::rust::types::{Path, Word};

/// Macro calls with more rows than this are data, not a list of things.
const MAX_ROWS: usize = 4_000;

impl Lowering<'_, '_> {
    /// Reads one macro call in item position.
    pub(super) fn item_macro(&mut self, mac: &syn::Macro, module: ModuleIndex) {
        let source = self.source;
        let path = source.path(&mac.path);
        let name = super::attributes::last_segment(&mac.path);
        let line = super::items::line(
            mac.path
                .segments
                .first()
                .map_or_else(proc_macro2::Span::call_site, |segment| segment.ident.span()),
        );
        if name == "submit" {
            let submission = submission(source, mac, module, line);
            self.registries().submissions.push(submission);
            return;
        }
        let rows = rows(source, mac.tokens.clone());
        let is_open = super::transparent::is_open(mac);
        let columns = match name.as_str() {
            "table" => columns(source, mac.tokens.clone()),
            "bitflags" => flags(source, mac.tokens.clone()),
            _ => Vec::new(),
        };
        self.registries().calls.push(MacroCall { module, path, rows, is_open, columns, line });
    }
}

fn submission(source: &Source<'_>, mac: &syn::Macro, module: ModuleIndex, line: u32) -> Submission {
    let tokens = mac.tokens.clone();
    let text = cut(&spaceless(&tokens.to_string()));
    let mut found = Submission {
        module,
        registrar: "inventory::submit".into(),
        plugin: None,
        key: None,
        paths: Vec::new(),
        text,
        line,
    };
    // `#![crate = other]` may stand before the value.
    let expr = syn::parse2::<syn::Expr>(tokens);
    let Ok(expr) = expr else { return found };
    found.plugin = match &expr {
        syn::Expr::Struct(literal) => Some(source.path(&literal.path)),
        syn::Expr::Call(call) => match &*call.func {
            syn::Expr::Path(path) => {
                // `Plugin::new(…)` submits a `Plugin`.
                let mut path = source.path(&path.path);
                if path.segments.len() > 1 {
                    path.segments.pop();
                }
                Some(path)
            }
            _ => None,
        },
        syn::Expr::Path(path) => Some(source.path(&path.path)),
        _ => None,
    };
    let mut gather = Gather { source, paths: Vec::new(), key: None, named: None };
    gather.visit_expr(&expr);
    found.key = gather.named.or(gather.key);
    found.paths = gather.paths;
    found
}

/// The value paths and the first string of an expression.
struct Gather<'g, 'a> {
    source: &'g Source<'a>,
    paths: Vec<Path>,
    key: Option<Name>,
    named: Option<Name>,
}

impl<'ast> Visit<'ast> for Gather<'_, '_> {
    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        self.paths.push(self.source.qualified(path.qself.as_ref(), &path.path));
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.key.get_or_insert_with(|| text.value().into());
    }

    fn visit_field_value(&mut self, field: &'ast syn::FieldValue) {
        if let syn::Member::Named(name) = &field.member
            && (name == "name" || name == "id" || name == "key")
            && let Some(text) = super::attributes::literal(&field.expr)
        {
            self.named.get_or_insert_with(|| text.into());
        }
        syn::visit::visit_field_value(self, field);
    }
}

/// The `name -> Type,` lines of a `table!`.
fn columns(source: &Source<'_>, tokens: TokenStream) -> Vec<(Word, Name, u32)> {
    let body = tokens.into_iter().find_map(|token| match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group.stream()),
        _ => None,
    });
    let tokens: Vec<TokenTree> = body.into_iter().flatten().collect();
    let arrow = |at: usize| {
        matches!(tokens.get(at), Some(TokenTree::Punct(p)) if p.as_char() == '-')
            && matches!(tokens.get(at + 1), Some(TokenTree::Punct(p)) if p.as_char() == '>')
    };
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Ident(ident) = token else { continue };
        if !arrow(at + 1) {
            continue;
        }
        let ty = tokens[at + 3..].iter().take_while(
            |token| !matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','),
        );
        let ty: TokenStream = ty.cloned().collect();
        let line = ident.span().start().line as u32;
        let ty: Name = ty.to_string().replace(' ', "").into();
        found.push((source.ident(ident), ty, line));
    }
    found
}

/// The `const NAME = value;` lines of `bitflags!`.
fn flags(source: &Source<'_>, tokens: TokenStream) -> Vec<(Word, Name, u32)> {
    let mut found = Vec::new();
    let mut after_const = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                found.extend(flags(source, group.stream()));
            }
            TokenTree::Ident(ident) if after_const => {
                let line = ident.span().start().line as u32;
                found.push((source.ident(&ident), "".into(), line));
                after_const = false;
            }
            TokenTree::Ident(ident) => after_const = ident == "const",
            _ => after_const = false,
        }
    }
    found
}

/// Splits a macro call's tokens at commas and semicolons, and behind braces that end a line.
pub fn rows(source: &Source<'_>, tokens: TokenStream) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row: Vec<TokenTree> = Vec::new();
    let mut after_group = false;
    for token in tokens {
        if rows.len() >= MAX_ROWS {
            break;
        }
        let ends = matches!(&token, TokenTree::Punct(p) if matches!(p.as_char(), ',' | ';'));
        let starts_anew = after_group
            && match (&token, row.last()) {
                (TokenTree::Punct(_), _) | (_, None) => false,
                (token, Some(last)) => token.span().start().line > last.span().end().line,
            };
        if ends || starts_anew {
            rows.extend(lower_row(source, &std::mem::take(&mut row)));
        }
        after_group = matches!(&token, TokenTree::Group(g) if g.delimiter() != Delimiter::Bracket);
        if !ends {
            row.push(token);
        }
    }
    rows.extend(lower_row(source, &row));
    rows
}

fn lower_row(source: &Source<'_>, tokens: &[TokenTree]) -> Option<Row> {
    let mut name: Option<Word> = None;
    let mut literal = None;
    let mut first_line = None;
    let mut skip_group = false;
    for token in tokens {
        match token {
            // Attributes and doc comments stand before the row.
            TokenTree::Punct(punct) if punct.as_char() == '#' && name.is_none() => {
                skip_group = true;
                continue;
            }
            TokenTree::Group(group) if skip_group => {
                skip_group = group.delimiter() != Delimiter::Bracket;
                continue;
            }
            _ => {}
        }
        skip_group = false;
        first_line.get_or_insert(token.span().start().line as u32);
        scan(source, token, &mut name, &mut literal);
    }
    let line = first_line?;
    let text: TokenStream = tokens.iter().cloned().collect();
    let text = if tokens.len() > 40 { String::new() } else { spaceless(&text.to_string()) };
    Some(Row { name, literal, text: cut(&text), line })
}

fn scan(
    source: &Source<'_>,
    token: &TokenTree,
    name: &mut Option<Word>,
    literal: &mut Option<Name>,
) {
    match token {
        TokenTree::Ident(ident) if name.is_none() => {
            let text = ident.to_string();
            let keyword = matches!(
                text.as_str(),
                "pub"
                    | "fn"
                    | "const"
                    | "static"
                    | "ref"
                    | "mut"
                    | "struct"
                    | "enum"
                    | "type"
                    | "unsafe"
                    | "async"
                    | "crate"
                    | "in"
                    | "let"
                    | "impl"
                    | "for"
                    | "where"
            );
            if !keyword {
                *name = Some(source.word(text.trim_start_matches("r#")));
            }
        }
        TokenTree::Literal(value) if literal.is_none() => {
            let text = value.to_string();
            let unquoted = syn::parse_str::<syn::LitStr>(&text).map(|text| text.value());
            *literal = Some(unquoted.unwrap_or(text).into());
        }
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
            for inner in group.stream() {
                if name.is_some() && literal.is_some() {
                    break;
                }
                if !matches!(inner, TokenTree::Group(_)) {
                    scan(source, &inner, name, literal);
                }
            }
        }
        _ => {}
    }
}

/// Text cut to what a row can show.
fn cut(text: &str) -> Name {
    match text.char_indices().nth(160) {
        Some((at, _)) => format!("{}…", &text[..at]).into(),
        None => text.into(),
    }
}
