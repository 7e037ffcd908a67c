//! What a piece of Python does to the state of `self`.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprContext, Stmt};

use crate::analyzers::split::StateAccess;

/// Methods that change the container they are called on.
pub const MUTATORS: [&str; 30] = [
    "append",
    "extend",
    "insert",
    "remove",
    "pop",
    "clear",
    "sort",
    "reverse",
    "add",
    "discard",
    "update",
    "setdefault",
    "popitem",
    "appendleft",
    "extendleft",
    "popleft",
    "rotate",
    "intersection_update",
    "difference_update",
    "symmetric_difference_update",
    "put",
    "put_nowait",
    "move_to_end",
    "subtract",
    "write",
    "writelines",
    "truncate",
    "__setitem__",
    "__delitem__",
    "push",
];

/// Loads and stores of attributes of `self`, containers reached through them included.
#[derive(Default)]
pub struct StateReader<'a> {
    pub self_name: Option<&'a str>,
    /// Attributes that hold entities: what lies behind them is no state of this object.
    pub entities: &'a [EntityAttribute],
    pub found: Vec<StateAccess>,
}

/// A state attribute that holds an entity, or a container of them.
#[derive(Debug, Clone)]
pub struct EntityAttribute {
    pub name: String,
    pub is_container: bool,
}

impl StateReader<'_> {
    fn note(&mut self, attribute: &str, write: bool) {
        self.found.push(StateAccess { attribute: attribute.to_string(), write });
    }

    /// The state attribute that a path starts with: `self.a`, `self.a[0].b`.
    pub fn root<'e>(&self, expr: &'e Expr) -> Option<&'e str> {
        match expr {
            Expr::Attribute(node) => match &*node.value {
                Expr::Name(name) if self.self_name == Some(name.id.as_str()) => {
                    Some(node.attr.as_str())
                }
                value if self.is_entity(value) => None,
                value => self.root(value),
            },
            Expr::Subscript(node) if self.is_entity(&node.value) => None,
            Expr::Subscript(node) => self.root(&node.value),
            _ => None,
        }
    }

    /// `self.item`, or `self.items[0]`.
    fn is_entity(&self, expr: &Expr) -> bool {
        let (path, indexed) = match expr {
            Expr::Subscript(node) => (&*node.value, true),
            other => (other, false),
        };
        let Expr::Attribute(node) = path else { return false };
        matches!(&*node.value, Expr::Name(name) if self.self_name == Some(name.id.as_str()))
            && self
                .entities
                .iter()
                .any(|one| one.name == node.attr.as_str() && one.is_container == indexed)
    }

    fn store(&mut self, target: &Expr) {
        match target {
            Expr::Attribute(_) | Expr::Subscript(_) => {
                if let Some(attribute) = self.root(target) {
                    self.note(attribute, true);
                }
            }
            Expr::Tuple(node) => node.elts.iter().for_each(|item| self.store(item)),
            Expr::List(node) => node.elts.iter().for_each(|item| self.store(item)),
            Expr::Starred(node) => self.store(&node.value),
            _ => {}
        }
    }
}

impl<'v> Visitor<'v> for StateReader<'_> {
    fn visit_expr(&mut self, expr: &'v Expr) {
        visitor::walk_expr(self, expr);
        match expr {
            Expr::Attribute(node) if node.ctx == ExprContext::Load => {
                if let Expr::Name(name) = &*node.value
                    && self.self_name == Some(name.id.as_str())
                {
                    self.note(node.attr.as_str(), false);
                }
            }
            Expr::Call(node) => {
                if let Expr::Attribute(func) = &*node.func
                    && MUTATORS.contains(&func.attr.as_str())
                    && !self.is_entity(&func.value)
                    && let Some(attribute) = self.root(&func.value)
                {
                    self.note(attribute, true);
                }
            }
            _ => {}
        }
    }

    fn visit_stmt(&mut self, stmt: &'v Stmt) {
        match stmt {
            Stmt::AugAssign(node) => {
                if let Some(attribute) = self.root(&node.target) {
                    self.note(attribute, false);
                }
                visitor::walk_stmt(self, stmt);
                self.store(&node.target);
                return;
            }
            Stmt::Assign(node) => {
                self.visit_expr(&node.value);
                for target in &node.targets {
                    visitor::walk_expr(self, target);
                    self.store(target);
                }
                return;
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
        match stmt {
            Stmt::AnnAssign(node) if node.value.is_some() => self.store(&node.target),
            Stmt::For(node) => self.store(&node.target),
            Stmt::With(node) => {
                for target in node.items.iter().filter_map(|item| item.optional_vars.as_deref()) {
                    self.store(target);
                }
            }
            Stmt::Delete(node) => node.targets.iter().for_each(|target| self.store(target)),
            _ => {}
        }
    }
}
