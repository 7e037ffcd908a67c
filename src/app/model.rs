//! The workbench's whole state.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::action::{Compiling, Effect};
use super::command::Context;
use super::config::Config;
use super::detail::{Detail, DetailState};
use super::history::History;
use super::key::Key;
use super::keymap::Keymap;
use super::links::Links;
use super::list::{ListState, Row, Rows};
use super::memo::Memo;
use super::overlay::Overlay;
use super::screens;
use super::texts::Texts;
use super::toast::{Level, Toasts};
use super::view::View;
use crate::analyzers::layout::neighbourhood::CallIndex;
use crate::model::{CallGraph, Change, Name, Project, Same};

/// Which pane keys act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Focus {
    #[default]
    List,
    Detail,
}

/// How the screen is arranged; decided by its size alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrangement {
    /// Below 60×16: only a note to enlarge the window.
    TooSmall,
    /// List above detail.
    Stacked,
    /// List beside detail.
    Beside,
    /// List, detail and a preview of the source.
    Wide,
}

/// What every screen has: a list, a detail pane, and what was built for them.
#[derive(Debug, Default)]
pub struct Panes {
    pub list: ListState,
    pub detail: DetailState,
    /// Rises when a screen's own options change what its rows or detail say.
    pub generation: u64,
    rows: Memo<(u64, u64, u64, String), Rows>,
    shown: Memo<(u64, u64, u64, usize, Option<Name>), Detail>,
    /// The row that the detail pane was last settled on.
    settled: Option<Name>,
}

/// Progress of reading the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loading {
    pub done: usize,
    pub total: usize,
}

pub struct Model {
    pub project: Arc<Project>,
    /// A first snapshot is there, perhaps of a part of the files.
    pub loaded: bool,
    /// All files were read once: what differs from now on was changed by someone.
    pub complete: bool,
    pub loading: Option<Loading>,
    /// What the last save changed.
    pub change: Change,
    changed: FxHashSet<String>,
    pub watching: Option<String>,
    pub compiling: Compiling,
    pub gone: Option<String>,

    pub size: (u16, u16),
    pub view: View,
    pub focus: Focus,
    pub zoomed: bool,
    /// The list's share in percent: stacked, beside, wide.
    pub shares: [u16; 3],
    pub dragging: bool,
    panes: [Panes; View::ALL.len()],
    pub source: screens::source::State,
    pub registries: screens::registries::State,
    pub schemas: screens::schemas::State,
    pub calls: screens::calls::State,
    pub splits: screens::splits::State,
    pub flows: screens::flows::State,
    pub tasks: screens::tasks::State,
    pub runs: screens::runs::State,
    pub patterns: screens::patterns::State,

    pub overlay: Option<Overlay>,
    pub history: History,
    pub texts: Texts,
    pub toasts: Toasts,
    pub config: Config,
    pub keymap: Keymap,
    /// Keys of an unfinished sequence.
    pub typed: Vec<Key>,
    /// Show what may follow [`Self::typed`].
    pub hint: bool,
    /// Unix milliseconds, set by the shell before each action.
    pub now_ms: u64,
    /// Effects on their way whose action has not come back yet.
    pub pending: usize,
    /// Frame of the spinner.
    pub spinner: usize,
    call_index: Memo<Same<CallGraph>, CallIndex>,
}

impl Model {
    pub fn new(config: Config) -> Self {
        let (keymap, problems) = Keymap::new(&config.keys);
        let mut model = Self {
            project: Arc::default(),
            loaded: false,
            complete: false,
            loading: None,
            change: Change::default(),
            changed: FxHashSet::default(),
            watching: None,
            compiling: Compiling::Off,
            gone: None,
            size: (80, 24),
            view: View::Project,
            focus: Focus::List,
            zoomed: false,
            shares: [45, 38, 26],
            dragging: false,
            panes: std::array::from_fn(|_| Panes::default()),
            source: Default::default(),
            registries: Default::default(),
            schemas: Default::default(),
            calls: Default::default(),
            splits: Default::default(),
            flows: Default::default(),
            tasks: Default::default(),
            runs: Default::default(),
            patterns: Default::default(),
            overlay: None,
            history: History::default(),
            texts: Texts::default(),
            toasts: Toasts::default(),
            config,
            keymap,
            typed: Vec::new(),
            hint: false,
            now_ms: 0,
            pending: 0,
            spinner: 0,
            call_index: Memo::default(),
        };
        for problem in problems {
            model.toasts.push(Level::Error, problem, 0);
        }
        model
    }

    /// Names the project before its first snapshot is there.
    pub fn set_root_name(&mut self, root: &std::path::Path) {
        let name = root.file_name().map_or("project".into(), |name| name.to_string_lossy());
        self.project = Arc::new(Project { root: name.as_ref().into(), ..Project::default() });
    }

    /// A model that shows `project` at once, for headless frames and tests.
    pub fn of_project(project: Project) -> Self {
        let mut model = Self::new(Config::default());
        model.project = Arc::new(project);
        model.loaded = true;
        model.complete = true;
        model
    }

    pub fn panes(&self, view: View) -> &Panes {
        &self.panes[view.index()]
    }

    pub fn panes_mut(&mut self, view: View) -> &mut Panes {
        &mut self.panes[view.index()]
    }

    /// The list of the screen on top.
    pub fn list(&self) -> &ListState {
        &self.panes(self.view).list
    }

