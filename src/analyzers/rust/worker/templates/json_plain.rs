//! JSON for packages without serde: the standard library's own types.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use crate::quote;

/// A JSON value; numbers keep their text, so that none is rounded.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Value>),
    Object(Vec<(String, Value)>),
}

impl Value {
    fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        }
    }
}

pub struct Object(Vec<(String, Value)>);

impl Object {
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        let value = parser.value()?;
        parser.space();
        match value {
            Value::Object(entries) if parser.at == text.len() => Ok(Object(entries)),
            Value::Object(_) => Err("something follows the input object".into()),
            other => Err(format!("the input is {}, not an object", other.kind())),
        }
    }

    pub fn take<T: FromInput>(&mut self, name: &str) -> Result<T, String> {
        match self.0.iter().position(|(key, _)| key == name) {
            Some(at) => T::from_input(self.0.remove(at).1),
            None => T::from_input(Value::Null).map_err(|_| "is required".into()),
        }
    }

    pub fn left_over(&self) -> Option<String> {
        self.0.first().map(|(key, _)| key.clone())
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn wrong<T>(&self) -> Result<T, String> {
        Err(format!("broken JSON at byte {}", self.at))
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        match self.text[self.at..].starts_with(token) {
            true => {
                self.at += token.len();
                Ok(())
            }
            false => self.wrong(),
        }
    }

    fn value(&mut self) -> Result<Value, String> {
        self.space();
        match self.peek() {
            Some(b'n') => self.expect("null").map(|()| Value::Null),
            Some(b't') => self.expect("true").map(|()| Value::Bool(true)),
            Some(b'f') => self.expect("false").map(|()| Value::Bool(false)),
            Some(b'"') => self.string().map(Value::String),
            Some(b'[') => self.nested(Self::array),
            Some(b'{') => self.nested(Self::object),
            Some(b'-' | b'0'..=b'9') => {
                let start = self.at;
                let is_part = |byte: u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                while self.peek().is_some_and(is_part) {
                    self.at += 1;
                }
                Ok(Value::Number(self.text[start..self.at].into()))
            }
            _ => self.wrong(),
        }
    }

    fn nested(&mut self, inner: fn(&mut Self) -> Result<Value, String>) -> Result<Value, String> {
        self.depth += 1;
        if self.depth > 200 {
            return Err("nested too deep".into());
        }
        let value = inner(self);
        self.depth -= 1;
        value
    }

    /// The items between two brackets, separated by commas.
    fn items(&mut self, close: u8, mut item: impl FnMut(&mut Self) -> Result<(), String>) -> Result<(), String> {
        self.at += 1;
        self.space();
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(());
        }
        loop {
            item(self)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(byte) if byte == close => {
                    self.at += 1;
                    return Ok(());
                }
                _ => return self.wrong(),
            }
        }
    }

    fn array(&mut self) -> Result<Value, String> {
        let mut values = Vec::new();
        self.items(b']', |parser| parser.value().map(|value| values.push(value)))?;
        Ok(Value::Array(values))
    }

    fn object(&mut self) -> Result<Value, String> {
        let mut entries = Vec::new();
        self.items(b'}', |parser| {
            parser.space();
            let key = parser.string()?;
            parser.space();
            parser.expect(":")?;
            entries.push((key, parser.value()?));
            Ok(())
        })?;
        Ok(Value::Object(entries))
    }

    fn string(&mut self) -> Result<String, String> {
        self.expect("\"")?;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(end) = rest.find(['"', '\\']) else { return self.wrong() };
            text.push_str(&rest[..end]);
            self.at += end + 1;
            if rest.as_bytes()[end] == b'"' {
                return Ok(text);
            }
            let escape = self.peek();
            self.at += 1;
            match escape {
                Some(b'n') => text.push('\n'),
                Some(b't') => text.push('\t'),
                Some(b'r') => text.push('\r'),
                Some(b'b') => text.push('\u{8}'),
                Some(b'f') => text.push('\u{c}'),
                Some(c @ (b'"' | b'\\' | b'/')) => text.push(c as char),
                Some(b'u') => text.push(self.escaped()?),
                _ => return self.wrong(),
            }
        }
    }

    /// The character of `\uXXXX`, or of two that form a surrogate pair.
    fn escaped(&mut self) -> Result<char, String> {
        let high = self.unit()?;
        if !(0xd800..0xdc00).contains(&high) {
            return char::from_u32(high).map_or_else(|| self.wrong(), Ok);
        }
        self.expect("\\u")?;
        let low = self.unit()?;
        let code = 0x10000 + ((high - 0xd800) << 10) + low.wrapping_sub(0xdc00);
        char::from_u32(code).map_or_else(|| self.wrong(), Ok)
    }

    fn unit(&mut self) -> Result<u32, String> {
        let digits = self.text.get(self.at..self.at + 4);
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += 4;
        unit.map_or_else(|| Err("broken escape".into()), Ok)
    }
}

