//! Expansions as text, laid out by `prettyplease`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Pat, Type};

use super::code::{Code, Position};
use super::rules::Rules;
use super::tokens;
use super::writers::Pens;

/// The text of an expansion: names as written, fragments with parentheses where they need them.
pub fn pretty(code: &Code, own_crate: &str) -> String {
    let tokens = tokens::unmarked(code.tokens(), own_crate);
    tokens_pretty(tokens, code.position())
}

/// As [`pretty`], with who wrote each run of its lines.
pub fn written(code: &Code, own_crate: &str, pens: &Pens) -> (String, Vec<Vec<(u32, u32)>>) {
    let tokens = tokens::unmarked(code.tokens(), own_crate);
    let text = tokens_pretty(tokens.clone(), code.position());
    let writers = pens.writers(tokens, &text);
    (text, writers)
}

/// The text of tokens that belong at a position.
pub fn tokens_pretty(tokens: TokenStream, position: Position) -> String {
    let plain = tokens.clone();
    lay_out(tokens, position).unwrap_or_else(|| tokens::line(plain, usize::MAX / 8))
}

fn lay_out(tokens: TokenStream, position: Position) -> Option<String> {
    // Only whole files can be laid out, so other code is put into one.
    let (wrapped, frame) = match position {
        Position::Items => (tokens, 0),
        Position::Statements => (quote!(fn __f() { #tokens }), 1),
        Position::Expression => (quote!(fn __f() { #tokens }), 1),
        Position::Pattern => (quote!(fn __f() { match x { #tokens => {} } }), 2),
        Position::Type => (quote!(type X = #tokens;), 0),
        Position::ImplItems => (quote!(impl X { #tokens }), 1),
        Position::TraitItems => (quote!(trait X { #tokens }), 1),
        Position::ForeignItems => (quote!(extern "C" { #tokens }), 1),
    };
    let mut file: syn::File = syn::parse2(wrapped).ok()?;
    Ungroup.visit_file_mut(&mut file);
    let text = print(&file)?;
    if position == Position::Type {
        return Some(text.strip_prefix("type X = ")?.trim_end().strip_suffix(';')?.to_owned());
    }
    if frame == 0 {
        return Some(text);
    }
    let lines: Vec<&str> = text.lines().collect();
    let inner = lines.get(frame..lines.len().saturating_sub(frame))?;
    if position == Position::Pattern {
        let joined = inner.iter().map(|line| line.trim_start()).collect::<Vec<_>>().join(" ");
        return Some(
            joined.rsplit_once(" => ").map_or(joined.clone(), |(pattern, _)| pattern.into()),
        );
    }
    let indent = " ".repeat(4 * frame);
    let dedent = |line: &&str| line.strip_prefix(indent.as_str()).unwrap_or(line).to_owned();
    Some(inner.iter().map(dedent).map(|line| line + "\n").collect())
}

fn print(file: &syn::File) -> Option<String> {
    let mut known = Known(true);
    known.visit_file(file);
    known.0.then(|| prettyplease::unparse(file))
}

/// Whether everything is of a kind that the printer knows: it panics on what it does not.
struct Known(bool);

impl<'ast> Visit<'ast> for Known {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        self.0 &= !matches!(expr, Expr::Verbatim(_));
        visit::visit_expr(self, expr);
    }

    fn visit_pat(&mut self, pat: &'ast Pat) {
        self.0 &= !matches!(pat, Pat::Verbatim(_));
        visit::visit_pat(self, pat);
    }

    fn visit_type(&mut self, ty: &'ast Type) {
        self.0 &= !matches!(ty, Type::Verbatim(_));
        visit::visit_type(self, ty);
    }

    fn visit_type_param_bound(&mut self, bound: &'ast syn::TypeParamBound) {
        self.0 &= !matches!(bound, syn::TypeParamBound::Verbatim(_));
        visit::visit_type_param_bound(self, bound);
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        if item.ident.is_some() {
            self.0 &= Rules::read(item.mac.tokens.clone(), "").is_ok();
        }
    }
}

/// Takes the invisible brackets around fragments off; the printer puts parentheses around
/// expressions that need them.
pub struct Ungroup;

impl VisitMut for Ungroup {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        while let Expr::Group(group) = expr {
            let inner = std::mem::replace(&mut *group.expr, Expr::PLACEHOLDER);
            *expr = inner;
        }
        visit_mut::visit_expr_mut(self, expr);
    }

    fn visit_type_mut(&mut self, ty: &mut Type) {
        while let Type::Group(group) = ty {
            let empty = Type::Verbatim(TokenStream::new());
            let inner = std::mem::replace(&mut *group.elem, empty);
            *ty = inner;
        }
        visit_mut::visit_type_mut(self, ty);
        // `&$t` with `dyn A + B`
        if let Type::Reference(reference) = ty
            && let Type::TraitObject(object) = &*reference.elem
            && object.bounds.len() > 1
        {
            let elem = &reference.elem;
            *reference.elem = syn::parse_quote!((#elem));
        }
    }
}
