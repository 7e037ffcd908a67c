//! Descriptors of entities: key, state with types, methods with what they write.

use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{Expr, Parameter, ParameterWithDefault, Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;
use rustc_hash::FxHashMap;

use super::Cuts;
use super::lower::state::{MUTATORS, StateReader};
use super::program::{FunctionKind, Program};
use crate::analyzers::split::StateAccess;
use crate::model::{Diagnostic, Entity, Method, Name, Param, Severity, StateAttribute};

pub fn describe(program: &Program<'_>, cuts: &Cuts) -> (Vec<Entity>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let state = state_of_functions(program);
    let entities = (0..program.classes.len())
        .filter(|class| program.classes[*class].entity)
        .map(|class| entity(program, cuts, &state, class, &mut diagnostics))
        .collect();
    (entities, diagnostics)
}

/// State attributes of `self` that each function reads and writes, without its callees.
pub fn state_of_functions(program: &Program<'_>) -> Vec<Vec<StateAccess>> {
    program
        .functions
        .iter()
        .map(|function| {
            let entities = program.entity_attributes(function.class);
            let self_name = function.self_name();
            let reader = StateReader { self_name, entities: &entities, found: Vec::new() };
            let mut methods = MethodReader { state: reader, aliases: FxHashMap::default() };
            methods.visit_body(&function.node.body);
            methods.state.found
        })
        .collect()
}

/// Attributes a method writes, itself or through methods of its own object; sorted.
pub fn writes(cuts: &Cuts, state: &[Vec<StateAccess>], function: usize) -> Vec<String> {
    reached(cuts, state, function, true)
}

/// Attributes a method reads, likewise.
pub fn reads(cuts: &Cuts, state: &[Vec<StateAccess>], function: usize) -> Vec<String> {
    reached(cuts, state, function, false)
}

fn reached(cuts: &Cuts, state: &[Vec<StateAccess>], function: usize, write: bool) -> Vec<String> {
    let (mut seen, mut stack) = (vec![false; state.len()], vec![function]);
    let mut all: Vec<String> = Vec::new();
    while let Some(at) = stack.pop() {
        if std::mem::replace(&mut seen[at], true) {
            continue;
        }
        let own = state[at].iter().filter(|access| access.write == write);
        all.extend(own.map(|access| access.attribute.clone()));
        stack.extend(&cuts.own[at]);
    }
    all.sort();
    all.dedup();
    all
}

/// Follows locals that name a container of the state: `rows = self.rows; rows.append(1)`.
struct MethodReader<'a> {
    state: StateReader<'a>,
    aliases: FxHashMap<String, String>,
}

