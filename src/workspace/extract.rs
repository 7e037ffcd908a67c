//! Extraction of many files at once, on threads with stacks deep enough for the parsers.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rayon::ThreadPool;
use rayon::prelude::*;

use super::cache::{Cache, Key};
use super::{compiled, read};
use crate::analyzers::{self, SourceFile};
use crate::model::{Diagnostic, FileFacts, Language, Name, TextHash};

/// One file to read and extract.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub path: Name,
    pub language: Language,
    pub module: Name,
}

/// What became of it.
pub struct Extracted {
    pub wanted: Wanted,
    /// The facts, or why there are none.
    pub facts: Result<Arc<FileFacts>, Diagnostic>,
    /// What the facts are kept under.
    pub key: Key,
    pub cached: bool,
    /// Of a Rust file: what the compiler says holds for one text alone.
    pub hash: Option<TextHash>,
}

impl Extracted {
    /// The key of the facts, or why there are none.
    pub fn key(&self) -> Result<&Key, &Diagnostic> {
        self.facts.as_ref().map(|_| &self.key)
    }
}

/// Runs `work` on the extracting threads, started once.
pub fn on_pool<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    run_on(&POOL, "extract", work)
}

/// Runs `work` on the linking threads: a saved file is extracted while a long link still runs.
pub fn link_on_pool<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    run_on(&POOL, "link", work)
}

fn run_on<T: Send>(
    pool: &OnceLock<Option<ThreadPool>>,
    name: &'static str,
    work: impl FnOnce() -> T + Send,
) -> T {
    let build = || {
        rayon::ThreadPoolBuilder::new()
            .stack_size(analyzers::STACK_BYTES)
            .thread_name(move |index| format!("{name}-{index}"))
            .build()
            .ok()
    };
    match pool.get_or_init(build) {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// The keys of files' facts as they are on disk, in the order given, or why a file cannot be read.
pub fn keys_of(root: &Path, wanted: &[Wanted], cache: &Cache) -> Vec<Result<Key, Diagnostic>> {
    let key = |wanted: &Wanted| {
        let text = read::read(&root.join(&*wanted.path), &wanted.path, wanted.language)?;
        Ok(cache.key(wanted, &text))
    };
    on_pool(|| wanted.par_iter().map(key).collect())
}

/// Reads and extracts files in parallel, in the order given; `done` is called after each.
pub fn extract_all(
    root: &Path,
    wanted: Vec<Wanted>,
    cache: &Cache,
    done: &(dyn Fn() + Sync),
) -> Vec<Extracted> {
    on_pool(|| {
        wanted
            .into_par_iter()
            .map(|wanted| {
                let extracted = extract_one(root, wanted, cache);
                done();
                extracted
            })
            .collect()
    })
}

fn extract_one(root: &Path, wanted: Wanted, cache: &Cache) -> Extracted {
    let text = match read::read(&root.join(&*wanted.path), &wanted.path, wanted.language) {
        Ok(text) => text,
        Err(problem) => {
            let key = Key::default();
            return Extracted { wanted, facts: Err(problem), key, cached: false, hash: None };
        }
    };
    let hash = (wanted.language == Language::Rust).then(|| compiled::hash(&text));
    let key = cache.key(&wanted, &text);
    if let Some(facts) = cache.get(&key) {
        return Extracted { wanted, facts: Ok(facts), key, cached: true, hash };
    }
    let source = SourceFile {
        path: wanted.path.clone(),
        language: wanted.language,
        module: wanted.module.clone(),
        text,
    };
    let facts = Arc::new(analyzers::extract(&source));
    cache.put(key, &facts);
    Extracted { wanted, facts: Ok(facts), key, cached: false, hash }
}
