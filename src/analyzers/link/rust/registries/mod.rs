//! Joins all Rust files' registries: what is derived, what attributes mark, what distributed
//! slices collect, what implements a trait, what list macros name.

use rustc_hash::FxHashMap;

use super::Context;
use super::json::show;
use super::tasks::full_path;
use super::world::{Def, Id, Namespace, World};
use crate::model::facts::rust::items::Attribute;
use crate::model::facts::rust::types::{Path, Ty};
use crate::model::{Certainty, Language, Member, Name, Registry};

/// Attributes that only tell a derive how to do its work, or tools what to think.
const HELPERS: &[&str] = &[
    "serde",
    "arg",
    "clap",
    "command",
    "group",
    "value",
    "error",
    "builder",
    "schemars",
    "diesel",
    "sqlx",
    "from",
    "source",
    "display",
    "strum",
    "derivative",
    "educe",
    "pin",
    "reflect",
    "default",
    "cfg_attr",
    "doc",
    "inline",
    "must_use",
    "allow",
    "warn",
    "deny",
    "expect",
    "deprecated",
    "track_caller",
    "rustfmt",
    "clippy",
    "non_exhaustive",
    "automatically_derived",
    "diagnostic",
    "cold",
    "target_feature",
    "instrument",
    "cfg",
    "docsrs",
    "repr",
    "derive",
];
const TESTS: &[&str] = &["test", "rstest", "test_case", "bench", "proptest", "case"];
const VERBS: &[&str] =
    &["get", "post", "put", "delete", "patch", "head", "options", "connect", "route"];

pub fn link(context: &Context<'_>) -> Vec<Registry> {
    let mut census =
        Census { world: context.world, rows: Vec::new(), places: FxHashMap::default() };
    for (file, facts) in context.files.iter().enumerate() {
        let items = &facts.facts.items;
        for (index, item) in items.types.iter().enumerate() {
            let id = context.world.bases[file].types + index as u32;
            let target = context.world.type_names[id as usize].clone();
            census.derives(file, item.module, &item.derives, &target);
            census.attributes(file, item.module, &item.attributes, &target, item.line);
        }
        for (index, item) in items.functions.iter().enumerate() {
            let id = context.world.bases[file].functions + index as u32;
            let target = context.world.function_names[id as usize].clone();
            census.attributes(file, item.module, &item.attributes, &target, item.line);
        }
        for item in &items.values {
            let module = context.modules.id(file, item.module);
            let path = module.map(|module| context.modules.node(module).path.clone());
            let name = facts.facts.word(item.name);
            let target = format!("{}::{name}", path.unwrap_or_default());
            census.attributes(file, item.module, &item.attributes, &target.into(), item.line);
        }
        for item in &items.impls {
            census.implementation(file, item);
        }
        census.submissions(context, file);
        census.lists(context, file);
    }
    census.rows
}

/// Registries as they fill up.
struct Census<'w, 'a> {
    world: &'w World<'a>,
    rows: Vec<Registry>,
    /// Place in `rows` by kind and name.
    places: FxHashMap<(&'static str, Name), usize>,
}

impl Census<'_, '_> {
    fn add(
        &mut self,
        kind: &'static str,
        name: Name,
        registrar: Name,
        why: &str,
        file: usize,
        member: Member,
    ) {
        let path = &self.world.files[file].file.path;
        let next = self.rows.len();
        let at = *self.places.entry((kind, name.clone())).or_insert(next);
        if at == next {
            self.rows.push(Registry {
                name,
                kind: kind.into(),
                registrar,
                language: Language::Rust,
                file: path.clone(),
                line: member.line,
                certainty: member.certainty,
                why: why.into(),
                members: Vec::new(),
            });
        }
        if let Some(row) = self.rows.get_mut(at) {
            row.members.push(member);
        }
    }

