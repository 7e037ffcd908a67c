//! The sources of a Rust file's crate and of those it depends on, as far as they lie on this
//! disk: packages by path, vendored ones and cargo's own store. Only reads; cargo is not run.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::read;
use crate::analyzers::rust::expand::{Krate, Sources};
use crate::model::Language;

/// Sources by absolute path.
pub struct CrateSources {
    /// Unsaved text of files, by path.
    texts: FxHashMap<String, Arc<str>>,
    manifests: RefCell<FxHashMap<PathBuf, Option<Rc<Package>>>>,
    /// Name and version of each locked package.
    locked: Vec<(String, String)>,
    /// The workspace's `vendor` folder and cargo's store.
    stores: Vec<PathBuf>,
}

/// What a `Cargo.toml` says.
struct Package {
    folder: PathBuf,
    name: String,
    /// The library's name in code and its root file.
    library: String,
    library_root: PathBuf,
    /// Root files of binaries.
    binaries: Vec<PathBuf>,
    table: toml::Table,
}

/// A version as numbers.
type Version = (u64, u64, u64);

impl CrateSources {
    /// Sources around a file.
    pub fn around(file: &Path) -> Self {
        let lock = file.ancestors().skip(1).map(|folder| folder.join("Cargo.lock"));
        let lock = lock.into_iter().find(|path| path.is_file());
        let text = lock.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        let table: Option<toml::Table> = text.and_then(|text| text.parse().ok());
        let listed = table.as_ref().and_then(|table| table.get("package")?.as_array());
        let locked = listed.into_iter().flatten().filter_map(|package| {
            let text = |key: &str| Some(package.get(key)?.as_str()?.to_owned());
            Some((text("name")?, text("version")?))
        });
        let locked = locked.collect();
        let mut stores: Vec<PathBuf> =
            file.ancestors().skip(1).map(|folder| folder.join("vendor")).collect();
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
        let sources = home.and_then(|home| std::fs::read_dir(home.join("registry/src")).ok());
        stores.extend(sources.into_iter().flatten().flatten().map(|entry| entry.path()));
        stores.retain(|store| store.is_dir());
        Self { texts: FxHashMap::default(), manifests: RefCell::default(), locked, stores }
    }

    /// Puts unsaved text in place of a file's.
    pub fn overlay(&mut self, path: &Path, text: Arc<str>) {
        self.texts.insert(shown(path), text);
    }

    /// The folder of a crate's package, and how cargo is told of the crate.
    pub fn target(&self, krate: &Krate) -> Option<(PathBuf, Vec<String>)> {
        let root = Path::new(&krate.root);
        let package = self.package_of(root)?;
        let inner = root.strip_prefix(&package.folder).ok()?;
        let explicit = |kind: &str| {
            let targets = package.table.get(kind)?.as_array()?;
            let target = targets.iter().find(|target| {
                target
                    .get("path")
                    .and_then(toml::Value::as_str)
                    .is_some_and(|p| inner == Path::new(p))
            })?;
            Some(target.get("name")?.as_str()?.to_owned())
        };
        let by_place = |folder: &str| {
            let rest = inner.strip_prefix(folder).ok()?;
            let first = rest.components().next()?;
            Some(Path::new(first.as_os_str()).file_stem()?.to_str()?.to_owned())
        };
        let flags = if root == package.library_root {
            vec!["--lib".into()]
        } else {
            let kinds = [
                ("bin", "src/bin"),
                ("example", "examples"),
                ("test", "tests"),
                ("bench", "benches"),
            ];
            let found = kinds.iter().find_map(|(kind, folder)| {
                Some((kind, explicit(kind).or_else(|| by_place(folder))?))
            });
            match found {
                Some((kind, name)) => vec![format!("--{kind}"), name],
                None if inner == Path::new("src/main.rs") => {
                    vec!["--bin".into(), package.name.clone()]
                }
                None => return None,
            }
        };
        Some((package.folder.clone(), flags))
    }

    /// The package that a file belongs to.
    fn package_of(&self, file: &Path) -> Option<Rc<Package>> {
        file.ancestors().skip(1).find_map(|folder| self.package(folder))
    }

    fn package(&self, folder: &Path) -> Option<Rc<Package>> {
        if let Some(known) = self.manifests.borrow().get(folder) {
            return known.clone();
        }
        let read = Package::read(folder).map(Rc::new);
        self.manifests.borrow_mut().insert(folder.to_path_buf(), read.clone());
        read
    }

