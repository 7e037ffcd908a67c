//! Rules that hold for a class statement or a member of its body.

use ruff_python_ast::{Expr, Stmt, StmtClassDef, StmtFunctionDef};

use super::Collector;
use super::members::{
    Member, each_expression, each_statement, first_parameter, is_name, members, returns,
};
use crate::model::facts::python::findings::{ClassShape, Fallback};

const METACLASSES: &[&str] = &["builtins.type", "abc.ABCMeta", "enum.EnumMeta", "enum.EnumType"];
const ENUMS: &[&str] =
    &["enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag", "enum.ReprEnum"];
const CST_VISITORS: &[&str] = &[
    "libcst.CSTVisitor",
    "libcst.CSTTransformer",
    "libcst.BatchableCSTVisitor",
    "libcst.matchers.MatcherDecoratableTransformer",
    "libcst.matchers.MatcherDecoratableVisitor",
];
const DATACLASSES: &[&str] = &[
    "dataclasses.dataclass",
    "pydantic.dataclasses.dataclass",
    "attr.s",
    "attr.attrs",
    "attr.attributes",
    "attr.define",
    "attr.mutable",
    "attr.frozen",
    "attr.dataclass",
    "attrs.define",
    "attrs.mutable",
    "attrs.frozen",
];
/// Binary operators by what stands between `__`, `__r`, `__i` and `__`.
const OPERATORS: &[&str] = &[
    "add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "divmod", "pow", "lshift",
    "rshift", "and", "xor", "or",
];
const UNARY: &[&str] = &["__neg__", "__pos__", "__abs__", "__invert__"];
const PICKLE: &[&str] = &[
    "__reduce__",
    "__reduce_ex__",
    "__getstate__",
    "__setstate__",
    "__getnewargs__",
    "__getnewargs_ex__",
];

/// Rules with the member that makes them hold, wherever it stands.
const BY_MEMBER: &[(&str, &str)] = &[
    ("__init_subclass__", "init-subclass"),
    ("__set_name__", "set-name"),
    ("__get__", "descriptor-get"),
    ("__getattr__", "class-getattr"),
    ("__getattribute__", "class-getattribute"),
    ("__setattr__", "class-setattr"),
    ("__delattr__", "class-delattr"),
    ("__slots__", "slots"),
    ("__subclasshook__", "subclasshook"),
    ("__instancecheck__", "instancecheck"),
    ("__subclasscheck__", "instancecheck"),
    ("__class_getitem__", "class-getitem"),
];

