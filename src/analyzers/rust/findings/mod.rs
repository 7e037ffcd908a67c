//! Where the patterns of the knowledge base occur in one Rust file: one walk over the syntax, no
//! expansion, no types.

mod impls;
mod macros;

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::Source;
use crate::analyzers::rules;
use crate::model::facts::rust::findings::{FindingFacts, Hit};

pub fn extract(source: &Source<'_>) -> FindingFacts {
    let mut collector = Collector {
        path: Vec::new(),
        is_test: false,
        out: FindingFacts::default(),
        impls: Vec::new(),
    };
    collector.visit_file(source.ast);
    collector.finish_impls();
    let is_build =
        source.path.rsplit('/').next() == Some("build.rs") && !source.path.contains("src/");
    if is_build {
        let detail = if source.text.contains("OUT_DIR") { "writes to OUT_DIR" } else { "" };
        let line = source.ast.items.iter().find_map(|item| match item {
            syn::Item::Fn(item) if item.sig.ident == "main" => {
                Some(source.line_of(&item.sig.ident))
            }
            _ => None,
        });
        collector.path = vec!["main".into()];
        collector.hit_line("rs-build-script", line.unwrap_or(1), detail, false);
    }
    let ignored = rules::ignored(source.text, source.lines, "// ");
    if !ignored.is_empty() {
        let keep = |hit: &Hit| !rules::is_ignored(&ignored, hit.line, hit.rule);
        collector.out.hits.retain(keep);
        collector.out.in_proc_macro.retain(keep);
    }
    collector.out
}

struct Collector {
    /// Names of the definitions the walk is inside of.
    path: Vec<String>,
    is_test: bool,
    out: FindingFacts,
    impls: Vec<impls::Seen>,
}

impl Collector {
    fn hit(&mut self, rule: &str, node: &impl Spanned) {
        self.hit_as(rule, node, "", false);
    }

    fn hit_as(&mut self, rule: &str, node: &impl Spanned, detail: impl Into<String>, may: bool) {
        self.hit_line(rule, node.span().start().line as u32, detail, may);
    }

    fn hit_line(&mut self, rule: &str, line: u32, detail: impl Into<String>, may: bool) {
        if let Some(hit) = self.new_hit(rule, line, detail.into(), may) {
            self.out.hits.push(hit);
        }
    }

    fn new_hit(&self, rule: &str, line: u32, detail: String, may: bool) -> Option<Hit> {
        let symbol = self.path.join("::").into();
        Some(Hit { rule: rules::index_of(rule)?, line, symbol, detail, may })
    }

    fn within(&mut self, name: impl ToString, inside: impl FnOnce(&mut Self)) {
        self.path.push(name.to_string());
        inside(self);
        self.path.pop();
    }

    /// Rules of a function's own signature and attributes.
    fn signature(&mut self, signature: &syn::Signature, attributes: &[syn::Attribute]) {
        let name = &signature.ident;
        if signature.constness.is_some() {
            self.hit("rs-const-fn", name);
        }
        if signature.asyncness.is_some() {
            self.hit("rs-async-fn", name);
        }
        for attribute in attributes {
            let path = attribute.path();
            let rule = match path.get_ident().map(ToString::to_string).as_deref() {
                Some("proc_macro_derive") => "rs-proc-macro-derive",
                Some("proc_macro_attribute") => "rs-proc-macro-attribute",
                Some("proc_macro") => "rs-proc-macro-fn",
                _ => continue,
            };
            self.hit(rule, name);
        }
    }

    /// Attributes of any item: derives, constructors, distributed slices.
    fn attributes(&mut self, attributes: &[syn::Attribute]) {
        for attribute in attributes {
            let last = attribute.path().segments.last().map(|segment| segment.ident.to_string());
            match last.as_deref() {
                Some("derive") => {
                    let list = attribute.meta.require_list().map(|list| list.tokens.to_string());
                    self.hit_as("rs-derive-use", attribute, list.unwrap_or_default(), false);
                }
                Some("distributed_slice") => self.hit("rs-linkme", attribute),
                Some("ctor") => self.hit("rs-ctor", attribute),
                _ => {}
            }
        }
    }

    fn generics(&mut self, generics: &syn::Generics) {
        for parameter in &generics.params {
            if let syn::GenericParam::Const(parameter) = parameter {
                self.hit_as(
                    "rs-const-generic",
                    &parameter.ident,
                    parameter.ident.to_string(),
                    false,
                );
            }
        }
    }
}

/// The last segment of a type's path, through references and parentheses.
fn type_name(type_: &syn::Type) -> Option<String> {
    match type_ {
        syn::Type::Path(path) => Some(path.path.segments.last()?.ident.to_string()),
        syn::Type::Reference(reference) => type_name(&reference.elem),
        syn::Type::Paren(paren) => type_name(&paren.elem),
        syn::Type::Group(group) => type_name(&group.elem),
        _ => None,
    }
}

fn is_test_item(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        path.is_ident("test")
            || path.is_ident("cfg")
                && attribute
                    .meta
                    .require_list()
                    .is_ok_and(|list| list.tokens.to_string().contains("test"))
    })
}