    pub fn list_mut(&mut self) -> &mut ListState {
        let view = self.view;
        &mut self.panes_mut(view).list
    }

    pub fn detail_state(&self) -> &DetailState {
        &self.panes(self.view).detail
    }

    pub fn detail_state_mut(&mut self) -> &mut DetailState {
        let view = self.view;
        &mut self.panes_mut(view).detail
    }

    /// Says that a screen's options changed: its rows and detail are built anew.
    pub fn touch(&mut self, view: View) {
        self.panes_mut(view).generation += 1;
    }

    /// The rows of a screen's list, built when something they depend on changed.
    pub fn rows(&self, view: View) -> Arc<Rows> {
        let panes = self.panes(view);
        let list = &panes.list;
        let filter = list.filter.text().to_owned();
        let key = (self.project.revision, panes.generation, list.fold_generation, filter);
        panes.rows.get(key, || screens::rows(self, view))
    }

    /// The selected row of a screen.
    pub fn selected(&self, view: View) -> Option<Row> {
        self.panes(view).list.row(&self.rows(view)).cloned()
    }

    /// The detail pane of a screen, built when something it depends on changed.
    pub fn detail(&self, view: View) -> Arc<Detail> {
        let panes = self.panes(view);
        let row = self.selected(view);
        let id = row.as_ref().map(|row| row.id.clone());
        let width = panes.detail.text_width();
        let key = (self.project.revision, panes.generation, self.texts.generation, width, id);
        panes.shown.get(key, || screens::detail(self, view, row.as_ref()))
    }

    /// Callers and other reverse look-ups of this snapshot; the same while its calls are.
    pub fn call_index(&self) -> Arc<CallIndex> {
        let calls = &self.project.calls;
        self.call_index.get(Same(calls.clone()), || CallIndex::new(calls))
    }

    /// Where what the user is on leads.
    pub fn links(&self) -> Links {
        if let Some(links) = screens::links(self) {
            return links;
        }
        let row = || self.selected(self.view).map(|row| row.links).unwrap_or_default();
        match self.focus {
            Focus::List => row(),
            Focus::Detail => {
                let detail = self.detail(self.view);
                let line = detail.lines.get(self.detail_state().at(detail.lines.len()));
                match line {
                    Some(line) if line.links != Links::default() => line.links.clone(),
                    _ => row(),
                }
            }
        }
    }

    /// Whether a row (`registry:x`, `schema:x` …) is new or different since the last save.
    pub fn is_changed(&self, id: &str) -> bool {
        self.changed.contains(id)
    }

    pub fn set_change(&mut self, change: Change) {
        self.changed = change.added.iter().cloned().collect();
        self.change = change;
    }

    /// The contexts keys are looked up in, innermost first.
    pub fn contexts(&self) -> Vec<Context> {
        match &self.overlay {
            Some(Overlay::Palette(_)) => vec![Context::Palette],
            Some(Overlay::Popup(_)) => vec![Context::Popup],
            None if self.list().filter.editing => vec![Context::Filter],
            None if screens::is_typing(self) => vec![Context::Edit],
            None => vec![Context::View(self.view), Context::Global],
        }
    }

    pub fn arrangement(&self) -> Arrangement {
        match self.size {
            (width, height) if width < 60 || height < 16 => Arrangement::TooSmall,
            (width, _) if width < 100 => Arrangement::Stacked,
            (width, _) if width < 160 => Arrangement::Beside,
            _ => Arrangement::Wide,
        }
    }

    /// Gives the focus to the detail pane, to read in it: where panes are stacked, it takes the
    /// whole screen (`esc` gives the list back).
    pub fn enter_detail(&mut self) {
        self.focus = Focus::Detail;
        self.zoomed |= self.arrangement() == Arrangement::Stacked;
    }

    /// The list's share of the current arrangement.
    pub fn share_mut(&mut self) -> &mut u16 {
        match self.arrangement() {
            Arrangement::Beside => &mut self.shares[1],
            Arrangement::Wide => &mut self.shares[2],
            Arrangement::Stacked | Arrangement::TooSmall => &mut self.shares[0],
        }
    }

    /// Shows a message; informative ones leave by themselves.
    pub fn toast(&mut self, level: Level, text: impl Into<String>) -> Vec<Effect> {
        let id = self.toasts.push(level, text, self.now_ms);
        level
            .milliseconds()
            .map(|milliseconds| Effect::ToastTimer { id, milliseconds })
            .into_iter()
            .collect()
    }

    /// After every action: selections follow identity, and texts that will be shown are asked for.
    pub fn settle(&mut self) -> Vec<Effect> {
        let view = self.view;
        let rows = self.rows(view);
        let panes = self.panes_mut(view);
        panes.list.settle(&rows);
        if panes.settled != panes.list.selected {
            panes.settled = panes.list.selected.clone();
            panes.detail.reset();
        }
        let mut effects = screens::settle(self);
        let places = [self.selected(view).and_then(|row| row.links.place), self.links().place];
        for place in places.into_iter().flatten() {
            effects.extend(self.want_text(&place.file));
        }
        effects
    }

    /// Asks for a file's text unless it is here or on its way.
    pub fn want_text(&mut self, path: &Name) -> Option<Effect> {
        self.texts.ask(path).then(|| Effect::ReadText(path.clone()))
    }
}
