//! Syntax → the small form that flows are recovered from.

use ruff_python_ast as ast;
use ruff_text_size::Ranged;

use super::super::Source;
use super::super::scopes::ScopeId;
use crate::model::Name;
use crate::model::facts::python::flows::{Expr, ExprKind, Function, Stmt, StmtKind};

/// Lowers one function that stands in `scope`.
pub fn function(source: &Source<'_>, scope: ScopeId, def: &ast::StmtFunctionDef) -> Function {
    let inner = source.scopes.scope_of(def).unwrap_or(scope);
    let callee = |decorator: &ast::Decorator| match &decorator.expression {
        ast::Expr::Call(call) => source.scopes.resolve(&call.func, scope),
        other => source.scopes.resolve(other, scope),
    };
    Function {
        name: source.scopes.name_of(inner).clone(),
        line: source.line_of(&def.name),
        decorators: def.decorator_list.iter().map(callee).collect(),
        params: def.parameters.iter().map(|parameter| parameter.name().as_str().into()).collect(),
        defaults: def
            .parameters
            .iter()
            .filter_map(|parameter| Some((parameter.name().as_str().into(), parameter.default()?)))
            .map(|(name, default)| (name, Lower { source, scope }.expr(default)))
            .collect(),
        body: Lower { source, scope: inner }.body(&def.body),
    }
}

struct Lower<'s, 'a> {
    source: &'s Source<'a>,
    scope: ScopeId,
}

impl Lower<'_, '_> {
    fn body(&self, body: &[ast::Stmt]) -> Vec<Stmt> {
        body.iter().map(|stmt| self.stmt(stmt)).collect()
    }

    fn position(&self, node: &impl Ranged) -> (u32, u32) {
        let at = self.source.lines.position(self.source.text, node.start().to_u32());
        (at.line, at.column)
    }

    fn stmt(&self, stmt: &ast::Stmt) -> Stmt {
        let (line, column) = self.position(stmt);
        let kind = match stmt {
            ast::Stmt::Assign(node) => StmtKind::Assign {
                targets: node.targets.iter().map(|target| self.expr(target)).collect(),
                value: self.expr(&node.value),
            },
            ast::Stmt::AnnAssign(node) => match &node.value {
                Some(value) => StmtKind::Assign {
                    targets: vec![self.expr(&node.target)],
                    value: self.expr(value),
                },
                None => StmtKind::Pass,
            },
            ast::Stmt::AugAssign(node) => StmtKind::Augment {
                target: self.expr(&node.target),
                value: self.expr(&node.value),
                is_add: node.op == ast::Operator::Add,
            },
            ast::Stmt::Expr(node) => StmtKind::Expr(self.expr(&node.value)),
            ast::Stmt::If(node) => self.branches(&node.test, &node.body, &node.elif_else_clauses),
            ast::Stmt::For(node) => StmtKind::For {
                target: self.expr(&node.target),
                iter: self.expr(&node.iter),
                body: self.body(&node.body),
                orelse: self.body(&node.orelse),
            },
            ast::Stmt::While(node) => StmtKind::While {
                test: self.expr(&node.test),
                body: self.body(&node.body),
                orelse: self.body(&node.orelse),
            },
            ast::Stmt::With(node) => StmtKind::With {
                items: node
                    .items
                    .iter()
                    .map(|item| {
                        let target = item.optional_vars.as_ref().map(|target| self.expr(target));
                        (self.expr(&item.context_expr), target)
                    })
                    .collect(),
                body: self.body(&node.body),
            },
            ast::Stmt::Try(node) => {
                let handler = |handler: &ast::ExceptHandler| {
                    let ast::ExceptHandler::ExceptHandler(handler) = handler;
                    self.body(&handler.body)
                };
                StmtKind::Try {
                    body: self.body(&node.body),
                    handlers: node.handlers.iter().map(handler).collect(),
                    orelse: self.body(&node.orelse),
                    last: self.body(&node.finalbody),
                }
            }
            ast::Stmt::Match(node) => {
                let case = |case: &ast::MatchCase| {
                    let pattern = self.source.text_of(&case.pattern);
                    let guard = case.guard.as_ref().map(|guard| self.expr(guard));
                    let shown = match &guard {
                        Some(guard) => format!("{pattern} if {}", guard.text).into(),
                        None => pattern.into(),
                    };
                    (shown, guard, self.body(&case.body))
                };
                StmtKind::Match {
                    subject: self.expr(&node.subject),
                    cases: node.cases.iter().map(case).collect(),
                }
            }
            ast::Stmt::FunctionDef(def) => StmtKind::Def(function(self.source, self.scope, def)),
            ast::Stmt::Return(node) => {
                StmtKind::Return(node.value.as_ref().map(|value| self.expr(value)))
            }
            ast::Stmt::Break(_) => StmtKind::Break,
            ast::Stmt::Continue(_) => StmtKind::Continue,
            ast::Stmt::Pass(_) => StmtKind::Pass,
            other => {
                let text = self.source.text_of(other);
                let what = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("statement");
                StmtKind::Other { what: what.into() }
            }
        };
        Stmt { line, column, kind }
    }

