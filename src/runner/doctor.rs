//! What this machine has for running tasks, what is missing, and how to mend it.

use std::path::Path;
use std::process::Command;

use serde::Serialize;

use super::docker::{engine, images};
use super::journal::Journal;
use super::paths;
use super::settings::Settings;
use super::thread::python;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    Ok,
    /// Something works less well without it.
    Warning,
    Missing,
}

/// One line of the report.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    pub name: String,
    pub health: Health,
    pub detail: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl Check {
    pub fn new(
        name: &str,
        health: Health,
        detail: impl Into<String>,
        remedy: Option<&str>,
    ) -> Self {
        Self { name: name.into(), health, detail: detail.into(), remedy: remedy.map(String::from) }
    }
}

/// Looks at everything a run in `root` may need.
pub fn checks(root: &Path) -> Vec<Check> {
    let (settings, complaint) = Settings::load();
    let mut checks = vec![check_python(root, &settings), check_cargo()];
    checks.extend(check_docker(root, &settings));
    checks.push(check_journal(root, &settings));
    checks.push(check_temp_dir());
    let remedy = Some("correct the file, or remove it");
    checks.push(match complaint {
        Some(problem) => Check::new("configuration", Health::Warning, problem, remedy),
        None => Check::new("configuration", Health::Ok, config_place(), None),
    });
    checks
}

fn config_place() -> String {
    match paths::config_file() {
        Some(file) if file.is_file() => file.display().to_string(),
        Some(file) => format!("defaults ({} does not exist)", file.display()),
        None => "defaults (no home folder)".into(),
    }
}

fn check_python(root: &Path, settings: &Settings) -> Check {
    let remedy = Some("install python3, or make a virtual environment: python3 -m venv .venv");
    let found = python::find(root, settings);
    match found.and_then(|path| python::version(&path).map(|version| (path, version))) {
        Ok((path, version)) => {
            Check::new("python", Health::Ok, format!("{version} at {}", path.display()), None)
        }
        Err(problem) => Check::new("python", Health::Missing, problem, remedy),
    }
}

fn check_cargo() -> Check {
    let remedy = Some("install Rust from https://rustup.rs to run Rust tasks");
    match Command::new("cargo").arg("--version").output() {
        Ok(output) if output.status.success() => {
            let version = String::from_utf8_lossy(&output.stdout).trim().to_string();
            Check::new("cargo", Health::Ok, version, None)
        }
        Ok(output) => {
            let problem = String::from_utf8_lossy(&output.stderr).trim().to_string();
            Check::new("cargo", Health::Missing, problem, remedy)
        }
        Err(error) => Check::new("cargo", Health::Missing, format!("not found: {error}"), remedy),
    }
}

fn check_docker(root: &Path, settings: &Settings) -> Vec<Check> {
    let remedy =
        Some("start Docker, or name its address in DOCKER_HOST; the thread executor needs none");
    let found = engine::block_on(async {
        let docker = engine::connect().await?;
        let version = docker.version().await.map_err(|error| engine::explain(&error))?;
        Ok::<_, String>((version, images::list(&docker).await?))
    });
    let (version, own) = match found.and_then(|found| found) {
        Ok(found) => found,
        Err(problem) => return vec![Check::new("docker", Health::Missing, problem, remedy)],
    };
    let detail = format!(
        "engine {}, API {}, at {}",
        version.version.unwrap_or_default(),
        version.api_version.unwrap_or_default(),
        engine::endpoint()
    );
    let engine = Check::new("docker", Health::Ok, detail, None);
    let wanted = python::find(root, settings).and_then(|python| python::version(&python));
    let wanted = format!("{}:{}", images::PYTHON, wanted.unwrap_or_default());
    let image = match own.iter().find(|image| image.name == wanted) {
        Some(image) => {
            let detail = format!("{} ({} MB)", image.name, image.size >> 20);
            Check::new("worker image", Health::Ok, detail, None)
        }
        None => Check::new(
            "worker image",
            Health::Warning,
            format!("{wanted} has not been built; without it a run needs python:*-slim"),
            Some("run `metascope image build`"),
        ),
    };
    vec![engine, image]
}

fn check_journal(root: &Path, settings: &Settings) -> Check {
    let journal = Journal::open(root, settings.keep_runs);
    let place = paths::state_dir();
    let remedy = Some("make the folder writable, or name another in METASCOPE_STATE_DIR");
    match journal.problem() {
        None => Check::new("journal", Health::Ok, place.display().to_string(), None),
        Some(problem) => Check::new("journal", Health::Warning, problem, remedy),
    }
}

fn check_temp_dir() -> Check {
    let remedy = Some("make the temp directory writable, or name another in TMPDIR");
    match paths::owner_dir() {
        Ok(dir) => {
            let shown = dir.parent().unwrap_or(&dir).display().to_string();
            let _ = std::fs::remove_dir(&dir);
            Check::new("temp directory", Health::Ok, shown, None)
        }
        Err(error) => Check::new("temp directory", Health::Missing, error.to_string(), remedy),
    }
}