const SYNCHRONISED: &[&str] =
    &["Mutex", "RwLock", "OnceLock", "OnceCell", "LazyLock", "Lazy", "AtomicPtr"];

impl<'ast> Visit<'ast> for Collector {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes: &[syn::Attribute] = match item {
            syn::Item::Const(item) => &item.attrs,
            syn::Item::Enum(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Static(item) => &item.attrs,
            syn::Item::Struct(item) => &item.attrs,
            syn::Item::Trait(item) => &item.attrs,
            syn::Item::Union(item) => &item.attrs,
            _ => &[],
        };
        let outer = self.is_test;
        self.is_test |= is_test_item(attributes);
        self.attributes(attributes);
        match item {
            // `static X: [T];`, the declaration of a distributed slice, is no item to syn.
            syn::Item::Verbatim(tokens) if tokens.to_string().contains("distributed_slice") => {
                self.hit("rs-linkme", item);
            }
            syn::Item::Macro(item) if item.mac.path.is_ident("macro_rules") => {
                self.macro_rules(item)
            }
            _ => visit::visit_item(self, item),
        }
        self.is_test = outer;
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.within(&item.ident, |inside| visit::visit_item_mod(inside, item));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.within(&item.sig.ident, |inside| {
            inside.signature(&item.sig, &item.attrs);
            inside.generics(&item.sig.generics);
            visit::visit_item_fn(inside, item);
        });
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.within(&item.ident, |inside| {
            inside.generics(&item.generics);
            let is_phantom =
                |field: &syn::Field| type_name(&field.ty).as_deref() == Some("PhantomData");
            if item.fields.iter().any(is_phantom) {
                inside.hit("rs-phantom-data", &item.ident);
            }
            visit::visit_item_struct(inside, item);
        });
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.within(&item.ident, |inside| {
            inside.generics(&item.generics);
            visit::visit_item_enum(inside, item);
        });
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.within(&item.ident, |inside| {
            inside.generics(&item.generics);
            let is_seal = |bound: &syn::TypeParamBound| match bound {
                syn::TypeParamBound::Trait(bound) => bound.path.segments.iter().any(|segment| {
                    let name = segment.ident.to_string();
                    name.contains("Sealed") || name.contains("private")
                }),
                _ => false,
            };
            if item.supertraits.iter().any(is_seal) {
                inside.hit("rs-sealed-trait", &item.ident);
            }
            visit::visit_item_trait(inside, item);
        });
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.within(&item.sig.ident, |inside| {
            inside.signature(&item.sig, &item.attrs);
            inside.generics(&item.sig.generics);
            visit::visit_trait_item_fn(inside, item);
        });
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let name = type_name(&item.self_ty).unwrap_or_default();
        self.within(name, |inside| {
            inside.generics(&item.generics);
            inside.implementation(item);
            visit::visit_item_impl(inside, item);
        });
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.within(&item.sig.ident, |inside| {
            inside.signature(&item.sig, &item.attrs);
            inside.generics(&item.sig.generics);
            visit::visit_impl_item_fn(inside, item);
        });
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.within(&item.ident, |inside| {
            if matches!(item.mutability, syn::StaticMutability::Mut(_)) {
                inside.hit("rs-static-mut", &item.ident);
            }
            if type_name(&item.ty).is_some_and(|name| SYNCHRONISED.contains(&name.as_str())) {
                let text = item.ty.to_token_stream().to_string();
                let is_collection = ["Map", "Vec", "Set"].iter().any(|name| text.contains(name));
                let detail = if is_collection { "collection" } else { "" };
                inside.hit_as("rs-global-state", &item.ident, detail, false);
            }
            visit::visit_item_static(inside, item);
        });
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        if item.ident == "_" && item.expr.to_token_stream().to_string().contains("assert") {
            self.hit("rs-const-assert", item);
        }
        visit::visit_item_const(self, item);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.macro_call(mac);
        visit::visit_macro(self, mac);
    }

    fn visit_type_trait_object(&mut self, type_: &'ast syn::TypeTraitObject) {
        self.hit("rs-dyn-trait", type_);
        visit::visit_type_trait_object(self, type_);
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.hit("rs-async-block", block);
        visit::visit_expr_async(self, block);
    }

    fn visit_expr_path(&mut self, expr: &'ast syn::ExprPath) {
        let segments: Vec<String> =
            expr.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        match segments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [.., "TypeId", "of"] => self.hit("rs-type-id", expr),
            [.., "type_name" | "type_name_of_val"] => self.hit("rs-type-name", expr),
            _ => {}
        }
        visit::visit_expr_path(self, expr);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let name = call.method.to_string();
        match name.as_str() {
            "downcast" | "downcast_ref" | "downcast_mut" => self.hit("rs-downcast", &call.method),
            "unwrap" | "expect" if !self.is_test => self.panics(&call.method, &name),
            _ => {}
        }
        visit::visit_expr_method_call(self, call);
    }
}

impl Collector {
    /// Something that panics: counts in procedural-macro crates only.
    fn panics(&mut self, node: &impl Spanned, what: &str) {
        let line = node.span().start().line as u32;
        self.out.in_proc_macro.extend(self.new_hit(
            "rs-proc-macro-panic",
            line,
            what.into(),
            false,
        ));
    }
}

#[cfg(test)]
mod tests;
