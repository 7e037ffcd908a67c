//! Installed packages: what the project's imports reach in its virtual environment, read so that
//! base classes, fields and callees that live there are known. Nothing is imported or run.

use std::path::{Path, PathBuf};

use rustc_hash::{FxHashMap, FxHashSet};

use super::cache::Cache;
use super::extract::{Wanted, extract_all, on_pool};
use super::scan::entries;
use crate::analyzers::link::{LinkInput, Parts, link_compiled};
use crate::model::facts::python::names::{BindingKind, NameFacts};
use crate::model::{
    CompiledCalls, Diagnostic, FileEntry, Language, LanguageFacts, Name, Project, Severity,
};

/// Files read of installed packages, at most: a project that reaches more is told so.
const MOST_FILES: usize = 4_000;

/// The `site-packages` of a project's virtual environment, and what was read there.
pub struct Installed {
    root: PathBuf,
    site: Option<PathBuf>,
    /// By module: its file's facts, or nothing of that name there.
    read: FxHashMap<Name, Option<FileEntry>>,
}

impl Installed {
    /// The environment of the project at `root`: `.venv` or `venv` in it or above it up to the
    /// repository's root, else the active one.
    pub fn of(root: &Path) -> Self {
        let site = environment(root).and_then(|folder| site_packages(&folder));
        Self { root: root.to_owned(), site, read: FxHashMap::default() }
    }

    /// Links `input` together with what its imports reach here; rows of installed files are left
    /// out, so that the project alone is shown.
    pub fn link(
        &mut self,
        mut input: LinkInput,
        parts: Parts,
        cache: &Cache,
        compiled: Option<&CompiledCalls>,
    ) -> Project {
        let reached = self.reached(&mut input, cache);
        let paths: FxHashSet<Name> = reached.iter().map(|file| file.path.clone()).collect();
        input.files.extend(reached);
        input.files.sort_by(|a, b| a.path.cmp(&b.path));
        let mut project = on_pool(|| link_compiled(input, parts, compiled));
        project.leave_out(|file| paths.contains(file));
        project
    }

    /// The installed files that the project's imports lead to, directly or by other installed ones.
    fn reached(&mut self, input: &mut LinkInput, cache: &Cache) -> Vec<FileEntry> {
        let Some(site) = self.site.clone() else {
            let message = "no virtual environment: make a .venv in the project, or activate one";
            input.diagnostics.push(warning(message.into()));
            return Vec::new();
        };
        let mut seen = FxHashSet::default();
        let own: FxHashSet<Name> = input.files.iter().filter_map(top_module).collect();
        let mut wanted: Vec<Name> = input.files.iter().flat_map(origins).collect();
        let mut reached: Vec<FileEntry> = Vec::new();
        while !wanted.is_empty() && reached.len() < MOST_FILES {
            let modules: Vec<Name> = wanted
                .iter()
                .filter(|origin| !own.contains(first_segment(origin)))
                .flat_map(|origin| prefixes(origin))
                .filter(|module| seen.insert(Name::from(*module)))
                .map(Name::from)
                .collect();
            self.read_all(&site, &modules, cache);
            let found: Vec<FileEntry> =
                modules.iter().filter_map(|module| self.read.get(module)?.clone()).collect();
            wanted = found.iter().flat_map(origins).collect();
            reached.extend(found);
        }
        if reached.len() >= MOST_FILES && !wanted.is_empty() {
            let message = format!("only {} files of installed packages were read", reached.len());
            input.diagnostics.push(warning(message));
        }
        reached
    }

    /// Reads the modules that were not looked for before.
    fn read_all(&mut self, site: &Path, modules: &[Name], cache: &Cache) {
        let mut wanted = Vec::new();
        for module in modules {
            if self.read.contains_key(module) {
                continue;
            }
            let module = module.clone();
            match file_of(site, &module) {
                Some(file) => {
                    let path = file.strip_prefix(&self.root).unwrap_or(&file);
                    let path = path.to_string_lossy().as_ref().into();
                    wanted.push(Wanted { path, language: Language::Python, module });
                }
                None => {
                    self.read.insert(module, None);
                }
            }
        }
        let modules: Vec<Name> = wanted.iter().map(|wanted| wanted.module.clone()).collect();
        let extracted = on_pool(|| extract_all(&self.root, wanted, cache, &|| {}));
        let (files, _) = entries(extracted);
        self.read.extend(modules.into_iter().zip(files.into_iter().map(Some)));
    }
}

/// The folder of the virtual environment that belongs to a project.
fn environment(root: &Path) -> Option<PathBuf> {
    for folder in root.ancestors() {
        let here = [".venv", "venv"].map(|name| folder.join(name));
        if let Some(found) = here.into_iter().find(|place| place.join("pyvenv.cfg").is_file()) {
            return Some(found);
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    std::env::var_os("VIRTUAL_ENV").map(PathBuf::from)
}

fn site_packages(environment: &Path) -> Option<PathBuf> {
    let versions = std::fs::read_dir(environment.join("lib")).ok()?.flatten();
    let mut found: Vec<PathBuf> = versions
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("python"))
        .map(|entry| entry.path().join("site-packages"))
        .filter(|place| place.is_dir())
        .collect();
    found.sort();
    found.pop()
}

fn file_of(site: &Path, module: &str) -> Option<PathBuf> {
    let is_plain = |part: &str| !part.is_empty() && !part.contains(['/', '\\']);
    if !module.split('.').all(is_plain) {
        return None;
    }
    let stem = site.join(module.replace('.', "/"));
    ["/__init__.py", ".py", "/__init__.pyi", ".pyi"]
        .iter()
        .map(|end| PathBuf::from(format!("{}{end}", stem.display())))
        .find(|file| file.is_file())
}

/// What a file's names may lead to elsewhere, as dotted origins.
fn origins(file: &FileEntry) -> Vec<Name> {
    let Some(facts) = names(file) else { return Vec::new() };
    let bound = facts.bindings.iter().flat_map(|binding| match &binding.kind {
        BindingKind::Import(origin) => std::slice::from_ref(origin),
        BindingKind::Value(origins) => origins,
        BindingKind::Class | BindingKind::Function => &[],
    });
    let classes = facts.classes.iter().flat_map(|class| {
        let outer = class.bases.iter().chain(&class.decorators).flatten();
        outer.chain(&class.metaclass)
    });
    bound.chain(&facts.stars).chain(classes).cloned().collect()
}

fn names(file: &FileEntry) -> Option<&NameFacts> {
    match &file.facts.as_ref()?.body {
        LanguageFacts::Python(facts) => Some(&facts.names),
        _ => None,
    }
}

fn top_module(file: &FileEntry) -> Option<Name> {
    match &file.facts.as_ref()?.body {
        LanguageFacts::Python(facts) => Some(first_segment(&facts.module).into()),
        _ => None,
    }
}

fn first_segment(dotted: &str) -> &str {
    dotted.split('.').next().unwrap_or(dotted)
}

/// `a.b.c` → `a`, `a.b`, `a.b.c`: any of them may be a module, and importing one runs those above.
fn prefixes(dotted: &str) -> impl Iterator<Item = &str> {
    let inner = dotted.match_indices('.').map(|(at, _)| &dotted[..at]);
    inner.chain(std::iter::once(dotted))
}

fn warning(message: String) -> Diagnostic {
    Diagnostic {
        file: ".".into(),
        line: 1,
        column: 1,
        severity: Severity::Warning,
        code: "dependencies".into(),
        message,
    }
}
