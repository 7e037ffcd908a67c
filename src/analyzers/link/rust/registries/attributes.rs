//! Derives, and the attributes of items: attribute macros, routes, slices, constructors, tests.

use super::{Census, Head, short, under};
use crate::analyzers::link::rust::json::show;
use crate::analyzers::link::rust::world::{Def, Id, Namespace};
use crate::model::facts::rust::items::{Attribute, Impl};
use crate::model::facts::rust::modules::Cfg;
use crate::model::facts::rust::types::{Path, Ty};
use crate::model::{Certainty, Name};

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
    "cfg",
    "docsrs",
    "repr",
    "derive",
    "values",
    "fixture_args",
];
const TESTS: &[&str] = &["test", "rstest", "bench", "proptest", "quickcheck", "wasm_bindgen_test"];
/// Attributes that make one case of a test each.
const CASES: &[&str] = &["case", "test_case"];
const VERBS: &[&str] =
    &["get", "post", "put", "delete", "patch", "head", "options", "connect", "trace", "route"];

pub(super) fn is_test(name: &str) -> bool {
    TESTS.contains(&name) || CASES.contains(&name)
}

/// The item that bears the attributes.
struct Bearer<'b> {
    file: usize,
    module: u32,
    target: Name,
    line: u32,
    cfg: Option<&'b Cfg>,
}

impl Census<'_, '_> {
    pub(super) fn attributes_of(&mut self, file: usize) {
        let (context, world) = (self.context, self.world);
        let facts = context.files[file].facts;
        let items = &facts.items;
        let bases = world.bases[file];
        let module_path = |module: u32| {
            let id = context.modules.id(file, module);
            id.map_or("".into(), |id| context.modules.node(id).path.clone())
        };
        for (index, item) in items.types.iter().enumerate() {
            let target = world.type_names[bases.types as usize + index].clone();
            self.derives(file, item.module, &item.derives, &target);
            let cfg = item.cfg.as_ref();
            let bearer = Bearer { file, module: item.module, target, line: item.line, cfg };
            self.marks(&bearer, &item.attributes);
        }
        for (index, item) in items.traits.iter().enumerate() {
            let target = world.trait_names[bases.traits as usize + index].clone();
            let cfg = item.cfg.as_ref();
            let bearer = Bearer { file, module: item.module, target, line: item.line, cfg };
            self.marks(&bearer, &item.attributes);
        }
        for (index, item) in items.functions.iter().enumerate() {
            let target = world.function_names[bases.functions as usize + index].clone();
            let cfg = item.cfg.as_ref();
            let bearer = Bearer { file, module: item.module, target, line: item.line, cfg };
            self.marks(&bearer, &item.attributes);
        }
        for item in &items.values {
            let name = facts.word(item.name);
            let target = format!("{}::{name}", module_path(item.module)).into();
            let cfg = item.cfg.as_ref();
            let bearer = Bearer { file, module: item.module, target, line: item.line, cfg };
            self.marks(&bearer, &item.attributes);
        }
        for item in &items.impls {
            if item.attributes.is_empty() {
                continue;
            }
            let target = self.self_type(file, item);
            let cfg = item.cfg.as_ref();
            let bearer = Bearer { file, module: item.module, target, line: item.line, cfg };
            self.marks(&bearer, &item.attributes);
        }
    }

    /// The name of the type an `impl` is for.
    pub(super) fn self_type(&self, file: usize, item: &Impl) -> Name {
        match &item.self_ty {
            Ty::Path(path) => match self.def(file, item.module, path, Namespace::Type) {
                Some(Def::Type(id)) => self.world.type_names[id as usize].clone(),
                _ => show(self.world, file as u32, &item.self_ty).into(),
            },
            other => show(self.world, file as u32, other).into(),
        }
    }

    fn derives(
        &mut self,
        file: usize,
        module: u32,
        derives: &[(u32, Path, Option<Cfg>)],
        target: &Name,
    ) {
        for (line, path, cfg) in derives {
            let derive = self.path(file, module, path);
            let why = under("derived on the type", cfg.as_ref());
            let key = Some(short(target));
            let member = self.member(file, *line, key, target, Certainty::Exact, &why);
            let (name, registrar) = (derive.clone(), derive);
            let why = "types with this derive";
            self.add(&Head { kind: "derive", name, registrar, why }, file, *line, vec![member]);
        }
    }

