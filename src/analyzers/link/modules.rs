//! Python module names from file paths.

use rustc_hash::FxHashSet;

use crate::model::{Manifest, Name};

/// Names the module of each Python path (`pkg/mod.py` → `pkg.mod`, `pkg/__init__.py` → `pkg`).
///
/// A file's package is found as the interpreter would: the topmost folder of an unbroken chain of
/// folders with an `__init__`. Folders without one count as namespace packages, except source
/// roots: `src`, `lib`, `python` and those a `pyproject.toml` or `setup.cfg` names. `prefix` is
/// the package the project's root itself lies in (`django.db` when that folder was opened).
pub fn name_modules(paths: &[Name], manifests: &[Manifest], prefix: Option<&str>) -> Vec<Name> {
    let packages: FxHashSet<&str> = paths
        .iter()
        .filter_map(|path| {
            let (folder, file) = path.rsplit_once('/')?;
            matches!(file, "__init__.py" | "__init__.pyi").then_some(folder)
        })
        .collect();
    let roots = source_roots(manifests);
    paths.iter().map(|path| name_module(path, &packages, &roots, prefix)).collect()
}

fn name_module(
    path: &str,
    packages: &FxHashSet<&str>,
    roots: &[String],
    prefix: Option<&str>,
) -> Name {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let stem = stem.strip_suffix("__init__").map_or(stem, |folder| folder.trim_end_matches('/'));
    let root = roots
        .iter()
        .filter(|root| stem.strip_prefix(root.as_str()).is_some_and(|rest| rest.starts_with('/')))
        .filter(|root| !packages.contains(root.as_str()))
        .max_by_key(|root| root.len());
    let inner = root.map_or(stem, |root| &stem[root.len() + 1..]);
    let dotted = inner.replace('/', ".");
    match (prefix, dotted.is_empty()) {
        (Some(prefix), true) => prefix.into(),
        (Some(prefix), false) => format!("{prefix}.{dotted}").into(),
        (None, _) => dotted.into(),
    }
}

/// Folders, relative to the root, from which imports start.
fn source_roots(manifests: &[Manifest]) -> Vec<String> {
    let mut roots: Vec<String> = ["src", "lib", "python"].map(String::from).to_vec();
    for manifest in manifests {
        let Some((folder, name)) = split_path(&manifest.path) else { continue };
        let join = |inner: &str| format!("{folder}{}", inner.trim_matches('/'));
        if name == "pyproject.toml" {
            roots.extend(["src", "lib"].map(&join));
            let Ok(table) = manifest.text.parse::<toml::Table>() else { continue };
            let find = |keys: &[&str]| {
                let mut value = table.get("tool")?;
                for key in keys {
                    value = value.get(key)?;
                }
                Some(value.clone())
            };
            let named = [
                find(&["setuptools", "packages", "find", "where"]),
                find(&["setuptools", "package-dir", ""]),
                find(&["hatch", "build", "targets", "wheel", "sources"]),
                find(&["maturin", "python-source"]),
            ];
            for value in named.into_iter().flatten() {
                match value {
                    toml::Value::String(inner) => roots.push(join(&inner)),
                    toml::Value::Array(inner) => {
                        roots.extend(inner.iter().filter_map(|inner| inner.as_str()).map(&join));
                    }
                    _ => {}
                }
            }
        } else if matches!(name, "setup.cfg" | "setup.py") {
            roots.extend(["src", "lib"].map(&join));
        }
        if !folder.is_empty() && matches!(name, "pyproject.toml" | "setup.cfg" | "setup.py") {
            roots.push(folder.trim_end_matches('/').into());
        }
    }
    roots.retain(|root| !root.is_empty() && root != ".");
    roots.sort();
    roots.dedup();
    roots
}

/// The folder with its final `/`, and the file name.
fn split_path(path: &str) -> Option<(&str, &str)> {
    let at = path.rfind('/').map_or(0, |at| at + 1);
    Some((path.get(..at)?, path.get(at..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[&str], manifests: &[Manifest], prefix: Option<&str>) -> Vec<String> {
        let paths: Vec<Name> = paths.iter().map(|path| Name::from(*path)).collect();
        name_modules(&paths, manifests, prefix).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn packages_roots_and_namespaces() {
        let paths = [
            "main.py",
            "pkg/__init__.py",
            "pkg/a.pyi",
            "src/lib/__init__.py",
            "src/lib/x.py",
            "scripts/go.py",
        ];
        assert_eq!(
            names(&paths, &[], None),
            ["main", "pkg", "pkg.a", "lib", "lib.x", "scripts.go"]
        );
        let inside = names(&["__init__.py", "models/base.py"], &[], Some("django.db"));
        assert_eq!(inside, ["django.db", "django.db.models.base"]);
    }

    #[test]
    fn manifests_name_further_roots() {
        let manifest = Manifest {
            path: "backend/pyproject.toml".into(),
            text: "[tool.setuptools.packages.find]\nwhere = [\"code\"]\n".into(),
        };
        let paths = ["backend/code/app/__init__.py", "backend/tool.py"];
        assert_eq!(names(&paths, &[manifest], None), ["app", "tool"]);
    }
}
