//! Joins all Rust files' registries: what is derived, what attributes mark, what distributed
//! slices collect, what implements a trait, what list macros name, what tables hold, what builder
//! calls register, and the trees of command lines.
//!
//! Expressions are read where they stand, without types: a name alone counts only when the crate
//! it belongs to is a dependency.

mod arrays;
mod attributes;
mod builders;
mod cli;
mod conventions;
mod dispatch;
mod expr;
mod implementors;
mod lists;
mod registrars;
mod routes;
mod strum;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Context;
use super::crates;
use super::tasks::full_path;
use super::world::{Def, Id, Namespace, World};
use crate::model::facts::rust::calls::Body;
use crate::model::facts::rust::items::Owner;
use crate::model::facts::rust::modules::Cfg;
use crate::model::facts::rust::types::Path;
use crate::model::{Certainty, Language, Member, Name, Registry};
use expr::Reader;

pub fn link(context: &Context<'_>) -> Vec<Registry> {
    let names = context.world.function_names.iter().enumerate();
    let functions = names.map(|(id, name)| (&**name, id as u32)).collect();
    let mut census = Census::new(context, &functions);
    for file in 0..context.files.len() {
        census.attributes_of(file);
        census.implementations(file);
        census.submissions(file);
        census.lists(file);
        census.clap_derives(file);
        census.strum_names(file);
    }
    let sources = sources(context);
    let registrars = registrars::find(&census, &sources);
    let prefixes = routes::prefixes(&census, &sources);
    for source in &sources {
        let reader = Reader::new(context.world, &functions, source);
        census.arrays(&reader);
        census.dispatch(&reader);
        census.builders(&reader);
        census.routes(&reader, &prefixes);
        census.commands(&reader);
        census.registrations(&reader, &registrars);
    }
    census.rows
}

/// One body, and whose it is.
pub(super) struct Source<'a> {
    file: usize,
    body: &'a Body,
    /// The function's or constant's qualified name.
    owner: Name,
    function: Option<u32>,
    is_value: bool,
    line: u32,
    is_test: bool,
    /// The type whose `impl` it stands in.
    own_type: Option<Name>,
}

fn sources<'a>(context: &Context<'a>) -> Vec<Source<'a>> {
    let world = context.world;
    let mut found = Vec::new();
    for (file, facts) in context.files.iter().enumerate() {
        let (items, bodies) = (&facts.facts.items, &facts.facts.calls.bodies);
        let bases = world.bases[file];
        let holder = |owner: Owner, name: &Name| match owner {
            Owner::Impl(_) | Owner::Trait(_) => {
                name.rsplit_once("::").map(|(holder, _)| Name::from(holder))
            }
            Owner::Module | Owner::Foreign => None,
        };
        for (index, item) in items.functions.iter().enumerate() {
            let Some(body) = item.body.and_then(|body| bodies.get(body as usize)) else { continue };
            let id = bases.functions + index as u32;
            let name = world.function_names[id as usize].clone();
            let marked = item.attributes.iter().any(|mark| {
                mark.path
                    .last()
                    .is_some_and(|last| attributes::is_test(facts.facts.word(last.name)))
            });
            found.push(Source {
                file,
                body,
                own_type: holder(item.owner, &name),
                owner: name,
                function: Some(id),
                is_value: false,
                line: item.line,
                is_test: marked || in_tests(context, file, item.module),
            });
        }
        for item in &items.values {
            let Some(body) = item.body.and_then(|body| bodies.get(body as usize)) else { continue };
            let short = facts.facts.word(item.name);
            let module = context.modules.id(file, item.module);
            let own_type = match item.owner {
                Owner::Impl(at) => Some(world.impl_names[(bases.impls + at) as usize].clone()),
                Owner::Trait(at) => Some(world.trait_names[(bases.traits + at) as usize].clone()),
                Owner::Module | Owner::Foreign => None,
            };
            let holder = match &own_type {
                Some(own) => own.clone(),
                None => module.map_or("".into(), |id| context.modules.node(id).path.clone()),
            };
            found.push(Source {
                file,
                body,
                owner: format!("{holder}::{short}").into(),
                function: None,
                is_value: true,
                line: item.line,
                is_test: in_tests(context, file, item.module),
                own_type,
            });
        }
    }
    found
}

/// Whether a module is compiled for tests alone.
fn in_tests(context: &Context<'_>, file: usize, module: u32) -> bool {
    let Some(id) = context.modules.id(file, module) else { return false };
    if matches!(
        context.modules.krate(id).kind,
        crates::TargetKind::Test | crates::TargetKind::Bench
    ) {
        return true;
    }
    let mut at = Some(id);
    while let Some(id) = at {
        let node = context.modules.node(id);
        let facts = context.world.facts(node.file);
        let own = facts.modules.modules.get(node.local as usize);
        if own.and_then(|own| own.cfg.as_ref()).is_some_and(means_test) {
            return true;
        }
        at = node.parent;
    }
    false
}

