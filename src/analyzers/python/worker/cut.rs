//! Reads one module and cuts it into units.

use ruff_python_ast::helpers::any_over_expr;
use ruff_python_ast::{BoolOp, CmpOp, Expr, PySourceType, Stmt, StmtIf};
use ruff_text_size::Ranged;

use super::effects;
use super::unit::{Alias, Branch, Container, DecoratorUnit, MethodEffects, Module, Unit, UnitKind};
use super::uses::Uses;
use crate::analyzers::python::Source;
use crate::analyzers::python::schemas::Terms;
use crate::analyzers::python::scopes::{MODULE, Scopes, absolute};
use crate::analyzers::python::symbols::docstring;
use crate::model::facts::python::schemas::Decorator;
use crate::model::{LineIndex, Name};

/// What a decorator does, as the slice needs to know: does it register, and if so, does it give
/// back what it got unchanged?
pub type Judge<'j> = &'j dyn Fn(&Decorator) -> Option<bool>;

/// Cuts a module. `None` when it does not parse.
pub fn cut(
    name: &Name,
    path: &Name,
    text: std::sync::Arc<str>,
    is_package: bool,
    judge: Judge<'_>,
) -> Option<Module> {
    let parsed = ruff_python_parser::parse_unchecked_source(&text, PySourceType::Python);
    if !parsed.errors().is_empty() {
        return None;
    }
    let scopes = Scopes::build(parsed.syntax(), name, is_package);
    let lines = LineIndex::new(&text);
    let source = Source {
        path,
        module: name,
        is_package,
        is_stub: false,
        text: &text,
        lines: &lines,
        ast: parsed.syntax(),
        scopes: &scopes,
    };
    let future = parsed.syntax().body.iter().any(|stmt| {
        matches!(stmt, Stmt::ImportFrom(import)
            if import.module.as_ref().is_some_and(|name| name.as_str() == "__future__")
                && import.names.iter().any(|alias| alias.name.as_str() == "annotations"))
    });
    let mut cutter = Cutter {
        source: &source,
        judge,
        // Without the future import, annotations are evaluated at definition.
        annotations: !future,
        units: Vec::new(),
        containers: Vec::new(),
    };
    cutter.body(&parsed.syntax().body, None, false);
    if docstring(&parsed.syntax().body).is_some()
        && let Some(first) = cutter.units.first_mut()
    {
        first.kind = UnitKind::Docstring;
        first.binds = vec!["__doc__".into()];
    }
    let Cutter { units, containers, .. } = cutter;
    let header_end = header(&text);
    Some(Module {
        name: name.clone(),
        path: path.clone(),
        text: text.clone(),
        is_package,
        units,
        containers,
        header_end,
    })
}

/// Where the comment block at the top ends (shebang, encoding, licence).
fn header(text: &str) -> usize {
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        if !line.trim_start_matches('\u{feff}').starts_with('#') {
            break;
        }
        end += line.len();
    }
    end
}

struct Cutter<'a, 's> {
    source: &'s Source<'a>,
    judge: Judge<'s>,
    annotations: bool,
    units: Vec<Unit>,
    containers: Vec<Container>,
}

fn range(node: &impl Ranged) -> (usize, usize) {
    (node.start().to_usize(), node.end().to_usize())
}

