//! The fields of a class, each family by its own rules, inherited ones included.

mod mapped;
mod pydantic;
mod settings;
mod standard;

use std::borrow::Cow;

use super::enums;
use super::generated;
use super::index::{ClassInfo, Environment, Index, substitute};
use super::kinds::{Kind, decorated};
use crate::model::Name;
use crate::model::facts::python::schemas::{
    Attribute, Call, ClassShape, FunctionShape, ParameterKind, Term,
};
pub use pydantic::{generated_alias, root_argument};
pub use settings::{config, setting};

/// One field as a family's rules see it.
#[derive(Debug, Clone)]
pub struct FieldShape<'a> {
    pub name: Name,
    /// The property's name in JSON: the alias, if it has one.
    pub key: Name,
    /// Wrappers such as `Required[…]`, `Mapped[…]` and `ClassVar[…]` are off.
    pub annotation: Option<Cow<'a, Term>>,
    pub required: bool,
    pub default: Option<Default_<'a>>,
    pub doc: Option<Name>,
    /// The `Field(…)`-like call that describes it.
    pub details: Option<&'a Call>,
    /// Whether it can be given: `field(init=False)` cannot.
    pub given: bool,
    /// The docstring below it is part of the schema (pydantic's `use_attribute_docstrings`).
    pub documented: bool,
}

/// A default: a value, or what makes one.
#[derive(Debug, Clone)]
pub enum Default_<'a> {
    Value(Cow<'a, Term>),
    Factory(&'a Term),
    /// As written, e.g. a method that computes it.
    Text(Name),
}

/// The fields of a class. `own` gives its type variables' meanings.
pub fn fields<'a>(
    index: &Index<'a>,
    info: &ClassInfo<'a>,
    own: Environment,
) -> Vec<FieldShape<'a>> {
    if info.kind == Kind::Plain
        && let Some(fields) = init_fields(index, info)
    {
        return fields;
    }
    let environments = index.environments(info.mro.first().copied().unwrap_or_default(), own);
    let empty = Environment::default();
    let mut all: Vec<FieldShape<'a>> = Vec::new();
    for name in info.mro.iter().rev() {
        let Some(class) = index.classes.get(name) else { continue };
        let mixin = class.kind != info.kind;
        let skip = match info.kind {
            // A plain mixin contributes nothing to these.
            Kind::Dataclass | Kind::Attrs => {
                mixin || !class.shape.decorators.iter().any(|one| decorated(index, one).is_some())
            }
            Kind::NamedTuple | Kind::TypedDict | Kind::Enum | Kind::Msgspec => mixin,
            Kind::Pydantic => false,
            Kind::Django | Kind::SqlAlchemy | Kind::Protocol | Kind::Plain => false,
        };
        if skip {
            continue;
        }
        let environment = environments.get(name).unwrap_or(&empty);
        let rules = Rules { index, info, class: class.shape, environment, mixin };
        let known: Vec<Name> = all.iter().map(|field| field.name.clone()).collect();
        for field in rules.own_fields(&known) {
            match all.iter().position(|known| known.name == field.name) {
                Some(at) if info.kind == Kind::Attrs => {
                    all.remove(at);
                    all.push(field);
                }
                Some(at) => all[at] = field,
                None => all.push(field),
            }
        }
        // `x = None` in a Django model removes an inherited field.
        if info.kind == Kind::Django {
            let removed =
                |name: &Name| {
                    class.shape.attributes.iter().any(|attribute| {
                        attribute.name == *name && attribute.value == Some(Term::None)
                    })
                };
            all.retain(|field| !removed(&field.name));
        }
    }
    if info.kind == Kind::Django {
        mapped::add_primary_key(info, &mut all);
    }
    if info.kind == Kind::Pydantic && !all.iter().any(|field| &*field.name == "root") {
        all.extend(pydantic::root_field(index, info));
    }
    all
}

pub fn named(text: &str, origin: &str) -> Term {
    Term::Name { text: text.into(), origins: vec![origin.into()] }
}

/// A plain class is known by the `__init__` it has or inherits, if that is annotated.
fn init_fields<'a>(index: &Index<'a>, info: &ClassInfo<'a>) -> Option<Vec<FieldShape<'a>>> {
    let init = info.mro.iter().find_map(|name| index.classes.get(name)?.shape.init.as_ref())?;
    Some(parameters(init, true))
}

