//! Which global names a piece of code needs.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    self as ast, Comprehension, Expr, ExprCall, ExprContext, Parameters, Stmt, StmtClassDef,
    StmtFunctionDef,
};
use ruff_text_size::Ranged;

use super::unit::Use;
use crate::analyzers::python::Source;
use crate::analyzers::python::scopes::{Bound, MODULE, ScopeId, ScopeKind, absolute, is_builtin};
use crate::model::Name;

pub struct Uses<'a, 's> {
    pub source: &'s Source<'a>,
    pub scope: ScopeId,
    pub found: Vec<Use>,
    /// Top-level names of modules imported in bodies.
    pub imports: Vec<Name>,
    /// The Python 3 minor version the syntax needs.
    pub python: u8,
    /// Annotations of functions are evaluated when they are defined, or asked for later.
    pub annotations: bool,
    in_annotation: bool,
}

impl<'a, 's> Uses<'a, 's> {
    pub fn new(source: &'s Source<'a>, annotations: bool) -> Self {
        Self {
            source,
            scope: MODULE,
            found: Vec::new(),
            imports: Vec::new(),
            python: 8,
            annotations,
            in_annotation: false,
        }
    }

    pub fn needs(&mut self, minor: u8) {
        self.python = self.python.max(minor);
    }

    fn add(&mut self, one: Use) {
        if !self.found.contains(&one) {
            self.found.push(one);
        }
    }

    /// A dotted chain that starts with a name.
    fn chain(&mut self, expr: &Expr, root: &str, called: bool) {
        let scopes = self.source.scopes;
        match scopes.lookup(self.scope, root) {
            Some((MODULE, _)) => {
                let paths = scopes.resolve(expr, self.scope);
                let annotation = self.in_annotation;
                self.add(Use::Name { local: Some(root.into()), paths, called, annotation });
            }
            Some((_, bound)) => {
                if bound.iter().any(|(_, bound)| matches!(bound, Bound::Import(_))) {
                    let paths = scopes.resolve(expr, self.scope);
                    let annotation = self.in_annotation;
                    self.add(Use::Name { local: None, paths, called, annotation });
                }
            }
            None => match root {
                "__doc__" => self.add(Use::Name {
                    local: Some("__doc__".into()),
                    paths: Vec::new(),
                    called,
                    annotation: false,
                }),
                "globals" | "eval" | "exec" if called => {
                    self.add(Use::Dynamic(format!("{root}() may reach any name").into()));
                }
                "vars" | "locals" | "dir" if called && self.scope == MODULE => {
                    self.add(Use::Dynamic(format!("{root}() may reach any name").into()));
                }
                _ if !is_builtin(root) => self.add(Use::Star(root.into())),
                _ => {}
            },
        }
    }

    /// The names in an annotation, strings parsed.
    pub fn annotation(&mut self, expr: &'a Expr) {
        let outer = std::mem::replace(&mut self.in_annotation, true);
        self.visit_expr(expr);
        self.in_annotation = outer;
    }

    fn quoted(&mut self, text: &str) {
        let Ok(parsed) = ruff_python_parser::parse_expression(text.trim()) else { return };
        self.quoted_names(parsed.expr(), 0);
    }

    /// Names of an expression that stands in a string: scopes know it by name only.
    fn quoted_names(&mut self, expr: &Expr, depth: u32) {
        if depth > 50 {
            return;
        }
        match expr {
            Expr::Name(name) => self.chain(expr, name.id.as_str(), false),
            Expr::Attribute(attribute) => match root_of(expr) {
                Some(root) => self.chain(expr, root, false),
                None => self.quoted_names(&attribute.value, depth + 1),
            },
            Expr::Subscript(subscript) => {
                self.quoted_names(&subscript.value, depth + 1);
                if !is_literal(&subscript.value) {
                    self.quoted_names(&subscript.slice, depth + 1);
                }
            }
            Expr::BinOp(node) => {
                self.quoted_names(&node.left, depth + 1);
                self.quoted_names(&node.right, depth + 1);
            }
            Expr::Tuple(node) => {
                node.elts.iter().for_each(|one| self.quoted_names(one, depth + 1));
            }
            Expr::List(node) => {
                node.elts.iter().for_each(|one| self.quoted_names(one, depth + 1));
            }
            Expr::Call(call) => {
                self.quoted_names(&call.func, depth + 1);
                call.arguments.args.iter().for_each(|one| self.quoted_names(one, depth + 1));
            }
            Expr::StringLiteral(literal) => self.quoted(literal.value.to_str()),
            _ => {}
        }
    }