impl<'a> Collector<'a, '_> {
    /// Applies the class rules; whether a direct base makes this a metaclass.
    pub(super) fn class(&mut self, def: &'a StmtClassDef) -> bool {
        let symbol = self.name_of(def);
        let line = self.source.line_of(&def.name);
        let report = |this: &mut Self, rule: &str, detail: &str, may: bool| {
            this.hit_of(rule, line, symbol.clone(), detail, may);
        };
        let bases: &[Expr] = def.arguments.as_ref().map_or(&[], |arguments| &arguments.args);
        let keyword = |name: &str| {
            let keywords = &def.arguments.as_ref()?.keywords;
            let is_named = |keyword: &&ruff_python_ast::Keyword| {
                keyword.arg.as_ref().is_some_and(|arg| arg.as_str() == name)
            };
            keywords.iter().find(is_named).map(|keyword| &keyword.value)
        };
        let origins: Vec<_> = bases.iter().flat_map(|base| self.resolve(base)).collect();
        let has_base = |names: &[&str]| origins.iter().any(|origin| names.contains(&&**origin));
        let is_metaclass = has_base(METACLASSES);
        let is_enum = has_base(ENUMS);
        let is_cst = has_base(CST_VISITORS);
        let is_visitor = has_base(&["ast.NodeVisitor", "ast.NodeTransformer"]) || is_cst;

        if let Some(metaclass) = keyword("metaclass") {
            report(self, "metaclass-kw", self.source.text_of(metaclass), false);
            if self.is_any(metaclass, &["abc.ABCMeta"]) {
                report(self, "abc-class", "", false);
            }
        }
        if has_base(&["abc.ABC"]) {
            report(self, "abc-class", "", false);
        }
        for (holds, rule) in [
            (is_metaclass, "metaclass-def"),
            (is_enum, "enum-class"),
            (is_visitor, "ast-visitor"),
            (is_cst, "cst-codemod"),
            (has_base(&["typing.NamedTuple"]), "namedtuple"),
            (has_base(&["typing.Protocol", "typing_extensions.Protocol"]), "protocol-class"),
            (has_base(&["typing.Generic", "typing_extensions.Generic"]), "generic-class"),
            (has_base(&["pydantic.BaseModel"]), "runtime-validation"),
        ] {
            if holds {
                report(self, rule, "", false);
            }
        }
        let mut is_dataclass = false;
        for decorator in &def.decorator_list {
            let text = self.source.text_of(&decorator.expression);
            self.hit_of(
                "class-decorator",
                self.source.line_of(&decorator.expression),
                symbol.clone(),
                text,
                false,
            );
            let (callee, arguments) = match &decorator.expression {
                Expr::Call(call) => (&*call.func, Some(&call.arguments)),
                other => (other, None),
            };
            if self.is_any(callee, DATACLASSES) {
                is_dataclass = true;
                let is_true = |name: &str| {
                    let value = arguments.and_then(|all| all.find_keyword(name));
                    value.is_some_and(
                        |keyword| matches!(&keyword.value, Expr::BooleanLiteral(b) if b.value),
                    )
                };
                let detail = [("slots", is_true("slots")), ("frozen", is_true("frozen"))];
                let detail: Vec<&str> =
                    detail.iter().filter(|(_, holds)| *holds).map(|(name, _)| *name).collect();
                report(self, "dataclass-like", &detail.join(" "), false);
            }
            if self.is_any(callee, &["typing.final", "typing_extensions.final"]) {
                report(self, "final-class", "", false);
            }
            if self.is_any(
                callee,
                &[
                    "typing.runtime_checkable",
                    "typing_extensions.runtime_checkable",
                    "typing.runtime",
                ],
            ) {
                report(self, "runtime-checkable", "", false);
            }
        }
        let members = members(&def.body);
        self.class_members(def, &symbol, &members, is_metaclass, is_dataclass);
        let hook = |name: &str| {
            members.iter().rev().find(|member| member.name == name && member.def.is_some())
        };
        let hooks = ["__new__", "__init__", "__call__", "__prepare__"];
        let lines: Vec<_> = hooks
            .iter()
            .filter_map(|name| {
                Some((crate::model::Name::from(*name), self.source.line_of(&hook(name)?.at)))
            })
            .collect();
        let is_overkill = is_overkill(&members);
        if is_metaclass {
            for (name, at) in &lines {
                let rule = format!("metaclass-{}", name.trim_matches('_'));
                self.hit_of(&rule, *at, format!("{symbol}.{name}").into(), "", false);
            }
            if is_overkill {
                self.hit_of("metaclass-overkill", line, symbol.clone(), "", false);
            }
        }
        let is_final = hook("__init_subclass__").is_some_and(|member| only_raises(member.def));
        if is_final
            || is_metaclass && hook("__init__").is_some_and(|member| raises_type_error(member.def))
        {
            self.hit_of("final-class", line, symbol.clone(), "", true);
        }
        if is_metaclass || !bases.is_empty() {
            self.out.classes.push(ClassShape {
                name: symbol,
                line,
                hooks: lines,
                is_metaclass,
                is_enum,
                is_visitor,
                is_overkill,
            });
        }
        is_metaclass
    }

    fn class_members(
        &mut self,
        def: &'a StmtClassDef,
        symbol: &crate::model::Name,
        members: &[Member<'a>],
        is_metaclass: bool,
        is_dataclass: bool,
    ) {
        let line = self.source.line_of(&def.name);
        let has = |name: &str| members.iter().any(|member| member.name == name);
        let find = |name: &str| members.iter().find(|member| member.name == name);
        for (name, rule) in BY_MEMBER {
            let mut seen = Vec::new();
            for member in members.iter().filter(|member| member.name == *name) {
                let at = self.source.line_of(&member.at);
                if !seen.contains(&at) {
                    self.hit_of(rule, at, symbol.clone(), "", false);
                    seen.push(at);
                }
            }
        }
        if let Some(member) = find("__set__").or_else(|| find("__delete__")) {
            let detail = if has("__get__") { "with __get__" } else { "" };
            self.hit_of(
                "descriptor-data",
                self.source.line_of(&member.at),
                symbol.clone(),
                detail,
                false,
            );
        }
        if let Some(set) = find("__set__").and_then(|member| member.def) {
            self.data_descriptor(symbol, set);
        }
        let mut operators: Vec<&str> =
            members.iter().map(|member| member.name).filter(|name| is_operator(name)).collect();
        operators.sort_unstable();
        operators.dedup();
        if !operators.is_empty() {
            self.hit_of("operator-class", line, symbol.clone(), operators.join(" "), false);
        }
        if ["__lt__", "__le__", "__gt__", "__ge__"].iter().any(|name| has(name)) {
            self.hit_of("comparison-class", line, symbol.clone(), "", false);
        }
        let is_builder = |member: &&Member<'_>| {
            let is_forward = OPERATORS.iter().any(|name| member.name == format!("__{name}__"));
            let returned = member.def.map(|def| returns(&def.body)).unwrap_or_default();
            is_forward && returned.iter().any(|value| value.is_call_expr())
        };
        if members.iter().filter(is_builder).count() >= 2 {
            self.hit_of("expr-dsl", line, symbol.clone(), "", false);
        }
        self.recorder(symbol, line, members);
        if let Some(member) = find("__call__").filter(|_| !is_metaclass) {
            self.hit_of(
                "callable-class",
                self.source.line_of(&member.at),
                symbol.clone(),
                "",
                false,
            );
        }
        if has("__enter__") && has("__exit__") {
            self.hit_of("cm-class", line, symbol.clone(), "", false);
        }
        if has("__aenter__") && has("__aexit__") {
            self.hit_of("acm-class", line, symbol.clone(), "", false);
        }
        if has("__eq__") && !has("__hash__") && !is_dataclass {
            let at = find("__eq__").map_or(line, |member| self.source.line_of(&member.at));
            self.hit_of("eq-no-hash", at, symbol.clone(), "", false);
        }
        if let Some(member) = members.iter().find(|member| PICKLE.contains(&member.name)) {
            self.hit_of(
                "pickle-hooks",
                self.source.line_of(&member.at),
                symbol.clone(),
                member.name,
                false,
            );
        }
        let imports = ["find_spec", "exec_module", "load_module", "find_module", "create_module"];
        if let Some(member) =
            members.iter().find(|member| member.def.is_some() && imports.contains(&member.name))
        {
            let sure = members
                .iter()
                .any(|member| member.def.is_some() && imports[..3].contains(&member.name));
            let best = members
                .iter()
                .find(|member| member.def.is_some() && imports[..3].contains(&member.name));
            let at = self.source.line_of(&best.unwrap_or(member).at);
            self.hit_of("import-hook-class", at, symbol.clone(), member.name, !sure);
        }
        let mut fluent = 0;
        for member in members {
            let Some(method) = member.def else { continue };
            let is_dunder = member.name.starts_with("__") && member.name.ends_with("__");
            if is_dunder || first_parameter(method) != Some("self") {
                continue;
            }
            let values = returns(&method.body);
            if !values.is_empty() && values.iter().all(|value| is_name(value, "self")) {
                let name = format!("{symbol}.{}", member.name);
                self.hit_of(
                    "fluent-method",
                    self.source.line_of(&member.at),
                    name.into(),
                    "",
                    false,
                );
                fluent += 1;
            }
        }
        if fluent >= 3 {
            self.hit_of("fluent-class", line, symbol.clone(), format!("{fluent} methods"), false);
        }
        for member in members.iter().filter(|member| member.def.is_none()) {
            let Some(Expr::Call(call)) = member.value else { continue };
            if self.is_any(&call.func, &["builtins.property"]) {
                let name = format!("{symbol}.{}", member.name);
                self.hit_of(
                    "property-call",
                    self.source.line_of(&member.at),
                    name.into(),
                    "",
                    false,
                );
            }
        }
        if let Some(method) = find("__getattr__").and_then(|member| member.def) {
            self.fallback(symbol, members, method);
        }
    }

    /// `__getattr__`: forwards to something (a proxy), or reads attributes of its own.
    fn fallback(
        &mut self,
        class: &crate::model::Name,
        members: &[Member<'a>],
        method: &'a StmtFunctionDef,
    ) {
        let names = super::members::parameter_names(method);
        let [own, asked, ..] = names.as_slice() else { return };
        let line = self.source.line_of(&method.name);
        let symbol: crate::model::Name = format!("{class}.__getattr__").into();
        let mut forwards = false;
        let mut reads: Vec<&str> = Vec::new();
        each_expression(&method.body, &mut |expr| match expr {
            Expr::Call(call) => {
                let second = call.arguments.args.get(1);
                forwards |= is_name(&call.func, "getattr")
                    && second.is_some_and(|second| is_name(second, asked));
            }
            Expr::Attribute(node) if node.ctx.is_load() && is_name(&node.value, own) => {
                let attr = node.attr.as_str();
                let is_dunder = attr.starts_with("__") && attr.ends_with("__");
                if !is_dunder
                    && !members.iter().any(|member| member.name == attr)
                    && !reads.contains(&attr)
                {
                    reads.push(attr);
                }
            }
            _ => {}
        });
        if forwards {
            self.hit_of("proxy-getattr", line, symbol.clone(), "", false);
        }
        if reads.is_empty() {
            return;
        }
        let mut is_guarded = false;
        each_statement(&method.body, &mut |stmt| {
            if let Stmt::If(node) = stmt {
                let leaves =
                    node.body.iter().any(|stmt| matches!(stmt, Stmt::Raise(_) | Stmt::Return(_)));
                is_guarded |= leaves && super::members::mentions(&node.test, asked);
            }
        });
        let reads = reads.into_iter().map(Into::into).collect();
        self.out.fallbacks.push(Fallback { class: class.clone(), line, symbol, reads, is_guarded });
    }
}

