//! The module tree: which module path each file is, crate by crate.

use rustc_hash::FxHashMap;

use super::RustFile;
use crate::model::{Manifest, Name};

/// Module paths (`crate_name::a::b`) of files and crates of a project.
pub struct Modules {
    paths: FxHashMap<Name, Name>,
    unknown: Name,
}

impl Modules {
    pub fn build(files: &[RustFile<'_>], manifests: &[Manifest]) -> Self {
        let paths = files
            .iter()
            .map(|file| (file.file.path.clone(), guess(&file.file.path, manifests)))
            .collect();
        Self { paths, unknown: "crate".into() }
    }

    /// The module path of a file, crate name first.
    pub fn path_of(&self, file: &str) -> &Name {
        self.paths.get(file).unwrap_or(&self.unknown)
    }
}

/// The path by the file's place alone, as `mod` without `#[path]` would have it.
fn guess(path: &str, manifests: &[Manifest]) -> Name {
    let owner = manifests
        .iter()
        .filter_map(|manifest| {
            let folder = manifest.path.strip_suffix("Cargo.toml")?;
            let inner = path.strip_prefix(folder)?;
            let value: toml::Table = manifest.text.parse().ok()?;
            let name = value.get("package")?.get("name")?.as_str()?.replace('-', "_");
            Some((folder.len(), name, inner))
        })
        .max_by_key(|(depth, ..)| *depth);
    let (name, inner) =
        owner.map_or_else(|| ("crate".into(), path), |(_, name, inner)| (name, inner));
    let inner = inner.strip_prefix("src/").unwrap_or(inner);
    let inner = inner.strip_suffix(".rs").unwrap_or(inner);
    let mut segments = vec![name.as_str()];
    segments.extend(inner.split('/').filter(|segment| !matches!(*segment, "lib" | "main" | "mod")));
    segments.join("::").into()
}
