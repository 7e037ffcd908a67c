use std::sync::Arc;

use super::*;

/// Files by path; `dep/…` is the crate `dep`.
struct Files(Vec<(&'static str, String)>);

impl Sources for Files {
    fn text(&self, path: &str) -> Option<Arc<str>> {
        self.0.iter().find(|(name, _)| *name == path).map(|(_, text)| text.as_str().into())
    }

    fn crates(&self, path: &str) -> Vec<Krate> {
        let name = if path.starts_with("dep/") { "dep" } else { "own" };
        vec![Krate {
            name: name.into(),
            root: format!("{}src/lib.rs", &path[..path.find("src").unwrap_or(0)]),
        }]
    }

    fn dependency(&self, _: &Krate, name: &str) -> Option<Krate> {
        (name == "dep").then(|| Krate { name: "dep".into(), root: "dep/src/lib.rs".into() })
    }
}

/// Expands the call at `^`, which is taken out of the text.
fn expand_in(files: &[(&'static str, &str)], depth: Option<u32>) -> Result<Expansion, String> {
    let mut query = None;
    let files = files.iter().map(|(path, text)| {
        if let Some(at) = text.find('^') {
            let before = &text[..at];
            let line = before.matches('\n').count() as u32 + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1;
            let column = Some(column);
            query = Some(Query { file: path, line, column, pick: 0, depth, by_compiler: false });
        }
        (*path, text.replacen('^', "", 1))
    });
    let files = Files(files.collect());
    match expand(&files, &query.expect("a `^` in some file"))? {
        Answer::Expanded(expanded) => Ok(expanded),
        Answer::Compiler(beyond) => Err(beyond.reason),
    }
}

fn expanded(text: &str) -> Expansion {
    expand_in(&[("src/lib.rs", text)], None).unwrap()
}

fn code(text: &str) -> String {
    expanded(text).code
}

fn error(text: &str) -> String {
    expand_in(&[("src/lib.rs", text)], None).map(|e| e.code).unwrap_err()
}

#[test]
fn repetitions_nest_and_separators_may_trail() {
    let text = "
macro_rules! table {
    ($($name:ident => [$($value:expr),* $(,)?]);* $(;)?) => {
        $(pub const $name: &[u8] = &[$($value),*];)*
    };
}
^table! { A => [1, 1 + 1,]; B => []; }
";
    assert_eq!(code(text), "pub const A: &[u8] = &[1, 1 + 1];\npub const B: &[u8] = &[];\n");
}

#[test]
fn the_first_arm_that_matches_is_taken_and_recursion_is_followed() {
    let text = "
macro_rules! count {
    () => { 0usize };
    ($head:tt $($tail:tt)*) => { 1usize + count!($($tail)*) };
}
fn f() -> usize { ^count!(a => b) }
";
    let found = expanded(text);
    assert_eq!(found.code, "1usize + (1usize + (1usize + 0usize))\n");
    let arms: Vec<_> = found.steps.iter().map(|step| (step.level, step.arm, step.parent)).collect();
    assert_eq!(arms, [(1, 2, None), (2, 2, Some(0)), (3, 2, Some(1)), (4, 1, Some(2))]);
    assert_eq!(found.steps[1].call, "count!(=> b)");
    let one = expand_in(&[("src/lib.rs", text)], Some(1)).unwrap();
    assert_eq!(one.code, "1usize + count!(=> b)\n");
}

#[test]
fn a_macro_s_own_locals_are_told_from_the_caller_s() {
    let text = "
macro_rules! twice { ($e:expr) => {{ let a = 2; 'l: loop { break 'l a * $e } }}; }
fn f(a: i32) -> i32 { ^twice!(a + 1) }
";
    assert_eq!(
        code(text),
        "{\n    let a_1 = 2;\n    'l: loop {\n        break 'l a_1 * (a + 1);\n    }\n}\n"
    );
}

#[test]
fn locals_that_nobody_confuses_keep_their_names() {
    let text = "
macro_rules! tri { ($e:expr) => { match $e { Ok(val) => val, Err(err) => return Err(err) } }; }
macro_rules! two { ($a:expr, $b:expr) => { (tri!(tri!($a)), tri!($b)) }; }
fn f(val: R) -> R { ^two!(val, val.next()) }
";
    let found = code(text);
    assert!(!found.contains("val_") && !found.contains("err_"), "{found}");
    let text = "
macro_rules! swap { ($a:ident, $b:ident) => { let tmp = $a; $a = $b; $b = tmp; }; }
fn f(mut tmp: u8, mut other: u8) { ^swap!(tmp, other); }
";
    assert_eq!(code(text), "let tmp_1 = tmp;\ntmp = other;\nother = tmp_1;\n");
}

#[test]
fn a_fragment_that_was_matched_is_opaque_to_the_next_macro() {
    let text = "
macro_rules! inner { (1) => { \"literal\" }; ($e:expr) => { \"expression\" }; }
macro_rules! outer { ($e:expr) => { inner!($e) }; }
macro_rules! passed { ($t:tt) => { inner!($t) }; }
fn f() { ^outer!(1); }
";
    assert_eq!(code(text), "\"expression\"\n");
    let text = text.replace("^outer!(1)", "^passed!(1)");
    assert_eq!(code(&text), "\"literal\"\n");
}

#[test]
fn every_fragment_kind_is_read() {
    let text = r#"
macro_rules! all {
    ($vis:vis $id:ident $lt:lifetime $lit:literal $ty:ty; $pat:pat => $e:expr, $path:path;
     #[$meta:meta] $block:block $item:item $stmt:stmt; $tt:tt) => {
        #[$meta] $vis fn $id<$lt>(input: &$lt $ty) -> bool {
            $item
            $stmt;
            let _ = ($lit, stringify!($tt));
            match input { $pat => $e, _ => $path($block) }
        }
    };
}
^all! { pub(crate) go 'a -1 Vec<Option<u8>>; Some(1 | 2) => a.b(c, |x, y| x), crate::T;
    #[inline(always)] { 7 } struct S<T>(T); let q: HashMap<A, B> = 3; >>= }
"#;
    let found = code(text);
    for part in [
        "#[inline(always)]\npub(crate) fn go<'a>(input: &'a Vec<Option<u8>>) -> bool {",
        "struct S<T>(T);",
        "let q: HashMap<A, B> = 3;",
        "let _ = (-1, stringify!(>>=));",
        "Some(1 | 2) => a.b(c, |x, y| x),",
    ] {
        assert!(found.contains(part), "{part}\n{found}");
    }
}

#[test]
fn definitions_are_found_by_text_order_module_use_import_and_path() {
    let lib = "
macro_rules! m { () => { \"early\" }; }
#[macro_use]
mod macros;
mod deep;
macro_rules! m { () => { \"late\" }; }
";
    let macros = "macro_rules! from_module { () => { \"module\" }; }";
    let deep = "
use dep::renamed as other;
mod inner { pub fn f() { m!(); from_module!(); } }
fn g() { macro_rules! m { () => { \"block\" }; } m!(); }
fn h() { dep::exported!(other!(), m!()); }
";
    let dep = "
#[macro_export]
macro_rules! exported { ($($e:expr),*) => { ($($e,)* $crate::helper!()) }; }
#[macro_export] macro_rules! helper { () => { $crate::value() }; }
#[macro_export] macro_rules! renamed { () => { \"renamed\" }; }
";
    let at = |call: &str| {
        let deep = deep.replacen(call, &format!("^{call}"), 1);
        let files = [
            ("src/lib.rs", lib),
            ("src/macros.rs", macros),
            ("src/deep.rs", deep.as_str()),
            ("dep/src/lib.rs", dep),
        ];
        expand_in(&files, None).unwrap().code
    };
    assert_eq!(at("m!(); from"), "\"early\"\n");
    assert_eq!(at("from_module!"), "\"module\"\n");
    assert_eq!(at("m!(); }\nfn h"), "\"block\"\n");
    assert_eq!(at("dep::exported!"), "(\"renamed\", \"early\", ::dep::value())\n");
}

#[test]
fn macros_that_define_macros_see_their_own() {
    let text = "
macro_rules! maker {
    ($name:ident, $value:expr) => {
        macro_rules! $name { ($$x:expr) => { $$x + $value }; () => { $value }; }
        pub fn made() -> u8 { $name!(1) }
    };
}
^maker!(add, 4);
";
    assert!(code(text).ends_with("pub fn made() -> u8 {\n    1 + 4\n}\n"), "{}", code(text));
}

#[test]
fn generated_items_are_listed() {
    let text = "
macro_rules! wrap { ($n:ident) => { pub struct $n(u8); impl $n { fn get(&self) -> u8 { self.0 } }
    impl From<u8> for $n { fn from(x: u8) -> Self { Self(x) } } }; }
^wrap!(Byte);
";
    let names: Vec<_> =
        expanded(text).items.iter().map(|i| format!("{} {}", i.kind, i.name)).collect();
    assert_eq!(
        names,
        ["struct Byte", "impl Byte", "fn Byte::get", "impl From<u8> for Byte", "fn Byte::from"]
    );
}

#[test]
fn what_never_ends_or_explodes_is_cut_off() {
    let endless =
        expanded("macro_rules! m { ($($t:tt)*) => { 1 + m!($($t)* x) }; } fn f() { ^m!(); }");
    assert!(
        endless.cut.as_deref().is_some_and(|why| why.contains("256 levels")),
        "{:?}",
        endless.cut
    );
    let wide = expanded(
        "macro_rules! m { ($($t:tt)*) => { m!($($t)* $($t)*) }; } fn f() { ^m!(a b c d); }",
    );
    assert!(wide.left.iter().any(|left| left.reason.contains("grew beyond")), "{:?}", wide.left);
}

#[test]
fn what_cannot_be_expanded_says_why() {
    assert_eq!(error("macro_rules! m { (a) => {}; } fn f() { ^m!(b); }"), "no arm matches");
    assert!(error("fn f() { ^println!(); }").starts_with("built into"));
    assert!(error("fn f() { ^unknown!(); }").contains("procedural"));
    assert!(error("#[derive(^Debug)] struct S;").contains("compiler"));
    let ambiguous = "macro_rules! m { ($($a:ident)* $b:ident) => {}; } fn f() { ^m!(x y); }";
    assert_eq!(error(ambiguous), "arm 1: its input can be read in two ways");
}

#[test]
fn calls_inside_the_tokens_of_other_calls_are_found() {
    let text = "macro_rules! one { () => { 1 }; } fn f() { println!(\"{}\", ^one!()); }";
    assert_eq!(code(text), "1\n");
}

#[test]
fn macros_of_other_crates_that_are_exported_in_unusual_ways() {
    let dep = "
macro_rules! doc { ($item:item) => { #[macro_export] $item }; }
#[cfg(doc)] doc! { macro_rules! wrapped { ($($t:tt)*) => { unimplemented!() }; } }
#[cfg(not(doc))] doc! { macro_rules! wrapped { ($e:expr) => { ($e, 1) }; } }
#[macro_export(local_inner_macros)]
macro_rules! outer { ($e:expr) => { inner!($e) }; }
#[macro_export] #[doc(hidden)]
macro_rules! inner { ($e:expr) => { $e + 2 }; }
";
    let at = |call: &str| {
        let text = format!("fn f() -> u8 {{ ^{call} }}");
        expand_in(&[("src/lib.rs", &text), ("dep/src/lib.rs", dep)], None).unwrap().code
    };
    assert_eq!(at("dep::wrapped!(5)"), "(5, 1)\n");
    assert_eq!(at("dep::outer!(5)"), "5 + 2\n");
}
