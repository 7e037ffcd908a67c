//! The inputs of a sweep: rows below the run, the table of results with its gauge, and the pane of
//! one input.

use std::path::PathBuf;

use super::run_detail;
use super::run_nodes::row_id;
use super::runs::{self, Run};
use crate::app::View;
use crate::app::action::Effect;
use crate::app::command::{Command, Context};
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::list::Row;
use crate::app::model::Model;
use crate::app::text::{self, Line, Role};
use crate::app::toast::Level;
use crate::model::{ItemRun, Name, RunStatus};
use crate::runner::sweep::table::{self, Sort};

/// Rows of the table in the pane; the list and exports have all.
const ROWS: usize = 2_000;
/// Cells of the gauge.
const CELLS: usize = 24;
/// The widest column of an input's parameter.
const WIDEST: usize = 16;

const HERE: &[Context] = &[Context::View(View::Runs)];

pub const COMMANDS: &[Command] = &[
    Command::new(
        "sweep.sort",
        "Sort",
        "Sort the sweep's inputs by another column",
        HERE,
        &["s"],
        sort,
    )
    .enabled(on_sweep),
    Command::new(
        "sweep.only",
        "Only this state",
        "Show only the inputs of a sweep that failed, succeeded …, or all again",
        HERE,
        &["S"],
        only,
    )
    .enabled(on_sweep),
    Command::new(
        "sweep.resume",
        "Resume",
        "Take up a sweep that was stopped: run the inputs that have not succeeded",
        HERE,
        &["u"],
        resume,
    )
    .enabled(can_resume),
    Command::new(
        "sweep.csv",
        "Export CSV",
        "Write the sweep's table as shown to a CSV file in the project's folder",
        HERE,
        &["E"],
        |model| export(model, "csv", table::as_csv),
    )
    .enabled(on_sweep),
    Command::new(
        "sweep.jsonl",
        "Export JSON lines",
        "Write the sweep's inputs as shown to a file of JSON lines in the project's folder",
        HERE,
        &["J"],
        |model| export(model, "jsonl", table::as_jsonl),
    )
    .enabled(on_sweep),
];

/// How the inputs of sweeps are listed.
#[derive(Debug, Default)]
pub struct Listing {
    pub sort: Sort,
    /// Only those in this state.
    pub only: Option<RunStatus>,
}

/// The inputs in the order and selection that were chosen.
pub fn listed<'a>(model: &Model, run: &'a Run) -> Vec<&'a ItemRun> {
    let Listing { sort, only } = model.runs.listing;
    let is_wanted = |item: &&ItemRun| only.is_none_or(|only| item.status == only);
    let mut items: Vec<&ItemRun> = run.items.iter().filter(is_wanted).collect();
    if sort != Sort::Item {
        items.sort_by(|a, b| sort.order(a, b));
    }
    items
}

/// The identity of an input's row.
pub fn id(run: &Run, item: &ItemRun) -> Name {
    row_id(&run.id, &item.item.to_string())
}

/// The input that a row's identity names in its run.
pub fn item_of<'a>(run: &'a Run, part: &str) -> Option<&'a ItemRun> {
    run.items.get(part.parse::<usize>().ok()?)
}

/// What a filter looks at.
pub fn haystack(run: &Run, item: &ItemRun) -> String {
    format!("{} {} {} {}", run.request.task, item.status.as_str(), item.input, table::outcome(item))
}

/// The row of an input below its run.
pub fn row(run: &Run, item: &ItemRun) -> Row {
    let (glyph, role) = runs::mark(item.status);
    let given =
        |(name, value): (&String, &serde_json::Value)| format!("{name}={}", table::field(value));
    let input: Vec<String> = item.input.as_object().into_iter().flatten().map(given).collect();
    let label =
        Line::new(role, &format!("{glyph} ")).push(Role::Text, &text::squeeze(&input.join(" ")));
    let note = item.elapsed_ms.map(text::duration).unwrap_or_default();
    Row::new(id(run, item), label).note(Line::dim(&note))
}

