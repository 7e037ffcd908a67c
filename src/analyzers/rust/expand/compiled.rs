//! Finds what one macro, derive or attribute became in the compiler's expansion of a whole crate.
//!
//! The compiler prints the crate without saying where each item came from. But it keeps the order:
//! what stands between the neighbours of a call, or after the item a derive is on, is its doing.

use quote::ToTokens;
use syn::{ImplItem, Item, Stmt};

use super::code::{Code, Position};
use super::{Beyond, OnItem, items, print, tokens};
use crate::model::expansion::{Engine, Expansion};

/// Where to look.
pub struct Wanted<'a> {
    /// The file's text before expansion.
    pub original: &'a str,
    /// The path of its module in the crate.
    pub module: &'a [String],
    pub target: &'a Beyond,
}

/// Cuts the wanted part out of a crate's expansion.
///
/// # Errors
/// Why it cannot be found.
pub fn find(expansion: &str, wanted: &Wanted<'_>) -> Result<Expansion, String> {
    let found = try_find(expansion, wanted);
    proc_macro2::extra::invalidate_current_thread_spans();
    let target = wanted.target;
    let (line, column, on_line) = (target.line, target.column, target.on_line);
    found.map(|found| Expansion { line, column, on_line, call: target.call.clone(), ..found })
}

fn try_find(expansion: &str, wanted: &Wanted<'_>) -> Result<Expansion, String> {
    let unreadable =
        |error: syn::Error| format!("the compiler's expansion cannot be read: {error}");
    let whole = syn::parse_file(expansion)
        .or_else(|error| {
            let salvaged = crate::analyzers::rust::salvage::parse(expansion);
            salvaged.map(|salvaged| salvaged.file).ok_or(error)
        })
        .map_err(unreadable)?;
    let original = syn::parse_file(wanted.original)
        .map_err(|error| format!("the file does not parse: {error}"))?;
    let absent = || "the compiler's expansion does not hold it: a `cfg` may exclude it".to_owned();
    let mut after: &[Item] = &whole.items;
    for name in wanted.module {
        after = module(after, name).ok_or_else(absent)?;
    }
    let mut before: &[Item] = &original.items;
    // Into the inline modules around the place.
    let line = wanted.target.line as usize;
    let at = loop {
        let at = before.iter().position(|item| covers(item, line)).ok_or_else(absent)?;
        match &before[at] {
            Item::Mod(inner) if inner.content.is_some() && !is_head(inner, line) => {
                let name = inner.ident.to_string();
                after = module(after, &name).ok_or_else(absent)?;
                before = inner.content.as_ref().map_or(&[], |(_, items)| items);
            }
            _ => break at,
        }
    };
    match &wanted.target.on_item {
        Some(on) if on.is_member => around(after, &before[at], line).ok_or_else(absent),
        Some(on) if on.is_derive => derived(after, &before[at], on).ok_or_else(absent),
        Some(_) => between(before, at, after).ok_or_else(absent),
        None if matches!(before[at], Item::Macro(_)) => {
            between(before, at, after).ok_or_else(absent)
        }
        None => around(after, &before[at], line).ok_or_else(absent),
    }
}

fn module<'i>(items: &'i [Item], name: &str) -> Option<&'i [Item]> {
    items.iter().find_map(|item| match item {
        Item::Mod(module) if module.ident == name => Some(module.content.as_ref()?.1.as_slice()),
        _ => None,
    })
}

fn lines(node: &impl ToTokens) -> (usize, usize) {
    let span = |tree: Option<proc_macro2::TokenTree>| tree.map(|tree| tree.span());
    let tokens: Vec<_> = node.to_token_stream().into_iter().collect();
    let from = span(tokens.first().cloned()).map_or(0, |span| span.start().line);
    let to = span(tokens.last().cloned()).map_or(0, |span| span.end().line);
    (from, to)
}

fn covers(node: &impl ToTokens, line: usize) -> bool {
    let (from, to) = lines(node);
    from <= line && line <= to
}

/// Whether a line is one of a module's attributes.
fn is_head(module: &syn::ItemMod, line: usize) -> bool {
    line < module.mod_token.span.start().line
}

/// What an item is recognised by on both sides.
fn key(item: &Item) -> Option<String> {
    let text = |tokens: proc_macro2::TokenStream| tokens::line(tokens, 400);
    Some(match item {
        Item::Const(item) if item.ident != "_" => format!("const {}", item.ident),
        Item::Enum(item) => format!("type {}", item.ident),
        Item::Struct(item) => format!("type {}", item.ident),
        Item::Union(item) => format!("type {}", item.ident),
        Item::Fn(item) => format!("fn {}", item.sig.ident),
        Item::Mod(item) => format!("mod {}", item.ident),
        Item::Static(item) => format!("static {}", item.ident),
        Item::Trait(item) => format!("trait {}", item.ident),
        Item::Type(item) => format!("alias {}", item.ident),
        Item::Macro(item) => format!("macro {}", item.ident.as_ref()?),
        Item::Use(item) => text(item.tree.to_token_stream()),
        Item::Impl(item) => {
            let of = text(item.self_ty.to_token_stream());
            match &item.trait_ {
                Some((path, _)) => format!("impl {} for {of}", text(path.to_token_stream())),
                None => format!("impl {of}"),
            }
        }
        _ => return None,
    })
}

