//! Diagnostics: what is wrong, by file, worst first within a file's lines.

use crate::app::command::Command;
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::list::{ListState, Row, Rows, TreeBuilder};
use crate::app::model::Model;
use crate::app::text::{self, Line, Role};
use crate::model::{Diagnostic, Severity};

pub const COMMANDS: &[Command] = &[];

pub fn rows(model: &Model, list: &ListState) -> Rows {
    let mut tree = TreeBuilder::new(list);
    // Sorted by file already.
    for group in model.project.diagnostics.chunk_by(|a, b| a.file == b.file) {
        let file = &group[0].file;
        let worst = group.iter().map(|diagnostic| diagnostic.severity).min();
        let open = tree.branch(0, true, file, file, || {
            Row::new(file.clone(), Line::new(worst.map_or(Role::Text, Role::of_severity), file))
                .note(Line::dim(&text::count(group.len(), "diagnostic")))
                .links(Links::at(file, group[0].line))
        });
        if !open {
            continue;
        }
        for (at, diagnostic) in group.iter().enumerate() {
            let haystack = format!("{file} {} {}", diagnostic.code, diagnostic.message);
            tree.leaf(1, &haystack, || row(diagnostic, at));
        }
    }
    tree.finish()
}

fn row(diagnostic: &Diagnostic, at: usize) -> Row {
    let label = Line::new(Role::of_severity(diagnostic.severity), mark(diagnostic.severity))
        .push(Role::Dim, &format!(" {:>5} ", diagnostic.line))
        .push(Role::Text, &diagnostic.message);
    Row::new(format!("{}:{}:{at}", diagnostic.file, diagnostic.code), label)
        .note(Line::dim(&diagnostic.code))
        .links(Links::at(&diagnostic.file, diagnostic.line))
}

pub fn mark(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "✗",
        Severity::Warning => "!",
        Severity::Info => "i",
    }
}

pub fn detail(model: &Model, row: Option<&Row>) -> Detail {
    let mut detail = Detail::titled("Diagnostics");
    let Some(place) = row.and_then(|row| row.links.place.as_ref()) else {
        detail.line(Line::text("Nothing is wrong with any file."));
        return detail;
    };
    let here = model.project.diagnostics.iter().filter(|d| d.file == place.file);
    for diagnostic in here.filter(|d| d.line == place.line) {
        let line = Line::new(Role::of_severity(diagnostic.severity), &diagnostic.message)
            .push(Role::Dim, &format!("  {}", diagnostic.code));
        detail.linked(line, Links::at(&diagnostic.file, diagnostic.line));
    }
    super::source::excerpt(model, place, 6, &mut detail);
    detail
}
