//! Which files are read again, and what of a broken one stays.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{Event, Keeper};
use crate::model::{FileEntry, FileFacts, FileStatus, LanguageFacts, Name};
use crate::workspace::extract::{Extracted, Wanted, extract_all};

/// The first partial snapshot of a long first scan comes after this; later ones ever more seldom.
const FIRST_PARTIAL: Duration = Duration::from_millis(100);
/// Files extracted between two looks at the clock.
const CHUNK: usize = 128;

impl Keeper {
    /// Reads and extracts; returns the files whose facts really changed.
    pub(super) fn extract(&mut self, wanted: Vec<Wanted>, with_partials: bool) -> Vec<Name> {
        let total = wanted.len();
        let (started, done) = (Instant::now(), AtomicUsize::new(0));
        let mut next_partial = FIRST_PARTIAL;
        let mut changed = Vec::new();
        let publish = self.publish.clone();
        for chunk in wanted.chunks(CHUNK) {
            let extracted = extract_all(&self.root.folder, chunk.to_vec(), &self.cache, &|| {
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                if total > 1 && (done.is_multiple_of(64) || done == total) {
                    publish(Event::Progress { done, total });
                }
            });
            for file in extracted {
                self.counts.hits += u32::from(file.cached);
                self.counts.misses += u32::from(!file.cached);
                let path = file.wanted.path.clone();
                if self.accept(file) {
                    changed.push(path);
                }
            }
            // What was read is shown before it is linked: the last of a long reading always.
            if with_partials && started.elapsed() > next_partial {
                self.publish_outline();
                next_partial = started.elapsed() * 2;
            }
        }
        changed
    }

    /// Takes in one file; whether anything differs from before.
    fn accept(&mut self, file: Extracted) -> bool {
        let Wanted { path, language, .. } = file.wanted;
        match file.hash {
            Some(hash) => self.hashes.insert(path.clone(), hash),
            None => self.hashes.remove(&path),
        };
        self.keys.insert(path.clone(), file.key);
        let before = self.entries.get(&path);
        let entry = match file.facts {
            Ok(facts) => {
                self.problems.remove(&path);
                if before.and_then(|entry| entry.facts.as_ref()) == Some(&facts) {
                    return false;
                }
                let (facts, status) = self.keep_good(&path, facts);
                FileEntry {
                    path: path.clone(),
                    language,
                    lines: facts.lines,
                    status,
                    facts: Some(facts),
                }
            }
            Err(problem) => {
                let same = self.problems.get(&path) == Some(&problem);
                self.problems.insert(path.clone(), problem);
                if same {
                    return false;
                }
                let status = FileStatus::Unread;
                FileEntry { path: path.clone(), language, lines: 0, status, facts: None }
            }
        };
        self.entries.insert(path, entry);
        true
    }

    /// A file that no longer parses keeps its last good facts, with its errors shown. Of a Rust
    /// file all but the broken functions' bodies is read, and fresh.
    fn keep_good(&mut self, path: &Name, facts: Arc<FileFacts>) -> (Arc<FileFacts>, FileStatus) {
        if !facts.broken {
            self.good.insert(path.clone(), facts.clone());
            return (facts, FileStatus::Fresh);
        }
        match self.good.get(path) {
            Some(good) if is_nearly_whole(&facts, good) => (facts, FileStatus::Stale),
            Some(good) => {
                let mut kept = FileFacts::clone(good);
                kept.diagnostics.clone_from(&facts.diagnostics);
                kept.broken = true;
                (Arc::new(kept), FileStatus::Stale)
            }
            None => (facts, FileStatus::Stale),
        }
    }
}

/// Whether what could be read of a broken file has nearly all that the whole one had.
fn is_nearly_whole(facts: &FileFacts, good: &FileFacts) -> bool {
    match (&facts.body, &good.body) {
        (LanguageFacts::Rust(_), LanguageFacts::Rust(_)) => {
            facts.symbols.len() * 10 + 10 >= good.symbols.len() * 9 && !facts.symbols.is_empty()
        }
        _ => false,
    }
}
