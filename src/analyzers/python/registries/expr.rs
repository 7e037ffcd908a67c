//! Expressions into the arena.

use ruff_python_ast::{
    BoolOp, CmpOp, Comprehension, Expr as Ast, ExprCall, FStringPart, InterpolatedStringElement,
    Number, Operator, UnaryOp,
};
use ruff_text_size::TextRange;

use super::keep::registers;
use super::{Lowering, MAX_DEPTH};
use crate::analyzers::python::scopes::{Bound, MODULE, ScopeKind};
use crate::model::facts::python::registries::{
    Arg, BinOp, Comparison, Expr, ExprId, Generate, Shape,
};

/// Displays of more plain constants than this are data, not registries.
const MAX_DATA: usize = 64;
/// Longest display that is read at all.
const MAX_DISPLAY: usize = 20_000;

impl<'a> Lowering<'a, '_> {
    pub fn expr(&mut self, expr: &'a Ast) -> ExprId {
        let line = self.line(expr);
        if self.depth >= MAX_DEPTH {
            return self.push(Expr::Unknown, line);
        }
        self.depth += 1;
        let lowered = self.lower(expr);
        self.depth -= 1;
        self.push(lowered, line)
    }

    fn exprs(&mut self, exprs: &'a [Ast]) -> Box<[ExprId]> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn lower(&mut self, expr: &'a Ast) -> Expr {
        match expr {
            Ast::NoneLiteral(_) => Expr::None,
            Ast::BooleanLiteral(node) => Expr::Bool(node.value),
            Ast::NumberLiteral(node) => match &node.value {
                Number::Int(int) => int.as_i64().map_or(Expr::Unknown, Expr::Int),
                _ => Expr::Unknown,
            },
            Ast::StringLiteral(node) => Expr::Str(self.intern(node.value.to_str())),
            Ast::Name(node) => Expr::Name(self.intern(node.id.as_str())),
            Ast::Attribute(node) => {
                let value = self.expr(&node.value);
                Expr::Attr(value, self.intern(node.attr.as_str()))
            }
            Ast::Subscript(node) => Expr::Sub(self.expr(&node.value), self.expr(&node.slice)),
            Ast::Slice(node) => {
                let lower = node.lower.as_deref().map(|bound| self.expr(bound));
                let upper = node.upper.as_deref().map(|bound| self.expr(bound));
                Expr::Slice(lower, upper)
            }
            Ast::Call(node) => self.call(node),
            Ast::List(node) if !is_data(&node.elts) => {
                self.notice_elements(node.elts.iter());
                Expr::List(self.exprs(&node.elts))
            }
            Ast::Tuple(node) if !is_data(&node.elts) => Expr::Tuple(self.exprs(&node.elts)),
            Ast::Set(node) if !is_data(&node.elts) => {
                self.notice_elements(node.elts.iter());
                Expr::Set(self.exprs(&node.elts))
            }
            Ast::Dict(node) if node.items.len() <= MAX_DISPLAY => {
                self.notice_elements(node.items.iter().map(|item| &item.value));
                let mut entries = Vec::with_capacity(node.items.len());
                for item in &node.items {
                    let key = item.key.as_ref().map(|key| self.expr(key));
                    entries.push((key, self.expr(&item.value)));
                }
                Expr::Dict(entries.into())
            }
            Ast::FString(node) => {
                let mut parts = Vec::new();
                for part in node.value.iter() {
                    match part {
                        FStringPart::Literal(literal) => {
                            let text = Expr::Str(self.intern(&literal.value));
                            let line = self.line(literal);
                            parts.push(self.push(text, line));
                        }
                        FStringPart::FString(string) => {
                            for element in &string.elements {
                                parts.push(self.format_part(element));
                            }
                        }
                    }
                }
                Expr::Format(parts.into())
            }
            Ast::BinOp(node) => {
                let (left, right) = (self.expr(&node.left), self.expr(&node.right));
                Expr::Binary(binary(node.op), left, right)
            }
            Ast::BoolOp(node) => {
                let values = self.exprs(&node.values);
                match node.op {
                    BoolOp::And => Expr::And(values),
                    BoolOp::Or => Expr::Or(values),
                }
            }
            Ast::UnaryOp(node) => match (node.op, &*node.operand) {
                (UnaryOp::Not, operand) => Expr::Not(self.expr(operand)),
                (UnaryOp::USub, Ast::NumberLiteral(number)) => match &number.value {
                    Number::Int(int) => int.as_i64().map_or(Expr::Unknown, |n| Expr::Int(-n)),
                    _ => Expr::Unknown,
                },
                _ => Expr::Unknown,
            },
            Ast::Compare(node) => match (&*node.ops, &*node.comparators) {
                ([op], [right]) => {
                    let (left, right) = (self.expr(&node.left), self.expr(right));
                    Expr::Compare(comparison(*op), left, right)
                }
                _ => Expr::Unknown,
            },
            Ast::If(node) => {
                let test = self.expr(&node.test);
                let (body, orelse) = (self.expr(&node.body), self.expr(&node.orelse));
                Expr::IfElse(test, body, orelse)
            }
            Ast::Lambda(node) => Expr::Lambda(self.lambda(node)),
            Ast::ListComp(node) => {
                self.comprehension(node.range, Shape::List, None, &node.elt, &node.generators)
            }
            Ast::SetComp(node) => {
                self.comprehension(node.range, Shape::Set, None, &node.elt, &node.generators)
            }
            Ast::Generator(node) => {
                self.comprehension(node.range, Shape::Generator, None, &node.elt, &node.generators)
            }
            Ast::DictComp(node) => {
                let key = node.key.as_deref();
                self.comprehension(node.range, Shape::Dict, key, &node.value, &node.generators)
            }
            Ast::Starred(node) => Expr::Star(self.expr(&node.value)),
            Ast::Named(node) => match &*node.target {
                Ast::Name(name) => {
                    let value = self.expr(&node.value);
                    Expr::Walrus(self.intern(name.id.as_str()), value)
                }
                _ => Expr::Unknown,
            },
            Ast::Await(node) => self.lower(&node.value),
            Ast::Yield(_) | Ast::YieldFrom(_) => {
                self.is_generator = true;
                Expr::Unknown
            }
            _ => Expr::Unknown,
        }
    }

    fn format_part(&mut self, element: &'a InterpolatedStringElement) -> ExprId {
        match element {
            InterpolatedStringElement::Literal(literal) => {
                let text = Expr::Str(self.intern(&literal.value));
                let line = self.line(literal);
                self.push(text, line)
            }
            InterpolatedStringElement::Interpolation(part) if part.format_spec.is_none() => {
                self.expr(&part.expression)
            }
            InterpolatedStringElement::Interpolation(part) => {
                let line = self.line(part);
                // `{n:02d}` is `"%02d" % n`.
                let spec = part.format_spec.as_deref().map(|spec| &*spec.elements);
                let Some([InterpolatedStringElement::Literal(spec)]) = spec else {
                    return self.push(Expr::Unknown, line);
                };
                let text = Expr::Str(self.intern(&format!("%{}", spec.value)));
                let text = self.push(text, line);
                let value = self.expr(&part.expression);
                self.push(Expr::Binary(BinOp::Mod, text, value), line)
            }
        }
    }

    fn call(&mut self, call: &'a ExprCall) -> Expr {
        self.notice_call(call);
        let func = self.expr(&call.func);
        let mut args = Vec::with_capacity(call.arguments.len());
        for arg in &call.arguments.args {
            args.push(match arg {
                Ast::Starred(star) => Arg::Star(self.expr(&star.value)),
                arg => Arg::Plain(self.expr(arg)),
            });
        }
        for keyword in &call.arguments.keywords {
            let value = self.expr(&keyword.value);
            args.push(match &keyword.arg {
                Some(name) => Arg::Keyword(self.intern(name.as_str()), value),
                None => Arg::Stars(value),
            });
        }
        Expr::Call(func, args.into())
    }

    fn comprehension(
        &mut self,
        range: TextRange,
        shape: Shape,
        key: Option<&'a Ast>,
        element: &'a Ast,
        generators: &'a [Comprehension],
    ) -> Expr {
        let outer = self.scope;
        self.scope = self.source.scopes.scope_of(&range).unwrap_or(outer);
        let mut lowered = Vec::with_capacity(generators.len());
        for generator in generators {
            let (target, iter) = (self.expr(&generator.target), self.expr(&generator.iter));
            let tests = self.exprs(&generator.ifs);
            lowered.push(Generate { target, iter, tests });
        }
        let key = key.map(|key| self.expr(key));
        let element = self.expr(element);
        self.scope = outer;
        Expr::Comprehension(shape, key, element, lowered.into())
    }

    /// Marks the function being lowered as worth executing when a display in it holds definitions.
    fn notice_elements(&mut self, mut elements: impl Iterator<Item = &'a Ast>) {
        if !self.is_root && elements.any(|element| self.is_definition(element)) {
            self.is_root = true;
        }
    }

    /// The same for a call that may store an argument.
    fn notice_call(&mut self, call: &'a ExprCall) {
        self.notice_special(call);
        if self.is_root {
            return;
        }
        let name = match &*call.func {
            Ast::Attribute(attribute) => attribute.attr.as_str(),
            Ast::Name(name) => name.id.as_str(),
            _ => return,
        };
        if registers(name) {
            let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
            let mut args = call.arguments.args.iter().chain(keywords);
            self.is_root = args.any(|arg| arg.is_string_literal_expr() || self.is_definition(arg));
        }
    }

    /// Whether an expression names a function, class, method of `self`, or something imported.
    pub fn is_definition(&self, expr: &Ast) -> bool {
        match expr {
            Ast::Lambda(_) => true,
            Ast::Name(name) => {
                let found = self.source.scopes.lookup(self.scope, name.id.as_str());
                found.is_some_and(|(scope, bound)| {
                    let is_definition = |(_, bound): &(u32, Bound<'_>)| {
                        matches!(bound, Bound::Class(_) | Bound::Function(_) | Bound::Import(_))
                    };
                    (scope == MODULE || self.scope != MODULE) && bound.iter().any(is_definition)
                })
            }
            Ast::Attribute(attribute) => match &*attribute.value {
                Ast::Name(name) => {
                    if let Some((class, receiver)) = self.receiver
                        && receiver == name.id.as_str()
                    {
                        let members = &self.source.scopes.scope(class).bindings;
                        return members.get(attribute.attr.as_str()).is_some_and(|bound| {
                            bound.iter().any(|(_, bound)| matches!(bound, Bound::Function(_)))
                        });
                    }
                    self.is_definition(&attribute.value)
                }
                Ast::Attribute(_) => self.is_definition(&attribute.value),
                _ => false,
            },
            Ast::Call(call) => {
                self.source.scopes.scope(self.scope).kind != ScopeKind::Module
                    && self.is_definition(&call.func)
            }
            Ast::Tuple(tuple) => tuple.elts.iter().any(|element| self.is_definition(element)),
            _ => false,
        }
    }
}

