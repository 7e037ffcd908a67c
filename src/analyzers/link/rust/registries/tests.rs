//! Each kind of Rust registry on a small crate.

use crate::analyzers::fixture;
use crate::model::Manifest;

const MANIFEST: &str = "[package]\nname = \"k\"\nedition = \"2024\"\n[dependencies]\ninventory = \"0.3\"\nlinkme = \"0.3\"\nserde = \"1\"\nactix-web = \"4\"\n";

/// Every registry as `kind name: key=target …`.
fn registries(text: &str) -> Vec<String> {
    registries_with(&[], text)
}

/// The same, with more dependencies.
fn registries_with(dependencies: &[&str], text: &str) -> Vec<String> {
    let mut manifest = MANIFEST.to_string();
    for name in dependencies {
        manifest.push_str(&format!("{name} = \"1\"\n"));
    }
    let manifests = vec![Manifest { path: "Cargo.toml".into(), text: manifest.as_str().into() }];
    let entry = fixture::entry("src/lib.rs", "", text);
    let mut rows: Vec<String> = fixture::project(vec![entry], manifests)
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
            "trait-impl std::fmt::Display: Circle=k::Circle",
        ]
    );
}

#[test]
fn constant_arrays_maps_and_lazy_maps_are_tables() {
    let rows = registries_with(
        &["phf"],
        "fn a() {} fn b() {}
pub struct Command { name: &'static str, run: fn() }
pub const LIST: &[(&str, fn())] = &[(\"a\", a), (\"b\", b)];
pub static COMMANDS: &[Command] = &[Command { name: \"go\", run: a }, Command { name: \"no\", run: b }];
static MAP: phf::Map<&'static str, fn()> = phf::phf_map! { \"x\" => a, \"y\" => b };
static LAZY: std::sync::LazyLock<std::collections::HashMap<&'static str, fn()>> = std::sync::LazyLock::new(|| {
    let mut map = std::collections::HashMap::new();
    map.insert(\"one\", a as fn());
    map.insert(\"two\", b as fn());
    map
});
pub const NUMBERS: &[(u32, u32)] = &[(1, 2), (3, 4)];
pub const WORDS: &[&str] = &[\"a\", \"b\"];
",
    );
    assert_eq!(
        rows,
        [
            "table k::COMMANDS: go=k::a no=k::b",
            "table k::LAZY: one=k::a two=k::b",
            "table k::LIST: a=k::a b=k::b",
            "table k::MAP: x=k::a y=k::b",
        ]
    );
}

#[test]
fn matches_on_text_are_tables_and_conditions_are_not() {
    let rows = registries(
        "pub enum Kind { Big, Small }
fn make() -> Kind { Kind::Big }
pub fn parse(text: &str) -> Option<Kind> {
    match text {
        \"big\" | \"large\" => Some(make()),
        \"small\" => Some(Kind::Small),
        _ => None,
    }
}
pub fn yes(text: &str) -> bool { match text { \"yes\" => true, _ => false } }
#[cfg(test)] mod tests { fn t(x: &str) -> u8 { match x { \"a\" => 1, \"b\" => 2, \"c\" => 3, _ => 4 } } }
",
    );
    assert_eq!(rows, ["match-table k::parse: big=k::make large=k::make small=k::Kind::Small"]);
}

#[test]
fn builder_calls_count_only_where_their_crate_is_a_dependency() {
    let text = "
struct Health; struct Plug;
fn walk() {} fn jump() {}
pub fn build(app: &mut App) {
    app.add_plugins((Plug, Other::default())).init_resource::<Health>()
        .add_systems(Update, (walk, jump.after(walk)).chain());
}
";
    assert_eq!(registries(text), Vec::<String>::new());
    let rows = registries_with(&["bevy"], text);
    assert_eq!(
        rows,
        [
            "plugins bevy_app::App::add_plugins: Plug=k::Plug Other=Other",
            "resources bevy_ecs::World::init_resource: Health=k::Health",
            "systems Update: walk=k::walk jump=k::jump",
        ]
    );
}

#[test]
fn routes_carry_the_prefixes_they_are_nested_under() {
    let rows = registries_with(
        &["axum"],
        "use axum::{Router, routing::get};
async fn home() {} async fn list() {} async fn make() {} async fn one() {}
fn users() -> Router { Router::new().route(\"/\", get(list).post(make)).route(\"/{id}\", get(one)) }
pub fn app() -> Router {
    let api = Router::new().nest(\"/users\", users());
    Router::new().route(\"/\", get(home)).nest(\"/api\", api)
}
",
    );
    assert_eq!(
        rows,
        [
            "routes k::app: GET /=k::home",
            "routes k::users: GET /api/users=k::list POST /api/users=k::make GET /api/users/{id}=k::one",
        ]
    );
}

#[test]
fn actix_scopes_and_rocket_mounts() {
    let rows = registries_with(
        &["rocket"],
        "use actix_web::{get, web};
#[get(\"/item\")] async fn item() {}
async fn index() {}
pub fn config(cfg: &mut web::ServiceConfig) {
    cfg.service(web::scope(\"/v1\").service(item).route(\"/index\", web::get().to(index)));
}
pub fn launch() { rocket::build().mount(\"/base\", rocket::routes![item]); }
",
    );
    let routes: Vec<&String> = rows.iter().filter(|row| row.starts_with("routes k")).collect();
    assert_eq!(
        routes,
        [
            "routes k::config: GET /v1/item=k::item GET /v1/index=k::index",
            "routes k::launch: GET /base/item=k::item",
        ]
    );
}

#[test]
fn a_function_that_stores_its_parameter_registers() {
    let rows = registries(
        "use std::sync::Mutex;
static HOOKS: Mutex<Vec<fn()>> = Mutex::new(Vec::new());
pub fn register_hook(hook: fn()) { HOOKS.lock().unwrap().push(hook); }
pub struct Table { all: Vec<(String, fn())> }
impl Table { pub fn register(&mut self, name: &str, f: fn()) { self.all.push((name.into(), f)); }
             pub fn register_nothing(&mut self, f: fn()) { f() } }
fn a() {} fn b() {}
pub fn setup(table: &mut Table) { register_hook(a); table.register(\"b\", b); }
",
    );
    assert_eq!(
        rows,
        ["register-call k::Table::register: b=k::b", "register-call k::register_hook: a=k::a"]
    );
}

#[test]
fn command_trees_by_derive_and_by_calls() {
    let rows = registries_with(
        &["clap"],
        "use clap::{Arg, Command, Parser, Subcommand};
#[derive(Parser)] struct Cli { #[arg(long, short)] dry_run: bool, input: String, #[command(subcommand)] what: What }
#[derive(Subcommand)] enum What { MakeIt { #[arg(long)] hard: bool }, #[command(name = \"rm\")] Remove }
pub fn tree() -> Command {
    Command::new(\"tool\").arg(Arg::new(\"level\").long(\"level\")).subcommand(Command::new(\"run\").arg(Arg::new(\"file\")))
}
pub fn other() { std::process::Command::new(\"git\").arg(\"x\"); }
",
    );
    let cli: Vec<&String> = rows.iter().filter(|row| row.starts_with("cli")).collect();
    assert_eq!(
        cli,
        [
            "cli k::Cli: --dry-run=k::Cli::dry_run <INPUT>=k::Cli::input what…=k::Cli::what",
            "cli k::What: make-it=k::What::MakeIt make-it --hard=k::What::hard rm=k::What::Remove",
            "cli run: <FILE>=file",
            "cli tool: --level=level run=run",
        ]
    );
}

#[test]
fn benches_columns_cases_and_generated_rows() {
    let rows = registries_with(
        &["diesel", "criterion", "rstest"],
        "fn fast() {} fn slow() {}
criterion::criterion_group!(benches, fast, slow);
diesel::table! { users (id) { id -> Integer, name -> Nullable<Text>, } }
#[rstest::rstest]
#[case(1)]
#[case::two(2)]
fn sums(#[case] n: u32) {}
macro_rules! codes { ($($n:literal $name:ident)*) => {} }
codes! { 100 CONTINUE; 200 OK; }
",
    );
    assert_eq!(
        rows,
        [
            "benches k::benches: fast=k::fast slow=k::slow",
            "columns k::users: id=Integer name=Nullable<Text>",
            "list-macro k::codes: 100=k::CONTINUE 200=k::OK",
            "tests case: sums::case_1=k::sums sums::case_2_two=k::sums",
            "tests rstest::rstest: sums=k::sums",
        ]
    );
}

#[test]
fn implementors_are_named_by_their_own_text() {
    let rows = registries(
        "trait Rule { const NAME: &'static str; fn name(&self) -> &str; }
struct A; struct B;
impl Rule for A { const NAME: &'static str = \"rule-a\"; fn name(&self) -> &str { \"other\" } }
impl Rule for B { fn name(&self) -> &str { \"rule-b\" } }
",
    );
    assert_eq!(rows, ["trait-impl k::Rule: other=k::A rule-b=k::B"]);
}

#[test]
fn list_macros_inside_functions() {
    let rows = registries(
        "struct One; struct Two;
pub fn all() { macro_rules! bind { ($($c:expr),* $(,)?) => {}; } bind! { One, Two, } }
",
    );
    assert_eq!(rows, ["list-macro bind: One=k::One Two=k::Two"]);
}

#[test]
fn rows_with_doc_comments_are_rows() {
    let rows = registries(
        "macro_rules! codes { ($( $(#[$doc:meta])* ($n:expr, $name:ident, $text:expr); )+) => {} }
codes! {
    /// Go on.
    (100, CONTINUE, \"Continue\");
    /// All well.
    (200, OKAY, \"OK\");
}
",
    );
    assert_eq!(rows, ["list-macro k::codes: 100=k::CONTINUE 200=k::OKAY"]);
}

#[test]
fn values_are_combined_and_spans_and_bench_functions_are_named() {
    let rows = registries_with(
        &["rstest", "tracing", "criterion"],
        "#[rstest::rstest]
fn adds(#[values(1, 2)] a: u32, #[values(\"x, y\")] b: &str) {}
fn work(id: u32) { let _s = tracing::info_span!(\"work\", id); let _t = span!(Level::INFO, \"part\"); }
fn bench(c: &mut Criterion) {
    c.bench_function(\"one\", |b| b.iter(|| 1));
    c.bench_with_input(BenchmarkId::new(\"two\", 5), &5, |b, n| b.iter(|| n));
}
",
    );
    let of = |start: &str| rows.iter().filter(|row| row.starts_with(start)).collect::<Vec<_>>();
    assert_eq!(
        of("tests values"),
        ["tests values: adds::a_1_1::b_1__x__y_=k::adds adds::a_2_2::b_1__x__y_=k::adds"]
    );
    assert_eq!(of("spans"), ["spans tracing::span: work=k::work part=k::work"]);
    let benches = of("benches");
    assert!(
        benches.len() == 1 && benches[0].contains("one=") && benches[0].contains("two="),
        "{rows:?}"
    );
}

#[test]
fn strum_s_texts_and_schedules_without_a_group() {
    let rows = registries_with(
        &["strum", "bevy_ecs"],
        "#[derive(strum::EnumString)] #[strum(serialize_all = \"kebab-case\")]
enum Colour { DarkRed, #[strum(serialize = \"g\", to_string = \"green\")] Green, #[strum(disabled)] No }
fn walk() {}
fn build(schedule: &mut Schedule, world: &mut World) {
    schedule.add_systems(walk);
    world.register_component::<Colour>();
}
",
    );
    let of = |start: &str| rows.iter().filter(|row| row.starts_with(start)).collect::<Vec<_>>();
    assert_eq!(
        of("strum"),
        ["strum k::Colour: dark-red=k::Colour::DarkRed g=k::Colour::Green green=k::Colour::Green"]
    );
    assert_eq!(of("systems"), ["systems bevy_app::App::add_systems: walk=k::walk"]);
    assert_eq!(
        of("components"),
        ["components bevy_ecs::World::register_component: Colour=k::Colour"]
    );
}
