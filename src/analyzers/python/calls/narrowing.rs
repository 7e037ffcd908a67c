//! What tests say about names, and which names a loop assigns.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{BoolOp, CmpOp, ExceptHandler, Expr, ExprContext, Pattern, Stmt, UnaryOp};

use super::Lowering;
use crate::model::facts::python::calls::Op;

impl<'a> Lowering<'a, '_> {
    /// Applies what holds once `test` came out as `outcome`.
    pub(super) fn narrow(&mut self, test: &'a Expr, outcome: bool) {
        match test {
            Expr::UnaryOp(node) if node.op == UnaryOp::Not => self.narrow(&node.operand, !outcome),
            Expr::BoolOp(node) if (node.op == BoolOp::And) == outcome => {
                node.values.iter().for_each(|value| self.narrow(value, outcome));
            }
            Expr::Call(call) if outcome => {
                let Expr::Name(function) = &*call.func else { return };
                let [Expr::Name(name), class] = &*call.arguments.args else { return };
                if function.id.as_str() == "isinstance" {
                    self.narrow_to(name.id.as_str(), class);
                }
            }
            Expr::Compare(node) => {
                let ([op], [class]) = (&*node.ops, &*node.comparators) else { return };
                let holds = match op {
                    CmpOp::Is | CmpOp::Eq => outcome,
                    CmpOp::IsNot | CmpOp::NotEq => !outcome,
                    _ => return,
                };
                let Expr::Call(call) = &*node.left else { return };
                let (Expr::Name(function), [Expr::Name(name)]) =
                    (&*call.func, &*call.arguments.args)
                else {
                    return;
                };
                if holds && function.id.as_str() == "type" {
                    self.narrow_to(name.id.as_str(), class);
                }
            }
            _ => {}
        }
    }

    fn narrow_to(&mut self, name: &'a str, class: &'a Expr) {
        let class = self.expression(class);
        self.refine(name, |lowering, from| {
            let to = lowering.var();
            lowering.op(Op::Narrow { to, from, class });
            to
        });
    }
}

/// The names that running `body` (and `test`) may bind in their own scope.
pub(super) fn assigned_names<'a>(body: &'a [Stmt], test: Option<&'a Expr>) -> Vec<&'a str> {
    let mut names = Assigned(Vec::new());
    names.visit_body(body);
    if let Some(test) = test {
        names.visit_expr(test);
    }
    names.0.sort_unstable();
    names.0.dedup();
    names.0
}

pub(super) fn target_names<'a>(target: &'a Expr, names: &mut Vec<&'a str>) {
    let mut found = Assigned(std::mem::take(names));
    found.visit_expr(target);
    *names = found.0;
}

struct Assigned<'a>(Vec<&'a str>);

impl<'a> Visitor<'a> for Assigned<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => self.0.push(def.name.as_str()),
            Stmt::ClassDef(def) => self.0.push(def.name.as_str()),
            Stmt::Import(node) => self.0.extend(node.names.iter().map(|alias| {
                let name = alias.name.as_str();
                let top = name.split('.').next().unwrap_or(name);
                alias.asname.as_ref().map_or(top, |asname| asname.as_str())
            })),
            Stmt::ImportFrom(node) => self.0.extend(
                node.names
                    .iter()
                    .map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).as_str()),
            ),
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.ctx == ExprContext::Store => self.0.push(name.id.as_str()),
            Expr::Lambda(_)
            | Expr::ListComp(_)
            | Expr::SetComp(_)
            | Expr::DictComp(_)
            | Expr::Generator(_) => {}
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(node) = handler;
        self.0.extend(node.name.as_ref().map(|name| name.as_str()));
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let name = match pattern {
            Pattern::MatchAs(node) => node.name.as_ref(),
            Pattern::MatchStar(node) => node.name.as_ref(),
            Pattern::MatchMapping(node) => node.rest.as_ref(),
            _ => None,
        };
        self.0.extend(name.map(|name| name.as_str()));
        visitor::walk_pattern(self, pattern);
    }
}
