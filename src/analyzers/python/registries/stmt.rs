//! Statements, functions and classes.

use ruff_python_ast::{
    ElifElseClause, ExceptHandler, Expr as Ast, ExprLambda, Parameters, Stmt as AstStmt,
    StmtClassDef, StmtFunctionDef, StmtMatch,
};

use super::expr::binary;
use super::keep;
use super::{Lowering, MAX_DEPTH};
use crate::analyzers::python::scopes::{ScopeKind, absolute};
use crate::model::facts::python::registries::{
    Class, ClassId, Expr, Function, FunctionId, Op, Param, ParamKind, Stmt,
};

/// Decorators that never register what they decorate.
const PLAIN_DECORATORS: &[&str] = &[
    "abstractmethod",
    "cache",
    "cached_property",
    "classmethod",
    "contextmanager",
    "final",
    "lru_cache",
    "overload",
    "override",
    "property",
    "setter",
    "staticmethod",
    "wraps",
];

impl<'a> Lowering<'a, '_> {
    pub fn body(&mut self, body: &'a [AstStmt]) -> Vec<Stmt> {
        if self.depth >= MAX_DEPTH {
            return Vec::new();
        }
        self.depth += 1;
        let mut lowered = Vec::with_capacity(body.len());
        for stmt in body {
            self.stmt(stmt, &mut lowered);
        }
        self.depth -= 1;
        lowered
    }

    fn stmt(&mut self, stmt: &'a AstStmt, into: &mut Vec<Stmt>) {
        let line = self.line(stmt);
        let op = match stmt {
            AstStmt::FunctionDef(def) => Op::Def(self.function(def)),
            AstStmt::ClassDef(def) => Op::Class(self.class(def)),
            AstStmt::Return(node) => Op::Return(node.value.as_deref().map(|v| self.expr(v))),
            AstStmt::Delete(node) => {
                for target in &node.targets {
                    let target = self.expr(target);
                    into.push(Stmt { line, op: Op::Delete(target) });
                }
                return;
            }
            AstStmt::Assign(node) => {
                let is_place = |target: &Ast| !target.is_name_expr();
                if node.targets.iter().any(is_place) && self.is_definition(&node.value) {
                    self.is_root = true;
                }
                let value = self.expr(&node.value);
                let targets = node.targets.iter().map(|target| self.expr(target)).collect();
                Op::Assign(targets, value)
            }
            AstStmt::AnnAssign(node) => match &node.value {
                Some(value) => {
                    let value = self.expr(value);
                    let target = self.expr(&node.target);
                    Op::Assign([target].into(), value)
                }
                None => return,
            },
            AstStmt::AugAssign(node) => {
                let (target, value) = (self.expr(&node.target), self.expr(&node.value));
                Op::Augment(target, binary(node.op), value)
            }
            AstStmt::For(node) => {
                let (target, iter) = (self.expr(&node.target), self.expr(&node.iter));
                let body = self.body(&node.body);
                into.push(Stmt { line, op: Op::For(target, iter, body) });
                let orelse = self.body(&node.orelse);
                into.extend(orelse);
                return;
            }
            AstStmt::While(node) => {
                let test = self.expr(&node.test);
                Op::While(test, self.body(&node.body))
            }
            AstStmt::If(node) => {
                let test = self.expr(&node.test);
                let then = self.body(&node.body);
                let orelse = self.clauses(&node.elif_else_clauses, line);
                Op::If(test, then, orelse)
            }
            AstStmt::With(node) => {
                let mut items = Vec::with_capacity(node.items.len());
                for item in &node.items {
                    let context = self.expr(&item.context_expr);
                    let target = item.optional_vars.as_deref().map(|vars| self.expr(vars));
                    items.push((context, target));
                }
                Op::With(items.into(), self.body(&node.body))
            }
            AstStmt::Match(node) => return self.cases(node, line, into),
            AstStmt::Raise(_) => Op::Raise,
            AstStmt::Try(node) => {
                let mut body = self.body(&node.body);
                body.extend(self.body(&node.orelse));
                let handlers = node.handlers.iter().map(|handler| {
                    let ExceptHandler::ExceptHandler(handler) = handler;
                    self.body(&handler.body)
                });
                let handlers = handlers.collect();
                into.push(Stmt { line, op: Op::Try(body, handlers) });
                let last = self.body(&node.finalbody);
                into.extend(last);
                return;
            }
            AstStmt::Import(node) => {
                for alias in &node.names {
                    let full = alias.name.as_str();
                    let (name, origin) = match &alias.asname {
                        Some(asname) => (asname.as_str(), full),
                        None => {
                            let top = full.split('.').next().unwrap_or(full);
                            (top, top)
                        }
                    };
                    let op = Op::Import(self.intern(name), self.intern(origin));
                    into.push(Stmt { line, op });
                }
                return;
            }
            AstStmt::ImportFrom(node) => {
                let module = self.source.module;
                let package = if self.source.is_package {
                    module
                } else {
                    module.rsplit_once('.').map_or("", |(parent, _)| parent)
                };
                let from = absolute(package, node.level, node.module.as_deref().unwrap_or(""));
                for alias in &node.names {
                    let name = alias.name.as_str();
                    if name == "*" {
                        continue;
                    }
                    let origin =
                        if from.is_empty() { name.to_owned() } else { format!("{from}.{name}") };
                    let bound = alias.asname.as_ref().map_or(name, |asname| asname.as_str());
                    let op = Op::Import(self.intern(bound), self.intern(&origin));
                    into.push(Stmt { line, op });
                }
                return;
            }
            AstStmt::Global(node) => {
                Op::Global(node.names.iter().map(|name| self.intern(name.as_str())).collect())
            }
            AstStmt::Nonlocal(node) => {
                Op::Nonlocal(node.names.iter().map(|name| self.intern(name.as_str())).collect())
            }
            AstStmt::Expr(node) => match &*node.value {
                Ast::Yield(inner) => {
                    self.is_generator = true;
                    match &inner.value {
                        Some(value) => Op::Yield(self.expr(value)),
                        None => Op::Yield(self.push(Expr::None, line)),
                    }
                }
                Ast::StringLiteral(_) | Ast::EllipsisLiteral(_) => return,
                Ast::YieldFrom(inner) => {
                    self.is_generator = true;
                    let inner = self.expr(&inner.value);
                    Op::Yield(self.push(Expr::Star(inner), line))
                }
                value => Op::Expr(self.expr(value)),
            },
            AstStmt::Break(_) | AstStmt::Continue(_) => Op::Leave,
            _ => return,
        };
        into.push(Stmt { line, op });
    }

    fn clauses(&mut self, clauses: &'a [ElifElseClause], line: u32) -> Vec<Stmt> {
        let mut rest: Vec<Stmt> = Vec::new();
        for clause in clauses.iter().rev() {
            let body = self.body(&clause.body);
            rest = match &clause.test {
                Some(test) => {
                    let test = self.expr(test);
                    vec![Stmt { line, op: Op::If(test, body, rest) }]
                }
                None => body,
            };
        }
        rest
    }

    /// `match` as a chain of undecided branches.
    fn cases(&mut self, node: &'a StmtMatch, line: u32, into: &mut Vec<Stmt>) {
        for case in &node.cases {
            let body = self.body(&case.body);
            let test = self.push(Expr::Unknown, line);
            into.push(Stmt { line, op: Op::If(test, body, Vec::new()) });
        }
    }

    fn params(&mut self, parameters: &'a Parameters) -> Vec<Param> {
        let mut params = Vec::new();
        let plain = parameters.posonlyargs.iter().chain(&parameters.args);
        for param in plain {
            params.push((&param.parameter, param.default.as_deref(), ParamKind::Plain));
        }
        if let Some(args) = &parameters.vararg {
            params.push((args, None, ParamKind::Args));
        }
        for param in &parameters.kwonlyargs {
            params.push((&param.parameter, param.default.as_deref(), ParamKind::KeywordOnly));
        }
        if let Some(kwargs) = &parameters.kwarg {
            params.push((kwargs, None, ParamKind::Kwargs));
        }
        let mut lowered = Vec::with_capacity(params.len());
        for (param, default, kind) in params {
            let default = default.map(|default| self.expr(default));
            let annotation = param.annotation.as_deref().map(|annotation| self.expr(annotation));
            lowered.push(Param {
                name: self.intern(param.name.as_str()),
                kind,
                default,
                annotation,
            });
        }
        lowered
    }

    fn decorators(&mut self, list: &'a [ruff_python_ast::Decorator]) -> Box<[u32]> {
        let is_plain = |expr: &Ast| {
            let expr = if let Ast::Call(call) = expr { &*call.func } else { expr };
            let name = match expr {
                Ast::Name(name) => name.id.as_str(),
                Ast::Attribute(attribute) => attribute.attr.as_str(),
                _ => "",
            };
            PLAIN_DECORATORS.binary_search(&name).is_ok()
        };
        if list.iter().any(|decorator| !is_plain(&decorator.expression)) {
            self.is_root = true;
        }
        list.iter().map(|decorator| self.expr(&decorator.expression)).collect()
    }

    fn function(&mut self, def: &'a StmtFunctionDef) -> FunctionId {
        let decorators = self.decorators(&def.decorator_list);
        let params = self.params(&def.parameters);
        let returns = def.returns.as_deref().map(|returns| self.expr(returns));
        let scope = self.source.scopes.scope_of(def).unwrap_or(self.scope);
        let name = self.source.scopes.name_of(scope).clone();
        let line = self.line(&def.name);
        let (name, short) = (self.intern(&name), self.intern(def.name.as_str()));
        let first = def.parameters.posonlyargs.first().or(def.parameters.args.first());
        let receiver = match (self.class, first) {
            (Some(class), Some(first)) => Some((class, first.parameter.name.as_str())),
            _ => self.receiver,
        };
        let outer = (self.scope, self.class, self.receiver, self.is_root, self.is_generator);
        (self.scope, self.class, self.receiver) = (scope, None, receiver);
        (self.is_root, self.is_generator) = (false, false);
        let is_nested = self.source.scopes.scope(outer.0).kind == ScopeKind::Function;
        let keeps = keep::keeps(def, is_nested);
        if !keeps {
            self.notice_function(def);
        }
        let body = keeps.then(|| self.body(&def.body));
        let (is_root, is_generator) = (self.is_root, self.is_generator);
        (self.scope, self.class, self.receiver, self.is_root, self.is_generator) = outer;
        self.is_root |= is_root;
        let id = self.facts.functions.len() as FunctionId;
        self.facts.functions.push(Function {
            name,
            short,
            line,
            params,
            body,
            decorators,
            is_generator,
            is_root,
            returns,
        });
        id
    }

    pub fn lambda(&mut self, lambda: &'a ExprLambda) -> FunctionId {
        let params = lambda.parameters.as_deref().map_or_else(Vec::new, |list| self.params(list));
        let outer = self.scope;
        self.scope = self.source.scopes.scope_of(lambda).unwrap_or(outer);
        let name = self.source.scopes.name_of(self.scope).clone();
        let line = self.line(lambda);
        let value = self.expr(&lambda.body);
        self.scope = outer;
        let (name, short) = (self.intern(&name), self.intern("<lambda>"));
        let id = self.facts.functions.len() as FunctionId;
        self.facts.functions.push(Function {
            name,
            short,
            line,
            params,
            body: Some(vec![Stmt { line, op: Op::Return(Some(value)) }]),
            decorators: Box::default(),
            is_generator: false,
            is_root: false,
            returns: None,
        });
        id
    }

    fn class(&mut self, def: &'a StmtClassDef) -> ClassId {
        let decorators = self.decorators(&def.decorator_list);
        let (mut bases, mut keywords) = (Vec::new(), Vec::new());
        if let Some(arguments) = &def.arguments {
            for base in &arguments.args {
                bases.push(self.expr(base));
            }
            for keyword in &arguments.keywords {
                let Some(name) = &keyword.arg else { continue };
                let value = self.expr(&keyword.value);
                keywords.push((self.intern(name.as_str()), value));
            }
        }
        let outer = (self.scope, self.class);
        let scope = self.source.scopes.scope_of(def).unwrap_or(self.scope);
        (self.scope, self.class) = (scope, Some(scope));
        let line = self.line(&def.name);
        let body = self.body(&def.body);
        (self.scope, self.class) = outer;
        let name = self.source.scopes.name_of(scope).clone();
        let (name, short) = (self.intern(&name), self.intern(def.name.as_str()));
        let id = self.facts.classes.len() as ClassId;
        self.facts.classes.push(Class {
            name,
            short,
            line,
            bases: bases.into(),
            keywords: keywords.into(),
            decorators,
            body,
        });
        id
    }
}
