//! Tells apart local variables and labels that are spelled alike but written by different
//! expansions: where they would be taken for each other, the macro's one is renamed.

use proc_macro2::{Ident, TokenStream, TokenTree};
use rustc_hash::{FxHashMap, FxHashSet};
use syn::visit_mut::{self, VisitMut};

use super::code::Code;
use super::tokens::{self, plain};

/// Renames what would be confused, in each body by itself: locals end with it.
pub fn resolve(code: &mut Code) {
    let mut names = Names::default();
    code.visit(&mut names);
    let renamed = names.confused();
    if !renamed.is_empty() {
        code.visit(&mut Renaming { renamed });
    }
    code.visit(&mut Bodies);
}

/// Comes to every item, at the top or inside a body.
struct Bodies;

/// Resolves one item's body, then those inside it.
macro_rules! body {
    ($node:expr, $visit:ident) => {{
        let mut names = Names::default();
        visit_mut::$visit(&mut names, $node);
        let renamed = names.confused();
        if !renamed.is_empty() {
            visit_mut::$visit(&mut Renaming { renamed }, $node);
        }
        visit_mut::$visit(&mut Bodies, $node);
    }};
}

impl VisitMut for Bodies {
    fn visit_item_fn_mut(&mut self, item: &mut syn::ItemFn) {
        body!(item, visit_item_fn_mut);
    }

    fn visit_impl_item_fn_mut(&mut self, item: &mut syn::ImplItemFn) {
        body!(item, visit_impl_item_fn_mut);
    }

    fn visit_trait_item_fn_mut(&mut self, item: &mut syn::TraitItemFn) {
        body!(item, visit_trait_item_fn_mut);
    }

    fn visit_item_const_mut(&mut self, item: &mut syn::ItemConst) {
        body!(item, visit_item_const_mut);
    }

    fn visit_item_static_mut(&mut self, item: &mut syn::ItemStatic) {
        body!(item, visit_item_static_mut);
    }

    fn visit_impl_item_const_mut(&mut self, item: &mut syn::ImplItemConst) {
        body!(item, visit_impl_item_const_mut);
    }
}

/// Follows scopes as the compiler will after marks are gone, and notes the locals and labels that
/// would then catch a name meant for another. A quote starts a label's name.
#[derive(Default)]
struct Names {
    /// What is in scope, innermost last.
    scope: Vec<String>,
    /// All names, without marks.
    used: FxHashSet<String>,
    confused: FxHashSet<String>,
}

impl Names {
    /// New names for the macro's locals that would be confused.
    fn confused(mut self) -> FxHashMap<String, String> {
        let mut names: Vec<String> = self.confused.into_iter().collect();
        names.sort();
        let mut renamed = FxHashMap::default();
        for name in names {
            let base = plain(&name);
            let fresh = (1..).map(|n| format!("{base}_{n}")).find(|n| !self.used.contains(n));
            if let Some(fresh) = fresh {
                self.used.insert(fresh.clone());
                renamed.insert(name, fresh);
            }
        }
        renamed
    }

    fn bind(&mut self, name: String) {
        self.used.insert(plain(&name));
        self.scope.push(name);
    }

    /// A name is read: whom will it reach, and whom is it meant for?
    fn read(&mut self, name: &str) {
        let base = plain(name);
        let reached = self.scope.iter().rev().find(|bound| plain(bound) == base);
        // What the expansion did not bind itself was in scope where its macro was defined.
        let mut meant = None;
        let mut spelling = name;
        while meant.is_none() {
            meant = self.scope.iter().rev().find(|bound| *bound == spelling);
            match spelling.rsplit_once(tokens::MARK) {
                Some((shorter, _)) => spelling = shorter,
                None => break,
            }
        }
        // What is bound nowhere here is meant for something outside.
        if reached.is_some() && reached != meant {
            let mut both = [reached, meant].into_iter().flatten();
            self.confused.extend(both.find(|name| tokens::is_marked(name)).cloned());
        }
        self.used.insert(base);
    }

    fn tokens(&mut self, tokens: TokenStream) {
        for tree in tokens {
            match tree {
                TokenTree::Ident(ident) => self.read(&ident.to_string()),
                TokenTree::Group(group) => self.tokens(group.stream()),
                _ => {}
            }
        }
    }

    /// What is bound inside ends with it.
    fn scoped(&mut self, visit: impl FnOnce(&mut Self)) {
        let visible = self.scope.len();
        visit(self);
        self.scope.truncate(visible);
    }
}

