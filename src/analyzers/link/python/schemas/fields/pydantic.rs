//! Fields of pydantic models: `Field(…)`, `Annotated`, aliases, private attributes.

use std::borrow::Cow;

use super::{Default_, FieldShape, Rules, annotated_doc, config};
use crate::analyzers::link::python::schemas::index::{ClassInfo, Index, Meaning};
use crate::analyzers::link::python::schemas::tables;
use crate::model::Name;
use crate::model::facts::python::schemas::{Attribute, Call, Term};

/// What the alias generator of a class makes of a field's name.
pub fn generated_alias(index: &Index<'_>, info: &ClassInfo<'_>, name: &str) -> Option<Name> {
    let mut shapes = info.mro.iter().filter_map(|class| Some(index.classes.get(class)?.shape));
    let generator = match shapes.find_map(|shape| config(index, shape, "alias_generator"))? {
        Term::Call(call) => call.keyword("validation_alias").or(call.keyword("alias"))?,
        other => other,
    };
    tables::apply_alias(&index.target(generator)?, name).map(Name::from)
}

/// The field of `class C(RootModel[T])`.
pub fn root_field<'a>(index: &Index<'a>, info: &ClassInfo<'a>) -> Option<FieldShape<'a>> {
    let annotation = root_argument(index, info)?;
    Some(FieldShape {
        name: "root".into(),
        key: "root".into(),
        annotation: Some(Cow::Borrowed(annotation)),
        required: true,
        default: None,
        doc: None,
        details: None,
        given: true,
        documented: false,
    })
}

/// `RootModel[T]` among the bases.
pub fn root_argument<'a>(index: &Index<'a>, info: &ClassInfo<'_>) -> Option<&'a Term> {
    info.mro.iter().find_map(|name| {
        index.classes.get(name)?.shape.bases.iter().find_map(|base| match base {
            Term::Subscript(head, arguments)
                if index.known(head).is_some_and(|name| name == "pydantic.RootModel") =>
            {
                arguments.first()
            }
            _ => None,
        })
    })
}

impl<'a> Rules<'a, '_> {
    pub(super) fn pydantic_field(
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
        field.given = true;
        field.documented = self.documents();
        let description = details
            .and_then(|call| call.keyword("description"))
            .or(in_annotation.and_then(|call| call.keyword("description")));
        match description {
            Some(Term::Str(text)) => field.doc = Some(text.clone()),
            _ => field.doc = field.doc.or_else(|| annotated_doc(self.index, annotation?)),
        }
        Some(field)
    }

    /// Whether docstrings below attributes are their descriptions.
    pub(super) fn documents(&self) -> bool {
        let told =
            self.info.mro.iter().find_map(|class| self.told(class, "use_attribute_docstrings"));
        told == Some(&Term::Bool(true))
    }

    fn told(&self, class: &str, setting: &str) -> Option<&'a Term> {
        config(self.index, self.index.classes.get(class)?.shape, setting)
    }

    pub(super) fn is_v1(&self) -> bool {
        self.info.external.iter().any(|name| name.starts_with("pydantic.v1."))
            || self.info.mro.iter().any(|name| name.starts_with("pydantic.v1."))
    }

    pub(super) fn allows_none(&self, term: &Term) -> bool {
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
    pub(super) fn annotated_field(&self, annotation: &'a Term) -> Option<&'a Call> {
        let mut annotation = annotation;
        // `Name = Annotated[str, Field(…)]`
        for _ in 0..4 {
            let Term::Name { .. } = annotation else { break };
            let Meaning::Assigned(assigned) = self.index.meaning(annotation) else { return None };
            annotation = &assigned.value;
        }
        let Term::Subscript(head, arguments) = annotation else { return None };
        if self.index.known(head)? != "typing.Annotated" {
            return None;
        }
        arguments.iter().skip(1).find_map(|term| {
            let (name, call) = self.call_of(Some(term))?;
            tables::is_pydantic_field(&name).then_some(call)
        })
    }

    pub(super) fn alias(
        &self,
        name: &str,
        details: Option<&Call>,
        annotated: Option<&Call>,
    ) -> Name {
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
        generated_alias(self.index, self.info, name).unwrap_or_else(|| name.into())
    }
}