    fn parameters(&mut self, parameters: &'a Parameters, annotations: bool) {
        for parameter in parameters.iter() {
            if let Some(default) = parameter.default() {
                self.visit_expr(default);
            }
            if annotations && let Some(annotation) = parameter.annotation() {
                self.annotation(annotation);
            }
        }
    }

    /// A function without its decorators. Nested functions' annotations count only if evaluated.
    pub fn function(&mut self, def: &'a StmtFunctionDef, annotations: bool) {
        self.parameters(&def.parameters, annotations);
        if annotations && let Some(returns) = &def.returns {
            self.annotation(returns);
        }
        if def.type_params.is_some() {
            self.needs(12);
        }
        let Some(scope) = self.source.scopes.scope_of(def) else { return };
        self.within(scope, |uses| uses.visit_body(&def.body));
    }

    /// A class without its decorators.
    pub fn class(&mut self, def: &'a StmtClassDef) {
        if let Some(arguments) = &def.arguments {
            // `Base["Forward"]` holds names in quotes.
            for base in &arguments.args {
                if matches!(base, Expr::Subscript(_)) {
                    self.annotation(base);
                } else {
                    self.visit_expr(base);
                }
            }
            arguments.keywords.iter().for_each(|one| self.visit_expr(&one.value));
        }
        if def.type_params.is_some() {
            self.needs(12);
        }
        let Some(scope) = self.source.scopes.scope_of(def) else { return };
        self.within(scope, |uses| uses.visit_body(&def.body));
    }

