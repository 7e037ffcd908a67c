//! What a Python interpreter consists of, and its archive. It is moved to `/usr/local`, where it
//! finds its standard library by its own place; so no path of this machine shows in the image.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::elf::Closure;

#[derive(Debug, Deserialize)]
pub struct Interpreter {
    /// The real binary, not a virtual environment's link.
    pub program: PathBuf,
    /// `3.11`
    pub version: String,
    stdlib: PathBuf,
    platstdlib: PathBuf,
    platlibdir: String,
}

const INSPECT: &str = "
import json, os, sys, sysconfig
program = os.path.realpath(getattr(sys, '_base_executable', None) or sys.executable)
v = {'installed_base': sys.base_prefix, 'base': sys.base_prefix, 'platbase': sys.base_exec_prefix,
     'installed_platbase': sys.base_exec_prefix}
print(json.dumps({'program': program, 'version': '%d.%d' % sys.version_info[:2],
    'stdlib': sysconfig.get_path('stdlib', vars=v), 'platstdlib': os.path.dirname(
        next((p for p in sys.path if p.endswith('lib-dynload')), sysconfig.get_path('stdlib', vars=v) + '/x')),
    'platlibdir': getattr(sys, 'platlibdir', 'lib')}))
";

/// Parts of the standard library that no worker needs.
const LEFT_OUT: [&str; 10] = [
    "test",
    "tests",
    "idlelib",
    "idle_test",
    "turtledemo",
    "ensurepip",
    "lib2to3",
    "site-packages",
    "dist-packages",
    "tkinter",
];

/// Loaded by name at run time.
const OPTIONAL_LIBRARIES: [&str; 4] =
    ["libgcc_s.so.1", "libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"];

impl Interpreter {
    /// Asks an interpreter about itself.
    pub fn inspect(python: &Path) -> Result<Self, String> {
        let output = Command::new(python)
            .args(["-I", "-c", INSPECT])
            .output()
            .map_err(|error| format!("{} cannot be run: {error}", python.display()))?;
        serde_json::from_slice(&output.stdout).map_err(|_| {
            let complaint = String::from_utf8_lossy(&output.stderr).trim().to_string();
            format!("{} does not tell what it is made of: {complaint}", python.display())
        })
    }

