//! Fields of dataclasses, attrs and msgspec classes, typed dictionaries and annotated classes.

use std::borrow::Cow;

use super::{Default_, FieldShape, Rules, annotated_doc, setting};
use crate::analyzers::link::python::schemas::kinds;
use crate::analyzers::link::python::schemas::tables;
use crate::model::facts::python::schemas::{Attribute, Call, Term};

impl<'a> Rules<'a, '_> {
    pub(super) fn dataclass_field(&self, attribute: &'a Attribute) -> Option<FieldShape<'a>> {
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
        // `Annotated[int, Field(default=…)]`
        let details = self.annotated_field(annotation);
        if let Some(call) = details.filter(|_| attribute.value.is_none()) {
            self.defaults_from(&mut field, call, false);
        }
        field.key = self.alias(&attribute.name, field.details, details);
        field.documented = self.documents();
        if field.doc.is_none() {
            field.doc = annotated_doc(self.index, annotation);
        }
        Some(field)
    }

    /// Whether annotations alone make fields: told, or guessed as `attrs.define` does.
    pub(super) fn auto_attribs(&self) -> bool {
        let told = setting(self.class, "auto_attribs");
        if let Some(Term::Bool(told)) = told {
            return *told;
        }
        let new_style = self.class.decorators.iter().any(|decorator| {
            kinds::maker(self.index, decorator).is_some_and(|name| {
                matches!(&*name, "attr.define" | "attr.frozen" | "attr.mutable" | "attr.dataclass")
            })
        });
        let bare_ib = self.class.attributes.iter().any(|attribute| {
            attribute.annotation.is_none() && self.attrs_call(attribute).is_some()
        });
        new_style && !bare_ib
    }

    pub(super) fn attrs_call(&self, attribute: &'a Attribute) -> Option<&'a Call> {
        let (name, call) = self.call_of(attribute.value.as_ref())?;
        matches!(&*name, "attr.ib" | "attr.attrib" | "attr.attr" | "attr.field").then_some(call)
    }

    pub(super) fn attrs_field(
        &self,
        attribute: &'a Attribute,
        auto: bool,
    ) -> Option<FieldShape<'a>> {
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

    pub(super) fn typed_dict_field(&self, attribute: &'a Attribute) -> Option<FieldShape<'a>> {
        let (annotation, wrappers) = self.unwrap(attribute.annotation.as_ref()?);
        let total = self.class.keywords.iter().find(|(key, _)| &**key == "total");
        let total = !matches!(total, Some((_, Term::Bool(false))));
        let mut field = self.field(attribute, Some(annotation));
        field.default = None;
        field.required =
            wrappers.contains(&"Required") || total && !wrappers.contains(&"NotRequired");
        let details = self.annotated_field(annotation);
        field.key = self.alias(&attribute.name, details, None);
        field.documented = self.documents();
        field.doc = field.doc.or_else(|| annotated_doc(self.index, annotation));
        Some(field)
    }

    pub(super) fn plain_field(&self, attribute: &'a Attribute) -> Option<FieldShape<'a>> {
        let (annotation, wrappers) = self.unwrap(attribute.annotation.as_ref()?);
        if wrappers.contains(&"ClassVar") {
            return None;
        }
        Some(self.field(attribute, Some(annotation)))
    }

    pub(super) fn msgspec_field(&self, attribute: &'a Attribute) -> Option<FieldShape<'a>> {
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
}
