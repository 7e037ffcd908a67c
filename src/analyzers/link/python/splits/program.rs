//! The part of a project that entities live in, read again with its trees at hand.

use ruff_python_ast::{Expr, ModModule, PySourceType, Stmt, StmtClassDef, StmtFunctionDef};
use ruff_python_parser::Parsed;
use rustc_hash::{FxHashMap, FxHashSet};

use super::lower::state::EntityAttribute;
use super::types::Ty;
use crate::analyzers::link::python::{Context, PythonFile};
use crate::analyzers::python::conventions::{EntityMark, own_conventions};
use crate::analyzers::python::scopes::{MODULE, ScopeId, Scopes};
use crate::model::facts::python::names::{BindingKind, ClassFacts};
use crate::model::{FileFacts, LineIndex, Name};

/// Decorators that mark an entity, by the last segment of their origin.
pub const MARKS: [&str; 2] = ["stateflow", "entity"];

/// A file that reaches an entity.
pub struct Text<'c> {
    pub file: &'c FileFacts,
    pub name: &'c str,
    pub text: &'c str,
    pub parsed: Parsed<ModModule>,
}

pub struct Program<'p> {
    pub context: &'p Context<'p>,
    pub modules: Vec<Module<'p>>,
    pub classes: Vec<Class<'p>>,
    pub functions: Vec<Function<'p>>,
    class_names: FxHashMap<&'p str, usize>,
    function_names: FxHashMap<&'p str, usize>,
}

pub struct Module<'p> {
    pub file: &'p FileFacts,
    pub name: &'p str,
    pub text: &'p str,
    pub lines: LineIndex,
    pub scopes: Scopes<'p>,
}

pub struct Class<'p> {
    pub name: Name,
    pub module: usize,
    pub node: &'p StmtClassDef,
    pub scope: ScopeId,
    pub entity: bool,
    /// Itself and its bases among the classes read, in resolution order.
    pub mro: Vec<usize>,
    /// Itself and everything below it.
    pub family: Vec<usize>,
    /// The function of each name its body binds.
    pub methods: FxHashMap<&'p str, usize>,
    /// What is known of the types of its attributes.
    pub attributes: FxHashMap<String, Ty>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionKind {
    Plain,
    Method,
    Property,
    Static,
    Class,
}

pub struct Function<'p> {
    pub name: Name,
    pub module: usize,
    pub node: &'p StmtFunctionDef,
    pub scope: ScopeId,
    pub class: Option<usize>,
    pub kind: FunctionKind,
}

impl<'p> Function<'p> {
    /// The name that the receiver goes by in the body.
    pub fn self_name(&self) -> Option<&'p str> {
        if !matches!(self.kind, FunctionKind::Method | FunctionKind::Property) {
            return None;
        }
        let parameters = &self.node.parameters;
        let first = parameters.posonlyargs.first().or(parameters.args.first())?;
        Some(first.parameter.name.as_str())
    }
}

/// Whether any class of the project is an entity.
pub fn has_entities(context: &Context<'_>) -> bool {
    let marks = Marks::of(context);
    let files = context.files.iter().filter(|file| file.facts.splits.text.is_some());
    files.flat_map(|file| &file.facts.names.classes).any(|class| marks.mark(class))
}

/// The files worth reading: those that define an entity and those that can name one.
pub fn read<'c>(context: &'c Context<'c>) -> Vec<Text<'c>> {
    let entities = entities(context);
    if entities.is_empty() {
        return Vec::new();
    }
    let short: FxHashSet<&str> =
        entities.iter().map(|name| name.rsplit('.').next().unwrap_or(name)).collect();
    let mut known: FxHashMap<Name, bool> = FxHashMap::default();
    let mut leads_to_entity = |origin: &Name| {
        if let Some(known) = known.get(origin) {
            return *known;
        }
        let prefix = format!("{origin}.");
        let leads = entities.contains(&context.names.resolve(origin))
            || entities.iter().any(|entity| entity.starts_with(&prefix))
            || short
                .iter()
                .any(|name| entities.contains(&context.names.resolve(&format!("{origin}.{name}"))));
        known.insert(origin.clone(), leads);
        leads
    };
    let mut reaches = |file: &PythonFile<'c>| {
        let facts = &file.facts.names;
        let defines = facts.classes.iter().any(|class| entities.contains(&class.name));
        defines
            || facts.stars.iter().any(&mut leads_to_entity)
            || facts.bindings.iter().any(|binding| match &binding.kind {
                BindingKind::Import(origin) => leads_to_entity(origin),
                _ => false,
            })
    };
    let chosen = context.files.iter().filter(|file| file.facts.splits.text.is_some());
    let chosen = chosen.filter(|file| reaches(file));
    chosen
        .filter_map(|file| {
            let text: &str = file.facts.splits.text.as_ref()?;
            let parsed = ruff_python_parser::parse_unchecked_source(text, PySourceType::Python);
            Some(Text { file: file.file, name: &file.facts.module, text, parsed })
        })
        .collect()
}

