//! Functions and lambdas: their objects where they are defined, their bodies later.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprLambda, Parameters, Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;

use super::Lowering;
use super::environment::Frame;
use crate::analyzers::python::scopes::{MODULE, ScopeId};
use crate::model::facts::python::calls::{
    Body, BodyKind, NONE, Op, Param, ParamKind, Receiver, Str, Type, Var,
};

/// A body to lower once the one around it is done.
pub(super) struct Pending<'a> {
    body: u32,
    scope: ScopeId,
    code: Code<'a>,
    parameters: Option<&'a Parameters>,
    /// The class whose methods this is one of.
    class: Option<u32>,
}

enum Code<'a> {
    Statements(&'a [Stmt]),
    Expression(&'a Expr),
}

impl<'a> Lowering<'a, '_> {
    pub(super) fn function(&mut self, def: &'a StmtFunctionDef) {
        let decorators: Vec<(&'a Expr, Var)> = def
            .decorator_list
            .iter()
            .map(|decorator| {
                let callee = self.expression(&decorator.expression);
                (&decorator.expression, callee)
            })
            .collect();
        let returns = def.returns.as_ref().map_or(0, |returns| self.annotation(returns));
        let is_generator = yields(&def.body);
        let line = self.source.line_of(&def.name);
        let scope = self.source.scopes.scope_of(def).unwrap_or(MODULE);
        let class = self.open_class().map(|class| class as u32);
        let body = self.new_body(scope, BodyKind::Function, line, class);
        let fresh = [self.var(), self.var(), self.var()];
        {
            let made = &mut self.facts.bodies[body as usize];
            made.result = fresh[0];
            if is_generator {
                made.yields = fresh[1];
                made.sent = fresh[2];
            }
            made.is_async = def.is_async;
            made.is_hollow = is_hollow(&def.body);
            made.returns = returns;
        }
        let receiver = match class {
            Some(_) => receiver_of(def.name.as_str(), &decorators),
            None => Receiver::None,
        };
        self.facts.bodies[body as usize].receiver = receiver;
        let takes_self = receiver != Receiver::None;
        self.parameters(body, &def.parameters);
        if takes_self && self.returns_self(returns) {
            self.facts.bodies[body as usize].passes.push(0);
        }
        let mut value = self.var();
        self.op(Op::Function { to: value, body });
        for (decorator, callee) in decorators.iter().rev() {
            value = self.decorate(decorator, *callee, value);
        }
        self.assign(def.name.as_str(), value);
        self.pending.push(Pending {
            body,
            scope,
            code: Code::Statements(&def.body),
            parameters: Some(&def.parameters),
            class: if takes_self { class } else { None },
        });
    }

    pub(super) fn lambda(&mut self, node: &'a ExprLambda) -> Var {
        let line = self.source.line_of(node);
        let scope = self.source.scopes.scope_of(node).unwrap_or(MODULE);
        let class = self.open_class().map(|class| class as u32);
        let body = self.new_body(scope, BodyKind::Lambda, line, class);
        let fresh = [self.var(), self.var(), self.var()];
        {
            let made = &mut self.facts.bodies[body as usize];
            made.result = fresh[0];
            if expression_yields(&node.body) {
                made.yields = fresh[1];
                made.sent = fresh[2];
            }
        }
        if let Some(parameters) = &node.parameters {
            self.parameters(body, parameters);
        }
        let to = self.var();
        self.op(Op::Function { to, body });
        self.pending.push(Pending {
            body,
            scope,
            code: Code::Expression(&node.body),
            parameters: node.parameters.as_deref(),
            class,
        });
        to
    }

    pub(super) fn new_body(
        &mut self,
        scope: ScopeId,
        kind: BodyKind,
        line: u32,
        class: Option<u32>,
    ) -> u32 {
        let name = self.intern(self.source.scopes.name_of(scope));
        let outer = self.frame().body as usize;
        let around = class.map_or(self.facts.bodies[outer].around, |class| class + 1);
        self.facts.bodies.push(Body {
            name,
            kind,
            line,
            owner: class.map_or(0, |class| class + 1),
            around,
            params: Vec::new(),
            result: NONE,
            yields: NONE,
            sent: NONE,
            receiver: Receiver::None,
            is_async: false,
            is_hollow: false,
            passes: Vec::new(),
            returns: 0,
        });
        self.facts.bodies.len() as u32 - 1
    }

    /// Parameters, their defaults (evaluated here, outside) and annotations.
    fn parameters(&mut self, body: u32, parameters: &'a Parameters) {
        let mut params: Vec<Param> = Vec::new();
        let positional =
            parameters.posonlyargs.iter().map(|param| (param, ParamKind::PositionalOnly));
        let positional = positional.chain(parameters.args.iter().map(|p| (p, ParamKind::Either)));
        let after = parameters.kwonlyargs.iter().map(|param| (param, ParamKind::KeywordOnly));
        let mut add = |lowering: &mut Self, name: Str, kind, annotation: Option<&'a Expr>| {
            let var = lowering.var();
            let annotation = annotation.map_or(0, |annotation| lowering.annotation(annotation));
            params.push(Param { name, var, kind, annotation });
            var
        };
        for (param, kind) in positional {
            let name = self.intern(param.name().as_str());
            let default = param.default().map(|default| self.expression(default));
            let var = add(self, name, kind, param.parameter.annotation());
            self.copy(var, default.unwrap_or(NONE));
        }
        if let Some(rest) = &parameters.vararg {
            let name = self.intern(rest.name.as_str());
            add(self, name, ParamKind::Rest, rest.annotation());
        }
        for (param, kind) in after {
            let name = self.intern(param.name().as_str());
            let default = param.default().map(|default| self.expression(default));
            let var = add(self, name, kind, param.parameter.annotation());
            self.copy(var, default.unwrap_or(NONE));
        }
        if let Some(keywords) = &parameters.kwarg {
            let name = self.intern(keywords.name.as_str());
            add(self, name, ParamKind::Keywords, keywords.annotation());
        }
        self.facts.bodies[body as usize].params = params;
    }

    pub(super) fn lower_pending(&mut self, pending: Pending<'a>) {
        let mut frame = Frame::new(pending.scope, pending.body);
        let params = self.facts.bodies[pending.body as usize].params.clone();
        for (at, param) in params.iter().enumerate() {
            frame.params.insert(param.var, at as u16);
        }
        frame.receiver = pending.class.zip(params.first().map(|param| param.var));
        self.frames.push(frame);
        if let Some(parameters) = pending.parameters {
            for param in &params {
                let name = self.facts.strings[param.name as usize].clone();
                // The scope knows the parameter by the very text of the source.
                let names = parameters.iter().map(|known| known.name().as_str());
                if let Some(name) = names.into_iter().find(|known| *known == &*name) {
                    self.assign_in(pending.scope, name, param.var);
                }
            }
        }
        match pending.code {
            Code::Statements(body) => self.statements(body),
            Code::Expression(value) => {
                let value = self.expression(value);
                self.returned(value);
            }
        }
        self.frames.pop();
    }

    /// Whether a return annotation is `Self`.
    fn returns_self(&self, returns: u32) -> bool {
        let Type::Named { origin, .. } = &self.facts.types[returns as usize] else { return false };
        let origin = &*self.facts.strings[*origin as usize];
        matches!(origin, "typing.Self" | "typing_extensions.Self")
    }
}

