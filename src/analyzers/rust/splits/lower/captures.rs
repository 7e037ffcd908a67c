//! What closures and async blocks hold of the locals around them.

use syn::Expr;
use syn::visit::Visit;

use super::Lowering;
use super::calls::is_by_value;
use crate::analyzers::split::VarId;

impl Lowering<'_, '_> {
    /// Captures of a closure or async block; whether what it holds has a destructor.
    pub(super) fn capture(&mut self, expr: &Expr, is_move: bool) -> bool {
        let mut names = Names::default();
        names.visit_expr(expr);
        let mut given = Given::default();
        given.visit_expr(expr);
        let mut drops = false;
        let mut seen: Vec<VarId> = Vec::new();
        for name in names.found {
            let Some(var) = self.lookup(&name) else { continue };
            if seen.contains(&var) {
                continue;
            }
            seen.push(var);
            // Without `move` too, what the body gives away is captured by value.
            if is_move || given.found.contains(&name) {
                drops |= self.ty_of(var).drops;
                self.take(var);
            } else {
                self.borrow(var);
            }
        }
        drops
    }
}

/// Single-segment paths in a piece of code, those inside macros included.
#[derive(Default)]
struct Names {
    found: Vec<String>,
}

impl<'ast> Visit<'ast> for Names {
    fn visit_expr_path(&mut self, node: &'ast syn::ExprPath) {
        self.found.extend(node.path.get_ident().map(ToString::to_string));
    }

    fn visit_macro(&mut self, node: &'ast syn::Macro) {
        self.found.extend(crate::analyzers::rust::splits::macros::identifiers(node.tokens.clone()));
    }
}

/// Names that a piece of code uses by value, as far as its syntax says so: arguments, receivers of
/// methods that take them whole, fields of a literal, and what a body ends in.
#[derive(Default)]
struct Given {
    found: Vec<String>,
}

impl Given {
    fn give(&mut self, expr: &Expr) {
        match expr {
            Expr::Path(node) => self.found.extend(node.path.get_ident().map(ToString::to_string)),
            Expr::Paren(node) => self.give(&node.expr),
            Expr::Block(node) => self.give_tail(&node.block),
            _ => {}
        }
    }

    fn give_tail(&mut self, block: &syn::Block) {
        if let Some(syn::Stmt::Expr(tail, None)) = block.stmts.last() {
            self.give(tail);
        }
    }
}

impl<'ast> Visit<'ast> for Given {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Call(node) => node.args.iter().for_each(|arg| self.give(arg)),
            Expr::MethodCall(node) => {
                node.args.iter().for_each(|arg| self.give(arg));
                if is_by_value(&node.method.to_string(), node.args.len()) {
                    self.give(&node.receiver);
                }
            }
            Expr::Struct(node) => node.fields.iter().for_each(|field| self.give(&field.expr)),
            Expr::Tuple(node) => node.elems.iter().for_each(|part| self.give(part)),
            Expr::Array(node) => node.elems.iter().for_each(|part| self.give(part)),
            Expr::Await(node) => self.give(&node.base),
            Expr::Return(node) => node.expr.iter().for_each(|value| self.give(value)),
            Expr::Closure(node) => self.give(&node.body),
            Expr::Async(node) => self.give_tail(&node.block),
            _ => {}
        }
        syn::visit::visit_expr(self, expr);
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        local.init.iter().for_each(|init| self.give(&init.expr));
        syn::visit::visit_local(self, local);
    }
}
