//! The loop: one place where events, actions, effects and frames meet.

use std::path::Path;
use std::process::ExitCode;
use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crossterm::event::EventStream;
use futures_util::StreamExt;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::{Instant, sleep_until};

use super::builds::Builds;
use super::config_file::follow_config;
use super::effects::{Effects, Message, Sender};
use super::events::Translator;
use super::runs::Runs;
use super::stepping::Stepping;
use super::terminal::Screen;
use super::{ShellError, clipboard, editor, look};
use crate::app::config::{Config, ThemeChoice};
use crate::app::toast::Level;
use crate::app::{Action, Effect, Model, Place, update};
use crate::views::{HitMap, Theme};
use crate::workspace::{Event, Options, WatchMode, Workspace};

/// Frames are at least this far apart.
const FRAME: Duration = Duration::from_millis(16);
/// How often a running time is counted on, while one is on screen.
const TICK: Duration = Duration::from_millis(250);

pub async fn run(path: &Path, options: Options, config: Config) -> Result<ExitCode, ShellError> {
    let (sender, inbox) = mpsc::unbounded_channel();
    // A wrong path is told before the screen is taken.
    let workspace = Workspace::open(path, options.clone(), publish(sender.clone()))?;
    let theme = look::choose(config.theme);
    let mut model = Model::new(config);
    model.set_root_name(workspace.root());
    let screen = Screen::enter(model.config.mouse)?;
    model.size = screen.size()?;
    let followed = follow_config(sender.clone());
    let effects = Effects {
        runs: Runs::new(workspace.root(), sender.clone()),
        builds: Builds::new(workspace.root(), options, workspace.inbox(), sender.clone()),
        stepping: Stepping::new(workspace.root(), sender.clone()),
        root: workspace.root().to_owned(),
        sender,
    };
    let mut shell = Loop {
        model,
        theme,
        screen,
        effects,
        translator: Translator::default(),
        hits: HitMap::default(),
        signals: Signals::new()?,
        drawn: Instant::now() - FRAME,
        dirty: true,
        leaving: false,
    };
    shell.draw()?;
    shell.act(Action::Tick)?;
    shell.carry_out(Effect::LoadHistory)?;
    let outcome = shell.turn(inbox).await;
    shell.effects.stepping.end(u64::MAX);
    shell.effects.runs.close();
    drop((shell, followed, workspace));
    outcome
}

/// The workspace's events as actions.
fn publish(sender: Sender) -> impl Fn(Event) + Send + Sync + 'static {
    move |event| {
        let action = match event {
            Event::Progress { done, total } => Action::Progress { done, total },
            Event::Snapshot { project, change } => Action::Snapshot { project, change },
            Event::Watching(WatchMode::Native) => Action::Watching(None),
            Event::Watching(WatchMode::Polling(reason)) => {
                Action::Watching(Some(format!("polling for changes ({reason})")))
            }
            Event::Gone(reason) => Action::Gone(reason),
        };
        let _ = sender.send(Message { action, ends: false });
    }
}

struct Signals {
    terminate: Signal,
    hang_up: Signal,
    suspend: Signal,
    resume: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            suspend: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            resume: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
        })
    }
}

struct Loop {
    model: Model,
    theme: Theme,
    screen: Screen,
    effects: Effects,
    translator: Translator,
    hits: HitMap,
    signals: Signals,
    drawn: Instant,
    dirty: bool,
    leaving: bool,
}

/// Why the inner loop paused.
enum Pause {
    /// Something needs the terminal to itself; the input stream must be gone first.
    Terminal(Box<Effect>),
    Leave,
}

impl Loop {
    async fn turn(
        &mut self,
        mut inbox: UnboundedReceiver<Message>,
    ) -> Result<ExitCode, ShellError> {
        loop {
            let mut input = EventStream::new();
            match self.listen(&mut inbox, &mut input).await? {
                Pause::Leave => return Ok(ExitCode::SUCCESS),
                Pause::Terminal(effect) => {
                    drop(input);
                    self.wait_for_reader();
                    self.hand_over(*effect)?;
                }
            }
        }
    }

    /// Handles everything until the terminal is needed elsewhere or the user leaves.
    async fn listen(
        &mut self,
        inbox: &mut UnboundedReceiver<Message>,
        input: &mut EventStream,
    ) -> Result<Pause, ShellError> {
        let mut handed = None;
        let mut tick = Instant::now() + TICK;
        loop {
            if self.leaving {
                return Ok(Pause::Leave);
            }
            if let Some(effect) = handed.take() {
                return Ok(Pause::Terminal(Box::new(effect)));
            }
            if self.dirty && self.drawn.elapsed() >= FRAME {
                self.draw()?;
            }
            let counting = self.model.runs.is_counting(self.model.view);
            tokio::select! {
                biased;
                _ = self.signals.terminate.recv() => return Ok(Pause::Leave),
                _ = self.signals.hang_up.recv() => return Ok(Pause::Leave),
                _ = self.signals.suspend.recv() => {
                    return Ok(Pause::Terminal(Box::new(Effect::Suspend)));
                }
                _ = self.signals.resume.recv() => {
                    self.screen.reclaim()?;
                    self.resize()?;
                }
                event = input.next() => match event {
                    Some(Ok(event)) => {
                        handed = self.event(event)?;
                        // Drain what is waiting: one frame for a burst of keys.
                        while handed.is_none() && !self.leaving {
                            let Some(event) = ready(input).await else { break };
                            handed = self.event(event)?;
                        }
                    }
                    // The terminal is gone.
                    Some(Err(_)) | None => return Ok(Pause::Leave),
                },
                message = inbox.recv() => {
                    let Some(message) = message else { return Ok(Pause::Leave) };
                    handed = self.message(message)?;
                    for _ in 0..1_000 {
                        if handed.is_some() {
                            break;
                        }
                        let Ok(message) = inbox.try_recv() else { break };
                        handed = self.message(message)?;
                    }
                }
                () = sleep_until(self.drawn + FRAME), if self.dirty => {}
                () = sleep_until(tick), if counting => {
                    tick = Instant::now() + TICK;
                    handed = self.act(Action::Tick)?;
                }
            }
        }
    }

