//! The fields of a class, each family by its own rules, inherited ones included.

use std::borrow::Cow;

use super::enums;
use super::generated;
use super::index::{ClassInfo, Environment, Index, substitute};
use super::kinds::{Kind, decorated};
use super::tables;
use crate::model::Name;
use crate::model::facts::python::schemas::{
    Attribute, Call, ClassShape, Decorator, FunctionShape, ParameterKind, Term,
};

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
        add_primary_key(info, &mut all);
    }
    all
}

/// Django adds `id` to a concrete model without a primary key.
fn add_primary_key(info: &ClassInfo<'_>, fields: &mut Vec<FieldShape<'_>>) {
    let is = |name: &str| {
        info.shape.settings.iter().any(|(key, value)| &**key == name && *value == Term::Bool(true))
    };
    let has_key = fields.iter().any(|field| {
        &*field.name == "id"
            || field
                .details
                .is_some_and(|call| call.keyword("primary_key") == Some(&Term::Bool(true)))
    });
    if is("Meta.abstract") || is("Meta.proxy") || has_key || fields.is_empty() {
        return;
    }
    let field = FieldShape {
        name: "id".into(),
        key: "id".into(),
        annotation: Some(Cow::Owned(named("AutoField", "django.db.models.AutoField"))),
        required: false,
        default: None,
        doc: None,
        details: None,
        given: true,
    };
    fields.insert(0, field);
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
            }
        })
        .collect()
}

/// A setting of a class: a class keyword, or an argument of its decorator.
pub fn setting<'a>(class: &'a ClassShape, name: &str) -> Option<&'a Term> {
    let in_keywords = class.keywords.iter().find(|(key, _)| &**key == name);
    in_keywords.map(|(_, value)| value).or_else(|| {
        class.decorators.iter().find_map(|decorator| decorator.call.as_ref()?.keyword(name))
    })
}

