//! Expands a call and, level by level, the calls in what it becomes.

use std::rc::Rc;

use proc_macro2::TokenStream;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ImplItem, Item, Macro, Pat, Stmt, TraitItem, Type};

use super::code::{Code, Position};
use super::definitions;
use super::library::{Found, Library, Place};
use super::matching::{self, Mismatch};
use super::rules::Rules;
use super::transcribe::{self, Ink};
use super::writers::Pens;
use super::{print, tokens};
use crate::model::expansion::{Left, Step};

/// Macros that call themselves end somewhere.
const MOST_LEVELS: u32 = 256;
const MOST_STEPS: usize = 4_000;
/// Tokens of all expansions together.
const MOST_TOKENS: usize = 400_000;
/// How much of a call or a result is kept as text with each step.
const SHOWN: usize = 4_000;

impl Rules {
    /// The first arm that matches, and what it becomes.
    pub fn expand(&self, input: &TokenStream, ink: Ink) -> Result<(usize, TokenStream), String> {
        for (at, arm) in self.arms.iter().enumerate() {
            match matching::matches(arm, input.clone()) {
                Ok(bindings) => return Ok((at, transcribe::transcribe(arm, &bindings, ink)?)),
                Err(Mismatch::Other) => {}
                Err(Mismatch::Final(why)) => return Err(format!("arm {}: {why}", at + 1)),
            }
        }
        Err("no arm matches".into())
    }
}

pub struct Engine<'l, 's> {
    library: &'l Library<'s>,
    place: Place,
    /// How many levels are expanded.
    depth: u32,
    pub steps: Vec<Step>,
    pub left: Vec<Left>,
    /// Why it was cut off.
    pub cut: Option<String>,
    /// Macros that expansions defined and that are in scope.
    local: Vec<Found>,
    level: u32,
    parent: Option<usize>,
    tokens: usize,
    pens: Pens,
}

impl<'l, 's> Engine<'l, 's> {
    pub fn new(library: &'l Library<'s>, place: Place, depth: Option<u32>) -> Self {
        Self {
            library,
            place,
            depth: depth.unwrap_or(MOST_LEVELS + 1),
            steps: Vec::new(),
            left: Vec::new(),
            cut: None,
            local: Vec::new(),
            level: 0,
            parent: None,
            tokens: 0,
            pens: Pens::new(MOST_STEPS),
        }
    }

    /// Tells who wrote which token.
    pub fn pens(&self) -> &Pens {
        &self.pens
    }

    /// Expands a call and what it becomes; `None` if it stays as it is, with the reason in `left`.
    pub fn expand(&mut self, mac: &Macro, position: Option<Position>) -> Option<Code> {
        if self.level >= self.depth || self.cut.is_some() {
            return None;
        }
        let result = self.try_expand(mac, position);
        let reason = match result {
            Ok((step, mut code)) => {
                let outer = self.parent.replace(step);
                self.level += 1;
                self.nested(&mut code);
                self.level -= 1;
                self.parent = outer;
                return Some(code);
            }
            Err(reason) => reason,
        };
        let call = self.call(mac);
        let left = Left { call, reason };
        if !self.left.contains(&left) {
            self.left.push(left);
        }
        None
    }

    fn try_expand(
        &mut self,
        mac: &Macro,
        position: Option<Position>,
    ) -> Result<(usize, Code), String> {
        let path = definitions::path_of(mac);
        let local = match path.as_slice() {
            [name] => self.local.iter().rev().find(|found| found.name == *name).cloned(),
            _ => None,
        };
        let found = match local {
            Some(found) => found,
            None => self.library.find(&path, &self.place)?,
        };
        if self.level >= MOST_LEVELS {
            let cut = format!("`{}!` goes on beyond {MOST_LEVELS} levels: cut off", found.name);
            self.cut = Some(cut.clone());
            return Err(cut);
        }
        if self.steps.len() >= MOST_STEPS {
            let cut = format!("more than {MOST_STEPS} expansions: cut off");
            self.cut = Some(cut.clone());
            return Err(cut);
        }
        let rules = found.rules.clone()?;
        let most = MOST_TOKENS.saturating_sub(self.tokens);
        let mark = self.steps.len() as u32 + 1;
        let ink = Ink { mark, span: self.pens.of(mark), most };
        let (arm, result) = rules.expand(&mac.tokens, ink)?;
        self.tokens += transcribe::count(&result);
        let parsed = match position {
            Some(position) => Code::parse(position, result.clone())
                .map_err(|error| format!("arm {}: its result does not parse: {error}", arm + 1)),
            None => Code::guess(&result)
                .map(|(_, code)| code)
                .ok_or_else(|| format!("arm {}: its result does not parse", arm + 1)),
        };
        let own = self.place.krate.name.clone();
        let shown = match &parsed {
            Ok(code) => print::pretty(code, &own),
            Err(_) => tokens::line(tokens::unmarked(result, &own), SHOWN),
        };
        let matched = &rules.arms[arm];
        self.steps.push(Step {
            parent: self.parent,
            level: self.level + 1,
            name: found.name.clone(),
            call: self.call(mac),
            file: found.file.clone(),
            line: found.line,
            arm: arm + 1,
            arms: rules.arms.len(),
            arm_line: matched.line,
            pattern: tokens::line(matched.pattern.clone(), SHOWN),
            result: cut(shown),
        });
        Ok((self.steps.len() - 1, parsed?))
    }

