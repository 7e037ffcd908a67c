//! The form for a call that is stepped through: a field per parameter, filled in with an example.

use serde_json::{Map, Value, json};

use crate::app::form::Form;
use crate::model::{Entity, Param, Project, Split};

/// How deep entities inside entities are spelled out.
const DEPTH: usize = 3;

/// A form for the receiver and the parameters. Entities are objects of their constructor's
/// arguments.
pub fn form(project: &Project, split: &Split) -> Form {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut examples = Vec::new();
    if let Some(class) = &split.receiver {
        let (schema, example) = match project.entities.iter().find(|it| it.name == *class) {
            Some(entity) => (of_entity(entity), example_of_entity(project, entity, DEPTH)),
            None => (json!({"type": "object", "title": class.rsplit('.').next()}), json!({})),
        };
        properties.insert("self".into(), schema);
        required.push("self".to_owned());
        examples.push(("self".to_owned(), example));
    }
    for input in &split.inputs {
        let name = input.name.trim_start_matches('*').to_owned();
        let stars = input.name.len() - name.len();
        let written = input.type_.as_deref().unwrap_or_default();
        let own = schema(project, written);
        let (schema, is_needed) = match stars {
            0 => (own, input.default.is_none()),
            1 => (json!({"type": "array", "items": own}), false),
            _ => (json!({"type": "object"}), false),
        };
        if is_needed {
            examples.push((name.clone(), example(project, input, DEPTH)));
            required.push(name.clone());
        }
        let mut schema = schema;
        if let (Some(default), Some(fields)) = (&input.default, schema.as_object_mut()) {
            fields.insert("default".into(), literal(default).unwrap_or_else(|| json!(**default)));
        }
        properties.insert(name, schema);
    }
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    let mut form = Form::of_inputs(&split.function, schema);
    for (name, value) in examples {
        form.put(&name, &value);
    }
    form
}

fn of_entity(entity: &Entity) -> Value {
    let short = entity.name.rsplit('.').next().unwrap_or(&entity.name);
    let inputs: Vec<&str> = entity.constructor.iter().map(|input| &*input.name).collect();
    json!({
        "type": "object",
        "title": format!("{short}({})", inputs.join(", ")),
        "description": "the constructor's arguments; $state sets attributes afterwards, $id names \
                        the object and {\"$ref\": …} means it elsewhere",
    })
}

/// The entity that an annotation names.
fn entity<'p>(project: &'p Project, written: &str) -> Option<&'p Entity> {
    let short = written.rsplit('.').next().unwrap_or(written);
    let is_it = |entity: &&Entity| entity.name.rsplit('.').next() == Some(short);
    project.entities.iter().find(is_it)
}

/// An annotation with its quotes and `None` taken off; whether there was one.
fn bare(written: &str) -> (&str, bool) {
    let mut written = written.trim().trim_matches(['"', '\'']).trim();
    let mut nullable = false;
    if let Some(inner) = inside(written, &["Optional", "typing.Optional"]) {
        (written, nullable) = (inner, true);
    }
    if let Some(rest) = written.strip_suffix("None").map(str::trim_end)
        && let Some(rest) = rest.strip_suffix('|')
    {
        (written, nullable) = (rest.trim(), true);
    }
    (written.trim_matches(['"', '\'']), nullable)
}

/// What stands in the brackets of one of these generics.
fn inside<'a>(written: &'a str, names: &[&str]) -> Option<&'a str> {
    let (name, rest) = written.split_once('[')?;
    let name = name.trim();
    names.contains(&name).then_some(())?;
    rest.strip_suffix(']').map(str::trim)
}

const LISTS: [&str; 8] =
    ["list", "List", "Sequence", "Iterable", "Collection", "set", "frozenset", "typing.List"];
const DICTS: [&str; 4] = ["dict", "Dict", "Mapping", "typing.Dict"];

fn schema(project: &Project, written: &str) -> Value {
    let (bare, nullable) = bare(written);
    let own = match bare {
        "int" => json!({"type": "integer"}),
        "float" => json!({"type": "number"}),
        "str" => json!({"type": "string"}),
        "bool" => json!({"type": "boolean"}),
        _ => match (entity(project, bare), inside(bare, &LISTS)) {
            (Some(entity), _) => of_entity(entity),
            (None, Some(item)) => json!({"type": "array", "items": schema(project, item)}),
            (None, None) if bare.is_empty() => json!({}),
            (None, None) => json!({"title": bare}),
        },
    };
    if nullable { json!({"anyOf": [own, {"type": "null"}]}) } else { own }
}

fn example(project: &Project, input: &Param, depth: usize) -> Value {
    let written = input.type_.as_deref().unwrap_or_default();
    example_of(project, written, &input.name, depth)
}

fn example_of(project: &Project, written: &str, name: &str, depth: usize) -> Value {
    let (bare, nullable) = bare(written);
    match bare {
        "int" => json!(1),
        "float" => json!(1.0),
        "str" => json!(name),
        "bool" => json!(true),
        _ => match (entity(project, bare), inside(bare, &LISTS), inside(bare, &DICTS)) {
            (Some(entity), ..) if depth > 0 => example_of_entity(project, entity, depth - 1),
            (None, Some(item), _) if depth > 0 => {
                json!([example_of(project, item, name, depth - 1)])
            }
            (None, None, Some(pair)) if depth > 0 => {
                let item = pair.split_once(',').map_or("", |(_, item)| item);
                let value = example_of(project, item, name, depth - 1);
                json!({ name: value })
            }
            _ if nullable => Value::Null,
            (None, Some(_), _) => json!([]),
            (_, _, Some(_)) | (Some(_), ..) => json!({}),
            _ => json!(1),
        },
    }
}

/// What an entity is made from: the arguments without a default.
fn example_of_entity(project: &Project, entity: &Entity, depth: usize) -> Value {
    let needed = entity
        .constructor
        .iter()
        .filter(|input| input.default.is_none() && !input.name.starts_with('*'));
    let pairs = needed.map(|input| (input.name.to_string(), example(project, input, depth)));
    Value::Object(pairs.collect())
}

/// A Python literal that JSON can say too.
fn literal(written: &str) -> Option<Value> {
    match written {
        "True" => Some(Value::Bool(true)),
        "False" => Some(Value::Bool(false)),
        "None" => Some(Value::Null),
        _ => {
            let quoted = written.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            match quoted.filter(|text| !text.contains(['\\', '\'', '"'])) {
                Some(text) => Some(text.into()),
                None => serde_json::from_str(written).ok(),
            }
        }
    }
}
