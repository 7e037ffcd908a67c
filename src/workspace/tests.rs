//! Projects as they are found: broken, huge, nested, ignored, and changing while open.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{Event, Options, Scan, Workspace, scan};
use crate::analyzers::link::Parts;
use crate::model::{Change, Project};

fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(folder.path(), path, text.as_bytes());
    }
    folder
}

fn write(root: &Path, path: &str, bytes: &[u8]) {
    let full = root.join(path);
    fs::create_dir_all(full.parent().unwrap()).unwrap();
    fs::write(full, bytes).unwrap();
}

fn scanned(root: &Path, options: &Options) -> Scan {
    scan(root, options, &|_| {}).unwrap()
}

fn paths(scan: &Scan) -> Vec<&str> {
    scan.project.files.iter().map(|file| &*file.path).collect()
}

#[test]
fn ignored_hidden_and_vendored_folders_are_left_out_unless_asked_for() {
    let folder = project(&[
        (".gitignore", "generated/\n"),
        ("a.py", ""),
        ("generated/g.py", ""),
        (".hidden/h.py", ""),
        ("node_modules/n.py", ""),
        ("venv/pyvenv.cfg", ""),
        ("venv/v.py", ""),
        ("vendor/dep/.cargo-checksum.json", "{}"),
        ("vendor/dep/src/lib.rs", ""),
        ("src/lib.rs", ""),
    ]);
    assert_eq!(paths(&scanned(folder.path(), &Options::default())), ["a.py", "src/lib.rs"]);
    let all = scanned(folder.path(), &Options { no_ignore: true, ..Options::default() });
    assert_eq!(all.project.files.len(), 7);
}

#[test]
fn any_bytes_give_a_diagnostic_and_nothing_worse() {
    let folder = project(&[
        ("empty.py", ""),
        ("good.py", "def f(): pass\n"),
        ("broken.py", "def ok(): pass\ndef broken(:\n    x = = 1\n"),
        ("broken.rs", "fn f( {"),
    ]);
    let root = folder.path();
    write(root, "binary.py", b"\x7fELF\0\0");
    write(root, "latin.rs", b"// \xe9\n");
    for (name, open, close) in [("paren", "(", ")"), ("list", "[", "]"), ("minus", "-", "")] {
        let deep = format!("x = {}1{}\n", open.repeat(100_000), close.repeat(100_000));
        write(root, &format!("deep_{name}.py"), deep.as_bytes());
    }
    let blocks: String = (0..90).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect();
    write(root, "blocks.py", format!("{blocks}{}pass\n", " ".repeat(90)).as_bytes());
    for (name, open, close) in [("paren", "(", ")"), ("block", "{", "}"), ("generic", "Vec<", ">")]
    {
        let deep = format!("type T = {}u8{};\n", open.repeat(100_000), close.repeat(100_000));
        write(root, &format!("deep_{name}.rs"), deep.as_bytes());
    }
    write(root, "huge.py", &vec![b'#'; 17 << 20]);
    std::os::unix::fs::symlink(root, root.join("loop")).unwrap();
    std::os::unix::fs::symlink("nowhere", root.join("dangling.py")).unwrap();

    let scan = scanned(root, &Options::default());
    let codes: Vec<String> = scan
        .project
        .diagnostics
        .iter()
        .map(|diagnostic| format!("{} {}", diagnostic.file, diagnostic.code))
        .collect();
    for expected in [
        "binary.py binary",
        "broken.py syntax-error",
        "broken.rs syntax-error",
        "deep_block.rs too-nested",
        "deep_generic.rs too-nested",
        "deep_list.py too-nested",
        "deep_minus.py too-nested",
        "deep_paren.py too-nested",
        "deep_paren.rs too-nested",
        "huge.py too-large",
        "latin.rs not-utf8",
    ] {
        assert!(codes.iter().any(|code| code == expected), "no {expected} in {codes:#?}");
    }
    let clean = ["empty.py", "good.py", "blocks.py"];
    assert!(
        !codes.iter().any(|code| clean.iter().any(|name| code.starts_with(name))),
        "{codes:#?}"
    );
    assert!(!scan.project.symbols_named("broken.ok").is_empty(), "what parses is still read");
}

