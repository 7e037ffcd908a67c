//! Statements: what they bind, and the types that follow.

use ruff_python_ast::{ExceptHandler, Expr, Pattern, Stmt};
use rustc_hash::FxHashMap;

use super::{Inference, Ty, syntax};
use crate::model::SuspensionKind;

/// Rounds over a loop's body: types only grow, and real code settles in two.
const ROUNDS: u32 = 4;

impl Inference<'_, '_> {
    pub(super) fn body(&mut self, body: &[Stmt]) {
        body.iter().for_each(|stmt| self.stmt(stmt));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Assign(node) => {
                let ty = self.expr(&node.value);
                for target in &node.targets {
                    self.bind(target, ty.clone());
                }
            }
            Stmt::AnnAssign(node) => {
                let declared = self.annotation(&node.annotation);
                let value = node.value.as_ref().map(|value| self.expr(value));
                let ty = if declared == Ty::Unknown { value.unwrap_or_default() } else { declared };
                if node.value.is_some() || node.target.is_name_expr() {
                    self.bind(&node.target, ty);
                } else if let Expr::Attribute(target) = &*node.target
                    && let Ty::Own(class) = self.expr(&target.value)
                {
                    self.found.attributes.push((class, target.attr.to_string(), ty));
                }
            }
            Stmt::AugAssign(node) => {
                let before = self.expr(&node.target);
                let value = self.expr(&node.value);
                let ty = match &before {
                    Ty::Each(_) | Ty::Map(..) => before.join(value),
                    _ => Ty::Unknown,
                };
                match &*node.target {
                    Expr::Subscript(_) => {}
                    target => self.bind(target, ty),
                }
            }
            Stmt::Expr(node) => {
                self.expr(&node.value);
            }
            Stmt::Return(node) => self.all(node.value.as_deref()),
            Stmt::Raise(node) => self.all(node.exc.iter().chain(&node.cause).map(|part| &**part)),
            Stmt::Assert(node) => {
                self.all(std::iter::once(&*node.test).chain(node.msg.as_deref()));
            }
            Stmt::Delete(node) => {
                for target in &node.targets {
                    self.expr(target);
                    if let Expr::Name(name) = target {
                        self.env.remove(name.id.as_str());
                    }
                }
            }
            Stmt::If(node) => {
                self.expr(&node.test);
                let before = self.env.clone();
                self.body(&node.body);
                let mut after = std::mem::replace(&mut self.env, before);
                let mut is_total = false;
                for clause in &node.elif_else_clauses {
                    match &clause.test {
                        Some(test) => {
                            self.expr(test);
                        }
                        None => is_total = true,
                    }
                    let before = self.env.clone();
                    self.body(&clause.body);
                    let done = std::mem::replace(&mut self.env, before);
                    after = joined(after, done);
                }
                if is_total {
                    self.env = after;
                } else {
                    self.merge(after);
                }
            }
            Stmt::For(node) => {
                let iterable = self.expr(&node.iter);
                self.repeat(|inner| {
                    inner.bind(&node.target, iterable.item());
                    inner.body(&node.body);
                });
                self.body(&node.orelse);
            }
            Stmt::While(node) => {
                self.repeat(|inner| {
                    inner.expr(&node.test);
                    inner.body(&node.body);
                });
                self.body(&node.orelse);
            }
            Stmt::With(node) => {
                for item in &node.items {
                    let ty = self.expr(&item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        self.bind(target, ty);
                    }
                }
                self.body(&node.body);
            }
            Stmt::Try(node) => {
                let before = self.env.clone();
                self.body(&node.body);
                // A handler may start anywhere in the body.
                let started = joined(before, self.env.clone());
                self.body(&node.orelse);
                let mut after = self.env.clone();
                for handler in &node.handlers {
                    let ExceptHandler::ExceptHandler(handler) = handler;
                    self.env = started.clone();
                    self.all(handler.type_.as_deref());
                    if let Some(name) = &handler.name {
                        self.env.insert(name.to_string(), Ty::Unknown);
                    }
                    self.body(&handler.body);
                    after = joined(after, self.env.clone());
                }
                self.env = after;
                self.body(&node.finalbody);
            }
            Stmt::Match(node) => {
                let subject = self.expr(&node.subject);
                let before = self.env.clone();
                let mut after = before.clone();
                for case in &node.cases {
                    self.env = before.clone();
                    self.bind_pattern(&case.pattern, &subject);
                    self.all(case.guard.as_deref());
                    self.body(&case.body);
                    after = joined(after, self.env.clone());
                }
                self.env = after;
            }
            Stmt::FunctionDef(node) => {
                let decorators = node.decorator_list.iter().map(|one| &one.expression);
                let parameters = node.parameters.iter();
                let defaults = parameters.filter_map(|parameter| parameter.default());
                self.all(decorators.chain(defaults));
                let old = self.env.clone();
                self.bind_parameters(&node.parameters);
                self.body(&node.body);
                self.env = old;
                self.env.insert(node.name.to_string(), Ty::Unknown);
            }
            Stmt::ClassDef(node) => {
                let decorators = node.decorator_list.iter().map(|one| &one.expression);
                let arguments = node.arguments.iter().flat_map(|all| syntax::arguments(all));
                self.all(decorators.chain(arguments));
                let old = self.env.clone();
                self.body(&node.body);
                self.env = old;
                self.env.insert(node.name.to_string(), Ty::Unknown);
            }
            Stmt::TypeAlias(_)
            | Stmt::Import(_)
            | Stmt::ImportFrom(_)
            | Stmt::Global(_)
            | Stmt::Nonlocal(_)
            | Stmt::Pass(_)
            | Stmt::Break(_)
            | Stmt::Continue(_)
            | Stmt::IpyEscapeCommand(_) => {}
        }
    }

    fn all<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    /// Reads a loop's body until the types before it no longer grow.
    fn repeat(&mut self, mut body: impl FnMut(&mut Self)) {
        for _ in 0..ROUNDS {
            let before = self.env.clone();
            body(self);
            let after = std::mem::replace(&mut self.env, before.clone());
            self.merge(after);
            if self.env == before {
                break;
            }
        }
    }

    fn merge(&mut self, other: FxHashMap<String, Ty>) {
        self.env = joined(std::mem::take(&mut self.env), other);
    }

    /// Binds an assignment target.
    pub(super) fn bind(&mut self, target: &Expr, ty: Ty) {
        match target {
            Expr::Name(name) => {
                self.env.insert(name.id.to_string(), ty);
            }
            Expr::Tuple(node) => self.bind_items(&node.elts, &ty),
            Expr::List(node) => self.bind_items(&node.elts, &ty),
            Expr::Starred(node) => self.bind(&node.value, ty),
            Expr::Attribute(node) => match self.expr(&node.value) {
                Ty::Own(class) if ty != Ty::Unknown => {
                    self.found.attributes.push((class, node.attr.to_string(), ty));
                }
                Ty::Instance(classes) => {
                    let member = node.attr.as_str();
                    self.remote(target, SuspensionKind::Write, &classes, member, false);
                }
                _ => {}
            },
            Expr::Subscript(node) => {
                self.expr(&node.value);
                self.expr(&node.slice);
                if ty != Ty::Unknown {
                    self.learn_item(&node.value, ty);
                }
            }
            _ => {}
        }
    }

    fn bind_items(&mut self, targets: &[Expr], ty: &Ty) {
        let star = targets.iter().position(Expr::is_starred_expr);
        for (at, target) in targets.iter().enumerate() {
            let item = match star {
                Some(star) if at == star => Ty::each(ty.item()),
                Some(star) if at > star => ty.index(Some(at as i64 - targets.len() as i64)),
                _ => ty.index(Some(at as i64)),
            };
            self.bind(target, item);
        }
    }

    fn bind_pattern(&mut self, pattern: &Pattern, subject: &Ty) {
        match pattern {
            Pattern::MatchAs(node) => {
                let mut ty = subject.clone();
                if let Some(inner) = &node.pattern {
                    self.bind_pattern(inner, subject);
                    if let Pattern::MatchClass(class) = &**inner
                        && let Ty::Class(class) = self.named(&class.cls)
                    {
                        ty = Ty::Instance(vec![class]);
                    }
                }
                if let Some(name) = &node.name {
                    self.env.insert(name.to_string(), ty);
                }
            }
            Pattern::MatchSequence(node) => {
                for (at, inner) in node.patterns.iter().enumerate() {
                    self.bind_pattern(inner, &subject.index(Some(at as i64)));
                }
            }
            other => {
                let (mut values, mut names) = (Vec::new(), Vec::new());
                syntax::pattern(other, &mut values, &mut names);
                for name in names {
                    self.env.insert(name.to_string(), Ty::Unknown);
                }
            }
        }
    }
}

fn joined(mut one: FxHashMap<String, Ty>, two: FxHashMap<String, Ty>) -> FxHashMap<String, Ty> {
    for (name, ty) in two {
        let known = one.entry(name).or_default();
        *known = std::mem::take(known).join(ty);
    }
    one
}
