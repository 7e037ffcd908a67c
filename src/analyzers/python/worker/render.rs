//! A slice as text: what is dropped becomes blank, so that lines and comments stay where they are.

use std::collections::BTreeMap;

use super::slice::Slice;
use super::unit::{Module, UnitKind};
use crate::model::Name;

/// The text of one module with only what the slice keeps.
pub fn render(module: &Module, slice: &Slice) -> String {
    let mut page =
        Page { text: &module.text, keep: vec![false; module.text.len()], put: BTreeMap::new() };
    page.keep_range(0, module.header_end);
    let empty = BTreeMap::new();
    let kept = slice.kept.get(&module.name).unwrap_or(&empty);
    let mut imports: BTreeMap<(usize, usize), Vec<String>> = BTreeMap::new();
    for (at, keep) in kept {
        let Some(unit) = module.units.get(*at) else { continue };
        match &unit.kind {
            UnitKind::Import(alias) => {
                let names = imports.entry(unit.range).or_insert_with(|| vec![alias.prefix.clone()]);
                names.push(alias.text.clone());
            }
            UnitKind::Star(origin) => {
                let names = slice.stars.get(&module.name).and_then(|stars| stars.get(at));
                let prefix = prefix_of(&module.text, unit.range, origin);
                let names = names.map_or_else(
                    || vec!["*".to_owned()],
                    |names| names.iter().map(ToString::to_string).collect(),
                );
                imports.entry(unit.range).or_insert_with(|| vec![prefix]).extend(names);
            }
            _ => {
                page.keep_statement(unit.range);
                for decorator in unit.decorators.iter().filter(|_| !keep.decorated) {
                    if decorator.registers {
                        page.drop_range(decorator.range.0, decorator.range.1);
                    }
                }
            }
        }
    }
    for (range, names) in imports {
        let all = module
            .units
            .iter()
            .filter(|unit| unit.range == range && matches!(unit.kind, UnitKind::Import(_)))
            .count();
        // A statement of which every name is kept stays as it is written.
        if all > 0 && all + 1 == names.len() {
            page.keep_statement(range);
            continue;
        }
        if let Some((prefix, names)) = names.split_first() {
            page.keep_line_start(range.0);
            page.keep_comments_above(range.0);
            page.put.insert(range.0, format!("{prefix}{}", names.join(", ")));
        }
    }
    let none = Default::default();
    for at in slice.containers.get(&module.name).unwrap_or(&none) {
        let Some(container) = module.containers.get(*at) else { continue };
        for (number, branch) in container.branches.iter().enumerate() {
            page.keep_line_start(branch.head.0);
            if number == 0 {
                page.keep_comments_above(branch.head.0);
            }
            page.keep_range(branch.head.0, branch.head.1);
            let holds = |inside: Option<(usize, usize)>| inside == Some((*at, number));
            let filled =
                kept.keys().any(|unit| module.units.get(*unit).is_some_and(|u| holds(u.inside)))
                    || slice.containers.get(&module.name).is_some_and(|kept| {
                        kept.iter().any(|inner| {
                            module.containers.get(*inner).is_some_and(|inner| holds(inner.parent))
                        })
                    });
            if !filled {
                page.put.insert(branch.first.0, "pass".into());
            }
        }
    }
    page.finish()
}

/// `from m import ` as written.
fn prefix_of(text: &str, (start, end): (usize, usize), origin: &Name) -> String {
    let written = text.get(start..end).unwrap_or_default();
    match written.rfind('*') {
        Some(star) => written[..star].split_whitespace().collect::<Vec<_>>().join(" ") + " ",
        None => format!("from {origin} import "),
    }
}

struct Page<'t> {
    text: &'t str,
    keep: Vec<bool>,
    /// Text put at an offset whose own bytes are dropped.
    put: BTreeMap<usize, String>,
}

impl Page<'_> {
    fn keep_range(&mut self, start: usize, end: usize) {
        if let Some(range) = self.keep.get_mut(start..end) {
            range.fill(true);
        }
    }

    fn drop_range(&mut self, start: usize, end: usize) {
        if let Some(range) = self.keep.get_mut(start..end) {
            range.fill(false);
        }
    }

    /// The statement, its indentation, the comment behind it and those right above it.
    fn keep_statement(&mut self, (start, end): (usize, usize)) {
        self.keep_range(start, end);
        self.keep_line_start(start);
        self.keep_comments_above(start);
        let rest = self.text.get(end..).unwrap_or_default();
        let line = rest.split(['\n', '\r']).next().unwrap_or_default();
        if line.trim_start().starts_with('#') {
            self.keep_range(end, end + line.len());
        } else if line.trim_start().starts_with(';') {
            // `a = 1; b = 2`: the separator is dropped again if nothing follows on the line.
            let upto = line.find(';').map_or(0, |at| at + 1);
            self.keep_range(end, end + upto);
        }
    }

    /// Indentation before an offset, if nothing else stands there.
    fn keep_line_start(&mut self, start: usize) {
        let line = self.line_start(start);
        if self.text.get(line..start).is_some_and(|before| before.trim().is_empty()) {
            self.keep_range(line, start);
        }
    }

    fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind(['\n', '\r'])).map_or(0, |at| at + 1)
    }

    fn keep_comments_above(&mut self, start: usize) {
        let mut line = self.line_start(start);
        while line > 0 {
            let end = line;
            let above = self.line_start(line - 1);
            let above = if self.text.get(above..end).is_some_and(|text| text.trim().is_empty())
                && self.text.get(above..end) == Some("\n")
                && above > 0
                && self.text.as_bytes().get(above - 1) == Some(&b'\r')
            {
                self.line_start(above - 1)
            } else {
                above
            };
            let text = self.text.get(above..end).unwrap_or_default();
            if !text.trim_start().starts_with('#') {
                return;
            }
            self.keep_range(above, end);
            line = above;
        }
    }

    fn finish(self) -> String {
        let mut out = String::with_capacity(self.text.len());
        let mut line = String::new();
        let flush = |line: &mut String, out: &mut String| {
            let mut kept = line.trim_end();
            // A separator with nothing before or behind it.
            while let Some(rest) = kept.strip_suffix(';') {
                kept = rest.trim_end();
            }
            out.push_str(kept);
            line.clear();
        };
        let mut after_drop = true;
        for (at, letter) in self.text.char_indices() {
            if let Some(text) = self.put.get(&at) {
                line.push_str(text);
            }
            if letter == '\n' || letter == '\r' {
                flush(&mut line, &mut out);
                out.push(letter);
                after_drop = true;
                continue;
            }
            if self.keep.get(at).copied().unwrap_or(false) {
                // What follows a dropped `a = 1;` moves to the start of its line.
                if after_drop && line.is_empty() && letter == ' ' && !self.starts_line(at) {
                    continue;
                }
                line.push(letter);
                after_drop = false;
            }
        }
        flush(&mut line, &mut out);
        let end = out.trim_end().len();
        out.truncate(end);
        out.push('\n');
        out
    }

    /// Whether only blanks stand before an offset on its line.
    fn starts_line(&self, at: usize) -> bool {
        let line = self.line_start(at);
        self.text.get(line..at).is_some_and(|before| before.trim().is_empty())
    }
}
