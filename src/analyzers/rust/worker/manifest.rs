//! A function's package: its manifest, the crate its file belongs to, and the manifest that adds
//! the worker.

use std::collections::BTreeSet;

use toml::{Table, Value};

use super::Texts;
use crate::analyzers::link::rust::crates::{TargetKind, packages};
use crate::model::Manifest;

pub struct Package {
    /// Relative to the project's root, empty or with a final `/`.
    folder: String,
    table: Table,
    edition: String,
    /// The file that is the root of the crate the function is in.
    pub root: String,
    /// Whether that crate is the package's library.
    pub is_library: bool,
    /// The library's name in code; only for a library.
    pub library: Option<String>,
    pub has_serde: bool,
    pub has_tokio: bool,
    /// Names of all dependencies, as the manifest has them.
    pub dependencies: Vec<String>,
    /// The crate is an example, a test or a bench, which may use what is for development.
    is_development: bool,
}

impl Package {
    /// # Errors
    /// When there is no package the function could be built in.
    pub fn find(path: &str, texts: &Texts<'_>) -> Result<Self, String> {
        let found = folders_above(path).find_map(|folder| {
            let text = texts(&format!("{folder}Cargo.toml"))?;
            let table: Table = text.parse().ok()?;
            table.contains_key("package").then_some((folder, text, table))
        });
        let Some((folder, text, table)) = found else { return Self::of_single_file(path, texts) };
        let manifest = Manifest { path: format!("{folder}Cargo.toml").into(), text };
        let parsed = packages(std::slice::from_ref(&manifest));
        let parsed = parsed.first().ok_or("its Cargo.toml cannot be read")?;
        let library_path = lib(&table, "path").unwrap_or("src/lib.rs");
        if matches!(
            table.get("lib").and_then(|lib| lib.get("proc-macro")),
            Some(Value::Boolean(true))
        ) {
            return Err("functions of a procedural macro's crate cannot be called".into());
        }
        let (root, kind) = crate_root(path, folder, library_path, texts, &|inner| {
            parsed.target(inner).map(|(_, kind)| kind)
        })?;
        let names =
            dependency_names(&table, kind != TargetKind::Library && kind != TargetKind::Binary);
        let edition = package(&table, "edition").unwrap_or("2015").to_owned();
        let is_library = kind == TargetKind::Library;
        Ok(Self {
            library: is_library.then(|| parsed.library.clone()),
            folder: folder.to_owned(),
            edition,
            root,
            is_library,
            has_serde: names.contains("serde"),
            has_tokio: names.contains("tokio"),
            dependencies: names.into_iter().collect(),
            is_development: !matches!(kind, TargetKind::Library | TargetKind::Binary),
            table,
        })
    }

    /// A file without any manifest: one is made from what it imports.
    fn of_single_file(path: &str, texts: &Texts<'_>) -> Result<Self, String> {
        let (folder, file) = path.rfind('/').map_or(("", path), |at| path.split_at(at + 1));
        let text = texts(path).ok_or_else(|| format!("{path} cannot be read"))?;
        let stem: String = file
            .trim_end_matches(".rs")
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' })
            .collect();
        let mut table = Table::new();
        let mut package = Table::new();
        package.insert("name".into(), Value::String(format!("single-{stem}")));
        package.insert("version".into(), Value::String("0.0.0".into()));
        package.insert("edition".into(), Value::String("2024".into()));
        package.insert("autobins".into(), Value::Boolean(false));
        table.insert("package".into(), Value::Table(package));
        table.insert("workspace".into(), Value::Table(Table::new()));
        let names = imported_crates(&text);
        let dependency = |name: &String| {
            let mut value = Table::from_iter([("version".to_owned(), Value::String("*".into()))]);
            let feature = match name.as_str() {
                "serde" | "clap" => "derive",
                "tokio" => "full",
                _ => "",
            };
            if !feature.is_empty() {
                value.insert("features".into(), Value::Array(vec![Value::String(feature.into())]));
            }
            (name.clone(), Value::Table(value))
        };
        let dependencies = Table::from_iter(names.iter().map(dependency));
        table.insert("dependencies".into(), Value::Table(dependencies));
        Ok(Self {
            folder: folder.to_owned(),
            table,
            edition: "2024".into(),
            root: path.to_owned(),
            is_library: false,
            library: None,
            has_serde: names.contains("serde"),
            has_tokio: names.contains("tokio"),
            dependencies: names.into_iter().collect(),
            is_development: false,
        })
    }

