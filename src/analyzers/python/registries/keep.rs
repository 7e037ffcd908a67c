//! Which function bodies can matter to a registry. A cheap scan, so that most code is never lowered.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};

/// Methods that put something into a container of the standard library.
pub const MUTATORS: &[&str] = &[
    "add",
    "append",
    "appendleft",
    "connect",
    "define",
    "extend",
    "insert",
    "setdefault",
    "subscribe",
    "update",
];

/// Whether a call of that name looks like a registration.
pub fn registers(name: &str) -> bool {
    const WORDS: &[&str] = &["register", "add_", "install", "bind", "attach", "hook", "route"];
    MUTATORS.binary_search(&name).is_ok() || WORDS.iter().any(|word| name.contains(word))
}

/// Functions that run when classes are made or values are stored, whatever stands in them.
const HOOKS: &[&str] = &[
    "__call__",
    "__enter__",
    "__get__",
    "__getitem__",
    "__init__",
    "__init_subclass__",
    "__new__",
    "__prepare__",
    "__set_name__",
    "__setitem__",
];

/// Whether the body of `def` is worth lowering. What stands in another function often computes
/// its keys.
pub fn keeps(def: &StmtFunctionDef, is_nested: bool) -> bool {
    if is_nested || def.body.len() <= 3 || HOOKS.binary_search(&def.name.as_str()).is_ok() {
        return true;
    }
    let mut scan = Scan { def, found: false };
    scan.visit_body(&def.body);
    scan.found
}

struct Scan<'a> {
    def: &'a StmtFunctionDef,
    found: bool,
}

impl Scan<'_> {
    fn is_param(&self, expr: &Expr) -> bool {
        let Expr::Name(name) = expr else { return false };
        self.def.parameters.iter().any(|param| param.name().id == name.id)
    }
}

impl<'a> Visitor<'a> for Scan<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if self.found {
            return;
        }
        let is_place = |expr: &Expr| matches!(expr, Expr::Subscript(_) | Expr::Attribute(_));
        match stmt {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) | Stmt::Global(_) => self.found = true,
            Stmt::Assign(assign) if assign.targets.iter().any(is_place) => self.found = true,
            Stmt::AnnAssign(assign) if is_place(&assign.target) => self.found = true,
            Stmt::Return(node) if node.value.as_deref().is_some_and(|v| self.is_param(v)) => {
                self.found = true;
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if self.found {
            return;
        }
        if let Expr::Call(call) = expr {
            let name = match &*call.func {
                Expr::Attribute(attribute) => attribute.attr.as_str(),
                Expr::Name(name) => name.id.as_str(),
                _ => "",
            };
            if registers(name) || matches!(name, "setattr" | "type" | "partial") {
                self.found = true;
                return;
            }
        }
        visitor::walk_expr(self, expr);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(MUTATORS.is_sorted() && HOOKS.is_sorted());
    }

    #[test]
    fn only_bodies_that_can_store_are_kept() {
        let kept = |text: &str| {
            let parsed = ruff_python_parser::parse_module(text).unwrap();
            let Stmt::FunctionDef(def) = &parsed.syntax().body[0] else { panic!() };
            keeps(def, false)
        };
        assert!(kept("def f(x):\n  a = 1\n  b = 2\n  T[x] = a\n"));
        assert!(kept("def f(x):\n  a = 1\n  b = 2\n  registry.register(x)\n"));
        assert!(!kept("def f(x):\n  a = x + 1\n  b = a * 2\n  c = b\n  return c\n"));
    }
}