    /// The folder of a package that a manifest names under `dependencies`.
    fn folder_of(&self, package: &Package, name: &str) -> Option<PathBuf> {
        let (key, value) = dependency_in(&package.table, name)?;
        let inherits = value.get("workspace").and_then(toml::Value::as_bool) == Some(true);
        let (value, base) = if inherits {
            workspace_dependency(&package.folder, &key)?
        } else {
            (value, package.folder.clone())
        };
        if let Some(path) = value.get("path").and_then(toml::Value::as_str) {
            return base.join(path).canonicalize().ok();
        }
        let real = value.get("package").and_then(toml::Value::as_str).unwrap_or(&key).to_owned();
        let wanted = value.as_str().or_else(|| value.get("version")?.as_str()).unwrap_or("");
        self.stored(&real, wanted, package.folder.parent())
    }

    /// The best stored version of a package.
    fn stored(&self, name: &str, wanted: &str, beside: Option<&Path>) -> Option<PathBuf> {
        let wanted = requirement(wanted);
        let mut best: Option<((bool, bool, bool, Version), PathBuf)> = None;
        // What lies beside it or is vendored is what cargo takes.
        let home = self.stores.iter().position(|store| !store.ends_with("vendor"));
        for (at, store) in
            beside.into_iter().chain(self.stores.iter().map(PathBuf::as_path)).enumerate()
        {
            let Ok(entries) = std::fs::read_dir(store) else { continue };
            for entry in entries.flatten() {
                let folder = entry.file_name();
                let rest = folder.to_str().and_then(|folder| folder.strip_prefix(name));
                let is_near = rest.is_some_and(|rest| {
                    rest.is_empty() || rest.strip_prefix('-').is_some_and(starts_with_digit)
                });
                if !is_near {
                    continue;
                }
                let Some(package) = self.package(&entry.path()) else { continue };
                if package.name != name {
                    continue;
                }
                let written = package.version();
                let version = numbers(&written);
                let is_locked =
                    self.locked.iter().any(|(locked, at)| locked == name && *at == written);
                let is_own = home.is_none_or(|home| at <= home);
                let rank = (wanted.is_none_or(|w| agrees(w, version)), is_own, is_locked, version);
                if best.as_ref().is_none_or(|(found, _)| *found < rank) {
                    best = Some((rank, entry.path()));
                }
            }
        }
        best.map(|(_, folder)| folder)
    }
}

impl Sources for CrateSources {
    fn text(&self, path: &str) -> Option<Arc<str>> {
        if let Some(text) = self.texts.get(path) {
            return Some(text.clone());
        }
        read::read(Path::new(path), &path.into(), Language::Rust).ok()
    }

    fn crates(&self, path: &str) -> Vec<Krate> {
        let file = Path::new(path);
        let own = |name: String| Krate { name, root: path.to_owned() };
        let Some(package) = self.package_of(file) else { return vec![own("crate".into())] };
        let mut found = Vec::new();
        let mut add = |root: PathBuf, name: &str| {
            if root.is_file() {
                found.push(Krate { name: name.to_owned(), root: shown(&root) });
            }
        };
        let program = format!("{}_main", package.library);
        let inner = file.strip_prefix(&package.folder).unwrap_or(file);
        for folder in ["src/bin", "examples", "tests", "benches"] {
            let Ok(rest) = inner.strip_prefix(folder) else { continue };
            let Some(first) = rest.components().next() else { continue };
            let base = package.folder.join(folder).join(first);
            add(if base.is_dir() { base.join("main.rs") } else { base }, &program);
        }
        if inner == Path::new("build.rs") {
            add(file.to_path_buf(), &program);
        }
        add(package.library_root.clone(), &package.library);
        for root in &package.binaries {
            add(root.clone(), &program);
        }
        if found.is_empty() {
            found.push(own(program));
        }
        found
    }

    fn dependency(&self, of: &Krate, name: &str) -> Option<Krate> {
        let package = self.package_of(Path::new(&of.root))?;
        let as_library = |package: &Package| Krate {
            name: package.library.clone(),
            root: shown(&package.library_root),
        };
        if name == package.library && of.root != shown(&package.library_root) {
            return package.library_root.is_file().then(|| as_library(&package));
        }
        let folder = self.folder_of(&package, name)?;
        Some(as_library(&*self.package(&folder)?))
    }
}

