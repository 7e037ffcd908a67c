//! All classes, functions and aliases of a project, and what a name in an annotation means.

use std::borrow::Cow;
use std::sync::{Arc, RwLock};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use super::generated;
use super::json::Dialect;
use super::kinds::{self, Kind};
use crate::analyzers::link::python::Context;
use crate::analyzers::link::python::names::Names;
use crate::model::Name;
use crate::model::facts::python::schemas::{Assigned, ClassShape, FunctionShape, Term};

/// Longest chain of aliases that is followed.
const MAX_ALIASES: u32 = 24;

/// What schemas are read from.
pub struct Index<'a> {
    pub names: &'a Names<'a>,
    pub classes: FxHashMap<&'a str, ClassInfo<'a>>,
    pub functions: FxHashMap<&'a str, &'a FunctionShape>,
    assigned: FxHashMap<&'a str, &'a Assigned>,
    /// One table for each dialect.
    inlined: [RwLock<FxHashMap<String, Arc<Inlined>>>; 2],
}

/// The schema of a class written where it stands, the same wherever that is: nothing in it is
/// recursive, so it names no definition, and nothing was cut off.
pub struct Inlined {
    pub schema: Value,
    /// Types in it that have no JSON form, as written.
    pub loose: Vec<String>,
    /// How deep its types nest.
    pub depth: u32,
}

/// A class with what its bases make of it.
pub struct ClassInfo<'a> {
    pub shape: &'a ClassShape,
    pub file: &'a Name,
    pub kind: Kind,
    /// The classes of the project it inherits from, itself first.
    pub mro: Vec<&'a str>,
    /// The classes outside the project it inherits from.
    pub external: Vec<Name>,
}

