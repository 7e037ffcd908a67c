//! Dispatch by built names: `getattr(self, f"visit_{kind}")` makes every `visit_*` a member.

use rustc_hash::FxHashSet;

use super::build::{Head, registry};
use super::machine::Machine;
use super::machine::value::{ClassIndex, Value};
use crate::analyzers::python::conventions::{Conventions, expand};
use crate::model::{Certainty, Member, Name, Registry};

pub fn prefixes(machine: &Machine<'_, '_>, conventions: &Conventions) -> Vec<Registry> {
    let mut found = Vec::new();
    let mut seen: FxHashSet<(ClassIndex, Name, Name)> = FxHashSet::default();
    for of in &machine.files {
        for dispatch in &of.facts.registries.dispatches {
            let asked =
                dispatch.class.as_ref().map(|class| machine.class_named.get(class).copied());
            // The class may be one that its module replaced.
            if asked == Some(None) {
                continue;
            }
            let asked = asked.flatten();
            let ends_open = dispatch.prefix.ends_with('_') || dispatch.suffix.starts_with('_');
            if asked.is_none() && !ends_open {
                continue;
            }
            for class in 0..machine.classes.len() as u32 {
                let this = &machine.classes[class as usize];
                if asked.is_some_and(|asked| !this.mro.contains(&asked)) {
                    continue;
                }
                let least = if asked.is_some() { 2 } else { 3 };
                let identity = (class, dispatch.prefix.clone(), dispatch.suffix.clone());
                if own_count(machine, class, &dispatch.prefix, &dispatch.suffix) < least
                    || !seen.insert(identity)
                {
                    continue;
                }
                let certainty =
                    if asked.is_some() { Certainty::Exact } else { Certainty::Possible };
                let why = format!(
                    "{} calls methods named {}…{} ({}:{})",
                    dispatch.within, dispatch.prefix, dispatch.suffix, of.file.path, dispatch.line
                );
                let ends = (&*dispatch.prefix, &*dispatch.suffix);
                found.push(build(machine, class, ends, &dispatch.within, certainty, why.into()));
            }
        }
    }
    for prefix in &conventions.prefix {
        let bases = expand(&prefix.base);
        for class in 0..machine.classes.len() as u32 {
            let this = &machine.classes[class as usize];
            let Some(base) = bases.iter().find(|base| this.outside.contains(base)) else {
                continue;
            };
            for start in &prefix.prefix {
                let identity = (class, start.as_str().into(), "".into());
                if own_count(machine, class, start, "") < 2 || !seen.insert(identity) {
                    continue;
                }
                let why = format!("{base} calls methods named {start}…");
                let certainty = Certainty::Inferred;
                found.push(build(machine, class, (start, ""), base, certainty, why.into()));
            }
        }
    }
    found
}

fn matches(name: &str, ends: (&str, &str)) -> bool {
    name.len() > ends.0.len() + ends.1.len() && name.starts_with(ends.0) && name.ends_with(ends.1)
}

fn own_count(machine: &Machine<'_, '_>, class: ClassIndex, prefix: &str, suffix: &str) -> usize {
    let attrs = &machine.classes[class as usize].attrs;
    attrs
        .iter()
        .filter(|(name, value)| matches(name, (prefix, suffix)) && is_callable(value))
        .count()
}

fn is_callable(value: &Value) -> bool {
    value.is_definition() || matches!(value, Value::Derived(_) | Value::Property(_))
}

fn build(
    machine: &Machine<'_, '_>,
    class: ClassIndex,
    ends: (&str, &str),
    registrar: &Name,
    certainty: Certainty,
    why: Name,
) -> Registry {
    let this = &machine.classes[class as usize];
    let mut members = Vec::new();
    let mut names: FxHashSet<&Name> = FxHashSet::default();
    for base in &this.mro {
        for (name, value) in &machine.classes[*base as usize].attrs {
            if !matches(name, ends) || !is_callable(value) || !names.insert(name) {
                continue;
            }
            let Some((target, file, line)) = machine.describe(value) else { continue };
            members.push(Member {
                key: Some(name[ends.0.len()..name.len() - ends.1.len()].into()),
                target,
                file: machine.path_of(file),
                line,
                certainty,
                why: "its name fits".into(),
            });
        }
    }
    registry(
        Head {
            name: format!("{}.{}*{}", this.name, ends.0, ends.1).into(),
            kind: "name-convention",
            registrar: registrar.clone(),
            file: machine.path_of(this.file),
            line: this.line,
            certainty,
            why,
        },
        members,
    )
}
