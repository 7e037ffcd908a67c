//! Runs: live logs, results, history, rerun and comparison.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{run_detail, run_items, run_nodes, tasks};
use crate::app::action::Effect;
use crate::app::command::{Command, Context};
use crate::app::commands::lists::Motion;
use crate::app::detail::Detail;
use crate::app::links::Links;
use crate::app::list::{ListState, Row, Rows, TreeBuilder};
use crate::app::log::Log;
use crate::app::model::{Focus, Model};
use crate::app::overlay::{Overlay, Popup};
use crate::app::text::{self, Line, Role};
use crate::app::toast::Level;
use crate::app::{View, navigate};
use crate::model::{ItemRun, Name, NodeRun, RunEvent, RunId, RunRecord, RunRequest, RunStatus};

/// One run: going on, or recorded.
#[derive(Debug)]
pub struct Run {
    pub id: RunId,
    pub request: RunRequest,
    pub status: RunStatus,
    /// What the executor does before the start.
    pub progress: Option<String>,
    pub log: Log,
    /// Unix milliseconds; `None` for runs of earlier sessions.
    pub started_ms: Option<u64>,
    /// Of a workflow: its calls while it goes on.
    nodes: Vec<(Name, NodeRun)>,
    /// Of a sweep: its inputs by their place, once they were read.
    pub items: Vec<ItemRun>,
    /// Of a sweep: how many inputs had succeeded before it was taken up again.
    pub done_before: usize,
    /// Set once it ended.
    pub record: Option<Arc<RunRecord>>,
}

impl Run {
    /// The calls of a workflow, as far as something happened to them.
    pub fn nodes(&self) -> &[(Name, NodeRun)] {
        let recorded = self.record.as_ref().and_then(|record| record.nodes.as_ref());
        recorded.map_or(&self.nodes, |nodes| &nodes.0)
    }
}

#[derive(Debug, Default)]
pub struct State {
    /// Newest first.
    runs: Vec<Run>,
    /// The log stays at its end while the run goes on.
    pub paused: bool,
    /// Lines that came since the log was paused.
    pub unseen: usize,
    /// Show the difference from the run of the same task before.
    pub compares: bool,
    /// How the inputs of sweeps are listed.
    pub listing: run_items::Listing,
    /// Parts of sweeps that were looked at; `None` while they are being read.
    parts: BTreeMap<RunId, Option<Run>>,
    /// Sweeps whose inputs were asked for.
    asked: BTreeSet<RunId>,
}

impl State {
    pub fn running(&self) -> usize {
        self.runs.iter().filter(|run| !run.status.is_final()).count()
    }

    /// Whether a running time is on screen.
    pub fn is_counting(&self, view: View) -> bool {
        view == View::Runs && self.running() > 0
    }

    pub fn get(&self, id: &str) -> Option<&Run> {
        self.runs.iter().find(|run| *run.id == *id)
    }

    fn get_mut(&mut self, id: &str) -> Option<&mut Run> {
        self.runs.iter_mut().find(|run| *run.id == *id)
    }

    /// The run of a sweep's input, once it was read from the journal.
    pub fn part(&self, id: &str) -> Option<&Run> {
        self.parts.get(id)?.as_ref()
    }

    /// The calls of the newest run of a workflow in this session.
    pub fn newest_nodes(&self, workflow: &Name) -> Option<&[(Name, NodeRun)]> {
        let of_session = |run: &&Run| run.started_ms.is_some() && run.request.task == *workflow;
        self.runs.iter().find(of_session).map(Run::nodes)
    }

    /// The recorded runs of a task.
    pub fn of_task(&self, task: &Name) -> Vec<&RunRecord> {
        let records = self.runs.iter().filter_map(|run| run.record.as_deref());
        records.filter(|record| record.task == *task).collect()
    }

    /// The last recorded run of a task.
    pub fn last_of(&self, task: &Name) -> Option<&RunRecord> {
        self.runs.iter().filter_map(|run| run.record.as_deref()).find(|r| r.task == *task)
    }

