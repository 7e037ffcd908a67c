//! Tokens as `macro_rules!` sees them: operators glued, lifetimes whole, and identifiers marked
//! with the expansion that wrote them.
//!
//! A mark is part of the name (`x·3`): `·` may stand in an identifier but nobody writes it, so
//! marked code still parses, and two names of different expansions differ.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use syn::buffer::Cursor;

pub const MARK: char = '·';
/// What `$crate` becomes until the end: `$crate` of the crate `a` is the name `__crate·a`.
const CRATE: &str = "__crate·";

/// One token of a matcher or of a macro's input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// Without marks.
    Ident(String),
    /// With its quote, without marks.
    Lifetime(String),
    Literal(String),
    Op(&'static str),
}

/// What stands at a place of a macro's input.
pub enum At<'c> {
    Token(Token, Cursor<'c>),
    Open(Delimiter),
    /// A fragment that an outer macro matched: it can be passed on but not looked into.
    Opaque(Cursor<'c>),
    End,
}

/// Reads the token at a cursor.
pub fn at(cursor: Cursor<'_>) -> At<'_> {
    let Some((tree, after)) = cursor.token_tree() else { return At::End };
    match tree {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            if group.stream().is_empty() { at(after) } else { At::Opaque(after) }
        }
        TokenTree::Group(group) => At::Open(group.delimiter()),
        TokenTree::Ident(ident) => At::Token(Token::Ident(plain(&ident.to_string())), after),
        TokenTree::Literal(literal) => At::Token(Token::Literal(literal.to_string()), after),
        TokenTree::Punct(_) => {
            if let Some((lifetime, after)) = cursor.lifetime() {
                let name = plain(&lifetime.ident.to_string());
                return At::Token(Token::Lifetime(format!("'{name}")), after);
            }
            let mut rest = cursor;
            let (op, taken) = glued(|_| match rest.token_tree() {
                Some((TokenTree::Punct(punct), after)) => {
                    rest = after;
                    Some(punct)
                }
                _ => None,
            });
            let mut after = cursor;
            for _ in 0..taken {
                after = after.token_tree().map_or(after, |(_, next)| next);
            }
            At::Token(Token::Op(op), after)
        }
    }
}

/// Reads the token at the start of a run of trees that does not start with a group.
pub fn first(trees: &[TokenTree]) -> Option<(Token, usize)> {
    match trees.first()? {
        TokenTree::Group(_) => None,
        TokenTree::Ident(ident) => Some((Token::Ident(plain(&ident.to_string())), 1)),
        TokenTree::Literal(literal) => Some((Token::Literal(literal.to_string()), 1)),
        TokenTree::Punct(punct) if punct.as_char() == '\'' => match trees.get(1) {
            Some(TokenTree::Ident(ident)) => {
                Some((Token::Lifetime(format!("'{}", plain(&ident.to_string()))), 2))
            }
            _ => Some((Token::Op("'"), 1)),
        },
        TokenTree::Punct(_) => {
            let (op, taken) = glued(|at| match trees.get(at) {
                Some(TokenTree::Punct(punct)) => Some(punct.clone()),
                _ => None,
            });
            Some((Token::Op(op), taken))
        }
    }
}

/// Longest first.
const OPS: &[&str] = &[
    "<<=", ">>=", "...", "..=", "<=", "==", "!=", ">=", "&&", "||", "..", "::", "->", "<-", "=>",
    "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|=", "<<", ">>", "+", "-", "*", "/", "%", "^", "!",
    "&", "|", "=", "<", ">", "@", ".", ",", ";", ":", "#", "$", "?", "~", "'",
];

/// The longest operator that adjoining punctuation makes, and how many characters it took.
fn glued(mut punct: impl FnMut(usize) -> Option<Punct>) -> (&'static str, usize) {
    let mut text = String::new();
    for at in 0..3 {
        let Some(found) = punct(at) else { break };
        // A quote after an operator starts a lifetime.
        if at > 0 && found.as_char() == '\'' {
            break;
        }
        text.push(found.as_char());
        if found.spacing() == Spacing::Alone {
            break;
        }
    }
    let op = OPS.iter().find(|op| text.starts_with(**op)).copied().unwrap_or("");
    (op, op.len().max(1))
}

/// A name without marks.
pub fn plain(name: &str) -> String {
    if name.starts_with(CRATE) {
        return name.into();
    }
    name.split(MARK).next().unwrap_or_default().into()
}

/// Whether two names are written alike, whoever wrote them.
pub fn is_named(ident: &Ident, name: &str) -> bool {
    plain(&ident.to_string()) == name
}

/// Whether a name has a mark.
pub fn is_marked(name: &str) -> bool {
    name.contains(MARK) && !name.starts_with(CRATE)
}

/// A name as the expansion numbered `mark` writes it.
pub fn marked(ident: &Ident, mark: u32) -> Ident {
    let name = ident.to_string();
    if mark == 0 || is_word(&name) || name.starts_with(CRATE) {
        return ident.clone();
    }
    rename(ident, &format!("{name}{MARK}{mark}"))
}

/// The same identifier under another name, which may start with `r#`.
pub fn rename(ident: &Ident, name: &str) -> Ident {
    match name.strip_prefix("r#") {
        Some(raw) => Ident::new_raw(raw, ident.span()),
        None => Ident::new(name, ident.span()),
    }
}

/// Names that mean something to the parser wherever they come from.
fn is_word(name: &str) -> bool {
    matches!(name, "_" | "union" | "default" | "auto" | "macro_rules" | "raw" | "safe" | "builtin")
        || (!name.starts_with("r#") && syn::parse_str::<syn::Ident>(name).is_err())
}

/// The name that stands for `$crate` in macros of a crate.
pub fn dollar_crate(krate: &str, span: Span) -> Ident {
    Ident::new(&format!("{CRATE}{krate}"), span)
}

/// The crate that a name of [`dollar_crate`]'s stands for.
pub fn crate_of(name: &str) -> Option<&str> {
    name.strip_prefix(CRATE)
}

/// Tokens as written at the call: marks gone, `$crate` spelled `crate` or `::name`, and fragments
/// no longer opaque.
pub fn unmarked(tokens: TokenStream, own_crate: &str) -> TokenStream {
    let mut out = Vec::new();
    for tree in tokens {
        match tree {
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                match crate_of(&name) {
                    Some(krate) if krate == own_crate => {
                        out.push(Ident::new("crate", ident.span()).into());
                    }
                    Some(krate) => {
                        for spacing in [Spacing::Joint, Spacing::Alone] {
                            let mut colon = Punct::new(':', spacing);
                            colon.set_span(ident.span());
                            out.push(colon.into());
                        }
                        out.push(Ident::new(krate, ident.span()).into());
                    }
                    None if is_marked(&name) => out.push(rename(&ident, &plain(&name)).into()),
                    None => out.push(ident.into()),
                }
            }
            TokenTree::Group(group) => {
                let inner = unmarked(group.stream(), own_crate);
                let mut fresh = Group::new(group.delimiter(), inner);
                fresh.set_span(group.span());
                out.push(fresh.into());
            }
            other => out.push(other),
        }
    }
    out.into_iter().collect()
}

