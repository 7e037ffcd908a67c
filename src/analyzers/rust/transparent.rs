//! Makes item macros transparent: `cfg_rt! { pub fn … }` and `cfg_if! { … }` hold ordinary items,
//! which are put beside the call so that every extractor sees them. Calls of the file's own macros
//! are replaced by what they expand to where definitions are wanted.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Attribute, ImplItem, Item, Macro, TraitItem};

use super::expand::live::Local;

/// Opens every item macro of a file whose tokens parse as items; those that `local` can expand
/// are expanded.
pub fn open(file: &mut syn::File, mut local: Option<&mut Local>) {
    open_items(&mut file.items, &mut local);
}

fn open_items(items: &mut Vec<Item>, local: &mut Option<&mut Local>) {
    let mut at = 0;
    while at < items.len() {
        let opened = match &mut items[at] {
            Item::Macro(item) if item.ident.is_none() => expanded(&item.mac, &item.attrs, local)
                .unwrap_or_else(|| macro_items(&item.mac, &item.attrs)),
            Item::Mod(module) => {
                if let Some((_, inner)) = &mut module.content {
                    open_items(inner, local);
                }
                Vec::new()
            }
            Item::Impl(block) => {
                open_members(&mut block.items, local, |item| match item {
                    ImplItem::Macro(item) => Some(&item.mac),
                    _ => None,
                });
                Vec::new()
            }
            Item::Trait(block) => {
                open_members(&mut block.items, local, |item| match item {
                    TraitItem::Macro(item) => Some(&item.mac),
                    _ => None,
                });
                Vec::new()
            }
            _ => Vec::new(),
        };
        at += 1;
        // What was opened is visited next: macros nest.
        items.splice(at..at, opened);
    }
}

/// What a call of one of the file's macros becomes.
fn expanded(
    mac: &Macro,
    attributes: &[Attribute],
    local: &mut Option<&mut Local>,
) -> Option<Vec<Item>> {
    let mut items = local.as_mut()?.expand::<Item>(mac)?;
    let cfgs: Vec<_> = attributes.iter().filter(|outer| outer.path().is_ident("cfg")).collect();
    for own in items.iter_mut().filter_map(attributes_of) {
        own.extend(cfgs.iter().copied().cloned());
    }
    Some(items)
}

/// The items inside a macro call, each marked with the macro they came through.
fn macro_items(mac: &Macro, attributes: &[Attribute]) -> Vec<Item> {
    let name = mac.path.segments.last().map(|segment| segment.ident.to_string());
    let name = name.unwrap_or_default();
    if name == "cfg_if" {
        return cfg_if(mac.tokens.clone());
    }
    if !starts_like_item(&mac.tokens) {
        return Vec::new();
    }
    let Ok(file) = syn::parse2::<syn::File>(mac.tokens.clone()) else { return Vec::new() };
    let mut items = file.items;
    for item in &mut items {
        let span = first_span(item);
        let mark: Attribute = attribute(quote_spanned!(span=> cfg(through = #name)), span);
        if let Some(own) = attributes_of(item) {
            own.push(mark);
            own.extend(attributes.iter().filter(|outer| outer.path().is_ident("cfg")).cloned());
        }
    }
    items
}

fn open_members<T: syn::parse::Parse>(
    items: &mut Vec<T>,
    local: &mut Option<&mut Local>,
    as_macro: fn(&T) -> Option<&Macro>,
) {
    let mut at = 0;
    while at < items.len() {
        let opened = as_macro(&items[at])
            .and_then(|mac| {
                if let Some(found) = local.as_mut().and_then(|local| local.expand::<T>(mac)) {
                    return Some(found);
                }
                if !starts_like_item(&mac.tokens) {
                    return None;
                }
                let parser = |input: syn::parse::ParseStream<'_>| {
                    let mut members = Vec::new();
                    while !input.is_empty() {
                        members.push(input.parse::<T>()?);
                    }
                    Ok(members)
                };
                syn::parse::Parser::parse2(parser, mac.tokens.clone()).ok()
            })
            .unwrap_or_default();
        at += 1;
        items.splice(at..at, opened);
    }
}

/// Whether a macro call looks as if it held items, which then were put beside it.
pub fn is_open(mac: &Macro) -> bool {
    mac.path.segments.last().is_some_and(|last| last.ident == "cfg_if")
        || starts_like_item(&mac.tokens)
}

/// A cheap look at the first tokens, so that data-like macro calls are not parsed twice.
fn starts_like_item(tokens: &TokenStream) -> bool {
    let mut tokens = tokens.clone().into_iter().peekable();
    // Attributes and doc comments stand before data as well as before items.
    while matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#') {
        tokens.next();
        // `#![feature = "x"]`, as macros take the condition for all they are given.
        if matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '!') {
            tokens.next();
        }
        tokens.next();
    }
    match tokens.next() {
        Some(TokenTree::Ident(ident)) => {
            let word = ident.to_string();
            match word.as_str() {
                "pub" | "fn" | "struct" | "enum" | "union" | "trait" | "impl" | "mod" | "use"
                | "const" | "static" | "type" | "unsafe" | "extern" | "async" | "macro_rules" => {
                    true
                }
                _ => {
                    matches!(tokens.next(), Some(TokenTree::Punct(punct)) if punct.as_char() == '!')
                }
            }
        }
        _ => false,
    }
}