impl MethodReader<'_> {
    fn root(&self, expr: &Expr) -> Option<String> {
        if let Some(root) = self.state.root(expr) {
            return Some(root.to_string());
        }
        match expr {
            Expr::Name(name) => self.aliases.get(name.id.as_str()).cloned(),
            Expr::Attribute(node) => self.root(&node.value),
            Expr::Subscript(node) => self.root(&node.value),
            Expr::Call(node) => match &*node.func {
                Expr::Attribute(func)
                    if matches!(func.attr.as_str(), "values" | "items" | "get" | "setdefault") =>
                {
                    self.root(&func.value)
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn alias(&mut self, target: &Expr, value: &Expr) {
        let mut names = Vec::new();
        super::infer::target_names(target, &mut names);
        let root = self.root(value);
        for name in names {
            match &root {
                Some(root) => self.aliases.insert(name, root.clone()),
                None => self.aliases.remove(&name),
            };
        }
    }

    /// A store or mutation through an alias, which the plain reader cannot see.
    fn through_alias(&mut self, expr: &Expr) {
        if self.state.root(expr).is_none()
            && !expr.is_name_expr()
            && let Some(attribute) = self.root(expr)
        {
            self.state.found.push(StateAccess { attribute, write: true });
        }
    }
}

impl<'v> Visitor<'v> for MethodReader<'_> {
    fn visit_stmt(&mut self, stmt: &'v Stmt) {
        match stmt {
            Stmt::Assign(node) => {
                for target in &node.targets {
                    self.through_alias(target);
                    self.alias(target, &node.value);
                }
            }
            Stmt::AugAssign(node) => self.through_alias(&node.target),
            Stmt::Delete(node) => node.targets.iter().for_each(|target| self.through_alias(target)),
            Stmt::For(node) => self.alias(&node.target, &node.iter),
            _ => {}
        }
        // Compound statements come apart here, so that aliases are known in order.
        let suites = super::syntax::suites(stmt);
        if suites.is_empty() {
            self.state.visit_stmt(stmt);
            let mut calls = AliasCalls { methods: self, found: Vec::new() };
            calls.visit_stmt(stmt);
            let found = calls.found;
            self.state.found.extend(found);
            return;
        }
        ruff_python_ast::visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'v Expr) {
        // Tests, iterables and managers of compound statements.
        self.state.visit_expr(expr);
    }
}

/// Mutating calls through an alias.
struct AliasCalls<'a, 'b> {
    methods: &'a MethodReader<'b>,
    found: Vec<StateAccess>,
}

impl<'v> Visitor<'v> for AliasCalls<'_, '_> {
    fn visit_expr(&mut self, expr: &'v Expr) {
        if let Expr::Call(node) = expr
            && let Expr::Attribute(func) = &*node.func
            && MUTATORS.contains(&func.attr.as_str())
            && self.methods.state.root(&func.value).is_none()
            && let Some(attribute) = self.methods.root(&func.value)
        {
            self.found.push(StateAccess { attribute, write: true });
        }
        ruff_python_ast::visitor::walk_expr(self, expr);
    }
}

fn entity(
    program: &Program<'_>,
    cuts: &Cuts,
    state: &[Vec<StateAccess>],
    at: usize,
    diagnostics: &mut Vec<Diagnostic>,
) -> Entity {
    let class = &program.classes[at];
    let module = &program.modules[class.module];
    let functions: Vec<usize> = (0..program.functions.len())
        .filter(|function| program.functions[*function].class == Some(at))
        .collect();
    let mut attributes = Attributes::default();
    for class in class.mro.iter().rev() {
        let text = program.modules[program.classes[*class].module].text;
        attributes.read_class(&program.classes[*class].node.body, text);
        let methods = program.functions.iter().filter(|function| function.class == Some(*class));
        for method in methods {
            if let Some(self_name) = method.self_name() {
                attributes.read_method(method.node, self_name, text);
            }
        }
        // What the classes above say twice is told of them.
        if *class != at {
            attributes.conflicts.clear();
        }
    }
    for (name, first, second, offset) in &attributes.conflicts {
        let place = module.lines.position(module.text, *offset);
        diagnostics.push(Diagnostic {
            file: module.file.path.clone(),
            line: place.line,
            column: place.column,
            severity: Severity::Warning,
            code: "state-type-conflict".into(),
            message: format!(
                "`{}.{name}` is annotated as `{first}` and as `{second}`: give it one type",
                class.node.name
            ),
        });
    }
    let method = |at: &usize| {
        let function = &program.functions[*at];
        let writes = writes(cuts, state, *at);
        Method {
            name: function.node.name.as_str().into(),
            inputs: inputs(function.node, function.kind, module.text),
            returns: function.node.returns.as_ref().map(|ty| module.text[ty.range()].into()),
            return_arities: return_arities(&function.node.body),
            read_only: writes.is_empty(),
            writes: writes.iter().map(|name| Name::from(name.as_str())).collect(),
            suspending: cuts.bodies.contains_key(at),
        }
    };
    Entity {
        name: class.name.clone(),
        file: module.file.path.clone(),
        line: module.lines.line(class.node.name.range.start().to_u32()),
        key: program.method(at, "__key__").and_then(|method| {
            let function = &program.functions[method];
            key(function.node, function.self_name(), program.modules[function.module].text)
        }),
        state: attributes.rows,
        methods: functions.iter().map(method).collect(),
        constructor: constructor(program, at),
    }
}

/// Parameters without the receiver, as written.
pub fn inputs(node: &StmtFunctionDef, kind: FunctionKind, text: &str) -> Vec<Param> {
    let takes_receiver = kind != FunctionKind::Static && kind != FunctionKind::Plain;
    let parameters = &node.parameters;
    let positional = parameters.posonlyargs.iter().chain(&parameters.args);
    let row = |parameter: &Parameter, default: Option<&Expr>, prefix: &str| Param {
        name: format!("{prefix}{}", parameter.name).into(),
        type_: parameter.annotation.as_ref().map(|ty| text[ty.range()].into()),
        default: default.map(|default| text[default.range()].into()),
    };
    let own = |one: &ParameterWithDefault| row(&one.parameter, one.default.as_deref(), "");
    let mut rows: Vec<Param> = positional.skip(usize::from(takes_receiver)).map(own).collect();
    rows.extend(parameters.vararg.iter().map(|one| row(one, None, "*")));
    rows.extend(parameters.kwonlyargs.iter().map(own));
    rows.extend(parameters.kwarg.iter().map(|one| row(one, None, "**")));
    rows
}

/// What an instance is made from.
fn constructor(program: &Program<'_>, class: usize) -> Vec<Param> {
    let is_dataclass = |class: &usize| {
        program.classes[*class].node.decorator_list.iter().any(|decorator| {
            let name = match &decorator.expression {
                Expr::Call(call) => &*call.func,
                other => other,
            };
            let name = match name {
                Expr::Name(name) => name.id.as_str(),
                Expr::Attribute(attribute) => attribute.attr.as_str(),
                _ => "",
            };
            matches!(name, "dataclass" | "define" | "frozen" | "mutable" | "attrs" | "attr")
        })
    };
    let mro = &program.classes[class].mro;
    let has_init = |at: &usize| program.classes[*at].methods.contains_key("__init__");
    let Some(first) = mro.iter().position(|at| has_init(at) || is_dataclass(at)) else {
        return Vec::new();
    };
    if let Some(init) = program.classes[mro[first]].methods.get("__init__") {
        let function = &program.functions[*init];
        return inputs(function.node, function.kind, program.modules[function.module].text);
    }
    let mut rows: Vec<Param> = Vec::new();
    for base in mro[first..].iter().rev().filter(|base| is_dataclass(base)) {
        let class = &program.classes[*base];
        let text = program.modules[class.module].text;
        for stmt in &class.node.body {
            let Stmt::AnnAssign(node) = stmt else { continue };
            let (Expr::Name(name), ty) = (&*node.target, &text[node.annotation.range()]) else {
                continue;
            };
            if ty.contains("ClassVar") {
                continue;
            }
            let row = Param {
                name: name.id.as_str().into(),
                type_: Some(ty.into()),
                default: node.value.as_ref().map(|value| text[value.range()].into()),
            };
            match rows.iter_mut().find(|known| known.name == row.name) {
                Some(known) => *known = row,
                None => rows.push(row),
            }
        }
    }
    rows
}

/// How many values each `return` of a body gives back; functions inside it have their own.
fn return_arities(body: &[Stmt]) -> Vec<u32> {
    #[derive(Default)]
    struct Returns(Vec<u32>);
    impl<'v> Visitor<'v> for Returns {
        fn visit_stmt(&mut self, stmt: &'v Stmt) {
            match stmt {
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                Stmt::Return(node) => self.0.push(match node.value.as_deref() {
                    None => 0,
                    Some(Expr::Tuple(tuple)) => tuple.elts.len() as u32,
                    Some(_) => 1,
                }),
                _ => ruff_python_ast::visitor::walk_stmt(self, stmt),
            }
        }
    }
    let mut returns = Returns::default();
    returns.visit_body(body);
    returns.0
}

/// What `__key__` returns: an attribute of `self` by its name, else the source.
fn key(node: &StmtFunctionDef, self_name: Option<&str>, text: &str) -> Option<Name> {
    let value = node.body.iter().find_map(|stmt| match stmt {
        Stmt::Return(node) => node.value.as_deref(),
        _ => None,
    })?;
    match value {
        Expr::Attribute(attribute) if matches!(&*attribute.value, Expr::Name(name) if Some(name.id.as_str()) == self_name) => {
            Some(attribute.attr.as_str().into())
        }
        other => Some(text[other.range()].into()),
    }
}

/// State attributes in order of appearance.
#[derive(Default)]
struct Attributes {
    rows: Vec<StateAttribute>,
    conflicts: Vec<(String, Name, Name, u32)>,
}

impl Attributes {
    fn read_class(&mut self, body: &[Stmt], text: &str) {
        for stmt in body {
            if let Stmt::AnnAssign(node) = stmt
                && let Expr::Name(name) = &*node.target
                && !text[node.annotation.range()].contains("ClassVar")
            {
                let ty = text[node.annotation.range()].into();
                let at = node.target.start().to_u32();
                self.add(name.id.as_str(), Some(ty), "annotation", at);
            }
        }
    }

    fn read_method(&mut self, node: &StmtFunctionDef, self_name: &str, text: &str) {
        let mut parameters: FxHashMap<&str, Option<Name>> = FxHashMap::default();
        for parameter in node.parameters.iter() {
            let parameter = parameter.as_parameter();
            let ty = parameter.annotation.as_ref().map(|ty| text[ty.range()].into());
            parameters.insert(parameter.name.as_str(), ty);
        }
        let mut finder = Stores { attributes: self, self_name, parameters, text };
        finder.visit_body(&node.body);
    }

    fn add(&mut self, name: &str, type_: Option<Name>, origin: &str, at: u32) {
        let Some(known) = self.rows.iter_mut().find(|row| &*row.name == name) else {
            let row = StateAttribute { name: name.into(), type_, origin: origin.into() };
            self.rows.push(row);
            return;
        };
        let rank = |origin: &str| match origin {
            "annotation" => 3,
            "parameter" => 2,
            "literal" => 1,
            _ => 0,
        };
        if origin == "annotation"
            && &*known.origin == "annotation"
            && let (Some(one), Some(two)) = (&known.type_, &type_)
            && normal(one) != normal(two)
        {
            self.conflicts.push((name.to_string(), one.clone(), two.clone(), at));
        }
        if rank(origin) > rank(&known.origin) {
            known.type_ = type_;
            known.origin = origin.into();
        }
    }
}

/// An annotation without blanks and quotes.
fn normal(annotation: &str) -> String {
    annotation.chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'')).collect()
}

