//! What an expression may name: outcomes, parameters, the error being handled; as terms of the
//! program.

use serde_json::{Map, Value, json};

use super::super::literal;
use super::{Around, Builder, Node};
use crate::model::facts::python::flows::{Expr, ExprKind};
use crate::model::{Name, Term};

impl Builder<'_, '_> {
    /// An argument; references to other nodes are collected.
    pub(super) fn value(
        &mut self,
        expr: &Expr,
        around: &Around,
        refs: &mut Vec<(usize, Name)>,
        key: &Name,
    ) -> Term {
        if let Some(value) = literal(expr) {
            return Term::Const(value);
        }
        match &expr.kind {
            ExprKind::List(items) | ExprKind::Tuple(items) => {
                Term::List(items.iter().map(|item| self.value(item, around, refs, key)).collect())
            }
            ExprKind::Dict(items) => {
                let mut pairs = Vec::new();
                for (name, value) in items {
                    let name = match &name.kind {
                        ExprKind::Str(text) => text.clone(),
                        _ => name.text.to_string(),
                    };
                    pairs.push((name, self.value(value, around, refs, key)));
                }
                Term::Dict(pairs)
            }
            _ => match self.reference(expr, around, false) {
                Some(term) => {
                    if let Term::Output { step, .. } = term {
                        refs.push((step, key.clone()));
                    }
                    term
                }
                None => Term::Invalid(expr.text.clone()),
            },
        }
    }

    /// A condition: comparisons, `and`, `or`, `not`, `in` over outcomes.
    pub(super) fn condition(
        &mut self,
        expr: &Expr,
        around: &Around,
        named: &mut Vec<usize>,
    ) -> Term {
        let mut all = |this: &mut Self, parts: &[Expr]| -> Vec<Term> {
            parts.iter().map(|part| this.condition(part, around, named)).collect()
        };
        match &expr.kind {
            ExprKind::Bool { is_and: true, parts } => Term::And(all(self, parts)),
            ExprKind::Bool { is_and: false, parts } => Term::Or(all(self, parts)),
            ExprKind::Not(inner) => Term::Not(Box::new(self.condition(inner, around, named))),
            ExprKind::Compare { left, ops, others } => {
                if others.len() > 1 {
                    self.report_at("W001", expr, "one comparison per term: join them by `and`");
                }
                let left = Box::new(self.condition(left, around, named));
                let rights: Vec<Term> =
                    others.iter().map(|other| self.condition(other, around, named)).collect();
                match (ops.first(), rights.into_iter().next()) {
                    (Some(op), Some(right)) => {
                        Term::Compare { left, op: op.clone(), right: Box::new(right) }
                    }
                    _ => Term::Invalid(expr.text.clone()),
                }
            }
            ExprKind::List(items) | ExprKind::Tuple(items) => Term::List(all(self, items)),
            _ => {
                if let Some(value) = literal(expr) {
                    return Term::Const(value);
                }
                let Some(term) = self.reference(expr, around, true) else {
                    return Term::Invalid(expr.text.clone());
                };
                if let Some(step) = step_of(&term)
                    && !named.contains(&step)
                {
                    named.push(step);
                }
                term
            }
        }
    }

    /// `x.output.a[0]`, a parameter, or `current_error.type`.
    fn reference(&mut self, expr: &Expr, around: &Around, in_condition: bool) -> Option<Term> {
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
            if around.handler.is_none() {
                self.report_at("W009", expr, "current_error exists in an error handler only");
                return None;
            }
            return Some(Term::CurrentError { path });
        }
        if let Some(step) = self.names.get(&name).copied() {
            let mut path = path.into_iter();
            let outcome = path.next();
            let path = path.collect();
            match outcome.as_ref().and_then(Value::as_str) {
                Some("output") => return Some(Term::Output { step, path }),
                Some("success") if in_condition => return Some(Term::Success(step)),
                Some("failed") if in_condition => return Some(Term::Failed(step)),
                Some("error") if in_condition => return Some(Term::Error { step, path }),
                _ => {}
            }
            self.report_at(
                "W008",
                expr,
                format!("{name} is an outcome: use .output, .success, .failed or .error"),
            );
            return None;
        }
        if self.params.contains(&name) {
            return Some(Term::Param { name, path });
        }
        if self.broken.contains(&name) {
            return None;
        }
        self.report_at("W010", expr, format!("{name} is not defined"));
        None
    }

    pub(super) fn returned(&mut self, value: &Expr) -> Option<Term> {
        if let ExprKind::Name { name, .. } = &value.kind
            && let Some(step) = self.names.get(name).copied()
        {
            return Some(Term::Output { step, path: Vec::new() });
        }
        match literal(value) {
            Some(value) => Some(Term::Const(value)),
            None => self.reference(value, &Around::default(), true),
        }
    }
}

fn step_of(term: &Term) -> Option<usize> {
    match term {
        Term::Output { step, .. } | Term::Error { step, .. } => Some(*step),
        Term::Success(step) | Term::Failed(step) => Some(*step),
        _ => None,
    }
}

/// An argument as the flow's JSON shows it.
pub(super) fn to_json(term: &Term, nodes: &[Node]) -> Value {
    match term {
        Term::Const(value) => json!({ "const": value }),
        Term::List(items) => {
            let items: Vec<Value> = items.iter().map(|item| to_json(item, nodes)).collect();
            json!({ "list": items })
        }
        Term::Dict(pairs) => {
            let pairs = pairs.iter().map(|(key, value)| (key.clone(), to_json(value, nodes)));
            json!({ "dict": pairs.collect::<Map<String, Value>>() })
        }
        Term::Param { name, path } if path.is_empty() => json!({ "param": name }),
        Term::Param { name, path } => json!({ "param": name, "path": path }),
        Term::Output { step, path } => json!({ "ref": nodes[*step].id, "path": path }),
        Term::CurrentError { path } => json!({ "current_error": path }),
        Term::Invalid(text) => json!({ "invalid": text }),
        // Conditions are shown as written.
        _ => Value::Null,
    }
}
