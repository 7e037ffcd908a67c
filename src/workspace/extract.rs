//! Extraction of many files at once, on threads with stacks deep enough for the parsers.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rayon::ThreadPool;
use rayon::prelude::*;

use super::cache::Cache;
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
    pub cached: bool,
    /// Of a Rust file: what the compiler says holds for one text alone.
    pub hash: Option<TextHash>,
}

/// The pool of extracting threads, started once.
pub fn pool() -> Option<&'static ThreadPool> {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    let build = || {
        rayon::ThreadPoolBuilder::new()
            .stack_size(analyzers::STACK_BYTES)
            .thread_name(|index| format!("extract-{index}"))
            .build()
            .ok()
    };
    POOL.get_or_init(build).as_ref()
}

/// Runs `work` on the extracting threads.
pub fn on_pool<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match pool() {
        Some(pool) => pool.install(work),
        None => work(),
    }
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
            return Extracted { wanted, facts: Err(problem), cached: false, hash: None };
        }
    };
    let hash = (wanted.language == Language::Rust).then(|| compiled::hash(&text));
    let key = cache.key(&wanted, &text);
    if let Some(facts) = cache.get(&key) {
        return Extracted { wanted, facts: Ok(facts), cached: true, hash };
    }
    let source = SourceFile {
        path: wanted.path.clone(),
        language: wanted.language,
        module: wanted.module.clone(),
        text,
    };
    let facts = Arc::new(analyzers::extract(&source));
    cache.put(key, &facts);
    Extracted { wanted, facts: Ok(facts), cached: false, hash }
}