/// Whether a display is a long run of plain constants.
fn is_data(elements: &[Ast]) -> bool {
    let is_constant = |expr: &Ast| {
        matches!(expr, Ast::NumberLiteral(_) | Ast::BytesLiteral(_) | Ast::UnaryOp(_))
            || matches!(expr, Ast::StringLiteral(text) if !text.value.to_str().contains('.'))
    };
    elements.len() > MAX_DISPLAY
        || elements.len() > MAX_DATA && elements.iter().take(MAX_DATA).all(is_constant)
}

pub fn binary(op: Operator) -> BinOp {
    match op {
        Operator::Add => BinOp::Add,
        Operator::BitOr => BinOp::Or,
        Operator::BitAnd => BinOp::And,
        Operator::Sub => BinOp::Sub,
        Operator::Mod => BinOp::Mod,
        _ => BinOp::Other,
    }
}

fn comparison(op: CmpOp) -> Comparison {
    match op {
        CmpOp::Eq => Comparison::Equal,
        CmpOp::NotEq => Comparison::NotEqual,
        CmpOp::Is => Comparison::Is,
        CmpOp::IsNot => Comparison::IsNot,
        CmpOp::In => Comparison::In,
        CmpOp::NotIn => Comparison::NotIn,
        CmpOp::Lt => Comparison::Less,
        CmpOp::LtE => Comparison::LessEqual,
        CmpOp::Gt => Comparison::Greater,
        CmpOp::GtE => Comparison::GreaterEqual,
    }
}
