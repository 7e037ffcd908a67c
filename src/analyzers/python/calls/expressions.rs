//! Expressions: each becomes the variable that holds its value.

use ruff_python_ast::{
    BoolOp, CmpOp, Comprehension, ConversionFlag, Expr, ExprAttribute, ExprDict, ExprFString,
    ExprSubscript, FStringPart, InterpolatedStringElement, Number, Operator, UnaryOp,
};
use ruff_text_size::{Ranged, TextRange};

use super::environment::FreshKey;
use super::{Constant, Lowering};
use crate::model::facts::python::calls::{Item, Literal, NONE, Op, Shape, Var};

impl<'a> Lowering<'a, '_> {
    pub(super) fn expression(&mut self, expr: &'a Expr) -> Var {
        match expr {
            Expr::Name(node) => self.load(node.id.as_str()),
            Expr::Attribute(node) => self.attribute_access(node),
            Expr::Subscript(node) => self.subscript(node),
            Expr::Call(node) => self.call(node),
            Expr::Lambda(node) => self.lambda(node),
            Expr::StringLiteral(node) => self.text(node.value.to_str()),
            Expr::NumberLiteral(node) => match &node.value {
                Number::Int(value) => match value.as_i64() {
                    Some(value) => self.number(value),
                    None => self.literal(Literal::Number),
                },
                _ => self.literal(Literal::Number),
            },
            Expr::BytesLiteral(_) => self.literal(Literal::Bytes),
            Expr::BooleanLiteral(_) => self.literal(Literal::Bool),
            Expr::NoneLiteral(_) => self.literal(Literal::None),
            Expr::EllipsisLiteral(_) | Expr::IpyEscapeCommand(_) => NONE,
            Expr::FString(node) => self.f_string(node),
            Expr::TString(node) => {
                for part in &node.value {
                    self.interpolations(&part.elements);
                }
                NONE
            }
            Expr::List(node) => self.display(Shape::List, &node.elts),
            Expr::Tuple(node) => self.display(Shape::Tuple, &node.elts),
            Expr::Set(node) => self.display(Shape::Set, &node.elts),
            Expr::Dict(node) => self.dict(node),
            Expr::ListComp(node) => {
                self.comprehension(node.range, Shape::List, &node.generators, None, &node.elt)
            }
            Expr::SetComp(node) => {
                self.comprehension(node.range, Shape::Set, &node.generators, None, &node.elt)
            }
            Expr::Generator(node) => {
                self.comprehension(node.range, Shape::Stream, &node.generators, None, &node.elt)
            }
            Expr::DictComp(node) => {
                let key = node.key.as_deref();
                self.comprehension(node.range, Shape::Dict, &node.generators, key, &node.value)
            }
            Expr::If(node) => {
                self.test(&node.test);
                let before = self.state();
                self.narrow(&node.test, true);
                let body = self.expression(&node.body);
                let after_body = self.state();
                self.resume(before);
                self.narrow(&node.test, false);
                let orelse = self.expression(&node.orelse);
                let after_else = self.state();
                self.join(vec![after_body, after_else]);
                self.either(&[body, orelse])
            }
            Expr::BoolOp(node) => {
                let before = self.state();
                let mut values: Vec<Var> = Vec::with_capacity(node.values.len());
                let last = node.values.len().saturating_sub(1);
                for (at, value) in node.values.iter().enumerate() {
                    let var = self.expression(value);
                    values.push(var);
                    if at < last {
                        self.truth(value, var);
                        self.narrow(value, node.op == BoolOp::And);
                    }
                }
                // The narrowing held only while the later operands were evaluated.
                let after = self.state();
                self.join(vec![before, after]);
                self.either(&values)
            }
            Expr::BinOp(node) => {
                let left = self.expression(&node.left);
                let right = self.expression(&node.right);
                if let Some(pattern) = self.pattern_of(expr) {
                    self.binary(node, left, right, node.op.dunder(), false);
                    return pattern;
                }
                self.binary(node, left, right, node.op.dunder(), false)
            }
            Expr::UnaryOp(node) => {
                let from = self.expression(&node.operand);
                let name = match node.op {
                    UnaryOp::Not => {
                        self.truth(&node.operand, from);
                        return self.literal(Literal::Bool);
                    }
                    UnaryOp::Invert => "__invert__",
                    UnaryOp::UAdd => "__pos__",
                    UnaryOp::USub => {
                        if let Expr::NumberLiteral(number) = &*node.operand
                            && let Number::Int(value) = &number.value
                            && let Some(value) = value.as_i64()
                        {
                            return self.number(-value);
                        }
                        "__neg__"
                    }
                };
                let to = self.var();
                self.unary(&*node.operand, to, from, name);
                to
            }
            Expr::Compare(node) => {
                let mut left = self.expression(&node.left);
                for (op, right) in node.ops.iter().zip(&node.comparators) {
                    let right_var = self.expression(right);
                    if let Some(name) = comparison(*op) {
                        let site = self.site(expr, op.as_str());
                        let name = self.intern(name);
                        // `in` asks the right operand.
                        let (one, other) = match op {
                            CmpOp::In | CmpOp::NotIn => (right_var, left),
                            _ => (left, right_var),
                        };
                        self.op(Op::Compare { left: one, right: other, name, site });
                    }
                    left = right_var;
                }
                self.literal(Literal::Bool)
            }
            Expr::Named(node) => {
                let value = self.expression(&node.value);
                self.assign_target(&node.target, value, None);
                value
            }
            Expr::Await(node) => {
                let from = self.expression(&node.value);
                let to = self.var();
                let site = self.site(expr, self.source.text_of(&*node.value));
                self.op(Op::Await { to, from, site });
                to
            }
            Expr::Yield(node) => {
                let value = node.value.as_ref().map_or(NONE, |value| self.expression(value));
                let body = self.frame().body as usize;
                let (yields, sent) = (self.facts.bodies[body].yields, self.facts.bodies[body].sent);
                self.copy(yields, value);
                sent
            }
            Expr::YieldFrom(node) => {
                let from = self.expression(&node.value);
                let body = self.frame().body as usize;
                let yields = self.facts.bodies[body].yields;
                let to = self.var();
                let site = self.site(expr, self.source.text_of(&*node.value));
                self.op(Op::Delegate { to, from, yields, site });
                to
            }
            Expr::Starred(node) => self.expression(&node.value),
            Expr::Slice(node) => {
                for part in [&node.lower, &node.upper, &node.step].into_iter().flatten() {
                    self.expression(part);
                }
                NONE
            }
        }
    }

    pub(super) fn text(&mut self, value: &str) -> Var {
        let value = self.intern(value);
        self.constant(Constant::Text(value), |_, to| Op::Text { to, value })
    }

    fn number(&mut self, value: i64) -> Var {
        self.constant(Constant::Number(value), |_, to| Op::Number { to, value })
    }

    pub(super) fn literal(&mut self, kind: Literal) -> Var {
        self.constant(Constant::Literal(kind), |_, to| Op::Literal { to, kind })
    }

    pub(super) fn either(&mut self, values: &[Var]) -> Var {
        let to = self.var();
        values.iter().for_each(|from| self.copy(to, *from));
        to
    }

    fn attribute_access(&mut self, node: &'a ExprAttribute) -> Var {
        let base = self.expression(&node.value);
        self.attribute(node, base, node.attr.as_str())
    }

    pub(super) fn attribute(&mut self, node: &impl Ranged, base: Var, attr: &str) -> Var {
        let text = &self.source.text[node.range()];
        let site = self.site(node, text);
        let to = self.var();
        let attr = self.intern(attr);
        self.op(Op::Load { to, base, attr, site });
        to
    }

    fn subscript(&mut self, node: &'a ExprSubscript) -> Var {
        let base = self.expression(&node.value);
        let text = self.source.text_of(node);
        let to = self.var();
        if let Expr::Slice(slice) = &*node.slice {
            let start = match slice.lower.as_deref() {
                None => 0,
                Some(Expr::NumberLiteral(number)) => match &number.value {
                    Number::Int(value) => value.as_i64().unwrap_or(-1),
                    _ => -1,
                },
                Some(_) => -1,
            };
            self.expression(&node.slice);
            let site = self.site(node, text);
            self.op(Op::Slice { to, base, start, site });
        } else {
            let key = self.expression(&node.slice);
            let site = self.site(node, text);
            self.op(Op::GetItem { to, base, key, site });
        }
        to
    }

    pub(super) fn binary(
        &mut self,
        node: &impl Ranged,
        left: Var,
        right: Var,
        name: &str,
        in_place: bool,
    ) -> Var {
        let to = self.var();
        let site = self.site(node, name);
        let name = self.intern(name);
        self.op(Op::Binary { to, left, right, name, site, in_place });
        to
    }

    pub(super) fn unary(&mut self, node: &impl Ranged, to: Var, from: Var, name: &str) {
        let text = &self.source.text[node.range()];
        let site = self.site(node, text);
        let name = self.intern(name);
        self.op(Op::Unary { to, from, name, site });
    }

    /// Evaluates a condition.
    pub(super) fn test(&mut self, expr: &'a Expr) {
        let var = self.expression(expr);
        self.truth(expr, var);
    }

    fn truth(&mut self, expr: &'a Expr, var: Var) {
        // Only these can hold something with a `__bool__` or `__len__` of its own.
        if matches!(
            expr,
            Expr::Name(_)
                | Expr::Attribute(_)
                | Expr::Call(_)
                | Expr::Subscript(_)
                | Expr::Await(_)
        ) {
            self.unary(expr, NONE, var, "__bool__");
        }
    }

    pub(super) fn iterate(&mut self, node: &impl Ranged, from: Var, is_async: bool) -> Var {
        let text = &self.source.text[node.range()];
        let site = self.site(node, text);
        let to = self.var();
        self.op(Op::Iterate { to, from, site, is_async });
        to
    }

    fn display(&mut self, shape: Shape, elements: &'a [Expr]) -> Var {
        let items: Vec<Item> = elements
            .iter()
            .map(|element| match element {
                Expr::Starred(star) => {
                    Item { key: NONE, value: self.expression(&star.value), star: true }
                }
                element => Item { key: NONE, value: self.expression(element), star: false },
            })
            .collect();
        let first = self.facts.items.len() as u32;
        let count = items.len() as u32;
        let to = self.var();
        let is_plain = !items.iter().any(|item| item.star);
        if shape == Shape::List && is_plain {
            let keys =
                (0..items.len()).map(|at| (FreshKey::Number(at as i64), first as usize + at));
            let keys = keys.collect();
            self.frame().fresh.insert(to, keys);
        }
        self.facts.items.extend(items);
        let site = match shape {
            Shape::Set => elements.first().map_or(NONE, |first| self.site(first, "")),
            _ => NONE,
        };
        self.op(Op::Display { to, shape, first, count, site });
        to
    }

    fn dict(&mut self, node: &'a ExprDict) -> Var {
        let mut items: Vec<Item> = Vec::with_capacity(node.items.len());
        let mut keys: Vec<(FreshKey, usize)> = Vec::new();
        for item in &node.items {
            let key = item.key.as_ref().map_or(NONE, |key| self.expression(key));
            let value = self.expression(&item.value);
            if let Some(key) = item.key.as_ref().and_then(|key| self.fresh_key(key)) {
                keys.push((key, items.len()));
            }
            items.push(Item { key, value, star: item.key.is_none() });
        }
        let first = self.facts.items.len() as u32;
        let count = items.len() as u32;
        self.facts.items.extend(items);
        let to = self.var();
        for (_, at) in &mut keys {
            *at += first as usize;
        }
        self.frame().fresh.insert(to, keys);
        let hashes = |item: &&ruff_python_ast::DictItem| {
            item.key.as_ref().is_some_and(|key| !key.is_literal_expr())
        };
        let hashed = node.items.iter().find(hashes);
        let site = hashed.map_or(NONE, |item| self.site(&item.value, ""));
        self.op(Op::Display { to, shape: Shape::Dict, first, count, site });
        to
    }

    fn comprehension(
        &mut self,
        range: TextRange,
        shape: Shape,
        generators: &'a [Comprehension],
        key: Option<&'a Expr>,
        element: &'a Expr,
    ) -> Var {
        let to = self.var();
        let first = self.facts.items.len() as u32;
        self.op(Op::Display { to, shape, first, count: 0, site: NONE });
        let mut iterables = generators.iter();
        let Some(head) = iterables.next() else { return to };
        let iterable = self.expression(&head.iter);
        let mut value = self.iterate(&head.iter, iterable, head.is_async);
        let before = self.state();
        let outer = self.frame().scope;
        let scope = self.source.scopes.scope_of(&range).unwrap_or(outer);
        let frame = self.frame();
        frame.scope = scope;
        frame.inner.push(scope);
        let mut generator = head;
        loop {
            self.assign_target(&generator.target, value, None);
            for condition in &generator.ifs {
                self.test(condition);
                self.narrow(condition, true);
            }
            let Some(next) = iterables.next() else { break };
            generator = next;
            let iterable = self.expression(&generator.iter);
            value = self.iterate(&generator.iter, iterable, generator.is_async);
        }
        let key = key.map_or(NONE, |key| self.expression(key));
        let from = self.expression(element);
        let site = match shape {
            Shape::Set | Shape::Dict => self.site(element, ""),
            _ => NONE,
        };
        self.op(Op::SetItem { base: to, key, from, site });
        let frame = self.frame();
        frame.inner.pop();
        frame.scope = outer;
        let after = self.state();
        self.join(vec![before, after]);
        to
    }

    fn f_string(&mut self, node: &'a ExprFString) -> Var {
        let mut prefix = String::new();
        let mut suffix = String::new();
        let mut is_open = false;
        let literal = |text: &str, is_open: bool, prefix: &mut String, suffix: &mut String| {
            if is_open { suffix.push_str(text) } else { prefix.push_str(text) }
        };
        for part in node.value.iter() {
            match part {
                FStringPart::Literal(text) => literal(text, is_open, &mut prefix, &mut suffix),
                FStringPart::FString(string) => {
                    for element in &string.elements {
                        match element {
                            InterpolatedStringElement::Literal(text) => {
                                literal(&text.value, is_open, &mut prefix, &mut suffix);
                            }
                            InterpolatedStringElement::Interpolation(_) => {
                                is_open = true;
                                suffix.clear();
                            }
                        }
                    }
                    self.interpolations(&string.elements);
                }
            }
        }
        if !is_open {
            return self.text(&prefix);
        }
        self.string_pattern(&prefix, &suffix)
    }

    fn interpolations(&mut self, elements: &'a ruff_python_ast::InterpolatedStringElements) {
        for element in elements {
            let InterpolatedStringElement::Interpolation(node) = element else { continue };
            let from = self.expression(&node.expression);
            let name = match node.conversion {
                ConversionFlag::None => "__format__",
                ConversionFlag::Str => "__str__",
                ConversionFlag::Ascii | ConversionFlag::Repr => "__repr__",
            };
            self.unary(&*node.expression, NONE, from, name);
            if let Some(spec) = &node.format_spec {
                self.interpolations(&spec.elements);
            }
        }
    }

    pub(super) fn string_pattern(&mut self, prefix: &str, suffix: &str) -> Var {
        if prefix.is_empty() && suffix.is_empty() {
            return self.literal(Literal::Text);
        }
        let to = self.var();
        let (prefix, suffix) = (self.intern(prefix), self.intern(suffix));
        self.op(Op::Pattern { to, prefix, suffix });
        to
    }

    /// The known ends of a string that an expression builds.
    pub(super) fn pattern_of(&mut self, expr: &'a Expr) -> Option<Var> {
        match expr {
            Expr::BinOp(node) if node.op == Operator::Add => {
                let prefix = leading_text(&node.left);
                let suffix = match &*node.right {
                    Expr::StringLiteral(text) => text.value.to_str(),
                    _ => "",
                };
                if let (Expr::StringLiteral(left), Expr::StringLiteral(right)) =
                    (&*node.left, &*node.right)
                {
                    let whole = format!("{}{}", left.value.to_str(), right.value.to_str());
                    return Some(self.text(&whole));
                }
                let is_known = !prefix.is_empty() || !suffix.is_empty();
                is_known.then(|| self.string_pattern(prefix, suffix))
            }
            Expr::BinOp(node) if node.op == Operator::Mod => {
                let Expr::StringLiteral(text) = &*node.left else { return None };
                let (prefix, rest) = text.value.to_str().split_once('%')?;
                let suffix = rest.get(1..).unwrap_or_default();
                let suffix = if suffix.contains('%') { "" } else { suffix };
                Some(self.string_pattern(prefix, suffix))
            }
            _ => None,
        }
    }
}

/// The literal at the start of a chain of `+`.
fn leading_text(expr: &Expr) -> &str {
    let mut at = expr;
    loop {
        match at {
            Expr::BinOp(node) if node.op == Operator::Add => at = &node.left,
            Expr::StringLiteral(text) => return text.value.to_str(),
            _ => return "",
        }
    }
}

/// The special method a comparison runs; identity runs none.
fn comparison(op: CmpOp) -> Option<&'static str> {
    Some(match op {
        CmpOp::Eq => "__eq__",
        CmpOp::NotEq => "__ne__",
        CmpOp::Lt => "__lt__",
        CmpOp::LtE => "__le__",
        CmpOp::Gt => "__gt__",
        CmpOp::GtE => "__ge__",
        CmpOp::In | CmpOp::NotIn => "__contains__",
        CmpOp::Is | CmpOp::IsNot => return None,
    })
}
