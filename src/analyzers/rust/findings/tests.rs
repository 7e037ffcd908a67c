//! Each rule on code where it holds and on code that only looks like it.

use crate::analyzers::fixture;
use crate::model::{FileStatus, Manifest};

/// Lines marked `// detect: rule …` are found; the same rules are found nowhere else.
#[track_caller]
fn check_in(path: &str, manifest: &str, text: &str) {
    let entry = fixture::entry(path, "", text);
    assert_eq!(entry.status, FileStatus::Fresh, "{text}");
    let manifests = vec![Manifest { path: "Cargo.toml".into(), text: manifest.into() }];
    let project = fixture::project(vec![entry], manifests);
    let mut expected: Vec<(u32, String)> = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        if let Some((_, marked)) = line.split_once("// detect: ") {
            expected.extend(marked.split_whitespace().map(|rule| (number, rule.to_owned())));
        }
    }
    let quiet: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_once("// quiet: "))
        .flat_map(|(_, rules)| rules.split_whitespace())
        .collect();
    let is_asked = |rule: &str| expected.iter().any(|(_, id)| id == rule) || quiet.contains(&rule);
    let mut found: Vec<(u32, String)> = project
        .findings
        .iter()
        .filter(|finding| is_asked(&finding.rule))
        .map(|finding| (finding.line, finding.rule.to_string()))
        .collect();
    found.sort();
    let mut expected = expected.clone();
    expected.sort();
    assert_eq!(found, expected);
}

#[track_caller]
fn check(text: &str) {
    check_in("src/lib.rs", "[package]\nname = \"t\"\n", text);
}

#[test]
fn macros_by_their_arms() {
    check(
        "macro_rules! count { // detect: rs-macro-rules rs-tt-muncher
    () => { 0 };
    ($head:tt $($tail:tt)*) => { 1 + count!($($tail)*) };
}
macro_rules! other { // detect: rs-macro-rules rs-internal-rules
    (@inner $x:expr) => { $x };
    ($($x:tt)*) => { elsewhere::other!($($x)*) };
}
#[macro_export]
macro_rules! leaky { // detect: rs-macro-rules rs-hygiene-crate rs-hygiene-leak
    () => { crate::run(HashMap::new()) };
}
#[macro_export]
macro_rules! clean { // detect: rs-macro-rules
    ($t:ident) => { $crate::run(::std::collections::HashMap::new(), $t::new(), Vec::new()) };
}
macro_rules! routes { // detect: rs-macro-rules rs-declarative-dsl
    (get $p:expr => $h:ident) => {};
    (post $p:expr => $h:ident) => {};
    (put $p:expr => $h:ident) => {};
}
",
    );
}

#[test]
fn types_and_implementations() {
    check(
        "use std::marker::PhantomData;
#[derive(Clone, Debug)] // detect: rs-derive-use
struct Open;
struct Door<S> { s: PhantomData<S> } // detect: rs-phantom-data
impl Door<Open> { fn close(self) {} } // detect: rs-typestate
impl Door<Shut> { fn open(self) {} }
impl<S> Door<S> { fn new() {} }
struct Builder;
impl Builder { // detect: rs-builder-chain
    fn a(self) -> Self { self }
    fn b(&mut self) -> &mut Self { self }
    fn c(self) -> Builder { self }
    fn d() -> Self { Builder }
}
impl std::ops::Add for Open { type Output = Open; fn add(self, o: Open) -> Open { o } } // detect: rs-operator-impl
impl<T> Show for T {} // detect: rs-blanket-impl
impl<T> Show for Vec<T> {}
trait Closed: private::Sealed {} // detect: rs-sealed-trait
struct Fixed<const N: usize>([u8; N]); // detect: rs-const-generic
fn take(x: &dyn Show) {} // detect: rs-dyn-trait
impl std::future::Future for Open { type Output = (); fn poll() {} } // detect: rs-manual-future
",
    );
}

#[test]
fn globals_and_constants() {
    check(
        "static A: Mutex<Vec<u8>> = Mutex::new(vec![]); // detect: rs-global-state
static B: u8 = 0;
static mut C: u8 = 0; // detect: rs-static-mut
const fn f() -> u8 { 1 } // detect: rs-const-fn
const _: () = assert!(f() == 1); // detect: rs-const-assert
thread_local! { static D: u8 = 0; } // detect: rs-lazy-static
inventory::submit! { Flag(1) } // detect: rs-inventory
#[distributed_slice] // detect: rs-linkme
static E: [fn()];
#[distributed_slice(E)] // detect: rs-linkme
static G: fn() = g;
#[ctor] // detect: rs-ctor
fn g() {}
fn h(x: &dyn Any) {
    TypeId::of::<u8>(); // detect: rs-type-id
    x.downcast_ref::<u8>(); // detect: rs-downcast
    std::any::type_name::<u8>(); // detect: rs-type-name
    include!(concat!(env!(\"OUT_DIR\"), \"/x.rs\")); // detect: rs-include-generated
    include!(\"y.rs\");
}
async fn i() { async { }.await } // detect: rs-async-fn rs-async-block
",
    );
}

#[test]
fn panics_count_in_macro_crates_only() {
    let text = "#[proc_macro]
pub fn make(input: TokenStream) -> TokenStream { // detect: rs-proc-macro-fn
    let x = parse(input).unwrap(); // detect: rs-proc-macro-panic
    quote! { #x } // detect: rs-quote
}
#[cfg(test)]
mod tests { fn t() { x.unwrap(); } }
";
    let manifest = "[package]\nname = \"t\"\n[lib]\nproc-macro = true\n";
    check_in("src/lib.rs", manifest, text);
    check("fn f() { x.unwrap(); } // quiet: rs-proc-macro-panic\n");
}

#[test]
fn autoref_specialisation() {
    check(
        "trait A { fn kind(&self); }
trait B { fn kind(&self); }
impl<T: Display> A for T { fn kind(&self) {} }
impl<T: Debug> B for &T { fn kind(&self) {} } // detect: rs-autoref-specialization
",
    );
}

#[test]
fn a_comment_silences_the_rules_it_names_on_its_line() {
    check(
        "pub const fn a() {} // metascope: ignore[rs-async-fn, rs-const-fn] measured
         pub const fn b() {} // metascope: ignore[rs-async-fn] another rule // detect: rs-const-fn
         // metascope: ignore[rs-const-fn] another line
         pub const fn c() {} // detect: rs-const-fn",
    );
}
