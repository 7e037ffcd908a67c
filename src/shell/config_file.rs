//! Where the configuration is, reading it, and following it while the workbench is open.

use std::path::PathBuf;

use etcetera::BaseStrategy;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::effects::{Message, Sender};
use crate::app::Action;
use crate::app::config::Config;
use crate::app::toast::Level;

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

/// Sends the configuration again whenever its file changes, or what is wrong with it. Where its
/// folder is missing or cannot be watched nothing is followed; ends when dropped.
pub fn follow_config(sender: Sender) -> Option<RecommendedWatcher> {
    let path = config_path()?;
    // Editors that write aside and rename replace the file: the folder stays.
    let folder = path.parent()?.to_owned();
    let mut last = std::fs::read(&path).ok();
    let told = move |_: notify::Result<notify::Event>| {
        let now = std::fs::read(&path).ok();
        // A file that is gone for a moment is being replaced.
        if now.is_none() || now == last {
            return;
        }
        last = now;
        let action = match read_config() {
            Ok(config) => Action::Config(Box::new(config)),
            Err(error) => Action::Toast(Level::Error, error.to_string()),
        };
        let _ = sender.send(Message { action, ends: false });
    };
    let mut watcher = notify::recommended_watcher(told).ok()?;
    watcher.watch(&folder, RecursiveMode::NonRecursive).ok()?;
    Some(watcher)
}
