//! Roles → styles. Four themes: dark, light, the terminal's own 16 colours, none.
//!
//! Dark and light use the 256-colour palette, which every terminal of the last decade has. What
//! a colour says is always said by a glyph or a word too, so that `none` loses nothing.

use ratatui::style::{Color, Modifier, Style};

use crate::app::Role;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Palette {
    #[default]
    Dark,
    Light,
    Ansi,
    None,
}

#[derive(Debug, Clone)]
pub struct Theme {
    pub palette: Palette,
    styles: [Style; Role::COUNT],
    /// The selected row of the focused pane.
    pub selection: Style,
    /// The selected row of a pane without the focus.
    pub selection_idle: Style,
    /// The tab of the view on top.
    pub tab: Style,
    /// Behind popups.
    pub popup: Style,
}

impl Theme {
    pub fn new(palette: Palette) -> Self {
        let mut styles = [Style::new(); Role::COUNT];
        for (role, dark, light, ansi, modifier) in ROLES {
            let colour = match palette {
                Palette::Dark => *dark,
                Palette::Light => *light,
                Palette::Ansi => *ansi,
                Palette::None => Color::Reset,
            };
            let style = if colour == Color::Reset { Style::new() } else { Style::new().fg(colour) };
            styles[*role as usize] = style.add_modifier(*modifier);
        }
        if palette == Palette::None {
            for (role, modifier) in PLAIN {
                styles[*role as usize] = Style::new().add_modifier(*modifier);
            }
        }
        let reversed = Style::new().add_modifier(Modifier::REVERSED);
        let bold = Style::new().add_modifier(Modifier::BOLD);
        let (selection, selection_idle, tab, popup) = match palette {
            Palette::Dark => (
                bold.bg(Color::Indexed(24)).fg(Color::Indexed(255)),
                Style::new().bg(Color::Indexed(237)),
                bold.bg(Color::Indexed(24)).fg(Color::Indexed(255)),
                Style::new().bg(Color::Indexed(235)),
            ),
            Palette::Light => (
                bold.bg(Color::Indexed(153)).fg(Color::Indexed(16)),
                Style::new().bg(Color::Indexed(254)),
                bold.bg(Color::Indexed(153)).fg(Color::Indexed(16)),
                Style::new().bg(Color::Indexed(255)),
            ),
            Palette::Ansi => (reversed, bold.underlined(), reversed, Style::new()),
            Palette::None => (reversed, bold.underlined(), reversed.bold(), Style::new()),
        };
        Self { palette, styles, selection, selection_idle, tab, popup }
    }

    pub fn style(&self, role: Role) -> Style {
        self.styles[role as usize]
    }

    /// Whether the selected row keeps the colours of its spans.
    pub fn selection_keeps_colours(&self) -> bool {
        matches!(self.palette, Palette::Dark | Palette::Light)
    }
}

const NONE: Modifier = Modifier::empty();
const BOLD: Modifier = Modifier::BOLD;
const ITALIC: Modifier = Modifier::ITALIC;
const UNDERLINED: Modifier = Modifier::UNDERLINED;

const fn i(index: u8) -> Color {
    Color::Indexed(index)
}

/// Role, dark, light, 16 colours, modifier.
const ROLES: &[(Role, Color, Color, Color, Modifier)] = &[
    (Role::Text, Color::Reset, Color::Reset, Color::Reset, NONE),
    (Role::Dim, i(245), i(242), Color::DarkGray, NONE),
    (Role::Accent, i(80), i(25), Color::Cyan, NONE),
    (Role::Title, Color::Reset, Color::Reset, Color::Reset, BOLD),
    (Role::Border, i(239), i(250), Color::DarkGray, NONE),
    (Role::BorderFocused, i(80), i(25), Color::Cyan, BOLD),
    (Role::Key, i(222), i(94), Color::Yellow, BOLD),
    (Role::Match, i(214), i(130), Color::Yellow, BOLD),
    (Role::Exact, i(114), i(28), Color::Green, NONE),
    (Role::Inferred, i(179), i(94), Color::Yellow, NONE),
    (Role::Possible, i(174), i(130), Color::Magenta, NONE),
    (Role::Success, i(114), i(28), Color::Green, NONE),
    (Role::Warning, i(221), i(130), Color::Yellow, NONE),
    (Role::Error, i(203), i(160), Color::Red, BOLD),
    (Role::Info, i(110), i(25), Color::Blue, NONE),
    (Role::Added, i(114), i(28), Color::Green, BOLD),
    (Role::Removed, i(203), i(160), Color::Red, BOLD),
    (Role::Python, i(117), i(24), Color::Blue, NONE),
    (Role::Rust, i(216), i(130), Color::Red, NONE),
    (Role::LineNumber, i(241), i(247), Color::DarkGray, NONE),
    (Role::Keyword, i(176), i(90), Color::Magenta, NONE),
    (Role::String, i(150), i(28), Color::Green, NONE),
    (Role::Number, i(173), i(130), Color::Cyan, NONE),
    (Role::Comment, i(244), i(243), Color::DarkGray, ITALIC),
    (Role::Function, i(111), i(25), Color::Blue, NONE),
    (Role::Type, i(180), i(94), Color::Yellow, NONE),
    (Role::Decorator, i(215), i(130), Color::Yellow, NONE),
    (Role::Operator, i(250), i(240), Color::Reset, NONE),
    (Role::Constant, i(173), i(130), Color::Cyan, NONE),
    (Role::Link, i(80), i(25), Color::Cyan, UNDERLINED),
    (Role::Emphasis, Color::Reset, Color::Reset, Color::Reset, ITALIC),
    (Role::Macro1, i(80), i(30), Color::Cyan, NONE),
    (Role::Macro2, i(215), i(130), Color::Yellow, NONE),
    (Role::Macro3, i(176), i(90), Color::Magenta, NONE),
    (Role::Macro4, i(114), i(28), Color::Green, NONE),
    (Role::Macro5, i(111), i(25), Color::Blue, NONE),
    (Role::Macro6, i(210), i(124), Color::Red, NONE),
];

/// What is left of roles without colour.
const PLAIN: &[(Role, Modifier)] = &[
    (Role::Dim, Modifier::DIM),
    (Role::Border, Modifier::DIM),
    (Role::BorderFocused, BOLD),
    (Role::Accent, BOLD),
    (Role::Key, BOLD),
    (Role::Match, UNDERLINED),
    (Role::Possible, ITALIC),
    (Role::Error, BOLD),
    (Role::Warning, BOLD),
    (Role::Comment, Modifier::DIM),
    (Role::LineNumber, Modifier::DIM),
    (Role::Keyword, BOLD),
    (Role::Link, UNDERLINED),
    (Role::Emphasis, ITALIC),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_a_row_and_no_colour_means_none() {
        for role in 0..Role::COUNT {
            assert!(ROLES.iter().any(|row| row.0 as usize == role), "role {role}");
        }
        let plain = Theme::new(Palette::None);
        let coloured = |style: &Style| style.fg.is_some() || style.bg.is_some();
        assert!(!plain.styles.iter().any(coloured));
        assert!(!coloured(&plain.selection) && !coloured(&plain.popup));
        assert_ne!(plain.selection, Style::new());
    }
}