/// Source-like text of tokens on one line, cut at a number of characters.
pub fn line(tokens: TokenStream, most: usize) -> String {
    let mut text = String::new();
    write(tokens, &mut text, most);
    let cut = text.char_indices().nth(most).map(|(at, _)| at);
    match cut {
        Some(at) => format!("{}…", &text[..at]),
        None => text,
    }
}

fn write(tokens: TokenStream, text: &mut String, most: usize) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < trees.len() && text.len() < 4 * most {
        let before = text.chars().last();
        if let TokenTree::Group(group) = &trees[at] {
            let (open, close) = match group.delimiter() {
                Delimiter::Parenthesis => ("(", ")"),
                Delimiter::Brace => ("{ ", " }"),
                Delimiter::Bracket => ("[", "]"),
                Delimiter::None => ("", ""),
            };
            let is_block = group.delimiter() == Delimiter::Brace;
            if before.is_some_and(|c| is_block && c != ' ' && c != '(' && c != '[' || c == ',') {
                text.push(' ');
            }
            text.push_str(open);
            write(group.stream(), text, most);
            text.push_str(close);
            at += 1;
            continue;
        }
        let Some((token, taken)) = first(&trees[at..]) else { break };
        let (word, is_word) = match &token {
            Token::Ident(name) => (crate_of(name).map_or(name.as_str(), |_| "$crate"), true),
            Token::Lifetime(name) | Token::Literal(name) => (name.as_str(), true),
            Token::Op(op) => (*op, false),
        };
        let tight_before = matches!(word, "," | ";" | "." | ":" | "::" | "?" | "!");
        let tight_after =
            matches!(before, None | Some('(' | '[' | ' ' | '.' | '$' | '#' | '&' | '!'))
                || text.ends_with("::");
        let closes =
            matches!(word, ">" | ">>") && text.matches('<').count() > text.matches('>').count();
        let glues =
            closes || !is_word && matches!(word, "*" | "+") && matches!(before, Some(')' | ','));
        let opens = word == "<" || text.ends_with('<');
        if !(tight_before || tight_after || glues || opens) {
            text.push(' ');
        }
        text.push_str(word);
        at += taken;
    }
}
