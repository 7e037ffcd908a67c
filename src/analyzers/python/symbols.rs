//! Every definition of one Python file.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged;

use super::scopes::{MODULE, ScopeKind};
use super::{Source, span_of};
use crate::model::{Language, Name, Span, Symbol, SymbolKind};

pub fn extract(source: &Source<'_>) -> Vec<Symbol> {
    let mut collector = Collector { source, symbols: Vec::new(), kind: ScopeKind::Module };
    collector.symbols.push(Symbol {
        name: source.module.clone(),
        kind: SymbolKind::Module,
        language: Language::Python,
        file: source.path.clone(),
        line: 1,
        end_line: source.lines.line_count(source.text).max(1),
        span: Span::new(0, source.text.len() as u32),
        signature: None,
        doc: docstring(&source.ast.body),
        is_async: false,
    });
    collector.visit_body(&source.ast.body);
    collector.symbols
}

struct Collector<'a, 's> {
    source: &'s Source<'a>,
    symbols: Vec<Symbol>,
    kind: ScopeKind,
}

impl<'a> Collector<'a, '_> {
    fn push(&mut self, node: &impl Ranged, at: u32, kind: SymbolKind) -> &mut Symbol {
        let source = self.source;
        let scope = source.scopes.scope_of(node).unwrap_or(MODULE);
        let span = span_of(node);
        self.symbols.push(Symbol {
            name: source.scopes.name_of(scope).clone(),
            kind,
            language: Language::Python,
            file: source.path.clone(),
            line: source.lines.line(at),
            end_line: source.lines.line(span.end.saturating_sub(1).max(span.start)),
            span,
            signature: None,
            doc: None,
            is_async: false,
        });
        let last = self.symbols.len() - 1;
        &mut self.symbols[last]
    }

    fn within(&mut self, kind: ScopeKind, body: &'a [Stmt]) {
        let outer = std::mem::replace(&mut self.kind, kind);
        self.visit_body(body);
        self.kind = outer;
    }
}

impl<'a> Visitor<'a> for Collector<'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => {
                let is_method = self.kind == ScopeKind::Class;
                let kind = if is_method { SymbolKind::Method } else { SymbolKind::Function };
                let mut signature = self.source.text_of(&*def.parameters).to_owned();
                if let Some(returns) = &def.returns {
                    signature.push_str(" -> ");
                    signature.push_str(self.source.text_of(&**returns));
                }
                let symbol = self.push(def, def.name.start().to_u32(), kind);
                symbol.signature = Some(signature.into());
                symbol.doc = docstring(&def.body);
                symbol.is_async = def.is_async;
                // Decorators and defaults may hold lambdas.
                def.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                self.visit_parameters(&def.parameters);
                self.within(ScopeKind::Function, &def.body);
            }
            Stmt::ClassDef(def) => {
                let symbol = self.push(def, def.name.start().to_u32(), SymbolKind::Class);
                symbol.doc = docstring(&def.body);
                def.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                def.arguments.iter().for_each(|arguments| self.visit_arguments(arguments));
                self.within(ScopeKind::Class, &def.body);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Lambda(lambda) = expr {
            let signature = lambda
                .parameters
                .as_ref()
                .map_or_else(|| "()".into(), |list| format!("({})", self.source.text_of(&**list)));
            let symbol = self.push(lambda, lambda.start().to_u32(), SymbolKind::Lambda);
            symbol.signature = Some(signature.into());
        }
        visitor::walk_expr(self, expr);
    }
}

/// The raw docstring of a body.
pub fn docstring(body: &[Stmt]) -> Option<Name> {
    let Stmt::Expr(first) = body.first()? else { return None };
    let Expr::StringLiteral(literal) = &*first.value else { return None };
    Some(literal.value.to_str().into())
}