    /// The recorded run of the same task before this one.
    pub fn before(&self, id: &str) -> Option<&RunRecord> {
        let at = self.runs.iter().position(|run| *run.id == *id)?;
        let task = &self.runs[at].request.task;
        let older = self.runs[at + 1..].iter().filter_map(|run| run.record.as_deref());
        older.into_iter().find(|record| record.task == *task)
    }
}

const HERE: &[Context] = &[Context::View(View::Runs)];

pub const COMMANDS: &[Command] = &[
    Command::new(
        "run.again",
        "Run again",
        "Run the task again with the same input",
        HERE,
        &["r"],
        again,
    )
    .footer(1)
    .enabled(chosen),
    Command::new("run.cancel", "Cancel", "Stop the run", HERE, &["x"], cancel)
        .footer(2)
        .enabled(going),
    Command::new(
        "run.follow",
        "Follow log",
        "Keep the log's end in sight, or stop that",
        HERE,
        &["f"],
        follow,
    )
    .footer(3),
    Command::new(
        "run.compare",
        "Compare",
        "Show what differs from the run of the same task before",
        HERE,
        &["c"],
        compare,
    )
    .footer(4)
    .enabled(comparable),
    Command::new(
        "run.edit",
        "Edit input",
        "Open the form with the run's input",
        HERE,
        &["i"],
        edit,
    )
    .footer(5)
    .enabled(chosen),
    Command::new("run.log", "Open log", "Open the whole log in the editor", HERE, &["o"], open_log)
        .enabled(chosen),
    Command::new("run.copy", "Copy result", "Copy the result as JSON", HERE, &["Y"], copy)
        .enabled(chosen),
];

pub fn rows(model: &Model, list: &ListState) -> Rows {
    let mut tree = TreeBuilder::new(list);
    for run in &model.runs.runs {
        let haystack = format!("{} {} {}", run.request.task, run.status.as_str(), run.id);
        if run.request.sweep.is_some() {
            // The table beside it shows the inputs as well: it stays folded until it is opened.
            if tree.branch(0, false, &run.id, &haystack, || row(model, run)) {
                for item in run_items::listed(model, run) {
                    let haystack = run_items::haystack(run, item);
                    tree.leaf(1, &haystack, || run_items::row(run, item));
                }
            }
            continue;
        }
        if run.nodes().is_empty() {
            tree.leaf(0, &haystack, || row(model, run));
            continue;
        }
        let goes_on = !run.status.is_final();
        if tree.branch(0, goes_on, &run.id, &haystack, || row(model, run)) {
            for (id, node) in run.nodes() {
                let haystack = format!("{haystack} {id} {}", node.state.as_str());
                tree.leaf(1, &haystack, || run_nodes::row(model, run, id, node));
            }
        }
    }
    tree.finish()
}

fn row(model: &Model, run: &Run) -> Row {
    let (glyph, role) = mark(run.status);
    let task = &run.request.task;
    let short = task.rsplit(['.', ':']).next().unwrap_or(task);
    let mut label = Line::new(role, &format!("{glyph} ")).push(Role::Text, short);
    if run.request.executor.as_str() != "thread" {
        label = label.push(Role::Dim, &format!(" {}", run.request.executor.as_str()));
    }
    let mut note = match elapsed(model, run) {
        Some(milliseconds) => text::duration(milliseconds),
        None => String::new(),
    };
    if let Some(ago) = run_detail::ago(model, run) {
        note = format!("{note}  {ago:>8}");
    }
    let mut links = Links::default();
    if let Some(symbol) = model.project.symbols_named(task).first() {
        links = Links::at(&symbol.file, symbol.line).symbol(task);
    }
    Row::new(run.id.clone(), label).note(Line::dim(&note)).links(links)
}

pub fn mark(status: RunStatus) -> (&'static str, Role) {
    match status {
        RunStatus::Pending => ("…", Role::Dim),
        RunStatus::Running => ("▶", Role::Info),
        RunStatus::Succeeded => ("✓", Role::Success),
        RunStatus::Handled => ("✓", Role::Warning),
        RunStatus::Failed => ("✗", Role::Error),
        RunStatus::Cancelled => ("■", Role::Warning),
        RunStatus::TimedOut => ("◷", Role::Warning),
        RunStatus::Rejected => ("⊘", Role::Warning),
        RunStatus::Crashed => ("†", Role::Error),
    }
}