/// What a name in an annotation leads to.
pub enum Meaning<'a> {
    Class(&'a str),
    Assigned(&'a Assigned),
    /// A canonical dotted name outside the project: `typing.Optional`, `builtins.int`.
    Known(Cow<'a, str>),
    Unknown,
}

/// Type variables → what stands for them.
pub type Environment = FxHashMap<Name, Term>;

/// What no file states and the index borrows.
#[derive(Default)]
pub struct Made {
    /// Classes made by calls (`namedtuple(…)`, `TypedDict(…)` …).
    classes: Vec<(Name, ClassShape)>,
    /// What stands in the place of classes that are defined only where an import fails.
    imported: Vec<Assigned>,
}

impl Made {
    pub fn of(context: &Context<'_>) -> Self {
        let mut made = Self::default();
        for file in context.files {
            let facts = &file.facts.schemas;
            made.classes.extend(facts.assigned.iter().filter_map(|assigned| {
                let class = generated::class_of(assigned, context.names)?;
                Some((file.file.path.clone(), class))
            }));
            made.imported.extend(facts.classes.iter().filter_map(|class| {
                let origin = class.unless.as_ref()?;
                let resolved = context.names.resolve(origin);
                // An import of a module that the project should have but has not is compiled
                // code: then the class says what there is to know.
                let found =
                    context.names.class(&resolved).is_some() || !context.names.knows(&resolved);
                found.then(|| Assigned {
                    name: class.name.clone(),
                    line: class.line,
                    value: Term::Name { text: short(&class.name), origins: vec![origin.clone()] },
                    is_alias: true,
                    is_lazy: false,
                    type_params: Vec::new(),
                })
            }));
        }
        made
    }
}

impl<'a> Index<'a> {
    pub fn build(context: &'a Context<'a>, made: &'a Made) -> Self {
        let names = context.names;
        let mut shapes: FxHashMap<&'a str, (&'a ClassShape, &'a Name)> = FxHashMap::default();
        let mut functions = FxHashMap::default();
        let mut assigned = FxHashMap::default();
        for file in context.files {
            let facts = &file.facts.schemas;
            // A `.py` beats the `.pyi` beside it.
            let beside = file.facts.is_stub
                && names.module(&file.facts.module).is_some_and(|other| !other.facts.is_stub);
            if beside {
                continue;
            }
            for class in &facts.classes {
                shapes.insert(&class.name, (class, &file.file.path));
            }
            functions.extend(facts.functions.iter().map(|shape| (&*shape.name, shape)));
            assigned.extend(facts.assigned.iter().map(|one| (&*one.name, one)));
        }
        for one in &made.imported {
            shapes.remove(&*one.name);
            assigned.insert(&*one.name, one);
        }
        for (path, class) in &made.classes {
            shapes.entry(&class.name).or_insert((class, path));
        }
        let replaced: FxHashMap<&str, Name> = made
            .imported
            .iter()
            .filter_map(|one| match &one.value {
                Term::Name { origins, .. } => Some((&*one.name, names.resolve(origins.first()?))),
                _ => None,
            })
            .collect();
        let outside = |base: &Term| -> Option<Name> {
            let Term::Name { origins, .. } = base else { return None };
            Some(canonical(&names.resolve(origins.first()?)).into())
        };
        let mut index = Self {
            names,
            classes: FxHashMap::default(),
            functions,
            assigned,
            inlined: Default::default(),
        };
        let infos: Vec<(&'a str, ClassInfo<'a>)> = shapes
            .par_iter()
            .map(|(name, (shape, file))| {
                let mut mro = Vec::new();
                let mut external = Vec::new();
                for base in names.mro(name) {
                    let base = replaced.get(&*base).cloned().unwrap_or(base);
                    match shapes.get_key_value(&*base) {
                        Some((known, (shape, _))) => {
                            mro.push(*known);
                            // A class made by a call is unknown to the names: its bases are here.
                            if names.class(known).is_none() {
                                external.extend(shape.bases.iter().filter_map(outside));
                            }
                        }
                        None => external.push(canonical(&base).into()),
                    }
                }
                if mro.is_empty() {
                    mro.push(*name);
                }
                (*name, ClassInfo { shape, file, kind: Kind::Plain, mro, external })
            })
            .collect();
        index.classes = infos.into_iter().collect();
        let kinds: Vec<(&'a str, Kind)> = index
            .classes
            .par_iter()
            .map(|(name, info)| (*name, kinds::kind_of(&index, info)))
            .collect();
        for (name, kind) in kinds {
            if let Some(info) = index.classes.get_mut(name) {
                info.kind = kind;
            }
        }
        index
    }

    /// The schema a class was given before, if it nests no deeper than `room`.
    pub fn inlined(&self, class: &str, dialect: Dialect, room: u32) -> Option<Arc<Inlined>> {
        let inlined = self.inlined[dialect as usize].read().ok()?;
        inlined.get(class).filter(|known| known.depth <= room).cloned()
    }

    /// Keeps a class's schema for the next place it stands at.
    pub fn remember_inlined(&self, class: &str, dialect: Dialect, schema: Inlined) {
        if let Ok(mut inlined) = self.inlined[dialect as usize].write() {
            inlined.insert(class.into(), Arc::new(schema));
        }
    }

    /// What a name term means; anything else means nothing.
    pub fn meaning(&self, term: &Term) -> Meaning<'a> {
        let Term::Name { origins, .. } = term else { return Meaning::Unknown };
        let mut fallback = Meaning::Unknown;
        for origin in origins {
            if let Some(known) = builtin(origin) {
                return Meaning::Known(Cow::Borrowed(known));
            }
            let resolved = self.names.resolve(origin);
            if let Some((name, _)) = self.classes.get_key_value(&*resolved) {
                return Meaning::Class(name);
            }
            if let Some(assigned) = self.assigned.get(&*resolved) {
                return Meaning::Assigned(assigned);
            }
            if matches!(fallback, Meaning::Unknown) {
                fallback = Meaning::Known(Cow::Owned(canonical(&resolved).into_owned()));
            }
        }
        fallback
    }

    /// The canonical outside name of a term, aliases followed (`Opt = Optional`).
    pub fn known(&self, term: &Term) -> Option<Cow<'a, str>> {
        let mut term = Cow::Borrowed(term);
        for _ in 0..MAX_ALIASES {
            match self.meaning(&term) {
                Meaning::Known(name) => return Some(name),
                Meaning::Assigned(assigned) if matches!(assigned.value, Term::Name { .. }) => {
                    term = Cow::Borrowed(&assigned.value);
                }
                _ => return None,
            }
        }
        None
    }

    /// The qualified name of what a term refers to: a class, a function, an outside name.
    pub fn target(&self, term: &Term) -> Option<Name> {
        let Term::Name { origins, .. } = term else { return None };
        let resolved = self.names.resolve_all(origins);
        let ours = resolved.iter().find(|name| {
            self.classes.contains_key(&***name) || self.functions.contains_key(&***name)
        });
        ours.or(resolved.first()).map(|name| canonical(name).into_owned().into())
    }

    /// The constant a name is bound to at module level.
    pub fn constant(&self, term: &Term) -> Option<&'a Term> {
        match self.meaning(term) {
            Meaning::Assigned(assigned) if !assigned.is_alias => Some(&assigned.value),
            _ => None,
        }
    }

    /// The type parameters of a class, in the order in which a subscript gives them.
    pub fn parameters(&self, class: &ClassShape) -> Vec<Name> {
        if !class.type_params.is_empty() {
            return class.type_params.clone();
        }
        let mut found: Vec<Name> = Vec::new();
        for base in &class.bases {
            let Term::Subscript(head, arguments) = base else { continue };
            let is_declaration = self
                .known(head)
                .is_some_and(|known| matches!(&*known, "typing.Generic" | "typing.Protocol"));
            if is_declaration {
                return arguments.iter().filter_map(|one| self.type_variable(one)).collect();
            }
            for variable in arguments.iter().flat_map(|one| self.free_variables(one)) {
                if !found.contains(&variable) {
                    found.push(variable);
                }
            }
        }
        found
    }

    /// The name of a type variable, if the term is one.
    pub fn type_variable(&self, term: &Term) -> Option<Name> {
        let Term::Name { text, .. } = term else { return None };
        let Meaning::Assigned(assigned) = self.meaning(term) else { return None };
        let Term::Call(call) = &assigned.value else { return None };
        let known = self.known(&call.function)?;
        matches!(&*known, "typing.TypeVar" | "typing.TypeVarTuple" | "typing.ParamSpec")
            .then(|| short(text))
    }

    /// The members of a union, but for the `None` of `Optional[…]`.
    pub fn union_of<'t>(&self, term: &'t Term) -> Option<&'t [Term]> {
        match term {
            Term::Union(members) => Some(members),
            Term::Subscript(head, arguments) => match &*self.known(head)? {
                "typing.Union" | "typing.Optional" => Some(arguments),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn is_optional(&self, term: &Term) -> bool {
        matches!(term, Term::Subscript(head, _)
            if self.known(head).is_some_and(|name| name == "typing.Optional"))
    }

    /// The type variables that stand in a type, in order.
    pub fn free_variables(&self, term: &Term) -> Vec<Name> {
        let mut found: Vec<Name> = Vec::new();
        let mut pending = vec![term];
        while let Some(term) = pending.pop() {
            match term {
                Term::Name { .. } => {
                    if let Some(name) = self.type_variable(term)
                        && !found.contains(&name)
                    {
                        found.push(name);
                    }
                }
                Term::Subscript(_, inner)
                | Term::Union(inner)
                | Term::List(inner)
                | Term::Tuple(inner) => {
                    pending.extend(inner.iter().rev());
                }
                _ => {}
            }
        }
        found
    }

    /// What the type variables of each class that `class` inherits from stand for.
    pub fn environments(
        &self,
        class: &'a str,
        own: Environment,
    ) -> FxHashMap<&'a str, Environment> {
        let mut all: FxHashMap<&'a str, Environment> = FxHashMap::default();
        let mut seen: FxHashSet<&'a str> = FxHashSet::default();
        all.insert(class, own);
        let mut pending = vec![class];
        while let Some(name) = pending.pop() {
            if !seen.insert(name) {
                continue;
            }
            let Some(info) = self.classes.get(name) else { continue };
            for base in &info.shape.bases {
                let (head, arguments): (&Term, &[Term]) = match base {
                    Term::Subscript(head, arguments) => (head, arguments),
                    other => (other, &[]),
                };
                let Meaning::Class(parent) = self.meaning(head) else { continue };
                if !arguments.is_empty()
                    && !all.contains_key(parent)
                    && let Some(target) = self.classes.get(parent)
                {
                    let empty = Environment::default();
                    let here = all.get(name).unwrap_or(&empty);
                    let given = arguments.iter().map(|term| substitute(term, here).into_owned());
                    let bound = self.parameters(target.shape).into_iter().zip(given).collect();
                    all.insert(parent, bound);
                }
                pending.push(parent);
            }
        }
        all
    }
}