#[test]
fn one_file_can_be_opened_and_knows_its_package() {
    let folder =
        project(&[("pkg/__init__.py", ""), ("pkg/mod.py", "def f(): pass\n"), ("pkg/b.py", "")]);
    let scan = scanned(&folder.path().join("pkg/mod.py"), &Options::default());
    assert_eq!(paths(&scan), ["mod.py"]);
    assert!(!scan.project.symbols_named("pkg.mod.f").is_empty());
}

#[test]
fn what_is_no_project_is_refused() {
    let folder = project(&[("notes.txt", "")]);
    let refused = |path: &Path| scan(path, &Options::default(), &|_| {}).err().unwrap().to_string();
    assert!(refused(&folder.path().join("gone")).ends_with("no such file or folder"));
    assert!(refused(&folder.path().join("notes.txt")).contains("not a Python or Rust source"));
}

/// A workspace whose events can be waited for.
struct Live {
    workspace: Workspace,
    events: Receiver<Event>,
    latest: Arc<Project>,
    change: Change,
}

impl Live {
    fn open(root: &Path) -> Self {
        Self::open_with(root, Duration::from_secs(60))
    }

    /// Saves whose link would take longer than `patience` are shown before it.
    fn open_with(root: &Path, patience: Duration) -> Self {
        let (sender, events) = mpsc::channel();
        let send = move |event| drop(sender.send(event));
        let workspace = Workspace::open_with(root, Options::default(), patience, send).unwrap();
        let mut live =
            Self { workspace, events, latest: Arc::default(), change: Change::default() };
        live.until("the first snapshot", |project| project.revision > 0 && !project.pending);
        live
    }

    fn until(&mut self, what: &str, is_so: impl Fn(&Project) -> bool) {
        self.until_event(what, |event| match event {
            Event::Snapshot { project, .. } => is_so(project),
            _ => false,
        });
    }

    fn until_event(&mut self, what: &str, is_so: impl Fn(&Event) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(event) = self.events.recv_timeout(left) else { panic!("never came: {what}") };
            if let Event::Snapshot { project, change } = &event {
                self.latest = project.clone();
                self.change = change.clone();
            }
            if is_so(&event) {
                return;
            }
        }
    }
}

fn has(name: &'static str) -> impl Fn(&Project) -> bool {
    move |project| !project.symbols_named(name).is_empty()
}

#[test]
fn saves_renames_and_deletions_are_followed() {
    let folder = project(&[("a.py", "def one(): pass\n"), ("sub/b.py", "def b(): pass\n")]);
    let root = folder.path();
    let mut live = Live::open(root);
    assert_eq!(live.workspace.root(), root.canonicalize().unwrap());

    write(root, "a.py", b"def two(): pass\n");
    live.until("a save in place", has("a.two"));
    assert_eq!(live.change.files, ["a.py".into()]);

    write(root, ".a.py.swp", b"def three(): pass\n");
    fs::rename(root.join(".a.py.swp"), root.join("a.py")).unwrap();
    live.until("write and rename", has("a.three"));

    write(root, "new/c.py", b"def c(): pass\n");
    live.until("a new folder", has("new.c.c"));

    fs::remove_dir_all(root.join("sub")).unwrap();
    live.until("a removed folder", |project| !has("sub.b.b")(project));

    for number in 0..1000 {
        write(root, &format!("many/m{number}.py"), format!("def f{number}(): pass\n").as_bytes());
    }
    live.until("a thousand files", |project| project.files.len() == 1002);
}

