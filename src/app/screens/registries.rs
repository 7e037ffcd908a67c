//! Registries: containers that code fills behind the reader's back, with their members.

use rustc_hash::{FxHashMap, FxHashSet};

use super::common::{certainty, column, join, named, qualified, why, widest};
use crate::app::command::Command;
use crate::app::detail::Detail;
use crate::app::links::{Links, Place};
use crate::app::list::{ListState, Row, Rows, TreeBuilder};
use crate::app::model::Model;
use crate::app::text::{self, Line, Role};
use crate::model::{Member, Registry};

/// What the user set on this screen beyond selection and folds.
#[derive(Debug, Default)]
pub struct State {}

pub const COMMANDS: &[Command] = &[];

/// Stands for a key that the source does not tell.
const COMPUTED: &str = "(computed)";

/// Up to this many registries, their members are shown at once.
const FEW: usize = 12;

pub fn rows(model: &Model, list: &ListState) -> Rows {
    let mut tree = TreeBuilder::new(list);
    let mut seen = FxHashSet::default();
    let registries = &model.project.registries;
    for registry in registries {
        let mut id = format!("registry:{}", registry.name);
        let changed = model.is_changed(&id);
        // Two containers may have one name; the second is told apart by its place.
        if !seen.insert(&registry.name) {
            id.push_str(&format!("@{}:{}", registry.file, registry.line));
        }
        let open_first = registries.len() <= FEW && registry.members.len() <= 3 * FEW;
        let haystack = format!("{} {}", registry.name, registry.kind);
        let open = tree.branch(0, open_first, &id.as_str().into(), &haystack, || {
            let mark = certainty(registry.certainty).push(Role::Text, " ");
            let note = Line::dim(&registry.kind)
                .push(Role::Dim, &format!("  {:>3}", registry.members.len()));
            Row::new(id.clone(), join([mark, named(&registry.name, Role::Accent)]))
                .note(note)
                .changed(changed)
                .links(links(registry))
        });
        if !open {
            continue;
        }
        for (member, number) in numbered(registry) {
            let key = member.key.as_deref().unwrap_or(COMPUTED);
            tree.leaf(1, &format!("{key} {}", member.target), || {
                let role = if member.key.is_some() { Role::String } else { Role::Possible };
                let label = join([
                    certainty(member.certainty).push(Role::Text, " ").push(role, key),
                    Line::dim(" → "),
                    named(&member.target, Role::Function),
                ]);
                Row::new(format!("{id}\u{1f}{key}\u{1f}{}\u{1f}{number}", member.target), label)
                    .links(member_links(member))
            });
        }
    }
    tree.finish()
}

fn links(registry: &Registry) -> Links {
    Links::at(&registry.file, registry.line)
        .symbol(&registry.registrar)
        .why(registry.certainty, &registry.why)
}

fn member_links(member: &Member) -> Links {
    Links::at(&member.file, member.line).symbol(&member.target).why(member.certainty, &member.why)
}

/// Members with a number that tells equal ones (same key, same target) apart.
fn numbered(registry: &Registry) -> impl Iterator<Item = (&Member, usize)> {
    let mut seen: FxHashMap<(Option<&str>, &str), usize> = FxHashMap::default();
    registry.members.iter().map(move |member| {
        let count = seen.entry((member.key.as_deref(), &member.target)).or_default();
        *count += 1;
        (member, *count)
    })
}

/// The registry and member that a row shows.
fn find<'a>(model: &'a Model, row: &Row) -> Option<(&'a Registry, Option<&'a Member>)> {
    let mut parts = row.id.split('\u{1f}');
    let id = parts.next()?.strip_prefix("registry:")?;
    let (name, place) = match id.rsplit_once('@') {
        Some((name, place)) if place.contains(':') => (name, Some(place)),
        _ => (id, None),
    };
    let is_it = |registry: &&Registry| {
        let here = || format!("{}:{}", registry.file, registry.line);
        &*registry.name == name && place.is_none_or(|place| place == here())
    };
    let registry = model.project.registries.iter().find(is_it)?;
    let (Some(key), Some(target), Some(number)) = (parts.next(), parts.next(), parts.next()) else {
        return Some((registry, None));
    };
    let is_it = |(member, at): &(&Member, usize)| {
        at.to_string() == number
            && &*member.target == target
            && member.key.as_deref().unwrap_or(COMPUTED) == key
    };
    let member = numbered(registry).find(is_it).map(|(member, _)| member);
    Some((registry, member))
}

