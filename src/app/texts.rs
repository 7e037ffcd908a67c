//! Source texts the screens show, read and highlighted off the UI thread.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::text::Role;
use crate::model::Name;

/// Roles of a text's lines: per line, runs of bytes with one role.
pub type Highlighted = Vec<Vec<(u32, Role)>>;

/// A file's text, cut into lines.
#[derive(Debug)]
pub struct Text {
    pub text: Arc<str>,
    lines: Vec<(u32, u32)>,
}

impl Text {
    pub fn new(text: Arc<str>) -> Self {
        let mut lines = Vec::new();
        let mut at = 0u32;
        for line in text.split_inclusive('\n') {
            let body = line.trim_end_matches(['\n', '\r']);
            lines.push((at, at + body.len() as u32));
            at += line.len() as u32;
        }
        Self { text, lines }
    }

    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// A line by its 1-based number, without its line break.
    pub fn line(&self, number: usize) -> Option<&str> {
        let (start, end) = *self.lines.get(number.checked_sub(1)?)?;
        self.text.get(start as usize..end as usize)
    }
}

/// Texts at hand. Only the most recently used ones are kept.
#[derive(Debug, Default)]
pub struct Texts {
    texts: FxHashMap<Name, Option<Arc<Text>>>,
    highlighted: FxHashMap<Name, Arc<Highlighted>>,
    recent: VecDeque<Name>,
    asked: FxHashSet<Name>,
    /// Rises whenever a text or its highlighting arrives.
    pub generation: u64,
}

const KEPT: usize = 64;

impl Texts {
    /// The text of a file; `None` while it is not here.
    pub fn get(&self, path: &str) -> Option<&Arc<Text>> {
        self.texts.get(path)?.as_ref()
    }

    /// The file was read and cannot be shown.
    pub fn is_unreadable(&self, path: &str) -> bool {
        matches!(self.texts.get(path), Some(None))
    }

    /// The roles of a text by its key (a path, or any key given to
    /// [`Effect::Highlight`](super::Effect::Highlight)).
    pub fn highlighted(&self, key: &str) -> Option<&Arc<Highlighted>> {
        self.highlighted.get(key)
    }

    /// Says whether the file must be read now, and notes that it was asked for.
    pub fn ask(&mut self, path: &Name) -> bool {
        !self.texts.contains_key(path) && self.asked.insert(path.clone())
    }

    pub fn put(&mut self, path: Name, text: Option<Arc<str>>) {
        self.asked.remove(&path);
        self.recent.retain(|known| *known != path);
        self.recent.push_back(path.clone());
        self.texts.insert(path, text.map(|text| Arc::new(Text::new(text))));
        self.generation += 1;
        while self.recent.len() > KEPT {
            if let Some(oldest) = self.recent.pop_front() {
                self.texts.remove(&oldest);
                self.highlighted.remove(&oldest);
            }
        }
    }

    pub fn put_highlighted(&mut self, key: Name, lines: Arc<Highlighted>) {
        self.highlighted.insert(key, lines);
        self.generation += 1;
    }

    /// Forgets files that changed on disk. Their old highlighting is shown until the new one is
    /// there, which avoids a flash of plain text; their text is read again when asked for.
    pub fn forget(&mut self, paths: &[Name]) {
        for path in paths {
            self.texts.remove(path);
            self.asked.remove(path);
        }
    }
}