    fn marks(&mut self, bearer: &Bearer<'_>, attributes: &[Attribute]) {
        let Bearer { file, module, target, .. } = bearer;
        let file = *file;
        let words = self.world.facts(file as u32);
        let mut cases = 0;
        let values = self.values(bearer, attributes);
        for mark in attributes {
            let Some(segment) = mark.path.last() else { continue };
            let first = mark.path.segments.first().map_or("", |part| words.word(part.name));
            // `#[case::name(1, 2)]`
            let last = if CASES.contains(&first) { first } else { words.word(segment.name) };
            if HELPERS.contains(&first) || first == "typetag" {
                continue;
            }
            let registrar = self.path(file, *module, &mark.path);
            let key = mark.key.clone().unwrap_or_else(|| short(target));
            let shown = show(self.world, file as u32, &Ty::Path(mark.path.clone()));
            let why = under(&format!("marked by #[{shown}]"), mark.cfg.as_ref().or(bearer.cfg));
            let mut line = bearer.line.max(mark.line);
            let (kind, name, key, whole) = match last {
                "distributed_slice" if mark.arguments.is_empty() => continue,
                "distributed_slice" => {
                    let slice = mark.arguments.split(',').next().unwrap_or_default().trim();
                    let whole = "elements of a distributed slice, joined by the linker";
                    ("linkme", self.slice(file, *module, slice), short(target), whole)
                }
                "ctor" | "dtor" => {
                    ("ctor", registrar.clone(), key, "functions that run before or after main")
                }
                "instrument" => {
                    ("spans", registrar.clone(), key, "functions that run inside a tracing span")
                }
                _ if CASES.contains(&last) => {
                    cases += 1;
                    line = mark.line;
                    if !values.is_empty() {
                        self.combine(bearer, &format!("case_{cases}::"), &values);
                    }
                    let label = match (mark.path.segments.len(), &mark.key) {
                        (2.., _) if first == last => {
                            format!("{}::case_{cases}_{}", short(target), words.word(segment.name))
                        }
                        (_, Some(text)) if last == "test_case" => {
                            format!("{}::{text}", short(target))
                        }
                        _ => format!("{}::case_{cases}", short(target)),
                    };
                    let whole = "cases generated from one test function";
                    ("tests", last.into(), label.into(), whole)
                }
                _ if TESTS.contains(&last) => {
                    let whole = "functions the test runner collects";
                    ("tests", registrar.clone(), short(target), whole)
                }
                _ if VERBS.contains(&last) && key.starts_with('/') => {
                    let whole = "handlers by path, collected by the framework's attribute";
                    ("routes", registrar.clone(), route_key(last, mark, &key), whole)
                }
                _ => (
                    "attribute-macro",
                    registrar.clone(),
                    key,
                    "items handed to an attribute macro",
                ),
            };
            let member = self.member(file, line, Some(key), target, Certainty::Exact, &why);
            self.add(&Head { kind, name, registrar, why: whole }, file, line, vec![member]);
        }
        if cases == 0 && !values.is_empty() {
            self.combine(bearer, "", &values);
        }
    }

    /// The values that rstest gives a function's parameters: name, texts, line.
    fn values(&self, bearer: &Bearer<'_>, attributes: &[Attribute]) -> Vec<Values> {
        let words = self.world.facts(bearer.file as u32);
        let named = attributes
            .iter()
            .filter(|mark| mark.path.last().is_some_and(|last| words.word(last.name) == "values"));
        let values = named.filter_map(|mark| {
            let name = mark.key.clone()?;
            Some(Values { name, texts: split(&mark.arguments), line: mark.line })
        });
        values.collect()
    }

    /// One member for each combination of values, under the name rstest gives it.
    fn combine(&mut self, bearer: &Bearer<'_>, prefix: &str, values: &[Values]) {
        let mut labels = vec![prefix.to_owned()];
        for part in values {
            let width = part.texts.len().to_string().len();
            let next = labels.iter().flat_map(|label| {
                part.texts.iter().enumerate().map(move |(at, text)| {
                    let text: String = text
                        .chars()
                        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                        .take(64)
                        .collect();
                    format!("{label}{}_{:0width$}_{text}::", part.name, at + 1)
                })
            });
            labels = next.take(MOST_COMBINATIONS).collect();
        }
        let line = values.first().map_or(bearer.line, |first| first.line);
        let (name, why) = (short(&bearer.target), "a combination of #[values]");
        let members = labels.into_iter().map(|label| {
            let key = format!("{name}::{}", label.trim_end_matches("::"));
            let key = Some(key.into());
            self.member(bearer.file, line, key, &bearer.target, Certainty::Exact, why)
        });
        let members = members.collect();
        let why = "cases generated from one test function";
        let head = Head { kind: "tests", name: "values".into(), registrar: "values".into(), why };
        self.add(&head, bearer.file, line, members);
    }

    /// The qualified name of a distributed slice.
    fn slice(&self, file: usize, module: u32, text: &str) -> Name {
        let segments: Option<Vec<Id>> =
            text.split("::").map(|part| self.world.id(part.trim())).collect();
        let module = self.world.module(file as u32, module);
        let found = segments.and_then(|ids| {
            let prefix = self.world.resolve(module, &ids, false, Namespace::Value)?;
            match prefix.def {
                Def::Value(id) => Some(self.value_name(id)),
                Def::External(id) => Some(self.world.external_path(id).clone()),
                _ => None,
            }
        });
        found.unwrap_or_else(|| text.into())
    }

    /// The qualified name of a constant or static.
    pub(super) fn value_name(&self, id: u32) -> Name {
        let place = self.world.values[id as usize];
        let item = self.world.value(id);
        let node = self.world.modules.node(self.world.module(place.file, item.module));
        format!("{}::{}", node.path, self.world.facts(place.file).word(item.name)).into()
    }
}

/// More combinations of values are a product of data.
const MOST_COMBINATIONS: usize = 1_000;

/// What `#[values(…)]` gives a parameter.
struct Values {
    name: Name,
    texts: Vec<String>,
    line: u32,
}

/// The parts of a list as written, between the commas outside of brackets and quotes.
fn split(list: &str) -> Vec<String> {
    let (mut parts, mut depth, mut quoted, mut escaped) = (vec![String::new()], 0u32, false, false);
    for letter in list.chars() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = parts.last_mut() {
            last.push(letter);
        }
    }
    let parts = parts.into_iter().map(|part| part.trim().to_owned());
    parts.filter(|part| !part.is_empty()).collect()
}

/// `GET /x`; of `#[route("/x", method = "GET", method = "POST")]` both verbs.
pub(super) fn route_key(verb: &str, mark: &Attribute, path: &str) -> Name {
    if verb != "route" {
        return format!("{} {path}", verb.to_uppercase()).into();
    }
    let verbs: Vec<&str> = mark
        .arguments
        .split("method")
        .skip(1)
        .filter_map(|rest| rest.split('"').nth(1).filter(|verb| !verb.is_empty()))
        .collect();
    if verbs.is_empty() { path.into() } else { format!("{} {path}", verbs.join("|")).into() }
}
