//! Classes, signatures and module-level assignments of one file, for the schemas and tasks.

mod branches;
mod term;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_text_size::Ranged;

use self::branches::Branches;
use super::Source;
use super::scopes::{MODULE, ScopeId};
use super::symbols::docstring;
use crate::model::Name;
use crate::model::facts::python::schemas::{
    Assigned, Attribute, ClassShape, Decorator, FunctionShape, MethodShape, Parameter,
    ParameterKind, SchemaFacts, Term,
};
pub use term::Terms;

pub fn extract(source: &Source<'_>) -> SchemaFacts {
    let mut shapes = Shapes {
        source,
        scope: MODULE,
        in_function: false,
        branches: Branches::default(),
        facts: SchemaFacts::default(),
    };
    shapes.visit_body(&source.ast.body);
    shapes.facts
}

struct Shapes<'a, 's> {
    source: &'s Source<'a>,
    scope: ScopeId,
    in_function: bool,
    /// The compound statements that stand around, at module level.
    branches: Branches,
    facts: SchemaFacts,
}

impl<'a> Shapes<'a, '_> {
    fn within(&mut self, node: &impl Ranged, body: &'a [Stmt], is_function: bool) {
        let Some(scope) = self.source.scopes.scope_of(node) else { return };
        let outer = (self.scope, self.in_function);
        self.scope = scope;
        self.in_function |= is_function;
        self.visit_body(body);
        (self.scope, self.in_function) = outer;
    }

    fn assigned(&mut self, name: &'a Expr, value: &'a Expr, is_alias: bool) {
        let Expr::Name(name) = name else { return };
        if !is_alias && !worth_following(value) {
            return;
        }
        let id = name.id.as_str();
        if self.branches.only_for_checkers(self.source.scopes, id, name.start()) {
            return;
        }
        let terms = Terms::new(self.source, MODULE);
        let is_type = is_alias || is_type(&terms, value);
        let value = if is_type { terms.annotation(value) } else { terms.value(value) };
        self.facts.assigned.push(Assigned {
            name: self.source.scopes.qualify(MODULE, id),
            line: self.source.line_of(name),
            value,
            is_alias,
            is_lazy: false,
            type_params: Vec::new(),
        });
    }

    /// A class that only type checkers see gives way to what its name means at run time.
    fn class(&mut self, def: &'a StmtClassDef) {
        let (id, at) = (def.name.as_str(), def.name.start());
        let scopes = &self.source.scopes;
        let imported = match self.scope {
            MODULE => self.branches.imported_instead(scopes, id, at),
            _ => None,
        };
        if self.scope == MODULE && self.branches.only_for_checkers(scopes, id, at) {
            if let Some(origin) = imported {
                self.facts.assigned.push(Assigned {
                    name: scopes.qualify(MODULE, id),
                    line: self.source.line_of(&def.name),
                    value: Term::Name { text: id.into(), origins: vec![origin] },
                    is_alias: true,
                    is_lazy: false,
                    type_params: Vec::new(),
                });
            }
            return;
        }
        if let Some(mut class) = class_shape(self.source, def, self.scope, self.in_function) {
            class.unless = imported;
            self.facts.classes.push(class);
        }
        self.within(def, &def.body, false);
    }
}

/// Whether a value is a type: strings inside it are annotations in quotes.
fn is_type(terms: &Terms<'_, '_>, value: &Expr) -> bool {
    match value {
        Expr::Subscript(subscript) => {
            let origins = terms.source.scopes.resolve(&subscript.value, MODULE);
            origins.iter().any(|origin| {
                let module = origin.rsplit_once('.').map_or("", |(module, _)| module);
                matches!(module, "typing" | "typing_extensions" | "collections.abc" | "collections")
                    || matches!(
                        &**origin,
                        "builtins.list"
                            | "builtins.dict"
                            | "builtins.set"
                            | "builtins.frozenset"
                            | "builtins.tuple"
                            | "builtins.type"
                    )
            })
        }
        Expr::BinOp(node) if node.op == ast::Operator::BitOr => {
            is_type(terms, &node.left) || is_type(terms, &node.right)
        }
        _ => false,
    }
}

