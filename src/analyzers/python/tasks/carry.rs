//! Which locals of a function carry which of its parameters.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt};

/// Attributes of a function that are plain data about it.
const ABOUT: &[&str] = &["__name__", "__qualname__", "__module__", "__doc__", "__annotations__"];

pub struct Carriers<'a> {
    names: Vec<(&'a str, Vec<u8>)>,
    parameters: Vec<&'a str>,
}

impl<'a> Carriers<'a> {
    pub fn new(parameters: &[&'a str]) -> Self {
        let names = parameters
            .iter()
            .enumerate()
            .map(|(at, name)| (*name, vec![u8::try_from(at).unwrap_or(u8::MAX)]))
            .collect();
        Self { names, parameters: parameters.to_vec() }
    }

    /// The index of the parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<u8> {
        let at = self.parameters.iter().position(|known| *known == name)?;
        u8::try_from(at).ok()
    }

    pub fn bind(&mut self, name: &'a str, carried: Vec<u8>) {
        if carried.is_empty() {
            return;
        }
        match self.names.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => {
                known.extend(carried);
                known.sort_unstable();
                known.dedup();
            }
            None => self.names.push((name, carried)),
        }
    }

    /// The parameters that an expression carries.
    pub fn of(&self, expr: &'a Expr) -> Vec<u8> {
        let mut mentions = Mentions { carriers: self, found: Vec::new() };
        mentions.visit_expr(expr);
        mentions.finish()
    }

    /// The parameters that a nested body mentions.
    pub fn in_body(&self, body: &'a [Stmt]) -> Vec<u8> {
        let mut mentions = Mentions { carriers: self, found: Vec::new() };
        mentions.visit_body(body);
        mentions.finish()
    }
}

struct Mentions<'a, 'c> {
    carriers: &'c Carriers<'a>,
    found: Vec<u8>,
}

impl Mentions<'_, '_> {
    fn finish(mut self) -> Vec<u8> {
        self.found.sort_unstable();
        self.found.dedup();
        self.found
    }
}

impl<'a> Visitor<'a> for Mentions<'a, '_> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => {
                let known =
                    self.carriers.names.iter().find(|(known, _)| *known == name.id.as_str());
                if let Some((_, carried)) = known {
                    self.found.extend(carried);
                }
            }
            Expr::Attribute(attribute) if ABOUT.contains(&attribute.attr.as_str()) => {}
            Expr::StringLiteral(_) | Expr::NumberLiteral(_) | Expr::FString(_) => {}
            Expr::Compare(_) => {}
            _ => visitor::walk_expr(self, expr),
        }
    }
}

/// The name that a chain of attributes, subscripts and calls starts with.
pub fn root_name(expr: &Expr) -> Option<&str> {
    let mut at = expr;
    loop {
        match at {
            Expr::Name(name) => return Some(name.id.as_str()),
            Expr::Attribute(attribute) => at = &attribute.value,
            Expr::Subscript(subscript) => at = &subscript.value,
            Expr::Call(call) => at = &call.func,
            _ => return None,
        }
    }
}
