//! Annotations, as far as they say which class a value is of.

use ruff_python_ast::{Expr, Operator};

use super::Lowering;
use crate::model::Name;
use crate::model::facts::python::calls::{Type, TypeId};

/// How deep annotations may nest, strings within strings included.
const DEPTH: u32 = 12;

impl Lowering<'_, '_> {
    pub(super) fn annotation(&mut self, expr: &Expr) -> TypeId {
        self.annotation_at(expr, 0)
    }

    fn annotation_at(&mut self, expr: &Expr, depth: u32) -> TypeId {
        if depth > DEPTH {
            return 0;
        }
        let found = match expr {
            Expr::StringLiteral(text) => {
                return match ruff_python_parser::parse_expression(text.value.to_str().trim()) {
                    Ok(parsed) => self.annotation_at(parsed.expr(), depth + 1),
                    Err(_) => 0,
                };
            }
            Expr::NoneLiteral(_) => Type::Plain,
            Expr::Name(_) | Expr::Attribute(_) => match self.origin(expr) {
                Some(origin) => Type::Named { origin: self.intern(&origin), args: Vec::new() },
                None => Type::Unknown,
            },
            Expr::BinOp(node) if node.op == Operator::BitOr => {
                let left = self.annotation_at(&node.left, depth + 1);
                let right = self.annotation_at(&node.right, depth + 1);
                Type::Union(vec![left, right])
            }
            Expr::Subscript(node) => {
                let Some(origin) = self.origin(&node.value) else { return 0 };
                let written: &[Expr] = match &*node.slice {
                    Expr::Tuple(tuple) => &tuple.elts,
                    one => std::slice::from_ref(one),
                };
                let last = origin.rsplit('.').next().unwrap_or_default();
                // What follows in `Annotated` and `Literal` are values, not types.
                let written = match last {
                    "Literal" => &[],
                    "Annotated" => &written[..written.len().min(1)],
                    _ => written,
                };
                let args = written.iter().map(|arg| self.annotation_at(arg, depth + 1)).collect();
                Type::Named { origin: self.intern(&origin), args }
            }
            Expr::List(node) => {
                let args = node.elts.iter().map(|arg| self.annotation_at(arg, depth + 1)).collect();
                Type::List(args)
            }
            _ => Type::Unknown,
        };
        self.type_id(found)
    }

    fn type_id(&mut self, found: Type) -> TypeId {
        if let Some(known) = self.types.get(&found) {
            return *known;
        }
        if found == Type::Unknown {
            return 0;
        }
        let id = self.facts.types.len() as TypeId;
        self.facts.types.push(found.clone());
        self.types.insert(found, id);
        id
    }

    /// The best origin of a name in an annotation.
    fn origin(&mut self, expr: &Expr) -> Option<Name> {
        let scope = self.frame().scope;
        let origins = self.source.scopes.resolve(expr, scope);
        origins.into_iter().next()
    }
}