    /// A path of the package below the project's root.
    pub fn file(&self, inner: &str) -> String {
        format!("{}{inner}", self.folder)
    }

    pub fn no_mangle(&self) -> &'static str {
        if self.is_recent() { "#[unsafe(no_mangle)]" } else { "#[no_mangle]" }
    }

    pub fn extern_block(&self) -> &'static str {
        if self.is_recent() { "unsafe extern \"Rust\"" } else { "extern \"Rust\"" }
    }

    fn is_recent(&self) -> bool {
        self.edition.as_str() >= "2024"
    }

    /// The package's manifest with the worker's binary and runtime added, and without its lints,
    /// which judge the user's code, not the adapter.
    pub fn manifest(&self) -> Result<String, String> {
        let mut table = self.table.clone();
        table.remove("lints");
        if self.is_development
            && let Some(Value::Table(theirs)) = table.get("dev-dependencies").cloned()
        {
            let own = entry(&mut table, "dependencies");
            for (name, value) in theirs {
                own.entry(name).or_insert(value);
            }
        }
        let runtime =
            Table::from_iter([("path".to_owned(), Value::String(".metascope/rt".into()))]);
        entry(&mut table, "dependencies").insert("__ms_rt".into(), Value::Table(runtime));
        if self.is_library {
            let lib = entry(&mut table, "lib");
            if let Some(Value::Array(kinds)) = lib.get_mut("crate-type") {
                let is_linkable = |kind: &Value| matches!(kind.as_str(), Some("lib" | "rlib"));
                if !kinds.iter().any(is_linkable) {
                    kinds.push(Value::String("lib".into()));
                }
            }
        }
        let main = match self.is_library {
            true => ".metascope/worker.rs",
            false => self.root.strip_prefix(&self.folder).unwrap_or(&self.root),
        };
        let binary = Table::from_iter([
            ("name".to_owned(), Value::String("__ms_worker".into())),
            ("path".to_owned(), Value::String(main.into())),
        ]);
        match table.entry("bin").or_insert_with(|| Value::Array(Vec::new())) {
            Value::Array(binaries) => binaries.push(Value::Table(binary)),
            _ => return Err("its Cargo.toml has a [bin] that is no list".into()),
        }
        toml::to_string(&table).map_err(|error| error.to_string())
    }

    /// The manifest of the runtime crate, which brings what the package may lack.
    pub fn runtime_manifest(&self) -> String {
        let mut text = String::from(
            "[package]\nname = \"__ms_rt\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n\
             [lib]\npath = \"lib.rs\"\n\n[dependencies]\n",
        );
        if self.has_serde {
            text.push_str("serde = \"1\"\nserde_json = \"1\"\n");
        }
        if self.has_tokio {
            text.push_str("tokio = { version = \"1\", features = [\"rt-multi-thread\"] }\n");
        }
        text
    }
}

/// The folders a file is in, innermost first, the root last.
fn folders_above(path: &str) -> impl Iterator<Item = &str> {
    let ends = path.rmatch_indices('/').map(|(at, _)| &path[..=at]);
    ends.chain(std::iter::once(""))
}

fn entry<'t>(table: &'t mut Table, key: &str) -> &'t mut Table {
    let value = table.entry(key).or_insert_with(|| Value::Table(Table::new()));
    if !value.is_table() {
        *value = Value::Table(Table::new());
    }
    match value {
        Value::Table(table) => table,
        _ => unreachable!("made a table above"),
    }
}

fn package<'t>(table: &'t Table, key: &str) -> Option<&'t str> {
    table.get("package")?.get(key)?.as_str()
}

fn lib<'t>(table: &'t Table, key: &str) -> Option<&'t str> {
    table.get("lib")?.get(key)?.as_str()
}

