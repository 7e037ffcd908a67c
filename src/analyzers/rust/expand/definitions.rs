//! Where a file defines macros and for how much of it each is in scope, its `mod` lines and what
//! it imports: read off the tokens, so that files that do not parse still serve.

use proc_macro2::{Delimiter, LineColumn, TokenStream, TokenTree};

use super::tokens;

/// A position: 1-based line, 0-based column in characters.
pub type Position = (usize, usize);

/// What one file says about macros.
#[derive(Debug, Default)]
pub struct FileIndex {
    pub macros: Vec<Definition>,
    /// Macros that other macros define, under names of their own.
    pub generated: Vec<Definition>,
    pub modules: Vec<ModuleLine>,
    pub uses: Vec<Import>,
    /// Crates whose macros `#[macro_use] extern crate` brings in.
    pub macro_crates: Vec<String>,
    /// How many macro calls stand around what is being read.
    calls: u32,
}

/// One `macro_rules!`.
#[derive(Debug, Clone)]
pub struct Definition {
    pub name: String,
    /// What stands between its braces.
    pub rules: TokenStream,
    pub is_exported: bool,
    /// `#[macro_export(local_inner_macros)]`: macros it calls are its crate's own.
    is_local_inner: bool,
    pub at: Position,
    /// Where the block ends that it is textually visible in.
    pub until: Position,
}

/// `mod name;`
#[derive(Debug)]
pub struct ModuleLine {
    pub name: String,
    /// The inline modules around it.
    pub within: Vec<String>,
    pub path_attribute: Option<String>,
    pub is_macro_use: bool,
    pub at: Position,
}

/// One leaf of a `use`.
#[derive(Debug)]
pub struct Import {
    pub path: Vec<String>,
    /// The name it binds, `*` for all.
    pub name: String,
}

const END: Position = (usize::MAX, 0);

pub fn position(at: LineColumn) -> Position {
    (at.line, at.column)
}

impl FileIndex {
    pub fn read(tokens: TokenStream) -> Self {
        let mut index = Self::default();
        index.scan(tokens, END, &mut Vec::new());
        index
    }

    /// The macro of a name that is in scope at a place by the order of the text.
    pub fn textual(&self, name: &str, at: Position) -> Option<&Definition> {
        self.macros
            .iter()
            .rev()
            .find(|macro_| macro_.name == name && macro_.at < at && at < macro_.until)
    }

    /// The last macro of a name that its scope carries out of the file.
    pub fn outermost(&self, name: &str) -> Option<&Definition> {
        self.macros.iter().rev().find(|macro_| macro_.name == name && macro_.until == END)
    }

