//! Regular expressions over constants: `re.sub` that makes keys, `match` that takes names apart.

use std::rc::Rc;

use fancy_regex::{Regex, RegexBuilder};

use super::Machine;
use super::value::{Args, Made, Value};
use crate::model::Name;

/// Steps back that one match may take.
const MAX_BACKTRACKS: usize = 20_000;
/// Longer patterns are left alone.
const MAX_PATTERN: usize = 2_000;
const PATTERN: &str = "re.compile";
const MATCH: &str = "re.Match";

impl Machine<'_, '_> {
    /// `re.sub(pattern, by, text)` and the like; `None` where something is not constant.
    pub(super) fn call_re(&mut self, name: &str, args: &Args, at: (u32, u32)) -> Option<Value> {
        let (pattern, rest) = args.plain.split_first()?;
        let is_flagged = args.named.iter().any(|(name, _)| &**name == "flags");
        let pattern = match pattern {
            Value::Str(text) if !is_flagged => text.clone(),
            other => pattern_of(other)?,
        };
        self.with_pattern(&pattern, name, rest, at)
    }

    /// A method of a compiled pattern or of a match.
    pub(super) fn regex_method(
        &mut self,
        made: &Made,
        name: &str,
        args: &Args,
        at: (u32, u32),
    ) -> Option<Value> {
        if &*made.callee == MATCH {
            return match (name, args.plain.first()) {
                ("group" | "__getitem__", None) => made.args.plain.first().cloned(),
                ("group" | "__getitem__", Some(key)) if args.plain.len() == 1 => group(made, key),
                ("groups", None) => Some(Value::Tuple(made.args.plain.get(1..)?.into())),
                _ => None,
            };
        }
        let pattern = pattern_of(&Value::Made(Rc::new(made.copy())))?;
        self.with_pattern(&pattern, name, &args.plain, at)
    }

    fn with_pattern(
        &mut self,
        pattern: &Name,
        name: &str,
        rest: &[Value],
        (file, line): (u32, u32),
    ) -> Option<Value> {
        let pattern: Name = match name {
            "match" => format!("\\A(?:{pattern})").into(),
            "fullmatch" => format!("\\A(?:{pattern})\\z").into(),
            _ => pattern.clone(),
        };
        let regex = self.regex(&pattern)?;
        match (name, rest) {
            ("sub", [Value::Str(by), Value::Str(text)]) => {
                let made = regex.try_replacen(text, 0, &*replacement(by)).ok()?;
                Some(Value::str(&made))
            }
            ("split", [Value::Str(text)]) => {
                let parts: Result<Vec<Value>, _> =
                    regex.split(text).map(|part| part.map(Value::str)).collect();
                Some(Value::Tuple(parts.ok()?.into()))
            }
            ("match" | "search" | "fullmatch", [Value::Str(text)]) => {
                let Some(found) = regex.captures(&**text).ok()? else { return Some(Value::None) };
                let text = |part: Option<fancy_regex::Match<'_>>| {
                    part.map_or(Value::None, |part| Value::str(part.as_str()))
                };
                let plain = found.iter().map(text).collect();
                let named = regex.capture_names().flatten();
                let named = named.map(|name| (Name::from(name), text(found.name(name)))).collect();
                let args = Args { plain, named, ..Args::default() };
                let callee = MATCH.into();
                Some(Value::Made(Rc::new(Made { callee, args, file, line, receiver: None })))
            }
            _ => None,
        }
    }

    fn regex(&mut self, pattern: &Name) -> Option<Rc<Regex>> {
        if let Some(known) = self.regexes.get(pattern) {
            return known.clone();
        }
        let built = (pattern.len() <= MAX_PATTERN)
            .then(|| {
                let mut builder = RegexBuilder::new(pattern);
                builder.backtrack_limit(MAX_BACKTRACKS);
                builder.build().ok().map(Rc::new)
            })
            .flatten();
        self.regexes.insert(pattern.clone(), built.clone());
        built
    }
}

/// The text of `re.compile("…")`; flags change what it means.
fn pattern_of(value: &Value) -> Option<Name> {
    let Value::Made(made) = value else { return None };
    match (&*made.callee, &*made.args.plain) {
        (PATTERN, [Value::Str(text)]) if made.args.named.is_empty() => Some(text.clone()),
        _ => None,
    }
}

fn group(made: &Made, key: &Value) -> Option<Value> {
    match key {
        Value::Int(at) => made.args.plain.get(usize::try_from(*at).ok()?).cloned(),
        Value::Str(name) => {
            made.args.named.iter().find_map(|(known, value)| (known == name).then(|| value.clone()))
        }
        _ => None,
    }
}

/// Python's `\1` and `\g<name>` as this library spells them.
fn replacement(by: &str) -> String {
    let mut out = String::with_capacity(by.len());
    let mut rest = by.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            ('$', _) => out.push_str("$$"),
            ('\\', Some(digit)) if digit.is_ascii_digit() => {
                out.push_str(&format!("${{{digit}}}"));
                rest.next();
            }
            ('\\', Some('g')) => {
                rest.next();
                let name: String = rest.by_ref().skip(1).take_while(|c| *c != '>').collect();
                out.push_str(&format!("${{{name}}}"));
            }
            ('\\', Some('\\')) => {
                out.push('\\');
                rest.next();
            }
            (c, _) => out.push(c),
        }
    }
    out
}

/// Whether a value is the outcome of a match that succeeded.
pub(super) fn is_match(value: &Value) -> bool {
    matches!(value, Value::Made(made) if &*made.callee == MATCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_are_translated() {
        assert_eq!(replacement(r"\1_\2"), "${1}_${2}");
        assert_eq!(replacement(r"\g<a>$\\"), r"${a}$$\");
        let regex = Regex::new("(.)([A-Z])").unwrap();
        assert_eq!(regex.replace_all("aBcD", &*replacement(r"\1_\2")), "a_Bc_D");
    }
}