/// Qualified names of all entity classes: marked ones and what derives from them.
fn entities(context: &Context<'_>) -> FxHashSet<Name> {
    let mut all: FxHashSet<Name> = FxHashSet::default();
    let marks = Marks::of(context);
    for class in context.files.iter().flat_map(|file| &file.facts.names.classes) {
        if marks.mark(class) {
            all.extend(context.names.descendants(&class.name).into_iter().map(Name::from));
            all.insert(class.name.clone());
        }
    }
    all
}

/// What marks a class as an entity: a key, a known decorator, and what the project's conventions
/// name.
struct Marks<'c> {
    context: &'c Context<'c>,
    own: Vec<EntityMark>,
}

impl<'c> Marks<'c> {
    fn of(context: &'c Context<'c>) -> Self {
        Self { context, own: own_conventions(context.manifests).entity }
    }

    fn mark(&self, class: &ClassFacts) -> bool {
        let decorators = || class.decorators.iter().flatten();
        let is_known = |origin: &Name| MARKS.contains(&last_segment(origin));
        class.members.iter().any(|member| &**member == "__key__")
            || decorators().any(is_known)
            || self.own.iter().any(|mark| {
                let by_decorator = mark.decorator.as_deref().is_some_and(|wanted| {
                    decorators().any(|origin| {
                        names(wanted, origin) || names(wanted, &self.context.names.resolve(origin))
                    })
                });
                by_decorator
                    || mark.base.as_deref().is_some_and(|wanted| {
                        let order = self.context.names.mro(&class.name);
                        order.iter().skip(1).any(|base| names(wanted, base))
                    })
            })
    }
}

/// A bare name stands for any origin that ends in it.
fn names(wanted: &str, origin: &str) -> bool {
    wanted == origin || !wanted.contains('.') && last_segment(origin) == wanted
}

