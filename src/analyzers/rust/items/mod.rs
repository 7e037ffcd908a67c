//! The one pass over a file's items: module tree, items, bodies and symbols.

mod members;
mod modules;

use proc_macro2::Span as TokenSpan;
use syn::spanned::Spanned;
use syn::{Attribute, Item, Visibility};

use super::Source;
use super::attributes;
use super::schemas;
use crate::model::facts::rust::calls::CallFacts;
use crate::model::facts::rust::items::{
    Alias, ItemFacts, Macro, Owner, Shape, TypeItem, TypeKind, Variant,
};
use crate::model::facts::rust::modules::{Module, ModuleFacts, ModuleIndex, ModuleKind, Use};
use crate::model::facts::rust::registries::RegistryFacts;
use crate::model::facts::rust::schemas::{SchemaFacts, VariantSchema};
use crate::model::{Language, Span, Symbol, SymbolKind};

/// Everything the pass gathers.
#[derive(Default)]
pub struct Lowered {
    pub modules: ModuleFacts,
    pub items: ItemFacts,
    pub calls: CallFacts,
    pub schemas: SchemaFacts,
    pub registries: RegistryFacts,
    pub symbols: Vec<Symbol>,
}

pub fn extract(source: &Source<'_>) -> Lowered {
    let mut lowering = Lowering { source, out: Lowered::default(), prefixes: vec![String::new()] };
    lowering.out.modules.modules.push(Module {
        name: source.word(""),
        parent: None,
        kind: ModuleKind::File,
        path_attribute: None,
        cfg: attributes::cfg(&source.ast.attrs),
        is_public: true,
        line: 1,
        uses: Vec::new(),
    });
    for item in &source.ast.items {
        lowering.item(item, 0);
    }
    lowering.out
}

/// The state of the pass. `prefixes` are the modules' paths relative to the file, as `a::b::`.
pub struct Lowering<'s, 'a> {
    pub source: &'s Source<'a>,
    out: Lowered,
    prefixes: Vec<String>,
}

/// What a member's symbol name starts with, and what it belongs to.
struct Holder<'h> {
    owner: Owner,
    prefix: &'h str,
    is_public: bool,
}

impl Lowering<'_, '_> {
    pub(super) fn registries(&mut self) -> &mut RegistryFacts {
        &mut self.out.registries
    }

    /// Opens the anonymous module of a block that holds items.
    pub fn block_module(&mut self, parent: ModuleIndex, name: &str, line: u32) -> ModuleIndex {
        self.open_module(parent, name, ModuleKind::Block, line)
    }

    fn open_module(
        &mut self,
        parent: ModuleIndex,
        name: &str,
        kind: ModuleKind,
        line: u32,
    ) -> ModuleIndex {
        let index = self.out.modules.modules.len() as ModuleIndex;
        let outer = &self.prefixes[parent as usize];
        self.prefixes.push(if name.is_empty() {
            outer.clone()
        } else {
            format!("{outer}{name}::")
        });
        self.out.modules.modules.push(Module {
            name: self.source.word(name),
            parent: Some(parent),
            kind,
            path_attribute: None,
            cfg: None,
            is_public: false,
            line,
            uses: Vec::new(),
        });
        index
    }

