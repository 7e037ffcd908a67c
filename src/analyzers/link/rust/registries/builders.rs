//! Builder calls (R8) and list macros in expressions, by the conventions of frameworks; and any
//! macro of the project whose arguments name its functions and types.

use super::expr::{Reader, Sort, Target};
use super::{Census, Head, conventions, short};
use crate::analyzers::link::rust::world::{Def, Namespace};
use crate::model::facts::rust::calls::{Expr, ExprId};
use crate::model::facts::rust::types::Path;
use crate::model::{Certainty, Name};

/// Names of methods that many types have.
const COMMON: &[&str] = &[
    "add",
    "with",
    "service",
    "plugin",
    "layer",
    "attach",
    "manage",
    "configure",
    "wrap",
    "fallback",
];

/// Macros that make a tracing span.
const SPANS: &[&str] =
    &["span", "trace_span", "debug_span", "info_span", "warn_span", "error_span"];

/// A macro of the project with fewer names is no list.
const MIN_NAMES: usize = 2;

impl Census<'_, '_> {
    pub(super) fn builders(&mut self, reader: &Reader<'_, '_>) {
        for expr in &reader.body.exprs {
            match expr {
                Expr::Method { name, generics, args, site, receiver } => {
                    let method = reader.word(*name);
                    for call in conventions::methods(method) {
                        if !self.knows(&call.crates) {
                            continue;
                        }
                        let found = if call.types {
                            let types = generics.iter().filter_map(|ty| reader.type_target(ty));
                            types.map(|target| (None, target, site.line)).collect()
                        } else {
                            given(reader, call, args, site.line)
                        };
                        // A name that other types use too needs something of the project to hold.
                        let holds = |(_, target, _): &(Option<Name>, Target, u32)| {
                            target.is_own() || target.sort == Sort::Closure && call.first == "key"
                        };
                        if COMMON.contains(&method)
                            && !found.iter().any(holds)
                            && !is_named_after(reader, *receiver, &call.crates)
                        {
                            continue;
                        }
                        self.registered(reader, call, args, found, method);
                    }
                }
                Expr::Macro { path, args, site } => {
                    let name = path.last().map_or("", |last| reader.word(last.name));
                    match conventions::list(name) {
                        Some(list) if self.knows(&list.crates) => {
                            let targets = args.iter().filter_map(|arg| {
                                let found = reader.target(*arg, false)?;
                                Some((reader.line(*arg), found))
                            });
                            let targets: Vec<(u32, Target)> = targets.collect();
                            let name: Name = list.registrar.as_str().into();
                            self.listed(reader, &list.kind, name, targets, Certainty::Exact);
                        }
                        Some(_) => {}
                        None if SPANS.contains(&name) => self.span(reader, name, args, site.line),
                        None => self.own_list(reader, path, args, site.line),
                    }
                }
                _ => {}
            }
        }
    }

    /// A tracing span that is opened by hand.
    fn span(&mut self, reader: &Reader<'_, '_>, name: &str, args: &[ExprId], line: u32) {
        if !self.knows(&["tracing".to_owned()]) {
            return;
        }
        let file = reader.source.file;
        let line = if line == 0 { reader.source.line } else { line };
        let key = args.iter().find_map(|arg| reader.text(*arg));
        let why = format!("opened by `{name}!`");
        let sure = Certainty::Exact;
        let member = self.member(file, line, key, &reader.source.owner, sure, &why);
        let head = Head {
            kind: "spans",
            name: "tracing::span".into(),
            registrar: "tracing::span".into(),
            why: "spans that functions open",
        };
        self.add(&head, file, line, vec![member]);
    }

    fn registered(
        &mut self,
        reader: &Reader<'_, '_>,
        call: &'static conventions::Call,
        args: &[ExprId],
        found: Vec<(Option<Name>, Target, u32)>,
        method: &str,
    ) {
        let file = reader.source.file;
        let members = found
            .into_iter()
            .map(|(key, target, line)| {
                let key = key.unwrap_or_else(|| short(&target.name));
                let place = if reader.source.is_test { ", in tests" } else { "" };
                let why = format!("given to `{method}`, by the name of the method{place}");
                let sure = Certainty::Inferred;
                self.member(file, line, Some(key), &target.name, sure, &why)
            })
            .collect::<Vec<_>>();
        let line = members.first().map_or(0, |member| member.line);
        let name = match (call.first.as_str(), args.first()) {
            ("group", Some(first)) if args.len() > 1 => short(&reader.shown(*first)),
            _ => call.registrar.as_str().into(),
        };
        let head = Head {
            kind: &call.kind,
            name,
            registrar: call.registrar.as_str().into(),
            why: "what builder calls hand to the framework",
        };
        self.add(&head, file, line, members);
    }

