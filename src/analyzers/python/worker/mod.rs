//! The generated worker of a Python task: a slice of the project that holds just what the task
//! needs, and a program that feeds it JSON and writes its outcome.

mod ambient;
mod changes;
mod cut;
mod effects;
mod library;
mod render;
mod slice;
mod stdlib;
#[cfg(test)]
mod tests;
mod unit;
mod uses;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::analyzers::link::python::Context;
use crate::analyzers::link::python::tasks::{
    Bound, Registrars, python_facts, task_for as find_task, with_context,
};
use crate::model::{Dropped, Kept, Language, Name, Project, Task, Worker};
use library::Library;
use slice::{Slice, Slicer};
use unit::{Module, UnitKind};

const TEMPLATE: &str = include_str!("worker.py.j2");
const RUNTIME: &str = include_str!("runtime.py");

/// A task of that id: one that was found, or any module-level function.
pub fn task_for(project: &Project, id: &str) -> Option<Task> {
    find_task(project, id)
}

/// Makes the worker of a task. `texts` maps a project-relative path to its text.
pub fn generate(
    project: &Project,
    task: &str,
    texts: &dyn Fn(&str) -> Option<Arc<str>>,
) -> Result<Worker, String> {
    let facts = python_facts(project);
    with_context(&facts, |context| {
        let library = Library::new(context, texts);
        // The longest module's name wins: a package may bind that of its submodule to something else.
        let (module, function): (Name, Name) = match task.rsplit_once('.') {
            Some((module, function)) if library.is_module(module) => {
                (module.into(), function.into())
            }
            _ => {
                let split = library.split(task);
                split.ok_or_else(|| format!("no module of the project holds {task}"))?;
                return Err(format!("{task} is not a function at module level"));
            }
        };
        let slice = Slicer::new(&library, &module, &function).run()?;
        write(context, &library, &slice, &module, &function)
    })
}

fn write(
    context: &Context<'_>,
    library: &Library<'_>,
    slice: &Slice,
    module: &Name,
    function: &Name,
) -> Result<Worker, String> {
    let mut files: Vec<(String, String)> = Vec::new();
    let mut modules = Map::new();
    let mut kept: Vec<Kept> = Vec::new();
    let mut dropped: Vec<Dropped> = Vec::new();
    let mut dependencies: Vec<Name> = Vec::new();
    let mut minor = 8;
    for name in slice.kept.keys() {
        let Some(part) = library.load(name) else { continue };
        let file = file_of(&part);
        let here = slice.kept.get(name).map(|kept| kept.len()).unwrap_or_default();
        let text = if here == 0 { String::new() } else { render::render(&part, slice) };
        modules.insert(
            name.to_string(),
            json!({ "file": file, "path": &*part.path, "package": part.is_package }),
        );
        files.push((file, text));
        account(&part, slice, &mut kept, &mut dropped);
        for (at, unit) in part.units.iter().enumerate() {
            if !slice.kept.get(name).is_some_and(|kept| kept.contains_key(&at)) {
                continue;
            }
            minor = minor.max(unit.python);
            for import in &unit.imports {
                let outside = !library.is_module(import)
                    && library.modules_named(&format!("{import}.")).is_empty();
                let third_party = outside && !stdlib::is_standard(import);
                if third_party && !dependencies.contains(import) {
                    dependencies.push(import.clone());
                }
            }
        }
    }
    dependencies.sort();
    let types: Map<String, Value> = slice
        .types
        .iter()
        .map(|(module, names)| {
            let names: Map<String, Value> =
                names.iter().map(|(name, origin)| (name.to_string(), (&**origin).into())).collect();
            (module.to_string(), Value::Object(names))
        })
        .collect();
    let config = json!({
        "module": &**module,
        "function": &**function,
        "bound": bound_of(context, module, function),
        "modules": modules,
        "types": types,
    });
    let entry = entry(module, function, &config)?;
    let mut all = vec![("worker.py".to_owned(), entry)];
    all.append(&mut files);
    let mut hasher = blake3::Hasher::new();
    for (path, text) in &all {
        hasher.update(path.as_bytes());
        hasher.update(&[0]);
        hasher.update(text.as_bytes());
        hasher.update(&[0]);
    }
    Ok(Worker {
        task: format!("{module}.{function}").into(),
        language: Language::Python,
        files: all,
        kept,
        dropped,
        dependencies,
        python: Some(format!(">=3.{minor}").into()),
        hash: hasher.finalize().to_hex().as_str().into(),
    })
}

/// The program itself, from the template.
fn entry(module: &str, function: &str, config: &Value) -> Result<String, String> {
    let mut environment = minijinja::Environment::new();
    environment.add_template("worker", TEMPLATE).map_err(|error| error.to_string())?;
    let template = environment.get_template("worker").map_err(|error| error.to_string())?;
    // JSON text as a JSON string is a Python literal as well.
    let literal = Value::String(config.to_string()).to_string();
    let context = minijinja::context! {
        task => format!("{module}.{function}"),
        config => literal,
        runtime => RUNTIME,
    };
    let text = template.render(context).map_err(|error| error.to_string())?;
    Ok(text.trim_end().to_owned() + "\n")
}

/// Where a module lies in the worker's folder.
fn file_of(module: &Module) -> String {
    let path = module.name.replace('.', "/");
    if module.is_package {
        format!("modules/{path}/__init__.py")
    } else {
        format!("modules/{path}.py")
    }
}

/// What the framework puts before the function's own arguments.
fn bound_of(context: &Context<'_>, module: &str, function: &str) -> &'static str {
    let registrars = Registrars::new(context);
    let name = format!("{module}.{function}");
    let bound = context
        .files
        .iter()
        .flat_map(|file| &file.facts.schemas.functions)
        .filter(|shape| *shape.name == *name)
        .flat_map(|shape| &shape.decorators)
        .find_map(|decorator| registrars.registrar_of(decorator));
    match bound.map(|registrar| registrar.bound) {
        Some(Bound::Task) => "task",
        Some(Bound::Context) => "context",
        _ => "",
    }
}

/// The account of what one module keeps and drops.
fn account(module: &Module, slice: &Slice, kept: &mut Vec<Kept>, dropped: &mut Vec<Dropped>) {
    let keeps = slice.kept.get(&module.name);
    for (at, unit) in module.units.iter().enumerate() {
        match keeps.and_then(|keeps| keeps.get(&at)) {
            Some(keep) => {
                let stars = slice.stars.get(&module.name).and_then(|stars| stars.get(&at));
                let names = match (&unit.kind, stars) {
                    (UnitKind::Star(_), Some(names)) => names.iter().cloned().collect(),
                    _ => unit.binds.clone(),
                };
                let why = keep.why.clone();
                kept.push(Kept { file: module.path.clone(), line: unit.line, names, why });
            }
            None => {
                let names = unit.binds.clone();
                dropped.push(Dropped { file: module.path.clone(), line: unit.line, names });
            }
        }
    }
}