/// A setting of a pydantic class: `model_config`, `class Config` or a class keyword.
pub fn config<'a>(class: &'a ClassShape, name: &str) -> Option<&'a Term> {
    let written = class.attributes.iter().rev().find(|one| &*one.name == "model_config");
    let written = written.and_then(|attribute| match attribute.value.as_ref()? {
        Term::Call(call) => call.keyword(name),
        Term::Dict(items) => items
            .iter()
            .find(|(key, _)| matches!(key, Term::Str(key) if &**key == name))
            .map(|(_, value)| value),
        _ => None,
    });
    let old = |name: &str| {
        let key = format!("Config.{name}");
        class.settings.iter().find(|(known, _)| **known == key).map(|(_, value)| value)
    };
    let by_keyword = || class.keywords.iter().find(|(key, _)| &**key == name).map(|(_, v)| v);
    let renamed = match name {
        "json_schema_extra" => "schema_extra",
        other => other,
    };
    written.or_else(|| old(name)).or_else(|| old(renamed)).or_else(by_keyword)
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
                    });
                }
            }
        }
        for field in &mut fields {
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
        }
    }

    /// The canonical name of what a value calls, and the call.
    fn call_of(&self, value: Option<&'a Term>) -> Option<(Name, &'a Call)> {
        let Some(Term::Call(call)) = value else { return None };
        let known = self.index.known(&call.function);
        let name =
            known.map(|name| Name::from(&*name)).or_else(|| self.index.target(&call.function));
        Some((name?, call))
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

    fn dataclass_field(&self, attribute: &'a Attribute) -> Option<FieldShape<'a>> {
        let (annotation, wrappers) = self.unwrap(attribute.annotation.as_ref()?);
        if wrappers.iter().any(|one| matches!(*one, "ClassVar" | "KW_ONLY")) {
            return None;
        }
        let mut field = self.field(attribute, Some(annotation));
        if let Some((name, call)) = self.call_of(attribute.value.as_ref()) {
            match &*name {
                "dataclasses.field" => self.defaults_from(&mut field, call, false),
                "pydantic.Field" | "pydantic.v1.Field" => {
                    self.defaults_from(&mut field, call, true);
                }
                _ => {}
            }
            let text = field.details.and_then(|call| call.keyword("description"));
            if let Some(Term::Str(text)) = text {
                field.doc = Some(text.clone());
            }
        }
        if field.doc.is_none() {
            field.doc = annotated_doc(self.index, annotation);
        }
        Some(field)
    }

    /// Whether annotations alone make fields: told, or guessed as `attrs.define` does.
    fn auto_attribs(&self) -> bool {
        let told = setting(self.class, "auto_attribs");
        if let Some(Term::Bool(told)) = told {
            return *told;
        }
        let new_style = self.class.decorators.iter().any(|decorator: &Decorator| {
            self.index.target(&decorator.function).is_some_and(|name| {
                matches!(&*name, "attr.define" | "attr.frozen" | "attr.mutable" | "attr.dataclass")
            })
        });
        let bare_ib = self.class.attributes.iter().any(|attribute| {
            attribute.annotation.is_none() && self.attrs_call(attribute).is_some()
        });
        new_style && !bare_ib
    }

    fn attrs_call(&self, attribute: &'a Attribute) -> Option<&'a Call> {
        let (name, call) = self.call_of(attribute.value.as_ref())?;
        matches!(&*name, "attr.ib" | "attr.attrib" | "attr.attr" | "attr.field").then_some(call)
    }

    fn attrs_field(&self, attribute: &'a Attribute, auto: bool) -> Option<FieldShape<'a>> {
        let call = self.attrs_call(attribute);
        let (annotation, wrappers) = match &attribute.annotation {
            Some(annotation) => {
                let (term, wrappers) = self.unwrap(annotation);
                (Some(term), wrappers)
            }
            None => (None, Vec::new()),
        };
        if wrappers.contains(&"ClassVar") || call.is_none() && (!auto || annotation.is_none()) {
            return None;
        }
        let mut field = self.field(attribute, annotation);
        if let Some(call) = call {
            self.defaults_from(&mut field, call, true);
            if annotation.is_none() {
                field.annotation = call.keyword("type").map(Cow::Borrowed);
            }
        }
        // `y: list = Factory(list)`
        if let Some((name, factory)) = self.call_of(attribute.value.as_ref())
            && &*name == "attr.Factory"
        {
            field.default = factory.arguments.first().map(Default_::Factory);
        }
        // `@x.default` on a method.
        let computed = format!("{}.default", attribute.name);
        let by_method = self.class.methods.iter().find(|method| {
            method.decorators.iter().any(|decorator| {
                matches!(&decorator.function, Term::Name { text, .. } if **text == *computed)
            })
        });
        if let Some(method) = by_method {
            field.required = false;
            field.default = Some(Default_::Text(format!("{}()", method.name).into()));
        }
        field.key = match call.and_then(|call| call.keyword("alias")) {
            Some(Term::Str(alias)) => alias.clone(),
            _ => attribute.name.trim_start_matches('_').into(),
        };
        Some(field)
    }

    fn pydantic_field(
        &self,
        attribute: &'a Attribute,
        inherited: &[Name],
    ) -> Option<FieldShape<'a>> {
        let name = &*attribute.name;
        if name.starts_with('_') || name == "model_config" {
            return None;
        }
        let (annotation, wrappers) = match &attribute.annotation {
            Some(annotation) => {
                let (term, wrappers) = self.unwrap(annotation);
                (Some(term), wrappers)
            }
            // A plain mixin declares nothing without an annotation.
            None if self.mixin => return None,
            None => (None, Vec::new()),
        };
        let call = self.call_of(attribute.value.as_ref());
        let is_field = call.as_ref().is_some_and(|(name, _)| tables::is_pydantic_field(name));
        let private = call.as_ref().is_some_and(|(name, _)| {
            matches!(&**name, "pydantic.PrivateAttr" | "pydantic.v1.PrivateAttr")
        });
        // In v2 `x: Final = 1` is a class variable.
        let fixed = wrappers.contains(&"Final") && attribute.value.is_some() && !is_field;
        if wrappers.contains(&"ClassVar") || private || fixed {
            return None;
        }
        if annotation.is_none() {
            // Only v1 infers fields from values; v2 lets an inherited field be given a default.
            let plain = matches!(
                attribute.value,
                Some(
                    Term::Bool(_)
                        | Term::Int(_)
                        | Term::Float(_)
                        | Term::Str(_)
                        | Term::List(_)
                        | Term::Dict(_)
                )
            );
            let known = inherited.iter().any(|known| **known == *name);
            if !(known || is_field || plain && self.is_v1()) {
                return None;
            }
        }
        let mut field = self.field(attribute, annotation);
        let mut details = call.filter(|_| is_field).map(|(_, call)| call);
        if let Some(call) = details {
            self.defaults_from(&mut field, call, true);
        } else if attribute.value == Some(Term::Ellipsis) {
            field.required = true;
            field.default = None;
        }
        // `Annotated[int, Field(default=…, alias=…)]`
        let in_annotation = annotation.and_then(|term| self.annotated_field(term));
        if let Some(call) = in_annotation {
            if attribute.value.is_none() {
                self.defaults_from(&mut field, call, false);
            }
            field.details = details.or(Some(call));
            details = details.or(Some(call));
        }
        if self.is_v1() && field.required && attribute.value.is_none() {
            let optional = annotation.is_some_and(|term| self.allows_none(term));
            if optional && in_annotation.is_none() {
                field.required = false;
                field.default = Some(Default_::Value(Cow::Owned(Term::None)));
            }
        }
        field.key = self.alias(name, details, in_annotation);
        let description = details
            .and_then(|call| call.keyword("description"))
            .or(in_annotation.and_then(|call| call.keyword("description")));
        match description {
            Some(Term::Str(text)) => field.doc = Some(text.clone()),
            _ => field.doc = field.doc.or_else(|| annotated_doc(self.index, annotation?)),
        }
        Some(field)
    }

    fn is_v1(&self) -> bool {
        self.info.external.iter().any(|name| name.starts_with("pydantic.v1."))
            || self.info.mro.iter().any(|name| name.starts_with("pydantic.v1."))
    }

    fn allows_none(&self, term: &Term) -> bool {
        match term {
            Term::None => true,
            Term::Union(members) => members.iter().any(|member| self.allows_none(member)),
            Term::Subscript(head, arguments) => match self.index.known(head).as_deref() {
                Some("typing.Optional") => true,
                Some("typing.Union") => arguments.iter().any(|member| self.allows_none(member)),
                _ => false,
            },
            _ => self.index.known(term).is_some_and(|name| name == "typing.Any"),
        }
    }

    /// The `Field(…)` inside `Annotated[…]`.
    fn annotated_field(&self, annotation: &'a Term) -> Option<&'a Call> {
        let Term::Subscript(head, arguments) = annotation else { return None };
        if self.index.known(head)? != "typing.Annotated" {
            return None;
        }
        arguments.iter().skip(1).find_map(|term| {
            let (name, call) = self.call_of(Some(term))?;
            tables::is_pydantic_field(&name).then_some(call)
        })
    }

    fn alias(&self, name: &str, details: Option<&Call>, annotated: Option<&Call>) -> Name {
        let look = |keyword: &str| {
            let found = details.and_then(|call| call.keyword(keyword));
            found.or_else(|| annotated.and_then(|call| call.keyword(keyword)))
        };
        for keyword in ["validation_alias", "alias"] {
            match look(keyword) {
                Some(Term::Str(alias)) => return alias.clone(),
                Some(Term::Call(choices)) => {
                    if let Some(Term::Str(first)) = choices.arguments.first() {
                        return first.clone();
                    }
                }
                Some(term) => {
                    if let Some(Term::Str(alias)) = self.index.constant(term) {
                        return alias.clone();
                    }
                }
                None => {}
            }
        }
        let generator = self
            .info
            .mro
            .iter()
            .find_map(|class| config(self.index.classes.get(class)?.shape, "alias_generator"));
        if let Some(generator) = generator {
            let generator = match generator {
                Term::Call(call) => call.keyword("validation_alias").or(call.keyword("alias")),
                other => Some(other),
            };
            let function = generator.and_then(|term| self.index.target(term));
            if let Some(made) = function.and_then(|function| tables::apply_alias(&function, name)) {
                return made.into();
            }
        }
        name.into()
    }

    fn typed_dict_field(&self, attribute: &'a Attribute) -> Option<FieldShape<'a>> {
        let (annotation, wrappers) = self.unwrap(attribute.annotation.as_ref()?);
        let total = self.class.keywords.iter().find(|(key, _)| &**key == "total");
        let total = !matches!(total, Some((_, Term::Bool(false))));
        let mut field = self.field(attribute, Some(annotation));
        field.default = None;
        field.required =
            wrappers.contains(&"Required") || total && !wrappers.contains(&"NotRequired");
        field.doc = field.doc.or_else(|| annotated_doc(self.index, annotation));
        Some(field)
    }

    fn plain_field(&self, attribute: &'a Attribute) -> Option<FieldShape<'a>> {
        let (annotation, wrappers) = self.unwrap(attribute.annotation.as_ref()?);
        if wrappers.contains(&"ClassVar") {
            return None;
        }
        Some(self.field(attribute, Some(annotation)))
    }

    fn msgspec_field(&self, attribute: &'a Attribute) -> Option<FieldShape<'a>> {
        let (annotation, wrappers) = self.unwrap(attribute.annotation.as_ref()?);
        if wrappers.contains(&"ClassVar") {
            return None;
        }
        let mut field = self.field(attribute, Some(annotation));
        if let Some((name, call)) = self.call_of(attribute.value.as_ref())
            && matches!(&*name, "msgspec.field" | "msgspec._core.field")
        {
            self.defaults_from(&mut field, call, false);
            if let Some(Term::Str(renamed)) = call.keyword("name") {
                field.key = renamed.clone();
                return Some(field);
            }
        }
        let style = self
            .info
            .mro
            .iter()
            .find_map(|class| setting(self.index.classes.get(class)?.shape, "rename"));
        if let Some(Term::Str(style)) = style {
            field.key = tables::rename(style, &attribute.name).into();
        }
        Some(field)
    }

    fn sqlalchemy_field(&self, attribute: &'a Attribute) -> Option<FieldShape<'a>> {
        if attribute.name.starts_with("__") {
            return None;
        }
        let call = self.call_of(attribute.value.as_ref());
        let (annotation, wrappers) = match &attribute.annotation {
            Some(annotation) => {
                let (term, wrappers) = self.unwrap(annotation);
                (Some(term), wrappers)
            }
            None => (None, Vec::new()),
        };
        let column = call.filter(|(name, _)| {
            matches!(
                &**name,
                "sqlalchemy.Column"
                    | "sqlalchemy.orm.mapped_column"
                    | "sqlalchemy.orm.deferred"
                    | "sqlmodel.Field"
            ) || name.ends_with(".Column")
        });
        let mapped = wrappers.contains(&"Mapped");
        let other_construct = column.is_none() && attribute.value.is_some();
        if column.is_none() && (!mapped || other_construct) {
            return None;
        }
        let mut field = self.field(attribute, annotation);
        field.default = None;
        field.required = !annotation.is_some_and(|term| self.allows_none(term));
        if let Some((_, call)) = column {
            field.details = Some(call);
            let is = |name: &str, value: bool| call.keyword(name) == Some(&Term::Bool(value));
            let key = is("primary_key", true);
            if annotation.is_none() {
                field.annotation = column_type(self.index, call).map(Cow::Borrowed);
                field.required = is("nullable", false) || key;
            } else if call.keyword("nullable").is_some() {
                field.required = is("nullable", false);
            }
            if let Some(default) = call.keyword("default") {
                let is_function = matches!(default, Term::Name { .. } | Term::Lambda(_));
                field.default = Some(match default {
                    factory if is_function => Default_::Factory(factory),
                    value => Default_::Value(Cow::Borrowed(value)),
                });
            } else if let Some(factory) = call.keyword("default_factory") {
                field.default = Some(Default_::Factory(factory));
            }
            let filled =
                ["default", "default_factory", "server_default", "autoincrement", "onupdate"]
                    .iter()
                    .any(|name| call.keyword(name).is_some());
            let counts = key
                && field.annotation.as_ref().is_none_or(|term| {
                    matches!(&**term, Term::Name { text, .. }
                        if matches!(&*short_lower(text), "int" | "integer" | "biginteger"))
                });
            if filled || counts {
                field.required = false;
            }
            if let Some(Term::Str(text)) = call.keyword("doc").or(call.keyword("comment")) {
                field.doc = Some(text.clone());
            }
        }
        Some(field)
    }

    fn django_field(&self, attribute: &'a Attribute) -> Option<FieldShape<'a>> {
        let (name, call) = self.call_of(attribute.value.as_ref())?;
        let kind = self.django_kind(&name, &call.function)?;
        let mut field = self.field(attribute, None);
        field.annotation = Some(Cow::Borrowed(&call.function));
        field.details = Some(call);
        field.default = call.keyword("default").map(|default| match default {
            factory @ Term::Name { .. } if self.index.constant(factory).is_none() => {
                Default_::Factory(factory)
            }
            value => Default_::Value(Cow::Borrowed(value)),
        });
        let is = |name: &str| call.keyword(name) == Some(&Term::Bool(true));
        field.required = field.default.is_none()
            && !(is("null") || is("blank") || is("auto_now") || is("auto_now_add"))
            && !kind.ends_with("AutoField")
            && kind != "ManyToManyField"
            && call.keyword("db_default").is_none();
        if let Some(Term::Str(text)) = call.keyword("help_text") {
            field.doc = Some(text.clone());
        }
        Some(field)
    }

    /// The Django field class that a call makes, through subclasses in the project.
    fn django_kind(&self, name: &str, function: &Term) -> Option<String> {
        let mut candidates: Vec<Name> = vec![name.into()];
        if let Some(target) = self.index.target(function)
            && let Some(info) = self.index.classes.get(&*target)
        {
            candidates.extend(info.mro.iter().map(|name| Name::from(*name)));
            candidates.extend(info.external.iter().cloned());
        }
        candidates.iter().find_map(|name| {
            let last = name.rsplit('.').next()?;
            let is_field = last.ends_with("Field")
                || matches!(last, "ForeignKey" | "OneToOneField" | "GenericForeignKey");
            let of_django = name.starts_with("django.") || name.contains(".models.");
            (is_field && of_django).then(|| last.to_owned())
        })
    }
}

fn short_lower(text: &str) -> String {
    text.rsplit('.').next().unwrap_or(text).to_lowercase()
}

/// The column type among a `Column`'s positional arguments.
fn column_type<'a>(index: &Index<'_>, call: &'a Call) -> Option<&'a Term> {
    let named = call.keyword("type_");
    named.or_else(|| {
        call.arguments.iter().find_map(|argument| match argument {
            Term::Call(inner) => {
                let last = index.known(&inner.function)?;
                let last = last.rsplit('.').next()?.to_owned();
                let other = matches!(
                    &*last,
                    "ForeignKey" | "Identity" | "Sequence" | "Computed" | "CheckConstraint"
                );
                (!other).then_some(&inner.function)
            }
            Term::Name { .. } => Some(argument),
            _ => None,
        })
    })
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
