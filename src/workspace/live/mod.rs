//! A project kept up to date on a thread of its own.

mod files;
mod kept;
mod linking;

use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};

use super::cache::{Cache, Key};
use super::dependencies::Installed;
use super::extract::Wanted;
use super::rows::Rows;
use super::scan::Survey;
use super::walk::{Found, Root};
use super::watch::{self, Batch, Watcher};
use super::{OpenError, Options};
use crate::model::{
    CacheCounts, Change, CompiledCalls, Diagnostic, FileEntry, FileFacts, Manifest, Name, Project,
    TextHash, Timings,
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
}
