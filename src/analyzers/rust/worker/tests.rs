use super::*;
use crate::model::Span;

fn symbol(name: &str, file: &str, line: u32) -> Symbol {
    Symbol {
        name: name.into(),
        kind: SymbolKind::Function,
        language: Language::Rust,
        file: file.into(),
        line,
        end_line: line,
        span: Span::default(),
        signature: None,
        doc: None,
        is_async: false,
    }
}

fn worker(files: &[(&str, &str)], name: &str, file: &str, line: u32) -> Result<Worker, String> {
    let texts = |path: &str| {
        let found = files.iter().find(|(known, _)| *known == path);
        found.map(|(_, text)| Arc::from(*text))
    };
    from_symbol(&symbol(name, file, line), &texts)
}

fn text<'w>(worker: &'w Worker, path: &str) -> &'w str {
    let found = worker.files.iter().find(|(known, _)| known == path);
    &found.unwrap_or_else(|| panic!("{path} among {:?}", worker.files)).1
}

const MANIFEST: &str = "[package]\nname = \"my-lib\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\
                        [lints.rust]\nunused = \"deny\"\n[dependencies]\nserde = \"1\"\n";

#[test]
fn lines_of_the_user_stay_where_they_are() {
    let lib = "#![forbid(unsafe_code)]\nmod a {\n    // é\n    fn f(x: i32) -> i32 { x }\n}\npub fn g() {}\n";
    let worker =
        worker(&[("Cargo.toml", MANIFEST), ("src/lib.rs", lib)], "my_lib::a::f", "src/lib.rs", 4)
            .unwrap();
    let adapted = text(&worker, "src/lib.rs");
    assert_eq!(adapted.lines().count(), lib.lines().count());
    assert!(!adapted.contains("forbid") && adapted.contains("fn f(x: i32) -> i32 { x }"));
    assert!(
        adapted
            .lines()
            .nth(4)
            .is_some_and(|line| line.ends_with('}') && line.contains("super::f(__ms_arg0)"))
    );
    assert_eq!(adapted.lines().nth(5), Some("pub fn g() {}"));
    assert!(syn::parse_file(adapted).is_ok(), "{adapted}");
    assert!(text(&worker, ".metascope/worker.rs").contains("extern crate my_lib as _;"));
    let manifest: toml::Table = text(&worker, "Cargo.toml").parse().unwrap();
    assert!(!manifest.contains_key("lints"));
    assert_eq!(manifest["bin"][0]["name"].as_str(), Some("__ms_worker"));
    assert!(text(&worker, ".metascope/rt/Cargo.toml").contains("serde_json"));
}

#[test]
fn the_crate_of_a_file_is_found_through_its_modules() {
    let files = [
        ("sub/Cargo.toml", "[package]\nname = \"two\"\nversion = \"1.0.0\"\nedition = \"2018\"\n"),
        ("sub/src/lib.rs", "pub mod shared;\n"),
        ("sub/src/shared.rs", "pub fn f() {}\n"),
        ("sub/src/main.rs", "mod own;\nfn main() {}\n"),
        ("sub/src/own/mod.rs", "mod part;\n"),
        ("sub/src/own/part.rs", "fn g() {}"),
    ];
    let shared = worker(&files, "two::shared::f", "sub/src/shared.rs", 1).unwrap();
    assert!(text(&shared, "sub/.metascope/worker.rs").contains("extern crate two"));
    assert!(text(&shared, "sub/src/shared.rs").contains("#[no_mangle]"));
    let own = worker(&files, "two::own::part::g", "sub/src/own/part.rs", 1).unwrap();
    assert!(text(&own, "sub/src/main.rs").contains("fn __ms_main_of_user() {}"));
    let manifest: toml::Table = text(&own, "sub/Cargo.toml").parse().unwrap();
    assert_eq!(manifest["bin"][0]["path"].as_str(), Some("src/main.rs"));
    for (path, text) in own.files.iter().filter(|(path, _)| path.ends_with(".rs")) {
        assert!(syn::parse_file(text).is_ok(), "{path}: {text}");
    }
}

#[test]
fn parameters_are_owned_and_lent() {
    let source = "use std::path::Path;\nfn f(a: &str, b: &[u8], c: &mut Vec<i32>, d: Option<&str>, \
                  e: Option<&i32>, (x, y): (i32, i32), p: &Path, r#type: Box<str>) {}";
    let file = syn::parse_file(source).unwrap();
    let syn::Item::Fn(function) = &file.items[1] else { panic!("a function") };
    let signature = Signature::read(function).unwrap();
    let shown: Vec<(&str, String, &str)> = signature
        .params
        .iter()
        .map(|param| (param.name.as_str(), param.owned.replace(' ', ""), param.pass.as_str()))
        .collect();
    assert_eq!(shown[0], ("a", "__ms_rt::own::String".into(), "&__ms_arg0"));
    assert_eq!(shown[1], ("b", "__ms_rt::own::Vec<u8>".into(), "&__ms_arg1"));
    assert_eq!(shown[2], ("c", "Vec<i32>".into(), "&mut __ms_arg2"));
    assert_eq!(shown[3].2, "__ms_arg3.as_deref()");
    assert_eq!(shown[4].2, "__ms_arg4.as_ref()");
    assert_eq!((shown[5].0, shown[6].1.as_str()), ("arg5", "__ms_rt::own::PathBuf"));
    assert_eq!((shown[7].0, shown[7].2), ("type", "__ms_arg7"));
}

#[test]
fn what_cannot_be_called_is_refused_with_the_reason() {
    for (source, reason) in [
        ("fn f<T>(x: T) {}", "generic over T"),
        ("fn f(x: impl Fn()) {}", "is generic"),
        ("unsafe fn f() {}", "unsafe"),
        ("fn f(x: &dyn std::fmt::Debug) {}", "trait object"),
        ("fn f(x: Vec<&str>) {}", "borrows inside"),
        ("fn f(x: fn() -> i32) {}", "function pointer"),
    ] {
        let refused = worker(&[("a.rs", source)], "a::f", "a.rs", 1).unwrap_err();
        assert!(refused.contains(reason), "{source}: {refused}");
    }
    let nested = worker(&[("a.rs", "fn outer() {\n    fn f() {}\n}")], "a::f", "a.rs", 2);
    assert!(nested.unwrap_err().contains("not a free function"));
    let deep = format!("fn f() {{ {}{} }}", "(".repeat(500), ")".repeat(500));
    assert!(worker(&[("a.rs", &deep)], "a::f", "a.rs", 1).unwrap_err().contains("nested too deep"));
}

#[test]
fn a_single_file_gets_a_manifest_of_what_it_imports() {
    let source = "use serde::Deserialize;\nuse std::fs;\nmod own { pub fn g() {} }\nuse own::g;\nfn f() { tokio::spawn(async {}); }\n";
    let worker = worker(&[("tools/a b.rs", source)], "a_b::f", "tools/a b.rs", 5).unwrap();
    let manifest: toml::Table = text(&worker, "tools/Cargo.toml").parse().unwrap();
    let names: Vec<&String> = manifest["dependencies"].as_table().unwrap().keys().collect();
    assert_eq!(names, ["__ms_rt", "serde", "tokio"]);
}
