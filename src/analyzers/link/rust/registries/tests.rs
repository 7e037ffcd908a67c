//! Each kind of Rust registry on a small crate.

use std::sync::Arc;

use crate::analyzers::link::{LinkInput, link};
use crate::analyzers::{SourceFile, rust};
use crate::model::{FileEntry, FileStatus, Language, Manifest};

/// Every registry as `kind name: key=target …`.
fn registries(text: &str) -> Vec<String> {
    let source = SourceFile {
        path: "src/lib.rs".into(),
        language: Language::Rust,
        module: "".into(),
        text: Arc::from(text),
    };
    let facts = rust::extract(&source);
    let entry = FileEntry {
        path: "src/lib.rs".into(),
        language: Language::Rust,
        lines: facts.lines,
        status: FileStatus::Fresh,
        facts: Some(Arc::new(facts)),
    };
    let manifest = "[package]\nname = \"k\"\nedition = \"2024\"\n[dependencies]\ninventory = \"0.3\"\nlinkme = \"0.3\"\nserde = \"1\"\nactix-web = \"4\"\n";
    let manifests = vec![Manifest { path: "Cargo.toml".into(), text: manifest.into() }];
    let input = LinkInput { root: "t".into(), files: vec![entry], manifests, diagnostics: vec![] };
    let mut rows: Vec<String> = link(input)
        .registries
        .iter()
        .map(|row| {
            let members: Vec<String> = row
                .members
                .iter()
                .map(|member| format!("{}={}", member.key.as_deref().unwrap_or("?"), member.target))
                .collect();
            format!("{} {}: {}", row.kind, row.name, members.join(" "))
        })
        .collect();
    rows.sort();
    rows
}

#[test]
fn derives_are_counted_by_their_own_path() {
    let rows = registries(
        "use serde::Serialize as S;\n#[derive(S)] struct A;\n#[derive(serde::Serialize)] enum B {}\n",
    );
    assert_eq!(rows, ["derive serde::Serialize: A=k::A B=k::B"]);
}

#[test]
fn inventories_slices_and_list_macros() {
    let rows = registries(
        "struct Tool { name: &'static str, run: fn() }
inventory::collect!(Tool);
fn go() {}
inventory::submit! { Tool { name: \"go\", run: go } }
#[linkme::distributed_slice]
pub static ALL: [fn()] = [..];
#[linkme::distributed_slice(ALL)]
static ONE: fn() = go;
macro_rules! tools { ($($f:ident),*) => {} }
tools!(go);
",
    );
    assert_eq!(
        rows,
        [
            "inventory k::Tool: go=k::go",
            "linkme k::ALL: ONE=k::ONE",
            "list-macro k::tools: go=k::go"
        ]
    );
}

#[test]
fn implementors_routes_and_tests() {
    let rows = registries(
        "use actix_web::get;
trait Shape { fn area(&self); }
struct Circle;
impl Shape for Circle { fn area(&self) {} }
impl<T> Shape for T { fn area(&self) {} }
impl std::fmt::Display for Circle { fn fmt() {} }
#[get(\"/items/{id}\")]
async fn item() {}
#[test]
fn works() {}
",
    );
    assert_eq!(
        rows,
        [
            "routes actix_web::get: GET /items/{id}=k::item",
            "tests test: works=k::works",
            "trait-impl k::Shape: Circle=k::Circle",
        ]
    );
}
