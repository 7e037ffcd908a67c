//! What a fragment specifier may begin with, and reading one from a macro's input.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::discouraged::Speculative;
use syn::parse::{ParseBuffer, Parser};
use syn::{Token, ext::IdentExt};

use super::rules::Kind;
use super::tokens::{self, At, Token as Lexed};

/// Whether a fragment of this kind may start here; deciding for it is final, as in rustc.
pub fn may_begin(kind: Kind, input: &ParseBuffer<'_>) -> bool {
    let place = tokens::at(input.cursor());
    match (&place, kind) {
        (At::End, _) => return false,
        (At::Opaque(_), Kind::Ident | Kind::Lifetime) => return false,
        (At::Opaque(_), Kind::Literal) => return is_literal(input),
        (At::Opaque(_), _) | (_, Kind::Tt) => return true,
        _ => {}
    }
    match kind {
        Kind::Ident => matches!(&place, At::Token(Lexed::Ident(name), _) if name != "_"),
        Kind::Lifetime => matches!(place, At::Token(Lexed::Lifetime(_), _)),
        Kind::Literal => is_literal(input),
        Kind::Block => matches!(place, At::Open(Delimiter::Brace)),
        Kind::Path | Kind::Meta => match &place {
            At::Token(Lexed::Ident(name), _) => kind == Kind::Meta || is_path_start(name),
            At::Token(Lexed::Op(op), _) => matches!(*op, "::" | "<" | "<<"),
            _ => false,
        },
        Kind::Ty => match &place {
            At::Token(Lexed::Ident(name), _) => {
                is_path_start(name)
                    || matches!(
                        name.as_str(),
                        "_" | "for" | "impl" | "fn" | "unsafe" | "extern" | "dyn"
                    )
            }
            At::Token(Lexed::Op(op), _) => {
                matches!(*op, "!" | "*" | "&" | "&&" | "?" | "<" | "<<" | "::")
            }
            At::Token(Lexed::Lifetime(_), _) => true,
            At::Open(delimiter) => *delimiter != Delimiter::Brace,
            _ => false,
        },
        Kind::Expr => match &place {
            At::Token(Lexed::Ident(name), _) => begins_expr(name),
            At::Token(Lexed::Op(op), _) => matches!(
                *op,
                "!" | "-"
                    | "*"
                    | "|"
                    | "||"
                    | "&"
                    | "&&"
                    | "..."
                    | ".."
                    | "..="
                    | "<"
                    | "<<"
                    | "::"
                    | "#"
            ),
            At::Token(..) | At::Open(_) => true,
            _ => false,
        },
        Kind::Pat | Kind::PatParam => match &place {
            At::Token(Lexed::Ident(name), _) => {
                is_path_start(name)
                    || matches!(
                        name.as_str(),
                        "_" | "box" | "ref" | "mut" | "true" | "false" | "const"
                    )
            }
            At::Token(Lexed::Op(op), _) => {
                matches!(*op, "&" | "&&" | "-" | ".." | "..." | "..=" | "::" | "<" | "<<")
                    || (*op == "|" && kind == Kind::Pat)
            }
            At::Token(Lexed::Literal(_), _) => true,
            At::Open(delimiter) => *delimiter != Delimiter::Brace,
            _ => false,
        },
        Kind::Vis => match &place {
            At::Token(Lexed::Op(","), _) => false,
            At::Token(Lexed::Ident(_), _) => true,
            _ => may_begin(Kind::Ty, input),
        },
        Kind::Item | Kind::Stmt => !matches!(place, At::End),
        Kind::Tt => true,
    }
}

fn is_literal(input: &ParseBuffer<'_>) -> bool {
    input.peek(syn::Lit) || (input.peek(Token![-]) && input.peek2(syn::Lit))
}

/// Whether a name may start a path: a plain name or one of the keywords that do.
fn is_path_start(name: &str) -> bool {
    matches!(name, "self" | "super" | "crate" | "Self") || !is_reserved(name)
}

fn is_reserved(name: &str) -> bool {
    name == "_" || (!name.starts_with("r#") && syn::parse_str::<syn::Ident>(name).is_err())
}