/// The pane of one input: its own run once that was read from the journal.
pub fn detail(model: &Model, run: &Run, item: &ItemRun) -> Detail {
    if let Some(part) = item.run.as_ref().and_then(|id| model.runs.part(id)) {
        return run_detail::detail(model, part);
    }
    let (glyph, role) = runs::mark(item.status);
    let title = format!("input {} of {}", item.item, run.request.task);
    let mut detail = Detail {
        title: Line::new(Role::Title, &title)
            .push(role, &format!(" {glyph} {}", item.status.as_str())),
        lines: Vec::new(),
    };
    detail.heading("Input");
    run_detail::value(&item.input, &mut detail);
    if let Some(error) = &item.error {
        run_detail::failure(model, error, &mut detail);
    }
    if let Some(result) = &item.result {
        detail.heading("Result");
        run_detail::value(result, &mut detail);
    }
    detail
}

/// Gauge and table of a sweep.
pub fn overview(model: &Model, run: &Run, detail: &mut Detail) {
    let width = model.detail_state().text_width();
    detail.blank();
    detail.line(gauge(model, run));
    let items = listed(model, run);
    let mut told = format!("by {}", model.runs.listing.sort.as_str());
    if let Some(only) = model.runs.listing.only {
        told = format!("{told} · only {}: {}", only.as_str(), items.len());
    }
    detail.line(Line::dim(&told));
    if items.is_empty() {
        return;
    }
    detail.blank();
    let columns = columns(&run.items, &items[..items.len().min(ROWS)], width);
    detail.fixed(columns.head(model.runs.listing.sort), Links::default());
    for item in items.iter().take(ROWS) {
        detail.fixed(columns.row(item), Links::to_row(&id(run, item)));
    }
    if items.len() > ROWS {
        let left = items.len() - ROWS;
        detail.line(Line::dim(&format!("… {left} more (E and J export all)")));
    }
}

/// `██████░░░░ 12/20 · 2 failed · 2 running · 5 s to go`
fn gauge(model: &Model, run: &Run) -> Line {
    let total = run.items.len().max(1);
    let count =
        |is: &dyn Fn(RunStatus) -> bool| run.items.iter().filter(|it| is(it.status)).count();
    let done = count(&|status| status.is_final() && status != RunStatus::Cancelled);
    let succeeded = count(&|status| status == RunStatus::Succeeded);
    let running = count(&|status| status == RunStatus::Running);
    let failed = done - succeeded;
    let cells = |part: usize| (part * CELLS).div_ceil(total).min(CELLS);
    let (bad, all) = (cells(failed), cells(done));
    let mut line = Line::new(Role::Success, &"█".repeat(all.saturating_sub(bad)))
        .push(Role::Error, &"█".repeat(bad))
        .push(Role::Dim, &"░".repeat(CELLS - all.max(bad)))
        .push(Role::Number, &format!(" {done}/{}", run.items.len()));
    if failed > 0 {
        line = line.push(Role::Error, &format!(" · {failed} failed"));
    }
    if !run.status.is_final() {
        line = line.push(Role::Info, &format!(" · {running} running"));
        let fresh = done.saturating_sub(run.done_before);
        if fresh > 0
            && let Some(elapsed) = runs::elapsed(model, run)
        {
            let left = elapsed / fresh as f64 * (run.items.len() - done) as f64;
            line = line.push(Role::Dim, &format!(" · {} to go", text::duration(left)));
        }
    } else if done < run.items.len() {
        line =
            line.push(Role::Warning, &format!(" · {} not run (u resumes)", run.items.len() - done));
    } else if failed > 0 {
        line = line.push(Role::Dim, " · u runs the failed again");
    }
    line
}

/// How the table is laid out.
struct Columns<'a> {
    /// Parameters shown, with their widths.
    names: Vec<(&'a str, usize)>,
    place: usize,
    outcome: usize,
}

