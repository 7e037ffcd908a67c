//! Driving cargo: offline first, in a process group of its own, ended when asked or when late.

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use super::store::BuildFolder;
use super::{CompilerError, LIMIT};
use crate::runner::native::{self, CargoMessage};
use crate::runner::settings::Settings;
use crate::runner::watchdog::Watchdog;
use crate::runner::{Cancel, owner, procs};

/// How often a running build is asked whether it is to end.
const PATIENCE: Duration = Duration::from_millis(50);
/// Lines of a complaint that are told.
const COMPLAINT: usize = 8;
/// Marks the processes of one build.
const MARK: &str = "METASCOPE_BUILD";

/// One call of cargo.
pub struct Invocation<'a> {
    /// The command and its flags.
    pub arguments: Vec<OsString>,
    /// What follows all flags: `--` and the compiler's own.
    pub compiler: Vec<OsString>,
    pub folder: &'a Path,
    pub build: &'a BuildFolder,
    pub wrapper: &'a Path,
    pub cancel: &'a Cancel,
    /// How many crates are compiled at the same time; as many as there are processors by default.
    pub jobs: Option<usize>,
}

/// A build that came to its end.
pub struct Ended {
    pub is_success: bool,
    pub stderr: String,
    /// What the compiler complained of, as it shows it.
    rendered: Vec<String>,
}

impl Ended {
    /// The first lines that tell what is wrong.
    pub fn complaint(&self) -> String {
        let rendered = self.rendered.iter().flat_map(|text| text.lines());
        let lines = rendered.chain(self.stderr.lines());
        let told: Vec<&str> =
            lines.filter(|line| line.contains("error") || line.contains("-->")).collect();
        match told.is_empty() {
            true => self.stderr.trim().to_owned(),
            false => told[..told.len().min(COMPLAINT)].join("\n"),
        }
    }
}

impl Invocation<'_> {
    /// Builds; every message is handed to `hear` as it comes. The network is used only when
    /// something is not there yet.
    ///
    /// # Errors
    /// When cargo cannot be run, is cancelled or takes too long; a failed build is an [`Ended`].
    pub fn run(&self, hear: &mut dyn FnMut(CargoMessage)) -> Result<Ended, CompilerError> {
        let ended = self.attempt(true, hear)?;
        if !ended.is_success && native::needs_network(&ended.stderr) {
            return self.attempt(false, hear);
        }
        Ok(ended)
    }

    fn attempt(
        &self,
        is_offline: bool,
        hear: &mut dyn FnMut(CargoMessage),
    ) -> Result<Ended, CompilerError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let mark = format!("{}-{}", owner::token(), COUNT.fetch_add(1, Ordering::Relaxed));
        let temp = self.build.temp_dir()?;
        // Ends the build and removes its temporary files should this process be killed.
        let _watchdog = Watchdog::start(temp.path());
        let mut command = self.command(is_offline);
        command.env(MARK, &mark).env("TMPDIR", temp.path());
        let mut child = command.spawn().map_err(CompilerError::Missing)?;
        let messages = native::listen(&mut child);
        let stderr = child.stderr.take().map(|mut pipe| {
            std::thread::spawn(move || {
                let mut text = Vec::new();
                let _ = pipe.read_to_end(&mut text);
                String::from_utf8_lossy(&text).into_owned()
            })
        });
        let deadline = Instant::now() + LIMIT;
        let mut rendered = Vec::new();
        let stopped = loop {
            match messages.recv_timeout(PATIENCE) {
                Ok(message) => {
                    if let CargoMessage::CompilerMessage { message, .. } = &message
                        && message.level.starts_with("error")
                    {
                        rendered.extend(message.rendered.clone());
                    }
                    hear(message);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break None,
            }
            if self.cancel.is_requested() {
                break Some(CompilerError::Cancelled);
            }
            if Instant::now() > deadline {
                break Some(CompilerError::TimedOut);
            }
        };
        if let Some(stopped) = stopped {
            if let Some(group) = procs::as_pid(child.id()) {
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            let _ = child.wait();
            procs::kill_marked(MARK, &mark);
            return Err(stopped);
        }
        let is_success = child.wait().is_ok_and(|status| status.success());
        let stderr = stderr.and_then(|reader| reader.join().ok()).unwrap_or_default();
        Ok(Ended { is_success, stderr, rendered })
    }

    fn command(&self, is_offline: bool) -> Command {
        let settings = Settings::load().0;
        let mut command = Command::new("cargo");
        command.args(&self.arguments).arg("--message-format=json").current_dir(self.folder);
        if is_offline {
            command.arg("--offline");
        }
        if let Some(jobs) = self.jobs {
            command.arg(format!("--jobs={jobs}"));
        }
        command.args(&self.compiler);
        for (name, _) in std::env::vars_os() {
            if !name.to_str().is_some_and(|name| settings.passes(name)) {
                command.env_remove(name);
            }
        }
        command
            .env("CARGO_TARGET_DIR", self.build.target())
            .env("CARGO_TERM_COLOR", "never")
            .env("METASCOPE_OWNER", owner::token())
            .env("RUSTC_WORKSPACE_WRAPPER", self.wrapper)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        command
    }
}
