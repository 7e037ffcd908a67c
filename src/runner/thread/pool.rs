//! Interpreters started ahead of time. Each serves exactly one run, so every run begins with
//! fresh module state; they end by themselves after five idle minutes.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::runner::settings::Settings;
use crate::runner::{owner, paths, procs};

const BOOTSTRAP: &str = include_str!("bootstrap.py");

/// A worker process that has been started, in its own process group.
pub struct Started {
    pub child: Child,
    /// Marks the process and all its descendants.
    pub token: String,
}

/// At most one warm interpreter.
#[derive(Default)]
pub struct Pool {
    is_enabled: AtomicBool,
    warm: Mutex<Option<(PathBuf, Started)>>,
}

impl Pool {
    pub fn enable(&self) {
        self.is_enabled.store(true, Ordering::Relaxed);
    }

    pub fn is_enabled(&self) -> bool {
        self.is_enabled.load(Ordering::Relaxed)
    }

    /// Starts an interpreter to wait for the next run, unless one waits already.
    pub fn fill(&self, python: &Path, settings: &Settings) {
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        if warm.as_mut().is_some_and(|(of, started)| of == python && is_running(started)) {
            return;
        }
        if let Some((_, old)) = warm.take() {
            discard(old);
        }
        if let Ok(started) = interpreter(python, settings, true) {
            *warm = Some((python.to_path_buf(), started));
        }
    }

    /// A warm interpreter if one waits, else a new one.
    pub fn take(&self, python: &Path, settings: &Settings) -> io::Result<Started> {
        let waiting = self.warm.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((of, mut started)) = waiting {
            if of == python && is_running(&mut started) {
                return Ok(started);
            }
            discard(started);
        }
        interpreter(python, settings, false)
    }

    pub fn drain(&self) {
        if let Some((_, old)) = self.warm.lock().unwrap_or_else(PoisonError::into_inner).take() {
            discard(old);
        }
    }
}

fn is_running(started: &mut Started) -> bool {
    matches!(started.child.try_wait(), Ok(None))
}

fn discard(mut started: Started) {
    if is_running(&mut started) {
        procs::kill_worker(started.child.id(), &started.token);
    }
    let _ = started.child.wait();
}

/// Starts an interpreter that waits for its job.
fn interpreter(python: &Path, settings: &Settings, is_warm: bool) -> io::Result<Started> {
    let mut command = Command::new(python);
    // Unbuffered, so that what a task prints is seen at once and survives a kill.
    command.args(["-u", "-c", BOOTSTRAP]);
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONIOENCODING", "utf-8");
    let code = paths::cache_dir().join("python");
    if paths::create_private(&code).is_ok() {
        command.env("METASCOPE_CODE", code);
    }
    if is_warm {
        command.env("METASCOPE_WARM", "1");
    }
    start(command, settings, Stdio::piped())
}

/// Starts a worker with a filtered environment in a process group of its own.
pub fn start(mut command: Command, settings: &Settings, stdin: Stdio) -> io::Result<Started> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let token = format!("{}-{}", owner::token(), COUNT.fetch_add(1, Ordering::Relaxed));
    for (name, _) in std::env::vars_os() {
        if !name.to_str().is_some_and(|name| settings.passes(name)) {
            command.env_remove(name);
        }
    }
    let child = command
        .env("METASCOPE_OWNER", owner::token())
        .env("METASCOPE_WORKER", &token)
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    Ok(Started { child, token })
}

/// Tells a waiting interpreter what to run, where, and with which further environment.
pub fn send(
    started: &mut Started,
    script: &Path,
    folder: &Path,
    environment: &[(&str, PathBuf)],
) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let mut message = [script.as_os_str().as_bytes(), folder.as_os_str().as_bytes()].join(&0);
    for (name, value) in environment {
        message.push(0);
        message.extend_from_slice(format!("{name}=").as_bytes());
        message.extend_from_slice(value.as_os_str().as_bytes());
    }
    let mut pipe = started.child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    pipe.write_all(format!("{:08x}", message.len()).as_bytes())?;
    pipe.write_all(&message)
}
