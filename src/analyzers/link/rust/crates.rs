//! Packages and their targets, as `Cargo.toml` and cargo's own rules of place tell.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::Manifest;

/// One `[package]`.
#[derive(Debug, Default)]
pub struct Package {
    /// Relative to the root, empty or with a final `/`.
    pub folder: String,
    pub name: String,
    /// The library's name in code.
    pub library: String,
    library_path: Option<String>,
    /// Explicit targets: path within the package and crate name.
    targets: Vec<(String, String)>,
    /// Names in code of what it depends on, with the package's own name behind each.
    pub dependencies: FxHashMap<String, String>,
}

/// What kind of target a crate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetKind {
    Library,
    Binary,
    Example,
    Test,
    Bench,
    BuildScript,
    /// A file that no manifest and no `mod` accounts for.
    Loose,
}

impl Package {
    /// The crate that has this file (relative to the package) as its root.
    pub fn target(&self, inner: &str) -> Option<(String, TargetKind)> {
        let library = self.library_path.as_deref().unwrap_or("src/lib.rs");
        if inner == library {
            return Some((self.library.clone(), TargetKind::Library));
        }
        if let Some((_, name)) = self.targets.iter().find(|(path, _)| path == inner) {
            let kind = match inner.split('/').next() {
                Some("examples") => TargetKind::Example,
                Some("tests") => TargetKind::Test,
                Some("benches") => TargetKind::Bench,
                _ => TargetKind::Binary,
            };
            return Some((underscored(name), kind));
        }
        match inner {
            "src/main.rs" => return Some((underscored(&self.name), TargetKind::Binary)),
            "build.rs" => return Some(("build_script_build".into(), TargetKind::BuildScript)),
            _ => {}
        }
        let folders = [
            ("src/bin/", TargetKind::Binary),
            ("examples/", TargetKind::Example),
            ("tests/", TargetKind::Test),
            ("benches/", TargetKind::Bench),
        ];
        for (folder, kind) in folders {
            let Some(rest) = inner.strip_prefix(folder) else { continue };
            let stem = rest.strip_suffix("/main.rs").or_else(|| rest.strip_suffix(".rs"))?;
            return (!stem.contains('/')).then(|| (underscored(stem), kind));
        }
        None
    }
}

pub fn underscored(name: &str) -> String {
    name.replace('-', "_")
}

/// The packages of all manifests, deepest folders first.
pub fn packages(manifests: &[Manifest]) -> Vec<Package> {
    let mut found: Vec<Package> = manifests.iter().filter_map(package).collect();
    found.sort_by(|a, b| (b.folder.len(), &a.folder).cmp(&(a.folder.len(), &b.folder)));
    found
}

/// All names of crates that some manifest depends on, workspace dependencies included.
pub fn all_dependencies(packages: &[Package], manifests: &[Manifest]) -> FxHashSet<String> {
    let mut names: FxHashSet<String> =
        packages.iter().flat_map(|package| package.dependencies.keys().cloned()).collect();
    for manifest in manifests.iter().filter(|manifest| manifest.path.ends_with("Cargo.toml")) {
        let Ok(table) = manifest.text.parse::<toml::Table>() else { continue };
        let Some(workspace) = table.get("workspace").and_then(|value| value.get("dependencies"))
        else {
            continue;
        };
        names.extend(
            workspace.as_table().into_iter().flat_map(|t| t.keys()).map(|n| underscored(n)),
        );
    }
    names
}

fn package(manifest: &Manifest) -> Option<Package> {
    let folder = manifest.path.strip_suffix("Cargo.toml")?;
    let table: toml::Table = manifest.text.parse().ok()?;
    let name = table.get("package")?.get("name")?.as_str()?.to_string();
    let text = |value: &toml::Value, key: &str| Some(value.get(key)?.as_str()?.to_string());
    let library = table.get("lib");
    let mut package = Package {
        folder: folder.into(),
        library: library
            .and_then(|library| text(library, "name"))
            .map_or_else(|| underscored(&name), |name| underscored(&name)),
        library_path: library.and_then(|library| text(library, "path")),
        name,
        ..Package::default()
    };
    for kind in ["bin", "example", "test", "bench"] {
        for target in table.get(kind).and_then(toml::Value::as_array).into_iter().flatten() {
            if let (Some(path), Some(name)) = (text(target, "path"), text(target, "name")) {
                package.targets.push((path.trim_start_matches("./").into(), name));
            }
        }
    }
    if let Some(build) = table.get("package").and_then(|package| text(package, "build")) {
        package.targets.push((build, "build_script_build".into()));
    }
    dependencies(&table, &mut package.dependencies);
    for target in table.get("target").and_then(toml::Value::as_table).into_iter().flatten() {
        if let Some(target) = target.1.as_table() {
            dependencies(target, &mut package.dependencies);
        }
    }
    Some(package)
}

fn dependencies(table: &toml::Table, found: &mut FxHashMap<String, String>) {
    for key in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for (name, value) in table.get(key).and_then(toml::Value::as_table).into_iter().flatten() {
            let real = value.get("package").and_then(toml::Value::as_str).unwrap_or(name);
            found.insert(underscored(name), real.to_string());
        }
    }
}
