//! The generated worker of a task: what the slice kept and dropped, and the program itself.

use super::tasks;
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::model::Model;
use crate::app::text::{self, Line, Role};
use crate::model::{Name, Task, Worker};

/// The key under which the text and roles of one of the worker's files are kept.
pub fn text_key(task: &Name, file: usize) -> Name {
    format!("worker:{task}#{file}").into()
}

pub fn detail(model: &Model, task: &Task) -> Detail {
    let mut detail = Detail::titled(&format!("Worker of {}", task.id));
    match tasks::worker_of(model, &task.id) {
        None => detail.line(Line::dim("Generating …")),
        Some(Err(reason)) => detail.line(Line::new(Role::Warning, reason)),
        Some(Ok(worker)) => describe(model, task, worker, &mut detail),
    }
    detail
}

fn describe(model: &Model, task: &Task, worker: &Worker, detail: &mut Detail) {
    let kept = text::count(worker.kept.len(), "statement");
    let dropped = text::count(worker.dropped.len(), "statement");
    detail.line(Line::text(&format!("The slice keeps {kept} and leaves out {dropped}.")));
    if !worker.dependencies.is_empty() {
        let names: Vec<&str> = worker.dependencies.iter().map(|name| &**name).collect();
        detail.field("imports", Line::text(&names.join(", ")));
    }
    if let Some(python) = &worker.python {
        detail.field("python", Line::text(python));
    }
    if !worker.kept.is_empty() {
        detail.heading("Kept");
    }
    for kept in &worker.kept {
        let names: Vec<&str> = kept.names.iter().map(|name| &**name).collect();
        let line = Line::new(Role::Function, &names.join(", "))
            .push(Role::Dim, &format!("  {}:{}  {}", kept.file, kept.line, kept.why));
        detail.fixed(line, Links::at(&kept.file, kept.line));
    }
    if !worker.dropped.is_empty() {
        detail.heading("Left out");
    }
    for dropped in &worker.dropped {
        let names: Vec<&str> = dropped.names.iter().map(|name| &**name).collect();
        let what = if names.is_empty() { "(statement)".to_owned() } else { names.join(", ") };
        let line = Line::dim(&format!("{what}  {}:{}", dropped.file, dropped.line));
        detail.fixed(line, Links::at(&dropped.file, dropped.line));
    }
    // The entry is the same for every task: what the slice kept is more telling.
    let entry_last = (1..worker.files.len()).chain((!worker.files.is_empty()).then_some(0));
    for at in entry_last {
        let (name, program) = &worker.files[at];
        detail.heading(name);
        let key = text_key(&task.id, at);
        for number in 1..=program.lines().count() {
            let mut line = Line::new(Role::LineNumber, &format!("{number:>5} "));
            line.spans.extend(super::source::source_line(model, &key, number).spans);
            detail.fixed(line, Links::default());
        }
    }
}
