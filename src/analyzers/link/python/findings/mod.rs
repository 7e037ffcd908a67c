//! Joins all Python files' findings: adds what depends on classes and functions of other files.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Context;
use crate::analyzers::rules;
use crate::model::facts::python::findings::{ClassShape, Fallback};
use crate::model::{Certainty, Finding, Name};

pub fn link(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Findings { rows: Vec::new(), paths: FxHashMap::default() };
    let dispatchers: FxHashSet<&str> = context
        .files
        .iter()
        .flat_map(|file| file.facts.findings.dispatchers.iter().map(|name| &**name))
        .collect();
    let metaclasses = derived(context, |shape| shape.is_metaclass);
    let enums = derived(context, |shape| shape.is_enum);
    let visitors = derived(context, |shape| shape.is_visitor);
    for file in context.files {
        let (path, facts) = (&file.file.path, &file.facts.findings);
        for hit in &facts.hits {
            let Some(rule) = rules::by_index(hit.rule) else { continue };
            findings.add(rule, path, hit.line, hit.symbol.clone(), &hit.detail, hit.may, "");
        }
        let mut add = |id: &str, line: u32, symbol: &Name, detail: &str, may: bool, why: &str| {
            if let Some(rule) = rules::by_id(id) {
                findings.add(rule, path, line, symbol.clone(), detail, may, why);
            }
        };
        for shape in &facts.classes {
            let via = |map: &FxHashMap<&str, Name>| map.get(&*shape.name).cloned();
            if let Some(base) = via(&metaclasses) {
                let why = format!("derives from {base}");
                add("metaclass-def", shape.line, &shape.name, "", true, &why);
                for (hook, line) in &shape.hooks {
                    let id = format!("metaclass-{}", hook.trim_matches('_'));
                    add(&id, *line, &format!("{}.{hook}", shape.name).into(), "", true, &why);
                }
                if shape.is_overkill {
                    add("metaclass-overkill", shape.line, &shape.name, "", true, &why);
                }
            }
            if let Some(base) = via(&enums) {
                add(
                    "enum-class",
                    shape.line,
                    &shape.name,
                    "",
                    true,
                    &format!("derives from {base}"),
                );
            }
            if let Some(base) = via(&visitors) {
                add(
                    "ast-visitor",
                    shape.line,
                    &shape.name,
                    "",
                    true,
                    &format!("derives from {base}"),
                );
            }
            if let Some(detail) = conflict(context, shape, &metaclasses) {
                add("metaclass-conflict", shape.line, &shape.name, &detail, false, "");
            }
        }
        for (dispatcher, line, symbol) in &facts.registrations {
            if dispatchers.contains(&**dispatcher) {
                add("singledispatch-register", *line, symbol, dispatcher, false, "");
            }
        }
        for fallback in &facts.fallbacks {
            if let Some((attribute, may)) = recursion(context, fallback) {
                let detail = format!("self.{attribute}");
                add("getattr-recursion", fallback.line, &fallback.symbol, &detail, may, "");
            }
        }
    }
    findings.rows
}

/// Classes that are so only through the project, with the base that makes them.
fn derived<'a>(
    context: &Context<'a>,
    is_root: impl Fn(&ClassShape) -> bool,
) -> FxHashMap<&'a str, Name> {
    let roots: Vec<&'a ClassShape> = context
        .files
        .iter()
        .flat_map(|file| &file.facts.findings.classes)
        .filter(|shape| is_root(shape))
        .collect();
    let direct: FxHashSet<&str> = roots.iter().map(|root| &*root.name).collect();
    let mut derived = FxHashMap::default();
    for root in roots {
        for below in context.names.descendants(&root.name) {
            if !direct.contains(below) {
                derived.entry(below).or_insert_with(|| root.name.clone());
            }
        }
    }
    derived
}

/// Two bases with different metaclasses and none named, or a metaclass made of two.
fn conflict(
    context: &Context<'_>,
    shape: &ClassShape,
    metaclasses: &FxHashMap<&str, Name>,
) -> Option<String> {
    let class = context.names.class(&shape.name)?;
    if class.bases.len() < 2 {
        return None;
    }
    let bases = context.names.bases(&shape.name);
    let is_metaclass = |name: &Name| {
        let known = context.names.class(name).is_some()
            && context.names.derives_from(name, "builtins.type");
        known
            || matches!(
                &**name,
                "builtins.type" | "abc.ABCMeta" | "enum.EnumMeta" | "enum.EnumType"
            )
    };
    if shape.is_metaclass || metaclasses.contains_key(&*shape.name) {
        let combined: Vec<&Name> = bases.iter().filter(|base| is_metaclass(base)).collect();
        let [first, second, ..] = combined.as_slice() else { return None };
        return Some(format!("combines {first} and {second}"));
    }
    if !class.metaclass.is_empty() {
        return None;
    }
    let mut found: Vec<Name> = Vec::new();
    for base in bases {
        let metaclass = match &**base {
            "abc.ABC" => Some("abc.ABCMeta".into()),
            _ => context.names.metaclass(base).map(|(metaclass, _)| metaclass),
        };
        found.extend(metaclass.filter(|metaclass| !found.contains(metaclass)));
    }
    let [first, second, ..] = found.as_slice() else { return None };
    let related =
        context.names.derives_from(first, second) || context.names.derives_from(second, first);
    (!related)
        .then(|| format!("bases have the metaclasses {first} and {second}: derive one from both"))
}

/// The attribute whose absence makes `__getattr__` call itself, and whether that is only possible.
fn recursion(context: &Context<'_>, fallback: &Fallback) -> Option<(Name, bool)> {
    let order = context.names.mro(&fallback.class);
    let project_bases =
        order.iter().skip(1).filter(|base| context.names.class(base).is_some()).count();
    let bound = |attribute: &Name| {
        order.iter().any(|class| {
            context.names.class(class).is_some_and(|facts| facts.members.contains(attribute))
        })
    };
    let attribute = fallback.reads.iter().find(|attribute| !bound(attribute))?;
    Some((attribute.clone(), fallback.is_guarded || project_bases > 0))
}

struct Findings {
    rows: Vec<Finding>,
    /// Shared strings of rules and pages.
    paths: FxHashMap<&'static str, Name>,
}

impl Findings {
    #[allow(clippy::too_many_arguments, reason = "one row's columns")]
    fn add(
        &mut self,
        rule: &'static rules::Rule,
        path: &Name,
        line: u32,
        symbol: Name,
        detail: &str,
        may: bool,
        why: &str,
    ) {
        let mut share =
            |text: &'static str| self.paths.entry(text).or_insert_with(|| text.into()).clone();
        let (id, pattern) = (share(rule.id), share(rule.pattern));
        let message = match detail {
            "" => rule.message.to_owned(),
            detail => format!("{} ({detail})", rule.message),
        };
        let why = match (why, may) {
            ("", false) => share("the rule holds in this file alone"),
            ("", true) => share("one reading of several; see the page's known problems"),
            (why, _) => why.into(),
        };
        let certainty = if may { Certainty::Possible } else { Certainty::Exact };
        let kind = rule.kind;
        self.rows.push(Finding {
            rule: id,
            pattern,
            kind,
            file: path.clone(),
            line,
            symbol,
            message,
            certainty,
            why,
        });
    }
}