    fn member(
        &self,
        file: usize,
        line: u32,
        key: Option<Name>,
        target: &Name,
        why: &str,
    ) -> Member {
        Member {
            key,
            target: target.clone(),
            file: self.world.files[file].file.path.clone(),
            line,
            certainty: Certainty::Exact,
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

    fn derives(&mut self, file: usize, module: u32, derives: &[(u32, Path)], target: &Name) {
        for (line, path) in derives {
            let derive = self.path(file, module, path);
            let why = "derived on the type";
            let member = self.member(file, *line, Some(short(target)), target, why);
            let whole = "types with this derive";
            self.add("derive", derive.clone(), derive, whole, file, member);
        }
    }

    /// Attribute macros on an item: tests, routes, slices, constructors, anything else by its path.
    fn attributes(
        &mut self,
        file: usize,
        module: u32,
        attributes: &[Attribute],
        target: &Name,
        line: u32,
    ) {
        for mark in attributes {
            let Some(segment) = mark.path.last() else { continue };
            let words = &self.world.facts(file as u32);
            let last = words.word(segment.name);
            let first = mark.path.segments.first().map_or(last, |part| words.word(part.name));
            if HELPERS.contains(&first) || first == "typetag" {
                continue;
            }
            let registrar = self.path(file, module, &mark.path);
            let key = mark.key.clone().unwrap_or_else(|| short(target));
            let why = format!(
                "marked by #[{}]",
                show(self.world, file as u32, &Ty::Path(mark.path.clone()))
            );
            let (kind, name) = match last {
                "distributed_slice" if mark.arguments.is_empty() => ("slice", target.clone()),
                "distributed_slice" => {
                    let slice = mark.arguments.split(',').next().unwrap_or_default().trim();
                    ("linkme", self.slice(file, module, slice))
                }
                "ctor" | "dtor" => ("ctor", registrar.clone()),
                _ if TESTS.contains(&last) => ("tests", registrar.clone()),
                _ if VERBS.contains(&last) && key.starts_with('/') => ("routes", registrar.clone()),
                _ => ("attribute-macro", registrar.clone()),
            };
            if kind == "slice" {
                continue;
            }
            let key = match (kind, last) {
                ("routes", "route") => key,
                ("routes", verb) => format!("{} {key}", verb.to_uppercase()).into(),
                ("linkme", _) => short(target),
                _ => key,
            };
            let member = self.member(file, line.max(mark.line), Some(key), target, &why);
            let whole = match kind {
                "linkme" => "elements of a distributed slice, joined by the linker",
                "ctor" => "functions that run before main",
                "tests" => "functions the test runner collects",
                "routes" => "handlers by path, collected by the framework's attribute",
                _ => "items handed to an attribute macro",
            };
            self.add(kind, name, registrar, whole, file, member);
        }
    }

    /// The qualified name of a distributed slice.
    fn slice(&self, file: usize, module: u32, text: &str) -> Name {
        let segments: Option<Vec<Id>> =
            text.split("::").map(|part| self.world.id(part.trim())).collect();
        let module = self.world.module(file as u32, module);
        let found = segments.and_then(|ids| {
            let prefix = self.world.resolve(module, &ids, false, Namespace::Value)?;
            match prefix.def {
                Def::Value(id) => {
                    let place = self.world.values[id as usize];
                    let facts = self.world.facts(place.file);
                    let item = self.world.value(id);
                    let node = self.world.modules.node(self.world.module(place.file, item.module));
                    Some(format!("{}::{}", node.path, facts.word(item.name)).into())
                }
                Def::External(id) => Some(self.world.external_path(id).clone()),
                _ => None,
            }
        });
        found.unwrap_or_else(|| text.into())
    }

    /// `impl Trait for Type`, blanket implementations left out: traits of the project or of a
    /// dependency, and typetag's tags.
    fn implementation(&mut self, file: usize, item: &crate::model::facts::rust::items::Impl) {
        let Some(trait_) = &item.trait_ else { return };
        if item.is_negative {
            return;
        }
        let facts = self.world.facts(file as u32);
        let is_blanket = match &item.self_ty {
            Ty::Path(path) => match path.segments.as_slice() {
                [only] => item.generics.params.iter().any(|param| param.name == only.name),
                _ => false,
            },
            Ty::Ref { inner, .. } => matches!(&**inner, Ty::Path(path)
                if path.segments.len() == 1
                    && item.generics.params.iter().any(|param| param.name == path.segments[0].name)),
            _ => false,
        };
        if is_blanket {
            return;
        }
        let name = match self.def(file, item.module, trait_, Namespace::Type) {
            Some(Def::Trait(id)) => {
                if self.world.is_std(self.world.traits[id as usize].file) {
                    return;
                }
                self.world.trait_names[id as usize].clone()
            }
            Some(Def::External(id)) => {
                let path = self.world.external_path(id).clone();
                if ["std::", "core::", "alloc::"].iter().any(|root| path.starts_with(root)) {
                    return;
                }
                path
            }
            _ => return,
        };
        let target: Name = match &item.self_ty {
            Ty::Path(path) => match self.def(file, item.module, path, Namespace::Type) {
                Some(Def::Type(id)) => self.world.type_names[id as usize].clone(),
                _ => show(self.world, file as u32, &item.self_ty).into(),
            },
            other => show(self.world, file as u32, other).into(),
        };
        let tag = item.attributes.iter().find(|mark| {
            mark.path.segments.first().is_some_and(|part| facts.word(part.name) == "typetag")
        });
        let (kind, whole, key) = match tag {
            Some(mark) => (
                "typetag",
                "implementations by the tag that names them in data",
                mark.key.clone().unwrap_or_else(|| short(&target)),
            ),
            None => ("trait-impl", "types that implement the trait", short(&target)),
        };
        let why = "an impl block of the trait for the type";
        let member = self.member(file, item.line, Some(key), &target, why);
        self.add(kind, name.clone(), name, whole, file, member);
    }

    /// `inventory::submit!` and its like.
    fn submissions(&mut self, context: &Context<'_>, file: usize) {
        for entry in &context.files[file].facts.registries.submissions {
            let plugin = match &entry.plugin {
                Some(path) => self.path(file, entry.module, path),
                None => "?".into(),
            };
            let function = entry.paths.iter().find_map(|path| {
                match self.def(file, entry.module, path, Namespace::Value)? {
                    Def::Function(id) => Some(self.world.function_names[id as usize].clone()),
                    _ => None,
                }
            });
            let target = function.unwrap_or_else(|| entry.text.clone());
            let why = "submitted at start-up, from wherever it stands";
            let member = self.member(file, entry.line, entry.key.clone(), &target, why);
            let whole = "values submitted to the type's inventory";
            self.add("inventory", plugin, entry.registrar.clone(), whole, file, member);
        }
    }

    /// Calls of list macros whose rows name items of the project.
    fn lists(&mut self, context: &Context<'_>, file: usize) {
        for call in &context.files[file].facts.registries.calls {
            let name = self.path(file, call.module, &call.path);
            // `inventory::collect!(T)` declares a registry; its entries are found where they stand.
            if name.ends_with("::collect") {
                continue;
            }
            for row in &call.rows {
                let Some(word) = row.name else { continue };
                let module = self.world.module(file as u32, call.module);
                let id = self.world.word(file as u32, word);
                let lookup = |space| self.world.lookup_lexical(module, id, space);
                let target = match lookup(Namespace::Value).or_else(|| lookup(Namespace::Type)) {
                    Some(Def::Function(id)) => self.world.function_names[id as usize].clone(),
                    Some(Def::Type(id))
                        if !self.world.is_std(self.world.types[id as usize].file) =>
                    {
                        self.world.type_names[id as usize].clone()
                    }
                    _ => continue,
                };
                let key = row.literal.clone().unwrap_or_else(|| short(&target));
                let why = "a row of the macro call";
                let mut member = self.member(file, row.line, Some(key), &target, why);
                member.certainty = Certainty::Inferred;
                let whole = "rows of a list macro that name items of the project";
                self.add("list-macro", name.clone(), name.clone(), whole, file, member);
            }
        }
    }
}

/// The last segment of a qualified name.
fn short(name: &str) -> Name {
    let plain = name.split('<').next().unwrap_or(name);
    plain.rsplit("::").next().unwrap_or(plain).into()
}

#[cfg(test)]
mod tests;
