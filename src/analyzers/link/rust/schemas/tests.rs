//! Wire names and JSON Schemas of small types, by what serde's documentation says of each attribute.

use serde_json::{Value, json};

use crate::analyzers::fixture;
use crate::model::{Manifest, Schema};

fn schemas(text: &str) -> Vec<Schema> {
    let manifest = Manifest { path: "Cargo.toml".into(), text: "[package]\nname = \"d\"\n".into() };
    fixture::project(vec![fixture::entry("src/lib.rs", "", text)], vec![manifest])
        .schemas
        .into_inner()
}

#[track_caller]
fn schema(text: &str, name: &str) -> Schema {
    let found = schemas(text).into_iter().find(|schema| *schema.name == *format!("d::{name}"));
    found.unwrap_or_else(|| panic!("no schema {name}"))
}

fn names(schema: &Schema) -> Vec<String> {
    let mark = |required: bool| if required { "!" } else { "" };
    schema.fields.iter().map(|field| format!("{}{}", field.name, mark(field.required))).collect()
}

#[test]
fn fields_have_their_names_on_the_wire() {
    let text = "
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename_all = \"camelCase\")]
struct A {
    first_name: String,
    #[serde(rename = \"type\")] kind: u8,
    r#ref: Option<u8>,
    #[serde(default)] count: u32,
    #[serde(skip)] cache: u32,
    #[serde(skip_serializing)] secret: String,
    #[serde(rename(serialize = \"out\", deserialize = \"in\"))] both: bool,
}
#[derive(serde::Deserialize)]
#[serde(rename_all(serialize = \"SCREAMING_SNAKE_CASE\"), default)]
struct B { some_field: u8 }
";
    assert_eq!(
        names(&schema(text, "A")),
        ["firstName!", "type!", "ref", "count", "secret!", "out!"]
    );
    assert_eq!(names(&schema(text, "B")), ["SOME_FIELD"]);
}

#[test]
fn variants_have_their_names_on_the_wire() {
    let text = "
#[derive(serde::Serialize)]
#[serde(rename_all = \"kebab-case\", rename_all_fields = \"UPPERCASE\")]
enum E { FirstOne, #[serde(rename = \"2\")] Second(u8), ThirdOne { a_b: u8 }, #[serde(skip)] Gone }
";
    let found = schema(text, "E");
    assert_eq!(names(&found), ["first-one", "2", "third-one"]);
    assert_eq!(
        found.json_schema["oneOf"][2]["properties"]["third-one"]["properties"],
        json!({"A_B": {"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255}})
    );
}

#[test]
fn the_names_of_clap_are_not_those_of_serde() {
    let text = "
#[derive(serde::Serialize, clap::ValueEnum)]
#[value(rename_all = \"SCREAMING_SNAKE_CASE\")]
enum Level { #[value(name = \"lo\")] LowLevel, #[value(skip)] High }
";
    assert_eq!(names(&schema(text, "Level")), ["LowLevel", "High"]);
}

#[test]
fn tags_contents_and_untagged_choices() {
    let text = "
#[derive(serde::Serialize)] #[serde(tag = \"t\", content = \"c\")] enum Adjacent { A, B(String) }
#[derive(serde::Serialize)] #[serde(tag = \"t\")] enum Internal { A { x: bool } }
#[derive(serde::Serialize)] #[serde(untagged)] enum Bare { A(String), B(bool) }
";
    let choices = |name: &str, key: &str| schema(text, name).json_schema[key].clone();
    assert_eq!(
        choices("Adjacent", "oneOf"),
        json!([
            {"type": "object", "properties": {"t": {"type": "string", "const": "A"}}, "required": ["t"]},
            {"type": "object", "properties": {"t": {"type": "string", "const": "B"}, "c": {"type": "string"}}, "required": ["t", "c"]},
        ])
    );
    assert_eq!(
        choices("Internal", "oneOf"),
        json!([{"type": "object", "properties": {"t": {"type": "string", "const": "A"}, "x": {"type": "boolean"}}, "required": ["t", "x"]}])
    );
    assert_eq!(choices("Bare", "anyOf"), json!([{"type": "string"}, {"type": "boolean"}]));
}

#[test]
fn transparent_from_and_remote_types_are_what_goes_over_the_wire() {
    let text = "
#[derive(serde::Serialize)] #[serde(transparent)]
struct Id<T>(u32, #[serde(skip)] std::marker::PhantomData<T>);
#[derive(serde::Deserialize)] #[serde(from = \"String\")] struct Named { hidden: u8 }
#[derive(serde::Deserialize)] #[serde(try_from = \"Raw\")] struct Checked { hidden: u8 }
#[derive(serde::Deserialize)] struct Raw { shown: bool }
#[derive(serde::Serialize)] #[serde(remote = \"other::Span\")] struct SpanDef { start: bool }
#[derive(serde::Serialize)] struct Holder { #[serde(with = \"SpanDef\")] span: other::Span }
";
    let of = |name: &str| schema(text, name).json_schema;
    assert_eq!(of("Id")["type"], "integer");
    assert_eq!(of("Named")["type"], "string");
    let shown = |value: &Value| value.to_string().contains("\"shown\"");
    assert!(shown(&of("Checked")), "{}", of("Checked"));
    assert_eq!(
        of("Holder")["$defs"]["SpanDef"]["properties"],
        json!({"start": {"type": "boolean"}})
    );
}

#[test]
fn generics_aliases_and_unknown_fields() {
    let text = "
type Pairs<V> = std::collections::HashMap<String, V>;
#[derive(serde::Serialize)] struct Page<T> { items: Vec<T> }
#[derive(serde::Serialize)] #[serde(deny_unknown_fields)]
struct Top { page: Page<bool>, more: Pairs<String>, #[serde(flatten)] rest: Rest }
#[derive(serde::Serialize)] struct Rest { extra: bool }
";
    let top = schema(text, "Top").json_schema;
    assert_eq!(
        top["$defs"]["Page"]["properties"]["items"],
        json!({"type": "array", "items": {"type": "boolean"}})
    );
    assert_eq!(
        top["properties"]["more"],
        json!({"type": "object", "additionalProperties": {"type": "string"}})
    );
    assert_eq!(top["additionalProperties"], false);
    assert_eq!(top["properties"]["extra"], json!({"type": "boolean"}));
    assert_eq!(top["required"], json!(["page", "more", "extra"]));
}

/// Schemas as schemars 1.2 gave them for the same source.
#[test]
fn schemas_are_those_of_schemars() {
    let text = include_str!("shapes.rs.txt");
    let truth: serde_json::Map<String, Value> =
        serde_json::from_str(include_str!("shapes.json")).unwrap();
    let found = schemas(text);
    let mut different = Vec::new();
    for (name, expected) in &truth {
        let own = found.iter().find(|schema| *schema.name == *format!("d::{name}"));
        let own = own.map_or(Value::Null, |schema| schema.json_schema.clone());
        if own != *expected {
            different.push(format!("{name}\n  schemars: {expected}\n  ours:     {own}"));
        }
    }
    assert!(
        different.is_empty(),
        "{} of {}:\n{}",
        different.len(),
        truth.len(),
        different.join("\n")
    );
}