    fn scan(&mut self, tokens: TokenStream, until: Position, within: &mut Vec<String>) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let mut attributes: Vec<TokenStream> = Vec::new();
        let mut at = 0;
        while at < trees.len() {
            let rest = &trees[at..];
            match rest {
                [TokenTree::Punct(hash), TokenTree::Group(group), ..]
                    if hash.as_char() == '#' && group.delimiter() == Delimiter::Bracket =>
                {
                    attributes.push(group.stream());
                    at += 2;
                    continue;
                }
                [
                    TokenTree::Ident(word),
                    TokenTree::Punct(bang),
                    TokenTree::Ident(name),
                    TokenTree::Group(group),
                    ..,
                ] if word == "macro_rules" && bang.as_char() == '!' => {
                    if attributes.iter().any(is_for_docs) {
                        attributes.clear();
                        at += 4;
                        continue;
                    }
                    // What a macro is given to define, it documents and exports.
                    let is_exported = has(&attributes, "macro_export") || self.calls > 0;
                    self.macros.push(Definition {
                        name: tokens::plain(&name.to_string()),
                        rules: group.stream(),
                        is_exported,
                        is_local_inner: attributes.iter().any(is_local_inner),
                        at: position(word.span().start()),
                        until,
                    });
                    let mut inner = Self::default();
                    inner.scan(group.stream(), END, &mut Vec::new());
                    self.generated.append(&mut inner.macros);
                    self.generated.append(&mut inner.generated);
                    at += 4;
                }
                [TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Punct(semi), ..]
                    if word == "mod" && semi.as_char() == ';' =>
                {
                    self.modules.push(ModuleLine {
                        name: unraw(name),
                        within: within.clone(),
                        path_attribute: attributes
                            .iter()
                            .find_map(path_value)
                            .or_else(|| attributes.iter().find_map(likely_path)),
                        is_macro_use: has(&attributes, "macro_use"),
                        at: position(word.span().start()),
                    });
                    at += 3;
                }
                [TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Group(group), ..]
                    if word == "mod" && group.delimiter() == Delimiter::Brace =>
                {
                    let leaks = has(&attributes, "macro_use");
                    let end = position(group.span_close().start());
                    within.push(unraw(name));
                    self.scan(group.stream(), if leaks { until } else { end }, within);
                    within.pop();
                    at += 3;
                }
                [TokenTree::Ident(word), TokenTree::Ident(krate), TokenTree::Ident(name), ..]
                    if word == "extern" && krate == "crate" =>
                {
                    if has(&attributes, "macro_use") {
                        self.macro_crates.push(unraw(name));
                    }
                    at += 3;
                }
                [TokenTree::Ident(word), ..] if word == "use" => {
                    let length = trees[at..].iter().position(is_semicolon);
                    let end = length.map_or(trees.len(), |length| at + length);
                    self.import(&trees[at + 1..end], &mut Vec::new());
                    at = end + 1;
                }
                [TokenTree::Ident(_), TokenTree::Punct(bang), TokenTree::Group(group), ..]
                    if bang.as_char() == '!' =>
                {
                    // Items given to a macro become visible around the call.
                    if !attributes.iter().any(is_for_docs) {
                        self.calls += 1;
                        self.scan(group.stream(), until, within);
                        self.calls -= 1;
                    }
                    at += 3;
                }
                [TokenTree::Group(group), ..] => {
                    let end = position(group.span_close().start());
                    self.scan(group.stream(), end, within);
                    at += 1;
                }
                // Words between an item's attributes and its keyword.
                [TokenTree::Ident(word), ..] if word == "pub" => {
                    let restricted = matches!(rest.get(1), Some(TokenTree::Group(group))
                        if group.delimiter() == Delimiter::Parenthesis);
                    at += 1 + usize::from(restricted);
                    continue;
                }
                _ => at += 1,
            }
            attributes.clear();
        }
    }

    fn import(&mut self, trees: &[TokenTree], path: &mut Vec<String>) {
        let depth = path.len();
        let mut name = None;
        let mut at = 0;
        while at < trees.len() {
            match &trees[at] {
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    for part in inner.split(|tree| is_punct(tree, ',')) {
                        self.import(part, path);
                    }
                    path.truncate(depth);
                    return;
                }
                TokenTree::Ident(word) if word == "as" => {
                    if let Some(TokenTree::Ident(alias)) = trees.get(at + 1) {
                        name = Some(unraw(alias));
                    }
                    break;
                }
                TokenTree::Ident(word) if word == "self" && !path.is_empty() => at += 1,
                TokenTree::Ident(word) => {
                    path.push(unraw(word));
                    at += 1;
                }
                tree if is_punct(tree, '*') => {
                    name = Some("*".into());
                    at += 1;
                }
                _ => at += 1,
            }
        }
        if let Some(name) = name.or_else(|| path.last().cloned()) {
            self.uses.push(Import { path: path.clone(), name });
        }
        path.truncate(depth);
    }
}

fn unraw(ident: &proc_macro2::Ident) -> String {
    let name = tokens::plain(&ident.to_string());
    name.strip_prefix("r#").map_or_else(|| name.clone(), str::to_owned)
}

