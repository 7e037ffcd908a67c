//! The items that an expansion defines.

use quote::ToTokens;
use syn::{ImplItem, Item, Stmt, TraitItem};

use super::code::Code;
use super::tokens;
use crate::model::expansion::Generated;

/// All items of an expansion, members of implementations and modules included.
pub fn of(code: &Code) -> Vec<Generated> {
    let mut found = Vec::new();
    match code {
        Code::Items(items) => items.iter().for_each(|i| item(i, "", &mut found)),
        Code::Statements(statements) => {
            for statement in statements {
                if let Stmt::Item(inner) = statement {
                    item(inner, "", &mut found);
                }
            }
        }
        Code::ImplItems(items) => items.iter().for_each(|i| impl_item(i, "", &mut found)),
        Code::TraitItems(items) => items.iter().for_each(|i| trait_item(i, "", &mut found)),
        _ => {}
    }
    found
}

fn item(item: &Item, above: &str, found: &mut Vec<Generated>) {
    let mut add =
        |kind, name: String| found.push(Generated { kind, name: format!("{above}{name}") });
    let name = |ident: &syn::Ident| tokens::plain(&ident.to_string());
    match item {
        Item::Const(item) => add("const", name(&item.ident)),
        Item::Enum(item) => add("enum", name(&item.ident)),
        Item::Fn(item) => add("fn", name(&item.sig.ident)),
        Item::Macro(item) => {
            if let Some(ident) = &item.ident {
                add("macro", name(ident));
            }
        }
        Item::Static(item) => add("static", name(&item.ident)),
        Item::Struct(item) => add("struct", name(&item.ident)),
        Item::Type(item) => add("type", name(&item.ident)),
        Item::Union(item) => add("union", name(&item.ident)),
        Item::Trait(item) => {
            add("trait", name(&item.ident));
            let above = format!("{above}{}::", name(&item.ident));
            item.items.iter().for_each(|item| trait_item(item, &above, found));
        }
        Item::Mod(module) => {
            add("mod", name(&module.ident));
            let above = format!("{above}{}::", name(&module.ident));
            for inner in module.content.iter().flat_map(|(_, items)| items) {
                self::item(inner, &above, found);
            }
        }
        Item::Impl(block) => {
            let text = |tokens: proc_macro2::TokenStream| tokens::line(tokens, 200);
            let of = text(block.self_ty.to_token_stream());
            let of = of.trim().to_owned();
            match &block.trait_ {
                Some((path, _)) => {
                    add("impl", format!("{} for {of}", text(path.to_token_stream()).trim()));
                }
                None => add("impl", of.clone()),
            }
            let above = format!("{above}{of}::");
            block.items.iter().for_each(|item| impl_item(item, &above, found));
        }
        _ => {}
    }
}

fn impl_item(item: &ImplItem, above: &str, found: &mut Vec<Generated>) {
    let (kind, ident) = match item {
        ImplItem::Fn(item) => ("fn", &item.sig.ident),
        ImplItem::Const(item) => ("const", &item.ident),
        ImplItem::Type(item) => ("type", &item.ident),
        _ => return,
    };
    found.push(Generated { kind, name: format!("{above}{}", tokens::plain(&ident.to_string())) });
}

fn trait_item(item: &TraitItem, above: &str, found: &mut Vec<Generated>) {
    let (kind, ident) = match item {
        TraitItem::Fn(item) => ("fn", &item.sig.ident),
        TraitItem::Const(item) => ("const", &item.ident),
        TraitItem::Type(item) => ("type", &item.ident),
        _ => return,
    };
    found.push(Generated { kind, name: format!("{above}{}", tokens::plain(&ident.to_string())) });
}
