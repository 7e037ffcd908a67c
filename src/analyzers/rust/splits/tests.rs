//! Machines of small programs, against the layout that the compiler gives them.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;

use crate::analyzers::{SourceFile, rust};
use crate::model::{Language, LanguageFacts, Split};

fn splits(text: &str) -> Vec<Split> {
    let facts = rust::extract(&SourceFile {
        path: "a.rs".into(),
        language: Language::Rust,
        module: "".into(),
        text: Arc::from(text),
    });
    assert!(facts.diagnostics.is_empty(), "{:?}", facts.diagnostics);
    match facts.body {
        LanguageFacts::Rust(facts) => facts.splits.splits,
        LanguageFacts::Python(_) => Vec::new(),
    }
}

/// `function/suspension` → the locals stored there, hidden ones left out.
type Layout = BTreeMap<String, Vec<String>>;

fn estimated(text: &str) -> Layout {
    let mut layout = Layout::new();
    for split in splits(text) {
        let name = split.function.rsplit("::").next().unwrap_or_default().to_string();
        for suspension in &split.suspensions {
            let saves = suspension.saves.iter().map(ToString::to_string).collect();
            layout.insert(format!("{name}/{}", suspension.id), saves);
        }
    }
    layout
}

/// What the installed compiler says; `None`, loudly, without one.
fn compiled(text: &str) -> Option<Layout> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.rs");
    std::fs::write(&path, text).expect("the program is written");
    let output = Command::new("rustc")
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["--edition", "2024", "--crate-type", "lib", "--emit=metadata"])
        .args(["-Zprint-type-sizes", "-Awarnings", "--out-dir"])
        .arg(folder.path())
        .arg(&path)
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "rustc is needed: {error}");
            eprintln!("SKIPPED: rustc cannot be started: {error}");
            return None;
        }
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut layout = Layout::new();
    let (mut function, mut suspension) = (None, None);
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        if let Some(name) = line.strip_prefix("print-type-size type: `") {
            function = name.strip_prefix("{async fn body of ").and_then(|name| {
                let name = name.split("()").next()?;
                Some(name.rsplit("::").next().unwrap_or(name).to_string())
            });
        } else if let Some((_, rest)) = line.split_once("variant `") {
            let number = rest.strip_prefix("Suspend").and_then(|rest| rest.split('`').next());
            suspension = function.as_ref().zip(number).map(|(name, at)| format!("{name}/{at}"));
            if let Some(key) = &suspension {
                layout.entry(key.clone()).or_default();
            }
        } else if let (Some(key), Some((_, rest))) = (&suspension, line.split_once("local `.")) {
            let name = rest.split('`').next().unwrap_or_default();
            if !name.starts_with('.') && !matches!(name, "__awaitee" | "iter") {
                layout.entry(key.clone()).or_default().push(name.to_string());
            }
        }
    }
    for saves in layout.values_mut() {
        saves.sort();
        saves.dedup();
    }
    Some(layout)
}

const PRELUDE: &str = r#"
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};
pub struct Row { id: u32, name: String }
#[derive(Clone, Copy)]
pub struct Point { x: f64, y: f64 }
pub struct Store { rows: Vec<Row>, total: u64 }
pub async fn tick(n: u32) -> u32 { n }
pub async fn text() -> String { String::new() }
pub async fn may(n: u32) -> Result<u32, String> { Ok(n) }
pub async fn show(s: &str) -> usize { s.len() }
pub async fn eat(s: String) -> usize { s.len() }
pub async fn fill(v: &mut Vec<u32>) { v.push(1) }
"#;

