//! Back and forward: where the user was, with selection and filter.

use super::input::Input;
use super::links::Place;
use super::view::View;
use crate::model::Name;

/// A place to come back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    pub view: View,
    pub selected: Option<Name>,
    pub offset: usize,
    pub filter: Input,
    /// In the source view: file and line.
    pub place: Option<Place>,
    /// What the breadcrumb says.
    pub title: String,
}

#[derive(Debug, Clone, Default)]
pub struct History {
    pub back: Vec<Stop>,
    pub forward: Vec<Stop>,
}

const KEPT: usize = 100;

impl History {
    /// Remembers where a jump starts; what lay ahead is gone.
    pub fn leave(&mut self, stop: Stop) {
        self.forward.clear();
        if self.back.last() != Some(&stop) {
            self.back.push(stop);
        }
        if self.back.len() > KEPT {
            self.back.remove(0);
        }
    }

    pub fn go_back(&mut self, here: Stop) -> Option<Stop> {
        let stop = self.back.pop()?;
        self.forward.push(here);
        Some(stop)
    }

    pub fn go_forward(&mut self, here: Stop) -> Option<Stop> {
        let stop = self.forward.pop()?;
        self.back.push(here);
        Some(stop)
    }
}
