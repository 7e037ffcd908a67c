//! Drives cargo: offline first, with progress, stopped when the run is cancelled.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::diagnostics::{self, CargoMessage, CompilerMessage};
use super::shadow::Shadow;
use super::{BINARY, failed};
use crate::model::{RunError, RunStatus};
use crate::runner::run::{Context, Ending};
use crate::runner::{owner, procs};

pub struct Request<'a> {
    pub context: &'a Context<'a>,
    /// The package's folder in the shadow.
    pub folder: PathBuf,
    pub shadow: &'a Shadow,
    pub target_dir: PathBuf,
    pub is_static: bool,
}

/// The folder of the workspace a manifest belongs to, or its own.
pub fn workspace_root(manifest: &Path) -> Result<PathBuf, Ending> {
    let own = manifest.parent().unwrap_or(manifest).to_path_buf();
    if !manifest.is_file() {
        // A single file: its manifest is generated.
        return Ok(own);
    }
    let output = Command::new("cargo")
        .args(["locate-project", "--workspace", "--message-format", "plain", "--manifest-path"])
        .arg(manifest)
        .current_dir(&own)
        .output()
        .map_err(|error| missing(&error))?;
    let found = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    match found.parent() {
        Some(folder) if output.status.success() => Ok(folder.to_path_buf()),
        _ => {
            let complaint = String::from_utf8_lossy(&output.stderr).trim().to_string();
            Err(failed("BuildError", complaint))
        }
    }
}

/// Builds the worker and returns the binary where cargo put it.
pub fn build(request: &Request<'_>) -> Result<PathBuf, Ending> {
    request.context.progress("building the worker");
    let first = attempt(request, true)?;
    let result = match first {
        Attempt::Failed { stderr, .. } if needs_network(&stderr) => {
            request.context.progress("fetching dependencies");
            attempt(request, false)?
        }
        other => other,
    };
    match result {
        Attempt::Built(binary) => Ok(binary),
        Attempt::Failed { messages, stderr } => {
            let root = &request.context.job.root;
            let error = diagnostics::error(&messages, &stderr, request.shadow, root);
            Err(Ending::Failed(RunStatus::Failed, error))
        }
    }
}

enum Attempt {
    Built(PathBuf),
    Failed { messages: Vec<CompilerMessage>, stderr: String },
}

/// Whether an offline build failed because something was not there yet.
pub fn needs_network(stderr: &str) -> bool {
    ["--offline", "offline mode", "no matching package", "failed to download", "unable to update"]
        .iter()
        .any(|sign| stderr.contains(sign))
}

fn missing(error: &std::io::Error) -> Ending {
    let message = format!("cargo cannot be run ({error}): install a Rust toolchain from rustup.rs");
    Ending::Failed(
        RunStatus::Crashed,
        RunError { type_: "CargoNotFound".into(), message, ..RunError::default() },
    )
}

fn attempt(request: &Request<'_>, is_offline: bool) -> Result<Attempt, Ending> {
    let mut child = command(request, is_offline).spawn().map_err(|error| missing(&error))?;
    let pid = child.id();
    let lines = listen(&mut child);
    let stderr = child.stderr.take().map(|mut pipe| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = pipe.read_to_end(&mut text);
            String::from_utf8_lossy(&text).into_owned()
        })
    });
    let mut messages = Vec::new();
    let mut binary = None;
    let mut compiled = 0;
    loop {
        match lines.recv_timeout(Duration::from_millis(50)) {
            Ok(CargoMessage::CompilerArtifact { target, executable, fresh, .. }) => {
                if target.name == BINARY {
                    binary = executable;
                } else if !fresh {
                    compiled += 1;
                    request.context.progress(format!("compiled {} ({compiled})", target.name));
                }
            }
            Ok(CargoMessage::CompilerMessage { message, .. }) => messages.push(message),
            Ok(CargoMessage::Other) | Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
        if request.context.cancel.is_requested() {
            if let Some(group) = procs::as_pid(pid) {
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            let _ = child.wait();
            return Err(Ending::Cancelled);
        }
    }
    let is_success = child.wait().is_ok_and(|status| status.success());
    let stderr = stderr.and_then(|reader| reader.join().ok()).unwrap_or_default();
    Ok(match binary {
        Some(binary) if is_success => Attempt::Built(binary),
        _ => Attempt::Failed { messages, stderr },
    })
}

fn command(request: &Request<'_>, is_offline: bool) -> Command {
    let mut command = Command::new("cargo");
    command
        .args(["build", "--message-format=json", "--bin", BINARY])
        .current_dir(&request.folder)
        .env("CARGO_TARGET_DIR", &request.target_dir)
        .env("CARGO_TERM_COLOR", "never")
        // A panic must be caught to be told; nobody debugs the worker, so link less.
        .env("CARGO_PROFILE_DEV_PANIC", "unwind")
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("METASCOPE_OWNER", owner::token())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    for (name, _) in std::env::vars_os() {
        if !name.to_str().is_some_and(|name| request.context.settings().passes(name))
            && name != "METASCOPE_OWNER"
        {
            command.env_remove(name);
        }
    }
    if is_offline {
        command.arg("--offline");
    }
    if request.is_static {
        let target = static_target();
        // Named even when it is the host's own: flags then spare build scripts and macros.
        command.args(["--target", &target]);
        let flag = "-Ctarget-feature=+crt-static";
        match std::env::var("RUSTFLAGS") {
            Ok(flags) => command.env("RUSTFLAGS", format!("{flags} {flag}")),
            Err(_) => {
                command.arg("--config").arg(format!("target.{target}.rustflags=[\"{flag}\"]"))
            }
        };
    }
    command
}

/// What a binary for an empty image is built for; glibc can be linked statically.
fn static_target() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}

/// The messages of a cargo that was told `--message-format=json`, until it ends.
pub fn listen(child: &mut Child) -> mpsc::Receiver<CargoMessage> {
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let message = serde_json::from_str(&line).unwrap_or(CargoMessage::Other);
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
    }
    receiver
}
