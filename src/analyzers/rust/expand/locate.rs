//! The macro call, derive or attribute at a place of a file.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Macro};

use super::code::Position;
use super::definitions::{Position as Place, position};
use super::tokens;

/// What stands at a place.
pub struct Target {
    pub what: What,
    pub from: Place,
    pub to: Place,
}

pub enum What {
    /// A call; without a position inside the tokens of another call.
    Call(Box<Macro>, Option<Position>),
    /// `#[derive(Name)]` or `#[name]` on an item.
    OnItem(OnItem),
    /// `macro_rules! name`
    Definition(String),
}

/// A derive or attribute, and the item it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnItem {
    /// The last name of its path.
    pub name: String,
    pub is_derive: bool,
    pub item: String,
    /// The inline modules around the item.
    pub within: Vec<String>,
}

/// Attributes that change nothing by themselves.
const INERT: &[&str] = &[
    "allow",
    "automatically_derived",
    "cfg",
    "cold",
    "deny",
    "deprecated",
    "doc",
    "expect",
    "export_name",
    "forbid",
    "ignore",
    "inline",
    "link",
    "link_name",
    "link_section",
    "macro_export",
    "macro_use",
    "must_use",
    "no_mangle",
    "non_exhaustive",
    "path",
    "proc_macro",
    "proc_macro_attribute",
    "proc_macro_derive",
    "repr",
    "rustfmt",
    "should_panic",
    "target_feature",
    "track_caller",
    "unsafe",
    "warn",
];

/// What stands at a line, or at a line and column (both 1-based): the innermost around a column;
/// on a line alone the first that starts there, or else the innermost around it.
pub fn find(file: &syn::File, line: u32, column: Option<u32>) -> Option<Target> {
    let mut finder = Finder { found: Vec::new(), within: Vec::new() };
    finder.visit_file(file);
    let line = line as usize;
    let covers_line = |target: &Target| target.from.0 <= line && line <= target.to.0;
    let mut found = finder.found;
    // A call has no end of its own for an attribute's item: the innermost starts last.
    found.sort_by_key(|target| target.from);
    if let Some(column) = column {
        let at = (line, column.saturating_sub(1) as usize);
        return found.into_iter().rfind(|target| target.from <= at && at <= target.to);
    }
    match found.iter().position(|target| target.from.0 == line) {
        Some(first) => found.into_iter().nth(first),
        None => found.into_iter().rfind(covers_line),
    }
}

struct Finder {
    found: Vec<Target>,
    within: Vec<String>,
}

impl Finder {
    fn call(&mut self, mac: &Macro, at: Position) {
        let first = mac.path.segments.first().map(|segment| segment.ident.span());
        let from = mac.path.leading_colon.map_or(first, |colon| Some(colon.spans[0]));
        let Some(from) = from else { return };
        let to = mac.delimiter.span().close();
        self.push(What::Call(Box::new(mac.clone()), Some(at)), from, to);
        self.inside(mac.tokens.clone());
    }

    /// Calls among the tokens of another call.
    fn inside(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        for (at, tree) in trees.iter().enumerate() {
            let TokenTree::Group(group) = tree else { continue };
            self.inside(group.stream());
            let is_call = matches!(at.checked_sub(1).and_then(|at| trees.get(at)),
                Some(TokenTree::Punct(bang)) if bang.as_char() == '!');
            let mut start = match at.checked_sub(2) {
                Some(start) if is_call => start,
                _ => continue,
            };
            if !matches!(trees[start], TokenTree::Ident(_)) {
                continue;
            }
            let colon = |at: usize| matches!(&trees[at], TokenTree::Punct(p) if p.as_char() == ':');
            while start >= 3
                && colon(start - 1)
                && colon(start - 2)
                && matches!(trees[start - 3], TokenTree::Ident(_))
            {
                start -= 3;
            }
            let written: TokenStream = trees[start..=at].iter().cloned().collect();
            if let Ok(mac) = syn::parse2::<Macro>(written) {
                let what = What::Call(Box::new(mac), None);
                self.push(what, trees[start].span(), group.span_close());
            }
        }
    }

