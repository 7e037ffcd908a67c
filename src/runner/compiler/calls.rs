//! A build that has the compiler write down every call: MIR with the place of each callee's name.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::cargo::{Ended, Invocation};
use super::packages::{Workspace, workspaces};
use super::store::BuildFolder;
use super::{CompilerError, own_folder, wrapper};
use crate::model::{CallBuild, CompileProblem, CompiledUnit};
use crate::runner::Cancel;
use crate::runner::native::{CargoMessage, CompilerMessage};

/// Places of names have been in MIR since this release of the compiler.
const SINCE: (u32, u32) = (1, 74);

/// Starts the compiler.
const WRAPPER: &str = include_str!("calls.sh");

/// Builds all targets of the packages in a folder, and says where their MIR is. `hear` is told the
/// name of every crate that is done.
///
/// # Errors
/// When nothing could be built: no package, no cargo, an old compiler, cancelled, too late. Crates
/// that do not compile are [`CallBuild::problems`].
pub fn calls(
    root: &Path,
    jobs: Option<usize>,
    cancel: &Cancel,
    hear: &mut dyn FnMut(&str),
) -> Result<CallBuild, CompilerError> {
    let mut found = CallBuild::default();
    for workspace in workspaces(root)? {
        check_version(&workspace.folder)?;
        let cache = own_folder()?;
        let build = BuildFolder::open(&cache, &workspace.folder)?;
        let wrapper = wrapper(&cache, WRAPPER)?;
        // Examples, tests and benches may need what is not there; the library is asked for then.
        for targets in [&["--all-targets", "--keep-going"][..], &["--lib", "--bins"]] {
            let mut arguments: Vec<OsString> = vec!["check".into()];
            arguments.extend(targets.iter().map(Into::into));
            arguments.extend(selection(&workspace));
            let invocation = Invocation {
                arguments,
                compiler: Vec::new(),
                folder: &workspace.folder,
                build: &build,
                wrapper: &wrapper,
                cancel,
                jobs,
            };
            let mut units = Vec::new();
            let mut problems = Vec::new();
            let ended = invocation.run(&mut |message| match message {
                CargoMessage::CompilerArtifact { target, filenames, .. } => {
                    hear(&target.name);
                    let mir = filenames.iter().find_map(|file| mir_of(file));
                    if let Some(mir) = mir {
                        let (root, base) = (target.src_path, workspace.folder.clone());
                        units.push(CompiledUnit { root, mir, base });
                    }
                }
                CargoMessage::CompilerMessage { target, message } => {
                    let is_first = problems.iter().all(|(crate_, _)| *crate_ != target.src_path);
                    if is_first && let Some(problem) = problem(&message, &workspace.folder) {
                        problems.push((target.src_path, problem));
                    }
                }
                CargoMessage::Other => {}
            })?;
            let is_first = targets.contains(&"--keep-going");
            if units.is_empty() && problems.is_empty() && !ended.is_success {
                // Cargo itself failed, before any crate.
                if is_first {
                    continue;
                }
                found.problems.push(general(&ended));
            }
            found.units.append(&mut units);
            found.problems.extend(problems.into_iter().map(|(_, problem)| problem));
            break;
        }
    }
    // A crate is compiled twice when it has tests; the complaint is the same.
    found.problems.sort_by(|a, b| (&a.place, &a.message).cmp(&(&b.place, &b.message)));
    found.problems.dedup();
    Ok(found)
}

fn selection(workspace: &Workspace) -> Vec<OsString> {
    if workspace.is_whole {
        return vec!["--workspace".into()];
    }
    workspace.members.iter().flat_map(|name| ["-p".into(), name.into()]).collect()
}

/// The MIR stands beside the crate's metadata, under the same name.
fn mir_of(artifact: &Path) -> Option<PathBuf> {
    let name = artifact.file_stem()?.to_str()?;
    let name = name.strip_prefix("lib").unwrap_or(name);
    let mir = artifact.with_file_name(format!("{name}.mir"));
    mir.is_file().then_some(mir)
}

fn problem(message: &CompilerMessage, base: &Path) -> Option<CompileProblem> {
    if message.level != "error" || message.message.starts_with("aborting due to") {
        return None;
    }
    let place = message.place().map(|(file, line, column)| (base.join(file), line, column));
    Some(CompileProblem { place, message: message.message.clone() })
}

fn general(ended: &Ended) -> CompileProblem {
    CompileProblem { place: None, message: ended.complaint() }
}

fn check_version(folder: &Path) -> Result<(), CompilerError> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .arg("--version")
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(CompilerError::Missing)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let Some(version) = text.split_whitespace().nth(1) else { return Ok(()) };
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let version_pair = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version_pair < SINCE {
        return Err(CompilerError::TooOld(version.to_owned()));
    }
    Ok(())
}
