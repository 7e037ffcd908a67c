//! Worker and input into the container, the outcome out of it.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use bollard::Docker;
use bollard::query_parameters::DownloadFromContainerOptions;
use futures_util::StreamExt;

use super::container::USER;
use super::engine;
use crate::runner::outcome::MAX_BYTES;
use crate::runner::run::Context;

/// The archive for the container's volume: `in/` and `input.json`, which the task can only read,
/// and `out/`, which it can write.
pub fn pack(context: &Context<'_>, binary: Option<&Path>) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    add_folder(&mut archive, "in/", 0o755, 0)?;
    add_folder(&mut archive, "out/", 0o700, USER)?;
    add_file(&mut archive, "input.json", 0o644, &fs::read(context.input_file())?)?;
    match binary {
        Some(binary) => add_file(&mut archive, "in/worker", 0o755, &fs::read(binary)?)?,
        None => {
            for (path, text) in &context.job.worker.files {
                let mut folder = String::from("in/");
                let inner = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                for part in inner.split('/').filter(|part| !part.is_empty()) {
                    folder.push_str(part);
                    folder.push('/');
                    add_folder(&mut archive, &folder, 0o755, 0)?;
                }
                add_file(&mut archive, &format!("in/{path}"), 0o644, text.as_bytes())?;
            }
        }
    }
    archive.into_inner()
}

fn add_folder(
    archive: &mut tar::Builder<Vec<u8>>,
    path: &str,
    mode: u32,
    owner: u64,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Directory);
    header.set_mode(mode);
    header.set_uid(owner);
    header.set_gid(owner);
    header.set_size(0);
    archive.append_data(&mut header, path, io::empty())
}

fn add_file(
    archive: &mut tar::Builder<Vec<u8>>,
    path: &str,
    mode: u32,
    data: &[u8],
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_mode(mode);
    header.set_size(data.len() as u64);
    archive.append_data(&mut header, path, data)
}

/// The bytes of the outcome file; `None` when the worker wrote none.
pub async fn fetch(docker: &Docker, name: &str, path: &str) -> Option<Result<Vec<u8>, String>> {
    let options = DownloadFromContainerOptions { path: path.into() };
    let mut parts = std::pin::pin!(docker.download_from_container(name, Some(options)));
    let mut archive = Vec::new();
    while let Some(part) = parts.next().await {
        match part {
            Ok(part) => archive.extend_from_slice(&part),
            Err(error) if engine::is_absent(&error) => return None,
            Err(error) => {
                let why = engine::explain(&error);
                return Some(Err(format!("the outcome cannot be fetched: {why}")));
            }
        }
        if archive.len() as u64 > MAX_BYTES + (1 << 20) {
            return Some(Err(format!("the result is larger than {} MB", MAX_BYTES >> 20)));
        }
    }
    unpack(&archive)
}

/// The one regular file of an archive; a link or a pipe that a task put there is no outcome.
fn unpack(archive: &[u8]) -> Option<Result<Vec<u8>, String>> {
    let mut archive = tar::Archive::new(archive);
    let mut entry = archive.entries().ok()?.next()?.ok()?;
    if !entry.header().entry_type().is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    Some(match entry.read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) => Err(format!("the outcome is cut short: {error}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_regular_file_is_an_outcome() {
        let mut archive = tar::Builder::new(Vec::new());
        add_file(&mut archive, "outcome.json", 0o644, b"{}").unwrap();
        assert_eq!(unpack(&archive.into_inner().unwrap()), Some(Ok(b"{}".to_vec())));

        let mut archive = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        archive.append_link(&mut header, "outcome.json", "/etc/passwd").unwrap();
        assert_eq!(unpack(&archive.into_inner().unwrap()), None);
        assert_eq!(unpack(b"nonsense"), None);
    }
}
