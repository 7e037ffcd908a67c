//! Joins all files' tasks: module-level functions under a registrar of tasks.

mod frameworks;
mod registrar;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::names::Names;
use super::schemas::{Index, Made, input_schema, output_schema};
use super::{Context, PythonFile};
use crate::model::facts::python::names::BindingKind;
use crate::model::facts::python::schemas::FunctionShape;
use crate::model::{FileFacts, Language, LanguageFacts, Name, Project, Task};
pub use frameworks::{Bound, is_companion};
pub use registrar::{Registrar, Registrars};

pub fn link(context: &Context<'_>) -> Vec<Task> {
    let registrars = Registrars::new(context);
    let mut found: Vec<(PythonFile<'_>, &FunctionShape, Registrar)> = Vec::new();
    for file in context.files {
        for function in &file.facts.schemas.functions {
            let registrar =
                function.decorators.iter().rev().find_map(|one| registrars.registrar_of(one));
            if let Some(registrar) = registrar {
                found.push((*file, function, registrar));
            }
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    let made = Made::of(context);
    let index = Index::build(context, &made);
    found
        .into_iter()
        .map(|(file, function, registrar)| describe(&index, file, function, Some(registrar)))
        .collect()
}

/// The task of a qualified name: one that was found, or any module-level function.
pub fn task_for(project: &Project, id: &str) -> Option<Task> {
    let active = |task: &&Task| &*task.id == id && task.language == Language::Python;
    let mut known = project.tasks.iter().filter(active);
    if let Some(task) = known.clone().find(|task| task.runnable).or(known.next_back()) {
        return Some(task.clone());
    }
    let facts = python_facts(project);
    with_context(&facts, |context| {
        let (file, function) = context.files.iter().find_map(|file| {
            let functions = &file.facts.schemas.functions;
            functions.iter().rev().find(|one| &*one.name == id).map(|one| (*file, one))
        })?;
        let made = Made::of(context);
        let index = Index::build(context, &made);
        Some(describe(&index, file, function, None))
    })
}

/// The Python facts of a project, shared.
pub fn python_facts(project: &Project) -> Vec<Arc<FileFacts>> {
    project.files.iter().filter_map(|file| file.facts.clone()).collect()
}

/// Runs `work` with what every Python linker reads.
pub fn with_context<T>(facts: &[Arc<FileFacts>], work: impl FnOnce(&Context<'_>) -> T) -> T {
    let files: Vec<PythonFile<'_>> = facts
        .iter()
        .filter_map(|file| match &file.body {
            LanguageFacts::Python(python) => Some(PythonFile { file, facts: python }),
            LanguageFacts::Rust(_) => None,
        })
        .collect();
    let names = Names::build(&files);
    work(&Context { files: &files, names: &names, manifests: &[] })
}

fn describe(
    index: &Index<'_>,
    file: PythonFile<'_>,
    function: &FunctionShape,
    registrar: Option<Registrar>,
) -> Task {
    let bound = registrar.as_ref().map_or(Bound::Nothing, |registrar| registrar.bound);
    let mut shape = function.clone();
    if bound != Bound::Nothing && !shape.parameters.is_empty() {
        shape.parameters.remove(0);
    }
    let (input, remarks) = input_schema(index, &shape);
    let output = output_schema(index, &shape);
    let shadow = shadowed_by(file, function);
    let (runnable, reason) = if let Some(line) = shadow {
        (false, Some(format!("shadowed by line {line}")))
    } else if file.facts.is_stub {
        (false, Some("a stub has no body".to_owned()))
    } else if file.file.broken {
        (false, Some("the file does not parse".to_owned()))
    } else {
        (true, (!remarks.is_empty()).then(|| remarks.join("; ")))
    };
    let short = function.name.rsplit('.').next().unwrap_or(&function.name);
    Task {
        id: function.name.clone(),
        name: short.into(),
        language: Language::Python,
        file: file.file.path.clone(),
        line: function.line,
        doc: function.doc.clone(),
        registrar: registrar.map(|registrar| registrar.name),
        is_async: function.is_async,
        runnable,
        reason: reason.map(Name::from),
        input_schema: input,
        output_schema: output,
    }
}

/// The line of the later definition that takes the function's name.
fn shadowed_by(file: PythonFile<'_>, function: &FunctionShape) -> Option<u32> {
    let short = function.name.rsplit('.').next()?;
    let mut last: FxHashMap<&str, u32> = FxHashMap::default();
    for binding in &file.facts.names.bindings {
        let defines = match &binding.kind {
            BindingKind::Class | BindingKind::Function | BindingKind::Import(_) => true,
            BindingKind::Value(_) => false,
        };
        if defines && &*binding.name == short {
            last.insert(short, binding.line);
        }
    }
    last.get(short).copied().filter(|line| *line > function.line)
}
