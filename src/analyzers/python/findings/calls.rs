//! Rules that hold for a call, an attribute access, or a call as a statement.

use ruff_python_ast::{Expr, ExprAttribute, ExprCall, StmtExpr};

use super::Collector;
use super::members::{each_part, parameter_names};
use crate::analyzers::python::scopes::MODULE;

impl<'a> Collector<'a, '_> {
    pub(super) fn call(&mut self, call: &'a ExprCall) {
        if let Expr::Attribute(method) = &*call.func
            && method.attr.as_str() == "__subclasses__"
        {
            self.hit("subclasses-walk", call);
        }
        self.container_mutation(call);
        let Some(last) = self.last_segment(&call.func) else { return };
        let rule = match last {
            "exec" | "eval" | "compile" => return self.run_text(call),
            "getattr" | "setattr" | "delattr" => {
                self.patches_builtins(call);
                return self.dynamic_attribute(call);
            }
            "type" | "new_class" | "__new__" => return self.class_call(call),
            "partial" | "partialmethod" => {
                ("partial", &["functools.partial", "functools.partialmethod"][..])
            }
            "namedtuple" | "NamedTuple" => {
                ("namedtuple", &["collections.namedtuple", "typing.NamedTuple"][..])
            }
            "signature" | "getfullargspec" | "getargspec" | "from_callable" => (
                "signature-introspection",
                &[
                    "inspect.signature",
                    "inspect.getfullargspec",
                    "inspect.getargspec",
                    "inspect.Signature.from_callable",
                ][..],
            ),
            "_getframe" | "_getframemodulename" | "currentframe" | "stack" => (
                "frame-hack",
                &[
                    "sys._getframe",
                    "sys._getframemodulename",
                    "inspect.currentframe",
                    "inspect.stack",
                ][..],
            ),
            "get_type_hints" | "get_annotations" => (
                "type-hints-call",
                &[
                    "typing.get_type_hints",
                    "typing_extensions.get_type_hints",
                    "inspect.get_annotations",
                    "annotationlib.get_annotations",
                ][..],
            ),
            "parse" => ("ast-parse", &["ast.parse"][..]),
            "parse_module" | "parse_expression" | "parse_statement" => {
                let names =
                    ["libcst.parse_module", "libcst.parse_expression", "libcst.parse_statement"];
                if self.is_any(&call.func, &names) {
                    self.hit("cst-codemod", call);
                }
                (
                    "ast-parse",
                    &["libcst.parse_module", "libcst.parse_expression", "libcst.parse_statement"][..],
                )
            }
            "getsource" | "getsourcelines" | "getsourcefile" => (
                "getsource",
                &["inspect.getsource", "inspect.getsourcelines", "inspect.getsourcefile"][..],
            ),
            "CodeType" | "FunctionType" => {
                ("code-object", &["types.CodeType", "types.FunctionType"][..])
            }
            "import_module" | "__import__" => {
                ("dynamic-import", &["importlib.import_module", "builtins.__import__"][..])
            }
            "create_model" | "TypeAdapter" | "validate_call" => (
                "runtime-validation",
                &["pydantic.create_model", "pydantic.TypeAdapter", "pydantic.validate_call"][..],
            ),
            _ => return self.class_clone(call),
        };
        if self.is_any(&call.func, rule.1) {
            self.hit(rule.0, call);
        }
    }

    /// `exec`, `eval`, `compile`: only the builtins themselves.
    fn run_text(&mut self, call: &'a ExprCall) {
        let origins = self.resolve(&call.func);
        let Some(builtin) = ["exec", "eval", "compile"]
            .into_iter()
            .find(|name| origins.iter().any(|origin| **origin == *format!("builtins.{name}")))
        else {
            return;
        };
        let text = call.arguments.args.first();
        let is_constant = text.is_none_or(|text| {
            matches!(text, Expr::StringLiteral(_) | Expr::BytesLiteral(_) | Expr::NumberLiteral(_))
        });
        let rule = match builtin {
            "exec" => "exec-call",
            "eval" => "eval-call",
            _ => "compile-call",
        };
        self.hit_as(rule, call, if is_constant { "const" } else { "dynamic" }, false);
        let Some(text) = text.filter(|_| !is_constant) else { return };
        if builtin != "compile" {
            let parameters = self.enclosing_function().map(parameter_names).unwrap_or_default();
            let mut from_outside = false;
            each_part(text, &mut |part| match part {
                Expr::Name(name) => from_outside |= parameters.contains(&name.id.as_str()),
                Expr::Call(call) => {
                    let last = super::members::last_name(&call.func);
                    from_outside |=
                        matches!(last, Some("input" | "read" | "read_text" | "get_json" | "recv"));
                }
                _ => {}
            });
            let detail = if from_outside { "the text comes from outside the function" } else { "" };
            self.hit_as("exec-eval-input", call, detail, false);
        }
        if builtin != "eval" {
            let constant = constant_parts(self, text);
            if constant.contains("class ") && builtin == "exec" {
                self.hit("exec-class", call);
            }
            if constant.contains("def ") {
                self.hit_as("closure-codegen", call, "compiled text", false);
            }
        }
    }

    fn dynamic_attribute(&mut self, call: &'a ExprCall) {
        let Some(name) = call.arguments.args.get(1).filter(|name| !name.is_literal_expr()) else {
            return;
        };
        let rule = [
            ("getattr", "dynamic-getattr"),
            ("setattr", "dynamic-setattr"),
            ("delattr", "dynamic-delattr"),
        ]
        .into_iter()
        .find(|(builtin, _)| self.is_any(&call.func, &[&format!("builtins.{builtin}")]));
        if let Some((_, rule)) = rule {
            self.hit_as(rule, call, self.source.text_of(name), false);
        }
    }

    /// `type(name, bases, namespace)`, `types.new_class(…)`.
    fn class_call(&mut self, call: &'a ExprCall) {
        let arguments = &call.arguments.args;
        let is_starred = arguments.iter().any(Expr::is_starred_expr);
        let bases = if self.is_any(&call.func, &["types.new_class"]) {
            self.hit("new-class-call", call);
            let by_name = call.arguments.find_keyword("bases").map(|keyword| &keyword.value);
            arguments.get(1).or(by_name)
        } else if arguments.len() == 3 && !is_starred && self.is_any(&call.func, &["builtins.type"])
        {
            self.hit("type-call-3", call);
            arguments.get(1)
        } else {
            return self.class_clone(call);
        };
        let is_plain = |bases: &Expr| match bases {
            Expr::Tuple(tuple) => {
                tuple.elts.iter().all(|base| matches!(base, Expr::Name(_) | Expr::Attribute(_)))
            }
            _ => false,
        };
        if bases.is_some_and(|bases| !is_plain(bases)) {
            self.hit("mixin-synthesis", call);
        }
        self.class_clone(call);
        self.unpicklable_call(call);
    }

    /// A class made from another's bases and `__dict__`.
    fn class_clone(&mut self, call: &'a ExprCall) {
        let arguments = &call.arguments.args;
        let (Some(bases), Some(namespace)) = (arguments.get(1), arguments.get(2)) else { return };
        let has = |expr: &'a Expr, names: &[&str]| {
            let mut found = false;
            each_part(expr, &mut |part| {
                found |=
                    matches!(part, Expr::Attribute(node) if names.contains(&node.attr.as_str()));
            });
            found
        };
        if !has(bases, &["__bases__", "__mro__"]) || !has(namespace, &["__dict__"]) {
            return;
        }
        let is_sure = self.is_any(&call.func, &["builtins.type", "types.new_class"])
            || matches!(&*call.func, Expr::Attribute(node) if node.attr.as_str() == "__new__");
        self.hit_as("class-clone", call, "", !is_sure);
    }

    pub(super) fn attribute(&mut self, node: &'a ExprAttribute) {
        match node.attr.as_str() {
            "__annotations__" => self.hit("annotations-read", node),
            "__code__" => self.hit("code-object", node),
            "__globals__" | "f_globals" | "f_locals" => self.hit("globals-peek", node),
            _ => {}
        }
    }

    /// A call or await as a statement at module level.
    pub(super) fn expression_statement(&mut self, node: &'a StmtExpr) {
        if self.scope != MODULE || self.is_main || !self.around.is_empty() {
            return;
        }
        let call = match &*node.value {
            Expr::Call(call) => Some(call),
            Expr::Await(_) => None,
            _ => return,
        };
        let detail = call.map_or("await", |call| self.source.text_of(&*call.func));
        let is_harmless = call.is_some_and(|call| self.is_harmless(call));
        self.hit_as("module-level-call", node, detail, is_harmless);
    }

    /// Calls at module level that everybody expects there.
    fn is_harmless(&self, call: &ExprCall) -> bool {
        let text = self.source.text_of(&*call.func);
        let last = text.rsplit('.').next().unwrap_or(text);
        let on_logger = matches!(last, "addHandler" | "setLevel") && text.contains("getLogger");
        let on_all = text.starts_with("__all__.");
        let is_registration = last.starts_with("register") || last == "setattr";
        let is_warning =
            self.resolve(&call.func).iter().any(|origin| origin.starts_with("warnings."));
        on_logger || on_all || is_registration || is_warning
    }
}

/// The constant text in an expression: literals, the fixed parts of f-strings, both sides of `+`,
/// `%` and `.format`, and module-level string constants it names.
fn constant_parts<'a>(collector: &Collector<'a, '_>, expr: &'a Expr) -> String {
    let mut text = String::new();
    each_part(expr, &mut |part| match part {
        Expr::StringLiteral(literal) => text.push_str(literal.value.to_str()),
        Expr::FString(node) => {
            for element in node.value.elements() {
                if let ruff_python_ast::InterpolatedStringElement::Literal(literal) = element {
                    text.push_str(&literal.value);
                }
            }
        }
        Expr::Name(name) => {
            use crate::analyzers::python::scopes::Bound;
            let bound = collector.source.scopes.lookup(collector.scope, name.id.as_str());
            for (_, bound) in bound.into_iter().flat_map(|(_, bound)| bound) {
                if let Bound::Value(Expr::StringLiteral(literal)) = bound {
                    text.push_str(literal.value.to_str());
                }
            }
        }
        _ => {}
    });
    text
}