    fn event(&mut self, event: crossterm::event::Event) -> Result<Option<Effect>, ShellError> {
        // For the test that a panic leaves the terminal whole; not in release builds.
        #[cfg(debug_assertions)]
        if std::env::var_os("METASCOPE_TEST_PANIC").is_some() {
            panic!("a panic was asked for");
        }
        match self.translator.action(event, &self.hits) {
            Some(action) => self.act(action),
            None => Ok(None),
        }
    }

    fn message(&mut self, message: Message) -> Result<Option<Effect>, ShellError> {
        if message.ends {
            self.model.pending = self.model.pending.saturating_sub(1);
        }
        self.act(message.action)
    }

    /// Applies an action and starts its effects; hands back one that needs the terminal.
    fn act(&mut self, action: Action) -> Result<Option<Effect>, ShellError> {
        self.model.now_ms = now();
        self.dirty = true;
        // What the terminal's background is like was asked before anything read its answers.
        if let Action::Config(config) = &action
            && config.theme != ThemeChoice::Auto
        {
            self.theme = look::choose(config.theme);
        }
        let mut handed = None;
        // Freeing the rows of a large project takes longer than a frame may.
        let replaced =
            matches!(action, Action::Snapshot { .. }).then(|| self.model.project.clone());
        let effects = update(&mut self.model, action);
        if let Some(replaced) = replaced {
            tokio::task::spawn_blocking(move || drop(replaced));
        }
        for effect in effects {
            if let Some(effect) = self.carry_out(effect)? {
                handed = Some(effect);
            }
        }
        Ok(handed)
    }

    fn carry_out(&mut self, effect: Effect) -> Result<Option<Effect>, ShellError> {
        let Some(effect) = self.effects.start(&mut self.model, effect) else { return Ok(None) };
        match effect {
            Effect::Quit => self.leaving = true,
            Effect::Redraw => self.screen.clear()?,
            Effect::Copy { text, what } => self.copy(&text, &what)?,
            other => return Ok(Some(other)),
        }
        Ok(None)
    }

    fn copy(&mut self, text: &str, what: &str) -> Result<(), ShellError> {
        let inside_tmux = std::env::var_os("TMUX").is_some();
        let sequence = clipboard::sequence(text, inside_tmux);
        if let Some(sequence) = &sequence {
            self.screen.send(sequence)?;
        }
        let copied = clipboard::native(text) || sequence.is_some();
        let action = if copied {
            Action::Toast(Level::Success, format!("Copied {what}"))
        } else {
            Action::Toast(Level::Warning, "Too long for this terminal's clipboard".into())
        };
        self.act(action).map(|_| ())
    }

    fn draw(&mut self) -> Result<(), ShellError> {
        self.dirty = false;
        self.hits = self.screen.draw(&self.model, &self.theme)?;
        self.drawn = Instant::now();
        Ok(())
    }

    fn resize(&mut self) -> Result<(), ShellError> {
        let (width, height) = self.screen.size()?;
        self.act(Action::Resize(width, height)).map(|_| ())
    }

    /// Waits until crossterm's reader thread let go of the terminal, so that it steals no keys.
    fn wait_for_reader(&self) {
        // Polling takes the reader's lock, which the thread gives up once it was told to stop.
        let _ = crossterm::event::poll(Duration::from_millis(20));
    }

    /// Gives the terminal away for a suspension or a program, and takes it back.
    fn hand_over(&mut self, effect: Effect) -> Result<(), ShellError> {
        self.screen.leave();
        let outcome = match effect {
            Effect::Suspend => {
                // SIGTSTP has our handler; SIGSTOP stops for certain. All of our job stops.
                let _ = rustix::process::kill_current_process_group(rustix::process::Signal::STOP);
                Ok(())
            }
            Effect::OpenEditor(place) => self.edit(&place),
            Effect::OpenText { name, text } => self.edit_text(&name, &text),
            _ => Ok(()),
        };
        self.screen.reclaim()?;
        self.resize()?;
        if let Err(problem) = outcome {
            self.act(Action::Toast(Level::Error, problem))?;
        }
        self.draw()
    }

    fn edit(&self, place: &Place) -> Result<(), String> {
        let file = self.effects.root.join(&*place.file);
        self.launch(&file, place.line)
    }

    fn edit_text(&self, name: &str, text: &str) -> Result<(), String> {
        let folder =
            tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
        let file = folder.path().join(name.replace(['/', '\\'], "_"));
        std::fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        self.launch(&file, 1)
    }

    fn launch(&self, file: &Path, line: u32) -> Result<(), String> {
        let editor = editor::choose(self.model.config.editor.as_deref())
            .ok_or("No editor was found: set $EDITOR, or editor in the configuration")?;
        let mut command = editor::command(&editor, file, line)
            .ok_or_else(|| format!("editor \"{editor}\" is no command"))?;
        match command.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{editor}: {status}")),
            Err(error) => Err(format!("{editor} cannot be started: {error}")),
        }
    }
}

/// An event that is there already. Asked with the loop's own waker: the stream keeps the one it was
/// last polled with, so a throw-away waker would lose the next wake-up.
async fn ready(input: &mut EventStream) -> Option<crossterm::event::Event> {
    std::future::poll_fn(|context| {
        Poll::Ready(match input.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(event))) => Some(event),
            _ => None,
        })
    })
    .await
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
