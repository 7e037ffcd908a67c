//! Traits, implementations, foreign blocks, and the functions and values in them or on their own.

use super::{Holder, Lowering, first, is_public, line};
use crate::analyzers::rust::{attributes, calls::lower_body, schemas, words::spaceless};
use crate::model::facts::rust::calls::Body;
use crate::model::facts::rust::items::{Function, Impl, Owner, Param, Receiver, Trait, Value};
use crate::model::facts::rust::modules::ModuleIndex;
use crate::model::facts::rust::types::{Path, Ty};
use crate::model::{Span, SymbolKind};
use proc_macro2::Span as TokenSpan;
use syn::Attribute;

impl Lowering<'_, '_> {
    pub(super) fn trait_(&mut self, item: &syn::ItemTrait, module: ModuleIndex) {
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

    pub(super) fn impl_(&mut self, item: &syn::ItemImpl, module: ModuleIndex) {
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

    pub(super) fn foreign(&mut self, item: &syn::ItemForeignMod, module: ModuleIndex) {
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
    pub(super) fn function(
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
                _ => crate::analyzers::rust::expand::signature(sig),
            }
        };
        let entry = &mut self.out.symbols[symbol as usize];
        entry.signature = Some(shown.replace("( ", "(").replace(", )", ")").into());
        entry.is_async = sig.asyncness.is_some();

        let mut receiver = None;
        let mut values = Vec::new();
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
                    values.extend(attributes::values(source, &param.attrs, &param.pat));
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
            attributes: [attributes::custom(source, attrs), values].concat(),
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

    pub(super) fn push_body(&mut self, body: Body) -> u32 {
        self.out.calls.bodies.push(body);
        self.out.calls.bodies.len() as u32 - 1
    }

    #[expect(clippy::too_many_arguments, reason = "the parts that constants of five kinds share")]
    pub(super) fn value(
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
            let body = crate::analyzers::rust::calls::lower_value(self, module, &name, init);
            crate::analyzers::rust::calls::says_something(&body).then(|| self.push_body(body))
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
}
