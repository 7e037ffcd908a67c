//! The compiler's complaints, in the user's own files.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::shadow::Shadow;
use crate::model::RunError;

/// One line of `cargo build --message-format=json`.
#[derive(Debug, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum CargoMessage {
    CompilerArtifact {
        target: Target,
        executable: Option<PathBuf>,
        #[serde(default)]
        filenames: Vec<PathBuf>,
        #[serde(default)]
        fresh: bool,
    },
    CompilerMessage {
        #[serde(default)]
        target: Target,
        message: CompilerMessage,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Target {
    pub name: String,
    /// The crate's root file.
    pub src_path: PathBuf,
}

#[derive(Debug, Deserialize)]
pub struct CompilerMessage {
    pub message: String,
    pub level: String,
    pub rendered: Option<String>,
    #[serde(default)]
    spans: Vec<CompilerSpan>,
}

#[derive(Debug, Deserialize)]
struct CompilerSpan {
    file_name: String,
    line_start: u32,
    column_start: u32,
    is_primary: bool,
}

impl CompilerMessage {
    /// Where it is about: file as the compiler names it, line and column.
    pub fn place(&self) -> Option<(&str, u32, u32)> {
        let span = self.spans.iter().find(|span| span.is_primary).or(self.spans.first())?;
        Some((&span.file_name, span.line_start, span.column_start))
    }
}

/// The error of a failed build: the first complaint's message and place, all complaints' text.
/// Lines of generated code below the user's own last line are about the task's signature.
pub fn error(messages: &[CompilerMessage], stderr: &str, shadow: &Shadow, root: &Path) -> RunError {
    let errors: Vec<&CompilerMessage> =
        messages.iter().filter(|message| message.level.starts_with("error")).collect();
    let Some(first) = errors.iter().find(|message| !message.spans.is_empty()).or(errors.first())
    else {
        let message = stderr.lines().find_map(|line| line.strip_prefix("error: "));
        let message = message.unwrap_or("cargo could not build the worker").to_string();
        let traceback = Some(stderr.trim().to_string());
        return RunError { type_: "BuildError".into(), message, traceback, ..RunError::default() };
    };
    let rendered: Vec<&str> =
        errors.iter().filter_map(|message| message.rendered.as_deref()).take(10).collect();
    let mut built = RunError {
        type_: "BuildError".into(),
        message: first.message.clone(),
        traceback: Some(rendered.concat()),
        ..RunError::default()
    };
    let Some(span) = first.spans.iter().find(|span| span.is_primary) else { return built };
    let original = shadow.workspace.join(&span.file_name);
    let own_lines = std::fs::read_to_string(&original).map_or(0, |text| text.lines().count());
    if own_lines == 0 || span.line_start as usize > own_lines {
        built.message = format!("the task cannot be called with JSON: {}", first.message);
    }
    if own_lines > 0 {
        let shown = original.strip_prefix(root).unwrap_or(&original);
        built.file = Some(shown.to_string_lossy().as_ref().into());
        built.line = ((span.line_start as usize) <= own_lines).then_some(span.line_start);
    }
    built
}