/// Whether the value of a module-level assignment can matter to an annotation or a default.
fn worth_following(value: &Expr) -> bool {
    match value {
        Expr::StringLiteral(literal) => literal.value.len() <= 400,
        Expr::NumberLiteral(_)
        | Expr::BooleanLiteral(_)
        | Expr::NoneLiteral(_)
        | Expr::Name(_)
        | Expr::Attribute(_)
        | Expr::Subscript(_)
        | Expr::BinOp(_)
        | Expr::UnaryOp(_)
        | Expr::Call(_) => true,
        Expr::Tuple(tuple) => tuple.elts.len() <= 16,
        Expr::List(list) => list.elts.len() <= 16,
        _ => false,
    }
}

impl<'a> Visitor<'a> for Shapes<'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::ClassDef(def) => self.class(def),
            Stmt::FunctionDef(def) => {
                if self.scope == MODULE {
                    let conditional = self.branches.is_inside();
                    if let Some(shape) = function_shape(self.source, def, MODULE, conditional) {
                        self.facts.functions.push(shape);
                    }
                }
                self.within(def, &def.body, true);
            }
            Stmt::Assign(assign) if self.scope == MODULE => {
                if let [target] = assign.targets.as_slice() {
                    self.assigned(target, &assign.value, false);
                }
            }
            Stmt::AnnAssign(assign) if self.scope == MODULE => {
                let Some(value) = &assign.value else { return };
                let is_alias = last_name(&assign.annotation) == Some("TypeAlias");
                self.assigned(&assign.target, value, is_alias);
            }
            Stmt::TypeAlias(alias) if self.scope == MODULE => {
                let params = alias.type_params.as_deref().map(type_params).unwrap_or_default();
                self.assigned(&alias.name, &alias.value, true);
                if let Some(made) = self.facts.assigned.last_mut() {
                    made.is_lazy = true;
                    made.type_params = params;
                }
            }
            Stmt::If(_)
            | Stmt::Try(_)
            | Stmt::With(_)
            | Stmt::For(_)
            | Stmt::While(_)
            | Stmt::Match(_) => {
                if let Stmt::If(node) = stmt
                    && let Some(body) = branches::of_this_version(node)
                {
                    self.visit_body(body);
                    return;
                }
                let at_module = self.scope == MODULE;
                if at_module {
                    self.branches.enter(stmt);
                }
                visitor::walk_stmt(self, stmt);
                if at_module {
                    self.branches.leave();
                }
            }
            _ => {}
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}

/// The last part of a dotted name.
fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        Expr::StringLiteral(literal) => literal.value.to_str().rsplit('.').next(),
        _ => None,
    }
}

fn type_params(params: &ast::TypeParams) -> Vec<Name> {
    params.type_params.iter().map(|param| Name::from(param.name().as_str())).collect()
}

fn class_shape(
    source: &Source<'_>,
    def: &StmtClassDef,
    outer: ScopeId,
    is_local: bool,
) -> Option<ClassShape> {
    let scope = source.scopes.scope_of(def)?;
    let outside = Terms::new(source, outer);
    let inside = Terms::new(source, scope);
    let mut class = ClassShape {
        name: source.scopes.name_of(scope).clone(),
        line: source.line_of(&def.name),
        doc: docstring(&def.body),
        decorators: decorators(outside, &def.decorator_list),
        bases: Vec::new(),
        keywords: Vec::new(),
        type_params: def.type_params.as_deref().map(type_params).unwrap_or_default(),
        attributes: Vec::new(),
        settings: Vec::new(),
        init: None,
        methods: Vec::new(),
        is_local,
        unless: None,
    };
    if let Some(arguments) = &def.arguments {
        class.bases = arguments.args.iter().map(|base| outside.annotation(base)).collect();
        class.keywords = arguments
            .keywords
            .iter()
            .filter_map(|keyword| {
                let name = keyword.arg.as_ref()?;
                Some((Name::from(name.as_str()), outside.value(&keyword.value)))
            })
            .collect();
    }
    class_body(source, &def.body, scope, inside, &mut class, 0);
    Some(class)
}