fn last_segment(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

impl<'p> Program<'p> {
    pub fn build(context: &'p Context<'p>, texts: &'p [Text<'p>]) -> Self {
        let mut program = Self {
            context,
            modules: Vec::new(),
            classes: Vec::new(),
            functions: Vec::new(),
            class_names: FxHashMap::default(),
            function_names: FxHashMap::default(),
        };
        for text in texts {
            let ast = text.parsed.syntax();
            program.modules.push(Module {
                file: text.file,
                name: text.name,
                text: text.text,
                lines: LineIndex::new(text.text),
                scopes: Scopes::build(ast, text.name, is_package(text)),
            });
            let module = program.modules.len() - 1;
            program.collect(&ast.body, module, MODULE, None);
        }
        program.index(&entities(context));
        program
    }

    /// Classes and functions of a body; functions inside functions belong to their surroundings.
    fn collect(&mut self, body: &'p [Stmt], module: usize, scope: ScopeId, class: Option<usize>) {
        for stmt in body {
            match stmt {
                Stmt::ClassDef(node) => self.add_class(node, module, scope),
                Stmt::FunctionDef(node) => self.add_function(node, module, scope, class),
                Stmt::If(node) => {
                    self.collect(&node.body, module, scope, class);
                    for clause in &node.elif_else_clauses {
                        self.collect(&clause.body, module, scope, class);
                    }
                }
                Stmt::Try(node) => {
                    self.collect(&node.body, module, scope, class);
                    self.collect(&node.orelse, module, scope, class);
                    self.collect(&node.finalbody, module, scope, class);
                }
                Stmt::With(node) => self.collect(&node.body, module, scope, class),
                _ => {}
            }
        }
    }

    fn add_class(&mut self, node: &'p StmtClassDef, module: usize, scope: ScopeId) {
        let scopes = &self.modules[module].scopes;
        let Some(own) = scopes.scope_of(node) else { return };
        self.classes.push(Class {
            name: scopes.qualify(scope, node.name.as_str()),
            module,
            node,
            scope: own,
            entity: false,
            mro: Vec::new(),
            family: Vec::new(),
            methods: FxHashMap::default(),
            attributes: FxHashMap::default(),
        });
        let class = self.classes.len() - 1;
        self.collect(&node.body, module, own, Some(class));
    }

    fn add_function(
        &mut self,
        node: &'p StmtFunctionDef,
        module: usize,
        scope: ScopeId,
        class: Option<usize>,
    ) {
        let scopes = &self.modules[module].scopes;
        let Some(own) = scopes.scope_of(node) else { return };
        let name = scopes.qualify(scope, node.name.as_str());
        self.functions.push(Function {
            name,
            module,
            node,
            scope: own,
            class,
            kind: kind(node, class.is_some()),
        });
        if let Some(class) = class {
            self.classes[class].methods.insert(node.name.as_str(), self.functions.len() - 1);
        }
    }

    fn index(&mut self, entities: &FxHashSet<Name>) {
        // Names live as long as the facts they were read from; the lookups borrow from there.
        for (at, class) in self.classes.iter().enumerate() {
            if let Some(facts) = self.context.names.class(&class.name) {
                self.class_names.insert(&facts.name, at);
            }
        }
        for (at, function) in self.functions.iter().enumerate() {
            if let Some(symbol) = self.context.names.symbol(&function.name) {
                self.function_names.insert(&symbol.name, at);
            }
        }
        for at in 0..self.classes.len() {
            let name = self.classes[at].name.clone();
            let mut mro: Vec<usize> =
                self.context.names.mro(&name).iter().filter_map(|base| self.class(base)).collect();
            mro.retain(|base| *base != at);
            mro.insert(0, at);
            for base in &mro {
                self.classes[*base].family.push(at);
            }
            self.classes[at].entity = entities.contains(&name);
            self.classes[at].mro = mro;
        }
    }

    pub fn class(&self, name: &str) -> Option<usize> {
        self.class_names.get(name).copied()
    }

    pub fn function(&self, name: &str) -> Option<usize> {
        self.function_names.get(name).copied()
    }

    /// The method or property of an instance, by resolution order.
    pub fn method(&self, class: usize, name: &str) -> Option<usize> {
        self.classes[class]
            .mro
            .iter()
            .find_map(|base| self.classes[*base].methods.get(name))
            .copied()
    }

    /// The method an instance of the class or of one below it may have under a name.
    pub fn methods_of_family(&self, class: usize, name: &str) -> Vec<usize> {
        let mut all: Vec<usize> = self.method(class, name).into_iter().collect();
        for below in &self.classes[class].family {
            all.extend(self.classes[*below].methods.get(name));
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What is known of an attribute's type, by resolution order.
    pub fn attribute(&self, class: usize, name: &str) -> Option<&Ty> {
        self.classes[class].mro.iter().find_map(|base| self.classes[*base].attributes.get(name))
    }

    /// Attributes of a class's instances that hold entities.
    pub fn entity_attributes(&self, class: Option<usize>) -> Vec<EntityAttribute> {
        let is_entity = |ty: &Ty| match ty {
            Ty::Instance(classes) => classes.iter().any(|class| self.classes[*class].entity),
            _ => false,
        };
        let classes = class.into_iter().flat_map(|class| self.classes[class].mro.iter());
        let all = classes.flat_map(|class| &self.classes[*class].attributes);
        let held = |(name, ty): (&String, &Ty)| {
            let is_container = !is_entity(ty);
            (!is_container || is_entity(&ty.index(None)))
                .then(|| EntityAttribute { name: name.clone(), is_container })
        };
        all.filter_map(held).collect()
    }

    pub fn short(&self, class: usize) -> &str {
        self.classes[class].node.name.as_str()
    }

    /// The definitions an expression names.
    pub fn resolve(&self, module: usize, expr: &Expr, scope: ScopeId) -> Vec<Name> {
        let origins = self.modules[module].scopes.resolve(expr, scope);
        self.context.names.resolve_all(&origins)
    }
}

fn is_package(text: &Text<'_>) -> bool {
    let file = text.file.path.rsplit('/').next().unwrap_or_default();
    file.starts_with("__init__.")
}

fn kind(node: &StmtFunctionDef, in_class: bool) -> FunctionKind {
    if !in_class {
        return FunctionKind::Plain;
    }
    for decorator in &node.decorator_list {
        let name = match &decorator.expression {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => continue,
        };
        match name {
            "staticmethod" => return FunctionKind::Static,
            "classmethod" => return FunctionKind::Class,
            "property" | "cached_property" => return FunctionKind::Property,
            // A setter or deleter shares the property's name and is no load of it.
            "setter" | "deleter" => return FunctionKind::Method,
            _ => {}
        }
    }
    if matches!(node.name.as_str(), "__new__" | "__init_subclass__" | "__class_getitem__") {
        return FunctionKind::Class;
    }
    FunctionKind::Method
}
