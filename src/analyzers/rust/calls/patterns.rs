//! Patterns.

use syn::Pat;

use super::BodyLowering;
use crate::model::facts::rust::calls::{ExprId, Literal, Pattern, PatternId};

impl BodyLowering<'_, '_, '_> {
    /// A pattern and the guard behind it.
    pub(super) fn guarded(&mut self, pattern: &Pat) -> (PatternId, Option<ExprId>) {
        match pattern {
            Pat::Guard(guard) => {
                let inner = self.pattern(&guard.pat);
                (inner, Some(self.expr(&guard.guard)))
            }
            other => (self.pattern(other), None),
        }
    }

    pub(super) fn pattern(&mut self, pattern: &Pat) -> PatternId {
        if self.depth >= super::DEPTH_LIMIT {
            return self.push_pattern(Pattern::Wild);
        }
        self.depth += 1;
        let lowered = self.lower_pattern(pattern);
        self.depth -= 1;
        self.push_pattern(lowered)
    }

    fn every<'p>(&mut self, patterns: impl IntoIterator<Item = &'p Pat>) -> Vec<PatternId> {
        patterns.into_iter().map(|pattern| self.pattern(pattern)).collect()
    }

    fn lower_pattern(&mut self, pattern: &Pat) -> Pattern {
        match pattern {
            Pat::Ident(ident) => Pattern::Bind {
                name: self.source().ident(&ident.ident),
                by_ref: ident.by_ref.is_some(),
                inner: ident.subpat.as_ref().map(|(_, inner)| self.pattern(inner)),
            },
            Pat::Path(path) => {
                Pattern::Path(self.source().qualified(path.qself.as_ref(), &path.path))
            }
            Pat::TupleStruct(tuple) => {
                let path = self.source().qualified(tuple.qself.as_ref(), &tuple.path);
                Pattern::TupleStruct(path, self.every(&tuple.elems))
            }
            Pat::Struct(fields) => {
                let path = self.source().qualified(fields.qself.as_ref(), &fields.path);
                let fields = fields
                    .fields
                    .iter()
                    .map(|field| (self.member(&field.member), self.pattern(&field.pat)))
                    .collect();
                Pattern::Struct(path, fields)
            }
            Pat::Tuple(tuple) => Pattern::Tuple(self.every(&tuple.elems)),
            Pat::Slice(slice) => Pattern::Slice(self.every(&slice.elems)),
            Pat::Reference(reference) => Pattern::Ref(self.pattern(&reference.pat)),
            Pat::Or(or) => Pattern::Or(self.every(&or.cases)),
            Pat::Paren(inner) => self.lower_pattern(&inner.pat),
            Pat::Guard(guard) => self.lower_pattern(&guard.pat),
            Pat::Type(typed) => {
                Pattern::Typed(self.pattern(&typed.pat), self.source().ty(&typed.ty))
            }
            Pat::Lit(literal) => Pattern::Literal(self.literal(&literal.lit)),
            Pat::Rest(_) => Pattern::Rest,
            _ => Pattern::Wild,
        }
    }

    pub(super) fn member(&self, member: &syn::Member) -> u32 {
        match member {
            syn::Member::Named(ident) => self.source().ident(ident),
            syn::Member::Unnamed(index) => self.source().word(&index.index.to_string()),
        }
    }

    pub(super) fn literal(&self, literal: &syn::Lit) -> Literal {
        let suffix = |text: &str| (!text.is_empty()).then(|| self.source().word(text));
        match literal {
            syn::Lit::ByteStr(_) => Literal::ByteStr,
            syn::Lit::CStr(_) => Literal::CStr,
            syn::Lit::Byte(_) => Literal::Byte,
            syn::Lit::Char(_) => Literal::Char,
            syn::Lit::Bool(_) => Literal::Bool,
            syn::Lit::Int(int) => Literal::Int(suffix(int.suffix())),
            syn::Lit::Float(float) => Literal::Float(suffix(float.suffix())),
            syn::Lit::Str(text) => {
                let value: String = text.value().chars().take(200).collect();
                Literal::Str(self.source().word(&value))
            }
            _ => Literal::Int(None),
        }
    }
}
