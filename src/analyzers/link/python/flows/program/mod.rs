//! Programs of embedded prompt languages (SGLang's and its like): a decorated function over a state
//! that it appends to → the graph of what it would generate, without running it.

mod assigns;
mod blocks;
mod builder;
mod calls;
mod data;
mod emit;
mod forks;
mod loops;
mod values;

use super::{Found, World, last};
use crate::model::facts::python::flows::{Expr, Function};
use crate::model::{Flow, FlowDiagnostic, Name, Severity};
use builder::Builder;

/// An embedded language: where its words are defined.
pub struct Language {
    /// Words are names below one of these modules.
    modules: Vec<String>,
    /// Names that a convention file gives a meaning: the name and the word it stands for.
    renamed: Vec<(String, &'static str)>,
}

impl Language {
    /// The word of the language that an expression names, by the end of its origin.
    fn word(&self, world: &World<'_>, expr: &Expr) -> Option<&'static str> {
        let names = world.resolve(expr);
        let renamed = |name: &Name| self.renamed.iter().find(|(from, _)| **from == **name);
        if let Some((_, word)) = names.iter().find_map(renamed) {
            return Some(word);
        }
        let belongs = |name: &Name| {
            self.modules.iter().any(|module| {
                name.strip_prefix(module.as_str()).is_some_and(|rest| rest.starts_with('.'))
            })
        };
        let name = names.iter().find(|name| belongs(name))?;
        // The word is the definition's, whatever alias stands here.
        known_word(last(name))
    }
}

fn known_word(word: &str) -> Option<&'static str> {
    WORDS.iter().find(|known| **known == word).copied()
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
/// names; or one of the project's own, when the module of the decorator `function` also defines
/// `gen`.
pub fn language_of(world: &World<'_>, function: &Function) -> Option<Language> {
    let names = world.context.names;
    for origin in function.decorators.iter().flatten() {
        let resolved = names.resolve(origin);
        for name in [origin, &resolved] {
            let Some((module, word)) = name.rsplit_once('.') else { continue };
            if let Some(language) = declared(world, name, module) {
                return Some(language);
            }
            if word != "function" {
                continue;
            }
            if module == "sglang" || module.starts_with("sglang.") {
                return Some(Language { modules: vec!["sglang".into()], renamed: Vec::new() });
            }
            if names.symbol(&format!("{module}.gen")).is_some() {
                return Some(Language { modules: vec![module.into()], renamed: Vec::new() });
            }
        }
    }
    None
}

/// The language whose programs this decorator marks, by a convention file of the project:
///
/// ```toml
/// [[prompt-language]]
/// function = "minilm.program"
/// words = { "minilm.ask" = "gen", "minilm.pick" = "select" }
/// ```
///
/// Without `words`, the names below the decorator's module mean what SGLang's do.
fn declared(world: &World<'_>, name: &str, module: &str) -> Option<Language> {
    let languages = &world.languages;
    let language = languages.iter().find(|language| language.function == name)?;
    let renamed = language.words.iter();
    let renamed = renamed.filter_map(|(from, word)| Some((from.clone(), known_word(word)?)));
    Some(Language { modules: vec![module.into()], renamed: renamed.collect() })
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
        program: None,
    }
}
