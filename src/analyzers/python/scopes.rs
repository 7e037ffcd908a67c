//! The scopes of one file and what each name is bound to in them (Python reference, section 4.2,
//! "Naming and binding"), so that every analysis resolves names the same way.
//!
//! [`Scopes::resolve`] turns an expression into its dotted origins: `np.array` after
//! `import numpy as np` is `numpy.array`, a module-level `def f` is `<module>.f`, a builtin is
//! `builtins.f`, and whatever a parameter or local variable holds is unknown (no origin).

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    Alias, Comprehension, ExceptHandler, Expr, ExprLambda, Identifier, ModModule, Parameters,
    Pattern, Stmt, StmtClassDef, StmtFunctionDef,
};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::Name;

pub type ScopeId = u32;

/// The scope of the module body.
pub const MODULE: ScopeId = 0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopeKind {
    Module,
    Class,
    Function,
    Lambda,
    Comprehension,
}

/// What one binding makes of a name.
#[derive(Debug, Clone)]
pub enum Bound<'a> {
    /// An import with its absolute origin. `import a.b` binds `a` to `a`.
    Import(Name),
    Class(&'a StmtClassDef),
    Function(&'a StmtFunctionDef),
    /// `name = value`, `name: T = value`, `name := value`.
    Value(&'a Expr),
    /// `name: T` with the annotation; also the annotation of a valued one.
    Annotation(&'a Expr),
    /// A parameter, with its annotation.
    Parameter(Option<&'a Expr>),
    /// A loop, `with`, `except`, unpacking or pattern target, `del`, an augmented assignment.
    Other,
}

#[derive(Debug)]
pub struct Scope<'a> {
    pub kind: ScopeKind,
    pub parent: Option<ScopeId>,
    /// Qualified name; comprehensions bear that of the scope they stand in.
    pub name: Name,
    /// All bindings of a name in source order, with the offset at which each stands.
    pub bindings: FxHashMap<&'a str, Vec<(u32, Bound<'a>)>>,
    /// Names declared `global` here (`true`) or `nonlocal` (`false`).
    declared: FxHashMap<&'a str, bool>,
    lambdas: u32,
}

/// All scopes of a file.
#[derive(Debug)]
pub struct Scopes<'a> {
    scopes: Vec<Scope<'a>>,
    of_node: FxHashMap<TextRange, ScopeId>,
    /// Absolute names of modules imported with `*`.
    pub stars: Vec<Name>,
}

impl<'a> Scopes<'a> {
    pub fn build(ast: &'a ModModule, module: &str, is_package: bool) -> Self {
        let mut builder = Builder {
            scopes: Self { scopes: Vec::new(), of_node: FxHashMap::default(), stars: Vec::new() },
            current: MODULE,
            package: if is_package {
                module
            } else {
                module.rsplit_once('.').map_or("", |(parent, _)| parent)
            },
        };
        builder.open(ScopeKind::Module, None, module.into());
        builder.visit_body(&ast.body);
        builder.scopes
    }

    pub fn scope(&self, id: ScopeId) -> &Scope<'a> {
        &self.scopes[id as usize]
    }

    /// The scope that a `def`, `class`, `lambda` or comprehension opens.
    pub fn scope_of(&self, node: &impl Ranged) -> Option<ScopeId> {
        self.of_node.get(&node.range()).copied()
    }

    /// The qualified name of what `scope` stands in: comprehensions count to their surroundings.
    pub fn name_of(&self, scope: ScopeId) -> &Name {
        &self.scope(scope).name
    }

    /// The bindings that a load of `name` in `scope` can see, and the scope that holds them.
    pub fn lookup(&self, scope: ScopeId, name: &str) -> Option<(ScopeId, &[(u32, Bound<'a>)])> {
        let mut at = scope;
        let mut is_start = true;
        loop {
            let here = self.scope(at);
            match here.declared.get(name) {
                Some(true) => {
                    let bound = self.scope(MODULE).bindings.get(name)?;
                    return Some((MODULE, bound));
                }
                Some(false) => {}
                // A class body is visible to itself and to comprehensions' first iterables only.
                None if here.kind != ScopeKind::Class || is_start => {
                    if let Some(bound) = here.bindings.get(name) {
                        return Some((at, bound));
                    }
                }
                None => {}
            }
            is_start = false;
            at = here.parent?;
        }
    }

    /// Names that `global` and `nonlocal` let other scopes write, with the scope that holds each.
    pub fn written_from_elsewhere(&self) -> FxHashSet<(ScopeId, &'a str)> {
        let mut found = FxHashSet::default();
        for (at, scope) in self.scopes.iter().enumerate() {
            for name in scope.declared.keys() {
                if let Some((holder, _)) = self.lookup(at as ScopeId, name) {
                    found.insert((holder, *name));
                }
            }
        }
        found
    }

    /// The dotted origins of an expression. Subscripts are those of their value; anything that
    /// depends on a parameter, a local variable or a call has none. A name that nothing binds and
    /// that is no builtin may come from a star import: then one origin per star.
    pub fn resolve(&self, expr: &Expr, scope: ScopeId) -> Vec<Name> {
        match expr {
            Expr::Name(name) => self.resolve_name(name.id.as_str(), scope),
            Expr::Attribute(attribute) => {
                let mut origins = self.resolve(&attribute.value, scope);
                for origin in &mut origins {
                    *origin = format!("{origin}.{}", attribute.attr).into();
                }
                origins
            }
            Expr::Subscript(subscript) => self.resolve(&subscript.value, scope),
            _ => Vec::new(),
        }
    }

    /// The dotted origins of a name loaded in `scope`.
    pub fn resolve_name(&self, name: &str, scope: ScopeId) -> Vec<Name> {
        let Some((holder, bound)) = self.lookup(scope, name) else {
            if is_builtin(name) {
                return vec![format!("builtins.{name}").into()];
            }
            return self.stars.iter().map(|star| format!("{star}.{name}").into()).collect();
        };
        let mut origins: Vec<Name> = Vec::new();
        for (_, bound) in bound {
            let origin = match bound {
                Bound::Import(origin) => origin.clone(),
                Bound::Class(_) | Bound::Function(_) => self.qualify(holder, name),
                // Module and class variables have a name others can refer to; locals do not.
                _ if matches!(self.scope(holder).kind, ScopeKind::Module | ScopeKind::Class) => {
                    self.qualify(holder, name)
                }
                _ => continue,
            };
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        origins
    }

    /// The qualified name of `name` bound in `scope`.
    pub fn qualify(&self, scope: ScopeId, name: &str) -> Name {
        format!("{}.{name}", self.name_of(scope)).into()
    }
}

struct Builder<'a, 's> {
    scopes: Scopes<'a>,
    current: ScopeId,
    package: &'s str,
}

impl<'a> Builder<'a, '_> {
    fn open(&mut self, kind: ScopeKind, parent: Option<ScopeId>, name: Name) -> ScopeId {
        self.scopes.scopes.push(Scope {
            kind,
            parent,
            name,
            bindings: FxHashMap::default(),
            declared: FxHashMap::default(),
            lambdas: 0,
        });
        self.scopes.scopes.len() as ScopeId - 1
    }

    /// Opens the scope of `node` under the current one and runs `inside` in it.
    fn within(
        &mut self,
        kind: ScopeKind,
        name: Name,
        node: TextRange,
        inside: impl FnOnce(&mut Self),
    ) {
        let outer = self.current;
        let scope = self.open(kind, Some(outer), name);
        self.scopes.of_node.insert(node, scope);
        self.current = scope;
        inside(self);
        self.current = outer;
    }

    fn bind(&mut self, name: &'a str, at: u32, bound: Bound<'a>) {
        // A walrus in a comprehension binds in the scope around it; so do `global` and `nonlocal`.
        let mut scope = self.current;
        while self.scopes.scope(scope).kind == ScopeKind::Comprehension
            && matches!(bound, Bound::Value(_))
        {
            match self.scopes.scope(scope).parent {
                Some(parent) => scope = parent,
                None => break,
            }
        }
        match self.scopes.scope(scope).declared.get(name) {
            Some(true) => scope = MODULE,
            Some(false) => {
                let mut outer = self.scopes.scope(scope).parent;
                while let Some(id) = outer {
                    let here = self.scopes.scope(id);
                    if here.kind != ScopeKind::Class && here.bindings.contains_key(name) {
                        scope = id;
                        break;
                    }
                    outer = here.parent;
                }
            }
            None => {}
        }
        self.scopes.scopes[scope as usize].bindings.entry(name).or_default().push((at, bound));
    }

    fn bind_identifier(&mut self, name: &'a Identifier, bound: Bound<'a>) {
        self.bind(name.as_str(), name.start().to_u32(), bound);
    }

    /// Binds every name in an assignment target; only a lone name takes `value`.
    fn bind_target(&mut self, target: &'a Expr, value: Option<&'a Expr>) {
        match target {
            Expr::Name(name) => {
                let bound = value.map_or(Bound::Other, Bound::Value);
                self.bind(name.id.as_str(), name.start().to_u32(), bound);
            }
            Expr::Tuple(tuple) => {
                let values = value.and_then(|value| elements(value, tuple.elts.len()));
                for (at, target) in tuple.elts.iter().enumerate() {
                    self.bind_target(target, values.map(|values| &values[at]));
                }
            }
            Expr::List(list) => list.elts.iter().for_each(|target| self.bind_target(target, None)),
            Expr::Starred(starred) => self.bind_target(&starred.value, None),
            // `a.b = …` and `a[b] = …` bind no name but load some.
            other => self.visit_expr(other),
        }
    }

    fn bind_pattern(&mut self, pattern: &'a Pattern) {
        match pattern {
            Pattern::MatchAs(node) => {
                if let Some(inner) = &node.pattern {
                    self.bind_pattern(inner);
                }
                if let Some(name) = &node.name {
                    self.bind_identifier(name, Bound::Other);
                }
            }
            Pattern::MatchStar(node) => {
                if let Some(name) = &node.name {
                    self.bind_identifier(name, Bound::Other);
                }
            }
            Pattern::MatchMapping(node) => {
                node.patterns.iter().for_each(|pattern| self.bind_pattern(pattern));
                if let Some(name) = &node.rest {
                    self.bind_identifier(name, Bound::Other);
                }
            }
            Pattern::MatchSequence(node) => {
                node.patterns.iter().for_each(|pattern| self.bind_pattern(pattern));
            }
            Pattern::MatchOr(node) => {
                node.patterns.iter().for_each(|pattern| self.bind_pattern(pattern));
            }
            Pattern::MatchClass(node) => {
                node.arguments.patterns.iter().for_each(|pattern| self.bind_pattern(pattern));
                let keywords = node.arguments.keywords.iter();
                keywords.for_each(|keyword| self.bind_pattern(&keyword.pattern));
            }
            Pattern::MatchValue(node) => self.visit_expr(&node.value),
            Pattern::MatchSingleton(_) => {}
        }
    }

    fn bind_parameters(&mut self, parameters: &'a Parameters) {
        for parameter in parameters.iter() {
            let parameter = parameter.as_parameter();
            let annotation = parameter.annotation.as_deref();
            self.bind_identifier(&parameter.name, Bound::Parameter(annotation));
        }
    }

    /// Defaults and annotations are evaluated outside the function.
    fn visit_signature(&mut self, parameters: &'a Parameters) {
        for parameter in parameters.iter() {
            if let Some(default) = parameter.default() {
                self.visit_expr(default);
            }
            if let Some(annotation) = parameter.annotation() {
                self.visit_expr(annotation);
            }
        }
    }

    fn visit_import(&mut self, alias: &'a Alias) {
        let name = alias.name.as_str();
        match &alias.asname {
            Some(asname) => self.bind_identifier(asname, Bound::Import(name.into())),
            None => {
                let top = name.split('.').next().unwrap_or(name);
                self.bind(top, alias.start().to_u32(), Bound::Import(top.into()));
            }
        }
    }

    fn visit_lambda(&mut self, lambda: &'a ExprLambda) {
        if let Some(parameters) = &lambda.parameters {
            self.visit_signature(parameters);
        }
        let mut owner = self.current;
        while self.scopes.scope(owner).kind == ScopeKind::Comprehension {
            match self.scopes.scope(owner).parent {
                Some(parent) => owner = parent,
                None => break,
            }
        }
        let scope = &mut self.scopes.scopes[owner as usize];
        scope.lambdas += 1;
        let name = format!("{}.<lambda{}>", scope.name, scope.lambdas);
        self.within(ScopeKind::Lambda, name.into(), lambda.range, |builder| {
            if let Some(parameters) = &lambda.parameters {
                builder.bind_parameters(parameters);
            }
            builder.visit_expr(&lambda.body);
        });
    }

    fn visit_comprehension_expr(
        &mut self,
        node: TextRange,
        generators: &'a [Comprehension],
        elements: &[&'a Expr],
    ) {
        // The first iterable is evaluated outside.
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        let name = self.scopes.name_of(self.current).clone();
        self.within(ScopeKind::Comprehension, name, node, |builder| {
            for (at, generator) in generators.iter().enumerate() {
                if at > 0 {
                    builder.visit_expr(&generator.iter);
                }
                builder.bind_target(&generator.target, None);
                generator.ifs.iter().for_each(|test| builder.visit_expr(test));
            }
            elements.iter().for_each(|element| builder.visit_expr(element));
        });
    }
}

impl<'a> Visitor<'a> for Builder<'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(def) => {
                def.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                self.visit_signature(&def.parameters);
                if let Some(returns) = &def.returns {
                    self.visit_expr(returns);
                }
                self.bind_identifier(&def.name, Bound::Function(def));
                let name = self.scopes.qualify(self.current, def.name.as_str());
                self.within(ScopeKind::Function, name, def.range, |builder| {
                    builder.bind_parameters(&def.parameters);
                    declare(builder, &def.body);
                    builder.visit_body(&def.body);
                });
            }
            Stmt::ClassDef(def) => {
                def.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                if let Some(arguments) = &def.arguments {
                    self.visit_arguments(arguments);
                }
                self.bind_identifier(&def.name, Bound::Class(def));
                let name = self.scopes.qualify(self.current, def.name.as_str());
                self.within(ScopeKind::Class, name, def.range, |builder| {
                    builder.visit_body(&def.body);
                });
            }
            Stmt::Import(import) => {
                import.names.iter().for_each(|alias| self.visit_import(alias));
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", Identifier::as_str);
                let origin = absolute(self.package, import.level, module);
                for alias in &import.names {
                    let name = alias.name.as_str();
                    if name == "*" {
                        self.scopes.stars.push(origin.as_str().into());
                        continue;
                    }
                    let bound = Bound::Import(join(&origin, name).into());
                    self.bind_identifier(alias.asname.as_ref().unwrap_or(&alias.name), bound);
                }
            }
            Stmt::Assign(assign) => {
                self.visit_expr(&assign.value);
                for target in &assign.targets {
                    self.bind_target(target, Some(&assign.value));
                }
            }
            Stmt::AnnAssign(assign) => {
                self.visit_expr(&assign.annotation);
                match (&*assign.target, &assign.value) {
                    (Expr::Name(name), value) => {
                        let (name, at) = (name.id.as_str(), name.start().to_u32());
                        if let Some(value) = value {
                            self.visit_expr(value);
                            self.bind(name, at, Bound::Value(value));
                        }
                        self.bind(name, at, Bound::Annotation(&assign.annotation));
                    }
                    (target, value) => {
                        self.visit_expr(target);
                        value.iter().for_each(|value| self.visit_expr(value));
                    }
                }
            }
            Stmt::AugAssign(assign) => {
                self.visit_expr(&assign.value);
                self.bind_target(&assign.target, None);
            }
            Stmt::TypeAlias(alias) => self.bind_target(&alias.name, Some(&alias.value)),
            Stmt::Delete(delete) => {
                delete.targets.iter().for_each(|target| self.bind_target(target, None));
            }
            Stmt::For(node) => {
                self.visit_expr(&node.iter);
                self.bind_target(&node.target, None);
                self.visit_body(&node.body);
                self.visit_body(&node.orelse);
            }
            Stmt::With(node) => {
                for item in &node.items {
                    self.visit_expr(&item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        self.bind_target(target, None);
                    }
                }
                self.visit_body(&node.body);
            }
            Stmt::Match(node) => {
                self.visit_expr(&node.subject);
                for case in &node.cases {
                    self.bind_pattern(&case.pattern);
                    case.guard.iter().for_each(|guard| self.visit_expr(guard));
                    self.visit_body(&case.body);
                }
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        let ExceptHandler::ExceptHandler(node) = handler;
        if let Some(name) = &node.name {
            self.bind_identifier(name, Bound::Other);
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Lambda(lambda) => self.visit_lambda(lambda),
            Expr::Named(named) => {
                self.visit_expr(&named.value);
                self.bind_target(&named.target, Some(&named.value));
            }
            Expr::ListComp(node) => {
                self.visit_comprehension_expr(node.range, &node.generators, &[&node.elt]);
            }
            Expr::SetComp(node) => {
                self.visit_comprehension_expr(node.range, &node.generators, &[&node.elt]);
            }
            Expr::Generator(node) => {
                self.visit_comprehension_expr(node.range, &node.generators, &[&node.elt]);
            }
            Expr::DictComp(node) => {
                let mut elements: Vec<&'a Expr> = Vec::with_capacity(2);
                if let Some(key) = &node.key {
                    elements.push(key);
                }
                elements.push(&node.value);
                self.visit_comprehension_expr(node.range, &node.generators, &elements);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}

/// Records `global` and `nonlocal` before the body is walked: they hold for all of it.
fn declare<'a>(builder: &mut Builder<'a, '_>, body: &'a [Stmt]) {
    struct Declarations<'a, 'd>(&'d mut FxHashMap<&'a str, bool>);
    impl<'a> Visitor<'a> for Declarations<'a, '_> {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            match stmt {
                Stmt::Global(node) => {
                    self.0.extend(node.names.iter().map(|name| (name.as_str(), true)));
                }
                Stmt::Nonlocal(node) => {
                    self.0.extend(node.names.iter().map(|name| (name.as_str(), false)));
                }
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                Stmt::If(_)
                | Stmt::For(_)
                | Stmt::While(_)
                | Stmt::Try(_)
                | Stmt::With(_)
                | Stmt::Match(_) => visitor::walk_stmt(self, stmt),
                _ => {}
            }
        }
        fn visit_expr(&mut self, _: &'a Expr) {}
    }
    let current = builder.current as usize;
    let mut declarations = Declarations(&mut builder.scopes.scopes[current].declared);
    declarations.visit_body(body);
}

/// The elements of a tuple or list display of exactly `count` elements without stars.
fn elements(value: &Expr, count: usize) -> Option<&[Expr]> {
    let elements: &[Expr] = match value {
        Expr::Tuple(tuple) => &tuple.elts,
        Expr::List(list) => &list.elts,
        _ => return None,
    };
    let plain = elements.len() == count && !elements.iter().any(Expr::is_starred_expr);
    plain.then_some(elements)
}

/// The absolute name of a `from` import's module: `level` dots climb from `package`.
pub fn absolute(package: &str, level: u32, module: &str) -> String {
    if level == 0 {
        return module.into();
    }
    let mut base = package;
    for _ in 1..level {
        base = base.rsplit_once('.').map_or("", |(parent, _)| parent);
    }
    join(base, module)
}

fn join(left: &str, right: &str) -> String {
    match (left.is_empty(), right.is_empty()) {
        (true, _) => right.into(),
        (_, true) => left.into(),
        _ => format!("{left}.{right}"),
    }
}

/// Whether Python 3.8–3.14 has a builtin of that name.
pub fn is_builtin(name: &str) -> bool {
    BUILTINS.binary_search(&name).is_ok()
}

/// `dir(builtins)` of CPython 3.14 and what older versions had beside it, sorted.
#[rustfmt::skip]
const BUILTINS: &[&str] = &[
    "ArithmeticError", "AssertionError", "AttributeError", "BaseException", "BaseExceptionGroup",
    "BlockingIOError", "BrokenPipeError", "BufferError", "BytesWarning", "ChildProcessError",
    "ConnectionAbortedError", "ConnectionError", "ConnectionRefusedError", "ConnectionResetError",
    "DeprecationWarning", "EOFError", "Ellipsis", "EncodingWarning", "EnvironmentError",
    "Exception", "ExceptionGroup", "False", "FileExistsError", "FileNotFoundError",
    "FloatingPointError", "FutureWarning", "GeneratorExit", "IOError", "ImportError",
    "ImportWarning", "IndentationError", "IndexError", "InterruptedError", "IsADirectoryError",
    "KeyError", "KeyboardInterrupt", "LookupError", "MemoryError", "ModuleNotFoundError",
    "NameError", "None", "NotADirectoryError", "NotImplemented", "NotImplementedError", "OSError",
    "OverflowError", "PendingDeprecationWarning", "PermissionError", "ProcessLookupError",
    "PythonFinalizationError", "RecursionError", "ReferenceError", "ResourceWarning",
    "RuntimeError", "RuntimeWarning", "StopAsyncIteration", "StopIteration", "SyntaxError",
    "SyntaxWarning", "SystemError", "SystemExit", "TabError", "TimeoutError", "True", "TypeError",
    "UnboundLocalError", "UnicodeDecodeError", "UnicodeEncodeError", "UnicodeError",
    "UnicodeTranslateError", "UnicodeWarning", "UserWarning", "ValueError", "Warning",
    "WindowsError", "ZeroDivisionError", "__build_class__", "__debug__", "__doc__", "__file__",
    "__import__", "__loader__", "__name__", "__package__", "__spec__", "abs", "aiter", "all",
    "anext", "any", "ascii", "bin", "bool", "breakpoint", "bytearray", "bytes", "callable", "chr",
    "classmethod", "compile", "complex", "copyright", "credits", "delattr", "dict", "dir",
    "divmod", "enumerate", "eval", "exec", "exit", "filter", "float", "format", "frozenset",
    "getattr", "globals", "hasattr", "hash", "help", "hex", "id", "input", "int", "isinstance",
    "issubclass", "iter", "len", "license", "list", "locals", "map", "max", "memoryview", "min",
    "next", "object", "oct", "open", "ord", "pow", "print", "property", "quit", "range", "repr",
    "reversed", "round", "set", "setattr", "slice", "sorted", "staticmethod", "str", "sum",
    "super", "tuple", "type", "vars", "zip",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(text: &str, module: &str, expr_at_end: &str) -> Vec<String> {
        let whole = format!("{text}\n{expr_at_end}\n");
        let parsed = ruff_python_parser::parse_module(&whole).unwrap();
        let scopes = Scopes::build(parsed.syntax(), module, false);
        let Some(Stmt::Expr(last)) = parsed.syntax().body.last() else { panic!("no expression") };
        scopes.resolve(&last.value, MODULE).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn builtins_are_sorted() {
        assert!(BUILTINS.is_sorted());
    }

    #[test]
    fn imports_definitions_and_builtins_have_origins() {
        assert_eq!(origins("import numpy as np", "m", "np.array"), ["numpy.array"]);
        assert_eq!(origins("import a.b.c", "m", "a.b.c.d"), ["a.b.c.d"]);
        assert_eq!(origins("from ..x import y as z", "p.q.m", "z.w"), ["p.x.y.w"]);
        assert_eq!(origins("class C: pass", "m", "C[int]"), ["m.C"]);
        assert_eq!(origins("", "m", "len"), ["builtins.len"]);
        assert_eq!(origins("from lib import *", "m", "thing"), ["lib.thing"]);
        assert_eq!(
            origins("try:\n  from a import f\nexcept ImportError:\n  from b import f", "m", "f"),
            ["a.f", "b.f"]
        );
        assert!(origins("", "m", "undefined").is_empty());
    }

    #[test]
    fn locals_hide_and_class_bodies_do_not_leak() {
        let text = "import x\nclass C:\n    x = 1\n    def f(self, y):\n        return x\n";
        let parsed = ruff_python_parser::parse_module(text).unwrap();
        let scopes = Scopes::build(parsed.syntax(), "m", false);
        let Stmt::ClassDef(class) = &parsed.syntax().body[1] else { panic!() };
        let Stmt::FunctionDef(method) = &class.body[1] else { panic!() };
        let class_scope = scopes.scope_of(class).unwrap();
        let scope = scopes.scope_of(method).unwrap();
        assert_eq!(&**scopes.name_of(scope), "m.C.f");
        assert_eq!(scopes.resolve_name("x", scope), [Name::from("x")]);
        assert_eq!(scopes.resolve_name("x", class_scope), [Name::from("m.C.x")]);
        assert!(scopes.resolve_name("y", scope).is_empty());
    }

    #[test]
    fn globals_and_walruses_bind_where_they_should() {
        let text = "def f():\n    global g\n    g = 1\n    return [h := i for i in ()]\n";
        let parsed = ruff_python_parser::parse_module(text).unwrap();
        let scopes = Scopes::build(parsed.syntax(), "m", false);
        assert!(scopes.scope(MODULE).bindings.contains_key("g"));
        let Stmt::FunctionDef(def) = &parsed.syntax().body[0] else { panic!() };
        let scope = scopes.scope_of(def).unwrap();
        assert!(scopes.scope(scope).bindings.contains_key("h"));
        assert!(!scopes.scope(scope).bindings.contains_key("i"));
    }
}
