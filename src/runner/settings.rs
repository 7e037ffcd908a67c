//! The `[run]` table of the configuration file.

use std::path::PathBuf;

use serde::Deserialize;

/// How tasks are run unless the request says otherwise.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// The interpreter for projects without a virtual environment.
    pub python: Option<PathBuf>,
    /// The image for Python tasks in Docker.
    pub image: Option<String>,
    pub timeout_seconds: u64,
    /// Memory of a Docker run.
    pub docker_memory_mb: u64,
    /// Processes and threads of a run.
    pub max_processes: u64,
    /// Variables that reach a worker although their name looks like a secret's.
    pub pass_env: Vec<String>,
    /// Variables that never reach a worker.
    pub drop_env: Vec<String>,
    /// Recorded runs to keep per project.
    pub keep_runs: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            python: None,
            image: None,
            timeout_seconds: 600,
            docker_memory_mb: 1024,
            max_processes: 512,
            pass_env: Vec::new(),
            drop_env: Vec::new(),
            keep_runs: 1000,
        }
    }
}

/// The part of the configuration file that this room reads.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    run: Settings,
}

impl Settings {
    /// Reads the user's configuration; a broken file is reported and its defaults used.
    pub fn load() -> (Self, Option<String>) {
        let Some(path) = super::paths::config_file() else { return (Self::default(), None) };
        let Ok(text) = std::fs::read_to_string(&path) else { return (Self::default(), None) };
        match toml::from_str::<File>(&text) {
            Ok(file) => (file.run, None),
            Err(error) => {
                let problem = format!("{}: {}", path.display(), error.message());
                (Self::default(), Some(problem))
            }
        }
    }

    /// Whether a variable of the workbench's environment may reach a worker on this machine.
    pub fn passes(&self, name: &str) -> bool {
        let named = |list: &[String]| list.iter().any(|entry| entry == name);
        if named(&self.drop_env) || name.starts_with("METASCOPE_") {
            return false;
        }
        named(&self.pass_env) || !looks_secret(name)
    }
}

fn looks_secret(name: &str) -> bool {
    const WORDS: [&str; 9] = [
        "TOKEN",
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "PASSPHRASE",
        "CREDENTIAL",
        "API_KEY",
        "ACCESS_KEY",
        "PRIVATE_KEY",
    ];
    let upper = name.to_ascii_uppercase();
    WORDS.iter().any(|word| upper.contains(word)) || upper.ends_with("APIKEY")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_stay_out_unless_named() {
        let mut settings = Settings::default();
        assert!(settings.passes("PATH") && settings.passes("KEYBOARD_LAYOUT"));
        for secret in ["GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "db_password", "OPENAI_API_KEY"] {
            assert!(!settings.passes(secret), "{secret}");
        }
        settings.pass_env = vec!["OPENAI_API_KEY".into()];
        settings.drop_env = vec!["EDITOR".into()];
        assert!(settings.passes("OPENAI_API_KEY") && !settings.passes("EDITOR"));
    }

    #[test]
    fn reads_the_run_table() {
        let file: File = toml::from_str("theme = 'dark'\n[run]\ntimeout-seconds = 5\n").unwrap();
        assert_eq!((file.run.timeout_seconds, file.run.keep_runs), (5, 1000));
        assert!(toml::from_str::<File>("[run]\ntimeout = 5\n").is_err());
    }
}