/// What the derive of a name added after its item. Derives add theirs in their order, and most
/// add at least an implementation of the trait they are named after.
fn derived(after: &[Item], original: &Item, on: &OnItem) -> Option<Expansion> {
    let wanted = key(original)?;
    let at = after.iter().position(|item| key(item).as_deref() == Some(&wanted))?;
    let names = derives(original);
    let mut current = 0;
    let mut found = Vec::new();
    for item in after[at + 1..].iter().take_while(|item| is_generated(item)) {
        let implemented = implemented(item);
        if let Some(next) =
            names.iter().skip(current).position(|name| implemented.iter().any(|i| i == name))
        {
            current += next;
        }
        if names.get(current) == Some(&on.name) {
            found.push(item.clone());
        }
    }
    (!found.is_empty()).then(|| show(Code::Items(found), None))
}

/// Whether an item is of the kind that derives make.
fn is_generated(item: &Item) -> bool {
    match item {
        Item::Impl(item) => item.attrs.iter().any(|attribute| {
            attribute.path().is_ident("automatically_derived") || is_doc_hidden(attribute)
        }),
        Item::Const(item) => item.ident == "_",
        _ => false,
    }
}

fn is_doc_hidden(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("doc") && matches!(attribute.meta, syn::Meta::List(_))
}

fn derives(item: &Item) -> Vec<String> {
    let attributes = match item {
        Item::Struct(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        _ => return Vec::new(),
    };
    let mut names = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        let _ = attribute.parse_nested_meta(|meta| {
            names.extend(meta.path.segments.last().map(|segment| segment.ident.to_string()));
            Ok(())
        });
    }
    names
}

/// The traits implemented in an item, at its top or in a `const _` block.
fn implemented(item: &Item) -> Vec<String> {
    match item {
        Item::Impl(block) => {
            let last = block.trait_.as_ref().and_then(|(path, _)| path.segments.last());
            last.map(|segment| segment.ident.to_string()).into_iter().collect()
        }
        Item::Const(item) => {
            let syn::Expr::Block(block) = &*item.expr else { return Vec::new() };
            let items = block.block.stmts.iter().filter_map(|statement| match statement {
                Stmt::Item(item) => Some(item),
                _ => None,
            });
            items.flat_map(implemented).collect()
        }
        _ => Vec::new(),
    }
}

/// What stands where the item at `at` stood: between the nearest neighbours that are on both
/// sides.
fn between(before: &[Item], at: usize, after: &[Item]) -> Option<Expansion> {
    let place = |item: &Item| {
        let wanted = key(item)?;
        after.iter().position(|item| key(item).as_deref() == Some(&wanted))
    };
    let above = before[..at].iter().rev().find_map(|item| Some((item, place(item)?)));
    let mut next = before[at + 1..].iter();
    let below = next.find_map(place).unwrap_or(after.len());
    let last = before.len() - next.len();
    let first =
        above.and_then(|(item, _)| before.iter().position(|other| std::ptr::eq(other, item)));
    let is_call = |item: &&Item| matches!(item, Item::Macro(call) if call.ident.is_none());
    let calls = before[first.map_or(0, |first| first + 1)..last].iter().filter(is_call).count();
    let note = (calls > 1).then(|| "with what the calls beside it became".to_owned());
    let mut from = above.map_or(0, |(_, place)| place + 1);
    if above.is_some_and(|(item, _)| !derives(item).is_empty()) {
        from += after.get(from..)?.iter().take_while(|item| is_generated(item)).count();
    }
    // The prelude that the compiler puts first is nobody's doing.
    let is_prelude = |item: &Item| match item {
        Item::ExternCrate(item) => item.ident == "std" || item.ident == "core",
        Item::Use(_) => key(item).is_some_and(|key| key.contains("prelude")),
        _ => false,
    };
    let list = after.get(from..below.max(from))?;
    let found: Vec<Item> = list.iter().filter(|item| !is_prelude(item)).cloned().collect();
    (!found.is_empty()).then(|| show(Code::Items(found), note))
}

/// The function or item around a call in a body.
fn around(after: &[Item], original: &Item, line: usize) -> Option<Expansion> {
    let wanted = key(original)?;
    let found = after.iter().find(|item| key(item).as_deref() == Some(&wanted))?;
    if let (Item::Impl(before), Item::Impl(block)) = (original, found) {
        let name = before.items.iter().find_map(|item| match item {
            ImplItem::Fn(item) if covers(item, line) => Some(&item.sig.ident),
            _ => None,
        });
        let method = name.and_then(|name| {
            block.items.iter().find(|item| matches!(item, ImplItem::Fn(f) if f.sig.ident == *name))
        });
        if let Some(method) = method {
            let note = name.map(|name| format!("the whole of `fn {name}`, which the call is in"));
            return Some(show(Code::ImplItems(vec![method.clone()]), note));
        }
    }
    let note = format!("the whole of `{wanted}`, which the call is in");
    Some(show(Code::Items(vec![found.clone()]), Some(note)))
}

fn show(code: Code, note: Option<String>) -> Expansion {
    let position = match code {
        Code::ImplItems(_) => Position::ImplItems,
        _ => Position::Items,
    };
    let text = print::tokens_pretty(code.tokens(), position);
    let items = items::of(&code);
    Expansion { engine: Engine::Compiler, code: text, items, note, ..Expansion::default() }
}
