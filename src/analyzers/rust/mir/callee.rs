//! Paths and types as the compiler prints them.

use crate::model::{Callee, Name, TypeHead};

/// References to references: real ones are shallow.
const DEPTH: u32 = 16;

/// The text up to where `ends` first holds outside all brackets; `None` when it nowhere does.
pub fn until(text: &str, ends: impl Fn(&str) -> bool) -> Option<&str> {
    let mut depth = 0_i32;
    let mut before = ' ';
    for (at, letter) in text.char_indices() {
        if depth == 0 && ends(&text[at..]) {
            return Some(&text[..at]);
        }
        match letter {
            '<' | '(' | '[' | '{' => depth += 1,
            '>' if matches!(before, '-' | '=') => {}
            '>' | ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        before = letter;
    }
    None
}

/// The callee of a terminator, as written; `None` for other statements and terminators.
pub fn terminator(code: &str) -> Option<&str> {
    if !code.contains(") -> ") {
        return None;
    }
    let place = until(code, |rest| rest.starts_with(" = "))?;
    let callee = until(&code[place.len() + 3..], |rest| rest.starts_with('('))?;
    // `yield` has a target too, and what is moved or copied there is a pointer.
    let is_none = matches!(callee, "" | "yield") || callee.contains(' ') && is_operand(callee);
    (!is_none).then_some(callee)
}

fn is_operand(callee: &str) -> bool {
    ["move ", "copy ", "const "].iter().any(|kind| callee.starts_with(kind))
}

/// A callee without its generic arguments.
pub fn parse(text: &str) -> Option<Callee> {
    if let Some(rest) = text.strip_prefix('<') {
        let inner = until(rest, |rest| rest.starts_with('>'))?;
        let on = until(inner, |rest| rest.starts_with(" as "));
        let trait_ = on.map(|on| path(&inner[on.len() + 4..]).into());
        let on = head(on.unwrap_or(inner), 0);
        return member(on, trait_, &rest[inner.len() + 1..]);
    }
    // `module::<impl T>::name` or `module::<impl Trait for T>::name`
    if let Some(before) = until(text, |rest| rest.starts_with("<impl ")) {
        let inner = until(&text[before.len() + 1..], |rest| rest.starts_with('>'))?;
        let rest = &text[before.len() + inner.len() + 2..];
        let inner = inner.strip_prefix("impl ")?;
        let trait_ = until(inner, |rest| rest.starts_with(" for "));
        let on = trait_.map_or(inner, |trait_| &inner[trait_.len() + 5..]);
        return member(head(on, 0), trait_.map(|trait_| path(trait_).into()), rest);
    }
    let path = path(text);
    (!path.is_empty()).then(|| Callee::Path(path.into()))
}

fn member(on: TypeHead, trait_: Option<Name>, rest: &str) -> Option<Callee> {
    let name = path(rest);
    (!name.is_empty()).then(|| Callee::Member { on, trait_, name: name.into() })
}

/// A path with everything in angle brackets left out.
pub fn path(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut depth = 0_u32;
    let mut before = ' ';
    for letter in text.chars() {
        match letter {
            '<' => depth += 1,
            '>' if before != '-' => depth = depth.saturating_sub(1),
            _ if depth == 0 => out.push(letter),
            _ => {}
        }
        before = letter;
    }
    let segments: Vec<&str> = out.trim().split("::").filter(|part| !part.is_empty()).collect();
    segments.join("::")
}

/// The outermost part of a type.
fn head(text: &str, depth: u32) -> TypeHead {
    let text = text.trim();
    if depth > DEPTH {
        return TypeHead::Opaque;
    }
    if let Some(rest) = text.strip_prefix('&') {
        let rest = match rest.strip_prefix('\'') {
            Some(rest) => rest.split_once(' ').map_or(rest, |(_, rest)| rest),
            None => rest,
        };
        let rest = rest.strip_prefix("mut ").unwrap_or(rest);
        return TypeHead::Ref(Box::new(head(rest, depth + 1)));
    }
    if let Some(rest) = text.strip_prefix("dyn ") {
        let rest = match rest.strip_prefix("for<") {
            Some(rest) => rest.split_once("> ").map_or(rest, |(_, rest)| rest),
            None => rest,
        };
        let first = until(rest, |rest| rest.starts_with(" + ")).unwrap_or(rest);
        return TypeHead::Dyn(path(first).into());
    }
    let starts = |signs: &[&str]| signs.iter().any(|sign| text.starts_with(sign));
    match text.chars().next() {
        Some('[') if until(&text[1..], |rest| rest.starts_with("; ")).is_some() => TypeHead::Array,
        Some('[') => TypeHead::Slice,
        Some('*') => TypeHead::Pointer,
        Some('!') => TypeHead::Never,
        Some('(') if starts(&["(dyn ", "(impl "]) => {
            head(text[1..].trim_end_matches(')'), depth + 1)
        }
        Some('(') => TypeHead::Tuple,
        Some('{') if starts(&["{closure@", "{async closure@"]) => TypeHead::Closure,
        Some('{') | None => TypeHead::Opaque,
        _ if starts(&["fn(", "unsafe fn(", "extern ", "unsafe extern ", "for<"]) => {
            TypeHead::Function
        }
        _ if starts(&["impl ", "<"]) => TypeHead::Opaque,
        _ => TypeHead::Named(path(text).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn member(text: &str) -> (TypeHead, Option<String>, String) {
        match parse(text) {
            Some(Callee::Member { on, trait_, name }) => {
                (on, trait_.map(|trait_| trait_.to_string()), name.to_string())
            }
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn callees_lose_their_generic_arguments() {
        let path = |text: &str| match parse(text) {
            Some(Callee::Path(path)) => path.to_string(),
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(
            path("std::boxed::Box::<[shapes::Square; 1]>::new_uninit"),
            "std::boxed::Box::new_uninit"
        );
        assert_eq!(path("a::f::<fn(u8) -> u8 {b::g}, {closure@src/a.rs:1:2: 3:4}>"), "a::f");
        assert_eq!(path("looped::inner"), "looped::inner");
    }

    #[test]
    fn members_have_a_type_and_may_have_a_trait() {
        let named = |name: &str| TypeHead::Named(name.into());
        assert_eq!(
            member(
                "<std::iter::Map<I, {closure@a.rs:9:79: 9:82}> as std::iter::Iterator>::sum::<f64>"
            ),
            (named("std::iter::Map"), Some("std::iter::Iterator".into()), "sum".into())
        );
        let deref = member("<&'a mut (dyn Shape + Send + 'a) as a::Tr<&str>>::go");
        assert_eq!(deref.0, TypeHead::Ref(Box::new(TypeHead::Dyn("Shape".into()))));
        assert_eq!(deref.1.as_deref(), Some("a::Tr"));
        assert_eq!(member("core::slice::<impl [T]>::iter"), (TypeHead::Slice, None, "iter".into()));
        assert_eq!(
            member("m::<impl a::Tr<u8> for b::X<T>>::go::<u8>"),
            (named("b::X"), Some("a::Tr".into()), "go".into())
        );
        assert_eq!(member("<F as std::ops::Fn<(f64,)>>::call").0, named("F"));
        assert_eq!(member("<<T as A>::B as C>::d").0, TypeHead::Opaque);
        assert_eq!(member("<[u8; 4] as C>::d").0, TypeHead::Array);
    }
}