    fn push(&mut self, what: What, from: Span, to: Span) {
        let (from, to) = (position(from.start()), position(to.end()));
        self.found.push(Target { what, from, to });
    }

    fn attributes(&mut self, attributes: &[Attribute], item: &str) {
        let within = self.within.clone();
        for attribute in attributes {
            let Some(last) = attribute.path().segments.last() else { continue };
            let name = last.ident.to_string();
            let on = |name: String, is_derive| {
                let (item, within) = (item.to_owned(), within.clone());
                What::OnItem(OnItem { name, is_derive, item, within })
            };
            if name == "derive" {
                let syn::Meta::List(list) = &attribute.meta else { continue };
                for path in derived(list.tokens.clone()) {
                    let (Some(first), Some(last)) = (path.first(), path.last()) else { continue };
                    self.push(on(last.to_string(), true), first.span(), last.span());
                }
            } else if !INERT.contains(&name.as_str()) {
                let (from, to) = (attribute.pound_token.span, attribute.bracket_token.span.close());
                self.push(on(name, false), from, to);
            }
        }
    }
}

/// The names of each path in a derive's parentheses.
fn derived(tokens: TokenStream) -> Vec<Vec<proc_macro2::Ident>> {
    let mut paths = vec![Vec::new()];
    for tree in tokens {
        match tree {
            TokenTree::Ident(ident) => {
                paths.last_mut().into_iter().for_each(|p| p.push(ident.clone()))
            }
            TokenTree::Punct(comma) if comma.as_char() == ',' => paths.push(Vec::new()),
            _ => {}
        }
    }
    paths
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        use syn::Item;
        match item {
            Item::Struct(item) => self.attributes(&item.attrs, &item.ident.to_string()),
            Item::Enum(item) => self.attributes(&item.attrs, &item.ident.to_string()),
            Item::Union(item) => self.attributes(&item.attrs, &item.ident.to_string()),
            Item::Fn(item) => self.attributes(&item.attrs, &item.sig.ident.to_string()),
            Item::Trait(item) => self.attributes(&item.attrs, &item.ident.to_string()),
            Item::Static(item) => self.attributes(&item.attrs, &item.ident.to_string()),
            Item::Const(item) => self.attributes(&item.attrs, &item.ident.to_string()),
            Item::Mod(item) => self.attributes(&item.attrs, &item.ident.to_string()),
            Item::Impl(item) => {
                let ty = quote::ToTokens::to_token_stream(&item.self_ty);
                self.attributes(&item.attrs, &format!("impl {}", tokens::line(ty, 200)));
            }
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.within.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.within.pop();
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        match &item.ident {
            Some(name) => {
                let from = item.mac.path.segments[0].ident.span();
                let to = item.mac.delimiter.span().close();
                self.push(What::Definition(name.to_string()), from, to);
            }
            None => self.call(&item.mac, Position::Items),
        }
    }

    fn visit_stmt_macro(&mut self, stmt: &'ast syn::StmtMacro) {
        self.call(&stmt.mac, Position::Statements);
    }

    fn visit_expr_macro(&mut self, expr: &'ast syn::ExprMacro) {
        self.call(&expr.mac, Position::Expression);
    }

    fn visit_pat(&mut self, pattern: &'ast syn::Pat) {
        match pattern {
            syn::Pat::Macro(mac) => self.call(&mac.mac, Position::Pattern),
            _ => visit::visit_pat(self, pattern),
        }
    }

    fn visit_type_macro(&mut self, ty: &'ast syn::TypeMacro) {
        self.call(&ty.mac, Position::Type);
    }

    fn visit_impl_item_macro(&mut self, item: &'ast syn::ImplItemMacro) {
        self.call(&item.mac, Position::ImplItems);
    }

    fn visit_trait_item_macro(&mut self, item: &'ast syn::TraitItemMacro) {
        self.call(&item.mac, Position::TraitItems);
    }

    fn visit_foreign_item_macro(&mut self, item: &'ast syn::ForeignItemMacro) {
        self.call(&item.mac, Position::ForeignItems);
    }
}
