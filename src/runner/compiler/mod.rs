//! What the user's own compiler says about a crate: its expansion, its calls.
//!
//! Both are printed by unstable flags, which `RUSTC_BOOTSTRAP` opens on a stable compiler. That is
//! set by a wrapper for the workspace's own crates alone: set for all of cargo, it would rebuild
//! every dependency that looks at it. The build directory is our own. Building runs build scripts
//! and procedural macros, so callers ask for trust first.

mod calls;
mod cargo;
mod packages;
mod store;

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub use calls::calls;

use super::{Cancel, paths};
use cargo::Invocation;
use store::BuildFolder;

/// How long one build may take, dependencies included.
const LIMIT: Duration = Duration::from_secs(15 * 60);

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
    #[error("rustc {0} cannot tell its calls: that needs 1.74 or newer")]
    TooOld(String),
    #[error("{} cannot be written: {error}", .path.display())]
    Unwritable { path: PathBuf, error: io::Error },
    #[error("the crate does not build:\n{0}")]
    Failed(String),
    #[error("no Cargo.toml with a package was found in {}", .0.display())]
    NoPackage(PathBuf),
    #[error("the build took longer than {} minutes", LIMIT.as_secs() / 60)]
    TimedOut,
    #[error("cancelled")]
    Cancelled,
}

/// The crate's code with all macros expanded.
///
/// # Errors
/// When cargo is missing or the crate does not get as far as expansion.
pub fn expansion(target: &Target) -> Result<String, CompilerError> {
    let folder = own_folder()?;
    let out = folder.join(format!("{}.rs", name_of(target)));
    let build = BuildFolder::open(&folder, &packages::workspace_of(&target.folder))?;
    let wrapper = wrapper(&folder, include_str!("plain.sh"))?;
    let mut arguments: Vec<OsString> = ["rustc", "--profile", "check"].map(Into::into).to_vec();
    arguments.extend(target.flags.iter().map(Into::into));
    let compiler = ["--", "-Awarnings", "-Zunpretty=expanded", "-o"].map(OsString::from);
    let invocation = Invocation {
        arguments,
        compiler: compiler.into_iter().chain([out.clone().into_os_string()]).collect(),
        folder: &target.folder,
        build: &build,
        wrapper: &wrapper,
        cancel: &Cancel::default(),
        jobs: None,
    };
    let started = SystemTime::now();
    let built = invocation.run(&mut |_| {})?;
    // Errors after expansion leave it whole; what an earlier run left counts only when cargo says
    // that nothing has changed since.
    let is_new = || {
        let written = out.metadata().and_then(|found| found.modified());
        written.is_ok_and(|written| written >= started)
    };
    match fs::read_to_string(&out) {
        Ok(text) if !text.trim().is_empty() && (built.is_success || is_new()) => Ok(text),
        _ if built.is_success => {
            Err(CompilerError::Failed("the compiler printed no expansion".into()))
        }
        _ => Err(CompilerError::Failed(built.complaint())),
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

/// Writes a wrapper that cargo is to start the compiler through. Cargo builds again what was built
/// by a wrapper of another name, so the name says what it does.
fn wrapper(folder: &Path, text: &str) -> Result<PathBuf, CompilerError> {
    let name = &blake3::hash(text.as_bytes()).to_hex()[..8];
    let path = folder.join(format!("rustc-{name}.sh"));
    if fs::read_to_string(&path).is_ok_and(|current| current == text) {
        return Ok(path);
    }
    let fresh = folder.join(format!("rustc-{name}-{}.sh", std::process::id()));
    fs::write(&fresh, text)
        .and_then(|()| fs::set_permissions(&fresh, fs::Permissions::from_mode(0o700)))
        .and_then(|()| fs::rename(&fresh, &path))
        .map_err(|error| CompilerError::Unwritable { path: path.clone(), error })?;
    Ok(path)
}