    /// Writes the image's file system.
    pub fn pack(&self, target: &mut File) -> io::Result<()> {
        let mut archive = tar::Builder::new(io::BufWriter::new(target));
        let mut libraries = Closure::default();
        libraries.add(&self.program);
        for folder in ["tmp/", "metascope/", "usr/local/bin/"] {
            add_folder(&mut archive, folder, if folder == "tmp/" { 0o1777 } else { 0o755 })?;
        }
        let program = format!("usr/local/bin/python{}", self.version);
        add_file(&mut archive, &program, &self.program)?;
        for name in ["python3", "python"] {
            add_link(
                &mut archive,
                &format!("usr/local/bin/{name}"),
                &format!("python{}", self.version),
            )?;
        }
        let stdlib = format!("usr/local/lib/python{}", self.version);
        add_tree(&mut archive, &self.stdlib, &stdlib, &mut libraries)?;
        if self.platstdlib != self.stdlib {
            let platform = format!("usr/local/{}/python{}", self.platlibdir, self.version);
            let dynload = "lib-dynload";
            let to = format!("{platform}/{dynload}");
            add_tree(&mut archive, &self.platstdlib.join(dynload), &to, &mut libraries)?;
        }
        for library in OPTIONAL_LIBRARIES {
            libraries.add_optional(library);
        }
        add_libraries(&mut archive, &libraries)?;
        for (path, text) in [
            (
                "etc/passwd",
                "root:x:0:0:root:/:/bin/false\nnobody:x:65534:65534:nobody:/tmp:/bin/false\n",
            ),
            ("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
            ("etc/nsswitch.conf", "hosts: files dns\n"),
        ] {
            add_text(&mut archive, path, text)?;
        }
        for (path, of_host) in [
            ("etc/ssl/certs/ca-certificates.crt", "/etc/ssl/certs/ca-certificates.crt"),
            ("etc/ssl/cert.pem", "/etc/ssl/certs/ca-certificates.crt"),
        ] {
            if Path::new(of_host).is_file() {
                add_file(&mut archive, path, Path::new(of_host))?;
            }
        }
        let zones = Path::new("/usr/share/zoneinfo");
        if zones.is_dir() {
            add_tree(&mut archive, zones, "usr/share/zoneinfo", &mut Closure::default())?;
        }
        archive.into_inner()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(())
    }
}

type Archive<'a> = tar::Builder<io::BufWriter<&'a mut File>>;

/// All libraries stand beside the C library, where the loader looks by itself.
fn add_libraries(archive: &mut Archive<'_>, closure: &Closure) -> io::Result<()> {
    if !closure.missing.is_empty() {
        let message = format!("shared libraries not found: {}", closure.missing.join(", "));
        return Err(io::Error::new(io::ErrorKind::NotFound, message));
    }
    let c_library = closure.libraries.iter().find(|(name, _)| name.starts_with("libc."));
    let folder = c_library.and_then(|(_, file)| file.parent()).unwrap_or(Path::new("/lib"));
    let loader_name = closure.interpreter.as_ref().and_then(|loader| loader.file_name());
    for (name, file) in &closure.libraries {
        if loader_name.is_none_or(|loader| loader != name.as_str()) {
            add_file(archive, &inner(&folder.join(name)), file)?;
        }
    }
    if let Some(loader) = &closure.interpreter {
        add_file(archive, &inner(loader), loader)?;
        if let Some(name) = loader_name.filter(|_| loader.parent() != Some(folder)) {
            // Libraries may name the loader as one of their needs.
            let link = inner(&folder.join(name));
            add_link(archive, &link, &loader.to_string_lossy())?;
        }
    }
    Ok(())
}

/// A path of the root as an archive names it.
fn inner(path: &Path) -> String {
    path.to_string_lossy().trim_start_matches('/').to_string()
}

/// Adds a folder's files, and what its shared objects need to `libraries`.
fn add_tree(
    archive: &mut Archive<'_>,
    from: &Path,
    to: &str,
    libraries: &mut Closure,
) -> io::Result<()> {
    let mut pending = vec![(from.to_path_buf(), to.to_string())];
    while let Some((folder, place)) = pending.pop() {
        let mut entries: Vec<_> = fs::read_dir(&folder)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            if LEFT_OUT.contains(&name.as_str()) || name.starts_with("config-") {
                continue;
            }
            let path = entry.path();
            let target = format!("{place}/{name}");
            // Links are followed: what they lead to may lie outside.
            match path.metadata() {
                Ok(found) if found.is_dir() => pending.push((path, target)),
                Ok(found) if found.is_file() && !name.ends_with(".a") => {
                    if name.ends_with(".so") || name.contains(".so.") {
                        libraries.add(&path);
                    }
                    add_file(archive, &target, &path)?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Adds a file with its time, by which cached bytecode stays valid, but not its owner.
fn add_file(archive: &mut Archive<'_>, target: &str, file: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let opened = File::open(file)?;
    let found = opened.metadata()?;
    let mut header = tar::Header::new_gnu();
    header.set_size(found.len());
    header.set_mode(if found.mode() & 0o111 == 0 { 0o644 } else { 0o755 });
    header.set_mtime(found.mtime().max(0) as u64);
    archive.append_data(&mut header, target, opened)
}

fn add_text(archive: &mut Archive<'_>, target: &str, text: &str) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, target, text.as_bytes())
}

fn add_folder(archive: &mut Archive<'_>, target: &str, mode: u32) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Directory);
    header.set_size(0);
    header.set_mode(mode);
    archive.append_data(&mut header, target, io::empty())
}

fn add_link(archive: &mut Archive<'_>, target: &str, to: &str) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Symlink);
    header.set_size(0);
    header.set_mode(0o777);
    archive.append_link(&mut header, target, to)
}
