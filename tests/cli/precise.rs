//! `calls --precise`: the compiler's answers joined to the inferred ones, and what happens where
//! the compiler has none.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::{metascope, stderr, stdout};

const SHAPES: &str = r#"
pub trait Shape {
    fn area(&self) -> f64;
    fn twice(&self) -> f64 { self.area() * 2.0 }
}
pub struct Square(pub f64);
pub struct Circle(pub f64);
impl Shape for Square { fn area(&self) -> f64 { self.0 } }
impl Shape for Circle { fn area(&self) -> f64 { self.0 * 3.0 } fn twice(&self) -> f64 { 1.0 } }
impl std::ops::Add for Square {
    type Output = Square;
    fn add(self, other: Square) -> Square { Square(self.0 + other.0) }
}
macro_rules! measured { ($shape:expr) => {{ log(); total(&$shape) }} }
fn log() {}
pub fn total(shape: &dyn Shape) -> f64 { shape.area() }
pub fn sum<T: Shape>(shape: T) -> f64 { shape.twice() }
fn double(x: f64) -> f64 { x * 2.0 }
pub fn all(square: Square, circle: Circle) -> f64 {
    let scaled = Some(1.0).map(|x| double(x)).unwrap_or(2.0);
    let both = square + Square(scaled);
    measured!(both) + sum(circle) + circle_twice(&Circle(1.0))
}
fn circle_twice(circle: &Circle) -> f64 { circle.twice() }
"#;

fn package(folder: &Path, name: &str, text: &str) {
    fs::create_dir_all(folder.join("src")).unwrap();
    let manifest = format!("[package]\nname = \"{name}\"\nedition = \"2021\"\n[workspace]\n");
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(folder.join("src/lib.rs"), text).unwrap();
}

fn line_of(text: &str, part: &str) -> u64 {
    let at = text.find(part).unwrap();
    1 + text[..at].matches('\n').count() as u64
}

/// `to certainty why` of the edges of a function on the line that holds `part`.
fn edges(graph: &Value, from: &str, text: &str, part: &str) -> Vec<String> {
    let line = line_of(text, part);
    let edges = graph["edges"].as_array().unwrap().iter();
    let here = edges.filter(|edge| edge["from"] == from && edge["line"] == line);
    let mut told: Vec<String> = here
        .map(|edge| {
            let word = |key: &str| edge[key].as_str().unwrap();
            format!("{} {} {}", word("to"), word("certainty"), word("why"))
        })
        .collect();
    told.sort();
    told
}

#[test]
fn the_compiler_confirms_completes_and_lists_implementors() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    package(root, "shapes", SHAPES);
    let path = root.to_str().unwrap();
    let refused = metascope(&["calls", path, "--precise", "--format", "full"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("--trust"), "{}", stderr(&refused));
    let output = metascope(&["calls", path, "--precise", "--trust", "--format", "full"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let graph: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let told = |from: &str, part: &str| edges(&graph, from, SHAPES, part);
    assert_eq!(
        told("shapes::total", "shape.area()"),
        [
            "shapes::Circle::area possible dynamic dispatch",
            "shapes::Shape::area exact compiler",
            "shapes::Square::area possible dynamic dispatch",
        ]
    );
    assert_eq!(
        told("shapes::sum", "shape.twice()"),
        ["shapes::Circle::twice possible through a bound", "shapes::Shape::twice exact compiler"]
    );
    assert_eq!(
        told("shapes::circle_twice", "circle.twice()"),
        ["shapes::Circle::twice exact compiler"]
    );
    assert_eq!(told("shapes::all", "square + "), ["shapes::Square::add exact compiler"]);
    // What a macro of the crate writes is called by the function that uses it.
    let macros = told("shapes::all", "log(); total");
    assert_eq!(macros, ["shapes::log exact compiler", "shapes::total exact compiler"]);
    assert!(told("shapes::all", "|x| double").contains(&"shapes::double exact compiler".into()));
    // The folder is remembered, and nothing was written into it but cargo's own lock file.
    let again = metascope(&["calls", path, "--precise", "--format", "full"]);
    assert_eq!(stdout(&again), stdout(&output));
    let mut left: Vec<String> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["Cargo.lock", "Cargo.toml", "src"]);
}

#[test]
fn a_crate_that_does_not_compile_keeps_its_inferred_calls() {
    let folder = tempfile::tempdir().unwrap();
    let broken = "pub fn top() { inner(); }\nfn inner() -> u8 {\n    \"text\"\n}\n";
    package(folder.path(), "broken", broken);
    let path = folder.path().to_str().unwrap();
    let output = metascope(&["calls", path, "--precise", "--trust", "--format", "full"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("src/lib.rs:3:5"), "{}", stderr(&output));
    assert!(stderr(&output).contains("mismatched types"), "{}", stderr(&output));
    let graph: Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(edges(&graph, "broken::top", broken, "inner()"), ["broken::inner exact path"]);
}

#[test]
fn a_workspace_is_compiled_as_one_and_names_cross_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::write(root.join("Cargo.toml"), "[workspace]\nmembers = [\"a\", \"b\"]\nresolver = \"2\"\n")
        .unwrap();
    let member = |name: &str, more: &str, text: &str| {
        fs::create_dir_all(root.join(name).join("src")).unwrap();
        let manifest = format!("[package]\nname = \"{name}\"\nedition = \"2021\"\n{more}");
        fs::write(root.join(name).join("Cargo.toml"), manifest).unwrap();
        fs::write(root.join(name).join("src/lib.rs"), text).unwrap();
    };
    member(
        "a",
        "",
        "mod deep { pub struct Thing; impl Thing { pub fn go(&self) {} } }\npub use deep::Thing;\n",
    );
    let text =
        "use a::Thing;\npub fn run(list: &[Thing]) {\n    list.iter().for_each(|t| t.go());\n}\n";
    member("b", "[dependencies]\na = { path = \"../a\" }\n", text);
    let path = root.to_str().unwrap();
    let output = metascope(&["calls", path, "--precise", "--trust", "--format", "full"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let graph: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let told = edges(&graph, "b::run", text, "t.go()");
    assert!(told.contains(&"a::deep::Thing::go exact compiler".into()), "{told:?}");
}
