//! Item macros of one file, expanded while it is read: what they generate is seen as if it were
//! written at the call.

use std::rc::Rc;

use proc_macro2::{Span, TokenStream};
use rustc_hash::FxHashMap;
use syn::parse::{Parse, Parser};
use syn::{Block, Macro, Stmt, spanned::Spanned};

use super::code;
use super::definitions::{FileIndex, Position, path_of, position};
use super::rules::Rules;
use super::sources::lex;
use super::transcribe::{self, Ink};

/// Tokens that all expansions of one file may come to.
const MOST_TOKENS: usize = 200_000;
const MOST_CALLS: usize = 4_000;

/// The macros that a file defines.
pub struct Local {
    index: FileIndex,
    rules: FxHashMap<Position, Option<Rc<Rules>>>,
    tokens: usize,
    calls: usize,
}

impl Local {
    /// The macros of a text, if it defines any.
    pub fn read(text: &str) -> Option<Self> {
        if !text.contains("macro_rules!") {
            return None;
        }
        let index = FileIndex::read(lex(text)?);
        let has_any = !index.macros.is_empty();
        has_any.then(|| Self { index, rules: FxHashMap::default(), tokens: 0, calls: 0 })
    }

    /// What a call becomes, if a macro of the file makes items (or members) of it. The tokens of
    /// the macro's body stand where the call does.
    pub fn expand<T: Parse>(&mut self, mac: &Macro) -> Option<Vec<T>> {
        let tokens = self.tokens(mac, Some(mac.path.span()))?;
        code::many.parse2(tokens).ok()
    }

    /// What a call inside a body becomes. The tokens of the macro's own body keep their places:
    /// a call that they make stands there for the compiler too.
    pub fn statements(&mut self, mac: &Macro) -> Option<Vec<Stmt>> {
        let tokens = self.tokens(mac, None)?;
        Block::parse_within.parse2(tokens).ok()
    }

    fn tokens(&mut self, mac: &Macro, span: Option<Span>) -> Option<TokenStream> {
        let path = path_of(mac);
        let [name] = path.as_slice() else { return None };
        let at = position(mac.path.span().start());
        // What another macro's body calls may be defined behind it.
        let definition = self.index.textual(name, at).or_else(|| self.index.outermost(name))?;
        let read = || Rules::read(definition.rules.clone(), "crate").ok().map(Rc::new);
        let rules = self.rules.entry(definition.at).or_insert_with(read).clone()?;
        self.calls += 1;
        if self.calls > MOST_CALLS {
            return None;
        }
        let most = MOST_TOKENS.saturating_sub(self.tokens);
        let ink = Ink { mark: 0, span, most };
        let (_, found) = rules.expand(&mac.tokens, ink).ok()?;
        self.tokens += transcribe::count(&found);
        Some(super::tokens::unmarked(found, "crate"))
    }
}
