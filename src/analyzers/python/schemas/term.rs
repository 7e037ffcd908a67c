//! Expressions → [`Term`], with names resolved in their scope and constants folded.

use ruff_python_ast::{Expr, ExprCall, ExprStringLiteral, Number, Operator, UnaryOp};
use ruff_text_size::Ranged;

use crate::analyzers::python::Source;
use crate::analyzers::python::scopes::{Bound, ScopeId, ScopeKind};
use crate::model::Name;
use crate::model::facts::python::schemas::{Call, Term};

/// Longest source text kept for an expression that has no closer form.
const MAX_TEXT: usize = 400;
/// Most elements kept of a literal container: a schema's default is short, a data table is not.
const MAX_ELEMENTS: usize = 64;
/// Deepest expression followed.
const MAX_DEPTH: u32 = 60;

/// Turns expressions of one scope into terms.
#[derive(Clone, Copy)]
pub struct Terms<'a, 's> {
    pub source: &'s Source<'a>,
    pub scope: ScopeId,
    /// Strings are annotations written in quotes.
    quoted: bool,
    depth: u32,
    /// The text the expressions' ranges point into.
    text: &'s str,
}

impl<'a, 's> Terms<'a, 's> {
    pub fn new(source: &'s Source<'a>, scope: ScopeId) -> Self {
        Self { source, scope, quoted: false, depth: 0, text: source.text }
    }

    /// A value: strings are strings.
    pub fn value(self, expr: &Expr) -> Term {
        Self { quoted: false, ..self }.term(expr)
    }

    /// An annotation: strings are annotations in quotes, also twice.
    pub fn annotation(self, expr: &Expr) -> Term {
        Self { quoted: true, ..self }.term(expr)
    }