    fn listed(
        &mut self,
        reader: &Reader<'_, '_>,
        kind: &'static str,
        name: Name,
        targets: Vec<(u32, Target)>,
        sure: Certainty,
    ) {
        let file = reader.source.file;
        let members: Vec<_> = targets
            .into_iter()
            .map(|(line, target)| {
                let key = Some(short(&target.name));
                self.member(file, line, key, &target.name, sure, "named in the macro call")
            })
            .collect();
        let line = members.first().map_or(0, |member| member.line);
        let head = Head { kind, registrar: name.clone(), name, why: "rows of a list macro" };
        self.add(&head, file, line, members);
    }

    /// `bind_commands! { A, B, C }` of a macro that the project defines.
    fn own_list(&mut self, reader: &Reader<'_, '_>, path: &Path, args: &[ExprId], line: u32) {
        if args.len() < MIN_NAMES || line == 0 {
            return;
        }
        let names = args.iter().filter_map(|arg| {
            matches!(reader.get(*arg)?, Expr::Path(..)).then_some(())?;
            let found = reader.target(*arg, false)?;
            found.is_own().then(|| (reader.line(*arg), found))
        });
        let names: Vec<(u32, Target)> = names.collect();
        if names.len() < MIN_NAMES || names.len() * 2 < args.len() {
            return;
        }
        let file = reader.source.file;
        let module = reader.body.module;
        let is_own = matches!(self.def(file, module, path, Namespace::Macro), Some(Def::Macro(_)))
            || reader.defines_macro(path);
        if is_own {
            let name = self.path(file, module, path);
            self.listed(reader, "list-macro", name, names, Certainty::Inferred);
        }
    }
}

/// What the arguments of a call hand over.
fn given(
    reader: &Reader<'_, '_>,
    call: &conventions::Call,
    args: &[ExprId],
    line: u32,
) -> Vec<(Option<Name>, Target, u32)> {
    let mut args = args;
    let mut key = None;
    // A schedule's own `add_systems` names no group.
    let is_lone_group = call.first == "group" && args.len() == 1;
    if !call.first.is_empty() && !is_lone_group {
        let Some((first, rest)) = args.split_first() else { return Vec::new() };
        if call.first == "key" {
            key = reader.text(*first);
            if call.computed {
                key = key.or_else(|| named_first(reader, *first)).or(Some(reader.shown(*first)));
            }
            if key.is_none() {
                return Vec::new();
            }
        }
        args = rest;
    }
    let mut found = Vec::new();
    for arg in args {
        for leaf in reader.leaves(*arg) {
            let Some(target) = reader.target(leaf, false) else { continue };
            if target.sort == Sort::Plain || is_noise(&target) {
                continue;
            }
            let line = if call.first == "key" { line } else { reader.line(leaf).max(line) };
            found.push((key.clone(), target, line));
            if call.first == "key" {
                break;
            }
        }
    }
    found
}

/// The first text among a call's arguments: `BenchmarkId::new("name", size)`.
fn named_first(reader: &Reader<'_, '_>, id: ExprId) -> Option<Name> {
    match reader.get(reader.bare(id))? {
        Expr::Call { args, .. } | Expr::Typed(args, _) | Expr::Macro { args, .. } => {
            args.iter().find_map(|arg| reader.text(*arg))
        }
        _ => None,
    }
}

/// A function of another crate is a call's result, not the thing that is registered.
fn is_noise(target: &Target) -> bool {
    let is_function = short(&target.name).starts_with(|letter: char| letter.is_lowercase());
    let is_web = target.is_call && target.name.contains("::web::");
    is_function && (is_web || target.sort == Sort::Outside && target.is_call)
}

/// Whether a chain starts at something of one of the crates: `Router::new().layer(…)`.
fn is_named_after(reader: &Reader<'_, '_>, receiver: ExprId, crates: &[String]) -> bool {
    let root = reader.root(receiver);
    let Some(target) = reader.target(root, true) else { return false };
    crates.iter().any(|name| target.name.starts_with(name.as_str()))
}
