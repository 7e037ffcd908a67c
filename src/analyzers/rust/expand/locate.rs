//! The macro call, derive or attribute at a place of a file.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::spanned::Spanned;
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
    /// For derives and attributes the lines of their item: first, that of its name, last.
    item: Option<(usize, usize, usize)>,
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
    /// The item is a function in an implementation or trait.
    pub is_member: bool,
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

/// What stands at a column of a line (both 1-based): the innermost around it.
pub fn at_column(file: &syn::File, line: u32, column: u32) -> Option<Target> {
    let at = (line as usize, column.saturating_sub(1) as usize);
    all(file).into_iter().rfind(|target| target.from <= at && at <= target.to)
}

/// What stands on a line (1-based): all that starts there; else the derives and attributes of the
/// item whose head is there; else the innermost call around it; else the derives and attributes of
/// the innermost item around it.
pub fn on_line(file: &syn::File, line: u32) -> Vec<Target> {
    let line = line as usize;
    let found = all(file);
    let of_head =
        |t: &Target| t.item.is_some_and(|(first, name, _)| (first..=name).contains(&line));
    let around = |t: &Target| t.item.is_none() && t.from.0 <= line && line <= t.to.0;
    let innermost = found
        .iter()
        .filter_map(|target| target.item)
        .filter(|(first, _, last)| (*first..=*last).contains(&line))
        .max_by_key(|(first, _, last)| (*first, std::cmp::Reverse(*last)));
    let call = found.iter().rposition(around);
    let kept: Vec<bool> = if found.iter().any(|target| target.from.0 == line) {
        found.iter().map(|target| target.from.0 == line).collect()
    } else if found.iter().any(of_head) {
        found.iter().map(of_head).collect()
    } else if call.is_some() {
        (0..found.len()).map(|at| Some(at) == call).collect()
    } else {
        found.iter().map(|target| target.item.is_some() && target.item == innermost).collect()
    };
    found.into_iter().zip(kept).filter_map(|(target, keep)| keep.then_some(target)).collect()
}

/// All of a file, in the order of their starts.
fn all(file: &syn::File) -> Vec<Target> {
    let mut finder = Finder { found: Vec::new(), within: Vec::new() };
    finder.visit_file(file);
    let mut found = finder.found;
    // A call has no end of its own for an attribute's item: the innermost starts last.
    found.sort_by_key(|target| target.from);
    found
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
        self.found.push(Target { what, from, to, item: None });
    }

    /// The derives and attributes of an item that `named` names.
    fn attributes(&mut self, attributes: &[Attribute], item: &str, named: Span, whole: Span) {
        self.written_on(attributes, item, named, whole, false);
    }

    fn written_on(
        &mut self,
        attributes: &[Attribute],
        item: &str,
        named: Span,
        whole: Span,
        is_member: bool,
    ) {
        let Some(first) = attributes.first() else { return };
        let first = first.pound_token.span.start().line;
        let lines = Some((first, named.start().line, whole.end().line));
        let within = self.within.clone();
        let before = self.found.len();
        for attribute in attributes {
            let Some(last) = attribute.path().segments.last() else { continue };
            let name = last.ident.to_string();
            let on = |name: String, is_derive| {
                let (item, within) = (item.to_owned(), within.clone());
                What::OnItem(OnItem { name, is_derive, item, is_member, within })
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
        self.found[before..].iter_mut().for_each(|target| target.item = lines);
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
        let whole = item.span();
        match item {
            Item::Struct(i) => {
                self.attributes(&i.attrs, &i.ident.to_string(), i.ident.span(), whole)
            }
            Item::Enum(i) => self.attributes(&i.attrs, &i.ident.to_string(), i.ident.span(), whole),
            Item::Union(i) => {
                self.attributes(&i.attrs, &i.ident.to_string(), i.ident.span(), whole)
            }
            Item::Fn(i) => {
                let name = &i.sig.ident;
                self.attributes(&i.attrs, &name.to_string(), name.span(), whole);
            }
            Item::Trait(i) => {
                self.attributes(&i.attrs, &i.ident.to_string(), i.ident.span(), whole)
            }
            Item::Static(i) => {
                self.attributes(&i.attrs, &i.ident.to_string(), i.ident.span(), whole);
            }
            Item::Const(i) => {
                self.attributes(&i.attrs, &i.ident.to_string(), i.ident.span(), whole)
            }
            Item::Mod(i) => self.attributes(&i.attrs, &i.ident.to_string(), i.ident.span(), whole),
            Item::Impl(i) => {
                let ty = quote::ToTokens::to_token_stream(&i.self_ty);
                let name = format!("impl {}", tokens::line(ty, 200));
                self.attributes(&i.attrs, &name, i.impl_token.span, whole);
            }
            _ => {}
        }
        visit::visit_item(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        let name = &item.sig.ident;
        self.written_on(&item.attrs, &name.to_string(), name.span(), item.span(), true);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        let name = &item.sig.ident;
        self.written_on(&item.attrs, &name.to_string(), name.span(), item.span(), true);
        visit::visit_trait_item_fn(self, item);
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
