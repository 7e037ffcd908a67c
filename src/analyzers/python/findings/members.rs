//! Walking helpers the rules share: what a class body binds, and a function's own scope.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Identifier, Stmt, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};

/// One name bound at class level.
#[derive(Clone, Copy)]
pub struct Member<'a> {
    pub name: &'a str,
    pub at: TextRange,
    pub def: Option<&'a StmtFunctionDef>,
    /// The value of an assignment.
    pub value: Option<&'a Expr>,
}

/// The members of a class body, compound statements descended into, nested definitions not.
pub fn members(body: &[Stmt]) -> Vec<Member<'_>> {
    let mut found = Vec::new();
    each_statement(body, &mut |stmt| match stmt {
        Stmt::FunctionDef(def) => found.push(Member {
            name: def.name.as_str(),
            at: def.name.range(),
            def: Some(def),
            value: None,
        }),
        Stmt::Assign(assign) => {
            for target in &assign.targets {
                if let Expr::Name(name) = target {
                    let value = Some(&*assign.value);
                    found.push(Member {
                        name: name.id.as_str(),
                        at: name.range(),
                        def: None,
                        value,
                    });
                }
            }
        }
        Stmt::AnnAssign(assign) => {
            if let (Expr::Name(name), Some(value)) = (&*assign.target, &assign.value) {
                let value = Some(&**value);
                found.push(Member { name: name.id.as_str(), at: name.range(), def: None, value });
            }
        }
        _ => {}
    });
    found
}

/// Calls `visit` for each statement of a body and of the compound statements in it, but not of
/// nested functions and classes.
pub fn each_statement<'a>(body: &'a [Stmt], visit: &mut dyn FnMut(&'a Stmt)) {
    for stmt in body {
        visit(stmt);
        match stmt {
            Stmt::If(node) => {
                each_statement(&node.body, visit);
                node.elif_else_clauses
                    .iter()
                    .for_each(|clause| each_statement(&clause.body, visit));
            }
            Stmt::For(node) => {
                each_statement(&node.body, visit);
                each_statement(&node.orelse, visit);
            }
            Stmt::While(node) => {
                each_statement(&node.body, visit);
                each_statement(&node.orelse, visit);
            }
            Stmt::With(node) => each_statement(&node.body, visit),
            Stmt::Try(node) => {
                each_statement(&node.body, visit);
                for handler in &node.handlers {
                    let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
                    each_statement(&handler.body, visit);
                }
                each_statement(&node.orelse, visit);
                each_statement(&node.finalbody, visit);
            }
            Stmt::Match(node) => {
                node.cases.iter().for_each(|case| each_statement(&case.body, visit));
            }
            _ => {}
        }
    }
}

/// Calls `visit` for every expression in a function's own scope: nested functions, classes and
/// lambdas are not entered.
pub fn each_expression<'a>(body: &'a [Stmt], visit: &mut dyn FnMut(&'a Expr)) {
    struct Own<'v, 'a>(&'v mut dyn FnMut(&'a Expr));
    impl<'a> Visitor<'a> for Own<'_, 'a> {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            if !matches!(stmt, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) {
                visitor::walk_stmt(self, stmt);
            }
        }
        fn visit_expr(&mut self, expr: &'a Expr) {
            (self.0)(expr);
            if !expr.is_lambda_expr() {
                visitor::walk_expr(self, expr);
            }
        }
    }
    Own(visit).visit_body(body);
}

/// Calls `visit` for every expression below, nested scopes included.
pub fn each_expression_deep<'a>(body: &'a [Stmt], visit: &mut dyn FnMut(&'a Expr)) {
    struct All<'v, 'a>(&'v mut dyn FnMut(&'a Expr));
    impl<'a> Visitor<'a> for All<'_, 'a> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            (self.0)(expr);
            visitor::walk_expr(self, expr);
        }
    }
    All(visit).visit_body(body);
}

/// The same for one expression.
pub fn each_part<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    struct All<'v, 'a>(&'v mut dyn FnMut(&'a Expr));
    impl<'a> Visitor<'a> for All<'_, 'a> {
        fn visit_expr(&mut self, expr: &'a Expr) {
            (self.0)(expr);
            visitor::walk_expr(self, expr);
        }
    }
    All(visit).visit_expr(expr);
}

/// The functions defined directly in a body, compound statements descended into.
pub fn nested_functions(body: &[Stmt]) -> Vec<&StmtFunctionDef> {
    let mut found = Vec::new();
    each_statement(body, &mut |stmt| {
        if let Stmt::FunctionDef(def) = stmt {
            found.push(def);
        }
    });
    found
}

/// The values that a function's own scope returns.
pub fn returns(body: &[Stmt]) -> Vec<&Expr> {
    let mut found = Vec::new();
    each_statement(body, &mut |stmt| {
        if let Stmt::Return(node) = stmt {
            found.extend(node.value.as_deref());
        }
    });
    found
}

/// Whether `expr` is the name `name`.
pub fn is_name(expr: &Expr, name: &str) -> bool {
    matches!(expr, Expr::Name(node) if node.id.as_str() == name)
}

/// Whether an expression mentions a name.
pub fn mentions(expr: &Expr, name: &str) -> bool {
    let mut found = false;
    each_part(expr, &mut |part| found |= is_name(part, name));
    found
}

/// The name of a function's first parameter.
pub fn first_parameter(def: &StmtFunctionDef) -> Option<&str> {
    let parameters = &def.parameters;
    let first = parameters.posonlyargs.first().or(parameters.args.first())?;
    Some(Identifier::as_str(&first.parameter.name))
}

/// The names of all parameters, `*args` and `**kwargs` included.
pub fn parameter_names(def: &StmtFunctionDef) -> Vec<&str> {
    def.parameters.iter().map(|parameter| parameter.name().as_str()).collect()
}

/// The last segment of a name or attribute.
pub fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        Expr::Call(call) => last_name(&call.func),
        Expr::Subscript(subscript) => last_name(&subscript.value),
        _ => None,
    }
}
