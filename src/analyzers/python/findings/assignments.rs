//! Rules that hold for stores: into other people's things, into module-level containers.

use ruff_python_ast::{Expr, ExprCall, Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;

use super::members::{each_expression, is_name, parameter_names};
use super::{Around, Collector};
use crate::analyzers::python::scopes::{Bound, MODULE, ScopeKind};

/// Methods that put something into a container.
const STORES: &[&str] = &["append", "add", "insert", "setdefault", "appendleft"];
/// Methods that change a container, for the rules on `sys.modules` and its like.
const CHANGES: &[&str] = &[
    "append",
    "insert",
    "extend",
    "remove",
    "pop",
    "clear",
    "setdefault",
    "update",
    "popitem",
    "__setitem__",
    "__delitem__",
    "reverse",
    "sort",
];
const CONTAINERS: &[&str] = &[
    "builtins.dict",
    "builtins.list",
    "builtins.set",
    "collections.defaultdict",
    "collections.OrderedDict",
    "collections.deque",
    "collections.Counter",
];

impl<'a> Collector<'a, '_> {
    pub(super) fn assignment(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.store(target, Some(&assign.value), stmt);
                }
            }
            Stmt::AugAssign(assign) => self.store(&assign.target, Some(&assign.value), stmt),
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.store(&assign.target, Some(value), stmt);
                }
            }
            Stmt::Delete(delete) => {
                delete.targets.iter().for_each(|target| self.store(target, None, stmt));
            }
            _ => {}
        }
    }

    /// One target of an assignment, or (without a value) of a deletion.
    fn store(&mut self, target: &'a Expr, value: Option<&'a Expr>, stmt: &'a Stmt) {
        match target {
            Expr::Tuple(tuple) => {
                tuple.elts.iter().for_each(|target| self.store(target, value, stmt))
            }
            Expr::List(list) => list.elts.iter().for_each(|target| self.store(target, value, stmt)),
            Expr::Attribute(attribute) => {
                if attribute.attr.as_str() == "__class__" && value.is_some() {
                    self.hit("class-assign", stmt);
                    if let Expr::Subscript(subscript) = &*attribute.value
                        && self.is_any(&subscript.value, &["sys.modules"])
                    {
                        self.hit_as("sys-modules-write", stmt, "class-swap", false);
                    }
                }
                if self.is_any(target, &["sys.meta_path", "sys.path_hooks"]) {
                    self.hit("meta-path-mutation", stmt);
                }
                if value.is_some() {
                    self.foreign_store(target, stmt);
                }
            }
            Expr::Subscript(subscript) => {
                if self.is_any(&subscript.value, &["sys.modules"]) {
                    self.hit("sys-modules-write", stmt);
                } else if self.is_any(&subscript.value, &["sys.meta_path", "sys.path_hooks"]) {
                    self.hit("meta-path-mutation", stmt);
                } else if self.is_globals_call(&subscript.value) {
                    self.hit("globals-write", stmt);
                } else if let Some(value) = value
                    && matches!(stmt, Stmt::Assign(_))
                {
                    self.registry_store(&subscript.value, Some(&subscript.slice), &[value], stmt);
                }
            }
            _ => {}
        }
    }

    fn is_globals_call(&self, expr: &'a Expr) -> bool {
        matches!(expr, Expr::Call(call) if self.is_any(&call.func, &["builtins.globals"]))
    }

    /// `builtins-patch`, `import-attr-assign`: an attribute of something imported.
    fn foreign_store(&mut self, target: &'a Expr, stmt: &'a Stmt) {
        let mut root = target;
        while let Expr::Attribute(node) = root {
            root = &node.value;
        }
        let Expr::Name(name) = root else { return };
        let bound = self.source.scopes.lookup(self.scope, name.id.as_str());
        let Some((_, bound)) = bound else { return };
        let is_import = |bound: &(u32, Bound<'_>)| matches!(bound.1, Bound::Import(_));
        if !bound.iter().any(is_import) {
            return;
        }
        let origins = self.resolve(target);
        if origins.iter().any(|origin| origin.starts_with("builtins.")) {
            self.hit_as("builtins-patch", stmt, self.source.text_of(target), false);
        }
        if bound.iter().all(is_import) {
            let own = self.source.module.split('.').next().unwrap_or_default();
            let is_outside =
                origins.iter().any(|origin| origin.split('.').next().unwrap_or_default() != own);
            self.hit_as("import-attr-assign", stmt, self.source.text_of(target), !is_outside);
        }
    }

    /// `setattr(builtins, …)`.
    pub(super) fn patches_builtins(&mut self, call: &'a ExprCall) {
        let on_builtins =
            call.arguments.args.first().is_some_and(|object| self.is_any(object, &["builtins"]));
        if on_builtins && self.is_any(&call.func, &["builtins.setattr"]) {
            self.hit("builtins-patch", call);
        }
    }

    /// Method calls that change a container: `sys.modules.pop`, `globals().update`, `REG.append`.
    pub(super) fn container_mutation(&mut self, call: &'a ExprCall) {
        let Expr::Attribute(method) = &*call.func else { return };
        let name = method.attr.as_str();
        if !CHANGES.contains(&name) && !STORES.contains(&name) {
            return;
        }
        if self.is_any(&method.value, &["sys.modules"]) && CHANGES.contains(&name) {
            self.hit_as("sys-modules-write", call, name, false);
        } else if self.is_any(&method.value, &["sys.meta_path", "sys.path_hooks"]) {
            self.hit_as("meta-path-mutation", call, name, false);
        } else if self.is_globals_call(&method.value) {
            if matches!(name, "update" | "setdefault" | "pop") {
                self.hit("globals-write", call);
            }
        } else if STORES.contains(&name) {
            let values: Vec<&Expr> = call.arguments.args.iter().collect();
            let (key, values) = match (name, values.as_slice()) {
                ("setdefault", [key, values @ ..]) => (Some(*key), values),
                ("insert", [_, values @ ..]) => (None, values),
                (_, values) => (None, values),
            };
            self.registry_store(&method.value, key, values, call);
        }
    }

    /// `registry-write`, `registry-class-write`: a parameter is stored in a container that outlives
    /// the call.
    fn registry_store(
        &mut self,
        container: &'a Expr,
        key: Option<&'a Expr>,
        values: &[&'a Expr],
        at: &impl Ranged,
    ) {
        let Some(function) = self.enclosing_function() else { return };
        // `C.setdefault(k, []).append(v)` and `C[k].append(v)` store in C.
        let mut root = container;
        loop {
            root = match root {
                Expr::Subscript(node) => &node.value,
                Expr::Call(call) => match &*call.func {
                    Expr::Attribute(node) if matches!(node.attr.as_str(), "setdefault" | "get") => {
                        &node.value
                    }
                    _ => break,
                },
                _ => break,
            };
        }
        let parameters: Vec<&str> = self
            .around
            .iter()
            .filter_map(|around| match around {
                Around::Function(def) => Some(parameter_names(def)),
                Around::Class(..) => None,
            })
            .flatten()
            .collect();
        let is_parameter = |expr: &Expr| parameters.iter().any(|name| is_name(expr, name));
        let contains = |expr: &'a Expr| {
            let mut found = false;
            super::members::each_part(expr, &mut |part| found |= is_parameter(part));
            found
        };
        let is_sure = values.iter().any(|value| is_parameter(value));
        if !is_sure && !values.iter().any(|value| contains(value)) {
            return;
        }
        let base = match root {
            Expr::Attribute(node) => &*node.value,
            other => other,
        };
        if let Expr::Name(name) = base
            && self.is_module_container(name.id.as_str())
        {
            let is_guarded = self.tests_membership(function, name.id.as_str());
            let detail = if is_guarded { "guarded" } else { "" };
            self.hit_as("registry-write", at, detail, !is_sure);
            if key.is_some() && !is_guarded && is_sure {
                self.hit_as("registry-duplicate-key", at, "", false);
            }
            return;
        }
        if let Expr::Attribute(node) = root
            && node.attr.as_str() != "__dict__"
            && self.is_class_hook(function)
        {
            let is_direct = node.value.is_name_expr();
            self.hit_as("registry-class-write", at, self.source.text_of(root), !is_direct);
            self.leaf_registry(function, root, at);
        }
    }

    /// A module-level name bound to a container display or constructor and not rebound here.
    fn is_module_container(&self, name: &str) -> bool {
        let Some((scope, bound)) = self.source.scopes.lookup(self.scope, name) else {
            return false;
        };
        scope == MODULE
            && bound.iter().any(|(_, bound)| match bound {
                Bound::Value(value) => self.is_container(value),
                _ => false,
            })
    }

    fn is_container(&self, value: &Expr) -> bool {
        match value {
            Expr::Dict(_) | Expr::List(_) | Expr::Set(_) => true,
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) => true,
            Expr::Call(call) => {
                let origins = self.source.scopes.resolve(&call.func, MODULE);
                origins.iter().any(|origin| {
                    CONTAINERS.contains(&&**origin) || origin.starts_with("weakref.Weak")
                })
            }
            _ => false,
        }
    }

    /// Whether a function tests `in` or `not in` the container.
    fn tests_membership(&self, function: &'a StmtFunctionDef, container: &str) -> bool {
        let mut tests = false;
        each_expression(&function.body, &mut |expr| {
            if let Expr::Compare(compare) = expr {
                let is_in = compare.ops.iter().any(|op| {
                    matches!(op, ruff_python_ast::CmpOp::In | ruff_python_ast::CmpOp::NotIn)
                });
                tests |= is_in
                    && compare
                        .comparators
                        .iter()
                        .any(|side| super::members::mentions(side, container));
            }
        });
        tests
    }

    /// `__init_subclass__`, `__set_name__`, a metaclass's `__new__` or `__init__`, or a classmethod
    /// named `register…`.
    fn is_class_hook(&self, function: &'a StmtFunctionDef) -> bool {
        let name = function.name.as_str();
        if matches!(name, "__init_subclass__" | "__set_name__") {
            return true;
        }
        let at = self.around.iter().rposition(
            |around| matches!(around, Around::Function(def) if std::ptr::eq(*def, function)),
        );
        let owner = at.and_then(|at| self.around.get(at.checked_sub(1)?));
        let Some(Around::Class(_, is_metaclass)) = owner else { return false };
        let is_classmethod =
            function.decorator_list.iter().any(|item| is_name(&item.expression, "classmethod"));
        matches!(name, "__new__" | "__init__") && *is_metaclass
            || name.starts_with("register") && is_classmethod
    }

    /// Whether the walk is directly inside a function (not a class body in it).
    pub(super) fn is_in_function(&self) -> bool {
        self.source.scopes.scope(self.scope).kind == ScopeKind::Function
    }
}
