//! Rules put together from several facts: anti-patterns, recorders, generated code.

use ruff_python_ast::{Expr, ExprCall, Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;

use super::Collector;
use super::members::{
    Member, each_expression, each_statement, first_parameter, is_name, last_name, mentions,
    parameter_names, returns,
};
use crate::analyzers::rules;
use crate::model::Name;

/// Decorators that make a descriptor: whatever wraps their result no longer is one.
const DESCRIPTORS: &[&str] = &["property", "classmethod", "staticmethod"];
const CACHES: &[&str] =
    &["lru_cache", "cache", "cached", "wraps", "singledispatch", "contextmanager"];

impl<'a> Collector<'a, '_> {
    /// `decorator-order`: descriptors below wrappers, `abstractmethod` not innermost, registration
    /// below a wrapper.
    pub(super) fn decorator_stack(&mut self, def: &'a StmtFunctionDef, symbol: &Name) {
        let names: Vec<(&str, bool)> = def
            .decorator_list
            .iter()
            .filter_map(|item| {
                let callee = match &item.expression {
                    Expr::Call(call) => &*call.func,
                    other => other,
                };
                Some((last_name(callee)?, callee.is_attribute_expr()))
            })
            .collect();
        if names.len() < 2 {
            return;
        }
        let is_wrapper = |name: &str| CACHES.contains(&name);
        let registers = |(name, on_object): &(&str, bool)| {
            name.starts_with("register")
                || *on_object && matches!(*name, "route" | "task" | "command" | "get" | "post")
        };
        let mut wrong: Option<String> = None;
        for (at, (outer, _)) in names.iter().enumerate() {
            for inner in &names[at + 1..] {
                if is_wrapper(outer) && DESCRIPTORS.contains(&inner.0) {
                    wrong = Some(format!("{outer} above {}", inner.0));
                }
                if is_wrapper(outer) && registers(inner) {
                    wrong = Some(format!("{} below {outer} registers the bare function", inner.0));
                }
            }
            if *outer == "abstractmethod" && at + 1 < names.len() {
                let below = names[at + 1].0;
                if DESCRIPTORS.contains(&below) {
                    wrong = Some(format!("abstractmethod above {below}"));
                }
            }
        }
        if let Some(detail) = wrong {
            self.hit_of(
                "decorator-order",
                self.source.line_of(&def.name),
                symbol.clone(),
                detail,
                false,
            );
        }
    }

    /// `unsafe-context-manager`: statements after the `yield` that an exception would skip.
    pub(super) fn generator_context_manager(&mut self, def: &'a StmtFunctionDef, symbol: &Name) {
        if let Some(at) = unprotected_yield(&def.body) {
            let line = self.source.lines.line(at);
            self.hit_of(
                "unsafe-context-manager",
                line,
                symbol.clone(),
                "no try/finally around yield",
                false,
            );
        }
        let mut pushes = (false, false);
        let mut is_before = true;
        for stmt in &def.body {
            each_expression(std::slice::from_ref(stmt), &mut |expr| match expr {
                Expr::Yield(_) => is_before = false,
                Expr::Call(call) => {
                    let name = last_name(&call.func);
                    pushes.0 |= is_before && matches!(name, Some("append" | "set" | "push"));
                    pushes.1 |= !is_before && matches!(name, Some("pop" | "reset" | "remove"));
                }
                _ => {}
            });
        }
        if pushes == (true, true) {
            self.hit_of("with-dsl", self.source.line_of(&def.name), symbol.clone(), "", false);
        }
    }

    /// `hidden-control-flow`: a wrapper that swallows whatever the wrapped function raises.
    pub(super) fn swallowing_wrapper(&mut self, inner: &'a StmtFunctionDef) {
        let symbol = self.name_of(inner);
        let mut swallowed = Vec::new();
        each_statement(&inner.body, &mut |stmt| {
            let Stmt::Try(node) = stmt else { return };
            for handler in &node.handlers {
                let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
                let is_broad = handler.type_.as_deref().is_none_or(|type_| {
                    matches!(last_name(type_), Some("Exception" | "BaseException"))
                });
                let mut reacts = false;
                each_statement(&handler.body, &mut |stmt| reacts |= stmt.is_raise_stmt());
                if let Some(name) = &handler.name {
                    each_expression(&handler.body, &mut |expr| reacts |= is_name(expr, name));
                }
                if is_broad && !reacts {
                    swallowed.push(handler.start().to_u32());
                }
            }
        });
        for at in swallowed {
            self.hit_of(
                "hidden-control-flow",
                self.source.lines.line(at),
                symbol.clone(),
                "",
                false,
            );
        }
    }

    /// `late-binding-closure`: functions made in a loop that read the loop variable.
    pub(super) fn loop_closures(&mut self, target: &'a Expr, body: &'a [Stmt]) {
        if !self.is_in_function() && self.scope != crate::analyzers::python::scopes::MODULE {
            return;
        }
        let mut variables: Vec<&str> = Vec::new();
        super::members::each_part(target, &mut |part| {
            if let Expr::Name(name) = part {
                variables.push(name.id.as_str());
            }
        });
        let mut late: Vec<(u32, Name)> = Vec::new();
        each_statement(body, &mut |stmt| match stmt {
            Stmt::FunctionDef(def) => {
                let own = parameter_names(def);
                let mut reads = false;
                each_expression(&def.body, &mut |expr| {
                    reads |=
                        variables.iter().any(|name| is_name(expr, name) && !own.contains(name));
                });
                if reads && escapes(body, def.name.as_str()) {
                    late.push((def.name.start().to_u32(), self.name_of(def)));
                }
            }
            Stmt::Assign(_) | Stmt::Expr(_) | Stmt::Return(_) => {
                for lambda in stored_lambdas(stmt) {
                    let own: Vec<&str> = lambda
                        .parameters
                        .iter()
                        .flat_map(|list| list.iter())
                        .map(|parameter| parameter.name().as_str())
                        .collect();
                    let reads = variables
                        .iter()
                        .any(|name| !own.contains(name) && mentions(&lambda.body, name));
                    if reads {
                        late.push((lambda.start().to_u32(), self.name_of(lambda)));
                    }
                }
            }
            _ => {}
        });
        for (at, symbol) in late {
            self.hit_of("late-binding-closure", self.source.lines.line(at), symbol, "", false);
        }
    }

    /// `shared-descriptor-state`, `runtime-validation` by a descriptor's `__set__`.
    pub(super) fn data_descriptor(&mut self, class: &Name, set: &'a StmtFunctionDef) {
        let names = parameter_names(set);
        let [own, _, value, ..] = names.as_slice() else { return };
        let mut shared = None;
        let mut raises = false;
        each_statement(&set.body, &mut |stmt| match stmt {
            Stmt::Assign(assign) if mentions(&assign.value, value) => {
                for target in &assign.targets {
                    if let Expr::Attribute(node) = target
                        && is_name(&node.value, own)
                    {
                        shared = Some(target.start().to_u32());
                    }
                }
            }
            Stmt::Raise(_) => raises = true,
            _ => {}
        });
        let symbol: Name = format!("{class}.__set__").into();
        if let Some(at) = shared {
            self.hit_of(
                "shared-descriptor-state",
                self.source.lines.line(at),
                symbol.clone(),
                "",
                false,
            );
        }
        if raises {
            self.hit_of("runtime-validation", self.source.line_of(&set.name), symbol, "", false);
        }
    }

    /// `trace-to-graph`, `entity-ref`: operations that record themselves or become messages.
    pub(super) fn recorder(&mut self, class: &Name, line: u32, members: &[Member<'a>]) {
        let is_recording = |member: &&Member<'a>| {
            let is_operation = member.name.starts_with("__i")
                && member.name.ends_with("__")
                && !matches!(
                    member.name,
                    "__init__"
                        | "__init_subclass__"
                        | "__iter__"
                        | "__int__"
                        | "__index__"
                        | "__invert__"
                        | "__instancecheck__"
                )
                || matches!(member.name, "__setitem__" | "__call__");
            let Some(def) = member.def.filter(|_| is_operation) else { return false };
            let names = parameter_names(def);
            let [own, rest @ ..] = names.as_slice() else { return false };
            let mut records = false;
            each_expression(&def.body, &mut |expr| {
                let Expr::Call(call) = expr else { return };
                let Expr::Attribute(method) = &*call.func else { return };
                let on_self = mentions(&method.value, own);
                let stores = method.attr.as_str() == "append"
                    || matches!(
                        method.attr.as_str(),
                        "_append" | "add" | "_add" | "submit" | "_execute"
                    );
                let a_parameter = call
                    .arguments
                    .args
                    .iter()
                    .any(|argument| rest.iter().any(|name| mentions(argument, name)));
                records |= on_self && stores && a_parameter;
            });
            let values = returns(&def.body);
            let gives_node = member.name == "__setitem__"
                || values.iter().any(|value| is_name(value, own) || value.is_call_expr());
            records && gives_node
        };
        if members.iter().any(|member| is_recording(&member)) {
            self.hit_of("trace-to-graph", line, class.clone(), "", false);
        }
        let sends = |def: &'a StmtFunctionDef| {
            let mut sends = false;
            each_expression(&def.body, &mut |expr| {
                let Expr::Call(call) = expr else { return };
                let is_send = matches!(last_name(&call.func), Some("send" | "call" | "put"));
                sends |= is_send && call.arguments.args.iter().any(Expr::is_call_expr);
            });
            sends
        };
        let getattr = members.iter().find(|member| member.name == "__getattr__");
        if getattr.and_then(|member| member.def).is_some_and(sends) {
            self.hit_of("entity-ref", line, class.clone(), "", false);
        }
        let push_pop = |name: &str, verbs: &[&str]| {
            let def =
                members.iter().find(|member| member.name == name).and_then(|member| member.def);
            let mut found = false;
            if let Some(def) = def {
                each_expression(&def.body, &mut |expr| {
                    if let Expr::Call(call) = expr {
                        found |= last_name(&call.func).is_some_and(|last| verbs.contains(&last));
                    }
                });
            }
            found
        };
        if push_pop("__enter__", &["append", "set", "push"])
            && push_pop("__exit__", &["pop", "reset", "remove"])
        {
            self.hit_of("with-dsl", line, class.clone(), "", false);
        }
        for hook in ["__enter__", "__exit__"] {
            let Some(def) =
                members.iter().find(|member| member.name == hook).and_then(|member| member.def)
            else {
                continue;
            };
            if let Some(at) = self.writes_shared_state(class, def) {
                let symbol = format!("{class}.{hook}");
                let line = self.source.lines.line(at);
                self.hit_of(
                    "unsafe-context-manager",
                    line,
                    symbol.into(),
                    "scope kept where every thread sees it",
                    false,
                );
                break;
            }
        }
    }

    /// An assignment to a class attribute or a module global.
    fn writes_shared_state(&self, class: &Name, def: &'a StmtFunctionDef) -> Option<u32> {
        let short = class.rsplit('.').next().unwrap_or(class);
        let mut globals: Vec<&str> = Vec::new();
        let mut at = None;
        each_statement(&def.body, &mut |stmt| match stmt {
            Stmt::Global(node) => globals.extend(node.names.iter().map(|name| name.as_str())),
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    let is_shared = match target {
                        Expr::Name(name) => globals.contains(&name.id.as_str()),
                        Expr::Attribute(node) => {
                            is_name(&node.value, short)
                                || matches!(&*node.value, Expr::Attribute(inner) if inner.attr.as_str() == "__class__")
                        }
                        _ => false,
                    };
                    if is_shared {
                        at.get_or_insert(target.start().to_u32());
                    }
                }
            }
            _ => {}
        });
        at
    }

    /// `leaf-registry`: a registry of classes that drops the bases of each new one.
    pub(super) fn leaf_registry(
        &mut self,
        function: &'a StmtFunctionDef,
        container: &'a Expr,
        at: &impl Ranged,
    ) {
        let text = self.source.text_of(container);
        let mut drops = false;
        each_expression(&function.body, &mut |expr| {
            let Expr::Call(call) = expr else { return };
            let Expr::Attribute(method) = &*call.func else { return };
            let is_removal =
                matches!(method.attr.as_str(), "difference_update" | "discard" | "remove" | "pop");
            drops |= is_removal && self.source.text_of(&*method.value) == text;
        });
        each_statement(&function.body, &mut |stmt| {
            if let Stmt::AugAssign(assign) = stmt {
                drops |= assign.op == ruff_python_ast::Operator::Sub
                    && self.source.text_of(&*assign.target) == text;
            }
        });
        if drops {
            self.hit_as("leaf-registry", at, text, false);
        }
    }

    /// `unpicklable-dynamic-class`: a class made by a call in a function that hands it out without
    /// giving it an importable name.
    pub(super) fn unpicklable_call(&mut self, call: &'a ExprCall) {
        let Some(function) = self.enclosing_function() else { return };
        let text = self.source.text_of(function);
        let has_home = ["__module__", "__qualname__", "__reduce__", "globals()"]
            .iter()
            .any(|name| text.contains(name));
        let mut is_handed_out = false;
        for value in returns(&function.body) {
            is_handed_out |= value.range().contains_range(call.range());
        }
        each_statement(&function.body, &mut |stmt| {
            if let Stmt::Assign(assign) = stmt
                && assign.value.range() == call.range()
            {
                for target in &assign.targets {
                    let Expr::Name(name) = target else { continue };
                    is_handed_out |= returns(&function.body)
                        .iter()
                        .any(|value| mentions(value, name.id.as_str()));
                }
            }
        });
        let is_method_of_class =
            first_parameter(function).is_some_and(|first| first == "mcs" || first == "mcls");
        if is_handed_out && !has_home && !is_method_of_class {
            self.hit("unpicklable-dynamic-class", call);
        }
    }

    /// `template-codegen`, `worker-codegen`: a template engine and something that loads or writes
    /// code in the same module.
    pub(super) fn generated_code(&mut self) {
        let has = |out: &[crate::model::facts::python::findings::Hit], ids: &[&str]| {
            let wanted: Vec<u16> = ids.iter().filter_map(|id| rules::index_of(id)).collect();
            out.iter().any(|hit| wanted.contains(&hit.rule))
        };
        let text = self.source.text;
        let names_engine = ["jinja2", "Template", "mako"].iter().any(|name| text.contains(name));
        if !names_engine {
            return;
        }
        let loads = has(&self.out.hits, &["exec-call", "compile-call", "dynamic-import"])
            || ["spec_from_file_location", "subprocess", ".py\"", ".py'"]
                .iter()
                .any(|name| text.contains(name));
        if !loads {
            return;
        }
        let engines = [
            "jinja2.Template",
            "jinja2.Environment",
            "jinja2.environment.Environment",
            "string.Template",
            "mako.template.Template",
        ];
        let mut found: Vec<(u32, Name)> = Vec::new();
        let body = &self.source.ast.body;
        super::members::each_expression_deep(body, &mut |expr| {
            let Expr::Call(call) = expr else { return };
            let last = last_name(&call.func);
            let is_engine = matches!(last, Some("Template" | "Environment"))
                && self
                    .source
                    .scopes
                    .resolve(&call.func, crate::analyzers::python::scopes::MODULE)
                    .iter()
                    .any(|origin| engines.contains(&&**origin));
            if is_engine || last == Some("get_template") && text.contains("jinja2") {
                found.push((call.start().to_u32(), self.source.module.clone()));
            }
        });
        let has_source = has(&self.out.hits, &["getsource"]);
        for (at, symbol) in found {
            let line = self.source.lines.line(at);
            self.hit_of("template-codegen", line, symbol.clone(), "", false);
            if has_source {
                self.hit_of("worker-codegen", line, symbol, "", false);
            }
        }
    }
}

