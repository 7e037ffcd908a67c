//! Rows for every struct and enum that is data, and for the signatures of registered tasks.

use serde_json::Value;

use super::Context;
use super::json::{Builder, Case, Scope, Shapes, is_required, show, spaced_name, wire_name};
use super::world::World;
use crate::model::facts::rust::items::{Shape, TypeItem, TypeKind};
use crate::model::facts::rust::schemas::{ClapField, FieldDefault, TypeSchema, VariantSchema};
use crate::model::{Field, Language, Name, Schema};

pub fn link(context: &Context<'_>) -> Vec<Schema> {
    let world = context.world;
    let shapes = Shapes::gather(world);
    let mut found: Vec<(u32, &TypeSchema)> =
        shapes.of.iter().map(|(id, schema)| (*id, *schema)).collect();
    found.sort_by_key(|(id, _)| *id);
    found.into_iter().filter_map(|(id, schema)| row(world, &shapes, id, schema)).collect()
}

fn row(world: &World<'_>, shapes: &Shapes<'_>, id: u32, schema: &TypeSchema) -> Option<Schema> {
    let (item, place) = (world.type_(id), world.types[id as usize]);
    if world.is_std(place.file) || &*schema.source == "strum" {
        return None;
    }
    let builder = Builder::new(world, shapes);
    let scope = builder.scope(place.file, item.module);
    let is_clap = matches!(&*schema.source, "clap" | "structopt");
    let fields = if is_clap {
        clap_fields(world, item, schema, place.file)
    } else {
        fields(world, item, schema, &scope)
    };
    let json_schema = if is_clap { clap_schema(&fields) } else { builder.root(id) };
    let kind = match item.kind {
        TypeKind::Struct => "struct",
        TypeKind::Enum => "enum",
        TypeKind::Union => "union",
    };
    Some(Schema {
        name: world.type_names[id as usize].clone(),
        kind: kind.into(),
        language: Language::Rust,
        file: world.files[place.file as usize].file.path.clone(),
        line: item.line,
        fields,
        json_schema,
    })
}

/// The fields of a struct under their wire names; of an enum, its variants.
fn fields(world: &World<'_>, item: &TypeItem, schema: &TypeSchema, scope: &Scope) -> Vec<Field> {
    let container = &schema.container;
    let facts = world.facts(scope.file);
    if item.kind == TypeKind::Enum {
        let rows = item
            .variants
            .iter()
            .zip(&schema.variants)
            .filter(|(_, shape)| !(shape.skip_serializing && shape.skip_deserializing));
        return rows
            .map(|(variant, shape)| Field {
                name: wire_name(
                    facts.word(variant.name),
                    shape.rename.shown(),
                    container.rename_all.shown(),
                    Case::variant,
                )
                .into(),
                type_: payload(world, scope, container, variant, shape),
                written: None,
                required: false,
                default: None,
                doc: shape.doc.clone(),
            })
            .collect();
    }
    let (Some(variant), Some(shape)) = (item.variants.first(), schema.variants.first()) else {
        return Vec::new();
    };
    shape_fields(world, scope, variant, shape, container.rename_all.shown(), container.default)
}

fn shape_fields(
    world: &World<'_>,
    scope: &Scope,
    variant: &crate::model::facts::rust::items::Variant,
    shape: &VariantSchema,
    rename_all: Option<&str>,
    container_default: bool,
) -> Vec<Field> {
    let facts = world.facts(scope.file);
    let kept = variant.fields.iter().zip(&shape.fields);
    kept.filter(|(_, field)| !(field.skip_serializing && field.skip_deserializing))
        .map(|((name, ty), field)| {
            let mut shown = show(world, scope.file, ty);
            if field.flatten {
                shown = format!("{shown} (flattened)");
            }
            if let Some(with) = &field.with {
                shown = format!("{shown} (by {with})");
            }
            Field {
                name: wire_name(facts.word(*name), field.rename.shown(), rename_all, Case::field)
                    .into(),
                type_: shown.into(),
                written: None,
                required: is_required(field, ty, world, scope, container_default) && !field.flatten,
                default: match &field.default {
                    FieldDefault::Function(path) => Some(Value::from(format!("{path}()"))),
                    FieldDefault::Trait => Some(Value::from("Default::default()")),
                    FieldDefault::None => None,
                },
                doc: field.doc.clone(),
            }
        })
        .collect()
}