fn begins_expr(name: &str) -> bool {
    is_path_start(name)
        || matches!(
            name,
            "async"
                | "do"
                | "box"
                | "break"
                | "const"
                | "continue"
                | "false"
                | "for"
                | "if"
                | "let"
                | "loop"
                | "match"
                | "move"
                | "return"
                | "true"
                | "try"
                | "unsafe"
                | "while"
                | "yield"
                | "static"
                | "_"
        )
}

/// Reads a fragment and moves the input past it.
pub fn read(kind: Kind, input: &ParseBuffer<'_>) -> Result<TokenStream, syn::Error> {
    let before = input.fork();
    match kind {
        Kind::Tt => tree(input)?,
        Kind::Ident => drop(input.call(syn::Ident::parse_any)?),
        Kind::Lifetime => drop(input.parse::<syn::Lifetime>()?),
        Kind::Literal => {
            input.parse::<Option<Token![-]>>()?;
            input.parse::<syn::Lit>()?;
        }
        Kind::Block => drop(input.parse::<syn::Block>()?),
        Kind::Expr => drop(input.parse::<syn::Expr>()?),
        Kind::Ty => drop(input.parse::<syn::Type>()?),
        Kind::Pat => drop(syn::Pat::parse_multi_with_leading_vert(input)?),
        Kind::PatParam => drop(syn::Pat::parse_single(input)?),
        Kind::Path => drop(input.parse::<syn::Path>()?),
        Kind::Vis => drop(input.parse::<syn::Visibility>()?),
        Kind::Item => drop(input.parse::<syn::Item>()?),
        Kind::Stmt => statement(input)?,
        Kind::Meta => meta(input)?,
    }
    Ok(between(&before, input))
}

/// One token tree; adjoining operator characters are one.
fn tree(input: &ParseBuffer<'_>) -> syn::Result<()> {
    input.step(|cursor| {
        let after = match tokens::at(*cursor) {
            At::Token(_, after) | At::Opaque(after) => after,
            At::Open(_) => match cursor.token_tree() {
                Some((_, after)) => after,
                None => return Err(cursor.error("expected a token")),
            },
            At::End => return Err(cursor.error("expected a token")),
        };
        Ok(((), after))
    })
}

/// A statement without its final `;`.
fn statement(input: &ParseBuffer<'_>) -> syn::Result<()> {
    let ahead = input.fork();
    ahead.call(syn::Attribute::parse_outer)?;
    if ahead.peek(Token![let]) {
        // Up to the `;`, which the parser wants and the macro does not give.
        let mut trees: Vec<TokenTree> = Vec::new();
        while !input.is_empty() && !input.peek(Token![;]) {
            trees.push(input.parse()?);
        }
        trees.push(proc_macro2::Punct::new(';', proc_macro2::Spacing::Alone).into());
        syn::Block::parse_within.parse2(trees.into_iter().collect())?;
        return Ok(());
    }
    let ahead = input.fork();
    let is_macro = ahead.call(syn::Path::parse_mod_style).is_ok() && ahead.peek(Token![!]);
    let ahead = input.fork();
    if !is_macro && ahead.parse::<syn::Item>().is_ok() {
        input.advance_to(&ahead);
        return Ok(());
    }
    input.parse::<syn::Expr>().map(drop)
}

/// The inside of an attribute.
fn meta(input: &ParseBuffer<'_>) -> syn::Result<()> {
    if input.peek(Token![unsafe]) {
        return input.step(|cursor| {
            let inner = cursor.token_tree().and_then(|(_, rest)| rest.token_tree());
            inner.map(|(_, after)| ((), after)).ok_or_else(|| cursor.error("expected `(`"))
        });
    }
    input.call(syn::Path::parse_mod_style)?;
    if input.parse::<Option<Token![=]>>()?.is_some() {
        input.parse::<syn::Expr>()?;
    } else if !input.is_empty() && matches!(tokens::at(input.cursor()), At::Open(_)) {
        tree(input)?;
    }
    Ok(())
}

fn between(before: &ParseBuffer<'_>, after: &ParseBuffer<'_>) -> TokenStream {
    let (mut at, end) = (before.cursor(), after.cursor());
    let mut trees = Vec::new();
    while at != end
        && let Some((tree, next)) = at.token_tree()
    {
        trees.push(tree);
        at = next;
    }
    trees.into_iter().collect()
}