fn class_body(
    source: &Source<'_>,
    body: &[Stmt],
    scope: ScopeId,
    terms: Terms<'_, '_>,
    class: &mut ClassShape,
    depth: u32,
) {
    let attribute = |name: &ast::ExprName, annotation, value| Attribute {
        name: name.id.as_str().into(),
        line: source.line_of(name),
        annotation,
        value,
        doc: None,
    };
    for (at, stmt) in body.iter().enumerate() {
        match stmt {
            Stmt::AnnAssign(assign) => {
                let Expr::Name(name) = &*assign.target else { continue };
                let annotation = terms.annotation(&assign.annotation);
                let value = assign.value.as_deref().map(|value| terms.value(value));
                let mut field = attribute(name, Some(annotation), value);
                field.doc = attribute_doc(body.get(at + 1));
                class.attributes.push(field);
            }
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    match target {
                        Expr::Name(name) => {
                            let mut field = attribute(name, None, Some(terms.value(&assign.value)));
                            field.doc = attribute_doc(body.get(at + 1));
                            class.attributes.push(field);
                        }
                        Expr::Tuple(names) => {
                            for name in &names.elts {
                                let Expr::Name(name) = name else { continue };
                                let value = Term::Text(source.text_of(&*assign.value).into());
                                class.attributes.push(attribute(name, None, Some(value)));
                            }
                        }
                        _ => {}
                    }
                }
            }
            Stmt::FunctionDef(def) => {
                if def.name.as_str() == "__init__" {
                    class.init = function_shape(source, def, scope, false);
                }
                let special = def.name.as_str().starts_with("__");
                if !def.decorator_list.is_empty() || special {
                    let decorators = decorators(terms, &def.decorator_list);
                    let for_pydantic = def.name.as_str() == "__get_pydantic_core_schema__"
                        || decorators.iter().any(|decorator| {
                            matches!(&decorator.function, Term::Name { text, .. }
                                if text.ends_with("model_serializer"))
                        });
                    let result = only_result(&def.body).filter(|_| for_pydantic);
                    let body = source.scopes.scope_of(def).unwrap_or(scope);
                    class.methods.push(MethodShape {
                        name: def.name.as_str().into(),
                        decorators,
                        result: result.map(|result| Terms::new(source, body).value(result)),
                        returns: def.returns.as_deref().map(|returns| terms.annotation(returns)),
                    });
                }
            }
            Stmt::ClassDef(inner) => {
                if matches!(inner.name.as_str(), "Config" | "Meta") {
                    let inner_terms = source
                        .scopes
                        .scope_of(inner)
                        .map_or(terms, |scope| Terms::new(source, scope));
                    for stmt in &inner.body {
                        let (target, value) = match stmt {
                            Stmt::Assign(assign) => (assign.targets.first(), Some(&assign.value)),
                            Stmt::AnnAssign(assign) => {
                                (Some(&*assign.target), assign.value.as_ref())
                            }
                            _ => continue,
                        };
                        let (Some(Expr::Name(name)), Some(value)) = (target, value) else {
                            continue;
                        };
                        let key = format!("{}.{}", inner.name, name.id);
                        class.settings.push((key.into(), inner_terms.value(value)));
                    }
                }
            }
            // `if TYPE_CHECKING:` and version tests in class bodies: each branch may define.
            Stmt::If(node) if depth < 8 => {
                class_body(source, &node.body, scope, terms, class, depth + 1);
                for clause in &node.elif_else_clauses {
                    class_body(source, &clause.body, scope, terms, class, depth + 1);
                }
            }
            _ => {}
        }
    }
}

/// PEP 257's attribute docstring: a string literal right below the assignment.
fn attribute_doc(next: Option<&Stmt>) -> Option<Name> {
    let Some(Stmt::Expr(stmt)) = next else { return None };
    let Expr::StringLiteral(literal) = &*stmt.value else { return None };
    Some(clean_doc(literal.value.to_str()).into())
}

/// A docstring without its common indentation, as `inspect.cleandoc` gives it.
pub fn clean_doc(doc: &str) -> String {
    let mut lines = doc.lines();
    let first = lines.next().unwrap_or_default().trim_start();
    let rest: Vec<&str> = lines.collect();
    let indent = rest
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    let mut cleaned = vec![first.trim_end()];
    cleaned.extend(rest.iter().map(|line| line.get(indent..).unwrap_or_default().trim_end()));
    while cleaned.last().is_some_and(|line| line.is_empty()) {
        cleaned.pop();
    }
    let start = cleaned.iter().take_while(|line| line.is_empty()).count();
    cleaned[start..].join("\n")
}

