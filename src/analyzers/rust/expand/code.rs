//! What an expansion is read as: that depends on where the macro is called.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream, Parser};
use syn::visit_mut::VisitMut;
use syn::{Expr, ForeignItem, ImplItem, Item, Pat, Stmt, TraitItem, Type};

/// Where a macro is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    Items,
    Statements,
    Expression,
    Pattern,
    Type,
    ImplItems,
    TraitItems,
    ForeignItems,
}

/// An expansion as syntax.
pub enum Code {
    Items(Vec<Item>),
    Statements(Vec<Stmt>),
    Expression(Box<Expr>),
    Pattern(Box<Pat>),
    Type(Box<Type>),
    ImplItems(Vec<ImplItem>),
    TraitItems(Vec<TraitItem>),
    ForeignItems(Vec<ForeignItem>),
}

impl Code {
    pub fn parse(position: Position, tokens: TokenStream) -> syn::Result<Self> {
        Ok(match position {
            Position::Items => Self::Items(many.parse2(tokens)?),
            Position::Statements => Self::Statements(syn::Block::parse_within.parse2(tokens)?),
            Position::Expression => Self::Expression(Box::new(expression.parse2(tokens)?)),
            Position::Pattern => {
                Self::Pattern(Box::new(Pat::parse_multi_with_leading_vert.parse2(tokens)?))
            }
            Position::Type => Self::Type(syn::parse2(tokens)?),
            Position::ImplItems => Self::ImplItems(many.parse2(tokens)?),
            Position::TraitItems => Self::TraitItems(many.parse2(tokens)?),
            Position::ForeignItems => Self::ForeignItems(many.parse2(tokens)?),
        })
    }

    /// As the first of several positions that it can be read at.
    pub fn guess(tokens: &TokenStream) -> Option<(Position, Self)> {
        let order = [
            Position::Expression,
            Position::Statements,
            Position::Items,
            Position::Type,
            Position::Pattern,
            Position::ImplItems,
        ];
        order.into_iter().find_map(|at| Some((at, Self::parse(at, tokens.clone()).ok()?)))
    }

    pub fn tokens(&self) -> TokenStream {
        match self {
            Self::Items(items) => quote!(#(#items)*),
            Self::Statements(statements) => quote!(#(#statements)*),
            Self::Expression(expr) => expr.to_token_stream(),
            Self::Pattern(pattern) => pattern.to_token_stream(),
            Self::Type(ty) => ty.to_token_stream(),
            Self::ImplItems(items) => quote!(#(#items)*),
            Self::TraitItems(items) => quote!(#(#items)*),
            Self::ForeignItems(items) => quote!(#(#items)*),
        }
    }

    pub fn position(&self) -> Position {
        match self {
            Self::Items(_) => Position::Items,
            Self::Statements(_) => Position::Statements,
            Self::Expression(_) => Position::Expression,
            Self::Pattern(_) => Position::Pattern,
            Self::Type(_) => Position::Type,
            Self::ImplItems(_) => Position::ImplItems,
            Self::TraitItems(_) => Position::TraitItems,
            Self::ForeignItems(_) => Position::ForeignItems,
        }
    }

    /// Lets a visitor change all of it.
    pub fn visit(&mut self, visitor: &mut impl VisitMut) {
        match self {
            Self::Items(items) => items.iter_mut().for_each(|item| visitor.visit_item_mut(item)),
            Self::Statements(list) => list.iter_mut().for_each(|stmt| visitor.visit_stmt_mut(stmt)),
            Self::Expression(expr) => visitor.visit_expr_mut(expr),
            Self::Pattern(pattern) => visitor.visit_pat_mut(pattern),
            Self::Type(ty) => visitor.visit_type_mut(ty),
            Self::ImplItems(list) => list.iter_mut().for_each(|i| visitor.visit_impl_item_mut(i)),
            Self::TraitItems(list) => list.iter_mut().for_each(|i| visitor.visit_trait_item_mut(i)),
            Self::ForeignItems(list) => {
                list.iter_mut().for_each(|item| visitor.visit_foreign_item_mut(item));
            }
        }
    }
}

/// Items, one after the other.
pub fn many<T: Parse>(input: ParseStream<'_>) -> syn::Result<Vec<T>> {
    let mut found = Vec::new();
    while !input.is_empty() {
        // Macros end their items with a `;` too many, which the compiler only warns of.
        if input.parse::<Option<syn::Token![;]>>()?.is_none() {
            found.push(input.parse()?);
        }
    }
    Ok(found)
}

fn expression(input: ParseStream<'_>) -> syn::Result<Expr> {
    let expr = input.parse()?;
    input.parse::<Option<syn::Token![;]>>()?;
    Ok(expr)
}