#[test]
fn a_broken_file_keeps_its_last_good_facts() {
    let folder = project(&[("a.py", "def one(): pass\ndef two(): pass\n")]);
    let mut live = Live::open(folder.path());
    write(folder.path(), "a.py", b"def one(: pass\ndef two(): pass\n");
    live.until("the error", |project| !project.diagnostics.is_empty());
    assert!(has("a.one")(&live.latest) && has("a.two")(&live.latest));
    assert_eq!(live.latest.files[0].status, crate::model::FileStatus::Stale);
    write(folder.path(), "a.py", b"def three(): pass\n");
    live.until("the repair", |project| project.diagnostics.is_empty() && has("a.three")(project));
}

#[test]
fn all_but_the_broken_function_of_a_rust_file_stays_fresh() {
    let folder = project(&[
        ("Cargo.toml", "[package]\nname = \"p\"\n"),
        ("src/lib.rs", "pub fn one() {\n    two();\n}\npub fn two() {\n}\n"),
    ]);
    let mut live = Live::open(folder.path());
    let text =
        "pub fn new_one() {\n    two(;\n}\npub fn two() {\n    three();\n}\npub fn three() {\n}\n";
    write(folder.path(), "src/lib.rs", text.as_bytes());
    live.until("the error", |project| !project.diagnostics.is_empty());
    let project = &live.latest;
    assert!(has("p::new_one")(project) && has("p::three")(project) && !has("p::one")(project));
    assert_eq!(project.files[0].status, crate::model::FileStatus::Stale);
    let codes: Vec<(u32, &str)> =
        project.diagnostics.iter().map(|found| (found.line, &*found.code)).collect();
    assert!(codes.contains(&(1, "left-out")), "{codes:?}");
}

#[test]
fn a_deleted_folder_is_waited_for() {
    let outer = project(&[("p/a.py", "def one(): pass\n")]);
    let root = outer.path().join("p");
    let mut live = Live::open(&root);
    fs::remove_dir_all(&root).unwrap();
    live.until_event("the folder's end", |event| matches!(event, Event::Gone(_)));
    write(&root, "a.py", b"def back(): pass\n");
    live.until("the folder's return", has("a.back"));
    write(&root, "a.py", b"def again(): pass\n");
    live.until("a save after the return", has("a.again"));
}

#[test]
fn the_cache_gives_the_same_facts() {
    let folder = project(&[("a.py", "import os\n\ndef one(): return os.getcwd()\n")]);
    let cache_folder = tempfile::tempdir().unwrap();
    let open = || super::cache::Cache::open_in(cache_folder.path(), folder.path());
    let wanted = super::extract::Wanted {
        path: "a.py".into(),
        language: crate::model::Language::Python,
        module: "a".into(),
    };
    let extract = |cache: &super::cache::Cache| {
        let mut all =
            super::extract::extract_all(folder.path(), vec![wanted.clone()], cache, &|| {});
        all.pop().unwrap()
    };
    let first = open();
    let cold = extract(&first);
    first.save();
    let warm = extract(&open());
    assert!(!cold.cached && warm.cached);
    assert_eq!(cold.facts.unwrap(), warm.facts.unwrap());
    write(folder.path(), "a.py", b"x = 1\n");
    assert!(!extract(&open()).cached, "other content is another key");
}

