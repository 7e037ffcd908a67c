//! `expand`: the interpreter against the compiler, on macros of the kinds that crates live by.

use std::fs;

use super::{json, metascope, stderr};

const MACROS: &str = r#"
pub trait Label { fn label(&self) -> &'static str; }

macro_rules! flags {
    ($(#[$meta:meta])* $vis:vis struct $name:ident: $ty:ty { $(const $flag:ident = $bits:expr;)* }) => {
        $(#[$meta])* $vis struct $name($ty);
        impl $name {
            $(pub const $flag: Self = Self($bits);)*
            pub const fn bits(&self) -> $ty { self.0 }
            pub const fn all() -> Self { Self(0 $(| Self::$flag.0)*) }
            pub const fn contains(&self, other: Self) -> bool { self.0 & other.0 == other.0 }
        }
    };
}

macro_rules! count {
    () => { 0usize };
    ($head:tt $($tail:tt)*) => { 1usize + count!($($tail)*) };
}

macro_rules! names {
    ($($name:ident => $text:literal),+ $(,)?) => {
        pub enum Names { $($name),+ }
        impl Label for Names {
            fn label(&self) -> &'static str { match self { $(Names::$name => $text),+ } }
        }
        pub const COUNT: usize = count!($($name)+);
    };
}

macro_rules! once {
    ($(static ref $name:ident: $ty:ty = $init:expr;)+) => {
        $(
            pub struct $name;
            impl std::ops::Deref for $name {
                type Target = $ty;
                fn deref(&self) -> &$ty {
                    static CELL: std::sync::OnceLock<$ty> = std::sync::OnceLock::new();
                    CELL.get_or_init(|| $init)
                }
            }
        )+
    };
}

macro_rules! is {
    ($value:expr, $pattern:pat $(if $guard:expr)?) => {
        match $value { $pattern $(if $guard)? => true, _ => false }
    };
}

macro_rules! checks {
    ($($name:ident($arg:ident: $ty:ty) is $pattern:pat $(if $guard:expr)?,)*) => {
        $(pub fn $name($arg: $ty) -> bool { is!($arg, $pattern $(if $guard)?) })*
    };
}

macro_rules! pick {
    (@arms [$($done:tt)*] else { $($item:item)* }) => { $($item)* };
    (@arms [$($done:tt)*] if $flag:literal { $($item:item)* } $($rest:tt)+) => {
        pick! { @arms [$($done)* $flag] $($rest)+ }
    };
    (if $($all:tt)*) => { pick! { @arms [] if $($all)* } };
}

macro_rules! matrix {
    ($($name:ident = [$([$($cell:expr),*]),*];)*) => {
        $(pub const $name: &[&[i64]] = &[$(&[$($cell * 2),*]),*];)*
    };
}

flags! {
    #[repr(transparent)]
    pub struct Access: u32 { const READ = 1; const WRITE = 1 << 1; }
}
pub struct Between0;
names! { First => "first", Second => "second", }
pub struct Between1;
once! { static ref TABLE: Vec<u8> = vec_of(3); }
pub struct Between2;
checks! { small(n: Option<u8>) is Some(x) if x < 4 || x == 9, none(n: Option<u8>) is None, }
pub struct Between3;
pick! { if "a" { pub fn a() {} } if "b" { pub fn b() {} } else { pub fn c() {} pub struct D; } }
pub struct Between4;
matrix! { M = [[1, 2 + 3], [], [-4]]; }

fn vec_of(n: u8) -> Vec<u8> { (0..n).collect() }

#[derive(Debug, Default)]
pub struct Plain { pub field: u8 }
"#;

/// Text without what two printers may do differently: blanks, trailing commas, needless brackets.
fn normal(code: &str) -> String {
    let mut text: String = code.split_whitespace().collect();
    for (from, to) in [(",}", "}"), (",)", ")"), (",]", "]"), ("(", ""), (")", ""), (";", "")] {
        text = text.replace(from, to);
    }
    text.replace(['{', '}'], "")
}

#[test]
fn the_interpreter_agrees_with_the_compiler() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "Cargo.toml",
        "[package]\nname = \"macros\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[workspace]\n",
    );
    write("src/lib.rs", "pub mod inner;\n");
    write("src/inner.rs", MACROS);
    let place = |line: &str| {
        let number = MACROS.lines().position(|l| l.starts_with(line)).unwrap() + 1;
        format!("{}:{number}", folder.path().join("src/inner.rs").display())
    };
    let untrusted = metascope(&["expand", &place("#[derive(Debug"), "--format", "json"]);
    assert_eq!(untrusted.status.code(), Some(2));
    assert!(stderr(&untrusted).contains("--trust"), "{}", stderr(&untrusted));
    for call in ["flags! {", "names! {", "once! {", "checks! {", "pick! {", "matrix! {"] {
        let place = place(call);
        let own = json(&["expand", &place]);
        let compiler = json(&["expand", &place, "--compiler", "--trust"]);
        let code = |answer: &serde_json::Value| normal(answer["code"].as_str().unwrap());
        assert_eq!(own["engine"], "interpreter");
        assert_eq!(compiler["engine"], "compiler");
        assert_eq!(code(&own), code(&compiler), "{call}");
        assert_eq!(own["left"], serde_json::json!([]), "{call}");
    }
    let steps = json(&["expand", &place("names! {")]);
    let arms: Vec<_> =
        steps["steps"].as_array().unwrap().iter().map(|s| s["arm"].clone()).collect();
    assert_eq!(arms, [1, 2, 2, 1]);
    let one = json(&["expand", &place("names! {"), "--depth", "1"]);
    assert!(one["code"].as_str().unwrap().contains("count!(First Second)"), "{one}");
    let derived = json(&["expand", &format!("{}:18", place("#[derive(Debug"))]);
    assert_eq!(derived["items"][0]["name"], "::core::default::Default for Plain", "{derived}");
    assert!(!derived["code"].as_str().unwrap().contains("Debug"), "{derived}");
}

#[test]
fn a_call_of_the_sample_is_expanded_in_place() {
    let found = json(&["expand", "samples/rust/toolbox/src/tools.rs:18", "--depth", "1"]);
    assert_eq!(found["engine"], "interpreter");
    let code = normal(found["code"].as_str().unwrap());
    assert!(code.contains("crate::registry::Tool"), "{code}");
    assert_eq!(code.matches("submit!").count(), 2, "{code}");
}