    fn within(&mut self, scope: ScopeId, inside: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.scope, scope);
        let annotation = std::mem::replace(&mut self.in_annotation, false);
        inside(self);
        self.in_annotation = annotation;
        self.scope = outer;
    }

    fn comprehension(
        &mut self,
        node: &impl Ranged,
        generators: &'a [Comprehension],
        elements: &[&'a Expr],
    ) {
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        let Some(scope) = self.source.scopes.scope_of(node) else { return };
        self.within(scope, |uses| {
            for (at, generator) in generators.iter().enumerate() {
                if at > 0 {
                    uses.visit_expr(&generator.iter);
                }
                uses.visit_expr(&generator.target);
                generator.ifs.iter().for_each(|test| uses.visit_expr(test));
            }
            elements.iter().for_each(|element| uses.visit_expr(element));
        });
    }

    fn call(&mut self, call: &'a ExprCall) {
        let origins = self.source.scopes.resolve(&call.func, self.scope);
        let is = |name: &str| origins.iter().any(|origin| **origin == *name);
        let first = call.arguments.args.first();
        let constant = |expr: Option<&Expr>| match expr {
            Some(Expr::StringLiteral(literal)) => Some(literal.value.to_str().to_owned()),
            _ => None,
        };
        if is("builtins.getattr") {
            // `getattr(module, "name")` is `module.name`.
            if let (Some(target), Some(name)) = (first, constant(call.arguments.args.get(1)))
                && let Some(root) = root_of(target)
            {
                let local = self
                    .source
                    .scopes
                    .lookup(self.scope, root)
                    .filter(|(holder, _)| *holder == MODULE)
                    .map(|_| Name::from(root));
                let paths = self.source.scopes.resolve(target, self.scope);
                let paths: Vec<Name> =
                    paths.iter().map(|path| format!("{path}.{name}").into()).collect();
                if !paths.is_empty() {
                    self.add(Use::Name { local, paths, called: false, annotation: false });
                    call.arguments.args.iter().skip(2).for_each(|one| self.visit_expr(one));
                    return;
                }
            }
        }
        if is("importlib.import_module") || is("builtins.__import__") {
            match first {
                Some(Expr::StringLiteral(literal)) => {
                    let paths = vec![self.absolute_name(literal.value.to_str())];
                    self.add(Use::Name { local: None, paths, called: false, annotation: false });
                }
                Some(other) => match self.leading_text(other).0 {
                    prefix if !prefix.is_empty() => {
                        self.add(Use::Prefix(self.absolute_name(&prefix)));
                    }
                    _ => self.add(Use::Dynamic("imports a module by a computed name".into())),
                },
                None => {}
            }
        }
        // What lists the modules of a package is about to import them.
        if is("pkgutil.iter_modules") || is("pkgutil.walk_packages") {
            let package = match first {
                Some(Expr::Name(name)) if name.id.as_str() == "__path__" => {
                    vec![Name::from(&**self.source.module)]
                }
                Some(Expr::Attribute(path)) if path.attr.as_str() == "__path__" => {
                    self.source.scopes.resolve(&path.value, self.scope)
                }
                _ => Vec::new(),
            };
            for package in package {
                self.add(Use::Prefix(format!("{package}.").into()));
            }
        }
        match root_of(&call.func) {
            Some(root) => self.chain(&call.func, root, true),
            None => self.visit_expr(&call.func),
        }
        self.visit_arguments(&call.arguments);
    }

    fn package(&self) -> &str {
        let module: &str = self.source.module;
        if self.source.is_package {
            module
        } else {
            module.rsplit_once('.').map_or("", |(parent, _)| parent)
        }
    }

    /// A module's name with leading dots made absolute.
    fn absolute_name(&self, name: &str) -> Name {
        let plain = name.trim_start_matches('.');
        absolute(self.package(), (name.len() - plain.len()) as u32, plain).into()
    }

    /// The constant text that an f-string or a sum starts with, and whether that is all of it.
    fn leading_text(&self, expr: &Expr) -> (String, bool) {
        match expr {
            Expr::StringLiteral(literal) => (literal.value.to_str().into(), true),
            Expr::Name(name) => match name.id.as_str() {
                "__name__" => (self.source.module.to_string(), true),
                "__package__" => (self.package().to_owned(), true),
                _ => (String::new(), false),
            },
            Expr::BinOp(sum) => {
                let (mut text, is_all) = self.leading_text(&sum.left);
                if !is_all {
                    return (text, false);
                }
                let (more, is_all) = self.leading_text(&sum.right);
                text.push_str(&more);
                (text, is_all)
            }
            Expr::FString(parts) => {
                let mut text = String::new();
                for part in parts.value.elements() {
                    let (more, is_all) = match part {
                        ast::InterpolatedStringElement::Literal(one) => {
                            (one.value.to_string(), true)
                        }
                        ast::InterpolatedStringElement::Interpolation(one) => {
                            self.leading_text(&one.expression)
                        }
                    };
                    text.push_str(&more);
                    if !is_all {
                        return (text, false);
                    }
                }
                (text, true)
            }
            _ => (String::new(), false),
        }
    }

    fn import(&mut self, origin: &str, module: usize) {
        let top = origin.split('.').next().unwrap_or(origin);
        if !self.imports.iter().any(|known| &**known == top) {
            self.imports.push(top.into());
        }
        self.add(Use::Import(origin.into(), module));
    }
}

