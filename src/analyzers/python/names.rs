//! What one Python file says about names, for following them across files.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Operator, Stmt, StmtClassDef};

use super::Source;
use super::scopes::{Bound, MODULE, ScopeId};
use crate::model::Name;
use crate::model::facts::python::names::{Binding, BindingKind, ClassFacts, NameFacts};

pub fn extract(source: &Source<'_>) -> NameFacts {
    let scopes = source.scopes;
    let mut bindings: Vec<(u32, Binding)> = Vec::new();
    for (name, bound) in &scopes.scope(MODULE).bindings {
        for (at, bound) in bound {
            let kind = match bound {
                Bound::Import(origin) => BindingKind::Import(origin.clone()),
                Bound::Class(_) => BindingKind::Class,
                Bound::Function(_) => BindingKind::Function,
                Bound::Value(value) => BindingKind::Value(alias_of(source, value, name)),
                Bound::Annotation(_) => continue,
                Bound::Parameter(_) | Bound::Other => BindingKind::Value(Vec::new()),
            };
            let line = source.lines.line(*at);
            bindings.push((*at, Binding { name: (*name).into(), line, kind }));
        }
    }
    bindings.sort_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name)));
    let mut classes = Classes { source, scope: MODULE, found: Vec::new() };
    classes.visit_body(&source.ast.body);
    NameFacts {
        bindings: bindings.into_iter().map(|(_, binding)| binding).collect(),
        stars: scopes.stars.clone(),
        all: literal_all(&source.ast.body),
        classes: classes.found,
    }
}

/// The origins of a plain alias `name = other` or `name = pkg.other`; subscripts make new things.
fn alias_of(source: &Source<'_>, value: &Expr, name: &str) -> Vec<Name> {
    if !matches!(value, Expr::Name(_) | Expr::Attribute(_)) {
        return Vec::new();
    }
    let own = source.scopes.qualify(MODULE, name);
    let mut origins = source.scopes.resolve(value, MODULE);
    origins.retain(|origin| *origin != own);
    origins
}

struct Classes<'a, 's> {
    source: &'s Source<'a>,
    scope: ScopeId,
    found: Vec<ClassFacts>,
}

impl<'a> Classes<'a, '_> {
    fn add(&mut self, def: &'a StmtClassDef) {
        let (source, scope) = (self.source, self.scope);
        let resolve = |expr: &Expr| source.scopes.resolve(expr, scope);
        let Some(own) = source.scopes.scope_of(def) else { return };
        let mut class = ClassFacts {
            name: source.scopes.name_of(own).clone(),
            line: source.line_of(&def.name),
            bases: Vec::new(),
            base_texts: Vec::new(),
            keywords: Vec::new(),
            metaclass: Vec::new(),
            decorators: Vec::new(),
            members: Vec::new(),
        };
        if let Some(arguments) = &def.arguments {
            for base in &arguments.args {
                class.bases.push(resolve(base));
                class.base_texts.push(source.text_of(base).into());
            }
            for keyword in &arguments.keywords {
                let Some(name) = &keyword.arg else { continue };
                if name.as_str() == "metaclass" {
                    class.metaclass = resolve(&keyword.value);
                } else {
                    let text = source.text_of(&keyword.value);
                    class.keywords.push((name.as_str().into(), text.into()));
                }
            }
        }
        for decorator in &def.decorator_list {
            let expression = match &decorator.expression {
                Expr::Call(call) => &*call.func,
                other => other,
            };
            class.decorators.push(resolve(expression));
        }
        let bound = &source.scopes.scope(own).bindings;
        let mut members: Vec<(u32, &str)> =
            bound.iter().filter_map(|(name, at)| Some((at.first()?.0, *name))).collect();
        members.sort_unstable();
        class.members = members.into_iter().map(|(_, name)| name.into()).collect();
        self.found.push(class);
    }
}

impl<'a> Visitor<'a> for Classes<'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        let inner = match stmt {
            Stmt::ClassDef(def) => {
                self.add(def);
                self.source.scopes.scope_of(def).map(|scope| (scope, &def.body))
            }
            Stmt::FunctionDef(def) => {
                self.source.scopes.scope_of(def).map(|scope| (scope, &def.body))
            }
            _ => None,
        };
        match inner {
            Some((scope, body)) => {
                let outer = std::mem::replace(&mut self.scope, scope);
                self.visit_body(body);
                self.scope = outer;
            }
            None => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}

/// `__all__` as far as it is literal: `=`, `+=` and `.extend` of lists and tuples of strings.
fn literal_all(body: &[Stmt]) -> Option<Vec<Name>> {
    let is_all = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.as_str() == "__all__");
    let mut all: Option<Vec<Name>> = None;
    for stmt in body {
        match stmt {
            Stmt::Assign(assign) if assign.targets.iter().any(is_all) => {
                all = Some(strings(&assign.value));
            }
            Stmt::AnnAssign(assign) if is_all(&assign.target) => {
                all = assign.value.as_deref().map(strings);
            }
            Stmt::AugAssign(assign) if is_all(&assign.target) && assign.op == Operator::Add => {
                all.get_or_insert_default().extend(strings(&assign.value));
            }
            Stmt::Expr(stmt) => {
                let Expr::Call(call) = &*stmt.value else { continue };
                let Expr::Attribute(method) = &*call.func else { continue };
                if is_all(&method.value) && matches!(method.attr.as_str(), "extend" | "append") {
                    let added = call.arguments.args.iter().flat_map(|argument| match argument {
                        Expr::StringLiteral(literal) => vec![Name::from(literal.value.to_str())],
                        other => strings(other),
                    });
                    all.get_or_insert_default().extend(added);
                }
            }
            _ => {}
        }
    }
    all
}

fn strings(expr: &Expr) -> Vec<Name> {
    let elements: &[Expr] = match expr {
        Expr::List(list) => &list.elts,
        Expr::Tuple(tuple) => &tuple.elts,
        Expr::BinOp(sum) if sum.op == Operator::Add => {
            let mut left = strings(&sum.left);
            left.extend(strings(&sum.right));
            return left;
        }
        _ => return Vec::new(),
    };
    let literal = |expr: &Expr| match expr {
        Expr::StringLiteral(literal) => Some(Name::from(literal.value.to_str())),
        _ => None,
    };
    elements.iter().filter_map(literal).collect()
}