/// The offset of a `yield` that is in no `try` or `with` and has statements after it.
fn unprotected_yield(body: &[Stmt]) -> Option<u32> {
    for (at, stmt) in body.iter().enumerate() {
        let has_rest = at + 1 < body.len();
        let yields = |expr: &Expr| match expr {
            Expr::Yield(node) => Some(node.start().to_u32()),
            _ => None,
        };
        let found = match stmt {
            Stmt::Expr(node) => yields(&node.value).filter(|_| has_rest),
            Stmt::Assign(node) => yields(&node.value).filter(|_| has_rest),
            Stmt::If(node) => {
                let bodies = node.elif_else_clauses.iter().map(|clause| &clause.body);
                [&node.body].into_iter().chain(bodies).find_map(|body| unprotected_yield(body))
            }
            _ => None,
        };
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Whether a function defined in a loop body is stored, returned or yielded there, not just called.
fn escapes(body: &[Stmt], name: &str) -> bool {
    let mut escapes = false;
    each_statement(body, &mut |stmt| {
        escapes |= match stmt {
            Stmt::Assign(assign) => {
                let stored = !assign.targets.iter().all(Expr::is_name_expr);
                stored && is_name(&assign.value, name)
            }
            Stmt::Return(node) => node.value.as_deref().is_some_and(|value| is_name(value, name)),
            Stmt::Expr(node) => match &*node.value {
                Expr::Call(call) => {
                    let stores = matches!(
                        last_name(&call.func),
                        Some("append" | "add" | "insert" | "setattr" | "connect" | "register")
                    );
                    stores && call.arguments.args.iter().any(|argument| is_name(argument, name))
                }
                Expr::Yield(node) => {
                    node.value.as_deref().is_some_and(|value| is_name(value, name))
                }
                _ => false,
            },
            _ => false,
        };
    });
    escapes
}

/// Lambdas that a statement stores in a container or attribute.
fn stored_lambdas(stmt: &Stmt) -> Vec<&ruff_python_ast::ExprLambda> {
    fn of(expr: &Expr) -> Option<&ruff_python_ast::ExprLambda> {
        match expr {
            Expr::Lambda(lambda) => Some(lambda),
            _ => None,
        }
    }
    match stmt {
        Stmt::Assign(assign) if !assign.targets.iter().all(Expr::is_name_expr) => {
            of(&assign.value).into_iter().collect()
        }
        Stmt::Expr(node) => match &*node.value {
            Expr::Call(call)
                if matches!(
                    last_name(&call.func),
                    Some("append" | "add" | "insert" | "setattr" | "connect")
                ) =>
            {
                call.arguments.args.iter().filter_map(of).collect()
            }
            Expr::Yield(node) => node.value.as_deref().and_then(of).into_iter().collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}
