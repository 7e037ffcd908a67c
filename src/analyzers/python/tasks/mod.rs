//! Which functions of one file keep what they are given: stores of parameters, and of things made
//! from them, in containers that outlive the call.
//!
//! Flow-insensitive within a function: a local assigned from an expression that mentions a
//! parameter carries it. `f.__name__` and its like carry nothing: a name is not the function.

mod carry;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall, ExprLambda, Parameters, Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;

use super::Source;
use super::scopes::{Bound, MODULE, ScopeId, ScopeKind};
use crate::model::Name;
use crate::model::facts::python::tasks::{
    Callee, Container, Keeping, Pass, Returned, Slot, Store, TaskFacts,
};
use carry::{Carriers, root_name};

/// Methods of containers that put an argument in.
const PUTTING: &[&str] = &[
    "append",
    "add",
    "insert",
    "setdefault",
    "update",
    "extend",
    "appendleft",
    "put",
    "put_nowait",
    "push",
    "__setitem__",
];

pub fn extract(source: &Source<'_>) -> TaskFacts {
    let mut finder = Finder { source, scope: MODULE, class: None, found: Vec::new() };
    finder.visit_body(&source.ast.body);
    TaskFacts { functions: finder.found }
}

struct Finder<'a, 's> {
    source: &'s Source<'a>,
    scope: ScopeId,
    class: Option<Name>,
    found: Vec<Keeping>,
}

impl<'a> Finder<'a, '_> {
    fn function(&mut self, def: &'a StmtFunctionDef) {
        let Some(scope) = self.source.scopes.scope_of(def) else { return };
        let class = self.class.take();
        self.read(scope, class.clone(), &def.parameters, |reader| reader.visit_body(&def.body));
        let outer = std::mem::replace(&mut self.scope, scope);
        self.visit_body(&def.body);
        self.scope = outer;
        self.class = class;
    }

    fn lambda(&mut self, lambda: &'a ExprLambda) {
        let Some(scope) = self.source.scopes.scope_of(lambda) else { return };
        let Some(parameters) = lambda.parameters.as_deref() else { return };
        self.read(scope, None, parameters, |reader| reader.visit_expr(&lambda.body));
    }

    fn read(
        &mut self,
        scope: ScopeId,
        class: Option<Name>,
        parameters: &'a Parameters,
        walk: impl FnOnce(&mut Reader<'a, '_>),
    ) {
        let names: Vec<&'a str> =
            parameters.iter().map(|one| one.as_parameter().name.as_str()).collect();
        let mut reader = Reader {
            source: self.source,
            scope,
            carriers: Carriers::new(&names),
            is_method: class.is_some(),
            stores: Vec::new(),
            passes: Vec::new(),
            returns: Vec::new(),
        };
        walk(&mut reader);
        let Reader { stores, passes, returns, .. } = reader;
        if stores.is_empty() && passes.is_empty() && returns.is_empty() {
            return;
        }
        self.found.push(Keeping {
            name: self.source.scopes.name_of(scope).clone(),
            class,
            parameters: names.into_iter().map(Name::from).collect(),
            stores,
            passes,
            returns,
        });
    }
}

impl<'a> Visitor<'a> for Finder<'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => self.function(def),
            Stmt::ClassDef(def) => {
                let Some(scope) = self.source.scopes.scope_of(def) else { return };
                let name = self.source.scopes.name_of(scope).clone();
                let outer = (self.scope, self.class.replace(name));
                self.scope = scope;
                for stmt in &def.body {
                    if !matches!(stmt, Stmt::FunctionDef(_)) {
                        let class = self.class.take();
                        self.visit_stmt(stmt);
                        self.class = class;
                    } else {
                        self.visit_stmt(stmt);
                    }
                }
                (self.scope, self.class) = outer;
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Lambda(lambda) = expr {
            self.lambda(lambda);
        }
        visitor::walk_expr(self, expr);
    }
}

/// Reads one function's own body; nested functions and classes are looked at for what they
/// mention only.
struct Reader<'a, 's> {
    source: &'s Source<'a>,
    scope: ScopeId,
    carriers: Carriers<'a>,
    is_method: bool,
    stores: Vec<Store>,
    passes: Vec<Pass>,
    returns: Vec<Returned>,
}

