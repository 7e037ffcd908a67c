//! Lists and trees: rows, selection by identity, folds and filters.
//!
//! A screen builds its rows through a [`TreeBuilder`], which skips folded branches, applies the
//! filter and keeps the ancestors of what matches. [`ListState`] remembers what the user did, in
//! terms of row identities, so that a new snapshot never moves the selection.

use std::cell::Cell;

use rustc_hash::FxHashSet;

use super::input::Input;
use super::links::Links;
use super::text::Line;
use crate::model::Name;

/// Whether a row has children and shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fold {
    #[default]
    Leaf,
    Open,
    Closed,
}

/// One row of a list or tree.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// Identity: unique in its list and stable across snapshots.
    pub id: Name,
    pub depth: u16,
    pub fold: Fold,
    pub label: Line,
    /// Shown at the right edge, dropped first when cells are scarce.
    pub note: Line,
    pub links: Links,
    /// New or different since the last save.
    pub changed: bool,
}

impl Row {
    pub fn new(id: impl Into<Name>, label: Line) -> Self {
        Self { id: id.into(), label, ..Self::default() }
    }

    pub fn note(mut self, note: Line) -> Self {
        self.note = note;
        self
    }

    pub fn links(mut self, links: Links) -> Self {
        self.links = links;
        self
    }

    pub fn changed(mut self, changed: bool) -> Self {
        self.changed = changed;
        self
    }
}

/// The rows a list shows now.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    pub items: Vec<Row>,
    /// Rows that match the filter themselves (ancestors kept for context do not count).
    pub matched: usize,
    /// Rows before the filter.
    pub total: usize,
    /// Rows at the top level before the filter.
    pub top: usize,
}

/// A filter: words that must all occur; case matters only when a capital is typed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub input: Input,
    /// The line is being typed.
    pub editing: bool,
}

impl Filter {
    pub fn text(&self) -> &str {
        self.input.text().trim()
    }

