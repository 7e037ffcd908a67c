//! The configuration file: TOML, checked, merged over the defaults.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Which colours to use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThemeChoice {
    /// By the terminal's background.
    #[default]
    Auto,
    Dark,
    Light,
    /// The terminal's own 16 colours.
    Ansi,
    /// No colours: glyphs, bold, reversed.
    None,
}

/// Whether the workbench asks the compiler for the calls of Rust code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precise {
    /// On opening and after each save, in folders whose code the user trusts.
    Auto,
    #[default]
    Off,
}

/// How Rust code is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rust {
    pub precise: Precise,
}

/// Everything the user can set.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub theme: ThemeChoice,
    pub mouse: bool,
    /// Editor command; `$VISUAL` and `$EDITOR` come after it.
    pub editor: Option<String>,
    /// Command id → keys.
    pub keys: BTreeMap<String, Vec<String>>,
    pub rust: Rust,
    /// How tasks are run; the runner reads it.
    pub run: toml::Table,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::Auto,
            mouse: true,
            editor: None,
            keys: BTreeMap::new(),
            rust: Rust::default(),
            run: toml::Table::new(),
        }
    }
}

/// The defaults, as a commented file to start from.
pub const DEFAULT_TEXT: &str = r#"# metascope configuration

# auto | dark | light | ansi | none
theme = "auto"

# Click, wheel and drag. Hold shift to select text while it is on.
mouse = true

# Command that opens a file; $VISUAL, then $EDITOR when it is not set.
# editor = "hx"

[rust]
# auto | off. auto asks the compiler for Rust calls when a trusted folder is opened and after each
# save, in the background. The first time it builds all dependencies.
precise = "off"

# Keys by command id (see docs/KEYS.md or press ?). An empty list unbinds.
[keys]
# "list.down" = ["j", "down", "ctrl-n"]
"#;

impl Config {
    /// Reads the file's text. Each error names the line and the remedy.
    pub fn parse(text: &str) -> Result<Self, String> {
        let config: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_default_is_the_default() {
        assert_eq!(Config::parse(DEFAULT_TEXT), Ok(Config::default()));
    }

    #[test]
    fn unknown_settings_are_named_with_their_line() {
        let error = Config::parse("theme = \"dark\"\nmosue = false\n").unwrap_err();
        assert!(error.contains("line 2") && error.contains("mosue"), "{error}");
    }
}
