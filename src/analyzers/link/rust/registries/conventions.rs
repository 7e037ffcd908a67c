//! What builder methods and macros of frameworks register, as data in `conventions.toml`.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Conventions {
    call: Vec<Call>,
    list: Vec<List>,
}

/// A method that registers what it is given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    /// It counts only where one of these is a dependency.
    pub crates: Vec<String>,
    pub kind: String,
    /// The type whose methods they are.
    pub registrar: String,
    pub methods: Vec<String>,
    /// What the first argument is: `group` names the registry, `key` the member.
    #[serde(default)]
    pub first: String,
    /// A key that is no plain text is shown as it is written.
    #[serde(default)]
    pub computed: bool,
    /// The members are the types between the angle brackets.
    #[serde(default)]
    pub types: bool,
}

/// A macro in an expression whose arguments are registered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    pub crates: Vec<String>,
    pub kind: String,
    pub registrar: String,
    pub macros: Vec<String>,
}

static ALL: LazyLock<Conventions> = LazyLock::new(|| {
    toml::from_str(include_str!("conventions.toml"))
        .unwrap_or_else(|error| unreachable!("a test reads the same text: {error}"))
});

static METHODS: LazyLock<FxHashMap<&'static str, Vec<&'static Call>>> = LazyLock::new(|| {
    let mut found: FxHashMap<&str, Vec<&Call>> = FxHashMap::default();
    for call in &ALL.call {
        for method in &call.methods {
            found.entry(method).or_default().push(call);
        }
    }
    found
});

/// The conventions about a method of this name.
pub(super) fn methods(name: &str) -> impl Iterator<Item = &'static Call> {
    METHODS.get(name).into_iter().flatten().copied()
}

/// The convention about a macro of this name.
pub(super) fn list(name: &str) -> Option<&'static List> {
    ALL.list.iter().find(|list| list.macros.iter().any(|own| own == name))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_conventions_can_be_read() {
        assert!(super::methods("add_systems").count() > 0);
        assert!(super::list("routes").is_some());
    }
}