struct Stores<'a> {
    attributes: &'a mut Attributes,
    self_name: &'a str,
    parameters: FxHashMap<&'a str, Option<Name>>,
    text: &'a str,
}

impl Stores<'_> {
    fn target(&mut self, target: &Expr, value: Option<&Expr>) {
        match target {
            Expr::Attribute(node) if matches!(&*node.value, Expr::Name(name) if name.id == self.self_name) =>
            {
                let (type_, origin) = self.type_of(value);
                self.attributes.add(node.attr.as_str(), type_, origin, target.start().to_u32());
            }
            Expr::Tuple(node) => {
                let values = match value {
                    Some(Expr::Tuple(values)) if values.elts.len() == node.elts.len() => {
                        Some(&values.elts)
                    }
                    _ => None,
                };
                for (at, item) in node.elts.iter().enumerate() {
                    self.target(item, values.map(|values| &values[at]));
                }
            }
            Expr::List(node) => node.elts.iter().for_each(|item| self.target(item, None)),
            Expr::Starred(node) => self.target(&node.value, None),
            Expr::Subscript(node) => self.container(&node.value),
            _ => {}
        }
    }

    /// A container of the state that something is put into.
    fn container(&mut self, expr: &Expr) {
        let reader =
            StateReader { self_name: Some(self.self_name), entities: &[], found: Vec::new() };
        if let Some(root) = reader.root(expr) {
            self.attributes.add(root, None, "unknown", expr.start().to_u32());
        }
    }

    fn type_of(&self, value: Option<&Expr>) -> (Option<Name>, &'static str) {
        let literal = |name: &str| (Some(Name::from(name)), "literal");
        match value {
            Some(Expr::Name(name)) => match self.parameters.get(name.id.as_str()) {
                Some(ty) => (ty.clone(), "parameter"),
                None => (None, "unknown"),
            },
            Some(Expr::NumberLiteral(node)) => literal(match node.value {
                ruff_python_ast::Number::Int(_) => "int",
                ruff_python_ast::Number::Float(_) => "float",
                ruff_python_ast::Number::Complex { .. } => "complex",
            }),
            Some(Expr::UnaryOp(node)) => self.type_of(Some(&node.operand)),
            Some(Expr::BooleanLiteral(_)) => literal("bool"),
            Some(Expr::StringLiteral(_) | Expr::FString(_)) => literal("str"),
            Some(Expr::BytesLiteral(_)) => literal("bytes"),
            Some(Expr::NoneLiteral(_)) => literal("None"),
            Some(Expr::List(_) | Expr::ListComp(_)) => literal("list"),
            Some(Expr::Dict(_) | Expr::DictComp(_)) => literal("dict"),
            Some(Expr::Set(_) | Expr::SetComp(_)) => literal("set"),
            Some(Expr::Tuple(_)) => literal("tuple"),
            _ => (None, "unknown"),
        }
    }
}

