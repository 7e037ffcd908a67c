//! Tasks: functions to run, each with a form made from its JSON Schema.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{fields, worker};
use crate::app::action::Effect;
use crate::app::command::{Command, Context};
use crate::app::detail::Detail;
use crate::app::form::Form;
use crate::app::links::Links;
use crate::app::list::{ListState, Row, Rows, TreeBuilder};
use crate::app::memo::Memo;
use crate::app::model::{Focus, Model};
use crate::app::text::{self, Line, Role};
use crate::app::toast::Level;
use crate::app::{View, navigate};
use crate::model::{Name, RunRequest, Task, Worker};
use crate::runner::advice;

#[derive(Debug, Default)]
pub struct State {
    /// Forms by task; what was typed stays until the workbench closes.
    forms: FxHashMap<Name, Form>,
    /// The generated worker takes the form's place.
    pub shows_worker: bool,
    /// Workers generated from this snapshot, or why there is none.
    workers: FxHashMap<Name, Result<Arc<Worker>, String>>,
    /// Functions that are no tasks but were chosen to be run all the same.
    chosen: Vec<Task>,
    /// The run whose input fills the form that is opened next.
    waiting: Option<RunRequest>,
    /// Which task a row's identity means.
    picked: Memo<(u64, Name), Option<usize>>,
}

const HERE: &[Context] = &[Context::View(View::Tasks)];

pub const COMMANDS: &[Command] = &[
    Command::new("task.run", "Run", "Run the task with the form's values", HERE, &["r"], run_now)
        .footer(1)
        .enabled(runnable),
    Command::new("task.edit", "Edit field", "Type into the form's field", HERE, &["i"], edit)
        .footer(2)
        .enabled(runnable),
    Command::new(
        "task.worker",
        "Worker",
        "Show the program that will run, generated from a slice of the source",
        HERE,
        &["w"],
        toggle_worker,
    )
    .footer(3),
    Command::new(
        "task.worker-open",
        "Open worker",
        "Open the generated worker in the editor",
        HERE,
        &["W"],
        open_worker,
    ),
    Command::new(
        "task.clear",
        "Clear form",
        "Empty the form's fields: defaults apply",
        HERE,
        &["x"],
        clear,
    ),
    Command::new(
        "task.copy",
        "Copy command line",
        "Copy the command line that does the same",
        HERE,
        &["Y"],
        copy,
    ),
];

pub fn rows(model: &Model, list: &ListState) -> Rows {
    let project = &*model.project;
    let mut tree = TreeBuilder::new(list);
    let mut registrars: Vec<&Name> =
        project.tasks.iter().filter_map(|t| t.registrar.as_ref()).collect();
    registrars.sort();
    registrars.dedup();
    for registrar in registrars {
        let members = || project.tasks.iter().filter(|t| t.registrar.as_ref() == Some(registrar));
        let id: Name = format!("registrar:{registrar}").into();
        let open = tree.branch(0, true, &id, registrar, || {
            Row::new(id.clone(), Line::new(Role::Decorator, registrar))
                .note(Line::dim(&text::count(members().count(), "task")))
                .links(definition_of(model, registrar))
        });
        if open {
            members().for_each(|task| leaf(model, &mut tree, task));
        }
    }
    if !project.workflows.is_empty() {
        let id: Name = "workflows".into();
        let open = tree.branch(0, true, &id, "workflows", || {
            let count = text::count(project.workflows.len(), "workflow");
            Row::new(id.clone(), Line::new(Role::Title, "workflows")).note(Line::dim(&count))
        });
        if open {
            project.workflows.iter().for_each(|workflow| leaf(model, &mut tree, workflow));
        }
    }
    let (taken, plain): (Vec<&Task>, Vec<&Task>) =
        project.tasks.iter().partition(|task| task.registrar.is_some());
    let (able, unable): (Vec<&Task>, Vec<&Task>) = plain.iter().partition(|task| task.runnable);
    let chosen: Vec<&Task> = model.tasks.chosen.iter().collect();
    let few = taken.is_empty() && able.len() <= 60;
    let titles = [
        ("functions", few, Line::new(Role::Title, "functions that can be run"), able),
        ("unrunnable", false, Line::new(Role::Dim, "functions that cannot, each with why"), unable),
        ("chosen", true, Line::new(Role::Title, "functions run anyway"), chosen),
    ];
    for (id, is_open, title, tasks) in titles {
        let name: Name = id.into();
        let row = || Row::new(name.clone(), title).note(Line::dim(&tasks.len().to_string()));
        if !tasks.is_empty() && tree.branch(0, is_open, &name, "functions", row) {
            tasks.iter().for_each(|task| leaf(model, &mut tree, task));
        }
    }
    Rows { top: taken.len(), ..tree.finish() }
}

