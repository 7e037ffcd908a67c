//! From facts to snapshots: a save's own rows at once, the whole beside.

use std::sync::Arc;
use std::time::Instant;

use super::{Event, Keeper, Linked, Message};
use crate::analyzers::link::{LinkInput, Parts, freshen, link_compiled, outline};
use crate::model::{Change, FileEntry, Name, Project, Timings};
use crate::workspace::change::compare;
use crate::workspace::compiled;
use crate::workspace::extract::link_on_pool;
use crate::workspace::scan::display_name;

impl Keeper {
    /// All that is known of the files.
    pub(super) fn link_input(&self) -> LinkInput {
        let mut files: Vec<FileEntry> = self.entries.values().cloned().collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut diagnostics = self.walk_diagnostics.clone();
        diagnostics.extend(self.problems.values().cloned());
        let manifests = self.manifests.clone();
        LinkInput { root: display_name(&self.root), files, manifests, diagnostics }
    }

    /// Publishes what the files read so far say on their own; it names no changed files.
    pub(super) fn publish_outline(&mut self) {
        let project = outline(self.link_input());
        self.publish(project, Change::default());
    }

    pub(super) fn publish(&mut self, mut project: Project, change: Change) {
        project.revision = self.project.revision + 1;
        // Made here, not when the first view asks.
        project.outline();
        self.project = Arc::new(project);
        (self.publish)(Event::Snapshot { project: self.project.clone(), change });
    }

    /// Shows what changed: whole where that is quick, else the files' own rows at once and the
    /// rest when a link beside is done.
    pub(super) fn relink(&mut self, changed: Vec<Name>) {
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
    pub(super) fn finish(&mut self, linked: Linked) {
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
