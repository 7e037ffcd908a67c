//! What a macro call expands to: an interpreter of `macro_rules!` over tokens, which needs no
//! build and works on code that does not type-check. Procedural macros, derives and attributes
//! are beyond it: they are programs, and only the compiler runs them.

mod code;
pub mod compiled;
pub mod definitions;
mod engine;
mod fragments;
mod hygiene;
mod items;
mod library;
pub mod live;
mod locate;
mod matching;
mod print;
pub mod rules;
mod sources;
#[cfg(test)]
mod tests;
mod tokens;
pub mod transcribe;
mod writers;

pub use locate::OnItem;
pub use sources::{Krate, Sources};

use engine::Engine;
use library::{Library, Place};
use locate::What;

use crate::model::expansion::{Engine as By, Expansion, Step};

/// The place of a macro in a file, 1-based.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    pub file: &'a str,
    pub line: u32,
    pub column: Option<u32>,
    /// Without a column: which of those on the line, from 0; beyond the last it starts anew.
    pub pick: usize,
    /// How many levels to expand; all if `None`.
    pub depth: Option<u32>,
    /// Leave it to the compiler even if it need not be.
    pub by_compiler: bool,
}

/// Parameters and result of a function that has no text of its own.
pub fn signature(sig: &syn::Signature) -> String {
    let (inputs, output) = (&sig.inputs, &sig.output);
    tokens::line(quote::quote!((#inputs) #output), 400)
}

/// What stands at the place.
pub enum Answer {
    Expanded(Expansion),
    /// Only the compiler can expand it.
    Compiler(Beyond),
}

/// A call whose expansion needs the compiler.
#[derive(Debug, Clone)]
pub struct Beyond {
    pub line: u32,
    pub column: u32,
    pub call: String,
    pub reason: String,
    /// Set for derives and attributes.
    pub on_item: Option<OnItem>,
    /// Macros on the line it was asked for.
    pub on_line: usize,
    pub krate: Krate,
    /// The path of the file's module in the crate.
    pub module: Vec<String>,
}

/// Expands the macro at a place. Recursive: give it a large stack
/// ([`STACK_BYTES`](crate::analyzers::STACK_BYTES)).
///
/// # Errors
/// Why nothing can be shown there.
pub fn expand(sources: &dyn Sources, query: &Query<'_>) -> Result<Answer, String> {
    let answer = try_expand(sources, query);
    proc_macro2::extra::invalidate_current_thread_spans();
    answer
}

fn try_expand(sources: &dyn Sources, query: &Query<'_>) -> Result<Answer, String> {
    let text = sources.text(query.file).ok_or_else(|| format!("{} cannot be read", query.file))?;
    if let Some(offset) = super::nesting::too_deep(&text) {
        return Err(format!("{} is nested too deep at byte {offset}", query.file));
    }
    let file = match syn::parse_file(&text) {
        Ok(file) => file,
        Err(error) => super::salvage::parse(&text)
            .map(|salvaged| salvaged.file)
            .ok_or_else(|| format!("{}:{}: {error}", query.file, error.span().start().line))?,
    };
    let mut targets = match query.column {
        Some(column) => Vec::from_iter(locate::at_column(&file, query.line, column)),
        None => locate::on_line(&file, query.line),
    };
    let on_line = targets.len();
    if targets.is_empty() {
        return Err("no macro call, derive or attribute stands there".into());
    }
    let target = targets.swap_remove(query.pick % on_line);
    let (line, column) = (target.from.0 as u32, target.from.1 as u32 + 1);
    let library = Library::new(sources);
    let krate = library.crate_of(query.file);
    let beyond = |call, reason, on_item| {
        let module = library.module_of(&krate, query.file);
        let krate = krate.clone();
        let beyond = Beyond { line, column, call, reason, on_item, on_line, krate, module };
        Ok(Answer::Compiler(beyond))
    };
    let (mac, position) = match target.what {
        What::Call(mac, position) => (mac, position),
        What::Definition(name) => {
            return Err(format!("that is the definition of `{name}!`: give the place of a call"));
        }
        What::OnItem(on) => {
            let call = match on.is_derive {
                true => format!("#[derive({})] on {}", on.name, on.item),
                false => format!("#[{}] on {}", on.name, on.item),
            };
            let reason = "only the compiler expands derives and attributes".into();
            return beyond(call, reason, Some(on));
        }
    };
    if query.by_compiler {
        let call = tokens::line(quote::ToTokens::to_token_stream(&*mac), 400);
        return beyond(call, "the compiler was asked for".into(), None);
    }
    let own = krate.name.clone();
    let place = Place { krate: krate.clone(), file: query.file.to_owned(), at: target.from };
    let mut engine = Engine::new(&library, place.clone(), query.depth.map(|depth| depth.max(1)));
    let Some(mut code) = engine.expand(&mac, position) else {
        let left = engine.left.into_iter().next();
        let (call, reason) = left.map(|left| (left.call, left.reason)).unwrap_or_default();
        return beyond(call, reason, None);
    };
    let deepest = |steps: &[Step]| steps.iter().map(|step| step.level).max().unwrap_or(0);
    let mut levels = deepest(&engine.steps);
    if query.depth.is_some_and(|depth| depth <= levels) {
        let mut whole = Engine::new(&library, place, None);
        whole.expand(&mac, position);
        levels = deepest(&whole.steps);
    }
    hygiene::resolve(&mut code);
    let call = engine.steps.first().map(|step| step.call.clone()).unwrap_or_default();
    let (text, writers) = print::written(&code, &own, engine.pens());
    Ok(Answer::Expanded(Expansion {
        line,
        column,
        call,
        engine: By::Interpreter,
        code: text,
        writers,
        items: items::of(&code),
        levels,
        steps: engine.steps,
        left: engine.left,
        cut: engine.cut,
        note: None,
        on_line,
    }))
}
