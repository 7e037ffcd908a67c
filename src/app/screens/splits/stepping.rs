//! A call of a split function executed block by block: its form, its steps, and looking back.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::inputs;
use crate::app::action::{Effect, StepNews, StepsRequest};
use crate::app::command::{Command, Context};
use crate::app::detail::Detail;
use crate::app::form::Form;
use crate::app::links::Links;
use crate::app::model::{Focus, Model};
use crate::app::screens::common::qualified;
use crate::app::screens::fields;
use crate::app::text::{Line, Role};
use crate::app::toast::Level;
use crate::app::view::View;
use crate::model::{Language, Name, Project, Split, StepCommand, StepEvent};

/// What is stepped through, and what was typed for others.
#[derive(Debug, Default)]
pub struct State {
    current: Option<Stepping>,
    /// Forms by function; what was typed stays until the workbench closes.
    forms: FxHashMap<Name, Form>,
    /// Number of the last session started.
    sessions: u64,
}

/// One function that is stepped through, or is about to be.
#[derive(Debug)]
pub struct Stepping {
    function: Name,
    session: u64,
    /// `None` while the form is filled in.
    pub steps: Option<Steps>,
}

/// A call in progress.
#[derive(Debug)]
pub struct Steps {
    session: u64,
    /// The project as it was when the call began: a save does not change what runs.
    pub project: Arc<Project>,
    /// All stops so far.
    pub events: Vec<StepEvent>,
    /// The one that is shown.
    pub at: usize,
    /// A command is being carried out.
    pub waits: bool,
    /// Why the worker is gone, when it ended before the call did.
    pub ended: Option<String>,
}

impl Steps {
    pub fn event(&self) -> Option<&StepEvent> {
        self.events.get(self.at)
    }

    /// The stop before the one that is shown.
    pub fn before(&self) -> Option<&StepEvent> {
        self.events.get(self.at.checked_sub(1)?)
    }

    /// All that was printed up to the stop that is shown.
    pub fn printed(&self) -> String {
        self.events.iter().take(self.at + 1).map(|event| event.printed.as_str()).collect()
    }

    fn is_over(&self) -> bool {
        self.ended.is_some() || self.events.last().is_some_and(|event| event.event.is_last())
    }
}

impl Stepping {
    /// What stands above the form, or the stop that is shown.
    pub fn detail(&self, model: &Model, split: &Split) -> Detail {
        if let Some(steps) = &self.steps {
            return super::steps::detail(model, &self.function, steps);
        }
        let title = qualified(&self.function, Role::Title);
        let mut detail = Detail { title, lines: Vec::new() };
        let links = Links::at(&split.file, split.line).symbol(&split.function);
        let about = "Runs block by block: r starts, then s steps, o steps over calls, c runs on, b \
                     looks back.";
        detail.linked(Line::dim(about), links);
        detail
    }
}

const HERE: &[Context] = &[Context::View(View::Splits)];

pub const COMMANDS: &[Command] = &[
    Command::new(
        "split.run",
        "Step through",
        "Run the method block by block from a form; again: start anew",
        HERE,
        &["r"],
        run,
    )
    .footer(1)
    .enabled(can_run),
    Command::new("split.step", "Step", "Run to the next block or request", HERE, &["s"], |model| {
        go(model, StepCommand::Step)
    })
    .footer(1)
    .enabled(can_step),
    Command::new(
        "split.over",
        "Step over",
        "Run to the next stop outside the calls made here",
        HERE,
        &["o"],
        |model| go(model, StepCommand::Over),
    )
    .footer(2)
    .enabled(can_step),
    Command::new("split.on", "Run on", "Run to the end of the call", HERE, &["c"], |model| {
        go(model, StepCommand::On)
    })
    .footer(2)
    .enabled(can_step),
    Command::new("split.back", "Look back", "Show the stop before", HERE, &["b"], back)
        .footer(3)
        .enabled(has_steps),
    Command::new("split.edit", "Edit field", "Type into the form's field", HERE, &["i"], |model| {
        fields::edit(model);
        Vec::new()
    })
    .footer(2)
    .enabled(|model| form(model).map(drop).ok_or_else(|| "press r for the form first".into())),
    Command::new("split.end", "End", "End the call and leave its form", HERE, &["x"], end)
        .footer(3)
        .enabled(has_stepping),
];

