//! Calls that make members by convention or at run time: `getattr` with a built name,
//! `__subclasses__`, `type` with three arguments, `exec`.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Expr as Ast, ExprCall, InterpolatedStringElement, Operator, StmtFunctionDef,
};

use super::Lowering;
use crate::model::Name;
use crate::model::facts::python::registries::{Dispatch, Generator, Walk};

impl<'a> Lowering<'a, '_> {
    /// Functions whose body is not lowered are scanned for special calls only.
    pub fn notice_function(&mut self, def: &'a StmtFunctionDef) {
        struct Calls<'a, 'l, 'f, 's>(&'l mut Lowering<'f, 's>, std::marker::PhantomData<&'a ()>);
        impl<'a> Visitor<'a> for Calls<'a, '_, 'a, '_> {
            fn visit_expr(&mut self, expr: &'a Ast) {
                if let Ast::Call(call) = expr {
                    self.0.notice_special(call);
                }
                visitor::walk_expr(self, expr);
            }
        }
        Calls(self, std::marker::PhantomData).visit_body(&def.body);
    }

    pub fn notice_special(&mut self, call: &'a ExprCall) {
        let args = &call.arguments.args;
        match &*call.func {
            Ast::Attribute(attribute) if attribute.attr.as_str() == "__subclasses__" => {
                let mut base = self.source.scopes.resolve(&attribute.value, self.scope);
                if let (Ast::Name(name), Some((class, receiver))) =
                    (&*attribute.value, self.receiver)
                    && receiver == name.id.as_str()
                {
                    base = vec![self.source.scopes.name_of(class).clone()];
                }
                let (within, line) = (self.within(), self.line(call));
                self.facts.walks.push(Walk { base, within, line });
            }
            Ast::Name(name) => match (name.id.as_str(), &**args) {
                ("getattr" | "hasattr", [object, name, ..]) => {
                    self.notice_getattr(object, name, call)
                }
                ("attrgetter", [name]) => self.notice_getattr(&call.func, name, call),
                ("type", [name, _, _]) if !name.is_string_literal_expr() => {
                    self.generator("type()", call);
                }
                ("exec", [text, ..]) if !text.is_string_literal_expr() => {
                    self.generator("exec()", call);
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn generator(&mut self, how: &str, call: &'a ExprCall) {
        let (within, line) = (self.within(), self.line(call));
        self.facts.generators.push(Generator { how: how.into(), within, line });
    }

    fn notice_getattr(&mut self, object: &'a Ast, name: &'a Ast, call: &'a ExprCall) {
        let name = match name {
            Ast::Name(local) => match self.source.scopes.lookup(self.scope, local.id.as_str()) {
                Some((_, bound)) => bound.iter().rev().find_map(|(_, bound)| match bound {
                    super::super::scopes::Bound::Value(value) => Some(*value),
                    _ => None,
                }),
                None => None,
            },
            other => Some(other),
        };
        let Some((prefix, suffix)) = name.and_then(affixes) else { return };
        // `get_%s_display`-like: a bare underscore or one letter says nothing.
        if prefix.trim_matches('_').len() < 2 && suffix.trim_matches('_').len() < 3 {
            return;
        }
        let class = match (object, self.receiver) {
            (Ast::Name(object), Some((class, receiver))) if object.id.as_str() == receiver => {
                Some(self.source.scopes.name_of(class).clone())
            }
            _ => None,
        };
        let (within, line) = (self.within(), self.line(call));
        let (prefix, suffix): (Name, Name) = (prefix.into(), suffix.into());
        self.facts.dispatches.push(Dispatch { prefix, suffix, class, within, line });
    }
}

/// The constant ends of a built string: `"visit_" + x`, `f"visit_{x}"`, `"visit_%s" % x`,
/// `"visit_{}".format(x)`.
fn affixes(expr: &Ast) -> Option<(String, String)> {
    match expr {
        Ast::BinOp(node) if node.op == Operator::Add => {
            let (prefix, _) = ends(&node.left);
            let (_, suffix) = ends(&node.right);
            (!prefix.is_empty() || !suffix.is_empty()).then_some((prefix, suffix))
        }
        Ast::BinOp(node) if node.op == Operator::Mod => {
            let Ast::StringLiteral(text) = &*node.left else { return None };
            let (prefix, suffix) = text.value.to_str().split_once("%s")?;
            (!suffix.contains('%')).then(|| (prefix.to_owned(), suffix.to_owned()))
        }
        Ast::FString(node) => {
            let elements: Vec<&InterpolatedStringElement> = node.value.elements().collect();
            let literal = |element: Option<&&InterpolatedStringElement>| match element {
                Some(InterpolatedStringElement::Literal(text)) => text.value.to_string(),
                _ => String::new(),
            };
            if elements.len() < 2 {
                return None;
            }
            Some((literal(elements.first()), literal(elements.last())))
        }
        Ast::Call(call) => {
            let Ast::Attribute(method) = &*call.func else { return None };
            let Ast::StringLiteral(text) = &*method.value else { return None };
            if method.attr.as_str() != "format" {
                return None;
            }
            let text = text.value.to_str();
            let (open, close) = (text.find('{')?, text.rfind('}')?);
            Some((text.get(..open)?.to_owned(), text.get(close + 1..)?.to_owned()))
        }
        _ => None,
    }
}

/// The constant start and end of one operand.
fn ends(expr: &Ast) -> (String, String) {
    match expr {
        Ast::StringLiteral(text) => {
            let text = text.value.to_str().to_owned();
            (text.clone(), text)
        }
        other => affixes(other).unwrap_or_default(),
    }
}
