//! What the user's own compiler says about a crate: its expansion, its MIR.
//!
//! Both are printed by unstable flags, which `RUSTC_BOOTSTRAP` opens on a stable compiler. That is
//! set by a wrapper for the workspace's own crates alone: set for all of cargo, it would rebuild
//! every dependency that looks at it. The build directory is our own. Building runs build scripts
//! and procedural macros, so callers ask for trust first.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use super::paths;
use super::settings::Settings;

/// A target of a package.
#[derive(Debug, Clone)]
pub struct Target {
    /// The package's folder.
    pub folder: PathBuf,
    /// How cargo is told of the target: `--lib`, `--bin name` …
    pub flags: Vec<String>,
}

/// Why the compiler gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum CompilerError {
    #[error("cargo cannot be run ({0}): install a Rust toolchain from rustup.rs")]
    Missing(io::Error),
    #[error("{} cannot be written: {error}", .path.display())]
    Unwritable { path: PathBuf, error: io::Error },
    #[error("the crate does not build:\n{0}")]
    Failed(String),
}

/// The crate's code with all macros expanded.
///
/// # Errors
/// When cargo is missing or the crate does not get as far as expansion.
pub fn expansion(target: &Target) -> Result<String, CompilerError> {
    let folder = own_folder()?;
    let out = folder.join(format!("{}.rs", name_of(target)));
    let arguments = ["-Zunpretty=expanded".into(), "-o".into(), out.clone().into_os_string()];
    let started = SystemTime::now();
    let built = build(target, &folder, &arguments);
    // Errors after expansion leave it whole; what an earlier run left counts only when cargo says
    // that nothing has changed since.
    let is_new = || {
        let written = out.metadata().and_then(|found| found.modified());
        written.is_ok_and(|written| written >= started)
    };
    match fs::read_to_string(&out) {
        Ok(text) if !text.trim().is_empty() && (built.is_ok() || is_new()) => Ok(text),
        _ => match built {
            Err(error) => Err(error),
            Ok(()) => Err(CompilerError::Failed("the compiler printed no expansion".into())),
        },
    }
}

fn own_folder() -> Result<PathBuf, CompilerError> {
    let folder = paths::cache_dir().join("compiler");
    paths::create_private(&folder)
        .map_err(|error| CompilerError::Unwritable { path: folder.clone(), error })?;
    Ok(folder)
}

fn name_of(target: &Target) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(target.folder.as_os_str().as_encoded_bytes());
    for flag in &target.flags {
        hasher.update(&[0]).update(flag.as_bytes());
    }
    hasher.finalize().to_hex()[..24].to_owned()
}

/// The wrapper that opens unstable flags for the crates of the workspace.
fn wrapper(folder: &Path) -> Result<PathBuf, CompilerError> {
    let path = folder.join("rustc.sh");
    let text = "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec \"$@\"\n";
    if fs::read_to_string(&path).is_ok_and(|current| current == text) {
        return Ok(path);
    }
    let fresh = folder.join(format!("rustc-{}.sh", std::process::id()));
    fs::write(&fresh, text)
        .and_then(|()| fs::set_permissions(&fresh, fs::Permissions::from_mode(0o700)))
        .and_then(|()| fs::rename(&fresh, &path))
        .map_err(|error| CompilerError::Unwritable { path: path.clone(), error })?;
    Ok(path)
}

fn build(
    target: &Target,
    folder: &Path,
    arguments: &[std::ffi::OsString],
) -> Result<(), CompilerError> {
    let settings = Settings::load().0;
    let wrapper = wrapper(folder)?;
    let attempt = |is_offline: bool| {
        let mut command = Command::new("cargo");
        command
            .args(["rustc", "--profile", "check", "--message-format", "short"])
            .args(&target.flags)
            .current_dir(&target.folder)
            .env("CARGO_TARGET_DIR", folder.join("target"))
            .env("CARGO_TERM_COLOR", "never")
            .env("RUSTC_WORKSPACE_WRAPPER", &wrapper)
            .stdin(Stdio::null());
        if is_offline {
            command.arg("--offline");
        }
        for (name, _) in std::env::vars_os() {
            if !name.to_str().is_some_and(|name| settings.passes(name)) {
                command.env_remove(name);
            }
        }
        command.arg("--").arg("-Awarnings").args(arguments);
        command.output().map_err(CompilerError::Missing)
    };
    let mut output = attempt(true)?;
    if !output.status.success() && super::native::needs_network(&text(&output.stderr)) {
        output = attempt(false)?;
    }
    if output.status.success() {
        Ok(())
    } else {
        Err(CompilerError::Failed(errors(&output.stderr)))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The lines that tell what is wrong, the first few of them.
fn errors(stderr: &[u8]) -> String {
    let all = text(stderr);
    let told: Vec<&str> = all.lines().filter(|line| line.contains("error")).take(8).collect();
    if told.is_empty() { all.trim().to_owned() } else { told.join("\n") }
}