/// What a method's first parameter is.
fn receiver_of(name: &str, decorators: &[(&Expr, Var)]) -> Receiver {
    let decorated = |wanted: &str| {
        decorators.iter().any(|(decorator, _)| match decorator {
            Expr::Name(name) => name.id.as_str() == wanted,
            _ => false,
        })
    };
    let is_implicit = matches!(name, "__new__" | "__init_subclass__" | "__class_getitem__");
    if decorated("staticmethod") {
        Receiver::None
    } else if is_implicit || decorated("classmethod") {
        Receiver::Class
    } else {
        Receiver::Instance
    }
}

/// Whether a body is a generator's.
fn yields(body: &[Stmt]) -> bool {
    let mut search = Yields(false);
    search.visit_body(body);
    search.0
}

fn expression_yields(expr: &Expr) -> bool {
    let mut search = Yields(false);
    search.visit_expr(expr);
    search.0
}

struct Yields(bool);

impl<'a> Visitor<'a> for Yields {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if !self.0 && !matches!(stmt, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) {
            visitor::walk_stmt(self, stmt);
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Yield(_) | Expr::YieldFrom(_) => self.0 = true,
            Expr::Lambda(_) => {}
            _ => visitor::walk_expr(self, expr),
        }
    }
}

/// Whether a function only documents, passes or raises: it stands for its overrides.
fn is_hollow(body: &[Stmt]) -> bool {
    body.iter().all(|stmt| match stmt {
        Stmt::Pass(_) => true,
        Stmt::Expr(node) => {
            matches!(&*node.value, Expr::StringLiteral(_) | Expr::EllipsisLiteral(_))
        }
        Stmt::Raise(node) => node.exc.as_ref().is_some_and(|exc| {
            let raised = match &**exc {
                Expr::Call(call) => &*call.func,
                other => other,
            };
            matches!(raised, Expr::Name(name) if name.id.as_str() == "NotImplementedError")
        }),
        _ => false,
    }) && body.first().is_some_and(|first| first.end() > first.start())
}
