//! The worker of a call that is stepped through: at most one, started, spoken to and ended off the
//! loop.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::effects::{Message, Sender};
use crate::analyzers::link::python::splits::{STEPPER, emit_project};
use crate::app::Action;
use crate::app::action::{Effect, StepNews, StepsRequest};
use crate::model::{Project, StepCommand, StepEvent};
use crate::runner::dialogue::{Dialogue, Said};
use crate::runner::{Settings, find_python, trust};

/// A handle that can be shared with the threads that work for the loop.
#[derive(Clone)]
pub struct Stepping {
    root: PathBuf,
    sender: Sender,
    current: Arc<Mutex<Current>>,
}

#[derive(Default)]
struct Current {
    worker: Option<(u64, Dialogue)>,
    /// The last session that was begun.
    begun: u64,
    /// This one and all before are over, even one that is still being prepared.
    ended: u64,
}

impl Stepping {
    pub fn new(root: &Path, sender: Sender) -> Self {
        Self { root: root.to_owned(), sender, current: Arc::default() }
    }

    /// Starts a call in place of the one before. A folder never agreed to is asked about first.
    pub fn start(&self, project: &Project, request: StepsRequest) -> Action {
        if !trust::is_trusted(&self.root) {
            let what = request.function.clone();
            return Action::TrustWanted { what, again: Box::new(Effect::StartSteps(request)) };
        }
        let session = request.session;
        let news = match self.launch(project, &request) {
            Ok(()) => StepNews::Started,
            Err(reason) => StepNews::Refused(reason),
        };
        Action::Steps { session, news }
    }

    fn launch(&self, project: &Project, request: &StepsRequest) -> Result<(), String> {
        let before = {
            let mut current = self.lock();
            current.begun = current.begun.max(request.session);
            let is_older = |(session, _): &mut (u64, Dialogue)| *session < request.session;
            current.worker.take_if(is_older)
        };
        drop(before);
        let emitted = emit_project(project).ok_or("no entity class is here any more")?;
        let chosen = emitted.choose(project, &request.function)?;
        let job = emitted.job(chosen, &self.root.to_string_lossy(), &request.input);
        let (settings, _) = Settings::load();
        let python = find_python(&self.root, &settings)?;
        let (sender, session) = (self.sender.clone(), request.session);
        let on = move |said| {
            let news = match said {
                Said::Line(line) => match serde_json::from_str::<StepEvent>(&line) {
                    Ok(event) => StepNews::Event(Box::new(event)),
                    Err(_) => return,
                },
                Said::Ended(complaint) => StepNews::Ended(complaint),
            };
            let _ = sender.send(Message { action: Action::Steps { session, news }, ends: false });
        };
        let worker = Dialogue::start(&python, STEPPER, &self.root, on)
            .map_err(|error| format!("{}: {error}", python.display()))?;
        let mut current = self.lock();
        if current.ended >= session || current.begun > session {
            return Err("it was ended before it began".into());
        }
        worker.say(job.to_string());
        current.worker = Some((session, worker));
        Ok(())
    }

    pub fn step(&self, command: StepCommand) {
        if let Some((_, worker)) = &self.lock().worker {
            worker.say(command.word());
        }
    }

    /// Ends the calls up to this session with everything they started.
    pub fn end(&self, session: u64) {
        let worker = {
            let mut current = self.lock();
            current.ended = current.ended.max(session);
            current.worker.take_if(|(of, _)| *of <= session)
        };
        drop(worker);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