impl<'a> Cutter<'a, '_> {
    fn body(&mut self, body: &'a [Stmt], inside: Option<(usize, usize)>, type_only: bool) {
        for stmt in body {
            self.statement(stmt, inside, type_only);
        }
    }

    fn unit(&self, stmt: &'a Stmt, kind: UnitKind, inside: Option<(usize, usize)>) -> Unit {
        let line = match stmt {
            Stmt::FunctionDef(def) => self.source.line_of(&def.name),
            Stmt::ClassDef(def) => self.source.line_of(&def.name),
            other => self.source.line_of(other),
        };
        Unit {
            kind,
            range: range(stmt),
            line,
            binds: Vec::new(),
            uses: Vec::new(),
            asked: Vec::new(),
            effects: effects::of_statement(self.source, stmt),
            decorators: Vec::new(),
            body: Vec::new(),
            inside,
            imports: Vec::new(),
            python: 8,
        }
    }

    fn statement(&mut self, stmt: &'a Stmt, inside: Option<(usize, usize)>, type_only: bool) {
        match stmt {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let loads = alias.name.as_str();
                    let (bound, origin) = match &alias.asname {
                        Some(asname) => (asname.as_str(), loads),
                        None => {
                            let top = loads.split('.').next().unwrap_or(loads);
                            (top, top)
                        }
                    };
                    let alias = Alias {
                        prefix: "import ".into(),
                        text: self.source.text_of(alias).into(),
                        origin: origin.into(),
                        loads: loads.into(),
                        module: loads.len(),
                    };
                    self.import(stmt, alias, bound, inside, type_only);
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |name| name.as_str());
                if module == "__future__" {
                    let mut unit = self.unit(stmt, UnitKind::Future, inside);
                    unit.binds = import.names.iter().map(|one| one.name.as_str().into()).collect();
                    self.units.push(unit);
                    return;
                }
                let own: &str = self.source.module;
                let package = if self.source.is_package {
                    own
                } else {
                    own.rsplit_once('.').map_or("", |(parent, _)| parent)
                };
                let base = absolute(package, import.level, module);
                let prefix = format!("from {}{module} import ", ".".repeat(import.level as usize));
                for alias in &import.names {
                    let name = alias.name.as_str();
                    if name == "*" {
                        let mut unit =
                            self.unit(stmt, UnitKind::Star(base.as_str().into()), inside);
                        unit.imports = vec![top(&base)];
                        self.units.push(unit);
                        continue;
                    }
                    let origin =
                        if base.is_empty() { name.into() } else { format!("{base}.{name}") };
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    let alias = Alias {
                        prefix: prefix.clone(),
                        text: self.source.text_of(alias).into(),
                        origin: origin.as_str().into(),
                        loads: origin.into(),
                        module: base.len(),
                    };
                    self.import(stmt, alias, bound, inside, type_only);
                }
            }
            Stmt::If(node) => self.branches(stmt, node, inside, type_only),
            Stmt::FunctionDef(def) => {
                let mut unit = self.unit(stmt, UnitKind::Function, inside);
                unit.binds = vec![def.name.as_str().into()];
                let decorated = !def.decorator_list.is_empty();
                let mut uses = Uses::new(self.source, self.annotations);
                uses.function(def, self.annotations || decorated);
                let mut asked = Uses::new(self.source, self.annotations);
                asked.function(def, true);
                // What only annotations that nobody evaluates mention: needed by the task itself.
                let first_class = asked.found.into_iter().filter(|one| !uses.found.contains(one));
                let only_asked: Vec<_> = first_class.collect();
                self.decorators(&def.decorator_list, &mut unit);
                take(&mut unit, uses);
                unit.asked = only_asked;
                if let Some(scope) = self.source.scopes.scope_of(def) {
                    let mut effects = effects::of_body(self.source, scope, None, &def.body);
                    let keeps = def.parameters.iter().filter_map(|one| one.default()).any(|one| {
                        matches!(one, Expr::List(_) | Expr::Dict(_) | Expr::Set(_) | Expr::Call(_))
                    });
                    effects.own = effects.parameters && keeps;
                    unit.body = vec![MethodEffects { name: def.name.as_str().into(), effects }];
                }
                self.push(unit, type_only);
            }
            Stmt::ClassDef(def) => {
                let mut bases: Vec<Name> = Vec::new();
                for base in def.bases() {
                    bases.extend(self.source.scopes.resolve(base, MODULE));
                }
                for keyword in def.keywords() {
                    if keyword.arg.as_ref().is_some_and(|name| name.as_str() == "metaclass") {
                        bases.extend(self.source.scopes.resolve(&keyword.value, MODULE));
                    }
                }
                let mut unit = self.unit(stmt, UnitKind::Class(bases), inside);
                unit.binds = vec![def.name.as_str().into()];
                let mut uses = Uses::new(self.source, self.annotations);
                uses.class(def);
                self.decorators(&def.decorator_list, &mut unit);
                take(&mut unit, uses);
                unit.body = effects::of_methods(self.source, def);
                self.push(unit, type_only);
            }
            _ => self.whole(stmt, inside, type_only),
        }
    }

    /// A statement that is kept or dropped as one.
    fn whole(&mut self, stmt: &'a Stmt, inside: Option<(usize, usize)>, type_only: bool) {
        let kind = match stmt {
            Stmt::Assign(assign) => UnitKind::Assign(self.made_by(&assign.value)),
            Stmt::AnnAssign(assign) => UnitKind::Assign(
                assign.value.as_deref().map(|value| self.made_by(value)).unwrap_or_default(),
            ),
            _ => UnitKind::Other,
        };
        let mut unit = self.unit(stmt, kind, inside);
        unit.binds = self.bound_within(range(stmt));
        unit.binds.extend(bound_by_key(stmt));
        let value = match stmt {
            Stmt::Assign(assign) => Some(&*assign.value),
            Stmt::AnnAssign(assign) => assign.value.as_deref(),
            _ => None,
        };
        if let Some(effects) = value.and_then(|it| effects::of_callable(self.source, it)) {
            let name = unit.binds.first().cloned().unwrap_or_else(|| "".into());
            unit.body = vec![MethodEffects { name, effects }];
        }
        let mut uses = Uses::new(self.source, self.annotations);
        ruff_python_ast::visitor::Visitor::visit_stmt(&mut uses, stmt);
        take(&mut unit, uses);
        if let Stmt::Try(node) = stmt
            && node.is_star
        {
            unit.python = unit.python.max(11);
        }
        self.push(unit, type_only);
    }

    fn push(&mut self, mut unit: Unit, type_only: bool) {
        if type_only {
            unit.kind = UnitKind::TypeOnly(None);
        }
        self.units.push(unit);
    }

    fn import(
        &mut self,
        stmt: &'a Stmt,
        alias: Alias,
        bound: &str,
        inside: Option<(usize, usize)>,
        type_only: bool,
    ) {
        let imports = vec![top(&alias.loads)];
        let kind = match type_only {
            true => UnitKind::TypeOnly(Some(alias.origin.clone())),
            false => UnitKind::Import(alias),
        };
        let mut unit = self.unit(stmt, kind, inside);
        unit.binds = vec![bound.into()];
        unit.imports = imports;
        self.units.push(unit);
    }

    /// The origins of what a value calls.
    fn made_by(&self, value: &Expr) -> Vec<Name> {
        match value {
            Expr::Call(call) => {
                let origins = self.source.scopes.resolve(&call.func, MODULE);
                if origins.is_empty() { vec!["?".into()] } else { origins }
            }
            Expr::Subscript(subscript) => {
                let origins = self.source.scopes.resolve(&subscript.value, MODULE);
                let is_module = origins.iter().any(|origin| &**origin == "sys.modules");
                vec![if is_module { "sys.modules".into() } else { "?".into() }]
            }
            Expr::Name(_) | Expr::Attribute(_) | Expr::BinOp(_) => vec!["?".into()],
            _ => Vec::new(),
        }
    }

    /// The module-level names that a statement binds.
    fn bound_within(&self, (start, end): (usize, usize)) -> Vec<Name> {
        let mut bound: Vec<(u32, &str)> = Vec::new();
        for (name, places) in &self.source.scopes.scope(MODULE).bindings {
            let within = |at: u32| (start..end).contains(&(at as usize));
            if let Some((at, _)) = places.iter().find(|(at, _)| within(*at)) {
                bound.push((*at, name));
            }
        }
        bound.sort_unstable();
        bound.into_iter().map(|(_, name)| name.into()).collect()
    }

    fn branches(
        &mut self,
        stmt: &'a Stmt,
        node: &'a StmtIf,
        inside: Option<(usize, usize)>,
        type_only: bool,
    ) {
        let binds = |test: &Expr| any_over_expr(test, |inner: &Expr| inner.is_named_expr());
        let tests = node.elif_else_clauses.iter().filter_map(|clause| clause.test.as_ref());
        if tests.chain([&*node.test]).any(binds) {
            return self.whole(stmt, inside, type_only);
        }
        if is_main_test(&node.test) && node.elif_else_clauses.is_empty() {
            let mut unit = self.unit(stmt, UnitKind::Main, inside);
            unit.effects = Default::default();
            self.units.push(unit);
            return;
        }
        let mut uses = Uses::new(self.source, self.annotations);
        ruff_python_ast::visitor::Visitor::visit_expr(&mut uses, &node.test);
        let container = self.containers.len();
        let mut bodies: Vec<(&'a [Stmt], bool)> = vec![(&node.body, is_type_checking(&node.test))];
        let mut starts = vec![node.start().to_usize()];
        for clause in &node.elif_else_clauses {
            if let Some(test) = &clause.test {
                ruff_python_ast::visitor::Visitor::visit_expr(&mut uses, test);
            }
            bodies.push((&clause.body, false));
            starts.push(clause.start().to_usize());
        }
        let branches = bodies.iter().zip(&starts).map(|((body, _), start)| {
            let first = body.first().map_or((*start, *start), range);
            Branch { head: (*start, first.0), first }
        });
        self.containers.push(Container {
            parent: inside,
            branches: branches.collect(),
            uses: uses.found,
        });
        for (at, (body, types)) in bodies.into_iter().enumerate() {
            self.body(body, Some((container, at)), type_only || types);
        }
    }

    fn decorators(&self, list: &'a [ruff_python_ast::Decorator], unit: &mut Unit) {
        for decorator in list {
            let mut uses = Uses::new(self.source, self.annotations);
            ruff_python_ast::visitor::Visitor::visit_expr(&mut uses, &decorator.expression);
            let terms = Terms::new(self.source, MODULE);
            let judged = (self.judge)(&match &decorator.expression {
                Expr::Call(call) => {
                    let call = terms.call(call);
                    Decorator { line: 0, function: call.function.clone(), call: Some(call) }
                }
                other => Decorator { line: 0, function: terms.value(other), call: None },
            });
            unit.python = unit.python.max(uses.python);
            unit.decorators.push(DecoratorUnit {
                range: range(decorator),
                uses: uses.found,
                registers: judged.is_some(),
                transparent: judged == Some(true),
            });
        }
    }
}