fn definition_of(model: &Model, name: &Name) -> Links {
    match model.project.symbols_named(name).first() {
        Some(symbol) => Links::at(&symbol.file, symbol.line).symbol(name),
        None => Links::default(),
    }
}

fn leaf(model: &Model, tree: &mut TreeBuilder, task: &Task) {
    tree.leaf(1, &task.id, || {
        let role = if task.runnable { Role::Function } else { Role::Dim };
        let mut label = Line::new(role, &task.name);
        if task.is_async {
            label = label.push(Role::Keyword, " async");
        }
        if !task.runnable {
            label = label.push(Role::Warning, " not runnable");
        }
        let id = row_id(task);
        let changed = model.is_changed(&format!("task:{}", task.id));
        Row::new(id, label)
            .note(Line::dim(&format!("{}:{}", task.file, task.line)))
            .links(Links::at(&task.file, task.line).symbol(&task.id))
            .changed(changed)
    });
}

/// A name may be defined twice in a file: the line tells them apart while both are there.
fn row_id(task: &Task) -> Name {
    match &task.reason {
        Some(reason) if reason.starts_with("shadowed") => {
            format!("{}@{}", task.id, task.line).into()
        }
        _ => task.id.clone(),
    }
}

/// The task of the selected row.
pub fn selected(model: &Model) -> Option<&Task> {
    let id = model.panes(View::Tasks).list.selected.as_ref()?;
    let (project, chosen) = (&model.project, &model.tasks.chosen);
    let mut listed = project.tasks.iter().chain(&project.workflows).chain(chosen);
    let find = || listed.clone().position(|task| row_id(task) == *id);
    let at = (*model.tasks.picked.get((project.revision, id.clone()), find))?;
    listed.nth(at)
}

/// The form of the selected task, once it was made.
pub fn form(model: &Model) -> Option<&Form> {
    model.tasks.forms.get(&selected(model)?.id)
}

pub fn form_mut(model: &mut Model) -> Option<&mut Form> {
    let id = selected(model)?.id.clone();
    model.tasks.forms.get_mut(&id)
}

/// The worker of the selected task, or why there is none; `None` while it is being made.
pub fn worker_of<'a>(model: &'a Model, task: &Name) -> Option<&'a Result<Arc<Worker>, String>> {
    model.tasks.workers.get(task)
}

/// What stands above the form, or the worker in its place.
pub fn detail(model: &Model, row: Option<&Row>) -> Detail {
    let Some(task) = selected(model) else {
        let mut detail = Detail::titled("Tasks");
        if let Some(row) = row {
            detail.line(row.label.clone());
            let how = "Choose a task below it: r runs it, enter leads into its form, w shows the \
                       program that would run.";
            detail.line(Line::dim(how));
        }
        return detail;
    };
    if model.tasks.shows_worker {
        return worker::detail(model, task);
    }
    let mut detail = Detail::titled(&task.id);
    let links = Links::at(&task.file, task.line).symbol(&task.id);
    if let Some(symbol) = model.project.symbols_named(&task.id).iter().find(|s| s.line == task.line)
        && let Some(signature) = &symbol.signature
    {
        let head = if task.is_async { "async " } else { "" };
        let line = Line::new(Role::Keyword, head)
            .push(Role::Function, &task.name)
            .push(Role::Text, &text::squeeze(signature));
        detail.linked(line, links.clone());
    }
    detail.linked(Line::dim(&format!("{}:{}", task.file, task.line)), links);
    if let Some(reason) = &task.reason {
        let role = if task.runnable { Role::Info } else { Role::Warning };
        detail.line(Line::new(role, reason));
    }
    if let Some(doc) = task.doc.as_deref().filter(|doc| !doc.trim().is_empty()) {
        for line in text::paragraphs(doc).iter().take(6) {
            detail.line(Line::new(Role::Comment, line));
        }
    }
    detail
}

