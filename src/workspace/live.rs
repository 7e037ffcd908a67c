//! A project kept up to date on a thread of its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};

use super::cache::Cache;
use super::change::compare;
use super::dependencies::Installed;
use super::extract::{Extracted, Wanted, extract_all, on_pool};
use super::scan::{Survey, display_name};
use super::walk::{Found, Root};
use super::watch::{self, Batch, Watcher};
use super::{OpenError, Options, compiled};
use crate::analyzers::link::{LinkInput, Parts, link_compiled, outline};
use crate::model::{
    CacheCounts, Change, CompiledCalls, Diagnostic, FileEntry, FileFacts, FileStatus, Manifest,
    Name, Project, TextHash, Timings,
};

/// How the disk is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchMode {
    /// The system tells of changes.
    Native,
    /// It cannot, for this reason: the folder is compared every few seconds.
    Polling(String),
}

/// What a workspace tells.
#[derive(Debug, Clone)]
pub enum Event {
    /// Files read so far, of those to read.
    Progress {
        done: usize,
        total: usize,
    },
    /// A new snapshot, and what differs from the one before.
    Snapshot {
        project: Arc<Project>,
        change: Change,
    },
    Watching(WatchMode),
    /// The folder is gone; the last snapshot stays, and it is looked for again.
    Gone(String),
}

type Publish = Arc<dyn Fn(Event) + Send + Sync>;

enum Message {
    Batch(Batch),
    Compiled(Arc<CompiledCalls>),
    Stop,
}

/// Where a workspace is told what the compiler says.
#[derive(Clone)]
pub struct Inbox(Sender<Message>);

impl Inbox {
    /// Links again, with the compiler's rows for the files that have not changed since.
    pub fn compiled(&self, calls: Arc<CompiledCalls>) {
        let _ = self.0.send(Message::Compiled(calls));
    }
}

/// An open project; closes when dropped.
pub struct Workspace {
    root: Root,
    sender: Sender<Message>,
    thread: Option<JoinHandle<()>>,
}

/// How often the folder is compared when the system cannot watch it.
const POLL: Duration = Duration::from_secs(2);
/// The first partial snapshot of a long first scan comes after this; later ones ever more seldom.
const FIRST_PARTIAL: Duration = Duration::from_millis(100);
/// Files extracted between two looks at the clock.
const CHUNK: usize = 128;

impl Workspace {
    /// Opens a folder or file and returns at once; everything comes as events, from a thread.
    ///
    /// # Errors
    /// When the path does not exist, cannot be read or is no source.
    pub fn open(
        path: &Path,
        options: Options,
        events: impl Fn(Event) + Send + Sync + 'static,
    ) -> Result<Self, OpenError> {
        let root = Root::open(path)?;
        let (sender, receiver) = mpsc::channel();
        let (inner, publish): (_, Publish) = (root.clone(), Arc::new(events));
        let back = sender.clone();
        let run = move || Keeper::new(inner, options, publish).run(&receiver, &back);
        let thread = std::thread::Builder::new().name("workspace".into()).spawn(run).ok();
        Ok(Self { root, sender, thread })
    }

    /// The folder that paths are relative to.
    pub fn root(&self) -> &Path {
        &self.root.folder
    }

    pub fn inbox(&self) -> Inbox {
        Inbox(self.sender.clone())
    }

