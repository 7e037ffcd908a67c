//! The workbench without a terminal: keys in, frames out. For `metascope frame`, tests and docs.
//!
//! Effects that read are carried out on the spot, so the model is idle after every key; those that
//! touch the world otherwise (editor, clipboard, runs) are handed back.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::action::Mouse;
use crate::app::key::Key;
use crate::app::{Action, Effect, Hit, Model, View, navigate, update};
use crate::views::{self, HitMap, Theme, highlight};
use crate::workspace::read_text;

use super::expansion;

pub struct Headless {
    pub model: Model,
    pub theme: Theme,
    root: PathBuf,
    hits: HitMap,
    /// Effects that were not carried out.
    pub asked: Vec<Effect>,
}

impl Headless {
    pub fn new(model: Model, theme: Theme, root: &Path, size: (u16, u16)) -> Self {
        let mut shell = Self {
            model,
            theme,
            root: root.to_owned(),
            hits: HitMap::default(),
            asked: Vec::new(),
        };
        shell.act(Action::Resize(size.0, size.1));
        shell
    }

    /// Applies an action and everything that follows from it.
    pub fn act(&mut self, action: Action) {
        let mut effects = update(&mut self.model, action);
        // Reading leads to highlighting and no further; the bound guards against a loop.
        for _ in 0..8 {
            let actions: Vec<Action> = std::mem::take(&mut effects)
                .into_iter()
                .filter_map(|e| self.carry_out(e))
                .collect();
            if actions.is_empty() {
                break;
            }
            for action in actions {
                effects.extend(update(&mut self.model, action));
            }
        }
        // What depends on scrolling (a page's height) is settled by drawing.
        self.frame();
    }

    fn carry_out(&mut self, effect: Effect) -> Option<Action> {
        match effect {
            Effect::ReadText(path) => {
                let text = read_text(&self.root, &path);
                Some(Action::Text { path, text })
            }
            Effect::Highlight { key, token, text } => {
                let lines = Arc::new(highlight::highlight(&text, &token));
                Some(Action::Highlighted { key, lines })
            }
            // Nothing is compiled without someone to ask.
            Effect::Expand(request) if !request.by_compiler => {
                Some(expansion::answer(&self.root, request))
            }
            Effect::ToastTimer { .. } => None,
            Effect::HintTimer => Some(Action::HintDue),
            other => {
                self.asked.push(other);
                None
            }
        }
    }

    /// Types keys: `jj<enter>fo<esc>`; a name in angle brackets is one key.
    pub fn press(&mut self, keys: &str) {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let named = rest.strip_prefix('<').and_then(|after| after.split_once('>'));
            let key = match named.and_then(|(name, after)| Some((Key::parse(name)?, after))) {
                Some((key, after)) => {
                    rest = after;
                    key
                }
                None => {
                    rest = &rest[first.len_utf8()..];
                    Key::char(first)
                }
            };
            self.act(Action::Key(key));
        }
    }

    /// Shows a view, with the row of `focus` selected: a row's identity or its qualified name.
    pub fn show(&mut self, view: View, focus: Option<&str>) -> bool {
        navigate::go(&mut self.model, view);
        self.model.history = Default::default();
        self.act(Action::Tick);
        let Some(focus) = focus else { return true };
        let found = navigate::focus(&mut self.model, view, focus);
        self.model.history = Default::default();
        self.act(Action::Tick);
        found
    }

    /// Hands over the journal's runs.
    pub fn load_runs(&mut self, history: Action) {
        self.act(history);
    }

    /// Clicks the middle of what `hit` names; says whether it is on screen.
    pub fn click(&mut self, hit: Hit, mouse: Mouse) -> bool {
        let Some(area) = self.hits.area_of(hit) else { return false };
        let hit = self.hits.at(area.x + area.width / 2, area.y + area.height / 2);
        self.act(Action::Mouse(mouse, hit));
        true
    }

    /// The frame the terminal would show now.
    pub fn frame(&mut self) -> Buffer {
        let (width, height) = self.model.size;
        let area = Rect::new(0, 0, width, height);
        let mut buffer = Buffer::empty(area);
        self.hits = views::draw(&self.model, &self.theme, area, &mut buffer);
        buffer
    }

    pub fn hits(&self) -> &HitMap {
        &self.hits
    }
}
