//! Joins all files' data shapes into schemas: classes of every family and annotated functions.
//!
//! A field's `type` is its annotation as Python sees it: aliases followed, with quotes of forward
//! references, the `typing.` prefix and wrappers that concern the field and not its value
//! (`Required`, `ClassVar`, `Mapped`, `Annotated` extras) taken off. Its `default` is JSON when it is constant (names of
//! constants followed, `list()` is `[]`), else source text.

mod aliases;
mod constraints;
mod enums;
mod fields;
mod generated;
mod index;
mod json;
mod kinds;
mod leaves;
mod tables;
#[cfg(test)]
mod tests;
mod text;
mod values;

use rayon::prelude::*;
use serde_json::{Map, Value, json};

use super::Context;
use crate::model::facts::python::schemas::{FunctionShape, ParameterKind, Term};
use crate::model::{Field, Language, Name, Schema};
use fields::FieldShape;
pub use index::{Index, Made, canonical};
use json::Writer;
use kinds::Kind;

pub fn link(context: &Context<'_>) -> Vec<Schema> {
    let made = Made::of(context);
    let index = Index::build(context, &made);
    let mut classes: Vec<&str> = index.classes.keys().copied().collect();
    classes.sort_unstable();
    let mut schemas: Vec<Schema> =
        classes.par_iter().filter_map(|name| class_schema(&index, name)).collect();
    let functions: Vec<(&Name, &FunctionShape)> = context
        .files
        .iter()
        .flat_map(|file| {
            let path = &file.file.path;
            file.facts.schemas.functions.iter().map(move |function| (path, function))
        })
        .filter(|(_, function)| is_annotated(function))
        .collect();
    schemas.par_extend(functions.par_iter().map(|(path, function)| Schema {
        name: function.name.clone(),
        kind: "function".into(),
        language: Language::Python,
        file: (*path).clone(),
        line: function.line,
        fields:
            fields::parameters(function, false).iter().map(|field| shown(&index, field)).collect(),
        json_schema: input_schema(&index, function).0,
    }));
    schemas
}

fn is_annotated(function: &FunctionShape) -> bool {
    function.returns.is_some() || function.parameters.iter().any(|one| one.annotation.is_some())
}

fn class_schema(index: &Index<'_>, name: &str) -> Option<Schema> {
    let (name, info) = index.classes.get_key_value(name)?;
    let fields = fields::fields(index, info, index::Environment::default());
    // A plain class that declares nothing, and a base that only others fill, is no data shape.
    let says_nothing = match info.kind {
        Kind::Plain => {
            let init = info.shape.init.as_ref();
            let annotated = fields.iter().any(|field| field.annotation.is_some());
            !annotated && !init.is_some_and(is_annotated)
        }
        Kind::Protocol => fields.is_empty(),
        _ => false,
    };
    if says_nothing {
        return None;
    }
    Some(Schema {
        name: (*name).into(),
        kind: info.kind.as_str().into(),
        language: Language::Python,
        file: info.file.clone(),
        line: info.shape.line,
        fields: fields.iter().map(|field| shown(index, field)).collect(),
        json_schema: Writer::new(index, false).root(name),
    })
}

/// A field as the contract shows it.
fn shown(index: &Index<'_>, field: &FieldShape<'_>) -> Field {
    let type_ = match (&field.annotation, &field.default) {
        (Some(term), _) => text::of_type(index, term),
        (None, Some(fields::Default_::Value(term))) => {
            enums::type_of(term).unwrap_or("Any").to_owned()
        }
        _ => "Any".to_owned(),
    };
    let followed = field.annotation.as_deref().and_then(|term| aliases::followed(index, term));
    let followed = followed.map(|term| text::of_type(index, &term));
    let (type_, written) = match followed.filter(|followed| *followed != type_) {
        Some(followed) => (followed, Some(type_.into())),
        None => (type_, None),
    };
    Field {
        name: field.name.clone(),
        type_: type_.into(),
        written,
        required: field.required,
        default: field.default.as_ref().map(|default| values::shown(index, default)),
        doc: field.doc.clone(),
    }
}

/// The schema of a function's input, and remarks on parameters that take any JSON value.
pub fn input_schema(index: &Index<'_>, function: &FunctionShape) -> (Value, Vec<String>) {
    let mut writer = Writer::new(index, true);
    let mut properties = Map::new();
    let mut required: Vec<Value> = Vec::new();
    let mut additional = Value::Bool(false);
    let mut remarks = Vec::new();
    let shapes = fields::parameters(function, false);
    for (parameter, field) in function.parameters.iter().zip(&shapes) {
        let before = writer.loose.len();
        let schema = writer.property(field);
        if parameter.annotation.is_none() && parameter.kind != ParameterKind::Keywords {
            remarks.push(format!("`{}` has no annotation: any JSON value is taken", field.name));
        }
        for loose in writer.loose.split_off(before) {
            remarks.push(format!(
                "`{}`: {loose} has no JSON form: the value is passed as it is",
                field.name
            ));
        }
        match parameter.kind {
            ParameterKind::Variadic => {
                let mut array = json!({ "type": "array" });
                if !schema.as_object().is_some_and(Map::is_empty)
                    && let Value::Object(map) = &mut array
                {
                    map.insert("items".into(), schema);
                }
                properties.insert(field.name.to_string(), array);
            }
            ParameterKind::Keywords => {
                // `**options: Unpack[SomeTypedDict]` is that dictionary's properties.
                let unpacked = matches!(&parameter.annotation, Some(Term::Subscript(head, _))
                    if index.known(head).is_some_and(|name| name == "typing.Unpack"));
                match (unpacked, schema) {
                    (true, Value::Object(mut map)) => {
                        if let Some(Value::Object(inner)) = map.remove("properties") {
                            properties.extend(inner);
                        }
                        if let Some(Value::Array(inner)) = map.remove("required") {
                            required.extend(inner);
                        }
                    }
                    (_, schema) => additional = schema,
                }
            }
            _ => {
                let mut schema = schema;
                // Without an annotation the default says nothing of what else is taken.
                if parameter.annotation.is_none()
                    && let Value::Object(map) = &mut schema
                {
                    map.remove("type");
                }
                properties.insert(field.name.to_string(), schema);
                if field.required {
                    required.push(Value::String(field.name.to_string()));
                }
            }
        }
    }
    let mut schema = Map::new();
    schema.insert("type".into(), "object".into());
    schema.insert("properties".into(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".into(), Value::Array(required));
    }
    if additional.as_object().is_some_and(Map::is_empty) {
        additional = json!({});
    }
    schema.insert("additionalProperties".into(), additional);
    (writer.finish(Value::Object(schema)), remarks)
}

/// The schema of a function's result.
pub fn output_schema(index: &Index<'_>, function: &FunctionShape) -> Value {
    let mut writer = Writer::new(index, true);
    let schema = function.returns.as_ref().map_or_else(|| json!({}), |term| writer.of(term));
    writer.finish(schema)
}
