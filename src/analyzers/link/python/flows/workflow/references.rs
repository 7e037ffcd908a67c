//! What an expression may name: outcomes, parameters, the error being handled.

use serde_json::Value;

use super::super::literal;
use super::{Around, Builder, OUTCOME};
use crate::model::Name;
use crate::model::facts::python::flows::{Expr, ExprKind};

impl Builder<'_, '_> {
    /// A condition: comparisons, `and`, `or`, `not`, `in` over outcomes.
    pub(super) fn condition(&mut self, expr: &Expr, around: &Around, named: &mut Vec<usize>) {
        match &expr.kind {
            ExprKind::Bool { parts, .. } => {
                parts.iter().for_each(|part| self.condition(part, around, named));
            }
            ExprKind::Not(inner) => self.condition(inner, around, named),
            ExprKind::Compare { left, others, .. } => {
                if others.len() > 1 {
                    self.report_at("W001", expr, "one comparison per term: join them by `and`");
                }
                self.condition(left, around, named);
                others.iter().for_each(|other| self.condition(other, around, named));
            }
            ExprKind::List(items) | ExprKind::Tuple(items) => {
                items.iter().for_each(|item| self.condition(item, around, named));
            }
            _ if literal(expr).is_some() => {}
            _ => {
                if let Some(Reference::Node { at, .. }) = self.reference(expr, around, true)
                    && !named.contains(&at)
                {
                    named.push(at);
                }
            }
        }
    }

    /// `x.output.a[0]`, a parameter, or `current_error.type`.
    pub(super) fn reference(
        &mut self,
        expr: &Expr,
        around: &Around,
        in_condition: bool,
    ) -> Option<Reference> {
        let mut path: Vec<Value> = Vec::new();
        let mut at = expr;
        let name = loop {
            match &at.kind {
                ExprKind::Name { name, .. } => break name.clone(),
                ExprKind::Attribute { value, attr, .. } => {
                    path.push(Value::String(attr.to_string()));
                    at = value;
                }
                ExprKind::Subscript { value, index } => {
                    let Some(index) = literal(index) else {
                        self.report_at("W001", index, "an index must be a literal");
                        return None;
                    };
                    path.push(index);
                    at = value;
                }
                _ => {
                    self.report_at(
                        "W001",
                        expr,
                        format!(
                            "{} is not allowed here: use literals, parameters and outcomes",
                            expr.text
                        ),
                    );
                    return None;
                }
            }
        };
        path.reverse();
        if &*name == "current_error"
            && !self.names.contains_key(&name)
            && !self.params.contains(&name)
        {
            if !around.is_handler {
                self.report_at("W009", expr, "current_error exists in an error handler only");
                return None;
            }
            return Some(Reference::Error { path });
        }
        if let Some(node) = self.names.get(&name).copied() {
            let outcome = path.first().and_then(Value::as_str).map(str::to_owned);
            let is_fine = match outcome.as_deref() {
                Some("output") => true,
                Some(other) => in_condition && OUTCOME.contains(&other),
                None => false,
            };
            if !is_fine {
                self.report_at(
                    "W008",
                    expr,
                    format!("{name} is an outcome: use .output, .success, .failed or .error"),
                );
                return None;
            }
            path.remove(0);
            return Some(Reference::Node { at: node, path });
        }
        if self.params.contains(&name) {
            return Some(Reference::Param { name, path });
        }
        if self.broken.contains(&name) {
            return None;
        }
        self.report_at("W010", expr, format!("{name} is not defined"));
        None
    }

    pub(super) fn returned(&mut self, value: &Expr) {
        let is_node =
            matches!(&value.kind, ExprKind::Name { name, .. } if self.names.contains_key(name));
        if !is_node && literal(value).is_none() {
            self.reference(value, &Around::default(), true);
        }
    }
}

/// What an expression names, with the path below it.
pub(super) enum Reference {
    Node { at: usize, path: Vec<Value> },
    Param { name: Name, path: Vec<Value> },
    Error { path: Vec<Value> },
}