fn is_punct(tree: &TokenTree, wanted: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

fn is_semicolon(tree: &TokenTree) -> bool {
    is_punct(tree, ';')
}

/// Whether one of the attributes is `name` or `name(…)`, also inside `cfg_attr`.
fn has(attributes: &[TokenStream], name: &str) -> bool {
    attributes.iter().any(|attribute| mentions(attribute.clone(), name))
}

/// `cfg(doc)`: what stands there is shown in the documentation, and is not what is compiled.
fn is_for_docs(attribute: &TokenStream) -> bool {
    let text = attribute.to_string().replace(' ', "");
    matches!(text.as_str(), "cfg(doc)" | "cfg(docsrs)" | "cfg(any(doc,docsrs))")
}

fn is_local_inner(attribute: &TokenStream) -> bool {
    attribute.to_string().replace(' ', "") == "macro_export(local_inner_macros)"
}

impl Definition {
    /// The arms, with `$crate::` before the macros that are called in a body where that is meant.
    pub fn arms(&self) -> TokenStream {
        if !self.is_local_inner {
            return self.rules.clone();
        }
        let mut is_body = false;
        let mut arms = Vec::new();
        for tree in self.rules.clone() {
            let was_arrow = std::mem::replace(&mut is_body, is_punct(&tree, '>'));
            arms.push(match tree {
                TokenTree::Group(group) if was_arrow => qualified(&group),
                other => other,
            });
        }
        arms.into_iter().collect()
    }
}

fn qualified(group: &proc_macro2::Group) -> TokenTree {
    let trees: Vec<TokenTree> = group.stream().into_iter().collect();
    let mut out: Vec<TokenTree> = Vec::new();
    for (at, tree) in trees.iter().enumerate() {
        match tree {
            TokenTree::Group(inner) => out.push(qualified(inner)),
            TokenTree::Ident(name) => {
                let is_call = matches!(
                    (trees.get(at + 1), trees.get(at + 2)),
                    (Some(bang), Some(TokenTree::Group(_))) if is_punct(bang, '!')
                );
                let is_part =
                    at > 0 && (is_punct(&trees[at - 1], ':') || is_punct(&trees[at - 1], '$'));
                if is_call && !is_part && name != "macro_rules" {
                    let prefix = quote::quote_spanned!(name.span()=> crate::);
                    let mut dollar = proc_macro2::Punct::new('$', proc_macro2::Spacing::Alone);
                    dollar.set_span(name.span());
                    out.push(dollar.into());
                    out.extend(prefix);
                }
                out.push(tree.clone());
            }
            other => out.push(other.clone()),
        }
    }
    let mut fresh = proc_macro2::Group::new(group.delimiter(), out.into_iter().collect());
    fresh.set_span(group.span());
    fresh.into()
}

fn mentions(tokens: TokenStream, name: &str) -> bool {
    let mut trees = tokens.into_iter();
    match trees.next() {
        Some(TokenTree::Ident(ident)) if tokens::is_named(&ident, name) => true,
        Some(TokenTree::Ident(ident)) if tokens::is_named(&ident, "cfg_attr") => {
            trees.any(|tree| match tree {
                TokenTree::Group(group) => group.stream().into_iter().any(
                    |tree| matches!(tree, TokenTree::Ident(ident) if tokens::is_named(&ident, name)),
                ),
                _ => false,
            })
        }
        _ => false,
    }
}

/// The value of `path = "…"`.
fn path_value(attribute: &TokenStream) -> Option<String> {
    let trees: Vec<TokenTree> = attribute.clone().into_iter().collect();
    match trees.as_slice() {
        [TokenTree::Ident(word), TokenTree::Punct(_), TokenTree::Literal(literal)]
            if word == "path" =>
        {
            let value: syn::LitStr = syn::parse_str(&literal.to_string()).ok()?;
            Some(value.value())
        }
        _ => None,
    }
}

/// The path of `cfg_attr(not(…), path = "…")`, or under `unix`: what holds without any feature.
fn likely_path(attribute: &TokenStream) -> Option<String> {
    let mut trees = attribute.clone().into_iter();
    let (Some(TokenTree::Ident(word)), Some(TokenTree::Group(group))) =
        (trees.next(), trees.next())
    else {
        return None;
    };
    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
    let holds =
        matches!(inner.first(), Some(TokenTree::Ident(test)) if test == "not" || test == "unix");
    if word != "cfg_attr" || !holds {
        return None;
    }
    inner.windows(3).find_map(|part| path_value(&part.iter().cloned().collect()))
}

/// The macro that a call's tokens name: its path, `$crate` included.
pub fn path_of(mac: &syn::Macro) -> Vec<String> {
    mac.path.segments.iter().map(|segment| tokens::plain(&segment.ident.to_string())).collect()
}

/// The macro that an item defines.
pub fn definition_in(item: &syn::ItemMacro) -> Option<Definition> {
    let name = item.ident.as_ref()?;
    Some(Definition {
        name: tokens::plain(&name.to_string()),
        rules: item.mac.tokens.clone(),
        is_local_inner: false,
        is_exported: item.attrs.iter().any(|attribute| {
            attribute
                .path()
                .segments
                .last()
                .is_some_and(|last| tokens::is_named(&last.ident, "macro_export"))
        }),
        at: position(item.mac.path.segments.first()?.ident.span().start()),
        until: END,
    })
}
