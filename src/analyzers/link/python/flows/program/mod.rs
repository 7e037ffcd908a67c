//! Programs of embedded prompt languages (SGLang's and its like): a decorated function over a state
//! that it appends to → the graph of what it would generate, without running it.

mod builder;
mod data;
mod emit;
mod values;

use super::{Found, World, last};
use crate::model::facts::python::flows::{Expr, Function};
use crate::model::{Flow, FlowDiagnostic, Name, Severity};
use builder::Builder;

/// An embedded language: where its words are defined.
pub struct Language {
    /// Words are names below one of these modules.
    modules: Vec<String>,
}

impl Language {
    /// The word of the language that an expression names, by the end of its origin.
    fn word<'e>(&self, world: &World<'_>, expr: &'e Expr) -> Option<&'e str> {
        let names = world.resolve(expr);
        let belongs = |name: &Name| {
            self.modules.iter().any(|module| {
                name.strip_prefix(module.as_str()).is_some_and(|rest| rest.starts_with('.'))
            })
        };
        let name = names.iter().find(|name| belongs(name))?;
        let word = last(name);
        // The word is the definition's, whatever alias stands here.
        WORDS.iter().find(|known| **known == word).copied()
    }
}

/// What a prompt language offers, as SGLang names it.
const WORDS: &[&str] = &[
    "gen",
    "gen_int",
    "gen_string",
    "select",
    "system",
    "user",
    "assistant",
    "system_begin",
    "system_end",
    "user_begin",
    "user_end",
    "assistant_begin",
    "assistant_end",
    "image",
    "video",
    "separate_reasoning",
    "function",
];

/// The language a function is a program of: SGLang; one that a convention file of the project
/// names (`[[prompt-language]] function = "pkg.function"`); or one of the project's own, when the
/// module of the decorator `function` also defines `gen`.
pub fn language_of(world: &World<'_>, function: &Function) -> Option<Language> {
    let names = world.context.names;
    for origin in function.decorators.iter().flatten() {
        let resolved = names.resolve(origin);
        for name in [origin, &resolved] {
            let Some((module, word)) = name.rsplit_once('.') else { continue };
            if word != "function" && !is_declared(world, name) {
                continue;
            }
            if module == "sglang" || module.starts_with("sglang.") {
                return Some(Language { modules: vec!["sglang".into()] });
            }
            if is_declared(world, name) || names.symbol(&format!("{module}.gen")).is_some() {
                return Some(Language { modules: vec![module.into()] });
            }
        }
    }
    None
}

/// Whether a convention file of the project names this decorator.
fn is_declared(world: &World<'_>, name: &str) -> bool {
    let conventions =
        world.context.manifests.iter().filter(|file| file.path.starts_with(".metascope/"));
    conventions.filter_map(|file| file.text.parse::<toml::Table>().ok()).any(|table| {
        let languages = table.get("prompt-language").and_then(|value| value.as_array());
        languages
            .into_iter()
            .flatten()
            .any(|language| language.get("function").and_then(|value| value.as_str()) == Some(name))
    })
}

/// Recovers one program's graph.
pub fn recover(world: &World<'_>, language: &Language, found: &Found<'_>) -> Flow {
    let function = found.function;
    let mut builder = Builder::new(world, language, function);
    builder.program(function);
    let edges = data::with_data_edges(&builder.graph);
    let losses = builder.graph.losses.iter().map(|(code, line, message)| FlowDiagnostic {
        code: (*code).into(),
        line: *line,
        column: 1,
        severity: Severity::Info,
        message: message.clone(),
    });
    Flow {
        name: function.name.clone(),
        kind: "program".into(),
        file: found.path.clone(),
        line: function.line,
        nodes: builder.graph.nodes(),
        edges,
        stages: Vec::new(),
        diagnostics: losses.collect(),
    }
}
