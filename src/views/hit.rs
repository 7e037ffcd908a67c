//! What each cell of a frame stands for, made by the code that drew it.

use ratatui::layout::Rect;

use crate::app::Hit;

#[derive(Debug, Clone, Default)]
pub struct HitMap {
    areas: Vec<(Rect, Hit)>,
    /// Where the terminal's cursor belongs, when text is being typed.
    pub cursor: Option<(u16, u16)>,
}

impl HitMap {
    /// Later areas lie over earlier ones.
    pub fn push(&mut self, area: Rect, hit: Hit) {
        if area.width > 0 && area.height > 0 {
            self.areas.push((area, hit));
        }
    }

    pub fn extend(&mut self, other: Self) {
        self.areas.extend(other.areas);
        self.cursor = other.cursor.or(self.cursor);
    }

    pub fn at(&self, column: u16, row: u16) -> Hit {
        let here = |(area, _): &&(Rect, Hit)| area.contains((column, row).into());
        self.areas.iter().rev().find(here).map(|(_, hit)| *hit).unwrap_or_default()
    }

    /// The first area of a hit, for tests that click.
    pub fn area_of(&self, hit: Hit) -> Option<Rect> {
        self.areas.iter().find(|(_, known)| *known == hit).map(|(area, _)| *area)
    }
}