fn dependency_names(table: &Table, with_development: bool) -> BTreeSet<String> {
    let mut sections = vec![table.get("dependencies")];
    if with_development {
        sections.push(table.get("dev-dependencies"));
    }
    let tables = sections.into_iter().flatten().filter_map(Value::as_table);
    let is_needed = |value: &Value| value.get("optional") != Some(&Value::Boolean(true));
    tables
        .flat_map(|table| {
            table.iter().filter(|(_, value)| is_needed(value)).map(|(name, _)| name.clone())
        })
        .collect()
}

/// The root of the crate a file belongs to: itself, or the library or binary whose modules lead to
/// it. Names are enough for that: a module hidden in a macro is found as well.
fn crate_root(
    path: &str,
    folder: &str,
    library: &str,
    texts: &Texts<'_>,
    target: &dyn Fn(&str) -> Option<TargetKind>,
) -> Result<(String, TargetKind), String> {
    let inner = &path[folder.len()..];
    if let Some(kind) = target(inner) {
        return match kind {
            TargetKind::BuildScript => Err("functions of a build script cannot be run".into()),
            kind => Ok((path.to_owned(), kind)),
        };
    }
    let mut candidates = vec![(library.to_owned(), TargetKind::Library)];
    candidates.push(("src/main.rs".into(), TargetKind::Binary));
    // `src/bin/tool/part.rs` belongs to `src/bin/tool/main.rs`, and so for examples and tests.
    let mains = folders_above(inner).map(|folder| format!("{folder}main.rs"));
    candidates.extend(mains.filter_map(|main| target(&main).map(|kind| (main, kind))));
    let exists = |root: &str| texts(&format!("{folder}{root}")).is_some();
    let leads = |root: &&(String, TargetKind)| leads_to(&root.0, inner, folder, texts);
    let found = candidates.iter().find(leads);
    let found = found.or_else(|| candidates.iter().find(|(root, _)| exists(root)));
    let (root, kind) = found.ok_or("no crate of its package contains it")?;
    Ok((format!("{folder}{root}"), *kind))
}

/// Whether `mod` lines lead from a crate's root to a file.
fn leads_to(root: &str, target: &str, folder: &str, texts: &Texts<'_>) -> bool {
    let base = root.rfind('/').map_or("", |at| &root[..=at]);
    let Some(rest) = target.strip_prefix(base) else { return false };
    let rest = rest.strip_suffix(".rs").unwrap_or(rest);
    let mut file = root.to_owned();
    let mut walked = base.to_owned();
    for name in rest.strip_suffix("/mod").unwrap_or(rest).split('/') {
        let Some(text) = texts(&format!("{folder}{file}")) else { return false };
        if !declares(&text, name) {
            return false;
        }
        walked = format!("{walked}{name}");
        let flat = format!("{walked}.rs");
        file = match texts(&format!("{folder}{flat}")).is_some() {
            true => flat,
            false => format!("{walked}/mod.rs"),
        };
        walked.push('/');
    }
    file == target
}

/// Whether a text has the words `mod name`.
fn declares(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].trim_end();
        let after = text[at + name.len()..].trim_start();
        (before.ends_with("mod") || before.ends_with("mod r#")) && after.starts_with([';', '{'])
    })
}

/// The crates a single file names at the start of its imports.
fn imported_crates(text: &str) -> BTreeSet<String> {
    const OWN: [&str; 7] = ["std", "core", "alloc", "crate", "self", "super", "proc_macro"];
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut names = BTreeSet::new();
    for line in text.lines().map(str::trim_start) {
        let line = line.strip_prefix("pub ").unwrap_or(line);
        let Some(rest) = line.strip_prefix("use ").or_else(|| line.strip_prefix("extern crate "))
        else {
            continue;
        };
        let rest = rest.trim_start_matches("::");
        let name = rest.split(|c| !is_word(c)).next().unwrap_or_default();
        let is_local = OWN.contains(&name)
            || declares(text, name)
            || ["enum", "struct", "trait"]
                .iter()
                .any(|kind| text.contains(&format!("{kind} {name}")));
        if !name.is_empty() && name.starts_with(|c: char| c.is_lowercase()) && !is_local {
            names.insert(name.to_owned());
        }
    }
    for name in ["serde_json", "tokio", "serde"] {
        if text.contains(&format!("{name}::")) && !declares(text, name) {
            names.insert(name.into());
        }
    }
    names
}
