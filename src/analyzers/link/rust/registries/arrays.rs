//! Tables (R7): constant arrays and maps, lazily filled maps, arrays of functions, values and
//! types in function bodies, and maps filled by `insert`.

use rustc_hash::FxHashMap;

use super::expr::{Reader, Sort, Target};
use super::{Census, Head};
use crate::model::facts::rust::calls::{Expr, ExprId};
use crate::model::facts::rust::types::Word;
use crate::model::{Certainty, Member, Name};

/// Larger tables are data.
const MAX_ROWS: usize = 4_000;
/// In a function, fewer elements are arguments rather than a table.
const MIN_LOCAL: usize = 3;
/// Fields whose text names a struct literal.
const KEY_FIELDS: &[&str] = &["name", "id", "key", "command", "title", "label", "path"];

/// One row: where it stands, its key and what it holds.
struct Row {
    line: u32,
    key: Option<Name>,
    target: Name,
    /// It holds a function or type of the project.
    is_own: bool,
    has_text: bool,
}

impl Census<'_, '_> {
    pub(super) fn arrays(&mut self, reader: &Reader<'_, '_>) {
        let source = reader.source;
        if source.is_test {
            return;
        }
        if source.is_value {
            let rows = table_of_value(reader);
            if !tells(&rows) {
                return;
            }
            self.table(reader, source.owner.clone(), source.line, rows);
            return;
        }
        for (at, expr) in reader.body.exprs.iter().enumerate() {
            let rows = match expr {
                Expr::Array { items, .. } if items.len() >= MIN_LOCAL => {
                    rows(reader, items, true).filter(|rows| distinct(rows))
                }
                Expr::Call { callee, args, .. } => {
                    match (reader.callee(*callee), args.as_slice()) {
                        (Some("from" | "from_iter"), [only]) => {
                            match reader.get(reader.bare(*only)) {
                                Some(Expr::Array { items, .. })
                                    if (2..MIN_LOCAL).contains(&items.len()) =>
                                {
                                    rows(reader, items, true)
                                }
                                _ => None,
                            }
                        }
                        _ => None,
                    }
                }
                _ => None,
            };
            if let Some(rows) = rows {
                self.table(reader, source.owner.clone(), reader.line(at as ExprId), rows);
            }
        }
        for rows in inserts(reader, true) {
            self.table(reader, source.owner.clone(), source.line, rows);
        }
    }

    fn table(&mut self, reader: &Reader<'_, '_>, name: Name, line: u32, rows: Vec<Row>) {
        let file = reader.source.file;
        let members: Vec<Member> = rows
            .into_iter()
            .map(|row| {
                let why = "a row of the table";
                self.member(file, row.line, row.key, &row.target, Certainty::Exact, why)
            })
            .collect();
        let why = "a table of named things";
        self.add(&Head { kind: "table", registrar: name.clone(), name, why }, file, line, members);
    }
}

/// The rows of a constant: of its largest array or map, and what its initialiser inserts.
fn table_of_value(reader: &Reader<'_, '_>) -> Vec<Row> {
    let mut best: Vec<Row> = Vec::new();
    let mut inside = vec![false; reader.body.exprs.len()];
    // Containers come after their parts, so the outermost are met first from the end.
    for (at, expr) in reader.body.exprs.iter().enumerate().rev() {
        let items = match expr {
            Expr::Array { items, .. } => Some(items),
            Expr::Macro { args, .. } => Some(args),
            _ => None,
        };
        if inside[at] {
            super::expr::children(expr, &mut |child| inside[child as usize] = true);
            continue;
        }
        let Some(items) = items else { continue };
        if let Some(found) = rows(reader, items, false) {
            super::expr::children(expr, &mut |child| inside[child as usize] = true);
            if found.len() > best.len() {
                best = found;
            }
        }
    }
    for more in inserts(reader, false) {
        best.extend(more);
    }
    best
}

/// The rows of an array, when most of its elements are rows. In a function body only functions
/// and types of the project count.
fn rows(reader: &Reader<'_, '_>, items: &[ExprId], strict: bool) -> Option<Vec<Row>> {
    if items.is_empty() || items.len() > MAX_ROWS {
        return None;
    }
    // A look at the first few is enough to leave plain data alone.
    let probe = items.iter().take(4).filter(|item| row(reader, **item).is_some()).count();
    if probe * 2 < items.len().min(4) {
        return None;
    }
    let mut found: Vec<Row> = items.iter().filter_map(|item| row(reader, *item)).collect();
    if strict {
        found.retain(|row| row.is_own);
    }
    (found.len() * 2 >= items.len()).then_some(found)
}

/// Whether the rows name different things: `vec![span(), span()]` is no table.
fn distinct(rows: &[Row]) -> bool {
    let mut names: Vec<&Name> = rows.iter().map(|row| &row.target).collect();
    names.sort_unstable();
    names.dedup();
    let keyed = rows.iter().all(|row| row.has_text);
    names.len() == rows.len() || keyed && names.len() > 1
}

/// Whether a constant's rows say more than that some value stands there several times.
fn tells(rows: &[Row]) -> bool {
    let has_text = rows.iter().any(|row| row.has_text);
    has_text || rows.len() >= 2 && rows.iter().any(|row| row.target != rows[0].target)
}

