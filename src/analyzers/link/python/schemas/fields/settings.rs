//! Settings of a class: class keywords, decorator arguments, pydantic's configuration.

use crate::analyzers::link::python::schemas::index::Index;
use crate::model::facts::python::schemas::{ClassShape, Term};

/// A setting of a class: a class keyword, or an argument of its decorator.
pub fn setting<'a>(class: &'a ClassShape, name: &str) -> Option<&'a Term> {
    let in_keywords = class.keywords.iter().find(|(key, _)| &**key == name);
    in_keywords.map(|(_, value)| value).or_else(|| {
        class.decorators.iter().find_map(|decorator| decorator.call.as_ref()?.keyword(name))
    })
}

/// A setting of a class as pydantic reads it: `model_config`, `class Config`, a class keyword,
/// `@with_config(…)` or `@dataclass(config=…)`.
pub fn config<'a>(index: &Index<'a>, class: &'a ClassShape, name: &str) -> Option<&'a Term> {
    let attribute = class
        .attributes
        .iter()
        .rev()
        .find(|attribute| matches!(&*attribute.name, "model_config" | "__pydantic_config__"));
    let written = attribute.and_then(|attribute| entry(index, attribute.value.as_ref()?, name, 0));
    let decorated = || {
        class.decorators.iter().find_map(|decorator| {
            let call = decorator.call.as_ref()?;
            let with_config = || match &decorator.function {
                Term::Name { text, .. } => text.rsplit('.').next() == Some("with_config"),
                _ => false,
            };
            let given = call.keyword("config");
            match given.or_else(|| call.arguments.first().filter(|_| with_config())) {
                Some(config) => entry(index, config, name, 0),
                None => call.keyword(name).filter(|_| with_config()),
            }
        })
    };
    let old = |name: &str| {
        let key = format!("Config.{name}");
        class.settings.iter().find(|(known, _)| **known == key).map(|(_, value)| value)
    };
    let by_keyword = || class.keywords.iter().find(|(key, _)| &**key == name).map(|(_, v)| v);
    let renamed = match name {
        "json_schema_extra" => "schema_extra",
        other => other,
    };
    let told = written.or_else(|| old(name)).or_else(|| old(renamed));
    told.or_else(by_keyword).or_else(decorated)
}

/// One entry of a configuration: `ConfigDict(…)`, a dictionary, a constant that holds one, or
/// two of them joined.
fn entry<'a>(index: &Index<'a>, config: &'a Term, name: &str, depth: u32) -> Option<&'a Term> {
    match config {
        Term::Call(call) => call.keyword(name).or_else(|| {
            // A function of the project may make it.
            let made = index.functions.get(&*index.target(&call.function)?)?.result.as_ref()?;
            if depth < 4 { entry(index, made, name, depth + 1) } else { None }
        }),
        Term::Dict(items) => items
            .iter()
            .find(|(key, _)| matches!(key, Term::Str(key) if **key == *name))
            .map(|(_, value)| value),
        Term::Union(parts) => {
            parts.iter().rev().find_map(|part| entry(index, part, name, depth + 1))
        }
        Term::Name { .. } if depth < 4 => entry(index, index.constant(config)?, name, depth + 1),
        _ => None,
    }
}