impl Package {
    fn read(folder: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
        let table: toml::Table = text.parse().ok()?;
        let name = table.get("package")?.get("name")?.as_str()?.to_owned();
        let library = |key: &str| Some(table.get("lib")?.get(key)?.as_str()?.to_owned());
        let root = library("path").unwrap_or_else(|| "src/lib.rs".into());
        let mut binaries = vec![folder.join("src/main.rs")];
        for target in table.get("bin").and_then(toml::Value::as_array).into_iter().flatten() {
            if let Some(path) = target.get("path").and_then(toml::Value::as_str) {
                binaries.push(folder.join(path));
            }
        }
        Some(Self {
            folder: folder.to_path_buf(),
            library: library("name").unwrap_or_else(|| name.clone()).replace('-', "_"),
            library_root: folder.join(root),
            binaries,
            name,
            table,
        })
    }

    fn version(&self) -> String {
        let version = self.table.get("package").and_then(|p| p.get("version")?.as_str());
        version.unwrap_or_default().to_owned()
    }
}

/// The entry of a dependency by its name in code, with the name it has in the manifest.
fn dependency_in(table: &toml::Table, name: &str) -> Option<(String, toml::Value)> {
    let targets = table.get("target").and_then(toml::Value::as_table);
    let targets = targets.into_iter().flatten().filter_map(|(_, target)| target.as_table());
    std::iter::once(table).chain(targets).find_map(|table| {
        ["dependencies", "dev-dependencies", "build-dependencies"].iter().find_map(|kind| {
            let list = table.get(*kind)?.as_table()?;
            let (key, value) = list.iter().find(|(key, _)| key.replace('-', "_") == name)?;
            Some((key.clone(), value.clone()))
        })
    })
}

/// The entry that a member inherits, and the folder of the workspace.
fn workspace_dependency(member: &Path, key: &str) -> Option<(toml::Value, PathBuf)> {
    member.ancestors().find_map(|folder| {
        let text = std::fs::read_to_string(folder.join("Cargo.toml")).ok()?;
        let table: toml::Table = text.parse().ok()?;
        let value = table.get("workspace")?.get("dependencies")?.get(key)?.clone();
        Some((value, folder.to_path_buf()))
    })
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// The first version of a requirement; nothing for `*`.
fn requirement(text: &str) -> Option<Version> {
    let start = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    (!start.is_empty()).then(|| numbers(start))
}

fn numbers(version: &str) -> Version {
    let plain = version.split(['-', '+', ',', ' ']).next().unwrap_or_default();
    let mut parts = plain.split('.').map(|part| part.parse().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}

/// Whether a version may stand for a wanted one.
fn agrees(wanted: Version, version: Version) -> bool {
    match wanted {
        (0, minor, _) => version.0 == 0 && version.1 == minor && version >= wanted,
        (major, ..) => version.0 == major && version >= wanted,
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_choose_compatible_versions() {
        let allows = |wanted: &str, version: &str| {
            requirement(wanted).is_none_or(|wanted| agrees(wanted, numbers(version)))
        };
        assert!(allows("1.2", "1.9.0") && allows("^1", "1.0.0-rc.1") && allows("*", "7.0.0"));
        assert!(allows("0.3", "0.3.9") && !allows("0.3", "0.4.0") && !allows("2", "1.9.0"));
    }

    #[test]
    fn packages_are_found_by_path_beside_and_inherited() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            "Cargo.toml",
            "[workspace]\nmembers=['a']\n[workspace.dependencies]\nlog={version='0.4'}\n",
        );
        write(
            "a/Cargo.toml",
            "[package]\nname='a-b'\n[dependencies]\nlog={workspace=true}\nc={path='../see'}\n",
        );
        write("a/src/lib.rs", "");
        write("a/src/main.rs", "");
        write("see/Cargo.toml", "[package]\nname='c'\n[lib]\nname='sea'\n");
        write("vendor/log/Cargo.toml", "[package]\nname='log'\nversion='0.4.20'\n");
        write("vendor/log-0.3.1/Cargo.toml", "[package]\nname='log'\nversion='0.3.1'\n");
        let file = root.join("a/src/main.rs");
        let sources = CrateSources::around(&file);
        let names: Vec<String> =
            sources.crates(&shown(&file)).into_iter().map(|krate| krate.name).collect();
        assert_eq!(names, ["a_b", "a_b_main"]);
        let main = Krate { name: "a_b_main".into(), root: shown(&file) };
        let root_of = |name: &str| sources.dependency(&main, name).map(|krate| krate.root);
        let at = |path: &str| Some(shown(&root.join(path)));
        assert_eq!(root_of("c"), at("see/src/lib.rs"));
        assert_eq!(root_of("log"), at("vendor/log/src/lib.rs"));
        assert_eq!(root_of("a_b"), at("a/src/lib.rs"));
        assert_eq!(root_of("absent"), None);
    }
}
