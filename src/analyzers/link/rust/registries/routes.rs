//! Routes of axum, actix and rocket with the prefixes under which routers are nested.

use rustc_hash::FxHashMap;

use super::attributes::route_key;
use super::expr::{Reader, Sort, Target};
use super::{Census, Head, Source};
use crate::model::facts::rust::calls::{Expr, ExprId, Pattern, Statement};
use crate::model::facts::rust::types::Word;
use crate::model::{Certainty, Member, Name};

const CRATES: &[&str] = &["axum", "actix_web", "poem", "ntex", "salvo", "tide"];
const VERBS: &[&str] = &[
    "get",
    "post",
    "put",
    "delete",
    "patch",
    "head",
    "options",
    "connect",
    "trace",
    "any",
    "get_service",
    "post_service",
    "any_service",
];
/// A router nested under more prefixes than this is shown under the first ones.
const MAX_PREFIXES: usize = 4;
const DEPTH: u32 = 6;

/// The prefixes under which each function's routes are served.
#[derive(Default)]
pub(super) struct Prefixes(FxHashMap<u32, Vec<String>>);

/// Who nests whom: the nested function, the prefix, and the function that nests it.
pub(super) fn prefixes(census: &Census<'_, '_>, sources: &[Source<'_>]) -> Prefixes {
    let mut nested: FxHashMap<u32, Vec<(String, Option<u32>)>> = FxHashMap::default();
    if !census.knows_routes() {
        return Prefixes::default();
    }
    for source in sources {
        let reader = Reader::new(census.world, census.functions, source);
        let mut parents = None;
        for (at, expr) in source.body.exprs.iter().enumerate() {
            let Expr::Method { name, args, .. } = expr else { continue };
            let (prefix, inner) = match (reader.word(*name), args.as_slice()) {
                ("nest" | "scope", [path, inner]) => (reader.text(*path), *inner),
                ("merge" | "configure", [inner]) => (Some("".into()), *inner),
                _ => continue,
            };
            let Some(function) = reader.target(inner, true).and_then(|found| found.function) else {
                continue;
            };
            let parents = parents.get_or_insert_with(|| reader.parents());
            let around = Around::of(&reader, parents);
            let own = around.prefix(at as ExprId);
            let prefix = join(&own, prefix.as_deref().unwrap_or_default());
            nested.entry(function).or_default().push((prefix, source.function));
        }
    }
    let mut found = Prefixes::default();
    for function in nested.keys() {
        let mut all = Vec::new();
        resolve(&nested, *function, "", 0, &mut all);
        all.sort();
        all.dedup();
        all.truncate(MAX_PREFIXES);
        found.0.insert(*function, all);
    }
    found
}

fn resolve(
    nested: &FxHashMap<u32, Vec<(String, Option<u32>)>>,
    function: u32,
    inner: &str,
    depth: u32,
    found: &mut Vec<String>,
) {
    let around = nested.get(&function).filter(|_| depth < DEPTH);
    let Some(around) = around else {
        found.push(inner.to_string());
        return;
    };
    for (prefix, outer) in around {
        let prefix = join(prefix, inner);
        match outer {
            Some(outer) if *outer != function => resolve(nested, *outer, &prefix, depth + 1, found),
            _ => found.push(prefix),
        }
    }
}

fn join(prefix: &str, path: &str) -> String {
    let path = path.strip_prefix('/').unwrap_or(path);
    match (prefix.trim_end_matches('/'), path) {
        ("", "") => String::new(),
        (prefix, "") => prefix.to_string(),
        (prefix, path) => format!("{prefix}/{path}"),
    }
}

/// The prefixes that nesting within one body puts before a route.
struct Around<'w, 'r, 'a> {
    reader: &'w Reader<'r, 'a>,
    parents: &'w [Option<ExprId>],
    /// Locals that are nested later: `let api = …; Router::new().nest("/api", api)`.
    locals: FxHashMap<Word, String>,
}

impl<'w, 'r, 'a> Around<'w, 'r, 'a> {
    fn of(reader: &'w Reader<'r, 'a>, parents: &'w [Option<ExprId>]) -> Self {
        let mut around = Self { reader, parents, locals: FxHashMap::default() };
        let nests = |expr: &Expr| match expr {
            Expr::Method { name, args, .. } if reader.word(*name) == "nest" => {
                let [path, inner] = args.as_slice() else { return None };
                Some((reader.local(*inner)?, reader.text(*path)?.to_string()))
            }
            _ => None,
        };
        around.locals = reader.body.exprs.iter().filter_map(nests).collect();
        around
    }