pub fn detail(model: &Model, row: Option<&Row>) -> Detail {
    match row.and_then(|row| find(model, row)) {
        Some((registry, None)) => registry_detail(model, registry),
        Some((registry, Some(member))) => member_detail(model, registry, member),
        None => Detail::default(),
    }
}

fn registry_detail(model: &Model, registry: &Registry) -> Detail {
    let width = model.detail_state().text_width();
    let mut detail = Detail { title: qualified(&registry.name, Role::Title), lines: Vec::new() };
    let place = Place::new(&registry.file, registry.line);
    let language = Line::new(Role::of_language(registry.language), registry.language.as_str());
    detail.field("kind", Line::text(&registry.kind).push(Role::Dim, "  ").append(language));
    if registry.registrar != registry.name {
        let registrar = qualified(&registry.registrar, Role::Function);
        detail.linked_field("filled by", registrar, links(registry));
    }
    detail.linked_field("container", Line::dim(&place.to_string()), links(registry));
    detail.linked_field("certainty", why(registry.certainty, &registry.why), links(registry));
    detail.heading(&text::count(registry.members.len(), "member"));
    if registry.members.is_empty() {
        detail.line(Line::dim("Nothing is stored in it by the source that was read."));
        return detail;
    }
    let key_of = |member: &Member| member.key.as_deref().unwrap_or(COMPUTED).to_owned();
    let keys: Vec<String> = registry.members.iter().map(key_of).collect();
    let key_width = widest(keys.iter().map(String::as_str), (width / 3).max(10));
    let place_of = |member: &Member| match member.file == registry.file {
        true => format!(":{}", member.line),
        false => format!("{}:{}", short_file(&member.file), member.line),
    };
    let places: Vec<String> = registry.members.iter().map(place_of).collect();
    let place_width = widest(places.iter().map(String::as_str), width / 4);
    let fixed = 2 + key_width + 2 + 2 + place_width;
    let target_width = widest(
        registry.members.iter().map(|member| &*member.target),
        width.saturating_sub(fixed).max(12),
    );
    for ((member, key), place) in registry.members.iter().zip(&keys).zip(&places) {
        let role = if member.key.is_some() { Role::String } else { Role::Possible };
        let line = join([
            certainty(member.certainty).push(Role::Text, " "),
            column(key, key_width, role, false).push(Role::Text, "  "),
            column(&member.target, target_width, Role::Function, true).push(Role::Text, "  "),
            Line::dim(&text::truncate_start(place, place_width.max(8))),
        ]);
        detail.fixed(line, member_links(member));
    }
    detail
}

fn member_detail(model: &Model, registry: &Registry, member: &Member) -> Detail {
    let key = member.key.as_deref().unwrap_or(COMPUTED);
    let mut detail = Detail::titled(key);
    detail.linked_field("in", qualified(&registry.name, Role::Accent), links(registry));
    detail.field(
        "key",
        match &member.key {
            Some(key) => Line::new(Role::String, key),
            None => Line::new(Role::Possible, "computed when the program runs"),
        },
    );
    detail.linked_field("stores", qualified(&member.target, Role::Function), member_links(member));
    let place = Place::new(&member.file, member.line);
    detail.linked_field("stored at", Line::dim(&place.to_string()), member_links(member));
    detail.linked_field("certainty", why(member.certainty, &member.why), member_links(member));
    let symbols = model.project.symbols_named(&member.target);
    let here = |symbol: &&crate::model::Symbol| symbol.file == member.file;
    if let Some(symbol) = symbols.iter().find(here).or(symbols.first()) {
        detail.heading("What is stored");
        super::source::describe_symbol(model, symbol, &mut detail);
    } else {
        super::source::excerpt(model, &place, 6, &mut detail);
    }
    detail
}

/// The last two parts of a path: enough beside a qualified name.
fn short_file(path: &str) -> &str {
    let cut = path.rmatch_indices('/').nth(1).map_or(0, |(at, _)| at + 1);
    &path[cut..]
}