    pub fn item(&mut self, item: &Item, module: ModuleIndex) {
        let prefix = self.prefixes[module as usize].clone();
        let free = Holder { owner: Owner::Module, prefix: &prefix, is_public: false };
        match item {
            Item::Fn(item) => {
                let end = item.block.brace_token.span.close();
                let is_public = is_public(&item.vis);
                self.function(
                    &item.attrs,
                    is_public,
                    &item.sig,
                    Some(&item.block),
                    end,
                    module,
                    &free,
                );
            }
            Item::Struct(item) => {
                let semi = item.semi_token.map(|semi| semi.span);
                let end = semi.or(fields_end(&item.fields)).unwrap_or(item.ident.span());
                self.struct_like(
                    TypeParts {
                        attrs: &item.attrs,
                        vis: &item.vis,
                        ident: &item.ident,
                        generics: &item.generics,
                        kind: TypeKind::Struct,
                        keyword: item.struct_token.span,
                        end,
                    },
                    vec![self.variant(&item.ident, &item.fields)],
                    vec![schemas::variant(&[], &item.fields)],
                    module,
                );
            }
            Item::Union(item) => {
                let fields = syn::Fields::Named(item.fields.clone());
                let end = item.fields.brace_token.span.close();
                self.struct_like(
                    TypeParts {
                        attrs: &item.attrs,
                        vis: &item.vis,
                        ident: &item.ident,
                        generics: &item.generics,
                        kind: TypeKind::Union,
                        keyword: item.union_token.span,
                        end,
                    },
                    vec![self.variant(&item.ident, &fields)],
                    vec![schemas::variant(&[], &fields)],
                    module,
                );
            }
            Item::Enum(item) => {
                let variants =
                    item.variants.iter().map(|v| self.variant(&v.ident, &v.fields)).collect();
                let end = item.brace_token.span.close();
                self.struct_like(
                    TypeParts {
                        attrs: &item.attrs,
                        vis: &item.vis,
                        ident: &item.ident,
                        generics: &item.generics,
                        kind: TypeKind::Enum,
                        keyword: item.enum_token.span,
                        end,
                    },
                    variants,
                    item.variants.iter().map(|v| schemas::variant(&v.attrs, &v.fields)).collect(),
                    module,
                );
            }
            Item::Trait(item) => self.trait_(item, module),
            Item::Impl(item) => self.impl_(item, module),
            Item::Mod(item) => self.mod_(item, module),
            Item::Use(item) => {
                let (is_public, cfg) = (is_public(&item.vis), attributes::cfg(&item.attrs));
                let mut leaf = Use {
                    path: Vec::new(),
                    global: item.leading_colon.is_some(),
                    name: None,
                    is_public,
                    cfg,
                    line: line(item.use_token.span),
                };
                self.use_tree(&item.tree, &mut leaf, module);
            }
            Item::ExternCrate(item) => {
                let name = self.source.ident(&item.ident);
                let bound = item.rename.as_ref().map_or(&item.ident, |(_, rename)| rename);
                let leaf = Use {
                    path: vec![name],
                    global: item.ident != "self",
                    name: Some(self.source.ident(bound)),
                    is_public: is_public(&item.vis),
                    cfg: attributes::cfg(&item.attrs),
                    line: line(item.ident.span()),
                };
                self.out.modules.modules[module as usize].uses.push(leaf);
            }
            Item::Type(item) => {
                let start = first(&item.attrs, &item.vis, item.type_token.span);
                self.symbol(
                    &prefix,
                    &item.ident,
                    SymbolKind::Variable,
                    start,
                    item.semi_token.span,
                    item.type_token.span,
                    &item.attrs,
                );
                self.out.items.aliases.push(Alias {
                    name: self.source.ident(&item.ident),
                    module,
                    generics: self.source.generics(&item.generics),
                    ty: Some(self.source.ty(&item.ty)),
                    bounds: Vec::new(),
                    cfg: attributes::cfg(&item.attrs),
                    line: line(item.ident.span()),
                });
            }
            Item::TraitAlias(item) => self.out.items.aliases.push(Alias {
                name: self.source.ident(&item.ident),
                module,
                generics: self.source.generics(&item.generics),
                ty: None,
                bounds: self.source.bounds(&item.bounds),
                cfg: attributes::cfg(&item.attrs),
                line: line(item.ident.span()),
            }),
            Item::Const(item) => {
                let start = first(&item.attrs, &item.vis, item.const_token.span);
                self.value(
                    &item.attrs,
                    &item.ident,
                    &item.ty,
                    Some(&item.expr),
                    (start, item.semi_token.span, item.const_token.span),
                    module,
                    &free,
                );
            }
            Item::Static(item) => {
                let start = first(&item.attrs, &item.vis, item.static_token.span);
                self.value(
                    &item.attrs,
                    &item.ident,
                    &item.ty,
                    Some(&item.expr),
                    (start, item.semi_token.span, item.static_token.span),
                    module,
                    &free,
                );
            }
            Item::ForeignMod(item) => self.foreign(item, module),
            Item::Macro(item) => {
                if let Some(ident) = &item.ident {
                    let start =
                        item.attrs.first().map_or(item.mac.path.span(), |a| a.pound_token.span);
                    let end = item.mac.delimiter.span().close();
                    self.symbol(
                        &prefix,
                        ident,
                        SymbolKind::Macro,
                        start,
                        end,
                        item.mac.path.span(),
                        &item.attrs,
                    );
                    self.out.items.macros.push(Macro {
                        name: self.source.ident(ident),
                        module,
                        is_exported: item.attrs.iter().any(|a| a.path().is_ident("macro_export")),
                        line: line(ident.span()),
                        gate: super::calls::macros::gate(&item.mac.tokens),
                        repeats: super::calls::macros::repeats(&item.mac.tokens),
                    });
                } else {
                    self.item_macro(&item.mac, module);
                }
            }
            _ => {}
        }
    }