impl<'v> Visitor<'v> for Stores<'_> {
    fn visit_stmt(&mut self, stmt: &'v Stmt) {
        match stmt {
            Stmt::Assign(node) => {
                node.targets.iter().for_each(|target| self.target(target, Some(&node.value)));
            }
            Stmt::AnnAssign(node) => {
                if let Expr::Attribute(target) = &*node.target
                    && matches!(&*target.value, Expr::Name(name) if name.id == self.self_name)
                {
                    let ty = self.text[node.annotation.range()].into();
                    let at = node.target.start().to_u32();
                    self.attributes.add(target.attr.as_str(), Some(ty), "annotation", at);
                }
            }
            Stmt::AugAssign(node) => self.target(&node.target, None),
            Stmt::For(node) => self.target(&node.target, None),
            Stmt::With(node) => {
                for target in node.items.iter().filter_map(|item| item.optional_vars.as_deref()) {
                    self.target(target, None);
                }
            }
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            _ => {}
        }
        ruff_python_ast::visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'v Expr) {
        if let Expr::Call(node) = expr
            && let Expr::Attribute(func) = &*node.func
            && MUTATORS.contains(&func.attr.as_str())
        {
            self.container(&func.value);
        }
        ruff_python_ast::visitor::walk_expr(self, expr);
    }
}
