//! The table of what functions outside the project do: who they call back, what they hand back.
//!
//! `externals.txt` has one line per group of functions; its head says the words it is written in.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

const TABLE: &str = include_str!("externals.txt");

/// What a function outside does with its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Calls an argument, now or later.
    Call(Back),
    /// The same; hands back a future of what it returns.
    Promise(Back),
    /// Calls an argument with the elements of another; with `spread`, each is an argument list.
    Each {
        argument: Argument,
        of: u32,
        spread: bool,
    },
    /// Calls methods of an argument (of its instances, when it is a class).
    Methods(Argument, Vec<&'static str>),
    /// Calls methods of the object whose method it is; `visit_*` stands for all that begin so.
    Runs(Vec<&'static str>),
    /// An operator: the special method of the first argument, given the others.
    Operator(&'static str),
    /// Enters an argument as `with` does.
    Enters(u32),
    /// Hands back an argument as it came.
    Pass(u32),
    /// Hands back what an argument returns.
    Result(u32),
    /// Hands back a thing of a known sort.
    Gives(&'static str),
    /// A dictionary whose missing elements an argument makes.
    Missing(u32),
    /// A field whose default an argument makes when an instance is made.
    Factory(Argument),
    /// Hands back a function that reads something off what it is called with.
    Getter(Reads),
    /// Binds a function to a receiver.
    Binds,
    /// Imports the module that an argument names.
    Imports(u32),
    Partial,
    PartialMethod,
    Dispatches,
    Wraps,
    /// A decorator, with or without arguments, that keeps results by the hash of the arguments.
    Caches,
    Property,
    Manager,
    /// A decorator whose result is to be called like what it decorates.
    Decorates,
    /// A call that hands back such a decorator.
    MakesDecorator,
    /// Runs a coroutine and hands back its result.
    Awaits(u32),
}

/// An argument that is called, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Back {
    pub argument: Argument,
    /// It gets the arguments from this position on.
    pub rest: Option<u32>,
    /// It gets the elements of these arguments, and the entries of those.
    pub star: Option<Argument>,
    pub stars: Option<Argument>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    At(u32),
    Named(&'static str),
    /// By position or by keyword.
    Either(u32, &'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reads {
    Attribute,
    Item,
    Method,
}

/// The effects of a function by its dotted name.
pub fn of(name: &str) -> Option<&'static [Effect]> {
    table().get(name).map(Vec::as_slice)
}

fn table() -> &'static FxHashMap<&'static str, Vec<Effect>> {
    static PARSED: OnceLock<FxHashMap<&'static str, Vec<Effect>>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let lines = TABLE.lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let mut parsed: FxHashMap<&'static str, Vec<Effect>> = FxHashMap::default();
        for line in lines {
            let Some((names, effects)) = line.split_once(':') else { continue };
            let effects: Vec<Effect> = effects.split(',').filter_map(parse).collect();
            for name in names.split_whitespace() {
                parsed.entry(name).or_default().extend(effects.iter().cloned());
            }
        }
        parsed
    })
}

fn parse(text: &'static str) -> Option<Effect> {
    let words: Vec<&'static str> = text.split_whitespace().collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<u32>().ok());
    let at = |at: usize| words.get(at).map(|word| argument(word));
    Some(match *words.first()? {
        "call" => Effect::Call(back(&words[1..])?),
        "promise" => Effect::Promise(back(&words[1..])?),
        "each" => Effect::Each { argument: at(1)?, of: number(2)?, spread: false },
        "star" => Effect::Each { argument: at(1)?, of: number(2)?, spread: true },
        "method" => Effect::Methods(at(1)?, words[2..].to_vec()),
        "runs" => Effect::Runs(words[1..].to_vec()),
        "operator" => Effect::Operator(words.get(1)?),
        "enters" => Effect::Enters(number(1)?),
        "pass" => Effect::Pass(number(1)?),
        "result" => Effect::Result(number(1)?),
        "gives" => Effect::Gives(words.get(1)?),
        "missing" => Effect::Missing(number(1)?),
        "factory" => Effect::Factory(at(1)?),
        "getter" => Effect::Getter(match *words.get(1)? {
            "item" => Reads::Item,
            "method" => Reads::Method,
            _ => Reads::Attribute,
        }),
        "binds" => Effect::Binds,
        "imports" => Effect::Imports(number(1)?),
        "partial" => Effect::Partial,
        "partialmethod" => Effect::PartialMethod,
        "dispatches" => Effect::Dispatches,
        "wraps" => Effect::Wraps,
        "caches" => Effect::Caches,
        "property" => Effect::Property,
        "manager" => Effect::Manager,
        "decorates" => Effect::Decorates,
        "makes-decorator" => Effect::MakesDecorator,
        "awaits" => Effect::Awaits(number(1)?),
        _ => return None,
    })
}

/// `1`, `key` or `1=key`.
fn argument(word: &'static str) -> Argument {
    match word.split_once('=') {
        Some((at, name)) => {
            at.parse().map_or(Argument::Named(name), |at| Argument::Either(at, name))
        }
        None => word.parse().map_or(Argument::Named(word), Argument::At),
    }
}

fn back(words: &[&'static str]) -> Option<Back> {
    let mut back = Back { argument: argument(words.first()?), rest: None, star: None, stars: None };
    for word in &words[1..] {
        if let Some(word) = word.strip_prefix("**") {
            back.stars = Some(argument(word));
        } else if let Some(word) = word.strip_prefix('*') {
            back.star = Some(argument(word));
        } else {
            back.rest = word.parse().ok();
        }
    }
    Some(back)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_says_something() {
        for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (_, effects) = line.split_once(':').unwrap();
            for effect in effects.split(',') {
                assert!(parse(effect).is_some(), "{line}");
            }
        }
    }
}