/// Shows the parameters that differ between inputs, as far as there is room.
fn columns<'a>(all: &'a [ItemRun], shown: &[&'a ItemRun], width: usize) -> Columns<'a> {
    const ELAPSED: usize = 9;
    let first = all.first();
    let mut names: Vec<(&str, usize)> = Vec::new();
    let place = all.len().to_string().len().max(2);
    // The mark, the time and a readable part of the outcome have their place before parameters.
    let mut left = width.saturating_sub(place + 2 + ELAPSED + 14);
    for name in table::names(shown.iter().copied()) {
        let differs = first.is_none_or(|first| {
            all.len() == 1 || all.iter().any(|item| item.input.get(name) != first.input.get(name))
        });
        let widest = shown.iter().map(|item| table::input(item, name).chars().count()).max();
        let cells = widest.unwrap_or(0).max(name.chars().count()).min(WIDEST);
        if differs && cells + 2 <= left {
            left -= cells + 2;
            names.push((name, cells));
        }
    }
    Columns { names, place, outcome: left + 14 }
}

impl Columns<'_> {
    fn head(&self, sort: Sort) -> Line {
        let mark = |by: Sort| if sort == by { "▾" } else { "" };
        let mut line = Line::dim(&format!("{:>1$}", format!("#{}", mark(Sort::Item)), self.place));
        line = line.push(Role::Dim, if sort == Sort::Status { " ▾ " } else { "   " });
        for (name, cells) in &self.names {
            let name = text::truncate(name, *cells);
            line = line.push(Role::Dim, &format!("{name:<cells$}  "));
        }
        let elapsed = format!("time{}", mark(Sort::Elapsed));
        line.push(Role::Dim, &format!("{elapsed:>7}  outcome{}", mark(Sort::Result)))
    }

    fn row(&self, item: &ItemRun) -> Line {
        let (glyph, role) = runs::mark(item.status);
        let mut line =
            Line::dim(&format!("{:>1$}", item.item, self.place)).push(role, &format!(" {glyph} "));
        for (name, cells) in &self.names {
            let value = text::squeeze(&table::input(item, name));
            let value = text::truncate(&value, *cells);
            line = line.push(Role::Text, &format!("{value:<cells$}  "));
        }
        let elapsed = item.elapsed_ms.map(text::duration).unwrap_or_default();
        let outcome = text::squeeze(&table::outcome(item));
        let role = if item.error.is_some() { Role::Error } else { Role::String };
        line.push(Role::Dim, &format!("{elapsed:>7}  "))
            .push(role, &text::truncate(&outcome, self.outcome))
    }
}

/// The sweep of the selected row.
fn selected(model: &Model) -> Option<&Run> {
    runs::selected(model).filter(|run| run.request.sweep.is_some())
}

fn on_sweep(model: &Model) -> Result<(), String> {
    match selected(model) {
        Some(run) if !run.items.is_empty() => Ok(()),
        Some(_) => Err("its inputs are not recorded".into()),
        None => Err("choose a sweep".into()),
    }
}

fn can_resume(model: &Model) -> Result<(), String> {
    on_sweep(model)?;
    match selected(model) {
        Some(run) if !run.status.is_final() => Err("it goes on".into()),
        Some(run) if run.items.iter().all(|item| item.status == RunStatus::Succeeded) => {
            Err("every input has succeeded".into())
        }
        _ => Ok(()),
    }
}

fn sort(model: &mut Model) -> Vec<Effect> {
    model.runs.listing.sort = model.runs.listing.sort.next();
    model.touch(View::Runs);
    Vec::new()
}

/// The next state that some input is in, then all again.
fn only(model: &mut Model) -> Vec<Effect> {
    let Some(run) = selected(model) else { return Vec::new() };
    let mut states: Vec<RunStatus> = run.items.iter().map(|item| item.status).collect();
    // What failed is looked for most often.
    states.sort_by_key(|status| (*status == RunStatus::Succeeded, status.as_str()));
    states.dedup();
    let at = model.runs.listing.only.and_then(|only| states.iter().position(|it| *it == only));
    model.runs.listing.only = states.get(at.map_or(0, |at| at + 1)).copied();
    model.touch(View::Runs);
    Vec::new()
}

fn resume(model: &mut Model) -> Vec<Effect> {
    selected(model).map(|run| Effect::ResumeSweep(run.id.clone())).into_iter().collect()
}

fn export(model: &mut Model, ending: &str, write: fn(&[&ItemRun]) -> String) -> Vec<Effect> {
    let Some(run) = selected(model) else {
        return model.toast(Level::Info, "Choose a sweep first");
    };
    let short = run.request.task.rsplit(['.', ':']).next().unwrap_or_default();
    let path = PathBuf::from(format!("{short}-{}.{ending}", run.id));
    let text = write(&listed(model, run)) + "\n";
    vec![Effect::Export { path, text }]
}