fn row(reader: &Reader<'_, '_>, item: ExprId) -> Option<Row> {
    let line = reader.line(item);
    let bare = reader.bare(item);
    match reader.get(bare)? {
        Expr::Tuple(parts) => {
            let (first, rest) = parts.split_first()?;
            let text = reader.text(*first);
            let held = rest.iter().find_map(|part| {
                reader.target(*part, false).filter(|found| {
                    matches!(
                        found.sort,
                        Sort::Function | Sort::Type | Sort::Variant | Sort::Value | Sort::Closure
                    )
                })
            });
            let is_own = held.as_ref().is_some_and(holds_code);
            let key = match (&text, &held) {
                (Some(text), _) => Some(text.clone()),
                (None, Some(held)) if held.is_own() => Some(reader.shown(*first)),
                _ => None,
            }?;
            let target = match held {
                Some(held) => held.name,
                None => reader.shown(*rest.first()?),
            };
            Some(Row { line, key: Some(key), target, is_own, has_text: text.is_some() })
        }
        Expr::Struct { fields, .. } => {
            let made = reader.target(bare, false)?;
            let named = KEY_FIELDS.iter().find_map(|wanted| {
                let field = fields.iter().find(|(name, _)| reader.word(*name) == *wanted)?;
                reader.text(field.1)
            });
            let any = || fields.iter().find_map(|(_, value)| reader.text(*value));
            let key = named.or_else(any);
            let held = fields.iter().find_map(|(_, value)| {
                reader.target(*value, false).filter(|found| found.sort == Sort::Function)
            });
            let is_own = made.is_own() || held.is_some();
            if key.is_none() && !is_own {
                return None;
            }
            let has_text = key.is_some();
            let target = held.unwrap_or(made).name;
            let key = key.or_else(|| Some(super::short(&target)));
            Some(Row { line, key, target, is_own, has_text })
        }
        Expr::Path(..) | Expr::Call { .. } | Expr::Method { .. } | Expr::Macro { .. } => {
            let made = reader.target(item, false)?;
            let named = match reader.get(bare)? {
                Expr::Call { args, .. } => args.iter().find_map(|arg| reader.text(*arg)),
                Expr::Method { .. } => match reader.get(reader.root(bare))? {
                    Expr::Call { args, .. } => args.iter().find_map(|arg| reader.text(*arg)),
                    _ => None,
                },
                _ => None,
            };
            let called =
                matches!(reader.get(bare), Some(Expr::Call { args, .. }) if !args.is_empty());
            let is_own = made.is_own() && !(made.sort == Sort::Function && called);
            let counts = is_own || matches!(made.sort, Sort::Variant | Sort::Value);
            if !(counts || made.sort == Sort::Outside && named.is_some()) {
                return None;
            }
            let has_text = named.is_some();
            let key = named.or_else(|| Some(super::short(&made.name)));
            Some(Row { line, key, target: made.name, is_own, has_text })
        }
        Expr::Closure { .. } if item != bare => None,
        _ => None,
    }
}

/// A function itself, a value of a type, or a closure; not what some function gives.
fn holds_code(held: &Target) -> bool {
    match held.sort {
        Sort::Function => !held.is_call,
        Sort::Type | Sort::Closure => true,
        _ => false,
    }
}

/// `map.insert("name", thing)` and `list.push(Box::new(Thing))`, by what they are called on: at
/// least two on one thing.
fn inserts(reader: &Reader<'_, '_>, strict: bool) -> Vec<Vec<Row>> {
    let mut by_receiver: FxHashMap<(Option<Word>, Option<Word>), Vec<Row>> = FxHashMap::default();
    for expr in &reader.body.exprs {
        let Expr::Method { receiver, name, args, site, .. } = expr else { continue };
        let (key, value) = match (reader.word(*name), args.as_slice()) {
            ("insert", [key, value]) => (Some(*key), *value),
            ("push" | "push_back" | "insert", [value]) => (None, *value),
            _ => continue,
        };
        let text = key.and_then(|key| reader.text(key));
        let held = reader.target(value, false);
        let is_own = held.as_ref().is_some_and(holds_code);
        let counts = match (&text, key) {
            (Some(_), _) => is_own || !strict,
            (None, Some(_)) => {
                is_own && held.as_ref().is_some_and(|held| held.sort == Sort::Function)
            }
            // A list of made values is a registry of types only where they are boxed.
            (None, None) => is_own && is_boxed(reader, value),
        };
        if !counts {
            continue;
        }
        let place = match reader.get(reader.bare(*receiver)) {
            Some(Expr::Path(path, _)) => (path.as_word(), None),
            Some(Expr::Field(base, field, _)) => (reader.local(*base), Some(*field)),
            _ => continue,
        };
        let target = held.map_or_else(|| reader.shown(value), |held| held.name);
        let has_text = text.is_some();
        let shown = || key.map(|key| reader.shown(key)).or_else(|| Some(super::short(&target)));
        let key = text.or_else(shown);
        let row = Row { line: site.line, key, target, is_own, has_text };
        by_receiver.entry(place).or_default().push(row);
    }
    let mut found: Vec<Vec<Row>> =
        by_receiver.into_values().filter(|rows| rows.len() >= 2 && distinct(rows)).collect();
    found.sort_by_key(|rows| rows.first().map(|row| row.line));
    found
}

/// `Box::new(Thing)`, or a function by its name.
fn is_boxed(reader: &Reader<'_, '_>, id: ExprId) -> bool {
    match reader.get(reader.bare(id)) {
        Some(Expr::Call { callee, .. }) => {
            matches!(reader.get(*callee), Some(Expr::Path(path, _))
            if path.segments.len() > 1
                && matches!(
                    reader.word(path.segments[path.segments.len() - 2].name),
                    "Box" | "Arc" | "Rc"
                ))
        }
        Some(Expr::Path(..)) => {
            reader.target(id, false).is_some_and(|held| held.sort == Sort::Function)
        }
        _ => false,
    }
}
