//! Columns of SQLAlchemy classes and fields of Django models.

use std::borrow::Cow;

use super::{Default_, FieldShape, Rules, named};
use crate::analyzers::link::python::schemas::enums;
use crate::analyzers::link::python::schemas::index::{ClassInfo, Index};
use crate::model::Name;
use crate::model::facts::python::schemas::{Attribute, Call, Term};

/// Django adds `id` to a concrete model without a primary key.
pub fn add_primary_key(info: &ClassInfo<'_>, fields: &mut Vec<FieldShape<'_>>) {
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
        documented: false,
    };
    fields.insert(0, field);
}

/// How deep defaults are followed.
const DEPTH: u32 = 8;

impl<'a> Rules<'a, '_> {
    pub(super) fn sqlalchemy_field(&self, attribute: &'a Attribute) -> Option<FieldShape<'a>> {
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

    pub(super) fn django_field(&self, attribute: &'a Attribute) -> Option<FieldShape<'a>> {
        let (name, call) = self.call_of(attribute.value.as_ref())?;
        let kind = self.django_kind(&name, &call.function)?;
        let mut field = self.field(attribute, None);
        field.annotation = Some(Cow::Borrowed(&call.function));
        field.details = Some(call);
        field.default = call.keyword("default").map(|default| match default {
            Term::Name { text, .. } if let Some(value) = self.class_constant(text) => {
                Default_::Value(Cow::Borrowed(value))
            }
            factory @ Term::Name { .. }
                if self.index.constant(factory).is_none()
                    && enums::member_named(self.index, factory, DEPTH).is_none() =>
            {
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

    /// A constant that the body of the class, or of one above, binds.
    fn class_constant(&self, name: &str) -> Option<&'a Term> {
        let shapes = self.info.mro.iter().filter_map(|class| self.index.classes.get(class));
        let mut attributes = shapes.flat_map(|class| &class.shape.attributes);
        let value = attributes.find(|one| &*one.name == name)?.value.as_ref()?;
        enums::type_of(value).map(|_| value)
    }

    /// The Django field class that a call makes, through subclasses in the project.
    pub(super) fn django_kind(&self, name: &str, function: &Term) -> Option<String> {
        let mut candidates: Vec<Name> = vec![name.into()];
        if let Some(target) = self.index.target(function)
            && let Some(info) = self.index.classes.get(&*target)
        {
            candidates.extend(info.mro.iter().map(|name| Name::from(*name)));
            candidates.extend(info.external.iter().cloned());
        }
        candidates.iter().find_map(|name| {
            let last = name.rsplit('.').next()?;
            let is_field =
                last.ends_with("Field") || matches!(last, "ForeignKey" | "OneToOneField");
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