#[test]
fn installed_packages_are_read_as_far_as_imports_reach_and_not_shown() {
    let site = ".venv/lib/python3.12/site-packages";
    let folder = project(&[
        (
            "app.py",
            "from dataclasses import dataclass\nfrom dep import Base, helper, run\n\
             @dataclass\nclass Mine(Base):\n    own: int\n\
             def callback(): pass\ndef f():\n    helper()\n    run(callback)\n",
        ),
        (".venv/pyvenv.cfg", ""),
        (&format!("{site}/dep/__init__.py"), "from .core import Base, helper, run\n"),
        (
            &format!("{site}/dep/core.py"),
            "from dataclasses import dataclass\nfrom far import deep\n@dataclass\nclass Base:\n    \
             inherited: str\ndef helper():\n    deep()\ndef run(f):\n    f()\n",
        ),
        (&format!("{site}/far.py"), "def deep(): pass\n"),
        (&format!("{site}/unrelated.py"), "def never(): pass\n"),
    ]);
    let edges = |scan: &Scan| {
        let graph = &scan.project.calls;
        let name = |id: u32| graph.nodes[id as usize].name.to_string();
        let pairs = graph.edges.iter().map(|edge| format!("{} {}", name(edge.from), name(edge.to)));
        pairs.collect::<Vec<_>>()
    };
    let fields = |scan: &Scan| {
        let mine = scan.project.schemas.iter().find(|schema| &*schema.name == "app.Mine").unwrap();
        mine.fields.iter().map(|field| field.name.to_string()).collect::<Vec<_>>()
    };
    let alone = scanned(folder.path(), &Options::default());
    assert_eq!(fields(&alone), ["own"]);
    let scan = scanned(folder.path(), &Options { dependencies: true, ..Options::default() });
    assert_eq!(paths(&scan), ["app.py"]);
    assert!(scan.project.symbols.iter().all(|symbol| &*symbol.file == "app.py"));
    assert_eq!(fields(&scan), ["inherited", "own"]);
    let edges = edges(&scan);
    assert!(edges.contains(&"app.f dep.core.helper".into()), "{edges:?}");
    assert!(edges.contains(&"dep.core.run app.callback".into()), "{edges:?}");
    assert!(!edges.iter().any(|edge| edge.ends_with("far.deep")), "{edges:?}");
    assert!(scan.project.diagnostics.is_empty(), "{:?}", scan.project.diagnostics);

    let bare = project(&[("a.py", "import dep\n")]);
    let scan = scanned(bare.path(), &Options { dependencies: true, ..Options::default() });
    assert_eq!(&*scan.project.diagnostics[0].code, "dependencies");
}

#[track_caller]
fn assert_same_rows(left: &Project, right: &Project) {
    assert_eq!(left.symbols, right.symbols);
    assert_eq!(left.diagnostics, right.diagnostics);
    assert_eq!(left.registries, right.registries);
    assert_eq!(left.schemas, right.schemas);
    assert_eq!(left.calls, right.calls);
    assert_eq!(left.entities, right.entities);
    assert_eq!(left.splits, right.splits);
    assert_eq!(left.flows, right.flows);
    assert_eq!(left.tasks, right.tasks);
    assert_eq!(left.workflows, right.workflows);
    assert_eq!(left.findings, right.findings);
    let files = |project: &Project| -> Vec<String> {
        let row = |file: &crate::model::FileEntry| {
            format!("{} {:?} {:?} {}", file.path, file.language, file.status, file.lines)
        };
        project.files.iter().map(row).collect()
    };
    assert_eq!(files(left), files(right));
}

fn copy_samples(to: &Path) -> Vec<String> {
    let from = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut paths = Vec::new();
    let mut folders = vec![from.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let inner = path.strip_prefix(&from).unwrap().to_str().unwrap().to_owned();
            write(to, &inner, &fs::read(&path).unwrap());
            paths.push(inner);
        }
    }
    paths.sort();
    paths
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % end.max(1)
    }
}