/// Milliseconds so far, or in all.
pub fn elapsed(model: &Model, run: &Run) -> Option<f64> {
    match &run.record {
        Some(record) => Some(record.elapsed_ms),
        None => Some(model.now_ms.saturating_sub(run.started_ms?) as f64),
    }
}

pub fn detail(model: &Model, row: Option<&Row>) -> Detail {
    if let Some((run, part)) = row.and_then(|row| row.id.split_once('/'))
        && let Some(run) = model.runs.get(run)
    {
        if let Some((id, node)) = run.nodes().iter().find(|(id, _)| &**id == part) {
            return run_nodes::detail(model, run, id, node);
        }
        if let Some(item) = run_items::item_of(run, part) {
            return run_items::detail(model, run, item);
        }
    }
    match row.and_then(|row| model.runs.get(&row.id)) {
        Some(run) if model.runs.compares => run_detail::comparison(model, run),
        Some(run) => run_detail::detail(model, run),
        None => Detail::titled("Run"),
    }
}

/// The run of the selected row, or the one it is a part of.
pub fn selected(model: &Model) -> Option<&Run> {
    let id = model.panes(View::Runs).list.selected.as_ref()?;
    model.runs.get(id.split('/').next()?)
}

fn chosen(model: &Model) -> Result<(), String> {
    selected(model).map(|_| ()).ok_or_else(|| "choose a run".into())
}

fn going(model: &Model) -> Result<(), String> {
    match selected(model) {
        Some(run) if !run.status.is_final() => Ok(()),
        Some(_) => Err("it has ended".into()),
        None => Err("choose a run".into()),
    }
}

fn comparable(model: &Model) -> Result<(), String> {
    let run = selected(model).ok_or("choose a run")?;
    if run.record.is_none() {
        return Err("it still goes on".into());
    }
    match model.runs.before(&run.id) {
        Some(_) => Ok(()),
        None => Err("there is no earlier run of this task".into()),
    }
}

fn again(model: &mut Model) -> Vec<Effect> {
    selected(model).map(|run| Effect::StartRun(run.request.clone())).into_iter().collect()
}

fn cancel(model: &mut Model) -> Vec<Effect> {
    selected(model).map(|run| Effect::CancelRun(run.id.clone())).into_iter().collect()
}

fn edit(model: &mut Model) -> Vec<Effect> {
    match selected(model).map(|run| run.request.clone()) {
        Some(request) => tasks::open_with(model, request),
        None => Vec::new(),
    }
}

fn compare(model: &mut Model) -> Vec<Effect> {
    model.runs.compares = !model.runs.compares;
    model.detail_state_mut().reset();
    model.touch(View::Runs);
    Vec::new()
}

fn follow(model: &mut Model) -> Vec<Effect> {
    model.runs.paused = !model.runs.paused;
    keep_end(model);
    model.touch(View::Runs);
    Vec::new()
}

fn open_log(model: &mut Model) -> Vec<Effect> {
    let Some(run) = selected(model) else { return Vec::new() };
    let text = match &run.record {
        Some(record) => format!("{}{}", record.stdout, record.stderr),
        None => run.log.plain(),
    };
    vec![Effect::OpenText { name: format!("{}.log", run.id), text }]
}

fn copy(model: &mut Model) -> Vec<Effect> {
    let result = selected(model).and_then(|run| run.record.as_ref()?.result.clone());
    match result {
        Some(result) => {
            let text = serde_json::to_string_pretty(&result).unwrap_or_default();
            vec![Effect::Copy { text, what: "the result".into() }]
        }
        None => model.toast(Level::Info, "This run has no result"),
    }
}

