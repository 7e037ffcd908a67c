//! Reading of attributes: `cfg`, `derive`, doc comments, `#[path]`.

use syn::{Attribute, Expr, Lit, Meta, Token, punctuated::Punctuated};

use crate::model::Name;
use crate::model::facts::rust::modules::Cfg;

/// The value of `#[name = "value"]`.
pub fn string_value(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    literal(&pair.value)
}

pub fn literal(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        Expr::Group(group) => literal(&group.expr),
        _ => None,
    }
}

/// The doc comment, one leading blank of each line dropped.
pub fn doc(attributes: &[Attribute]) -> Option<Name> {
    let mut text = String::new();
    let mut any = false;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        let Some(line) = string_value(attribute) else { continue };
        if any {
            text.push('\n');
        }
        any = true;
        text.push_str(line.strip_prefix(' ').unwrap_or(&line));
    }
    any.then(|| text.trim().into())
}

/// All `#[cfg]`s of an item as one predicate.
pub fn cfg(attributes: &[Attribute]) -> Option<Cfg> {
    let mut found: Vec<Cfg> = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"))
        .filter_map(|attribute| predicate(&attribute.parse_args::<Meta>().ok()?))
        .collect();
    match found.len() {
        0 | 1 => found.pop(),
        _ => Some(Cfg::All(found)),
    }
}

pub fn predicate(meta: &Meta) -> Option<Cfg> {
    let name = last_segment(meta.path());
    match meta {
        Meta::Path(_) => Some(Cfg::Flag(name.into())),
        Meta::NameValue(pair) => Some(Cfg::Value(name.into(), literal(&pair.value)?.into())),
        Meta::List(list) => {
            let inner = list
                .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
                .ok()?
                .iter()
                .filter_map(predicate)
                .collect::<Vec<_>>();
            match name.as_str() {
                "all" => Some(Cfg::All(inner)),
                "any" => Some(Cfg::Any(inner)),
                "not" => inner.into_iter().next().map(|inner| Cfg::Not(Box::new(inner))),
                _ => None,
            }
        }
    }
}

pub fn last_segment(path: &syn::Path) -> String {
    path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default()
}

/// The attributes with every `cfg_attr(…, a, b)` replaced by what it may apply.
pub fn effective(attributes: &[Attribute]) -> Vec<(Attribute, Option<Cfg>)> {
    let mut out = Vec::with_capacity(attributes.len());
    for attribute in attributes {
        if !attribute.path().is_ident("cfg_attr") {
            out.push((attribute.clone(), None));
            continue;
        }
        let Ok(parts) = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
        else {
            continue;
        };
        let mut parts = parts.into_iter();
        let condition = parts.next().as_ref().and_then(predicate);
        for meta in parts {
            let mut applied = attribute.clone();
            applied.meta = meta;
            out.push((applied, condition.clone()));
        }
    }
    out
}

/// The paths inside `#[derive(…)]`, with the line of the derive and the `cfg_attr` condition.
pub fn derives(attributes: &[Attribute]) -> Vec<(u32, syn::Path, Option<Cfg>)> {
    use syn::spanned::Spanned;
    let mut found = Vec::new();
    let interesting = |attribute: &&Attribute| {
        attribute.path().is_ident("derive") || attribute.path().is_ident("cfg_attr")
    };
    let wanted: Vec<Attribute> = attributes.iter().filter(interesting).cloned().collect();
    for (attribute, condition) in effective(&wanted) {
        if !attribute.path().is_ident("derive") {
            continue;
        }
        let Ok(paths) =
            attribute.parse_args_with(Punctuated::<syn::Path, Token![,]>::parse_terminated)
        else {
            continue;
        };
        for path in paths {
            let line = path.span().start().line as u32;
            found.push((line, path, condition.clone()));
        }
    }
    found
}
