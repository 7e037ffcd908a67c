//! Members of enumerations and their values.

use std::borrow::Cow;

use super::fields::{Default_, FieldShape};
use super::index::{ClassInfo, Index};
use crate::model::facts::python::schemas::{Attribute, ClassShape, Term};

/// A member of an enumeration as a field whose default is its value.
pub fn member<'a>(
    index: &Index<'a>,
    info: &ClassInfo<'a>,
    class: &'a ClassShape,
    attribute: &'a Attribute,
) -> Option<FieldShape<'a>> {
    let name = &*attribute.name;
    let value = attribute.value.as_ref()?;
    let hidden = name.starts_with('_') && (name.ends_with('_') || !name.starts_with("__"));
    // An annotated name in an enumeration is still a member; a private or dunder one is not.
    if hidden && name != "_" && (name.starts_with("__") || is_sunder(name)) {
        return None;
    }
    let called = match value {
        Term::Call(call) => index.known(&call.function),
        _ => None,
    };
    match called.as_deref() {
        Some("enum.nonmember" | "builtins.property" | "builtins.classmethod") => return None,
        Some("builtins.staticmethod" | "functools.cached_property") => return None,
        _ => {}
    }
    if matches!(value, Term::Lambda(_)) {
        return None;
    }
    let value = member_value(index, info, class, attribute, 0)?;
    Some(FieldShape {
        name: attribute.name.clone(),
        key: attribute.name.clone(),
        annotation: type_of(&value)
            .map(|name| Cow::Owned(super::fields::named(name, &format!("builtins.{name}")))),
        required: false,
        default: Some(Default_::Value(value)),
        doc: attribute.doc.clone(),
        details: None,
        given: true,
        documented: false,
    })
}

fn is_sunder(name: &str) -> bool {
    name.len() > 2 && name.starts_with('_') && name.ends_with('_') && !name.starts_with("__")
}

/// The builtin type of a constant.
pub fn type_of(term: &Term) -> Option<&'static str> {
    Some(match term {
        Term::Bool(_) => "bool",
        Term::Int(_) => "int",
        Term::Float(_) => "float",
        Term::Str(_) => "str",
        Term::Bytes(_) => "bytes",
        Term::List(_) => "list",
        Term::Tuple(_) => "tuple",
        Term::Dict(_) => "dict",
        Term::Set(_) => "set",
        _ => return None,
    })
}

/// The value of a member: `auto()` counted, Django's `(value, label)` and Enum's aliases read.
fn member_value<'a>(
    index: &Index<'a>,
    info: &ClassInfo<'a>,
    class: &'a ClassShape,
    attribute: &'a Attribute,
    depth: u32,
) -> Option<Cow<'a, Term>> {
    let value = attribute.value.as_ref()?;
    let is = |name: &str| info.external.iter().any(|base| **base == *name);
    let choices = info.external.iter().any(|base| base.ends_with("Choices"))
        || info.mro.iter().any(|base| base.starts_with("django.db.models.enums."));
    match value {
        Term::Call(call) => match index.known(&call.function).as_deref() {
            Some(name) if is_auto(info, name) => {
                Some(Cow::Owned(auto_value(index, info, class, attribute)))
            }
            Some("enum.member") => call.arguments.first().map(Cow::Borrowed),
            _ => Some(Cow::Borrowed(value)),
        },
        Term::Tuple(parts) if choices => parts.first().map(Cow::Borrowed),
        // A mixed-in `int` or `str` takes the tuple as its arguments.
        Term::Tuple(parts)
            if parts.len() == 1
                && (is("builtins.str") || is("builtins.int") || is("enum.IntEnum")) =>
        {
            parts.first().map(Cow::Borrowed)
        }
        Term::Name { text, .. } if depth < 4 => {
            // `GREY = GRAY`: another member of the same class.
            let other = class.attributes.iter().find(|other| other.name == *text);
            match other {
                Some(other) if other.name != attribute.name => {
                    member_value(index, info, class, other, depth + 1)
                }
                _ => Some(index.constant(value).map_or(Cow::Borrowed(value), Cow::Borrowed)),
            }
        }
        // Flags joined: `RW = R | W`.
        Term::Union(parts) if depth < 4 => {
            let mut bits = 0i128;
            for part in parts {
                let Term::Name { text, .. } = part else { return Some(Cow::Borrowed(value)) };
                let other = class.attributes.iter().find(|other| other.name == *text);
                let known =
                    other.and_then(|other| member_value(index, info, class, other, depth + 1));
                match known.as_deref() {
                    Some(Term::Int(digits)) => bits |= digits.parse::<i128>().unwrap_or(0),
                    _ => return Some(Cow::Borrowed(value)),
                }
            }
            Some(Cow::Owned(Term::Int(bits.to_string().into())))
        }
        _ => Some(Cow::Borrowed(value)),
    }
}