/// The last part of a dotted name.
pub fn short(name: &str) -> Name {
    name.rsplit('.').next().unwrap_or(name).into()
}

/// `term` with type variables replaced.
pub fn substitute<'t>(term: &'t Term, environment: &Environment) -> Cow<'t, Term> {
    if environment.is_empty() {
        return Cow::Borrowed(term);
    }
    Cow::Owned(replace(term, environment))
}

fn replace(term: &Term, environment: &Environment) -> Term {
    let all = |terms: &[Term]| terms.iter().map(|term| replace(term, environment)).collect();
    match term {
        Term::Name { text, .. } => {
            environment.get(&short(text)).cloned().unwrap_or_else(|| term.clone())
        }
        Term::Subscript(head, arguments) => Term::Subscript(head.clone(), all(arguments)),
        Term::Union(members) => Term::Union(all(members)),
        Term::Tuple(members) => Term::Tuple(all(members)),
        Term::List(members) => Term::List(all(members)),
        Term::Starred(inner) => Term::Starred(Box::new(replace(inner, environment))),
        other => other.clone(),
    }
}

/// Names that mean the same thing brought to one: `typing_extensions.X` and
/// `collections.abc.X` to `typing.X`, private modules to their public face.
pub fn canonical(name: &str) -> Cow<'_, str> {
    for (prefix, face) in [
        ("typing_extensions.", "typing."),
        ("collections.abc.", "typing."),
        ("mypy_extensions.", "typing."),
        ("attrs.", "attr."),
        ("pydantic.main.", "pydantic."),
        ("pydantic.fields.", "pydantic."),
        ("pydantic.types.", "pydantic."),
        ("pydantic.networks.", "pydantic."),
        ("pydantic.root_model.", "pydantic."),
        ("pydantic.config.", "pydantic."),
        ("pydantic.v1.main.", "pydantic.v1."),
        ("pydantic.v1.fields.", "pydantic.v1."),
        ("pydantic.v1.generics.", "pydantic.v1."),
        ("pydantic.generics.", "pydantic."),
        ("pydantic_settings.main.", "pydantic_settings."),
        ("attr._make.", "attr."),
        ("attr._next_gen.", "attr."),
        ("django.db.models.base.", "django.db.models."),
        ("django.db.models.fields.related.", "django.db.models."),
        ("django.db.models.fields.files.", "django.db.models."),
        ("django.db.models.fields.json.", "django.db.models."),
        ("django.db.models.fields.", "django.db.models."),
        ("django.contrib.gis.db.models.", "django.db.models."),
        ("sqlalchemy.orm.decl_api.", "sqlalchemy.orm."),
        ("sqlalchemy.orm.base.", "sqlalchemy.orm."),
        ("sqlalchemy.ext.declarative.", "sqlalchemy.orm."),
        ("sqlalchemy.types.", "sqlalchemy."),
        ("sqlalchemy.schema.", "sqlalchemy."),
    ] {
        if let Some(rest) = name.strip_prefix(prefix) {
            return format!("{face}{rest}").into();
        }
    }
    Cow::Borrowed(name)
}

/// The commonest origins, without following them through the project.
fn builtin(origin: &Name) -> Option<&'static str> {
    Some(match &**origin {
        "builtins.str" => "builtins.str",
        "builtins.int" => "builtins.int",
        "builtins.float" => "builtins.float",
        "builtins.bool" => "builtins.bool",
        "builtins.bytes" => "builtins.bytes",
        "builtins.list" => "builtins.list",
        "builtins.dict" => "builtins.dict",
        "builtins.set" => "builtins.set",
        "builtins.tuple" => "builtins.tuple",
        "builtins.object" => "builtins.object",
        "builtins.type" => "builtins.type",
        "typing.Optional" => "typing.Optional",
        "typing.Union" => "typing.Union",
        "typing.Any" => "typing.Any",
        "typing.List" => "typing.List",
        "typing.Dict" => "typing.Dict",
        "typing.Literal" | "typing_extensions.Literal" => "typing.Literal",
        "typing.Annotated" | "typing_extensions.Annotated" => "typing.Annotated",
        "typing.ClassVar" => "typing.ClassVar",
        _ => return None,
    })
}
