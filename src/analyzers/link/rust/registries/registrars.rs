//! Calls that register: functions of the project whose body stores a parameter in a field or
//! static, and any call named `register…` that is handed a name and a function or type.

use rustc_hash::FxHashMap;

use super::expr::{Reader, Sort, Target};
use super::{Census, Head, Source, conventions};
use crate::model::facts::rust::calls::{Expr, ExprId, Site};
use crate::model::facts::rust::types::{Ty, Word};
use crate::model::{Certainty, Name};

/// How functions that register are named.
const STARTS: &[&str] = &[
    "register",
    "add_",
    "define",
    "bind_",
    "install",
    "subscribe",
    "on_",
    "insert_",
    "provide",
    "mount",
    "declare",
    "export",
    "set_",
    "hook",
];
/// What stores in a container.
const STORES: &[&str] =
    &["insert", "push", "push_back", "push_front", "entry", "extend", "or_insert", "set", "store"];

/// Functions that store what they are given, by id and by short name.
#[derive(Default)]
pub(super) struct Registrars {
    of: FxHashMap<u32, ()>,
    by_name: FxHashMap<Name, Vec<u32>>,
}

pub(super) fn find(census: &Census<'_, '_>, sources: &[Source<'_>]) -> Registrars {
    let mut found = Registrars::default();
    for source in sources {
        let Some(id) = source.function else { continue };
        let short = super::short(&source.owner);
        if source.is_test || !STARTS.iter().any(|start| short.starts_with(start)) {
            continue;
        }
        let item = census.world.function(id);
        let params: Vec<Word> = item.params.iter().filter_map(|param| param.name).collect();
        let is_generic = !item.generics.params.is_empty() && short.starts_with("register");
        if (params.is_empty() && !is_generic) || !stores(census, source, &params, is_generic) {
            continue;
        }
        found.of.insert(id, ());
        if item.receiver.is_some() {
            found.by_name.entry(short).or_default().push(id);
        }
    }
    found
}

/// Whether a body puts a parameter into something that outlives the call.
fn stores(census: &Census<'_, '_>, source: &Source<'_>, params: &[Word], is_generic: bool) -> bool {
    let reader = Reader::new(census.world, census.functions, source);
    let outlives = |id: ExprId| {
        let mut at = id;
        for _ in 0..16 {
            at = match reader.get(at) {
                Some(Expr::Method { receiver, .. }) => *receiver,
                Some(Expr::Field(base, _, _) | Expr::Ref(base, _) | Expr::Try(base, _)) => *base,
                Some(Expr::Unary { operand, .. }) => *operand,
                Some(Expr::Call { callee, .. }) => *callee,
                Some(Expr::Path(path, _)) => {
                    let is_self = path.as_word().is_some_and(|word| reader.word(word) == "self");
                    let target = reader.path(path);
                    return is_self || target.is_some_and(|found| found.sort == Sort::Value);
                }
                _ => return false,
            };
        }
        false
    };
    // `let mut map = REGISTRY.lock();` first, then `map.insert(…)`.
    let names_static = || {
        reader.body.exprs.iter().any(|expr| match expr {
            Expr::Path(path, _) => reader.path(path).is_some_and(|found| found.sort == Sort::Value),
            _ => false,
        })
    };
    reader.body.exprs.iter().any(|expr| {
        let Expr::Method { receiver, name, args, .. } = expr else { return false };
        if !STORES.contains(&reader.word(*name)) {
            return false;
        }
        let holds = is_generic || args.iter().any(|arg| mentions(&reader, *arg, params, 0));
        holds
            && (outlives(*receiver)
                || reader.local(reader.root(*receiver)).is_some() && names_static())
    })
}

/// Whether a parameter is part of a value.
fn mentions(reader: &Reader<'_, '_>, id: ExprId, params: &[Word], depth: u32) -> bool {
    if depth > 6 {
        return false;
    }
    match reader.get(id) {
        Some(Expr::Path(path, _)) => path.as_word().is_some_and(|word| params.contains(&word)),
        Some(expr) => {
            let mut any = false;
            super::expr::children(expr, &mut |child| {
                any |= mentions(reader, child, params, depth + 1);
            });
            any
        }
        None => false,
    }
}

impl Census<'_, '_> {
    pub(super) fn registrations(&mut self, reader: &Reader<'_, '_>, registrars: &Registrars) {
        if reader.source.is_test {
            return;
        }
        for expr in &reader.body.exprs {
            match expr {
                Expr::Call { callee, args, site } => {
                    let Some(Expr::Path(path, _)) = reader.get(*callee) else { continue };
                    let Some(last) = path.last() else { continue };
                    if !STARTS.iter().any(|start| reader.word(last.name).starts_with(start)) {
                        continue;
                    }
                    let Some(found) = reader.path(path) else { continue };
                    let is_known = found.function.is_some_and(|id| registrars.of.contains_key(&id));
                    let name = found.name;
                    self.registration(reader, name, is_known, args, &last.args, *site);
                }
                Expr::Method { name, generics, args, site, .. } => {
                    let short = reader.word(*name);
                    if !STARTS.iter().any(|start| short.starts_with(start))
                        || conventions::methods(short).any(|call| self.knows(&call.crates))
                    {
                        continue;
                    }
                    match registrars.by_name.get(short).map(Vec::as_slice) {
                        Some([only]) => {
                            let name = self.world.function_names[*only as usize].clone();
                            self.registration(reader, name, true, args, generics, *site);
                        }
                        Some(_) => {
                            self.registration(reader, short.into(), true, args, generics, *site);
                        }
                        None => {
                            self.registration(reader, short.into(), false, args, generics, *site);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    /// One call. Of a callee whose body was not seen to store, a name and a function are asked.
    fn registration(
        &mut self,
        reader: &Reader<'_, '_>,
        registrar: Name,
        is_known: bool,
        args: &[ExprId],
        generics: &[Ty],
        site: Site,
    ) {
        let key = args.iter().find_map(|arg| match reader.get(reader.bare(*arg)) {
            Some(Expr::Call { .. }) => None,
            _ => reader.text(*arg),
        });
        let handed = args.iter().find_map(|arg| {
            let held = reader.target(*arg, false)?;
            let is_plain_value = held.sort == Sort::Type
                && matches!(reader.get(reader.bare(*arg)), Some(Expr::Struct { .. }))
                && key.is_none();
            (handed_over(&held, key.is_some()) && !is_plain_value).then_some(held)
        });
        let typed = || generics.iter().find_map(|ty| reader.type_target(ty));
        let Some(target) = handed.or_else(typed) else { return };
        let starts = super::short(&registrar).starts_with("register");
        let evident = match (is_known, &key) {
            (true, _) => true,
            (false, Some(_)) => starts && target.sort != Sort::Outside,
            (false, None) => false,
        };
        if !evident || (target.sort == Sort::Outside && !(starts && is_known)) {
            return;
        }
        let key = key.unwrap_or_else(|| super::short(&target.name));
        let (sure, why) = if is_known {
            (Certainty::Inferred, "handed to a function that stores it")
        } else {
            (Certainty::Possible, "handed to a call named like a registration")
        };
        let file = reader.source.file;
        let member = self.member(file, site.line, Some(key), &target.name, sure, why);
        let head = Head {
            kind: "register-call",
            name: registrar.clone(),
            registrar,
            why: "calls that hand over a function or type to be kept",
        };
        self.add(&head, file, site.line, vec![member]);
    }
}

fn handed_over(held: &Target, has_key: bool) -> bool {
    match held.sort {
        Sort::Function => has_key || !held.is_call,
        Sort::Type => true,
        Sort::Closure => has_key,
        _ => false,
    }
}
