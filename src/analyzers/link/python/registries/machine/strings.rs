//! Methods of strings, and `%`.

use super::Machine;
use super::value::{Args, Value};

impl Machine<'_, '_> {
    pub(super) fn string_method(&mut self, text: &str, name: &str, args: &Args) -> Value {
        let first = match args.plain.first() {
            Some(Value::Str(first)) => Some(&**first),
            _ => None,
        };
        let second = match args.plain.get(1) {
            Some(Value::Str(second)) => Some(&**second),
            _ => None,
        };
        let strip = |cut: Option<&str>, start: bool, end: bool| {
            let is_cut = |c: char| cut.map_or(c.is_whitespace(), |cut| cut.contains(c));
            let mut out = text;
            if start {
                out = out.trim_start_matches(is_cut);
            }
            if end {
                out = out.trim_end_matches(is_cut);
            }
            Value::str(out)
        };
        let split = |parts: Vec<&str>| {
            Value::Tuple(parts.into_iter().map(Value::str).collect::<Vec<_>>().into())
        };
        match (name, first) {
            ("lower" | "casefold", _) => Value::str(&text.to_lowercase()),
            ("upper", _) => Value::str(&text.to_uppercase()),
            ("title" | "capitalize", _) => {
                let mut chars = text.chars();
                let head = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
                Value::Str(format!("{head}{}", chars.as_str().to_lowercase()).into())
            }
            ("strip", cut) => strip(cut, true, true),
            ("lstrip", cut) => strip(cut, true, false),
            ("rstrip", cut) => strip(cut, false, true),
            ("replace", Some(from)) => {
                second.map_or(Value::Unknown, |to| Value::str(&text.replace(from, to)))
            }
            ("startswith", Some(prefix)) => Value::Bool(text.starts_with(prefix)),
            ("endswith", Some(suffix)) => Value::Bool(text.ends_with(suffix)),
            ("startswith" | "endswith", None) => match args.plain.first() {
                Some(Value::Tuple(items)) => {
                    let hit = items.iter().any(|item| {
                        matches!(item, Value::Str(part) if if name == "startswith" {
                            text.starts_with(&**part)
                        } else {
                            text.ends_with(&**part)
                        })
                    });
                    Value::Bool(hit)
                }
                _ => Value::Unknown,
            },
            ("removeprefix", Some(cut)) => Value::str(text.strip_prefix(cut).unwrap_or(text)),
            ("removesuffix", Some(cut)) => Value::str(text.strip_suffix(cut).unwrap_or(text)),
            ("split", None) => split(text.split_whitespace().collect()),
            ("split", Some(cut)) if !cut.is_empty() => match args.get(1, "maxsplit") {
                Some(Value::Int(count)) => {
                    split(text.splitn((*count).max(0) as usize + 1, cut).collect())
                }
                _ => split(text.split(cut).collect()),
            },
            ("rsplit", Some(cut)) if !cut.is_empty() => match args.get(1, "maxsplit") {
                Some(Value::Int(count)) => {
                    let mut parts: Vec<&str> =
                        text.rsplitn((*count).max(0) as usize + 1, cut).collect();
                    parts.reverse();
                    split(parts)
                }
                _ => split(text.split(cut).collect()),
            },
            ("partition", Some(cut)) => match text.split_once(cut) {
                Some((left, right)) => split(vec![left, cut, right]),
                None => split(vec![text, "", ""]),
            },
            ("rpartition", Some(cut)) => match text.rsplit_once(cut) {
                Some((left, right)) => split(vec![left, cut, right]),
                None => split(vec!["", "", text]),
            },
            ("splitlines", _) => split(text.lines().collect()),
            ("join", _) => {
                let items = args.plain.first().and_then(|items| self.elements(items));
                let Some(items) = items else { return Value::Unknown };
                let mut parts: Vec<&str> = Vec::with_capacity(items.len());
                for item in &items {
                    match item {
                        Value::Str(part) => parts.push(part),
                        _ => return Value::Unknown,
                    }
                }
                Value::str(&parts.join(text))
            }
            ("format", _) => {
                let mut out = text.to_owned();
                for value in &args.plain {
                    let Value::Str(value) = value else { return Value::Unknown };
                    match out.find("{}") {
                        Some(at) => out.replace_range(at..at + 2, value),
                        None => return Value::Unknown,
                    }
                }
                for (key, value) in &args.named {
                    let Value::Str(value) = value else { return Value::Unknown };
                    out = out.replace(&format!("{{{key}}}"), value);
                }
                if out.contains('{') { Value::Unknown } else { Value::str(&out) }
            }
            ("isupper", _) => Value::Bool(
                text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase),
            ),
            ("isidentifier", _) => Value::Unknown,
            _ => Value::Unknown,
        }
    }
}