/// Shows a task with its form under the cursor. A function that is no task is described first and
/// put among those to be run anyway.
pub fn open_task(model: &mut Model, id: &Name) -> Vec<Effect> {
    if !is_listed(model, id) {
        return vec![Effect::DescribeTask(id.clone())];
    }
    if !navigate::focus(model, View::Tasks, id) {
        return model.toast(Level::Info, format!("{id} is no task"));
    }
    model.tasks.shows_worker = false;
    model.touch(View::Tasks);
    make_form(model);
    model.focus = Focus::Detail;
    if let Some(request) = model.tasks.waiting.take()
        && let Some(form) = form_mut(model)
        && form.task == request.task
    {
        form.fill(&request);
    }
    Vec::new()
}

fn is_listed(model: &Model, id: &Name) -> bool {
    let project = &model.project;
    let mut listed = project.tasks.iter().chain(&project.workflows).chain(&model.tasks.chosen);
    listed.any(|task| task.id == *id)
}

/// Shows the task of an earlier run with its input filled in.
pub fn open_with(model: &mut Model, request: RunRequest) -> Vec<Effect> {
    let id = request.task.clone();
    model.tasks.waiting = Some(request);
    open_task(model, &id)
}

/// A function that is no task was described as one, to be shown now or because its source changed.
pub fn described(model: &mut Model, id: &Name, task: Result<Box<Task>, String>) -> Vec<Effect> {
    let at = model.tasks.chosen.iter().position(|known| known.id == *id);
    model.touch(View::Tasks);
    match (task, at) {
        (Ok(task), Some(at)) => {
            if let Some(form) = model.tasks.forms.get_mut(id)
                && !form.is_for(&task)
            {
                *form = form.renewed(&task);
            }
            model.tasks.chosen[at] = *task;
            Vec::new()
        }
        (Ok(task), None) => {
            let id = task.id.clone();
            model.tasks.chosen.push(*task);
            open_task(model, &id)
        }
        (Err(_), Some(at)) => {
            model.tasks.chosen.remove(at);
            model.tasks.forms.remove(id);
            Vec::new()
        }
        (Err(reason), None) => {
            model.tasks.waiting = None;
            model.toast(Level::Info, reason)
        }
    }
}

/// A form for the selected task: as it was left, else with the values of its last run.
fn make_form(model: &mut Model) {
    let Some(task) = selected(model) else { return };
    let id = task.id.clone();
    if model.tasks.forms.get(&id).is_some_and(|form| form.is_for(task)) {
        return;
    }
    let form = match model.tasks.forms.get(&id) {
        Some(old) => old.renewed(task),
        None => {
            let mut form = Form::new(task);
            if let Some(record) = model.runs.last_of(&id) {
                form.fill(&record.request);
            }
            form
        }
    };
    model.tasks.forms.insert(id.clone(), form);
    advise(model, &id);
}

/// Says in a task's form what its recorded runs suggest.
pub fn advise(model: &mut Model, task: &Name) {
    let suggestions = advice::suggest(&model.runs.of_task(task));
    if let Some(form) = model.tasks.forms.get_mut(task) {
        form.advise(&suggestions);
    }
}

fn runnable(model: &Model) -> Result<(), String> {
    match selected(model) {
        None => Err("choose a task".into()),
        Some(task) if task.runnable => Ok(()),
        Some(task) => Err(task.reason.as_deref().unwrap_or("it cannot be run").to_owned()),
    }
}

pub fn run_now(model: &mut Model) -> Vec<Effect> {
    make_form(model);
    let Some(form) = form_mut(model) else { return Vec::new() };
    form.end_typing(true);
    match form.request() {
        Some(request) => vec![Effect::StartRun(request)],
        None => {
            model.tasks.shows_worker = false;
            model.focus = Focus::Detail;
            model.touch(View::Tasks);
            Vec::new()
        }
    }
}

fn edit(model: &mut Model) -> Vec<Effect> {
    make_form(model);
    model.tasks.shows_worker = false;
    fields::edit(model);
    Vec::new()
}

fn clear(model: &mut Model) -> Vec<Effect> {
    let Some(task) = selected(model) else { return Vec::new() };
    let form = Form::new(task);
    model.tasks.forms.insert(form.task.clone(), form);
    model.touch(View::Tasks);
    Vec::new()
}

