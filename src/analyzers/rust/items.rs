//! The one pass over a file's items: module tree, items, bodies and symbols.

use proc_macro2::Span as TokenSpan;
use syn::spanned::Spanned;
use syn::{Attribute, Item, Visibility};

use super::Source;
use super::attributes;
use super::calls::lower_body;
use super::schemas;
use super::words::spaceless;
use crate::model::facts::rust::calls::{Body, CallFacts};
use crate::model::facts::rust::items::{
    Alias, Function, Impl, ItemFacts, Macro, Owner, Param, Receiver, Shape, Trait, TypeItem,
    TypeKind, Value, Variant,
};
use crate::model::facts::rust::modules::{Module, ModuleFacts, ModuleIndex, ModuleKind, Use};
use crate::model::facts::rust::registries::RegistryFacts;
use crate::model::facts::rust::schemas::{SchemaFacts, VariantSchema};
use crate::model::facts::rust::types::{Path, Ty};
use crate::model::{Language, Name, Span, Symbol, SymbolKind};

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

    fn mod_(&mut self, item: &syn::ItemMod, module: ModuleIndex) {
        let name = syn::ext::IdentExt::unraw(&item.ident).to_string();
        let kind = if item.content.is_some() { ModuleKind::Inline } else { ModuleKind::Declared };
        let index = self.open_module(module, &name, kind, line(item.mod_token.span));
        let opened = &mut self.out.modules.modules[index as usize];
        opened.is_public = is_public(&item.vis);
        opened.cfg = attributes::cfg(&item.attrs);
        opened.path_attribute = attributes::effective(&item.attrs)
            .iter()
            .filter(|(attribute, _)| attribute.path().is_ident("path"))
            .find_map(|(attribute, _)| attributes::string_value(attribute))
            .map(Name::from);
        if let Some((brace, items)) = &item.content {
            let prefix = self.prefixes[module as usize].clone();
            let start = first(&item.attrs, &item.vis, item.mod_token.span);
            self.symbol(
                &prefix,
                &item.ident,
                SymbolKind::Module,
                start,
                brace.span.close(),
                item.mod_token.span,
                &item.attrs,
            );
            for item in items {
                self.item(item, index);
            }
        }
    }

    fn use_tree(&mut self, tree: &syn::UseTree, leaf: &mut Use, module: ModuleIndex) {
        match tree {
            syn::UseTree::Path(path) => {
                leaf.path.push(self.source.ident(&path.ident));
                self.use_tree(&path.tree, leaf, module);
                leaf.path.pop();
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.use_tree(tree, leaf, module);
                }
            }
            syn::UseTree::Glob(glob) => {
                let mut leaf = leaf.clone();
                leaf.line = line(glob.star_token.span);
                self.out.modules.modules[module as usize].uses.push(leaf);
            }
            syn::UseTree::Name(name) => self.use_leaf(&name.ident, &name.ident, leaf, module),
            syn::UseTree::Rename(name) => self.use_leaf(&name.ident, &name.rename, leaf, module),
        }
    }

    fn use_leaf(
        &mut self,
        ident: &syn::Ident,
        bound: &syn::Ident,
        leaf: &Use,
        module: ModuleIndex,
    ) {
        let mut leaf = leaf.clone();
        leaf.line = line(ident.span());
        let renamed = ident != bound;
        // `use a::b::{self}` binds `b`.
        let bound = if ident == "self" && !leaf.path.is_empty() {
            if renamed { self.source.ident(bound) } else { leaf.path[leaf.path.len() - 1] }
        } else {
            leaf.path.push(self.source.ident(ident));
            self.source.ident(bound)
        };
        leaf.name = Some(bound);
        self.out.modules.modules[module as usize].uses.push(leaf);
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

    fn trait_(&mut self, item: &syn::ItemTrait, module: ModuleIndex) {
        let prefix = self.prefixes[module as usize].clone();
        let start = first(&item.attrs, &item.vis, item.trait_token.span);
        let end = item.brace_token.span.close();
        let symbol = self.symbol(
            &prefix,
            &item.ident,
            SymbolKind::Trait,
            start,
            end,
            item.trait_token.span,
            &item.attrs,
        );
        let index = self.out.items.traits.len() as u32;
        self.out.items.traits.push(Trait {
            name: self.source.ident(&item.ident),
            module,
            generics: self.source.generics(&item.generics),
            supertraits: self.source.bounds(&item.supertraits),
            attributes: attributes::custom(self.source, &item.attrs),
            types: Vec::new(),
            consts: Vec::new(),
            is_public: is_public(&item.vis),
            cfg: attributes::cfg(&item.attrs),
            line: line(item.ident.span()),
            symbol,
        });
        let inner = format!("{prefix}{}::", syn::ext::IdentExt::unraw(&item.ident));
        let holder =
            Holder { owner: Owner::Trait(index), prefix: &inner, is_public: is_public(&item.vis) };
        for member in &item.items {
            match member {
                syn::TraitItem::Fn(member) => {
                    let end = member
                        .default
                        .as_ref()
                        .map(|block| block.brace_token.span.close())
                        .or(member.semi_token.map(|semi| semi.span))
                        .unwrap_or_else(|| member.sig.paren_token.span.close());
                    self.function(
                        &member.attrs,
                        true,
                        &member.sig,
                        member.default.as_ref(),
                        end,
                        module,
                        &holder,
                    );
                }
                syn::TraitItem::Type(member) => {
                    let name = self.source.ident(&member.ident);
                    let bounds = self.source.bounds(&member.bounds);
                    let default = member.default.as_ref().map(|(_, ty)| self.source.ty(ty));
                    self.out.items.traits[index as usize].types.push((name, bounds, default));
                }
                syn::TraitItem::Const(member) => {
                    let ty = self.source.ty(&member.ty);
                    let name = self.source.ident(&member.ident);
                    self.out.items.traits[index as usize].consts.push((name, ty));
                    let start = member
                        .attrs
                        .first()
                        .map_or(member.const_token.span, |a| a.pound_token.span);
                    let place = (start, member.semi_token.span, member.const_token.span);
                    let init = member.default.as_ref().map(|(_, init)| init);
                    self.value(
                        &member.attrs,
                        &member.ident,
                        &member.ty,
                        init,
                        place,
                        module,
                        &holder,
                    );
                }
                _ => {}
            }
        }
    }

    fn impl_(&mut self, item: &syn::ItemImpl, module: ModuleIndex) {
        let prefix = self.prefixes[module as usize].clone();
        let index = self.out.items.impls.len() as u32;
        let self_ty = self.source.ty(&item.self_ty);
        let shown = self.type_name(&self_ty);
        self.out.items.impls.push(Impl {
            module,
            generics: self.source.generics(&item.generics),
            trait_: item.trait_.as_ref().map(|(path, _)| self.source.path(path)),
            self_ty,
            is_negative: item.modifiers.polarity.is_some(),
            attributes: attributes::custom(self.source, &item.attrs),
            types: Vec::new(),
            consts: Vec::new(),
            cfg: attributes::cfg(&item.attrs),
            line: line(item.impl_token.span),
        });
        let inner = format!("{prefix}{shown}::");
        let holder =
            Holder { owner: Owner::Impl(index), prefix: &inner, is_public: item.trait_.is_some() };
        for member in &item.items {
            match member {
                syn::ImplItem::Fn(member) => {
                    let end = member.block.brace_token.span.close();
                    let public = is_public(&member.vis) || holder.is_public;
                    self.function(
                        &member.attrs,
                        public,
                        &member.sig,
                        Some(&member.block),
                        end,
                        module,
                        &holder,
                    );
                }
                syn::ImplItem::Type(member) => {
                    let pair = (self.source.ident(&member.ident), self.source.ty(&member.ty));
                    self.out.items.impls[index as usize].types.push(pair);
                }
                syn::ImplItem::Const(member) => {
                    let pair = (self.source.ident(&member.ident), self.source.ty(&member.ty));
                    self.out.items.impls[index as usize].consts.push(pair);
                    let start = first(&member.attrs, &member.vis, member.const_token.span);
                    let place = (start, member.semi_token.span, member.const_token.span);
                    self.value(
                        &member.attrs,
                        &member.ident,
                        &member.ty,
                        Some(&member.expr),
                        place,
                        module,
                        &holder,
                    );
                }
                _ => {}
            }
        }
    }

    /// The short name of an `impl`'s type: its last path segment.
    fn type_name(&self, ty: &Ty) -> String {
        match ty {
            Ty::Path(path) => path
                .last()
                .map(|segment| self.source.words.text(segment.name).to_string())
                .unwrap_or_default(),
            Ty::Ref { inner, .. } | Ty::Ptr(inner) => self.type_name(inner),
            Ty::Slice(_) => "slice".into(),
            Ty::Array(..) => "array".into(),
            Ty::Tuple(_) => "tuple".into(),
            Ty::Fn(..) => "fn".into(),
            Ty::Dyn(bounds) | Ty::Impl(bounds) => bounds
                .first()
                .and_then(Path::last)
                .map(|segment| self.source.words.text(segment.name).to_string())
                .unwrap_or_default(),
            Ty::Never => "never".into(),
            Ty::Const(_) | Ty::Infer => "_".into(),
        }
    }

    fn foreign(&mut self, item: &syn::ItemForeignMod, module: ModuleIndex) {
        let prefix = self.prefixes[module as usize].clone();
        let holder = Holder { owner: Owner::Foreign, prefix: &prefix, is_public: true };
        for member in &item.items {
            match member {
                syn::ForeignItem::Fn(member) => {
                    let end = member.semi_token.span;
                    let public = is_public(&member.vis);
                    self.function(&member.attrs, public, &member.sig, None, end, module, &holder);
                }
                syn::ForeignItem::Static(member) => {
                    let start = first(&member.attrs, &member.vis, member.static_token.span);
                    let place = (start, member.semi_token.span, member.static_token.span);
                    self.value(
                        &member.attrs,
                        &member.ident,
                        &member.ty,
                        None,
                        place,
                        module,
                        &holder,
                    );
                }
                _ => {}
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts that fn items of four kinds share")]
    fn function(
        &mut self,
        attrs: &[Attribute],
        is_public: bool,
        sig: &syn::Signature,
        block: Option<&syn::Block>,
        end: TokenSpan,
        module: ModuleIndex,
        holder: &Holder<'_>,
    ) {
        let source = self.source;
        let keyword = sig
            .constness
            .map(|token| token.span)
            .or(sig.asyncness.map(|token| token.span))
            .unwrap_or(sig.fn_token.span);
        let start = attrs.first().map_or(keyword, |attribute| attribute.pound_token.span);
        let kind = match holder.owner {
            Owner::Module | Owner::Foreign => SymbolKind::Function,
            Owner::Impl(_) | Owner::Trait(_) => SymbolKind::Method,
        };
        let symbol =
            self.symbol(holder.prefix, &sig.ident, kind, start, end, sig.fn_token.span, attrs);
        let shown = {
            let open = source.span(sig.paren_token.span.open()).start;
            let close = match &sig.output {
                syn::ReturnType::Default => source.span(sig.paren_token.span.close()).end,
                syn::ReturnType::Type(_, ty) => source.span_of(ty).end,
            };
            match Span::new(open, close).of(source.text) {
                text if text.starts_with('(') => spaceless(text),
                // A macro wrote it.
                _ => super::expand::signature(sig),
            }
        };
        let entry = &mut self.out.symbols[symbol as usize];
        entry.signature = Some(shown.replace("( ", "(").replace(", )", ")").into());
        entry.is_async = sig.asyncness.is_some();

        let mut receiver = None;
        let mut params = Vec::new();
        let mut patterns = Vec::new();
        for input in &sig.inputs {
            match input {
                syn::FnArg::Receiver(own) => {
                    receiver = Some(match &own.kind {
                        syn::ReceiverKind::Reference(_, _, None) => Receiver::Ref,
                        syn::ReceiverKind::Reference(..) => Receiver::RefMut,
                        syn::ReceiverKind::Typed(_, ty) => Receiver::Typed(source.ty(ty)),
                        _ => Receiver::Value,
                    });
                }
                syn::FnArg::Typed(param) => {
                    let name = match &*param.pat {
                        syn::Pat::Ident(ident) => Some(source.ident(&ident.ident)),
                        _ => None,
                    };
                    params.push(Param { name, ty: source.ty(&param.ty) });
                    patterns.push(&*param.pat);
                }
            }
        }
        let function = Function {
            name: source.ident(&sig.ident),
            module,
            owner: holder.owner,
            generics: source.generics(&sig.generics),
            receiver,
            params,
            output: source.output(&sig.output),
            is_async: sig.asyncness.is_some(),
            is_unsafe: matches!(sig.safety, syn::Safety::Unsafe(_)),
            is_public,
            cfg: attributes::cfg(attrs),
            attributes: attributes::custom(source, attrs),
            body: None,
            line: line(sig.fn_token.span),
            symbol,
        };
        let index = self.out.items.functions.len();
        self.out.items.functions.push(function);
        if let Some(block) = block {
            if sig.inputs.is_empty()
                && let Some(value) = schemas::returned(block)
            {
                self.out.schemas.returns.push((index as u32, value));
            }
            let name = format!(
                "{}{}",
                holder.prefix.strip_prefix(&self.prefixes[module as usize]).unwrap_or_default(),
                syn::ext::IdentExt::unraw(&sig.ident)
            );
            let body = lower_body(self, module, &name, &patterns, block);
            self.out.items.functions[index].body = Some(self.push_body(body));
        }
    }

    fn push_body(&mut self, body: Body) -> u32 {
        self.out.calls.bodies.push(body);
        self.out.calls.bodies.len() as u32 - 1
    }

    #[expect(clippy::too_many_arguments, reason = "the parts that constants of five kinds share")]
    fn value(
        &mut self,
        attrs: &[Attribute],
        ident: &syn::Ident,
        ty: &syn::Type,
        init: Option<&syn::Expr>,
        (start, end, keyword): (TokenSpan, TokenSpan, TokenSpan),
        module: ModuleIndex,
        holder: &Holder<'_>,
    ) {
        let symbol =
            self.symbol(holder.prefix, ident, SymbolKind::Constant, start, end, keyword, attrs);
        let body = init.and_then(|init| {
            // `const _: () = { impl … };` hides its items from name lookup, so no name in between.
            let name = if ident == "_" { String::new() } else { ident.to_string() };
            let body = super::calls::lower_value(self, module, &name, init);
            super::calls::says_something(&body).then(|| self.push_body(body))
        });
        self.out.items.values.push(Value {
            name: self.source.ident(ident),
            module,
            owner: holder.owner,
            ty: self.source.ty(ty),
            attributes: attributes::custom(self.source, attrs),
            body,
            cfg: attributes::cfg(attrs),
            line: line(ident.span()),
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
