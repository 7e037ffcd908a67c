//! Macro calls in item position: distributed entries, lists, generated items, tables of columns,
//! groups of benches.

use super::{Census, Head, short};
use crate::analyzers::link::rust::world::{Def, Namespace};
use crate::model::facts::rust::registries::{MacroCall, Row};
use crate::model::{Certainty, Name};

/// A macro call of fewer rows is no list.
const MIN_ROWS: usize = 2;

impl Census<'_, '_> {
    /// `inventory::submit!` and its like.
    pub(super) fn submissions(&mut self, file: usize) {
        let context = self.context;
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
            let (line, key) = (entry.line, entry.key.clone());
            let member = self.member(file, line, key, &target, Certainty::Exact, why);
            let head = Head {
                kind: "inventory",
                name: plugin,
                registrar: entry.registrar.clone(),
                why: "values submitted to the type's inventory",
            };
            self.add(&head, file, line, vec![member]);
        }
    }

    /// Calls of macros that take lists.
    pub(super) fn lists(&mut self, file: usize) {
        let context = self.context;
        for call in &context.files[file].facts.registries.calls {
            let name = self.path(file, call.module, &call.path);
            match &*short(&name) {
                // `inventory::collect!(T)` declares a registry; its entries stand elsewhere.
                "collect" | "criterion_main" | "thread_local" => {}
                "criterion_group" => self.benches(file, call, name),
                "table" if self.crates.contains("diesel") => self.columns(file, call, name),
                "proptest" | "quickcheck" => {
                    let rows = call.rows.iter().filter_map(|row| {
                        let test = self.row_name(file, row)?;
                        let target = self.in_module(file, call.module, &test);
                        let why = "a test in the macro call";
                        let sure = Certainty::Exact;
                        Some(self.member(file, row.line, Some(test), &target, sure, why))
                    });
                    let rows = rows.collect();
                    let whole = "properties the test runner checks";
                    let head = Head { kind: "tests", registrar: name.clone(), name, why: whole };
                    self.add(&head, file, call.line, rows);
                }
                "bitflags" => self.flags(file, call, name),
                last if last.contains("assert") => {}
                _ if call.is_open => {}
                _ => self.list(file, call, name),
            }
        }
    }

    fn row_name(&self, file: usize, row: &Row) -> Option<Name> {
        row.name.map(|word| self.world.facts(file as u32).word(word).into())
    }

    fn in_module(&self, file: usize, module: u32, name: &str) -> Name {
        let id = self.world.module(file as u32, module);
        format!("{}::{name}", self.world.modules.node(id).path).into()
    }

    /// An item of the project that a row names.
    fn row_target(&self, file: usize, module: u32, row: &Row) -> Option<Name> {
        let id = self.world.word(file as u32, row.name?);
        let module = self.world.module(file as u32, module);
        let lookup = |space| self.world.lookup_lexical(module, id, space);
        let own = |file| !self.world.is_std(file);
        match lookup(Namespace::Value).or_else(|| lookup(Namespace::Type))? {
            Def::Function(id) if own(self.world.functions[id as usize].file) => {
                Some(self.world.function_names[id as usize].clone())
            }
            Def::Type(id) if own(self.world.types[id as usize].file) => {
                Some(self.world.type_names[id as usize].clone())
            }
            Def::Value(id) if own(self.world.values[id as usize].file) => Some(self.value_name(id)),
            _ => None,
        }
    }

    /// Rows that name items of the project; or, of a macro of the project's own, rows that it
    /// makes items of.
    fn list(&mut self, file: usize, call: &MacroCall, name: Name) {
        let module = self.world.module(file as u32, call.module);
        let ids: Vec<u32> =
            call.path.segments.iter().map(|s| self.world.word(file as u32, s.name)).collect();
        let found = self.world.resolve(module, &ids, call.path.global, Namespace::Macro);
        let is_list = found.is_some_and(|found| match found.def {
            Def::Macro(id) => {
                let place = self.world.macros[id as usize];
                self.world.facts(place.file).items.macros[place.index as usize].repeats
            }
            _ => false,
        });
        let is_list = is_list && is_even(&call.rows);
        let mut members = Vec::new();
        let mut generated = 0;
        for row in &call.rows {
            let target = self.row_target(file, call.module, row);
            let (target, why) = match target {
                Some(target) => (target, "a row of the macro call names it"),
                None if is_list => {
                    let Some(name) = self.row_name(file, row) else { continue };
                    if !self.is_new_name(file, call.module, row) {
                        continue;
                    }
                    generated += 1;
                    (self.in_module(file, call.module, &name), "the macro makes it from the row")
                }
                None => continue,
            };
            let key = row.literal.clone().unwrap_or_else(|| short(&target));
            let sure = Certainty::Inferred;
            members.push(self.member(file, row.line, Some(key), &target, sure, why));
        }
        if generated > 0 && members.len() < MIN_ROWS {
            return;
        }
        let head =
            Head { kind: "list-macro", registrar: name.clone(), name, why: "rows of a list macro" };
        self.add(&head, file, call.line, members);
    }

    /// Whether a row's name may be that of an item the macro makes: neither a name of something
    /// else nor a type parameter like `T1`.
    fn is_new_name(&self, file: usize, module: u32, row: &Row) -> bool {
        let Some(word) = row.name else { return false };
        let id = self.world.word(file as u32, word);
        let name = self.world.name(id);
        let module = self.world.module(file as u32, module);
        let is_parameter = name.chars().skip(1).all(|c| c.is_ascii_digit()) && name.len() < 4;
        !is_parameter
            && !matches!(name, "true" | "false" | "self" | "Self" | "dyn")
            && [Namespace::Type, Namespace::Value]
                .iter()
                .all(|space| self.world.lookup_lexical(module, id, *space).is_none())
    }

    /// `bitflags! { pub struct Flags: u32 { const A = 1; } }`.
    fn flags(&mut self, file: usize, call: &MacroCall, registrar: Name) {
        let Some(owner) = call.rows.first().and_then(|row| self.row_name(file, row)) else {
            return;
        };
        let owner = self.in_module(file, call.module, &owner);
        let members = call
            .columns
            .iter()
            .map(|(word, _, line)| {
                let key = self.world.facts(file as u32).word(*word);
                let target = format!("{owner}::{key}").into();
                let why = "a flag that the macro makes a constant of";
                self.member(file, *line, Some(key.into()), &target, Certainty::Exact, why)
            })
            .collect();
        let whole = "the flags of a bitflags type";
        let head = Head { kind: "flags", name: owner, registrar, why: whole };
        self.add(&head, file, call.line, members);
    }

    /// `criterion_group!(group, a, b)`, and with `name = group; targets = a, b`.
    fn benches(&mut self, file: usize, call: &MacroCall, registrar: Name) {
        let mut rows = call.rows.iter();
        let first = rows.next();
        let named = first
            .and_then(|row| row.text.strip_prefix("name=").or(row.text.strip_prefix("name =")));
        let group: Name = match (named, first) {
            (Some(name), _) => name.trim().into(),
            (None, Some(row)) => row.text.clone(),
            (None, None) => return,
        };
        let members = rows
            .filter(|row| !row.text.starts_with("config"))
            .filter_map(|row| {
                let text = row.text.trim_start_matches("targets").trim_start_matches([' ', '=']);
                let last = text.rsplit("::").next()?.trim();
                let id = self.world.id(last)?;
                let module = self.world.module(file as u32, call.module);
                let target = match self.world.lookup_lexical(module, id, Namespace::Value) {
                    Some(Def::Function(id)) => self.world.function_names[id as usize].clone(),
                    _ => text.into(),
                };
                let why = "a function of the group";
                let key = Some(last.into());
                Some(self.member(file, row.line, key, &target, Certainty::Exact, why))
            })
            .collect();
        let head = Head {
            kind: "benches",
            name: self.in_module(file, call.module, &group),
            registrar,
            why: "benchmarks run as one group",
        };
        self.add(&head, file, call.line, members);
    }

    /// diesel's `table! { users (id) { id -> Integer, name -> Text, } }`.
    fn columns(&mut self, file: usize, call: &MacroCall, registrar: Name) {
        let Some(table) = call.rows.first().and_then(|row| self.row_name(file, row)) else {
            return;
        };
        let members = call
            .columns
            .iter()
            .map(|(word, text, line)| {
                let key = self.world.facts(file as u32).word(*word).into();
                let why = "a column of the table";
                self.member(file, *line, Some(key), text, Certainty::Exact, why)
            })
            .collect();
        let head = Head {
            kind: "columns",
            name: self.in_module(file, call.module, &table),
            registrar,
            why: "the columns of a database table",
        };
        self.add(&head, file, call.line, members);
    }
}

/// Whether most rows look alike: named arguments and the like are no list.
fn is_even(rows: &[Row]) -> bool {
    let mut shapes: Vec<(char, char)> = rows.iter().map(shape).collect();
    shapes.sort_unstable();
    let most = shapes.chunk_by(|a, b| a == b).map(<[_]>::len).max().unwrap_or(0);
    most * 10 >= rows.len() * 7
}

/// What a row starts with, and what stands behind its first word.
fn shape(row: &Row) -> (char, char) {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let text = &row.text;
    match text.chars().next() {
        Some(first) if first.is_alphabetic() || first == '_' => {
            let rest = text.trim_start_matches(is_word).trim_start();
            let next =
                rest.chars().next().map_or(' ', |next| if is_word(next) { 'a' } else { next });
            ('a', next)
        }
        Some('0'..='9' | '"' | '\'') => ('0', ' '),
        Some(first) => (first, ' '),
        None => (' ', ' '),
    }
}
