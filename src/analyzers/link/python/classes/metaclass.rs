//! Which metaclass makes a class, and how it came to be that one.

use serde::Serialize;

use super::library;
use crate::analyzers::link::python::names::Names;
use crate::model::{Name, SymbolKind};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Metaclass {
    pub name: Name,
    /// The class that brings it: the class itself when its statement names it.
    pub from: Name,
    /// In words.
    pub how: Name,
}

/// The metaclass of a class: the most derived of the one it names and those of its bases.
pub fn metaclass(names: &Names<'_>, class: &str) -> Metaclass {
    let (name, from) = winner(names, class, 0);
    let how = if &*from == class {
        "named in the class statement".to_owned()
    } else if &*name == "builtins.type" {
        "the default".to_owned()
    } else {
        format!("inherited from {from}")
    };
    Metaclass { name, from, how: how.into() }
}

/// The metaclasses that meet in a class, each once; more than one that no other derives from is a
/// conflict.
pub fn candidates(names: &Names<'_>, class: &str) -> Vec<Name> {
    let mut metas: Vec<Name> = Vec::new();
    let own = names.class(class).and_then(|facts| facts.metaclass.first());
    metas.extend(own.map(|origin| names.resolve(origin)));
    for base in names.bases(class) {
        let (meta, _) = winner(names, base, 1);
        if &*meta != "builtins.type" && !metas.contains(&meta) {
            metas.push(meta);
        }
    }
    metas
}

fn winner(names: &Names<'_>, class: &str, depth: u32) -> (Name, Name) {
    let default = || (Name::from("builtins.type"), Name::from("builtins.object"));
    let Some(facts) = names.class(class) else {
        let canonical = crate::analyzers::link::python::schemas::canonical(class);
        // `collections.abc` has a face of its own here.
        return match library::metaclass(class).or_else(|| library::metaclass(&canonical)) {
            Some(meta) => (meta.into(), class.into()),
            None => default(),
        };
    };
    if depth > 40 {
        return default();
    }
    let own = facts.metaclass.first().map(|origin| names.resolve(origin));
    if let Some(own) = &own {
        let is_function =
            names.symbol(own).is_some_and(|symbol| symbol.kind == SymbolKind::Function);
        // A function makes the class; what it returns is an instance of `type` as a rule.
        if is_function {
            return if depth == 0 { (own.clone(), class.into()) } else { default() };
        }
    }
    let mut best = own.map(|own| (own, Name::from(class)));
    for base in names.bases(class) {
        let (meta, from) = winner(names, base, depth + 1);
        let beats = match &best {
            None => &*meta != "builtins.type",
            Some((known, _)) => known != &meta && derives(names, &meta, known),
        };
        if beats {
            best = Some((meta, from));
        }
    }
    best.unwrap_or_else(default)
}

pub fn derives(names: &Names<'_>, meta: &str, base: &str) -> bool {
    meta == base
        || base == "builtins.type"
        || names.derives_from(meta, base)
        || library::meta_derives(meta, base)
        || names.bases(meta).iter().any(|parent| library::meta_derives(parent, base))
}
