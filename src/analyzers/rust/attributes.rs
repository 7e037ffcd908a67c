//! Reading of attributes: `cfg`, `derive`, doc comments, `#[path]`.

use syn::{Attribute, Expr, Lit, Meta, Token, punctuated::Punctuated};

use super::Source;
use crate::model::Name;
use crate::model::facts::rust::items;
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

/// Attributes of the compiler and of tools that say nothing about registration.
const BUILT_IN: &[&str] = &[
    "allow",
    "automatically_derived",
    "cfg",
    "cfg_attr",
    "cold",
    "const_trait",
    "crate_name",
    "crate_type",
    "default",
    "deny",
    "deprecated",
    "derive",
    "diagnostic",
    "doc",
    "expect",
    "export_name",
    "feature",
    "forbid",
    "fundamental",
    "global_allocator",
    "ignore",
    "inline",
    "instruction_set",
    "link",
    "link_name",
    "link_section",
    "macro_export",
    "macro_use",
    "may_dangle",
    "must_use",
    "no_mangle",
    "no_std",
    "non_exhaustive",
    "panic_handler",
    "path",
    "proc_macro_derive",
    "recursion_limit",
    "repr",
    "rustc_const_stable",
    "rustfmt",
    "should_panic",
    "stable",
    "target_feature",
    "track_caller",
    "unsafe",
    "unstable",
    "used",
    "warn",
    "clippy",
    "rustversion",
    "serde",
    "coverage",
    "optimize",
    "type_length_limit",
    "no_link",
    "no_main",
    "no_implicit_prelude",
    "windows_subsystem",
    "debugger_visualizer",
    "collapse_debuginfo",
    "bench_only",
    "linkage",
    "naked",
    "marker",
    "lang",
    "rustc_diagnostic_item",
];

/// The attributes that may be macros or markers of some framework.
pub fn custom(source: &Source<'_>, attributes: &[Attribute]) -> Vec<items::Attribute> {
    use syn::spanned::Spanned;
    if attributes.is_empty() {
        return Vec::new();
    }
    let foreign = |attribute: &Attribute| {
        let first = attribute.path().segments.first();
        first.is_some_and(|first| !BUILT_IN.contains(&first.ident.to_string().as_str()))
            || attribute.path().is_ident("cfg_attr")
    };
    let candidates: Vec<Attribute> =
        attributes.iter().filter(|attribute| foreign(attribute)).cloned().collect();
    effective(&candidates)
        .into_iter()
        .filter(|(attribute, _)| foreign(attribute) && !attribute.path().is_ident("cfg_attr"))
        .map(|(attribute, cfg)| {
            let (arguments, key) = match &attribute.meta {
                Meta::List(list) => (super::words::spaceless(&list.tokens.to_string()), key(list)),
                Meta::NameValue(pair) => {
                    (super::words::spaceless(source.text_of(&pair.value)), literal(&pair.value))
                }
                Meta::Path(_) => (String::new(), None),
            };
            items::Attribute {
                path: source.path(attribute.path()),
                arguments: arguments.into(),
                key: key.map(Name::from),
                cfg,
                line: attribute.path().span().start().line as u32,
            }
        })
        .collect()
}

/// The values that rstest is told to give a parameter, as an attribute with its name as the key.
pub fn values(
    source: &Source<'_>,
    attributes: &[Attribute],
    param: &syn::Pat,
) -> Option<items::Attribute> {
    let mark = attributes.iter().find(|attribute| {
        attribute.path().segments.last().is_some_and(|last| last.ident == "values")
    })?;
    let mut found = custom(source, std::slice::from_ref(mark)).pop()?;
    let syn::Pat::Ident(param) = param else { return None };
    found.key = Some(Name::from(param.ident.to_string()));
    Some(found)
}

/// The string of `name = "…"`, else the first string among the arguments.
fn key(list: &syn::MetaList) -> Option<String> {
    use proc_macro2::TokenTree;
    let (mut first, mut named, mut window) = (None, None, [String::new(), String::new()]);
    for token in list.tokens.clone() {
        if let TokenTree::Literal(literal) = &token
            && let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string())
        {
            if window[1] == "=" && window[0] == "name" {
                named.get_or_insert_with(|| text.value());
            }
            first.get_or_insert_with(|| text.value());
        }
        window.swap(0, 1);
        window[1] = match &token {
            TokenTree::Group(_) => String::new(),
            other => other.to_string(),
        };
    }
    named.or(first)
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
