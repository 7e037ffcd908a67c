//! One test per construct: what calls what in a small crate.

use crate::analyzers::fixture;
use crate::model::{CallGraph, Certainty, EdgeKind, Manifest};

fn graph(text: &str) -> CallGraph {
    let manifest =
        Manifest { path: "Cargo.toml".into(), text: "[package]\nname = \"demo\"\n".into() };
    fixture::project(vec![fixture::entry("src/lib.rs", "", text)], vec![manifest])
        .calls
        .into_inner()
}

/// `callee kind certainty` of every edge that leaves a function.
fn calls(graph: &CallGraph, from: &str) -> Vec<String> {
    let id = graph.find(from).unwrap_or_else(|| panic!("{from} is no node"));
    let edges = graph.callees(id).iter();
    edges
        .map(|edge| {
            let to = &graph.nodes[edge.to as usize].name;
            format!("{to} {} {}", edge.kind.as_str(), edge.certainty.as_str())
        })
        .collect()
}

fn check(text: &str, from: &str, expected: &[&str]) {
    let graph = graph(text);
    let mut found = calls(&graph, from);
    found.sort();
    let mut expected: Vec<&str> = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn paths_lead_through_modules_and_imports() {
    check(
        "mod a { pub fn f() {} pub mod b { pub fn g() { super::f() } } }
         use a::b; use a::f as renamed;
         pub fn top() { b::g(); renamed(); crate::a::f(); }",
        "demo::top",
        &["demo::a::b::g call exact", "demo::a::f call exact", "demo::a::f call exact"],
    );
}

#[test]
fn receivers_are_typed_by_constructors_fields_and_returns() {
    check(
        "pub struct Engine; impl Engine { pub fn new() -> Self { Engine } pub fn start(&self) {} }
         pub struct Car { engine: Engine }
         impl Car { fn engine(&self) -> &Engine { &self.engine } }
         pub fn drive(car: &Car) { car.engine.start(); car.engine().start(); Engine::new().start(); }",
        "demo::drive",
        &[
            "demo::Car::engine call exact",
            "demo::Engine::new call exact",
            "demo::Engine::start call exact",
            "demo::Engine::start call exact",
            "demo::Engine::start call exact",
        ],
    );
}

#[test]
fn methods_of_the_standard_library_give_types_and_are_not_the_projects() {
    check(
        "pub struct Item; impl Item { pub fn run(&self) {} pub fn take(&self) {} }
         pub fn go(items: Vec<Item>, mut one: Option<Item>) {
             for item in &items { item.run(); }
             if let Some(item) = one.take() { item.run(); }
             let names: Vec<String> = items.iter().map(|item| { item.run(); String::new() }).collect();
             names.first().unwrap().len();
         }",
        "demo::go",
        &[
            "demo::Item::run call exact",
            "demo::Item::run call exact",
            "demo::Item::run call exact",
            "std::iter::Iterator::collect call exact",
            "std::iter::Iterator::map call exact",
            "std::option::Option::take call exact",
            "std::option::Option::unwrap call exact",
            "std::primitive::slice::first call exact",
            "std::primitive::slice::iter call exact",
            "std::string::String::len call exact",
            "std::string::String::new call exact",
        ],
    );
}

#[test]
fn trait_methods_mean_the_implementation_the_default_or_the_trait() {
    let text = "pub trait Shape { fn area(&self) -> f64; fn twice(&self) -> f64 { self.area() } }
         pub struct Square; impl Shape for Square { fn area(&self) -> f64 { 1.0 } }
         pub fn known(s: Square) { s.area(); s.twice(); }
         pub fn bounded<S: Shape>(s: S) { s.area(); }
         pub fn dynamic(s: &dyn Shape) { s.area(); }";
    check(text, "demo::known", &["demo::Shape::twice call exact", "demo::Square::area call exact"]);
    let through = ["demo::Shape::area call inferred", "demo::Square::area call possible"];
    check(text, "demo::bounded", &through);
    check(text, "demo::dynamic", &through);
    check(text, "demo::Shape::twice", &through);
}

#[test]
fn blanket_implementations_apply_where_their_bounds_hold() {
    check(
        "pub trait Named { fn name(&self) {} } pub trait Shown { fn show(&self); }
         impl<T: Named> Shown for T { fn show(&self) { self.name() } }
         pub struct A; impl Named for A {}
         pub fn go(a: A) { a.show(); }",
        "demo::go",
        &["demo::T::show call exact"],
    );
}

#[test]
fn what_the_file_s_own_macros_generate_is_defined() {
    let text = "
macro_rules! shapes {
    ($($name:ident { $($method:ident -> $value:expr),* })*) => {
        $(pub struct $name;
        impl $name {
            getters! { $($method -> $value),* }
            pub fn total(&self) -> u32 { 0 $(+ self.$method())* }
        })*
    };
}
macro_rules! getters {
    ($($method:ident -> $value:expr),*) => { $(pub fn $method(&self) -> u32 { $value })* };
}
shapes! { Square { width -> side(), height -> 2 } Line { length -> 1 } }
fn side() -> u32 { 3 }
fn user(square: &Square, line: Line) -> u32 { square.total() + square.width() + line.length() }
";
    check(
        text,
        "demo::user",
        &[
            "demo::Line::length call exact",
            "demo::Square::total call exact",
            "demo::Square::width call exact",
        ],
    );
    check(text, "demo::Square::width", &["demo::side call exact"]);
    check(
        text,
        "demo::Square::total",
        &["demo::Square::height call exact", "demo::Square::width call exact"],
    );
}

#[test]
fn smart_pointers_are_seen_through() {
    check(
        "use std::sync::{Arc, Mutex}; use std::ops::Deref;
         pub struct State; impl State { pub fn tick(&mut self) {} }
         pub struct Own(State);
         impl Deref for Own { type Target = State; fn deref(&self) -> &State { &self.0 } }
         impl State { pub fn peek(&self) {} }
         pub fn go(shared: Arc<Mutex<State>>, own: Own) { shared.lock().unwrap().tick(); own.peek(); }",
        "demo::go",
        &[
            "demo::Own::deref implicit exact",
            "demo::State::peek call exact",
            "demo::State::tick call exact",
            "std::result::Result::unwrap call exact",
            "std::sync::Mutex::lock call exact",
        ],
    );
}

#[test]
fn question_mark_converts_errors_and_operators_run_their_overloads() {
    check(
        "use std::ops::Add;
         pub struct Low; pub struct High; impl From<Low> for High { fn from(_: Low) -> High { High } }
         fn low() -> Result<Money, Low> { Err(Low) }
         pub struct Money; impl Add for Money { type Output = Money; fn add(self, o: Money) -> Money { o } }
         impl Money { fn show(&self) {} }
         pub fn go(m: Money) -> Result<(), High> { let n = low()?; (m + n).show(); Ok(()) }",
        "demo::go",
        &[
            "demo::High::from implicit exact",
            "demo::Money::add implicit exact",
            "demo::Money::show call exact",
            "demo::low call exact",
        ],
    );
}

#[test]
fn functions_passed_on_are_callbacks_and_constructors_are_no_calls() {
    check(
        "pub struct Wrap(u8); fn double(x: u8) -> u8 { x }
         pub fn go(v: Vec<u8>) { for w in v.into_iter().map(double).map(Wrap) { drop(w); } Some(1); }",
        "demo::go",
        &[
            "demo::double callback exact",
            "std::iter::IntoIterator::into_iter call exact",
            "std::iter::Iterator::map call exact",
            "std::iter::Iterator::map call exact",
            "std::mem::drop call exact",
        ],
    );
}

#[test]
fn awaits_give_the_output_and_macro_arguments_are_read() {
    check(
        "pub struct Reply; impl Reply { fn code(&self) -> u8 { 0 } }
         async fn fetch() -> Reply { Reply }
         pub async fn go() { let reply = fetch().await; println!(\"{}\", reply.code()); }",
        "demo::go",
        &["demo::Reply::code call exact", "demo::fetch call exact"],
    );
}

#[test]
fn what_cannot_be_told_is_listed_with_its_reason() {
    let graph = graph("pub fn go(f: fn()) { f(); mystery(); }");
    let reasons: Vec<String> =
        graph.unresolved.iter().map(|call| format!("{}: {}", call.text, call.reason)).collect();
    assert_eq!(reasons, ["f: a function pointer is called", "mystery: no such name is known"]);
    assert!(graph.edges.is_empty());
}

#[test]
fn generic_parameters_flow_through_calls() {
    check(
        "pub struct Job; impl Job { fn run(&self) {} }
         fn first<T, I: IntoIterator<Item = T>>(items: I) -> Option<T> { items.into_iter().next() }
         pub fn go(jobs: Vec<Job>) { if let Some(job) = first(jobs) { job.run() } }",
        "demo::go",
        &["demo::Job::run call exact", "demo::first call exact"],
    );
}

#[test]
fn an_unknown_receiver_is_only_a_possibility() {
    let graph = graph(
        "pub struct A; impl A { pub fn very_own(&self) {} }
         pub fn go() { let x = missing(); x.very_own(); }",
    );
    let id = graph.find("demo::go").unwrap();
    let edges = graph.callees(id);
    assert_eq!(edges.len(), 1);
    assert_eq!((edges[0].kind, edges[0].certainty), (EdgeKind::Call, Certainty::Possible));
}

#[test]
fn deep_and_long_code_ends() {
    let chain = ".clone()".repeat(5_000);
    let sum = "+ 1".repeat(5_000);
    let graph = graph(&format!("pub fn go(s: String) {{ let _ = s{chain}; let _ = 1 {sum}; }}"));
    assert!(graph.edges.len() >= 5_000);
}

#[test]
fn places_are_reached_by_deref_and_written_by_deref_mut() {
    check(
        "use std::ops::{Deref, DerefMut, Index, IndexMut};
         pub struct State { count: u32, names: Vec<u32> }
         impl State { fn bump(&mut self) {} fn show(&self) {} }
         pub struct Guard(State);
         impl Deref for Guard { type Target = State; fn deref(&self) -> &State { &self.0 } }
         impl DerefMut for Guard { fn deref_mut(&mut self) -> &mut State { &mut self.0 } }
         fn take(_: &State) {}
         pub fn go(mut guard: Guard) {
             let _ = guard.count;
             guard.count = 1;
             guard.names.push(1);
             guard.bump();
             guard.show();
             take(&guard);
         }",
        "demo::go",
        &[
            "demo::Guard::deref implicit exact",
            "demo::Guard::deref implicit exact",
            "demo::Guard::deref implicit exact",
            "demo::Guard::deref_mut implicit exact",
            "demo::Guard::deref_mut implicit exact",
            "demo::Guard::deref_mut implicit exact",
            "demo::State::bump call exact",
            "demo::State::show call exact",
            "demo::take call exact",
            "std::vec::Vec::push call exact",
        ],
    );
}

#[test]
fn a_method_of_a_foreign_trait_is_that_of_the_projects_type() {
    check(
        "use outside::de;
         pub struct Mine;
         impl de::Failure for Mine { fn custom(text: &str) -> Self { Mine } fn end(self) {} }
         pub fn go() -> Mine { let mine: Mine = de::Failure::custom(\"x\"); de::Failure::end(mine); de::Failure::custom(\"y\") }",
        "demo::go",
        &[
            "demo::Mine::custom call inferred",
            "demo::Mine::custom call inferred",
            "demo::Mine::end call inferred",
        ],
    );
}

#[test]
fn an_import_follows_the_name_to_the_item_whose_cfg_holds() {
    check(
        "macro_rules! cfg_rt { ($($item:item)*) => { $( #[cfg(feature = \"rt\")] $item )* } }
         macro_rules! cfg_not_rt { ($($item:item)*) => { $( #[cfg(not(feature = \"rt\"))] $item )* } }
         pub mod user { use crate::blocking::spawn; pub fn go() { spawn(); } }
         mod blocking {
             cfg_rt! { pub(crate) use crate::runtime::spawn; }
             cfg_not_rt! { pub(crate) fn spawn() {} }
         }
         mod runtime { cfg_rt! { mod pool { pub fn spawn() {} } pub(crate) use pool::spawn; } }",
        "demo::user::go",
        &["demo::runtime::pool::spawn call exact"],
    );
}

#[test]
fn what_a_foreign_type_implements_does_not_hide_methods() {
    check(
        "use outside::Hasher; use std::hash::BuildHasher;
         pub struct Graph<const D: bool, S> { s: S }
         pub type DiGraph<S = Hasher> = Graph<true, S>;
         impl<const D: bool, S: BuildHasher> Graph<D, S> { pub fn add(&mut self) {} }
         pub fn go(graph: &mut DiGraph) { graph.add(); }",
        "demo::go",
        &["demo::Graph::add call exact"],
    );
}

#[test]
fn bodies_of_the_files_own_macros_are_read() {
    check(
        "pub struct Inner; impl Inner { pub fn go(&self) {} }
         fn log() {}
         macro_rules! with { ($value:expr, |$name:ident| $body:expr) => {{ log(); let $name = $value; $body }} }
         macro_rules! bind { ($name:ident = $value:expr) => { let $name = $value; } }
         pub fn top() { with!(Inner, |inner| inner.go()); bind!(other = Inner); other.go(); }",
        "demo::top",
        &["demo::log call exact", "demo::Inner::go call exact", "demo::Inner::go call exact"],
    );
}

#[test]
fn a_macro_may_take_its_condition_as_an_inner_attribute() {
    check(
        "feature! { #![feature = \"std\"] pub mod inner { pub fn f() {} } pub use inner::f as g; }
         pub fn top() { g(); inner::f(); }",
        "demo::top",
        &["demo::inner::f call exact", "demo::inner::f call exact"],
    );
}

#[test]
fn what_an_unknown_receiver_may_mean_is_listed() {
    let text = "pub struct A; impl A { pub fn go(&self, _: u8) {} }
         pub struct B; impl B { pub fn go(&self, _: u8) {} }
         pub struct C; impl C { pub fn go(&self) {} }
         pub fn top() { let it = elsewhere::make(); it.go(1); }";
    let found = graph(text);
    assert_eq!(
        calls(&found, "demo::top").into_iter().filter(|row| row.contains("go")).collect::<Vec<_>>(),
        ["demo::A::go call possible", "demo::B::go call possible"]
    );
    assert_eq!(found.unresolved.iter().filter(|call| &*call.text == "go").count(), 1);
}
