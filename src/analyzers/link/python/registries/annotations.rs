//! Classes whose bare annotations are members: `class FOAF(Namespace): Agent: Term`, where the
//! metaclass answers for names that hold nothing.

use super::build::{Head, registry};
use super::machine::Machine;
use super::machine::value::ClassIndex;
use crate::model::facts::python::schemas::ClassShape;
use crate::model::{Certainty, Member, Name, Registry};

/// Fewer names than this are a class like any other.
const LEAST: usize = 3;

pub fn annotated(machine: &Machine<'_, '_>) -> Vec<Registry> {
    let mut found = Vec::new();
    for of in &machine.files {
        for shape in &of.facts.schemas.classes {
            let Some(class) = machine.class_named.get(&shape.name) else { continue };
            let Some(metaclass) = answering(machine, *class) else { continue };
            let names = bare(shape);
            if names.len() < LEAST || names.len() * 2 < shape.attributes.len() {
                continue;
            }
            let members = names.into_iter().map(|(name, line)| Member {
                key: Some(name.clone()),
                target: format!("{}.{name}", shape.name).into(),
                file: of.file.path.clone(),
                line,
                certainty: Certainty::Inferred,
                why: "a bare annotation that the metaclass gives a value".into(),
            });
            let head = Head {
                name: shape.name.clone(),
                kind: "annotations",
                registrar: metaclass.clone(),
                file: of.file.path.clone(),
                line: shape.line,
                certainty: Certainty::Inferred,
                why: format!("{metaclass} answers for the annotated names of {}", shape.name)
                    .into(),
            };
            found.push(registry(head, members.collect()));
        }
    }
    found
}

/// The metaclass that gives names without a value a meaning: it answers for missing attributes
/// and is asked like a container.
fn answering<'m>(machine: &'m Machine<'_, '_>, class: ClassIndex) -> Option<&'m Name> {
    let metaclass = machine.classes[class as usize].metaclass?;
    let has = |name: &str| {
        let mro = &machine.classes[metaclass as usize].mro;
        mro.iter().any(|class| machine.classes[*class as usize].own(name).is_some())
    };
    let is_asked = has("__getitem__") || has("__contains__") || has("__iter__");
    (has("__getattr__") && is_asked).then(|| &machine.classes[metaclass as usize].name)
}

fn bare(shape: &ClassShape) -> Vec<(&Name, u32)> {
    let is_bare = |name: &str, has_value: bool| !has_value && !name.starts_with('_');
    shape
        .attributes
        .iter()
        .filter(|one| one.annotation.is_some() && is_bare(&one.name, one.value.is_some()))
        .map(|one| (&one.name, one.line))
        .collect()
}
