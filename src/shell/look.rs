//! Which theme fits this terminal.

use std::env;
use std::time::Duration;

use terminal_colorsaurus::{QueryOptions, ThemeMode, theme_mode};

use crate::app::config::ThemeChoice;
use crate::views::Theme;
use crate::views::theme::Palette;

/// Chooses by configuration, `NO_COLOR`, `TERM` and the background. Asks the terminal, so call it
/// before anything else reads its answers.
pub fn choose(choice: ThemeChoice) -> Theme {
    Theme::new(palette(choice))
}

fn palette(choice: ThemeChoice) -> Palette {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set("NO_COLOR") {
        return Palette::None;
    }
    match choice {
        ThemeChoice::Dark => Palette::Dark,
        ThemeChoice::Light => Palette::Light,
        ThemeChoice::Ansi => Palette::Ansi,
        ThemeChoice::None => Palette::None,
        ThemeChoice::Auto => {
            let term = env::var("TERM").unwrap_or_default();
            match term.as_str() {
                "dumb" => return Palette::None,
                "linux" | "ansi" | "vt100" | "vt220" | "xterm-16color" | "cons25" => {
                    return Palette::Ansi;
                }
                _ => {}
            }
            if background_is_light() { Palette::Light } else { Palette::Dark }
        }
    }
}

fn background_is_light() -> bool {
    // Some terminals say it without being asked: `foreground;background`.
    if let Ok(colours) = env::var("COLORFGBG")
        && let Some(background) = colours.rsplit(';').next()
    {
        return matches!(background, "7" | "9" | "10" | "11" | "12" | "13" | "14" | "15");
    }
    let mut options = QueryOptions::default();
    options.timeout = Duration::from_millis(120);
    theme_mode(options).is_ok_and(|mode| mode == ThemeMode::Light)
}