impl VisitMut for Names {
    // Items see none of the locals around them.
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}

    fn visit_impl_item_mut(&mut self, _: &mut syn::ImplItem) {}

    fn visit_trait_item_mut(&mut self, _: &mut syn::TraitItem) {}

    fn visit_block_mut(&mut self, block: &mut syn::Block) {
        self.scoped(|names| visit_mut::visit_block_mut(names, block));
    }

    fn visit_arm_mut(&mut self, arm: &mut syn::Arm) {
        self.scoped(|names| visit_mut::visit_arm_mut(names, arm));
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut syn::ExprClosure) {
        self.scoped(|names| visit_mut::visit_expr_closure_mut(names, closure));
    }

    fn visit_expr_if_mut(&mut self, expr: &mut syn::ExprIf) {
        self.scoped(|names| {
            names.visit_expr_mut(&mut expr.cond);
            names.visit_block_mut(&mut expr.then_branch);
        });
        if let Some((_, otherwise)) = &mut expr.else_branch {
            self.visit_expr_mut(otherwise);
        }
    }

    fn visit_expr_while_mut(&mut self, expr: &mut syn::ExprWhile) {
        self.scoped(|names| visit_mut::visit_expr_while_mut(names, expr));
    }

    fn visit_expr_for_loop_mut(&mut self, expr: &mut syn::ExprForLoop) {
        self.visit_expr_mut(&mut expr.expr);
        self.scoped(|names| {
            if let Some(label) = &mut expr.label {
                names.visit_label_mut(label);
            }
            names.visit_pat_mut(&mut expr.pat);
            names.visit_block_mut(&mut expr.body);
        });
    }

    // A value does not see what it is bound to.
    fn visit_expr_let_mut(&mut self, expr: &mut syn::ExprLet) {
        self.visit_expr_mut(&mut expr.expr);
        self.visit_pat_mut(&mut expr.pat);
    }

    fn visit_local_mut(&mut self, local: &mut syn::Local) {
        if let Some(init) = &mut local.init {
            self.visit_local_init_mut(init);
        }
        self.visit_pat_mut(&mut local.pat);
    }

    fn visit_pat_ident_mut(&mut self, pattern: &mut syn::PatIdent) {
        let name = pattern.ident.to_string();
        // A capital starts a constant or a variant, which is no binding.
        if name.starts_with(char::is_uppercase) {
            self.used.insert(plain(&name));
        } else {
            self.bind(name);
        }
        visit_mut::visit_pat_ident_mut(self, pattern);
    }

    fn visit_expr_path_mut(&mut self, path: &mut syn::ExprPath) {
        if let Some(ident) = path.path.get_ident() {
            self.read(&ident.to_string());
        }
        visit_mut::visit_expr_path_mut(self, path);
    }

    fn visit_label_mut(&mut self, label: &mut syn::Label) {
        self.bind(label.name.to_string());
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut syn::Lifetime) {
        self.read(&lifetime.to_string());
    }

    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        self.tokens(mac.tokens.clone());
    }
}

struct Renaming {
    renamed: FxHashMap<String, String>,
}

impl Renaming {
    fn ident(&self, ident: &mut Ident) -> bool {
        let fresh = self.renamed.get(&ident.to_string());
        if let Some(fresh) = fresh {
            *ident = tokens::rename(ident, fresh);
        }
        fresh.is_some()
    }

    fn tokens(&self, tokens: TokenStream) -> TokenStream {
        tokens
            .into_iter()
            .map(|tree| match tree {
                TokenTree::Ident(mut ident) => {
                    self.ident(&mut ident);
                    ident.into()
                }
                TokenTree::Group(group) => {
                    let inner = self.tokens(group.stream());
                    let mut fresh = proc_macro2::Group::new(group.delimiter(), inner);
                    fresh.set_span(group.span());
                    fresh.into()
                }
                other => other,
            })
            .collect()
    }
}

impl VisitMut for Renaming {
    // Items see none of the locals around them.
    fn visit_item_mut(&mut self, _: &mut syn::Item) {}

    fn visit_impl_item_mut(&mut self, _: &mut syn::ImplItem) {}

    fn visit_trait_item_mut(&mut self, _: &mut syn::TraitItem) {}

    fn visit_pat_ident_mut(&mut self, pattern: &mut syn::PatIdent) {
        self.ident(&mut pattern.ident);
        visit_mut::visit_pat_ident_mut(self, pattern);
    }

    fn visit_expr_path_mut(&mut self, path: &mut syn::ExprPath) {
        if path.path.get_ident().is_some() {
            self.ident(&mut path.path.segments[0].ident);
        }
        visit_mut::visit_expr_path_mut(self, path);
    }

    fn visit_field_value_mut(&mut self, field: &mut syn::FieldValue) {
        let before = matches!(&field.expr, syn::Expr::Path(path)
            if path.path.get_ident().is_some_and(|i| self.renamed.contains_key(&i.to_string())));
        visit_mut::visit_field_value_mut(self, field);
        if before && field.colon_token.is_none() {
            field.colon_token = Some(Default::default());
        }
    }

    fn visit_field_pat_mut(&mut self, field: &mut syn::FieldPat) {
        let before = matches!(&*field.pat, syn::Pat::Ident(pattern)
            if self.renamed.contains_key(&pattern.ident.to_string()));
        visit_mut::visit_field_pat_mut(self, field);
        if before && field.colon_token.is_none() {
            field.colon_token = Some(Default::default());
        }
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut syn::Lifetime) {
        if let Some(fresh) = self.renamed.get(&lifetime.to_string()) {
            let name = fresh.trim_start_matches('\'');
            lifetime.ident = tokens::rename(&lifetime.ident, name);
        }
    }

    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        mac.tokens = self.tokens(mac.tokens.clone());
    }
}
