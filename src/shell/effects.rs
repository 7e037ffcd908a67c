//! Carrying effects out. What takes time runs off the loop and reports by an action.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::builds::Builds;
use super::expansion;
use super::runs::Runs;
use super::stepping::Stepping;
use crate::analyzers::worker::task_for;
use crate::app::toast::Level;
use crate::app::{Action, Effect, Model};
use crate::views::highlight;
use crate::workspace::read_text;

/// An action for the loop; `ends` says that an effect counted in [`Model::pending`] ended by it.
pub struct Message {
    pub action: Action,
    pub ends: bool,
}

pub type Sender = UnboundedSender<Message>;

pub struct Effects {
    pub sender: Sender,
    pub root: PathBuf,
    pub runs: Runs,
    pub builds: Builds,
    pub stepping: Stepping,
}

impl Effects {
    /// Starts an effect that needs neither terminal nor loop; hands it back otherwise.
    pub fn start(&mut self, model: &mut Model, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::ReadText(path) => {
                let root = self.root.clone();
                self.work(model, move || {
                    let text = read_text(&root, &path);
                    Action::Text { path, text }
                });
            }
            Effect::Highlight { key, token, text } => {
                self.work(model, move || {
                    let lines = Arc::new(highlight::highlight(&text, &token));
                    Action::Highlighted { key, lines }
                });
            }
            Effect::ToastTimer { id, milliseconds } => {
                self.later(milliseconds, Action::ToastDue(id));
            }
            Effect::HintTimer => self.later(300, Action::HintDue),
            Effect::Export { path, text } => {
                let path = self.root.join(path);
                self.work(model, move || match std::fs::write(&path, text) {
                    Ok(()) => Action::Toast(Level::Success, format!("Wrote {}", path.display())),
                    Err(error) => {
                        Action::Toast(Level::Error, format!("{}: {error}", path.display()))
                    }
                });
            }
            Effect::LoadHistory => {
                let runs = self.runs.clone();
                self.work(model, move || runs.history());
            }
            Effect::StartRun(request) => {
                let (runs, project) = (self.runs.clone(), model.project.clone());
                self.work(model, move || runs.start(&project, request));
            }
            Effect::ResumeSweep(id) => {
                let (runs, project) = (self.runs.clone(), model.project.clone());
                self.work(model, move || runs.resume(&project, &id));
            }
            Effect::LoadRun(id) => {
                let runs = self.runs.clone();
                self.work(model, move || runs.part(&id));
            }
            Effect::LoadItems(id) => {
                let runs = self.runs.clone();
                self.work(model, move || runs.items(id));
            }
            Effect::TrustFolder => {
                if let Err(problem) = self.runs.trust() {
                    self.later(0, Action::Toast(Level::Error, problem));
                }
            }
            Effect::Compile => self.builds.start(),
            Effect::CancelRun(id) => self.runs.cancel(&id),
            Effect::DescribeTask(id) => {
                let project = model.project.clone();
                self.work(model, move || {
                    let task = task_for(&project, &id).map(Box::new);
                    Action::Described { id, task }
                });
            }
            Effect::StartSteps(request) => {
                let (stepping, project) = (self.stepping.clone(), model.project.clone());
                self.work(model, move || stepping.start(&project, request));
            }
            Effect::Step(command) => self.stepping.step(command),
            Effect::EndSteps(session) => {
                let stepping = self.stepping.clone();
                tokio::task::spawn_blocking(move || stepping.end(session));
            }
            Effect::GenerateWorker(task) => {
                let (runs, project) = (self.runs.clone(), model.project.clone());
                self.work(model, move || {
                    let worker = runs.worker(&project, &task).map(Arc::new);
                    Action::Worker { task, worker }
                });
            }
            Effect::Expand(request) => {
                let root = self.root.clone();
                self.work(model, move || expansion::answer(&root, request));
            }
            terminal => return Some(terminal),
        }
        None
    }

    /// Runs `work` off the loop; its action ends a pending effect.
    fn work(&self, model: &mut Model, work: impl FnOnce() -> Action + Send + 'static) {
        model.pending += 1;
        let sender = self.sender.clone();
        tokio::task::spawn_blocking(move || {
            let _ = sender.send(Message { action: work(), ends: true });
        });
    }

    fn later(&self, milliseconds: u64, action: Action) {
        let sender = self.sender.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            let _ = sender.send(Message { action, ends: false });
        });
    }
}