fn take(unit: &mut Unit, uses: Uses<'_, '_>) {
    unit.uses = uses.found;
    unit.imports = uses.imports;
    unit.python = unit.python.max(uses.python);
}

fn top(name: &str) -> Name {
    name.split('.').next().unwrap_or(name).into()
}

/// `name` of `globals()["name"] = …`.
fn bound_by_key(stmt: &Stmt) -> Option<Name> {
    let Stmt::Assign(assign) = stmt else { return None };
    let [Expr::Subscript(target)] = assign.targets.as_slice() else { return None };
    let (Expr::Call(call), Expr::StringLiteral(key)) = (&*target.value, &*target.slice) else {
        return None;
    };
    let Expr::Name(function) = &*call.func else { return None };
    let is_namespace = matches!(function.id.as_str(), "globals" | "vars" | "locals");
    (is_namespace && call.arguments.is_empty()).then(|| key.value.to_str().into())
}

/// `__name__ == "__main__"`, either way round, alone or with more that must hold.
fn is_main_test(test: &Expr) -> bool {
    let compare = match test {
        Expr::Compare(compare) if compare.ops.first() == Some(&CmpOp::Eq) => compare,
        Expr::BoolOp(both) if both.op == BoolOp::And => {
            return both.values.iter().any(is_main_test);
        }
        _ => return false,
    };
    let is_name = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.as_str() == "__name__");
    let is_main = |expr: &Expr| matches!(expr, Expr::StringLiteral(literal) if literal.value.to_str() == "__main__");
    let Some(right) = compare.comparators.first() else { return false };
    is_name(&compare.left) && is_main(right) || is_main(&compare.left) && is_name(right)
}

fn is_type_checking(test: &Expr) -> bool {
    match test {
        Expr::Name(name) => name.id.as_str() == "TYPE_CHECKING",
        Expr::Attribute(attribute) => attribute.attr.as_str() == "TYPE_CHECKING",
        _ => false,
    }
}
