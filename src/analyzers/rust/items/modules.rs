//! `mod` and `use`.

use super::{Lowering, first, is_public, line};
use crate::analyzers::rust::attributes;
use crate::model::facts::rust::modules::{ModuleIndex, ModuleKind, Use};
use crate::model::{Name, SymbolKind};

impl Lowering<'_, '_> {
    pub(super) fn mod_(&mut self, item: &syn::ItemMod, module: ModuleIndex) {
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

    pub(super) fn use_tree(&mut self, tree: &syn::UseTree, leaf: &mut Use, module: ModuleIndex) {
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
}
