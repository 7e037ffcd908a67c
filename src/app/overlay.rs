//! What lies over the screen: popups with lines to choose from, and the palette.

use std::cell::Cell;

use super::action::Effect;
use super::detail::DetailLine;
use super::model::Model;
use super::navigate;
use super::palette::Palette;
use super::text::Line;

#[derive(Debug)]
pub enum Overlay {
    Popup(Popup),
    Palette(Palette),
}

/// A box of lines with a cursor.
#[derive(Debug, Default)]
pub struct Popup {
    pub title: String,
    pub lines: Vec<DetailLine>,
    pub cursor: usize,
    /// First line shown; kept by the code that draws.
    pub offset: Cell<usize>,
    pub height: Cell<usize>,
    pub choose: Choose,
}

/// What `enter` does in a popup.
#[derive(Debug, Default, Clone, PartialEq)]
pub enum Choose {
    /// Go where the line leads.
    #[default]
    Jump,
    /// Do what was asked about.
    Confirm(Vec<Effect>),
}

impl Popup {
    pub fn new(title: impl Into<String>, lines: Vec<DetailLine>) -> Self {
        Self { title: title.into(), lines, ..Self::default() }
    }

    /// A question; `enter` does it, `esc` does not.
    pub fn confirm(question: &str, effects: Vec<Effect>) -> Self {
        let line = |line| DetailLine { line, ..DetailLine::default() };
        let lines = vec![line(Line::text(question)), line(Line::dim("enter: yes   esc: no"))];
        Self { choose: Choose::Confirm(effects), ..Self::new("Confirm", lines) }
    }

    pub fn move_by(&mut self, rows: isize) {
        let last = self.lines.len().saturating_sub(1);
        self.cursor = self.cursor.saturating_add_signed(rows).min(last);
    }
}

/// `enter` in a popup.
pub fn choose(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Popup(popup)) = model.overlay.take() else { return Vec::new() };
    match popup.choose {
        Choose::Confirm(effects) => effects,
        Choose::Jump => match popup.lines.get(popup.cursor).map(|line| line.links.clone()) {
            Some(links) => navigate::follow(model, &links),
            None => Vec::new(),
        },
    }
}