#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from JSON here",
    note = "packages that depend on serde may use any type that is Deserialize"
)]
pub trait FromInput: Sized {
    fn from_input(value: Value) -> Result<Self, String>;
}

pub trait IntoJson {
    fn json(&self) -> String;
}

fn expected<T>(what: &str, found: &Value) -> Result<T, String> {
    Err(format!("expected {what}, found {}", found.kind()))
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl FromInput for $type {
            fn from_input(value: Value) -> Result<Self, String> {
                match &value {
                    Value::Number(text) => text.parse().map_err(|_| {
                        format!("{text} is no {} ({} to {})", stringify!($type), <$type>::MIN, <$type>::MAX)
                    }),
                    other => expected("an integer", other),
                }
            }
        }
        impl IntoJson for $type {
            fn json(&self) -> String {
                self.to_string()
            }
        }
    )*};
}
integers!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

macro_rules! floats {
    ($($type:ty)*) => {$(
        impl FromInput for $type {
            fn from_input(value: Value) -> Result<Self, String> {
                match &value {
                    Value::Number(text) => text.parse().map_err(|_| format!("{text} is no number")),
                    other => expected("a number", other),
                }
            }
        }
        impl IntoJson for $type {
            fn json(&self) -> String {
                if self.is_finite() { format!("{self:?}") } else { "null".into() }
            }
        }
    )*};
}
floats!(f32 f64);

impl FromInput for bool {
    fn from_input(value: Value) -> Result<Self, String> {
        match value {
            Value::Bool(value) => Ok(value),
            other => expected("a boolean", &other),
        }
    }
}

impl FromInput for String {
    fn from_input(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Ok(text),
            other => expected("a string", &other),
        }
    }
}

impl FromInput for char {
    fn from_input(value: Value) -> Result<Self, String> {
        let text = String::from_input(value)?;
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) => Ok(only),
            _ => Err("expected a single character".into()),
        }
    }
}

impl FromInput for () {
    fn from_input(value: Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(()),
            other => expected("null", &other),
        }
    }
}

impl FromInput for PathBuf {
    fn from_input(value: Value) -> Result<Self, String> {
        String::from_input(value).map(PathBuf::from)
    }
}

impl<T: FromInput> FromInput for Option<T> {
    fn from_input(value: Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            other => T::from_input(other).map(Some),
        }
    }
}

impl<T: FromInput> FromInput for Vec<T> {
    fn from_input(value: Value) -> Result<Self, String> {
        let Value::Array(values) = value else { return expected("an array", &value) };
        let item = |(at, value)| T::from_input(value).map_err(|why| format!("item {at}: {why}"));
        values.into_iter().enumerate().map(item).collect()
    }
}

impl<T: FromInput, const N: usize> FromInput for [T; N] {
    fn from_input(value: Value) -> Result<Self, String> {
        let items: Vec<T> = Vec::from_input(value)?;
        let count = items.len();
        items.try_into().map_err(|_| format!("expected {N} items, found {count}"))
    }
}

macro_rules! made_from_vec {
    ($($type:ident $([$($bound:tt)*])? $(, $hasher:ident)?;)*) => {$(
        impl<T: FromInput $(+ $($bound)*)? $(, $hasher: BuildHasher + Default)?> FromInput for $type<T $(, $hasher)?> {
            fn from_input(value: Value) -> Result<Self, String> {
                Vec::from_input(value).map(|items: Vec<T>| items.into_iter().collect())
            }
        }
    )*};
}
made_from_vec! {
    VecDeque;
    BTreeSet [Ord];
    HashSet [Eq + Hash], S;
}

