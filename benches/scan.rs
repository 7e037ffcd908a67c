//! What a project costs beside parsing it. The budgets: a cold scan, everything extracted and linked,
//! takes at most twice the time of parsing alone with the same parsers on the same cores; a save
//! becomes a snapshot within 100 ms on a million lines; a start from the cache takes a tenth of the
//! cold scan; a source line takes at most 2.5 kB.
//!
//! The Python corpus is the standard library of the host's `python3`, the Rust corpus this
//! repository's own sources; `METASCOPE_CORPUS=DIR` takes another folder for both.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use metascope::analyzers::link::{LinkInput, link};
use metascope::analyzers::{STACK_BYTES, SourceFile, extract};
use metascope::model::{Language, Project};
use metascope::workspace::{Event, Options, Workspace, scan};
use rayon::prelude::*;

fn stdlib() -> Option<PathBuf> {
    let code = "import sysconfig; print(sysconfig.get_path('stdlib'))";
    let output = Command::new("python3").args(["-c", code]).output().ok()?;
    let path = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    path.is_dir().then_some(path)
}

/// The texts a scan would read, with their module names left out: they do not matter for time.
fn texts(root: &Path, language: Language) -> Vec<SourceFile> {
    let walk = ignore::WalkBuilder::new(root).build().flatten();
    let files = walk.filter_map(|entry| {
        let path = entry.path().strip_prefix(root).ok()?.to_str()?.to_owned();
        (Language::of_path(&path)? == language).then_some(())?;
        let text = std::fs::read_to_string(entry.path()).ok()?;
        let module = path.trim_end_matches(".py").replace('/', ".").into();
        Some(SourceFile { path: path.into(), language, module, text: Arc::from(text) })
    });
    files.collect()
}

fn parse(file: &SourceFile) {
    match file.language {
        Language::Python => {
            black_box(ruff_python_parser::parse_unchecked_source(
                &file.text,
                ruff_python_ast::PySourceType::Python,
            ));
        }
        Language::Rust => {
            drop(black_box(syn::parse_file(&file.text)));
            proc_macro2::extra::invalidate_current_thread_spans();
        }
    }
}

fn input(project: &Project) -> LinkInput {
    LinkInput {
        root: project.root.clone(),
        files: project.files.clone(),
        manifests: Vec::new(),
        diagnostics: Vec::new(),
    }
}

/// What the process holds of the machine's memory, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// A copy of a corpus, watched. Times include the quiet time after a save.
struct Live {
    folder: tempfile::TempDir,
    edited: String,
    text: String,
    /// Whether each snapshot still waits for its link.
    snapshots: mpsc::Receiver<bool>,
    _workspace: Workspace,
}

impl Live {
    fn open(files: &[SourceFile], language: Language) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let full = folder.path().join(&*file.path);
            std::fs::create_dir_all(full.parent().unwrap()).unwrap();
            std::fs::write(full, &*file.text).unwrap();
        }
        let (sender, snapshots) = mpsc::channel();
        let total = files.len();
        let publish = move |event| {
            // The first scan publishes parts of the project, too.
            if let Event::Snapshot { project, .. } = event
                && project.files.len() >= total
            {
                let _ = sender.send(project.pending);
            }
        };
        let options = Options { lang: Some(language), ..Options::default() };
        let workspace = Workspace::open(folder.path(), options, publish).unwrap();
        while snapshots.recv().unwrap() {}
        let middle = &files[files.len() / 2];
        let (edited, text) = (middle.path.to_string(), middle.text.to_string());
        Self { folder, edited, text, snapshots, _workspace: workspace }
    }

    /// The times until a save is shown, and until it is linked.
    fn save(&mut self) -> (Duration, Duration) {
        // A comment before everything moves every line of the file.
        let comment = if self.edited.ends_with(".py") { "#\n" } else { "//\n" };
        self.text.insert_str(0, comment);
        std::fs::write(self.folder.path().join(&self.edited), &self.text).unwrap();
        let started = Instant::now();
        let mut is_pending = self.snapshots.recv().unwrap();
        let shown = started.elapsed();
        while is_pending {
            is_pending = self.snapshots.recv().unwrap();
        }
        (shown, started.elapsed())
    }
}

fn reading(criterion: &mut Criterion) {
    let cache = tempfile::tempdir().unwrap();
    // SAFETY: no other thread runs yet.
    unsafe { std::env::set_var("METASCOPE_CACHE_DIR", cache.path()) };
    let chosen = std::env::var_os("METASCOPE_CORPUS").map(PathBuf::from);
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let corpora = [
        ("python", Language::Python, chosen.clone().or_else(stdlib)),
        ("rust", Language::Rust, chosen.or(Some(own))),
    ];
    let pool = rayon::ThreadPoolBuilder::new().stack_size(STACK_BYTES).build().unwrap();
    for (name, language, root) in corpora {
        let Some(root) = root else {
            eprintln!("{name}: no corpus, skipped (is python3 there?)");
            continue;
        };
        let files = texts(&root, language);
        let lines: usize = files.iter().map(|file| file.text.lines().count()).sum();
        eprintln!("{name}: {} files, {lines} lines of {}", files.len(), root.display());
        let mut group = criterion.benchmark_group(name);
        group.sample_size(10).sampling_mode(SamplingMode::Flat);
        group.bench_function("parse alone", |bencher| {
            bencher.iter(|| pool.install(|| files.par_iter().for_each(parse)));
        });
        group.bench_function("extract", |bencher| {
            bencher.iter(|| {
                pool.install(|| files.par_iter().for_each(|file| drop(black_box(extract(file)))));
            });
        });
        let cold = Options { lang: Some(language), ..Options::default() };
        let before = resident();
        let Ok(first) = scan(&root, &cold, &|_| {}) else { continue };
        if let (Some(before), Some(after)) = (before, resident()) {
            let bytes = after.saturating_sub(before) as f64 / lines.max(1) as f64;
            eprintln!("{name}: {:.2} kB for each line", bytes / 1e3);
        }
        group.bench_function("link", |bencher| {
            let input = || input(&first.project);
            bencher.iter_with_large_drop(|| pool.install(|| link(input())));
        });
        group.bench_function("scan", |bencher| {
            bencher.iter_with_large_drop(|| scan(&root, &cold, &|_| {}));
        });
        let options = Options { cache: true, ..cold.clone() };
        group.bench_function("scan from the cache", |bencher| {
            bencher.iter_with_large_drop(|| scan(&root, &options, &|_| {}));
        });
        let mut live = Live::open(&files, language);
        group.bench_function("save shown", |bencher| {
            bencher.iter_custom(|times| (0..times).map(|_| live.save().0).sum());
        });
        group.bench_function("save linked", |bencher| {
            bencher.iter_custom(|times| (0..times).map(|_| live.save().1).sum());
        });
        drop(live);
        group.finish();
        let timed = |work: &dyn Fn()| {
            let started = Instant::now();
            work();
            started.elapsed().as_secs_f64()
        };
        let parsing = timed(&|| pool.install(|| files.par_iter().for_each(parse)));
        let scanning = timed(&|| drop(black_box(scan(&root, &cold, &|_| {}))));
        eprintln!("{name}: a scan costs {:.1} times the parsing alone", scanning / parsing);
    }
}

criterion_group!(benches, reading);
criterion_main!(benches);