/// The arithmetic and bitwise operator methods, reflected and in-place forms included.
fn is_operator(name: &str) -> bool {
    let Some(inner) = name.strip_prefix("__").and_then(|rest| rest.strip_suffix("__")) else {
        return false;
    };
    let stems = [Some(inner), inner.strip_prefix('r'), inner.strip_prefix('i')];
    UNARY.contains(&name) || stems.into_iter().flatten().any(|stem| OPERATORS.contains(&stem))
}

/// A metaclass whose only own methods are `__new__` and `__init__`, which pass name, bases and
/// namespace on unchanged and then only store, set attributes or raise.
fn is_overkill(members: &[Member<'_>]) -> bool {
    let methods: Vec<&StmtFunctionDef> = members.iter().filter_map(|member| member.def).collect();
    let is_hook = |def: &&StmtFunctionDef| matches!(def.name.as_str(), "__new__" | "__init__");
    !methods.is_empty()
        && methods.iter().all(is_hook)
        && methods.iter().all(|def| only_registers(def))
}

fn only_registers(def: &StmtFunctionDef) -> bool {
    let names = super::members::parameter_names(def);
    let [_, passed @ ..] = names.as_slice() else { return false };
    let mut changes = false;
    each_statement(&def.body, &mut |stmt| {
        let targets: &[Expr] = match stmt {
            Stmt::Assign(assign) => &assign.targets,
            Stmt::AugAssign(assign) => std::slice::from_ref(&assign.target),
            _ => &[],
        };
        for target in targets {
            let root = match target {
                Expr::Subscript(node) => &*node.value,
                other => other,
            };
            changes |= passed.iter().any(|name| is_name(root, name));
        }
    });
    let mut passes_on = def.name.as_str() == "__init__";
    each_expression(&def.body, &mut |expr| {
        let Expr::Call(call) = expr else { return };
        let Expr::Attribute(method) = &*call.func else { return };
        let mutating = ["pop", "update", "setdefault", "clear", "append"];
        changes |= mutating.contains(&method.attr.as_str())
            && passed.iter().any(|name| is_name(&method.value, name));
        if matches!(method.attr.as_str(), "__new__" | "__init__") {
            let arguments: Vec<&Expr> = call.arguments.args.iter().collect();
            let plain = arguments
                .iter()
                .all(|argument| argument.is_name_expr() || argument.is_starred_expr());
            changes |= !plain;
            passes_on = true;
        }
    });
    !changes && passes_on
}

fn raises_type_error(def: Option<&StmtFunctionDef>) -> bool {
    let mut raises = false;
    let Some(def) = def else { return false };
    each_statement(&def.body, &mut |stmt| {
        if let Stmt::Raise(node) = stmt {
            raises |= node.exc.as_deref().and_then(super::members::last_name) == Some("TypeError");
        }
    });
    raises
}

/// A body that can do nothing but raise `TypeError`.
fn only_raises(def: Option<&StmtFunctionDef>) -> bool {
    let is_plain = |stmt: &Stmt| match stmt {
        Stmt::Raise(_) | Stmt::Pass(_) => true,
        Stmt::Expr(node) => node.value.is_string_literal_expr(),
        _ => false,
    };
    raises_type_error(def) && def.is_some_and(|def| def.body.iter().all(is_plain))
}
