//! Puts members of one registry together, for mechanisms without a container.

use super::machine::Machine;
use crate::model::{Certainty, Language, Member, Name, Registry};

/// What a registry is apart from its members.
pub struct Head {
    pub name: Name,
    pub kind: &'static str,
    pub registrar: Name,
    pub file: Name,
    pub line: u32,
    pub certainty: Certainty,
    pub why: Name,
}

pub fn registry(head: Head, members: Vec<Member>) -> Registry {
    Registry {
        name: head.name,
        kind: head.kind.into(),
        registrar: head.registrar,
        language: Language::Python,
        file: head.file,
        line: head.line,
        certainty: head.certainty,
        why: head.why,
        members,
    }
}

/// The constant string a class holds under an attribute, its own or inherited.
pub fn text_attr(machine: &Machine<'_, '_>, class: u32, name: &str) -> Option<Name> {
    let mro = &machine.classes[class as usize].mro;
    let found = mro.iter().find_map(|base| machine.classes[*base as usize].own(name))?;
    match found {
        super::machine::value::Value::Str(text) => Some(text.clone()),
        _ => None,
    }
}

/// Files that test: families of fixtures are no registries.
pub fn is_test(path: &str) -> bool {
    path.split('/').any(|part| {
        matches!(part, "tests" | "test" | "testing")
            || part.starts_with("test_")
            || part == "conftest.py"
    })
}
