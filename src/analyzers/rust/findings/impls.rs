//! Rules that hold for an implementation block, alone or together with others of its file.

use quote::ToTokens;

use super::{Collector, type_name};
use crate::analyzers::rust::operators::OPERATORS;

/// What the rules over several blocks need of one.
pub(super) struct Seen {
    line: u32,
    path: Vec<String>,
    /// Of an inherent block: the type, and its arguments where they are concrete.
    inherent: Option<(String, String)>,
    /// Of a generic trait implementation: the trait, its methods, and whether it is for `&T`.
    blanket: Option<(String, Vec<String>, bool)>,
}

impl Collector {
    pub(super) fn implementation(&mut self, item: &syn::ItemImpl) {
        let type_ = type_name(&item.self_ty).unwrap_or_default();
        let parameters: Vec<String> =
            item.generics.type_params().map(|parameter| parameter.ident.to_string()).collect();
        let line = item.impl_token.span.start().line as u32;
        let path = self.path.clone();
        let mut seen = Seen { line, path, inherent: None, blanket: None };
        match &item.trait_ {
            Some((trait_, _)) => {
                let name = trait_.segments.last().map(|segment| segment.ident.to_string());
                let name = name.unwrap_or_default();
                if name == "Future" {
                    self.hit_line("rs-manual-future", line, "", false);
                }
                if OPERATORS.contains(&name.as_str()) {
                    self.hit_line("rs-operator-impl", line, name.clone(), false);
                }
                let is_parameter = matches!(&*item.self_ty, syn::Type::Path(path)
                    if path.path.get_ident().is_some_and(|ident| parameters.contains(&ident.to_string())));
                if is_parameter {
                    self.hit_line("rs-blanket-impl", line, name.clone(), false);
                }
                if !parameters.is_empty() && has_bounds(&item.generics) {
                    let is_reference = matches!(&*item.self_ty, syn::Type::Reference(_));
                    seen.blanket = Some((name, methods(item), is_reference));
                }
            }
            None => {
                let chained = item.items.iter().filter(|inner| match inner {
                    syn::ImplItem::Fn(method) => {
                        method.sig.receiver().is_some() && returns_own(&method.sig.output, &type_)
                    }
                    _ => false,
                });
                let chained = chained.count();
                if chained >= 3 {
                    self.hit_line("rs-builder-chain", line, format!("{chained} methods"), false);
                }
                let arguments = match &*item.self_ty {
                    syn::Type::Path(path) => {
                        path.path.segments.last().map(|segment| &segment.arguments)
                    }
                    _ => None,
                };
                if let Some(syn::PathArguments::AngleBracketed(arguments)) = arguments {
                    let concrete = arguments.args.iter().any(|argument| {
                        let text = argument.to_token_stream().to_string();
                        !text.starts_with('\'') && !parameters.contains(&text)
                    });
                    if concrete {
                        seen.inherent = Some((type_, arguments.to_token_stream().to_string()));
                    }
                }
            }
        }
        self.impls.push(seen);
    }

    /// `rs-typestate`, `rs-autoref-specialization`: once all blocks are known.
    pub(super) fn finish_impls(&mut self) {
        let impls = std::mem::take(&mut self.impls);
        let phantom = crate::analyzers::rules::index_of("rs-phantom-data");
        let is_phantom = |this: &Self, type_: &str| {
            this.out.hits.iter().any(|hit| {
                Some(hit.rule) == phantom && hit.symbol.rsplit("::").next() == Some(type_)
            })
        };
        let mut named: Vec<&str> = Vec::new();
        for seen in &impls {
            let Some((type_, arguments)) = &seen.inherent else { continue };
            let others = impls.iter().filter_map(|other| other.inherent.as_ref());
            let differs =
                others.filter(|(other, _)| other == type_).any(|(_, other)| other != arguments);
            if differs && !named.contains(&type_.as_str()) && is_phantom(self, type_) {
                named.push(type_);
                self.path.clone_from(&seen.path);
                self.hit_line("rs-typestate", seen.line, "", false);
            }
        }
        for seen in &impls {
            let Some((trait_, methods, true)) = &seen.blanket else { continue };
            let is_partner = |other: &super::impls::Seen| match &other.blanket {
                Some((name, others, false)) => {
                    name != trait_ && others.iter().any(|method| methods.contains(method))
                }
                _ => false,
            };
            if impls.iter().any(is_partner) {
                self.path.clone_from(&seen.path);
                self.hit_line("rs-autoref-specialization", seen.line, trait_.clone(), false);
            }
        }
        self.path.clear();
    }
}

fn has_bounds(generics: &syn::Generics) -> bool {
    generics.where_clause.is_some()
        || generics.type_params().any(|parameter| !parameter.bounds.is_empty())
}

fn methods(item: &syn::ItemImpl) -> Vec<String> {
    let method = |inner: &syn::ImplItem| match inner {
        syn::ImplItem::Fn(method) => Some(method.sig.ident.to_string()),
        _ => None,
    };
    item.items.iter().filter_map(method).collect()
}

fn returns_own(output: &syn::ReturnType, own: &str) -> bool {
    let syn::ReturnType::Type(_, type_) = output else { return false };
    type_name(type_).is_some_and(|name| name == "Self" || name == own)
}
