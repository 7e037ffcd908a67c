//! Calls and their arguments.

use ruff_python_ast::{Expr, ExprCall};

use super::Lowering;
use crate::model::facts::python::calls::{Arg, ArgKind, CallForm, NONE, Op, Var};

impl<'a> Lowering<'a, '_> {
    pub(super) fn call(&mut self, node: &'a ExprCall) -> Var {
        let callee = self.expression(&node.func);
        let mut args: Vec<Arg> =
            Vec::with_capacity(node.arguments.args.len() + node.arguments.keywords.len());
        for argument in &*node.arguments.args {
            args.push(match argument {
                Expr::Starred(star) => {
                    Arg { kind: ArgKind::Star, name: NONE, var: self.expression(&star.value) }
                }
                value => Arg { kind: ArgKind::Positional, name: NONE, var: self.expression(value) },
            });
        }
        for keyword in &node.arguments.keywords {
            let var = self.expression(&keyword.value);
            args.push(match &keyword.arg {
                Some(name) => Arg { kind: ArgKind::Keyword, name: self.intern(name.as_str()), var },
                None => Arg { kind: ArgKind::DoubleStar, name: NONE, var },
            });
        }
        // Whatever is called may read what was built up so far.
        self.frame().fresh.clear();
        let first = self.facts.args.len() as u32;
        let count = args.len() as u32;
        self.facts.args.extend(args);
        let site = self.site(node, self.source.text_of(&*node.func));
        let to = self.var();
        self.op(Op::Call { to, callee, first, count, site, form: CallForm::Call });
        if let Some(name) = cast(node) {
            let annotation = self.annotation(name);
            self.op(Op::Annotated { to, annotation });
        }
        if node.arguments.args.len() + node.arguments.keywords.len() > 0
            && let Expr::Attribute(method) = &*node.func
            && matches!(&*method.value, Expr::StringLiteral(_))
            && method.attr.as_str() == "format"
            && let Some(pattern) = self.format_pattern(node)
        {
            return pattern;
        }
        to
    }

    pub(super) fn push_argument(&mut self, var: Var) {
        self.facts.args.push(Arg { kind: ArgKind::Positional, name: NONE, var });
    }

    fn format_pattern(&mut self, node: &'a ExprCall) -> Option<Var> {
        let Expr::Attribute(method) = &*node.func else { return None };
        let Expr::StringLiteral(text) = &*method.value else { return None };
        let (prefix, rest) = text.value.to_str().split_once('{')?;
        let suffix = rest.split_once('}').map_or("", |(_, suffix)| suffix);
        let suffix = if suffix.contains('{') { "" } else { suffix };
        Some(self.string_pattern(prefix, suffix))
    }
}

/// The type of `cast(T, value)` by whatever name `cast` is imported with.
fn cast(node: &ExprCall) -> Option<&Expr> {
    let name = match &*node.func {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return None,
    };
    let is_cast = matches!(name, "cast" | "t_cast") && node.arguments.args.len() == 2;
    is_cast.then(|| node.arguments.args.first())?
}