    fn term(mut self, expr: &Expr) -> Term {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.text(expr);
        }
        match expr {
            Expr::NoneLiteral(_) => Term::None,
            Expr::EllipsisLiteral(_) => Term::Ellipsis,
            Expr::BooleanLiteral(literal) => Term::Bool(literal.value),
            Expr::NumberLiteral(literal) => match &literal.value {
                Number::Int(value) => Term::Int(value.to_string().into()),
                Number::Float(value) => Term::Float(*value),
                Number::Complex { .. } => self.text(expr),
            },
            Expr::StringLiteral(literal) if self.quoted => self.quoted_annotation(literal),
            Expr::StringLiteral(literal) => Term::Str(literal.value.to_str().into()),
            Expr::BytesLiteral(literal) => Term::Bytes(literal.value.bytes().collect()),
            Expr::Name(_) | Expr::Attribute(_) => self.name(expr),
            Expr::Subscript(subscript) => {
                let base = self.term(&subscript.value);
                Term::Subscript(Box::new(base), self.arguments(&subscript.value, &subscript.slice))
            }
            Expr::BinOp(node) if node.op == Operator::BitOr => {
                let mut members = Vec::new();
                for side in [&node.left, &node.right] {
                    match self.term(side) {
                        Term::Union(inner) => members.extend(inner),
                        other => members.push(other),
                    }
                }
                Term::Union(members)
            }
            Expr::BinOp(node) => {
                let folded = fold(node.op, &self.term(&node.left), &self.term(&node.right));
                folded.unwrap_or_else(|| self.text(expr))
            }
            Expr::UnaryOp(node) => match (node.op, self.term(&node.operand)) {
                (UnaryOp::USub, Term::Int(digits)) => Term::Int(match digits.strip_prefix('-') {
                    Some(positive) => positive.into(),
                    None if &*digits == "0" => digits,
                    None => format!("-{digits}").into(),
                }),
                (UnaryOp::USub, Term::Float(value)) => Term::Float(-value),
                (UnaryOp::UAdd, term @ (Term::Int(_) | Term::Float(_))) => term,
                (UnaryOp::Not, Term::Bool(value)) => Term::Bool(!value),
                _ => self.text(expr),
            },
            Expr::Tuple(node) => self.elements(expr, &node.elts, Term::Tuple),
            Expr::List(node) => self.elements(expr, &node.elts, Term::List),
            Expr::Set(node) => self.elements(expr, &node.elts, Term::Set),
            Expr::Dict(node) if node.items.len() <= MAX_ELEMENTS => {
                let mut items = Vec::with_capacity(node.items.len());
                for item in &node.items {
                    let Some(key) = &item.key else { return self.text(expr) };
                    items.push((Self { quoted: false, ..self }.term(key), self.term(&item.value)));
                }
                Term::Dict(items)
            }
            Expr::Call(call) => Term::Call(Box::new(self.call(call))),
            Expr::Lambda(lambda) if lambda.parameters.is_none() => {
                Term::Lambda(Box::new(self.value(&lambda.body)))
            }
            Expr::Starred(starred) => Term::Starred(Box::new(self.term(&starred.value))),
            _ => self.text(expr),
        }
    }

    /// A call with its arguments; inside them, strings are values again, but for the types that
    /// are given to what makes a type.
    pub fn call(self, call: &ExprCall) -> Call {
        let values = Self { quoted: false, ..self };
        let makes_type = match &*call.func {
            Expr::Name(name) => type_maker(name.id.as_str()),
            Expr::Attribute(attribute) => type_maker(attribute.attr.as_str()),
            _ => false,
        };
        let types = Self { quoted: makes_type, ..self };
        let arguments = call.arguments.args.iter().take(MAX_ELEMENTS).enumerate();
        let keywords = call.arguments.keywords.iter().filter_map(|keyword| {
            let name = keyword.arg.as_ref()?;
            let terms = if matches!(name.as_str(), "bound" | "default") { types } else { values };
            Some((Name::from(name.as_str()), terms.term(&keyword.value)))
        });
        Call {
            function: self.term(&call.func),
            arguments: arguments
                .map(|(at, argument)| if at == 0 { values } else { types }.term(argument))
                .collect(),
            keywords: keywords.collect(),
            text: self.written(call),
        }
    }

    fn elements(self, expr: &Expr, elements: &[Expr], make: fn(Vec<Term>) -> Term) -> Term {
        if elements.len() > MAX_ELEMENTS {
            return self.text(expr);
        }
        make(elements.iter().map(|element| self.term(element)).collect())
    }

    /// What stands between the brackets. `Literal["a"]` holds values, and so does all but the
    /// first of `Annotated[T, …]`.
    fn arguments(self, base: &Expr, slice: &Expr) -> Vec<Term> {
        let last = match base {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => "",
        };
        let elements: &[Expr] = match slice {
            // `tuple[()]` is the empty tuple, not `tuple`.
            Expr::Tuple(tuple) if tuple.elts.is_empty() => return vec![Term::Tuple(Vec::new())],
            Expr::Tuple(tuple) => &tuple.elts,
            other => std::slice::from_ref(other),
        };
        let is =
            |wanted: &str| {
                last == wanted
                    || !last.is_empty()
                        && self.source.scopes.resolve(base, self.scope).iter().any(|origin| {
                            origin.rsplit('.').next().is_some_and(|end| end == wanted)
                        })
            };
        let (literal, annotated) = (is("Literal"), is("Annotated"));
        let term = |(at, element): (usize, &Expr)| {
            let quoted = self.quoted && !literal && !(annotated && at > 0);
            Self { quoted, ..self }.term(element)
        };
        elements.iter().enumerate().map(term).collect()
    }

    fn name(self, expr: &Expr) -> Term {
        let text = self.written(expr);
        // `self.x`-like attributes of calls and subscripts have no dotted name.
        let mut base = expr;
        while let Expr::Attribute(attribute) = base {
            base = &attribute.value;
        }
        let Expr::Name(root) = base else { return Term::Text(text) };
        let scope = self.scope_for(root.id.as_str(), root.start().to_u32());
        Term::Name { text, origins: self.source.scopes.resolve(expr, scope) }
    }

    /// A class body is run from top to bottom: what it binds further down is not yet seen, and a
    /// field that bears the name of its own type (`date: date`) means the outer one.
    fn scope_for(self, name: &str, at: u32) -> ScopeId {
        let here = self.source.scopes.scope(self.scope);
        let (ScopeKind::Class, Some(parent), Some(bound)) =
            (here.kind, here.parent, here.bindings.get(name))
        else {
            return self.scope;
        };
        // Offsets inside a quoted annotation say nothing of where it stands.
        let seen = |place: u32| self.text.len() != self.source.text.len() || place < at;
        let is_field = bound.iter().any(|(_, bound)| matches!(bound, Bound::Annotation(_)));
        let defines = bound.iter().any(|(place, bound)| match bound {
            Bound::Class(_) | Bound::Import(_) => seen(*place),
            Bound::Function(_) => !self.quoted && seen(*place),
            Bound::Value(_) => seen(*place) && !(self.quoted && is_field),
            _ => false,
        });
        if defines { self.scope } else { parent }
    }

    fn quoted_annotation(self, literal: &ExprStringLiteral) -> Term {
        let content = literal.value.to_str();
        match ruff_python_parser::parse_expression(content.trim()) {
            Ok(parsed) => {
                // Ranges of the inner expression point into the string, not into the file.
                let text = content.trim();
                let inner = Terms { text, ..self };
                inner.term(parsed.expr())
            }
            Err(_) => Term::Text(content.into()),
        }
    }

    fn text(self, expr: &Expr) -> Term {
        Term::Text(self.written(expr))
    }

    fn written(self, node: &impl Ranged) -> Name {
        let text = self.text.get(node.range().to_std_range()).unwrap_or_default();
        if text.len() <= MAX_TEXT && !text.contains('\n') {
            return text.into();
        }
        let mut joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if joined.len() > MAX_TEXT {
            let end = (0..=MAX_TEXT).rev().find(|at| joined.is_char_boundary(*at)).unwrap_or(0);
            joined.truncate(end);
            joined.push('…');
        }
        joined.into()
    }
}

