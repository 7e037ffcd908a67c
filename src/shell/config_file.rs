//! Where the configuration is and reading it.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::app::config::Config;

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{}: {error}", .path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("{}: {message}", .path.display())]
    Wrong { path: PathBuf, message: String },
}

/// `metascope/config.toml` in the XDG configuration folder.
pub fn config_path() -> Option<PathBuf> {
    let folders = etcetera::base_strategy::choose_base_strategy().ok()?;
    Some(folders.config_dir().join("metascope").join("config.toml"))
}

/// The user's configuration; the defaults when there is no file.
///
/// # Errors
/// When the file cannot be read or says something that makes no sense.
pub fn read_config() -> Result<Config, ConfigError> {
    let Some(path) = config_path() else { return Ok(Config::default()) };
    match std::fs::read_to_string(&path) {
        Ok(text) => Config::parse(&text).map_err(|message| ConfigError::Wrong { path, message }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Config::default()),
        Err(error) => Err(ConfigError::Unreadable { path, error }),
    }
}