fn means_test(cfg: &Cfg) -> bool {
    match cfg {
        Cfg::All(parts) => parts.iter().any(means_test),
        Cfg::Flag(name) => &**name == "test",
        _ => false,
    }
}

/// A `cfg` as it is written.
fn shown(cfg: &Cfg) -> String {
    let list = |parts: &[Cfg]| parts.iter().map(shown).collect::<Vec<_>>().join(", ");
    match cfg {
        Cfg::All(parts) => format!("all({})", list(parts)),
        Cfg::Any(parts) => format!("any({})", list(parts)),
        Cfg::Not(inner) => format!("not({})", shown(inner)),
        Cfg::Flag(name) => name.to_string(),
        Cfg::Value(name, value) => format!("{name} = \"{value}\""),
    }
}

/// `why`, with the condition under which it holds.
fn under(why: &str, cfg: Option<&Cfg>) -> String {
    match cfg {
        Some(cfg) => format!("{why}, when {}", shown(cfg)),
        None => why.into(),
    }
}

/// What a registry is: everything of a row but its place and members.
pub(super) struct Head<'h> {
    kind: &'static str,
    name: Name,
    registrar: Name,
    why: &'h str,
}

/// Registries as they fill up.
pub(super) struct Census<'c, 'a> {
    context: &'c Context<'a>,
    world: &'c World<'a>,
    rows: Vec<Registry>,
    /// Place in `rows` by kind and name.
    places: FxHashMap<(&'static str, Name), usize>,
    /// Crates that some manifest names, the project's own included.
    crates: FxHashSet<String>,
    /// Functions by qualified name.
    functions: &'c FxHashMap<&'c str, u32>,
}

impl<'c, 'a> Census<'c, 'a> {
    fn new(context: &'c Context<'a>, functions: &'c FxHashMap<&'c str, u32>) -> Self {
        let packages = &context.modules.packages;
        let mut crates = crates::all_dependencies(packages, context.manifests);
        crates.extend(packages.iter().map(|package| package.library.clone()));
        let world = context.world;
        Self { context, world, rows: Vec::new(), places: FxHashMap::default(), crates, functions }
    }

    /// Whether one of these crates is a dependency; without any manifest, whether it is named.
    fn knows(&self, crates: &[String]) -> bool {
        crates.iter().any(|name| {
            self.crates.contains(name)
                || self.context.modules.packages.is_empty() && self.world.id(name).is_some()
        })
    }

    fn add(&mut self, head: &Head<'_>, file: usize, line: u32, members: Vec<Member>) {
        if members.is_empty() {
            return;
        }
        let next = self.rows.len();
        let at = *self.places.entry((head.kind, head.name.clone())).or_insert(next);
        if at == next {
            self.rows.push(Registry {
                name: head.name.clone(),
                kind: head.kind.into(),
                registrar: head.registrar.clone(),
                language: Language::Rust,
                file: self.world.files[file].file.path.clone(),
                line,
                certainty: members.first().map_or(Certainty::Exact, |first| first.certainty),
                why: head.why.into(),
                members: Vec::new(),
            });
        }
        if let Some(row) = self.rows.get_mut(at) {
            row.members.extend(members);
        }
    }

    fn member(
        &self,
        file: usize,
        line: u32,
        key: Option<Name>,
        target: &Name,
        certainty: Certainty,
        why: &str,
    ) -> Member {
        Member {
            key,
            target: target.clone(),
            file: self.world.files[file].file.path.clone(),
            line,
            certainty,
            why: why.into(),
        }
    }

    fn path(&self, file: usize, module: u32, path: &Path) -> Name {
        full_path(self.world, file as u32, self.world.module(file as u32, module), path)
    }

    /// What a path stands for, when it leads all the way to an item of the project.
    fn def(&self, file: usize, module: u32, path: &Path, space: Namespace) -> Option<Def> {
        let ids: Vec<Id> =
            path.segments.iter().map(|part| self.world.word(file as u32, part.name)).collect();
        let module = self.world.module(file as u32, module);
        let prefix = self.world.resolve(module, &ids, path.global, space)?;
        (prefix.taken == ids.len()).then_some(prefix.def)
    }
}

/// The last segment of a qualified name.
fn short(name: &str) -> Name {
    let plain = name.split('<').next().unwrap_or(name);
    plain.rsplit("::").next().unwrap_or(plain).into()
}

#[cfg(test)]
mod tests;