/// A run was accepted: it is shown.
pub fn started(model: &mut Model, id: RunId, request: RunRequest) -> Vec<Effect> {
    if model.runs.get(&id).is_some() {
        return Vec::new();
    }
    let now = model.now_ms;
    model.runs.runs.insert(
        0,
        Run {
            id: id.clone(),
            request,
            status: RunStatus::Pending,
            progress: None,
            log: Log::default(),
            started_ms: Some(now),
            nodes: Vec::new(),
            items: Vec::new(),
            done_before: 0,
            record: None,
        },
    );
    model.runs.paused = false;
    model.runs.compares = false;
    model.touch(View::Runs);
    navigate::select(model, View::Runs, &id);
    model.detail_state_mut().reset();
    Vec::new()
}

pub fn event(model: &mut Model, id: &RunId, event: RunEvent) -> Vec<Effect> {
    let is_shown = model.panes(View::Runs).list.selected.as_ref() == Some(id);
    let Some(run) = model.runs.get_mut(id) else { return Vec::new() };
    let before = run.log.total();
    let mut effects = Vec::new();
    match event {
        RunEvent::Status(status) => {
            run.status = status;
            run.progress = None;
        }
        RunEvent::Progress(text) => run.progress = Some(text),
        RunEvent::Items(items) => {
            run.done_before = items.iter().filter(|item| item.status.is_final()).count();
            run.items = items;
        }
        RunEvent::Item(item) => {
            if let Some(known) = run.items.get_mut(item.item as usize) {
                *known = *item;
            }
        }
        RunEvent::Node(name, node) => {
            match run.nodes.iter_mut().find(|(known, _)| *known == name) {
                Some((_, kept)) => *kept = *node,
                None => run.nodes.push((name, *node)),
            }
            model.touch(View::Flows);
        }
        RunEvent::Stdout(text) => run.log.push(false, &text),
        RunEvent::Stderr(text) => run.log.push(true, &text),
        RunEvent::Finished(record) => {
            run.log.finish();
            run.status = record.status;
            run.progress = None;
            let (glyph, _) = mark(record.status);
            let took = text::duration(record.elapsed_ms);
            let message =
                format!("{glyph} {} {} after {took}", record.task, record.status.as_str());
            run.record = Some(Arc::new(*record));
            if model.view != View::Runs {
                let level = match run.status {
                    RunStatus::Succeeded => Level::Success,
                    _ => Level::Warning,
                };
                effects = model.toast(level, message);
            }
        }
    }
    if model.runs.get(id).is_some_and(|run| run.record.is_some()) {
        let task = model.runs.get(id).map(|run| run.request.task.clone()).unwrap_or_default();
        tasks::advise(model, &task);
    }
    if is_shown {
        if model.runs.paused {
            let now = model.runs.get(id).map_or(before, |run| run.log.total());
            model.runs.unseen += now - before;
        }
        model.touch(View::Runs);
        keep_end(model);
    } else {
        model.touch(View::Runs);
    }
    effects
}

/// Puts the detail's cursor at the end of the log unless the user scrolled away.
fn keep_end(model: &mut Model) {
    let is_sweep = selected(model).is_some_and(|run| run.request.sweep.is_some());
    if model.runs.paused || is_sweep {
        return;
    }
    model.runs.unseen = 0;
    // Beyond the last line means at the end, however many come: nothing is built per event.
    model.panes_mut(View::Runs).detail.cursor = usize::MAX;
}

/// Recorded runs, newest first; those of this session keep their logs.
pub fn history(model: &mut Model, records: Vec<RunRecord>) {
    for record in records {
        if model.runs.get(&record.run).is_some() {
            continue;
        }
        model.runs.runs.push(recorded(record));
    }
    // Ids sort by start.
    model.runs.runs.sort_by(|a, b| b.id.cmp(&a.id));
    model.touch(View::Runs);
}

fn recorded(record: RunRecord) -> Run {
    let mut log = Log::default();
    log.push(false, &record.stdout);
    log.push(true, &record.stderr);
    log.finish();
    Run {
        id: record.run.clone(),
        request: record.request.clone(),
        status: record.status,
        progress: None,
        log,
        started_ms: None,
        nodes: Vec::new(),
        items: Vec::new(),
        done_before: 0,
        record: Some(Arc::new(record)),
    }
}

/// An interrupted sweep goes on.
pub fn resumed(model: &mut Model, id: &RunId) -> Vec<Effect> {
    let now = model.now_ms;
    if let Some(run) = model.runs.get_mut(id) {
        run.status = RunStatus::Pending;
        run.record = None;
        run.started_ms = Some(now);
        model.touch(View::Runs);
    }
    Vec::new()
}