/// The function of the selected row.
fn selected(model: &Model) -> Option<&Split> {
    let row = model.selected(View::Splits)?;
    super::split_at(model, &row)
}

/// What is stepped through, while its row is selected.
pub fn shown(model: &Model) -> Option<&Stepping> {
    let stepping = model.splits.stepping.current.as_ref()?;
    let row = model.selected(View::Splits)?;
    let is_it = row.links.symbol.as_ref() == Some(&stepping.function);
    is_it.then_some(stepping)
}

/// Whether a row's function is stepped through.
pub fn is_running(model: &Model, function: &Name) -> bool {
    let current = model.splits.stepping.current.as_ref();
    current.is_some_and(|stepping| stepping.function == *function && stepping.steps.is_some())
}

fn shown_mut(model: &mut Model) -> Option<&mut Stepping> {
    shown(model)?;
    model.splits.stepping.current.as_mut()
}

/// The form, while it is what is shown.
pub fn form(model: &Model) -> Option<&Form> {
    let stepping = shown(model).filter(|stepping| stepping.steps.is_none())?;
    model.splits.stepping.forms.get(&stepping.function)
}

pub fn form_mut(model: &mut Model) -> Option<&mut Form> {
    let stepping = shown(model).filter(|stepping| stepping.steps.is_none())?;
    let function = stepping.function.clone();
    model.splits.stepping.forms.get_mut(&function)
}

fn can_run(model: &Model) -> Result<(), String> {
    let Some(split) = selected(model) else { return Err("choose a method that suspends".into()) };
    match (&split.refused, split.language) {
        (Some(refusal), _) => Err(format!("it was not split: {}", refusal.reason)),
        (None, Language::Rust) => Err("only Python's splits are executed".into()),
        (None, Language::Python) => Ok(()),
    }
}

fn has_stepping(model: &Model) -> Result<(), String> {
    shown(model).map(drop).ok_or_else(|| "press r first".into())
}

fn has_steps(model: &Model) -> Result<(), String> {
    let steps = shown(model).and_then(|stepping| stepping.steps.as_ref());
    steps.map(drop).ok_or_else(|| "press r first".into())
}

fn can_step(model: &Model) -> Result<(), String> {
    let steps = shown(model).and_then(|stepping| stepping.steps.as_ref()).ok_or("press r first")?;
    let at_end = steps.at + 1 >= steps.events.len();
    match at_end && steps.is_over() {
        true => Err("the call has ended: r starts anew".into()),
        false => Ok(()),
    }
}

/// `r`: the form, then the call, then the call anew.
fn run(model: &mut Model) -> Vec<Effect> {
    if shown(model).is_some() {
        return start(model);
    }
    let Some(split) = selected(model).cloned() else { return Vec::new() };
    let effects = end(model);
    let form = inputs::form(&model.project, &split);
    let state = &mut model.splits.stepping;
    // What was typed stays as long as the parameters do.
    let known = state.forms.get(&split.function).is_some_and(|known| known.asks_as(&form));
    if !known {
        state.forms.insert(split.function.clone(), form);
    }
    state.current = Some(Stepping { function: split.function, session: 0, steps: None });
    model.enter_detail();
    model.touch(View::Splits);
    effects
}

/// Starts the call with what the form says.
pub fn start(model: &mut Model) -> Vec<Effect> {
    let Some(function) = shown(model).map(|stepping| stepping.function.clone()) else {
        return Vec::new();
    };
    model.focus = Focus::Detail;
    model.touch(View::Splits);
    let state = &mut model.splits.stepping;
    let (Some(stepping), Some(form)) = (&mut state.current, state.forms.get_mut(&function)) else {
        return Vec::new();
    };
    form.end_typing(true);
    let Some(input) = form.input() else {
        stepping.steps = None;
        return Vec::new();
    };
    state.sessions += 1;
    stepping.session = state.sessions;
    vec![Effect::StartSteps(StepsRequest { session: state.sessions, function, input })]
}