impl<'a> Reader<'a, '_> {
    /// The container that an expression reaches, if it outlives the call.
    fn container(&self, expr: &'a Expr) -> Option<Container> {
        let root = root_name(expr)?;
        if let Some(at) = self.carriers.parameter(root) {
            if at == 0 && self.is_method {
                return first_attribute(expr).map(|name| Container::Own(name.into()));
            }
            return Some(Container::Parameter(at));
        }
        let (holder, bound) = self.source.scopes.lookup(self.scope, root)?;
        let is_import = bound.iter().any(|(_, bound)| matches!(bound, Bound::Import(_)));
        let origins = || self.source.scopes.resolve(dotted(expr), self.scope);
        match self.source.scopes.scope(holder).kind {
            ScopeKind::Module => Some(Container::Global(origins())),
            _ if holder == self.scope => {
                // A local import names something global; other locals die with the call, a nested
                // function that carries what it wraps among them.
                is_import.then(|| Container::Global(origins()))
            }
            ScopeKind::Function | ScopeKind::Lambda => Some(Container::Closure),
            _ => None,
        }
    }

    fn store(&mut self, target: &'a Expr, value: Vec<u8>, at: u32) {
        if value.is_empty() {
            return;
        }
        if let Some(container) = self.container(target) {
            // What is put into the parameter itself marks it and stores nothing.
            if let Container::Parameter(into) = container
                && value.contains(&into)
            {
                return;
            }
            let line = self.source.lines.line(at);
            self.stores.push(Store { line, from: value, container });
        }
    }

    fn assign(&mut self, target: &'a Expr, value: &'a Expr) {
        let carried = self.carriers.of(value);
        match target {
            Expr::Subscript(subscript) => {
                self.store(&subscript.value, carried, subscript.range.start().to_u32());
            }
            Expr::Attribute(attribute) => {
                // `self.f = f` keeps it as long as `self`; `f.mark = …` marks `f`.
                let on_self =
                    root_name(target).and_then(|root| self.carriers.parameter(root)).is_some();
                if !on_self {
                    self.store(&attribute.value, carried, attribute.range.start().to_u32());
                }
            }
            Expr::Name(name) => {
                let is_global = self
                    .source
                    .scopes
                    .lookup(self.scope, name.id.as_str())
                    .is_some_and(|(holder, _)| holder == MODULE);
                if is_global && !carried.is_empty() {
                    self.store(target, carried, name.range.start().to_u32());
                } else {
                    self.carriers.bind(name.id.as_str(), carried);
                }
            }
            Expr::Tuple(tuple) => {
                for element in &tuple.elts {
                    self.assign(element, value);
                }
            }
            _ => {}
        }
    }

    fn callee(&self, function: &'a Expr) -> Option<Callee> {
        match function {
            Expr::Attribute(attribute) => {
                match &*attribute.value {
                    Expr::Name(name)
                        if self.is_method
                            && self.carriers.parameter(name.id.as_str()) == Some(0) =>
                    {
                        return Some(Callee::Own(attribute.attr.as_str().into()));
                    }
                    Expr::Call(call) if matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "super") =>
                    {
                        return Some(Callee::Super(attribute.attr.as_str().into()));
                    }
                    _ => {}
                }
                let origins = self.source.scopes.resolve(function, self.scope);
                (!origins.is_empty()).then_some(Callee::Named(origins))
            }
            Expr::Name(name) => {
                let name = name.id.as_str();
                let mut origins = self.source.scopes.resolve_name(name, self.scope);
                origins.retain(|origin| !origin.starts_with("builtins."));
                (!origins.is_empty()).then_some(Callee::Named(origins))
            }
            _ => None,
        }
    }

    fn call(&mut self, call: &'a ExprCall) {
        let mut arguments: Vec<(Slot, Vec<u8>)> = Vec::new();
        for (at, argument) in call.arguments.args.iter().enumerate() {
            let carried = self.carriers.of(argument);
            if !carried.is_empty() {
                arguments.push((Slot::Position(u8::try_from(at).unwrap_or(u8::MAX)), carried));
            }
        }
        for keyword in &call.arguments.keywords {
            let carried = self.carriers.of(&keyword.value);
            if !carried.is_empty() {
                let name = keyword.arg.as_ref().map_or("**", |name| name.as_str());
                arguments.push((Slot::Keyword(name.into()), carried));
            }
        }
        if arguments.is_empty() {
            return;
        }
        let at = call.start().to_u32();
        if let Expr::Attribute(method) = &*call.func
            && PUTTING.contains(&method.attr.as_str())
        {
            let mut carried: Vec<u8> =
                arguments.iter().flat_map(|(_, from)| from.clone()).collect();
            carried.sort_unstable();
            carried.dedup();
            self.store(&method.value, carried, at);
        }
        // `setattr(module, name, f)`
        if let Expr::Name(name) = &*call.func
            && name.id.as_str() == "setattr"
            && let (Some(target), Some(value)) =
                (call.arguments.args.first(), call.arguments.args.get(2))
        {
            let carried = self.carriers.of(value);
            self.store(target, carried, at);
        }
        if let Some(callee) = self.callee(&call.func) {
            self.passes.push(Pass { callee, arguments });
        }
    }

    fn returned(&mut self, value: &'a Expr) {
        let returned = match value {
            Expr::Name(name) => {
                let name = name.id.as_str();
                if let Some(at) = self.carriers.parameter(name) {
                    Some(Returned::Parameter(at))
                } else {
                    let scopes = self.source.scopes;
                    let own = scopes.scope(self.scope).bindings.contains_key(name);
                    let nested = scopes.resolve_name(name, self.scope);
                    own.then(|| nested.into_iter().next()).flatten().map(Returned::Nested)
                }
            }
            Expr::Lambda(lambda) => self
                .source
                .scopes
                .scope_of(lambda)
                .map(|scope| Returned::Nested(self.source.scopes.name_of(scope).clone())),
            Expr::Call(call) => {
                let origins = self.source.scopes.resolve(&call.func, self.scope);
                if origins.iter().any(|origin| &**origin == "functools.partial") {
                    let inner = call.arguments.args.first();
                    let inner = inner.map(|inner| self.source.scopes.resolve(inner, self.scope));
                    inner.map(Returned::Partial)
                } else {
                    self.callee(&call.func).map(Returned::Called)
                }
            }
            Expr::If(choice) => {
                self.returned(&choice.body);
                self.returned(&choice.orelse);
                None
            }
            Expr::BoolOp(choice) => {
                choice.values.iter().for_each(|value| self.returned(value));
                None
            }
            _ => None,
        };
        if let Some(returned) = returned
            && !self.returns.contains(&returned)
        {
            self.returns.push(returned);
        }
    }
}