    /// Compares the whole folder now.
    pub fn refresh(&self) {
        let _ = self.sender.send(Message::Batch(Batch::Everything));
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        let _ = self.sender.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread's state: what is on disk as last seen, and the facts of each file.
struct Keeper {
    root: Root,
    options: Options,
    publish: Publish,
    cache: Cache,
    found: FxHashMap<Name, Found>,
    wanted: FxHashMap<Name, Wanted>,
    entries: FxHashMap<Name, FileEntry>,
    /// The last facts of each file that parsed whole.
    good: FxHashMap<Name, Arc<FileFacts>>,
    problems: FxHashMap<Name, Diagnostic>,
    /// The text each Rust file has.
    hashes: FxHashMap<Name, TextHash>,
    compiled: Option<Arc<CompiledCalls>>,
    walk_diagnostics: Vec<Diagnostic>,
    manifests: Vec<Manifest>,
    installed: Option<Installed>,
    project: Arc<Project>,
    counts: CacheCounts,
    timings: Timings,
}

impl Keeper {
    fn new(root: Root, options: Options, publish: Publish) -> Self {
        let cache = if options.cache { Cache::open(&root.folder) } else { Cache::off() };
        let installed = options.dependencies.then(|| Installed::of(&root.folder));
        Self {
            root,
            options,
            publish,
            cache,
            found: FxHashMap::default(),
            wanted: FxHashMap::default(),
            entries: FxHashMap::default(),
            good: FxHashMap::default(),
            problems: FxHashMap::default(),
            hashes: FxHashMap::default(),
            compiled: None,
            walk_diagnostics: Vec::new(),
            manifests: Vec::new(),
            installed,
            project: Arc::default(),
            counts: CacheCounts::default(),
            timings: Timings::default(),
        }
    }

    fn run(&mut self, messages: &Receiver<Message>, sender: &Sender<Message>) {
        let mut watcher = self.watch(sender);
        self.rescan(&[]);
        self.cache.save();
        let mut is_gone = false;
        loop {
            let message = if watcher.is_some() && !is_gone {
                messages.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                messages.recv_timeout(POLL)
            };
            let mut batch = match message {
                Ok(Message::Batch(batch)) => Some(batch),
                Ok(Message::Compiled(calls)) => {
                    self.compiled = Some(calls);
                    None
                }
                Err(RecvTimeoutError::Timeout) => Some(Batch::Everything),
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            };
            // What came while the last snapshot was made is one change, not one snapshot each.
            let (mut is_over, mut is_compiled) = (false, batch.is_none());
            for message in messages.try_iter() {
                match message {
                    Message::Batch(more) => {
                        batch = Some(match batch {
                            Some(batch) => batch.and(more),
                            None => more,
                        });
                    }
                    Message::Compiled(calls) => {
                        self.compiled = Some(calls);
                        is_compiled = true;
                    }
                    Message::Stop => is_over = true,
                }
            }
            if is_over {
                break;
            }
            if !self.root.folder.is_dir() {
                if !is_gone {
                    let place = self.root.folder.display();
                    (self.publish)(Event::Gone(format!("{place} is gone; waiting for it")));
                }
                (is_gone, watcher) = (true, None);
                continue;
            }
            if is_gone {
                is_gone = false;
                watcher = self.watch(sender);
            }
            let before = self.project.revision;
            if let Some(batch) = batch {
                self.refresh(batch);
            }
            if is_compiled && self.project.revision == before {
                self.relink(Vec::new(), false);
            }
        }
        self.cache.save();
    }

    fn watch(&self, sender: &Sender<Message>) -> Option<Watcher> {
        let sender = sender.clone();
        let started = watch::start(&self.root.folder, &self.options, move |batch| {
            let _ = sender.send(Message::Batch(batch));
        });
        let (watcher, mode) = match started {
            Ok(watcher) => (Some(watcher), WatchMode::Native),
            Err(error) => (None, WatchMode::Polling(error.to_string())),
        };
        (self.publish)(Event::Watching(mode));
        watcher
    }

    /// Brings the snapshot up to date after `batch`.
    fn refresh(&mut self, batch: Batch) {
        let paths = match batch {
            Batch::Everything => return self.rescan(&[]),
            Batch::Paths(paths) => paths,
        };
        let touched: Vec<Name> = paths.iter().filter_map(|path| self.root.relative(path)).collect();
        let known: Option<Vec<Wanted>> = touched
            .iter()
            .map(|path| self.wanted.get(path).cloned())
            .collect::<Option<Vec<_>>>()
            .filter(|_| paths.iter().all(|path| path.is_file()));
        match known {
            // The common case: an editor saved files we know.
            Some(wanted) => {
                let changed = self.extract(wanted, false);
                if !changed.is_empty() {
                    self.relink(changed, false);
                }
            }
            None => self.rescan(&touched),
        }
    }

    /// Walks the folder and reads what is new, what differs in size or time, and `touched`.
    fn rescan(&mut self, touched: &[Name]) {
        let started = Instant::now();
        let survey = Survey::take(&self.root, &self.options);
        let walked = started.elapsed();
        let found: FxHashMap<Name, Found> =
            survey.found.into_iter().map(|found| (found.path.clone(), found)).collect();
        let touched: FxHashSet<&Name> = touched.iter().collect();
        let is_new = |wanted: &Wanted| {
            touched.contains(&wanted.path)
                || self.found.get(&wanted.path) != found.get(&wanted.path)
                || self.wanted.get(&wanted.path).map(|known| &known.module) != Some(&wanted.module)
        };
        let changed: Vec<Wanted> =
            survey.wanted.iter().filter(|wanted| is_new(wanted)).cloned().collect();
        let wanted: FxHashMap<Name, Wanted> =
            survey.wanted.into_iter().map(|wanted| (wanted.path.clone(), wanted)).collect();
        let mut files: Vec<Name> =
            self.entries.keys().filter(|path| !wanted.contains_key(*path)).cloned().collect();
        for path in &files {
            self.entries.remove(path);
            self.problems.remove(path);
            self.good.remove(path);
        }
        let manifests_changed = self.manifests != survey.manifests;
        self.found = found;
        self.wanted = wanted;
        self.manifests = survey.manifests;
        self.walk_diagnostics = survey.diagnostics;
        let is_first = self.project.revision == 0;
        files.extend(self.extract(changed, is_first));
        if is_first || manifests_changed || !files.is_empty() {
            let ms = |time: Duration| time.as_secs_f64() * 1e3;
            self.timings.walk = ms(walked);
            self.timings.extract = ms(started.elapsed() - walked);
            self.relink(files, is_first);
        }
    }

    /// Reads and extracts; returns the files whose facts really changed.
    fn extract(&mut self, wanted: Vec<Wanted>, with_partials: bool) -> Vec<Name> {
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

    /// A file that no longer parses keeps its last good facts, with its errors shown.
    fn keep_good(&mut self, path: &Name, facts: Arc<FileFacts>) -> (Arc<FileFacts>, FileStatus) {
        if !facts.broken {
            self.good.insert(path.clone(), facts.clone());
            return (facts, FileStatus::Fresh);
        }
        match self.good.get(path) {
            Some(good) => {
                let mut kept = FileFacts::clone(good);
                kept.diagnostics.clone_from(&facts.diagnostics);
                kept.broken = true;
                (Arc::new(kept), FileStatus::Stale)
            }
            None => (facts, FileStatus::Stale),
        }
    }

    /// All that is known of the files.
    fn link_input(&self) -> LinkInput {
        let mut files: Vec<FileEntry> = self.entries.values().cloned().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut diagnostics = self.walk_diagnostics.clone();
        diagnostics.extend(self.problems.values().cloned());
        let manifests = self.manifests.clone();
        LinkInput { root: display_name(&self.root), files, manifests, diagnostics }
    }

    /// Publishes what the files read so far say on their own; it names no changed files.
    fn publish_outline(&mut self) {
        let mut project = outline(self.link_input());
        project.revision = self.project.revision + 1;
        self.project = Arc::new(project);
        let (project, change) = (self.project.clone(), Change::default());
        (self.publish)(Event::Snapshot { project, change });
    }

    /// Links all facts and publishes the snapshot; `is_first` when nothing was linked before.
    fn relink(&mut self, changed: Vec<Name>, is_first: bool) {
        let started = Instant::now();
        let input = self.link_input();
        let compiled =
            self.compiled.as_deref().map(|compiled| compiled::current(compiled, &self.hashes));
        let compiled = compiled.as_ref();
        let mut project = match &mut self.installed {
            Some(installed) => installed.link(input, Parts::ALL, &self.cache, compiled),
            None => on_pool(|| link_compiled(input, Parts::ALL, compiled)),
        };
        project.revision = self.project.revision + 1;
        project.cache = self.counts;
        let link = started.elapsed().as_secs_f64() * 1e3;
        let Timings { walk, extract, .. } = self.timings;
        project.timings = Timings { walk, extract, link, total: walk + extract + link };
        // Nothing is "new" in the first snapshot: the user has seen nothing yet.
        let change = if is_first {
            Change { files: changed, ..Change::default() }
        } else {
            compare(&self.project, &project, changed)
        };
        self.project = Arc::new(project);
        (self.publish)(Event::Snapshot { project: self.project.clone(), change });
    }
}