/// The parameters of a function as fields.
pub fn parameters(function: &FunctionShape, is_method: bool) -> Vec<FieldShape<'_>> {
    function
        .parameters
        .iter()
        .skip(usize::from(is_method))
        .map(|parameter| {
            let variadic =
                matches!(parameter.kind, ParameterKind::Variadic | ParameterKind::Keywords);
            FieldShape {
                name: parameter.name.clone(),
                key: parameter.name.clone(),
                annotation: parameter.annotation.as_ref().map(Cow::Borrowed),
                required: parameter.default.is_none() && !variadic,
                default: parameter
                    .default
                    .as_ref()
                    .map(|term| Default_::Value(Cow::Borrowed(term))),
                doc: None,
                details: None,
                given: true,
                documented: false,
            }
        })
        .collect()
}

/// One class's own fields under the rules of the class that inherits them.
struct Rules<'a, 'r> {
    index: &'r Index<'a>,
    info: &'r ClassInfo<'a>,
    class: &'a ClassShape,
    environment: &'r Environment,
    /// The class is of another family.
    mixin: bool,
}

impl<'a> Rules<'a, '_> {
    fn own_fields(&self, inherited: &[Name]) -> Vec<FieldShape<'a>> {
        let mut fields: Vec<FieldShape<'a>> = Vec::new();
        let attributes = self.class.attributes.iter();
        let auto = self.info.kind != Kind::Attrs || self.auto_attribs();
        for attribute in attributes {
            let Some(field) = (match self.info.kind {
                Kind::Dataclass => self.dataclass_field(attribute),
                Kind::Attrs => self.attrs_field(attribute, auto),
                Kind::Pydantic => self.pydantic_field(attribute, inherited),
                Kind::TypedDict => self.typed_dict_field(attribute),
                Kind::NamedTuple | Kind::Protocol | Kind::Plain => self.plain_field(attribute),
                Kind::Enum => enums::member(self.index, self.info, self.class, attribute),
                Kind::Msgspec => self.msgspec_field(attribute),
                Kind::SqlAlchemy => self.sqlalchemy_field(attribute),
                Kind::Django => self.django_field(attribute),
            }) else {
                continue;
            };
            // A branch or a later line may declare the same name again.
            match fields.iter().position(|known| known.name == field.name) {
                Some(at) => fields[at] = field,
                None => fields.push(field),
            }
        }
        if self.info.kind == Kind::NamedTuple {
            for base in &self.class.bases {
                let Term::Call(call) = base else { continue };
                let Some((_, made)) = generated::read(call, self.index.names, self.class.line)
                else {
                    continue;
                };
                for attribute in made {
                    fields.push(FieldShape {
                        required: attribute.value.is_none(),
                        default: attribute.value.map(|value| Default_::Value(Cow::Owned(value))),
                        annotation: attribute.annotation.map(Cow::Owned),
                        key: attribute.name.clone(),
                        name: attribute.name,
                        doc: None,
                        details: None,
                        given: true,
                        documented: false,
                    });
                }
            }
        }
        if self.info.kind == Kind::Protocol {
            for method in &self.class.methods {
                let is_property = method.decorators.iter().any(|decorator| {
                    self.index.known(&decorator.function).is_some_and(|n| n == "builtins.property")
                });
                if is_property && !fields.iter().any(|field| field.name == method.name) {
                    fields.push(FieldShape {
                        name: method.name.clone(),
                        key: method.name.clone(),
                        annotation: method.returns.as_ref().map(Cow::Borrowed),
                        required: true,
                        default: None,
                        doc: None,
                        details: None,
                        given: true,
                        documented: false,
                    });
                }
            }
        }
        let class = self.class.name.rsplit('.').next().unwrap_or_default().trim_start_matches('_');
        for field in &mut fields {
            // `__x` in the body of `C` is `_C__x`, as anywhere in a class.
            if self.info.kind != Kind::Enum
                && field.name.starts_with("__")
                && !field.name.ends_with("__")
            {
                field.name = format!("_{class}{}", field.name).into();
                field.key = field.name.clone();
            }
            if let Some(annotation) = &field.annotation {
                field.annotation = match annotation {
                    Cow::Borrowed(term) => Some(substitute(term, self.environment)),
                    Cow::Owned(term) => {
                        Some(Cow::Owned(substitute(term, self.environment).into_owned()))
                    }
                };
            }
        }
        fields
    }

    /// The annotation without its wrappers, and the wrappers' canonical names.
    fn unwrap(&self, annotation: &'a Term) -> (&'a Term, Vec<&'static str>) {
        let mut wrappers = Vec::new();
        let mut term = annotation;
        loop {
            let (head, inner): (&'a Term, Option<&'a Term>) = match term {
                Term::Subscript(head, arguments) => (head, arguments.first()),
                other => (other, None),
            };
            let known = self.index.known(head);
            let wrapper = match known.as_deref() {
                Some("typing.ClassVar") => "ClassVar",
                Some("typing.Final") => "Final",
                Some("typing.Required") => "Required",
                Some("typing.NotRequired") => "NotRequired",
                Some("typing.ReadOnly") => "ReadOnly",
                Some("dataclasses.InitVar") => "InitVar",
                Some("dataclasses.KW_ONLY") => "KW_ONLY",
                Some(
                    "sqlalchemy.orm.Mapped"
                    | "sqlalchemy.orm.DynamicMapped"
                    | "sqlalchemy.orm.WriteOnlyMapped",
                ) => "Mapped",
                _ => return (term, wrappers),
            };
            wrappers.push(wrapper);
            match inner {
                Some(inner) => term = inner,
                None => return (term, wrappers),
            }
        }
    }

    fn field(&self, attribute: &'a Attribute, annotation: Option<&'a Term>) -> FieldShape<'a> {
        FieldShape {
            name: attribute.name.clone(),
            key: attribute.name.clone(),
            annotation: annotation.map(Cow::Borrowed),
            required: attribute.value.is_none(),
            default: attribute.value.as_ref().map(|value| Default_::Value(Cow::Borrowed(value))),
            doc: attribute.doc.clone(),
            details: None,
            given: true,
            documented: false,
        }
    }

    /// The canonical name of what a value calls, and the call. A function of the project that
    /// only passes on to another (`def column(**kw): return field(**kw)`) stands for that one.
    fn call_of(&self, value: Option<&'a Term>) -> Option<(Name, &'a Call)> {
        let Some(Term::Call(call)) = value else { return None };
        let known = self.index.known(&call.function);
        let name =
            known.map(|name| Name::from(&*name)).or_else(|| self.index.target(&call.function))?;
        let Some(Term::Call(inner)) =
            self.index.functions.get(&*name).and_then(|function| function.result.as_ref())
        else {
            return Some((name, call));
        };
        match self.index.known(&inner.function) {
            Some(passed_to) => {
                let says = call.keywords.iter().any(|(key, _)| key.contains("default"));
                let told = if says || inner.keywords.is_empty() { call } else { &**inner };
                Some((Name::from(&*passed_to), told))
            }
            None => Some((name, call)),
        }
    }

    /// Reads `default=`, `default_factory=`, `factory=` of a field call.
    fn defaults_from(&self, field: &mut FieldShape<'a>, call: &'a Call, first: bool) {
        let value = call.keyword("default").or(call.arguments.first().filter(|_| first));
        let factory = call.keyword("default_factory").or(call.keyword("factory"));
        field.details = Some(call);
        field.default = match (value, factory) {
            (Some(Term::Ellipsis), None) => None,
            (Some(Term::Call(inner)), _)
                if self.index.known(&inner.function).is_some_and(|name| name == "attr.Factory") =>
            {
                inner.arguments.first().map(Default_::Factory)
            }
            (Some(term), _) if self.is_missing(term) => None,
            (Some(value), _) => Some(Default_::Value(Cow::Borrowed(value))),
            (None, Some(factory)) => Some(Default_::Factory(factory)),
            (None, None) => None,
        };
        field.required = field.default.is_none();
        if call.keyword("init") == Some(&Term::Bool(false)) {
            field.given = false;
            field.required = false;
        }
    }

    /// `MISSING`, `NOTHING`, `PydanticUndefined`: no default.
    fn is_missing(&self, term: &Term) -> bool {
        self.index.known(term).is_some_and(|name| {
            matches!(
                &*name,
                "dataclasses.MISSING"
                    | "attr.NOTHING"
                    | "pydantic_core.PydanticUndefined"
                    | "pydantic.Undefined"
                    | "pydantic.v1.Undefined"
                    | "msgspec.NODEFAULT"
                    | "builtins.Ellipsis"
            )
        })
    }
}

/// `Annotated[T, Doc("…")]`.
pub fn annotated_doc(index: &Index<'_>, annotation: &Term) -> Option<Name> {
    let Term::Subscript(head, arguments) = annotation else { return None };
    if index.known(head)? != "typing.Annotated" {
        return None;
    }
    arguments.iter().skip(1).find_map(|term| {
        let Term::Call(call) = term else { return None };
        let Term::Name { text, .. } = &call.function else { return None };
        match (text.rsplit('.').next()?, call.arguments.first()) {
            ("Doc", Some(Term::Str(doc))) => Some(doc.clone()),
            _ => match call.keyword("description") {
                Some(Term::Str(doc)) => Some(doc.clone()),
                _ => None,
            },
        }
    })
}