/// Functions whose arguments after the name are types.
fn type_maker(name: &str) -> bool {
    matches!(name, "TypeAliasType" | "NewType" | "TypeVar" | "TypedDict")
}

/// Arithmetic on constants, as in `60 * 60` or `"a" + "b"`.
fn fold(op: Operator, left: &Term, right: &Term) -> Option<Term> {
    match (left, right) {
        (Term::Int(left), Term::Int(right)) => {
            let (left, right): (i128, i128) = (left.parse().ok()?, right.parse().ok()?);
            let value = match op {
                Operator::Add => left.checked_add(right)?,
                Operator::Sub => left.checked_sub(right)?,
                Operator::Mult => left.checked_mul(right)?,
                Operator::Pow => left.checked_pow(u32::try_from(right).ok()?)?,
                Operator::LShift => left.checked_mul(1i128.checked_shl(right.try_into().ok()?)?)?,
                Operator::FloorDiv if right != 0 => left.div_euclid(right),
                Operator::Div if right != 0 => {
                    return Some(Term::Float(left as f64 / right as f64));
                }
                _ => return None,
            };
            Some(Term::Int(value.to_string().into()))
        }
        (Term::Str(left), Term::Str(right)) if op == Operator::Add => {
            Some(Term::Str(format!("{left}{right}").into()))
        }
        (Term::Float(_) | Term::Int(_), Term::Float(_) | Term::Int(_)) => {
            let number = |term: &Term| match term {
                Term::Float(value) => Some(*value),
                Term::Int(digits) => digits.parse::<f64>().ok(),
                _ => None,
            };
            let (left, right) = (number(left)?, number(right)?);
            let value = match op {
                Operator::Add => left + right,
                Operator::Sub => left - right,
                Operator::Mult => left * right,
                Operator::Div if right != 0.0 => left / right,
                _ => return None,
            };
            Some(Term::Float(value))
        }
        _ => None,
    }
}