impl<'a> Visitor<'a> for Uses<'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => {
                def.decorator_list.iter().for_each(|one| self.visit_expr(&one.expression));
                self.function(def, self.annotations || !def.decorator_list.is_empty());
            }
            Stmt::ClassDef(def) => {
                def.decorator_list.iter().for_each(|one| self.visit_expr(&one.expression));
                self.class(def);
            }
            Stmt::AnnAssign(assign) => {
                let kind = self.source.scopes.scope(self.scope).kind;
                // A local variable's annotation is never evaluated; a class's is asked for.
                let evaluated = match kind {
                    ScopeKind::Class => true,
                    ScopeKind::Module => self.annotations,
                    _ => false,
                };
                if evaluated {
                    self.annotation(&assign.annotation);
                }
                self.visit_expr(&assign.target);
                assign.value.iter().for_each(|value| self.visit_expr(value));
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let name = alias.name.as_str();
                    self.import(name, name.len());
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |name| name.as_str());
                let origin = absolute(self.package(), import.level, module);
                for alias in &import.names {
                    let path = if origin.is_empty() {
                        alias.name.as_str().to_owned()
                    } else {
                        format!("{origin}.{}", alias.name)
                    };
                    self.import(&path, origin.len());
                }
            }
            Stmt::Match(_) => {
                self.needs(10);
                visitor::walk_stmt(self, stmt);
            }
            Stmt::TypeAlias(_) => {
                self.needs(12);
                visitor::walk_stmt(self, stmt);
            }
            Stmt::Try(node) => {
                if node.is_star {
                    self.needs(11);
                }
                visitor::walk_stmt(self, stmt);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) => {
                let root = name.id.as_str();
                // A store counts in a function that declares the name `global`.
                if name.ctx == ExprContext::Load || self.scope != MODULE {
                    let local = name.ctx != ExprContext::Load
                        && self
                            .source
                            .scopes
                            .lookup(self.scope, root)
                            .is_none_or(|(holder, _)| holder != MODULE);
                    if !local {
                        self.chain(expr, root, false);
                    }
                }
            }
            Expr::Attribute(attribute) => match root_of(expr) {
                Some(root) => self.chain(expr, root, false),
                None => self.visit_expr(&attribute.value),
            },
            Expr::Call(call) => self.call(call),
            Expr::Subscript(subscript) => {
                // `globals()["name"]`
                if let Expr::Call(call) = &*subscript.value
                    && matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "globals")
                    && let Expr::StringLiteral(key) = &*subscript.slice
                {
                    if subscript.ctx == ExprContext::Store {
                        return;
                    }
                    let local = Some(Name::from(key.value.to_str()));
                    let paths = vec![self.source.scopes.qualify(MODULE, key.value.to_str())];
                    self.add(Use::Name { local, paths, called: false, annotation: false });
                    return;
                }
                let origins = self.source.scopes.resolve(&subscript.value, self.scope);
                if origins.iter().any(|origin| &**origin == "sys.modules") {
                    self.add(Use::Dynamic("sys.modules may reach any name".into()));
                }
                if !self.in_annotation {
                    return visitor::walk_expr(self, expr);
                }
                self.visit_expr(&subscript.value);
                if is_literal(&subscript.value) {
                    return;
                }
                match (&*subscript.slice, is_annotated(&subscript.value)) {
                    (Expr::Tuple(parts), true) => {
                        for (at, part) in parts.elts.iter().enumerate() {
                            self.in_annotation = at == 0;
                            self.visit_expr(part);
                            self.in_annotation = true;
                        }
                    }
                    (slice, _) => self.visit_expr(slice),
                }
            }
            Expr::StringLiteral(literal) if self.in_annotation => {
                self.quoted(literal.value.to_str());
            }
            Expr::BinOp(node) if self.in_annotation => {
                if node.op == ast::Operator::BitOr && self.annotations {
                    self.needs(10);
                }
                visitor::walk_expr(self, expr);
            }
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.parameters(parameters, false);
                }
                let Some(scope) = self.source.scopes.scope_of(lambda) else { return };
                self.within(scope, |uses| uses.visit_expr(&lambda.body));
            }
            Expr::ListComp(node) => self.comprehension(node, &node.generators, &[&node.elt]),
            Expr::SetComp(node) => self.comprehension(node, &node.generators, &[&node.elt]),
            Expr::Generator(node) => self.comprehension(node, &node.generators, &[&node.elt]),
            Expr::DictComp(node) => {
                let mut elements: Vec<&'a Expr> = node.key.as_deref().into_iter().collect();
                elements.push(&node.value);
                self.comprehension(node, &node.generators, &elements);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}

/// The name that a chain of attributes starts with.
pub fn root_of(expr: &Expr) -> Option<&str> {
    let mut at = expr;
    loop {
        match at {
            Expr::Name(name) => return Some(name.id.as_str()),
            Expr::Attribute(attribute) => at = &attribute.value,
            _ => return None,
        }
    }
}

fn last_part(expr: &Expr) -> &str {
    match expr {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => "",
    }
}

fn is_literal(expr: &Expr) -> bool {
    last_part(expr) == "Literal"
}

fn is_annotated(expr: &Expr) -> bool {
    last_part(expr) == "Annotated"
}