/// Programs whose estimate must equal the compiler's layout.
const EXACT: &str = r#"
pub struct Pair { left: String, right: u32 }
impl Pair {
    pub async fn apart(self) -> usize {
        let Self { left, right } = self;
        tick(right).await;
        left.len()
    }
}
pub async fn lent_on(v: &mut Vec<u32>, n: u32) -> usize {
    for at in 0..n {
        fill(v).await;
        tick(at).await;
    }
    fill(v).await;
    v.len()
}
pub async fn params(x: u32, s: String, r: &str, unused: Vec<u8>) -> usize {
    let before = x + 1;
    let t = tick(x).await;
    let owned = text().await;
    tick(before).await;
    r.len() + t as usize
}
pub async fn moved(mut v: Vec<String>) -> usize {
    let mut total = 0;
    for s in &v { total += s.len(); tick(1).await; }
    let moved = v;
    drop(moved);
    tick(2).await;
    let shown = format!("{total}");
    tick(3).await;
    total
}
pub async fn given(s: String) -> usize {
    let n = 4;
    let size = eat(s).await;
    tick(n).await;
    size
}
pub async fn lent(s: String) -> usize {
    let size = show(&s).await;
    tick(1).await;
    size
}
pub async fn branches(flag: bool, a: String, b: String) -> u32 {
    if flag {
        eat(a).await;
    } else {
        tick(1).await;
        drop(b);
    }
    tick(2).await
}
pub async fn early(n: u32) -> Result<u32, String> {
    let label = String::from("x");
    let first = may(n).await?;
    if first > 3 {
        return Ok(first);
    }
    let second = may(first).await?;
    drop(label);
    may(second).await
}
pub async fn looped(rows: Vec<Row>) -> u32 {
    let mut sum = 0;
    for row in rows.iter() {
        sum += tick(row.id).await;
    }
    sum
}
pub async fn consumed(rows: Vec<Row>) -> u32 {
    let mut sum = 0;
    for row in rows {
        sum += tick(row.id).await;
        eat(row.name).await;
    }
    sum
}
pub async fn matched(value: Option<String>) -> usize {
    match value {
        Some(text) => show(&text).await,
        None => tick(0).await as usize,
    }
}
pub async fn scoped() -> u32 {
    let a = {
        let inner = String::from("i");
        show(&inner).await
    };
    tick(a as u32).await
}
pub async fn shadowed(n: u32) -> u32 {
    let x = n + 1;
    let x = tick(x).await;
    let y = x;
    tick(2).await;
    y
}
pub async fn labelled(limit: u32) -> u32 {
    let mut n = 0;
    'outer: loop {
        let word = String::new();
        while n < limit {
            n += tick(n).await;
            if n == 3 { continue 'outer; }
            if n == 5 { break 'outer; }
        }
        drop(word);
        tick(9).await;
    }
    n
}
pub async fn mutated() -> usize {
    let mut v = vec![1, 2];
    fill(&mut v).await;
    let n = v.len();
    tick(1).await;
    n
}
pub async fn points(p: Point) -> f64 {
    let q = Point { x: p.x + 1.0, y: 2.0 };
    tick(1).await;
    q.x + p.y
}
pub async fn locked(m: &Mutex<u32>) -> u32 {
    let guard = m.lock().unwrap();
    tick(1).await;
    *guard
}
pub async fn timed() -> u128 {
    let start = Instant::now();
    tick(1).await;
    start.elapsed().as_millis()
}
pub async fn nested(n: u32) -> u32 {
    tick(tick(n).await + tick(n).await).await
}
pub async fn let_else(value: Option<u32>) -> u32 {
    let Some(n) = value else { return tick(0).await };
    tick(n).await + n
}
pub async fn array() -> u8 {
    let buffer = [0u8; 2048];
    tick(1).await;
    buffer[0]
}
pub async fn closure(k: u32) -> u32 {
    let add = move |n: u32| n + k;
    let one = tick(1).await;
    add(one)
}
impl Store {
    pub async fn sum(&mut self, by: u64) -> u64 {
        self.total += by;
        tick(1).await;
        for row in &self.rows {
            tick(row.id).await;
        }
        self.total
    }
    pub async fn into_total(self) -> u64 {
        let total = self.total;
        tick(1).await;
        total
    }
}
pub async fn guarded(map: HashMap<u32, String>) -> usize {
    if let Some(found) = map.get(&1) && !found.is_empty() {
        return show(found).await;
    }
    tick(2).await as usize
}
pub async fn collected(names: &[String]) -> usize {
    let long: Vec<&String> = names.iter().filter(|name| name.len() > 3).collect();
    tick(1).await;
    long.len()
}
pub async fn reassigned() -> String {
    let mut out = String::new();
    out = text().await;
    tick(1).await;
    out
}
"#;

#[test]
fn saves_what_the_compiler_stores() {
    let text = format!("{PRELUDE}{EXACT}");
    let Some(truth) = compiled(&text) else { return };
    let ours = estimated(&text);
    let mut wrong = Vec::new();
    for (at, stored) in &truth {
        let saved = ours.get(at).cloned().unwrap_or_else(|| vec!["<missing>".into()]);
        if saved != *stored {
            wrong.push(format!("{at}: stored {stored:?}, estimated {saved:?}"));
        }
    }
    assert!(truth.len() > 40, "the compiler's layout was not read: {truth:?}");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), truth.len(), wrong.join("\n"));
}

#[test]
fn methods_blocks_and_closures_are_machines_of_their_own() {
    let text = "mod m { impl S { async fn f(&self) { g(async { h().await }).await; } } }\n\
                fn start() { spawn(async move { tick().await; }); let c = async |x: u32| go(x).await; }";
    let names: Vec<String> = splits(text).iter().map(|split| split.function.to_string()).collect();
    assert_eq!(
        names,
        [
            "m::S::f",
            "m::S::f::{async block#1}",
            "start::{async block#1}",
            "start::{async closure#2}"
        ]
    );
}

#[test]
fn select_and_join_are_one_suspension() {
    let text = "async fn f(a: A, mut rx: R) -> u32 { let (x, y) = tokio::join!(a.one(), a.two()); \
                tokio::select! { biased; Some(v) = rx.recv(), if x => { go(v).await } _ = sleep(D) \
                => y, else => 0 } }";
    let all = splits(text);
    let targets: Vec<&str> = all[0].suspensions.iter().map(|one| &*one.target).collect();
    assert_eq!(targets, ["join!", "go", "select!"]);
    assert_eq!(all[0].remote_ops.max, Some(3));
}

#[test]
fn locks_and_large_arrays_across_an_await_are_hazards() {
    let text = format!("{PRELUDE}{EXACT}");
    let all = splits(&text);
    let of = |name: &str| {
        let split = all.iter().find(|split| &*split.function == name).expect("a split");
        split.hazards.iter().map(|hazard| hazard.kind.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(of("locked"), ["lock-across-await"]);
    assert_eq!(of("array"), ["large-future"]);
    assert_eq!(of("timed"), Vec::<String>::new());
}

#[test]
fn sizes_of_futures_name_their_largest_parts() {
    let all = splits(
        "struct Head { id: u64, name: String, ok: bool }
async fn tick() {}
async fn f(head: Head, at: Option<u32>, s: &str, unknown: Other) {
    let buffer = [0u8; 4096];
    tick().await;
    drop((buffer, head, at, s, unknown));
}
",
    );
    let future = all.iter().find(|split| &*split.function == "f").unwrap().future.clone().unwrap();
    let largest: Vec<(&str, u64)> =
        future.largest.iter().map(|part| (&*part.name, part.bytes)).collect();
    assert_eq!(largest, [("buffer", 4096), ("head", 40), ("s", 16), ("at", 8)]);
    assert_eq!(future.at_least, 4096 + 40 + 16 + 8);
    assert_eq!(future.unknown.iter().map(|name| &**name).collect::<Vec<&str>>(), ["unknown"]);
}