    fn call(&self, mac: &Macro) -> String {
        let tokens = quote::ToTokens::to_token_stream(mac);
        tokens::line(tokens::unmarked(tokens, &self.place.krate.name), SHOWN)
    }

    /// Expands the calls inside an expansion.
    fn nested(&mut self, code: &mut Code) {
        match code {
            Code::Items(items) => self.items(items),
            Code::Statements(statements) => self.statements(statements),
            Code::ImplItems(items) => self.impl_items(items),
            Code::TraitItems(items) => self.trait_items(items),
            _ => code.visit(self),
        }
    }

    fn items(&mut self, items: &mut Vec<Item>) {
        for mut item in std::mem::take(items) {
            match &item {
                Item::Macro(mac) if mac.ident.is_some() => self.define(mac),
                Item::Macro(mac) => {
                    if let Some(Code::Items(mut expanded)) =
                        self.expand(&mac.mac, Some(Position::Items))
                    {
                        items.append(&mut expanded);
                        continue;
                    }
                }
                _ => self.visit_item_mut(&mut item),
            }
            items.push(item);
        }
    }

    fn define(&mut self, item: &syn::ItemMacro) {
        let krate = &self.place.krate;
        let Some(found) = definitions::definition_in(item) else { return };
        // Its tokens tell which step wrote them, not where they stand.
        let line = self.parent.map_or(0, |step| self.steps[step].arm_line);
        let rules = Rules::read(found.rules, &krate.name).map(|mut rules| {
            rules.arms.iter_mut().for_each(|arm| arm.line = line);
            Rc::new(rules)
        });
        self.local.push(Found { name: found.name, file: None, line, rules });
    }

    fn statements(&mut self, statements: &mut Vec<Stmt>) {
        let list = std::mem::take(statements);
        let last = list.len().saturating_sub(1);
        for (at, mut statement) in list.into_iter().enumerate() {
            match &statement {
                Stmt::Item(Item::Macro(mac)) if mac.ident.is_some() => self.define(mac),
                Stmt::Macro(mac) => {
                    let expanded = self.expand(&mac.mac, Some(Position::Statements));
                    if let Some(Code::Statements(mut expanded)) = expanded {
                        let is_value = at == last && mac.semi_token.is_none();
                        if !is_value && let Some(Stmt::Expr(_, semi @ None)) = expanded.last_mut() {
                            *semi = Some(Default::default());
                        }
                        statements.append(&mut expanded);
                        continue;
                    }
                }
                _ => self.visit_stmt_mut(&mut statement),
            }
            statements.push(statement);
        }
    }

    fn impl_items(&mut self, items: &mut Vec<ImplItem>) {
        for mut item in std::mem::take(items) {
            if let ImplItem::Macro(mac) = &item {
                if let Some(Code::ImplItems(mut expanded)) =
                    self.expand(&mac.mac, Some(Position::ImplItems))
                {
                    items.append(&mut expanded);
                    continue;
                }
            } else {
                self.visit_impl_item_mut(&mut item);
            }
            items.push(item);
        }
    }

    fn trait_items(&mut self, items: &mut Vec<TraitItem>) {
        for mut item in std::mem::take(items) {
            if let TraitItem::Macro(mac) = &item {
                if let Some(Code::TraitItems(mut expanded)) =
                    self.expand(&mac.mac, Some(Position::TraitItems))
                {
                    items.append(&mut expanded);
                    continue;
                }
            } else {
                self.visit_trait_item_mut(&mut item);
            }
            items.push(item);
        }
    }
}

fn cut(text: String) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

impl VisitMut for Engine<'_, '_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::Macro(mac) = expr {
            if let Some(Code::Expression(found)) = self.expand(&mac.mac, Some(Position::Expression))
            {
                *expr = *found;
            }
            return;
        }
        visit_mut::visit_expr_mut(self, expr);
    }

    fn visit_pat_mut(&mut self, pattern: &mut Pat) {
        if let Pat::Macro(mac) = pattern {
            if let Some(Code::Pattern(found)) = self.expand(&mac.mac, Some(Position::Pattern)) {
                *pattern = *found;
            }
            return;
        }
        visit_mut::visit_pat_mut(self, pattern);
    }

    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Macro(mac) = ty {
            if let Some(Code::Type(found)) = self.expand(&mac.mac, Some(Position::Type)) {
                *ty = *found;
            }
            return;
        }
        visit_mut::visit_type_mut(self, ty);
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        let visible = self.local.len();
        self.statements(&mut block.stmts);
        self.local.truncate(visible);
    }

    fn visit_item_mod_mut(&mut self, item: &mut syn::ItemMod) {
        let visible = self.local.len();
        if let Some((_, items)) = &mut item.content {
            self.items(items);
        }
        let leaks = item.attrs.iter().any(|attribute| {
            attribute.path().get_ident().is_some_and(|name| tokens::is_named(name, "macro_use"))
        });
        if !leaks {
            self.local.truncate(visible);
        }
    }

    fn visit_item_impl_mut(&mut self, item: &mut syn::ItemImpl) {
        self.impl_items(&mut item.items);
    }

    fn visit_item_trait_mut(&mut self, item: &mut syn::ItemTrait) {
        self.trait_items(&mut item.items);
    }
}