    fn branches(
        &self,
        test: &ast::Expr,
        body: &[ast::Stmt],
        clauses: &[ast::ElifElseClause],
    ) -> StmtKind {
        let orelse = match clauses {
            [] => Vec::new(),
            [clause, rest @ ..] => match &clause.test {
                None => self.body(&clause.body),
                Some(test) => {
                    let (line, column) = self.position(clause);
                    vec![Stmt { line, column, kind: self.branches(test, &clause.body, rest) }]
                }
            },
        };
        StmtKind::If { test: self.expr(test), body: self.body(body), orelse }
    }

    fn all(&self, exprs: &[ast::Expr]) -> Vec<Expr> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn boxed(&self, expr: &ast::Expr) -> Box<Expr> {
        Box::new(self.expr(expr))
    }

    fn expr(&self, expr: &ast::Expr) -> Expr {
        let (line, column) = self.position(expr);
        let text: Name = self.source.text_of(expr).into();
        Expr { line, column, kind: self.kind(expr), text }
    }

    fn kind(&self, expr: &ast::Expr) -> ExprKind {
        match expr {
            ast::Expr::StringLiteral(node) => ExprKind::Str(node.value.to_str().into()),
            ast::Expr::NumberLiteral(node) => ExprKind::Const(match &node.value {
                ast::Number::Int(value) => value.to_string().into(),
                ast::Number::Float(value) => value.to_string().into(),
                ast::Number::Complex { .. } => "null".into(),
            }),
            ast::Expr::BooleanLiteral(node) => {
                ExprKind::Const(if node.value { "true" } else { "false" }.into())
            }
            ast::Expr::NoneLiteral(_) => ExprKind::Const("null".into()),
            ast::Expr::UnaryOp(node) => match (node.op, self.kind(&node.operand)) {
                (ast::UnaryOp::USub, ExprKind::Const(value)) => {
                    ExprKind::Const(format!("-{value}").into())
                }
                (ast::UnaryOp::Not, _) => ExprKind::Not(self.boxed(&node.operand)),
                _ => ExprKind::Other(vec![self.expr(&node.operand)]),
            },
            ast::Expr::Name(node) => ExprKind::Name {
                name: node.id.as_str().into(),
                origins: self.source.scopes.resolve(expr, self.scope),
            },
            ast::Expr::Attribute(node) => ExprKind::Attribute {
                value: self.boxed(&node.value),
                attr: node.attr.as_str().into(),
                origins: self.source.scopes.resolve(expr, self.scope),
            },
            ast::Expr::Subscript(node) => ExprKind::Subscript {
                value: self.boxed(&node.value),
                index: self.boxed(&node.slice),
            },
            ast::Expr::Call(node) => ExprKind::Call {
                func: self.boxed(&node.func),
                args: self.all(&node.arguments.args),
                keywords: node
                    .arguments
                    .keywords
                    .iter()
                    .map(|keyword| {
                        let name = keyword.arg.as_ref().map(|name| name.as_str().into());
                        (name, self.expr(&keyword.value))
                    })
                    .collect(),
            },
            ast::Expr::BinOp(node) if node.op == ast::Operator::Add => {
                ExprKind::Add(self.boxed(&node.left), self.boxed(&node.right))
            }
            ast::Expr::BinOp(node) => {
                ExprKind::Other(vec![self.expr(&node.left), self.expr(&node.right)])
            }
            ast::Expr::FString(node) => {
                let element = |element: &ast::InterpolatedStringElement| match element {
                    ast::InterpolatedStringElement::Literal(literal) => {
                        let (line, column) = self.position(literal);
                        let kind = ExprKind::Str(literal.value.to_string());
                        Expr { line, column, text: self.source.text_of(literal).into(), kind }
                    }
                    ast::InterpolatedStringElement::Interpolation(inner) => {
                        self.expr(&inner.expression)
                    }
                };
                ExprKind::FString(node.value.elements().map(element).collect())
            }
            ast::Expr::List(node) => ExprKind::List(self.all(&node.elts)),
            ast::Expr::Set(node) => ExprKind::List(self.all(&node.elts)),
            ast::Expr::Tuple(node) => ExprKind::Tuple(self.all(&node.elts)),
            ast::Expr::Dict(node) => ExprKind::Dict(
                node.items
                    .iter()
                    .filter_map(|item| {
                        Some((self.expr(item.key.as_ref()?), self.expr(&item.value)))
                    })
                    .collect(),
            ),
            ast::Expr::Lambda(node) => {
                let inner = self.source.scopes.scope_of(node).unwrap_or(self.scope);
                let parameters = node.parameters.iter().flat_map(|list| list.iter());
                ExprKind::Lambda {
                    params: parameters.map(|parameter| parameter.name().as_str().into()).collect(),
                    body: Box::new(Lower { source: self.source, scope: inner }.expr(&node.body)),
                }
            }
            ast::Expr::Compare(node) => ExprKind::Compare {
                left: self.boxed(&node.left),
                ops: node.ops.iter().map(|op| op.as_str().into()).collect(),
                others: self.all(&node.comparators),
            },
            ast::Expr::BoolOp(node) => ExprKind::Bool {
                is_and: node.op == ast::BoolOp::And,
                parts: self.all(&node.values),
            },
            ast::Expr::Starred(node) => ExprKind::Starred(self.boxed(&node.value)),
            ast::Expr::ListComp(node) => self.comprehension(&node.elt, &node.generators, node),
            ast::Expr::SetComp(node) => self.comprehension(&node.elt, &node.generators, node),
            ast::Expr::Generator(node) => self.comprehension(&node.elt, &node.generators, node),
            ast::Expr::If(node) => ExprKind::Conditional {
                test: Box::new(self.expr(&node.test)),
                body: Box::new(self.expr(&node.body)),
                orelse: Box::new(self.expr(&node.orelse)),
            },
            ast::Expr::Await(node) => ExprKind::Other(vec![self.expr(&node.value)]),
            ast::Expr::Named(node) => ExprKind::Other(vec![self.expr(&node.value)]),
            ast::Expr::DictComp(node) => {
                ExprKind::Other(node.generators.iter().map(|part| self.expr(&part.iter)).collect())
            }
            _ => ExprKind::Other(Vec::new()),
        }
    }

    fn comprehension(
        &self,
        element: &ast::Expr,
        generators: &[ast::Comprehension],
        node: &impl Ranged,
    ) -> ExprKind {
        let inner = Lower {
            source: self.source,
            scope: self.source.scopes.scope_of(node).unwrap_or(self.scope),
        };
        let part = |part: &ast::Comprehension| {
            let tests = part.ifs.iter().map(|test| inner.expr(test)).collect();
            (inner.expr(&part.target), self.expr(&part.iter), tests)
        };
        ExprKind::Comprehension {
            element: Box::new(inner.expr(element)),
            loops: generators.iter().map(part).collect(),
        }
    }
}