fn go(model: &mut Model, command: StepCommand) -> Vec<Effect> {
    let Some(stepping) = shown_mut(model) else { return Vec::new() };
    let Some(steps) = &mut stepping.steps else { return Vec::new() };
    let mut effects = Vec::new();
    let last = steps.events.len().saturating_sub(1);
    if steps.at < last {
        // Stops that were looked back at are shown again first.
        steps.at = match command {
            StepCommand::Step => steps.at + 1,
            StepCommand::Over => {
                let depth = steps.events[steps.at].stack.len();
                let is_outside = |event: &StepEvent| event.stack.len() <= depth;
                let next = steps.events[steps.at + 1..].iter().position(is_outside);
                next.map_or(last, |next| steps.at + 1 + next)
            }
            StepCommand::On => last,
        };
    } else if !steps.is_over() {
        steps.waits = true;
        effects.push(Effect::Step(command));
    }
    model.touch(View::Splits);
    effects
}

fn back(model: &mut Model) -> Vec<Effect> {
    if let Some(steps) = shown_mut(model).and_then(|stepping| stepping.steps.as_mut()) {
        steps.at = steps.at.saturating_sub(1);
    }
    model.touch(View::Splits);
    Vec::new()
}

/// Ends the call, if one goes on, and leaves its form.
pub fn end(model: &mut Model) -> Vec<Effect> {
    let ended = model.splits.stepping.current.take();
    model.touch(View::Splits);
    let session = ended.map(|stepping| stepping.session).filter(|session| *session > 0);
    session.map(Effect::EndSteps).into_iter().collect()
}

/// `esc`: from the steps to the form, from there to the split.
pub fn escape(model: &mut Model) -> Option<Vec<Effect>> {
    let stepping = shown_mut(model)?;
    if stepping.steps.take().is_some() {
        let session = std::mem::take(&mut stepping.session);
        model.touch(View::Splits);
        return Some(vec![Effect::EndSteps(session)]);
    }
    model.focus = Focus::List;
    model.zoomed = false;
    Some(end(model))
}

/// `enter`: into the form's field.
pub fn open(model: &mut Model) -> Option<Vec<Effect>> {
    form(model)?;
    if fields::has_keys(model) {
        fields::edit(model);
    } else {
        model.enter_detail();
    }
    Some(Vec::new())
}

/// Something came of a session; what an ended one still says is of no interest.
pub fn news(model: &mut Model, session: u64, news: StepNews) -> Vec<Effect> {
    let project = model.project.clone();
    let current = model.splits.stepping.current.as_mut();
    let Some(stepping) = current.filter(|stepping| stepping.session == session) else {
        return Vec::new();
    };
    if let StepNews::Refused(reason) = news {
        stepping.steps = None;
        let complaint =
            format!("{function} was not started: {reason}", function = stepping.function);
        model.touch(View::Splits);
        return model.toast(Level::Error, complaint);
    }
    // What a worker says may come before the word that it was started.
    let steps = match &mut stepping.steps {
        Some(steps) if steps.session == session => steps,
        steps => steps.insert(Steps {
            session,
            project,
            events: Vec::new(),
            at: 0,
            waits: true,
            ended: None,
        }),
    };
    match news {
        StepNews::Event(event) => {
            // Whoever looks back is not moved on.
            let follows = steps.at + 1 >= steps.events.len();
            steps.events.push(*event);
            steps.waits = false;
            if follows {
                steps.at = steps.events.len() - 1;
            }
        }
        StepNews::Ended(reason) => {
            steps.waits = false;
            if !steps.is_over() {
                steps.ended = Some(reason);
            }
        }
        StepNews::Started | StepNews::Refused(_) => {}
    }
    model.touch(View::Splits);
    Vec::new()
}
