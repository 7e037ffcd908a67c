//! A task → the files that turn its package into a program that runs it.
//!
//! Nothing is extracted from the package: an adapter is appended to the module in which the task
//! stands, where private items and imports are at hand, and a binary that calls it is added to
//! the manifest. The runner lays these files over a linked copy of the package. Lines of the
//! user's own code stay where they are, so every diagnostic and panic names the right one.

mod manifest;
mod place;
mod signature;

use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, context};

use crate::analyzers::link;
use crate::model::{Kept, Language, Project, Symbol, SymbolKind, Task, Worker};
use place::Place;
use signature::{Param, Signature};

const ADAPTER: &str = include_str!("templates/adapter.rs.j2");
const ENTRY: &str = include_str!("templates/entry.rs.j2");
const RUNTIME: &str = include_str!("templates/runtime.rs");
const SHOWN: &str = include_str!("templates/shown.rs");
const JSON_PLAIN: &str = include_str!("templates/json_plain.rs");
const JSON_SERDE: &str = include_str!("templates/json_serde.rs");
const BLOCK_ON_PLAIN: &str = include_str!("templates/block_on_plain.rs");
const BLOCK_ON_TOKIO: &str = include_str!("templates/block_on_tokio.rs");

/// Reads a project's files by their path below the root.
pub type Texts<'a> = dyn Fn(&str) -> Option<Arc<str>> + 'a;

/// A task of that id: one that was found, or any other free function.
pub fn task_for(project: &Project, id: &str) -> Option<Task> {
    link::rust::task_for(project, id)
}

/// Generates the worker of one free function.
///
/// # Errors
/// Why the function cannot be run.
pub fn generate(project: &Project, task: &str, texts: &Texts<'_>) -> Result<Worker, String> {
    if let Some(known) = project.tasks.iter().find(|known| &*known.id == task)
        && !known.runnable
    {
        let reason = known.reason.as_deref().unwrap_or("it cannot be run");
        // A result without a JSON form is shown as its `Debug` text, and of a type that the
        // analysis does not know the compiler may know more.
        let may_work = reason.starts_with("result: ") || reason.ends_with("no known JSON form");
        if !may_work {
            return Err(reason.to_owned());
        }
    }
    let symbol = project
        .symbols_named(task)
        .iter()
        .find(|symbol| symbol.kind == SymbolKind::Function && symbol.language == Language::Rust)
        .ok_or_else(|| format!("{task} is not a free function of this project"))?;
    let worker = from_symbol(symbol, texts);
    // The parser's table of spans only grows.
    proc_macro2::extra::invalidate_current_thread_spans();
    worker
}

fn from_symbol(symbol: &Symbol, texts: &Texts<'_>) -> Result<Worker, String> {
    let path = &*symbol.file;
    let text = texts(path).ok_or_else(|| format!("{path} cannot be read"))?;
    let package = manifest::Package::find(path, texts)?;
    let Place { function, insert_at } = place::find(&text, symbol)?;
    let signature = Signature::read(&function)?;
    let entry = format!("__ms_entry_{}", &blake3::hash(symbol.name.as_bytes()).to_hex()[..12]);
    let values = context! {
        entry => entry,
        task => &*symbol.name,
        function => signature.function,
        params => signature.params.iter().map(Param::value).collect::<Vec<_>>(),
        is_async => signature.is_async,
        is_result => signature.is_result,
        no_mangle => package.no_mangle(),
        extern_block => package.extern_block(),
        library => package.library.clone(),
    };
    let mut files = Vec::new();
    let adapter = render(ADAPTER, &values)?;
    let mut adapted = insert(&text, insert_at, &adapter);
    let root = package.root.as_str();
    let mut root_text = match root == path {
        true => std::mem::take(&mut adapted),
        false => texts(root).ok_or_else(|| format!("{root} cannot be read"))?.to_string(),
    };
    root_text = place::without_forbids(&root_text);
    let main = match package.is_library {
        true => render(ENTRY, &values)?,
        false => {
            root_text = place::without_main(&root_text)?;
            root_text.push_str(&render(ENTRY, &values)?);
            String::new()
        }
    };
    if package.is_library {
        files.push((package.file(".metascope/worker.rs"), main));
    }
    files.push((root.to_owned(), root_text));
    if root != path {
        files.push((path.to_owned(), adapted));
    }
    files.push((package.file("Cargo.toml"), package.manifest()?));
    files.push((package.file(".metascope/rt/Cargo.toml"), package.runtime_manifest()));
    files.push((package.file(".metascope/rt/lib.rs"), RUNTIME.into()));
    files.push((package.file(".metascope/rt/shown.rs"), SHOWN.into()));
    let json = if package.has_serde { JSON_SERDE } else { JSON_PLAIN };
    files.push((package.file(".metascope/rt/json.rs"), json.into()));
    let block_on = if package.has_tokio { BLOCK_ON_TOKIO } else { BLOCK_ON_PLAIN };
    files.push((package.file(".metascope/rt/block_on.rs"), block_on.into()));
    Ok(Worker {
        task: symbol.name.clone(),
        language: Language::Rust,
        hash: hash(&files),
        files,
        kept: vec![Kept {
            file: symbol.file.clone(),
            line: symbol.line,
            names: vec![symbol.short_name().into()],
            why: "the task; the whole package is built around it".into(),
        }],
        dropped: Vec::new(),
        dependencies: package.dependencies.iter().map(|name| name.as_str().into()).collect(),
        python: None,
    })
}

fn render(template: &str, values: &minijinja::Value) -> Result<String, String> {
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    let mut environment = Environment::new();
    environment.set_syntax(syntax.map_err(|error| error.to_string())?);
    environment.render_str(template, values).map_err(|error| error.to_string())
}

/// Puts the adapter at the end of its module. Inside an inline module it stays on the line of the
/// closing brace, so that no line of the user's moves.
fn insert(text: &str, at: usize, adapter: &str) -> String {
    let (before, after) = text.split_at(at);
    if after.is_empty() {
        let gap = if before.ends_with('\n') { "" } else { "\n" };
        return format!("{before}{gap}{adapter}");
    }
    let line = adapter.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    format!("{before} {line} {after}")
}

fn hash(files: &[(String, String)]) -> Arc<str> {
    let mut hasher = blake3::Hasher::new();
    for (path, text) in files {
        hasher.update(path.as_bytes()).update(&[0]).update(text.as_bytes()).update(&[0]);
    }
    hasher.finalize().to_hex()[..16].into()
}

#[cfg(test)]
mod tests;
