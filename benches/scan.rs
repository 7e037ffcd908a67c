//! What reading a project costs beside parsing it: the budget for a cold scan, everything extracted
//! and linked, is twice the time of parsing alone with the same parsers on the same cores.
//!
//! The Python corpus is the standard library of the host's `python3`, the Rust corpus this
//! repository's own sources; `METASCOPE_CORPUS=DIR` takes another folder for both.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use metascope::analyzers::{STACK_BYTES, SourceFile, extract};
use metascope::model::Language;
use metascope::workspace::{Options, scan};
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

fn reading(criterion: &mut Criterion) {
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
        let options = Options { lang: Some(language), ..Options::default() };
        group.bench_function("scan", |bencher| {
            bencher.iter(|| scan(&root, &options, &|_| {}).map(|scan| scan.project.counts()));
        });
        group.finish();
    }
}

criterion_group!(benches, reading);
criterion_main!(benches);