fn decorators(terms: Terms<'_, '_>, list: &[ast::Decorator]) -> Vec<Decorator> {
    let decorator = |decorator: &ast::Decorator| {
        let line = terms.source.line_of(decorator);
        match &decorator.expression {
            Expr::Call(call) => {
                let call = terms.call(call);
                Decorator { line, function: call.function.clone(), call: Some(call) }
            }
            other => Decorator { line, function: terms.value(other), call: None },
        }
    };
    list.iter().map(decorator).collect()
}

/// The signature of a function that stands in scope `outer`.
pub fn function_shape(
    source: &Source<'_>,
    def: &StmtFunctionDef,
    outer: ScopeId,
    is_conditional: bool,
) -> Option<FunctionShape> {
    let scope = source.scopes.scope_of(def)?;
    let terms = Terms::new(source, outer);
    let parameter = |parameter: &ast::Parameter, kind, default: Option<&Expr>| Parameter {
        name: parameter.name.as_str().into(),
        kind,
        annotation: parameter.annotation.as_deref().map(|note| terms.annotation(note)),
        default: default.map(|default| terms.value(default)),
    };
    let list = &def.parameters;
    let mut parameters = Vec::with_capacity(list.len());
    let plain = list.posonlyargs.iter().map(|one| (one, ParameterKind::PositionalOnly));
    for (one, kind) in plain.chain(list.args.iter().map(|one| (one, ParameterKind::Ordinary))) {
        parameters.push(parameter(&one.parameter, kind, one.default.as_deref()));
    }
    if let Some(one) = &list.vararg {
        parameters.push(parameter(one, ParameterKind::Variadic, None));
    }
    for one in &list.kwonlyargs {
        let kind = ParameterKind::KeywordOnly;
        parameters.push(parameter(&one.parameter, kind, one.default.as_deref()));
    }
    if let Some(one) = &list.kwarg {
        parameters.push(parameter(one, ParameterKind::Keywords, None));
    }
    Some(FunctionShape {
        name: source.scopes.name_of(scope).clone(),
        line: source.line_of(&def.name),
        doc: docstring(&def.body),
        is_async: def.is_async,
        is_generator: yields(&def.body),
        decorators: decorators(terms, &def.decorator_list),
        parameters,
        returns: def.returns.as_deref().map(|returns| terms.annotation(returns)),
        result: only_result(&def.body).map(|result| Terms::new(source, scope).value(result)),
        is_conditional,
    })
}

/// What a body returns where it returns once, at its end, something that can be read: a call, a
/// name or a literal.
fn only_result(body: &[Stmt]) -> Option<&Expr> {
    let (Stmt::Return(last), before) = body.split_last()? else { return None };
    struct Returns(bool);
    impl<'a> Visitor<'a> for Returns {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            match stmt {
                Stmt::Return(_) => self.0 = true,
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                _ if self.0 => {}
                _ => visitor::walk_stmt(self, stmt),
            }
        }
        fn visit_expr(&mut self, _: &'a Expr) {}
    }
    let mut earlier = Returns(false);
    earlier.visit_body(before);
    let value = last.value.as_deref()?;
    let readable = match value {
        Expr::Call(_) | Expr::Name(_) | Expr::Attribute(_) => true,
        Expr::Dict(dict) => dict.items.len() <= 16,
        Expr::List(list) => list.elts.len() <= 16,
        Expr::Tuple(tuple) => tuple.elts.len() <= 16,
        literal => literal.is_literal_expr(),
    };
    (readable && !earlier.0).then_some(value)
}

/// Whether a body yields itself, nested functions and classes aside.
fn yields(body: &[Stmt]) -> bool {
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
                _ if self.0 => {}
                _ => visitor::walk_expr(self, expr),
            }
        }
    }
    let mut finder = Yields(false);
    finder.visit_body(body);
    finder.0
}