    fn variant(&self, ident: &syn::Ident, fields: &syn::Fields) -> Variant {
        let shape = match fields {
            syn::Fields::Named(_) => Shape::Named,
            syn::Fields::Unnamed(_) => Shape::Tuple,
            syn::Fields::Unit => Shape::Unit,
        };
        let fields = fields.iter().enumerate().map(|(at, field)| {
            let name = match &field.ident {
                Some(ident) => self.source.ident(ident),
                None => self.source.word(&at.to_string()),
            };
            (name, self.source.ty(&field.ty))
        });
        Variant {
            name: self.source.ident(ident),
            shape,
            fields: fields.collect(),
            line: line(ident.span()),
        }
    }

    fn struct_like(
        &mut self,
        parts: TypeParts<'_>,
        variants: Vec<Variant>,
        shapes: Vec<VariantSchema>,
        module: ModuleIndex,
    ) {
        let prefix = self.prefixes[module as usize].clone();
        let start = first(parts.attrs, parts.vis, parts.keyword);
        let kind = match parts.kind {
            TypeKind::Enum => SymbolKind::Enum,
            TypeKind::Struct | TypeKind::Union => SymbolKind::Struct,
        };
        let item = self.out.items.types.len() as u32;
        self.out.schemas.types.extend(schemas::container(item, parts.attrs, shapes));
        let symbol =
            self.symbol(&prefix, parts.ident, kind, start, parts.end, parts.keyword, parts.attrs);
        let derives = attributes::derives(parts.attrs)
            .into_iter()
            .map(|(line, path, cfg)| (line, self.source.path(&path), cfg))
            .collect();
        self.out.items.types.push(TypeItem {
            name: self.source.ident(parts.ident),
            module,
            kind: parts.kind,
            generics: self.source.generics(parts.generics),
            variants,
            is_public: is_public(parts.vis),
            cfg: attributes::cfg(parts.attrs),
            line: line(parts.ident.span()),
            attributes: attributes::custom(self.source, parts.attrs),
            derives,
            symbol,
        });
    }

    #[expect(clippy::too_many_arguments, reason = "a symbol's parts come from many kinds of item")]
    fn symbol(
        &mut self,
        prefix: &str,
        ident: &syn::Ident,
        kind: SymbolKind,
        start: TokenSpan,
        end: TokenSpan,
        keyword: TokenSpan,
        attrs: &[Attribute],
    ) -> u32 {
        let name = syn::ext::IdentExt::unraw(ident);
        let span = Span::new(self.source.span(start).start, self.source.span(end).end);
        self.out.symbols.push(Symbol {
            name: format!("{prefix}{name}").into(),
            kind,
            language: Language::Rust,
            file: self.source.path.clone(),
            line: line(keyword),
            end_line: end.end().line as u32,
            span,
            signature: None,
            doc: attributes::doc(attrs),
            is_async: false,
        });
        self.out.symbols.len() as u32 - 1
    }
}

struct TypeParts<'p> {
    attrs: &'p [Attribute],
    vis: &'p Visibility,
    ident: &'p syn::Ident,
    generics: &'p syn::Generics,
    kind: TypeKind,
    keyword: TokenSpan,
    end: TokenSpan,
}

fn fields_end(fields: &syn::Fields) -> Option<TokenSpan> {
    match fields {
        syn::Fields::Named(fields) => Some(fields.brace_token.span.close()),
        syn::Fields::Unnamed(fields) => Some(fields.paren_token.span.close()),
        syn::Fields::Unit => None,
    }
}

/// The first token of an item: attribute, visibility or keyword.
fn first(attrs: &[Attribute], vis: &Visibility, keyword: TokenSpan) -> TokenSpan {
    if let Some(attribute) = attrs.first() {
        return attribute.pound_token.span;
    }
    match vis {
        Visibility::Public(token) => token.span,
        Visibility::Restricted(restricted) => restricted.pub_token.span,
        _ => keyword,
    }
}

pub fn line(span: TokenSpan) -> u32 {
    span.start().line as u32
}

fn is_public(vis: &Visibility) -> bool {
    !matches!(vis, Visibility::Inherited)
}
