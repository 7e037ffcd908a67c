//! Rows kept between two starts: shown at once when nothing changed meanwhile.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Keeper;
use crate::analyzers::link::Parts;
use crate::model::{
    CacheCounts, Change, Diagnostic, FileEntry, FileStatus, Name, Project, Timings,
};
use crate::workspace::cache::Key;
use crate::workspace::extract::{Wanted, keys_of, link_on_pool};
use crate::workspace::rows::{Made, Rows};
use crate::workspace::scan::display_name;

impl Keeper {
    /// Starts from the rows of the last time, if nothing changed since: they are shown at once, the
    /// facts that later saves are linked with follow.
    pub(super) fn warm(&mut self, wanted: &[Wanted]) -> bool {
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
    pub(super) fn keeps_rows(&self) -> bool {
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
    pub(super) fn keep_rows(&mut self) {
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
}