    fn prefix(&self, id: ExprId) -> String {
        let mut prefix = String::new();
        let mut at = id;
        for _ in 0..400 {
            let Some(parent) = self.parents.get(at as usize).copied().flatten() else { break };
            match self.reader.get(parent) {
                Some(Expr::Method { name, args, receiver, .. }) if args.contains(&at) => {
                    match (self.reader.word(*name), args.as_slice()) {
                        ("nest", [path, _]) => {
                            let outer = self.reader.text(*path).unwrap_or_else(|| "".into());
                            prefix = join(&outer, &prefix);
                        }
                        ("service", _) => prefix = join(&self.scope(*receiver), &prefix),
                        _ => {}
                    }
                }
                Some(Expr::Block(block)) => {
                    for statement in &block.statements {
                        let Statement::Let { pattern, value: Some(value), .. } = statement else {
                            continue;
                        };
                        if *value == at
                            && let Some(Pattern::Bind { name, .. }) = self.bound(*pattern)
                            && let Some(outer) = self.locals.get(name)
                        {
                            prefix = join(outer, &prefix);
                        }
                    }
                }
                _ => {}
            }
            at = parent;
        }
        prefix
    }

    fn bound(&self, pattern: u32) -> Option<&Pattern> {
        match self.reader.body.patterns.get(pattern as usize)? {
            Pattern::Typed(inner, _) => self.reader.body.patterns.get(*inner as usize),
            other => Some(other),
        }
    }

    /// The prefix of actix's `web::scope("/x")` or `web::resource("/x")` that a chain starts with.
    fn scope(&self, receiver: ExprId) -> String {
        let Some(Expr::Call { callee, args, .. }) = self.reader.get(self.reader.root(receiver))
        else {
            return String::new();
        };
        match (self.reader.callee(*callee), args.first()) {
            (Some("scope" | "resource"), Some(path)) => {
                self.reader.text(*path).map_or_else(String::new, |text| text.to_string())
            }
            _ => String::new(),
        }
    }
}

impl Census<'_, '_> {
    fn knows_routes(&self) -> bool {
        let crates: Vec<String> = CRATES.iter().map(ToString::to_string).collect();
        self.knows(&crates) || self.knows(&["rocket".to_string()])
    }

    pub(super) fn routes(&mut self, reader: &Reader<'_, '_>, prefixes: &Prefixes) {
        let mut parents: Option<Vec<Option<ExprId>>> = None;
        let none = [String::new()];
        let outer = reader
            .source
            .function
            .and_then(|id| prefixes.0.get(&id))
            .map_or(&none[..], Vec::as_slice);
        let mut members: Vec<Member> = Vec::new();
        for (at, expr) in reader.body.exprs.iter().enumerate() {
            let Expr::Method { name, args, receiver, site, .. } = expr else { continue };
            let method = reader.word(*name);
            if !matches!(
                method,
                "route"
                    | "at"
                    | "to"
                    | "route_service"
                    | "nest_service"
                    | "mount"
                    | "register"
                    | "service"
            ) {
                continue;
            }
            let is_rocket = matches!(method, "mount" | "register");
            if is_rocket {
                members.extend(self.mounted(reader, args));
                continue;
            }
            if !self.knows_routes() {
                continue;
            }
            let all = parents.get_or_insert_with(|| reader.parents());
            let around = Around::of(reader, all);
            let (path, verbs) = match (method, args.as_slice()) {
                ("service", [handler]) => {
                    // A function with a route attribute, inside a scope.
                    let Some(found) = reader.target(*handler, false) else { continue };
                    let Some(function) = found.function else { continue };
                    let Some((verb, path)) = self.attribute_route(function) else { continue };
                    (join(&around.scope(*receiver), &path), vec![(verb, found)])
                }
                ("route_service" | "nest_service", [path, service]) => {
                    let Some(path) = reader.text(*path) else { continue };
                    let Some(found) = reader.target(*service, false) else { continue };
                    (path.to_string(), vec![("ANY".to_string(), found)])
                }
                ("to", [handler]) => {
                    // `web::resource("/x").to(f)`; `web::get().to(f)` is read at its `route`.
                    let path = around.scope(*receiver);
                    let Some(found) = reader.target(*handler, false) else { continue };
                    if path.is_empty() {
                        continue;
                    }
                    (path, vec![("ANY".to_string(), found)])
                }
                ("route", [handler]) => (around.scope(*receiver), handlers(reader, *handler)),
                ("route" | "at", [path, handler]) => {
                    let Some(path) = reader.text(*path) else { continue };
                    let path = join(&around.scope(*receiver), &path);
                    let path = if path.is_empty() { "/".to_string() } else { path };
                    (path, handlers(reader, *handler))
                }
                _ => continue,
            };
            let inner = join(&around.prefix(at as ExprId), &path);
            for outer in outer {
                let full = join(outer, &inner);
                let full = if full.starts_with('/') { full } else { format!("/{full}") };
                for (verb, target) in &verbs {
                    let key = Some(format!("{verb} {full}").into());
                    let sure = match target.sort {
                        Sort::Function => Certainty::Exact,
                        _ => Certainty::Inferred,
                    };
                    let why = "a route of the router, under the prefixes it is nested in";
                    let file = reader.source.file;
                    members.push(self.member(file, site.line, key, &target.name, sure, why));
                }
            }
        }
        let line = members.first().map_or(0, |member| member.line);
        // The many small routers of tests are one row a module.
        let owner = &reader.source.owner;
        let (name, why): (Name, &str) = match (reader.source.is_test, owner.rsplit_once("::")) {
            (true, Some((module, _))) => (module.into(), "routes that tests build"),
            _ => (owner.clone(), "routes that the function builds"),
        };
        let head = Head { kind: "routes", registrar: name.clone(), name, why };
        self.add(&head, reader.source.file, line, members);
    }