/// The inputs of a recorded sweep were read.
pub fn items(model: &mut Model, sweep: &RunId, items: Vec<ItemRun>) {
    if let Some(run) = model.runs.get_mut(sweep)
        && run.status.is_final()
    {
        run.items = items;
        model.touch(View::Runs);
    }
}

/// The run of a sweep's input was read.
pub fn part(model: &mut Model, record: RunRecord) {
    model.runs.parts.insert(record.run.clone(), Some(recorded(record)));
    model.touch(View::Runs);
}

/// Asks for what the selected row shows and is not at hand.
pub fn settle(model: &mut Model) -> Vec<Effect> {
    let Some(row) = model.panes(View::Runs).list.selected.clone() else { return Vec::new() };
    let Some(run) = selected(model) else { return Vec::new() };
    if run.request.sweep.is_none() {
        return Vec::new();
    }
    let id = run.id.clone();
    if run.items.is_empty() && run.status.is_final() {
        return match model.runs.asked.insert(id.clone()) {
            true => vec![Effect::LoadItems(id)],
            false => Vec::new(),
        };
    }
    let item = row.split_once('/').and_then(|(_, part)| run_items::item_of(run, part));
    let part = item.filter(|item| item.status.is_final()).and_then(|item| item.run.clone());
    match part {
        Some(part) if !model.runs.parts.contains_key(&part) => {
            model.runs.parts.insert(part.clone(), None);
            vec![Effect::LoadRun(part)]
        }
        _ => Vec::new(),
    }
}

pub fn tick(model: &mut Model) {
    if model.runs.is_counting(model.view) {
        model.touch(View::Runs);
    }
}

/// Something was not run because the folder's code was never trusted: ask, and run it then.
pub fn ask_trust(model: &mut Model, what: &str, again: Effect) {
    let question = format!(
        "Run code from this folder? {what} and what it imports will run with your rights. The \
         answer is remembered for {}.",
        model.project.root
    );
    let effects = vec![Effect::TrustFolder, again];
    model.overlay = Some(Overlay::Popup(Popup::confirm(&question, effects)));
}

pub fn links(model: &Model) -> Option<Links> {
    if model.focus != Focus::Detail {
        return None;
    }
    let detail = model.detail(View::Runs);
    let line = detail.lines.get(model.detail_state().at(detail.lines.len()))?;
    (line.links != Links::default()).then(|| line.links.clone())
}

/// Scrolling up pauses the log; going to its end follows it again.
pub fn motion(model: &mut Model, motion: Motion) -> bool {
    if model.focus == Focus::List {
        if matches!(motion, Motion::Up | Motion::Down | Motion::Top | Motion::Bottom) {
            model.runs.paused = false;
            model.runs.unseen = 0;
        }
        return false;
    }
    match motion {
        Motion::Up | Motion::PageUp | Motion::HalfUp | Motion::Top => model.runs.paused = true,
        Motion::Bottom => {
            model.runs.paused = false;
            model.runs.unseen = 0;
        }
        _ => {}
    }
    false
}

pub fn wheel(model: &mut Model, rows: isize) -> bool {
    if model.focus == Focus::Detail && rows < 0 {
        model.runs.paused = true;
    }
    false
}

/// `enter`: into the run's log and result; there, to where the line leads.
pub fn open(model: &mut Model) -> Option<Vec<Effect>> {
    if model.focus == Focus::Detail {
        let row = model.links().row?;
        if let Some((run, _)) = row.split_once('/') {
            let list = &mut model.panes_mut(View::Runs).list;
            let run: Name = run.into();
            if !list.is_open(&run, false) {
                list.toggle_fold(&run);
            }
        }
        navigate::select(model, View::Runs, &row);
        return Some(Vec::new());
    }
    model.focus = Focus::Detail;
    Some(Vec::new())
}

pub fn escape(model: &mut Model) -> bool {
    let compared = model.runs.compares;
    if compared {
        compare(model);
    }
    compared
}
