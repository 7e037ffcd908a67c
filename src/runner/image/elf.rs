//! Which shared libraries a binary needs, read from its ELF headers. Only what that takes: 64-bit
//! files of this machine's byte order.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What the dynamic section of one file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The program loader (`/lib64/ld-linux-x86-64.so.2`); only programs have one.
    pub interpreter: Option<String>,
    pub libraries: Vec<String>,
    /// `DT_RPATH` and `DT_RUNPATH`, split, `$ORIGIN` not yet replaced.
    pub search: Vec<String>,
}

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;

/// A program header: type, file offset, virtual address, size in the file.
struct Segment {
    kind: u32,
    offset: u64,
    address: u64,
    size: u64,
}

/// Reads a file's needs; `None` for what is no ELF file of this kind.
pub fn needs(data: &[u8]) -> Option<Needs> {
    let is_native =
        data.get(..6)? == [0x7f, b'E', b'L', b'F', 2, 1] && cfg!(target_endian = "little");
    is_native.then_some(())?;
    let table = number(data, 32, 8)?;
    let (entry_size, count) = (number(data, 54, 2)?, number(data, 56, 2)?);
    let segment = |index: u64| {
        let at = table.checked_add(index * entry_size)?;
        Some(Segment {
            kind: number(data, at, 4)? as u32,
            offset: number(data, at + 8, 8)?,
            address: number(data, at + 16, 8)?,
            size: number(data, at + 32, 8)?,
        })
    };
    let segments: Vec<Segment> = (0..count).map_while(segment).collect();
    let mut needs = Needs::default();
    if let Some(found) = segments.iter().find(|segment| segment.kind == PT_INTERP) {
        needs.interpreter = text(data, found.offset);
    }
    let Some(dynamic) = segments.iter().find(|segment| segment.kind == PT_DYNAMIC) else {
        return Some(needs);
    };
    let pair = |index: u64| {
        let at = dynamic.offset.checked_add(index * 16)?;
        Some((number(data, at, 8)?, number(data, at + 8, 8)?))
    };
    let entries: Vec<(u64, u64)> =
        (0..dynamic.size / 16).map_while(pair).take_while(|(tag, _)| *tag != 0).collect();
    let table = entries.iter().find(|(tag, _)| *tag == DT_STRTAB).map(|(_, address)| *address)?;
    let strings = file_offset(&segments, table)?;
    for (tag, value) in entries {
        let Some(found) = strings.checked_add(value).and_then(|at| text(data, at)) else {
            continue;
        };
        match tag {
            DT_NEEDED => needs.libraries.push(found),
            DT_RPATH | DT_RUNPATH => needs.search.extend(found.split(':').map(String::from)),
            _ => {}
        }
    }
    Some(needs)
}

fn file_offset(segments: &[Segment], address: u64) -> Option<u64> {
    let loaded = segments.iter().filter(|segment| segment.kind == PT_LOAD);
    let mut holding = loaded
        .filter(|segment| address >= segment.address && address - segment.address < segment.size);
    holding.next().and_then(|segment| segment.offset.checked_add(address - segment.address))
}

fn number(data: &[u8], at: u64, size: usize) -> Option<u64> {
    let at = usize::try_from(at).ok()?;
    let bytes = data.get(at..at.checked_add(size)?)?;
    Some(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

fn text(data: &[u8], at: u64) -> Option<String> {
    let rest = data.get(usize::try_from(at).ok()?..)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    Some(String::from_utf8_lossy(&rest[..end]).into_owned())
}

/// All libraries that some binaries need, directly or not: name → file on this machine.
#[derive(Debug, Default)]
pub struct Closure {
    pub libraries: BTreeMap<String, PathBuf>,
    pub interpreter: Option<PathBuf>,
    /// Needed, but found nowhere.
    pub missing: Vec<String>,
}

impl Closure {
    /// Adds what one binary needs.
    pub fn add(&mut self, binary: &Path) {
        let defaults = default_folders();
        let mut pending = vec![binary.to_path_buf()];
        while let Some(file) = pending.pop() {
            let Some(needs) = fs::read(&file).ok().and_then(|data| needs(&data)) else { continue };
            if let Some(interpreter) = needs.interpreter {
                self.interpreter.get_or_insert_with(|| interpreter.into());
            }
            let resolved = file.canonicalize().unwrap_or(file);
            let origin = resolved.parent().unwrap_or(Path::new("/")).to_string_lossy().into_owned();
            let own = needs.search.iter().map(|folder| {
                PathBuf::from(folder.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin))
            });
            let folders: Vec<PathBuf> = own.chain(defaults.iter().cloned()).collect();
            for library in needs.libraries {
                if self.libraries.contains_key(&library) || self.missing.contains(&library) {
                    continue;
                }
                match folders.iter().map(|folder| folder.join(&library)).find(|file| file.is_file())
                {
                    Some(found) => {
                        pending.push(found.clone());
                        self.libraries.insert(library, found);
                    }
                    None => self.missing.push(library),
                }
            }
        }
    }

    /// Adds a library that is loaded by name at run time, when this machine has it.
    pub fn add_optional(&mut self, library: &str) {
        let found = default_folders().into_iter().map(|folder| folder.join(library));
        if let Some(file) = found.into_iter().find(|file| file.is_file()) {
            self.libraries.insert(library.into(), file.clone());
            self.add(&file);
        }
    }
}

/// Where the loader looks: `ld.so.conf` and the usual places.
fn default_folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    read_conf(Path::new("/etc/ld.so.conf"), &mut folders, 0);
    let arch = std::env::consts::ARCH;
    for usual in [
        format!("/lib/{arch}-linux-gnu"),
        format!("/usr/lib/{arch}-linux-gnu"),
        "/lib64".into(),
        "/usr/lib64".into(),
        "/lib".into(),
        "/usr/lib".into(),
    ] {
        folders.push(usual.into());
    }
    folders
}

fn read_conf(path: &Path, folders: &mut Vec<PathBuf>, depth: u32) {
    let Ok(text) = fs::read_to_string(path) else { return };
    for line in text.lines().map(|line| line.split('#').next().unwrap_or_default().trim()) {
        if let Some(pattern) = line.strip_prefix("include ") {
            let pattern = Path::new(pattern.trim());
            let suffix = pattern.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let Some(suffix) = suffix.strip_prefix('*') else { continue };
            let entries = pattern.parent().and_then(|folder| fs::read_dir(folder).ok());
            let mut files: Vec<PathBuf> =
                entries.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
            files.retain(|file| file.to_string_lossy().ends_with(suffix));
            files.sort();
            if depth < 4 {
                files.iter().for_each(|file| read_conf(file, folders, depth + 1));
            }
        } else if line.starts_with('/') {
            folders.push(line.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_this_test_itself_needs() {
        let own = std::env::current_exe().unwrap();
        let needs = needs(&fs::read(&own).unwrap()).expect("an ELF file");
        assert!(needs.libraries.iter().any(|library| library.starts_with("libc.")), "{needs:?}");
        let mut closure = Closure::default();
        closure.add(&own);
        assert!(closure.missing.is_empty(), "{closure:?}");
        assert!(closure.interpreter.is_some_and(|loader| loader.exists()));
    }

    #[test]
    fn broken_files_need_nothing() {
        assert_eq!(needs(b"#!/bin/sh\n"), None);
        let mut broken = fs::read(std::env::current_exe().unwrap()).unwrap();
        broken.truncate(4096);
        broken[32..40].fill(0xff);
        let _ = needs(&broken);
        broken[32..40].copy_from_slice(&64u64.to_le_bytes());
        let _ = needs(&broken);
    }
}