/// What people do to a line of source.
fn edited(text: &str, numbers: &mut Numbers) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = numbers.below(lines.len());
    let until = (at + 1 + numbers.below(4)).min(lines.len());
    match numbers.below(5) {
        0 => lines.insert(at, String::new()),
        1 => drop(lines.drain(at..until)),
        2 => {
            let copied = lines[at..until].to_vec();
            lines.splice(at..at, copied);
        }
        3 => lines.swap(at, until - 1),
        _ => {
            let line = &mut lines[at];
            *line = line.replacen("self", "this", 1).replacen("def ", "async def ", 1);
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn whatever_is_edited_ends_in_what_a_fresh_scan_says() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let mut sources = copy_samples(root);
    sources.retain(|path| path.ends_with(".py") || path.ends_with(".rs"));
    // Each save is shown before it is linked.
    let mut live = Live::open_with(root, Duration::ZERO);
    assert_same_rows(&live.latest, &scanned(root, &Options::default()).project);
    let mut numbers = Numbers(7);
    for round in 0..6 {
        for _ in 0..=numbers.below(4) {
            let path = &sources[numbers.below(sources.len())];
            let text = fs::read_to_string(root.join(path)).unwrap();
            // A file that does not parse keeps what it said before: a fresh scan knows nothing of it.
            let text = edited(&text, &mut numbers);
            let language = crate::model::Language::of_path(path).unwrap();
            let source = crate::analyzers::SourceFile {
                path: path.as_str().into(),
                language,
                module: "m".into(),
                text: text.as_str().into(),
            };
            if !super::on_pool(|| crate::analyzers::extract(&source)).broken {
                write(root, path, text.as_bytes());
                std::thread::sleep(Duration::from_millis(numbers.below(120) as u64));
            }
        }
        let name = format!("last_{round}");
        write(root, &format!("{name}.py"), b"def last(): pass\n");
        let symbol = format!("{name}.last");
        live.until("the last edit, shown at once", |project| {
            !project.symbols_named(&symbol).is_empty()
        });
        assert!(live.latest.pending);
        live.until("all edits, linked", |project| !project.pending);
        assert!(!live.latest.symbols_named(&symbol).is_empty());
        assert_same_rows(&live.latest, &scanned(root, &Options::default()).project);
    }
}

#[test]
fn a_save_that_is_not_linked_yet_keeps_the_other_rows() {
    let folder = project(&[
        ("a.py", "class A:\n    x: int\n\n\ndef one(): return A()\n"),
        ("b.py", "from a import one\n\n\ndef two(): one()\n"),
    ]);
    let mut live = Live::open_with(folder.path(), Duration::ZERO);
    let before = live.latest.clone();
    write(folder.path(), "a.py", b"class A:\n    x: int\n\n\ndef uno(): return A()\n");
    live.until("the save", has("a.uno"));
    let pending = live.latest.clone();
    assert!(pending.pending && !has("a.one")(&pending));
    assert!(pending.calls.is(&before.calls) && pending.schemas.is(&before.schemas));
    assert_eq!(pending.symbols_in(0).map(|it| &*it.name).collect::<Vec<_>>(), ["a.A", "a.uno"]);
    live.until("its link", |project| !project.pending);
    assert!(live.latest.calls.find("a.uno").is_some() && live.latest.calls.find("a.one").is_none());
    assert!(live.change.files.contains(&"a.py".into()));
}

#[test]
fn kept_rows_are_what_was_linked() {
    let folder = tempfile::tempdir().unwrap();
    let kept = tempfile::tempdir().unwrap();
    copy_samples(folder.path());
    let linked = scanned(folder.path(), &Options::default()).project;
    let (path, changed) = ("a.py".into(), "b.py".into());
    let made = |path| super::rows::Made {
        root: "p",
        files: vec![(path, Ok([1; 16]))],
        manifests: &[],
        diagnostics: &[],
    };
    let open = |path| super::rows::Rows::of_in(kept.path(), folder.path(), &made(path));
    let load = |path| open(path).load(Parts::ALL);
    assert!(load(&path).is_none());
    let some = Parts { findings: true, ..Parts::NONE };
    open(&path).save(&linked, some);
    assert!(load(&path).is_none(), "not all rows were kept");
    assert_eq!(open(&path).load(some).unwrap().findings, linked.findings);
    open(&path).save(&linked, Parts::ALL);
    let loaded = load(&path).unwrap();
    assert_same_rows(&loaded, &linked);
    for (loaded, linked) in loaded.flows.iter().zip(&linked.flows) {
        assert_eq!(loaded.program, linked.program);
    }
    assert!(load(&changed).is_none(), "rows of another state");
    for entry in fs::read_dir(kept.path()).unwrap().flatten() {
        let mut bytes = fs::read(entry.path()).unwrap();
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
        fs::write(entry.path(), bytes).unwrap();
    }
    assert!(load(&path).is_none(), "damaged rows");
}
