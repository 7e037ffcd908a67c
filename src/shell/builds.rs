//! The compiler in the background: one build at a time, the newest, whose rows are handed to the
//! workspace. Only in folders whose code the user trusts.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use super::effects::{Message, Sender};
use crate::app::{Action, Compiling};
use crate::runner::compiler::{self, CompilerError};
use crate::runner::{Cancel, trust};
use crate::workspace::{Inbox, Options, RustTexts};

pub struct Builds {
    root: PathBuf,
    options: Options,
    inbox: Inbox,
    sender: Sender,
    running: Mutex<Option<(Cancel, JoinHandle<()>)>>,
}

impl Builds {
    pub fn new(root: &Path, options: Options, inbox: Inbox, sender: Sender) -> Self {
        Self { root: root.to_owned(), options, inbox, sender, running: Mutex::default() }
    }

    /// Builds what is on disk now; a build of what was there before is given up.
    pub fn start(&self) {
        let cancel = Cancel::default();
        let asked = cancel.clone();
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let before = running.take();
        if let Some((old, _)) = &before {
            old.request();
        }
        let (root, options) = (self.root.clone(), self.options.clone());
        let (inbox, sender) = (self.inbox.clone(), self.sender.clone());
        let work = move || {
            if let Some((_, thread)) = before {
                let _ = thread.join();
            }
            if !asked.is_requested() && trust::is_trusted(&root) {
                build(&root, &options, &asked, &inbox, &sender);
            }
        };
        let thread = std::thread::Builder::new().name("build".into()).spawn(work);
        *running = thread.ok().map(|thread| (cancel, thread));
    }
}

impl Drop for Builds {
    fn drop(&mut self) {
        let running = self.running.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some((cancel, thread)) = running.take() {
            cancel.request();
            let _ = thread.join();
        }
    }
}

fn build(root: &Path, options: &Options, cancel: &Cancel, inbox: &Inbox, sender: &Sender) {
    let tell = |compiling| {
        let action = Action::Compiling(compiling);
        let _ = sender.send(Message { action, ends: false });
    };
    let Ok(texts) = RustTexts::take(root, options) else { return };
    let mut count = 0;
    tell(Compiling::Running(count));
    // The user works meanwhile: half of the machine is left to them.
    let jobs = std::thread::available_parallelism().map_or(1, |count| (count.get() / 2).max(1));
    let built = compiler::calls(root, Some(jobs), cancel, &mut |_| {
        count += 1;
        tell(Compiling::Running(count));
    });
    match built {
        Ok(build) => {
            let calls = texts.calls(&build);
            if cancel.is_requested() {
                return;
            }
            let problem = calls.problems.first().map(|problem| problem.message.clone());
            inbox.compiled(calls.into());
            tell(problem.map_or(Compiling::Done, Compiling::Failed));
        }
        // The next build tells how it goes.
        Err(CompilerError::Cancelled) => {}
        Err(error) => tell(Compiling::Failed(error.to_string())),
    }
}