/// `if #[cfg(a)] { items } else if #[cfg(b)] { items } else { items }`, nested calls included.
fn cfg_if(tokens: TokenStream) -> Vec<Item> {
    let mut found = Vec::new();
    let mut earlier: Vec<TokenStream> = Vec::new();
    let mut current: Option<TokenStream> = None;
    for token in tokens {
        let TokenTree::Group(group) = token else { continue };
        match group.delimiter() {
            proc_macro2::Delimiter::Bracket => current = condition(group.stream()),
            proc_macro2::Delimiter::Brace => {
                let own = current.take();
                if let Ok(file) = syn::parse2::<syn::File>(group.stream()) {
                    for mut item in file.items {
                        let span = first_span(&item);
                        let own = own.iter();
                        let meta = quote_spanned!(span=> cfg(all(#(#own,)* #(not(#earlier)),*)));
                        let mark = attribute(meta, span);
                        if let Some(attributes) = attributes_of(&mut item) {
                            attributes.push(mark);
                        }
                        found.push(item);
                    }
                }
                earlier.extend(own);
            }
            _ => {}
        }
    }
    found
}

/// The predicate of `cfg(…)`.
fn condition(attribute: TokenStream) -> Option<TokenStream> {
    attribute.into_iter().find_map(|token| match token {
        TokenTree::Group(group) => Some(group.stream()),
        _ => None,
    })
}

/// An attribute whose tokens all stand at `span`, so that the item's own span stays true.
fn attribute(meta: TokenStream, span: Span) -> Attribute {
    let fallback = || syn::Meta::Path(syn::Ident::new("cfg", span).into());
    let meta = syn::parse2::<syn::Meta>(respan(meta, span)).unwrap_or_else(|_| fallback());
    Attribute {
        pound_token: syn::Token![#](span),
        style: syn::AttrStyle::Outer,
        bracket_token: syn::token::Bracket(span),
        meta,
    }
}

fn respan(tokens: TokenStream, span: Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Group(group) => {
                let mut inner =
                    proc_macro2::Group::new(group.delimiter(), respan(group.stream(), span));
                inner.set_span(span);
                TokenTree::Group(inner)
            }
            mut other => {
                other.set_span(span);
                other
            }
        })
        .collect()
}

fn first_span(item: &Item) -> Span {
    quote::ToTokens::to_token_stream(item)
        .into_iter()
        .next()
        .map_or_else(|| item.span(), |token| token.span())
}

fn attributes_of(item: &mut Item) -> Option<&mut Vec<Attribute>> {
    Some(match item {
        Item::Const(item) => &mut item.attrs,
        Item::Enum(item) => &mut item.attrs,
        Item::ExternCrate(item) => &mut item.attrs,
        Item::Fn(item) => &mut item.attrs,
        Item::ForeignMod(item) => &mut item.attrs,
        Item::Impl(item) => &mut item.attrs,
        Item::Macro(item) => &mut item.attrs,
        Item::Mod(item) => &mut item.attrs,
        Item::Static(item) => &mut item.attrs,
        Item::Struct(item) => &mut item.attrs,
        Item::Trait(item) => &mut item.attrs,
        Item::TraitAlias(item) => &mut item.attrs,
        Item::Type(item) => &mut item.attrs,
        Item::Union(item) => &mut item.attrs,
        Item::Use(item) => &mut item.attrs,
        _ => return None,
    })
}
