//! Keeps the text of files that can hold or reach an entity.

use ruff_python_ast::{Expr, Stmt};

use super::Source;
use super::scopes::{Bound, MODULE};
use crate::model::Name;
use crate::model::facts::python::splits::SplitFacts;

/// Names that mark an entity in the text: its key method and the known decorators.
const MARKS: [&str; 3] = ["__key__", "stateflow", "entity"];

/// Modules whose names are never entities and that nearly every file imports.
const STANDARD: [&str; 30] = [
    "__future__",
    "abc",
    "argparse",
    "asyncio",
    "base64",
    "collections",
    "contextlib",
    "copy",
    "dataclasses",
    "datetime",
    "enum",
    "functools",
    "hashlib",
    "importlib",
    "inspect",
    "io",
    "itertools",
    "json",
    "logging",
    "math",
    "operator",
    "os",
    "pathlib",
    "random",
    "re",
    "sys",
    "threading",
    "time",
    "typing",
    "unittest",
];

pub fn extract(source: &Source<'_>) -> SplitFacts {
    let keep = !source.is_stub
        && (marks_an_entity(source) || imports_a_class(source) || decorates_a_class(source));
    SplitFacts { text: keep.then(|| source.text.into()) }
}

fn marks_an_entity(source: &Source<'_>) -> bool {
    MARKS.iter().any(|mark| source.text.contains(mark))
}

/// Decorates a class with something of the project or a library: conventions may call it an entity.
fn decorates_a_class(source: &Source<'_>) -> bool {
    source.ast.body.iter().any(|stmt| {
        let Stmt::ClassDef(class) = stmt else { return false };
        class.decorator_list.iter().any(|decorator| {
            let callee = match &decorator.expression {
                Expr::Call(call) => &call.func,
                other => other,
            };
            let origins = source.scopes.resolve(callee, MODULE);
            let top = |origin: &Name| origin.split('.').next().map(str::to_owned);
            let is_foreign = |name: String| name != "builtins" && !STANDARD.contains(&&*name);
            origins.iter().filter_map(top).any(is_foreign)
        })
    })
}

/// Imports a name that looks like a class, a whole module of the same package, or `*`.
fn imports_a_class(source: &Source<'_>) -> bool {
    let top = |name: &str| name.split('.').next().unwrap_or(name).to_string();
    let is_own = |origin: &str| top(origin) == top(source.module);
    let is_standard = |origin: &str| STANDARD.contains(&top(origin).as_str());
    let could_be = |bound: &Bound<'_>| match bound {
        Bound::Import(origin) if !is_standard(origin) => {
            let last = origin.rsplit('.').next().unwrap_or(origin);
            is_own(origin) || last.starts_with(|first: char| first.is_uppercase())
        }
        _ => false,
    };
    let scope = source.scopes.scope(MODULE);
    let imports = scope.bindings.values().flatten().any(|(_, bound)| could_be(bound));
    imports || source.scopes.stars.iter().any(|star| !is_standard(star))
}