macro_rules! pointers {
    ($($type:ident)*) => {$(
        impl<T: FromInput> FromInput for $type<T> {
            fn from_input(value: Value) -> Result<Self, String> {
                T::from_input(value).map($type::new)
            }
        }
        impl<T: IntoJson + ?Sized> IntoJson for $type<T> {
            fn json(&self) -> String {
                (**self).json()
            }
        }
    )*};
}
pointers!(Box Rc Arc);

fn entries<T: FromInput>(value: Value) -> Result<Vec<(String, T)>, String> {
    let Value::Object(entries) = value else { return expected("an object", &value) };
    let entry = |(key, value): (String, Value)| match T::from_input(value) {
        Ok(value) => Ok((key, value)),
        Err(why) => Err(format!("{key}: {why}")),
    };
    entries.into_iter().map(entry).collect()
}

impl<T: FromInput, S: BuildHasher + Default> FromInput for HashMap<String, T, S> {
    fn from_input(value: Value) -> Result<Self, String> {
        Ok(entries(value)?.into_iter().collect())
    }
}

impl<T: FromInput> FromInput for BTreeMap<String, T> {
    fn from_input(value: Value) -> Result<Self, String> {
        Ok(entries(value)?.into_iter().collect())
    }
}

impl IntoJson for bool {
    fn json(&self) -> String {
        self.to_string()
    }
}

impl IntoJson for () {
    fn json(&self) -> String {
        "null".into()
    }
}

impl IntoJson for str {
    fn json(&self) -> String {
        quote(self)
    }
}

impl IntoJson for String {
    fn json(&self) -> String {
        quote(self)
    }
}

impl IntoJson for char {
    fn json(&self) -> String {
        quote(&self.to_string())
    }
}

impl<T: IntoJson + ?Sized> IntoJson for &T {
    fn json(&self) -> String {
        (**self).json()
    }
}

impl<T: IntoJson> IntoJson for Option<T> {
    fn json(&self) -> String {
        self.as_ref().map_or_else(|| "null".into(), IntoJson::json)
    }
}

fn list<'a, T: IntoJson + 'a>(items: impl Iterator<Item = &'a T>) -> String {
    let items: Vec<String> = items.map(IntoJson::json).collect();
    format!("[{}]", items.join(","))
}

impl<T: IntoJson> IntoJson for [T] {
    fn json(&self) -> String {
        list(self.iter())
    }
}

impl<T: IntoJson, const N: usize> IntoJson for [T; N] {
    fn json(&self) -> String {
        list(self.iter())
    }
}

macro_rules! lists {
    ($($type:ty $(, $hasher:ident)?;)*) => {$(
        impl<T: IntoJson $(, $hasher)?> IntoJson for $type {
            fn json(&self) -> String {
                list(self.iter())
            }
        }
    )*};
}
lists! {
    Vec<T>;
    VecDeque<T>;
    BTreeSet<T>;
    HashSet<T, S>, S;
}

fn map<'a, T: IntoJson + 'a>(entries: impl Iterator<Item = (&'a String, &'a T)>) -> String {
    let entries: Vec<String> =
        entries.map(|(key, value)| format!("{}:{}", quote(key), value.json())).collect();
    format!("{{{}}}", entries.join(","))
}

impl<T: IntoJson, S> IntoJson for HashMap<String, T, S> {
    fn json(&self) -> String {
        map(self.iter())
    }
}

impl<T: IntoJson> IntoJson for BTreeMap<String, T> {
    fn json(&self) -> String {
        map(self.iter())
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {$(
        impl<$($name: FromInput),*> FromInput for ($($name,)*) {
            fn from_input(value: Value) -> Result<Self, String> {
                let Value::Array(values) = value else { return expected("an array", &value) };
                let wanted = [$(stringify!($name)),*].len();
                if values.len() != wanted {
                    return Err(format!("expected {wanted} items, found {}", values.len()));
                }
                let mut values = values.into_iter();
                Ok(($($name::from_input(values.next().unwrap_or(Value::Null))?,)*))
            }
        }
        impl<$($name: IntoJson),*> IntoJson for ($($name,)*) {
            #[allow(non_snake_case)]
            fn json(&self) -> String {
                let ($($name,)*) = self;
                let items: Vec<String> = vec![$($name.json()),*];
                format!("[{}]", items.join(","))
            }
        }
    )*};
}
tuples!((A) (A B) (A B C) (A B C D) (A B C D E) (A B C D E F));