/// `auto()`, also as a static method of an enumeration of the project.
fn is_auto(info: &ClassInfo<'_>, name: &str) -> bool {
    name == "enum.auto" || name.strip_suffix(".auto").is_some_and(|class| info.mro.contains(&class))
}

fn auto_value(
    index: &Index<'_>,
    info: &ClassInfo<'_>,
    class: &ClassShape,
    attribute: &Attribute,
) -> Term {
    let is = |names: &[&str]| info.external.iter().any(|base| names.contains(&&**base));
    let text = is(&["enum.StrEnum", "strenum.StrEnum", "django.db.models.TextChoices"]);
    let generated = info.mro.iter().any(|name| {
        index.classes.get(name).is_some_and(|class| {
            class.shape.methods.iter().any(|method| &*method.name == "_generate_next_value_")
        })
    });
    if generated {
        // Nearly every such method returns the name.
        return Term::Str(attribute.name.clone());
    }
    if text {
        return Term::Str(attribute.name.to_lowercase().into());
    }
    let flags = is(&["enum.Flag", "enum.IntFlag"]);
    let mut last: Option<i128> = None;
    for other in &class.attributes {
        if is_sunder(&other.name) || other.value.is_none() {
            continue;
        }
        let automatic = matches!(&other.value, Some(Term::Call(call))
            if index.known(&call.function).is_some_and(|name| name == "enum.auto"));
        let value = match (&other.value, automatic) {
            (_, true) if flags => last.map_or(1, |last| {
                let mut bit = 1i128;
                while bit <= last && bit > 0 {
                    bit = bit.checked_mul(2).unwrap_or(0);
                }
                bit
            }),
            (_, true) => last.unwrap_or(0) + 1,
            (Some(Term::Int(digits)), false) => digits.parse().unwrap_or(0),
            _ => continue,
        };
        if other.name == attribute.name && other.line == attribute.line {
            return Term::Int(value.to_string().into());
        }
        last = Some(last.map_or(value, |last| last.max(value)));
    }
    Term::Int("1".into())
}

/// The values of all members, in order and without aliases; `None` for one that is computed.
pub fn values<'a>(
    fields: &[FieldShape<'a>],
    index: &Index<'a>,
) -> Vec<(String, Option<serde_json::Value>)> {
    fields
        .iter()
        .map(|field| {
            let value = match &field.default {
                Some(Default_::Value(term)) => super::values::constant(index, term),
                _ => None,
            };
            (field.name.to_string(), value)
        })
        .collect()
}

/// The value of the enumeration's member that a term names, and whether members of that class
/// are `str` or `int` themselves.
pub fn member_named(
    index: &Index<'_>,
    term: &Term,
    depth: u32,
) -> Option<(serde_json::Value, bool)> {
    let Term::Name { origins, .. } = term else { return None };
    for origin in origins {
        let resolved = index.names.resolve(origin);
        let plain = resolved.strip_suffix(".value").unwrap_or(&resolved);
        let Some((class, member)) = plain.rsplit_once('.') else { continue };
        let class = index.names.resolve(class);
        let Some(info) = index.classes.get(&*class) else { continue };
        if info.kind != super::kinds::Kind::Enum {
            continue;
        }
        let attribute = info.shape.attributes.iter().find(|one| &*one.name == member)?;
        let value = member_value(index, info, info.shape, attribute, 0)?;
        let mixed = plain.len() < resolved.len() || mixed_in(info);
        return Some((super::values::fold(index, &value, depth)?, mixed));
    }
    None
}

/// Whether members are `str` or `int` themselves.
pub fn mixed_in(info: &ClassInfo<'_>) -> bool {
    info.external.iter().any(|base| {
        matches!(
            &**base,
            "builtins.str"
                | "builtins.int"
                | "enum.IntEnum"
                | "enum.StrEnum"
                | "enum.IntFlag"
                | "strenum.StrEnum"
        ) || base.ends_with(".TextChoices")
            || base.ends_with(".IntegerChoices")
    })
}
