//! Classes made by a call: `namedtuple("P", "x y")`, `TypedDict("T", {…})`, `Enum("E", "A B")`,
//! `make_dataclass("D", […])`, `create_model("M", x=(int, …))`.

use super::index::canonical;
use crate::analyzers::link::python::names::Names;
use crate::model::Name;
use crate::model::facts::python::schemas::{
    Assigned, Attribute, Call, ClassShape, Decorator, Term,
};

/// The class that an assignment of such a call makes.
pub fn class_of(assigned: &Assigned, names: &Names<'_>) -> Option<ClassShape> {
    let Term::Call(call) = &assigned.value else { return None };
    let (base, attributes) = read(call, names, assigned.line)?;
    let mut class = ClassShape {
        name: assigned.name.clone(),
        line: assigned.line,
        doc: None,
        decorators: Vec::new(),
        bases: Vec::new(),
        keywords: call.keywords.iter().filter(|(key, _)| &**key == "total").cloned().collect(),
        type_params: Vec::new(),
        attributes,
        settings: Vec::new(),
        init: None,
        methods: Vec::new(),
        is_local: false,
        unless: None,
    };
    if base == "dataclasses.dataclass" {
        class.decorators.push(Decorator { line: assigned.line, function: name(base), call: None });
    } else {
        class.bases.push(name(base));
    }
    if let Some(bases) = call.keyword("__base__") {
        class.bases = match bases {
            Term::Tuple(bases) => bases.clone(),
            one => vec![one.clone()],
        };
    }
    Some(class)
}

fn name(dotted: &str) -> Term {
    Term::Name { text: dotted.into(), origins: vec![dotted.into()] }
}

/// The base that such a call stands for and the attributes it declares.
pub fn read(call: &Call, names: &Names<'_>, line: u32) -> Option<(&'static str, Vec<Attribute>)> {
    let Term::Name { origins, .. } = &call.function else { return None };
    let resolved = names.resolve(origins.first()?);
    let attribute = |name: Name, annotation: Option<Term>, value: Option<Term>| Attribute {
        name,
        line,
        annotation,
        value,
        doc: None,
    };
    let members = call.arguments.get(1);
    let any = || Some(Term::Name { text: "Any".into(), origins: vec!["typing.Any".into()] });
    match &*canonical(&resolved) {
        "collections.namedtuple" => {
            let names = words(members.or(call.keyword("field_names"))?)?;
            let defaults = match call.keyword("defaults") {
                Some(Term::Tuple(values) | Term::List(values)) => values.clone(),
                _ => Vec::new(),
            };
            let first = names.len().saturating_sub(defaults.len());
            let fields = names.into_iter().enumerate().map(|(at, name)| {
                let value = at.checked_sub(first).and_then(|at| defaults.get(at).cloned());
                attribute(name, any(), value)
            });
            Some(("typing.NamedTuple", fields.collect()))
        }
        "typing.NamedTuple" => {
            let fields = pairs(members?)?;
            let fields = fields.into_iter().map(|(name, term)| attribute(name, Some(term), None));
            Some(("typing.NamedTuple", fields.collect()))
        }
        "typing.TypedDict" => {
            let fields = pairs(members?)?;
            let fields = fields.into_iter().map(|(name, term)| attribute(name, Some(term), None));
            Some(("typing.TypedDict", fields.collect()))
        }
        "dataclasses.make_dataclass" => {
            let fields = match members? {
                Term::List(items) | Term::Tuple(items) => items.iter(),
                _ => return None,
            };
            let fields = fields.filter_map(|item| match item {
                Term::Str(name) => Some(attribute(name.clone(), any(), None)),
                Term::Tuple(parts) => {
                    let Some(Term::Str(name)) = parts.first() else { return None };
                    let annotation = parts.get(1).cloned();
                    Some(attribute(name.clone(), annotation, parts.get(2).cloned()))
                }
                _ => None,
            });
            Some(("dataclasses.dataclass", fields.collect()))
        }
        "pydantic.create_model" => {
            let fields = call.keywords.iter().filter(|(key, _)| !key.starts_with("__"));
            let fields = fields.map(|(key, value)| match value {
                Term::Tuple(parts) if parts.len() == 2 => {
                    let value = parts.get(1).filter(|value| **value != Term::Ellipsis);
                    attribute(key.clone(), parts.first().cloned(), value.cloned())
                }
                other => attribute(key.clone(), None, Some(other.clone())),
            });
            Some(("pydantic.BaseModel", fields.collect()))
        }
        base @ ("enum.Enum" | "enum.IntEnum" | "enum.StrEnum" | "enum.Flag" | "enum.IntFlag") => {
            let base = ["enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"]
                .into_iter()
                .find(|known| *known == base)?;
            let auto = |at: usize| match base {
                "enum.Flag" | "enum.IntFlag" => {
                    Term::Int((1u64.checked_shl(at as u32).unwrap_or(0)).to_string().into())
                }
                _ => Term::Int((at + 1).to_string().into()),
            };
            let fields = match members? {
                Term::Dict(_) => pairs(members?)?,
                Term::List(items) | Term::Tuple(items)
                    if items.iter().all(|item| matches!(item, Term::Tuple(_))) =>
                {
                    pairs(members?)?
                }
                list => {
                    let named = words(list)?.into_iter().enumerate();
                    named.map(|(at, name)| (name, auto(at))).collect()
                }
            };
            let fields = fields.into_iter().map(|(name, value)| attribute(name, None, Some(value)));
            Some((base, fields.collect()))
        }
        _ => None,
    }
}

/// `"a b"`, `"a, b"` or `["a", "b"]`.
fn words(term: &Term) -> Option<Vec<Name>> {
    match term {
        Term::Str(text) => {
            let words = text.split(|c: char| c == ',' || c.is_whitespace());
            Some(words.filter(|word| !word.is_empty()).map(Name::from).collect())
        }
        Term::List(items) | Term::Tuple(items) => items
            .iter()
            .map(|item| match item {
                Term::Str(name) => Some(name.clone()),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

/// `{"a": x}` or `[("a", x)]`.
fn pairs(term: &Term) -> Option<Vec<(Name, Term)>> {
    match term {
        Term::Dict(items) => items
            .iter()
            .map(|(key, value)| match key {
                Term::Str(name) => Some((name.clone(), value.clone())),
                _ => None,
            })
            .collect(),
        Term::List(items) | Term::Tuple(items) => items
            .iter()
            .map(|item| match item {
                Term::Tuple(parts) => match parts.as_slice() {
                    [Term::Str(name), value] => Some((name.clone(), value.clone())),
                    _ => None,
                },
                _ => None,
            })
            .collect(),
        _ => None,
    }
}