    pub fn is_set(&self) -> bool {
        !self.text().is_empty()
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The words of a filter, ready to match.
#[derive(Debug, Clone, Default)]
pub struct Matcher {
    words: Vec<(String, bool)>,
}

impl Matcher {
    pub fn new(filter: &str) -> Self {
        let prepare = |word: &str| (word.to_owned(), word.chars().any(char::is_uppercase));
        Self { words: filter.split_whitespace().map(prepare).collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub fn matches(&self, text: &str) -> bool {
        self.words.iter().all(|(word, exact)| find(text, word, *exact).is_some())
    }

    /// The byte ranges of `text` that the words match, sorted and disjoint.
    pub fn ranges(&self, text: &str) -> Vec<(usize, usize)> {
        let mut found: Vec<(usize, usize)> = Vec::new();
        for (word, exact) in &self.words {
            let mut from = 0;
            while let Some(at) = text.get(from..).and_then(|rest| find(rest, word, *exact)) {
                found.push((from + at, from + at + word.len()));
                from += at + word.len();
            }
        }
        found.sort_unstable();
        let mut merged: Vec<(usize, usize)> = Vec::new();
        for (start, end) in found {
            match merged.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        merged
    }
}

/// Where `word` first occurs; without `exact` ASCII letters match in either case.
fn find(text: &str, word: &str, exact: bool) -> Option<usize> {
    if exact || !word.bytes().any(|byte| byte.is_ascii_alphabetic()) {
        return text.find(word);
    }
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let first = word.first()?;
    let last_start = text.len().checked_sub(word.len())?;
    (0..=last_start).find(|at| {
        text[*at].eq_ignore_ascii_case(first)
            && text[*at..*at + word.len()].eq_ignore_ascii_case(word)
    })
}

/// What the user did to one list.
#[derive(Debug, Clone, Default)]
pub struct ListState {
    /// Identity of the selected row.
    pub selected: Option<Name>,
    /// Where that row was last seen; the neighbour to fall back to when it is gone.
    pub index: usize,
    pub filter: Filter,
    /// Ids whose fold differs from the default.
    toggled: FxHashSet<Name>,
    /// `zM` / `zR`: overrides the defaults.
    all_open: Option<bool>,
    /// Rises with every change of folds.
    pub fold_generation: u64,
    /// First row shown; kept by the code that draws.
    pub offset: Cell<usize>,
    /// Rows that fit; kept by the code that draws.
    pub height: Cell<usize>,
}

impl ListState {
    pub fn is_open(&self, id: &Name, by_default: bool) -> bool {
        self.all_open.unwrap_or(by_default) != self.toggled.contains(id)
    }

    pub fn toggle_fold(&mut self, id: &Name) {
        if !self.toggled.remove(id) {
            self.toggled.insert(id.clone());
        }
        self.fold_generation += 1;
    }

    pub fn fold_all(&mut self, open: bool) {
        self.toggled.clear();
        self.all_open = Some(open);
        self.fold_generation += 1;
    }

    pub fn select(&mut self, rows: &Rows, index: usize) {
        self.index = index.min(rows.items.len().saturating_sub(1));
        self.selected = rows.items.get(self.index).map(|row| row.id.clone());
    }

    /// Finds the selected identity in new rows; when it is gone, its old neighbour is selected.
    pub fn settle(&mut self, rows: &Rows) {
        let here = |id: &Name| rows.items.get(self.index).is_some_and(|row| row.id == *id);
        match &self.selected {
            Some(id) if here(id) => {}
            Some(id) => {
                let at = rows.items.iter().position(|row| row.id == *id);
                // Scroll moves with the selection, so that it stays on the same screen line.
                if let Some(at) = at {
                    let offset = self.offset.get() as isize + at as isize - self.index as isize;
                    self.offset.set(offset.max(0) as usize);
                }
                self.select(rows, at.unwrap_or(self.index));
            }
            None => self.select(rows, self.index),
        }
    }

    pub fn row<'a>(&self, rows: &'a Rows) -> Option<&'a Row> {
        rows.items.get(self.index)
    }

    /// The first row to show so that the selection is on screen; remembered for the next frame.
    pub fn scroll_into(&self, height: usize, total: usize) -> usize {
        let mut offset = self.offset.get();
        if self.index < offset {
            offset = self.index;
        } else if height > 0 && self.index >= offset + height {
            offset = self.index + 1 - height;
        }
        offset = offset.min(total.saturating_sub(height));
        self.offset.set(offset);
        self.height.set(height);
        offset
    }
}

/// Collects rows in preorder, honouring folds and filter.
pub struct TreeBuilder<'a> {
    state: &'a ListState,
    matcher: Matcher,
    rows: Rows,
    /// With a filter: the branches above the next row, as (depth, index of row, has a match).
    above: Vec<(u16, usize, bool)>,
}

impl<'a> TreeBuilder<'a> {
    pub fn new(state: &'a ListState) -> Self {
        let matcher = Matcher::new(state.filter.text());
        Self { state, matcher, rows: Rows::default(), above: Vec::new() }
    }

    /// Adds a row without children. `haystack` is what the filter looks at; `row` is only called
    /// for rows that are kept.
    pub fn leaf(&mut self, depth: u16, haystack: &str, row: impl FnOnce() -> Row) {
        self.rows.total += 1;
        self.rows.top += usize::from(depth == 0);
        self.close(depth);
        if self.matcher.is_empty() {
            self.rows.matched += 1;
            self.rows.items.push(Row { depth, ..row() });
        } else if self.matcher.matches(haystack) {
            self.rows.matched += 1;
            self.rows.items.push(Row { depth, ..row() });
            self.above.iter_mut().for_each(|branch| branch.2 = true);
        }
    }

    /// Adds a row with children and says whether the children should be given: when it is open,
    /// or when a filter must look at them.
    pub fn branch(
        &mut self,
        depth: u16,
        open_by_default: bool,
        id: &Name,
        haystack: &str,
        row: impl FnOnce() -> Row,
    ) -> bool {
        self.rows.total += 1;
        self.rows.top += usize::from(depth == 0);
        self.close(depth);
        if self.matcher.is_empty() {
            let open = self.state.is_open(id, open_by_default);
            let fold = if open { Fold::Open } else { Fold::Closed };
            self.rows.matched += 1;
            self.rows.items.push(Row { depth, fold, ..row() });
            return open;
        }
        let matches = self.matcher.matches(haystack);
        self.rows.matched += usize::from(matches);
        if matches {
            self.above.iter_mut().for_each(|branch| branch.2 = true);
        }
        self.above.push((depth, self.rows.items.len(), matches));
        self.rows.items.push(Row { depth, fold: Fold::Open, ..row() });
        true
    }

    pub fn finish(mut self) -> Rows {
        self.close(0);
        self.rows
    }

    /// Leaves the branches at `depth` and below; those without a match go.
    fn close(&mut self, depth: u16) {
        while let Some((at, index, matched)) = self.above.last().copied() {
            if at < depth {
                break;
            }
            self.above.pop();
            if !matched {
                self.rows.items.truncate(index);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(state: &ListState) -> Rows {
        let mut tree = TreeBuilder::new(state);
        for branch in ["a", "b"] {
            let id: Name = branch.into();
            if tree.branch(0, branch == "a", &id, branch, || Row::new(branch, branch.into())) {
                for leaf in ["x1", "x2", "Y"] {
                    let name = format!("{branch}.{leaf}");
                    tree.leaf(1, &name, || Row::new(name.as_str(), leaf.into()));
                }
            }
        }
        tree.finish()
    }

    fn ids(rows: &Rows) -> Vec<&str> {
        rows.items.iter().map(|row| &*row.id).collect()
    }

    #[test]
    fn folds_follow_defaults_until_toggled() {
        let mut state = ListState::default();
        assert_eq!(ids(&rows(&state)), ["a", "a.x1", "a.x2", "a.Y", "b"]);
        state.toggle_fold(&"a".into());
        assert_eq!(ids(&rows(&state)), ["a", "b"]);
        state.fold_all(true);
        assert_eq!(rows(&state).items.len(), 8);
    }

    #[test]
    fn a_filter_keeps_ancestors_and_counts_matches() {
        let mut state = ListState::default();
        state.filter.input.set("b.x");
        let found = rows(&state);
        assert_eq!(ids(&found), ["b", "b.x1", "b.x2"]);
        assert_eq!((found.matched, found.total), (2, 8));
        state.filter.input.set("Y");
        assert_eq!(ids(&rows(&state)), ["a", "a.Y", "b", "b.Y"]);
        state.filter.input.set("nothing");
        assert!(rows(&state).items.is_empty());
    }

    #[test]
    fn selection_follows_identity_and_falls_back_to_the_neighbour() {
        let mut state = ListState::default();
        let before = rows(&state);
        state.select(&before, 3);
        let mut after = before.clone();
        after.items.remove(1);
        state.settle(&after);
        assert_eq!((state.index, state.selected.as_deref()), (2, Some("a.Y")));
        after.items.remove(2);
        state.settle(&after);
        assert_eq!((state.index, state.selected.as_deref()), (2, Some("b")));
    }

    #[test]
    fn matches_are_found_in_either_case_and_merged() {
        assert_eq!(Matcher::new("ab bc").ranges("xABcab"), [(1, 6)]);
        assert!(!Matcher::new("Ab").matches("xabx"));
        assert!(Matcher::new("漢").matches("a漢b"));
    }
}