    /// rocket's `.mount("/api", routes![a, b])`.
    fn mounted(&self, reader: &Reader<'_, '_>, args: &[ExprId]) -> Vec<Member> {
        let [base, list] = args else { return Vec::new() };
        let Some(Expr::Macro { path, args, .. }) = reader.get(*list) else { return Vec::new() };
        let name = path.last().map_or("", |last| reader.word(last.name));
        if !matches!(name, "routes" | "catchers") || !self.knows(&["rocket".to_string()]) {
            return Vec::new();
        }
        let base = reader.text(*base).unwrap_or_else(|| "".into());
        let found = args.iter().filter_map(|arg| {
            let target = reader.target(*arg, false)?;
            let route = target.function.and_then(|id| self.attribute_route(id));
            let key = match route {
                Some((verb, path)) => {
                    let full = join(&base, &path);
                    let slash = if full.starts_with('/') { "" } else { "/" };
                    format!("{verb} {slash}{full}")
                }
                None => format!("{base} {}", super::short(&target.name)),
            };
            let why = "mounted under the base path";
            let line = reader.line(*arg);
            let file = reader.source.file;
            Some(self.member(file, line, Some(key.into()), &target.name, Certainty::Exact, why))
        });
        found.collect()
    }

    /// The verb and path of `#[get("/x")]`.
    fn attribute_route(&self, function: u32) -> Option<(String, String)> {
        let (item, place) =
            (self.world.function(function), self.world.functions[function as usize]);
        let facts = self.world.facts(place.file);
        item.attributes.iter().find_map(|mark| {
            let verb = facts.word(mark.path.last()?.name);
            let path = mark.key.as_deref().filter(|path| path.starts_with('/'))?;
            if !VERBS.contains(&verb) && verb != "route" {
                return None;
            }
            let key: Name = route_key(verb, mark, path);
            let (verb, path) = key.split_once(' ').unwrap_or(("ANY", &key));
            Some((verb.to_string(), path.to_string()))
        })
    }
}

/// The verbs and handlers of `get(a).post(b)`, `web::get().to(a)`, or a handler alone.
fn handlers(reader: &Reader<'_, '_>, id: ExprId) -> Vec<(String, Target)> {
    let mut found = Vec::new();
    let mut pending: Option<Target> = None;
    let mut at = reader.bare(id);
    loop {
        match reader.get(at) {
            Some(Expr::Method { receiver, name, args, .. }) => {
                let name = reader.word(*name);
                match args.first() {
                    Some(handler) if VERBS.contains(&name) => {
                        let target = reader.target(*handler, false);
                        found.extend(target.map(|target| (verb(name), target)));
                    }
                    Some(handler) if matches!(name, "to" | "to_async") => {
                        pending = reader.target(*handler, false);
                    }
                    Some(_) if name == "on" && args.len() == 2 => {
                        let target = reader.target(args[1], false);
                        let filter = reader.shown(args[0]);
                        let filter = super::short(&filter).to_string();
                        found.extend(target.map(|target| (filter, target)));
                    }
                    _ => {}
                }
                at = *receiver;
            }
            Some(Expr::Call { callee, args, .. }) => {
                let name = reader.callee(*callee).unwrap_or_default();
                match args.as_slice() {
                    [] if VERBS.contains(&name) => {
                        found.extend(pending.take().map(|target| (verb(name), target)));
                    }
                    [handler] if VERBS.contains(&name) => {
                        let target = reader.target(*handler, false);
                        found.extend(target.map(|target| (verb(name), target)));
                    }
                    [filter, handler] if name == "on" => {
                        let target = reader.target(*handler, false);
                        let filter = super::short(&reader.shown(*filter)).to_string();
                        found.extend(target.map(|target| (filter, target)));
                    }
                    _ => {
                        let target = pending.take().or_else(|| reader.target(at, false));
                        found.extend(target.map(|target| ("ANY".to_string(), target)));
                    }
                }
                break;
            }
            _ => {
                let target = reader.target(at, false);
                let target = target.filter(|target| target.sort != Sort::Plain);
                if found.is_empty() {
                    found.extend(target.map(|target| ("ANY".to_string(), target)));
                }
                break;
            }
        }
    }
    found.reverse();
    found
}

fn verb(name: &str) -> String {
    name.trim_end_matches("_service").to_uppercase()
}
