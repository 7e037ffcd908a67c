//! A project kept up to date on a thread of its own.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};

use super::cache::{Cache, Key};
use super::change::compare;
use super::dependencies::Installed;
use super::extract::{Extracted, Wanted, extract_all, keys_of, link_on_pool};
use super::rows::{Made, Rows};
use super::scan::{Survey, display_name};
use super::walk::{Found, Root};
use super::watch::{self, Batch, Watcher};
use super::{OpenError, Options, compiled};
use crate::analyzers::link::{LinkInput, Parts, freshen, link_compiled, outline};
use crate::model::{
    CacheCounts, Change, CompiledCalls, Diagnostic, FileEntry, FileFacts, FileStatus,
    LanguageFacts, Manifest, Name, Project, TextHash, Timings,
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
    /// A whole link that ran beside is done.
    Linked(Box<Linked>),
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

/// A whole snapshot, and what differs from the one linked before.
struct Linked {
    project: Project,
    change: Change,
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
/// Rows are kept for the next start when nothing was saved for so long.
const SETTLED: Duration = Duration::from_secs(3);
/// A save is linked whole before it is shown when that took no longer than this the last time;
/// else the saved files' own rows are shown first.
const PATIENCE: Duration = Duration::from_millis(50);

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
        Self::open_with(path, options, PATIENCE, events)
    }

    pub(super) fn open_with(
        path: &Path,
        options: Options,
        patience: Duration,
        events: impl Fn(Event) + Send + Sync + 'static,
    ) -> Result<Self, OpenError> {
        let root = Root::open(path)?;
        let (sender, receiver) = mpsc::channel();
        let publish: Publish = Arc::new(events);
        let keeper = Keeper::new(root.clone(), options, patience, publish, sender.clone());
        let run = move || keeper.run(&receiver);
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
    cache: Arc<Cache>,
    found: FxHashMap<Name, Found>,
    wanted: FxHashMap<Name, Wanted>,
    entries: FxHashMap<Name, FileEntry>,
    /// The last facts of each file that parsed whole.
    good: FxHashMap<Name, Arc<FileFacts>>,
    problems: FxHashMap<Name, Diagnostic>,
    /// The text each Rust file has.
    hashes: FxHashMap<Name, TextHash>,
    compiled: Option<Arc<CompiledCalls>>,
    /// What each file's facts are kept under.
    keys: FxHashMap<Name, Key>,
    walk_diagnostics: Vec<Diagnostic>,
    manifests: Vec<Manifest>,
    installed: Option<Arc<Mutex<Installed>>>,
    /// What was published last.
    project: Arc<Project>,
    /// What was linked whole last, if anything was.
    linked: Option<Arc<Project>>,
    /// Whether a link runs beside.
    is_linking: bool,
    /// Whether the rows of the last whole link are on disk, or never will be.
    is_kept: bool,
    /// Files that changed since the facts were last given to a link, and whether anything did.
    unlinked: Vec<Name>,
    is_dirty: bool,
    /// How long a save may wait for the whole link.
    patience: Duration,
    sender: Sender<Message>,
    counts: CacheCounts,
    timings: Timings,
}

impl Keeper {
    fn new(
        root: Root,
        options: Options,
        patience: Duration,
        publish: Publish,
        sender: Sender<Message>,
    ) -> Self {
        let cache = if options.cache { Cache::open(&root.folder) } else { Cache::off() };
        let installed =
            options.dependencies.then(|| Arc::new(Mutex::new(Installed::of(&root.folder))));
        Self {
            root,
            options,
            publish,
            cache: Arc::new(cache),
            found: FxHashMap::default(),
            wanted: FxHashMap::default(),
            entries: FxHashMap::default(),
            good: FxHashMap::default(),
            problems: FxHashMap::default(),
            hashes: FxHashMap::default(),
            compiled: None,
            keys: FxHashMap::default(),
            walk_diagnostics: Vec::new(),
            manifests: Vec::new(),
            installed,
            project: Arc::default(),
            linked: None,
            is_linking: false,
            unlinked: Vec::new(),
            is_dirty: false,
            is_kept: true,
            patience,
            sender,
            counts: CacheCounts::default(),
            timings: Timings::default(),
        }
    }

    fn run(mut self, messages: &Receiver<Message>) {
        let mut watcher = self.watch();
        self.rescan(&[]);
        self.cache.save();
        let mut is_gone = false;
        loop {
            let message = if watcher.is_none() || is_gone {
                messages.recv_timeout(POLL)
            } else if self.is_kept || self.is_linking {
                messages.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                match messages.recv_timeout(SETTLED) {
                    Err(RecvTimeoutError::Timeout) => {
                        self.keep_rows();
                        continue;
                    }
                    other => other,
                }
            };
            let mut batch = None;
            let (mut is_over, mut compiled) = (false, None);
            let mut take = |message| match message {
                // What came while the last snapshot was made is one change, not one snapshot each.
                Message::Batch(more) => {
                    batch = Some(batch.take().map_or(more.clone(), |batch: Batch| batch.and(more)));
                    None
                }
                Message::Linked(linked) => Some(linked),
                Message::Compiled(calls) => {
                    compiled = Some(calls);
                    None
                }
                Message::Stop => {
                    is_over = true;
                    None
                }
            };
            let mut linked = match message {
                Ok(message) => take(message),
                Err(RecvTimeoutError::Timeout) => take(Message::Batch(Batch::Everything)),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            for message in messages.try_iter() {
                linked = take(message).or(linked);
            }
            if is_over {
                break;
            }
            if let Some(linked) = linked {
                self.finish(*linked);
            }
            let is_compiled = compiled.is_some();
            self.compiled = compiled.or(self.compiled.take());
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
                watcher = self.watch();
            }
            let before = self.project.revision;
            if let Some(batch) = batch {
                self.refresh(batch);
            }
            if is_compiled && self.project.revision == before {
                self.relink(Vec::new());
            }
        }
        self.cache.save();
    }

    fn watch(&self) -> Option<Watcher> {
        let sender = self.sender.clone();
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
                    self.relink(changed);
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
            self.keys.remove(path);
            self.good.remove(path);
        }
        let manifests_changed = self.manifests != survey.manifests;
        self.found = found;
        self.wanted = wanted;
        self.manifests = survey.manifests;
        self.timings.walk = walked.as_secs_f64() * 1e3;
        self.walk_diagnostics = survey.diagnostics;
        let is_first = self.linked.is_none() && self.project.revision == 0;
        if is_first && self.keeps_rows() && Rows::are_kept(&self.root.folder) && self.warm(&changed)
        {
            return;
        }
        files.extend(self.extract(changed, is_first));
        if is_first || manifests_changed || !files.is_empty() {
            let ms = |time: Duration| time.as_secs_f64() * 1e3;
            self.timings.walk = ms(walked);
            self.timings.extract = ms(started.elapsed() - walked);
            self.relink(files);
        }
    }

    /// Starts from the rows of the last time, if nothing changed since: they are shown at once, the
    /// facts that later saves are linked with follow.
    fn warm(&mut self, wanted: &[Wanted]) -> bool {
        let started = Instant::now();
        let keys = keys_of(&self.root.folder, wanted, &self.cache);
        let paths = wanted.iter().map(|wanted| &wanted.path);
        let rows = self.rows_of(paths.zip(keys.iter().map(Result::as_ref)));
        let read = started.elapsed();
        let Some(mut project) = link_on_pool(|| rows.load(Parts::ALL)) else { return false };
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let Timings { walk, .. } = self.timings;
        let (extract, link) = (ms(read), ms(started.elapsed() - read));
        project.root = display_name(&self.root);
        project.manifests = self.manifests.clone().into();
        project.timings = Timings { walk, extract, link, total: walk + extract + link };
        project.cache = CacheCounts { hits: wanted.len() as u32, misses: 0 };
        let files = wanted.iter().map(|wanted| wanted.path.clone()).collect();
        self.publish(project, Change { files, ..Change::default() });
        self.extract(wanted.to_vec(), false);
        let mut project = Project::clone(&self.project);
        project.files = self.link_input().files;
        // How long a link takes is not known yet: saves are shown before it.
        self.timings.link = f64::INFINITY;
        self.linked = Some(Arc::new(project.clone()));
        self.is_kept = true;
        self.publish(project, Change::default());
        true
    }

    /// Rows that depend on installed packages or the compiler, too, are made anew at each start.
    fn keeps_rows(&self) -> bool {
        self.options.cache && !self.options.dependencies && self.compiled.is_none()
    }

    fn rows_of<'a>(
        &self,
        files: impl Iterator<Item = (&'a Name, Result<&'a Key, &'a Diagnostic>)>,
    ) -> Rows {
        let files = files.map(|(path, key)| (path, key.copied())).collect();
        let made = Made {
            root: &display_name(&self.root),
            files,
            manifests: &self.manifests,
            diagnostics: &self.walk_diagnostics,
        };
        Rows::of(&self.root.folder, &made)
    }

    /// Keeps the rows of the last whole link for the next start, beside.
    fn keep_rows(&mut self) {
        self.is_kept = true;
        let Some(project) = self.linked.clone() else { return };
        // Rows that come from what a broken file said before it broke are gone with this session.
        let is_own = |(path, entry): (&Name, &FileEntry)| {
            entry.status != FileStatus::Stale || !self.good.contains_key(path)
        };
        if !self.keeps_rows() || self.is_dirty || !self.entries.iter().all(is_own) {
            return;
        }
        let key = |path: &'_ Name| match (self.problems.get(path), self.keys.get(path)) {
            (None, Some(key)) => Ok(key),
            (Some(problem), _) => Err(problem),
            (None, None) => Ok(&[0; 16]),
        };
        let rows = self.rows_of(self.entries.keys().map(|path| (path, key(path))));
        let save = move || link_on_pool(|| rows.save(&project, Parts::ALL));
        drop(std::thread::Builder::new().name("rows".into()).spawn(save));
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
        let project = outline(self.link_input());
        self.publish(project, Change::default());
    }

    fn publish(&mut self, mut project: Project, change: Change) {
        project.revision = self.project.revision + 1;
        // Made here, not when the first view asks.
        project.outline();
        self.project = Arc::new(project);
        (self.publish)(Event::Snapshot { project: self.project.clone(), change });
    }

    /// Shows what changed: whole where that is quick, else the files' own rows at once and the
    /// rest when a link beside is done.
    fn relink(&mut self, changed: Vec<Name>) {
        self.unlinked.extend(changed.iter().cloned());
        self.is_dirty = true;
        let is_quick = self.timings.link < self.patience.as_secs_f64() * 1e3;
        if is_quick && !self.is_linking && self.linked.is_some() {
            let work = self.link_work();
            return self.finish(work());
        }
        if let Some(linked) = self.linked.clone() {
            // Files may have changed again while their first change is still being linked.
            let base = if self.project.pending { self.project.clone() } else { linked };
            let project = freshen(&base, self.link_input(), &changed);
            self.publish(project, Change { files: changed, ..Change::default() });
        }
        self.link_beside();
    }

    /// Links on a thread of its own, unless a link runs: then again when that is done.
    fn link_beside(&mut self) {
        if self.is_linking {
            return;
        }
        let (work, sender) = (self.link_work(), self.sender.clone());
        let run = move || drop(sender.send(Message::Linked(Box::new(work()))));
        self.is_linking = std::thread::Builder::new().name("link".into()).spawn(run).is_ok();
    }

    /// All that a whole link does, from the facts as they are now.
    fn link_work(&mut self) -> impl FnOnce() -> Linked + Send + 'static {
        let (input, before) = (self.link_input(), self.linked.clone());
        let files = std::mem::take(&mut self.unlinked);
        self.is_dirty = false;
        let Timings { walk, extract, .. } = self.timings;
        let compiled = self.compiled.as_deref();
        let compiled = compiled.map(|compiled| compiled::current(compiled, &self.hashes));
        let (counts, cache, installed) = (self.counts, self.cache.clone(), self.installed.clone());
        move || {
            let started = Instant::now();
            let compiled = compiled.as_ref();
            let mut project = match installed.as_ref().and_then(|it| it.lock().ok()) {
                Some(mut installed) => installed.link(input, Parts::ALL, &cache, compiled),
                None => link_on_pool(|| link_compiled(input, Parts::ALL, compiled)),
            };
            let link = started.elapsed().as_secs_f64() * 1e3;
            project.cache = counts;
            project.timings = Timings { walk, extract, link, total: walk + extract + link };
            // Nothing is "new" in the first snapshot: the user has seen nothing yet.
            let change = match before {
                None => Change { files, ..Change::default() },
                Some(before) => compare(&before, &project, files),
            };
            Linked { project, change }
        }
    }

    /// Publishes a whole snapshot, with the own rows of files that changed while it was linked.
    fn finish(&mut self, linked: Linked) {
        self.is_linking = false;
        let Linked { project, change } = linked;
        self.timings.link = project.timings.link;
        self.linked = Some(Arc::new(project.clone()));
        self.is_kept = false;
        if !self.is_dirty {
            return self.publish(project, change);
        }
        let project = freshen(&project, self.link_input(), &self.unlinked);
        self.publish(project, change);
        self.link_beside();
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