impl<'a> Visitor<'a> for Reader<'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => {
                let carried = self.carriers.in_body(&def.body);
                self.carriers.bind(def.name.as_str(), carried);
                // A decorator of the project may store the nested function.
                def.decorator_list.iter().for_each(|one| self.visit_expr(&one.expression));
            }
            Stmt::ClassDef(def) => {
                let carried = self.carriers.in_body(&def.body);
                if !carried.is_empty() {
                    let bases = def.bases().iter();
                    let bases = bases.flat_map(|base| self.source.scopes.resolve(base, self.scope));
                    let callee = Callee::NewClass(bases.collect());
                    let arguments = vec![(Slot::Position(0), carried.clone())];
                    self.passes.push(Pass { callee, arguments });
                }
                self.carriers.bind(def.name.as_str(), carried);
            }
            Stmt::Assign(assign) => {
                self.visit_expr(&assign.value);
                assign.targets.iter().for_each(|target| self.assign(target, &assign.value));
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.visit_expr(value);
                    self.assign(&assign.target, value);
                }
            }
            Stmt::AugAssign(assign) => {
                self.visit_expr(&assign.value);
                let carried = self.carriers.of(&assign.value);
                self.store(&assign.target, carried, assign.range.start().to_u32());
            }
            Stmt::Return(node) => {
                if let Some(value) = &node.value {
                    self.visit_expr(value);
                    self.returned(value);
                }
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Lambda(_) => {}
            Expr::Call(call) => {
                visitor::walk_expr(self, expr);
                self.call(call);
            }
            Expr::Named(named) => {
                self.visit_expr(&named.value);
                self.assign(&named.target, &named.value);
            }
            Expr::StringLiteral(_) | Expr::NumberLiteral(_) | Expr::Name(_) => {}
            _ => visitor::walk_expr(self, expr),
        }
    }
}

/// The dotted part an expression starts with: `a.b` of `a.b.setdefault(k, [])[0]`.
fn dotted(expr: &Expr) -> &Expr {
    let mut at = expr;
    loop {
        let inner = match at {
            Expr::Subscript(subscript) => &*subscript.value,
            Expr::Call(call) => match &*call.func {
                Expr::Attribute(method) => &*method.value,
                other => other,
            },
            Expr::Attribute(attribute)
                if !matches!(&*attribute.value, Expr::Name(_) | Expr::Attribute(_)) =>
            {
                &*attribute.value
            }
            _ => return at,
        };
        at = inner;
    }
}

/// `items` of `self.items[k].x`.
fn first_attribute(expr: &Expr) -> Option<&str> {
    let mut at = expr;
    loop {
        match at {
            Expr::Attribute(attribute) => match &*attribute.value {
                Expr::Name(_) => return Some(attribute.attr.as_str()),
                inner => at = inner,
            },
            Expr::Subscript(subscript) => at = &subscript.value,
            Expr::Call(call) => at = &call.func,
            _ => return None,
        }
    }
}
