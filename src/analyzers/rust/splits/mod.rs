//! Async functions, methods, blocks and closures as state machines: where each suspends and what
//! it holds there. An estimate from the syntax of one file; the compiler's layout is the truth.

mod hazards;
mod lower;
mod macros;
mod patterns;
mod sizes;
mod types;

#[cfg(test)]
mod tests;

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::Visit;

use super::Source;
use crate::analyzers::split::{
    Liveness, counts, counts::hops_of, most_hops, present, simplify, storage,
};
use crate::model::facts::rust::splits::SplitFacts;
use crate::model::{Language, RemoteOps, Split};
use types::Types;

pub fn extract(source: &Source<'_>) -> SplitFacts {
    if !source.text.contains("async") {
        return SplitFacts::default();
    }
    let types = Types::of(source.ast);
    let mut finder =
        Finder { source, types: &types, path: Vec::new(), count: Vec::new(), splits: Vec::new() };
    finder.visit_file(source.ast);
    SplitFacts { splits: finder.splits }
}

/// Walks all items and bodies for async parts.
struct Finder<'s, 'a> {
    source: &'s Source<'a>,
    types: &'s Types,
    /// Segments of the name of what we are in.
    path: Vec<String>,
    /// Async blocks and closures seen in each enclosing item.
    count: Vec<u32>,
    splits: Vec<Split>,
}

impl Finder<'_, '_> {
    fn within(&mut self, segment: String, visit: impl FnOnce(&mut Self)) {
        self.path.push(segment);
        self.count.push(0);
        visit(self);
        self.path.pop();
        self.count.pop();
    }

    fn function(&mut self, sig: &syn::Signature, block: &syn::Block) {
        if sig.asyncness.is_some() {
            let lowered = lower::function(self.source, self.types, sig, block);
            self.add(lowered, self.path.join("::"), self.source.line_of(&sig.fn_token));
        }
        syn::visit::visit_block(self, block);
    }

    fn anonymous(&mut self, what: &str) -> String {
        let number = self.count.last_mut().map_or(1, |count| {
            *count += 1;
            *count
        });
        let outer = self.path.join("::");
        let own = format!("{{async {what}#{number}}}");
        if outer.is_empty() { own } else { format!("{outer}::{own}") }
    }

    fn add(&mut self, lowered: lower::Lowered, function: String, line: u32) {
        let mut graph = lowered.graph;
        simplify(&mut graph);
        if graph.suspensions.is_empty() {
            return;
        }
        let mut live = Liveness::of(&graph);
        storage::store(&graph, &mut live);
        let source = self.source;
        let cost = |at: usize| {
            let hops = hops_of(graph.suspensions[at].kind);
            RemoteOps { min: hops, max: Some(hops) }
        };
        let hazards = hazards::find(&graph, &live, &lowered.types);
        self.splits.push(Split {
            function: function.into(),
            language: Language::Rust,
            file: source.path.clone(),
            line,
            receiver: None,
            inputs: Vec::new(),
            suspensions: present::suspensions(&graph, &live, source.text, source.lines),
            blocks: present::blocks(&graph, &live),
            remote_ops: counts::remote_ops(&graph, &cost).unwrap_or_default(),
            most_hops: most_hops(&graph),
            hazards,
            fragments: graph.suspensions.len() as u32 + 1,
            pieces: None,
            refused: None,
            future: Some(sizes::future(&graph, &live, &lowered.types)),
        });
    }
}

impl<'ast> Visit<'ast> for Finder<'_, '_> {
    fn visit_item_mod(&mut self, node: &'ast syn::ItemMod) {
        self.within(node.ident.to_string(), |inner| syn::visit::visit_item_mod(inner, node));
    }

    fn visit_item_impl(&mut self, node: &'ast syn::ItemImpl) {
        let name = match &*node.self_ty {
            syn::Type::Path(path) => {
                path.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default()
            }
            other => other.to_token_stream().to_string().replace(' ', ""),
        };
        self.within(name, |inner| syn::visit::visit_item_impl(inner, node));
    }

    fn visit_item_trait(&mut self, node: &'ast syn::ItemTrait) {
        self.within(node.ident.to_string(), |inner| syn::visit::visit_item_trait(inner, node));
    }

    fn visit_item_fn(&mut self, node: &'ast syn::ItemFn) {
        let name = node.sig.ident.to_string();
        self.within(name, |inner| inner.function(&node.sig, &node.block));
    }

    fn visit_impl_item_fn(&mut self, node: &'ast syn::ImplItemFn) {
        let name = node.sig.ident.to_string();
        self.within(name, |inner| inner.function(&node.sig, &node.block));
    }

    fn visit_trait_item_fn(&mut self, node: &'ast syn::TraitItemFn) {
        if let Some(block) = &node.default {
            let name = node.sig.ident.to_string();
            self.within(name, |inner| inner.function(&node.sig, block));
        }
    }

    fn visit_expr_async(&mut self, node: &'ast syn::ExprAsync) {
        let name = self.anonymous("block");
        let lowered = lower::block(self.source, self.types, &node.block);
        self.add(lowered, name, self.source.line_of(&node.async_token.span()));
        syn::visit::visit_expr_async(self, node);
    }

    fn visit_expr_closure(&mut self, node: &'ast syn::ExprClosure) {
        if node.asyncness.is_some() {
            let name = self.anonymous("closure");
            let lowered = lower::closure(self.source, self.types, node);
            self.add(lowered, name, self.source.line_of(node));
        }
        syn::visit::visit_expr_closure(self, node);
    }
}