/// What a variant carries, as text.
fn payload(
    world: &World<'_>,
    scope: &Scope,
    container: &crate::model::facts::rust::schemas::Container,
    variant: &crate::model::facts::rust::items::Variant,
    shape: &VariantSchema,
) -> Name {
    let case = shape.rename_all.shown().or(container.rename_all_fields.shown());
    let inner = shape_fields(world, scope, variant, shape, case, false);
    match variant.shape {
        Shape::Unit => "unit".into(),
        Shape::Tuple => {
            let types: Vec<&str> = inner.iter().map(|field| &*field.type_).collect();
            format!("({})", types.join(", ")).into()
        }
        Shape::Named => {
            let parts: Vec<String> =
                inner.iter().map(|field| format!("{}: {}", field.name, field.type_)).collect();
            format!("{{ {} }}", parts.join(", ")).into()
        }
    }
}

/// The arguments of a clap struct or the values and subcommands of a clap enum.
fn clap_fields(world: &World<'_>, item: &TypeItem, schema: &TypeSchema, file: u32) -> Vec<Field> {
    let facts = world.facts(file);
    let case = schema.container.clap_case.as_deref().unwrap_or("kebab-case");
    let mut rows = Vec::new();
    if item.kind == TypeKind::Enum {
        for (variant, shape) in item.variants.iter().zip(&schema.variants) {
            if shape.clap_skip {
                continue;
            }
            let name = facts.word(variant.name);
            let inner = variant.fields.iter().map(|(name, ty)| match variant.shape {
                Shape::Named => format!("{}: {}", facts.word(*name), show(world, file, ty)),
                _ => show(world, file, ty),
            });
            let inner = inner.collect::<Vec<_>>().join(", ");
            rows.push(Field {
                name: match &shape.clap_name {
                    Some(given) => given.clone(),
                    None => spaced_name(name, case).into(),
                },
                type_: if inner.is_empty() { "unit".into() } else { inner.into() },
                written: None,
                required: false,
                default: None,
                doc: shape.doc.clone(),
            });
        }
        return rows;
    }
    let (Some(variant), Some(shape)) = (item.variants.first(), schema.variants.first()) else {
        return rows;
    };
    for ((name, ty), field) in variant.fields.iter().zip(&shape.fields) {
        let plain = ClapField::default();
        let clap = field.clap.as_ref().unwrap_or(&plain);
        if clap.skip {
            continue;
        }
        let name = facts.word(*name);
        let id = clap.id.as_deref().unwrap_or(name);
        let wire = match &clap.long {
            Some(long) if !long.is_empty() => long.to_string(),
            Some(_) => spaced_name(name, case),
            None => id.to_string(),
        };
        let shown = show(world, file, ty);
        let optional = ["Option<", "Vec<", "bool"].iter().any(|start| shown.starts_with(start));
        rows.push(Field {
            name: wire.into(),
            required: clap.required
                || !(optional || clap.default.is_some() || clap.flatten || clap.subcommand),
            type_: shown.into(),
            written: None,
            default: clap.default.as_ref().map(|value| Value::from(&**value)),
            doc: field.doc.clone(),
        });
    }
    rows
}

fn clap_schema(fields: &[Field]) -> Value {
    let property = |field: &Field| {
        let ty = field.type_.trim_start_matches("Option<").trim_end_matches('>');
        let value = match ty {
            "bool" => serde_json::json!({"type": "boolean"}),
            "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize" => {
                serde_json::json!({"type": "integer"})
            }
            "f32" | "f64" => serde_json::json!({"type": "number"}),
            _ if field.type_.starts_with("Vec<") => serde_json::json!({"type": "array"}),
            "String" | "PathBuf" | "&'static str" => serde_json::json!({"type": "string"}),
            _ => serde_json::json!({}),
        };
        (field.name.to_string(), value)
    };
    let properties: serde_json::Map<String, Value> = fields.iter().map(property).collect();
    let required: Vec<&str> =
        fields.iter().filter(|field| field.required).map(|field| &*field.name).collect();
    serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": required
    })
}

#[cfg(test)]
mod tests;
