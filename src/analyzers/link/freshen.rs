//! What can be said of a save at once: the saved files' own rows are new, whatever needs all files
//! together stays as it was. The whole link follows.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{LinkInput, order_symbols, sort_diagnostics};
use crate::model::{Diagnostic, FileFacts, Language, Name, Project, Shared, Symbol, SymbolKind};

/// The snapshot before with the definitions and diagnostics of the files in `changed` taken from
/// the input (files that are gone lose theirs). All other rows are shared with `before`, and the
/// result is [pending](Project::pending).
pub fn freshen(before: &Project, input: LinkInput, changed: &[Name]) -> Project {
    let LinkInput { root, files, manifests, diagnostics: problems } = input;
    let changed: FxHashSet<&str> = changed.iter().map(|path| &**path).collect();
    let is_changed = |path: &Name| changed.contains(&**path);
    let fresh = || {
        let facts = files.iter().filter(|file| is_changed(&file.path));
        facts.filter_map(|file| file.facts.as_deref())
    };
    let diagnostics = diagnostics(before, fresh().collect(), &problems, &changed);
    let mut old: FxHashMap<&str, Vec<&Symbol>> = FxHashMap::default();
    let mut kept: Vec<Symbol> = Vec::with_capacity(before.symbols.len());
    for symbol in &before.symbols {
        if is_changed(&symbol.file) {
            old.entry(&symbol.file).or_default().push(symbol);
        } else {
            kept.push(symbol.clone());
        }
    }
    let mut own: Vec<Symbol> = Vec::new();
    for facts in fresh() {
        let old = old.get(&*facts.path).map_or(&[][..], Vec::as_slice);
        match facts.language() {
            Language::Python => own.extend(facts.symbols.iter().cloned()),
            Language::Rust => own.extend(qualified(facts, old)),
        }
    }
    own.sort_by(order_symbols);
    let symbols = merge(kept, own);
    Project {
        root,
        files,
        manifests: manifests.into(),
        diagnostics,
        symbols: symbols.into(),
        pending: true,
        outline: Default::default(),
        ..before.clone()
    }
}

fn diagnostics(
    before: &Project,
    fresh: Vec<&FileFacts>,
    problems: &[Diagnostic],
    changed: &FxHashSet<&str>,
) -> Shared<Vec<Diagnostic>> {
    let is_changed = |row: &&Diagnostic| changed.contains(&*row.file);
    let mut rows: Vec<Diagnostic> = fresh.iter().flat_map(|it| it.diagnostics.clone()).collect();
    rows.extend(problems.iter().filter(is_changed).cloned());
    if rows.is_empty() && !before.diagnostics.iter().any(|row| is_changed(&row)) {
        return before.diagnostics.clone();
    }
    rows.extend(before.diagnostics.iter().filter(|row| !is_changed(row)).cloned());
    sort_diagnostics(&mut rows);
    rows.into()
}

/// A Rust file's definitions under the qualified names its module had: those of an `impl` are
/// named after a type that may stand in another file, so they are looked up among the old ones.
fn qualified(facts: &FileFacts, old: &[&Symbol]) -> Vec<Symbol> {
    let module =
        old.iter().find(|symbol| symbol.kind == SymbolKind::Module && symbol.span.start == 0);
    let mut named: FxHashMap<(SymbolKind, &str), Vec<&Name>> = FxHashMap::default();
    let mut in_order: Vec<&&Symbol> = old.iter().collect();
    in_order.sort_by_key(|symbol| std::cmp::Reverse(symbol.span.start));
    for symbol in in_order {
        named.entry((symbol.kind, symbol.short_name())).or_default().push(&symbol.name);
    }
    let rows = facts.symbols.iter().map(|row| {
        let known = named.get_mut(&(row.kind, row.short_name())).and_then(Vec::pop);
        let name = match (known, module) {
            (Some(known), _) => known.clone(),
            (None, Some(module)) => format!("{}::{}", module.name, row.name).into(),
            (None, None) => row.name.clone(),
        };
        Symbol { name, ..row.clone() }
    });
    let mut rows: Vec<Symbol> = rows.collect();
    rows.extend(module.map(|module| Symbol { end_line: facts.lines.max(1), ..(*module).clone() }));
    rows
}

/// Two sorted lists as one.
fn merge(left: Vec<Symbol>, right: Vec<Symbol>) -> Vec<Symbol> {
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let mut right = right.into_iter().peekable();
    for symbol in left {
        while let Some(next) = right.next_if(|next| order_symbols(next, &symbol).is_lt()) {
            merged.push(next);
        }
        merged.push(symbol);
    }
    merged.extend(right);
    merged
}