fn copy(model: &mut Model) -> Vec<Effect> {
    make_form(model);
    match form(model).map(Form::command_line) {
        Some(text) => vec![Effect::Copy { text, what: "the command line".into() }],
        None => model.toast(Level::Info, "Choose a task first"),
    }
}

fn toggle_worker(model: &mut Model) -> Vec<Effect> {
    model.tasks.shows_worker = !model.tasks.shows_worker;
    model.focus = if model.tasks.shows_worker { Focus::Detail } else { model.focus };
    model.detail_state_mut().reset();
    model.touch(View::Tasks);
    Vec::new()
}

fn open_worker(model: &mut Model) -> Vec<Effect> {
    let Some(task) = selected(model) else { return Vec::new() };
    match worker_of(model, &task.id) {
        Some(Ok(worker)) => {
            let files = worker.files.iter().map(|(name, text)| format!("# ==== {name}\n{text}\n"));
            let name = worker.files.first().map_or("worker", |(name, _)| name).to_owned();
            vec![Effect::OpenText { name, text: files.collect() }]
        }
        Some(Err(reason)) => {
            let reason = reason.clone();
            model.toast(Level::Warning, reason)
        }
        None => vec![Effect::GenerateWorker(task.id.clone())],
    }
}

/// A worker was generated, or could not be.
pub fn worker(model: &mut Model, task: &Name, worker: Result<Arc<Worker>, String>) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (at, (name, text)) in worker.iter().flat_map(|worker| worker.files.iter().enumerate()) {
        let text: Arc<str> = text.as_str().into();
        let key = worker::text_key(task, at);
        let token = name.rsplit_once('.').map_or("", |(_, extension)| extension).into();
        model.texts.put(key.clone(), Some(text.clone()));
        effects.push(Effect::Highlight { key, token, text });
    }
    model.tasks.workers.insert(task.clone(), worker);
    model.touch(View::Tasks);
    effects
}

/// `enter`: from the list into the form; in the form the field is typed or its next choice taken.
pub fn open(model: &mut Model) -> Option<Vec<Effect>> {
    selected(model)?;
    if model.tasks.shows_worker && model.focus == Focus::Detail {
        return None;
    }
    if fields::has_keys(model) {
        return Some(edit(model));
    }
    make_form(model);
    model.focus = Focus::Detail;
    Some(Vec::new())
}

pub fn escape(model: &mut Model) -> bool {
    let shown = model.tasks.shows_worker;
    if shown {
        toggle_worker(model);
        model.focus = Focus::List;
    }
    shown
}

/// Makes the form that is shown, and asks for the worker when that is to be shown.
pub fn settle(model: &mut Model) -> Vec<Effect> {
    make_form(model);
    if !model.tasks.shows_worker {
        return Vec::new();
    }
    let Some(id) = selected(model).map(|task| task.id.clone()) else { return Vec::new() };
    if model.tasks.workers.contains_key(&id) || !model.texts.ask(&worker::text_key(&id, 0)) {
        return Vec::new();
    }
    vec![Effect::GenerateWorker(id)]
}

/// The source changed: workers are out of date, forms follow their schemas.
pub fn refreshed(model: &mut Model) -> Vec<Effect> {
    let of_task = |(task, worker): (&Name, &Result<Arc<Worker>, String>)| {
        let files = worker.as_ref().map_or(1, |worker| worker.files.len().max(1));
        (0..files).map(|at| worker::text_key(task, at)).collect::<Vec<Name>>()
    };
    let keys: Vec<Name> = model.tasks.workers.iter().flat_map(of_task).collect();
    model.texts.forget(&keys);
    model.tasks.workers.clear();
    let project = model.project.clone();
    let found = |id: &Name| project.tasks.iter().chain(&project.workflows).find(|it| it.id == *id);
    // What has become a task is no longer run although it is none.
    model.tasks.chosen.retain(|task| found(&task.id).is_none());
    let chosen: Vec<Name> = model.tasks.chosen.iter().map(|task| task.id.clone()).collect();
    model.tasks.forms.retain(|id, form| match found(id) {
        Some(task) if form.is_for(task) => true,
        Some(task) => {
            *form = form.renewed(task);
            true
        }
        None => chosen.contains(id),
    });
    chosen.into_iter().map(Effect::DescribeTask).collect()
}
